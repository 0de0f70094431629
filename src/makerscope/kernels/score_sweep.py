"""One sweep over the resting orders of a market: what each maker's orders are worth, summed over time or at instants.

Time runs through five streams at once: orders that come, orders that go, the reference, the segments that count, and
instants (or block borders). What happens at one instant happens before any time passes and before it is looked at, so
an order that is replaced at once leaves no gap. A maker is valued again only when its orders or the reference changed.

Sums are 128-bit integers of two words. Calm and stress are apart, so that stress may weigh more afterwards.
"""
# ruff: noqa: ANN001, ANN201, ANN202, PLR0917, PLR0915, C901, PLR0912 - one sweep over merged streams, compiled

import numpy as np

from makerscope.kernels._jit import inner, kernel
from makerscope.kernels.muldiv import muldiv
from makerscope.kernels.scoring import ABSOLUTE, reduce_sides, weighed_order
from makerscope.kernels.wide import add_product

UNIT = 10**12
INTEGRAL, INSTANTS, BLOCK_MINIMUM = range(3)
EPOCH, SAMPLE, SIDE, LARGER, DEFICIT = range(5)
QUALITY, BID, ASK, SHARE, PRESENT, WORDS = 0, 2, 4, 6, 8, 10  # words of a maker in calm, then as many in stress
LOOKED, BLIND, PAID, MARKET_WORDS = 0, 2, 4, 6  # of the market, in calm and in stress
OVERFLOW = -1
_NEVER = np.iinfo(np.int64).max


@inner
def _chosen(first, side, following, price, size, most, chosen):
    """The ``most`` best-priced orders of a list, of equal ones the largest, as ``scoring.nearest_orders``; how many."""
    count = 0
    j = first
    while j >= 0:
        at = count
        while at > 0:
            ahead = side * (price[j] - price[chosen[at - 1]])
            if ahead < 0 or (ahead == 0 and size[j] <= size[chosen[at - 1]]):
                break
            if at < most:
                chosen[at] = chosen[at - 1]
            at -= 1
        if at < most:
            chosen[at] = j
            count = min(count + 1, most)
        j = following[j]
    return count


