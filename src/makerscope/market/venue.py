# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say, in order
"""What the venue does with a message whose turn has come: rules, book, money, and what it tells to whom.

One message is executed at a time, in the order the chain arranged. A message that breaks a rule is refused with a
reason that is counted and told to its sender; it changes nothing, but for a replacement, whose old order is gone by
then.
"""

from typing import NamedTuple

import numpy as np

from makerscope.kernels._jit import inlined, kernel
from makerscope.market.accounts import Holdings, pay, trade
from makerscope.market.book import (
    F_ACCOUNT,
    F_LEFT,
    F_ORDER,
    F_PRICE,
    F_SERIAL,
    F_SIZE,
    F_SLOT,
    SERIALS,
    Book,
    available,
    best,
    match,
    match_pro_rata,
    remove,
    requeue,
    rest,
    shrink,
)
from makerscope.market.fees import fee
from makerscope.market.layout import (
    BAND,
    CANCEL,
    CANCEL_ALL,
    CROSS,
    EXPIRY,
    FEES,
    FILL_OR_KILL,
    FIRST_AGENT,
    FORCED,
    JIT,
    LADDER,
    LAST,
    LOT_STEP,
    M_ACCOUNT,
    M_DECIDED,
    M_FLAGS,
    M_INSTRUMENT,
    M_KIND,
    M_PRICE,
    M_SEEN,
    M_SENT,
    M_SIDE,
    M_SIZE,
    M_SLOT,
    M_UNTIL,
    MARK,
    MATCHING,
    NONE,
    O_ACCOUNT,
    O_BLOCK,
    O_DECIDED,
    O_FLAGS,
    O_INSTRUMENT,
    O_MARGIN,
    O_PRICE,
    O_SERIAL,
    O_SIDE,
    O_SIZE,
    O_SLOT,
    O_UNTIL,
    OPEN_INTEREST,
    PLACE,
    POST_ONLY,
    PPM,
    PRO_RATA,
    REDUCE_ONLY,
    REDUCING,
    STP,
    TAKE,
    TRADING,
    UNIT,
    VOLUME,
)
from makerscope.market.log import (
    CANCELLED,
    EXPIRED,
    FILLED_ORDER,
    LIQUIDATED,
    PLACED,
    PLAIN,
    REJECTED,
    REPLACED,
    T_FILLS,
    T_FORCED,
    T_ORDERS,
    Log,
    next_row,
)
from makerscope.market.margin import (
    INITIAL,
    Rules,
    allows,
    fence,
    glance,
    order_margin,
    position_requirement,
    requirement,
)
from makerscope.market.news import FILLED, GONE, REFUSED, TOOK, Inbox, tell
from makerscope.market.shares import floor_share

# why a message was refused; the places of ``Venue.refused``
(
    OK, NO_SUCH_MARKET, NOT_TRADING, BAD_SIDE, BAD_PRICE, BAD_SIZE, OUT_OF_BAND, WOULD_CROSS, WOULD_NOT_REDUCE,
    NO_MARGIN,
    NOT_FILLABLE, NO_ROOM, BAD_SLOT, TOO_LATE, NO_BUDGET, FROZEN, NOTHING_THERE, UNKNOWN_KIND, NO_QUOTES, NO_PRICE,
    NOT_IN_DANGER, LIVES_TOO_LONG, NO_MONEY, NO_REQUEST, SENDER_OUT, LEADER_OUT, BEYOND_LIMIT,
) = range(27)  # fmt: skip
REASONS = (
    "accepted", "no such instrument", "not trading", "side is neither +1 nor -1", "price off the ladder",
    "size is not a positive number of lots", "price too far from the mark", "post-only order would trade",
    "reduce-only order would not reduce", "not enough margin", "cannot be filled whole", "the book has no room",
    "no such slot", "arrived after its last block", "action budget is spent", "frozen by market-maker protection",
    "nothing to cancel", "no such kind of message", "the other side is a pool, nothing can rest there",
    "no oracle price in time", "the account covers its margin", "lives more blocks than the venue allows",
    "not enough money", "no open request for quote of that number", "its sender is out", "the leading venue is down",
    "the leading venue's price is beyond the limit",
)  # fmt: skip
# of ``Venue.word``; V_UNLOGGED: 1 where orders leave no rows
# V_BATCH: 1 where orders wait for an auction instead of trading; V_TAKEN: money of the last
# aggressor
V_NOW, V_HEIGHT, V_SEQUENCE, V_UNLOGGED, V_FILLS, V_MESSAGES, V_BATCH, V_TAKEN = range(8)
MOST_MONEY = 1 << 60  # base units: what one order may be worth at the dearest price of its book
# market-maker protection: (A, 8); interval 0 switches it off
MMP_INTERVAL, MMP_FROZEN_FOR, MMP_LIMIT, MMP_START, MMP_TRADED, MMP_UNTIL, MMP_TRIPPED = range(7)


