"""Sweeps over the lives of resting orders: presence, distance and size over time, reactions, survival.

An interval is a stretch of time ``[enter, leave)`` in which one order rests with one price and size. Intervals of a
pair (maker and instrument) are sorted by ``enter``. What happens at one instant happens before any time passes, so an
order that is replaced at once leaves no gap, whatever the order of the two messages.
"""
# ruff: noqa: ANN001, ANN201, ANN202, PLR0917 - a kernel is compiled for the types it is called with, and takes arrays in order

import numpy as np

from makerscope.kernels._jit import kernel
from makerscope.kernels.timeweight import add_product

PPM = 1_000_000
ELIGIBLE, BID, ASK, TWO, UNKNOWN, STRESSED, TWO_STRESSED, STALE, EPISODES = range(9)
SPREAD, MID, BID_DEPTH, ASK_DEPTH = 10, 12, 14, 16  # first of two words: 128-bit integrals
WIDTH = 18
_NEVER = np.iinfo(np.int64).max


@kernel
def presence(  # noqa: C901, PLR0912, PLR0915 - one sweep over four merged streams of events
    first,  # first interval of each pair, shape (pairs + 1,)
    market,  # instrument of each pair
    base,  # first row of each pair in ``words``
    enter,  # ns
    leave,  # ns, after ``enter``
    side,  # +1 bid, -1 ask
    price,  # ticks
    size,  # lots
    reference_first,  # first reference of each instrument, shape (instruments + 1,)
    reference_time,  # ns, in order within an instrument
    reference,  # doubled reference price, ticks
    segment_first,  # first segment of each instrument, shape (instruments + 1,)
    segment_start,  # ns; segments of an instrument are in order and do not overlap
    segment_end,  # ns
    segment_session,  # ns, start of the session the segment is part of
    segment_row,  # row of its bucket, from 0 for each instrument
    segment_stressed,  # bool
    distance,  # ppm of the reference an order may be away, -1 for any
    words,  # out, zeros, WIDTH int64 words a row
):
    """Fill ``words``; returns the gaps in two-sided presence and their number.

    A gap is four words: pair, start, end, 1 if it was closed (else 0).
    """
    gaps = np.empty(256, np.int64)
    found = 0
    for pair in range(market.shape[0]):
        m = market[pair]
        i, end = first[pair], first[pair + 1]
        r, r_end = reference_first[m], reference_first[m + 1]
        active = np.empty(end - i, np.int64)
        live = 0
        was_two = was_stale = False
        lost = -1
        for s in range(segment_first[m], segment_first[m + 1]):
            t, stop = segment_start[s], segment_end[s]
            at = (base[pair] + segment_row[s]) * WIDTH
            if t == segment_session[s]:
                was_two = was_stale = False
                lost = -1
            while t < stop:
                while i < end and enter[i] <= t:
                    if leave[i] > t:
                        active[live] = i
                        live += 1
                    i += 1
                while r < r_end and reference_time[r] <= t:
                    r += 1
                known = r > reference_first[m] and reference_time[r - 1] >= segment_session[s]
                fair = reference[r - 1] if known else 0
                until = stop
                if i < end and enter[i] < until:
                    until = enter[i]
                if (live or not known) and r < r_end and reference_time[r] < until:
                    until = reference_time[r]
                kept = bid_size = ask_size = best_bid = best_ask = 0
                bids = asks = stale = False
                for a in range(live):
                    j = active[a]
                    if leave[j] <= t:
                        continue
                    active[kept] = j
                    kept += 1
                    until = min(until, leave[j])
                    p = price[j]
                    stale = stale or (known and side[j] * (2 * p - fair) > 0)
                    if distance >= 0 and not (known and abs(2 * p - fair) * PPM <= distance * fair):
                        continue
                    if side[j] > 0:
                        best_bid = p if not bids else max(best_bid, p)
                        bids = True
                        bid_size += size[j]
                    else:
                        best_ask = p if not asks else min(best_ask, p)
                        asks = True
                        ask_size += size[j]
                live = kept
                dt = until - t
                two = bids and asks
                if distance >= 0 and not known:
                    words[at + UNKNOWN] += dt
                else:
                    words[at + ELIGIBLE] += dt
                    words[at + BID] += dt * bids
                    words[at + ASK] += dt * asks
                    words[at + TWO] += dt * two
                    words[at + STRESSED] += dt * segment_stressed[s]
                    words[at + TWO_STRESSED] += dt * (two and segment_stressed[s])
                    words[at + STALE] += dt * stale
                    words[at + EPISODES] += stale and not was_stale
                    was_stale = stale
                    add_product(words, at + BID_DEPTH, bid_size, dt)
                    add_product(words, at + ASK_DEPTH, ask_size, dt)
                    if two:
                        add_product(words, at + SPREAD, best_ask - best_bid, dt)
                        add_product(words, at + MID, best_ask + best_bid, dt)
                    if was_two and not two:
                        lost = t
                    if two and lost >= 0:
                        gaps = _append(gaps, found, pair, lost, t, 1)
                        found += 1
                        lost = -1
                    was_two = two
                t = until
            last = s + 1 == segment_first[m + 1] or segment_start[s + 1] == segment_session[s + 1]
            if last and lost >= 0:
                gaps = _append(gaps, found, pair, lost, stop, 0)
                found += 1
    return gaps, found