@inner
def _worth(at, side, head, following, length, price, size, rule, reference, most, chosen, score, value, best):
    """Score, value and best counted price of a maker's side, into the last three; False where one does not fit."""
    total = amount = touch = 0
    few = most == 0 or length[at] <= most
    count = 0 if few else _chosen(head[at], side, following, price, size, most, chosen)
    j = head[at] if few else chosen[0]
    place = 1
    while j >= 0:
        got, worth = weighed_order(rule, side, price[j], size[j], reference, reference // 2)
        if got < 0 or got > _NEVER - total or worth > _NEVER - amount:
            return False
        if got > 0:
            total += got
            amount += worth
            if touch == 0 or side * (price[j] - touch) > 0:
                touch = price[j]
        if few:
            j = following[j]
        else:
            j = chosen[place] if place < count else -1
            place += 1
    score[at] = total
    value[at] = amount
    best[at] = touch
    return True


@inner
def _owed(own, side, score, sample, how, missing):
    """What of a maker's score at one look shares are taken of."""
    if how == SIDE:
        return score[2 * own + side]
    return min(score[2 * own + side], missing) if how == DEFICIT else sample[own]


@inner
def _share_out(words, stressed, sample, score, weight, how, low, high, least, enrolled, market):
    """Add each maker's share of one look, pico times weight, and what part of the look was paid; False: overflow."""
    makers = sample.shape[0]
    sides = 2 if how in (SIDE, DEFICIT) else 1
    larger = 0
    if how == LARGER:
        for s in range(2):
            total = 0
            for m in range(makers):
                if score[2 * m + s] > _NEVER - total:
                    return False
                total += score[2 * m + s]
            larger = max(larger, total)
    for s in range(sides):
        missing = high
        if how == DEFICIT:
            for m in range(makers):
                if enrolled[m] == 0:
                    missing = max(missing - score[2 * m + s], 0)
        total = 0
        for m in range(makers):
            if enrolled[m] != 0:
                own = _owed(m, s, score, sample, how, missing)
                if own > _NEVER - total:
                    return False
                total += own
        paid = UNIT
        if how in (SAMPLE, SIDE) and 0 < total < high:
            paid = muldiv(total - low, UNIT, high - low) if total > low else 0
        if total == 0:
            continue
        whole = max(larger if how == LARGER else total, least)
        paid //= sides
        add_product(market, MARKET_WORDS * stressed + PAID, paid, weight)
        for m in range(makers):
            own = _owed(m, s, score, sample, how, missing) if enrolled[m] != 0 else 0
            if own > 0:
                add_product(words, (2 * m + stressed) * WORDS + SHARE, muldiv(own, paid, whole), weight)
    return True


@inner
def _book(words, stressed, makers, sample, score, weight):
    """Add one look to the sums of every maker."""
    for m in range(makers):
        bid, ask = score[2 * m], score[2 * m + 1]
        if bid == 0 and ask == 0 and sample[m] == 0:
            continue
        at = (2 * m + stressed) * WORDS
        if sample[m] > 0:
            add_product(words, at + QUALITY, sample[m], weight)
            add_product(words, at + PRESENT, 1, weight)
        add_product(words, at + BID, bid, weight)
        add_product(words, at + ASK, ask, weight)


@kernel
def sweep(
    enter,  # ns, in order
    leave,  # ns
    leaving,  # rows of orders in order of ``leave``
    maker,  # number of each order's maker
    side,  # +1 bid, -1 ask
    price,  # ticks
    size,  # lots
    track_time,  # ns, in order
    track,  # (references, 3): twice the price bids, asks are measured from; twice the base of distances (0: that price)
    segment_start,  # ns; segments are in order and do not overlap
    segment_end,  # ns
    segment_stressed,  # 1 or 0
    instants,  # ns, in order: when to look (INSTANTS), or block borders (BLOCK_MINIMUM)
    mode,
    rule,  # (32,), as kernels.scoring; its word ABSOLUTE is overwritten where the base moves
    most,  # orders of a side that count, 0 for all
    width,  # pico of the base that a maker's own two sides may be apart, 0 for any
    narrow,  # half ticks that they may be apart in any case
    floor,  # (makers,): value that a side must have to count
    enrolled,  # (makers,): 1 who takes part, 0 whose orders only stand in the book
    how,  # EPOCH, SAMPLE, SIDE, LARGER (of the market's larger side) or DEFICIT (of what the others leave open)
    low,  # total score up to which a look pays nothing
    high,  # total score from which a look is paid in full, 0: always in full; DEFICIT: size of a side that is wanted
    least,  # shares are taken of at least this total score
    decay,  # weight of the newest look in ``recent``, pico; 0: none
    words,  # out, zeros, (makers * 2 * WORDS,): of each maker in calm, then in stress
    market,  # out, zeros, (2 * MARKET_WORDS,)
    recent,  # out, zeros, (makers,): running mean of looks
    seen,  # out, (instants, makers) or (0, 0): the sample scores themselves
):
    """Fill the outputs; returns 0, or ``-1 - maker`` where a score of that maker does not fit int64."""
    makers = recent.shape[0]
    n, segments, references, looks = enter.shape[0], segment_start.shape[0], track_time.shape[0], instants.shape[0]
    head = np.full(2 * makers, -1, np.int64)
    length = np.zeros(2 * makers, np.int64)
    following = np.full(n, -1, np.int64)
    before = np.full(n, -1, np.int64)
    chosen = np.full(max(most, 1), -1, np.int64)
    score = np.zeros(2 * makers, np.int64)
    value = np.zeros(2 * makers, np.int64)
    best = np.zeros(2 * makers, np.int64)
    sample = np.zeros(makers, np.int64)
    worst_score = np.zeros(2 * makers, np.int64)
    worst_sample = np.zeros(makers, np.int64)
    stale = np.ones(makers, np.bool_)
    rule = rule.copy()
    i = o = r = s = k = 0
    pending = 0  # weight of a block that waits for its worst moment
    known = False
    bid_from = ask_from = 0
    t = segment_start[0] if segments else 0
    while s < segments:
        # what has happened up to t
        while o < n and leave[leaving[o]] <= t:
            j = leaving[o]
            o += 1
            if j >= i or enter[j] >= leave[j]:
                continue  # it came and went between two looks
            at = 2 * maker[j] + (side[j] < 0)
            if before[j] >= 0:
                following[before[j]] = following[j]
            else:
                head[at] = following[j]
            if following[j] >= 0:
                before[following[j]] = before[j]
            length[at] -= 1
            stale[maker[j]] = True
        while i < n and enter[i] <= t:
            if leave[i] > t:
                at = 2 * maker[i] + (side[i] < 0)
                following[i] = head[at]
                before[i] = -1
                if head[at] >= 0:
                    before[head[at]] = i
                head[at] = i
                length[at] += 1
                stale[maker[i]] = True
            i += 1
        if r < references and track_time[r] <= t:
            while r < references and track_time[r] <= t:
                r += 1
            bid_from, ask_from = track[r - 1, 0], track[r - 1, 1]
            known = bid_from > 0 and ask_from > 0 and track[r - 1, 2] >= 0
            if track[r - 1, 2] > 0:
                rule[ABSOLUTE] = track[r - 1, 2]
            stale[:] = True
        # how long nothing more happens
        inside = t >= segment_start[s]
        until = segment_end[s] if inside else segment_start[s]
        if i < n:
            until = min(until, enter[i])
        if o < n:
            until = min(until, leave[leaving[o]])
        if r < references:
            until = min(until, track_time[r])
        while k < looks and instants[k] < t:
            k += 1
        weight = until - t
        if mode == INSTANTS:
            weight = 0
            while k < looks and instants[k] == t:
                k += 1
                weight += 1
        elif mode == BLOCK_MINIMUM and k < looks and instants[k] == t:
            k += 1
        if mode != INTEGRAL and k < looks:
            until = min(until, instants[k])
            if mode == BLOCK_MINIMUM:
                weight = until - t
        stressed = segment_stressed[s]
        if inside and weight > 0 and not known:
            add_product(market, MARKET_WORDS * stressed + BLIND, 1, weight)
        elif inside and weight > 0:
            middle = (bid_from + ask_from) // 2
            for m in range(makers):
                if not stale[m]:
                    continue
                stale[m] = False
                b, a = 2 * m, 2 * m + 1
                if not (
                    _worth(b, 1, head, following, length, price, size, rule, bid_from, most, chosen, score, value, best)
                    and _worth(
                        a, -1, head, following, length, price, size, rule, ask_from, most, chosen, score, value, best
                    )
                ):
                    return -1 - m
                for side_of in (b, a):
                    if value[side_of] < floor[m]:
                        score[side_of] = value[side_of] = best[side_of] = 0
                if width > 0 or narrow > 0:
                    gap = max(2 * (best[a] - best[b]), 0)
                    base = rule[ABSOLUTE] if rule[ABSOLUTE] > 0 else middle
                    apart = best[b] == 0 or best[a] == 0
                    apart = apart or not (gap <= narrow or 0 <= muldiv(gap, UNIT, base) <= width)
                    if apart:
                        score[b] = score[a] = value[b] = value[a] = 0
                sample[m] = reduce_sides(rule, score[b], score[a], value[b], value[a], middle)
                if sample[m] < 0:
                    return -1 - m
            if mode == BLOCK_MINIMUM:
                for m in range(makers):
                    worst_sample[m] = sample[m] if pending == 0 else min(worst_sample[m], sample[m])
                    worst_score[2 * m] = score[2 * m] if pending == 0 else min(worst_score[2 * m], score[2 * m])
                    at = 2 * m + 1
                    worst_score[at] = score[at] if pending == 0 else min(worst_score[at], score[at])
                pending += weight
            else:
                add_product(market, MARKET_WORDS * stressed + LOOKED, 1, weight)
                _book(words, stressed, makers, sample, score, weight)
                if how != EPOCH and not _share_out(
                    words, stressed, sample, score, weight, how, low, high, least, enrolled, market
                ):
                    return -1 - makers
            if mode == INSTANTS:
                for m in range(makers):
                    if decay > 0:
                        recent[m] = muldiv(recent[m], UNIT - decay, UNIT) + muldiv(sample[m], decay, UNIT)
                    for back in range(1, weight + 1 if seen.shape[0] > 0 else 1):
                        seen[k - back, m] = sample[m]
        if pending > 0 and (until == segment_end[s] or (k < looks and instants[k] == until)):  # a block is over
            add_product(market, MARKET_WORDS * stressed + LOOKED, 1, pending)
            _book(words, stressed, makers, worst_sample, worst_score, pending)
            if how != EPOCH and not _share_out(
                words, stressed, worst_sample, worst_score, pending, how, low, high, least, enrolled, market
            ):
                return -1 - makers
            pending = 0
        t = until
        if t >= segment_end[s]:
            s += 1
    return 0
