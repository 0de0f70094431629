# ruff: noqa: ANN001, ANN201, ANN202 - compiled functions take the integers their docstrings name
"""What a pool asks that is the other side of every trade, as at GMX and Synthetix: the oracle's price and a premium.

The premium grows with what the traders hold together (``skew``, lots, above 0 long): whoever adds to it pays, whoever
takes from it is paid. ``value`` is what a lot is worth at the oracle's price, in USD. Prices are whole ticks, rounded
against the trader, so that the pool never gives a fraction of a tick away.

Source:
    Synthetix v3: fill = P (1 + (skew + size / 2) / skewScale). GMX v2: price impact = f (d0^e - d1^e), d the
    difference of long and short open interest in USD before and after; a trade that turns the difference round is
    paid for the part that balances and pays for the rest.
"""

from math import ceil, floor

import numpy as np

from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.elementary import exp, log
from makerscope.market.layout import PPM

PARTS = 1e15  # of an impact factor
_NOTHING = 1e-9  # USD


@inlined
def _against(price, side):
    """The tick at ``price`` or worse for the trader; at least 1. A hair of rounding error is no tick."""
    return max(np.int64(ceil(price - 1e-9) if side > 0 else floor(price + 1e-9)), np.int64(1))


@kernel
def skew_price(index, side, size, skew, value, scale):
    """Synthetix: ``index (1 + (skew + side size / 2) / scale)`` in ticks; ``scale`` in USD.

    Examples:
        >>> skew_price(10_000, 1, 10, 100, 1_000.0, 10_500_000.0)
        10100
    """
    return _against(index * (1.0 + (skew + 0.5 * side * size) * value / scale), side)


@inlined
def _power(x, power):
    """``x^(power / 10^6)`` for ``x >= 0``."""
    return exp(log(max(x, _NOTHING)) * (power / PPM), 0.0) if x > _NOTHING else 0.0


@kernel
def impact(side, size, skew, value, cost, gain, power):
    """GMX: what a trade is paid (below 0: pays) for its impact, USD. ``cost`` and ``gain``: parts per 10^15."""
    before, after = abs(skew) * value, abs(skew + side * size) * value
    first, then = _power(before, power), _power(after, power)
    if skew * (skew + side * size) < 0:  # it turns the difference round
        return (first * gain - then * cost) / PARTS
    return (first - then) * (gain if after < before else cost) / PARTS


@kernel
def impact_price(index, side, size, skew, value, cost, gain, power):
    """GMX: the oracle's price with the impact of the trade spread over its lots, in ticks.

    Examples:
        >>> impact_price(10_000, 1, 1_000, 0, 1_000.0, 500_000, 250_000, 2_000_000)  # 1 M USD on a balanced pool
        10005
    """
    paid = impact(side, size, skew, value, cost, gain, power) / (size * value)
    return _against(index * (1.0 - side * paid), side)
