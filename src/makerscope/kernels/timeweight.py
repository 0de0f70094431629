"""Time integrals of quotes, exact for any length of time.

A spread of 10^6 ticks over a day of ns is 8.6e19, more than an int64 holds. So an integral is a 128-bit integer: two
int64 words, low word first. Integers add in any order, so any split of the tape gives the same bits.

Time is cut into segments: the stretches of an instrument's sessions between bucket borders. Each segment has a row
of ``WIDTH`` int64 words: ns by state of the quote (``TWO_SIDED``, ``ONE_SIDED``, ``CROSSED``, ``UNKNOWN``), ns in which
a resting side has no known size, then the 128-bit integrals of spread, doubled mid, bid size and ask size.

How it is fast: an ordinary quote (both sides, sizes known, not crossed) is followed by another of its instrument in
the same segment, soon. Then four products are added at once to int64 sums of that instrument, which are moved to the
128-bit ones before they could overflow: when the time since the last move, times the largest number seen, might pass
2^62. All else takes the slow, exact way.
"""
# ruff: noqa: ANN001, ANN201, ANN202, PLR0917 - a kernel is compiled for the types it is called with

import numpy as np

from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.wide import add_four, add_product, copy_four

TWO_SIDED, ONE_SIDED, CROSSED, UNKNOWN, UNSIZED = 0, 1, 2, 3, 4
SPREAD, MID, BID_SIZE, ASK_SIZE = 6, 8, 10, 12  # first of the two words
WIDTH = 16  # two cache lines
TILE = 2048  # quotes whose four numbers are put side by side at a time: 64 kB
_ROOM = np.int64(2**62)
_NEVER, _ALWAYS = np.int64(2**63 - 1), np.int64(-(2**63))
_FOUR = 4  # bid, ask, bid size, ask size


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
    opened = np.zeros(instruments, np.int64)  # when ``held`` was empty
    held, state = np.zeros(instruments * _FOUR, np.int64), np.zeros(instruments * _FOUR, np.int64)
    woven = np.empty(TILE * _FOUR, np.int64)
    for c in range(instruments):
        since[c] = opened[c] = start[first[c]] if first[c] < first[c + 1] else 0
    left_out, largest, longest = 0, np.int64(1), _ROOM
    for tile in range(0, time.shape[0], TILE):
        upto = min(tile + TILE, time.shape[0])
        seen, all_ordinary = _weave(bid[tile:upto], ask[tile:upto], bid_size[tile:upto], ask_size[tile:upto], woven)
        if seen > largest:
            largest, longest = seen, _ROOM // seen
            stop[:] = _ALWAYS
        for i in range(tile, upto):
            c, now = code[i], time[i]
            row, here = np.uint64(c) * np.uint64(_FOUR), np.uint64(i - tile) * np.uint64(_FOUR)
            ordinary = all_ordinary or _is_ordinary(bid[i], ask[i], bid_size[i], ask_size[i])
            if now < stop[c]:
                add_four(held, row, state, row, now - since[c])
                last[c], since[c] = i, now
                copy_four(state, row, woven, here)
                if not ordinary:
                    stop[c] = _ALWAYS
                continue
            _move(held, c, since[c] - opened[c], sums, segment[c])
            _close(c, now, segment, since, last, first, start, end, joined, bid, ask, bid_size, ask_size, sums)
            s = segment[c]
            stop[c] = _ALWAYS
            if s == first[c + 1] or now < start[s]:
                left_out += 1
            else:
                _add_quote(sums, s, bid, ask, bid_size, ask_size, last[c], now - since[c])
                last[c], since[c] = i, now
                copy_four(state, row, woven, here)
                if ordinary:
                    stop[c] = min(end[s], now + longest)
            opened[c] = since[c]
    for c in range(instruments):
        _move(held, c, since[c] - opened[c], sums, segment[c])
        _close(c, _NEVER, segment, since, last, first, start, end, joined, bid, ask, bid_size, ask_size, sums)
    return left_out


@inlined
def _is_ordinary(bid, ask, bid_size, ask_size):
    return (bid < ask) & (bid_size >= 0) & (ask_size >= 0)


@kernel
def _weave(bid, ask, bid_size, ask_size, woven):
    """Put the four numbers of each quote side by side.

    Returns:
        A number that the absolute value of no number of an ordinary quote passes, at most twice the largest (the bits
        of all of them), and whether all quotes are ordinary.
    """
    bits, others = np.int64(0), 0
    for i in range(bid.shape[0]):
        low, high = np.int64(bid[i]), np.int64(ask[i])
        low_size, high_size = np.int64(bid_size[i]), np.int64(ask_size[i])
        ordinary = _is_ordinary(low, high, low_size, high_size)
        both = (low ^ (low >> 63)) | (high ^ (high >> 63))  # x ^ (x >> 63) is |x| or |x| - 1
        bits |= (both | low_size | high_size) if ordinary else 0
        others += not ordinary
    for i in range(bid.shape[0]):
        woven[4 * i] = bid[i]
        woven[4 * i + 1] = ask[i]
        woven[4 * i + 2] = bid_size[i]
        woven[4 * i + 3] = ask_size[i]
    return bits + 1 if bits < _NEVER else bits, others == 0


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
def _move(held, c, lasted, sums, segment):
    """Move the int64 sums of an instrument, gathered over ``lasted`` ns, to the 128-bit ones of its segment."""
    if lasted == 0:
        return
    at, row = c * _FOUR, segment * WIDTH
    sums[row + TWO_SIDED] += lasted
    add_product(sums, row + SPREAD, held[at], -1)
    add_product(sums, row + SPREAD, held[at + 1], 1)
    add_product(sums, row + MID, held[at], 1)
    add_product(sums, row + MID, held[at + 1], 1)
    add_product(sums, row + BID_SIZE, held[at + 2], 1)
    add_product(sums, row + ASK_SIZE, held[at + 3], 1)
    held[at : at + _FOUR] = 0
