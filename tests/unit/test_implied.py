"""Implied volatilities of single quotes and of a chain, and the words for quotes that have none."""

from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from scipy.special import erfcx

from makerscope.errors import DomainError, SchemaError
from makerscope.kernels import implied_vol
from makerscope.pricing.implied import Reason, attainable_error, implied_volatilities, implied_volatility
from tests.reference import implied as definition

ATM = 7.965567455405796  # F = K = 100, T = 1, sigma = 0.2


@pytest.mark.parametrize(
    ("price", "F", "K", "T", "is_call", "want"),
    [
        (9.0, 110.0, 100.0, 1.0, True, Reason.BELOW_INTRINSIC),
        (-1.0, 100.0, 110.0, 1.0, True, Reason.BELOW_INTRINSIC),
        (10.0, 110.0, 100.0, 1.0, True, Reason.NO_TIME_VALUE),
        (0.0, 110.0, 100.0, 1.0, False, Reason.NO_TIME_VALUE),
        (110.0, 110.0, 100.0, 1.0, True, Reason.ABOVE_UPPER_BOUND),
        (100.0, 110.0, 100.0, 1.0, False, Reason.ABOVE_UPPER_BOUND),
        (np.nan, 110.0, 100.0, 1.0, True, Reason.NOT_A_NUMBER),
        (5.0, np.inf, 100.0, 1.0, True, Reason.NOT_A_NUMBER),
        (5.0, 110.0, np.nan, 1.0, False, Reason.NOT_A_NUMBER),
        (5.0, 110.0, 100.0, 0.0, False, Reason.OUTSIDE_DOMAIN),
        (5.0, 110.0, 100.0, -1.0, False, Reason.OUTSIDE_DOMAIN),
        (5.0, 0.0, 100.0, 1.0, False, Reason.OUTSIDE_DOMAIN),
        (5.0, 100.0, -100.0, 1.0, False, Reason.OUTSIDE_DOMAIN),
        (ATM, 100.0, 100.0, 1.0, True, Reason.OK),
        (np.nextafter(50.0, 60.0), 100.0, 50.0, 1.0, True, Reason.CONDITIONING_LIMITED),
        (np.nextafter(100.0, 0.0), 100.0, 100.0, 1.0, True, Reason.CONDITIONING_LIMITED),
    ],
)
def test_each_reason_is_given_for_its_own_fault(price, F, K, T, is_call, want):  # noqa: PLR0917 - a row of the table
    volatility, reason = implied_volatility(price, F, K, T, is_call=is_call)
    assert reason == want
    assert np.isnan(volatility) == (want not in {Reason.OK, Reason.CONDITIONING_LIMITED})


def test_one_ulp_of_time_value_in_the_money_gives_a_volatility_with_its_large_error():
    price = np.nextafter(50.0, 60.0)
    volatility, _reason = implied_volatility(price, 100.0, 50.0, 1.0, is_call=True)
    exact = definition.implied_volatility(price, 100.0, 50.0, 1.0, is_call=True)
    error = attainable_error(price, 100.0, 50.0, 1.0, is_call=True)
    assert volatility == pytest.approx(float(exact), rel=1e-14)
    moved = definition.implied_volatility(np.nextafter(price, 60.0), 100.0, 50.0, 1.0, is_call=True)
    assert 1e-12 < float(moved / exact) - 1 < error < 1


def test_the_intrinsic_value_comes_off_exactly_also_where_it_is_no_double():
    F, K = 100.1, 33.37
    assert Fraction(F) - Fraction(K) != Fraction(F - K)
    price = np.nextafter(np.nextafter(F - K, 200.0), 200.0)
    exact = definition.implied_volatility(price, F, K, 1.0, is_call=True)
    assert implied_volatility(price, F, K, 1.0, is_call=True)[0] == pytest.approx(float(exact), rel=1e-14)
    assert implied_volatility(price, K, F, 1.0, is_call=False)[0] == pytest.approx(float(exact), rel=1e-14)


def test_a_bad_row_among_thousands_spoils_no_other_row():
    n = 5_000  # several blocks
    price = np.full(n, ATM)
    price[::7] = np.nan
    price[3::11] = 0.0
    volatility, reason = implied_volatility(price, 100.0, 100.0, 1.0, is_call=True)
    good = reason == Reason.OK
    assert good.sum() == n - np.count_nonzero(np.isnan(price) | (price == 0))
    np.testing.assert_allclose(volatility[good], 0.2, rtol=4e-16)
    assert np.isnan(volatility[~good]).all()


