"""VPIN, the imbalance of volume in buckets of equal volume, under three names because they differ by construction.

``vpin_timebar`` and ``vpin_bucket`` guess the sides by bulk classification and differ in what they classify and by
which sigma; ``vpin_signed`` uses recorded aggressors. All follow volume and volatility, and are above 0 without any
information: subtract ``vpin_null`` before calling a flow toxic. Volume buckets depend on all volume before them and do
not add; time bars do, so ``vpin_timebar`` of a whole comes from the added bars of its parts.
"""

from dataclasses import dataclass
from math import comb, pi, sqrt

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.kernels.vpin import fill_buckets
from makerscope.metrics.columns import need
from makerscope.metrics.measure import Measure, measured, missing
from makerscope.metrics.signing import bulk_buy_fraction

MINUTE = 60_000_000_000
DAY = 86_400_000_000_000
UNIT = "fraction of volume"
GUESSED = "sides are guessed from price changes: no coin to compare"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vpin:
    """VPIN over a recording.

    Args:
        average: mean over all windows of ``window`` buckets.
        latest: the last window.
        floor: what a fair coin would show with as many trades a bucket; missing where sides are guessed.
        bucket_volume: volume of a bucket, base units.
        buckets: ``end_time`` (ns), ``buy``, ``sell`` (base), ``vpin`` (null in the first ``window - 1`` rows).
    """

    average: Measure
    latest: Measure
    floor: Measure
    bucket_volume: float
    buckets: pl.DataFrame


