"""Orders at rest as the arrays of a sweep: when each counted, whose it was, on which side, at what price and size."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.metrics.order_life import NOBODY, intervals

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resting:
    """Stretches of resting orders of one market, in order of ``enter``; ``leaving`` are rows in order of ``leave``.

    Times in ns, prices in ticks, sizes in lots; ``maker`` is a number in the caller's list of makers.
    """

    enter: Ints
    leave: Ints
    leaving: Ints
    maker: Ints
    side: Ints
    price: Ints
    size: Ints


def lives_of(orders: pl.DataFrame, *, until: int) -> pl.DataFrame:
    """Stretches of resting orders with a known maker, of table ``orders`` with ``time``."""
    return intervals(orders, until=until).filter(pl.col("maker") != NOBODY)


def resting(lives: pl.DataFrame, makers: Sequence[str], *, min_age: int = 0, max_age: int | None = None) -> Resting:
    """The stretches of one market that a rule may count.

    Args:
        lives: of ``lives_of``, one instrument.
        makers: names in the order of their numbers; stretches of others are left out.
        min_age: ns that a quote must have rested before it counts.
        max_age: ns after which it no longer counts.

    Examples:
        >>> lives = pl.DataFrame({"maker": ["b", "a"], "side": [1, -1], "price": [9, 12], "size": [5, 5],
        ...     "start": [3, 0], "end": [10, 8], "born": [0, 0]})
        >>> found = resting(lives, ["a", "b"], min_age=4)
        >>> found.maker.tolist(), found.enter.tolist(), found.leaving.tolist()
        ([0, 1], [4, 4], [0, 1])
    """
    enter = pl.max_horizontal("start", pl.col("born") + min_age)
    leave = pl.col("end") if max_age is None else pl.min_horizontal("end", pl.col("born") + max_age)
    rows = (
        lives.select(
            "side", "price", "size", enter=enter, leave=leave,
            maker=pl.col("maker").replace_strict(list(makers), range(len(makers)), default=-1, return_dtype=pl.Int64),
        )
        .filter(pl.col("enter") < pl.col("leave"), pl.col("maker") >= 0)
        .sort("enter", "maker", "side", "price", "size", "leave")
    )  # fmt: skip
    column = {name: rows[name].cast(pl.Int64).to_numpy() for name in rows.columns}
    return Resting(**column, leaving=np.argsort(column["leave"], kind="stable").astype(np.int64))
