"""Information shares against the exact two-venue Roll model, statsmodels, and outputs published elsewhere."""

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from statsmodels.tsa.vector_ar.vecm import VECM

from makerscope.metrics.discovery import information_shares, leadership
from makerscope.metrics.vecm import add_moments, fit_vecm, moments_of


def grid_of(prices):
    columns = {f"p{i}": prices[:, i] for i in range(prices.shape[1])}
    return pl.DataFrame({"time": np.arange(prices.shape[0])} | columns)


def roll(steps, variance, noise, seed):
    draw = np.random.default_rng(seed)
    value = np.cumsum(draw.normal(0, variance**0.5, steps))
    return np.column_stack([value + draw.normal(0, r**0.5, steps) for r in noise])


@pytest.fixture(params=[0, 1])
def case(vectors, request):
    return vectors("models/price_discovery.json")[request.param]


def test_shares_of_the_roll_model_are_exact(case):
    want = case["expected"]
    shares = information_shares(want["psi"], want["Omega"])
    assert shares.low == pytest.approx(want["IS_lower"], abs=1e-10)
    assert shares.high == pytest.approx(want["IS_upper"], abs=1e-10)
    assert shares.middle == pytest.approx(want["IS_mid"], abs=1e-10)
    assert shares.component == pytest.approx(want["CS"], abs=1e-10)
    assert leadership(shares.middle, shares.component)[0] == pytest.approx(want["ILS_market1"], abs=1e-10)


def test_vector_agrees_with_the_closed_form_of_its_model(case):
    su2, r = case["inputs"]["sigma_u2"], np.array(case["inputs"]["noise_var"])
    rb = 1 / np.sum(1 / r)
    P = (su2 + np.sqrt(su2**2 + 4 * su2 * rb)) / 2
    omega = P + np.diag(r)
    psi = P * np.linalg.solve(omega, np.ones(2))
    assert omega == pytest.approx(np.array(case["expected"]["Omega"]), abs=1e-10)
    assert psi == pytest.approx(case["expected"]["psi"], abs=1e-10)
    assert psi @ omega @ psi == pytest.approx(su2, abs=1e-10)


def test_shares_are_recovered_from_simulated_prices(case):
    inputs, want = case["inputs"], case["expected"]
    parts = [roll(100_000, inputs["sigma_u2"], inputs["noise_var"], seed) for seed in range(4)]
    moments = add_moments(moments_of(grid_of(part), step=1, lags=15) for part in parts)
    fit = fit_vecm(moments, lags=15)
    shares = information_shares(fit.psi, fit.omega)
    assert shares.component == pytest.approx(want["CS"], abs=0.01)
    assert [shares.low[0], shares.high[0]] == pytest.approx([want["IS_lower"][0], want["IS_upper"][0]], abs=0.01)
    assert fit.psi @ fit.omega @ fit.psi == pytest.approx(want["long_run_var"], abs=0.02)


@pytest.mark.parametrize("lags", [0, 1, 4])
def test_model_equals_least_squares_of_statsmodels(lags):
    prices = roll(600, 1.0, (0.5, 2.0), seed=9)
    fit = fit_vecm(moments_of(grid_of(prices), step=1, lags=lags), lags=lags)
    dp = np.diff(prices, axis=0)
    target = dp[lags:]
    past = [dp[lags - i : dp.shape[0] - i] for i in range(1, lags + 1)]
    regressors = np.column_stack([prices[lags:-1, 0] - prices[lags:-1, 1], np.ones(target.shape[0]), *past])
    ols = [sm.OLS(target[:, j], regressors).fit() for j in range(2)]
    assert fit.alpha[:, 0] == pytest.approx([part.params[0] for part in ols], rel=1e-8)
    residuals = np.column_stack([part.resid for part in ols])
    assert fit.omega == pytest.approx(residuals.T @ residuals / target.shape[0], rel=1e-8)


def test_model_agrees_with_vecm_of_statsmodels():
    prices = roll(20_000, 1.0, (0.5, 2.0), seed=2)
    want = VECM(prices, k_ar_diff=3, coint_rank=1, deterministic="co").fit()
    fit = fit_vecm(moments_of(grid_of(prices), step=1, lags=3), lags=3)
    assert want.beta[1, 0] / want.beta[0, 0] == pytest.approx(-1, abs=1e-3)  # it estimates what we know
    assert fit.alpha[:, 0] == pytest.approx(want.alpha[:, 0] * want.beta[0, 0], abs=5e-3)
    assert fit.omega == pytest.approx(want.sigma_u, rel=5e-3)


def test_published_bounds_follow_from_one_covariance(vectors):
    """The input is lost; but two orderings and the component shares fix omega, which must give both orderings back."""
    cases = {c["case"]: c["expected"] for c in vectors("measures/information_share_published_outputs.json")}
    component = np.array(cases["gonzalo_granger"]["component_share"])
    first = np.array(cases["cholesky_order_original"]["hasbrouck_is"])
    second = np.array(cases["cholesky_order_reversed"]["hasbrouck_is_as_printed_in_reversed_order"])[::-1]
    assert first.sum() == pytest.approx(1, abs=1e-6)
    assert second.sum() == pytest.approx(1, abs=1e-6)
    ratio = second[0] * first[1]  # (psi1 s1 psi2 s2 (1 - rho^2))^2 of a unit total
    rho = -np.sqrt(ratio) + np.sqrt(ratio + 1 - second[0] - first[1])
    shocks = np.sqrt(np.array([second[0], first[1]]) / (1 - rho**2)) / component
    omega = np.array([[1, rho], [rho, 1]]) * np.outer(shocks, shocks)
    shares = information_shares(component, omega)
    assert shares.low == pytest.approx([second[0], first[1]], abs=1e-6)
    assert shares.high == pytest.approx([first[0], second[1]], abs=1e-6)
    assert shares.component == pytest.approx(component, abs=1e-6)
