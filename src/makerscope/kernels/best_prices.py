"""The best prices at which enough rests, from the lives of single orders."""
# ruff: noqa: ANN001, ANN201, ANN202, PLR0917 - compiled functions take the types their callers give

import numpy as np

from makerscope.kernels._jit import inner, kernel

NONE = -1


@inner
def _best(side, members, count, price, size, lots):
    """The best price of a side at which at least ``lots`` rest, -1 if there is none."""
    bound = 0
    bounded = False
    while True:
        found = NONE
        for k in range(count):
            p = price[members[k]]
            if bounded and side * (bound - p) <= 0:
                continue
            if found == NONE or side * (p - found) > 0:
                found = p
        if found == NONE:
            return NONE
        held = 0
        for k in range(count):
            if price[members[k]] == found:
                held += size[members[k]]
        if held >= lots:
            return found
        bound, bounded = found, True


@inner
def _put(members, places, count, j):
    members[count] = j
    places[j] = count


@inner
def _take(members, places, count, j):
    at = places[j]
    last = members[count - 1]
    members[at] = last
    places[last] = at


@kernel
def best_prices(
    enter,  # ns, in order
    leave,  # ns
    leaving,  # rows in order of ``leave``
    side,  # +1 bid, -1 ask
    price,  # ticks
    size,  # lots
    lots,  # how much must rest at a price for it to count
):
    """Times (ns) at which the best prices changed, and the best bid and ask (ticks, -1 none) from then on."""
    n = enter.shape[0]
    time = np.empty(2 * n, np.int64)
    bid = np.empty(2 * n, np.int64)
    ask = np.empty(2 * n, np.int64)
    bids = np.empty(n, np.int64)
    asks = np.empty(n, np.int64)
    places = np.empty(n, np.int64)
    n_bids = n_asks = i = o = rows = 0
    while i < n or o < n:
        t = enter[i] if i < n else leave[leaving[o]]
        if o < n:
            t = min(t, leave[leaving[o]])
        on_bid = on_ask = False
        while o < n and leave[leaving[o]] <= t:
            j = leaving[o]
            o += 1
            if j >= i:
                continue
            if side[j] > 0:
                _take(bids, places, n_bids, j)
                n_bids -= 1
                on_bid = True
            else:
                _take(asks, places, n_asks, j)
                n_asks -= 1
                on_ask = True
        while i < n and enter[i] <= t:
            if leave[i] > t:
                if side[i] > 0:
                    _put(bids, places, n_bids, i)
                    n_bids += 1
                    on_bid = True
                else:
                    _put(asks, places, n_asks, i)
                    n_asks += 1
                    on_ask = True
            i += 1
        best_bid = _best(1, bids, n_bids, price, size, lots) if on_bid or rows == 0 else bid[rows - 1]
        best_ask = _best(-1, asks, n_asks, price, size, lots) if on_ask or rows == 0 else ask[rows - 1]
        if rows == 0 or best_bid != bid[rows - 1] or best_ask != ask[rows - 1]:
            time[rows], bid[rows], ask[rows] = t, best_bid, best_ask
            rows += 1
    return time[:rows], bid[:rows], ask[:rows]
