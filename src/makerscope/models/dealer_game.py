"""Many alike dealers who price their inventory and compete: the quotes that are best against their own mean.

A dealer that holds ``q`` lots, ``|q| <= Z``, quotes half spreads. Clients come at rate ``lam`` a side, and trade at
``d`` with probability ``f(d) = 1 / (C e^d + Cm e^(km d - k mu))``, where ``mu`` is the mean quote of all others. Prices
are in units in which clients' own sensitivity is 1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from makerscope.errors import DomainError


@dataclass(frozen=True, slots=True, kw_only=True)
class DealerGame:
    """The rules: ``c``, ``cm``, ``km``, ``k`` of the demand, ``most`` Z, ``lam``, ``r`` discount, ``psi`` risk.

    ``floor``: no dealer quotes below it.
    """

    c: float
    cm: float
    km: float
    k: float
    most: int
    lam: float
    r: float
    psi: float
    floor: float = -1.0

    def __post_init__(self) -> None:
        """All must lie in the model's domain."""
        positive = self.c > 0 and self.cm >= 0 and self.km > 0 and self.lam > 0 and self.r > 0 and self.psi >= 0
        if not (positive and self.k >= 0 and self.most >= 1):
            raise DomainError(f"want c, km, lam, r above 0, cm, k, psi from 0 and most from 1; got {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealers:
    """An equilibrium, by inventory from -Z to Z: ``ask``, ``bid``, ``density`` and ``value``; ``mean`` quote."""

    mean: float
    inventory: NDArray[np.int64]
    ask: NDArray[np.float64]
    bid: NDArray[np.float64]
    density: NDArray[np.float64]
    value: NDArray[np.float64]


def fill_probability(game: DealerGame, quote: NDArray[np.float64], mean: float) -> NDArray[np.float64]:
    """``f(d)``: how likely a client trades at a quote while the others' mean is ``mean``."""
    return 1.0 / (game.c * np.exp(quote) + game.cm * np.exp(game.km * quote - game.k * mean))


def best_quote(game: DealerGame, jump: NDArray[np.float64], mean: float) -> NDArray[np.float64]:
    """The quote that maximises ``f(d) (d - jump)``: ``d = jump + g / g'`` with ``g = 1 / f``, by halving.

    ``jump``: what the inventory that is sold was worth. Never below the floor.
    """
    low, high = jump + min(1.0, 1.0 / game.km) - 1e-12, jump + max(1.0, 1.0 / game.km) + 1e-12
    for _ in range(60):
        d = (low + high) / 2.0
        own, cross = game.c * np.exp(d), game.cm * np.exp(game.km * d - game.k * mean)
        above = (d - jump) * (own + game.km * cross) > own + cross
        low, high = np.where(above, low, d), np.where(above, d, high)
    return np.maximum((low + high) / 2.0, game.floor)


def best_reply(game: DealerGame, mean: float) -> Dealers:
    """What one dealer quotes at every inventory while the others' mean is ``mean``, by policy iteration.

    At the largest position a dealer does not trade further; the quote it shows there is that for an inventory of no
    worth. ``mean`` of the result is its own, over the inventory it will have.
    """
    n, q = 2 * game.most + 1, np.arange(-game.most, game.most + 1)
    ask = np.full(n, 1.0)
    value = np.zeros(n)
    for _ in range(200):
        value, before = _value(game, ask, mean), ask
        jump = np.concatenate([[0.0], np.diff(value)])
        ask = best_quote(game, jump, mean)
        if np.max(np.abs(ask - before)) < 1e-12:
            break
    density = _density(fill_probability(game, ask, mean))
    return Dealers(mean=float(density @ ask), inventory=q, ask=ask, bid=ask[::-1], density=density, value=value)


def mean_field_dealers(game: DealerGame) -> Dealers:
    """The equilibrium: quotes whose mean is the mean that they are best against.

    Raises:
        DomainError: no mean between the floor and 50 reproduces itself.

    Source:
        Assayag, Barzykin, Cont and Xiong (2024), SSRN 4838181.

    Examples:
        >>> game = DealerGame(c=1.0, cm=1.0, km=3.0, k=2.0, most=10, lam=5.0, r=0.01, psi=0.01)
        >>> round(mean_field_dealers(game).mean, 7)
        0.5336663
    """
    low, high = game.floor, 50.0
    if best_reply(game, low).mean < low or best_reply(game, high).mean > high:
        raise DomainError(f"want a game with an equilibrium between {low} and {high}; got {game}")
    for _ in range(60):
        middle = (low + high) / 2.0
        if best_reply(game, middle).mean > middle:
            low = middle
        else:
            high = middle
    return best_reply(game, (low + high) / 2.0)


def _value(game: DealerGame, ask: NDArray[np.float64], mean: float) -> NDArray[np.float64]:
    """What a policy is worth: ``r V = -psi q^2 + lam sum_sides f (d - jump)``, a linear system."""
    n = len(ask)
    sells = game.lam * fill_probability(game, ask, mean)
    sells[0] = 0.0  # it is as short as it may be
    buys = sells[::-1]
    flow = sells * ask + buys * ask[::-1] - game.psi * (np.arange(n) - game.most) ** 2
    system = np.diag(game.r + sells + buys) - np.diag(sells[1:], -1) - np.diag(buys[:-1], 1)
    return np.asarray(np.linalg.solve(system, flow), np.float64)


def _density(sells: NDArray[np.float64]) -> NDArray[np.float64]:
    """How often an inventory is held in the long run: up and down are as frequent between any two neighbours."""
    up = sells[::-1][:-1]
    weight = np.concatenate([[0.0], np.cumsum(np.log(up / sells[1:]))])
    weight = np.exp(weight - weight.max())
    return weight / weight.sum()
