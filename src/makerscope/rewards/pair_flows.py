"""What every pair of accounts traded with each other: volume, how much of it went back, and how much at once.

A pair is two accounts of which one was the maker and the other the taker, either way round; an account that met itself
is a pair of its own. Volume is notional in whole units of the quote currency (see ``metrics.share``), each fill once.
"""

from collections import deque
from collections.abc import Iterator

import polars as pl

FLOWS = (
    "quote", "decimals", "one", "other", "fills", "volume", "reversed", "riskless", "riskless_fills", "first_serial",
    "first_instrument", "first_time",
)  # fmt: skip
_PAIR = ("quote", "one", "other")
_KEY = (*_PAIR, "instrument")


def pair_flows(fills: pl.DataFrame, *, window: int) -> pl.DataFrame:
    """Volume of each pair of accounts.

    Args:
        fills: columns ``time, serial, instrument, maker, taker, side, size, quote, decimals, notional`` (Int128); maker
            and taker known.
        window: ns within which a trade back counts as without risk.

    Returns:
        One row a pair and quote currency, ``one <= other``: ``fills``, ``volume``, ``reversed`` (what one bought from
        the other and sold back to it in the same instrument, ever: twice the smaller way), ``riskless`` (both legs of
        lots that went back within ``window``, oldest first), ``riskless_fills``, and the first fill of the pair.
        In order of ``FLOWS``, rows by quote and names.

    Examples:
        >>> rows = pl.DataFrame({"time": [0, 5, 9], "serial": [0, 1, 2], "instrument": "v:X", "maker": ["a", "b", "a"],
        ...     "taker": ["b", "a", "c"], "side": [1, 1, 1], "size": [3, 3, 1], "quote": "USD", "decimals": 0,
        ...     "notional": pl.Series([30, 30, 10], dtype=pl.Int128)})
        >>> pair_flows(rows, window=10).select("one", "other", "volume", "reversed", "riskless").rows()
        [('a', 'b', 60, 60, 60), ('a', 'c', 10, 0, 0)]
    """
    first = pl.col("maker") <= pl.col("taker")
    rows = fills.select(
        "time",
        "serial",
        "instrument",
        "quote",
        "decimals",
        "notional",
        "size",
        one=pl.when(first).then("maker").otherwise("taker"),
        other=pl.when(first).then("taker").otherwise("maker"),
        bought=(pl.col("side") > 0) == first,  # by ``one`` from ``other``
    ).sort("time", "serial", "instrument")
    ways = rows.group_by(*_KEY).agg(
        there=pl.col("notional").filter("bought").sum(), back=pl.col("notional").filter(~pl.col("bought")).sum()
    )
    reversed_ = ways.group_by(*_PAIR).agg(
        reversed=pl.when(pl.col("one") != pl.col("other")).then(2 * pl.min_horizontal("there", "back")).sum()
    )
    return (
        rows.group_by(*_PAIR)
        .agg(
            pl.col("decimals").first(),
            fills=pl.len().cast(pl.Int64),
            volume=pl.col("notional").sum(),
            first_serial=pl.col("serial").first(),
            first_instrument=pl.col("instrument").first(),
            first_time=pl.col("time").first(),
        )
        .join(reversed_, on=_PAIR, how="left")
        .join(_riskless(rows, ways, window), on=_PAIR, how="left")
        .with_columns(pl.col("reversed", "riskless", "riskless_fills").fill_null(0))
        .select(FLOWS)
        .sort(_PAIR)
    )


def _riskless(rows: pl.DataFrame, ways: pl.DataFrame, window: int) -> pl.DataFrame:
    """Volume that went back in time, of the pairs that traded both ways in an instrument."""
    both = ways.filter(pl.col("one") != pl.col("other"), pl.col("there") > 0, pl.col("back") > 0)
    found: dict[tuple[object, ...], tuple[int, int]] = {}
    parts = rows.join(both.select(_KEY), on=_KEY, how="semi").partition_by(_KEY, as_dict=True, maintain_order=True)
    for (quote, one, other, _), part in parts.items():
        columns = (part["time"], part["bought"], part["size"], part["notional"])
        volume, legs = _matched(zip(*(column.to_list() for column in columns), strict=True), window)
        more = found.get((quote, one, other), (0, 0))
        found[quote, one, other] = (more[0] + volume, more[1] + legs)
    return pl.DataFrame(
        [(*key, *sums) for key, sums in found.items()],
        schema={**dict.fromkeys(_PAIR, pl.String), "riskless": pl.Int128, "riskless_fills": pl.Int64},
        orient="row",
    )


def _matched(trades: Iterator[tuple[int, bool, int, int]], window: int) -> tuple[int, int]:
    """Notional of both legs of lots that went back within ``window``, and the number of fills that took part."""
    waiting: deque[list[int]] = deque()  # time, lots left, lots of the fill, its notional, whether it took part
    way, volume, legs = True, 0, 0
    for time, bought, size, notional in trades:
        while waiting and waiting[0][0] < time - window:
            waiting.popleft()
        left = size
        if bought != way:
            while waiting and left:
                oldest = waiting[0]
                lots = min(left, oldest[1])
                volume += oldest[3] * lots // oldest[2] + notional * lots // size
                legs += (not oldest[4]) + (left == size)
                oldest[1], oldest[4], left = oldest[1] - lots, 1, left - lots
                if not oldest[1]:
                    waiting.popleft()
        if left:
            way = bought
            waiting.append([time, left, size, notional, int(left < size)])
    return volume, legs