# margin of an account as last added up: (A, 6)
G_ORDERS, G_HEIGHT, G_EQUITY, G_WANTED = range(4)
G_MAKER_OFF, G_TAKER_OFF = 4, 5  # ppm that the account's volume adds to the fees of perpetuals
MARGIN_COLUMNS = 6


class Venue(NamedTuple):
    """All that the venue holds.

    ``spec`` ``(I, 20)``, ``real`` ``(I, 3)`` (strike, value of a tick, value of a lot), ``state`` ``(I, 16)``;
    ``slot`` ``(S,)`` the order in each slot, or NONE; ``slot_at`` ``(A + 1,)``; ``checked`` ``(A,)`` 1 where margin
    is asked for; ``margin``
    ``(A, 6)`` columns G_*; ``protection`` ``(A, 8)``; ``refused`` ``(A, 27)`` by reason; ``word`` ``(8,)``; ``fills``
    ``(room, 8)`` room for one call of ``match``.
    """

    spec: np.ndarray
    real: np.ndarray
    state: np.ndarray
    book: Book
    accounts: Holdings
    rules: Rules
    slot: np.ndarray
    slot_at: np.ndarray
    checked: np.ndarray
    margin: np.ndarray
    protection: np.ndarray
    refused: np.ndarray
    inbox: Inbox
    log: Log
    word: np.ndarray
    fills: np.ndarray


@inlined
def log_order(venue, m, serial, action, account, instrument, side, price, size):
    """A row of ``orders``; ``m`` is the row of the message that caused it, or the venue's own empty row."""
    log_order_at(venue, m, venue.word[V_NOW], serial, action, account, instrument, side, price, size)


@inlined
def log_order_at(venue, m, now, serial, action, account, instrument, side, price, size):
    """The same at a time of its own: what happens at the leading venue is in no block."""
    if venue.word[V_UNLOGGED] == 1:
        return
    log = venue.log
    row = next_row(log, T_ORDERS, log.orders.shape[0])
    out = log.orders
    out[row, 0], out[row, 1], out[row, 2], out[row, 3] = now, account, instrument, serial
    out[row, 4], out[row, 5], out[row, 6], out[row, 7] = action, side, price, size
    out[row, 8], out[row, 9], out[row, 10] = m[M_DECIDED], m[M_SENT], m[M_SEEN]
    out[row, 11] = venue.word[V_HEIGHT]


@inlined
def note_gone(venue, o):
    """An order leaves the book: one fewer that may only reduce, if it was one."""
    if venue.book.order[o, O_FLAGS] & REDUCE_ONLY:
        venue.state[venue.book.order[o, O_INSTRUMENT], REDUCING] -= 1


