# ruff: noqa: ANN001, ANN201 - compiled functions take the types their docstrings say
"""An order book by price (L2) from its messages, one instrument at a time.

Each side is kept under a key, ``price`` for bids and ``-price`` for asks, so that the best level always has the
highest key and both sides are the same code. Levels within 64^3 ticks around the middle lie in an array by price,
with three layers of bits that say which places are taken: to set, insert or remove a level costs the same few steps
anywhere in it, and so does finding the next level below another. Levels outside that window lie in a sorted array, so
that a bid at a hundredth of the price costs no memory. The window moves along with the price.

The state is one ``Book`` of arrays that the caller owns and passes again to continue a stream. A call must get whole
messages.
"""

from typing import NamedTuple

import numpy as np
from numba.cpython.unsafe.numbers import leading_zeros

from makerscope.kernels._jit import inlined, kernel

DONE, NO_SNAPSHOT, FULL = 0, 1, 2
BIDS, ASKS = 0, 1
WINDOW = 64**3  # ticks in the window; three layers of 64 bits find any of them
LAYER1, LAYER2 = 64**2, 64**2 + 64  # where the second and the third layer of bits begin
KNOWN, PLACED, CENTRE = (
    4,
    5,
    6,
)  # places in ``state``; 0, 1 are the lowest keys of the window, 2, 3 the levels outside it
LOWEST, OUTSIDE = 0, 2
DRIFT = 3 * WINDOW // 8  # ticks the middle may move before the window does
ONE = np.uint64(1)
ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
NONE = np.uint64(0)


class Book(NamedTuple):
    """State of a book. Row 0 bids, row 1 asks.

    ``size`` ``(2, WINDOW)`` lots by place in the window; ``bits`` ``(2, 64^2 + 64 + 1)`` taken places; ``far_key``,
    ``far_size`` ``(2, room)`` levels outside the window, keys rising; ``state`` ``(7,)``.
    """

    size: np.ndarray
    bits: np.ndarray
    far_key: np.ndarray
    far_size: np.ndarray
    state: np.ndarray


def new_book(room: int = 1024) -> Book:
    """A book that has seen nothing, with room for ``room`` levels a side outside the window."""
    return Book(
        size=np.zeros((2, WINDOW), np.int64),
        bits=np.zeros((2, LAYER2 + 1), np.uint64),
        far_key=np.empty((2, room), np.int64),
        far_size=np.empty((2, room), np.int64),
        state=np.zeros(7, np.int64),
    )


def larger_book(book: Book, needed: int) -> Book:
    """The same book with room for at least ``needed`` more levels outside the window."""
    held = book.far_key.shape[1]
    keys, sizes = (np.empty((2, 2 * held + needed), np.int64) for _ in range(2))
    keys[:, :held], sizes[:, :held] = book.far_key, book.far_size
    return book._replace(far_key=keys, far_size=sizes)


@kernel
def count_messages(sequence, snapshot):
    """Messages in rows: a message is a run of rows with one sequence and one snapshot flag."""
    messages = 0
    for i in range(sequence.shape[0]):
        if i == 0 or sequence[i] != sequence[i - 1] or snapshot[i] != snapshot[i - 1]:
            messages += 1
    return messages


@inlined
def top_bit(word):
    """Place of the highest bit of a word that is not 0."""
    return 63 - np.int64(leading_zeros(word))  # pyright: ignore[reportCallIssue] - an intrinsic


@inlined
def below(bits, row, at):
    """The highest taken place of the window below ``at`` (``WINDOW`` asks for the best), or -1."""
    last = at - 1
    if last < 0:
        return -1
    word = last >> 6
    left = bits[row, word] & (ALL >> np.uint64(63 - (last & 63)))
    if left == NONE:
        last = word - 1
        if last < 0:
            return -1
        word = last >> 6
        left = bits[row, LAYER1 + word] & (ALL >> np.uint64(63 - (last & 63)))
        if left == NONE:
            last = word - 1
            if last < 0:
                return -1
            left = bits[row, LAYER2] & (ALL >> np.uint64(63 - last))
            if left == NONE:
                return -1
            word = top_bit(left)
            left = bits[row, LAYER1 + word]
        word = (word << 6) + top_bit(left)
        left = bits[row, word]
    return (word << 6) + top_bit(left)


@inlined
def set_near(book, row, at, size):
    """Set (or remove, with size 0) the level at a place of the window."""
    book.size[row, at] = size
    word = at >> 6
    bit = ONE << np.uint64(at & 63)
    before = book.bits[row, word]
    after = (before | bit) if size > 0 else (before & ~bit)
    book.bits[row, word] = after
    if (before == NONE) != (after == NONE):
        upper = LAYER1 + (word >> 6)
        bit = ONE << np.uint64(word & 63)
        before = book.bits[row, upper]
        after = (before | bit) if size > 0 else (before & ~bit)
        book.bits[row, upper] = after
        if (before == NONE) != (after == NONE):
            bit = ONE << np.uint64(word >> 6)
            book.bits[row, LAYER2] = (book.bits[row, LAYER2] | bit) if size > 0 else (book.bits[row, LAYER2] & ~bit)


