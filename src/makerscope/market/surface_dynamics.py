"""An implied-volatility surface that moves with the reference price and never allows an arbitrage.

Total variance at the money follows what Heston's variance is expected to add up to, as the market prices it:

    theta(T) = e^(2 stuck) (later T + (near - later) (1 - e^(-kappa T)) / kappa)
    near = variance now (1 + premium)^2 e^(2 x)         later = long-run level e^(2 y)

and every expiry is a slice of SSVI with one ``rho`` and ``phi = eta / sqrt(theta (1 + theta))``. Since ``near`` and
``later`` are positive, theta rises with T; with ``eta (1 + |rho|) <= 2``, kept at all times, that is free of butterfly
and calendar arbitrage at every strike and expiry, whatever the noise does. ``x``, ``y`` and the noises of rho and of
ln(eta) return to 0.

The smile belongs to log-moneyness (sticky delta). ``stuck`` adds ``stickiness rho phi / 2`` times each move of log
spot, phi at the tenor ``tenor``: with 1 the volatility of a fixed strike near the money stays (sticky strike), with 0
that of a fixed moneyness. What the variance process does together with the spot comes on top.

Source: J. Gatheral, A. Jacquier (2014), Arbitrage-free SVI volatility surfaces, Quantitative Finance 14, 59-71,
theorems 4.1 and 4.2; L. Bergomi (2009), Smile dynamics IV, Risk 22(12): the skew stickiness ratio.
"""
# ruff: noqa: ANN001, ANN201, ANN202 - a kernel is compiled for the types it is called with, by position

from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError
from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.black76 import LARGEST_S, SMALLEST_S, both_sides
from makerscope.kernels.dice import normal
from makerscope.kernels.elementary import exp, log
from makerscope.market.reference_terms import YEAR_NS, logarithm

LEVEL, SPEED, PREMIUM, RHO, ETA, STICKINESS, TENOR, RETURN, CARRY, NEAR_NOISE, FAR_NOISE, RHO_NOISE, ETA_NOISE = range(
    13
)
STUCK, X, Y, SLANT, CURL, LAST_LOG, NEAR, LATER, NOW_RHO, NOW_ETA = range(10)  # state
SURFACE_STATE = 10
LOG_STRIKE, STRIKE, CALL, TICKS, BOARD_ROWS = range(5)
VOLATILITY, PRICE, DELTA, VEGA, MARKS = range(5)
FORWARD, LOG_FORWARD, HALF, PHI, ROOT, EXPIRY_COLUMNS = range(6)
MOST_RHO, MOST_STUCK, LEAST_THETA = 0.95, 1.5, 1e-14
NAN = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceTerms:
    """How the surface of one underlying looks and moves. Years have 365 days.

    Args:
        level: implied variance a year in the long run, > 0.
        speed: at which implied variance returns to it, a year, > 0.
        premium: by which implied volatility exceeds that of the price, fraction (0.1 is a tenth more).
        rho: tilt of the smile, strictly between -0.95 and 0.95.
        eta: curvature, > 0; ``eta (1 + |rho|) <= 2``.
        stickiness: 0 sticky delta, 1 sticky strike; others are allowed.
        tenor: years, where the stickiness holds.
        carry: forward over spot, a year: ``F = S e^(carry T)``.
        near_noise, far_noise: standard deviation of ln of the near and of the far volatility.
        rho_noise: of rho.
        eta_noise: of ln(eta).
        half_life: years in which half of a noise, and of what stuck, fades.
    """

    level: float
    speed: float = 5.0
    premium: float = 0.05
    rho: float = -0.2
    eta: float = 0.8
    stickiness: float = 0.5
    tenor: float = 30 / 365
    carry: float = 0.0
    near_noise: float = 0.0
    far_noise: float = 0.0
    rho_noise: float = 0.0
    eta_noise: float = 0.0
    half_life: float = 2 / 365

    def __post_init__(self) -> None:
        positive = (self.level, self.speed, self.eta, self.tenor, self.half_life, 1.0 + self.premium)
        if not (min(positive) > 0.0 and max(positive) < np.inf):
            raise DomainError(f"want level, speed, eta, tenor, half_life above 0 and premium above -1; got {self}")
        if not (abs(self.rho) < MOST_RHO and self.eta * (1.0 + abs(self.rho)) <= 2.0):
            raise DomainError(f"want |rho| < {MOST_RHO} and eta (1 + |rho|) <= 2; got {self}")
        if not (min(self.noises) >= 0.0 and max(self.noises) < 2.0 and abs(self.stickiness) < 10.0):
            raise DomainError(f"want noises from 0 to 2 and |stickiness| < 10; got {self}")
        if not abs(self.carry) < 10.0:
            raise DomainError(f"carry is {self.carry}; want a rate a year")

    @property
    def noises(self) -> tuple[float, float, float, float]:
        """Standard deviations of the four noises."""
        return self.near_noise, self.far_noise, self.rho_noise, self.eta_noise


