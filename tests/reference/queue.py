"""Places in a queue by their definition: at every moment the orders that rest are listed and counted anew."""


def places(orders):
    """For each order (enter, leave, side, price, size, born): lots before it when it came and went, best price then."""
    out = []
    for enter, leave, side, price, _, born in orders:
        came = [o for o in orders if o[2] == side and o[0] <= enter < o[1]]
        went = [o for o in orders if o[2] == side and o[0] < leave <= o[1]]
        ahead = [
            sum(o[4] for o in there if side * (o[3] - price) > 0 or (o[3] == price and o[5] < born))
            for there in (came, went)
        ]
        out.append((*ahead, *(side * max(side * o[3] for o in there) for there in (came, went))))
    return out


def inside(orders, wanted, until):
    """For each order the whole times at which it is among the best ``wanted`` lots of its side."""
    out = [set() for _ in orders]
    for t in range(until):
        for side in (1, -1):
            there = sorted(
                (k for k, o in enumerate(orders) if o[2] == side and o[0] <= t < o[1]),
                key=lambda k: -side * orders[k][3],
            )
            if sum(orders[k][4] for k in there) < wanted:
                continue
            for k in there:
                if sum(orders[j][4] for j in there if side * (orders[j][3] - orders[k][3]) > 0) < wanted:
                    out[k].add(t)
    return out
