"""Ho-Stoll: fees of a single dealer whose customers arrive linearly in its fee."""

from math import inf

from makerscope.errors import DomainError
from makerscope.models.inventory_quotes import want_finite, want_positive


def inventory_fee(*, sigma: float, risk: float, size: float, inventory: float, side: int, horizon: float) -> float:
    """What the risk of one trade is worth to a dealer, in price: ``sigma^2 R (Q + 2 side I) tau / 2``.

    Args:
        sigma: volatility of the price, price per square root of time.
        risk: R, risk aversion, per unit of money.
        size: Q, of the trade.
        inventory: I, what the dealer holds, in the unit of ``size``.
        side: the dealer's: +1 it buys, -1 it sells.
        horizon: tau, time until the position is gone.

    Raises:
        DomainError: a side that is not 1 or -1, or a number that is not finite.
    """
    if side not in {1, -1}:
        raise DomainError(f"want a side of 1 or -1; got {side}")
    want_finite(sigma=sigma, risk=risk, size=size, inventory=inventory, horizon=horizon)
    return 0.5 * sigma**2 * risk * (size + 2 * side * inventory) * horizon


def ho_stoll_fees(
    *, alpha: float, beta: float, sigma: float, risk: float, size: float, inventory: float, horizon: float
) -> tuple[float, float]:
    """(bid, ask) fees of the dealer, in price. Their sum does not depend on the inventory.

    Customers of each side arrive at ``alpha - beta fee`` per unit of time. Other arguments as of ``inventory_fee``.

    Raises:
        DomainError: a number outside its range.

    Source:
        T. Ho, H. Stoll (1981), J. Financial Economics 9, 47-73.

    Examples:
        >>> bid, ask = ho_stoll_fees(alpha=10, beta=5, sigma=1.0, risk=0.1, size=1, inventory=2, horizon=1.0)
        >>> round(bid, 6), round(ask, 6)
        (1.25, 0.85)
    """
    want_positive(alpha=alpha, beta=beta, size=size)
    if not (0 <= sigma < inf and 0 <= risk < inf and 0 <= horizon < inf):
        raise DomainError(f"want sigma, risk and horizon of 0 or more; got {sigma}, {risk}, {horizon}")
    half = alpha / (2 * beta)
    bid, ask = (
        half + inventory_fee(sigma=sigma, risk=risk, size=size, inventory=inventory, side=side, horizon=horizon)
        for side in (1, -1)
    )
    return bid, ask