@kernel
def drop_order(venue, m, o, action):
    """Take an order out of the book, and tell: ``action`` is CANCELLED or EXPIRED."""
    order = venue.book.order
    account, instrument, side = order[o, O_ACCOUNT], order[o, O_INSTRUMENT], order[o, O_SIDE]
    venue.margin[account, G_ORDERS] -= order[o, O_MARGIN]
    note_gone(venue, o)
    venue.slot[venue.slot_at[account] + order[o, O_SLOT]] = NONE
    log_order(venue, m, order[o, O_SERIAL], action, account, instrument, side, order[o, O_PRICE], 0)
    tell(venue.inbox, account, GONE, instrument, side, order[o, O_PRICE], 0, 0, order[o, O_SLOT], venue.word[V_NOW], 0)
    remove(venue.book, o)


@kernel
def cancel_everything(venue, m, account):
    """Take all orders of an account out of the books; returns how many there were."""
    gone = 0
    for s in range(venue.slot_at[account], venue.slot_at[account + 1]):
        if venue.slot[s] != NONE:
            drop_order(venue, m, venue.slot[s], CANCELLED)
            gone += 1
    return gone


@inlined
def move_interest(state, instrument, before, after):
    """An account's position changed: open interest is the sum of all long ones."""
    state[instrument, OPEN_INTEREST] += max(after, 0) - max(before, 0)


@inlined
def _fee(venue, instrument, account, price, size, is_maker):
    off = venue.margin[account, G_MAKER_OFF if is_maker else G_TAKER_OFF]
    return fee(venue.spec, venue.state, instrument, price, size, is_maker, off)


@kernel
def book_trade(venue, instrument, maker, taker, side, price, size, maker_order, taker_order, how):
    """One fill: money, positions, fees, a row. ``side`` is the maker's; a pool of the venue pays no fee."""
    accounts, spec, state, log = venue.accounts, venue.spec, venue.state, venue.log
    held, other = accounts.position[maker, instrument], accounts.position[taker, instrument]
    trade(accounts, spec, maker, instrument, side, price, size)
    trade(accounts, spec, taker, instrument, -side, price, size)
    free = how > LIQUIDATED
    maker_fee = np.int64(0) if free or maker < FIRST_AGENT else _fee(venue, instrument, maker, price, size, True)
    taker_fee = np.int64(0) if free else _fee(venue, instrument, taker, price, size, False)
    pay(accounts, maker, FEES, maker_fee)
    pay(accounts, taker, FEES, taker_fee)
    venue.margin[maker, G_HEIGHT] = venue.margin[taker, G_HEIGHT] = NONE
    move_interest(state, instrument, held, held + side * size)
    move_interest(state, instrument, other, other - side * size)
    fence(accounts, spec, state, venue.rules, maker, instrument)
    fence(accounts, spec, state, venue.rules, taker, instrument)
    row = next_row(log, T_FILLS, log.fills.shape[0])
    out = log.fills
    out[row, 0], out[row, 1], out[row, 2], out[row, 3], out[row, 4] = venue.word[V_NOW], instrument, maker, taker, side
    out[row, 5], out[row, 6], out[row, 7], out[row, 8] = price, size, maker_fee, taker_fee
    out[row, 9], out[row, 10], out[row, 11], out[row, 12] = maker_order, taker_order, held, other
    out[row, 13], out[row, 14] = how, venue.word[V_HEIGHT]
    venue.word[V_FILLS] += 1
    return maker_fee, taker_fee


@inlined
def _protect(venue, account, size, m):
    """Market-maker protection: too much traded in one interval freezes the maker and pulls its quotes."""
    guard, now = venue.protection, venue.word[V_NOW]
    if guard[account, MMP_INTERVAL] == 0:
        return
    if now >= guard[account, MMP_START] + guard[account, MMP_INTERVAL]:
        guard[account, MMP_START], guard[account, MMP_TRADED] = now, 0
    guard[account, MMP_TRADED] += size
    if guard[account, MMP_TRADED] >= guard[account, MMP_LIMIT] and now >= guard[account, MMP_UNTIL]:
        guard[account, MMP_UNTIL] = now + guard[account, MMP_FROZEN_FOR]
        guard[account, MMP_TRIPPED] += 1
        guard[account, MMP_TRADED] = 0
        cancel_everything(venue, m, account)


