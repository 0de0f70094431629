"""A set of rows as an array without gaps: what is put goes to the end, what is taken is replaced by the last."""
# ruff: noqa: ANN001, ANN201 - compiled functions take the types their callers give

from makerscope.kernels._jit import inner


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
