"""Where each resting order stands in the queue of its side: what rests before it, and whether it is near the front."""
# ruff: noqa: ANN001, ANN201, ANN202, PLR0917, C901 - compiled functions take the types their callers give

import numpy as np

from makerscope.kernels._jit import inner, kernel
from makerscope.kernels.members import NONE, held_at, next_price, put, take


@inner
def _ahead(side, i, members, count, price, size, born):
    """Lots of orders with a better price than ``i``, or with the same one since before it."""
    total = 0
    for k in range(count):
        j = members[k]
        better = side * (price[j] - price[i])
        if better > 0 or (better == 0 and born[j] < born[i]):
            total += size[j]
    return total


@kernel
def queue_places(
    enter,  # ns, in order
    leave,  # ns
    leaving,  # rows in order of ``leave``
    side,  # +1 bid, -1 ask
    price,  # ticks
    size,  # lots
    born,  # ns: since when an order has had its place in the queue
):
    """For each row: lots before it when it came and when it left, and the best price of its side at both times.

    What leaves at one instant is judged together, with all of it still there; then what comes, with all of it there. Of
    two orders at one price since the same instant neither is before the other, so that no row order decides.
    """
    n = enter.shape[0]
    out = np.zeros((n, 4), np.int64)
    members = np.empty((2, n), np.int64)
    places = np.empty(n, np.int64)
    counts = np.zeros(2, np.int64)
    i = o = 0
    while o < n:
        t = leave[leaving[o]]
        if i < n:
            t = min(t, enter[i])
        first = o
        while o < n and leave[leaving[o]] <= t:
            j = leaving[o]
            s = 0 if side[j] > 0 else 1
            out[j, 1] = _ahead(side[j], j, members[s], counts[s], price, size, born)
            out[j, 3] = next_price(side[j], members[s], counts[s], price, 0, False)
            o += 1
        for k in range(first, o):
            j = leaving[k]
            s = 0 if side[j] > 0 else 1
            take(members[s], places, counts[s], j)
            counts[s] -= 1
        first = i
        while i < n and enter[i] <= t:
            s = 0 if side[i] > 0 else 1
            put(members[s], places, counts[s], i)
            counts[s] += 1
            i += 1
        for j in range(first, i):
            s = 0 if side[j] > 0 else 1
            out[j, 0] = _ahead(side[j], j, members[s], counts[s], price, size, born)
            out[j, 2] = next_price(side[j], members[s], counts[s], price, 0, False)
    return out


@inner
def _front(side, members, count, price, size, wanted):
    """The worst price that is needed, from the best on, until ``wanted`` lots rest; ``NONE`` where less rests."""
    held = 0
    bound = 0
    bounded = False
    while held < wanted:
        level = next_price(side, members, count, price, bound, bounded)
        if level == NONE:
            return NONE
        held += held_at(members, count, price, size, level)
        bound, bounded = level, True
    return bound


@kernel
def inside_stretches(
    enter,  # ns, in order
    leave,  # ns
    leaving,  # rows in order of ``leave``
    side,
    price,  # ticks
    size,  # lots
    wanted,  # lots of a side, from the best price on, that count
):
    """Stretches of time in which each order is among the best ``wanted`` lots of its side: rows, starts, ends (ns)."""
    n = enter.shape[0]
    rows = np.empty(4 * n + 4, np.int64)
    starts = np.empty(4 * n + 4, np.int64)
    ends = np.empty(4 * n + 4, np.int64)
    members = np.empty((2, n), np.int64)
    places = np.empty(n, np.int64)
    since = np.full(n, NONE, np.int64)
    counts = np.zeros(2, np.int64)
    found = i = o = 0
    while o < n:
        t = leave[leaving[o]]
        if i < n:
            t = min(t, enter[i])
        changed = np.zeros(2, np.bool_)
        while o < n and leave[leaving[o]] <= t:
            j = leaving[o]
            o += 1
            if j >= i:
                continue
            s = 0 if side[j] > 0 else 1
            take(members[s], places, counts[s], j)
            counts[s] -= 1
            changed[s] = True
            if since[j] != NONE:
                rows, starts, ends = _room(rows, found), _room(starts, found), _room(ends, found)
                rows[found], starts[found], ends[found] = j, since[j], t
                found += 1
                since[j] = NONE
        while i < n and enter[i] <= t:
            if leave[i] > t:
                s = 0 if side[i] > 0 else 1
                put(members[s], places, counts[s], i)
                counts[s] += 1
                changed[s] = True
            i += 1
        for s in range(2):
            if not changed[s]:
                continue
            way = 1 if s == 0 else -1
            bound = _front(way, members[s], counts[s], price, size, wanted)
            for k in range(counts[s]):
                j = members[s, k]
                inside = bound != NONE and way * (price[j] - bound) >= 0
                if inside and since[j] == NONE:
                    since[j] = t
                elif not inside and since[j] != NONE:
                    rows, starts, ends = _room(rows, found), _room(starts, found), _room(ends, found)
                    rows[found], starts[found], ends[found] = j, since[j], t
                    found += 1
                    since[j] = NONE
    return rows[:found], starts[:found], ends[:found]


@inner
def _room(column, found):
    if found < column.shape[0]:
        return column
    larger = np.empty(2 * column.shape[0], np.int64)
    larger[:found] = column[:found]
    return larger
