"""Slow twins of the depth kernels: the definitions in exact fractions, one level and one nanosecond at a time."""

from fractions import Fraction


def mid_of(bids, asks):
    """The mid, or None where a side is absent or the book is locked or crossed."""
    if not bids or not asks or bids[0][0] >= asks[0][0]:
        return None
    return Fraction(bids[0][0] + asks[0][0], 2)


def within(levels, mid, bps):
    """(lots, cash) of levels with abs(price - mid) <= mid * bps / 10000."""
    near = [(p, q) for p, q in levels if abs(p - mid) <= mid * Fraction(bps, 10_000)]
    return sum(q for _, q in near), sum(p * q for p, q in near)


def hides(levels, mid, bps, sign):
    """Whether a price behind the last visible level lies within the band."""
    behind = levels[-1][0] - sign
    return behind > 0 and abs(behind - mid) <= mid * Fraction(bps, 10_000)


def vwap_of_lots(levels, lots):
    """Average price of ``lots``, or None if the levels hold fewer."""
    left, paid = lots, 0
    for price, size in levels:
        take = min(left, size)
        left, paid = left - take, paid + take * price
    return Fraction(paid, lots) if left == 0 else None


def vwap_of_cash(levels, cash):
    """Average price of trading ``cash``, or None if the levels hold less."""
    left, lots = Fraction(cash), Fraction(0)
    for price, size in levels:
        take = min(left / price, Fraction(size))
        left, lots = left - take * price, lots + take
    return cash / lots if left == 0 else None


def integral(states, sessions, width, bps):
    """{bucket: [ns, bid lots * ns, least cash * ns, ns in which the bids were cut]} by looking at each ns."""
    out = {}
    for start, end in sessions:
        for now in range(start, end):
            current = [s for s in states if start <= s[0] <= now]
            if not current:
                continue
            _, bids, asks = current[-1]
            mid = mid_of(bids, asks)
            if mid is None:
                continue
            row = out.setdefault(now // width, [0, 0, 0, 0])
            row[0] += 1
            row[1] += within(bids, mid, bps)[0]
            row[2] += min(within(bids, mid, bps)[1], within(asks, mid, bps)[1])
            row[3] += hides(bids, mid, bps, 1)
    return out
