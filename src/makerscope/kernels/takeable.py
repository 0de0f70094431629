"""What resting orders are worth to takers: whose depth rested near enough, and what a trade costs without a maker.

Time runs through three streams: orders that come, orders that go, and takers that ask. A taker that asks at an instant
sees what rested just before it.
"""
# ruff: noqa: ANN001, ANN201, ANN202, PLR0917 - compiled functions take the types their callers give

import numpy as np

from makerscope.kernels._jit import inner, kernel

NOBODY = -1


@inner
def _ranked(members, count, side, aside, price, ranked):
    """Members on one side, best price first, of equal ones who was first in the list; how many."""
    found = 0
    for k in range(count):
        j = members[k]
        if side[j] != aside:
            continue
        at = found
        while at > 0 and (
            aside * (price[j] - price[ranked[at - 1]]) > 0 or (price[j] == price[ranked[at - 1]] and j < ranked[at - 1])
        ):
            ranked[at] = ranked[at - 1]
            at -= 1
        ranked[at] = j
        found += 1
    return found


@inner
def _cost(ranked, found, maker, aside, price, size, without, wanted, middle, reach):
    """What a taker pays beyond the middle, ticks times lots; what the book lacks costs ``reach``."""
    left = wanted
    cost = 0.0
    for k in range(found):
        j = ranked[k]
        away = aside * (middle - price[j])
        if left <= 0.0 or away > reach:
            break
        if maker[j] == without:
            continue
        taken = min(left, float(size[j]))
        cost += taken * away
        left -= taken
    return cost + left * reach


@kernel
def asked(
    enter,  # ns, in order
    leave,  # ns
    leaving,  # rows in order of ``leave``
    maker,  # number of each order's maker
    side,  # +1 bid, -1 ask
    price,  # ticks
    size,  # lots
    time,  # ns, in order: when takers asked
    wants,  # +1 a buyer, -1 a seller
    lots,  # how much
    middle,  # ticks, of the book then
    near,  # ticks: what is so far from the middle could have been hit
    reach,  # ticks: what the book lacks costs so much
    there,  # out, zeros, (askers, makers): lots within ``near``
    cost,  # out, zeros, (askers,): what it costs beyond the middle, ticks times lots
    without,  # out, zeros, (askers, makers): what it costs where that maker is not there
):
    """Fill the outputs."""
    n, makers = enter.shape[0], there.shape[1]
    members = np.empty(n, np.int64)
    places = np.empty(n, np.int64)
    ranked = np.empty(n, np.int64)
    count = i = o = 0
    for k in range(time.shape[0]):
        while i < n and enter[i] < time[k]:
            members[count] = i
            places[i] = count
            count += 1
            i += 1
        while o < n and leave[leaving[o]] < time[k]:
            j = leaving[o]
            o += 1
            if enter[j] >= leave[j]:
                continue
            count -= 1
            members[places[j]] = members[count]
            places[members[count]] = places[j]
        aside = -wants[k]
        found = _ranked(members, count, side, aside, price, ranked)
        for place in range(found):
            j = ranked[place]
            if aside * (middle[k] - price[j]) <= near[k]:
                there[k, maker[j]] += size[j]
        cost[k] = _cost(ranked, found, maker, aside, price, size, NOBODY, lots[k], middle[k], reach[k])
        for m in range(makers):
            without[k, m] = _cost(ranked, found, maker, aside, price, size, m, lots[k], middle[k], reach[k])
    return 0