class Board(NamedTuple):
    """Series of one underlying, any order.

    ``series`` float64 ``(4, n)``: ln strike, strike, 1 for a call, ticks in one unit of premium. ``group`` int64
    ``(n,)``: place of its expiry in ``expiry`` int64 ``(m,)``, ns. ``slices`` and ``work`` are room to work in.
    """

    series: NDArray[np.float64]
    group: NDArray[np.int64]
    expiry: NDArray[np.int64]
    slices: NDArray[np.float64]
    work: NDArray[np.float64]


def surface_plan(terms: SurfaceTerms) -> NDArray[np.float64]:
    """The numbers of one surface for compiled code, float64 ``(13,)``."""
    return np.array(
        [
            terms.level, terms.speed, terms.premium, terms.rho, terms.eta, terms.stickiness, terms.tenor,
            0.6931471805599453 / terms.half_life, terms.carry, *terms.noises,
        ]
    )  # fmt: skip


def option_board(*, strike: ArrayLike, expiry: ArrayLike, is_call: ArrayLike, tick: ArrayLike) -> Board:
    """Lay out series for ``option_marks``.

    Args:
        strike: quote currency, ``(n,)``.
        expiry: ns, ``(n,)``.
        is_call: ``(n,)``.
        tick: of the premium, quote currency, one or ``(n,)``.

    Raises:
        DomainError: shapes disagree, or a strike or tick is not above 0.
    """
    K, when, call = np.asarray(strike, np.float64), np.asarray(expiry, np.int64), np.asarray(is_call, np.bool_)
    if K.ndim != 1 or not K.shape == when.shape == call.shape:
        raise DomainError(f"shapes {K.shape}, {when.shape}, {call.shape} of series disagree")
    ticks = np.broadcast_to(np.asarray(tick, np.float64), K.shape)
    if not (np.all((K > 1e-300) & (K < 1e300)) and np.all((ticks > 1e-300) & (ticks < 1e300))):
        raise DomainError("a strike or tick is not a finite number above 0")
    dates, group = np.unique(when, return_inverse=True)
    logs = np.array([logarithm(one) for one in K.tolist()]).reshape(K.shape)
    series = np.stack([logs, K, call.astype(np.float64), 1.0 / ticks])
    return Board(series, group.astype(np.int64), dates, np.zeros((dates.size, EXPIRY_COLUMNS)), np.zeros((4, K.size)))


def surface_start(plan: NDArray[np.float64], spot: float, variance: float) -> NDArray[np.float64]:
    """State of a surface without noise, float64 ``(10,)``."""
    state = np.zeros(SURFACE_STATE)
    state[LAST_LOG] = logarithm(float(spot))
    _shape(plan, state, float(variance))
    return state


@kernel
def surface_step(plan, state, spot, variance, elapsed, dice, k):
    """Move the surface ``elapsed`` ns on, to a new spot and variance of the price; four normals of stream ``k``."""
    years = elapsed / YEAR_NS
    kept = exp(-plan[RETURN] * years, 0.0)
    fresh = sqrt(1.0 - kept * kept)
    for i in range(4):
        state[X + i] = kept * state[X + i] + fresh * plan[NEAR_NOISE + i] * normal(dice, k)
    log_spot = log(spot)
    theta = max(_theta(plan, state, plan[TENOR]), LEAST_THETA)
    tilt = 0.5 * state[NOW_RHO] * state[NOW_ETA] / sqrt(theta * (1.0 + theta))
    stuck = kept * state[STUCK] + plan[STICKINESS] * tilt * (log_spot - state[LAST_LOG])
    state[STUCK] = min(max(stuck, -MOST_STUCK), MOST_STUCK)
    state[LAST_LOG] = log_spot
    _shape(plan, state, variance)


