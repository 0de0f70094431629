"""Open, high, low and close of prices in buckets of time.

Bars of parts of a recording merge into the bars of the whole, bit for bit: the bar, with the times of its first and
last price, is the bucket form of every measure of price changes.
"""

from collections.abc import Iterable

import numpy as np
import polars as pl

from makerscope.errors import DomainError
from makerscope.metrics.columns import keys_of, need


def bars_of(prices: pl.DataFrame, *, width: int, price: str = "mid") -> pl.DataFrame:
    """Bars of the prices in each bucket ``floor(time / width)``.

    Args:
        prices: ``time`` (ns) and ``price`` (quote currency), perhaps ``instrument`` and ``serial`` (order of
            equal times; without it they keep the order of the rows). Null and NaN prices are unknown and left out.
        width: ns.
        price: name of the price column.

    Returns:
        ``[instrument,] bucket, open_time, open_serial, open, high, low, close_time, close_serial, close, n``.

    Raises:
        DomainError: ``width`` or a price is not positive.

    Examples:
        >>> mids = pl.DataFrame({"time": [0, 1, 9, 10], "mid": [5.0, 7.0, 6.0, 8.0]})
        >>> bars_of(mids, width=10).select("bucket", "open", "high", "low", "close").rows()
        [(0, 5.0, 7.0, 5.0, 6.0), (1, 8.0, 8.0, 8.0, 8.0)]
    """
    need(prices, "prices", "time", price)
    if width <= 0:
        raise DomainError(f"width is {width} ns; want more than 0")
    value = pl.col(price).cast(pl.Float64)
    rows = prices.filter(value.is_not_null() & value.is_not_nan())
    if rows.height and not float(rows.select(value.min()).item()) > 0:
        raise DomainError(f"a price in column {price!r} is not positive; want prices > 0")
    serial = pl.col("serial").cast(pl.Int64) if "serial" in rows.columns else pl.lit(0, dtype=pl.Int64)
    rows = rows.select(
        *(["instrument"] if "instrument" in rows.columns else []),
        time=pl.col("time").cast(pl.Int64),
        serial=serial,
        price=value,
    ).with_columns(bucket=pl.col("time") // width)
    if not _in_order(rows):
        rows = rows.sort("time", "serial", maintain_order=True)
    keys = keys_of(rows)
    value = pl.col("price")
    return (
        rows.group_by(keys)
        .agg(
            open_time=pl.col("time").first(),
            open_serial=pl.col("serial").first(),
            open=value.first(),
            high=value.max(),
            low=value.min(),
            close_time=pl.col("time").last(),
            close_serial=pl.col("serial").last(),
            close=value.last(),
            n=pl.len().cast(pl.Int64),
        )
        .sort(keys)
    )


def _in_order(rows: pl.DataFrame) -> bool:
    step, next_ = pl.col("time").diff(), pl.col("serial").diff()
    return not rows.select(((step < 0) | ((step == 0) & (next_ < 0))).any()).item()


def merge_bars(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """The bars of the whole from the bars of its parts, in any order, in order of time.

    Examples:
        >>> mids = pl.DataFrame({"time": [0, 4, 8], "mid": [5.0, 7.0, 6.0]})
        >>> parts = [bars_of(mids[2:], width=10), bars_of(mids[:2], width=10)]
        >>> merge_bars(parts).equals(bars_of(mids, width=10))
        True
    """
    rows = pl.concat(parts, how="vertical")
    keys = keys_of(rows)
    first, last = pl.struct("open_time", "open_serial"), pl.struct("close_time", "close_serial")
    rows = rows.sort(first, maintain_order=True)
    opened = rows.group_by(keys, maintain_order=True).agg(
        pl.col("open_time", "open_serial", "open").first(),
        pl.col("high").max(),
        pl.col("low").min(),
        pl.col("n").sum(),
    )
    closed = (
        rows.sort(last, maintain_order=True)
        .group_by(keys, maintain_order=True)
        .agg(pl.col("close_time", "close_serial", "close").last())
    )
    return opened.join(closed, on=keys).select(rows.columns).sort(keys)


def changes_of(bars: pl.DataFrame, *, max_gap: int = 0) -> pl.DataFrame:
    """``bars`` with the change of price over each bar, from the close before it.

    After a gap of more than ``max_gap`` buckets, and in the first bar, the change is counted from the bar's own open:
    what happened while nobody listened belongs to no bar.

    Args:
        bars: of ``bars_of``, in order of time.
        max_gap: buckets without any price through which the last close still holds.

    Returns:
        ``bars`` with ``change`` (quote currency), ``log_return``, and ``joined`` (Boolean: the close before was used).

    Examples:
        >>> mids = pl.DataFrame({"time": [0, 1, 10, 30], "mid": [5.0, 6.0, 8.0, 9.0]})
        >>> changes_of(bars_of(mids, width=10)).select("bucket", "change", "joined").rows()
        [(0, 1.0, False), (1, 2.0, True), (3, 0.0, False)]
    """
    need(bars, "bars", "bucket", "open", "close")
    before = {name: pl.col(name).shift(1) for name in ("bucket", "close")}
    if "instrument" in bars.columns:
        before = {name: value.over("instrument") for name, value in before.items()}
    joined = (pl.col("bucket") - before["bucket"] <= max_gap + 1).fill_null(value=False)
    start = pl.when(joined).then(before["close"]).otherwise("open")
    return bars.with_columns(change=pl.col("close") - start, log_return=(pl.col("close") / start).log(), joined=joined)


def check_bars(bars: pl.DataFrame) -> None:
    """Require bars that prices can have made.

    Raises:
        SchemaError: a column is missing.
        DomainError: a price is missing or not positive, or a high or low does not enclose its bar.

    Examples:
        >>> check_bars(pl.DataFrame({"open": [5.0], "high": [4.0], "low": [4.0], "close": [4.0]}))
        Traceback (most recent call last):
        makerscope.errors.DomainError: bar 0 has open 5.0, high 4.0, low 4.0, close 4.0; want low <= open, close <= high
    """
    need(bars, "bars", "open", "high", "low", "close")
    o, h, l, c = (bars[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in ("open", "high", "low", "close"))  # noqa: E741
    good = (l > 0) & np.isfinite(h) & (l <= o) & (l <= c) & (o <= h) & (c <= h)
    if not good.all():
        at = int(np.argmin(good))
        raise DomainError(
            f"bar {at} has open {o[at]}, high {h[at]}, low {l[at]}, close {c[at]}; want low <= open, close <= high"
        )
