"""What a rule measures distances from, as a track: at each time twice the price for bids and for asks, and the base.

A track has three columns of integers: twice the price that bids are measured from, twice that for asks (ticks), and
twice the base of relative distances (0: that price itself). A value of -1 means unknown, or that the rule does not ask
for this instrument now.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import InputError
from makerscope.kernels.best_prices import best_prices
from makerscope.programs.coverage import covered, needed, only_covered
from makerscope.programs.program import Group, Reference
from makerscope.programs.resting import Resting
from makerscope.programs.units import distance_of, micro, pico, value_factor
from makerscope.tape.events import Instrument

UNKNOWN = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """``time`` (ns, in order) and ``twice`` (n, 3); ``source`` says where the price comes from."""

    time: NDArray[np.int64]
    twice: NDArray[np.int64]
    source: str

    @property
    def known(self) -> bool:
        """Whether there is a price at any time."""
        return bool(((self.twice[:, :2] > 0).all(axis=1) & (self.twice[:, 2] >= 0)).any())


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What the tape says about prices of one instrument, each with ``time``, in order of time.

    ``quotes``: ``bid, ask``; ``marks``: ``mark, index``; ``trades``: ``last_price``; ``chain``: the option's rows.
    """

    quotes: pl.DataFrame
    marks: pl.DataFrame
    trades: pl.DataFrame
    chain: pl.DataFrame


def track_of(
    group: Group,
    instrument: Instrument,
    prices: Prices,
    orders: Callable[[], Resting],
    *,
    neighbour: Decimal | None = None,
    outside: Group | None = None,
) -> Track:
    """The track of one instrument under a group's rule.

    Args:
        group: the rule.
        instrument: the market.
        prices: what is known of its prices.
        orders: gives all that rest in it; asked only where the price comes from orders.
        neighbour: the next strike towards out of the money.
        outside: the group that must not cover the instrument, where the rule names one.

    Raises:
        InputError: the tape lacks the table that the rule needs, which is named.
    """
    where = f"{instrument.instrument}: reference {group.reference.price!r}"
    source, frame = _price(group, instrument, prices, orders, where)
    frame = _with_base(frame, group, instrument, prices, where)
    frame = only_covered(frame, covered(group, instrument, prices.chain, neighbour=neighbour, where=where))
    if outside is not None:
        other = covered(outside, instrument, prices.chain, neighbour=neighbour, where=where)
        frame = only_covered(frame, None if other is None else other.with_columns(covered=~pl.col("covered")))
    frame = frame.sort("time", maintain_order=True).group_by("time", maintain_order=True).last()
    twice = np.ascontiguousarray(frame.select("bids", "asks", "base").to_numpy().astype(np.int64))
    return Track(time=frame["time"].cast(pl.Int64).to_numpy(), twice=twice, source=source)


def outside_track(price: str, prices: Prices, where: str) -> Track:
    """The index or mark of one instrument, in the finest units at hand: only its relative moves mean anything.

    Raises:
        InputError: the tape has none.
    """
    rows = prices.marks.filter(pl.col(price).is_not_null()).select("time", level=price)
    if rows.is_empty():
        rows = prices.chain.filter(pl.col(price).is_not_null())
        rows = rows.select("time", level=(pl.col(price) * 1e6).round().cast(pl.Int64))
    rows = needed(rows, f"{where} {price!r}", f"marks or chain with {price}")
    rows = rows.sort("time", maintain_order=True).group_by("time", maintain_order=True).last()
    level = rows["level"].to_numpy()
    twice = np.stack([level, level, np.zeros_like(level)], axis=1)
    return Track(
        time=rows["time"].cast(pl.Int64).to_numpy(), twice=np.ascontiguousarray(twice), source=f"{price} price"
    )


