"""The probability of informed trading (PIN): a mixture of three Poisson days, by maximum likelihood."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import gammaln, logsumexp

from makerscope.errors import DomainError
from makerscope.metrics.columns import vector
from makerscope.metrics.measure import Measure, missing

UNIT = "probability"
FEWEST_DAYS = 5  # as many as there are parameters
CLIMBS = 6  # starts that are followed to the top
EDGE = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """PIN and the model behind it.

    Args:
        pin: ``alpha mu / (alpha mu + eps_b + eps_s)``.
        alpha: probability that a day has news.
        delta: probability that news is bad.
        mu: informed trades on a day with news.
        eps_b: uninformed buys a day.
        eps_s: uninformed sells a day.
        log_likelihood: at the maximum, with the factorials.
        boundary: alpha or delta stands at 0 or 1: the model does not fit, PIN means little.
    """

    pin: Measure
    alpha: float | None = None
    delta: float | None = None
    mu: float | None = None
    eps_b: float | None = None
    eps_s: float | None = None
    log_likelihood: float | None = None
    boundary: bool = False


def log_likelihood(
    buys: ArrayLike, sells: ArrayLike, *, alpha: float, delta: float, mu: float, eps_b: float, eps_s: float
) -> float:
    """Log likelihood of daily counts, summed in logarithms day by day, so that no count overflows it.

    Args:
        buys: buyer-initiated trades of each day, shape ``(n,)``.
        sells: seller-initiated trades.
        alpha: probability of news.
        delta: probability that news is bad.
        mu: informed trades on a news day.
        eps_b: uninformed buys a day, > 0.
        eps_s: uninformed sells a day, > 0.

    Raises:
        DomainError: a parameter lies outside its range.

    Source:
        D. Easley, N. Kiefer, M. O'Hara and J. Paperman (1996), J. Finance 51, 1405-1436.

    Examples:
        >>> round(log_likelihood([120, 90], [105, 165], alpha=0.4, delta=0.5, mu=60, eps_b=100, eps_s=110), 9)
        -17.899247475
    """
    theta = np.array([alpha, delta, mu, eps_b, eps_s])
    if not (0 <= alpha <= 1 and 0 <= delta <= 1 and mu >= 0 and eps_b > 0 and eps_s > 0):
        raise DomainError(f"alpha, delta, mu, eps_b, eps_s are {theta.tolist()}; want probabilities and rates > 0")
    return float(_days(theta, vector(buys), vector(sells)).sum())


def pin(buys: ArrayLike, sells: ArrayLike) -> Pin:
    """PIN of daily counts of buys and sells, best of several starts.

    Args:
        buys: buyer-initiated trades of each day (or other period), shape ``(n,)``.
        sells: seller-initiated trades.

    Returns:
        The fit; PIN is missing with fewer than 5 days or without trades on each side, and flagged on a boundary.

    Raises:
        DomainError: a count is negative or the lengths differ.

    Source:
        Likelihood as in ``log_likelihood``; starts after Y. Yan and S. Zhang (2012), J. Banking and Finance 36,
        454-467.

    Examples:
        >>> fit = pin([100, 101, 160, 99, 98, 102], [100, 99, 100, 101, 158, 100])
        >>> round(fit.alpha, 2), round(fit.pin.value, 2)
        (0.33, 0.09)
    """
    b, s = vector(buys), vector(sells)
    if b.shape != s.shape or np.any(b < 0) or np.any(s < 0):
        raise DomainError("counts of buys and sells differ in length or are negative; want two counts >= 0 a day")
    if b.shape[0] < FEWEST_DAYS:
        return Pin(pin=missing(UNIT, f"{b.shape[0]} days; want at least {FEWEST_DAYS}", n=b.shape[0]))
    scale = float(b.mean() + s.mean())
    if b.mean() == 0 or s.mean() == 0:
        return Pin(pin=missing(UNIT, "all trades are on one side", n=b.shape[0]))

    def cost(x: NDArray[np.float64]) -> float:
        return -float(_days(x * np.array([1, 1, scale, scale, scale]), b, s).mean())

    starts = sorted(_starts(b, s, scale), key=cost)[:CLIMBS]
    tiny = 1e-9
    bounds = [(0.0, 1.0), (0.0, 1.0), (0.0, None), (tiny, None), (tiny, None)]
    best = min((minimize(cost, start, method="L-BFGS-B", bounds=bounds) for start in starts), key=lambda fit: fit.fun)
    alpha, delta, mu, eps_b, eps_s = (float(v) for v in best.x * np.array([1, 1, scale, scale, scale]))
    boundary = not (EDGE < alpha < 1 - EDGE and EDGE < delta < 1 - EDGE)
    value = alpha * mu / (alpha * mu + eps_b + eps_s)
    note = "the fit stands on a boundary (alpha or delta at 0 or 1): read with care" if boundary else ""
    return Pin(
        pin=Measure(value=value, unit=UNIT, n=b.shape[0], reason=note),
        alpha=alpha,
        delta=delta,
        mu=mu,
        eps_b=eps_b,
        eps_s=eps_s,
        log_likelihood=-float(best.fun) * b.shape[0],
        boundary=boundary,
    )


def _starts(b: NDArray[np.float64], s: NDArray[np.float64], scale: float) -> list[NDArray[np.float64]]:
    """Starts that match the mean buys; those with a negative rate are no starts."""
    out = []
    for alpha, delta, gamma in product((0.1, 0.3, 0.5, 0.7, 0.9), repeat=3):
        eps_b = gamma * float(b.mean())
        mu = (float(b.mean()) - eps_b) / (alpha * (1 - delta))
        eps_s = float(s.mean()) - alpha * delta * mu
        if eps_s > 0:
            out.append(np.array([alpha, delta, mu / scale, eps_b / scale, eps_s / scale]))
    return out or [np.array([0.5, 0.5, 0.1, float(b.mean()) / scale, float(s.mean()) / scale])]


def _days(theta: NDArray[np.float64], b: NDArray[np.float64], s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log likelihood of each day."""
    alpha, delta, mu, eps_b, eps_s = theta
    weights = np.array([1 - alpha, alpha * delta, alpha * (1 - delta)])
    buys, sells = np.array([eps_b, eps_b, eps_b + mu]), np.array([eps_s, eps_s + mu, eps_s])
    logs = (
        np.outer(b, np.log(buys))
        - buys
        - gammaln(b + 1)[:, None]
        + np.outer(s, np.log(sells))
        - sells
        - gammaln(s + 1)[:, None]
    )
    return np.asarray(logsumexp(logs, axis=1, b=weights), dtype=np.float64)
