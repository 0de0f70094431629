"""At which price an isolated position meets its maintenance margin, or is worth nothing: closed forms, vectorised.

    linear, margin C:    long (E q - C) / (q (1 - m)),    short (E q + C) / (q (1 + m))
    inverse, N USD:      long N (1 + m) / (c + N / E),    short N (1 - m) / (N / E - c)       c: margin in coin

The bankruptcy price is the same with m = 0. Fees and funding to come are left out.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError


def liquidation_price(
    entry: ArrayLike, size: ArrayLike, margin: ArrayLike, maintenance: ArrayLike, *, inverse: bool = False
) -> NDArray[np.float64]:
    """Price at which equity of the position equals its maintenance margin.

    Args:
        entry: E, quote currency per unit.
        size: q, units of the underlying (inverse: N, quote currency); above 0 long, below 0 short. Arguments broadcast.
        margin: C, quote currency (inverse: c, coin).
        maintenance: m, a fraction of notional.
        inverse: whether the contract is settled in the coin.

    Returns:
        Quote currency per unit; 0 where a long position cannot be liquidated, inf where a short one cannot.

    Raises:
        DomainError: an entry is not above 0, a size is 0, a margin is below 0, or maintenance is not in [0, 1).

    Source:
        Identity equity = maintenance margin (knowledge/models.md 5.2).

    Examples:
        >>> liquidation_price(60000.0, [1.0, -1.0], 6000.0, 0.005).round(4).tolist()
        [54271.3568, 65671.6418]
    """
    E, q, C, m = (np.asarray(value, np.float64) for value in (entry, size, margin, maintenance))
    if not ((E > 0).all() and (q != 0).all() and (C >= 0).all() and ((m >= 0) & (m < 1)).all()):
        raise DomainError("want entry above 0, size not 0, margin 0 or more, maintenance in [0, 1)")
    if not inverse:
        return np.maximum((E * q - C) / (q - np.abs(q) * m), 0.0)
    room = C + q / E  # coin that the account would hold at an endless price
    with np.errstate(divide="ignore"):
        price = (q + np.abs(q) * m) / room
    return np.where((q < 0) & (room >= 0), np.inf, price)
