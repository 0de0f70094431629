"""Model-free implied variance against the flat smile, whose answer is known."""

import numpy as np
import pytest
from scipy.special import ndtr

from makerscope.pricing.modelfree import ModelFree, model_free_variance, parity_forward, thirty_day_variance


def black(F, K, T, volatility, is_call):
    s = volatility * np.sqrt(T)
    d1 = np.log(F / K) / s + s / 2
    w = 1.0 if is_call else -1.0
    return w * (F * ndtr(w * d1) - K * ndtr(w * (d1 - s)))


def variance(F, K, T, volatility, *, rate=0.0, **options):
    call, put = (np.exp(-rate * T) * black(F, K, T, volatility, side) for side in (True, False))
    return model_free_variance(K, call, call, put, put, expiry=T, rate=rate, **options)


def test_a_dense_wide_flat_smile_gives_its_variance(vectors):
    case = next(c for c in vectors("models/implied_vol.json") if c["case"] == "mfiv-flat-smile")
    F, T, sigma = (float(case["inputs"][name]) for name in ("F", "T", "sigma"))
    width = 12 * sigma * np.sqrt(T)
    K = F * np.exp(np.linspace(-width, width, 200_001))
    out = variance(F, K, T, sigma, forward=F)
    want = case["expected"]["total_variance_rate"]
    assert out.variance == pytest.approx(want, rel=case["tolerance"]["default"]["rel"])


@pytest.mark.parametrize("forward", [100.0, 103.7, 97.2])  # K0 is 5 apart from F or on it, C above or below P
def test_the_error_of_a_flat_smile_falls_with_the_square_of_the_strike_step(forward):
    errors = []
    for step in (5.0, 2.5, 1.25):
        K = np.arange(5.0, 900.0 + step, step)
        errors.append(abs(variance(forward, K, 0.25, 0.7).variance - 0.49))
    assert errors[0] < 4e-3
    assert errors[1] < errors[0] / 3
    assert errors[2] < errors[1] / 3


def test_the_forward_is_right_where_the_call_is_worth_less_than_the_put():
    K = np.array([80.0, 100.0, 120.0])
    call, put = (black(96.0, K, 0.25, 0.6, side) for side in (True, False))
    assert call[1] < put[1]
    assert parity_forward(K, call, put) == pytest.approx(96.0, abs=1e-12)
    assert parity_forward(K, call / 96.0, put / 96.0, coin=True) == pytest.approx(96.0, abs=1e-12)
    assert parity_forward(K, call * 0.98, put * 0.98, expiry=1.0, rate=-np.log(0.98)) == pytest.approx(96.0, abs=1e-12)


def test_coin_premiums_give_the_variance_of_the_same_options_in_quote_currency():
    K, F, T = np.arange(20_000.0, 200_001.0, 1000.0), 61_234.5, 40 / 365
    call, put = (black(F, K, T, 0.8, side) for side in (True, False))
    plain = model_free_variance(K, call, call, put, put, expiry=T)
    coin = model_free_variance(K, call / F, call / F, put / F, put / F, expiry=T, coin=True)
    assert coin.variance == pytest.approx(plain.variance, rel=1e-12)
    assert coin.forward == pytest.approx(F, rel=1e-12)


def test_a_change_of_the_rate_leaves_the_variance():
    K = np.arange(5.0, 600.0, 1.0)
    plain, discounted = variance(100.5, K, 0.25, 0.7), variance(100.5, K, 0.25, 0.7, rate=0.08)
    assert discounted.variance == pytest.approx(plain.variance, rel=1e-10)


def test_two_expiries_meet_at_thirty_days_as_in_the_vix_formula():
    terms = [ModelFree(variance=v, expiry=d / 365) for v, d in ((0.5, 25), (0.4, 32), (0.3, 60))]
    value, reason = thirty_day_variance(terms)
    N1, N2, N = 25 * 1440, 32 * 1440, 30 * 1440
    index = 100 * np.sqrt(
        (25 / 365 * 0.5 * (N2 - N) / (N2 - N1) + 32 / 365 * 0.4 * (N - N1) / (N2 - N1)) * 365 * 1440 / N
    )
    assert 100 * np.sqrt(value) == pytest.approx(index, rel=1e-12)
    assert reason == ""


def test_what_a_flat_smile_loses_outside_the_strip_is_told():
    K = np.exp(np.arange(-6, 6, 0.01)) * 100
    for reach in (1.0, 1.5, 2.0):
        inside = np.abs(np.log(K / 100)) <= reach * 0.05
        out = variance(100.0, K[inside], 0.01, 0.5, forward=100.0)
        assert 1 - out.variance / 0.25 == pytest.approx(out.cut, abs=0.25 * out.cut + 0.01)
