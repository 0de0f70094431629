"""Time integrals of quotes, exact for any length of time.

A spread of 10^6 ticks over a day of ns is 8.6e19, more than an int64 holds. So an integral is a 128-bit integer: two
int64 words, low word first. Integers add in any order, so any split of the tape gives the same bits.

Time is cut into segments: the stretches of an instrument's sessions between bucket borders. Each segment has a row
of ``WIDTH`` int64 words: ns by state of the quote (``TWO_SIDED``, ``ONE_SIDED``, ``CROSSED``, ``UNKNOWN``), ns in which
a resting side has no known size, then the 128-bit integrals of spread, doubled mid, bid size and ask size.

How it is fast: an ordinary quote is followed by another of its instrument in the same segment, soon. Then four
products are added to int64 sums of that instrument, which are moved to the 128-bit ones before they could overflow:
when the time since the last move, times the largest number seen, might pass 2^62. All else takes the slow, exact way.
"""
# ruff: noqa: ANN001, ANN201, ANN202, PLR0917 - a kernel is compiled for the types it is called with

import numpy as np

from makerscope.kernels._jit import kernel
from makerscope.kernels.wide import add_product

TWO_SIDED, ONE_SIDED, CROSSED, UNKNOWN, UNSIZED = 0, 1, 2, 3, 4
SPREAD, MID, BID_SIZE, ASK_SIZE = 6, 8, 10, 12  # first of the two words
WIDTH = 16  # two cache lines
TILE = 8192  # quotes whose largest number is sought at a time
_ROOM = np.int64(2**62)
_NEVER, _ALWAYS = np.int64(2**63 - 1), np.int64(-(2**63))
_HELD = 8  # words of an instrument's int64 sums: ns, and times ns: bid, ask, bid size, ask size


@kernel
def integrate_quotes(time, code, bid, ask, bid_size, ask_size, first, start, end, joined, sums):
    """Add up what each quote was, times how long it was so, over the segments of its instrument.

    A quote lives until the next of its instrument, or the end of its session. It is unknown before the first quote of
    a session. A size is integrated where its side rests in a book that is not crossed. Quotes outside every segment
    are left out.

    Args:
        time: int64 ``(n,)``, ns, ascending.
        code: unsigned ``(n,)``, instrument.
        bid: integers ``(n,)``, ticks; the largest integer where absent.
        ask: integers ``(n,)``, ticks; the smallest integer where absent.
        bid_size: integers ``(n,)``, lots; negative where unknown.
        ask_size: integers ``(n,)``, lots; negative where unknown.
        first: int64 ``(instruments + 1,)``, where each instrument's segments start.
        start: int64 ``(segments,)``, ns, ascending within an instrument, no overlap.
        end: int64 ``(segments,)``, ns, excluded.
        joined: bool ``(segments,)``, whether the segment before is the same session, so that its quote lives on.
        sums: int64 ``(segments * WIDTH,)``, zero on entry, out.

    Returns:
        Quotes left out.
    """
    instruments = first.shape[0] - 1
    segment, since = first[:-1].copy(), np.zeros(instruments, np.int64)
    last = np.full(instruments, -1, np.int64)  # the quote that is the state, -1 where unknown
    stop = np.full(instruments, _ALWAYS)  # before this time the next quote goes the fast way
    held = np.zeros(instruments * _HELD, np.int64)
    for c in range(instruments):
        since[c] = start[first[c]] if first[c] < first[c + 1] else 0
    left_out, largest, longest = 0, np.int64(1), _ROOM
    for tile in range(0, time.shape[0], TILE):
        upto = min(tile + TILE, time.shape[0])
        seen = largest_number(bid[tile:upto], ask[tile:upto], bid_size[tile:upto], ask_size[tile:upto])
        if seen > largest:
            largest, longest = seen, _ROOM // seen
            stop[:] = _ALWAYS
        for i in range(tile, upto):
            c, now = code[i], time[i]
            j, lasted = np.uint64(last[c]), now - since[c]
            if now < stop[c]:
                last[c], since[c] = i, now
                low, high = np.int64(bid[j]), np.int64(ask[j])
                low_size, high_size = np.int64(bid_size[j]), np.int64(ask_size[j])
                if (low < high) & ((low_size | high_size) >= 0):
                    row = np.uint64(c) * np.uint64(_HELD)
                    held[row] += lasted
                    held[row + np.uint64(1)] += low * lasted
                    held[row + np.uint64(2)] += high * lasted
                    held[row + np.uint64(3)] += low_size * lasted
                    held[row + np.uint64(4)] += high_size * lasted
                else:
                    _add_quote(sums, segment[c], bid, ask, bid_size, ask_size, np.int64(j), lasted)
                continue
            _move(held, c, sums, segment[c])
            _close(c, now, segment, since, last, first, start, end, joined, bid, ask, bid_size, ask_size, sums)
            s = segment[c]
            if s == first[c + 1] or now < start[s]:
                left_out += 1
                stop[c] = _ALWAYS
            else:
                _add_quote(sums, s, bid, ask, bid_size, ask_size, last[c], now - since[c])
                last[c], since[c] = i, now
                stop[c] = min(end[s], now + longest)
    for c in range(instruments):
        _move(held, c, sums, segment[c])
        _close(c, _NEVER, segment, since, last, first, start, end, joined, bid, ask, bid_size, ask_size, sums)
    return left_out


