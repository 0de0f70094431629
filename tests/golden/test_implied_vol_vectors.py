"""Implied volatility against prices of 40 digits (``vectors/models/implied_vol.json``)."""

from functools import cache

import pytest

from makerscope.pricing.implied import Reason, attainable_error, implied_volatility
from tests.reference import implied as definition

NAMES = ("iv-01-F100-K100", "iv-03-F60000-K90000", "iv-05-F3000-K3000", "iv-07-F100-K1000", "iv-08-F100-K50")
ROUNDINGS = 4  # of a price, that ``attainable_error`` allows; the vectors speak of one


@pytest.fixture
def case_of(vectors):
    rows = {case["case"]: case for case in vectors("models/implied_vol.json") if case["case"].startswith("iv-")}
    return cache(rows.__getitem__)


def test_every_case_of_the_file_is_tested(vectors):
    cases = {case["case"] for case in vectors("models/implied_vol.json") if case["case"].startswith("iv-")}
    assert cases == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_price_gives_the_volatility_wherever_a_double_can(name, case_of):
    case = case_of(name)
    inputs, expected, tolerance = case["inputs"], case["expected"], case["tolerance"]
    F, K, T, price = (float(inputs[key]) for key in ("F", "K", "T", "price"))
    call, sigma = inputs["option"] == "call", float(expected["sigma"])
    volatility, reason = implied_volatility(price, F, K, T, is_call=call)
    invertible = expected["invertible_from_price_in_double"]
    assert reason == (Reason.OK if invertible else Reason.NO_TIME_VALUE)
    if invertible:
        assert volatility == pytest.approx(sigma, rel=tolerance["default"]["rel"], abs=0)
    out_of_the_money, reason = implied_volatility(float(inputs["otm_price"]), F, K, T, is_call=K >= F)
    assert reason == Reason.OK
    assert out_of_the_money == pytest.approx(sigma, rel=tolerance["default"]["rel"], abs=0)


@pytest.mark.parametrize("name", NAMES)
def test_the_attainable_error_is_the_published_one(name, case_of):
    case = case_of(name)
    inputs, expected, tolerance = case["inputs"], case["expected"], case["tolerance"]
    F, K, T, price, otm = (float(inputs[key]) for key in ("F", "K", "T", "price", "otm_price"))
    vega = float(definition.vega(F, K, expected["sigma"], T))
    assert vega == pytest.approx(float(expected["vega"]), rel=tolerance["vega"]["rel"], abs=0)
    error = attainable_error(otm, F, K, T, is_call=K >= F) / ROUNDINGS * (price / otm)
    wanted = expected["attainable_rel_error_from_price"]
    assert error == pytest.approx(wanted, rel=0.01, abs=0)  # the vectors print it to three digits
