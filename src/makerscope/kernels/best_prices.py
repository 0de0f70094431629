"""The best prices at which enough rests, from the lives of single orders."""
# ruff: noqa: ANN001, ANN201, ANN202, PLR0917 - compiled functions take the types their callers give

import numpy as np

from makerscope.kernels._jit import inner, kernel
from makerscope.kernels.members import NONE, held_at, next_price, put, take
from makerscope.kernels.muldiv import muldiv

UNIT = 10**12


@inner
def _best(side, members, count, price, size, lots):
    """The best price of a side at which at least ``lots`` rest, -1 if there is none."""
    bound = 0
    bounded = False
    while True:
        found = next_price(side, members, count, price, bound, bounded)
        if found == NONE or held_at(members, count, price, size, found) >= lots:
            return found
        bound, bounded = found, True


@inner
def _deep(side, members, count, price, size, least, by_value, near):
    """The price down to which ``least`` rests, counted from the best one and no farther than ``near`` from it.

    A side with less has its best price, an empty one -1.
    """
    best = _best(side, members, count, price, size, 0)
    at = best
    held = 0
    while at != NONE and muldiv(side * (best - at), UNIT, best) <= near:
        beyond = NONE
        for k in range(count):
            p = price[members[k]]
            if p == at:
                held += size[members[k]] * p if by_value else size[members[k]]
            elif side * (at - p) > 0 and (beyond == NONE or side * (p - beyond) > 0):
                beyond = p
        if held >= least:
            return at
        at = beyond
    return best


@inner
def _now(changed, last, side, members, count, price, size, least, deep, by_value, near):
    if not changed:
        return last
    if deep:
        return _deep(side, members, count, price, size, least, by_value, near)
    return _best(side, members, count, price, size, least)


@kernel
def best_prices(
    enter,  # ns, in order
    leave,  # ns
    leaving,  # rows in order of ``leave``
    side,  # +1 bid, -1 ask
    price,  # ticks
    size,  # lots
    least,  # how much must rest: lots at a price, or with ``deep`` lots (or ticks times lots) down to it
    deep,  # whether what rests at better prices counts too
    by_value,  # with ``deep``: in ticks times lots
    near,  # with ``deep``: pico of the best price
):
    """Times (ns) at which the prices changed, and the bid and ask (ticks, -1 none) from then on."""
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
                take(bids, places, n_bids, j)
                n_bids -= 1
                on_bid = True
            else:
                take(asks, places, n_asks, j)
                n_asks -= 1
                on_ask = True
        while i < n and enter[i] <= t:
            if leave[i] > t:
                if side[i] > 0:
                    put(bids, places, n_bids, i)
                    n_bids += 1
                    on_bid = True
                else:
                    put(asks, places, n_asks, i)
                    n_asks += 1
                    on_ask = True
            i += 1
        first = rows == 0
        last = max(rows - 1, 0)
        best_bid = _now(on_bid or first, bid[last], 1, bids, n_bids, price, size, least, deep, by_value, near)
        best_ask = _now(on_ask or first, ask[last], -1, asks, n_asks, price, size, least, deep, by_value, near)
        if first or best_bid != bid[rows - 1] or best_ask != ask[rows - 1]:
            time[rows], bid[rows], ask[rows] = t, best_bid, best_ask
            rows += 1
    return time[:rows], bid[:rows], ask[:rows]
