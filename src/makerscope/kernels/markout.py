"""Markouts of many fills at many horizons, added up by group without an array per fill and horizon.

Terms that do not depend on the horizon are added once for every fill that has a mid; a horizon adds only its own mid
times the signed lots, and keeps apart the terms of the few fills that have no mid there. The lookup is that of
``kernels.asof``. Sums are 128-bit, so they cannot overflow and any split into partitions adds to the same bits.
"""
# ruff: noqa: ANN001, ANN201, ANN202, PLR0917 - a kernel is compiled for the types it is called with

import numpy as np

from makerscope.kernels._jit import kernel
from makerscope.kernels.asof import MISSING, NEVER, first_later, last_at, room_of, sort_tile, tile_of
from makerscope.kernels.wide import add_product, add_wide

# Words of a row of sums: four counts, then four 128-bit integers.
N, N_NO_MID, N_PAST_END, N_STALE = 0, 1, 2, 3
LOTS, MID_LOTS, EFFECTIVE_LOTS, MARKOUT_LOTS = 4, 6, 8, 10
WIDTH = 12
_MID_SIGNED, _PRICE_SIGNED = 8, 10  # in the rows kept while adding: doubled mid and doubled price times signed lots


@kernel
def markout_sums(
    quote_time, quote_code, bid, ask, fill_time, fill_code, price, size, side, group, horizons, max_age, ends, sums
):
    """Sums of effective spread and markout over the fills of each group, at each horizon.

    The mid at the trade is that of the last quote strictly before it, the mid at a horizon that of the last quote at
    or before that instant. A fill counts at a horizon when it has both; else it is counted once, as the first that
    holds of: no mid at the trade, the instant lies past the end of the data, no mid at the instant.

    Args:
        quote_time: int64 ``(n,)``, ns, ascending.
        quote_code: unsigned ``(n,)``, instrument of each quote, below ``instruments``.
        bid: integers ``(n,)``, ticks; the largest integer where absent.
        ask: integers ``(n,)``, ticks; the smallest integer where absent.
        fill_time: int64 ``(m,)``, ns, ascending.
        fill_code: unsigned ``(m,)``, instrument of each fill.
        price: integers ``(m,)``, ticks.
        size: integers ``(m,)``, lots, positive.
        side: int8 ``(m,)``, +1 the maker bought, -1 the maker sold.
        group: integers ``(m,)``, below ``groups``: the row of sums a fill belongs to.
        horizons: int64 ``(k,)``, ns, not negative.
        max_age: ns, the oldest a quote may be at the instant it stands for.
        ends: int64 ``(instruments,)``, ns, end of the data of each instrument.
        sums: int64 ``(groups * k * WIDTH,)``, zero on entry, out. A row is ``N`` fills counted, ``N_NO_MID``,
            ``N_PAST_END``, ``N_STALE``, then as two words each: ``LOTS``, and times lots: ``MID_LOTS`` doubled mid at
            the trade, ``EFFECTIVE_LOTS`` doubled half effective spread, ``MARKOUT_LOTS`` doubled markout. Ticks and
            lots; markout less effective spread is the price move.
    """
    instruments, quotes, fills = ends.shape[0], quote_time.shape[0], fill_time.shape[0]
    groups, count = sums.shape[0] // (horizons.shape[0] * WIDTH), horizons.shape[0]
    begin, behind = np.zeros(instruments, np.uint64), np.zeros(instruments, np.uint64)
    times, mids = np.full(room_of(instruments), NEVER), np.full(room_of(instruments), MISSING)
    base = np.zeros(groups * WIDTH, np.int64)
    apart = np.zeros((count, groups * WIDTH), np.int64)
    later = np.zeros((count, groups * 2), np.int64)
    signed, mid = np.empty(fills, np.int64), np.empty(fills, np.int64)
    done = np.zeros(count + 1, np.int64)
    tile = tile_of(instruments)
    for start in range(0, max(quotes, 1), tile):
        stop = min(start + tile, quotes)
        sort_tile(
            quote_time[start:stop], quote_code[start:stop], bid[start:stop], ask[start:stop], begin, behind, times, mids
        )
        for k in range(-1, count):
            shift = horizons[k] if k >= 0 else -1
            a = done[k + 1]
            b = fills if stop == quotes else first_later(fill_time, a, fills, quote_time[stop] - 1 - shift)
            done[k + 1] = b
            when, code, which = fill_time[a:b], fill_code[a:b], group[a:b]
            if k < 0:
                _at_trade(
                    when, code, price[a:b], size[a:b], side[a:b], which, max_age,
                    times, mids, begin.copy(), signed[a:b], mid[a:b], base,
                )  # fmt: skip
            else:
                _at_horizon(
                    when, code, price[a:b], size[a:b], which, shift, max_age, ends,
                    times, mids, begin.copy(), signed[a:b], mid[a:b], later[k], apart[k],
                )  # fmt: skip
    _put_together(base, apart, later, sums)


