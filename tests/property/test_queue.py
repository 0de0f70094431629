"""The compiled places in a queue against their definition."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.kernels.queue import inside_stretches, queue_places
from tests.reference import queue as slow

UNTIL = 40
sides, prices = st.sampled_from([1, -1]), st.integers(98, 102)
order = st.tuples(st.integers(0, 20), st.integers(1, 19), sides, prices, st.integers(1, 9), st.integers(0, 9))


def lives(rows):
    return sorted(
        (start, start + long, side, price, size, max(start - age, 0)) for start, long, side, price, size, age in rows
    )


books = st.lists(order, min_size=1, max_size=12).map(lives)


def columns(orders):
    enter, leave, side, price, size, born = (np.array(column, np.int64) for column in zip(*orders, strict=True))
    return (enter, leave, np.argsort(leave, kind="stable").astype(np.int64), side, price, size), born


@settings(max_examples=200, deadline=None, derandomize=True)
@given(books)
def test_places_are_counted_at_both_ends(orders):
    arrays, born = columns(orders)
    assert [tuple(row) for row in queue_places(*arrays, born).tolist()] == slow.places(orders)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(books, st.integers(1, 30))
def test_an_order_is_inside_while_it_helps_to_reach_the_target(orders, wanted):
    arrays, _ = columns(orders)
    rows, starts, ends = inside_stretches(*arrays, wanted)
    found = [set() for _ in orders]
    for row, start, end in zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True):
        assert start < end
        assert not found[row] & set(range(start, end))
        found[row] |= set(range(start, end))
    assert found == slow.inside(orders, wanted, UNTIL)
