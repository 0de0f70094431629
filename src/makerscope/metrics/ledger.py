"""Fills, marks and funding of accounts as arrays of exact integers, ready for the P&L kernel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import AccountingError, InputError, SchemaError
from makerscope.kernels.pnl import FORCED, HEDGED, QUOTED, SETTLED
from makerscope.metrics.view import LAST_TRADE
from makerscope.metrics.worth import ROOM, Worth, worth_of
from makerscope.tape.events import Instrument, Token

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MarkSeries:
    """Marks of one instrument: ``times`` (ns) in order, ``values`` of a lot; ``alone``: fills are their own marks."""

    worth: Worth
    times: Ints
    values: Ints
    alone: bool

    def before(self, at: Ints) -> Ints:
        """Place of the last mark strictly before each instant, -1 where there is none."""
        return np.searchsorted(self.times, at, "left") - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Everything the kernel needs. ``legs`` are fills seen from one account, by pair, then in order of time.

    ``accounts``: whose. ``pairs``: one row a (account, instrument), in the order of the kernel. ``series``: the marks
    of each instrument, in order of name. ``funding``: first row of each instrument, times, rates.
    """

    accounts: pl.Series
    pairs: pl.DataFrame
    legs: pl.DataFrame
    series: tuple[MarkSeries, ...]
    funding: tuple[Ints, Ints, Ints]
    other_fees: pl.DataFrame

    def arrays(self) -> tuple[np.ndarray, ...]:
        """Pairs and legs in the order of the kernel's arguments."""
        first = np.concatenate([[0], np.cumsum(self.pairs["legs"].to_numpy())]).astype(np.int64)
        columns = (
            self.legs[name].to_numpy() for name in ("time", "lots", "price_value", "mark", "later", "kind", "fee")
        )
        return first, self.pairs["market"].to_numpy(), self.pairs["opening"].to_numpy(), *columns

    def marks_at(self, border: Ints) -> NDArray[np.int64]:
        """Value at each instant by instrument: of the last mark strictly before, else of the first mark."""
        out = np.zeros((len(self.series), len(border)), np.int64)
        for at, marks in enumerate(self.series):
            if len(marks.times):
                out[at] = marks.values[np.maximum(marks.before(border), 0)]
        return out


def ledger_of(
    fills: pl.DataFrame,
    marks: pl.DataFrame,
    funding: pl.DataFrame | None,
    *,
    instruments: Mapping[str, Instrument],
    tokens: Mapping[str, Token],
    since: int,
    until: int,
    horizon: int | None,
    accounts: Sequence[str] | None,
    sources: Mapping[str, str],
) -> Ledger:
    """Fills of accounts, marked and in exact units; see ``pnl``."""
    within = fills.filter(pl.col("time") >= since, pl.col("time") < until, pl.col("side") != 0)
    wanted = (
        within["maker"].drop_nulls().unique() if accounts is None else pl.Series(accounts, dtype=pl.String).unique()
    )
    legs = _legs(within, wanted)
    names = tuple(legs["instrument"].unique().sort())
    unknown = [name for name in names if name not in instruments]
    if unknown:
        raise InputError(unknown[0], "is traded but not declared", "a row of table instruments")
    worth = {name: worth_of(instruments[name], tokens.get(instruments[name].settle)) for name in names}
    market = pl.Enum(names)
    legs = legs.with_columns(market=pl.col("instrument").cast(market).to_physical().cast(pl.Int64)).sort(
        "account", "market", "time", "serial", "taking"
    )
    series = _series(marks, within, worth, sources)
    legs = _with_fees(_marked(legs, series, until, horizon), instruments, tokens)
    marked_at = [
        LAST_TRADE if item.alone else sources.get(name, "marks given") for name, item in zip(names, series, strict=True)
    ]
    pairs = _pairs(legs, _units(instruments, worth, marked_at))
    flows = _funding(_NO_FUNDING if funding is None else funding, names, since, until)
    _must_fit(pairs, legs, series, flows)
    other = _other_fees(legs, tokens)
    return Ledger(accounts=wanted, pairs=pairs, legs=legs, series=series, funding=flows, other_fees=other)


