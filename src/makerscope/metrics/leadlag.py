"""Which of two prices moves first: Hayashi-Yoshida covariance of raw ticks at a grid of lags.

**Sign: ``lead_lag_ns > 0`` means the FIRST series leads**, its moves are seen in the second that much later; a ratio
(LLR) above 1 says the same. No grid, no interpolation: each pair of intervals between ticks that meet counts. Both
series must be on one clock; the recorder's is the only one two venues share.

Sums count in the block of time where the interval of the first series ends, so blocks of one pair add, and resampling
them gives the intervals.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError
from makerscope.kernels.leadlag import hayashi_yoshida
from makerscope.metrics.columns import need
from makerscope.metrics.measure import Measure, missing

BLOCKS = 60  # pieces of time that are resampled
FEWEST_BLOCKS = 8
FEWEST_TICKS = 3
DRAWS = 499
LAG = "ns, > 0 the first series leads"
RATIO = "ratio, > 1 the first series leads"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadLag:
    """Who leads, by how much, how surely.

    Args:
        lead_lag_ns: lag of the largest absolute correlation.
        peak: that correlation.
        llr: sum of squared correlations at lags > 0 over that at lags < 0.
        curve: ``lag_ns, covariance, correlation``.
    """

    lead_lag_ns: Measure
    peak: Measure
    llr: Measure
    curve: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Sufficient statistics of a lead-lag curve, by block of time. Those of other times add (``add_sums``).

    Args:
        lags: ns, shape ``(k,)``.
        covariance: shape ``(k, blocks)``.
        square_first: sum of squared returns of the first series, shape ``(blocks,)``.
        square_second: of the second.
        ticks: moves of the first and of the second series between times seen.
    """

    lags: NDArray[np.int64]
    covariance: NDArray[np.float64]
    square_first: NDArray[np.float64]
    square_second: NDArray[np.float64]
    ticks: tuple[int, int]


def lag_grid(reach: int, step: int) -> NDArray[np.int64]:
    """Lags ``-reach .. reach`` ns in steps, symmetric about 0.

    Examples:
        >>> lag_grid(20, 10).tolist()
        [-20, -10, 0, 10, 20]
    """
    if step <= 0 or reach < step:
        raise DomainError(f"reach {reach}, step {step}; want 0 < step <= reach")
    half = np.arange(0, reach + 1, step, dtype=np.int64)
    return np.concatenate([-half[:0:-1], half])


def hayashi_yoshida_cov(first: pl.DataFrame, second: pl.DataFrame, *, lag: int = 0, price: str = "mid") -> Measure:
    """Covariance of log prices, ``sum dX_i dY_j`` over intervals that meet; of the window, not annualised.

    On ticks at common times it is the realised covariance.

    Args:
        first: ``time`` (ns) and ``price``, any order of time; of equal times the last row counts.
        second: likewise.
        lag: ns by which the second series is moved back.
        price: name of the price column.

    Source:
        T. Hayashi and N. Yoshida (2005), Bernoulli 11, 359-379.

    Examples:
        >>> a = pl.DataFrame({"time": [0, 10, 20], "mid": [1.0, 1.1, 1.0]})
        >>> b = pl.DataFrame({"time": [0, 5, 20], "mid": [1.0, 1.1, 1.1]})
        >>> round(hayashi_yoshida_cov(a, b).value, 9) == round(float(np.log(1.1)) ** 2, 9)
        True
    """
    sums = sums_of(first, second, np.array([lag]), price=price, block=None)
    unit = "covariance of log prices over the window"
    if min(sums.ticks) < 1:
        return missing(unit, "a series has fewer than 2 times with a price", n=min(sums.ticks))
    return Measure(value=float(sums.covariance.sum()), unit=unit, n=min(sums.ticks))


def hayashi_yoshida_corr(first: pl.DataFrame, second: pl.DataFrame, *, lag: int = 0, price: str = "mid") -> Measure:
    """Hayashi-Yoshida covariance over the root of both realised variances, each on its own ticks.

    Noise of the ticks enters the variances, not the covariance: the value is a lower bound in size, and not held to 1.
    Arguments as in ``hayashi_yoshida_cov``.
    """
    sums = sums_of(first, second, np.array([lag]), price=price, block=None)
    scale = float(np.sqrt(sums.square_first.sum() * sums.square_second.sum()))
    if scale == 0.0:
        return missing("correlation", "a price never moved", n=min(sums.ticks))
    return Measure(value=float(sums.covariance.sum()) / scale, unit="correlation", n=min(sums.ticks))


