"""Option prices and Greeks: numbers done by hand, edges of the domain, shapes, and what is refused."""

import math
import re

import numba
import numpy as np
import pytest

from makerscope.errors import DomainError
from makerscope.kernels import black76
from makerscope.pricing.black import (
    black76_greeks,
    black76_price,
    digital_price,
    inverse_greeks,
    inverse_price,
)
from makerscope.pricing.power import power_perpetual
from makerscope.pricing.settlement import WINDOW, settled_greeks, settlement_mark

DAY = 1 / 365


def test_at_the_money_a_price_is_the_forward_times_twice_the_normal_distribution_less_one():
    want = 100.0 * math.erf(0.2 / math.sqrt(2))
    assert black76_price(100.0, 100.0, 0.8, 0.25, is_call=True) == pytest.approx(want, rel=1e-15)
    assert black76_price(100.0, 100.0, 0.8, 0.25, is_call=False) == pytest.approx(want, rel=1e-15)


@pytest.mark.parametrize(("volatility", "expiry"), [(0.0, 1.0), (0.7, 0.0), (0.0, 0.0), (1e-200, 1.0)])
def test_without_volatility_or_time_an_option_is_its_payoff(volatility, expiry):
    strikes = np.array([90.0, 100.0, 110.0])
    for is_call, price, delta in ((True, [10, 0, 0], [1, 0.5, 0]), (False, [0, 0, 10], [0, -0.5, -1])):
        got = black76_greeks(100.0, strikes, volatility, expiry, is_call=is_call)
        assert got.price.tolist() == price
        np.testing.assert_allclose(got.delta, delta, atol=1e-15)
        assert got.theta.tolist() == [0, 0, 0]
        assert got.vega[[0, 2]].tolist() == [0, 0]
    digital = digital_price(100.0, strikes, volatility, expiry, is_call=True)
    np.testing.assert_allclose(digital.price, [1, 0.5, 0], atol=1e-15)
    assert digital.delta.tolist() == [0, 0, 0]


def test_a_huge_volatility_makes_a_call_the_forward_and_a_put_the_strike():
    assert black76_price(100.0, 70.0, 1e300, 1e300, is_call=True) == 100.0
    assert black76_price(100.0, 70.0, 90.0, 1.0, is_call=False) == 70.0


def test_a_kernel_answers_not_a_number_outside_the_domain_and_a_price_beside_it():
    bad = [math.nan, math.inf, -math.inf, -1.0, 0.0, 5e-324]
    for argument in range(4):
        column = np.ones((4, len(bad) + 1))
        column[argument, 1:] = bad
        price = np.empty(len(bad) + 1)
        black76.prices(*column, np.ones(len(bad) + 1, bool), price)
        refused = [True] * 6 if argument < 2 else [True] * 4 + [False] * 2
        assert np.isnan(price).tolist() == [False, *refused]


@pytest.mark.parametrize(
    ("at", "fact"),
    [
        ((0.0, 1.0, 1.0, 1.0), "forward is 0.0 at index 0"),
        ((1.0, [1.0, -2.0], 1.0, 1.0), "strike is -2.0 at index 1"),
        ((1.0, 1.0, [0.1, math.nan, math.nan], 1.0), r"volatility is nan at index 1 \(2 such options\)"),
        ((1.0, 1.0, 1.0, -DAY), "expiry is -0.0027"),
        ((1.0, [1.0, 2.0], [1.0, 2.0, 3.0], 1.0), "do not broadcast"),
    ],
)
def test_an_argument_outside_the_domain_is_named(at, fact):
    for function in (black76_price, black76_greeks, inverse_price, inverse_greeks, digital_price):
        with pytest.raises(DomainError, match=fact):
            function(*at, is_call=True)


def test_is_call_must_be_boolean_because_minus_one_would_be_true():
    with pytest.raises(DomainError, match="is_call has type int64; want bool"):
        black76_price(1.0, 1.0, 1.0, 1.0, is_call=-1)


def test_arguments_broadcast_and_scalars_give_scalars():
    got = black76_greeks(np.array([[90.0], [110.0]]), np.array([80.0, 100.0, 120.0]), 0.5, 0.1, is_call=[True] * 3)
    assert got.vega.shape == (2, 3)
    assert got.price[1, 2] == black76_price(110.0, 120.0, 0.5, 0.1, is_call=True)
    assert isinstance(black76_price(110.0, 120.0, 0.5, 0.1, is_call=True), float)
    assert black76_price(100.0, [], 0.5, 0.1, is_call=True).shape == (0,)


def test_an_answer_of_before_is_written_again():
    K = np.linspace(50.0, 150.0, 6).reshape(2, 3)
    old, price = black76_greeks(100.0, K, 0.5, 0.1, is_call=True), np.empty((2, 3))
    want = black76_greeks(90.0, K, 0.5, 0.1, is_call=True)
    assert black76_greeks(90.0, K, 0.5, 0.1, is_call=True, out=old) is old
    assert black76_price(90.0, K, 0.5, 0.1, is_call=True, out=price) is price
    np.testing.assert_array_equal(old, want)
    np.testing.assert_array_equal(price, want.price)


@pytest.mark.parametrize("bad", [np.empty(6), np.empty((2, 3), np.float32), np.empty((3, 2)).T])
def test_an_answer_of_another_shape_type_or_order_cannot_be_written_into(bad):
    with pytest.raises(DomainError, match="out has an array of shape"):
        black76_price(90.0, np.ones((2, 3)), 0.5, 0.1, is_call=True, out=bad)


