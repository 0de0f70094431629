"""Forecasts of the realised volatility of an underlying, judged on the path of its own index.

The path is cut into equal periods: the longest of ``PERIODS`` of which it holds at least ``FEWEST`` with two returns
or more each. Forecasters are judged one period ahead on what they could not know; the baseline is the EWMA.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.metrics.columns import need
from makerscope.metrics.measure import Measure, missing
from makerscope.metrics.option_chain import YEAR
from makerscope.pricing.forecast import Forecaster, Score, ewma, har, out_of_sample, qlike, scores, standard_error

Floats = NDArray[np.float64]
HOUR = 3_600_000_000_000  # ns
PERIODS = (24 * HOUR, 12 * HOUR, 8 * HOUR, 6 * HOUR, 4 * HOUR, HOUR, HOUR // 4, HOUR // 12)
FEWEST = 110  # periods: HAR needs 50 before its first fit
FIRST = 60  # periods of history before the first forecast
FULL = 0.95  # share of the periods that must hold two returns
LONGEST = 365  # periods of history a forecaster is given
JUDGED = 200  # periods judged at most, the last ones
GARCH, GARCH_FIRST = "GARCH", 100  # periods of history before its first forecast
BASELINE = "EWMA"
FORECASTERS: dict[str, Forecaster] = {BASELINE: ewma, "HAR": har}
Z95 = 1.959963984540054
LOSS = "QLIKE"
ByReturns = Callable[[Floats, int], Floats]  # returns of the periods and the first judged, to a variance for each


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """Equal periods of a path: their length (ns), the variance realised in each (``nan`` unknown), and its return."""

    length: int
    variance: Floats
    returns: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecasts:
    """What the forecasters say of the next period, and how good they were.

    Args:
        period: ns, length of a period.
        periods: how many the path holds.
        scores: best first; the loss is QLIKE, 0 when always right.
        following: annualised volatility (a fraction) that each says of the period after the path, None where none.
        best: name of the best.
        gain: mean loss of the baseline less that of the best, above 0 the best is better, with its interval.
    """

    period: int
    periods: int
    scores: tuple[Score, ...]
    following: dict[str, float | None]
    best: str
    gain: Measure


def periods_of(prices: pl.DataFrame, length: int) -> Periods:
    """Variance realised in each period of ``length`` ns, from the returns that end in it.

    Args:
        prices: ``time`` (ns), ``price`` of one underlying. The first and the last period, which are not whole, are
            left out.
        length: ns.

    Examples:
        >>> path = pl.DataFrame({"time": [0, 5, 10, 15, 20, 25], "price": [1.0, 1.0, 1.1, 1.0, 1.0, 1.2]})
        >>> periods_of(path, 10).variance.round(6)
        array([0.018168])
    """
    need(prices, "prices", "time", "price")
    own = prices.filter(pl.col("price") > 0).unique("time", keep="last").sort("time")
    time, price = own["time"].to_numpy(), np.log(own["price"].to_numpy())
    place = time // length
    whole = np.arange(place[0] + 1, place[-1]) if time.size else np.empty(0, np.int64)
    if not whole.size:
        return Periods(length=length, variance=np.empty(0), returns=np.empty(0))
    at = place[1:] - whole[0]
    inside = (at >= 0) & (at < whole.size)
    squares = np.bincount(at[inside], np.diff(price)[inside] ** 2, minlength=whole.size)
    counts = np.bincount(at[inside], minlength=whole.size)
    ends = np.maximum(np.searchsorted(time, np.append(whole, whole[-1] + 1) * length, side="left") - 1, 0)
    return Periods(length=length, variance=np.where(counts >= 2, squares, np.nan), returns=np.diff(price[ends]))


def index_forecasts(prices: pl.DataFrame, *, garch: ByReturns | None = None) -> Forecasts | str:
    """Forecasts of the next period's variance and their scores out of sample; in words why there are none.

    Args:
        prices: ``time`` (ns), ``price`` of one underlying, such as ``variance_premium.index_prices``.
        garch: as ``pricing.garch.garch_out_of_sample``, to judge it too where there are 160 periods; it takes seconds.

    Source:
        Scores: A. Patton (2011), J. Econometrics 160, 246-256. Interval of a difference of losses: F. Diebold and
        R. Mariano (1995), J. Business and Economic Statistics 13, 253-263.
    """
    path = _longest(prices)
    if path is None:
        return (
            f"{prices.height:,} prices of the index are too few: {FEWEST} periods of equal length with two returns "
            "each are wanted"
        )
    v, r = path.variance[-(JUDGED + LONGEST) :], path.returns[-(JUDGED + LONGEST) :]
    with_garch = garch is not None and v.size >= GARCH_FIRST + FIRST
    first = max(GARCH_FIRST if with_garch else FIRST, v.size - JUDGED)
    said = out_of_sample(v, FORECASTERS, first=first, last=LONGEST)
    following = {name: _volatility(tell(v[-LONGEST:], 1), path.length) for name, tell in FORECASTERS.items()}
    if garch is not None and with_garch:
        told = garch(np.append(r, 0.0), first)  # its last is of the period after the path
        said[GARCH], following[GARCH] = told[:-1], _volatility(float(told[-1]), path.length)
    ranked = tuple(scores(said))
    best = ranked[0].name
    return Forecasts(
        period=path.length, periods=int(path.variance.size), scores=ranked, following=following, best=best,
        gain=_gain(said, best),
    )  # fmt: skip


def _longest(prices: pl.DataFrame) -> Periods | None:
    for length in PERIODS:
        path = periods_of(prices, length)
        if path.variance.size >= FEWEST and np.isfinite(path.variance).mean() >= FULL:
            return path
    return None


def _volatility(variance: float, period: int) -> float | None:
    return (variance * YEAR / period) ** 0.5 if isfinite(variance) and variance > 0 else None


def _gain(said: dict[str, Floats], best: str) -> Measure:
    """By how much the best beats the baseline, over the periods that all forecast."""
    if best == BASELINE:
        return missing(LOSS, "the baseline is the best")
    losses = {name: qlike(said["realised"], values) for name, values in said.items() if name != "realised"}
    shared = np.all([np.isfinite(loss) for loss in losses.values()], axis=0)
    apart = (losses[BASELINE] - losses[best])[shared]
    if not apart.size:
        return missing(LOSS, "no period was forecast by all")
    value, error = float(apart.mean()), standard_error(apart, lags=1)
    if error is None:
        return Measure(value=value, unit=LOSS, n=apart.size, reason="no interval: too few periods")
    return Measure(value=value, unit=LOSS, n=apart.size, low=value - Z95 * error, high=value + Z95 * error)