@kernel
def keep_reducing(venue, m, account, instrument):
    """Make orders that may only reduce as small as the position is now; one that has nothing left to reduce goes."""
    held, order = venue.accounts.position[account, instrument], venue.book.order
    for s in range(venue.slot_at[account], venue.slot_at[account + 1]):
        o = venue.slot[s]
        if o == NONE or order[o, O_FLAGS] & REDUCE_ONLY == 0 or order[o, O_INSTRUMENT] != instrument:
            continue
        most = abs(held) if held * order[o, O_SIDE] < 0 else 0
        if most == 0:
            drop_order(venue, m, o, CANCELLED)
        elif order[o, O_SIZE] > most:
            _release_margin(venue, o, account, order[o, O_SIZE] - most, most)
            shrink(venue.book, o, most)
            log_order(
                venue, m, order[o, O_SERIAL], REPLACED, account, instrument, order[o, O_SIDE], order[o, O_PRICE], most
            )


@inlined
def _release_margin(venue, o, account, gone, left):
    """An order became smaller by ``gone`` lots: its share of margin is free again.

    An order filled whole keeps its row until the pool gives the row away, which no fill of one sweep does.
    """
    held = venue.book.order[o, O_MARGIN]
    part = held if left == 0 else floor_share(held, gone, gone + left)[0]
    venue.book.order[o, O_MARGIN] = held - part
    venue.margin[account, G_ORDERS] -= part


@kernel
def take_from_book(venue, m, account, instrument, side, limit, size, serial, how):
    """Trade ``size`` lots against the book up to ``limit``; returns what is left. ``how``: PLAIN or LIQUIDATED."""
    spec, state, now = venue.spec, venue.state, venue.word[V_NOW]
    rows, unit = venue.fills, spec[instrument, UNIT]
    stp = spec[instrument, STP]
    got, cash, fees_paid = np.int64(0), np.int64(0), np.int64(0)
    left = size
    careful = state[instrument, REDUCING] > 0 and spec[instrument, MATCHING] != PRO_RATA
    while left > 0:
        before = got
        if spec[instrument, MATCHING] == PRO_RATA:
            left, n = match_pro_rata(venue.book, instrument, side, limit, left, account, stp, rows)
        else:
            room = rows[:1] if careful else rows  # what one fill leaves of a position decides about the next
            left, n = match(venue.book, instrument, side, limit, left, account, stp, room)
        for i in range(n):
            maker, price, traded, slot = rows[i, F_ACCOUNT], rows[i, F_PRICE], rows[i, F_SIZE], rows[i, F_SLOT]
            s = venue.slot_at[maker] + slot
            if traded == 0:  # an own order that stood in the way
                venue.margin[maker, G_ORDERS] -= venue.book.order[rows[i, F_ORDER], O_MARGIN]
                note_gone(venue, rows[i, F_ORDER])
                venue.slot[s] = NONE
                log_order(venue, m, rows[i, F_SERIAL], CANCELLED, maker, instrument, -side, price, 0)
                tell(venue.inbox, maker, GONE, instrument, -side, price, 0, 0, slot, now, 0)
                continue
            maker_fee, taker_fee = book_trade(
                venue, instrument, maker, account, -side, price, traded, rows[i, F_SERIAL], serial, how
            )
            if how == LIQUIDATED:
                log_forced(venue, instrument, account, side, price, traded, how)
            _release_margin(venue, rows[i, F_ORDER], maker, traded, rows[i, F_LEFT])
            if rows[i, F_LEFT] == 0:
                note_gone(venue, rows[i, F_ORDER])
                venue.slot[s] = NONE
            log_order(venue, m, rows[i, F_SERIAL], FILLED_ORDER, maker, instrument, -side, price, rows[i, F_LEFT])
            worth = price * traded * unit
            told = side * worth - maker_fee
            tell(venue.inbox, maker, FILLED, instrument, -side, price, traded, rows[i, F_LEFT], slot, now, told)
            got += traded
            cash += worth
            fees_paid += taker_fee
            state[instrument, LAST] = price
        state[instrument, VOLUME] += got - before
        for i in range(n):  # only when all fills of this sweep are booked
            if rows[i, F_SIZE] > 0:
                _protect(venue, rows[i, F_ACCOUNT], rows[i, F_SIZE], m)
                if careful:
                    keep_reducing(venue, m, rows[i, F_ACCOUNT], instrument)
        if n == 0:  # a sweep of fewer rows than there is room for may have stopped before a long queue
            break
    venue.word[V_TAKEN] = cash
    if got > 0 and careful:
        keep_reducing(venue, m, account, instrument)
    if got > 0:
        price = cash // (got * unit)
        tell(venue.inbox, account, TOOK, instrument, side, price, got, left, 0, now, -side * cash - fees_paid)
    return left


