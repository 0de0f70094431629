"""Rows of each Tardis data type as rows of a tape: one function a type, text in, integers and reasons out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

import polars as pl

from makerscope.venues.sieve import Units, chosen, floating, measured, overflows
from makerscope.venues.tardis_contracts import Option, volatility_scale

Part = tuple[pl.DataFrame, list[pl.Series]]  # columns of the tape, and reasons against rows
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


def trades(texts: pl.DataFrame, names: pl.Series, seen: Seen) -> Part:
    """Public trades: maker and taker unknown."""
    side, unknown = chosen(texts["side"], TAKER)
    price, bad_price = measured(texts["price"], names, seen.ticks, above=0)
    size, bad_size = measured(texts["amount"], names, seen.lots, above=0)
    rows = pl.DataFrame({"fill": texts["id"], "side": side, "price": price, "size": size})
    return rows, [unknown, bad_price, bad_size, overflows(price, size)]


def liquidations(texts: pl.DataFrame, names: pl.Series, seen: Seen) -> Part:
    """Forced trades: ``buy`` means that a short position was liquidated. The feed names no account."""
    side, unknown = chosen(texts["side"], FORCED)
    price, bad_price = measured(texts["price"], names, seen.ticks, above=0)
    size, bad_size = measured(texts["amount"], names, seen.lots, above=0)
    rows = pl.DataFrame({"fill": texts["id"], "side": side, "price": price, "size": size})
    return rows.with_columns(account=pl.lit("unknown")), [unknown, bad_price, bad_size, overflows(price, size)]


def quotes(texts: pl.DataFrame, names: pl.Series, seen: Seen) -> Part:
    """Top of book. A side without a price or with size 0 is absent."""
    bid, bid_size, bad_bid = _side(texts, names, seen, "bid")
    ask, ask_size, bad_ask = _side(texts, names, seen, "ask")
    return pl.DataFrame([bid, bid_size, ask, ask_size]), [*bad_bid, *bad_ask]


def _side(texts: pl.DataFrame, names: pl.Series, seen: Seen, side: str) -> tuple[pl.Series, pl.Series, list[pl.Series]]:
    price, bad_price = measured(texts[f"{side}_price"], names, seen.ticks, least=0, required=False)
    size, bad_size = measured(texts[f"{side}_amount"], names, seen.lots, least=0, required=False)
    frame = pl.DataFrame({"price": price, "size": size})
    there = frame.select(
        (pl.col("price") > 0).fill_null(value=False) & (pl.col("size").is_null() | (pl.col("size") > 0))
    )
    absent = ~there.to_series()
    return price.set(absent, None).alias(side), size.set(absent, None).alias(f"{side}_size"), [bad_price, bad_size]


def levels(texts: pl.DataFrame, names: pl.Series, seen: Seen) -> Part:
    """Levels of book messages; amount 0 removes a level."""
    snapshot, unclear = chosen(texts["is_snapshot"], TRUTH)
    side, unknown = chosen(texts["side"], LEVEL)
    price, bad_price = measured(texts["price"], names, seen.ticks, above=0)
    size, bad_size = measured(texts["amount"], names, seen.lots, least=0)
    rows = pl.DataFrame({"snapshot": snapshot.cast(pl.Boolean), "side": side, "price": price, "size": size})
    return rows, [unclear, unknown, bad_price, bad_size]


def chain(texts: pl.DataFrame, names: pl.Series, seen: Seen) -> Part:
    """Option quotes. Volatilities become fractions where the exchange's unit is known, else null."""
    out, faults = quotes(texts, names, seen)
    known = pl.Series([name in seen.options for name in names], dtype=pl.Boolean)
    faults.append(pl.select(pl.when(~known).then(pl.lit("strike, expiration or type is not known"))).to_series())
    scales = {name: volatility_scale(name) for name in texts["exchange"].drop_nulls().unique()}
    scale = texts["exchange"].replace_strict(scales, default=None, return_dtype=pl.Float64)
    for source, name in MODEL.items():
        value, bad = floating(texts[source])
        faults.append(bad)
        out = out.with_columns((value * scale if name.endswith("volatility") else value).alias(name))
    return out, faults


def marks(texts: pl.DataFrame, names: pl.Series, seen: Seen) -> Part:
    """Mark and index prices in ticks, rounded half up where they are finer."""
    mark, bad_mark = _rounded(texts["mark_price"], names, seen)
    index, bad_index = _rounded(texts["index_price"], names, seen)
    return pl.DataFrame({"mark": mark, "index": index}), [bad_mark, bad_index]


def _rounded(texts: pl.Series, names: pl.Series, seen: Seen) -> tuple[pl.Series, pl.Series]:
    fine = {name: seen.marks.unit(name) or "1" for name in names.drop_nulls().unique()}
    each = {name: Decimal(seen.ticks.get(name, "1")) / Decimal(unit) for name, unit in fine.items()}
    value, why = measured(texts, names, fine, above=0, required=False)
    frame = pl.DataFrame({"value": value, "name": names}).with_columns(
        many=pl.col("name").replace_strict({name: max(1, int(ratio)) for name, ratio in each.items()}, default=1),
        times=pl.col("name").replace_strict({name: max(1, int(1 / ratio)) for name, ratio in each.items()}, default=1),
    )
    ticks = frame.select((pl.col("value") + pl.col("many") // 2) // pl.col("many") * pl.col("times")).to_series()
    return ticks.cast(pl.Int64), why


PARTS: MappingProxyType[str, Callable[[pl.DataFrame, pl.Series, Seen], Part]] = MappingProxyType(
    {
        "trades": trades,
        "liquidations": liquidations,
        "quotes": quotes,
        "incremental_book_L2": levels,
        "options_chain": chain,
        "derivative_ticker": marks,
    }
)
