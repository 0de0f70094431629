"""Laws of implied volatility, and its definition in 80 digits as the oracle."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from makerscope.kernels import implied_vol
from makerscope.pricing.black import black76_price
from makerscope.pricing.implied import Reason, attainable_error, implied_volatility
from tests.reference import implied as definition

ULP = 2.0**-52
forwards = st.floats(1e-6, 1e6)
moneyness = st.one_of(st.just(0.0), st.floats(-4, 4), st.floats(-0.3, 0.3), st.floats(-1e-3, 1e-3))
totals = st.one_of(st.floats(0.005, 3), st.floats(1e-7, 0.05), st.floats(2, 15))  # s = sigma sqrt(T)
years = st.floats(1e-5, 5)


def quote(F, k, s, T, is_call):
    """Strike, and the price in double of the option with total volatility ``s``."""
    K = F * float(np.exp(k))
    return K, float(definition.price(F, K, s / T**0.5, T, is_call=is_call))


@settings(max_examples=150)
@given(forwards, moneyness, totals, years, st.booleans())
def test_is_what_the_very_doubles_determine(F, k, s, T, is_call):
    K, price = quote(F, k, s, T, is_call)
    assume(price > 1e-290)
    exact = definition.implied_volatility(price, F, K, T, is_call=is_call)
    volatility, reason = implied_volatility(price, F, K, T, is_call=is_call)
    if exact is None:
        assert np.isnan(volatility)
        assert Reason(int(reason)) in {Reason.NO_TIME_VALUE, Reason.ABOVE_UPPER_BOUND, Reason.BELOW_INTRINSIC}
        return
    error = float(attainable_error(price, F, K, T, is_call=is_call))
    assert reason == (Reason.OK if error <= 1e-12 else Reason.CONDITIONING_LIMITED)
    if error >= 1:
        assert np.isnan(volatility)
        return
    # 4 roundings of the time value, not of the price: the intrinsic value comes off exactly
    assert abs(float(volatility / exact) - 1) <= min(error, 1e-12) + 4 * ULP


@given(st.lists(st.tuples(forwards, st.floats(-700, 700), st.floats(-690, -1e-15), years, st.booleans()), min_size=1))
def test_any_price_between_its_bounds_has_a_volatility_and_both_ways_to_it_agree(rows):
    F, k, log_rho, T, is_call = (np.array(column) for column in zip(*rows, strict=True))
    K = F * np.exp(np.clip(k, -600, 600))
    call = np.where(is_call, K >= F, K > F)  # out of the money
    price = np.minimum(F, K) * np.exp(log_rho)
    volatility, reason = implied_volatility(price, F, K, T, is_call=call)
    fine = (price > 0) & (price < np.minimum(F, K))
    assert np.isin(reason[fine], [Reason.OK, Reason.CONDITIONING_LIMITED]).all()
    error = attainable_error(price, F, K, T, is_call=call)
    given_ = fine & (error < 1)
    slow = np.array([implied_vol.judged(*one)[0] for one in zip(price, F, K, T, call, strict=True)])
    np.testing.assert_allclose(volatility[given_], slow[given_], rtol=2e-15)
    assert (volatility[given_] > 0).all()


@given(forwards, moneyness, totals, years)
def test_a_call_and_the_put_of_the_swapped_forward_and_strike_are_one(F, k, s, T):
    K, price = quote(F, k, s, T, is_call=True)
    call, code = implied_volatility(price, F, K, T, is_call=True)
    put, other = implied_volatility(price, K, F, T, is_call=False)
    np.testing.assert_array_equal([call, code], [put, other])


@given(forwards, moneyness, st.floats(0.05, 3), years)
def test_a_call_and_a_put_of_one_strike_have_one_volatility(F, k, s, T):
    K = F * float(np.exp(k))
    sigma = s / T**0.5
    call, put = (float(definition.price(F, K, sigma, T, is_call=is_call)) for is_call in (True, False))
    (one, other), _reason = implied_volatility([call, put], F, K, T, is_call=[True, False])
    errors = attainable_error([call, put], F, K, T, is_call=[True, False])
    assume(not np.isnan(errors).any() and errors.max() < 1e-3)
    assert one == pytest.approx(other, rel=2 * errors.max() + 4 * ULP)


@given(forwards, moneyness, totals, years, st.booleans(), st.integers(-20, 20), st.integers(-6, 6))
def test_a_power_of_two_of_the_unit_of_money_or_time_changes_no_bit(F, k, s, T, is_call, money, time):  # noqa: PLR0917 - drawn
    K, price = quote(F, k, s, T, is_call)
    assume(price > 1e-280)
    volatility, reason = implied_volatility(price, F, K, T, is_call=is_call)
    scale = 2.0**money
    again, same = implied_volatility(price * scale, F * scale, K * scale, T * 4.0**time, is_call=is_call)
    np.testing.assert_array_equal([again * 2.0**time, same], [volatility, reason])


@given(forwards, moneyness, st.lists(st.floats(1e-12, 1 - 1e-12), min_size=2, max_size=30, unique=True))
def test_a_dearer_option_is_never_less_volatile(F, k, shares):
    K = F * float(np.exp(k))
    price = min(F, K) * np.sort(shares)
    volatility, _reason = implied_volatility(price, F, K, 1.0, is_call=K >= F)
    assert (np.diff(volatility) >= -8 * ULP * volatility[1:]).all()


@given(st.lists(st.tuples(forwards, moneyness, totals, years, st.booleans()), min_size=1))
def test_the_volatility_of_our_own_price_comes_back(rows):
    F, k, s, T, is_call = (np.array(column) for column in zip(*rows, strict=True))
    K, sigma = F * np.exp(k), s / np.sqrt(T)
    price = black76_price(F, K, sigma, T, is_call=is_call)
    volatility, reason = implied_volatility(price, F, K, T, is_call=is_call)
    error = attainable_error(price, F, K, T, is_call=is_call)
    fair = (price > 1e-290) & (error < 1e-3)  # beyond, a rounding of the price is no small change any more
    assert np.isin(reason[fair], [Reason.OK, Reason.CONDITIONING_LIMITED]).all()
    assert (np.abs(volatility / sigma - 1)[fair] <= (1.01 * error + 6 * ULP)[fair]).all()