def test_strided_arrays_are_priced_as_their_copies():
    table = np.linspace(50.0, 150.0, 40).reshape(4, 10)
    got = black76_price(100.0, table[:, ::3], 0.5, 0.1, is_call=table[:, ::3] > 100)
    want = black76_price(100.0, table[:, ::3].copy(), 0.5, 0.1, is_call=(table > 100)[:, ::3].copy())
    assert got.tolist() == want.tolist()


def test_the_answer_does_not_depend_on_the_place_in_the_array():
    K = np.linspace(20.0, 400.0, 1003)
    together = black76_price(100.0, K, 0.9, 0.3, is_call=K > 100)
    alone = [float(black76_price(100.0, k, 0.9, 0.3, is_call=k > 100)) for k in K.tolist()]
    assert together.tolist() == alone


def test_the_loops_over_options_are_vectorised():
    column, flags = np.ones(8), np.ones(8, bool)
    for loop, outputs in ((black76.prices, 1), (black76.greeks, 8)):
        fresh = numba.njit(nogil=True, error_model="numpy")(loop.py_func)  # code from the disk cannot be looked at
        fresh(*[column] * 4, flags, *np.empty((outputs, 8)))
        (code,) = fresh.inspect_llvm().values()
        assert re.search(r"call <\d+ x double> @llvm\.fma\.v\d+f64", code)


def test_an_averaged_settlement_done_by_hand():
    # 15 of 30 minutes are seen at 104: the rest must average above 96 for the whole to end above 100
    got = settled_greeks(100.0, 100.0, 0.6, WINDOW / 2, 104.0, is_call=True)
    rest = black76_greeks(100.0, 96.0, 0.6, WINDOW / 6, is_call=True)
    assert float(got.price) == pytest.approx(0.5 * float(rest.price), rel=1e-14)
    assert float(got.vega) == pytest.approx(0.5 * float(rest.vega), rel=1e-14)


def test_theta_in_the_window_is_what_a_moment_costs_while_the_average_fills_at_the_forward():
    left, moment, seen = WINDOW * 0.4, WINDOW * 1e-5, 100.02
    elapsed = WINDOW - left
    later = (seen * elapsed + 100.0 * moment) / (elapsed + moment)
    now, then = (
        settled_greeks(100.0, 100.05, 0.6, T, average, is_call=True)
        for T, average in ((left, seen), (left - moment, later))
    )
    assert float(then.price - now.price) / moment == pytest.approx(float(now.theta), rel=1e-3)  # to the order of s


def test_a_settlement_that_can_only_end_in_the_money_is_the_mark_less_the_strike():
    call = settled_greeks(100.0, 90.0, 0.6, WINDOW / 30, 104.0, is_call=True)
    assert float(call.price) == pytest.approx(104 * 29 / 30 + 100 / 30 - 90, rel=1e-14)
    assert float(call.delta) == pytest.approx(1 / 30, rel=1e-12)
    assert float(call.vega) == 0.0
    assert float(settled_greeks(100.0, 90.0, 0.6, WINDOW / 30, 104.0, is_call=False).price) == 0.0


def test_at_the_end_of_the_window_only_the_average_counts():
    assert float(settled_greeks(100.0, 90.0, 0.6, 0.0, 104.0, is_call=True).price) == 14.0
    assert float(settlement_mark(100.0, 0.0, 104.0)) == 104.0
    assert float(settlement_mark(100.0, 1.0, math.nan)) == 100.0


def test_the_price_of_an_averaged_settlement_is_the_mean_of_simulated_payoffs():
    rng = np.random.default_rng(11)
    F, K, sigma, T, seen, steps = 100.0, 100.05, 0.8, WINDOW * 0.7, 100.1, 200
    paths = np.cumsum(rng.normal(size=(40_000, steps)), axis=1) * sigma * math.sqrt(T / steps)
    mean = (F * np.exp(np.hstack([np.zeros((40_000, 1)), paths[:, :-1]]))).mean(axis=1)
    payoff = np.maximum(0.3 * seen + 0.7 * mean - K, 0.0)
    got = float(settled_greeks(F, K, sigma, T, seen, is_call=True).price)
    assert got == pytest.approx(payoff.mean(), abs=4 * payoff.std() / 200 + 0.01 * got)


def test_a_missing_average_inside_the_window_is_an_error():
    with pytest.raises(DomainError, match="average_so_far is missing"):
        settled_greeks(100.0, 90.0, 0.6, WINDOW / 2, is_call=True)
    with pytest.raises(DomainError, match="least strike is -1"):
        settled_greeks(100.0, -1.0, 0.6, 1.0, is_call=True)
    with pytest.raises(DomainError, match="least expiry -1"):
        settlement_mark(100.0, -1.0, 100.0)


def test_an_ordinary_perpetual_is_worth_its_price_and_an_impossible_power_is_an_error():
    assert float(power_perpetual(3000.0, 1.0, 0.9, DAY)) == 3000.0
    with pytest.raises(DomainError, match="grows faster"):
        power_perpetual(3000.0, 4.0, 2.0, 0.5)
    with pytest.raises(DomainError, match="want prices"):
        power_perpetual(-1.0, 2.0, 0.9, DAY)