@inlined
def far_place(book, row, key):
    """How many levels outside the window have a lower key: where ``key`` is, or would be."""
    low, high = np.int64(0), book.state[OUTSIDE + row]
    while low < high:
        middle = (low + high) >> 1
        if book.far_key[row, middle] < key:
            low = middle + 1
        else:
            high = middle
    return low


@inlined
def set_far(book, row, key, size):
    """Set, insert or remove a level outside the window."""
    held = book.state[OUTSIDE + row]
    low = far_place(book, row, key)
    if low < held and book.far_key[row, low] == key:
        if size > 0:
            book.far_size[row, low] = size
            return
        for j in range(low, held - 1):
            book.far_key[row, j] = book.far_key[row, j + 1]
            book.far_size[row, j] = book.far_size[row, j + 1]
        book.state[OUTSIDE + row] = held - 1
    elif size > 0:
        for j in range(held, low, -1):
            book.far_key[row, j] = book.far_key[row, j - 1]
            book.far_size[row, j] = book.far_size[row, j - 1]
        book.far_key[row, low] = key
        book.far_size[row, low] = size
        book.state[OUTSIDE + row] = held + 1


@inlined
def set_level(book, row, key, size):
    """Set, insert or (size 0) remove one level."""
    at = key - book.state[LOWEST + row]
    if 0 <= at < WINDOW:
        set_near(book, row, at, size)
    else:
        set_far(book, row, key, size)


@inlined
def best_key(book, row):
    """``(True, key)`` of the best level of a side, or ``(False, 0)`` where the side is empty."""
    lowest, far = book.state[LOWEST + row], book.state[OUTSIDE + row]
    if far > 0 and book.far_key[row, far - 1] >= lowest + WINDOW:
        return True, book.far_key[row, far - 1]
    at = below(book.bits, row, WINDOW)
    if at >= 0:
        return True, lowest + at
    if far > 0:
        return True, book.far_key[row, far - 1]
    return False, np.int64(0)


@kernel
def fill_side(book, row, keys, sizes, count):
    """Put levels into an empty side. Those outside the window cost one pass if the best comes first."""
    held, falling = 0, True
    for j in range(count):
        at = keys[j] - book.state[LOWEST + row]
        if 0 <= at < WINDOW:
            set_near(book, row, at, sizes[j])
        elif falling and sizes[j] > 0 and (held == 0 or keys[j] < book.far_key[row, held - 1]):
            book.far_key[row, held] = keys[j]
            book.far_size[row, held] = sizes[j]
            held += 1
        else:
            falling = False
    if falling:
        for j in range(held >> 1):
            other = held - 1 - j
            book.far_key[row, j], book.far_key[row, other] = book.far_key[row, other], book.far_key[row, j]
            book.far_size[row, j], book.far_size[row, other] = book.far_size[row, other], book.far_size[row, j]
        book.state[OUTSIDE + row] = held
        return
    for j in range(count):
        if not 0 <= keys[j] - book.state[LOWEST + row] < WINDOW:
            set_far(book, row, keys[j], sizes[j])


@kernel
def take_side(book, row, depth, prices, sizes):
    """Write the best ``depth`` levels of a side, best first, 0 where there is none. Returns how many there were."""
    sign = 1 - 2 * row
    lowest, far = book.state[LOWEST + row], book.state[OUTSIDE + row] - 1
    j = 0
    while j < depth and far >= 0 and book.far_key[row, far] >= lowest + WINDOW:
        prices[j], sizes[j] = sign * book.far_key[row, far], book.far_size[row, far]
        far -= 1
        j += 1
    at = below(book.bits, row, WINDOW) if j < depth else -1
    while at >= 0 and j < depth:
        prices[j], sizes[j] = sign * (lowest + at), book.size[row, at]
        at = below(book.bits, row, at)
        j += 1
    while j < depth and far >= 0:
        prices[j], sizes[j] = sign * book.far_key[row, far], book.far_size[row, far]
        far -= 1
        j += 1
    held = j
    while j < depth:
        prices[j], sizes[j] = 0, 0
        j += 1
    return held


@kernel
def count_side(book, row):
    """Levels held on a side."""
    held = book.state[OUTSIDE + row]
    at = below(book.bits, row, WINDOW)
    while at >= 0:
        held += 1
        at = below(book.bits, row, at)
    return held


@kernel
def empty_side(book, row):
    """Remove every level of a side."""
    at = below(book.bits, row, WINDOW)
    while at >= 0:
        set_near(book, row, at, 0)
        at = below(book.bits, row, at)
    book.state[OUTSIDE + row] = 0


@inlined
def put_centre(book, price):
    """Place the window of an empty book around a price."""
    book.state[CENTRE] = price
    book.state[PLACED] = 1
    book.state[LOWEST + BIDS] = price - WINDOW // 2
    book.state[LOWEST + ASKS] = -price - WINDOW // 2


