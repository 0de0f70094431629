# ruff: noqa: ANN001, ANN201, ANN202, PLR0917 - compiled functions take the types their docstrings say, in order
"""When a dealer lets clients' flow carry its inventory away, and when it hedges: Barzykin, Bergault and Gueant.

A dealer quotes bid and ask to clients and may trade with the market at a rate ``v`` that costs ``psi |v| + eta v^2``
and moves the price for good by ``k v``. With inventory ``q`` its value obeys, in the stationary limit,

    c = max over quotes  sum of A e^(-kappa delta) (z delta + theta(q +- z) - theta(q))  -  gamma sigma^2 q^2 / 2
        + max over v     v (theta'(q) + k q) - psi |v| - eta v^2

so that nothing is hedged while ``|theta' + k q| <= psi`` (the pure internalisation zone, ``|q| < q*``), and beyond it

    v*(q) = sign(theta' + k q) (|theta' + k q| - psi) / (2 eta)

Inventory is counted in trades of clients (``z``); a hedge of rate ``v`` happens as steps of ``z`` at rate ``v / z``,
with the slope taken on the side to which it goes: the scheme is monotone, so it has one solution and policy iteration
finds it. Under a policy the inventory is a chain of births and deaths, whose value has a closed form: an iteration
costs one pass over the grid.

Source:
    A. Barzykin, P. Bergault and O. Gueant, arXiv:2106.06974 and arXiv:2112.02269, with one size, one tier and an
    exponential intensity; the drift ``k q`` from ``d(X + q S) = q (sigma dW + k v dt) - L(v) dt`` (derived).
"""

from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.elementary import exp