def vpin_timebar(
    flow: pl.DataFrame,
    bars: pl.DataFrame,
    *,
    width: int = MINUTE,
    window: int = 50,
    buckets_per_day: int = 50,
    bucket_volume: float | None = None,
) -> Vpin:
    """VPIN with bulk classification of time bars: ``sum abs(buy - sell) / (window * bucket volume)``.

    Sigma is the sample standard deviation (n - 1) of the change, last minus first trade price, of all time bars.

    Args:
        flow: of ``flow_buckets(trades, width=width)``.
        bars: of ``bars_of(trades, width=width, price="price")``: of trade prices.
        width: ns of a time bar.
        window: buckets in a window.
        buckets_per_day: sets the bucket volume, average volume of a UTC day with trades over this. That average looks
            ahead: for use in real time give the ``bucket_volume`` of the past.
        bucket_volume: base units, instead.

    Source:
        Easley, Lopez de Prado and O'Hara (2012), RFS 25; conventions of R PINstimation ``vpin``.

    Examples:
        >>> flow = pl.DataFrame({"bucket": [0, 1], "volume": [2.0, 2.0]})
        >>> bars = pl.DataFrame({"bucket": [0, 1], "open": [5.0, 6.0], "close": [6.0, 5.0]})
        >>> round(vpin_timebar(flow, bars, bucket_volume=2.0, window=2).latest.value, 6)
        0.5205
    """
    need(flow, "flow", "bucket", "volume")
    need(bars, "bars", "bucket", "open", "close")
    rows = flow.join(bars.select("bucket", change=pl.col("close") - pl.col("open")), on="bucket").sort("bucket")
    if rows.height < 2:
        return _none(f"{rows.height} time bars with trades; want at least 2")
    volume, change = rows["volume"].to_numpy().astype(np.float64), rows["change"].to_numpy()
    days = (rows["bucket"] * width // DAY).n_unique()
    size = bucket_volume if bucket_volume is not None else float(volume.sum()) / days / buckets_per_day
    share = bulk_buy_fraction(change, float(np.std(change, ddof=1)))
    poured = _pour(volume, share, size)
    ends = ((rows["bucket"] + 1) * width).to_numpy()[poured.last]
    vpin = _rolling(np.abs(poured.bought - poured.sold), window) / (window * size)
    return _result(poured, ends, vpin, size=size, window=window, floor=missing(UNIT, GUESSED))


def vpin_signed(trades: pl.DataFrame, *, bucket_volume: float | None = None, window: int = 50) -> Vpin:
    """VPIN with the recorded aggressors. Trades without one are left out, and said so.

    Args:
        trades: ``time, aggressor, size`` in order of time, one instrument; one row an aggressor order, not a
            fill, or the floor is too low.
        bucket_volume: base units; default the volume of an average UTC day over 50.
        window: buckets in a window.

    Examples:
        >>> one_way = pl.DataFrame({"time": range(100), "aggressor": [1] * 100, "size": [1.0] * 100})
        >>> vpin_signed(one_way, bucket_volume=2.0).latest.value
        1.0
    """
    need(trades, "trades", "time", "aggressor", "size")
    known = trades.filter(pl.col("aggressor").fill_null(0) != 0)
    volume = known["size"].to_numpy().astype(np.float64)
    if not volume.sum() > 0:
        return _none("no trade has a known aggressor")
    time = known["time"].to_numpy()
    size = bucket_volume if bucket_volume is not None else _day_volume(known) / 50
    poured = _pour(volume, (known["aggressor"].to_numpy() + 1) / 2.0, size)
    vpin = _rolling(np.abs(poured.bought - poured.sold), window) / (window * size)
    equal = size * float(volume.sum()) / float(volume @ volume)  # trades of equal size that vary as much
    floor = measured(
        sqrt(2 / (pi * equal)) if equal > 4 else vpin_null(max(1, round(equal))), UNIT, n=volume.shape[0], undefined=""
    )
    unknown = trades.height - known.height
    note = f"{unknown} of {trades.height} trades without a known aggressor left out" if unknown else ""
    return _result(poured, time[poured.last], vpin, size=size, window=window, floor=floor, note=note)


def vpin_bucket(trades: pl.DataFrame, *, bucket_volume: float | None = None, window: int = 50) -> Vpin:
    """VPIN with bulk classification of volume buckets: ``sum abs(2 Phi(dP / sigma) - 1) V / sum V``.

    dP is the change from the close of the bucket before (the first from the first trade), sigma the population
    standard deviation of dP over the same window.

    Args:
        trades: ``time, price, size`` in order of time, one instrument.
        bucket_volume: base units; default the volume of an average UTC day over 50.
        window: buckets in a window.

    Source:
        orderflow-metrics ``vpin``.

    Examples:
        >>> trades = pl.DataFrame({"time": [0, 1, 2, 3], "price": [5.0, 6.0, 5.0, 6.0], "size": [2.0] * 4})
        >>> round(vpin_bucket(trades, bucket_volume=2.0, window=2).latest.value, 6)
        0.682689
    """
    need(trades, "trades", "time", "price", "size")
    volume = trades["size"].to_numpy().astype(np.float64)
    if not volume.sum() > 0:
        return _none("no trades")
    size = bucket_volume if bucket_volume is not None else _day_volume(trades) / 50
    poured = _pour(volume, np.full(volume.shape, 0.5), size)
    price, time = trades["price"].to_numpy().astype(np.float64), trades["time"].to_numpy()
    change = np.diff(np.concatenate([price[:1], price[poured.last]]))
    vpin = np.full(change.shape, np.nan)
    for end in range(window, change.shape[0] + 1):
        inside = change[end - window : end]
        vpin[end - 1] = np.mean(np.abs(2 * bulk_buy_fraction(inside, float(inside.std())) - 1))
    return _result(poured, time[poured.last], vpin, size=size, window=window, floor=missing(UNIT, GUESSED))


def vpin_null(trades: int) -> float:
    """Expected VPIN of ``trades`` equal trades a bucket whose sides are a fair coin; about ``sqrt(2 / (pi * trades))``.

    Raises:
        DomainError: ``trades`` is below 1.

    Source:
        Expectation of ``abs(2 B - N) / N`` for a binomial B.

    Examples:
        >>> round(vpin_null(100), 12)
        0.079589237387
    """
    if trades < 1:
        raise DomainError(f"a bucket of {trades} trades; want at least 1")
    even = trades if trades % 2 == 0 else trades - 1
    return comb(even, even // 2) / 2**even


@dataclass(frozen=True, slots=True)
class _Poured:
    bought: NDArray[np.float64]
    sold: NDArray[np.float64]
    last: NDArray[np.int64]


def _pour(volume: NDArray[np.float64], share: NDArray[np.float64], size: float) -> _Poured:
    if not size > 0 or not np.isfinite(size):
        raise DomainError(f"bucket_volume is {size}; want a volume above 0")
    if not np.all(volume >= 0):
        raise DomainError("a size is negative or not a number; want sizes >= 0")
    most = int(float(volume.sum()) / size * (1 + 1e-9)) + 2
    bought, sold, last = np.zeros(most), np.zeros(most), np.zeros(most, dtype=np.int64)
    full = int(fill_buckets(volume, share, float(size), bought, sold, last))
    return _Poured(bought[:full], sold[:full], last[:full])


def _day_volume(trades: pl.DataFrame) -> float:
    return float(trades["size"].sum()) / (trades["time"] // DAY).n_unique()


def _rolling(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    out = np.full(values.shape, np.nan)
    if values.shape[0] >= window:
        out[window - 1 :] = np.lib.stride_tricks.sliding_window_view(values, window).sum(axis=1)
    return out


def _result(
    poured: _Poured,
    ends: NDArray[np.int64],
    vpin: NDArray[np.float64],
    *,
    size: float,
    window: int,
    floor: Measure,
    note: str = "",
) -> Vpin:
    frame = pl.DataFrame({"end_time": ends, "buy": poured.bought, "sell": poured.sold, "vpin": vpin}).with_columns(
        pl.col("vpin").fill_nan(None)
    )
    full = vpin.shape[0]
    if full < window:
        none = missing(UNIT, f"{full} full volume buckets; want {window}", n=full)
        return Vpin(average=none, latest=none, floor=floor, bucket_volume=size, buckets=frame)
    average = Measure(value=float(np.nanmean(vpin)), unit=UNIT, n=full, reason=note)
    latest = Measure(value=float(vpin[-1]), unit=UNIT, n=window, reason=note)
    return Vpin(average=average, latest=latest, floor=floor, bucket_volume=size, buckets=frame)


def _none(reason: str) -> Vpin:
    schema = {"end_time": pl.Int64, "buy": pl.Float64, "sell": pl.Float64, "vpin": pl.Float64}
    none = missing(UNIT, reason)
    return Vpin(average=none, latest=none, floor=none, bucket_volume=0.0, buckets=pl.DataFrame(schema=schema))
