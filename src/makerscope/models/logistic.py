"""Logistic demand for an option, and what a dealer earns from it at the best price, in closed form.

A client trades with intensity ``Lambda(delta) = lambda / (1 + exp(alpha + beta delta / V))``: ``delta`` is how far the
quote stands from the model price, against the client, ``V`` the option's vega; ``delta / V`` is the distance in
volatility. With ``b = beta / V`` the Hamiltonian ``H(p) = sup over delta of Lambda(delta) (delta - p)`` is

    w = W(exp(-1 - alpha - b p)),    H(p) = lambda w / b,    delta* = p + (1 + w) / b

because at the best distance ``b (delta - p) (1 - Lambda / lambda) = 1``, which is ``w e^w = e^(-1 - alpha - b p)`` for
``w = b (delta - p) - 1``. No root is searched.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError
from makerscope.models.lambert import lambert_w_of_exp

Floats = NDArray[np.float64]


def fill_share(delta: ArrayLike, *, alpha: float, beta: float, vega: ArrayLike) -> Floats:
    """Share of the clients that trade at a distance: Lambda over lambda.

    Args:
        delta: distance of the quote from the model price, price units; below 0: better for the client than the model.
        alpha: no unit.
        beta: one over volatility (1.00 is 100 points), > 0.
        vega: of the option, price for 1.00 of volatility, > 0; broadcasts with ``delta``.

    Raises:
        DomainError: beta or a vega is not positive.

    Source:
        B. Baldacci, P. Bergault, O. Gueant, Algorithmic market making for options, arXiv:1907.12433, section 4.1.

    Examples:
        >>> fill_share([0.0, -0.01], alpha=0.7, beta=150.0, vega=1.0).round(4).tolist()
        [0.3318, 0.69]
    """
    away = np.asarray(delta, np.float64) * _steepness(beta, vega)
    return 1.0 / (1.0 + np.exp(np.minimum(alpha + away, 700.0)))


def hamiltonian(
    p: ArrayLike, *, alpha: float, beta: float, vega: ArrayLike, intensity: ArrayLike
) -> tuple[Floats, Floats]:
    """The most a dealer can earn a unit of time per unit of the option, and the distance that earns it.

    Args:
        p: what one unit traded costs in value (inventory), price units.
        alpha: no unit.
        beta: one over volatility, > 0.
        vega: price for 1.00 of volatility, > 0.
        intensity: lambda, clients a unit of time, >= 0. All of these broadcast.

    Returns:
        ``H(p)``, price units a unit of time, and ``delta*``, price units.

    Raises:
        DomainError: beta or a vega is not positive, an intensity is negative, or ``p`` is not finite.

    Source:
        Derived from the intensity of arXiv:1907.12433; a test compares it with a search by brute force.

    Examples:
        >>> best = hamiltonian(0.0, alpha=0.7, beta=150.0, vega=1.25, intensity=100.0)
        >>> [round(float(x), 6) for x in best]
        [0.130214, 0.009635]
    """
    b, rate = _steepness(beta, vega), np.asarray(intensity, np.float64)
    if not np.all(rate >= 0.0):
        raise DomainError("want intensities of at least 0")
    cost = np.asarray(p, np.float64)
    w = lambert_w_of_exp(-1.0 - alpha - b * cost)
    return rate * w / b, cost + (1.0 + w) / b


def _steepness(beta: float, vega: ArrayLike) -> Floats:
    sizes = np.asarray(vega, np.float64)
    if not (beta > 0.0 and np.all(sizes > 0.0)):
        raise DomainError(f"want beta and vegas above 0; got beta {beta:g}, least vega {np.min(sizes):g}")
    return beta / sizes