@kernel
def move_window(book, price):
    """Place the window around a price. False, and nothing changed, where what is left outside lacks room."""
    bids, asks = count_side(book, BIDS), count_side(book, ASKS)
    if max(bids, asks) > book.far_key.shape[1]:
        return False
    keys, sizes = np.empty((2, max(bids, asks)), np.int64), np.empty((2, max(bids, asks)), np.int64)
    take_side(book, BIDS, bids, keys[BIDS], sizes[BIDS])
    take_side(book, ASKS, asks, keys[ASKS], sizes[ASKS])
    for j in range(asks):
        keys[ASKS, j] = -keys[ASKS, j]
    empty_side(book, BIDS)
    empty_side(book, ASKS)
    put_centre(book, price)
    fill_side(book, BIDS, keys[BIDS], sizes[BIDS], bids)
    fill_side(book, ASKS, keys[ASKS], sizes[ASKS], asks)
    return True


@kernel
def load_snapshot(book, side, price, size, first, last):  # noqa: PLR0917
    """Replace the book by the rows from ``first`` to ``last`` (not included)."""
    empty_side(book, BIDS)
    empty_side(book, ASKS)
    keys, sizes = np.empty((2, last - first), np.int64), np.empty((2, last - first), np.int64)
    count = np.zeros(2, np.int64)
    best = np.zeros(2, np.int64)
    for i in range(first, last):
        row = BIDS if side[i] > 0 else ASKS
        key = price[i] if row == BIDS else -price[i]
        if size[i] > 0 and (count[row] == 0 or key > best[row]):
            best[row] = key
        keys[row, count[row]], sizes[row, count[row]] = key, size[i]
        count[row] += 1
    if best[BIDS] != 0 and best[ASKS] != 0:
        put_centre(book, (best[BIDS] - best[ASKS]) // 2)
    elif best[BIDS] != 0 or best[ASKS] != 0:
        put_centre(book, best[BIDS] - best[ASKS])
    elif count[BIDS] + count[ASKS] > 0:
        book.state[PLACED] = 0
    fill_side(book, BIDS, keys[BIDS], sizes[BIDS], count[BIDS])
    fill_side(book, ASKS, keys[ASKS], sizes[ASKS], count[ASKS])
    book.state[KNOWN] = 1


@kernel
def apply_messages(  # noqa: C901, D417, PLR0912, PLR0917 - a compiled loop takes its arrays one by one
    sequence,
    snapshot,
    side,
    price,
    size,
    start,
    messages,
    book,
    ends,
    bid,
    bid_size,
    ask,
    ask_size,
):
    """Apply whole messages and write the book after each of them.

    Args:
        sequence: int64 ``(n,)``, id of the message; its rows stand together.
        snapshot: bool ``(n,)``: the message replaces the book.
        side: int8 ``(n,)``, +1 bid, -1 ask.
        price: int64 ``(n,)``, ticks.
        size: int64 ``(n,)``, lots; 0 removes the level.
        start: row to begin with.
        messages: messages written before, so that a call that ended with ``FULL`` can go on.
        book: changed.
        ends: int64 ``(m,)``: the row after the last one of each message. Filled.
        bid: int64 ``(m, depth)`` ticks, best first, 0 where there is no level; may have no columns. Filled, as are
            ``bid_size`` (lots, 0 where there is no level), ``ask`` and ``ask_size``.

    Returns:
        ``(status, row, messages, crossed)``: ``DONE``; or ``NO_SNAPSHOT`` at a delta that no snapshot came before; or
        ``FULL``, then give the book more room and call again from ``row``. ``crossed`` counts the messages of this
        call after which the best bid was not below the best ask.
    """
    depth, rows = bid.shape[1], sequence.shape[0]
    crossed = 0
    i = start
    while i < rows:
        first, whole = i, snapshot[i]
        if not whole and book.state[KNOWN] == 0:
            return NO_SNAPSHOT, first, messages, crossed
        while i < rows and sequence[i] == sequence[first] and snapshot[i] == whole:
            i += 1
        if i - first + max(book.state[OUTSIDE + BIDS], book.state[OUTSIDE + ASKS]) > book.far_key.shape[1]:
            return FULL, first, messages, crossed
        if whole:
            load_snapshot(book, side, price, size, first, i)
        else:
            if book.state[PLACED] == 0:
                put_centre(book, price[first])
            for j in range(first, i):
                if side[j] > 0:
                    set_level(book, BIDS, price[j], size[j])
                else:
                    set_level(book, ASKS, -price[j], size[j])
        has_bid, top = best_key(book, BIDS)
        has_ask, bottom = best_key(book, ASKS)
        if has_bid or has_ask:
            middle = (top - bottom) // 2 if has_bid and has_ask else top - bottom
            if abs(middle - book.state[CENTRE]) > DRIFT and not move_window(book, middle):
                return FULL, first, messages, crossed
        if has_bid and has_ask and top >= -bottom:
            crossed += 1
        if depth > 0:
            take_side(book, BIDS, depth, bid[messages], bid_size[messages])
            take_side(book, ASKS, depth, ask[messages], ask_size[messages])
        ends[messages] = i
        messages += 1
    return DONE, i, messages, crossed
