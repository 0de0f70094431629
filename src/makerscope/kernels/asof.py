"""The state of an instrument's quotes at a given instant.

A quote is the state of its instrument until the next quote of that instrument. All quotes of a feed lie in one
array in order of time, with the instrument as a small code. Prices are integer ticks, times integer ns.
An absent bid is the largest integer of its type and an absent ask the smallest, so that a quote without a side
never passes ``bid < ask``, as a locked or crossed one does not.

How it is fast: the feed is cut into tiles that fit the second-level cache. A tile is sorted by instrument (a
counting sort: two passes without a branch), so that an instrument's quotes lie side by side, behind the last one of
the tiles before. Lookups of one horizon come in order of time, so each instrument's place only moves forward; it moves
by one comparison of 32 times at once. Lookups of different instruments do not wait for each other, every quote is
read from memory once, and nearly no branch is guessed wrong.
"""
# ruff: noqa: ANN001, ANN201, PLR0917 - a kernel is compiled for the types it is called with, and takes arrays in order

import numpy as np

from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.wide import LANES, times_passed

MISSING = np.iinfo(np.int64).min
OK, PAST_END, STALE = 0, 1, 2
TILE = 8192  # quotes sorted at a time: 128 kB of times and mids
NEVER, LONG_AGO = np.int64(2**63 - 1), np.int64(-(2**62))
ONE = np.uint64(1)


@kernel
def first_later(times, low, high, instant):
    """The first place in ``times[low:high]``, ascending, with a time after ``instant``; ``high`` if there is none."""
    while low < high:
        middle = (low + high) >> 1
        if times[middle] <= instant:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def tile_of(instruments):
    """Quotes in a tile: enough that the work per tile and instrument does not count."""
    return max(TILE, 32 * instruments)


@kernel
def room_of(instruments):
    """Words that a sorted tile needs: its quotes, for each instrument a quote before and an end, and the lanes."""
    return tile_of(instruments) + 2 * instruments + LANES


@kernel
def sort_tile(time, code, bid, ask, begin, behind, times, mids):
    """Sort the quotes of a tile by instrument, keeping their order in time.

    Args:
        time: int64 ``(n,)``, ns, ascending.
        code: unsigned ``(n,)``, instrument, below ``len(begin)``.
        bid: integers ``(n,)``, ticks.
        ask: integers ``(n,)``, ticks.
        begin: uint64 ``(instruments,)``, in and out: where each instrument's part starts.
        behind: uint64 ``(instruments,)``, in and out: one behind its last quote. Both 0 before the first tile.
        times: int64 ``(room,)``, in and out. An instrument's part is its last quote of the tiles before (a time
            ``LONG_AGO`` if there was none), its quotes, and ``NEVER``.
        mids: int64 ``(room,)``, in and out, doubled mid or ``MISSING``, in the same places.
    """
    instruments = begin.shape[0]
    last_time, last_mid = np.empty(instruments, np.int64), np.empty(instruments, np.int64)
    for c in range(instruments):
        seen = behind[c] > np.uint64(0)
        last_time[c] = times[behind[c] - ONE] if seen else LONG_AGO
        last_mid[c] = mids[behind[c] - ONE] if seen else MISSING
        behind[c] = np.uint64(0)
    for i in range(code.shape[0]):
        behind[code[i]] += ONE
    at = np.uint64(0)
    for c in range(instruments):
        quotes = behind[c]
        begin[c] = at
        times[at], mids[at] = last_time[c], last_mid[c]
        behind[c] = at + ONE
        at += quotes + ONE
        times[at] = NEVER
        at += ONE
    for i in range(code.shape[0]):
        c = code[i]
        at = behind[c]
        behind[c] = at + ONE
        times[at] = time[i]
        low, high = np.int64(bid[i]), np.int64(ask[i])
        mids[at] = low + high if low < high else MISSING


@inlined
def last_at(times, place, due):
    """The last place at or before ``due`` in a sorted part of which ``place`` is not later than ``due``."""
    passed = times_passed(times, place, due)
    place += passed
    while passed == LANES:
        passed = times_passed(times, place, due)
        place += passed
    return place - ONE


@kernel
def mids_at(quote_time, quote_code, bid, ask, fill_time, fill_code, shifts, max_age, ends, twice_mid, why):
    """The doubled mid at some instants before or after each fill: of the last quote at or before the instant.

    Args:
        quote_time: int64 ``(n,)``, ns, ascending.
        quote_code: unsigned ``(n,)``, instrument of each quote, below ``instruments``.
        bid: integers ``(n,)``, ticks; the largest integer where absent.
        ask: integers ``(n,)``, ticks; the smallest integer where absent.
        fill_time: int64 ``(m,)``, ns, ascending.
        fill_code: unsigned ``(m,)``, instrument of each fill, below ``instruments``.
        shifts: int64 ``(k,)``, ns after the fill; -1 is strictly before it.
        max_age: ns, the oldest a quote may be at the instant, or at the fill where the instant lies before it.
        ends: int64 ``(instruments,)``, ns, end of the data of each instrument, for shifts that are not negative.
        twice_mid: int64 ``(k, m)``, out, ticks; ``MISSING`` where there is none.
        why: int8 ``(k, m)``, out; ``OK``, ``PAST_END`` (the instant lies after the data) or ``STALE``.
    """
    instruments, quotes, fills = ends.shape[0], quote_time.shape[0], fill_time.shape[0]
    begin, behind = np.zeros(instruments, np.uint64), np.zeros(instruments, np.uint64)
    times, mids = np.full(room_of(instruments), NEVER), np.full(room_of(instruments), MISSING)
    done = np.zeros(shifts.shape[0], np.int64)
    tile = tile_of(instruments)
    for start in range(0, max(quotes, 1), tile):
        stop = min(start + tile, quotes)
        sort_tile(
            quote_time[start:stop], quote_code[start:stop], bid[start:stop], ask[start:stop], begin, behind, times, mids
        )
        for k in range(shifts.shape[0]):
            first = done[k]
            last = fills if stop == quotes else first_later(fill_time, first, fills, quote_time[stop] - 1 - shifts[k])
            done[k] = last
            look_up(
                fill_time[first:last],
                fill_code[first:last],
                shifts[k],
                max_age,
                ends,
                times,
                mids,
                begin.copy(),
                twice_mid[k, first:last],
                why[k, first:last],
            )


@kernel
def look_up(time, code, shift, max_age, ends, times, mids, place, twice_mid, why):
    """``mids_at`` for the fills whose instants lie in one sorted tile. ``place`` is where each instrument stands."""
    oldest = max_age + min(shift, 0)
    for f in range(time.shape[0]):
        c = code[f]
        due = time[f] + shift
        at = last_at(times, place[c], due)
        place[c] = at
        past = (due > ends[c]) & (shift >= 0)
        known = (mids[at] != MISSING) & (due - times[at] <= oldest) & ~past
        twice_mid[f] = mids[at] if known else MISSING
        why[f] = OK if known else (PAST_END if past else STALE)