def test_arguments_broadcast_and_a_scalar_stays_a_scalar():
    volatility, reason = implied_volatility(ATM, 100.0, 100.0, np.array([[0.25], [1.0]]), is_call=[True, False, True])
    assert volatility.shape == reason.shape == (2, 3)
    np.testing.assert_allclose(volatility, [[0.4] * 3, [0.2] * 3], rtol=1e-15)
    assert implied_volatility(ATM, 100.0, 100.0, 1.0, is_call=True)[0].shape == ()
    assert implied_volatility([], 100.0, 100.0, 1.0, is_call=True)[0].shape == (0,)


def test_arguments_that_are_no_numbers_or_do_not_fit_are_one_error():
    with pytest.raises(DomainError, match="implied volatility"):
        implied_volatility("dear", 100.0, 100.0, 1.0, is_call=True)
    with pytest.raises(DomainError, match="broadcast"):
        attainable_error([1.0, 2.0], [1.0, 2.0, 3.0], 100.0, 1.0, is_call=True)


def test_the_guess_is_so_good_that_ordinary_options_never_need_the_search():
    # s / sqrt(8) and h / (sqrt(2) s) over the fitted region, but for its edge; below s = 0.05 this price loses digits
    c, far = (grid.ravel() for grid in np.meshgrid(np.linspace(0.018, 0.98, 80), np.linspace(1e-3, 25, 200)))
    inside = 4 * c * far < 3.9
    c, far = c[inside], far[inside]
    h, s = 4 * c * far, np.sqrt(8) * c
    rho = np.exp(-((far - c) ** 2)) * (erfcx(far - c) - erfcx(far + c)) / 2
    quote = (rho, np.ones_like(h), np.exp(h), np.ones_like(h), np.ones_like(h, dtype=bool))
    guesses = np.array([implied_vol.guess(*one) for one in zip(h, np.exp(-h), rho, strict=True)])
    np.testing.assert_allclose(guesses, s, rtol=1.6e-4)
    volatility, sure = np.empty_like(h), np.empty_like(h)
    implied_vol.quick(*quote, volatility, sure)
    assert sure.all()
    np.testing.assert_allclose(volatility, s, rtol=1e-12)


CHAIN = pl.DataFrame(
    {
        "forward": [100.0, None, 100.0, 100.0, 100.0, 100.0, 0.0],
        "strike": [100, 100, 100, 100, 100, 50, 100],
        "tenor": [1.0, 1.0, -0.1, 1.0, 1.0, 1.0, 1.0],
        "is_call": [True, True, True, None, False, True, True],
        "bid": [ATM, 5.0, 5.0, 5.0, None, 49.0, 5.0],
    }
)
WORDS = [
    None,
    "no forward",
    "expired",
    "neither call nor put",
    "no bid",
    "price is below the intrinsic value",
    "forward, strike or time to expiry is not positive",
]


def test_a_chain_gets_null_and_a_reason_in_words_where_it_has_no_volatility():
    out = implied_volatilities(CHAIN, price="bid")
    assert out.columns == [*CHAIN.columns, "volatility", "volatility_error", "volatility_reason"]
    assert out["volatility_reason"].to_list() == WORDS
    assert out["volatility"].is_null().to_list() == [word is not None for word in WORDS]
    assert out["volatility"][0] == pytest.approx(0.2, rel=4e-16)
    assert out["volatility_error"].is_null().to_list() == [word is not None for word in WORDS]


def test_a_premium_in_coin_is_worth_its_forward():
    coin = CHAIN.with_columns(bid=pl.Series([ATM / 100, 0.05, 0.05, 0.05, None, 0.49, 0.05]))
    out = implied_volatilities(coin, price="bid", coin=True)
    assert out["volatility"][0] == pytest.approx(0.2, rel=1e-15)
    assert out["volatility_reason"].to_list() == WORDS


def test_a_chain_without_its_columns_is_refused_with_their_names():
    with pytest.raises(SchemaError, match="column 'tenor' is missing"):
        implied_volatilities(CHAIN.drop("tenor"), price="bid")
    with pytest.raises(SchemaError, match="column 'bid' is String"):
        implied_volatilities(CHAIN.with_columns(bid=pl.lit("1")), price="bid")


def test_an_empty_chain_stays_empty():
    assert implied_volatilities(CHAIN.clear(), price="bid").height == 0
