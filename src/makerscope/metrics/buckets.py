"""Bucket tables: integer counts and sums by key and time bucket. Buckets of any partition of a tape add.

A bucket is ``floor(time / width)``. Means are ratios of sums over buckets; their intervals come from a circular block
bootstrap over consecutive buckets, so that what is close in time is resampled together.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import ceil

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.metrics.measure import Measure, missing

SECOND = 1_000_000_000
WIDTHS = tuple(seconds * SECOND for seconds in (1, 5, 10, 30, 60, 300, 900, 3600))
DRAWS = 999
FEWEST_BLOCKS = 8  # an interval from fewer independent blocks would be a guess


def width_for(span: int, *, buckets: int = 120) -> int:
    """Bucket width (ns) that cuts a span of time into about ``buckets`` pieces, at most one hour.

    Examples:
        >>> width_for(40 * SECOND) // SECOND, width_for(86_400 * SECOND) // SECOND
        (1, 900)
    """
    return next((width for width in WIDTHS if span <= width * buckets), WIDTHS[-1])


def add(tables: Iterable[pl.DataFrame], keys: Sequence[str]) -> pl.DataFrame:
    """The sum of bucket tables: all columns that are no key add up. Rows come in order of the keys.

    Examples:
        >>> part = pl.DataFrame({"bucket": [3, 3], "fills": [1, 2]})
        >>> add([part, part], ["bucket"]).to_dicts()
        [{'bucket': 3, 'fills': 6}]
    """
    return pl.concat(tables, how="vertical").group_by(keys).agg(pl.all().sum()).sort(keys, nulls_last=True)


def bootstrap_ratio(
    numerator: NDArray[np.float64],
    denominator: NDArray[np.float64],
    *,
    block: int,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[float, float] | None:
    """95 % interval of ``sum(numerator) / sum(denominator)`` over consecutive buckets.

    Circular block bootstrap (Politis and Romano 1992): blocks of ``block`` consecutive buckets are drawn with
    replacement until the sample is as long as the data.

    Args:
        numerator: sum in each bucket, shape ``(n,)``, gaps in time filled with 0.
        denominator: likewise, >= 0.
        block: buckets in a block; at least as long as the longest horizon that enters the measure.
        draws: resamples.
        seed: of the generator; the same seed gives the same interval.

    Returns:
        Lower and upper bound, or None where the data holds fewer than 8 blocks.

    Examples:
        >>> bootstrap_ratio(np.ones(100), np.full(100, 2.0), block=5)
        (0.5, 0.5)
    """
    n = numerator.shape[0]
    if block < 1:
        raise DomainError(f"block is {block}; want at least 1 bucket")
    if n < FEWEST_BLOCKS * block or not np.any(denominator):
        return None
    starts = _starts(n, ceil(n / block), draws, seed)
    top, bottom = (_block_sums(values, block)[starts].sum(axis=1) for values in (numerator, denominator))
    if np.count_nonzero(bottom) < draws * 0.95:  # some resamples hold no data at all: too thin for an interval
        return None
    ratios = top[bottom != 0] / bottom[bottom != 0]
    low, high = np.quantile(ratios, (0.025, 0.975))
    return float(low), float(high)


@lru_cache(maxsize=16)
def _starts(n: int, pieces: int, draws: int, seed: int) -> NDArray[np.int64]:
    """Where the blocks of each resample begin: the same for all measures of one length, so that they vary together."""
    return np.random.Generator(np.random.PCG64(seed)).integers(0, n, size=(draws, pieces))


def _block_sums(values: NDArray[np.float64], block: int) -> NDArray[np.float64]:
    """Sum of the ``block`` values from each place on, round the end."""
    wrapped = np.concatenate([values, values[:block]])
    running = np.concatenate([[0.0], np.cumsum(wrapped)])
    return running[block : block + values.shape[0]] - running[: values.shape[0]]


def dense(buckets: pl.DataFrame, columns: Sequence[str], first: int, last: int) -> dict[str, NDArray[np.float64]]:
    """Columns of a bucket table of one key as arrays over all buckets ``first..last``, 0 where there is no row."""
    place = buckets["bucket"].to_numpy() - first
    out = {}
    for name in columns:
        values = np.zeros(last - first + 1)
        np.add.at(values, place, buckets[name].fill_null(0).cast(pl.Float64).to_numpy())
        out[name] = values
    return out


def ratio_measure(
    buckets: pl.DataFrame,
    numerator: str,
    denominator: str,
    *,
    unit: str,
    n: int,
    undefined: str,
    scale: float = 1.0,
    block: int = 1,
    span: tuple[int, int] | None = None,
) -> Measure:
    """``scale * sum(numerator) / sum(denominator)`` over buckets, with its block-bootstrap interval.

    Args:
        buckets: column ``bucket`` and the two columns; several rows may share a bucket.
        numerator: name of the column above.
        denominator: name of the column below, >= 0.
        unit: of the result.
        n: observations behind it.
        undefined: reason given where the denominator is 0.
        scale: factor, such as 1e4 for bps.
        block: buckets in a bootstrap block.
        span: first and last bucket of the data, default those of ``buckets``; buckets without rows count as 0.

    Examples:
        >>> table = pl.DataFrame({"bucket": [0, 1], "edge": [1, 3], "notional": [10, 10]})
        >>> ratio_measure(table, "edge", "notional", unit="bps", n=2, undefined="no trades", scale=1e4).value
        2000.0
    """
    bottom = int(buckets[denominator].sum() or 0)
    if not bottom:
        return missing(unit, undefined, n=n)
    first, last = span or (int(buckets["bucket"].min()), int(buckets["bucket"].max()))  # pyright: ignore[reportArgumentType]
    arrays = dense(buckets, (numerator, denominator), first, last)
    value = scale * int(buckets[numerator].sum()) / bottom
    return ratio_of(value, scale * arrays[numerator], arrays[denominator], unit=unit, n=n, block=block)


def ratio_of(
    value: float, numerator: NDArray[np.float64], denominator: NDArray[np.float64], *, unit: str, n: int, block: int
) -> Measure:
    """A ratio that is known exactly, with the bootstrap interval of its dense buckets (see ``bootstrap_ratio``)."""
    bounds = bootstrap_ratio(numerator, denominator, block=block)
    low, high = bounds or (None, None)
    why = "" if bounds else "no interval: too few independent stretches of time"
    return Measure(value=value, unit=unit, n=n, low=low, high=high, reason=why)
