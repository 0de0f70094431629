"""Laws of Heston's and SABR's prices where they are known without either."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.errors import DomainError
from makerscope.pricing.heston import Heston, expected_variance, heston_price
from makerscope.pricing.sabr import sabr_volatility

STRIKES = np.array([60.0, 85.0, 100.0, 115.0, 160.0])
models = st.builds(
    Heston,
    v0=st.floats(0.01, 1.5),
    kappa=st.floats(0.2, 8.0),
    theta=st.floats(0.01, 1.5),
    xi=st.floats(0.05, 3.0),
    rho=st.floats(-0.95, 0.95),
)
times = st.sampled_from([1 / 365, 0.02, 0.1, 0.5, 2.0])


def black(strike, s):
    d = math.log(100.0 / strike) / s + 0.5 * s
    return 100.0 * 0.5 * math.erfc(-d / math.sqrt(2)) - strike * 0.5 * math.erfc((s - d) / math.sqrt(2))


@settings(max_examples=60)
@given(models, times)
def test_heston_calls_fall_and_bend_with_strike_and_keep_parity(model, expiry):
    call = heston_price(100.0, STRIKES, expiry, model)
    put = heston_price(100.0, STRIKES, expiry, model, is_call=False)
    np.testing.assert_allclose(call - put, 100.0 - STRIKES, atol=2e-8)
    slopes = np.diff(call) / np.diff(STRIKES)
    assert np.all(slopes >= -1.0 - 1e-9)
    assert np.all(slopes <= 1e-9)
    assert np.all(np.diff(slopes) >= -1e-9)
    assert np.all(call >= np.maximum(100.0 - STRIKES, 0.0))


@given(models, times)
def test_with_no_volatility_of_variance_heston_is_black_on_the_expected_variance(model, expiry):
    calm = Heston(v0=model.v0, kappa=model.kappa, theta=model.theta, xi=1e-5, rho=0.0)
    s = math.sqrt(expected_variance(calm, expiry))
    got = heston_price(100.0, STRIKES, expiry, calm)
    np.testing.assert_allclose(got, [black(strike, s) for strike in STRIKES], rtol=0, atol=1e-7)


@given(st.floats(0.1, 2.0), st.floats(-0.9, 0.9), times, st.floats(20.0, 500.0))
def test_with_no_volatility_of_volatility_lognormal_sabr_is_flat(alpha, rho, expiry, strike):
    got = sabr_volatility(100.0, strike, expiry, alpha=alpha, beta=1.0, rho=rho, nu=0.0)
    assert got == pytest.approx(alpha, rel=1e-12)


@given(st.floats(0.1, 2.0), st.floats(0.1, 3.0), st.floats(1.01, 3.0))
def test_uncorrelated_lognormal_sabr_is_symmetric(alpha, nu, ratio):
    up, down = sabr_volatility(100.0, [100.0 * ratio, 100.0 / ratio], 0.25, alpha=alpha, beta=1.0, rho=0.0, nu=nu)
    assert up == pytest.approx(down, rel=1e-10)


def test_arguments_outside_the_domain_are_errors():
    model = Heston(v0=0.04, kappa=1.0, theta=0.04, xi=0.5, rho=-0.5)
    with pytest.raises(DomainError):
        heston_price(100.0, -1.0, 1.0, model)
    with pytest.raises(DomainError):
        heston_price(100.0, 100.0, 0.0, model)
    with pytest.raises(DomainError):
        Heston(v0=-0.1, kappa=1.0, theta=0.04, xi=0.5, rho=0.0)
    with pytest.raises(DomainError):
        sabr_volatility(100.0, 100.0, 1.0, alpha=0.0, beta=1.0, rho=0.0, nu=0.0)
