"""What signed volume does to prices: Kyle's lambda, its square-root form, and Amihud's illiquidity.

Trades reduce to sums per time bucket, mids to bars of the same width; both add over any partition of a recording. The
price change of a bucket runs from the close of the bucket before (see ``bars.changes_of``), so mids rather than trade
prices should make the bars: trade prices bounce between bid and ask with the very sign they are compared with.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.metrics.bars import changes_of
from makerscope.metrics.columns import keys_of, need
from makerscope.metrics.measure import Measure, measured, missing

FIVE_MINUTES = 300_000_000_000
FEWEST = 3  # buckets below which a slope says nothing
Z95 = 1.959963984540054  # 97.5 % point of the normal distribution


def flow_buckets(trades: pl.DataFrame, *, width: int = FIVE_MINUTES) -> pl.DataFrame:
    """Signed volume in each bucket ``floor(time / width)``. Rows of any partition add (``buckets.add``).

    Args:
        trades: ``time`` (ns), ``aggressor`` (+1 bought, -1 sold, 0 or null unknown), ``price`` (quote currency),
            ``size`` (base units), perhaps ``instrument``.
        width: ns.

    Returns:
        ``[instrument,] bucket``, ``trades``, ``volume`` and ``signed_volume`` (base), ``unknown_volume`` (base, no
        known aggressor), ``cash`` (quote), ``signed_root_cash`` (sum of ``aggressor * sqrt(price * size)``).

    Raises:
        DomainError: ``width`` is not positive.
        SchemaError: a column is missing.

    Examples:
        >>> trades = pl.DataFrame({"time": [0, 1], "aggressor": [1, -1], "price": [4.0, 9.0], "size": [1.0, 1.0]})
        >>> flow_buckets(trades).select("signed_volume", "cash", "signed_root_cash").row(0)
        (0.0, 13.0, -1.0)
    """
    need(trades, "trades", "time", "aggressor", "price", "size")
    if width <= 0:
        raise DomainError(f"width is {width} ns; want more than 0")
    side = pl.col("aggressor").fill_null(0)
    cash = pl.col("price") * pl.col("size")
    rows = trades.with_columns(bucket=(pl.col("time") // width).cast(pl.Int64))
    keys = keys_of(rows)
    return (
        rows.group_by(keys)
        .agg(
            trades=pl.len().cast(pl.Int64),
            volume=pl.col("size").sum(),
            signed_volume=(side * pl.col("size")).sum(),
            unknown_volume=pl.col("size").filter(side == 0).sum(),
            cash=cash.sum(),
            signed_root_cash=(side * cash.sqrt()).sum(),
        )
        .sort(keys)
    )


def kyle_lambda(flow: pl.DataFrame, bars: pl.DataFrame, *, max_gap: int = 0) -> Measure:
    """Rise of the price per base unit bought: slope of ``dP_n`` on signed volume ``n``, with intercept.

    Args:
        flow: of ``flow_buckets``, one instrument.
        bars: of ``bars_of`` with the same width; a bar without trades counts with a signed volume of 0.
        max_gap: bars without any price over which the last one still holds.

    Returns:
        Quote currency per base unit, > 0 where buying lifts the price; 95 % interval from errors robust to
        heteroskedasticity (HC1). Missing with fewer than 3 buckets or a flow that never varies.

    Source:
        A. Kyle (1985), Econometrica 53, 1315-1335; measured as by orderflow-metrics; 5-minute bins.

    Examples:
        >>> flow = pl.DataFrame({"bucket": [0, 1, 2, 3], "signed_volume": [0.0, 1.0, -2.0, 3.0],
        ...                      "volume": [0.0, 1.0, 2.0, 3.0], "unknown_volume": [0.0] * 4})
        >>> close = [10.0, 10.5, 9.5, 11.0]
        >>> bars = pl.DataFrame({"bucket": [0, 1, 2, 3], "open": close, "close": close})
        >>> round(kyle_lambda(flow, bars).value, 12)
        0.5
    """
    rows = _joined(flow, bars, max_gap)
    return _slope(
        rows["signed_volume"].to_numpy(),
        rows["change"].to_numpy(),
        unit="quote currency per base unit",
        intercept=True,
        note=_unknown(flow),
    )


def kyle_lambda_sqrt(flow: pl.DataFrame, bars: pl.DataFrame, *, max_gap: int = 0) -> Measure:
    """Log return per square root of cash bought: slope of ``r_n`` on ``sum a * sqrt(p * q)``, no intercept.

    Arguments as in ``kyle_lambda``. The package frds prints 1e6 times this.

    Source:
        J. Hasbrouck (2009), J. Finance 64, 1445-1477; R. Goyenko, C. Holden and C. Trzcinka (2009), JFE 92, 153-181.

    Examples:
        >>> flow = pl.DataFrame({"bucket": [0, 1, 2], "signed_root_cash": [1.0, -2.0, 4.0],
        ...                      "volume": [1.0, 4.0, 16.0], "unknown_volume": [0.0] * 3})
        >>> close = np.exp([0.5, -0.5, 1.5])
        >>> bars = pl.DataFrame({"bucket": [0, 1, 2], "open": [1.0, 2.0, 1.0], "close": close})
        >>> round(kyle_lambda_sqrt(flow, bars).value, 12)
        0.5
    """
    rows = _joined(flow, bars, max_gap)
    return _slope(
        rows["signed_root_cash"].to_numpy(),
        rows["log_return"].to_numpy(),
        unit="log return per sqrt(quote currency)",
        intercept=False,
        note=_unknown(flow),
    )


def amihud(flow: pl.DataFrame, bars: pl.DataFrame, *, max_gap: int = 0) -> Measure:
    """Mean of ``abs(log return) / cash volume`` over the buckets with trades. Not scaled by 1e6.

    Buckets of little volume dominate it, and it cannot be compared between bucket widths: state the width with it.

    Args:
        flow: of ``flow_buckets``, one instrument. Amihud used days.
        bars: of ``bars_of`` with the same width.
        max_gap: as in ``kyle_lambda``.

    Returns:
        Log return per quote currency, >= 0; 95 % interval of the mean from the spread over buckets.

    Source:
        Y. Amihud (2002), J. Financial Markets 5, 31-56.

    Examples:
        >>> flow = pl.DataFrame({"bucket": [0], "volume": [1.0], "cash": [100.0]})
        >>> bars = pl.DataFrame({"bucket": [0], "open": [1.0], "close": [np.e]})
        >>> amihud(flow, bars).value
        0.01
    """
    rows = _joined(flow, bars, max_gap).filter(pl.col("cash") > 0)
    unit = "log return per quote currency"
    if not rows.height:
        return missing(unit, "no bucket with trades has a known price change")
    ratio = np.abs(rows["log_return"].to_numpy()) / rows["cash"].to_numpy()
    n, mean = rows.height, float(ratio.mean())
    if n < 2:
        return measured(mean, unit, n=n, undefined="the ratio is not finite")
    half = Z95 * float(ratio.std(ddof=1)) / n**0.5
    return Measure(value=mean, unit=unit, n=n, low=max(mean - half, 0.0), high=mean + half)


def _joined(flow: pl.DataFrame, bars: pl.DataFrame, max_gap: int) -> pl.DataFrame:
    """One row a bar: its price change and its flow, 0 where nothing traded. Flow without a bar is left out."""
    need(flow, "flow", "bucket", "volume")
    for frame in (flow, bars):
        if "instrument" in frame.columns and frame["instrument"].n_unique() > 1:
            raise DomainError("the table holds several instruments; want one at a time")
    changes = changes_of(bars, max_gap=max_gap).select("bucket", "change", "log_return")
    sums = [name for name in flow.columns if name not in ("instrument", "bucket")]
    return changes.join(flow.select("bucket", *sums), on="bucket", how="left").with_columns(pl.col(sums).fill_null(0))


def _unknown(flow: pl.DataFrame) -> str:
    total, unknown = float(flow["volume"].sum()), float(flow["unknown_volume"].sum())
    return f"{100 * unknown / total:.1f} % of the volume has no known aggressor" if unknown > 0 else ""


def _slope(x: NDArray[np.float64], y: NDArray[np.float64], *, unit: str, intercept: bool, note: str) -> Measure:
    n = x.shape[0]
    if n < FEWEST:
        return missing(unit, f"{n} buckets; want at least {FEWEST}", n=n)
    if intercept:
        x, y = x - x.mean(), y - y.mean()
    power = float(x @ x)
    if power == 0.0:
        return missing(unit, "signed volume does not vary between buckets", n=n)
    slope = float(x @ y) / power
    rest = y - slope * x
    free = n - (2 if intercept else 1)
    error = float(np.sqrt(n / free * float((x * rest) @ (x * rest)))) / power
    return Measure(value=slope, unit=unit, n=n, low=slope - Z95 * error, high=slope + Z95 * error, reason=note)
