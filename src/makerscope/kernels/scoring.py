"""Score of resting orders under a sample rule, in integers: the compiled twin of ``programs.sample_rule``.

A rule is a row of 32 int64 words in the order of the constants below; what they mean, and the definition that these
functions are held against, stands in ``programs.sample_rule``. Prices are ticks, sizes lots, ``reference`` is twice a
price in ticks, ``side`` is +1 for a bid and -1 for an ask, distances, weights and shares are in pico (``UNIT`` is one).
Every answer is exact, or -1 where it does not fit int64 or an argument is out of its domain: callers raise.
"""
# ruff: noqa: ANN001, ANN201, ANN202, PLR0911, PLR0917 - compiled functions take the types their docstrings say, in order

import numpy as np

from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.muldiv import muldiv, product

UNIT = 10**12
LN2 = 693_147_180_560  # in pico
LARGEST = 2**63 - 1
MAX_PRICE = 2**61  # twice a price, and differences of such, fit int64
ORDERS = 16  # at most so many orders of a side count
EDGES = 8
TERMS = 16  # of the exponential series
HALVINGS = 40  # 2**40 > UNIT: nothing is left after so many
STEPS = 64  # an order so many ticks behind the best counts nothing

FLAT, LINEAR, QUADRATIC, INVERSE, EXPONENTIAL, BANDS, TICKS = range(7)
MIN, SUM, SOFTMIN, PRESENCE, EXCESS = range(5)
# the words of a row
KERNEL, REDUCER, LIMIT, CLOSED, RATE, NEAREST, ABSOLUTE, BY_VALUE = range(8)
NUM, DEN, MIN_VALUE, DIVISOR, LOW, HIGH, COMPARABLE, CAP = range(8, 16)
FIRST_EDGE, FIRST_WEIGHT, WORDS = 16, 24, 32
_UP, _DOWN = np.uint64(48), np.uint64(16)
_RECIPROCALS = np.array([0] + [2**80 // (UNIT * i) for i in range(1, TERMS + 1)], np.uint64)


@kernel
def decay(x):
    """``exp(-x)`` in pico, for ``x`` in pico and not negative; never increases with ``x``; within 4 pico."""
    halvings = x // LN2
    if halvings >= HALVINGS:
        return 0
    rest, left = np.uint64(x - halvings * LN2), np.uint64(UNIT)
    for i in range(TERMS, 0, -1):
        # rest * left (below 2**80) over divisor, by a reciprocal: upper 64 bits times 2**80 // divisor, at most 1 short
        divisor = np.uint64(UNIT * i)
        upper, lower = product(rest, left)
        part = product((upper << _UP) | (lower >> _DOWN), _RECIPROCALS[i])[0]
        if lower - part * divisor >= divisor:
            part += np.uint64(1)
        left = np.uint64(UNIT) - part
    return np.int64(left) >> halvings


@inlined
def _in_limit(row, distance, gap, base):
    """Whether a distance (-1: more than fits) is one that the rule counts."""
    limit = row[LIMIT]
    if limit == 0 or 0 <= distance < limit:
        return True
    # at the limit, not a part of a pico beyond it: what differs by less than base is equal where its low words are
    return row[CLOSED] != 0 and distance == limit and gap * UNIT == distance * base


@inlined
def _value(row, price, size):
    """Value of an order in the rule's unit."""
    if row[BY_VALUE] == 0:
        return muldiv(size, row[NUM], row[DEN])
    worth = muldiv(size, price, 1)
    return worth if worth < 0 else muldiv(worth, row[NUM], row[DEN])


@inlined
def _ticks_weight(discount, steps):
    left = UNIT
    if steps > STEPS:
        return 0
    for _ in range(steps):
        left = muldiv(left, discount, UNIT)
    return left


@inlined
def _banded(row, distance):
    """Weight of the first band that a distance (-1: more than fits) is in."""
    if distance >= 0:
        for j in range(EDGES):
            if distance < row[FIRST_EDGE + j]:
                return row[FIRST_WEIGHT + j]
    return 0


@inlined
def _weigh(row, value, distance, gap, base, steps):
    """Value times weight, of an order that counts."""
    shape = row[KERNEL]
    if shape == FLAT:
        return value
    if shape == INVERSE:  # the weight itself need not fit, so its whole part and the rest are applied apart
        whole = muldiv(value, base // gap, 1)
        rest = muldiv(value, muldiv(base % gap, UNIT, gap), UNIT)
        return whole + rest if 0 <= whole <= LARGEST - rest else -1
    if shape in (LINEAR, QUADRATIC):
        weight = muldiv(row[LIMIT] - distance, UNIT, row[LIMIT])
        if shape == QUADRATIC:
            weight = muldiv(weight, weight, UNIT)
    elif shape == EXPONENTIAL:
        x = muldiv(distance, row[RATE], UNIT) if distance >= 0 else -1
        weight = decay(x) if x >= 0 else 0
    elif shape == BANDS:
        weight = _banded(row, distance)
    else:
        weight = _ticks_weight(row[RATE], steps)
    return muldiv(value, weight, UNIT)


@kernel
def weighed_order(row, side, price, size, reference, best):
    """Score and value of an order.

    Args:
        row: the rule, int64 ``(32,)``.
        side: +1 for a bid, -1 for an ask.
        price: ticks.
        size: lots.
        reference: twice a price, ticks.
        best: the best price of the order's side, ticks; -1 where unknown. Only the kernel ``TICKS`` looks at it.

    Returns:
        ``(score, value)``, int64, ``(0, 0)`` where the order does not count; ``(-1, -1)`` where one does not fit int64,
        or an argument is out of its domain.
    """
    if not (0 <= price <= MAX_PRICE and size >= 0 and 0 < reference <= 2 * MAX_PRICE):
        return -1, -1
    if row[KERNEL] == TICKS and not 0 <= best <= MAX_PRICE:
        return -1, -1
    gap = max(side * (reference - 2 * price), row[NEAREST], 0)
    base = row[ABSOLUTE] if row[ABSOLUTE] > 0 else reference
    distance = muldiv(gap, UNIT, base)
    if not _in_limit(row, distance, gap, base):
        return 0, 0
    value = _value(row, price, size)
    if value < 0:
        return -1, -1
    if value < row[MIN_VALUE]:
        return 0, 0
    score = _weigh(row, value, distance, gap, base, max(side * (best - price), 0))
    return (score, value) if score >= 0 else (-1, -1)


@kernel
def order_score(row, side, price, size, reference):
    """Score of an order (``weighed_order`` without its value), under a rule that needs no best price."""
    return weighed_order(row, side, price, size, reference, -1)[0]


@kernel
def order_score_behind(row, side, price, size, reference, best):
    """Score of an order, under any rule; ``best`` is the best price of the order's side in ticks."""
    return weighed_order(row, side, price, size, reference, best)[0]


@kernel
def nearest_orders(side, prices, sizes, start, end, chosen):
    """The at most 16 orders of a side that count: the best prices, of equal ones the largest.

    Args:
        side: +1 for bids, -1 for asks.
        prices: int64, ticks.
        sizes: int64, lots.
        start: the first order looked at.
        end: the first that is not.
        chosen: int64 ``(16,)``: filled with places, best first.

    Returns:
        How many.
    """
    count = 0
    for i in range(start, end):
        at = count
        while at > 0:
            before = chosen[at - 1]
            ahead = side * (prices[i] - prices[before])
            if ahead < 0 or (ahead == 0 and sizes[i] <= sizes[before]):
                break
            if at < ORDERS:
                chosen[at] = before
            at -= 1
        if at < ORDERS:
            chosen[at] = i
            count = min(count + 1, ORDERS)
    return count


@kernel
def side_sum(row, side, prices, sizes, chosen, count, reference, best):
    """Sums of the scores and of the values of the first ``count`` chosen orders of a side; ``(-1, -1)``: too large."""
    total, worth = 0, 0
    for k in range(count):
        i = chosen[k]
        score, value = weighed_order(row, side, prices[i], sizes[i], reference, best)
        if score < 0 or score > LARGEST - total or value > LARGEST - worth:
            return -1, -1
        total += score
        worth += value
    return total, worth


@inlined
def _reduced(row, bid, ask, bid_value, ask_value, reference):
    rule, less = row[REDUCER], min(bid, ask)
    if rule == MIN:
        return less
    if rule == SUM:
        return bid + ask if bid <= LARGEST - ask else -1
    if rule == SOFTMIN:
        if not row[LOW] <= reference <= row[HIGH]:
            return less
        part = muldiv(max(bid, ask), UNIT, row[DIVISOR])
        return part if part < 0 else max(less, part)
    if rule == EXCESS:
        part = muldiv(max(bid, ask) - less, UNIT, row[DIVISOR])
        return less + part if 0 <= part <= LARGEST - less else -1
    if less == 0:
        return 0
    if row[COMPARABLE] > 0:
        most = muldiv(row[COMPARABLE], min(bid_value, ask_value), UNIT)  # -1: more than any difference
        if 0 <= most < abs(bid_value - ask_value):
            return 0
    return UNIT


@kernel
def reduce_sides(row, bid, ask, bid_value, ask_value, reference):
    """Score of a sample from the sums of its sides (``side_sum``); -1 where it does not fit int64 or a sum is -1."""
    if bid < 0 or ask < 0:
        return -1
    found = _reduced(row, bid, ask, bid_value, ask_value, reference)
    return min(found, row[CAP]) if row[CAP] > 0 else found
