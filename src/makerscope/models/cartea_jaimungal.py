"""Cartea-Jaimungal: quotes of a maker that pays for its inventory as it holds it, and once more at the end."""

from math import exp, inf

from makerscope.errors import DomainError
from makerscope.models.inventory_quotes import InventoryQuotes, inventories, solve, want_finite, want_positive


def cartea_jaimungal_quotes(
    *, A: float, k: float, phi: float, bound: int, alpha: float = 0.0, horizon: float = inf, drift: float = 0.0,
    adverse: float = 0.0,
) -> InventoryQuotes:  # fmt: skip
    """Quotes by inventory with a running penalty ``phi q^2`` and a terminal one ``alpha q^2``.

    It is the ladder of ``glft.glft_quotes`` with ``1 / k`` in place of ``ln(1 + gamma / k) / gamma``: the limit of
    small ``gamma`` at ``phi = gamma sigma^2 / 2``.

    Args:
        A: fills per unit of time at the mid, each side; above 0.
        k: decay of fills with distance, per unit of price; above 0.
        phi: running penalty, money per unit of time and squared quote; 0 or more.
        bound: Q, the largest position in quotes.
        alpha: terminal penalty, money per squared quote; 0 or more.
        horizon: time to the end; infinite for stationary quotes.
        drift: of the mid, price per unit of time: how a short-horizon signal enters.
        adverse: mean move of the mid against the maker after a fill, price, 0 or more.

    Returns:
        Distances from the mid, price.

    Raises:
        DomainError: a number outside its range.

    Source:
        A. Cartea, S. Jaimungal, J. Penalva (2015), Algorithmic and High-Frequency Trading, chapter 10.

    Examples:
        >>> quotes = cartea_jaimungal_quotes(A=0.9, k=0.3, phi=0.001, bound=10, horizon=60.0)
        >>> [round(x, 6) for x in quotes.at(1)]
        [3.491976, 3.280738]
    """
    want_positive(A=A, k=k)
    want_finite(drift=drift, phi=phi, alpha=alpha, adverse=adverse)
    if phi < 0 or alpha < 0 or adverse < 0:
        raise DomainError(f"want phi, alpha and adverse of 0 or more; got {phi}, {alpha}, {adverse}")
    q = inventories(bound)
    return solve(
        k * phi * q**2 - k * drift * q, -k * alpha * q**2, eta=A * exp(-1.0 - k * adverse), k=k,
        constant=1.0 / k + adverse, horizon=horizon,
    )  # fmt: skip
