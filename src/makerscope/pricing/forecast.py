"""Forecasts of realised variance over the next periods: EWMA as the baseline, HAR, and their score out of sample.

All take the realised variance of equal periods (days, hours), oldest first, and answer variance per period. A forecast
made at ``t`` knows periods up to and with ``t``. EWMA and the inputs of HAR have a step form, which a stream uses; the
forms for arrays give the same numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite, log, nan, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError

Floats = NDArray[np.float64]
DECAY = 0.94  # RiskMetrics (1996), daily
WEEK, MONTH = 7, 30  # periods behind the slower terms of HAR, for days of a market that never closes


@dataclass(frozen=True, slots=True)
class Ewma:
    """State of an exponentially weighted mean: its value and how many periods it has seen."""

    variance: float = nan
    n: int = 0


def ewma_step(state: Ewma, variance: float, *, decay: float = DECAY) -> Ewma:
    """One period more: ``decay * v + (1 - decay) * variance``; the first period is taken as it is, ``nan`` skipped.

    Examples:
        >>> state = ewma_step(ewma_step(Ewma(), 4.0), 14.0, decay=0.9)
        >>> state
        Ewma(variance=5.0, n=2)
    """
    if not isfinite(variance):
        return state
    value = variance if not state.n else decay * state.variance + (1 - decay) * variance
    return Ewma(value, state.n + 1)


def ewma_forecast(variance: ArrayLike, *, decay: float = DECAY) -> Floats:
    """The forecast for the next period after each: shape ``(n,)``, by ``ewma_step`` over the periods.

    Args:
        variance: realised variance of each period, shape ``(n,)``, ``nan`` where unknown.
        decay: between 0 and 1.

    Examples:
        >>> ewma_forecast([4.0, 14.0], decay=0.9)
        array([4., 5.])
    """
    if not 0 < decay < 1:
        raise DomainError(f"decay is {decay}; want more than 0 and less than 1")
    state, out = Ewma(), []
    for value in _variances(variance).tolist():
        state = ewma_step(state, value, decay=decay)
        out.append(state.variance)
    return np.array(out)


@dataclass(frozen=True, slots=True)
class HarInputs:
    """State of the inputs of HAR: the last ``month`` periods, oldest first."""

    recent: tuple[float, ...] = ()
    week: int = WEEK
    month: int = MONTH


def har_step(state: HarInputs, variance: float) -> tuple[HarInputs, tuple[float, float, float] | None]:
    """One period more, and the inputs of the next forecast: the last period, and the means of a week and of a month.

    None until a month is known. An unknown period (``nan``) starts the month again.

    Examples:
        >>> state, inputs = HarInputs(week=2, month=3), None
        >>> for value in (1.0, 2.0, 6.0):
        ...     state, inputs = har_step(state, value)
        >>> inputs
        (6.0, 4.0, 3.0)
    """
    if not isfinite(variance):
        return HarInputs(week=state.week, month=state.month), None
    recent = (*state.recent, variance)[-state.month :]
    following = HarInputs(recent, state.week, state.month)
    if len(recent) < state.month:
        return following, None
    return following, (variance, sum(recent[-state.week :]) / state.week, sum(recent) / state.month)


def har_inputs(variance: ArrayLike, *, week: int = WEEK, month: int = MONTH) -> Floats:
    """The inputs of HAR after each period, shape ``(n, 3)``, ``nan`` where a month is not known.

    Examples:
        >>> har_inputs([1.0, 2.0, 6.0], week=2, month=3)[-1]
        array([6., 4., 3.])
    """
    if not 1 <= week <= month:
        raise DomainError(f"week is {week} and month {month} periods; want 1 <= week <= month")
    state, rows = HarInputs(week=week, month=month), []
    for value in _variances(variance).tolist():
        state, inputs = har_step(state, value)
        rows.append(inputs or (nan, nan, nan))
    return np.array(rows).reshape(-1, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Har:
    """A fitted HAR: ``ln v = c + sum b_j ln x_j + error``, the variance of the error, the range it was fitted to."""

    coefficients: tuple[float, float, float, float]
    error_variance: float
    low: float
    high: float
    n: int


def fit_har(variance: ArrayLike, *, horizon: int = 1, week: int = WEEK, month: int = MONTH) -> Har | None:
    """The HAR of Corsi in logarithms, by least squares: the mean variance of the next ``horizon`` periods.

    Logarithms keep forecasts positive and the few violent periods from ruling the fit.

    Args:
        variance: realised variance of each period, shape ``(n,)``, >= 0.
        horizon: periods ahead whose mean is forecast.
        week: periods in the middle term.
        month: periods in the slow term.

    Returns:
        The fit, or None with fewer than 20 usable periods.

    Source:
        F. Corsi (2009), J. Financial Econometrics 7, 174-196; T. Bollerslev et al. (2018) for keeping forecasts inside
        the range of the sample.
    """
    v = _variances(variance)
    if horizon < 1:
        raise DomainError(f"horizon is {horizon}; want at least 1 period")
    inputs = har_inputs(v, week=week, month=month)[: max(v.shape[0] - horizon, 0)]
    target = _ahead(v, horizon)
    with np.errstate(divide="ignore", invalid="ignore"):
        X, y = np.log(inputs), np.log(target)
    good = np.isfinite(X).all(axis=1) & np.isfinite(y)
    n = int(good.sum())
    if n < 20:
        return None
    design = np.column_stack([np.ones(n), X[good]])
    b, *_ = np.linalg.lstsq(design, y[good], rcond=None)
    error = y[good] - design @ b
    return Har(
        coefficients=(float(b[0]), float(b[1]), float(b[2]), float(b[3])),
        error_variance=float(error @ error) / max(n - 4, 1),
        low=float(np.exp(y[good].min())),
        high=float(np.exp(y[good].max())),
        n=n,
    )


def har_forecast(model: Har, inputs: tuple[float, float, float] | Floats) -> float:
    """Mean variance of the periods ahead, ``exp(c + sum b ln x + error variance / 2)``, inside the fitted range.

    Examples:
        >>> model = Har(coefficients=(0.0, 1.0, 0.0, 0.0), error_variance=0.0, low=0.1, high=9.0, n=99)
        >>> har_forecast(model, (2.0, 1.0, 1.0)), har_forecast(model, (20.0, 1.0, 1.0))
        (2.0, 9.0)
    """
    x = np.asarray(inputs, np.float64)
    if not np.all(np.isfinite(x)) or np.any(x <= 0):
        return nan
    c, *b = model.coefficients
    value = float(np.exp(c + float(np.log(x) @ np.array(b)) + model.error_variance / 2))
    return min(max(value, model.low), model.high)


def qlike(realised: ArrayLike, forecast: ArrayLike) -> Floats:
    """Loss ``v / f - ln(v / f) - 1`` of each forecast: 0 when right, robust to noise in the realised variance.

    Args:
        realised: v > 0.
        forecast: f > 0; shapes broadcast. ``nan`` where either is not positive or unknown.

    Source:
        A. Patton (2011), J. Econometrics 160, 246-256.

    Examples:
        >>> qlike([1.0, 2.0], [1.0, 1.0]).round(6)
        array([0.      , 0.306853])
    """
    v, f = np.broadcast_arrays(np.asarray(realised, np.float64), np.asarray(forecast, np.float64))
    good = (v > 0) & (f > 0)
    ratio = np.where(good, v, 1.0) / np.where(good, f, 1.0)
    return np.where(good, ratio - np.log(ratio) - 1, nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The mean QLIKE of a forecaster, its standard error (Newey-West), and the periods behind it."""

    name: str
    qlike: float | None
    error: float | None
    n: int
    reason: str = ""


