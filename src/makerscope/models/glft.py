"""Gueant-Lehalle-Fernandez-Tapia: exact quotes under an inventory bound, and their asymptotic form.

The mid is a Brownian motion, fills are Poisson with intensity ``A e^(-k delta)``, utility is exponential with risk
aversion ``gamma``, and no position exceeds ``Q`` quotes. Extensions: a drift of the mid, and fills that move it.
"""

from math import exp, inf, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from makerscope.kernels.inventory_ladder import glft_terms
from makerscope.models.inventory_quotes import InventoryQuotes, inventories, solve, want_finite, want_positive


class GlftTerms(NamedTuple):
    """``alpha``: k times the cost of an inventory of 1 a unit of time; ``constant``: half spread without risk."""

    alpha: float
    eta: float
    constant: float


def terms(*, sigma: float, A: float, k: float, gamma: float) -> GlftTerms:
    """The three numbers of the ladder.

    Raises:
        DomainError: a number that is not finite and above 0 (``sigma`` may be 0).

    Examples:
        >>> round(terms(sigma=0.3, A=0.9, k=0.3, gamma=0.01).alpha, 9)
        0.000135
    """
    want_positive(A=A, k=k, gamma=gamma)
    if sigma != 0:
        want_positive(sigma=sigma)
    return GlftTerms(*glft_terms(sigma, A, k, gamma))


def glft_quotes(
    *, sigma: float, A: float, k: float, gamma: float, bound: int, horizon: float = inf, drift: float = 0.0,
    impact: float = 0.0,
) -> InventoryQuotes:  # fmt: skip
    """Exact quotes by inventory: finite horizon, or stationary.

    Args:
        sigma: volatility of the mid, price per square root of time; 0 or more.
        A: fills per unit of time at the mid, each side; above 0.
        k: decay of fills with distance, per unit of price; above 0.
        gamma: risk aversion, per unit of money; above 0. One quote is one unit: for quotes of another size give
            ``gamma`` times that size.
        bound: Q, the largest position in quotes.
        horizon: time to the end; infinite for stationary quotes, which is what a market without a close wants.
        drift: of the mid, price per unit of time.
        impact: xi, how far each own fill moves the mid against the maker and for good, price, 0 or more. A mid that
            nobody's fills move, but before whose moves the informed trade, is stationary the same with
            ``impact = 2 c``, where ``c`` is the mean adverse move after a fill: quotes are ``c`` wider, and ``A`` is
            ``A e^(-k c)``.

    Returns:
        Distances from the mid, price.

    Raises:
        DomainError: a number outside its range.

    Source:
        O. Gueant, C.-A. Lehalle, J. Fernandez-Tapia (2013), Mathematics and Financial Economics 7, 477-507
        (arXiv:1105.3115), theorem 1, propositions 3 (drift) and 4 (impact).

    Examples:
        >>> [round(x, 6) for x in glft_quotes(sigma=0.3, A=0.9, k=0.3, gamma=0.01, bound=30).at(0)]
        [3.313045, 3.313045]
    """
    alpha, eta, constant = terms(sigma=sigma, A=A, k=k, gamma=gamma)
    want_finite(drift=drift)
    if impact != 0:
        want_positive(impact=impact)
    q = inventories(bound)
    return solve(
        alpha * q**2 - k * drift * q, -0.5 * k * impact * q**2, eta=eta * exp(-0.5 * k * impact), k=k,
        constant=constant + 0.5 * impact, horizon=horizon,
    )  # fmt: skip


def glft_asymptotic(
    inventory: ArrayLike, *, sigma: float, A: float, k: float, gamma: float, drift: float = 0.0,
    impact: float = 0.0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """The closed form far from the bound and the end: a check of the exact quotes, wrong at large inventory.

    Arguments as of ``glft_quotes``, ``sigma`` above 0; ``inventory`` in quotes, any shape.

    Returns:
        (bid, ask) distances from the mid, shape of ``inventory``.

    Raises:
        DomainError: a number outside its range.

    Source:
        The same paper, propositions 2 to 4.
    """
    _, _, constant = terms(sigma=sigma, A=A, k=k, gamma=gamma)
    want_positive(sigma=sigma)
    want_finite(drift=drift, impact=impact)
    step = sqrt(sigma**2 * gamma / (2 * k * A) * (1 + gamma / k) ** (1 + k / gamma)) * exp(0.25 * k * impact)
    lean = drift / (gamma * sigma**2)
    q = np.asarray(inventory, float)
    constant += 0.5 * impact
    return constant + (q + 0.5 - lean) * step, constant - (q - 0.5 - lean) * step
