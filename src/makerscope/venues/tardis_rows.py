"""How the columns of each Tardis data type are read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from types import MappingProxyType

import polars as pl

from makerscope.venues.columns import Column, Reader
from makerscope.venues.rules import OVERFLOW, reason
from makerscope.venues.seen_units import Units
from makerscope.venues.tardis_contracts import Option, volatility_scale
from makerscope.venues.values import from_zero, in_units, named_units, one_of, positive, real, text, trimmed

Columns = dict[str, Column]
TAKER = MappingProxyType({"buy": -1, "sell": 1, "unknown": 0})  # the aggressor, to the maker's side
FORCED = MappingProxyType({"buy": 1, "sell": -1})
LEVEL = MappingProxyType({"bid": 1, "ask": -1})
TRUTH = MappingProxyType({"true": 1, "false": 0})
RIGHTS = MappingProxyType({"call": 1, "put": 0})
MODEL = MappingProxyType(
    {
        "mark_price": "mark", "underlying_price": "underlying", "delta": "delta", "vega": "vega",
        "open_interest": "open_interest",
        "bid_iv": "bid_volatility", "ask_iv": "ask_volatility", "mark_iv": "mark_volatility",
    }
)  # fmt: skip


@dataclass
class Seen:
    """What a first pass learns: units of prices and sizes, and the terms of options, by instrument name."""

    prices: Units = field(default_factory=Units)
    marks: Units = field(default_factory=Units)
    sizes: Units = field(default_factory=Units)
    options: dict[str, Option] = field(default_factory=dict)
    ticks: dict[str, str] = field(default_factory=dict)
    lots: dict[str, str] = field(default_factory=dict)

    def settle(self) -> None:
        """Fix one tick and one lot for each instrument: of tradable prices if there are any, else of marks."""
        names = self.prices.seen.keys() | self.marks.seen.keys() | self.sizes.seen.keys()
        self.ticks = {name: self.prices.unit(name) or self.marks.unit(name) or "1" for name in names}
        self.lots = {name: self.sizes.unit(name) or "1" for name in names}


def _trades(names: pl.Series, seen: Seen, words: Mapping[str, int]) -> Columns:
    return {
        "fill": Column("id", text, optional=True),
        "side": Column("side", trimmed(one_of(words))),
        "price": Column("price", in_units(named_units(names, seen.ticks), positive)),
        "size": Column("amount", in_units(named_units(names, seen.lots), positive)),
    }


def _quotes(names: pl.Series, seen: Seen) -> Columns:
    price = in_units(named_units(names, seen.ticks), from_zero)
    size = in_units(named_units(names, seen.lots), from_zero)
    return {
        "bid": Column("bid_price", price, optional=True),
        "bid_size": Column("bid_amount", size, optional=True),
        "ask": Column("ask_price", price, optional=True),
        "ask_size": Column("ask_amount", size, optional=True),
    }


def _levels(names: pl.Series, seen: Seen) -> Columns:
    return {
        "snapshot": Column("is_snapshot", trimmed(one_of(TRUTH))),
        "side": Column("side", trimmed(one_of(LEVEL))),
        "price": Column("price", in_units(named_units(names, seen.ticks), positive)),
        "size": Column("amount", in_units(named_units(names, seen.lots), from_zero)),
    }


def _chain(names: pl.Series, seen: Seen) -> Columns:
    return _quotes(names, seen) | {name: Column(source, real, optional=True) for source, name in MODEL.items()}


def _marks(names: pl.Series, seen: Seen) -> Columns:
    read = _rounded(names, seen)
    return {"mark": Column("mark_price", read, optional=True), "index": Column("index_price", read, optional=True)}


def _rounded(names: pl.Series, seen: Seen) -> Reader:
    """Reader of prices above zero in ticks, rounded half up where they are finer."""
    fine = {name: seen.marks.unit(name) or "1" for name in names.drop_nulls().unique()}
    each = {name: Decimal(seen.ticks.get(name, "1")) / Decimal(unit) for name, unit in fine.items()}
    exact = in_units(named_units(names, fine), positive)

    def read(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
        value, why = exact(texts)
        frame = pl.DataFrame({"value": value, "name": names}).with_columns(
            many=pl.col("name").replace_strict({name: max(1, int(ratio)) for name, ratio in each.items()}, default=1),
            times=pl.col("name").replace_strict(
                {name: max(1, int(1 / ratio)) for name, ratio in each.items()}, default=1
            ),
        )
        ticks = frame.select((pl.col("value") + pl.col("many") // 2) // pl.col("many") * pl.col("times")).to_series()
        return ticks.cast(pl.Int64), why

    return read


def _without_absent(rows: pl.DataFrame) -> pl.DataFrame:
    """A side without a price, or with price or size 0, is absent."""
    for price, size in (("bid", "bid_size"), ("ask", "ask_size")):
        there = (pl.col(price) > 0) & (pl.col(size).is_null() | (pl.col(size) > 0))
        rows = rows.with_columns(pl.when(there).then(price).alias(price), pl.when(there).then(size).alias(size))
    return rows


def _as_fractions(rows: pl.DataFrame) -> pl.DataFrame:
    """Volatilities as fractions where the exchange's unit is known, else null."""
    scales = {name: volatility_scale(name) for name in rows["venue"].unique()}
    scale = pl.col("venue").replace_strict(scales, default=None, return_dtype=pl.Float64)
    return _without_absent(rows).with_columns(pl.col("^.*_volatility$") * scale)


def _unknown_option(seen: Seen) -> list[pl.Expr]:
    return [reason(~pl.col("instrument").is_in(list(seen.options)), "strike, expiration or type is not known")]


@dataclass(frozen=True, slots=True)
class Part:
    """What a data type has beside names and clocks: columns, rules between them, and a last step for good rows."""

    columns: Callable[[pl.Series, Seen], Columns]
    rules: Callable[[Seen], Sequence[pl.Expr]] = lambda _seen: ()
    finish: Callable[[pl.DataFrame], pl.DataFrame] = lambda rows: rows


PARTS = MappingProxyType(
    {
        "trades": Part(partial(_trades, words=TAKER), lambda _seen: [OVERFLOW]),  # maker and taker unknown
        "liquidations": Part(  # ``buy`` means that a short position was liquidated; the feed names no account
            partial(_trades, words=FORCED),
            lambda _seen: [OVERFLOW],
            lambda rows: rows.with_columns(account=pl.lit("unknown")),
        ),
        "quotes": Part(_quotes, finish=_without_absent),
        "incremental_book_L2": Part(  # amount 0 removes a level
            _levels, finish=lambda rows: rows.with_columns(pl.col("snapshot").cast(pl.Boolean))
        ),
        "options_chain": Part(_chain, _unknown_option, _as_fractions),
        "derivative_ticker": Part(_marks),
    }
)