@kernel
def _at_trade(when, code, price, size, side, group, max_age, times, mids, place, signed, mid, base):
    for f in range(when.shape[0]):
        c = code[f]
        due = when[f] - 1
        at = last_at(times, place[c], due)
        place[c] = at
        row = np.uint64(group[f]) * np.uint64(WIDTH)
        m = mids[at]
        if (m != MISSING) & (due - times[at] < max_age):
            lots = np.int64(size[f])
            signed[f], mid[f] = lots * side[f], m
            base[row + np.uint64(N)] += 1
            _add_terms(base, row, m, price[f], lots, signed[f])
        else:
            signed[f], mid[f] = 0, MISSING
            base[row + np.uint64(N_NO_MID)] += 1


@kernel
def _at_horizon(
    when, code, price, size, group, shift, max_age, ends, times, mids, place, signed, mid, later, apart
):  # fmt: skip
    for f in range(when.shape[0]):
        c = code[f]
        due = when[f] + shift
        at = last_at(times, place[c], due)
        place[c] = at
        m = mids[at]
        if (m != MISSING) & (due - times[at] <= max_age) & (due <= ends[c]):
            add_product(later, np.uint64(group[f]) * np.uint64(2), m, signed[f])
        elif mid[f] != MISSING:
            row = np.uint64(group[f]) * np.uint64(WIDTH)
            apart[row + np.uint64(N_PAST_END if due > ends[c] else N_STALE)] += 1
            _add_terms(apart, row, mid[f], price[f], np.int64(size[f]), signed[f])


@kernel
def _add_terms(words, row, mid, price, lots, signed):
    add_product(words, row + np.uint64(LOTS), lots, 1)
    add_product(words, row + np.uint64(MID_LOTS), mid, lots)
    add_product(words, row + np.uint64(_MID_SIGNED), mid, signed)
    add_product(words, row + np.uint64(_PRICE_SIGNED), 2 * np.int64(price), signed)


@kernel
def _put_together(base, apart, later, sums):
    count, groups = apart.shape[0], base.shape[0] // WIDTH
    for g in range(groups):
        for k in range(count):
            row, at = (g * count + k) * WIDTH, g * WIDTH
            past, stale = apart[k, at + N_PAST_END], apart[k, at + N_STALE]
            sums[row + N] = base[at + N] - past - stale
            sums[row + N_NO_MID] = base[at + N_NO_MID]
            sums[row + N_PAST_END], sums[row + N_STALE] = past, stale
            for source, sign in ((base, 1), (apart[k], -1)):
                for to, where, times in (
                    (LOTS, LOTS, 1),
                    (MID_LOTS, MID_LOTS, 1),
                    (EFFECTIVE_LOTS, _MID_SIGNED, 1),
                    (EFFECTIVE_LOTS, _PRICE_SIGNED, -1),
                    (MARKOUT_LOTS, _PRICE_SIGNED, -1),
                ):
                    add_wide(sums, row + to, source, at + where, sign * times)
            add_wide(sums, row + MARKOUT_LOTS, later[k], g * 2, 1)
