"""Spread captured and markouts: what a maker earned at the fill, and what the price did to it afterwards.

For each fill, in integers (half ticks times lots; ``s`` is the maker's side, ``m`` the mid strictly before the fill,
``m_h`` the mid at ``t + h``)::

    capture     s * (2m   - 2p) * q      twice the half effective spread, maker's view
    markout     s * (2m_h - 2p) * q      twice the half realised spread
    price_move  s * (2m_h - 2m) * q      below 0: the mid ran against the maker

so ``markout = capture + price_move`` on every fill, and bps are ``1e4 * sum / sum(2m * q)``: a ratio of sums, weighted
by notional at the mid. A fill counts at a horizon when both mids are known; fills whose horizon lies past the end of
the data, or whose reference is missing or older than ``max_age``, are counted apart and never clipped.

Source: half realised spread and price impact as in SEC Rule 605 and Huang and Stoll (1996).
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from makerscope.metrics.buckets import ratio_measure, ratio_of
from makerscope.metrics.measure import Measure, missing
from makerscope.metrics.ticks import attach_mids

HORIZONS = tuple(int(seconds * 1e9) for seconds in (0.1, 1, 5, 10, 30, 60, 300))
MAX_AGE = 5_000_000_000
KEYS = ("instrument", "maker", "side", "horizon", "bucket")
SUMS = ("fills", "lots", "twice_mid_lots", "capture", "markout", "price_move", "past_end", "stale")


def with_mids(
    fills: pl.DataFrame,
    quotes: pl.DataFrame,
    *,
    horizons: Sequence[int] = HORIZONS,
    max_age: int = MAX_AGE,
    ends: dict[str, int] | None = None,
) -> pl.DataFrame:
    """``fills`` with ``twice_mid`` (strictly before the fill) and ``twice_mid_<h>``; see ``ticks.attach_mids``."""
    return attach_mids(fills, quotes, horizons=horizons, max_age=max_age, ends=ends)


def markout_buckets(fills: pl.DataFrame, *, horizons: Sequence[int] = HORIZONS, width: int) -> pl.DataFrame:
    """Integer sums of captures and markouts by instrument, maker, side, horizon and time bucket.

    Args:
        fills: as ``with_mids`` gives them.
        horizons: ns; those given to ``with_mids``.
        width: of a bucket, ns.

    Returns:
        ``KEYS`` and ``SUMS``: ``fills`` counts those with both mids known, ``past_end`` and ``stale`` the others;
        money columns are half ticks times lots.
    """
    parts = [
        fills.select(
            "instrument",
            "maker",
            "side",
            horizon=pl.lit(horizon, dtype=pl.Int64),
            bucket=pl.col("time") // width,
            known=pl.col("twice_mid").is_not_null() & pl.col(f"twice_mid_{horizon}").is_not_null(),
            past_end=(pl.col(f"why_{horizon}") == 1),
            q="size",
            m="twice_mid",
            later=f"twice_mid_{horizon}",
            p=2 * pl.col("price"),
        )
        for horizon in horizons
    ]
    s, q, m, later, p, known = (pl.col(name) for name in ("side", "q", "m", "later", "p", "known"))
    return (
        pl.concat(parts)
        .group_by(KEYS)
        .agg(
            fills=known.sum().cast(pl.Int64),
            lots=q.filter(known).sum(),
            twice_mid_lots=(m * q).filter(known).sum(),
            capture=(s * (m - p) * q).filter(known).sum(),
            markout=(s * (later - p) * q).filter(known).sum(),
            price_move=(s * (later - m) * q).filter(known).sum(),
            past_end=pl.col("past_end").sum().cast(pl.Int64),
            stale=(~known & ~pl.col("past_end")).sum().cast(pl.Int64),
        )
        .sort(KEYS, nulls_last=True)
    )


UNKNOWN_MID = "no fill has a known mid before it and at the horizon"


def bps_of(
    buckets: pl.DataFrame, column: str, *, scale: float = 1.0, block: int = 1, span: tuple[int, int] | None = None
) -> Measure:
    """``scale * 1e4 * sum(column) / sum(twice_mid_lots)`` with a block-bootstrap interval.

    Args:
        buckets: rows of ``markout_buckets`` of one horizon.
        column: ``capture``, ``markout`` or ``price_move``.
        scale: 1 for half spreads and markouts, 2 for full spreads.
        block: buckets in a bootstrap block.
        span: first and last bucket of the data, default those of ``buckets``.

    Returns:
        A measure in bps of the mid at the trade; missing where no fill has both mids.
    """
    return ratio_measure(
        buckets,
        column,
        "twice_mid_lots",
        unit="bps",
        n=int(buckets["fills"].sum()),
        undefined=UNKNOWN_MID,
        scale=scale * 1e4,
        block=block,
        span=span,
    )


class Curves:
    """The markouts of some rows of ``markout_buckets`` at every horizon, on plain arrays: a report asks for many.

    Args:
        buckets: rows of ``markout_buckets``.
        span: first and last bucket of the data.
    """

    def __init__(self, buckets: pl.DataFrame, span: tuple[int, int]) -> None:
        self._columns = {name: buckets[name].to_numpy() for name in ("horizon", "side", "bucket", *SUMS)}
        self._place = self._columns["bucket"] - span[0]
        self._width = span[1] - span[0] + 1

    def count(self, column: str, horizon: int) -> int:
        """Sum of a count at a horizon."""
        return int(self._columns[column][self._columns["horizon"] == horizon].sum())

    def bps(self, column: str, horizon: int, *, side: int = 0, block: int = 1) -> Measure:
        """As ``bps_of`` at a horizon, of the fills where the maker bought (1), sold (-1), or all (0)."""
        here = self._columns["horizon"] == horizon
        if side:
            here &= self._columns["side"] == side
        top, bottom, place = self._columns[column][here], self._columns["twice_mid_lots"][here], self._place[here]
        n, total = int(self._columns["fills"][here].sum()), int(bottom.sum())
        if not total:
            return missing("bps", UNKNOWN_MID, n=n)
        above, below = (np.asarray(np.bincount(place, x, self._width), np.float64) for x in (top, bottom))
        value = 1e4 * int(top.sum()) / total
        return ratio_of(value, 1e4 * above, below, unit="bps", n=n, block=block)


def effective_spread(fills: pl.DataFrame, *, max_age: int | None = MAX_AGE) -> dict[str, float]:
    """Volume-weighted full effective spread of all fills with a known mid, bps, and what stands behind it.

    Two weightings are in use and both are given: ``ratio`` divides sums (weight: notional at the mid), ``by_size`` is
    the mean of each fill's bps weighted by its size.

    Args:
        fills: as ``with_mids`` gives them, of one instrument.
        max_age: only named in the result.

    Returns:
        ``ratio`` and ``by_size`` in bps, ``fills`` used and ``unknown`` left out.
    """
    known = fills.filter(pl.col("twice_mid").is_not_null() & (pl.col("side") != 0))
    edge = pl.col("side") * (pl.col("twice_mid") - 2 * pl.col("price"))
    row = known.select(
        ratio=2e4 * (edge * pl.col("size")).sum() / (pl.col("twice_mid") * pl.col("size")).sum(),
        by_size=2e4 * (edge / pl.col("twice_mid") * pl.col("size")).sum() / pl.col("size").sum(),
        fills=pl.len(),
    ).row(0, named=True)
    return {**row, "unknown": fills.height - known.height, "max_age_ns": -1 if max_age is None else max_age}
