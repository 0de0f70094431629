"""Depth that was there when takers asked: quality at the instants of trades, in place of quality over time.

Who sees a taker come and is gone when it arrives shows depth all the time and is never hit. A look at the instant of a
trade finds what rested just before it and is there just after it too, what it took counted as there.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.programs.components import Market
from makerscope.programs.outlasting import outlasted
from makerscope.programs.program import Group
from makerscope.programs.resting import resting
from makerscope.programs.sample_rule import UNIT


def asked_depth(
    lives: pl.DataFrame, fills: pl.DataFrame, market: Market, group: Group, makers: Sequence[str]
) -> list[int]:
    """Mean quality when takers asked, by their sizes, as a part of the mean over time, pico and at most one.

    A trade of an account with itself is none. One where nobody traded.

    Args:
        lives: stretches of resting orders.
        fills: of the instrument, with ``time``.
        market: its components.
        group: the rule.
        makers: names.

    Raises:
        AccountingError: scores of all makers together do not fit 63 bits.
    """
    real = fills.filter(pl.col("maker") != pl.col("taker").fill_null(""))
    trades = real.group_by("time").agg(pl.col("size").sum()).sort("time")
    trades = trades.filter(pl.Series(_inside(market, trades["time"].to_numpy()), dtype=pl.Boolean))
    if not trades.height:
        return [UNIT] * len(makers)
    times, lots = trades["time"].to_numpy(), trades["size"].cast(pl.Int64).to_numpy()
    rule = market.rules[0]
    orders = resting(_with_taken(lives, fills, rule.min_age), makers, min_age=rule.min_age)
    track = replace(market.track, time=market.track.time + 1)  # a trade is judged by the middle it found
    then = replace(market, orders=orders, track=track)
    which = np.arange(len(times))
    return outlasted(then, group, makers, before=times - 1, looks=times, long=lots, which=which)


def _with_taken(lives: pl.DataFrame, fills: pl.DataFrame, min_age: int) -> pl.DataFrame:
    """The same stretches, and for one ns what each fill took: where a quote was renewed and hit in one block, too."""
    taken = fills.filter(pl.col("maker").is_not_null()).select(
        "maker", "side", "price", "size", start="time", end=pl.col("time") + 1, born=pl.col("time") - min_age
    )
    columns = ["maker", "side", "price", "size", "start", "end", "born"]
    return pl.concat([lives.select(columns), taken.select(columns).cast(lives.select(columns).schema)])


def _inside(market: Market, times: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each time and the ns before it were heard."""
    span = market.span
    if not span.start.size:
        return np.zeros(times.size, np.bool_)
    then, before = (np.searchsorted(span.start, each, side="right") - 1 for each in (times, times - 1))
    heard = (before >= 0) & (times < span.end[then]) & (times - 1 < span.end[before])
    return np.asarray(heard, np.bool_)
