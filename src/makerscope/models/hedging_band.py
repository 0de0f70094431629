# ruff: noqa: ANN001, ANN201, ANN202 - a leaf is compiled for the numbers its docstring names, by position
"""How far an option's delta may stray before a hedge pays its cost: the half band of Whalley and Wilmott."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError
from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.elementary import exp, log

SMALL = 1e-300  # the logarithm's domain; a smaller cube is a band of nothing


@inlined
def half_band(cost, spot, gamma, aversion):
    """``(3/2 cost spot gamma^2 / aversion)^(1/3)``, units of the underlying; 0 where nothing costs or curves."""
    cube = 1.5 * cost * spot * gamma * gamma / aversion
    return exp(log(cube) / 3.0, 0.0) if cube > SMALL else 0.0


def whalley_wilmott_half_band(
    cost: ArrayLike, spot: ArrayLike, gamma: ArrayLike, risk_aversion: ArrayLike, *, discount: ArrayLike = 1.0
) -> NDArray[np.float64]:
    """Half width of the band in delta inside which a book is left alone; outside, it is brought to the band's edge.

    Args:
        cost: k, of a trade in the underlying, as a share of what is traded. Shape ``(...)``; all arguments broadcast.
        spot: S, quote currency per unit of the underlying.
        gamma: of the whole book, units of the underlying per unit of quote currency; its sign does not matter.
        risk_aversion: of exponential utility, per unit of quote currency.
        discount: ``exp(-r tau)``, no unit.

    Returns:
        ``(3/2 discount k S gamma^2 / risk_aversion)^(1/3)``, units of the underlying, shape of the broadcast. It grows
        with the cube root of the cost.

    Raises:
        DomainError: a cost below 0, or a spot, risk aversion or discount that is not positive; or one not finite.

    Source:
        A. E. Whalley and P. Wilmott (1997), An asymptotic analysis of an optimal hedging model for option pricing with
        transaction costs, Mathematical Finance 7(3), 307-324: the leading order for small costs.

    Examples:
        >>> float(whalley_wilmott_half_band(0.0005, 3000.0, 0.0008, 0.0001).round(9))
        0.24328808
    """
    k, S, g, a, d = (
        np.asarray(each, np.float64) for each in np.broadcast_arrays(cost, spot, gamma, risk_aversion, discount)
    )
    good = (k >= 0) & (S > 0) & (a > 0) & (d > 0) & np.isfinite(k * S * g * a * d)
    if not np.all(good):
        raise DomainError("half band: want cost >= 0, spot, risk aversion and discount above 0, all of them finite")
    out = np.empty(k.shape)
    _half_bands(*(np.ravel(each) for each in (k * d, S, g, a)), out.reshape(-1))
    return out


@kernel
def _half_bands(cost, spot, gamma, aversion, out):
    for n in range(out.shape[0]):
        out[n] = half_band(cost[n], spot[n], gamma[n], aversion[n])