@kernel
def fill_resting(venue, m, o, size, money):
    """Take ``size`` lots that have traded off a resting order, and tell its account, which got ``money``."""
    order = venue.book.order
    account, instrument, side, slot = order[o, O_ACCOUNT], order[o, O_INSTRUMENT], order[o, O_SIDE], order[o, O_SLOT]
    price, left = order[o, O_PRICE], order[o, O_SIZE] - size
    _release_margin(venue, o, account, size, left)
    log_order(venue, m, order[o, O_SERIAL], FILLED_ORDER, account, instrument, side, price, left)
    tell(venue.inbox, account, FILLED, instrument, side, price, size, left, slot, venue.word[V_NOW], money)
    if left == 0:
        note_gone(venue, o)
        venue.slot[venue.slot_at[account] + slot] = NONE
        remove(venue.book, o)
    else:
        shrink(venue.book, o, left)


@kernel
def protect(venue, account, size, m):
    """Count what a maker traded for its protection; too much pulls its quotes."""
    _protect(venue, account, size, m)


@inlined
def log_forced(venue, instrument, account, side, price, size, how):
    """A row of ``forced``: the fill that was booked last was not of the account's own will."""
    log = venue.log
    row = next_row(log, T_FORCED, log.forced.shape[0])
    out = log.forced
    out[row, 0], out[row, 1], out[row, 2], out[row, 3] = venue.word[V_NOW], instrument, account, side
    out[row, 4], out[row, 5], out[row, 6], out[row, 7] = price, size, venue.state[instrument, MARK], how
    out[row, 8] = log.count[T_FILLS] - 1


@inlined
def _flaw(venue, m):
    """Why an order may not stand as it is written, or OK; one that may only reduce is cut to the position."""
    spec, state = venue.spec, venue.state
    i, side, price, size = m[M_INSTRUMENT], m[M_SIDE], m[M_PRICE], m[M_SIZE]
    if i < 0 or i >= spec.shape[0]:
        return NO_SUCH_MARKET
    if state[i, TRADING] == 0 or (0 < spec[i, EXPIRY] <= venue.word[V_NOW]):
        return NOT_TRADING
    if side != 1 and side != -1:
        return BAD_SIDE
    at_any_price = price == NONE and m[M_KIND] == TAKE
    if not at_any_price and (price < 1 or price >= spec[i, LADDER]):
        return BAD_PRICE
    if size <= 0 or size % spec[i, LOT_STEP] != 0 or size > MOST_MONEY // (spec[i, LADDER] * spec[i, UNIT]):
        return BAD_SIZE
    mark = state[i, MARK]
    if not at_any_price and spec[i, BAND] > 0 and mark > 0 and m[M_FLAGS] & FORCED == 0:
        if abs(price - mark) > mark * spec[i, BAND] // PPM:
            return OUT_OF_BAND
    if m[M_FLAGS] & REDUCE_ONLY:
        held = venue.accounts.position[m[M_ACCOUNT], i]
        rests = m[M_KIND] == PLACE and spec[i, MATCHING] == PRO_RATA  # as on Derive
        if held * side >= 0 or rests:
            return WOULD_NOT_REDUCE
        m[M_SIZE] = min(size, abs(held))
    return OK


