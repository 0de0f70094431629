# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say, in order
"""A price-time order book of single orders, for many instruments at once.

Each instrument has two sides (``row = 2 * instrument``, and one more for asks), each a ladder of price levels from 0 to
``ladder - 1`` ticks. A level is a queue of orders, linked through the orders themselves. Both sides are the same code:
levels stand under a key, ``price`` for bids and ``ladder - 1 - price`` for asks, so that the best has the highest key.
Three layers of bits say which levels are taken; to place, cancel or fill an order costs the same few steps anywhere in
the book, and the next level below another is found in at most five looks. Nothing is allocated: orders come from a
pool and go back to it.

The book knows neither money nor rules of a venue: ``match`` writes what was filled into the caller's table, and an
order that was filled whole has left the book by then, so no liquidity can be spent twice.
"""

from typing import NamedTuple

import numpy as np
from numba.cpython.unsafe.numbers import leading_zeros

from makerscope.kernels._jit import inlined, kernel
from makerscope.market.layout import (
    EXPIRE_BOTH,
    EXPIRE_MAKER,
    NONE,
    O_ACCOUNT,
    O_BEFORE,
    O_INSTRUMENT,
    O_KEY,
    O_NEXT,
    O_PRICE,
    O_SERIAL,
    O_SIDE,
    O_SIZE,
    O_SLOT,
    ORDER_COLUMNS,
)
from makerscope.market.shares import floor_share

MOST_LEVELS = 64**3
HEAD, TAIL, RESTING, QUEUED = 0, 1, 2, 3  # of a level: first and last order, lots, orders
LEVEL_AT, BITS_AT, LADDER_SIZE, BEST, ORDERS = 0, 1, 2, 3, 4  # of a row
FREE, LIVE, SERIALS = 0, 1, 2  # first order of the pool that is free, orders in the book, serials given out
F_ORDER, F_PRICE, F_SIZE, F_ACCOUNT, F_SLOT, F_SERIAL, F_LEFT, F_DECIDED = range(8)  # of a fill; size 0: expired
FILL_COLUMNS = 8
_ONE, _ALL, _EMPTY = np.uint64(1), np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0)


class Book(NamedTuple):
    """All books: ``order`` ``(N, 16)``, ``level`` ``(L, 4)``, ``bits``, ``row`` ``(2 I, 5)``, ``pool`` ``(3,)``."""

    order: np.ndarray
    level: np.ndarray
    bits: np.ndarray
    row: np.ndarray
    pool: np.ndarray


