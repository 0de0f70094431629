"""Rules between the columns of a row (see ``columns``)."""

import polars as pl

from makerscope.tape.rules import LARGEST_OFFSET

LARGEST_CASH = 2.0**62  # ticks times lots


def reason(broken: pl.Expr, text: str) -> pl.Expr:
    """``text`` for each row where ``broken`` holds, else null."""
    return pl.when(broken).then(pl.lit(text))


CLOCKS_APART = reason(
    (pl.col("exchange_time") - pl.col("local_time")).abs() > LARGEST_OFFSET, "the two clocks are more than a day apart"
)
"""Of two clocks (ns) more than a day apart one is wrong."""

OVERFLOW = reason(
    pl.col("price").cast(pl.Float64) * pl.col("size").cast(pl.Float64) > LARGEST_CASH, "price times size is too large"
)
"""Ticks times lots beyond half an int64: the cash of the row could not be kept."""
