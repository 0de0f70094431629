"""Which volume decrease met which: an order-preserving alignment of two short sequences.

``x`` are decreases of bids and ``y`` those of asks, all of one volume, each in order of time. Two may pair when they
are at most ``cutoff`` apart and the bid's price is at least the ask's. Wanted are the most pairs and, among those, the
least sum of time distances, with pairs in the same order on both sides.

The table of the alignment has ``(n + 1)(m + 1)`` cells, so callers keep the sequences short. Ties go to the earlier bid
left unpaired, so that the answer does not depend on anything but the times and prices.
"""

import numpy as np

from makerscope.kernels._jit import kernel


@kernel
def align(x_time, x_price, y_time, y_price, cutoff, partner):  # noqa: ANN001, ANN201, PLR0917
    """Write the index in ``y`` that each ``x`` pairs with into ``partner``, or -1.

    Args:
        x_time: int64 ``(n,)``, ascending.
        x_price: int64 ``(n,)``, ticks.
        y_time: int64 ``(m,)``, ascending.
        y_price: int64 ``(m,)``, ticks.
        cutoff: largest distance in time of a pair, in the unit of the times.
        partner: int64 ``(n,)``, written.
    """
    n, m = x_time.shape[0], y_time.shape[0]
    pairs = np.zeros((n + 1, m + 1), np.int64)
    cost = np.zeros((n + 1, m + 1), np.int64)
    for i in range(n - 1, -1, -1):
        for j in range(m - 1, -1, -1):
            best, least = pairs[i + 1, j], cost[i + 1, j]
            if pairs[i, j + 1] > best or (pairs[i, j + 1] == best and cost[i, j + 1] < least):
                best, least = pairs[i, j + 1], cost[i, j + 1]
            apart = abs(x_time[i] - y_time[j])
            if apart <= cutoff and x_price[i] >= y_price[j]:
                more, far = pairs[i + 1, j + 1] + 1, cost[i + 1, j + 1] + apart
                if more > best or (more == best and far < least):
                    best, least = more, far
            pairs[i, j], cost[i, j] = best, least
    i, j = 0, 0
    while i < n:
        if j == m or (pairs[i, j] == pairs[i + 1, j] and cost[i, j] == cost[i + 1, j]):
            partner[i] = -1
            i += 1
        elif pairs[i, j] == pairs[i, j + 1] and cost[i, j] == cost[i, j + 1]:
            j += 1
        else:
            partner[i] = j
            i, j = i + 1, j + 1