def _legs(fills: pl.DataFrame, accounts: pl.Series) -> pl.DataFrame:
    """Each fill once for its maker and once for its taker, as far as they are among ``accounts``."""
    need = (
        "time", "serial", "instrument", "maker", "taker", "side", "price", "size", "maker_fee", "maker_fee_token",
        "taker_fee", "taker_fee_token", "maker_position", "taker_position", "liquidated", "purpose",
    )  # fmt: skip
    absent = tuple(name for name in need if name not in fills.columns)
    if absent:
        raise SchemaError("fills", missing=absent)
    sides = []
    for who, taking in (("maker", False), ("taker", True)):
        settled = pl.col("purpose").cast(pl.String).eq("settlement").fill_null(value=False)
        forced = pl.col("liquidated").eq(pl.col(who)).fill_null(False)
        active = pl.lit(taking) | pl.col("purpose").cast(pl.String).eq("hedge").fill_null(False)
        sign = -pl.col("side") if taking else pl.col("side")
        sides.append(
            fills.filter(pl.col(who).is_in(accounts.implode())).select(
                pl.col(who).cast(pl.String).alias("account"),
                pl.col("instrument").cast(pl.String),
                pl.col("time").cast(pl.Int64),
                "serial",
                pl.col("price").cast(pl.Int64),
                lots=sign.cast(pl.Int64) * pl.col("size"),
                kind=pl.when(settled)
                .then(SETTLED)
                .when(forced)
                .then(FORCED)
                .when(active)
                .then(HEDGED)
                .otherwise(QUOTED)
                .cast(pl.Int64),
                paid=pl.col(f"{who}_fee").cast(pl.Int64),
                paid_in=pl.col(f"{who}_fee_token").cast(pl.String),
                held=pl.col(f"{who}_position").cast(pl.Int64),
                taking=pl.lit(taking),
            )
        )
    return pl.concat(sides)


def _series(
    marks: pl.DataFrame, fills: pl.DataFrame, worth: Mapping[str, Worth], sources: Mapping[str, str]
) -> tuple[MarkSeries, ...]:
    """The marks of each instrument; the trades themselves where none are given."""
    given = marks.select(
        pl.col("instrument").cast(pl.String), pl.col("time", "twice_price").cast(pl.Int64)
    ).partition_by("instrument", as_dict=True, include_key=False, maintain_order=True)
    out: list[MarkSeries] = []
    for name, item in worth.items():
        frame = given.get((name,))
        alone = frame is None or sources.get(name) == LAST_TRADE
        if frame is None:
            traded = fills.filter(pl.col("instrument") == name).sort("time", "serial")
            frame = traded.select(pl.col("time").cast(pl.Int64), twice_price=2 * pl.col("price").cast(pl.Int64))
        if not frame["time"].is_sorted():
            raise InputError(f"marks of {name}", "are not in order of time", "rows in order of time")
        out.append(MarkSeries(item, frame["time"].to_numpy(), item.value(frame["twice_price"].to_numpy()), alone))
    return tuple(out)


def _marked(legs: pl.DataFrame, series: tuple[MarkSeries, ...], until: int, horizon: int | None) -> pl.DataFrame:
    """``legs`` with the values of price, mark and later mark; ``unmarked`` where there was no mark yet."""
    price, mark, later = (np.zeros(legs.height, np.int64) for _ in range(3))
    unmarked = np.zeros(legs.height, bool)
    settled = legs["kind"].to_numpy() == SETTLED
    time, twice, market = legs["time"].to_numpy(), 2 * legs["price"].to_numpy(), legs["market"].to_numpy()
    due = np.minimum(time + (horizon or 0), until - 1)
    for at, marks in enumerate(series):
        rows = np.flatnonzero(market == at)
        price[rows] = marks.worth.value(twice[rows])
        before = marks.before(time[rows])
        unmarked[rows] = (before < 0) & (not marks.alone)
        mark[rows] = np.where((before < 0) | marks.alone, price[rows], marks.values[np.maximum(before, 0)])
        then = marks.before(due[rows] + 1)  # at the horizon itself counts
        done = (then < 0) | settled[rows]  # what is settled has no price afterwards
        later[rows] = np.where(done, mark[rows], marks.values[np.maximum(then, 0)])
    return legs.with_columns(
        pl.Series("price_value", price),
        pl.Series("mark", mark),
        pl.Series("later", later),
        pl.Series("unmarked", unmarked),
    )


def _with_fees(legs: pl.DataFrame, instruments: Mapping[str, Instrument], tokens: Mapping[str, Token]) -> pl.DataFrame:
    """``legs`` with ``fee``: what was paid in the settle token, base units; 0 where unknown or in another token."""
    settle = {name: item.settle for name, item in instruments.items()}
    legs = legs.with_columns(settle=pl.col("instrument").replace_strict(settle, return_dtype=pl.String))
    paid = pl.col("paid").is_not_null() & (pl.col("paid") != 0)
    undeclared = legs.filter(paid & ~pl.col("paid_in").is_in(list(tokens)))
    if undeclared.height:
        raise InputError(f"fee token {undeclared['paid_in'][0]}", "is not declared", "a row of table tokens")
    return legs.with_columns(
        fee=pl.when(pl.col("paid_in") == pl.col("settle")).then(pl.col("paid")).fill_null(0),
        unknown_fee=pl.col("paid").is_null() | (paid & pl.col("paid_in").is_null()),
    )


def _other_fees(legs: pl.DataFrame, tokens: Mapping[str, Token]) -> pl.DataFrame:
    decimals = {name: item.decimals for name, item in tokens.items()}
    return (
        legs.filter(pl.col("paid_in") != pl.col("settle"), pl.col("paid").is_not_null())
        .rename({"paid_in": "token"})
        .group_by("account", "instrument", "token")
        .agg(fees=(pl.lit(0, dtype=pl.Int128) - pl.col("paid").cast(pl.Int128).sum()), fills=pl.len().cast(pl.Int64))
        .with_columns(decimals=pl.col("token").replace_strict(decimals, default=0, return_dtype=pl.Int64))
        .select("account", "instrument", "token", "decimals", "fees", "fills")
        .sort("account", "instrument", "token")
    )


