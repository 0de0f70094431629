"""The reference price: Heston-type volatility, jumps and scheduled shocks on a regular grid of time.

Each step takes exactly two normal numbers a price, whatever the parameters, and jumps have dice of their own: two
scenarios of one seed stay comparable step by step. Variance moves by Andersen's quadratic-exponential scheme, which
never goes below 0 and is exact in mean and variance at any step; log price moves by its integral (central weights),
with his correction that keeps the price a martingale. The normal number ``W`` of the price and ``V`` of the variance
are turned so that the prices of several underlyings have the stated correlation exactly, whatever their ``rho``.

``advance`` is the compiled step over a chunk; chunk after chunk gives the same bits as all at once.

Source:
    L. Andersen (2008), Simple and efficient simulation of the Heston stochastic volatility model, J. Computational
    Finance 11(3), 1-42: scheme QE-M, section 3.2 and proposition 9, with gamma1 = gamma2 = 1/2.
    R. Merton (1976), J. Financial Economics 3, 125-144; S. Kou (2002), Management Science 48, 1086-1101: jumps.
"""
# ruff: noqa: ANN001, ANN201, ANN202 - a kernel is compiled for the types it is called with, by position

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.dice import exponential, normal, uniform
from makerscope.kernels.elementary import exp, log, ndtr
from makerscope.market.reference_terms import (
    DRIFT,
    FADE,
    FLAT,
    JUMP_FIRST,
    JUMP_KIND,
    JUMP_RATE,
    JUMP_SECOND,
    JUMP_UP,
    NORMAL_JUMPS,
    OWN,
    PULL,
    REST,
    RHO,
    START,
    TILT,
    TOWARDS,
    VARIANCE,
    YEARS,
    ReferencePlan,
)

LOG_MOVE, NOW_VARIANCE, JUMP_WAIT, FIRST_NORMAL, JUMPS = range(5)  # state of a price; its move since the start
STATE = 5
STREAMS = 3  # of random numbers for each price: price, variance, jumps
CROSSING = 1.5  # of Andersen's psi, where the scheme changes


@dataclass(frozen=True, slots=True, eq=False)
class PricePath:
    """Prices on a regular grid; simulated or recorded.

    Args:
        begin: ns of the first value.
        step: ns between two values.
        spot: float64 ``(n, steps)``, quote currency.
        variance: float64 ``(n, steps)``, a year of 365 days; of the price from this time on.
        heard: bool ``(n, steps)``: False where a recording has a gap and the value is the last one known.
    """

    begin: int
    step: int
    spot: NDArray[np.float64]
    variance: NDArray[np.float64]
    heard: NDArray[np.bool_]

    @property
    def end(self) -> int:
        """The time after the last step, ns."""
        return self.begin + self.step * self.spot.shape[1]


def stream_names(names: Sequence[str]) -> list[str]:
    """Names of the streams that prices roll, for ``kernels.dice.streams``: three a price, in order.

    Examples:
        >>> stream_names(["BTC"])
        ['reference BTC price', 'reference BTC variance', 'reference BTC jumps']
    """
    return [f"reference {name} {what}" for name in names for what in ("price", "variance", "jumps")]


def reference_path(
    plan: ReferencePlan, steps: int, dice: NDArray[np.uint64], k: int = 0, *, begin: int = 0
) -> PricePath:
    """A whole path; value ``i`` is at ``begin + i * step``, the first one the given spot.

    Args:
        plan: of ``reference_terms.plan_of``.
        steps: how many values.
        dice: moved on; prices roll streams ``k`` to ``k + 3 n - 1``.
        k: first stream.
        begin: ns.

    Raises:
        DomainError: fewer than 1 step, or too few streams.

    Examples:
        >>> from makerscope.kernels.dice import streams
        >>> from makerscope.market.reference_terms import Underlying, plan_of
        >>> plan = plan_of([Underlying(name="BTC", spot=100.0, v0=0.36, theta=0.36, xi=1.0, rho=-0.3)], step=10**9)
        >>> path = reference_path(plan, 4, streams(7, stream_names(["BTC"])))
        >>> path.spot.shape, float(path.spot[0, 0])
        ((1, 4), 100.0)
    """
    n = plan.constants.shape[0]
    if steps < 1 or k < 0 or dice.shape[0] < k + STREAMS * n:
        raise DomainError(
            f"{steps} steps of {n} prices from stream {k} of {dice.shape[0]}; want 1 step and {STREAMS} streams each"
        )
    spot, variance = np.empty((n, steps)), np.empty((n, steps))
    advance(plan, start(plan, dice, k), begin, dice, k, spot, variance)
    return PricePath(begin, plan.step, spot, variance, np.ones((n, steps), np.bool_))


def start(plan: ReferencePlan, dice: NDArray[np.uint64], k: int = 0) -> NDArray[np.float64]:
    """State before the first step, float64 ``(n, STATE)``; rolls the wait for the first jump."""
    state = np.zeros((plan.constants.shape[0], STATE))
    state[:, NOW_VARIANCE] = plan.constants[:, VARIANCE]
    for i, rate in enumerate(plan.constants[:, JUMP_RATE].tolist()):
        if rate > 0.0:
            state[i, JUMP_WAIT] = exponential(dice, k + STREAMS * i + 2) / rate
    return state


