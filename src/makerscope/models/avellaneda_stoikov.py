# ruff: noqa: ANN001, ANN202 - compiled functions take the types their docstrings say, in order
"""Avellaneda-Stoikov: reservation price and spread, and the published simulation under a declared order of events."""

from math import exp, inf, log1p, sqrt
from typing import NamedTuple

import numpy as np

from makerscope.errors import DomainError
from makerscope.kernels._jit import kernel
from makerscope.kernels.dice import streams, uniform
from makerscope.models.inventory_quotes import want_finite, want_positive

ORDERS = ("price-first", "fill-first")


def half_spread(*, gamma: float, k: float) -> float:
    """``ln(1 + gamma / k) / gamma``, in price: half of the spread that the paper's tables print.

    Raises:
        DomainError: a number that is not above 0.

    Examples:
        >>> round(2 * half_spread(gamma=0.1, k=1.5), 4)
        1.2908
    """
    want_positive(gamma=gamma, k=k)
    return log1p(gamma / k) / gamma


def avellaneda_stoikov_quotes(
    *, mid: float, inventory: float, sigma: float, gamma: float, k: float, left: float
) -> tuple[float, float]:
    """(bid, ask) prices around the reservation price.

    Args:
        mid: s, price.
        inventory: q, in quotes.
        sigma: volatility, price per square root of time.
        gamma: risk aversion, per unit of money; above 0.
        k: decay of fills with distance, per unit of price; above 0.
        left: T - t, time to the end, 0 or more.

    Raises:
        DomainError: a number outside its range.

    Source:
        M. Avellaneda, S. Stoikov (2008), Quantitative Finance 8, 217-224, equations (29) and (30).

    Examples:
        >>> bid, ask = avellaneda_stoikov_quotes(mid=100, inventory=1, sigma=2, gamma=0.1, k=1.5, left=0.5)
        >>> round(bid, 4), round(ask, 4)
        (99.0546, 100.5454)
    """
    want_finite(mid=mid, inventory=inventory)
    if not (0 <= sigma < inf and 0 <= left < inf):
        raise DomainError(f"want sigma and left of 0 or more; got {sigma}, {left}")
    risk = gamma * sigma**2 * left
    half = half_spread(gamma=gamma, k=k) + 0.5 * risk
    centre = mid - inventory * risk
    return centre - half, centre + half


class Outcome(NamedTuple):
    """Over the runs: mean and standard deviation of final wealth and of the final position."""

    profit: float
    profit_std: float
    final_q: float
    final_q_std: float


@kernel
def _play(dice, runs, steps, dt, start, sigma, A, k, half, skew, price_first, wealth, held):  # noqa: PLR0917
    move = sigma * sqrt(dt)
    for run in range(runs):
        s, q, x = start, 0, 0.0
        for step in range(steps):
            centre = s - skew * q * (steps - step) * dt
            bid, ask = centre - half, centre + half
            if price_first:
                s += move if uniform(dice, 0) < 0.5 else -move
            bought = uniform(dice, 1) < A * exp(-k * (s - bid)) * dt
            sold = uniform(dice, 2) < A * exp(-k * (ask - s)) * dt
            if bought:
                q, x = q + 1, x - bid
            if sold:
                q, x = q - 1, x + ask
            if not price_first:
                s += move if uniform(dice, 0) < 0.5 else -move
        wealth[run], held[run] = x + q * s, q


def simulated_table(
    *, gamma: float, inventory: bool, order: str, mid: float = 100.0, sigma: float = 2.0, A: float = 140.0,
    k: float = 1.5, duration: float = 1.0, dt: float = 0.005, runs: int = 100_000, seed: int = 1,
) -> Outcome:  # fmt: skip
    """The paper's numerical test. The printed spread is constant: it omits ``gamma sigma^2 (T - t)``.

    The order of events decides about a fiftieth of the profit. ``price-first``: post, move the mid, take the fill
    probability from the new mid and fill at the posted price (a built-in pick-off loss). ``fill-first``: fills by the
    old mid, then the mid moves. The fill probability ``A e^(-k delta) dt`` is capped at 1.

    Args:
        gamma: risk aversion; above 0.
        inventory: whether the centre leans by ``q gamma sigma^2 (T - t)``; False is the symmetric control.
        order: ``"price-first"`` or ``"fill-first"``.
        mid: s, the price at the start.
        sigma: volatility, price per square root of time.
        A: fills per unit of time at the mid.
        k: decay of fills, per unit of price.
        duration: T.
        dt: one step of time.
        runs: how many; at least 2.
        seed: of the dice.

    Raises:
        DomainError: a number outside its range, or another order.

    Source:
        The same paper, tables 1 to 3.
    """
    if order not in ORDERS:
        raise DomainError(f"want an order of {' or '.join(ORDERS)}; got {order!r}")
    if runs < 2:
        raise DomainError(f"want at least 2 runs; got {runs}")
    want_positive(sigma=sigma, A=A, duration=duration, dt=dt)
    want_finite(mid=mid)
    half = half_spread(gamma=gamma, k=k)
    wealth, held = np.empty(runs), np.empty(runs, np.int64)
    dice = streams(seed, ("mid", "bid", "ask"))
    skew = gamma * sigma**2 if inventory else 0.0
    _play(dice, runs, round(duration / dt), dt, mid, sigma, A, k, half, skew, order == ORDERS[0], wealth, held)
    return Outcome(*(float(x) for x in (wealth.mean(), wealth.std(), held.mean(), held.std())))
