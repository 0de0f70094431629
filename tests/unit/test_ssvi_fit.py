"""SSVI and eSSVI fitted to chains made by hand."""

import numpy as np
import pytest

from makerscope.errors import DomainError
from makerscope.pricing.arbitrage import certify
from makerscope.pricing.ssvi import power_law, ssvi_variance
from makerscope.pricing.ssvi_fit import fit_ssvi

EXPIRIES = np.array([0.05, 0.2, 0.6])
WHEN = np.repeat(EXPIRIES, 11)
K = np.concatenate([np.linspace(-1.8, 1.8, 11) * 0.7 * np.sqrt(one) for one in EXPIRIES])
THETA = 0.5 * EXPIRIES + 0.02


def mids(rho, phi):
    which = np.repeat(np.arange(3), 11)
    return np.sqrt(ssvi_variance(K, THETA[which], np.asarray(rho)[which], np.asarray(phi)[which]) / WHEN)


def test_ssvi_finds_its_own_numbers_and_has_no_arbitrage():
    mid = mids([-0.4] * 3, power_law(THETA, 1.1, 0.35))
    fit = fit_ssvi(WHEN, K, mid - 0.005, mid + 0.005)
    assert fit.rmse < 1e-5
    np.testing.assert_allclose(fit.theta, THETA, rtol=1e-3)
    assert fit.power == pytest.approx((1.1, 0.35), rel=1e-2)
    assert certify(fit.surface).free
    again = fit_ssvi(WHEN, K, 1.01 * mid - 0.005, 1.01 * mid + 0.005, start=fit)
    np.testing.assert_allclose(again.theta, 1.01**2 * THETA, rtol=2e-3)


def test_essvi_follows_tilts_that_ssvi_cannot():
    mid = mids([-0.6, -0.3, -0.1], power_law(THETA, 0.9, 0.4))
    one = fit_ssvi(WHEN, K, mid - 0.005, mid + 0.005)
    each = fit_ssvi(WHEN, K, mid - 0.005, mid + 0.005, extended=True)
    assert each.rmse < 0.3 * one.rmse
    assert each.rho[0] < each.rho[1] < each.rho[2]
    assert certify(one.surface).free
    assert certify(each.surface).free


def test_a_chain_with_arbitrage_is_fitted_without():
    mid = mids([-0.4, -0.4, -0.4], power_law(THETA, 1.1, 0.35))
    mid[11:22] *= 0.5  # the second expiry costs less than the first
    for extended in (False, True):
        fit = fit_ssvi(WHEN, K, mid - 0.005, mid + 0.005, extended=extended)
        assert certify(fit.surface).free
        assert np.all(np.diff(fit.theta) > 0.0)


def test_three_quotes_an_expiry_are_enough_and_bad_ones_are_counted():
    mid = mids([-0.4] * 3, power_law(THETA, 1.1, 0.35))
    few = np.isin(np.arange(33) % 11, (2, 5, 8))
    bid, ask = np.where(few, mid - 0.005, np.nan), mid + 0.005
    bid[5] = ask[5] + 0.1
    fit = fit_ssvi(WHEN, K, bid, ask)
    assert fit.used == 8
    assert fit.refused == {"crossed": 1, "no bid": 24}
    assert np.abs(np.sqrt(ssvi_variance(0.0, fit.theta, -0.4, 1.0)) - np.sqrt(THETA)).max() < 0.02
    with pytest.raises(DomainError, match="no quote can be used"):
        fit_ssvi(WHEN, K, np.full(33, np.nan), ask)
    with pytest.raises(DomainError, match="length"):
        fit_ssvi(WHEN, K, bid, ask[:-1])
