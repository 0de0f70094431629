"""SSVI and eSSVI: slices of three numbers that are SVI, and the inequalities they obey.

``w(k) = theta/2 (1 + rho phi k + sqrt((phi k + rho)^2 + 1 - rho^2))``: ``theta`` is total variance at the money. In
SSVI
``rho`` is one number and ``phi`` a function of ``theta``; in eSSVI each slice has its own. ``psi = theta phi``.

Sources: Gatheral, Jacquier (2014), section 4; S. Hendriks, C. Martini (2019), The extended SSVI volatility surface,
J. Computational Finance 22, 25-39; L. Pasquazzi (2023), arXiv:2312.06384, on what its conditions do not prove.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from makerscope.errors import DomainError
from makerscope.pricing.svi import Floats, RawSvi


def ssvi_slice(theta: float, rho: float, phi: float) -> RawSvi:
    """The slice as raw SVI, exactly.

    Args:
        theta: total variance at the money, > 0.
        rho: tilt, strictly between -1 and 1.
        phi: curvature, > 0, per unit of log-moneyness.

    Raises:
        DomainError: a number is outside its range.

    Examples:
        >>> ssvi_slice(0.04, 0.0, 2.0)
        RawSvi(a=0.02, b=0.04, rho=0.0, m=-0.0, sigma=0.5)
    """
    if not (theta > 0.0 and -1.0 < rho < 1.0 and phi > 0.0):
        raise DomainError(f"want theta > 0, -1 < rho < 1, phi > 0; got {theta}, {rho}, {phi}")
    flat = math.sqrt(1.0 - rho * rho)
    return RawSvi(0.5 * theta * flat * flat, 0.5 * theta * phi, rho, -rho / phi, flat / phi)


def ssvi_variance(k: ArrayLike, theta: ArrayLike, rho: ArrayLike, phi: ArrayLike) -> Floats:
    """Total variance; all arguments broadcast.

    Examples:
        >>> float(ssvi_variance(0.0, 0.04, -0.5, 3.0))
        0.04
    """
    k, theta, rho, phi = (np.asarray(x, np.float64) for x in (k, theta, rho, phi))
    return 0.5 * theta * (1.0 + rho * phi * k + np.sqrt((phi * k + rho) ** 2 + 1.0 - rho * rho))


def power_law(theta: ArrayLike, eta: float, gamma: float) -> Floats:
    """``phi = eta / (theta^gamma (1 + theta)^(1 - gamma))``.

    With ``eta (1 + |rho|) <= 2`` it is safe for every theta only if ``gamma <= 1/2``.

    Examples:
        >>> float(power_law(1.0, 2.0, 0.0))
        1.0
    """
    if not (eta > 0.0 and 0.0 <= gamma <= 1.0):
        raise DomainError(f"want eta > 0 and 0 <= gamma <= 1; got {eta}, {gamma}")
    theta = np.asarray(theta, np.float64)
    return eta / (theta**gamma * (1.0 + theta) ** (1.0 - gamma))


def butterfly_condition(theta: float, rho: float, phi: float) -> bool:
    """Whether ``theta phi (1 + |rho|) < 4`` and ``theta phi^2 (1 + |rho|) <= 4``: sufficient, not necessary.

    Examples:
        >>> butterfly_condition(0.04, -0.5, 3.0), butterfly_condition(0.04, -0.5, 30.0)
        (True, False)
    """
    lean = 1.0 + abs(rho)
    return theta * phi * lean < 4.0 and theta * phi * phi * lean <= 4.0


def wing_condition(low: tuple[float, float, float], high: tuple[float, float, float]) -> bool:
    """Whether ``theta`` and ``psi`` rise and ``|rho2 psi2 - rho1 psi1| <= psi2 - psi1``.

    Then the level at the money and both wings of the later slice lie above those of the earlier. **Necessary, not
    sufficient** for no calendar arbitrage: certify with ``pricing.arbitrage``.

    Args:
        low: theta, rho, psi of the earlier slice.
        high: theta, rho, psi of the later.

    Examples:
        >>> wing_condition((0.04, -0.5, 0.1), (0.05, -0.4, 0.2))
        True
    """
    theta1, rho1, psi1 = low
    theta2, rho2, psi2 = high
    return theta2 >= theta1 and psi2 >= psi1 and abs(rho2 * psi2 - rho1 * psi1) <= psi2 - psi1
