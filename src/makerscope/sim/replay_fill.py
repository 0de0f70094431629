# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say, in order
"""What recorded trades and changes of depth do to own orders: lots ahead shrink, orders fill, nothing is filled twice.

A recorded trade hands out its lots once. Own orders at a better price than the trade come first: whoever traded there
would have met them before. At the price of the trade the recorded lots ahead come first. Several own orders share
what is left, in their order. No own order is filled without a recorded trade at its price or beyond.
"""

import numpy as np

from makerscope.kernels._jit import inlined, inner, part
from makerscope.market.layout import LEADER, NONE
from makerscope.market.log import CANCELLED, EXPIRED, FILLED_ORDER, PLAIN
from makerscope.market.news import FILLED, GONE, tell
from makerscope.market.venue import (
    V_NOW,
    book_trade,
    log_order,
)
from makerscope.sim.replay_orders import give_back, next_key, shown, spent_at, unlink
from makerscope.sim.replay_queue import FRONT, UNKNOWN, moved_up
from makerscope.sim.replay_world import (
    C_BEFORE,
    C_GIVEN,
    C_TRADED,
    E_INSTRUMENT,
    E_PRICE,
    E_SERIAL,
    E_SIDE,
    E_SIZE,
    G_MODEL,
    LIVE,
    Q_ACCOUNT,
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
    S_ROW,
    S_SHOWN,
    SPENT,
)
from makerscope.sim.world import C_NOW

MARKET = LEADER  # the account of all whom the recording shows


@inner
def drop_own(world, m, o, action):
    """Take an own order out and tell: ``action`` is CANCELLED or EXPIRED; ``m`` the message that asked for it."""
    venue, order = world.venue, world.own.order
    account, instrument, side, slot = order[o, Q_ACCOUNT], order[o, Q_INSTRUMENT], order[o, Q_SIDE], order[o, Q_SLOT]
    venue.slot[venue.slot_at[account] + slot] = NONE
    log_order(venue, m, order[o, Q_SERIAL], action, account, instrument, side, order[o, Q_PRICE], 0)
    tell(venue.inbox, account, GONE, instrument, side, order[o, Q_PRICE], 0, 0, slot, venue.word[V_NOW], 0)
    unlink(world.own, o)


@inner
def drop_all_own(world, m, account):
    """Take all orders of an account out; returns how many there were."""
    gone, venue = 0, world.venue
    for s in range(venue.slot_at[account], venue.slot_at[account + 1]):
        if venue.slot[s] != NONE:
            drop_own(world, m, venue.slot[s], CANCELLED)
            gone += 1
    return gone


@inner
def expire_market(world, instrument):
    """An outage begins: nobody knows what the queue does now, so every own order there is taken out."""
    venue = world.venue
    for side in range(2):
        o = world.own.head[2 * instrument + side]
        while o != NONE:
            following = world.own.order[o, Q_NEXT]
            drop_own(world, world.mempool.message[-1], o, EXPIRED)
            o = following
    n = 0
    while n < world.own.pool[SPENT]:
        if world.own.spent[n, S_ROW] >> 1 == instrument:
            give_back(world.own, n, np.int64(1) << 60)
        else:
            n += 1
    venue.word[V_NOW] = world.clock[C_NOW]


@inner
def fill_own(world, o, size, serial):
    """Fill ``size`` lots of an own order at its price: money, rows, news."""
    venue, order = world.venue, world.own.order
    account, instrument, side = order[o, Q_ACCOUNT], order[o, Q_INSTRUMENT], order[o, Q_SIDE]
    price, slot, left = order[o, Q_PRICE], order[o, Q_SLOT], order[o, Q_SIZE] - size
    paid, _ = book_trade(venue, instrument, account, MARKET, side, price, size, order[o, Q_SERIAL], serial, PLAIN)
    order[o, Q_SIZE] = left
    if left == 0:
        venue.slot[venue.slot_at[account] + slot] = NONE
    nobody = world.mempool.message[-1]
    log_order(venue, nobody, order[o, Q_SERIAL], FILLED_ORDER, account, instrument, side, price, left)
    cash = -side * price * size * venue.spec[instrument, 2] - paid
    tell(venue.inbox, account, FILLED, instrument, side, price, size, left, slot, venue.word[V_NOW], cash)
    if left == 0:
        unlink(world.own, o)