@kernel
def largest_number(bid, ask, bid_size, ask_size):
    """A number that no number of a two-sided quote passes, at most twice the largest: the bits of all of them."""
    bits = np.int64(0)
    for i in range(bid.shape[0]):
        low, high = np.int64(bid[i]), np.int64(ask[i])
        low_size, high_size = np.int64(bid_size[i]), np.int64(ask_size[i])
        both = (low ^ (low >> 63)) | (high ^ (high >> 63))  # x ^ (x >> 63) is |x| or |x| - 1
        bits |= (low_size ^ (low_size >> 63)) | (high_size ^ (high_size >> 63)) | (both if low < high else 0)
    return bits + 1 if bits < _NEVER else bits


@kernel
def _close(c, now, segment, since, last, first, start, end, joined, bid, ask, bid_size, ask_size, sums):
    """Finish the segments of an instrument that end by ``now``."""
    s = segment[c]
    while s < first[c + 1] and end[s] <= now:
        _add_quote(sums, s, bid, ask, bid_size, ask_size, last[c], end[s] - since[c])
        s += 1
        if s < first[c + 1]:
            since[c] = start[s]
        if s == first[c + 1] or not joined[s]:
            last[c] = -1
    segment[c] = s


@kernel
def _add_quote(sums, segment, bid, ask, bid_size, ask_size, j, lasted):
    """Add quote ``j`` (-1: nothing is known) times ``lasted`` ns to a segment."""
    row = segment * WIDTH
    if j < 0:
        sums[row + UNKNOWN] += lasted
        return
    has_bid, has_ask = bid[j] != np.iinfo(bid.dtype).max, ask[j] != np.iinfo(ask.dtype).min
    if has_bid and has_ask and bid[j] >= ask[j]:
        sums[row + CROSSED] += lasted
        return
    sums[row + (TWO_SIDED if has_bid and has_ask else ONE_SIDED)] += lasted
    if has_bid and has_ask:
        add_product(sums, row + SPREAD, np.int64(ask[j]) - np.int64(bid[j]), lasted)
        add_product(sums, row + MID, np.int64(ask[j]) + np.int64(bid[j]), lasted)
    if has_bid:
        add_product(sums, row + BID_SIZE, max(np.int64(bid_size[j]), 0), lasted)
    if has_ask:
        add_product(sums, row + ASK_SIZE, max(np.int64(ask_size[j]), 0), lasted)
    if (has_bid and bid_size[j] < 0) or (has_ask and ask_size[j] < 0):
        sums[row + UNSIZED] += lasted


@kernel
def _move(held, c, sums, segment):
    """Move the int64 sums of an instrument to the 128-bit ones of its segment."""
    at, row = c * _HELD, segment * WIDTH
    if held[at] == 0:
        return
    sums[row + TWO_SIDED] += held[at]
    add_product(sums, row + SPREAD, held[at + 1], -1)
    add_product(sums, row + SPREAD, held[at + 2], 1)
    add_product(sums, row + MID, held[at + 1], 1)
    add_product(sums, row + MID, held[at + 2], 1)
    add_product(sums, row + BID_SIZE, held[at + 3], 1)
    add_product(sums, row + ASK_SIZE, held[at + 4], 1)
    held[at : at + _HELD] = 0
