"""Hawkes processes against ``vectors/models/flow.json`` and against their definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.errors import DomainError
from makerscope.models.hawkes import (
    Hawkes,
    buys_and_sells,
    fano,
    log_likelihood,
    residuals,
    sign_correlation,
    simulate,
    value_and_slope,
)
from makerscope.models.hawkes_fit import fit


def slow(model, time, mark, end):
    """The likelihood as it is defined: every event looks at every earlier one."""
    base, jump, decay = np.asarray(model.base), np.asarray(model.jump), model.decay
    total = -base.sum() * end
    for n, (t, i) in enumerate(zip(time, mark, strict=True)):
        rate = base[i] + sum(jump[i, mark[j]] * np.exp(-decay * (t - time[j])) for j in range(n))
        total += np.log(rate) - jump[:, i].sum() / decay * (1 - np.exp(-decay * (end - t)))
    return total


def test_the_likelihood_agrees_with_the_vector(vectors):
    case = next(c for c in vectors("models/flow.json") if c["case"] == "hawkes-loglik")
    given_ = case["inputs"]
    model = Hawkes(base=[given_["mu"]], jump=[[given_["alpha"]]], decay=given_["beta"])
    assert log_likelihood(model, given_["events"], end=given_["T"]) == pytest.approx(
        case["expected"]["loglik"], abs=1e-12
    )


MODELS = st.builds(
    lambda b, j, d: Hawkes(base=b, jump=np.reshape(j, (2, 2)), decay=d),
    st.lists(st.floats(0.1, 3.0), min_size=2, max_size=2),
    st.lists(st.floats(0.0, 2.0), min_size=4, max_size=4),
    st.floats(0.2, 8.0),
)
EVENTS = st.lists(st.tuples(st.floats(0.0, 9.0), st.integers(0, 1)), max_size=25).map(sorted)


@settings(max_examples=60)
@given(MODELS, EVENTS)
def test_the_recursion_is_the_definition(model, events):
    time, mark = [t for t, _ in events], [m for _, m in events]
    got = log_likelihood(model, time, mark, end=9.5)
    assert got == pytest.approx(slow(model, time, mark, 9.5), rel=1e-10, abs=1e-9)


@settings(max_examples=40)
@given(MODELS, EVENTS)
def test_the_slope_is_that_of_the_likelihood(model, events):
    time, mark = np.array([t for t, _ in events]), np.array([m for _, m in events], np.int64)
    _, slope = value_and_slope(model, time, mark, 9.5)
    x = np.concatenate([model.base, model.jump.ravel(), [model.decay]])
    for n in range(x.size):
        ends = []
        for step in (1e-6, -1e-6):
            y = x.copy()
            y[n] = max(y[n] + step, 0.0)
            ends.append((y[n], slow(Hawkes(base=y[:2], jump=y[2:6].reshape(2, 2), decay=y[6]), time, mark, 9.5)))
        (above, up), (below, down) = ends
        assert slope[n] == pytest.approx((up - down) / (above - below), rel=1e-3, abs=1e-3)


def test_parameters_of_a_process_are_recovered_within_their_errors():
    model = Hawkes(base=[0.6, 0.3], jump=[[1.0, 0.2], [0.6, 1.4]], decay=3.0)
    time, mark = simulate(model, 8000.0, seed=11)
    found = fit(time, mark, end=8000.0, kinds=2)
    truth = np.log([0.6, 0.3, 1.0, 0.2, 0.6, 1.4, 3.0])
    got = np.log(np.concatenate([found.model.base, found.model.jump.ravel(), [found.model.decay]]))
    assert (np.abs(got - truth) < 4 * np.array(found.error)).all()
    assert max(found.error) < 0.25
    assert found.log_likelihood == pytest.approx(log_likelihood(found.model, time, mark, end=8000.0), rel=1e-9)
    assert found.log_likelihood >= log_likelihood(model, time, mark, end=8000.0)
    assert found.p_value > 0.01


def test_a_poisson_process_is_found_to_cause_nothing():
    draw = np.random.Generator(np.random.PCG64(2))
    time = np.sort(draw.uniform(0, 500, 2000))
    found = fit(time, end=500.0)
    assert found.model.branching < 0.1
    assert 0 <= found.log_likelihood - found.poisson < 6


def test_thinned_events_have_exponential_residuals_and_the_rate_and_fano_factor_of_theory():
    model = Hawkes(base=[0.8], jump=[[1.2]], decay=2.0)
    time, _ = simulate(model, 40_000.0, seed=4)
    rest = residuals(model, time)
    assert rest.mean() == pytest.approx(1.0, abs=4 / rest.size**0.5)
    assert rest.var() == pytest.approx(1.0, abs=0.05)
    assert time.size / 40_000 == pytest.approx(2.0, rel=0.03)
    for window in (1.0, 10.0):
        counts = np.bincount((time / window).astype(int), minlength=int(40_000 / window))[5:]
        assert counts.var() / counts.mean() == pytest.approx(fano(model, window), rel=0.06)


def test_signs_of_a_symmetric_process_are_correlated_as_theory_says():
    model = buys_and_sells(rate=4.0, own=0.6, other=0.1, decay=2.0)
    time, mark = simulate(model, 60_000.0, seed=6)
    sign = 1.0 - 2.0 * mark
    for lag in (0.1, 0.5, 1.5):
        width = 0.05
        first = np.searchsorted(time, time + lag - width)
        last = np.searchsorted(time, time + lag + width)
        total = np.concatenate([[0.0], np.cumsum(sign)])
        pairs = (last - first).sum()
        got = (sign * (total[last] - total[first])).sum() / pairs
        assert got == pytest.approx(sign_correlation(model, lag), abs=0.015)


def test_long_windows_have_the_limit_of_the_fano_factor():
    model = Hawkes(base=[0.8], jump=[[1.2]], decay=2.0)
    assert fano(model, 1e7) == pytest.approx(fano(model), rel=1e-6)
    assert fano(model, 1e-7) == pytest.approx(1.0, abs=1e-5)
    assert fano(buys_and_sells(rate=2.0, own=0.4, other=0.2, decay=5.0)) == pytest.approx(6.25)


def test_one_seed_gives_the_same_events():
    model = buys_and_sells(rate=4.0, own=0.6, other=0.1, decay=2.0)
    for one, other in zip(simulate(model, 200.0, seed=9), simulate(model, 200.0, seed=9), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_no_process_is_refused():
    with pytest.raises(DomainError, match="base"):
        Hawkes(base=[0.0], jump=[[1.0]], decay=2.0)
    with pytest.raises(DomainError, match="explodes"):
        simulate(Hawkes(base=[1.0], jump=[[2.0]], decay=2.0), 10.0, seed=1)
    with pytest.raises(DomainError, match="backwards"):
        log_likelihood(Hawkes(base=[1.0], jump=[[1.0]], decay=2.0), [2.0, 1.0], end=3.0)
    with pytest.raises(DomainError, match="at least 20"):
        fit([1.0, 2.0], end=3.0)
