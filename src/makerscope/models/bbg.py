"""Baldacci, Bergault and Gueant's option dealer: value and quotes on a grid of time, variance and portfolio vega.

Variance follows Heston, under P with ``kappa_p, theta_p`` and under the pricing measure with ``kappa_q, theta_q``.
Vegas are held constant over the short horizon, deltas are hedged, so that time, variance ``nu`` and the portfolio's
vega ``V`` (to ``sqrt(nu)``) are all that matters. Clients of option i trade ``z_i`` units with logistic intensity. The
value solves

    0 = v_t + kappa_p (theta_p - nu) v_nu + xi^2 nu / 2 v_nunu + V (a_p - a_q) / (2 sqrt(nu)) - gamma xi^2 V^2 / 8
        + sum over i and both sides of z_i H_i((v(V) - v(V -/+ z_i V_i)) / z_i),     v = 0 at the horizon,

with ``a_m = kappa_m (theta_m - nu)`` and H in closed form. A trade that would leave ``|V| <= limit`` is not quoted.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError
from makerscope.kernels import vega_grid
from makerscope.models.lambert import lambert_w_of_exp
from makerscope.models.logistic import hamiltonian
from makerscope.pricing.heston import Heston, heston_price

Floats = NDArray[np.float64]
SAFE = 0.9  # of the longest step in time that is stable
SHIFT = 2e-3  # of sqrt(nu): differences of fourth order


@dataclass(frozen=True, slots=True, kw_only=True)
class Variance:
    """Variance under both measures; rates per year of 365 days.

    Args:
        kappa_p, theta_p: speed and level to which it really returns.
        kappa_q, theta_q: speed and level by which options are priced.
        xi: volatility of variance, > 0.
    """

    kappa_p: float
    theta_p: float
    kappa_q: float
    theta_q: float
    xi: float

    def __post_init__(self) -> None:
        if not (min(self.kappa_p, self.theta_p, self.kappa_q, self.theta_q) >= 0.0 and self.xi > 0.0):
            raise DomainError(f"want speeds and levels of at least 0 and xi above 0; got {self}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chain:
    """What is quoted, and to whom.

    Args:
        vega: of each option to ``sqrt(nu)``, price units for 1.00, ``(n,)``, > 0.
        size: units a client trades, ``(n,)``, > 0.
        intensity: clients a year and side at any price, ``(n,)``, >= 0.
        alpha: of the logistic intensity, no unit.
        beta: of the logistic intensity, one over volatility, > 0.
    """

    vega: Floats
    size: Floats
    intensity: Floats
    alpha: float
    beta: float

    def __post_init__(self) -> None:
        if not self.vega.shape == self.size.shape == self.intensity.shape or self.vega.ndim != 1 or not self.vega.size:
            raise DomainError("want vega, size and intensity of one length, at least 1")
        if not (self.beta > 0.0 and self.vega.min() > 0.0 and self.size.min() > 0.0 and self.intensity.min() >= 0.0):
            raise DomainError("want beta, vegas and sizes above 0 and intensities of at least 0")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VegaValue:
    """The value in money: ``value[t, a, j]`` at ``times[t]`` (years from now), ``variances[a]`` and ``vegas[j]``."""

    times: Floats
    variances: Floats
    vegas: Floats
    value: Floats

    def at(self, time: float, variance: float, vega: ArrayLike) -> Floats:
        """Linear between nodes.

        Raises:
            DomainError: outside the grid.
        """
        held = np.asarray(vega, np.float64)
        inside = self.times[0] <= time <= self.times[-1] and self.variances[0] <= variance <= self.variances[-1]
        if not inside or not np.all(np.abs(held) <= self.vegas[-1] * (1.0 + 1e-12)):
            raise DomainError(f"time {time:g}, variance {variance:g} or a vega lies outside the grid")
        (t, s), (a, r) = _between(self.times, time), _between(self.variances, variance)
        near, far = (1.0 - s) * self.value[t] + s * self.value[t + 1], r
        row = (1.0 - far) * near[a] + far * near[a + 1]
        return np.interp(held, self.vegas, row)


def solve(
    chain: Chain, variance: Variance, *, now: float, horizon: float, gamma: float, limit: float,
    vegas: int = 81, variances: int = 5, times: int = 3,
) -> VegaValue:  # fmt: skip
    """Solve for the value backwards from the horizon, by explicit steps short enough to be stable.

    Args:
        chain: what is quoted.
        variance: its process.
        now: variance today, > 0; the grid goes from 0.6 to 1.4 of it, or four standard deviations.
        horizon: years, > 0.
        gamma: risk aversion, one over money, >= 0.
        limit: largest portfolio vega, money for 1.00 of ``sqrt(nu)``, > 0.
        vegas: nodes of vega, odd, >= 3.
        variances: nodes of variance, odd, >= 3; ``now`` is the middle one.
        times: how many moments are kept, >= 2.

    Raises:
        DomainError: a number outside these bounds.

    Source:
        arXiv:1907.12433, section 3; the Hamiltonian in closed form is that of ``models.logistic``.

    Examples:
        >>> one = Chain(vega=np.ones(1), size=np.ones(1), intensity=np.full(1, 1000.0), alpha=0.7, beta=150.0)
        >>> heston = Variance(kappa_p=2.0, theta_p=0.04, kappa_q=2.0, theta_q=0.04, xi=0.2)
        >>> value = solve(one, heston, now=0.04, horizon=0.01, gamma=0.1, limit=10.0, vegas=21)
        >>> float(value.at(0.0, 0.04, 0.0).round(4)), float(value.at(0.0, 0.04, 10.0).round(4))
        (0.0208, 0.0143)
    """
    if not (now > 0.0 and horizon > 0.0 and gamma >= 0.0 and limit > 0.0):
        raise DomainError(f"want now, horizon, limit > 0, gamma >= 0; got {now:g}, {horizon:g}, {limit:g}, {gamma:g}")
    if min(vegas, variances) < 3 or vegas % 2 == 0 or variances % 2 == 0 or times < 2:
        raise DomainError(f"want odd numbers of nodes from 3 on, 2 times; got {vegas}, {variances}, {times}")
    wide = min(max(0.4 * now, 4.0 * variance.xi * (now * horizon) ** 0.5), 0.9 * now)
    nu, V = now + wide * np.linspace(-1.0, 1.0, variances), limit * np.linspace(-1.0, 1.0, vegas)
    trade = np.stack([chain.vega, chain.size, chain.intensity])
    terms = np.array([
        variance.kappa_p, variance.theta_p, variance.kappa_q, variance.theta_q, variance.xi, gamma, chain.alpha,
        chain.beta,
    ])  # fmt: skip
    h = nu[1] - nu[0]
    drift = np.max(np.abs(variance.kappa_p * (variance.theta_p - nu)))
    fastest = 2.0 * chain.intensity.sum() + drift / h + variance.xi**2 * nu[-1] / h**2
    keep = int(np.ceil(horizon * fastest / SAFE / (times - 1))) or 1
    steps = keep * (times - 1)
    value, kept = np.zeros((variances, vegas)), np.zeros((times, variances, vegas))
    vega_grid.solve(
        nu, V, trade, terms, horizon / steps, steps, keep, value, np.empty_like(value), np.empty(vegas), kept
    )
    return VegaValue(times=horizon * np.linspace(0.0, 1.0, times), variances=nu, vegas=V, value=kept[::-1].copy())


def quotes(chain: Chain, value: VegaValue, *, time: float, variance: float, vega: float) -> tuple[Floats, Floats]:
    """Best distances of ask and bid from the model price, price units, ``(n,)`` each; NaN where none is quoted.

    Raises:
        DomainError: outside the grid.

    Examples:
        >>> one = Chain(vega=np.ones(1), size=np.ones(1), intensity=np.full(1, 1000.0), alpha=0.7, beta=150.0)
        >>> heston = Variance(kappa_p=2.0, theta_p=0.04, kappa_q=2.0, theta_q=0.04, xi=0.2)
        >>> value = solve(one, heston, now=0.04, horizon=0.01, gamma=0.1, limit=10.0, vegas=21)
        >>> ask, bid = quotes(one, value, time=0.0, variance=0.04, vega=8.0)
        >>> bool(ask[0] < bid[0])  # it holds vega and wants to sell
        True
    """
    here, limit, sides = value.at(time, variance, vega), value.vegas[-1] * (1.0 + 1e-12), []
    for sign in (-1.0, 1.0):
        after = vega + sign * chain.size * chain.vega
        inside = np.abs(after) <= limit
        then = value.at(time, variance, np.where(inside, after, vega))
        cost = (here - then) / chain.size
        _, best = hamiltonian(
            cost, alpha=chain.alpha, beta=chain.beta, vega=chain.vega, intensity=chain.intensity
        )  # fmt: skip
        sides.append(np.where(inside, best, np.nan))
    return sides[0], sides[1]


def vega_penalty(chain: Chain, *, xi: float, gamma: float, horizon: float = np.inf) -> float:
    """``A`` of the quadratic approximation ``v = v(0) - A V^2 / 2``, one over money.

    Args:
        chain: what is quoted.
        xi: volatility of variance, > 0: that of ``sqrt(nu)`` is half of it.
        gamma: risk aversion, one over money, >= 0.
        horizon: years; infinite: the stationary value.

    Returns:
        ``sqrt(c / 2 G) tanh(sqrt(2 c G) horizon)`` with ``c = gamma xi^2 / 4`` and ``G`` the sum over the options of
        ``z V^2 H''(0) = beta w / (1 + w)^3 lambda z V``, where ``w = W(exp(-1 - alpha))``.

    Raises:
        DomainError: xi, gamma or the horizon is not as stated.

    Source:
        Derived: H to second order in p turns the equation into Riccati's, as in P. Bergault, D. Evangelista, O. Gueant,
        D. Vieira (2021), Closed-form approximations in multi-asset market making, Applied Mathematical Finance 28.
        A test compares its quotes with those of the grid.

    Examples:
        >>> one = Chain(vega=np.ones(1), size=np.ones(1), intensity=np.full(1, 1000.0), alpha=0.7, beta=150.0)
        >>> round(vega_penalty(one, xi=0.2, gamma=0.1), 6)
        0.000182
    """
    if not (xi > 0.0 and gamma >= 0.0 and horizon > 0.0):
        raise DomainError(f"want xi, horizon > 0, gamma >= 0; got {xi:g}, {horizon:g}, {gamma:g}")
    w = float(lambert_w_of_exp(-1.0 - chain.alpha))
    G = chain.beta * w / (1.0 + w) ** 3 * float(np.sum(chain.intensity * chain.size * chain.vega))
    c = 0.25 * gamma * xi * xi
    if c == 0.0:
        return 0.0
    if G == 0.0:
        return c * horizon
    return float(np.sqrt(c / (2.0 * G)) * np.tanh(np.sqrt(2.0 * c * G) * horizon))


def heston_vega(forward: ArrayLike, strike: ArrayLike, expiry: float, model: Heston) -> Floats:
    """Derivative of Heston's price to ``sqrt(v0)``, by a central difference of fourth order.

    Raises:
        DomainError: as ``heston_price``, or ``v0`` is too near 0 for a difference.

    Examples:
        >>> published = Heston(v0=0.0225, kappa=3.0, theta=0.0225, xi=0.2, rho=-0.5)
        >>> float(heston_vega(10.0, 10.0, 1.0, published).round(5))
        1.25236
    """
    root = model.v0**0.5
    if not root > 2.0 * SHIFT:
        raise DomainError(f"v0 is {model.v0:g}; want above {4.0 * SHIFT**2:g}")

    def price(shift: float) -> Floats:
        moved = Heston(v0=(root + shift) ** 2, kappa=model.kappa, theta=model.theta, xi=model.xi, rho=model.rho)
        return heston_price(forward, strike, expiry, moved)

    near, far = price(SHIFT) - price(-SHIFT), price(2.0 * SHIFT) - price(-2.0 * SHIFT)
    return (8.0 * near - far) / (12.0 * SHIFT)


def _between(nodes: Floats, x: float) -> tuple[int, float]:
    k = min(int(np.searchsorted(nodes, x, side="right")) - 1, len(nodes) - 2)
    return k, float((x - nodes[k]) / (nodes[k + 1] - nodes[k]))