def new_book(ladders: tuple[int, ...], orders: int) -> Book:
    """Empty books.

    Args:
        ladders: prices of each instrument: from 0 to that many ticks, not included; a multiple of 64, at most 64^3.
        orders: room for that many resting orders in all.

    Examples:
        >>> book = new_book((4096,), 10)
        >>> rest(book, 0, 1, 100, 5, 7, 0), best(book, 0, 1)
        (0, 100)
    """
    row = np.zeros((2 * len(ladders), 5), np.int64)
    levels = words = 0
    for at in range(len(row)):
        ladder = ladders[at // 2]
        if ladder % 64 or not 0 < ladder <= MOST_LEVELS:
            raise ValueError(f"a ladder of {ladder} prices; want a multiple of 64, at most {MOST_LEVELS}")
        row[at] = levels, words, ladder, NONE, 0
        levels += ladder
        words += ladder // 64 + -(-ladder // 4096) + 1
    order = np.zeros((orders, ORDER_COLUMNS), np.int64)
    order[:, O_NEXT] = np.arange(1, orders + 1)
    order[-1, O_NEXT] = NONE
    level = np.empty((levels, 4), np.int64)
    return Book(order, level, np.zeros(words, np.uint64), row, np.zeros(3, np.int64))


@inlined
def _top_bit(word):
    return 63 - np.int64(leading_zeros(word))  # pyright: ignore[reportCallIssue] - an intrinsic


@inlined
def next_below(bits, base, ladder, key):
    """The highest taken key below ``key`` of the row whose bits begin at ``base``, or NONE."""
    last = key - 1
    if last < 0:
        return np.int64(NONE)
    word = last >> 6
    left = bits[base + word] & (_ALL >> np.uint64(63 - (last & 63)))
    if left == _EMPTY:
        last = word - 1
        if last < 0:
            return np.int64(NONE)
        upper = base + (ladder >> 6)
        word = last >> 6
        left = bits[upper + word] & (_ALL >> np.uint64(63 - (last & 63)))
        if left == _EMPTY:
            last = word - 1
            if last < 0:
                return np.int64(NONE)
            left = bits[upper + ((ladder + 4095) >> 12)] & (_ALL >> np.uint64(63 - last))
            if left == _EMPTY:
                return np.int64(NONE)
            word = _top_bit(left)
            left = bits[upper + word]
        word = (word << 6) + _top_bit(left)
        left = bits[base + word]
    return (word << 6) + _top_bit(left)


@inlined
def _mark_taken(bits, base, ladder, key):
    word = key >> 6
    before = bits[base + word]
    bits[base + word] = before | (_ONE << np.uint64(key & 63))
    if before == _EMPTY:
        upper = base + (ladder >> 6)
        before = bits[upper + (word >> 6)]
        bits[upper + (word >> 6)] = before | (_ONE << np.uint64(word & 63))
        if before == _EMPTY:
            bits[upper + ((ladder + 4095) >> 12)] |= _ONE << np.uint64(word >> 6)


@inlined
def _mark_empty(bits, base, ladder, key):
    word = key >> 6
    left = bits[base + word] & ~(_ONE << np.uint64(key & 63))
    bits[base + word] = left
    if left == _EMPTY:
        upper = base + (ladder >> 6)
        left = bits[upper + (word >> 6)] & ~(_ONE << np.uint64(word & 63))
        bits[upper + (word >> 6)] = left
        if left == _EMPTY:
            bits[upper + ((ladder + 4095) >> 12)] &= ~(_ONE << np.uint64(word >> 6))


@inlined
def _is_taken(bits, base, key):
    return (bits[base + (key >> 6)] >> np.uint64(key & 63)) & _ONE != _EMPTY


@inlined
def best(book, instrument, side):
    """Best price of a side in ticks, or NONE."""
    r = 2 * instrument + (side < 0)
    key = book.row[r, BEST]
    if key < 0 or side > 0:
        return key
    return book.row[r, LADDER_SIZE] - 1 - key


@inlined
def resting_at_best(book, instrument, side):
    """Lots at the best price of a side, 0 where it is empty."""
    r = 2 * instrument + (side < 0)
    key = book.row[r, BEST]
    if key < 0:
        return np.int64(0)
    return book.level[book.row[r, LEVEL_AT] + key, RESTING]


@kernel
def rest(book, instrument, side, price, size, account, slot):
    """Put an order at the end of the queue at its price.

    Returns its place in ``order``, or NONE where the pool is empty. The price must lie on the ladder and not
    cross; the caller sees to both. The columns of ``order`` from O_UNTIL on are left for the caller to fill, but
    for O_SERIAL and O_KEY.
    """
    o = book.pool[FREE]
    if o == NONE:
        return o
    order, r = book.order, 2 * instrument + (side < 0)
    book.pool[FREE] = order[o, O_NEXT]
    book.pool[LIVE] += 1
    book.row[r, ORDERS] += 1
    order[o, O_INSTRUMENT], order[o, O_SIDE], order[o, O_ACCOUNT], order[o, O_SLOT] = instrument, side, account, slot
    _join(book, o, r, price, size)
    return o


@inlined
def _join(book, o, r, price, size):
    """Put an order at the end of the queue at a price of row ``r``, with a serial of its own."""
    order, level = book.order, book.level
    base, ladder = book.row[r, BITS_AT], book.row[r, LADDER_SIZE]
    key = price if r & 1 == 0 else ladder - 1 - price
    at = book.row[r, LEVEL_AT] + key
    order[o, O_PRICE], order[o, O_SIZE], order[o, O_NEXT] = price, size, NONE
    order[o, O_SERIAL] = book.pool[SERIALS]
    order[o, O_KEY] = key
    book.pool[SERIALS] += 1
    if _is_taken(book.bits, base, key):
        last = level[at, TAIL]
        order[o, O_BEFORE] = last
        order[last, O_NEXT] = o
        level[at, TAIL] = o
        level[at, RESTING] += size
        level[at, QUEUED] += 1
    else:
        order[o, O_BEFORE] = NONE
        level[at, HEAD], level[at, TAIL], level[at, RESTING], level[at, QUEUED] = o, o, size, 1
        _mark_taken(book.bits, base, ladder, key)
        book.row[r, BEST] = max(book.row[r, BEST], key)


@inlined
def _leave(book, o, r):
    """Take an order of row ``r`` out of its queue."""
    order, level = book.order, book.level
    key = order[o, O_KEY]
    at = book.row[r, LEVEL_AT] + key
    before, after = order[o, O_BEFORE], order[o, O_NEXT]
    level[at, RESTING] -= order[o, O_SIZE]
    level[at, QUEUED] -= 1
    if before == NONE:
        level[at, HEAD] = after
    else:
        order[before, O_NEXT] = after
    if after == NONE:
        level[at, TAIL] = before
    else:
        order[after, O_BEFORE] = before
    if level[at, QUEUED] == 0:
        base, ladder = book.row[r, BITS_AT], book.row[r, LADDER_SIZE]
        _mark_empty(book.bits, base, ladder, key)
        if key == book.row[r, BEST]:
            book.row[r, BEST] = next_below(book.bits, base, ladder, key)


@inlined
def _unlink(book, o):
    """Take an order out of its queue and give its place back to the pool."""
    order = book.order
    r = 2 * order[o, O_INSTRUMENT] + (order[o, O_SIDE] < 0)
    _leave(book, o, r)
    order[o, O_NEXT] = book.pool[FREE]
    order[o, O_ACCOUNT] = NONE
    book.pool[FREE] = o
    book.pool[LIVE] -= 1
    book.row[r, ORDERS] -= 1


@kernel
def remove(book, o):
    """Take an order out of the book."""
    _unlink(book, o)


@kernel
def requeue(book, o, price, size):
    """Put an order at the end of another queue of its side: what ``remove`` and ``rest`` would do, in one."""
    r = 2 * book.order[o, O_INSTRUMENT] + (book.order[o, O_SIDE] < 0)
    _leave(book, o, r)
    _join(book, o, r, price, size)


@kernel
def shrink(book, o, size):
    """Make an order smaller; it keeps its place in the queue."""
    order = book.order
    r = 2 * order[o, O_INSTRUMENT] + (order[o, O_SIDE] < 0)
    book.level[book.row[r, LEVEL_AT] + order[o, O_KEY], RESTING] -= order[o, O_SIZE] - size
    order[o, O_SIZE] = size


@inlined
def _reach(book, instrument, side, limit):
    """Row of the side that an aggressor meets, and the lowest key it may trade at. ``limit`` NONE: any price."""
    r = 2 * instrument + (side > 0)
    if limit == NONE:
        return r, np.int64(0)
    return r, (book.row[r, LADDER_SIZE] - 1 - limit if side > 0 else limit)


@kernel
def available(book, instrument, side, limit, size, account, stp, pro_rata):
    """Lots that an aggressor would trade, by the rule on self-trades; stops at ``size``.

    Unless own orders make way (EXPIRE_MAKER) the first of them ends it; where a level is shared pro rata it ends before
    that level.
    """
    r, lowest = _reach(book, instrument, side, limit)
    key, found = book.row[r, BEST], np.int64(0)
    base, ladder = book.row[r, BITS_AT], book.row[r, LADDER_SIZE]
    while key >= lowest and key >= 0 and found < size:
        before = found
        o = book.level[book.row[r, LEVEL_AT] + key, HEAD]
        while o != NONE:
            if book.order[o, O_ACCOUNT] != account:
                found += book.order[o, O_SIZE]
            elif stp != EXPIRE_MAKER:
                return min(before if pro_rata else found, size)
            o = book.order[o, O_NEXT]
        key = next_below(book.bits, base, ladder, key)
    return min(found, size)


@inlined
def _note(book, o, size, fills, n):
    """Write a fill of ``size`` lots (0: the order expired) and take it off the order."""
    order = book.order
    fills[n, F_ORDER], fills[n, F_PRICE], fills[n, F_SIZE] = o, order[o, O_PRICE], size
    fills[n, F_ACCOUNT], fills[n, F_SLOT] = order[o, O_ACCOUNT], order[o, O_SLOT]
    fills[n, F_SERIAL], fills[n, F_LEFT] = order[o, O_SERIAL], order[o, O_SIZE] - size


@kernel
def match(book, instrument, side, limit, size, account, stp, fills):
    """Fill an aggressor against the other side by price, then time.

    Args:
        book: changed.
        instrument: which book.
        side: +1 the aggressor buys.
        limit: worst price in ticks, or NONE for any.
        size: lots.
        account: of the aggressor, for the prevention of self-trades.
        stp: EXPIRE_TAKER, EXPIRE_MAKER or EXPIRE_BOTH.
        fills: ``(room, 8)`` rows F_*; a row of size 0 is an own order of F_LEFT lots that expired. Filled.

    Returns:
        ``(left, rows)``. With ``rows == room`` there may be more: call again with what is left.
    """
    r, lowest = _reach(book, instrument, side, limit)
    n, room = 0, fills.shape[0]
    while size > 0 and n < room:
        key = book.row[r, BEST]
        if key < 0 or key < lowest:
            break
        o = book.level[book.row[r, LEVEL_AT] + key, HEAD]
        if book.order[o, O_ACCOUNT] == account:
            if stp == EXPIRE_MAKER or stp == EXPIRE_BOTH:
                _note(book, o, 0, fills, n)
                n += 1
                _unlink(book, o)
            if stp != EXPIRE_MAKER:
                return np.int64(0), n
            continue
        traded = min(size, book.order[o, O_SIZE])
        _note(book, o, traded, fills, n)
        n += 1
        size -= traded
        if traded == book.order[o, O_SIZE]:
            _unlink(book, o)
        else:
            book.level[book.row[r, LEVEL_AT] + key, RESTING] -= traded
            book.order[o, O_SIZE] -= traded
    return size, n


@kernel
def match_pro_rata(book, instrument, side, limit, size, account, stp, fills):
    """Fill an aggressor by price; at a price, in proportion to size, whole lots; the rest by time.

    As ``match``; ``fills`` needs room for twice the orders of the longest queue. Own orders are left out: with
    EXPIRE_TAKER the aggressor ends at a level where it has one.
    """
    r, lowest = _reach(book, instrument, side, limit)
    n, room = 0, fills.shape[0]
    while size > 0:
        key = book.row[r, BEST]
        if key < 0 or key < lowest:
            break
        at = book.row[r, LEVEL_AT] + key
        if n + 2 * book.level[at, QUEUED] > room:
            break
        o = book.level[at, HEAD]
        while o != NONE:
            after = book.order[o, O_NEXT]
            if book.order[o, O_ACCOUNT] == account:
                if stp == EXPIRE_MAKER or stp == EXPIRE_BOTH:
                    _note(book, o, 0, fills, n)
                    n += 1
                    _unlink(book, o)
                if stp != EXPIRE_MAKER:
                    return np.int64(0), n
            o = after
        if book.row[r, BEST] != key:
            continue
        total, first = book.level[at, RESTING], min(size, book.level[at, RESTING])
        given = np.int64(0)
        o = book.level[at, HEAD]
        while o != NONE:
            after = book.order[o, O_NEXT]
            share = floor_share(book.order[o, O_SIZE], first, total)[0]
            if share > 0:
                _note(book, o, share, fills, n)
                n += 1
                given += share
                if share == book.order[o, O_SIZE]:
                    _unlink(book, o)
                else:
                    shrink(book, o, book.order[o, O_SIZE] - share)
            o = after
        size -= given
        if size > 0 and given < first:  # what rounding left over goes by time
            left, more = match(book, instrument, side, limit, min(size, first - given), account, stp, fills[n:])
            size -= min(size, first - given) - left
            n += more
    return size, n


@kernel
def walk(book, instrument, side, depth, prices, sizes):
    """Write the best ``depth`` levels of a side; returns how many there were."""
    r = 2 * instrument + (side < 0)
    base, ladder, key, n = book.row[r, BITS_AT], book.row[r, LADDER_SIZE], book.row[r, BEST], 0
    while key >= 0 and n < depth:
        prices[n] = key if side > 0 else ladder - 1 - key
        sizes[n] = book.level[book.row[r, LEVEL_AT] + key, RESTING]
        key = next_below(book.bits, base, ladder, key)
        n += 1
    return n