Forecaster = Callable[[Floats, int], float]


def ewma(history: Floats, _horizon: int) -> float:
    """Forecaster: the EWMA, flat over the horizon."""
    return float(ewma_forecast(history)[-1])


def har(history: Floats, horizon: int) -> float:
    """Forecaster: HAR fitted to the history; ``nan`` where it is too short."""
    model = fit_har(history, horizon=horizon)
    return nan if model is None else har_forecast(model, har_inputs(history[-MONTH:])[-1])


def out_of_sample(
    variance: ArrayLike,
    forecasters: dict[str, Forecaster],
    *,
    horizon: int = 1,
    first: int = 90,
    last: int | None = None,
) -> dict[str, Floats]:
    """What each forecaster said before each period it is judged on; it is given the past alone.

    Args:
        variance: realised variance of each period, shape ``(n,)``.
        forecasters: functions of the history and the horizon (periods) to the mean variance ahead.
        horizon: periods ahead.
        first: periods of history before the first forecast.
        last: longest history given, default all.

    Returns:
        ``realised`` (mean of the periods ahead) and a column for each name, shape ``(n - first - horizon + 1,)``.

    Examples:
        >>> out = out_of_sample([1.0, 2.0, 3.0], {"last": lambda past, _: past[-1]}, first=1)
        >>> out["realised"].tolist(), out["last"].tolist()
        ([2.0, 3.0], [1.0, 2.0])
    """
    v = _variances(variance)
    if first < 1 or horizon < 1:
        raise DomainError(f"first is {first} and horizon {horizon}; want at least 1 period each")
    starts = range(first, max(v.shape[0] - horizon + 1, first))
    out = {"realised": np.array([float(v[t : t + horizon].mean()) for t in starts])}
    for name, forecaster in forecasters.items():
        out[name] = np.array([forecaster(v[max(t - last, 0) if last else 0 : t], horizon) for t in starts])
    return out


