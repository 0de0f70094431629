"""Hawkes processes fitted to events by maximum likelihood, with errors of the parameters and a test of the fit."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import OptimizeResult, minimize
from scipy.stats import kstest

from makerscope.errors import DomainError
from makerscope.models.hawkes import Hawkes, Real, events_of, residuals, value_and_slope

FEWEST_EVENTS = 20
DECAYS = (0.1, 1.0, 10.0, 100.0)  # starts, in mean rates
LOWEST, HIGHEST = -25.0, 25.0  # of logarithms of parameters, in mean rates
STEP = 1e-4  # of a logarithm, for the matrix of second derivatives


@dataclass(frozen=True, slots=True, kw_only=True)
class HawkesFit:
    """A fitted Hawkes process.

    Args:
        model: at the maximum of the likelihood.
        log_likelihood: there.
        poisson: log likelihood of the best process in which no event causes another.
        error: standard error of the logarithm of each free parameter by the observed information: bases, jumps, decay;
            null where the likelihood says nothing of it.
        distance: largest distance of the residuals' distribution from the exponential one (Kolmogorov-Smirnov).
        p_value: how likely at least that distance is if the model is true.
        events: behind it.
    """

    model: Hawkes
    log_likelihood: float
    poisson: float
    error: tuple[float | None, ...]
    distance: float
    p_value: float
    events: int


def fit(
    time: ArrayLike, mark: ArrayLike | None = None, *, end: float, kinds: int = 1, symmetric: bool = False
) -> HawkesFit:
    """The Hawkes process that makes the events most likely.

    The likelihood may have several maxima in the decay: it is climbed from four, with the exact slope, in logarithms.

    Args:
        time: of the events in (0, ``end``], in order, shape ``(n,)``.
        mark: of each, 0 to ``kinds`` - 1; all 0 where None.
        end: until when one listened.
        kinds: marks.
        symmetric: two marks alike: one base, one jump to the own and one to the other side.

    Raises:
        DomainError: events out of order, fewer than 20, a mark that never happens, or ``symmetric`` without two marks.

    Source:
        T. Ozaki (1979), Ann. Inst. Statist. Math. 31, 145-155.

    Examples:
        >>> from makerscope.models.hawkes import simulate
        >>> time, _ = simulate(Hawkes(base=[1.0], jump=[[2.0]], decay=4.0), 2000.0, seed=3)
        >>> found = fit(time, end=2000.0)
        >>> bool(abs(found.model.branching - 0.5) < 0.06)
        True
    """
    t, m = events_of(time, mark, end, kinds)
    counts = np.bincount(m, minlength=kinds)
    if symmetric and kinds != 2:
        raise DomainError(f"a symmetric process of {kinds} marks; want 2")
    if t.size < FEWEST_EVENTS or (not symmetric and counts.min() == 0):
        raise DomainError(f"{t.size} events, {counts.tolist()} by mark; want at least {FEWEST_EVENTS} and some of each")
    scale = t.size / end  # times in mean waits: all parameters are near 1
    shared = shared_parameters(kinds, symmetric=symmetric)
    own, finish = t * scale, end * scale

    def cost(x: Real) -> tuple[float, Real]:
        values = np.exp(x)[shared]
        value, slope = value_and_slope(_model(values, kinds), own, m, finish)
        return -value / t.size, -np.bincount(shared, slope * values, minlength=x.size) / t.size

    best = _climb(cost, kinds, int(shared.max()) + 1, shared)
    model = _model(np.exp(best.x)[shared] * scale, kinds)
    test = kstest(residuals(model, t, m), "expon")
    rates = counts / end if not symmetric else np.full(2, t.size / end / 2)
    return HawkesFit(
        model=model,
        log_likelihood=float(-best.fun * t.size + t.size * np.log(scale)),
        poisson=float((counts[counts > 0] * np.log(rates[counts > 0])).sum() - t.size),
        error=_errors(cost, best.x, t.size),
        distance=float(test.statistic),
        p_value=float(test.pvalue),
        events=int(t.size),
    )


def shared_parameters(kinds: int, *, symmetric: bool) -> NDArray[np.int64]:
    """Which free parameter each of ``base``, ``jump`` (by rows) and ``decay`` is.

    Examples:
        >>> shared_parameters(2, symmetric=True).tolist()
        [0, 0, 1, 2, 2, 1, 3]
    """
    if symmetric:
        return np.array([0, 0, 1, 2, 2, 1, 3])
    return np.arange(kinds + kinds * kinds + 1)


def _model(values: Real, kinds: int) -> Hawkes:
    return Hawkes(base=values[:kinds], jump=values[kinds:-1].reshape(kinds, kinds), decay=float(values[-1]))


def _climb(cost, kinds: int, free: int, shared: NDArray[np.int64]) -> OptimizeResult:  # noqa: ANN001 - a local function
    """The best of several climbs; each starts at half of all events caused, evenly by all marks."""
    found: list[OptimizeResult] = []
    for decay in DECAYS:
        values = np.concatenate([np.full(kinds, 0.5 / kinds), np.full(kinds * kinds, 0.5 * decay / kinds), [decay]])
        start = np.empty(free)
        start[shared] = np.log(values)
        found.append(minimize(cost, start, jac=True, method="L-BFGS-B", bounds=[(LOWEST, HIGHEST)] * free))
    return min(found, key=lambda item: float(item.fun))


def _errors(cost, x: Real, events: int) -> tuple[float | None, ...]:  # noqa: ANN001 - a local function
    """Standard errors of the logarithms, None where the surface is flat or the parameter stands on its bound."""
    inside = np.flatnonzero((x > LOWEST + 1) & (x < HIGHEST - 1))
    out: list[float | None] = [None] * x.size
    if not inside.size:
        return tuple(out)
    curve = np.empty((inside.size, inside.size))
    for row, at in enumerate(inside):
        step = np.zeros(x.size)
        step[at] = STEP
        curve[row] = (cost(x + step)[1] - cost(x - step)[1])[inside] * events / (2 * STEP)
    curve = 0.5 * (curve + curve.T)
    values, vectors = np.linalg.eigh(curve)
    if values[0] <= 0:
        return tuple(out)
    variance = (vectors**2 / values).sum(axis=1)
    for at, value in zip(inside, variance, strict=True):
        out[at] = sqrt(float(value))
    return tuple(out)
