"""``makerscope surface``."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import polars as pl
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from makerscope.cli.chains import chain_quotes
from makerscope.cli.moments import moment
from makerscope.errors import InputError
from makerscope.metrics.markout import MAX_AGE
from makerscope.metrics.option_chain import with_snapshots
from makerscope.metrics.option_smile import smiles
from makerscope.metrics.view import load
from makerscope.report.executable_card import Touches, executable, future_touches
from makerscope.report.names import first_of, many
from makerscope.report.numbers import fixed, utc
from makerscope.report.surface_card import smile_cards, surface_card
from makerscope.tape.output import write_whole
from makerscope.tape.read import Tape


def surface(
    tape: Path,
    *,
    at: str | None = None,
    underlying: Annotated[str | None, Parameter(name=["--underlying", "-u"])] = None,
    json: Path | None = None,
) -> None:
    """Fit and certify the volatility surface of an option chain at a moment.

    Args:
        tape: folder of a tape with an option chain.
        at: moment, such as 2026-03-01T12:00 (UTC) or seconds since 1970; default the last snapshot.
        underlying: such as BTC; may be left out where the tape has one.
        json: where to write smiles and surface as JSON.
    """
    opened = Tape.open(tape)
    rows = _snapshot(opened, moment("--at", at), underlying)
    fitted = smile_cards(rows)
    certified = surface_card(fitted, executable(rows, _futures(opened, rows["base"][0], int(rows["snapshot"][0]))))
    if json is not None:
        write_whole(json, msgspec.json.encode({"smiles": fitted.smiles, "surface": certified}))
    console = Console()
    base, when = rows["base"][0], int(rows["snapshot"][0])
    console.print(f"[bold]{base}[/bold] options at {utc(when)}, {many(rows.height, 'quote')}", highlight=False)
    console.print(_table(rows, fitted.smiles))
    if certified is None:
        console.print("no expiry had quotes to fit", style="yellow")
        return
    left = "no arbitrage" if not certified.left else f"{many(certified.left, 'arbitrage')} left"
    console.print(
        f"certificate: {left}; smallest density factor {certified.least_g:.3g}; repair {certified.how}, moved by at "
        f"most {fixed(certified.moved, 2)} volatility points",
        highlight=False,
        soft_wrap=True,
    )
    for found in first_of(certified.found):
        console.print(f"  raw fit: {found}", style="dim", highlight=False, soft_wrap=True)
    for trade in first_of(certified.executable):
        console.print(f"  executable on bid and ask: {trade}", style="yellow", highlight=False, soft_wrap=True)
    for text in certified.unsearched:
        console.print(f"  {text}", style="dim", highlight=False, soft_wrap=True)


def _snapshot(tape: Tape, at: int | None, underlying: str | None) -> pl.DataFrame:
    """The last snapshot of one underlying at or before a moment."""
    rows = chain_quotes(tape, underlying, until=None if at is None else at + 1)
    if not rows.height:
        first = tape.span[0] if tape.span else 0
        raise InputError("--at", "no quotes by then", f"a moment after {utc(first)}")
    bases = rows["base"].unique().sort().to_list()
    if len(bases) > 1:
        raise InputError("--underlying", "is not given", f"one of {', '.join(bases)}")
    looked = with_snapshots(rows)
    return looked.filter(pl.col("snapshot") == pl.col("snapshot").max())


def _futures(tape: Tape, base: str, at: int) -> Touches:
    """Bid and ask of the futures of an underlying at an instant, from the quotes or the books of the tape."""
    names = [name for name, item in tape.instruments.items() if item.kind == "future" and item.base == base]
    if not names:
        return {}
    quotes = load(tape, since=at - MAX_AGE, until=at + 1, instruments=names).quotes
    return future_touches(quotes, tape.instruments, base, at=at, max_age=MAX_AGE)


def _table(rows: pl.DataFrame, found: tuple) -> Table:
    curve = {int(row["expiry"]): row for row in smiles(rows).iter_rows(named=True)}
    grid = Table(
        "expiry", "days", "ATM", "25d RR", "25d fly", "fit", "used", "refused", "error", "half width", box=None
    )
    grid.columns[0].no_wrap = True
    for column in grid.columns[1:]:
        column.justify = "right"
    for one in found:
        row = curve.get(one.expiry, {})
        money = row.get("at_the_money")
        when = datetime.fromtimestamp(one.expiry // 1_000_000_000, UTC).strftime("%Y-%m-%d")
        grid.add_row(
            when,
            fixed(365 * one.tenor, 1),
            fixed(100 * money, 2) + " %" if money is not None else "—",
            fixed(row.get("risk_reversal"), 2),
            fixed(row.get("butterfly"), 2),
            one.kind,
            str(one.used),
            ", ".join(f"{n} {why}" for why, n in sorted(one.refused.items())) or "none",
            fixed(one.rmse, 2),
            fixed(one.half_width, 2),
        )
    return grid
