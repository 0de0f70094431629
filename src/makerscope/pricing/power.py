"""Fair mark of a perpetual on a power of the price.

Source:
    D. White, D. Robinson, Z. Koticha, A. Leone, A. Gauba, A. Krishnan (2021), Power Perpetuals, Paradigm Research.
"""

import numpy as np
from numpy.typing import ArrayLike

from makerscope.errors import DomainError
from makerscope.pricing.black import Floats


def power_perpetual(
    price: ArrayLike, power: ArrayLike, volatility: ArrayLike, period: ArrayLike, *, rate: ArrayLike = 0.0
) -> Floats:
    """``S^p / (2 exp(-f (p - 1)(r + p sigma^2 / 2)) - 1)``: what pays ``mark - S^p`` each funding period is worth.

    Args:
        price: S, quote currency. Arguments broadcast.
        power: p, no unit; 1 is an ordinary perpetual, 2 has constant gamma.
        volatility: annualised, as a fraction.
        period: f, years of 365 days over which the whole difference is paid as funding.
        rate: interest a year, as a fraction.

    Returns:
        The mark, in quote currency to the power p.

    Raises:
        DomainError: a price or period is not positive, a volatility is negative, or no finite price is fair because the
            power grows faster than funding is paid.

    Examples:
        A squared perpetual funded over a day costs 0.45 % more than the square at a volatility of 90 %.

        >>> round(float(power_perpetual(1.0, 2.0, 0.9, 1 / 365)), 6)
        1.004453
    """
    S, p, sigma, f, r = (np.asarray(value, np.float64) for value in (price, power, volatility, period, rate))
    if not ((S > 0.0).all() and (f > 0.0).all() and (sigma >= 0.0).all()):
        raise DomainError("want prices and funding periods above 0 and volatilities of 0 or more")
    share = 2.0 * np.exp(-f * (p - 1.0) * (r + 0.5 * p * sigma * sigma)) - 1.0
    if not (share > 0.0).all():
        raise DomainError("the power grows faster than funding is paid, so no price is fair; want a shorter period")
    return S**p / share
