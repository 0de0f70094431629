"""The quoted spread and the size at the touch over time, from bucket integrals of the quotes."""

import polars as pl

from makerscope.metrics.buckets import ratio_measure
from makerscope.metrics.measure import Measure

NO_TIME = "no two-sided quotes while the recorder listened"


def quoted_spread(
    integrals: pl.DataFrame, *, block: int = 1, span: tuple[int, int] | None = None
) -> dict[str, Measure]:
    """Time-weighted measures of the top of the book of one instrument.

    Args:
        integrals: rows of ``ticks.spread_integrals`` of one instrument.
        block: buckets in a bootstrap block.
        span: first and last bucket of the data.

    Returns:
        ``full_quoted_spread`` in bps (ratio of integrals: spread over mid), ``full_quoted_spread_ticks``,
        ``two_sided_share``, ``one_sided_share``, ``crossed_share`` of the time with a known book, ``hours_listened``.
    """
    seconds = int(integrals["ns"].sum()) // 1_000_000_000
    listened = integrals.with_columns(
        listened=pl.col("ns") + pl.col("ns_one_sided") + pl.col("ns_crossed") + pl.col("ns_unknown"),
        seen=pl.col("ns") + pl.col("ns_one_sided") + pl.col("ns_crossed"),
    )

    def share(column: str, of: str, unit: str, scale: float = 1.0) -> Measure:
        return ratio_measure(
            listened, column, of, unit=unit, n=seconds, undefined=NO_TIME, scale=scale, block=block, span=span
        )

    hours = int(listened["listened"].sum()) / 3.6e12
    return {
        "full_quoted_spread": share("spread_ns", "twice_mid_ns", "bps", 2e4),
        "full_quoted_spread_ticks": share("spread_ns", "ns", "ticks"),
        "two_sided_share": share("ns", "seen", "fraction of time"),
        "one_sided_share": share("ns_one_sided", "seen", "fraction of time"),
        "crossed_share": share("ns_crossed", "seen", "fraction of time"),
        "hours_listened": Measure(value=hours, unit="hours", n=seconds),
    }


def touch_size(
    integrals: pl.DataFrame, unit_size: float, *, block: int = 1, span: tuple[int, int] | None = None
) -> dict[str, Measure]:
    """Time-weighted size at the best bid and ask, in base units; missing where the recording has no sizes.

    Args:
        integrals: rows of ``ticks.spread_integrals`` of one instrument.
        unit_size: base units of one lot.
        block: buckets in a bootstrap block.
        span: first and last bucket of the data.
    """
    sized = integrals.with_columns(time=pl.col("ns") + pl.col("ns_one_sided") - pl.col("ns_unsized"))
    seconds = int(sized["time"].sum()) // 1_000_000_000
    return {
        f"touch_{side}_size": ratio_measure(
            sized,
            f"{side}_size_ns",
            "time",
            unit="base",
            n=seconds,
            undefined="no sizes in the recording",
            scale=unit_size,
            block=block,
            span=span,
        )
        for side in ("bid", "ask")
    }


def by_hour(integrals: pl.DataFrame, width: int) -> list[tuple[int, float | None, int]]:
    """Quoted spread (bps) by hour of the UTC day: ``(hour, bps or None, seconds listened)``."""
    hours = (
        integrals.with_columns(hour=pl.col("bucket") * width // 3_600_000_000_000 % 24)
        .group_by("hour")
        .agg(pl.col("spread_ns", "twice_mid_ns", "ns").sum())
        .sort("hour")
    )
    return [
        (int(hour), 2e4 * int(spread) / int(mid) if mid else None, int(ns) // 1_000_000_000)
        for hour, spread, mid, ns in hours.iter_rows()
    ]