@part
def trade_hits(world, at):
    """The trade in row ``at`` of the feed hits own orders; ``C_GIVEN`` is its aggressor's side."""
    side, row = world.clock[C_GIVEN], world.feed[at]
    give_out(world, 2 * row[E_INSTRUMENT] + (side > 0), -side * row[E_PRICE], row[E_SIZE], row[E_SERIAL])
    return 0


@inner
def give_out(world, r, key, size, serial):
    """An aggressor traded ``size`` lots at ``key`` against side ``r``, where own orders stand at it or better."""
    own, left = world.own, size
    world.venue.word[V_NOW] = world.clock[C_NOW]
    o = own.head[r]
    while o != NONE:
        following, at = own.order[o, Q_NEXT], own.order[o, Q_KEY]
        if at < key:
            break
        fill = np.int64(0)
        if at > key:
            fill = min(own.order[o, Q_SIZE], left)
        else:
            ahead = own.ahead[o]
            if left > ahead:
                fill = min(own.order[o, Q_SIZE], np.int64(left - ahead))
            own.ahead[o] = max(ahead - left, 0.0) if ahead < UNKNOWN else ahead
            own.order[o, Q_TRADED] += size
        if fill > 0:
            left -= fill
            world.clock[C_TRADED] += fill
            fill_own(world, o, fill, serial)
        o = following


@inlined
def _move(world, o, before, after):
    own, model = world.own, world.rule[G_MODEL]
    if model != FRONT:
        own.ahead[o] = moved_up(model, world.model[0], own.ahead[o], before, own.order[o, Q_TRADED], after)
    own.order[o, Q_TRADED] = 0


@part
def level_changed(world, at):
    """Row ``at`` of the feed shows another size than ``C_BEFORE`` at a level where something of ours may stand."""
    own, row, before = world.own, world.feed[at], world.clock[C_BEFORE]
    side, after = row[E_SIDE], row[E_SIZE]
    r, key = 2 * row[E_INSTRUMENT] + (side < 0), row[E_PRICE] * side
    o = own.head[r]
    while o != NONE and own.order[o, Q_KEY] >= key:
        if own.order[o, Q_KEY] == key:
            _move(world, o, before, after)
        o = own.order[o, Q_NEXT]
    n = spent_at(own, r, key)
    if n != NONE:
        give_back(own, n, before - after)
    return 0


@inner
def remember_shown(world, book, instrument):
    """Before a snapshot replaces a book: what it shows where own orders stand and own takers took."""
    own = world.own
    for side in range(2):
        o = own.head[2 * instrument + side]
        while o != NONE:
            own.order[o, Q_SHOWN] = shown(book, side, own.order[o, Q_KEY])
            o = own.order[o, Q_NEXT]
    for n in range(own.pool[SPENT]):
        if own.spent[n, S_ROW] >> 1 == instrument:
            own.spent[n, S_SHOWN] = shown(book, own.spent[n, S_ROW] & 1, own.spent[n, S_KEY])


@inner
def compare_shown(world, book, instrument):
    """After a snapshot replaced a book: what changed where own orders stand and own takers took."""
    own = world.own
    for side in range(2):
        o = own.head[2 * instrument + side]
        while o != NONE:
            key = own.order[o, Q_KEY]
            after = shown(book, side, key)
            if after > 0 or next_key(book, side, key)[0]:  # else the snapshot does not reach down to this price
                _move(world, o, own.order[o, Q_SHOWN], after)
            o = own.order[o, Q_NEXT]
    n = 0
    while n < own.pool[SPENT]:
        inside = own.spent[n, S_ROW] >> 1 == instrument
        after = shown(book, own.spent[n, S_ROW] & 1, own.spent[n, S_KEY]) if inside else np.int64(0)
        if not inside or not give_back(own, n, own.spent[n, S_SHOWN] - after):
            n += 1


@inlined
def has_own(own):
    """Whether anything of ours stands anywhere."""
    return own.pool[LIVE] + own.pool[SPENT] > 0
