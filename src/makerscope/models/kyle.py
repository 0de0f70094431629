"""Kyle (1985): an insider who hides in noise, in one auction, in N auctions and in continuous trading.

A value ``v`` is normal with variance ``Sigma0`` around the first price; noise traders bring ``sigma_u2`` of variance
over the whole time, 1; market makers see only the sum of all orders and set ``p`` to the mean of ``v`` given it. In
auction ``n`` the insider orders ``beta_n (v - p_{n-1}) dt``, the price moves by ``lambda_n`` per unit of order flow.
"""

from dataclasses import dataclass
from math import isfinite, sqrt

import numpy as np
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.kernels._jit import kernel

Real = NDArray[np.float64]
MOST_AUCTIONS = 100_000
HALVINGS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Kyle:
    """The equilibrium of N auctions.

    Args:
        impact: lambda, price per unit of order flow, shape ``(N,)``.
        intensity: beta, order per unit of mispricing and of time, shape ``(N,)``.
        uncertainty: Sigma, variance of the value given all that was traded, shape ``(N + 1,)``, before and after each.
        profit: of the insider, expected before he knows the value.
    """

    impact: Real
    intensity: Real
    uncertainty: Real
    profit: float


def kyle(auctions: int, *, variance: float = 1.0, noise: float = 1.0) -> Kyle:
    """The equilibrium of N auctions with equal times between them.

    The recursion runs backwards from the last uncertainty, which is unknown. But all of it scales with that number, so
    one pass from 1 and a division are the whole shooting.

    Args:
        auctions: N.
        variance: ``Sigma0`` of the value, price squared, > 0.
        noise: ``sigma_u2``, variance of the noise traders' orders over all auctions, size squared, > 0.

    Raises:
        DomainError: a number is out of range.

    Source:
        A. Kyle (1985), Econometrica 53, 1315-1335, theorems 1 and 2.

    Examples:
        >>> one = kyle(1)
        >>> one.impact.tolist(), one.profit
        ([0.5], 0.5)
    """
    if not 1 <= auctions <= MOST_AUCTIONS:
        raise DomainError(f"{auctions} auctions; want 1 to {MOST_AUCTIONS:,}")
    if not (isfinite(variance) and isfinite(noise) and variance > 0 and noise > 0):
        raise DomainError(f"variance {variance}, noise {noise}; want both above 0")
    impact, intensity, left = np.empty(auctions), np.empty(auctions), np.empty(auctions + 1)
    profit = float(backwards(auctions, impact, intensity, left))
    price, size = sqrt(variance), sqrt(noise)
    return Kyle(
        impact=impact * price / size,
        intensity=intensity * size / price,
        uncertainty=left * variance,
        profit=profit * price * size,
    )


@kernel
def backwards(n: int, impact: Real, intensity: Real, left: Real) -> float:
    """Fill the equilibrium for ``Sigma0 = sigma_u2 = 1`` and give the insider's profit.

    In each auction ``(1 - lambda^2 dt / Sigma)(1 - a lambda) = 1/2`` has one root between 0 and the smaller of the two
    places where a factor vanishes: it is bisected there, to the last bit.
    """
    dt, value, rest = 1.0 / n, 0.0, 0.0
    left[n] = 1.0
    for i in range(n - 1, -1, -1):
        sigma = left[i + 1]
        low, high = 0.0, sqrt(sigma / dt)
        if value > 0.0:
            high = min(high, 1.0 / value)
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            if (1.0 - middle * middle * dt / sigma) * (1.0 - value * middle) > 0.5:
                low = middle
            else:
                high = middle
        step = 0.5 * (low + high)
        impact[i], intensity[i] = step, step / sigma
        left[i] = sigma / (1.0 - intensity[i] * step * dt)
        rest += value * step * step * dt
        value = 1.0 / (4.0 * step * (1.0 - value * step))
    first = left[0]
    scale = sqrt(first)
    profit = (value * first + rest) / scale
    for i in range(n):
        impact[i] /= scale
        intensity[i] *= scale
        left[i] /= first
    left[n] /= first
    return profit


def intensity_in_time(time: float, *, variance: float = 1.0, noise: float = 1.0) -> float:
    """``beta(t)`` in continuous trading over the time from 0 to 1: the insider trades ``beta (v - p) dt``.

    Raises:
        DomainError: a number is out of range.

    Source:
        Kyle (1985), theorem 3: ``beta = sqrt(sigma_u2 / Sigma0) / (1 - t)``; lambda is ``sqrt(Sigma0 / sigma_u2)``.

    Examples:
        >>> intensity_in_time(0.5)
        2.0
    """
    if not (0 <= time < 1 and variance > 0 and noise > 0):
        raise DomainError(f"time {time}, variance {variance}, noise {noise}; want 0 <= time < 1 and both above 0")
    return sqrt(noise / variance) / (1.0 - time)
