# ruff: noqa: ANN001, ANN201 - compiled functions take the types their docstrings say, in order
"""Own resting orders beside a recorded book: by price, then by arrival, each with the recorded lots ahead of it.

One list a side of an instrument, best first. A cell of ``filter`` counts what stands at the prices that share it, so
that a recorded event at a price where nothing of ours stands costs one look.
"""

import numpy as np

from makerscope.kernels._jit import inlined, inner
from makerscope.kernels.book import OUTSIDE, WINDOW, below, far_place
from makerscope.market.layout import NONE
from makerscope.sim.replay_queue import FRONT, UNKNOWN
from makerscope.sim.replay_world import (
    FILTER,
    FREE,
    G_MODEL,
    LIVE,
    Q_ACCOUNT,
    Q_BEFORE,
    Q_INSTRUMENT,
    Q_KEY,
    Q_NEXT,
    Q_PRICE,
    Q_SERIAL,
    Q_SHOWN,
    Q_SIDE,
    Q_SIZE,
    Q_SLOT,
    Q_TRADED,
    S_KEY,
    S_LOTS,
    S_ROW,
    SERIALS,
    SPENT,
)

LOWEST = 0  # of a book's ``state``


@inlined
def row_of(instrument, side):
    """Row of a side: bids stand before asks."""
    return 2 * instrument + (side < 0)


@inner
def shown(book, row, key):
    """Recorded lots at a key of a side (0 bids, 1 asks)."""
    at = key - book.state[LOWEST + row]
    if 0 <= at < WINDOW:
        return book.size[row, at]
    low, held = far_place(book, row, key), book.state[OUTSIDE + row]
    if low < held and book.far_key[row, low] == key:
        return book.far_size[row, low]
    return np.int64(0)


@inner
def next_key(book, row, key):
    """``(True, k)``: the next recorded key worse than ``key``; ``(False, 0)`` where there is none."""
    lowest = book.state[LOWEST + row]
    at = key - lowest
    place = below(book.bits, row, min(at, WINDOW)) if at > 0 else np.int64(-1)
    low = far_place(book, row, key)
    far = low > 0
    if place >= 0 and (not far or lowest + place > book.far_key[row, low - 1]):
        return True, lowest + place
    if far:
        return True, book.far_key[row, low - 1]
    return False, np.int64(0)


@inner
def lots_ahead(world, book, r, key):
    """Lots ahead of an order that arrives now. Unknown where the recording shows no level there nor any worse one."""
    if world.rule[G_MODEL] == FRONT:
        return 0.0
    size = shown(book, r & 1, key)
    if size > 0:
        return float(size)
    return 0.0 if next_key(book, r & 1, key)[0] else UNKNOWN


@inner
def queue_order(world, book, instrument, side, price, size, account, slot):
    """Put an order at the end of the queue at its price; returns its place in ``order``, NONE without room."""
    own = world.own
    o = own.pool[FREE]
    if o == NONE:
        return o
    order, r = own.order, row_of(instrument, side)
    own.pool[FREE] = order[o, Q_NEXT]
    own.pool[LIVE] += 1
    key = price * side
    before, after = np.int64(NONE), own.head[r]
    while after != NONE and order[after, Q_KEY] >= key:
        before, after = after, order[after, Q_NEXT]
    order[o, Q_PRICE], order[o, Q_SIZE], order[o, Q_NEXT], order[o, Q_BEFORE] = price, size, after, before
    order[o, Q_INSTRUMENT], order[o, Q_SIDE], order[o, Q_ACCOUNT], order[o, Q_SLOT] = instrument, side, account, slot
    order[o, Q_SERIAL], order[o, Q_KEY], order[o, Q_TRADED], order[o, Q_SHOWN] = own.pool[SERIALS], key, 0, 0
    own.pool[SERIALS] += 1
    if before == NONE:
        own.head[r] = o
    else:
        order[before, Q_NEXT] = o
    if after != NONE:
        order[after, Q_BEFORE] = o
    own.ahead[o] = lots_ahead(world, book, r, key)
    own.filter[r, key & (FILTER - 1)] += 1
    return o


@inner
def unlink(own, o):
    """Take an order out of its list and give its place back."""
    order = own.order
    r = row_of(order[o, Q_INSTRUMENT], order[o, Q_SIDE])
    before, after = order[o, Q_BEFORE], order[o, Q_NEXT]
    if before == NONE:
        own.head[r] = after
    else:
        order[before, Q_NEXT] = after
    if after != NONE:
        order[after, Q_BEFORE] = before
    own.filter[r, order[o, Q_KEY] & (FILTER - 1)] -= 1
    order[o, Q_NEXT] = own.pool[FREE]
    own.pool[FREE] = o
    own.pool[LIVE] -= 1


@inner
def spent_at(own, r, key):
    """Place in ``spent`` of what own takers took at a recorded level, or NONE."""
    if own.filter[r, key & (FILTER - 1)] > 0:
        for n in range(own.pool[SPENT]):
            if own.spent[n, S_ROW] == r and own.spent[n, S_KEY] == key:
                return n
    return np.int64(NONE)


@inner
def spend(own, r, key, lots):
    """Note that an own taker took recorded lots. False: no room to note it."""
    n = spent_at(own, r, key)
    if n == NONE:
        n = own.pool[SPENT]
        if n >= own.spent.shape[0]:
            return False
        own.pool[SPENT] = n + 1
        own.spent[n, S_ROW], own.spent[n, S_KEY], own.spent[n, S_LOTS] = r, key, 0
        own.filter[r, key & (FILTER - 1)] += 1
    own.spent[n, S_LOTS] += lots
    return True


@inner
def give_back(own, n, gone):
    """A level shows ``gone`` lots less: they are those that own takers took. True: nothing is left to note."""
    spent = own.spent
    spent[n, S_LOTS] -= min(spent[n, S_LOTS], max(gone, 0))
    if spent[n, S_LOTS] > 0:
        return False
    own.filter[spent[n, S_ROW], spent[n, S_KEY] & (FILTER - 1)] -= 1
    last = own.pool[SPENT] - 1
    own.pool[SPENT] = last
    for column in range(spent.shape[1]):
        spent[n, column] = spent[last, column]
    return True
