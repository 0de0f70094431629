"""A batch auction against its definition and the laws it must keep."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from makerscope.errors import DomainError
from makerscope.market.batch import clear_batch
from tests.reference import batch as slow

order = st.tuples(st.integers(90, 110), st.integers(0, 30), st.sampled_from([1, -1]))
orders = st.lists(order, min_size=1, max_size=14)


def columns(rows):
    price, size, side = (list(x) for x in zip(*rows, strict=True))
    return price, size, side, list(range(len(rows)))


@given(orders, st.integers(88, 112))
def test_agrees_with_trying_every_price(rows, reference):
    price, size, side, serial = columns(rows)
    at, filled = clear_batch(price, size, side, serial, reference=reference)
    assert (at, filled.tolist()) == slow.clear(price, size, side, serial, reference)


@given(orders, st.integers(88, 112))
def test_nobody_trades_beyond_his_limit_or_size_and_buys_equal_sales(rows, reference):
    price, size, side, serial = (np.array(x) for x in columns(rows))
    at, filled = clear_batch(price, size, side, serial, reference=reference)
    assert (filled >= 0).all()
    assert (filled <= size).all()
    assert (filled * side).sum() == 0
    if at is not None:
        assert (side * (price - at) >= 0)[filled > 0].all()


@given(orders, st.integers(88, 112))
def test_whoever_offers_a_better_price_is_served_in_full(rows, reference):
    price, size, side, serial = (np.array(x) for x in columns(rows))
    at, filled = clear_batch(price, size, side, serial, reference=reference)
    if at is not None:
        better = side * (price - at) > 0
        assert (filled == size)[better].all()


@given(orders, st.integers(88, 112), st.randoms(use_true_random=False))
def test_the_sequence_of_arrival_moves_at_most_one_lot_each(rows, reference, dice):
    price, size, side, serial = columns(rows)
    at, filled = clear_batch(price, size, side, serial, reference=reference)
    dice.shuffle(serial)
    again, other = clear_batch(price, size, side, serial, reference=reference)
    assert at == again
    assert np.abs(filled - other).max() <= 1


def test_large_sizes_are_shared_exactly():
    size = [2**47 - 5, 2**46 + 3, 2**47 - 1]
    at, filled = clear_batch([100, 100, 100], size, [1, 1, -1], [1, 2, 3], reference=100)
    want = size[0] * size[2] // (size[0] + size[1])
    assert at == 100
    assert filled.tolist() in ([want + 1, size[2] - want - 1, size[2]], [want, size[2] - want, size[2]])


def test_buyers_left_over_push_the_price_up_to_their_limit():
    assert clear_batch([105, 100], [10, 4], [1, -1], [0, 1], reference=100)[0] == 105


def test_no_crossing_no_trade():
    at, filled = clear_batch([99, 100], [10, 4], [1, -1], [0, 1], reference=100)
    assert at is None
    assert filled.tolist() == [0, 0]


@pytest.mark.parametrize("bad", [([1], [-1], [1]), ([1], [1], [2]), ([1], [2**50], [1])])
def test_impossible_orders_are_refused(bad):
    with pytest.raises(DomainError):
        clear_batch(*bad, [0], reference=1)
