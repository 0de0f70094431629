# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say, in order
"""What becomes of an own message at the recorded venue: the rules of the simulated one, against a recorded book.

An own taker walks the recorded levels. What it took is gone: a level offers what it shows less what own takers took
there, and what was taken counts as gone until the recording shows fewer lots; only lots that the recording adds are
new. Own orders do not trade with each other: a post-only order that would cross one is refused.
"""

import numpy as np

from makerscope.kernels._jit import inlined, inner
from makerscope.kernels.handle_at import handle_at
from makerscope.market.layout import (
    CANCEL,
    CANCEL_ALL,
    FILL_OR_KILL,
    M_ACCOUNT,
    M_FLAGS,
    M_INSTRUMENT,
    M_KIND,
    M_PRICE,
    M_SIDE,
    M_SIZE,
    M_SLOT,
    NONE,
    PLACE,
    POST_ONLY,
    TAKE,
    UNIT,
)
from makerscope.market.log import CANCELLED, PLACED, PLAIN, REPLACED
from makerscope.market.news import GONE, TOOK, tell
from makerscope.market.venue import (
    BAD_SLOT,
    NO_ROOM,
    NO_SUCH_MARKET,
    NOT_FILLABLE,
    NOTHING_THERE,
    OK,
    UNKNOWN_KIND,
    V_NOW,
    WOULD_CROSS,
    book_trade,
    flaw,
    log_order,
    refuse,
)
from makerscope.sim.replay_fill import MARKET, drop_all_own, drop_own
from makerscope.sim.replay_orders import next_key, queue_order, shown, spend, spent_at, unlink
from makerscope.sim.replay_world import (
    Q_INSTRUMENT,
    Q_PRICE,
    Q_SERIAL,
    Q_SIDE,
    Q_SIZE,
    S_LOTS,
    SERIALS,
    T_KEY,
    T_SIZE,
)


@inlined
def _offered(world, book, r, key):
    """Lots of a recorded level that own takers have not taken yet."""
    n = spent_at(world.own, r, key)
    taken = world.own.spent[n, S_LOTS] if n != NONE else np.int64(0)
    return max(shown(book, r & 1, key) - taken, 0)


@inner
def walk_recorded(world, m, size, limit, serial, really):
    """Trade up to ``size`` lots against the recorded side up to ``limit`` (NONE: any price), or only count them.

    Returns:
        ``(got, cash, fees)``: lots, ticks times lots, base units.
    """
    venue, i, side, account = world.venue, m[M_INSTRUMENT], m[M_SIDE], m[M_ACCOUNT]
    r = 2 * i + (side > 0)
    book = handle_at(world.book, world.books[i])
    lowest = -side * limit
    got, cash, fees = np.int64(0), np.int64(0), np.int64(0)
    there, key = world.top[r, T_SIZE] > 0, world.top[r, T_KEY]
    while there and got < size and (limit == NONE or key >= lowest):
        lots = min(_offered(world, book, r, key), size - got)
        if lots > 0:
            price = abs(key)
            if really:
                if not spend(world.own, r, key, lots):
                    break
                _, paid = book_trade(venue, i, MARKET, account, -side, price, lots, NONE, serial, PLAIN)
                fees += paid
            got += lots
            cash += price * lots
        there, key = next_key(book, r & 1, key)
    return got, cash, fees