def _units(instruments: Mapping[str, Instrument], worth: Mapping[str, Worth], marked_at: list[str]) -> pl.DataFrame:
    """Settle token and money units by instrument."""
    return pl.DataFrame(
        {
            "instrument": pl.Series(list(worth), dtype=pl.String),
            "token": pl.Series([instruments[name].settle for name in worth], dtype=pl.String),
            "decimals": pl.Series([item.decimals for item in worth.values()], dtype=pl.Int64),
            "k": pl.Series([item.k for item in worth.values()], dtype=pl.Int128),
            "base_unit": pl.Series([item.base_unit for item in worth.values()], dtype=pl.Int128),
            "marked_at": pl.Series(marked_at, dtype=pl.String),
        }
    )


def _pairs(legs: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """One row a (account, instrument). The opening position is the one most fills agree on: position less fills so far.

    A venue may list the fills of one block in another order than they happened, so the first alone is no witness.
    """
    pair = ["account", "instrument"]
    so_far = legs.with_columns(start=pl.col("held") - (pl.col("lots").cum_sum().over(pair) - pl.col("lots")))
    votes = (
        so_far.filter(pl.col("start").is_not_null())
        .with_row_index("place")
        .group_by(*pair, "start")
        .agg(votes=pl.len(), place=pl.col("place").min())
        .sort("votes", "place", descending=[True, False])
        .group_by(pair, maintain_order=True)
        .agg(pl.col("start").first(), agreeing=pl.col("votes").first(), heard=pl.col("votes").sum())
    )
    return (
        legs.group_by(*pair, maintain_order=True)
        .agg(
            pl.col("market").first(),
            legs=pl.len().cast(pl.Int64),
            bought=pl.col("lots").sum(),
            moved=pl.col("lots").abs().sum(),
            unmarked=pl.col("unmarked").sum().cast(pl.Int64),
            unknown_fees=pl.col("unknown_fee").sum().cast(pl.Int64),
        )
        .join(votes, on=pair, how="left", maintain_order="left")
        .join(units, on="instrument", how="left", maintain_order="left")
        .with_columns(
            opening=pl.col("start").fill_null(0),
            opening_known=pl.col("start").is_not_null(),
            disagreeing=(pl.col("heard") - pl.col("agreeing")).fill_null(0).cast(pl.Int64),
            half_spread_known=pl.col("marked_at") != LAST_TRADE,
        )
        .with_columns(closing=pl.col("opening") + pl.col("bought"))
    )


_NO_FUNDING = pl.DataFrame(schema={"time": pl.Int64, "instrument": pl.String, "funding": pl.Int64})


def _funding(funding: pl.DataFrame, names: tuple[str, ...], since: int, until: int) -> tuple[Ints, Ints, Ints]:
    rows = funding.filter(
        pl.col("funding").is_not_null(),
        pl.col("instrument").is_in(list(names)),
        pl.col("time") >= since,
        pl.col("time") < until,
    ).sort("instrument", "time")
    counts = dict(rows.group_by("instrument").len().iter_rows())
    first = np.concatenate([[0], np.cumsum([counts.get(name, 0) for name in names])]).astype(np.int64)
    return first, rows["time"].cast(pl.Int64).to_numpy(), rows["funding"].cast(pl.Int64).to_numpy()


def _must_fit(
    pairs: pl.DataFrame, legs: pl.DataFrame, series: tuple[MarkSeries, ...], funding: tuple[Ints, Ints, Ints]
) -> None:
    """Refuse before computing what could leave 64 bits: every sum of the kernel is below these bounds."""
    market = pairs["market"].to_numpy()
    most = np.array([np.abs(marks.values).max(initial=0) for marks in series], np.float64)
    np.maximum.at(most, legs["market"].to_numpy(), np.abs(legs["price_value"].to_numpy()).astype(np.float64))
    first, _, rates = funding
    flows = np.array([np.abs(rates[a:b]).astype(np.float64).sum() for a, b in pairwise(first)])
    lots = pairs["opening"].abs().cast(pl.Float64).to_numpy() + pairs["moved"].cast(pl.Float64).to_numpy()
    fees = float(legs["fee"].abs().cast(pl.Float64).sum())
    bound = np.maximum(4 * lots * most[market], lots * flows[market] + fees) if len(market) else np.zeros(0)
    worst = int(np.argmax(bound)) if len(bound) else -1
    if worst >= 0 and bound[worst] >= ROOM:
        row = pairs.row(worst, named=True)
        where = f"{row['account']} on {row['instrument']}"
        raise AccountingError(f"{where}: sums up to {bound[worst]:.3g} leave 64-bit integers; want coarser units")
