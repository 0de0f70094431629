"""Laws of the option dealers' models: brute force, limits, and simulation as oracles."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import lambertw, wrightomega

from makerscope.errors import DomainError
from makerscope.kernels import lambert as kernels
from makerscope.models.bbg import Chain, Variance, quotes, solve, vega_penalty
from makerscope.models.lambert import lambert_w, lambert_w_of_exp
from makerscope.models.logistic import fill_share, hamiltonian
from makerscope.models.option_dealer import dealer_quotes, hedged_variance, volatility_arbitrage
from makerscope.pricing.black import black76_greeks

HESTON = Variance(kappa_p=2.0, theta_p=0.04, kappa_q=3.0, theta_q=0.0225, xi=0.2)
unit = st.floats(0.0, 1.0)


def test_lambert_w_agrees_with_scipy_on_both_sides_of_every_seam():
    y = np.concatenate([np.linspace(-np.exp(-1.0), 3.0, 40_001)[1:], np.geomspace(3.0, 1e300, 999), [0.0, 1e-300]])
    want = lambertw(y).real
    np.testing.assert_allclose(lambert_w(y), want, rtol=3e-13, atol=0)
    x = np.concatenate(
        [np.linspace(-60.0, 60.0, 40_001), np.geomspace(60.0, 1e8, 999), -np.geomspace(60.0, 700.0, 999)]
    )
    np.testing.assert_allclose(lambert_w_of_exp(x), wrightomega(x), rtol=1e-14, atol=0)
    quick = np.empty_like(x)
    kernels.near_omegas(x, quick)
    np.testing.assert_allclose(quick, wrightomega(x), rtol=3e-9, atol=0)


def test_lambert_w_inverts_at_the_branch_point_and_refuses_below_it():
    assert lambert_w(-np.exp(-1.0)) == pytest.approx(-1.0, abs=1e-7)
    for bad in (-0.4, np.nan):
        with pytest.raises(DomainError):
            lambert_w(bad)
    with pytest.raises(DomainError):
        lambert_w_of_exp(np.inf)


@given(p=st.floats(-3.0, 3.0), alpha=st.floats(-3.0, 3.0), beta=st.floats(1.0, 300.0), vega=st.floats(0.01, 50.0))
def test_no_distance_earns_more_than_the_closed_form(p, alpha, beta, vega):
    cost = p * vega / beta * 10.0  # in widths of the demand curve, so that every case bends somewhere
    best, delta = (float(x) for x in hamiltonian(cost, alpha=alpha, beta=beta, vega=vega, intensity=7.0))

    def loss(d):
        return -7.0 * float(fill_share(d, alpha=alpha, beta=beta, vega=vega)) * (d - cost)

    wide = vega / beta
    found: Any = minimize_scalar(
        loss, bounds=(cost, cost + 80.0 * wide), method="bounded", options={"xatol": 1e-9 * wide}
    )
    assert best == pytest.approx(-found.fun, rel=1e-7)
    assert best >= -found.fun * (1.0 - 1e-12)
    assert -loss(delta) == pytest.approx(best, rel=1e-9)


@settings(max_examples=20)
@given(st.lists(st.tuples(unit, unit), min_size=1, max_size=4), st.floats(-0.9, 0.9))
def test_without_risk_or_limit_nothing_leans_and_the_value_is_the_sum_of_what_quotes_earn(series, share):
    vega, size = np.array([(0.2 + v, 1.0 + z) for v, z in series]).T
    chain = Chain(vega=vega, size=size, intensity=np.full(len(series), 500.0), alpha=0.5, beta=100.0)
    flat = Variance(kappa_p=3.0, theta_p=0.03, kappa_q=3.0, theta_q=0.03, xi=0.2)
    value = solve(chain, flat, now=0.03, horizon=0.002, gamma=0.0, limit=1e6, vegas=21)
    most, best = hamiltonian(0.0, alpha=0.5, beta=100.0, vega=vega, intensity=chain.intensity)
    assert float(value.at(0.0, 0.03, share * 5e5)) == pytest.approx(2.0 * np.sum(size * most) * 0.002, rel=2e-3)
    ask, bid = quotes(chain, value, time=0.0, variance=0.03, vega=share * 5e5)
    np.testing.assert_allclose([ask, bid], [best, best], rtol=2e-3)


def test_a_longer_book_of_vega_is_offered_lower_and_bid_lower():
    chain = Chain(vega=np.array([1.0]), size=np.ones(1), intensity=np.full(1, 2000.0), alpha=0.7, beta=150.0)
    value = solve(chain, HESTON, now=0.0225, horizon=0.01, gamma=0.05, limit=40.0, vegas=41)
    asks, bids = zip(
        *(quotes(chain, value, time=0.0, variance=0.0225, vega=v) for v in (-30.0, 0.0, 30.0)), strict=True
    )
    assert asks[0] > asks[1] > asks[2]
    assert bids[0] < bids[1] < bids[2]


def test_at_the_limit_only_the_side_that_comes_back_is_quoted():
    chain = Chain(vega=np.array([1.0]), size=np.ones(1), intensity=np.full(1, 100.0), alpha=0.7, beta=150.0)
    value = solve(chain, HESTON, now=0.0225, horizon=0.01, gamma=0.1, limit=10.0, vegas=21)
    ask, bid = quotes(chain, value, time=0.0, variance=0.0225, vega=10.0)
    assert np.isfinite(ask[0])
    assert np.isnan(bid[0])


def test_the_quadratic_approximation_is_near_the_grid_where_trades_are_small():
    chain = Chain(vega=np.array([1.0, 0.6]), size=np.ones(2), intensity=np.full(2, 4000.0), alpha=0.7, beta=150.0)
    flat = Variance(kappa_p=3.0, theta_p=0.0225, kappa_q=3.0, theta_q=0.0225, xi=0.2)
    gamma, horizon = 1.0, 0.02
    value = solve(chain, flat, now=0.0225, horizon=horizon, gamma=gamma, limit=100.0, vegas=201, variances=3)
    weight = vega_penalty(chain, xi=0.2, gamma=gamma, horizon=horizon)
    for vega in (0.0, 5.0, 10.0):
        exact = np.array(quotes(chain, value, time=0.0, variance=0.0225, vega=vega))
        own = 0.5 * chain.size * chain.vega**2
        cost = weight * np.array([-vega * chain.vega + own, vega * chain.vega + own])
        _, quick = hamiltonian(cost, alpha=0.7, beta=150.0, vega=chain.vega, intensity=chain.intensity)
        np.testing.assert_allclose(quick, exact, rtol=0.02, atol=0)


@given(q=st.integers(-20, 20), gamma=st.floats(0.0, 0.1), kappa=st.floats(0.0, 10.0))
def test_no_pair_of_quotes_is_better_for_a_mean_variance_dealer(q, gamma, kappa):
    most, slope = 200.0, 1000.0
    ask, bid = (float(x) for x in dealer_quotes(q, gamma=gamma, kappa=kappa, most=most, slope=slope))
    grid = np.linspace(0.0, most / slope, 2001)
    for best, after in ((ask, q - 1), (bid, q + 1)):
        cost = gamma * kappa * (after**2 - q**2)  # of the mean less gamma times the variance
        worth = (most - slope * grid) * (grid - cost)
        mine = (most - slope * best) * (best - cost)
        assert mine >= worth.max() - 1e-9 * abs(worth).max()


def test_kappa_and_the_drift_are_what_a_hedge_between_two_moments_leaves():
    rng = np.random.default_rng(20260105)
    S, K, left, tau, implied, realised = 100.0, 101.0, 5 / 365, 1 / (24 * 365), 0.5, 0.8
    one = black76_greeks(S, K, implied, left, is_call=True)
    for sigma in (implied, realised):
        moves = sigma * np.sqrt(tau) * rng.standard_normal(400_000)
        later = S * np.exp(moves - 0.5 * sigma**2 * tau)
        then = black76_greeks(later, K, implied, left - tau, is_call=True).price
        gain = then - one.price - one.delta * (later - S)
        kappa = float(hedged_variance(S, one.gamma, volatility=sigma, tau=tau, left=left))
        drift = float(volatility_arbitrage(S, one.gamma, realised=sigma, implied=implied, hold=tau))
        assert gain.var() == pytest.approx(kappa, rel=0.03)
        assert gain.mean() == pytest.approx(drift, abs=4.0 * gain.std() / 400_000**0.5 + 0.02 * abs(drift) + 2e-5)


@pytest.mark.parametrize("wrong", [{"gamma": -1.0}, {"limit": 0.0}, {"now": 0.0}, {"vegas": 40}, {"horizon": 0.0}])
def test_a_grid_outside_its_domain_is_refused(wrong):
    chain = Chain(vega=np.ones(1), size=np.ones(1), intensity=np.ones(1), alpha=0.7, beta=150.0)
    terms = {"now": 0.02, "horizon": 0.01, "gamma": 0.1, "limit": 10.0} | wrong
    with pytest.raises(DomainError):
        solve(chain, HESTON, **terms)
