"""Where a quote stood when it was filled, against the best prices in the last quote strictly before the fill."""

import polars as pl

from makerscope.metrics.columns import need


def placements(fills: pl.DataFrame, quotes: pl.DataFrame) -> pl.DataFrame:
    """How many fills of each maker came from which place.

    ``inside``: better than the best price of its own side; ``at_touch``: at it; ``behind``: worse than it;
    ``through``: at or beyond the best price of the other side, so that the market had come through the quote.

    Args:
        fills: as ``markout.with_mids`` gives them: a fill without ``twice_mid`` (no fresh two-sided quote before it) is
            ``unknown``.
        quotes: ``time, instrument, bid, ask`` (ticks), in order of time.

    Returns:
        ``maker, inside, at_touch, behind, through, unknown``, in order of maker; fills without a maker are left out.

    Examples:
        >>> quotes = pl.DataFrame({"time": [0], "instrument": ["a"], "bid": [10], "ask": [14]})
        >>> fills = pl.DataFrame({"time": [5] * 5, "instrument": ["a"] * 5, "maker": ["m"] * 5, "side": [1] * 5,
        ...     "price": [11, 10, 9, 14, 10], "twice_mid": [24, 24, 24, 24, None]})
        >>> placements(fills, quotes).row(0)
        ('m', 1, 1, 1, 1, 1)
    """
    need(fills, "fills", "time", "instrument", "maker", "side", "price", "twice_mid")
    named = fills.filter(pl.col("maker").is_not_null()).select(
        "instrument", "maker", "side", "price", "twice_mid", before=pl.col("time") - 1
    )
    state = quotes.filter(pl.col("instrument").is_in(named["instrument"].unique().implode())).select(
        "instrument", "bid", "ask", before="time"
    )
    placed = named.sort("before").join_asof(
        state, on="before", by="instrument", strategy="backward", check_sortedness=False
    )
    bought = pl.col("side") > 0
    own, other = pl.when(bought).then("bid").otherwise("ask"), pl.when(bought).then("ask").otherwise("bid")
    better, through = pl.col("side") * (pl.col("price") - own), pl.col("side") * (pl.col("price") - other) >= 0
    known = pl.col("twice_mid").is_not_null() & better.is_not_null() & (pl.col("side") != 0)
    through = known & through.fill_null(value=False)
    return (
        placed.group_by("maker")
        .agg(
            inside=(known & ~through & (better > 0)).sum().cast(pl.Int64),
            at_touch=(known & ~through & (better == 0)).sum().cast(pl.Int64),
            behind=(known & ~through & (better < 0)).sum().cast(pl.Int64),
            through=through.sum().cast(pl.Int64),
            unknown=(~known).sum().cast(pl.Int64),
        )
        .sort("maker")
    )
