"""A batch auction by its definition: try every price."""


def clear(price, size, side, serial, reference):
    def depth(s, p):
        return sum(q for limit, q, sd in zip(price, size, side, strict=True) if sd == s and s * (limit - p) >= 0)

    prices = range(min(price), max(price) + 1)
    volume = max(min(depth(1, p), depth(-1, p)) for p in prices)
    if volume == 0:
        return None, [0] * len(price)
    gap = {p: depth(1, p) - depth(-1, p) for p in prices if min(depth(1, p), depth(-1, p)) == volume}
    least = min(abs(g) for g in gap.values())
    best = [p for p in gap if abs(gap[p]) == least]
    if all(gap[p] > 0 for p in best):
        at = max(best)
    elif all(gap[p] < 0 for p in best):
        at = min(best)
    else:
        # of buyers left over only the highest, of sellers left over only the lowest price is in question
        buyers, sellers = [p for p in best if gap[p] > 0], [p for p in best if gap[p] < 0]
        even = [p for p in best if gap[p] == 0]
        at = min(even or [max(buyers), min(sellers)], key=lambda p: (abs(p - reference), p))
    filled = [0] * len(price)
    for s in (1, -1):
        left = volume
        better = [i for i in range(len(price)) if side[i] == s and s * (price[i] - at) > 0]
        for i in better:
            filled[i] = size[i]
            left -= size[i]
        margin = sorted((i for i in range(len(price)) if side[i] == s and price[i] == at), key=lambda i: serial[i])
        total, share = sum(size[i] for i in margin), left
        for i in margin:
            filled[i] = size[i] * share // total if total else 0
            left -= filled[i]
        for i in margin:
            if left and filled[i] < size[i]:
                filled[i] += 1
                left -= 1
        assert left == 0
    return at, filled