@kernel
def advance(plan, state, begin, dice, k, spot, variance):
    """Write ``spot`` and ``variance`` ``(n, steps)`` at ``begin, begin + step, ...``; leave ``state`` after the last.

    ``variance`` is what drives the price from that time on: with the factor of a shock, squared. Returns the time
    of the next value.
    """
    n, steps = spot.shape
    for t in range(steps):
        now = begin + t * plan.step
        for i in range(n):
            push, factor = _scheduled(plan.when, plan.what, i, now, now + plan.step)
            spot[i, t] = plan.constants[i, START] * exp(state[i, LOG_MOVE], 0.0)
            variance[i, t] = state[i, NOW_VARIANCE] * factor * factor
            own = normal(dice, k + STREAMS * i)
            state[i, FIRST_NORMAL] = own
            common = 0.0
            for j in range(i + 1):
                common += plan.mix[i, j] * state[j, FIRST_NORMAL]
            other = normal(dice, k + STREAMS * i + 1)
            _move(plan.constants[i], state[i], common, other, factor, push)
            if plan.constants[i, JUMP_RATE] > 0.0:
                _jump(plan.constants[i], state[i], dice, k + STREAMS * i + 2)
    return begin + steps * plan.step


@inlined
def _scheduled(when, what, i, since, until):
    """Move of log price and factor of volatility that shocks ask for in ``[since, until)``."""
    push, factor = 0.0, 1.0
    for s in range(when.shape[0]):
        if when[s, 0] == i and when[s, 1] < until and when[s, 2] > since:
            push += what[s, 0] * (min(when[s, 2], until) - max(when[s, 1], since))
            factor *= what[s, 1] if when[s, 1] <= since else 1.0
    return push, factor


@inlined
def _next_variance(c, v, z):
    """Variance after the step; and what the correction needs: a and b squared, or beta and -p of the other branch."""
    mean = c[TOWARDS] + v * c[FADE]
    spread = v * c[OWN] + c[REST]
    if not spread > 0.0:
        return mean, mean, 0.0
    psi = spread / (mean * mean)
    if psi <= CROSSING:
        twice = 2.0 / psi
        b2 = twice - 1.0 + sqrt(twice) * sqrt(twice - 1.0)
        a = mean / (1.0 + b2)
        root = sqrt(b2) + z
        return a * root * root, a, b2
    p = (psi - 1.0) / (psi + 1.0)
    beta = (1.0 - p) / mean
    above = ndtr(-z)  # uniform; the variance is 0 with chance p
    return (log((1.0 - p) / above) / beta if above < 1.0 - p else 0.0), beta, -p


@inlined
def _log_growth(A, first, second):
    """The logarithm of E exp(A v) of the next variance; NaN where that is infinite."""
    if second > 0.0:
        left = 1.0 - 2.0 * A * first
        return A * second * first / left - 0.5 * log(left) if left > 0.0 else np.nan
    if second < 0.0:
        return log(-second + first * (1.0 + second) / (first - A)) if first > A else np.nan
    return A * first


@inlined
def _move(c, state, common, other, factor, push):
    """Variance and log price one step on, from the normal number of the price and an independent one."""
    v = state[NOW_VARIANCE]
    z = c[RHO] * common + c[FLAT] * other
    left = c[FLAT] * common - c[RHO] * other  # the part of the price's number that variance does not see
    later, first, second = _next_variance(c, v, z)
    half = 0.25 * factor * factor * c[YEARS]
    part = 2.0 * half * c[FLAT] * c[FLAT]
    K1 = factor * c[TILT] * (0.5 * c[PULL] - 1.0) - half
    K2 = factor * c[TILT] * (0.5 * c[PULL] + 1.0) - half
    growth = _log_growth(K2 + 0.5 * part, first, second)
    K0 = -growth - (K1 + 0.5 * part) * v
    if not abs(K0) < 1e300:
        K0 = -factor * c[TILT] * c[TOWARDS]
    noise = sqrt(part * (v + later)) * left
    state[LOG_MOVE] += (c[DRIFT] + push) + ((K0 + K1 * v + K2 * later) + noise)
    state[NOW_VARIANCE] = later


@inlined
def _jump(c, state, dice, k):
    """All jumps of one step."""
    state[JUMP_WAIT] -= c[YEARS]
    while state[JUMP_WAIT] <= 0.0:
        if c[JUMP_KIND] == NORMAL_JUMPS:
            size = c[JUMP_FIRST] + c[JUMP_SECOND] * normal(dice, k)
        else:
            up = uniform(dice, k) < c[JUMP_UP]
            size = exponential(dice, k) * (c[JUMP_FIRST] if up else -c[JUMP_SECOND])
        state[LOG_MOVE] += size
        state[JUMPS] += 1.0
        state[JUMP_WAIT] += exponential(dice, k) / c[JUMP_RATE]