@kernel
def flaw(venue, m):
    """Why an order may not stand as it is written, or OK; one that may only reduce is cut to the position."""
    return _flaw(venue, m)


@kernel
def refuse(venue, m, reason):
    """Count a refused message by reason and tell its sender."""
    account, i = m[M_ACCOUNT], m[M_INSTRUMENT]
    venue.refused[account, reason] += 1
    if reason == NOTHING_THERE:  # a cancel that came too late is told by the fill itself
        return
    inside = 0 <= i < venue.spec.shape[0]
    tell(
        venue.inbox, account, REFUSED, i if inside else 0, m[M_SIDE], m[M_PRICE], m[M_SIZE], reason, m[M_SLOT],
        venue.word[V_NOW], 0,
    )  # fmt: skip
    if inside and m[M_KIND] == PLACE and (m[M_SIDE] == 1 or m[M_SIDE] == -1):
        log_order(venue, m, NONE, REJECTED, account, i, m[M_SIDE], m[M_PRICE], 0)


@kernel
def _affords(venue, account, instrument, side, price, size, own):
    """Whether margin allows one more order, which keeps ``own`` busy (``order_margin``).

    What cross accounts are worth and want is added up once a block and fill.
    """
    accounts, spec, state, rules = venue.accounts, venue.spec, venue.state, venue.rules
    busy, seen = venue.margin[account, G_ORDERS], venue.margin[account]
    if accounts.mode[account] != CROSS:
        return allows(accounts, spec, state, rules, account, instrument, side, price, size, busy)
    held = accounts.position[account, instrument]
    if held * side < 0 and size <= abs(held):
        return True
    exact = venue.word[V_HEIGHT]
    rough = -2 - exact  # in G_HEIGHT: G_WANTED is no more than an upper bound, which nearly always is enough
    if seen[G_HEIGHT] != exact and seen[G_HEIGHT] != rough:
        seen[G_HEIGHT] = rough
        seen[G_EQUITY], seen[G_WANTED] = glance(accounts, spec, state, rules, account, INITIAL)
    more = own
    if held != 0:
        loss = max(side * (price - state[instrument, MARK]) * size * spec[instrument, UNIT], 0)
        now = position_requirement(spec, state, rules, instrument, held, True)
        then = position_requirement(spec, state, rules, instrument, held + side * size, True)
        more = loss + then - now
    if seen[G_EQUITY] >= seen[G_WANTED] + more + busy:
        return True
    if seen[G_HEIGHT] == exact:
        return False
    seen[G_HEIGHT], seen[G_WANTED] = exact, requirement(accounts, spec, state, rules, account, INITIAL)
    return seen[G_EQUITY] >= seen[G_WANTED] + more + busy


