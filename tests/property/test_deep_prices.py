"""Best prices of a book of single orders, against their definition."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.kernels.best_prices import NONE, best_prices

UNIT = 10**12
order = st.tuples(
    st.integers(0, 30), st.integers(1, 20), st.sampled_from([1, -1]), st.integers(90, 110), st.integers(1, 9)
)


def price_of(orders, side, least, by_value, near):
    """The definition of a deep price: from the best one outward until enough rests, no farther than ``near``."""
    own = sorted(((p, z) for _, _, s, p, z in orders if s == side), key=lambda item: -side * item[0])
    if not own:
        return NONE
    best, held = own[0][0], 0
    for k, (p, z) in enumerate(own):
        if abs(p - best) * UNIT // best > near:
            break
        held += z * p if by_value else z
        last = k + 1 == len(own) or own[k + 1][0] != p
        if last and held >= least:
            return p
    return best


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    orders=st.lists(order, max_size=12),
    least=st.integers(0, 30),
    by_value=st.booleans(),
    near=st.sampled_from([0, UNIT // 50, UNIT // 10, UNIT]),
)
def test_a_deep_price_is_where_enough_rests_from_the_best_price_on(orders, least, by_value, near):
    rows = sorted((a, a + n, s, p, z) for a, n, s, p, z in orders)
    least = least * 100 if by_value else least
    enter, leave, side, price, size = (np.array(c, np.int64) for c in (zip(*rows, strict=True) if rows else [[]] * 5))
    leaving = np.argsort(leave, kind="stable").astype(np.int64)
    found = best_prices(enter, leave, leaving, side, price, size, least, True, by_value, near)
    shown = dict(zip(found[0].tolist(), zip(found[1].tolist(), found[2].tolist(), strict=True), strict=True))
    now = (NONE, NONE)
    for t in range(60):
        now = shown.get(t, now)
        there = [row for row in rows if row[0] <= t < row[1]]
        assert now == tuple(price_of(there, s, least, by_value, near) for s in (1, -1)), t