MOST_STEPS = 200  # of policy iteration: it needs about ten
SAME = 1e-10  # slopes that differ by less, as a share of their size and of 1 / kappa, are the same
DEEPEST = 30.0  # a quote is at most so many 1 / kappa on the wrong side: flow beyond e^30 A is not a number


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealer:
    """What a dealer in one asset faces.

    Args:
        flow: A, clients' trades a second and side at a half spread of 0.
        decay: kappa, per unit of price: how fast that falls with the half spread.
        size: z, units of the asset in one of them.
        volatility: sigma, units of price per square root of a second.
        risk_aversion: gamma, per unit of money; the running penalty is ``gamma sigma^2 q^2 / 2``.
        cost: psi, of a hedge, units of price (half spread and fees).
        slippage: eta, units of price per unit of the asset a second: what hedging faster costs more.
        impact: k, units of price per unit of the asset hedged, for good.
        most: trades that the inventory may be away from 0.
    """

    flow: float
    decay: float
    size: float
    volatility: float
    risk_aversion: float
    cost: float
    slippage: float
    impact: float = 0.0
    most: int = 50

    def __post_init__(self) -> None:
        above = (self.flow, self.decay, self.size, self.volatility, self.risk_aversion, self.slippage)
        if not all(isfinite(each) and each > 0.0 for each in above) or not 2 <= self.most <= 10_000:
            raise DomainError(
                f"dealer: want flow, decay, size, volatility, risk_aversion and slippage above 0, most 2 to 10000; "
                f"got {self}"
            )
        if not all(isfinite(each) and each >= 0.0 for each in (self.cost, self.impact)):
            raise DomainError(f"dealer: want cost and impact of at least 0; got {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """The stationary solution, on ``inventory`` ``(n,)`` (units of the asset, ascending, 0 in the middle).

    ``value`` theta, 0 at 0, money; ``bid``, ``ask`` half spreads in units of price, NaN where the inventory is full;
    ``rate`` v*, units of the asset a second, above 0 to buy, exactly 0 in the zone; ``threshold`` q*, infinite where
    nothing is ever hedged; ``gain`` c, money a second.
    """

    inventory: NDArray[np.float64]
    value: NDArray[np.float64]
    bid: NDArray[np.float64]
    ask: NDArray[np.float64]
    rate: NDArray[np.float64]
    threshold: float
    gain: float

    def rate_at(self, inventory: float) -> float:
        """Hedge rate at an inventory, between two of the grid by a straight line; 0 inside the zone.

        Examples:
            >>> zone = internalisation_zone(Dealer(
            ...     flow=0.1, decay=1.0, size=1.0, volatility=1.0, risk_aversion=0.01, cost=2.0, slippage=1.0))
            >>> zone.rate_at(0.0), zone.rate_at(10.0) < 0.0
            (0.0, True)
        """
        if abs(inventory) <= self.threshold:
            return 0.0
        return float(np.interp(inventory, self.inventory, self.rate))


def internalisation_zone(dealer: Dealer) -> Zone:
    """Value, quotes and hedge rate of a dealer, and where it begins to hedge.

    Raises:
        DomainError: there is no solution: the impact is so large that to push the price is a gain.

    Examples:
        >>> zone = internalisation_zone(Dealer(
        ...     flow=0.1, decay=1.0, size=1.0, volatility=1.0, risk_aversion=0.01, cost=2.0, slippage=1.0))
        >>> round(zone.threshold, 3)
        6.597
        >>> dear = internalisation_zone(Dealer(
        ...     flow=0.1, decay=1.0, size=1.0, volatility=1.0, risk_aversion=0.01, cost=4.0, slippage=1.0))
        >>> dear.threshold > zone.threshold
        True
    """
    n = 2 * dealer.most + 1
    slope, rate, bid, ask = np.zeros(n - 1), np.zeros(n), np.empty(n), np.empty(n)
    terms = (
        dealer.flow, dealer.decay, dealer.size, dealer.volatility, dealer.risk_aversion, dealer.cost, dealer.slippage,
        dealer.impact,
    )  # fmt: skip
    gain, steps = solve_zone(*terms, slope, bid, ask, rate)
    if steps >= MOST_STEPS or not isfinite(gain):
        raise DomainError(
            f"internalisation zone: no solution for {dealer}; want an impact small beside what a hedge costs: "
            "a dealer whose hedges move the price enough gains by moving it"
        )
    value = np.concatenate([[0.0], np.cumsum(slope * dealer.size)])
    bid[-1] = ask[0] = np.nan
    return Zone(
        inventory=dealer.size * np.arange(-dealer.most, dealer.most + 1.0), value=value - value[dealer.most], bid=bid,
        ask=ask, rate=rate, threshold=float(zone_edge(dealer.size, dealer.cost, dealer.impact, slope)), gain=gain,
    )  # fmt: skip


@kernel
def solve_zone(flow, decay, size, volatility, aversion, cost, slippage, impact, slope, bid, ask, rate):
    """Policy iteration: fills ``slope`` ``(n - 1,)`` of theta between neighbours; ``bid``, ``ask``, ``rate`` ``(n,)``.

    Begins from the slopes it is given. Returns gain a second and steps taken, ``MOST_STEPS`` where it did not settle.
    """
    n, gain = rate.shape[0], 0.0
    up, down, reward, chance = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    for step in range(MOST_STEPS):
        _improve(
            flow, decay, size, volatility, aversion, cost, slippage, impact, slope, bid, ask, rate, up, down, reward
        )
        gain, moved = _evaluate(up, down, reward, chance, size, decay, slope)
        if moved <= SAME:
            return gain, step + 1
    return gain, MOST_STEPS


@kernel
def _improve(flow, decay, size, volatility, aversion, cost, slippage, impact, slope, bid, ask, rate, up, down, reward):
    """The best quotes and hedge at each inventory, for the slopes of theta; rates of steps up and down, and money."""
    n = rate.shape[0]
    for at in range(n):
        q = (at - n // 2) * size
        earned, up[at], down[at], rate[at] = -0.5 * aversion * volatility * volatility * q * q, 0.0, 0.0, 0.0
        if at < n - 1:
            bid[at] = max(1.0 - decay * slope[at], -DEEPEST) / decay
            up[at] = flow * exp(-decay * bid[at], 0.0)
            earned += up[at] * size * bid[at]
            rate[at] += max(slope[at] + impact * q - cost, 0.0) / (2.0 * slippage)
        if at > 0:
            ask[at] = max(1.0 + decay * slope[at - 1], -DEEPEST) / decay
            down[at] = flow * exp(-decay * ask[at], 0.0)
            earned += down[at] * size * ask[at]
            rate[at] -= max(-slope[at - 1] - impact * q - cost, 0.0) / (2.0 * slippage)
        v = rate[at]
        up[at] += max(v, 0.0) / size
        down[at] += max(-v, 0.0) / size
        reward[at] = earned + impact * q * v - cost * abs(v) - slippage * v * v


@inlined
def _far(new, old, decay):
    return abs(new - old) / (abs(new) + 1.0 / decay)


@kernel
def _evaluate(up, down, reward, chance, size, decay, slope):
    """Slopes of theta under a policy, and its gain; returns the gain and how far slopes moved, as a share."""
    n = up.shape[0]
    middle = n // 2
    chance[middle], total = 1.0, 1.0
    for at in range(middle + 1, n):  # balance of neighbours, from the middle outwards: it fades there
        chance[at] = chance[at - 1] * up[at - 1] / down[at]
        total += chance[at]
    for at in range(middle - 1, -1, -1):
        chance[at] = chance[at + 1] * down[at + 1] / up[at]
        total += chance[at]
    gain = 0.0
    for at in range(n):
        gain += chance[at] / total * reward[at]
    moved, last = 0.0, 0.0
    for at in range(middle):  # from each end inwards: errors fade
        last = (gain - reward[at] + down[at] * last) / up[at]
        moved, slope[at] = max(moved, _far(last / size, slope[at], decay)), last / size
    last = 0.0
    for at in range(n - 1, middle, -1):
        last = (reward[at] - gain + up[at] * last) / down[at]
        moved, slope[at - 1] = max(moved, _far(last / size, slope[at - 1], decay)), last / size
    return gain, moved


@kernel
def zone_edge(size, cost, impact, slope):
    """q*: where the gain of a hedge, linear between two of the grid, first exceeds its cost; inf if nowhere."""
    middle, before = slope.shape[0] // 2, 0.0
    for step in range(1, slope.shape[0] - middle + 1):
        after = -slope[middle + step - 1] - impact * step * size
        if after > cost:
            return size * (step - 1 + (max(cost - before, 0.0) / (after - before)))
        before = after
    return np.inf
