"""Volatility from the range of bars: annualised, as a fraction, from open, high, low and close.

``periods_per_year`` is the number of bars in a calendar year of 365 days: 365 for days, 365 * 24 * 60 for minutes. Seen
at few prices a bar, the true range is missed and all of these are a few per cent low.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.metrics.bars import check_bars
from makerscope.metrics.measure import Measure, measured, missing

UNIT = "annualised volatility, fraction, year of 365 days"
MINUTES = 365 * 24 * 60


def parkinson(bars: pl.DataFrame, *, periods_per_year: float = MINUTES) -> Measure:
    """``sqrt(N / (4 n ln 2) * sum ln(H/L)^2)``: no drift, no gaps between bars.

    Args:
        bars: ``open, high, low, close``, shape ``(n,)``.
        periods_per_year: N.

    Raises:
        DomainError: a bar is impossible (``check_bars``).

    Source:
        M. Parkinson (1980), J. Business 53, 61-65; R TTR.

    Examples:
        >>> bars = pl.DataFrame({"open": [10.0], "high": [11.0], "low": [10.0], "close": [10.5]})
        >>> round(parkinson(bars, periods_per_year=365).value, 6)
        1.093561
    """
    _, h, l, _ = _logs(bars)  # noqa: E741 - the formula's letters
    return _root((h - l) ** 2 / (4 * np.log(2)), periods_per_year)


def garman_klass(bars: pl.DataFrame, *, periods_per_year: float = MINUTES) -> Measure:
    """``sqrt(N/n * sum [0.5 ln(H/L)^2 - (2 ln 2 - 1) ln(C/O)^2])``: no drift, no gaps.

    Arguments and errors as in ``parkinson``.

    Source:
        M. Garman and M. Klass (1980), J. Business 53, 67-78; R TTR.

    Examples:
        >>> bars = pl.DataFrame({"open": [10.0], "high": [11.0], "low": [10.0], "close": [10.5]})
        >>> round(garman_klass(bars, periods_per_year=365).value, 6)
        1.149867
    """
    o, h, l, c = _logs(bars)  # noqa: E741
    return _root(0.5 * (h - l) ** 2 - (2 * np.log(2) - 1) * (c - o) ** 2, periods_per_year)


def rogers_satchell(bars: pl.DataFrame, *, periods_per_year: float = MINUTES) -> Measure:
    """``sqrt(N/n * sum [ln(H/C) ln(H/O) + ln(L/C) ln(L/O)])``: right under drift.

    Arguments and errors as in ``parkinson``.

    Source:
        L. Rogers and S. Satchell (1991), Annals of Applied Probability 1, 504-512; R TTR.

    Examples:
        >>> bars = pl.DataFrame({"open": [10.0], "high": [11.0], "low": [10.0], "close": [10.5]})
        >>> round(rogers_satchell(bars, periods_per_year=365).value, 6)
        1.272143
    """
    o, h, l, c = _logs(bars)  # noqa: E741
    return _root((h - c) * (h - o) + (l - c) * (l - o), periods_per_year)


def yang_zhang(bars: pl.DataFrame, *, periods_per_year: float = MINUTES, alpha: float = 1.34) -> Measure:
    """``sqrt(N * (s_o^2 + k s_c^2 + (1-k) s_rs^2))``, ``k = (alpha-1) / (alpha + (n+1)/(n-1))``: drift and gaps.

    ``s_o`` is the standard deviation (n - 1) of the move from the close before to the open, about 0 in a market that
    never closes; ``s_c`` that from open to close; ``s_rs`` is Rogers-Satchell. The first bar gives only its close.
    Where ``bars`` has ``bucket``, a bar after a gap is left out likewise.

    Args:
        bars: ``open, high, low, close`` in order of time, ``n + 1`` rows.
        periods_per_year: N.
        alpha: 1.34 is the authors' choice.

    Raises:
        DomainError: a bar is impossible.

    Source:
        D. Yang and Q. Zhang (2000), J. Business 73, 477-491; R TTR.

    Examples:
        >>> bars = pl.DataFrame({"open": [10.0, 10.5, 11.0], "high": [11.0] * 3,
        ...                      "low": [10.0] * 3, "close": [10.5, 11.0, 10.0]})
        >>> round(yang_zhang(bars, periods_per_year=365).value, 6)
        1.0343
    """
    o, h, l, c = _logs(bars)  # noqa: E741
    follows = np.ones(max(o.shape[0] - 1, 0), dtype=bool)
    if "bucket" in bars.columns:
        follows = np.diff(bars["bucket"].to_numpy()) == 1
    before = c[:-1][follows]
    o, h, l, c = (part[1:][follows] for part in (o, h, l, c))  # noqa: E741
    n = o.shape[0]
    if n < 2:
        return missing(UNIT, f"{n} bars follow another; want at least 2", n=n)
    k = (alpha - 1) / (alpha + (n + 1) / (n - 1))
    rs = float(np.mean((h - c) * (h - o) + (l - c) * (l - o)))
    variance = float(np.var(o - before, ddof=1)) + k * float(np.var(c - o, ddof=1)) + (1 - k) * rs
    return measured(np.sqrt(periods_per_year * variance), UNIT, n=n, undefined="the variance is not finite")


def _logs(bars: pl.DataFrame) -> tuple[NDArray[np.float64], ...]:
    check_bars(bars)
    return tuple(np.log(bars[name].cast(pl.Float64).to_numpy()) for name in ("open", "high", "low", "close"))


def _root(variance: NDArray[np.float64], periods_per_year: float) -> Measure:
    if not periods_per_year > 0:
        raise DomainError(f"periods_per_year is {periods_per_year}; want more than 0")
    n = variance.shape[0]
    if not n:
        return missing(UNIT, "no bars")
    mean = float(variance.mean())
    if mean < -1e-18:
        return missing(UNIT, "the estimated variance is negative", n=n)
    return Measure(value=float(np.sqrt(periods_per_year * max(mean, 0.0))), unit=UNIT, n=n)
