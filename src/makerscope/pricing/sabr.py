"""SABR: Hagan's lognormal volatility, a reference for tests and scenarios. Not free of arbitrage at low strikes."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError


def sabr_volatility(
    forward: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    *,
    alpha: float,
    beta: float,
    rho: float,
    nu: float,
) -> NDArray[np.float64]:
    """Black volatility of SABR by Hagan's expansion.

    Args:
        forward: F, quote currency. Broadcasts with strike and expiry.
        strike: K, quote currency.
        expiry: years of 365 days.
        alpha: level of volatility (that of ``F^beta``), > 0.
        beta: elasticity, 0 to 1.
        rho: correlation, strictly between -1 and 1.
        nu: volatility of volatility, >= 0.

    Returns:
        Annualised volatility, as a fraction.

    Raises:
        DomainError: an argument is outside its range.

    Source:
        P. Hagan et al. (2002), Managing smile risk, Wilmott, eq. (2.17a).

    Examples:
        >>> float(sabr_volatility(100.0, 100.0, 0.5, alpha=0.6, beta=1.0, rho=-0.3, nu=1.2).round(5))
        0.61494
    """
    F, K, T = (np.asarray(x, np.float64) for x in (forward, strike, expiry))
    if not (np.all(F > 0.0) and np.all(K > 0.0) and np.all(T >= 0.0)):
        raise DomainError("want forward and strike above 0 and expiry not below 0")
    if not (alpha > 0.0 and 0.0 <= beta <= 1.0 and -1.0 < rho < 1.0 and nu >= 0.0):
        raise DomainError(f"want alpha > 0, 0 <= beta <= 1, |rho| < 1, nu >= 0; got {alpha}, {beta}, {rho}, {nu}")
    away = np.log(F / K)
    middle = (F * K) ** (0.5 * (1.0 - beta))
    z = nu / alpha * middle * away
    one = (1.0 - beta) ** 2
    width = middle * (1.0 + one * away**2 / 24.0 + one**2 * away**4 / 1920.0)
    growth = one * alpha**2 / (24.0 * middle**2) + 0.25 * rho * beta * nu * alpha / middle
    growth += (2.0 - 3.0 * rho**2) * nu**2 / 24.0
    return alpha / width * _ratio(z, rho) * (1.0 + growth * T)


def _ratio(z: NDArray[np.float64], rho: float) -> NDArray[np.float64]:
    """``z / x(z)``: near 0 its series, where the quotient of two small numbers would lose digits."""
    small = np.abs(z) < 1e-4
    safe = np.where(small, 1.0, z)
    root = np.sqrt(1.0 - 2.0 * rho * safe + safe**2)
    # log((root + z - rho) / (1 - rho)) = log1p(...) keeps digits for small z
    x = np.log1p((safe + safe * (safe - 2.0 * rho) / (root + 1.0)) / (1.0 - rho))
    cubic = 0.125 * rho * (5.0 - 6.0 * rho**2) / 3.0
    series = 1.0 - 0.5 * rho * z + (2.0 - 3.0 * rho**2) / 12.0 * z**2 - cubic * z**3
    return np.where(small, series, safe / x)