def _price(
    group: Group, instrument: Instrument, prices: Prices, orders: Callable[[], Resting], where: str
) -> tuple[str, pl.DataFrame]:
    kind = group.reference.price
    if kind in ("mid", "best"):
        source, top = "quotes", prices.quotes
        if top.is_empty():
            source, top = "orders", _top(orders(), instrument, group.reference)
        bid, ask = pl.col("bid"), pl.col("ask")
        good = bid.is_not_null() & ask.is_not_null() & (bid < ask)
        mid = pl.when(good).then(bid + ask).otherwise(UNKNOWN)
        if kind == "mid":
            return f"mid of {source}", top.select("time", bids=mid, asks=mid)
        return f"best of {source}", top.select(
            "time",
            bids=pl.when(good).then(2 * bid).otherwise(UNKNOWN),
            asks=pl.when(good).then(2 * ask).otherwise(UNKNOWN),
        )
    if kind in ("cutoff_mid", "deep_mid"):
        top = _top(orders(), instrument, group.reference)
        mid = pl.when(pl.col("bid").is_not_null() & pl.col("ask").is_not_null()).then(pl.col("bid") + pl.col("ask"))
        mid = mid.fill_null(UNKNOWN)
        return f"mid of the prices {'down to which' if kind == 'deep_mid' else 'where'} enough rests", top.select(
            "time", bids=mid, asks=mid
        )
    if kind == "last":
        rows = needed(prices.trades, where, "trades")
        return "last trade", rows.select("time", bids=2 * pl.col("last_price"), asks=2 * pl.col("last_price"))
    if kind == "mark" and not prices.chain.is_empty():
        tick = float(instrument.tick_size)
        twice = (2 * pl.col("mark") / tick).round().cast(pl.Int64).fill_null(UNKNOWN)
        return "mark of the chain", prices.chain.select("time", bids=twice, asks=twice)
    rows = needed(prices.marks.filter(pl.col(kind).is_not_null()), where, f"marks with {kind}")
    return f"{kind} price", rows.select("time", bids=2 * pl.col(kind), asks=2 * pl.col(kind))


def _with_base(frame: pl.DataFrame, group: Group, instrument: Instrument, prices: Prices, where: str) -> pl.DataFrame:
    per = group.reference.per
    if per == "reference":
        return frame.with_columns(base=pl.lit(0, dtype=pl.Int64))
    tick = float(instrument.tick_size)
    if per == "index" and instrument.inverse:  # prices are in coin: one coin is the index
        return frame.with_columns(base=pl.lit(round(2 / tick), dtype=pl.Int64))
    if prices.chain.is_empty():
        if per == "volatility":
            raise InputError(f"{where}, per volatility", "the tape has no rows in table 'chain'", "vega of each option")
        rows = needed(prices.marks.filter(pl.col("index").is_not_null()), f"{where}, per index", "marks with index")
        base = rows.select("time", base=2 * pl.col("index"))
    else:
        value = pl.col("index") if per == "index" else pl.col("vega")
        if per == "volatility" and instrument.inverse:
            value = value / pl.col("index")  # vega is in quote currency, prices in coin
        base = prices.chain.select("time", base=(2 * value / tick).round().cast(pl.Int64))
        if base["base"].null_count() == base.height:
            raise InputError(f"{where}, per {per}", f"table 'chain' has no {per if per == 'index' else 'vega'}", "one")
    both = pl.concat([frame, base], how="diagonal").sort("time", maintain_order=True)
    return both.with_columns(pl.col("bids", "asks", "base").forward_fill()).with_columns(
        pl.col("bids", "asks").fill_null(UNKNOWN),
        base=pl.when(pl.col("base") > 0).then("base").otherwise(UNKNOWN).fill_null(UNKNOWN),
    )


def _top(orders: Resting, instrument: Instrument, rule: Reference) -> pl.DataFrame:
    """Best prices of all orders together, or those that a rule's cutoff leaves, whenever one changes."""
    num, den, by_value = value_factor(rule.cutoff_by, instrument)
    least = -(-micro(rule.cutoff, up=True) * den // num) if rule.price in ("cutoff_mid", "deep_mid") else 0
    near = pico(distance_of(rule.near, "reference.near")[1])
    deep = rule.price == "deep_mid"
    time, bid, ask = best_prices(
        orders.enter, orders.leave, orders.leaving, orders.side, orders.price, orders.size,
        least, deep, deep and by_value, near,
    )  # fmt: skip
    return pl.DataFrame({"time": time, "bid": bid, "ask": ask}).with_columns(
        pl.when(pl.col(side) >= 0).then(side).alias(side) for side in ("bid", "ask")
    )