def scores(said: dict[str, Floats], *, horizon: int = 1) -> list[Score]:
    """Mean QLIKE of each forecaster over the periods that all of them forecast, best first.

    Args:
        said: of ``out_of_sample``.
        horizon: periods ahead; forecasts that overlap share their errors, and the standard error knows it.
    """
    losses = {name: qlike(said["realised"], values) for name, values in said.items() if name != "realised"}
    shared = np.all([np.isfinite(loss) for loss in losses.values()], axis=0) if losses else np.empty(0, bool)
    n = int(np.count_nonzero(shared))
    if not n:
        return [
            Score(name=name, qlike=None, error=None, n=0, reason="no period was forecast by all") for name in losses
        ]
    found = [
        Score(name=name, qlike=float(loss[shared].mean()), error=standard_error(loss[shared], lags=horizon), n=n)
        for name, loss in losses.items()
    ]
    return sorted(found, key=lambda score: score.qlike or 0.0)


def standard_error(values: Floats, *, lags: int) -> float | None:
    """Newey-West standard error of a mean with at least ``lags`` and ``4 (n/100)^(2/9)`` lags; None with fewer than 8.

    Examples:
        >>> standard_error(np.tile([1.0, -1.0], 50), lags=0) < 0.1
        True
    """
    n = values.shape[0]
    if n < 8:
        return None
    d = values - values.mean()
    most = min(max(lags, int(4 * (n / 100) ** (2 / 9))), n // 3)
    total = float(d @ d) + 2 * sum((1 - h / (most + 1)) * float(d[h:] @ d[:-h]) for h in range(1, most + 1))
    return sqrt(max(total, 0.0)) / n


def half_life(decay: float) -> float:
    """Periods after which a period has half its weight in an EWMA.

    Examples:
        >>> round(half_life(0.94), 1)
        11.2
    """
    if not 0 < decay < 1:
        raise DomainError(f"decay is {decay}; want more than 0 and less than 1")
    return log(0.5) / log(decay)


def _ahead(v: Floats, horizon: int) -> Floats:
    """Mean of the ``horizon`` periods after each period that has them."""
    if v.shape[0] <= horizon:
        return np.empty(0)
    return np.lib.stride_tricks.sliding_window_view(v[1:], horizon).mean(axis=1)


def _variances(values: ArrayLike) -> Floats:
    v = np.ascontiguousarray(values, np.float64)
    if v.ndim != 1 or np.any(v < 0) or np.any(np.isinf(v)):
        raise DomainError("realised variances are not one row of finite numbers >= 0")
    return v