@kernel
def _place(venue, m):
    """Rest an order, or replace the one in its slot; one that may trade does so first. Returns a reason."""
    account, i, side, price, slot = m[M_ACCOUNT], m[M_INSTRUMENT], m[M_SIDE], m[M_PRICE], m[M_SLOT]
    if slot < 0 or slot >= venue.slot_at[account + 1] - venue.slot_at[account]:
        return BAD_SLOT
    why, size = _flaw(venue, m), m[M_SIZE]  # in this order
    s = venue.slot_at[account] + slot
    old = venue.slot[s]
    if why != OK:
        if old != NONE:
            drop_order(venue, m, old, CANCELLED)
        return why
    if venue.word[V_NOW] < venue.protection[account, MMP_UNTIL]:
        return FROZEN
    book, serial, action = venue.book, np.int64(NONE), PLACED
    order = book.order
    if old != NONE:
        same = order[old, O_INSTRUMENT] == i and order[old, O_SIDE] == side
        alike = (order[old, O_FLAGS] ^ m[M_FLAGS]) & REDUCE_ONLY == 0
        if same and alike and order[old, O_PRICE] == price and size <= order[old, O_SIZE]:
            order[old, O_UNTIL] = m[M_UNTIL]
            if size < order[old, O_SIZE]:
                _release_margin(venue, old, account, order[old, O_SIZE] - size, size)
                shrink(book, old, size)
                log_order(venue, m, order[old, O_SERIAL], REPLACED, account, i, side, price, size)
            return OK
        if same:
            serial, action = order[old, O_SERIAL], REPLACED
            venue.margin[account, G_ORDERS] -= order[old, O_MARGIN]
            note_gone(venue, old)
        else:
            drop_order(venue, m, old, CANCELLED)
    other = best(book, i, -side)
    crosses = other != NONE and side * (price - other) >= 0 and venue.word[V_BATCH] == 0
    why, own = OK, np.int64(0)
    if crosses and m[M_FLAGS] & (POST_ONLY | JIT):
        why = WOULD_CROSS
    elif venue.checked[account]:
        own = order_margin(venue.spec, venue.state, venue.rules, i, side, price, size)
        if not _affords(venue, account, i, side, price, size, own):
            why = NO_MARGIN
    moves = action == REPLACED and why == OK and not crosses
    if action == REPLACED and not moves:
        venue.slot[s] = NONE
        remove(book, old)
    left = size
    if why == OK and crosses:
        if serial == NONE:
            serial = book.pool[SERIALS]
            book.pool[SERIALS] += 1
        left = take_from_book(venue, m, account, i, side, price, size, serial, PLAIN)
    if why == OK and left > 0:
        o = old
        if moves:
            requeue(book, o, price, left)
        else:
            o = rest(book, i, side, price, left, account, slot)
        if o == NONE:
            why = NO_ROOM
        else:
            if serial == NONE:
                serial = order[o, O_SERIAL]
            order[o, O_SERIAL], order[o, O_UNTIL], order[o, O_FLAGS] = serial, m[M_UNTIL], m[M_FLAGS]
            order[o, O_DECIDED], order[o, O_BLOCK] = m[M_DECIDED], venue.word[V_HEIGHT]
            if left < size and venue.checked[account]:
                own = order_margin(venue.spec, venue.state, venue.rules, i, side, price, left)
            order[o, O_MARGIN] = own
            venue.margin[account, G_ORDERS] += own
            venue.slot[s] = o
            log_order(venue, m, serial, action, account, i, side, price, left)
            if m[M_FLAGS] & REDUCE_ONLY:
                venue.state[i, REDUCING] += 1
                keep_reducing(venue, m, account, i)
    if action == REPLACED and (why != OK or left == 0):  # the old order is gone in any case
        log_order(venue, m, serial, CANCELLED, account, i, side, price, 0)
    if (why != OK and action == REPLACED) or (why == OK and left == 0):  # nothing rests in the slot now
        tell(venue.inbox, account, GONE, i, side, price, 0, 0, slot, venue.word[V_NOW], 0)
    return why


@kernel
def may_trade(venue, m, at):
    """Whether an aggressor may trade all its lots at ``at`` ticks (NONE: nothing to trade with): OK or NO_MARGIN."""
    account, i, side, size = m[M_ACCOUNT], m[M_INSTRUMENT], m[M_SIDE], m[M_SIZE]
    reducing = venue.accounts.position[account, i] * side < 0 and abs(venue.accounts.position[account, i]) >= size
    if venue.checked[account] and m[M_FLAGS] & FORCED == 0 and not reducing:
        if at != NONE:
            own = order_margin(venue.spec, venue.state, venue.rules, i, side, at, size)
            return OK if _affords(venue, account, i, side, at, size, own) else NO_MARGIN
    return OK


