"""A set of rows as an array without gaps: what is put goes to the end, what is taken is replaced by the last."""
# ruff: noqa: ANN001, ANN201, PLR0917 - compiled functions take the types their callers give

from makerscope.kernels._jit import inner

NONE = -1


@inner
def put(members, places, count, row):
    """Add ``row`` to the ``count`` members; ``places`` remembers where it is."""
    members[count] = row
    places[row] = count


@inner
def take(members, places, count, row):
    """Take ``row`` out of the ``count`` members."""
    at = places[row]
    last = members[count - 1]
    members[at] = last
    places[last] = at


@inner
def next_price(side, members, count, price, bound, bounded):
    """The best price of the members of a side, beyond ``bound`` where ``bounded``; ``NONE`` if there is none."""
    found = NONE
    for k in range(count):
        p = price[members[k]]
        if bounded and side * (bound - p) <= 0:
            continue
        if found == NONE or side * (p - found) > 0:
            found = p
    return found


@inner
def held_at(members, count, price, size, level):
    """Lots of the members at a price."""
    held = 0
    for k in range(count):
        if price[members[k]] == level:
            held += size[members[k]]
    return held
