# ruff: noqa: ANN001, ANN201, ANN202, PLR0917 - a kernel is compiled for the types it is called with, in order
"""What it earns to push a price into the zone where others are liquidated, and to buy deeper what they must sell.

A linear book: ``x`` lots sold move the price by ``impact`` each. From ``distance`` on to ``deep``, ``density`` lots are
liquidated for each unit of price. So the price falls by ``impact x``, and what the push fell into the zone is
multiplied by ``1 / (1 - density impact)``; where ``density impact >= 1`` it falls to the zone's end. A bid of the
hunter at depth ``c`` gets what was forced above it and the book did not take:
``s(c) = density (c - distance) - (c / impact - x)``.
What it does not get there it buys back at the start's price, to which the book recovers.
"""

from math import isfinite, nan

from makerscope.errors import DomainError
from makerscope.kernels._jit import kernel


@kernel
def _in_domain(x, impact, density, distance, deep):
    return x >= 0.0 and impact > 0.0 and density >= 0.0 and deep >= distance >= 0.0


@kernel
def cascade_fall(x, impact, density, distance, deep):
    """How far the price falls in all after ``x`` lots if nobody bids deeper; NaN outside the domain."""
    if not _in_domain(x, impact, density, distance, deep):
        return nan
    push = impact * x
    if push <= distance:
        return push
    loop = density * impact
    if loop >= 1.0:
        return max(deep, push)
    return max(min(distance + (push - distance) / (1.0 - loop), deep), push)


@kernel
def best_depth(x, impact, density, distance, deep):
    """Where the hunter's bid earns most: the ``c`` from the push's own fall to ``deep`` with the largest ``c s(c)``."""
    if not _in_domain(x, impact, density, distance, deep):
        return nan
    lowest, slope = max(impact * x, distance), 1.0 / impact - density
    if slope <= 0.0:
        return max(deep, lowest)
    return max(lowest, min(0.5 * (x - density * distance) / slope, deep))


@kernel
def forced_at(x, impact, density, distance, depth):
    """Lots of forced sellers that a bid at ``depth`` gets, at most the ``x`` that the hunter sold."""
    if impact * x <= distance:
        return 0.0
    return min(max(density * (depth - distance) - (depth / impact - x), 0.0), x)


@kernel
def hunt_gain(x, impact, density, distance, deep, cost):
    """Money (price times lots) that the hunt earns, its bid at the best depth; NaN outside the domain."""
    depth = best_depth(x, impact, density, distance, deep)
    return forced_at(x, impact, density, distance, depth) * depth - x * (0.5 * impact * x + cost)


def hunt(x: float, impact: float, density: float, *, distance: float, deep: float, cost: float) -> tuple[float, float]:
    """Depth of the hunter's bid and what it gains.

    Args:
        x: lots it sells.
        impact: by how much a lot moves the price.
        density: lots that are liquidated for each unit of price, inside the zone.
        distance: from the price to the zone, in price.
        deep: to the zone's end, in price.
        cost: of one lot sold and bought back, in price.

    Raises:
        DomainError: the impact is not positive, or another argument is negative or out of order.

    Source:
        The multiplier of a cascade in a linear book, total fall = shock / (1 - density impact); the rest is derived.

    Examples:
        >>> hunt(2000.0, 0.04, 30.0, distance=20.0, deep=500.0, cost=1.0)  # density times impact is above 1
        (500.0, 918000.0)
        >>> hunt(2000.0, 0.04, 0.0, distance=20.0, deep=500.0, cost=1.0)[1]  # nobody to liquidate: the push is lost
        -82000.0
    """
    depth = float(best_depth(x, impact, density, distance, deep))
    if not (isfinite(depth) and cost >= 0.0):
        raise DomainError(
            f"want impact above 0, x, density, cost from 0 and deep >= distance >= 0; got {x}, {impact}, {density}, "
            f"{distance}, {deep}, {cost}"
        )
    return depth, float(hunt_gain(x, impact, density, distance, deep, cost))
