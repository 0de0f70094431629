"""What margin competing makers ask when takers choose among them by price: alone, in competition, in a cartel.

Each of ``N`` makers quotes a half spread ``d``. A taker trades with one of them with probability
``s = e^(-k d) / (e^(-k d0) + N e^(-k d))``, with somebody outside, who asks ``d0``, else; ``k`` is per unit of price.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError

_STEPS = 100


def logit_share(quote: ArrayLike, others: ArrayLike, k: ArrayLike, outside: ArrayLike, makers: ArrayLike) -> NDArray:
    """Share of takers of a maker that quotes ``quote`` while ``makers - 1`` others quote ``others``.

    Raises:
        DomainError: ``k`` is not positive or ``makers`` is below 1.

    Examples:
        >>> logit_share(1.0, 1.0, 2.0, 1.0, 3).round(3)
        np.float64(0.25)
    """
    k, makers = _positive(k, makers)
    quote, others, outside = (np.asarray(each, np.float64) for each in (quote, others, outside))
    return 1.0 / (1.0 + np.exp(k * (quote - outside)) + (makers - 1.0) * np.exp(k * (quote - others)))


def nash_margin(k: ArrayLike, outside: ArrayLike, makers: ArrayLike) -> NDArray:
    """Half spread at which no maker gains by asking another: the root of ``d = 1 / (k (1 - s))``.

    Args:
        k: how fast takers leave, per unit of price. All arguments broadcast.
        outside: d0, what trading elsewhere costs, in price.
        makers: N, how many there are.

    Returns:
        d in price, to the last bits; it falls to ``1 / k`` as N grows.

    Raises:
        DomainError: ``k`` is not positive or ``makers`` is below 1.

    Source:
        Logit Bertrand competition: Anderson, de Palma and Thisse (1992), Discrete Choice Theory, ch. 7.

    Examples:
        >>> nash_margin(2.0, 1.0, 2).round(7)
        np.float64(0.7994709)
    """
    k, makers = _positive(k, makers)
    k, outside, makers = np.broadcast_arrays(k, np.asarray(outside, np.float64), makers)

    def too_much(z: NDArray) -> NDArray:  # z = k d: whether z (1 - s) is above 1
        rest = np.exp(z - k * outside) + makers - 1.0  # 1 / s - 1
        return z * rest > rest + 1.0

    return _least(too_much, 1.0 + np.logaddexp(0.0, k * outside - 1.0)) / k


def cartel_margin(k: ArrayLike, outside: ArrayLike, makers: ArrayLike) -> NDArray:
    """Half spread that earns most if all makers ask the same: the root of ``d = 1 / (k (1 - N s))``.

    Arguments, errors and source as ``nash_margin``.

    Examples:
        >>> cartel_margin(2.0, 1.0, 2).round(7)
        np.float64(1.1874113)
    """
    k, makers = _positive(k, makers)
    k, outside, makers = np.broadcast_arrays(k, np.asarray(outside, np.float64), makers)
    head = k * outside + np.log(makers)

    def too_much(z: NDArray) -> NDArray:  # z - 1 = N e^(z0 - z), in logs
        return np.log(np.maximum(z - 1.0, 1e-300)) > head - z

    return _least(too_much, 1.0 + np.logaddexp(0.0, head - 1.0)) / k


def collusion_index(quoted: ArrayLike, k: ArrayLike, outside: ArrayLike, makers: ArrayLike) -> NDArray:
    """Where quotes stand between competition (0) and a cartel (1): ``(d - nash) / (cartel - nash)``.

    Raises:
        DomainError: as ``nash_margin``, or ``makers`` is 1: alone one is both.

    Examples:
        >>> collusion_index(nash_margin(2.0, 1.0, 2), 2.0, 1.0, 2).round(9)
        np.float64(0.0)
    """
    if np.any(np.asarray(makers) < 2):
        raise DomainError("want at least 2 makers: one alone is his own cartel")
    nash, cartel = nash_margin(k, outside, makers), cartel_margin(k, outside, makers)
    return (np.asarray(quoted, np.float64) - nash) / (cartel - nash)


def _positive(k: ArrayLike, makers: ArrayLike) -> tuple[NDArray, NDArray]:
    k, makers = np.asarray(k, np.float64), np.asarray(makers, np.float64)
    if not (np.all(k > 0.0) and np.all(makers >= 1.0)):
        raise DomainError("want k above 0 and at least 1 maker")
    return k, makers


def _least(above, high: NDArray) -> NDArray:  # noqa: ANN001 - a function of an array
    """The least z from 1 on where ``above`` holds, by halving."""
    low = np.ones_like(high)
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        found = above(middle)
        low, high = np.where(found, low, middle), np.where(found, middle, high)
    return high
