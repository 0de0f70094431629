"""A whole option chain quoted again for a new spot, in three passes without a branch.

Per series: total volatility of its SVI slice; Black's price and five Greeks; then a bid and an ask around the price,
widened by volatility, shifted against the inventory, rounded outwards to ticks. What belongs to an expiry stands beside
each of its series: a lookup by expiry inside the loop would keep it from being vectorised, and a loop for each expiry
is too short for it. Three passes, because the compiler must prove that no array overlaps another, and gives up on a
loop over twenty of them.
"""
# ruff: noqa: ANN001, ANN201, PLR0917 - a kernel is compiled for the types it is called with, and takes arrays in order

import numpy as np

from makerscope.kernels._jit import kernel
from makerscope.kernels.black76 import HIGHEST, LARGEST_S, LOWEST, SMALLEST_S, both_sides
from makerscope.kernels.elementary import log

STRIKE, MONEYNESS, CARRY, CALL, ROOT, LEVEL, WINGS, TILT, PLACE, CURVE, ROWS = range(11)
VOLATILITY, PRICE, DELTA, GAMMA, VEGA, VANNA, VOLGA, ANSWERS = range(8)
BID, ASK = 0, 1
MOST_TICKS = 2.0**53
NAN = float("nan")


@kernel
def requote(
    chain, spot, in_coin, ticks, half_volatility, least_half, lean_delta, lean_vega, coarse, coarse_from, out, quotes
):
    """Fill ``out`` (ANSWERS, n) and ``quotes`` (2, n) from ``chain`` (ROWS, n) and the new ``spot``.

    Returns the number of series outside the domain.

    Rows of ``chain``: strike; ln(strike / carry); carry = forward / spot; 1 call, 0 put; sqrt(years); SVI a, b, rho, m
    and sigma squared. ``ticks`` fine ticks are one unit of premium; ``coarse`` is the tick, in fine ticks, from
    ``coarse_from`` fine ticks on. A side without a price is 0 ticks; outside the domain floats are NaN and both
    sides 0.
    """
    strike, moneyness, carry, call, root = chain[STRIKE], chain[MONEYNESS], chain[CARRY], chain[CALL], chain[ROOT]
    level, wings, tilt, place, curve = chain[LEVEL], chain[WINGS], chain[TILT], chain[PLACE], chain[CURVE]
    volatility, price, delta, gamma = out[VOLATILITY], out[PRICE], out[DELTA], out[GAMMA]
    vega, vanna, volga = out[VEGA], out[VANNA], out[VOLGA]
    bid, ask = quotes[BID], quotes[ASK]
    log_spot = log(spot)
    outside = 0
    for i in range(strike.shape[0]):
        x = moneyness[i] - log_spot - place[i]
        w = level[i] + wings[i] * (tilt[i] * x + (x * x + curve[i]) ** 0.5)
        volatility[i] = w**0.5 if (w > 0.0) & (w < HIGHEST) else NAN
    for i in range(strike.shape[0]):
        F, K, total = spot * carry[i], strike[i], volatility[i]
        ok = (F > LOWEST) & (F < HIGHEST) & (total > 0.0)
        s = min(max(total, SMALLEST_S), LARGEST_S)
        value, density, d1, d2, below, above, _below, _above = both_sides(F, K, s, 0.0)
        is_call = call[i] > 0.0
        gain = F - K if is_call else K - F
        inverse_F, inverse_sigma = 1.0 / F, root[i] / s
        steep, per_F = density * root[i], density * inverse_F
        volatility[i] = total / root[i]
        price[i] = max(gain, 0.0) + value if ok else NAN
        delta[i] = (below if is_call else -above) if ok else NAN
        gamma[i] = per_F * inverse_F / s if ok else NAN
        vega[i] = steep if ok else NAN
        vanna[i] = -per_F * d2 * inverse_sigma if ok else NAN
        volga[i] = steep * d1 * d2 * inverse_sigma if ok else NAN
    for i in range(strike.shape[0]):
        half = max(half_volatility * vega[i], least_half)
        middle = price[i] + lean_delta * delta[i] + lean_vega * vega[i]
        unit = ticks / (spot * carry[i]) if in_coin else ticks
        low, high = (middle - half) * unit, (middle + half) * unit
        low_step = coarse if low >= coarse_from else 1.0
        high_step = coarse if high > coarse_from else 1.0
        low_ticks = max(np.floor(low / low_step) * low_step, 0.0)
        high_ticks = max(-np.floor(-high / high_step) * high_step, low_ticks + low_step)
        ok = high_ticks < MOST_TICKS  # false for NaN
        outside += 0 if ok else 1
        bid[i] = np.int64(low_ticks if ok else 0.0)
        ask[i] = np.int64(high_ticks if ok else 0.0)
    return outside
