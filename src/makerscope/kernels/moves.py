"""When a price has moved by so much within so long."""
# ruff: noqa: ANN001, ANN201 - compiled functions take the types their callers give

import numpy as np

from makerscope.kernels._jit import kernel
from makerscope.kernels.muldiv import muldiv

UNIT = 10**12


@kernel
def moves(
    time,  # ns, in order
    price,  # any unit, above 0; else unknown
    end,  # ns, when the last price ends
    within,  # ns
    least,  # pico of the lowest price of the stretch
):
    """Stretches (first ns, last ns) in which the highest price of the last ``within`` ns is ``least`` above the lowest.

    A price holds until the next. The third array is when the price left the extreme that the move came from.
    """
    n = time.shape[0]
    highs = np.empty(n, np.int64)  # places of prices that may still become the highest, falling
    lows = np.empty(n, np.int64)
    first = np.empty(n, np.int64)
    last = np.empty(n, np.int64)
    origin = np.empty(n, np.int64)
    h0 = h1 = l0 = l1 = found = 0
    for k in range(n):
        t = time[k]
        if price[k] <= 0:
            continue
        while h1 > h0 and price[highs[h1 - 1]] <= price[k]:
            h1 -= 1
        highs[h1] = k
        h1 += 1
        while l1 > l0 and price[lows[l1 - 1]] >= price[k]:
            l1 -= 1
        lows[l1] = k
        l1 += 1
        # a price counts until it was replaced, so it lies within the window if its successor came after its start
        while h1 - h0 > 1 and time[highs[h0] + 1] <= t - within:
            h0 += 1
        while l1 - l0 > 1 and time[lows[l0] + 1] <= t - within:
            l0 += 1
        high, low = price[highs[h0]], price[lows[l0]]
        if muldiv(high - low, UNIT, low) >= least:
            from_time = time[min(highs[h0], lows[l0]) + 1]
            stop = time[k + 1] if k + 1 < n else end
            if found > 0 and last[found - 1] >= t:
                last[found - 1] = max(stop, last[found - 1])
            else:
                first[found], last[found], origin[found] = t, stop, from_time
                found += 1
    return first[:found], last[:found], origin[:found]