@kernel
def _append(rows, n, a, b, c, d):
    """``rows`` (four words each) with a row at place ``n``, in a longer array where it is full."""
    if 4 * n == rows.shape[0]:
        wider = np.empty(8 * n, np.int64)
        for k in range(4 * n):
            wider[k] = rows[k]
        rows = wider
    rows[4 * n], rows[4 * n + 1], rows[4 * n + 2], rows[4 * n + 3] = a, b, c, d
    return rows


@kernel
def reactions(
    message,  # ns of each message of one maker, in order
    resting,  # orders it has resting after that message
    reference_time,  # ns, in order
    reference,  # doubled reference price, ticks
    move,  # half ticks that count as a move
    start,  # ns, of the session
    stop,  # ns
    patience,  # ns after which a move counts as not answered
):
    """How long the maker took to answer moves of the reference: four words each, and their number.

    The words: the wait in ns, 1 if it was answered (else 0), when the reference moved, 0.

    A move is counted from the reference at the maker's last message, and only while it has orders resting. It is
    answered by the next message strictly after it. A move that is not answered is censored at ``patience`` or at the
    end; later ones are then counted from the reference at that move.
    """
    out = np.empty(256, np.int64)
    found = 0
    k = 0
    anchor = -1
    r = 0
    while r < reference_time.shape[0] and reference_time[r] < start:
        r += 1
    blind_until = start
    while r < reference_time.shape[0] and reference_time[r] < stop:
        t = reference_time[r]
        while k < message.shape[0] and message[k] <= t:
            if message[k] >= start:
                anchor = reference[r - 1] if r > 0 and reference_time[r - 1] >= start else reference[r]
                if message[k] == t:
                    anchor = reference[r]
            k += 1
        if anchor < 0 or k == 0 or resting[k - 1] == 0 or t < blind_until or abs(reference[r] - anchor) < move:
            r += 1
            continue
        limit = min(t + patience, stop)
        if k < message.shape[0] and message[k] < limit:
            out = _append(out, found, message[k] - t, 1, t, 0)
            blind_until = message[k]
        else:
            out = _append(out, found, limit - t, 0, t, 0)
            blind_until = limit
            anchor = reference[r]
        found += 1
        r += 1
    return out, found


@kernel
def jumps(reference_time, reference, window, ppm, pause):
    """Places in the reference at which it had moved by ``ppm`` within ``window`` ns; then ``pause`` ns of rest."""
    out = np.empty(reference_time.shape[0], np.int64)
    found = old = 0
    quiet = -_NEVER
    for r in range(reference_time.shape[0]):
        t = reference_time[r]
        while reference_time[old] < t - window:
            old += 1
        if t >= quiet and abs(reference[r] - reference[old]) * PPM >= ppm * reference[old]:
            out[found] = r
            found += 1
            quiet = t + pause
            old = r
    return out[:found]


@kernel
def depth_at(enter, leave, price, size, instant, fair, distance, out):
    """Lots of one maker within ``distance`` ppm of ``fair`` (doubled ticks) at each instant; instants are in order."""
    active = np.empty(enter.shape[0], np.int64)
    i = live = 0
    for k in range(instant.shape[0]):
        t = instant[k]
        while i < enter.shape[0] and enter[i] <= t:
            if leave[i] > t:
                active[live] = i
                live += 1
            i += 1
        kept = 0
        total = 0
        for a in range(live):
            j = active[a]
            if leave[j] <= t:
                continue
            active[kept] = j
            kept += 1
            if abs(2 * price[j] - fair[k]) * PPM <= distance * fair[k]:
                total += size[j]
        live = kept
        out[k] = total


@kernel
def survival_quantile(duration, died, share):
    """Kaplan-Meier: the first duration by which at least ``share`` have ended, -1 if that is not reached.

    ``duration`` is in order, at ties ends before censored ones. Source: Kaplan and Meier (1958).
    """
    n = duration.shape[0]
    alive = 1.0
    i = 0
    while i < n:
        ended = 0
        same = i
        while same < n and duration[same] == duration[i]:
            ended += died[same]
            same += 1
        alive *= 1.0 - ended / (n - i)
        if ended and 1.0 - alive >= share - 1e-12:
            return duration[i]
        i = same
    return -1
