"""Quotes of a whole chain against the models they are made of, one series at a time."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from makerscope.kernels import chain_quotes as c
from makerscope.kernels.ranking import rank_most
from tests.reference.chain_quotes import slow_gain, slow_series

SPOT = 60_000.0


def board(rng, n):
    """A board of random series around a spot, of a day to a year."""
    out = np.zeros((c.BOARD_ROWS, n + 3))
    years = rng.uniform(1 / 365, 1.0, n)
    out[c.ROOT, :n] = np.sqrt(years)
    strike = SPOT * np.exp(rng.normal(0.0, 1.2, n) * 0.6 * np.sqrt(years))
    out[c.STRIKE, :n], out[c.LOG_STRIKE, :n], out[c.CALL, :n] = strike, np.log(strike), rng.random(n) < 0.5
    out[c.PER_TICK, :n], out[c.UNITS, :n] = 1 / rng.choice([0.5, 5.0, 25.0], n), rng.uniform(0.1, 5.0, n)
    out[c.LEVEL, :n], out[c.WINGS, :n] = rng.uniform(0.1, 0.3, n), rng.uniform(0.1, 0.4, n)
    out[c.TILT, :n], out[c.PLACE, :n] = rng.uniform(-0.6, 0.6, n), rng.normal(0, 0.05, n)
    out[c.CURVE, :n] = rng.uniform(0.05, 0.3, n) ** 2
    out[c.FORWARD, :n], out[c.LOG_CENTRE, :n] = SPOT, np.log(SPOT * rng.uniform(0.98, 1.02, n))
    out[c.SHORT, :n] = years < 7 / 365
    return out


def terms(rng):
    """Terms of lean and quote in the range a maker uses."""
    lean, quote = np.zeros(c.LEAN_TERMS), np.zeros(c.QUOTE_TERMS)
    lean[[c.A_VEGA, c.A_DELTA, c.A_GAMMA]] = rng.uniform(0, [1e-5, 20.0, 1e8])
    lean[[c.BY_VEGA, c.BY_DELTA, c.BY_GAMMA]] = rng.normal(0, [0.005, 30.0, 1e5])
    lean[[c.ARB, c.REALISED, c.HOLD, c.CAP]] = rng.uniform([0, 0.04, 0, 0.001], [1.0, 1.0, 0.01, 0.03])
    quote[[c.ALPHA, c.BETA]] = rng.uniform([-1.0, 50.0], [2.0, 300.0])
    quote[[c.EDGE_VOLATILITY, c.EDGE_TICKS]] = rng.uniform(0, [0.01, 3.0])
    return lean, quote


def quoted(rng, n):
    out = board(rng, n)
    lean, quote = terms(rng)
    c.value_chain(out, n)
    c.lean_chain(out, n, lean)
    c.quote_chain(out, n, quote)
    return out, lean, quote


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_every_series_is_quoted_as_the_models_say_and_rounded_to_the_safe_side(seed):
    rng = np.random.default_rng(seed)
    n = 23
    out, lean, quote = quoted(rng, n)
    assert not out[:, n:].any(), "columns beyond the series are left alone"
    for j in range(n):
        want = slow_series(out[:, j], lean, quote)
        for row in (c.TOTAL, c.PRICE, c.DELTA, c.GAMMA, c.VEGA, c.SHIFT, c.OWN):
            scale = SPOT if row == c.PRICE else 1.0
            np.testing.assert_allclose(out[row, j], want[row], rtol=1e-8, atol=1e-11 * scale, err_msg=str(row))
        if want[c.VEGA] < 1e-3:
            continue
        loose = 1e-6 + 1e-9 * abs(want[c.BID])
        assert out[c.BID, j] in (np.floor(want[c.BID] - loose), np.floor(want[c.BID] + loose))
        least = max(out[c.BID, j] + 1, 1)
        assert out[c.ASK, j] in (max(np.ceil(want[c.ASK] - loose), least), max(np.ceil(want[c.ASK] + loose), least))


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_the_gain_of_a_new_quote_is_what_the_model_says_the_resting_one_forgoes(seed):
    rng = np.random.default_rng(seed)
    n = 23
    out, _, quote = quoted(rng, n)
    off = rng.integers(-40, 41, (2, n))
    out[c.REST_BID, :n] = np.where(rng.random(n) < 0.3, 0, np.maximum(out[c.BID, :n] + off[0], 1))
    out[c.REST_ASK, :n] = np.where(rng.random(n) < 0.3, 0, np.maximum(out[c.ASK, :n] + off[1], 1))
    c.gain_chain(out, n, quote)
    for j in range(n):
        if out[c.VEGA, j] < 1e-3:
            continue
        for row, side in ((c.GAIN_BID, 1), (c.GAIN_ASK, -1)):
            want = slow_gain(out[:, j], quote, side)
            np.testing.assert_allclose(out[row, j], want, rtol=1e-9, atol=1e-9 * out[c.UNITS, j] * out[c.VEGA, j])


def test_a_longer_inventory_lowers_both_sides_and_its_size_widens_them():
    rng = np.random.default_rng(4)
    n, lean, quote = 50, np.zeros(c.LEAN_TERMS), np.array([0.7, 150.0, 0.0, 0.0])
    lean[[c.CAP, c.REALISED]] = 0.01, 0.25
    out = board(rng, n)
    out[c.PER_TICK] = 1e6
    seen = {}
    for name, by, weight in (("flat", 0.0, 0.0), ("long", 0.01, 0.0), ("large", 0.0, 1e-5)):
        lean[c.BY_VEGA], lean[c.A_VEGA] = by, weight
        c.value_chain(out, n)
        c.lean_chain(out, n, lean)
        c.quote_chain(out, n, quote)
        seen[name] = out[[c.BID, c.ASK], :n].copy()
    felt = out[c.VEGA, :n] > 1.0
    assert (seen["long"] < seen["flat"])[:, felt].all()
    wide = seen["large"] - seen["flat"]
    assert (wide[0] < 0)[felt].all()
    assert (wide[1] > 0)[felt].all()


@given(arrays.arrays(np.float64, st.integers(1, 60), elements=st.floats(-1.0, 1e3)), st.integers(0, 70))
def test_the_largest_are_ranked_as_a_sort_would(scores, most):
    ranked = np.full(len(scores), -7, np.int64)
    kept = scores.copy()
    count = rank_most(scores, len(scores), most, ranked)
    wanted = np.sort(scores[scores >= 0])[::-1][:most]
    assert count == len(wanted)
    np.testing.assert_array_equal(scores[ranked[:count]], wanted)
    assert len(set(ranked[:count].tolist())) == count
    np.testing.assert_array_equal(scores, kept)
