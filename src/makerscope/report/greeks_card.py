"""The P&L of option books by Greek, a card for each account and token."""

from collections.abc import Sequence

import polars as pl

from makerscope.metrics.greeks_book import BookPnl, greeks_pnl
from makerscope.metrics.greeks_pnl import LEGS
from makerscope.metrics.option_chain import option_rows, without_duplicates
from makerscope.metrics.pnl import marks_of
from makerscope.metrics.settled import settlements_of
from makerscope.metrics.view import View
from makerscope.metrics.worth import exact
from makerscope.report.names import first_of, many
from makerscope.report.scorecard import GreeksCard, GreeksCell, Leg
from makerscope.report.study import Study
from makerscope.venues.profiles import settlement_window

NO_CHAIN = "no option chain on this tape: nothing says what the options were worth"


def greeks_cards(study: Study, accounts: Sequence[str]) -> dict[str, tuple[GreeksCard, ...]]:
    """The cards of each account that traded options, by account.

    What hedges are: the account's other instruments with the same underlying as one of its options.
    """
    view = study.view
    options = {name: item for name, item in view.instruments.items() if item.kind == "option"}
    touched = pl.col("maker").is_in(list(accounts)) | pl.col("taker").is_in(list(accounts))
    traded = view.fills.filter(pl.col("instrument").is_in(list(options)) & touched)
    if not traded.height:
        return {}
    here = {*traded["maker"], *traded["taker"]}
    books = [account for account in accounts if account in here]
    if not view.tape.has("chain"):
        return {account: (_missing(),) for account in books}
    found = {
        sticky: _book(view, books, traded["instrument"].unique().to_list(), sticky) for sticky in ("strike", "delta")
    }
    return {account: _cards(found["strike"], found["delta"], account) for account in books}


def _book(view: View, accounts: list[str], names: list[str], sticky: str) -> BookPnl:
    held = [view.instruments[name] for name in names]
    bases, smiles = {item.base for item in held}, [(item.base, item.expiry) for item in held]
    expiries = pl.DataFrame(smiles, schema={"base": pl.String, "expiry": pl.Int64}, orient="row").unique()
    rows = without_duplicates(option_rows(view.tape, None, view.until))
    index = rows.group_by("time", "base").agg(price=pl.col("index").median()).drop_nulls()
    wanted = [name for name, item in view.instruments.items() if item.base in bases]
    mine = pl.col("instrument").is_in(wanted)
    hedges = [name for name in wanted if view.instruments[name].kind != "option"]
    settled = settlements_of(view.fills.filter(mine), view.instruments)
    return greeks_pnl(
        view.fills.filter(mine, ~pl.col("purpose").eq("settlement").fill_null(value=False)),
        rows.join(expiries, on=["base", "expiry"], how="semi", maintain_order="left"),
        marks_of(view.quotes.filter(pl.col("instrument").is_in(hedges))),
        funding_of(view).filter(mine),
        instruments=view.instruments,
        tokens=view.tape.tokens,
        since=view.since,
        until=view.until,
        accounts=accounts,
        sticky="delta" if sticky == "delta" else "strike",
        windows={name: settlement_window(view.instruments[name]) for name in names},
        index=index,
        settlements=settled if settled.height else None,
    )


def funding_of(view: View) -> pl.DataFrame:
    """Funding inside the window: ``time`` (ns), ``instrument``, ``funding`` (base units each long lot pays)."""
    rows = view.tape.read("marks", since=view.since, until=view.until, instrument=list(view.instruments))
    return rows.select(time=pl.coalesce("exchange_time", "local_time"), instrument="instrument", funding="funding")


def _missing() -> GreeksCard:
    return GreeksCard(
        token="",
        decimals=0,
        legs=(),
        equity_change="",
        residual="",
        residual_share=None,
        sticky_delta={},
        cells=(),
        volatility="",
        notes=(),
        reason=NO_CHAIN,
    )


def _cards(strike: BookPnl, delta: BookPnl, account: str) -> tuple[GreeksCard, ...]:
    """Sums of one account, a card for each token."""
    other = {row["token"]: row for row in _rows(delta.pnl.totals, account)}
    return tuple(_card(strike, row, other[row["token"]], account) for row in _rows(strike.pnl.totals, account))


def _rows(table: pl.DataFrame, account: str) -> list[dict]:
    return table.filter(pl.col("account") == account).rows(named=True)


def _card(book: BookPnl, row: dict, other: dict, account: str) -> GreeksCard:
    token = row["token"]
    places = book.decimals[token]
    legs = tuple(
        Leg(name=name, amount=exact(row[name], places), value=row[name] / 10**places, bps=None) for name in LEGS
    )
    by = book.pnl.by("account", "token", "tenor_bucket", "delta_bucket")
    cells = tuple(
        GreeksCell(
            tenor=cell["tenor_bucket"],
            delta=cell["delta_bucket"],
            values={name: cell[name] / 10**places for name in LEGS},
            equity_change=exact(cell["equity_change"], places),
        )
        for cell in _rows(by.filter(pl.col("token") == token), account)
    )
    return GreeksCard(
        token=token,
        decimals=places,
        legs=legs,
        equity_change=exact(row["equity_change"], places),
        residual=exact(row["residual"], places),
        residual_share=row["residual_share"],
        sticky_delta={name: exact(other[name], places) for name in ("vega", "vanna")},
        cells=cells,
        volatility=book.volatility,
        notes=tuple(_notes(book, row, account)),
    )


def _notes(book: BookPnl, row: dict, account: str) -> list[str]:
    notes = []
    if row["unexplained"]:
        said = f"{many(row['unexplained'], 'interval')} of {row['intervals']:,}"
        notes.append(f"{said} began at a mark without a volatility: all of their change is in the residual.")
    pairs = book.pnl.pairs.filter((pl.col("account") == account) & (pl.col("token") == row["token"]))
    unmarked = int(pairs["unmarked"].sum())
    if unmarked:
        notes.append(f"{many(unmarked, 'fill')} before any mark count as marks of their own, without edge.")
    mine = [name for name in book.unsettled if name in set(pairs["instrument"])]
    if mine:
        notes.append(
            f"Nobody on this tape says what {many(len(mine), 'expired option')} settled at "
            f"({', '.join(first_of(mine, 3))}): the last mark stands."
        )
    if book.unusable_marks:
        notes.append(f"{many(book.unusable_marks, 'row')} of the chain could not mark what was traded.")
    if book.unaveraged:
        notes.append(
            f"{many(book.unaveraged, 'mark')} inside the averaging of a settlement without a path of the index: the "
            "Greeks there are those of an option on the last price."
        )
    if book.late_fills:
        notes.append(f"{many(book.late_fills, 'fill')} at or after the expiry of the option left out.")
    fees = book.other_fees.filter(pl.col("account") == account)
    if fees.height:
        tokens = ", ".join(sorted(set(fees["token"])))
        notes.append(f"Fees paid in {tokens} are not in these sums.")
    return notes
