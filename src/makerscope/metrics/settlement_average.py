"""The mean of an index over the minutes before an expiry, as far as a tape knows it: what averaged options settle on.

The index holds its price until the next one. Where two prices are further apart than ``LONGEST`` the mean is unknown.
"""

from collections.abc import Mapping
from math import isfinite

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.metrics.columns import need
from makerscope.pricing.settlement import Remainder, remainder

LONGEST = 300_000_000_000  # ns between two prices of the index that still make a path
YEAR = 365 * 86_400 * 10**9  # ns
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def index_average(prices: pl.DataFrame, base: str, start: Ints, end: Ints) -> Floats:
    """Time-weighted mean of an index from each ``start`` to each ``end`` (ns); NaN where the path has holes.

    Args:
        prices: ``time`` (ns), ``base``, ``price`` (quote currency).
        base: the underlying.
        start: ns, shape ``(n,)``.
        end: ns, at or after ``start``; where they are equal the mean is the price then.

    Examples:
        >>> prices = pl.DataFrame({"time": [0, 10, 30], "base": "BTC", "price": [100.0, 106.0, 90.0]})
        >>> index_average(prices, "BTC", np.array([5, 0, -5]), np.array([20, 30, 30]))
        array([104., 104.,  nan])
    """
    need(prices, "prices", "time", "base", "price")
    own = prices.filter((pl.col("base") == base) & (pl.col("price") > 0)).unique("time", keep="last").sort("time")
    time, price = own["time"].cast(pl.Int64).to_numpy(), own["price"].to_numpy()
    if not time.size:
        return np.full(start.shape, np.nan)
    step = np.diff(time)
    area = np.concatenate([[0.0], np.cumsum(price[:-1] * step)])
    holes = np.concatenate([[0], np.cumsum(step > LONGEST)])

    def until(at: Ints) -> tuple[Floats, NDArray[np.intp], NDArray[np.bool_]]:
        place = np.searchsorted(time, at, side="right") - 1
        safe = np.maximum(place, 0)
        since = at - time[safe]
        return np.asarray(area[safe] + price[safe] * since, np.float64), safe, (place >= 0) & (since <= LONGEST)

    (low, i, known_low), (high, j, known_high) = until(start), until(end)
    length = end - start
    mean = np.where(length > 0, (high - low) / np.maximum(length, 1), price[j])
    return np.where(known_low & known_high & (holes[i] == holes[j]) & (length >= 0), mean, np.nan)


def averaged(
    strike: Floats, expiry: Ints, time: Ints, window: Ints, average: Floats
) -> tuple[Remainder, NDArray[np.bool_]]:
    """What is open of averaged options at some times, and where it is not known.

    Args:
        strike: K, quote currency, shape ``(n,)``.
        expiry: ns.
        time: ns, before the expiry.
        window: ns over which the option settles; 0 for one that settles on the last price.
        average: mean of the index since the window began; NaN unknown or not begun.

    Returns:
        The remainder, and True where the window has begun and ``average`` is unknown: there the remainder is that of an
        option on the last price.

    Examples:
        >>> minute = 60 * 10**9
        >>> one = np.array([30 * minute])
        >>> rest, unknown = averaged(np.array([2000.0]), one, one // 2, one, np.array([1990.0]))
        >>> float(rest.weight[0]), float(rest.strike[0]), unknown.tolist()
        (0.5, 2010.0, [False])
    """
    left = (expiry - time) / YEAR
    inside = (window > 0) & (expiry - time < window)
    unknown = inside & ~(average > 0)
    plain = (window == 0) | unknown
    weight, rest, years, known = np.ones(len(strike)), strike.copy(), left.copy(), np.zeros(len(strike))
    for width in np.unique(window[~plain]).tolist():
        own = ~plain & (window == width)
        part = remainder(strike[own], left[own], average[own], window=width / YEAR)
        weight[own], rest[own], years[own], known[own] = part
    return Remainder(weight, rest, years, known), unknown


def settlement_prices(prices: pl.DataFrame, windows: Mapping[tuple[str, int], int]) -> pl.DataFrame:
    """What options settle at, as the mean of the index over the window before each expiry.

    Args:
        prices: ``time`` (ns), ``base``, ``price``.
        windows: ns by underlying and expiry (ns); those of 0 are left out.

    Returns:
        ``base, expiry, price`` of those whose window the prices cover.
    """
    rows = []
    for (base, expiry), window in windows.items():
        if window > 0:
            (price,) = index_average(prices, base, np.array([expiry - window]), np.array([expiry])).tolist()
            if isfinite(price):
                rows.append((base, expiry, price))
    return pl.DataFrame(rows, schema={"base": pl.String, "expiry": pl.Int64, "price": pl.Float64}, orient="row")
