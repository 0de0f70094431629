"""Laws of the model-free variance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.errors import DomainError
from makerscope.pricing.modelfree import ModelFree, model_free_variance, thirty_day_variance
from tests.golden.test_model_free import black

laws = settings(deadline=None, derandomize=True, max_examples=60)
K = np.arange(20.0, 400.0, 4.0)


def quoted(F, T, volatility):
    call, put = (black(F, K, T, volatility, side) for side in (True, False))
    return np.array([call, call, put, put])


@laws
@given(st.floats(70, 140), st.floats(0.05, 0.5), st.floats(0.3, 1.2), st.integers(1, 20), st.integers(1, 60))
def test_cutting_wings_only_lowers_the_variance(F, T, volatility, low, high):
    prices = quoted(F, T, volatility)
    whole = model_free_variance(K, *prices, expiry=T, forward=F)
    cut = prices.copy()
    centre = int(np.searchsorted(K, F))
    cut[:2, min(centre + 1 + high, len(K)) :] = 0.0
    cut[2:, : max(centre - 1 - low, 0)] = 0.0
    part = model_free_variance(K, *cut, expiry=T, forward=F)
    # the last strike of a wing takes a whole step instead of the half it shared with its neighbour
    assert part.strikes <= whole.strikes
    if part.variance is not None:
        ends = sum(2 / T * 4.0 / 2 / k**2 * float(black(F, k, T, volatility, k >= F)) for k in (part.low, part.high))
        assert part.variance <= whole.variance + ends + 1e-12


@laws
@given(st.floats(70, 140), st.floats(0.05, 0.5), st.floats(0.3, 1.2), st.floats(0.01, 50.0))
def test_the_variance_has_no_unit_of_price(F, T, volatility, scale):
    prices = quoted(F, T, volatility)
    here = model_free_variance(K, *prices, expiry=T, forward=F)
    there = model_free_variance(K * scale, *(prices * scale), expiry=T, forward=F * scale)
    if there.K0 / scale == here.K0:  # rounding may carry a strike over the forward
        assert there.variance == pytest.approx(here.variance, rel=1e-9)


def test_two_strikes_in_a_row_without_a_bid_end_a_wing():
    prices = quoted(100.0, 0.25, 0.8)
    one, two = prices.copy(), prices.copy()
    one[0, 40] = 0.0  # the call at 180
    two[0, 40:42] = 0.0
    assert model_free_variance(K, *one, expiry=0.25, forward=100.0).high == K[-1]
    assert model_free_variance(K, *one, expiry=0.25, forward=100.0).strikes == len(K) - 1
    assert model_free_variance(K, *two, expiry=0.25, forward=100.0).high == K[39]


def test_the_covered_range_is_told_in_standard_deviations():
    out = model_free_variance(K, *quoted(100.0, 0.25, 0.8), expiry=0.25, forward=100.0)
    assert out.high_sd == pytest.approx(np.log(K[-1] / 100) / 0.4, rel=0.02)
    assert out.low_sd == pytest.approx(np.log(0.2) / 0.4, rel=0.02)
    assert out.gap_sd == pytest.approx(np.log(24 / 20) / 0.4, rel=0.02)


def test_a_chain_without_a_strip_says_why():
    none = np.zeros(3)
    strikes = np.array([90.0, 100.0, 110.0])
    assert "both a call and a put" in model_free_variance(strikes, none, none, none, none, expiry=0.1).reason
    prices = [np.array([1.0, 2.0, 1.0])] * 4
    assert "below the forward" in model_free_variance(strikes, *prices, expiry=0.1, forward=50.0).reason
    assert "want at least 3" in model_free_variance(strikes[:2], *(p[:2] for p in prices), expiry=0.1).reason
    one_wing = model_free_variance(strikes, *prices, expiry=0.1, forward=110.0)
    assert "one wing" in one_wing.reason


def test_thirty_days_are_never_extrapolated():
    near = ModelFree(variance=0.3, expiry=10 / 365)
    assert thirty_day_variance([near]) == (None, "no expiry with a variance lies after 30 days")
    late = ModelFree(variance=0.3, expiry=40 / 365)
    hidden = ModelFree(variance=None, expiry=20 / 365, reason="no bids")
    assert thirty_day_variance([hidden, late])[0] is None
    assert thirty_day_variance([ModelFree(variance=0.2, expiry=30 / 365)])[0] == 0.2


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"strike": [1.0, 1.0, 2.0]}, "strikes"),
        ({"expiry": 0.0}, "expiry"),
        ({"call_bid": [-1.0, 1, 1]}, "negative"),
        ({"call_bid": [1.0]}, "shapes"),
        ({"coin": True, "rate": 0.1}, "coin"),
    ],
)
def test_a_wrong_argument_is_refused(change, what):
    good = {"strike": [1.0, 2.0, 3.0], "expiry": 1.0}
    good |= {name: [1.0, 1.0, 1.0] for name in ("call_bid", "call_ask", "put_bid", "put_ask")}
    with pytest.raises(DomainError, match=what):
        model_free_variance(**(good | change))