@kernel
def _shape(plan, state, variance):
    """Near and far variance, rho and eta of a state; the last two kept where no arbitrage is."""
    level = 1.0 + plan[PREMIUM]
    state[NEAR] = max(variance, 0.0) * level * level * exp(2.0 * state[X], 0.0)
    state[LATER] = plan[LEVEL] * exp(2.0 * state[Y], 0.0)
    rho = min(max(plan[RHO] + state[SLANT], -MOST_RHO), MOST_RHO)
    state[NOW_RHO] = rho
    state[NOW_ETA] = min(plan[ETA] * exp(state[CURL], 0.0), 2.0 / (1.0 + abs(rho)))


@inlined
def _theta(plan, state, years):
    """Total variance at the money."""
    x = plan[SPEED] * years
    share = years * (1.0 - x * (0.5 - x / 6.0)) if x < 1e-5 else (1.0 - exp(-x, 0.0)) / plan[SPEED]
    return exp(2.0 * state[STUCK], 0.0) * (state[LATER] * years + (state[NEAR] - state[LATER]) * share)


@kernel
def expiry_slices(plan, state, spot, now, expiry, out):
    """Forward, its log, theta / 2, phi and sqrt(years) of each expiry; ``out`` float64 ``(m, 5)``."""
    log_spot = log(spot)
    for j in range(expiry.shape[0]):
        years = max(expiry[j] - now, 0) / YEAR_NS
        theta = max(_theta(plan, state, years), LEAST_THETA)
        out[j, FORWARD] = spot * exp(plan[CARRY] * years, 0.0)
        out[j, LOG_FORWARD] = log_spot + plan[CARRY] * years
        out[j, HALF] = 0.5 * theta
        out[j, PHI] = state[NOW_ETA] / sqrt(theta * (1.0 + theta))
        out[j, ROOT] = sqrt(years)


@kernel
def option_marks(plan, state, board, spot, now, out, ticks):
    """Model volatility, price, delta (to the forward) and vega of every series, and the price in whole ticks.

    ``out`` float64 ``(4, n)``, ``ticks`` int64 ``(n,)``, nearest tick and at least 0. From its expiry on a series is
    worth its payoff on the spot and its volatility is NaN.
    """
    expiry_slices(plan, state, spot, now, board.expiry, board.slices)
    _price(board.series, board.group, board.slices, board.work, state[NOW_RHO], out, ticks)


@kernel
def _price(series, group, slices, work, rho, out, ticks):
    """Look up the slice of each series, then volatility, then price: loops that the compiler can vectorise."""
    log_strike, strike, call, units = series[LOG_STRIKE], series[STRIKE], series[CALL], series[TICKS]
    forward, half, scaled, root = work[0], work[1], work[2], work[3]
    volatility, price, delta, vega = out[VOLATILITY], out[PRICE], out[DELTA], out[VEGA]
    for i in range(group.shape[0]):
        j = group[i]
        forward[i], half[i], root[i] = slices[j, FORWARD], slices[j, HALF], slices[j, ROOT]
        scaled[i] = (log_strike[i] - slices[j, LOG_FORWARD]) * slices[j, PHI]
    rest = 1.0 - rho * rho
    for i in range(group.shape[0]):
        x = scaled[i] + rho
        w = half[i] * (1.0 + rho * scaled[i] + (x * x + rest) ** 0.5)
        volatility[i] = w**0.5 if root[i] > 0.0 else 0.0
    for i in range(group.shape[0]):
        F, K, total = forward[i], strike[i], volatility[i]
        alive = root[i] > 0.0
        s = min(max(total, SMALLEST_S), LARGEST_S)
        value, density, _d1, _d2, below, above, _below, _above = both_sides(F, K, s, 0.0)
        is_call = call[i] > 0.0
        gain = F - K if is_call else K - F
        per_root = total / root[i]
        price[i] = max(gain, 0.0) + value
        delta[i] = below if is_call else -above
        vega[i] = density * root[i]
        volatility[i] = per_root if alive else NAN
    for i in range(group.shape[0]):
        ticks[i] = np.int64(price[i] * units[i] + 0.5)


def raw_svi(slices: NDArray[np.float64], rho: float) -> NDArray[np.float64]:
    """Slices of ``expiry_slices`` as raw SVI ``a, b, rho, m, sigma``, float64 ``(m, 5)``, for ``pricing.surface``.

    Examples:
        >>> raw_svi(np.array([[100.0, 4.605, 0.02, 2.0, 0.5]]), 0.0).tolist()
        [[0.02, 0.04, 0.0, -0.0, 0.5]]
    """
    half, phi = slices[:, HALF], slices[:, PHI]
    flat = np.sqrt(1.0 - rho * rho)
    return np.stack([half * flat * flat, half * phi, np.full_like(phi, rho), -rho / phi, flat / phi], axis=1)
