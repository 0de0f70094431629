"""Quotes of a maker with an inventory bound: one solver for Gueant-Lehalle-Fernandez-Tapia and Cartea-Jaimungal."""

from math import inf, isfinite
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.kernels.inventory_ladder import evolve, stationary

MOST = 10_000  # largest bound


class InventoryQuotes(NamedTuple):
    """Distances from the mid by inventory, all ``(2 Q + 1,)``.

    ``inventory``: -Q to Q, in quotes. ``bid``, ``ask``: how far below and above the mid, in price; below 0 it would
    trade through the mid; infinite where the bound forbids that side. ``growth``: the lowest eigenvalue, per unit of
    time; NaN is never here, and for a finite horizon it is the mean rate over it.
    """

    inventory: NDArray[np.int64]
    bid: NDArray[np.float64]
    ask: NDArray[np.float64]
    growth: float

    def at(self, inventory: int) -> tuple[float, float]:
        """(bid, ask) distances at one inventory.

        Raises:
            DomainError: an inventory beyond the bound.
        """
        bound = len(self.inventory) // 2
        if abs(inventory) > bound:
            raise DomainError(f"want an inventory from {-bound} to {bound}; got {inventory}")
        return float(self.bid[inventory + bound]), float(self.ask[inventory + bound])


def want_finite(**numbers: float) -> None:
    """Raise unless every number is finite.

    Raises:
        DomainError: one that is not, by its name.
    """
    for name, value in numbers.items():
        if not isfinite(value):
            raise DomainError(f"want a finite {name}; got {value}")


def want_positive(**numbers: float) -> None:
    """Raise unless every number is finite and above 0.

    Raises:
        DomainError: one that is not, by its name.
    """
    for name, value in numbers.items():
        if not 0.0 < value < inf:
            raise DomainError(f"want {name} > 0; got {value}")


def inventories(bound: int) -> NDArray[np.float64]:
    """-Q to Q.

    Raises:
        DomainError: a bound outside 1 to 10,000.
    """
    if not 1 <= bound <= MOST:
        raise DomainError(f"want a bound from 1 to {MOST}; got {bound}")
    return np.arange(-bound, bound + 1, dtype=float)


def solve(
    diagonal: NDArray[np.float64], terminal: NDArray[np.float64], *, eta: float, k: float, constant: float,
    horizon: float = inf,
) -> InventoryQuotes:  # fmt: skip
    """Quotes from ``v' = M v``: ``constant + ln(v_q / v_(q+1)) / k`` for the bid, ``v_(q-1)`` for the ask.

    Args:
        diagonal: of M, the running cost of each inventory times k, per unit of time; ``(2 Q + 1,)``.
        terminal: ln v at the end of the horizon, ``(2 Q + 1,)``; not used for an infinite one.
        eta: beside the diagonal, with a minus sign; per unit of time, above 0.
        k: decay of the fill intensity, per unit of price.
        constant: half spread of a maker without risk, price.
        horizon: time to the end, 0 or more; infinite for the stationary quotes.

    Raises:
        DomainError: numbers outside the formula's domain, or so far apart that v leaves the range of a double.
    """
    n = len(diagonal)
    if horizon == inf:
        steps = np.empty(n - 1)
        growth = float(stationary(diagonal, eta, np.empty(n), steps))
    else:
        if not horizon >= 0:
            raise DomainError(f"want a horizon of 0 or more; got {horizon}")
        v, beside = np.exp(terminal - terminal.max()), np.full(n, eta)
        factor = float(evolve(diagonal, beside, beside, horizon, v, np.empty(n)))
        growth = -(factor + float(terminal.max())) / horizon if horizon > 0 else 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            steps = -np.diff(np.log(v)) if horizon > 0 else -np.diff(terminal)
    if not (isfinite(growth) and np.isfinite(steps).all()):
        raise DomainError(
            f"want costs and rates that a double can hold over {n} inventories; got eta {eta:g}, horizon {horizon:g}, "
            f"costs up to {diagonal.max():g}"
        )
    away = constant + steps / k
    back = constant - steps / k
    return InventoryQuotes(
        np.arange(-(n // 2), n // 2 + 1), np.append(away, inf), np.insert(back, 0, inf), growth
    )  # fmt: skip
