"""EDGE: the bid-ask spread that open, high, low and close prices of trades give away, without quotes or sides."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.metrics.columns import need
from makerscope.metrics.measure import Measure, missing

UNIT = "full effective spread, fraction of price"
FEWEST = 3

Series = NDArray[np.float64]


def edge(bars: pl.DataFrame, *, sign: bool = False) -> Measure:
    """Full effective spread as a fraction of price, the root of a weighted mean of bounce moments.

    Each bar's open and close sit at the bid or the ask by chance; the covariance of what they bounce, taken against
    mid-range, open and close of neighbouring bars, is the squared spread. Two such moments are weighted by each other's
    variance. A price that is missing leaves out the terms it enters.

    Args:
        bars: ``open, high, low, close`` of trade prices in order of time, shape ``(n,)``; null or NaN is missing.
        sign: keep the sign of a negative squared spread (the noise beat the spread) instead of its size.

    Returns:
        The spread; missing with fewer than 3 bars or where prices never bounce (constant closes).

    Raises:
        DomainError: a price is not positive.

    Source:
        D. Ardia, E. Guidotti and T. Kroencke (2024), J. Financial Economics 161, 103916.

    Examples:
        >>> flat = pl.DataFrame({name: [5.0, 5.0, 5.0] for name in ("open", "high", "low", "close")})
        >>> edge(flat).reason
        'too few bars in which the price moved'
    """
    need(bars, "bars", "open", "high", "low", "close")
    columns = [bars[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in ("open", "high", "low", "close")]
    if any(np.any(column <= 0) for column in columns):
        raise DomainError("a bar holds a price that is not positive; want prices > 0")
    n = bars.height
    if n < FEWEST:
        return missing(UNIT, f"{n} bars; want at least {FEWEST}", n=n)
    square = _squared_spread(*(np.log(column) for column in columns))
    if square is None:
        return missing(UNIT, "too few bars in which the price moved", n=n)
    root = float(np.sqrt(abs(square)))
    if square < 0:
        return Measure(value=-root if sign else root, unit=UNIT, n=n, reason="the squared spread is negative: noise")
    return Measure(value=root, unit=UNIT, n=n)


def _squared_spread(open_: Series, high: Series, low: Series, close: Series) -> float | None:
    """The paper's ``s^2``; letters as there. None where a probability of bouncing is 0."""
    middle = (high + low) / 2
    o, h, l, m = open_[1:], high[1:], low[1:], middle[1:]  # noqa: E741
    h1, l1, c1, m1 = high[:-1], low[:-1], close[:-1], middle[:-1]
    r1, r2, r3, r4, r5 = m - o, o - m1, m - c1, c1 - m1, o - c1
    tau = _indicator((h != l) | (l != c1), h, l, c1)  # the price moved in the bar or since the close before
    if not np.nansum(tau) >= 2:
        return None
    pt = np.nanmean(tau)
    po = _mean(tau * _indicator(o != h, o, h)) + _mean(tau * _indicator(o != l, o, l))
    pc = _mean(tau * _indicator(c1 != h1, c1, h1)) + _mean(tau * _indicator(c1 != l1, c1, l1))
    if not (po > 0 and pc > 0):
        return None
    d1, d3, d5 = (r - _mean(r) / pt * tau for r in (r1, r3, r5))
    x1 = -4 / po * d1 * r2 - 4 / pc * d3 * r4
    x2 = -4 / po * d1 * r5 - 4 / pc * d5 * r4
    e1, e2 = _mean(x1), _mean(x2)
    v1, v2 = _mean(x1**2) - e1**2, _mean(x2**2) - e2**2
    square = (v2 * e1 + v1 * e2) / (v1 + v2) if v1 + v2 > 0 else (e1 + e2) / 2
    return float(square) if np.isfinite(square) else None


def _indicator(true: NDArray[np.bool_], *parts: Series) -> Series:
    """1 or 0, NaN where a price it compares is missing."""
    known = np.logical_and.reduce([~np.isnan(part) for part in parts])
    return np.where(known, true.astype(np.float64), np.nan)


def _mean(values: Series) -> float:
    """Mean of the known values, NaN where there is none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.shape[0] else float("nan")
