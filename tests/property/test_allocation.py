"""Laws of capital allocation: weights of scores, and when to move."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from makerscope.errors import DomainError
from makerscope.models.allocation import allocation, reallocate

scores = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12)
kinds = st.tuples(st.floats(0.0, 1.0), st.sampled_from([0.5, 1.0, 2.0, 4.0]))


@given(scores, kinds)
def test_weights_sum_to_one_and_none_is_below_the_least(s, kind):
    least = kind[0] / len(s)
    w = allocation(s, least=least, sharpness=kind[1])
    assert w.sum() == pytest.approx(1.0, abs=1e-12)
    assert (w >= least * (1 - 1e-12)).all()


@given(scores, kinds, st.integers(0, 11), st.floats(0.0, 1e6))
def test_a_market_that_earns_more_gets_no_less(s, kind, which, more):
    which, least = which % len(s), kind[0] / len(s)
    better = [*s]
    better[which] += more
    before, after = (allocation(each, least=least, sharpness=kind[1]) for each in (s, better))
    if max(s) > 0:  # else nothing earned before, and all were equal
        assert after[which] >= before[which] - 1e-12
    order = np.argsort(s)
    assert (np.diff(before[order]) >= -1e-12).all()


@given(scores, st.floats(1e-3, 1e3))
def test_weights_do_not_depend_on_the_unit_of_the_scores(s, unit):
    assert allocation(np.array(s) * unit) == pytest.approx(allocation(s), rel=1e-9, abs=1e-12)


@given(
    st.lists(st.tuples(st.floats(0.01, 1.0), st.floats(-100, 100)), min_size=2, max_size=8),
    st.floats(0, 2),
    st.floats(0, 50),
)
def test_weights_move_only_for_a_gain_above_threshold_and_cost_and_then_not_again(pairs, threshold, cost):
    w = np.array([pair[0] for pair in pairs])
    w /= w.sum()
    s = np.array([pair[1] for pair in pairs])
    after, moved = reallocate(w, s, threshold=threshold, cost=cost, least=0.01)
    gain, turnover = (after - w) @ s, np.abs(after - w).sum() / 2
    if moved:
        assert gain > threshold * (w @ np.abs(s)) + cost * turnover - 1e-9
        again, twice = reallocate(after, s, threshold=threshold, cost=cost, least=0.01)
        assert not twice
        assert (again == after).all()
    else:
        assert (after == w).all()


def test_small_changes_of_scores_move_nothing_until_they_exceed_the_threshold():
    w, moves = np.array([0.5, 0.5]), []
    for more in np.linspace(0.0, 1.0, 21):
        w, moved = reallocate(w, [1.0 + more, 1.0], threshold=0.02, cost=0.0)
        moves.append(moved)
    assert not any(moves[:4])
    assert 1 <= sum(moves) < 6


@pytest.mark.parametrize(
    "call",
    [
        lambda: allocation([]),
        lambda: allocation([1.0, np.nan]),
        lambda: allocation([1.0, 2.0], least=0.6),
        lambda: allocation([1.0], sharpness=0.0),
        lambda: reallocate([0.5, 0.6], [1.0, 2.0], threshold=0.1, cost=0.0),
        lambda: reallocate([0.5, 0.5], [1.0, 2.0], threshold=-0.1, cost=0.0),
    ],
)
def test_what_is_no_allocation_is_refused(call):
    with pytest.raises(DomainError):
        call()