@kernel
def would_fill(venue, m, limit):
    """Lots that an aggressor would trade now."""
    account, i = m[M_ACCOUNT], m[M_INSTRUMENT]
    shared = venue.spec[i, MATCHING] == PRO_RATA
    return available(venue.book, i, m[M_SIDE], limit, m[M_SIZE], account, venue.spec[i, STP], shared)


@kernel
def _take(venue, m):
    """Trade now or not at all. Returns a reason."""
    account, i, side = m[M_ACCOUNT], m[M_INSTRUMENT], m[M_SIDE]
    why = _flaw(venue, m)
    if why != OK:
        return why
    limit, size = m[M_PRICE], m[M_SIZE]
    if m[M_FLAGS] & FILL_OR_KILL and would_fill(venue, m, limit) < size:
        return NOT_FILLABLE
    why = may_trade(venue, m, limit if limit != NONE else best(venue.book, i, -side))
    if why != OK:
        return why
    serial = venue.book.pool[SERIALS]
    venue.book.pool[SERIALS] += 1
    take_from_book(venue, m, account, i, side, limit, size, serial, LIQUIDATED if m[M_FLAGS] & FORCED else PLAIN)
    return OK


@kernel
def execute(venue, m):
    """Do what one message asks for. Returns OK or the reason why it was refused."""
    account, kind = m[M_ACCOUNT], m[M_KIND]
    venue.word[V_MESSAGES] += 1
    if m[M_UNTIL] > 0 and venue.word[V_HEIGHT] > m[M_UNTIL]:
        why = TOO_LATE
    elif kind == PLACE:
        why = _place(venue, m)
    elif kind == CANCEL:
        slot = m[M_SLOT]
        if slot < 0 or slot >= venue.slot_at[account + 1] - venue.slot_at[account]:
            why = BAD_SLOT
        elif venue.slot[venue.slot_at[account] + slot] == NONE:
            why = NOTHING_THERE
        else:
            drop_order(venue, m, venue.slot[venue.slot_at[account] + slot], CANCELLED)
            why = OK
    elif kind == TAKE:
        why = _take(venue, m)
    elif kind == CANCEL_ALL:
        why = OK if cancel_everything(venue, m, account) > 0 else NOTHING_THERE
    else:
        why = UNKNOWN_KIND
    if why != OK:
        refuse(venue, m, why)
    return why


@kernel
def expire_orders(venue, m, first, last):
    """Take out every order of the accounts from ``first`` to ``last`` (not included) whose last block has passed."""
    height = venue.word[V_HEIGHT]
    for s in range(venue.slot_at[first], venue.slot_at[last]):
        o = venue.slot[s]
        if o != NONE and 0 < venue.book.order[o, O_UNTIL] < height:
            drop_order(venue, m, o, EXPIRED)


@kernel
def withdraw_offers(venue, m, first, last):
    """Take out the just-in-time offers of accounts ``first`` to ``last`` (not included): they were for one block."""
    for s in range(venue.slot_at[first], venue.slot_at[last]):
        o = venue.slot[s]
        if o != NONE and venue.book.order[o, O_FLAGS] & JIT:
            drop_order(venue, m, o, EXPIRED)


@kernel
def close_market(venue, m, instrument):
    """Stop trading in an instrument and take all its orders out."""
    venue.state[instrument, TRADING] = 0
    for s in range(venue.slot_at[FIRST_AGENT], venue.slot_at[venue.slot_at.shape[0] - 1]):
        o = venue.slot[s]
        if o != NONE and venue.book.order[o, O_INSTRUMENT] == instrument:
            drop_order(venue, m, o, EXPIRED)
