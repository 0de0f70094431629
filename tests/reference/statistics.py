"""Market statistics as their definitions say them, in plain Python: slow, and the oracle of the fast ones."""

from fractions import Fraction
from itertools import pairwise
from math import log


def last_different(prices):
    out = []
    for i, price in enumerate(prices):
        earlier = [p for p in prices[:i] if p != price]
        out.append(earlier[-1] if earlier else None)
    return out


def filled_buckets(volumes, shares, size):
    """Exact: every unit of volume in order, cut at each multiple of ``size``."""
    edges, total, pieces = Fraction(size), Fraction(0), []
    buckets, bought, sold = [], Fraction(0), Fraction(0)
    for row, (volume, share) in enumerate(zip(volumes, shares, strict=True)):
        pieces.append((row, Fraction(volume), Fraction(share)))
    for row, volume, share in pieces:
        left = volume
        while total + left >= edges:
            take = edges - total
            bought, sold = bought + take * share, sold + take * (1 - share)
            buckets.append((bought, sold, row))
            bought = sold = Fraction(0)
            total, left, edges = edges, left - take, edges + size
        bought, sold, total = bought + left * share, sold + left * (1 - share), total + left
    return buckets


def hayashi_yoshida(first, second, lag):
    """Sum over all pairs of intervals that meet, the second series moved back by ``lag``. Pairs of (time, price)."""
    total = 0.0
    for (a0, p0), (a1, p1) in pairwise(first):
        for (b0, q0), (b1, q1) in pairwise(second):
            if max(a0, b0 - lag) < min(a1, b1 - lag):
                total += (log(p1) - log(p0)) * (log(q1) - log(q0))
    return total


def bars(ticks, width):
    """``bucket -> (open, high, low, close)`` of (time, price) in order."""
    grouped = {}
    for time, price in ticks:
        grouped.setdefault(time // width, []).append(price)
    return {bucket: (p[0], max(p), min(p), p[-1]) for bucket, p in sorted(grouped.items())}


def variation(returns):
    """Squares, bipower, minimum and median sums of one window."""
    r = [abs(x) for x in returns]
    pairs = list(pairwise(r))
    triples = list(zip(r, r[1:], r[2:], strict=False))
    return (
        sum(x * x for x in r),
        sum(x * y for x, y in pairs),
        sum(min(pair) ** 2 for pair in pairs),
        sum(sorted(triple)[1] ** 2 for triple in triples),
    )


def slope(x, y):
    """Least squares of y on x and 1, by the normal equations."""
    n = len(x)
    mx, my = sum(x) / n, sum(y) / n
    return sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True)) / sum((a - mx) ** 2 for a in x)