@inner
def take_recorded(world, m, size, limit, serial):
    """Trade against the recorded book and tell; returns what is left."""
    venue, i, side = world.venue, m[M_INSTRUMENT], m[M_SIDE]
    got, cash, fees = walk_recorded(world, m, size, limit, serial, True)
    if got > 0:
        worth = cash * venue.spec[i, UNIT]
        now = venue.word[V_NOW]
        tell(venue.inbox, m[M_ACCOUNT], TOOK, i, side, cash // got, got, size - got, 0, now, -side * worth - fees)
    return size - got


@inner
def _crosses(world, m):
    """Whether an order would trade with the recorded book (1) or meet an own order (2)."""
    i, side, price = m[M_INSTRUMENT], m[M_SIDE], m[M_PRICE]
    head = world.own.head[2 * i + (side > 0)]
    if head != NONE and side * (price - world.own.order[head, Q_PRICE]) >= 0:
        return 2
    got, _, _ = walk_recorded(world, m, np.int64(1), price, np.int64(NONE), False)
    return 1 if got > 0 else 0


@inlined
def _same_place(world, m, o):
    """Whether a replacement keeps its place in the queue: same side and price, and no larger."""
    order = world.own.order
    same = order[o, Q_INSTRUMENT] == m[M_INSTRUMENT] and order[o, Q_SIDE] == m[M_SIDE]
    return same and order[o, Q_PRICE] == m[M_PRICE] and m[M_SIZE] <= order[o, Q_SIZE]


@inner
def place_own(world, m):
    """Rest an order in a recorded queue, or replace the one in its slot. Returns a reason."""
    venue, own = world.venue, world.own
    account, i, side, price = m[M_ACCOUNT], m[M_INSTRUMENT], m[M_SIDE], m[M_PRICE]
    if m[M_SLOT] < 0 or m[M_SLOT] >= venue.slot_at[account + 1] - venue.slot_at[account]:
        return BAD_SLOT
    s = venue.slot_at[account] + m[M_SLOT]
    old, why, size = venue.slot[s], flaw(venue, m), m[M_SIZE]  # in this order
    if why != OK:
        if old != NONE:
            drop_own(world, m, old, CANCELLED)
        return why
    serial, action = np.int64(NONE), PLACED
    if old != NONE:
        if _same_place(world, m, old):
            if size < own.order[old, Q_SIZE]:
                own.order[old, Q_SIZE] = size
                log_order(venue, m, own.order[old, Q_SERIAL], REPLACED, account, i, side, price, size)
            return OK
        if own.order[old, Q_INSTRUMENT] == i and own.order[old, Q_SIDE] == side:
            serial, action = own.order[old, Q_SERIAL], REPLACED
            venue.slot[s] = NONE
            unlink(own, old)
        else:
            drop_own(world, m, old, CANCELLED)
    return _rest(world, m, s, serial, action)


@inner
def _rest(world, m, s, serial, action):
    """The second half: what may trade does so, what is left joins the queue."""
    venue, own = world.venue, world.own
    account, i, side, price = m[M_ACCOUNT], m[M_INSTRUMENT], m[M_SIDE], m[M_PRICE]
    left, why, crosses = m[M_SIZE], OK, _crosses(world, m)
    if crosses > 0:
        if m[M_FLAGS] & POST_ONLY:
            why = WOULD_CROSS
        elif crosses == 1:
            if serial == NONE:
                serial = own.pool[SERIALS]
                own.pool[SERIALS] += 1
            left = take_recorded(world, m, left, price, serial)
        else:
            left = 0
    if why == OK and left > 0:
        book = handle_at(world.book, world.books[i])
        o = queue_order(world, book, i, side, price, left, account, m[M_SLOT])
        if o == NONE:
            why = NO_ROOM
        else:
            serial = own.order[o, Q_SERIAL] if serial == NONE else serial
            own.order[o, Q_SERIAL] = serial
            venue.slot[s] = o
            log_order(venue, m, serial, action, account, i, side, price, left)
    if action == REPLACED and (why != OK or left == 0):  # the old order is gone in any case
        log_order(venue, m, serial, CANCELLED, account, i, side, price, 0)
        if why != OK:
            tell(venue.inbox, account, GONE, i, side, price, 0, 0, m[M_SLOT], venue.word[V_NOW], 0)
    return why


@inner
def take_own(world, m):
    """Trade with the recorded book now or not at all. Returns a reason."""
    why = flaw(world.venue, m)
    if why != OK:
        return why
    size, limit, own = m[M_SIZE], m[M_PRICE], world.own
    if m[M_FLAGS] & FILL_OR_KILL:
        found, _, _ = walk_recorded(world, m, size, limit, np.int64(NONE), False)
        if found < size:
            return NOT_FILLABLE
    serial = own.pool[SERIALS]
    own.pool[SERIALS] += 1
    take_recorded(world, m, size, limit, serial)
    return OK


@inner
def execute_own(world, m):
    """Do what one message asks for. Returns OK or the reason why it was refused."""
    venue, account, kind, slot = world.venue, m[M_ACCOUNT], m[M_KIND], m[M_SLOT]
    if kind == PLACE:
        why = place_own(world, m)
    elif kind == CANCEL:
        inside = 0 <= slot < venue.slot_at[account + 1] - venue.slot_at[account]
        if not inside:
            why = BAD_SLOT
        elif venue.slot[venue.slot_at[account] + slot] == NONE:
            why = NOTHING_THERE
        else:
            drop_own(world, m, venue.slot[venue.slot_at[account] + slot], CANCELLED)
            why = OK
    elif kind == TAKE:
        why = take_own(world, m) if 0 <= m[M_INSTRUMENT] < venue.spec.shape[0] else NO_SUCH_MARKET
    elif kind == CANCEL_ALL:
        why = OK if drop_all_own(world, m, account) > 0 else NOTHING_THERE
    else:
        why = UNKNOWN_KIND
    if why != OK:
        refuse(venue, m, why)
    return why
