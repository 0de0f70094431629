"""Laws of option prices: parity, bounds, monotonicity, convexity, Greeks as derivatives, coin as money over forward."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from makerscope.pricing.black import (
    Greeks,
    black76_greeks,
    black76_price,
    digital_price,
    inverse_greeks,
    inverse_price,
)
from makerscope.pricing.settlement import WINDOW, remainder, settled_greeks, settlement_mark
from tests.reference import black as slow

ULP = 2.0**-52
prices = st.floats(1e-6, 1e6)
ratios = st.floats(-3.0, 3.0)  # ln(F / K)
volatilities = st.one_of(st.just(0.0), st.floats(1e-9, 20.0))
expiries = st.one_of(st.just(0.0), st.floats(1e-9, 30.0))
calls = st.booleans()
anything = st.floats(allow_nan=True, allow_infinity=True)


@st.composite
def options(draw):
    """(F, K, sigma, T), often at the money, sometimes without volatility or time."""
    K = draw(prices)
    F = K * float(np.exp(draw(st.one_of(st.just(0.0), st.floats(-1e-6, 1e-6), ratios))))
    return F, K, draw(volatilities), draw(expiries)


@given(options())
def test_a_call_less_a_put_is_the_forward_less_the_strike(at):
    call, put = (black76_price(*at, is_call=is_call) for is_call in (True, False))
    assert call - put == pytest.approx(at[0] - at[1], rel=0, abs=2 * ULP * (at[0] + at[1]))


@given(options(), calls)
def test_a_price_lies_between_the_payoff_and_the_forward_or_the_strike(at, is_call):
    F, K, *_ = at
    price = black76_price(*at, is_call=is_call)
    assert max(F - K if is_call else K - F, 0.0) <= price <= (F if is_call else K) * (1 + 4 * ULP)


@given(options(), calls)
@settings(max_examples=200)
def test_a_price_is_right_to_two_units_of_forward_plus_strike(at, is_call):
    with mp.workdps(50):
        error = abs(slow.price(*at, is_call) - mp.mpf(float(black76_price(*at, is_call=is_call))))
    assert error <= 2 * ULP * (at[0] + at[1])


@given(options())
@settings(max_examples=200)
def test_a_price_out_of_the_money_keeps_thirteen_digits_down_to_1e_290(at):
    F, K, *_ = at
    with mp.workdps(400):
        want = slow.price(*at, F < K)
        assume(want > mp.mpf(10) ** -290 * min(F, K))
        got = mp.mpf(float(black76_price(*at, is_call=F < K)))
        assert abs(got - want) <= 2e-14 * want


@given(options(), calls, st.floats(1e-4, 0.5))
def test_a_price_rises_with_volatility_and_with_time(at, is_call, more):
    F, K, sigma, T = at
    base = black76_price(*at, is_call=is_call)
    slack = 4 * ULP * (F + K)
    assert black76_price(F, K, sigma * (1 + more), T, is_call=is_call) >= base - slack
    assert black76_price(F, K, sigma, T * (1 + more), is_call=is_call) >= base - slack


@given(prices, st.floats(0.05, 3.0), st.floats(0.01, 2.0), calls)
def test_prices_are_convex_and_monotone_in_the_strike(F, sigma, T, is_call):
    K = F * np.exp(np.linspace(-3, 3, 61))
    price = black76_price(F, K, sigma, T, is_call=is_call)
    slope = np.diff(price) / np.diff(K)
    slack = 8 * ULP * (F + K[1:]) / np.diff(K)
    lowest, highest = (-1, 0) if is_call else (0, 1)
    assert (slope >= lowest - slack).all()
    assert (slope <= highest + slack).all()
    assert (np.diff(slope) >= -slack[1:] - slack[:-1]).all()


@given(options(), calls)
def test_scaling_forward_and_strike_by_a_power_of_two_scales_the_price_exactly(at, is_call):
    F, K, sigma, T = at
    assert black76_price(8 * F, 8 * K, sigma, T, is_call=is_call) == 8 * black76_price(*at, is_call=is_call)


@given(prices, ratios, st.floats(0.01, 5.0), st.floats(1e-4, 5.0), calls)
@settings(max_examples=100)
def test_greeks_are_the_derivatives_of_the_price_by_finite_differences(F, x, sigma, T, is_call):
    K = F * float(np.exp(-x))
    got = black76_greeks(F, K, sigma, T, is_call=is_call)
    compare(got, slow.greeks(F, K, sigma, T, is_call), F, K)


@given(prices, ratios, st.floats(0.01, 5.0), st.floats(1e-4, 5.0), calls)
@settings(max_examples=60)
def test_inverse_greeks_are_the_derivatives_of_the_price_in_coin(F, x, sigma, T, is_call):
    K = F * float(np.exp(-x))
    got = inverse_greeks(F, K, sigma, T, is_call=is_call)
    want = slow.greeks(F, K, sigma, T, is_call, of=slow.inverse_price)
    linear = black76_greeks(F, K, sigma, T, is_call=is_call)
    assert float(got.net_delta) == pytest.approx(float(linear.delta - got.price), rel=0, abs=1e-14 * (1 + K / F))
    # where two terms of one derivative cancel, the error is of the size of the terms
    terms = {"gamma": abs(linear.gamma / F) + 2 * abs(got.delta / F), "vanna": (abs(linear.vanna) + got.vega) / F}
    for name, value in zip(Greeks._fields, got, strict=False):
        close(value, want[name], 1e-13, terms.get(name, 0.0), name)


def compare(got, want, F, K):
    """Relative 1e-13; d1 and d2 near zero make vanna and volga cancel, so their terms bound the error."""
    terms = {"vanna": abs(got.vega / F) + abs(got.gamma * F), "volga": abs(got.vega)}
    for name, value in zip(Greeks._fields, got, strict=True):
        close(value, want[name], 1e-13, terms.get(name, 0.0), name)


def close(value, want, relative, terms, name):
    assert abs(mp.mpf(float(value)) - want) <= relative * max(abs(want), mp.mpf(float(terms))) + mp.mpf(10) ** -60, name


@given(options(), calls)
def test_the_price_in_coin_is_the_price_over_the_forward(at, is_call):
    coin, linear = inverse_price(*at, is_call=is_call), black76_price(*at, is_call=is_call)
    assert coin == pytest.approx(linear / at[0], rel=2 * ULP, abs=0)


@given(options(), calls)
def test_nothing_inside_the_domain_is_not_a_number(at, is_call):
    for answer in (black76_greeks(*at, is_call=is_call), inverse_greeks(*at, is_call=is_call)):
        assert np.isfinite(answer).all()
    assert np.isfinite(digital_price(*at, is_call=is_call)).all()


@given(options())
def test_digital_call_and_put_are_one_and_the_derivative_of_the_call_in_the_strike(at):
    call, put = (digital_price(*at, is_call=is_call) for is_call in (True, False))
    assert call.price + put.price == pytest.approx(1.0, abs=2 * ULP)
    assert call.delta == -put.delta


@given(prices, ratios, st.floats(0.05, 3.0), st.floats(0.001, 3.0), calls)
@settings(max_examples=60)
def test_a_digital_is_the_slope_of_the_option_in_the_strike_and_its_delta_the_slope_of_that(F, x, sigma, T, is_call):
    K = F * float(np.exp(-x))
    got = digital_price(F, K, sigma, T, is_call=is_call)
    sign = -1 if is_call else 1
    with mp.workdps(120):
        moved = lambda f, k, _: sign * slow.price(f, k, sigma, T, is_call)  # noqa: E731
        at = (mp.mpf(F), mp.mpf(K), mp.mpf(1))
        close(got.price, slow.difference(moved, at, (0, 1, 0)), 1e-13, 0.0, "price")
        close(got.delta, slow.difference(moved, at, (1, 1, 0)), 1e-13, 0.0, "delta")


@given(st.floats(50.0, 150.0), st.floats(0.05, 3.0), st.floats(0.0, 0.01), st.floats(60.0, 140.0), calls)
def test_an_averaged_settlement_keeps_parity_with_the_mark(K, sigma, T, seen, is_call):
    del is_call
    call, put = (settled_greeks(100.0, K, sigma, T, seen, is_call=side) for side in (True, False))
    mark = settlement_mark(100.0, T, seen)
    weight = remainder(K, T, seen).weight
    assert call.price - put.price == pytest.approx(mark - K, rel=0, abs=1e-12)
    assert call.delta - put.delta == pytest.approx(weight, rel=0, abs=1e-14)
    assert np.isfinite(call).all()
    assert np.isfinite(put).all()


@given(st.floats(0.001, 0.999), st.floats(0.3, 3.0), st.floats(-0.004, 0.004), calls)
def test_delta_and_gamma_of_an_averaged_settlement_are_slopes_of_its_price(part, sigma, x, is_call):
    F, T = 100.0, part * WINDOW
    K, step = 100.0 * float(np.exp(x)), 1e-3 * sigma * T**0.5 * 100
    down, here, up = (settled_greeks(F + d, K, sigma, T, 100.0, is_call=is_call) for d in (-step, 0.0, step))
    noise = 1e-13 / step
    assert (up.price - down.price) / (2 * step) == pytest.approx(here.delta, rel=1e-4, abs=noise + 1e-6)
    assert (up.delta - down.delta) / (2 * step) == pytest.approx(here.gamma, rel=1e-3, abs=1e-13 / step + 1e-6)


def test_an_averaged_settlement_is_continuous_where_the_window_begins():
    at = WINDOW * np.array([1 - 1e-9, 1 + 1e-9])
    inside, outside = (settled_greeks(100.0, 101.0, 0.8, T, 99.0, is_call=True) for T in at)
    np.testing.assert_allclose(inside, outside, rtol=1e-6)


@given(anything, anything, anything, anything, calls)
def test_whatever_comes_in_a_kernel_answers_a_price_or_not_a_number_and_never_an_infinite_price(
    F, K, sigma, T, is_call
):
    inside = 1e-307 < F < 1e307 and 1e-307 < K < 1e307 and 0 <= sigma < 1e307 and 0 <= T < 1e307
    if inside:
        assert np.isfinite(black76_price(F, K, sigma, T, is_call=is_call))
        assert not np.isnan(black76_greeks(F, K, sigma, T, is_call=is_call)).any()
    else:
        with pytest.raises(ValueError, match="want a finite number"):
            black76_price(F, K, sigma, T, is_call=is_call)
