"""The definition of the alignment of volume decreases: try every order-preserving set of pairs."""

from itertools import combinations


def best_pairs(bids, asks, cutoff):
    """``(number of pairs, sum of distances)`` of the best alignment of ``(time, price)`` sequences."""
    best = (0, 0)
    for count in range(1, min(len(bids), len(asks)) + 1):
        for left in combinations(range(len(bids)), count):
            for right in combinations(range(len(asks)), count):
                pairs = [(bids[i], asks[j]) for i, j in zip(left, right, strict=True)]
                if all(abs(b[0] - a[0]) <= cutoff and b[1] >= a[1] for b, a in pairs):
                    cost = sum(abs(b[0] - a[0]) for b, a in pairs)
                    if count > best[0] or (count == best[0] and cost < best[1]):
                        best = (count, cost)
    return best
