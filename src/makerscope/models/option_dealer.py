"""Stoikov and Saglam's option dealer with linear demand: what a position costs that cannot be hedged away.

Clients trade with intensity ``C - D eps`` at distance ``eps`` from the model price; the dealer is mean-variance with
risk aversion ``gamma``. In a complete market the hedge ``-S Delta q`` removes all risk and ``eps = C / (2 D)`` whatever
it holds. Hedged only now and then, under stochastic volatility, one option has a P&L of variance

    kappa = (sigma^2 tau / 2 + alpha^2 (T - t)^2) Gamma^2 S^4 sigma^2 tau

the first part from gamma between hedges, the second from vega (``sigma S^2 Gamma (T - t)``), whose own volatility is
``alpha`` times sigma.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError

Floats = NDArray[np.float64]


def dealer_quotes(
    position: ArrayLike, *, gamma: float, kappa: float, most: float, slope: float
) -> tuple[Floats, Floats]:
    """Distances of ask and bid from the model price that are best for a mean-variance dealer.

    Args:
        position: q, options held, any shape.
        gamma: risk aversion, one over money, >= 0; 0 is also the complete market.
        kappa: variance of one option's hedged P&L over the horizon, money squared, >= 0.
        most: C, clients a unit of time at no distance, > 0.
        slope: D, clients lost for one unit of distance, > 0.

    Returns:
        ``clip(C / 2D - gamma kappa (q - 1/2))`` and ``clip(C / 2D + gamma kappa (q + 1/2))``, each within 0 and C / D.

    Raises:
        DomainError: a parameter outside its bounds.

    Source:
        S. Stoikov, M. Saglam (2009), Option market making under inventory risk, Review of Derivatives Research 12,
        55-79, theorem 4.

    Examples:
        >>> [round(float(x), 3) for x in dealer_quotes(1.0, gamma=0.01, kappa=5.0, most=200.0, slope=1000.0)]
        [0.075, 0.175]
    """
    if not (gamma >= 0.0 and kappa >= 0.0 and most > 0.0 and slope > 0.0):
        raise DomainError(f"want gamma, kappa >= 0 and C, D > 0; got {gamma:g}, {kappa:g}, {most:g}, {slope:g}")
    q, middle, weight = np.asarray(position, np.float64), 0.5 * most / slope, gamma * kappa
    ask = np.clip(middle - weight * (q - 0.5), 0.0, most / slope)
    bid = np.clip(middle + weight * (q + 0.5), 0.0, most / slope)
    return ask, bid


def hedged_variance(
    spot: ArrayLike, gamma: ArrayLike, *, volatility: ArrayLike, tau: ArrayLike, left: ArrayLike, alpha: ArrayLike = 0.0
) -> Floats:
    """kappa: variance of what one option gains between two delta hedges.

    Args:
        spot: S, price units, > 0. All arguments broadcast.
        gamma: of the option, one over price units.
        volatility: sigma, annualised, >= 0.
        tau: time between hedges, or horizon, years, >= 0.
        left: T - t, years to expiry, >= 0.
        alpha: volatility of sigma relative to itself, annualised, >= 0; 0: gamma alone.

    Raises:
        DomainError: an argument outside its bounds.

    Source:
        As ``dealer_quotes``.

    Examples:
        >>> float(hedged_variance(100.0, 0.02, volatility=0.5, tau=1 / 365, left=7 / 365).round(6))
        0.009383
    """
    S, g, s, t, rest, a = (np.asarray(x, np.float64) for x in (spot, gamma, volatility, tau, left, alpha))
    if not (np.all(S > 0.0) and all(np.all(x >= 0.0) for x in (s, t, rest, a))):
        raise DomainError("want spot above 0; volatility, tau, left and alpha of at least 0")
    return (0.5 * s**2 * t + a**2 * rest**2) * g**2 * S**4 * s**2 * t


def volatility_arbitrage(
    spot: ArrayLike, gamma: ArrayLike, *, realised: ArrayLike, implied: ArrayLike, hold: ArrayLike
) -> Floats:
    """What a delta-hedged option is expected to earn while it is held, if volatility realises otherwise than implied.

    Args:
        spot: S, price units, > 0. All arguments broadcast.
        gamma: of the option, one over price units.
        realised: forecast of realised volatility, annualised, >= 0.
        implied: volatility by which the option is priced, annualised, >= 0.
        hold: how long it is held, years, >= 0.

    Returns:
        ``S^2 Gamma (realised^2 - implied^2) hold / 2``, price units: added to the reservation price.

    Raises:
        DomainError: an argument outside its bounds.

    Source:
        Own derivation, to be verified: by Ito a hedged option marked at ``implied`` gains
        ``S^2 Gamma (r^2 - implied^2 dt) / 2`` a step. It is said to be the drift in V. Lucic, A. Tse (2024), SSRN
        4729290, of which only the abstract was at hand. A test compares it with simulated hedges.

    Examples:
        >>> float(volatility_arbitrage(100.0, 0.02, realised=0.6, implied=0.5, hold=1 / 365).round(6))
        0.030137
    """
    S, g, real, imp, t = (np.asarray(x, np.float64) for x in (spot, gamma, realised, implied, hold))
    if not (np.all(S > 0.0) and all(np.all(x >= 0.0) for x in (real, imp, t))):
        raise DomainError("want spot above 0; volatilities and hold of at least 0")
    return 0.5 * S**2 * g * (real**2 - imp**2) * t
