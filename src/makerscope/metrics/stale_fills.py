"""Fills at a price that the leading venue had already left behind: pick-offs by what was known at that moment.

``latency.pick_off_rate`` judges a fill by what the mid did afterwards; this one by the leading price at the fill
itself. A maker was picked off at once when it bought above, or sold below, the leading middle of that instant.
"""

from collections.abc import Mapping

import polars as pl

from makerscope.metrics.buckets import ratio_measure
from makerscope.metrics.measure import Measure, missing

NO_LEADER = "not measurable: no leading venue on this tape"


def stale_fills(fills: pl.DataFrame, leading: pl.DataFrame) -> pl.DataFrame:
    """Fills with ``beyond``: how far the leading middle lay beyond the maker's price, half ticks (above 0: picked off).

    Args:
        fills: ``time, instrument, maker, side, price`` (ticks), in order of time.
        leading: ``time, instrument, twice_price`` (ticks of the instrument filled), in order of time: what holds from
            that time on, itself included.

    Returns:
        ``fills`` with a maker and a leading price, and ``beyond``.

    Examples:
        >>> fills = pl.DataFrame({"time": [5, 6], "instrument": "a", "maker": "m", "side": [1, -1], "price": [10, 10]})
        >>> lead = pl.DataFrame({"time": [0, 6], "instrument": "a", "twice_price": [19, 19]})
        >>> stale_fills(fills, lead)["beyond"].to_list()
        [1, -1]
    """
    made = fills.filter(pl.col("maker").is_not_null(), pl.col("side") != 0).sort("time", maintain_order=True)
    return (
        made.join_asof(
            leading.sort("time", maintain_order=True), on="time", by="instrument", strategy="backward",
            check_sortedness=False,
        )
        .filter(pl.col("twice_price").is_not_null())
        .with_columns(beyond=pl.col("side").cast(pl.Int64) * (2 * pl.col("price") - pl.col("twice_price")))
        .drop("twice_price")
    )  # fmt: skip


def stale_fill_buckets(judged: pl.DataFrame, *, width: int) -> pl.DataFrame:
    """``instrument, maker, bucket, fills, beyond``: how many fills were judged and how many were picked off."""
    return (
        judged.group_by("instrument", "maker", bucket=pl.col("time") // width)
        .agg(fills=pl.len().cast(pl.Int64), beyond=(pl.col("beyond") > 0).sum().cast(pl.Int64))
        .sort("instrument", "maker", "bucket")
    )


def stale_fill_rate(buckets: pl.DataFrame, *, span: tuple[int, int] | None = None) -> Measure:
    """Share of fills at a price that the leader had left behind; ``buckets``: rows of ``stale_fill_buckets``."""
    count = int(buckets["fills"].sum()) if buckets.height else 0
    if not count:
        return missing("fraction", NO_LEADER)
    return ratio_measure(buckets, "beyond", "fills", unit="fraction", n=count, undefined=NO_LEADER, span=span)


def declared_leaders(venues: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """For each instrument the one that leads it by declaration: same base, on the venue's own ``.lead`` venue.

    A simulated tape declares its leader so. Its price is the fair price: no basis lies between the two.

    Args:
        venues: venue and base of each instrument that has quotes.

    Examples:
        >>> declared_leaders({"x:BTC": ("x", "BTC"), "x.lead:BTC": ("x.lead", "BTC"), "y:BTC": ("y", "BTC")})
        {'x:BTC': 'x.lead:BTC'}
    """
    leads = {place: name for name, place in venues.items()}
    found = {name: leads.get((f"{venue}.lead", base)) for name, (venue, base) in venues.items()}
    return {name: lead for name, lead in found.items() if lead is not None}
