"""The compiled look at what takers could hit against the book listed at each trade."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.kernels.takeable import asked
from tests.reference import takeable as slow

times = st.integers(0, 30)
order = st.tuples(
    times, st.integers(1, 20), st.integers(0, 2), st.sampled_from([1, -1]), st.integers(90, 110), st.integers(1, 9)
)
asker = st.tuples(times, st.sampled_from([1, -1]), st.integers(1, 30).map(float), st.sampled_from([99.0, 100.0, 100.5]))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(orders=st.lists(order, max_size=12), asks=st.lists(asker, min_size=1, max_size=6))
def test_takers_find_what_rested_just_before_they_came(orders, asks):
    rows = sorted((a, a + n, m, s, p, z) for a, n, m, s, p, z in orders)
    enter, leave, maker, side, price, size = (
        np.array(c, np.int64) for c in (zip(*rows, strict=True) if rows else [[]] * 6)
    )
    asks = sorted(asks, key=lambda row: row[0])
    time, wants, lots, middle = (np.array(c) for c in zip(*asks, strict=True))
    there, cost, without = np.zeros((len(asks), 3)), np.zeros(len(asks)), np.zeros((len(asks), 3))
    leaving = np.argsort(leave, kind="stable").astype(np.int64)
    asked(
        enter,
        leave,
        leaving,
        maker,
        side,
        price,
        size,
        time,
        wants,
        lots,
        middle,
        0.05 * middle,
        0.2 * middle,
        there,
        cost,
        without,
    )
    for k, (depth, whole, alone) in enumerate(slow.asked(rows, asks, 3, 0.05, 0.2)):
        assert there[k].tolist() == depth
        np.testing.assert_allclose(cost[k], whole, rtol=1e-12, atol=1e-9)
        np.testing.assert_allclose(without[k], alone, rtol=1e-12, atol=1e-9)