def lead_lag(first: pl.DataFrame, second: pl.DataFrame, lags: ArrayLike, *, price: str = "mid") -> LeadLag:
    """The lead-lag curve over ``lags`` (ns), its peak and its ratio.

    Args:
        first: ``time`` (ns) and ``price``.
        second: likewise, on the same clock.
        lags: increasing; ``lag_grid``. The ratio needs a grid symmetric about 0.
        price: name of the price column.

    Returns:
        Measures with 95 % intervals of a bootstrap over at most 60 blocks of time, each at least four times the longest
        lag; none where fewer than 8 such blocks fit.

    Raises:
        DomainError: ``lags`` is empty or not increasing, or a price is not positive.

    Source:
        M. Hoffmann, M. Rosenbaum and N. Yoshida (2013), Bernoulli 19, 426-461; N. Huth and F. Abergel (2014),
        J. Empirical Finance 26, 41-58, for the ratio.

    Examples:
        >>> time = np.cumsum(np.random.default_rng(1).integers(1, 20, 500))
        >>> path = np.exp(np.cumsum(np.random.default_rng(2).normal(0, 1e-4, 500)))
        >>> ahead = pl.DataFrame({"time": time, "mid": path})
        >>> behind = pl.DataFrame({"time": time + 30, "mid": path})
        >>> lead_lag(ahead, behind, lag_grid(100, 10)).lead_lag_ns.value
        30.0
    """
    grid = np.asarray(lags, dtype=np.int64)
    if grid.ndim != 1 or not grid.shape[0] or np.any(np.diff(grid) <= 0):
        raise DomainError("lags are empty or not increasing; want a grid of increasing ns")
    span = _span(first, second)
    block = max(span // BLOCKS + 1, 4 * int(np.abs(grid).max()), 1)
    return lead_lag_of(sums_of(first, second, grid, price=price, block=block))


def sums_of(
    first: pl.DataFrame, second: pl.DataFrame, lags: NDArray[np.int64], *, price: str = "mid", block: int | None
) -> Sums:
    """The sums behind a lead-lag curve, in blocks of ``block`` ns (None: one block)."""
    tx, x = _ticks(first, price)
    ty, y = _ticks(second, price)
    origin = min((int(t[0]) for t in (tx, ty) if t.shape[0]), default=0)
    places = [np.zeros(t.shape[0], dtype=np.int64) if block is None else (t - origin) // block for t in (tx, ty)]
    blocks = 1 + max((int(place[-1]) for place in places if place.shape[0]), default=0)
    covariance = np.zeros((lags.shape[0], blocks))
    if min(tx.shape[0], ty.shape[0]) > 1:
        hayashi_yoshida(tx, x, ty, y, lags.astype(np.int64), places[0], covariance)
    squares = [
        np.bincount(place[1:], np.diff(v) ** 2, blocks).astype(np.float64)
        for place, v in zip(places, (x, y), strict=True)
    ]
    return Sums(
        lags=lags,
        covariance=covariance,
        square_first=squares[0],
        square_second=squares[1],
        ticks=(max(tx.shape[0] - 1, 0), max(ty.shape[0] - 1, 0)),
    )


def add_sums(parts: Iterable[Sums]) -> Sums:
    """The sums of several recordings of one pair on one grid of lags: their blocks side by side."""
    kept = list(parts)
    if not kept or any(not np.array_equal(part.lags, kept[0].lags) for part in kept):
        raise DomainError("the parts are none or differ in their lags; want one grid")
    return Sums(
        lags=kept[0].lags,
        covariance=np.concatenate([part.covariance for part in kept], axis=1),
        square_first=np.concatenate([part.square_first for part in kept]),
        square_second=np.concatenate([part.square_second for part in kept]),
        ticks=(sum(part.ticks[0] for part in kept), sum(part.ticks[1] for part in kept)),
    )


def lead_lag_of(sums: Sums) -> LeadLag:
    """Curve, peak and ratio of added sums; see ``lead_lag``."""
    n = min(sums.ticks)
    covariance = sums.covariance.sum(axis=1)
    scale = float(np.sqrt(sums.square_first.sum() * sums.square_second.sum()))
    correlation = covariance / scale if scale > 0 else np.full(covariance.shape, np.nan)
    curve = pl.DataFrame({"lag_ns": sums.lags, "covariance": covariance, "correlation": correlation})
    curve = curve.with_columns(pl.col("correlation").fill_nan(None))
    reason = "a series has fewer than 3 ticks" if n < FEWEST_TICKS - 1 else "a price never moved" if scale == 0 else ""
    reason = reason or ("the series never moved together" if not np.any(covariance) else "")
    if reason:
        lag, peak, llr = (missing(unit, reason, n=n) for unit in (LAG, "correlation", RATIO))
        return LeadLag(lead_lag_ns=lag, peak=peak, llr=llr, curve=curve)
    at = int(np.argmax(np.abs(covariance)))
    draws = _draws(sums.covariance)
    low, high = (
        _interval(sums.lags[np.argmax(np.abs(draws), axis=1)].astype(np.float64)) if draws.shape[0] else (None, None)
    )
    edge = at in (0, sums.lags.shape[0] - 1) and sums.lags.shape[0] > 1
    note = "the peak is at the end of the grid: widen it" if edge else ""
    return LeadLag(
        lead_lag_ns=Measure(value=float(sums.lags[at]), unit=LAG, n=n, low=low, high=high, reason=note),
        peak=Measure(value=float(correlation[at]), unit="correlation", n=n),
        llr=_ratio(sums.lags, covariance, draws, n),
        curve=curve,
    )


def _ratio(lags: NDArray[np.int64], covariance: NDArray[np.float64], draws: NDArray[np.float64], n: int) -> Measure:
    """LLR; the variances cancel, so covariances will do."""
    if not np.array_equal(lags, -lags[::-1]) or lags.shape[0] < 3:
        return missing(RATIO, "the grid of lags is not symmetric about 0", n=n)
    ahead, behind = ((covariance[side] ** 2).sum() for side in (lags > 0, lags < 0))
    if behind == 0.0:
        return missing(RATIO, "nothing is correlated at lags below 0", n=n)
    low = high = None
    if draws.shape[0]:
        below = (draws[:, lags < 0] ** 2).sum(axis=1)
        kept = below > 0
        if kept.any():
            low, high = _interval((draws[:, lags > 0] ** 2).sum(axis=1)[kept] / below[kept])
    return Measure(value=float(ahead / behind), unit=RATIO, n=n, low=low, high=high)


def _draws(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Curves of resampled blocks, shape ``(draws, lags)``; none from too few blocks. One seed: one answer."""
    blocks = covariance.shape[1]
    if blocks < FEWEST_BLOCKS:
        return np.empty((0, covariance.shape[0]))
    weights = np.random.Generator(np.random.PCG64(0)).multinomial(blocks, np.full(blocks, 1 / blocks), size=DRAWS)
    return weights @ covariance.T


def _interval(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def _ticks(series: pl.DataFrame, price: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Distinct times, increasing, and the log of the last price at each."""
    need(series, "prices", "time", price)
    value = series[price].cast(pl.Float64).fill_null(np.nan).to_numpy()
    time = series["time"].cast(pl.Int64).to_numpy()
    known = ~np.isnan(value)
    time, value = time[known], value[known]
    if np.any(value <= 0):
        raise DomainError(f"a price in column {price!r} is not positive; want prices > 0")
    if np.any(np.diff(time) < 0):
        order = np.argsort(time, kind="stable")
        time, value = time[order], value[order]
    last = np.append(np.diff(time) > 0, np.ones(min(time.shape[0], 1), dtype=bool))
    return np.ascontiguousarray(time[last]), np.log(value[last])


def _span(first: pl.DataFrame, second: pl.DataFrame) -> int:
    for frame in (first, second):
        need(frame, "prices", "time")
    time = pl.concat([first.select(pl.col("time").cast(pl.Int64)), second.select(pl.col("time").cast(pl.Int64))])[
        "time"
    ]
    low, high = time.min(), time.max()
    return high - low if isinstance(low, int) and isinstance(high, int) else 0
