"""Option dealers against published and independently recomputed numbers."""

import numpy as np
import pytest

from makerscope.models.bbg import Chain, Variance, heston_vega, quotes, solve
from makerscope.models.logistic import fill_share, hamiltonian
from makerscope.models.option_dealer import dealer_quotes
from makerscope.pricing.heston import Heston, heston_price
from makerscope.pricing.implied import implied_volatility

SETTING = "bbg-value-convergence"


def cases_of(vectors, name, prefix):
    return [case for case in vectors(f"models/{name}.json") if case["case"].startswith(prefix)]


def near(got, want, allowed):
    return got == pytest.approx(want, rel=allowed.get("rel", 0.0), abs=allowed.get("abs", 0.0))


def option(at, *, strike, expiry):
    model = Heston(v0=at["nu0"], kappa=at["kappaQ"], theta=at["thetaQ"], xi=at["xi"], rho=at["rho"])
    return float(heston_price(at["S0"], strike, expiry, model)), float(heston_vega(at["S0"], strike, expiry, model))


def published_chain(at):
    series = [(K, T) for T in (1, 1.5, 2, 3) for K in (8, 9, 10, 11, 12)]
    price, vega = np.array([option(at, strike=K, expiry=T) for K, T in series]).T
    intensity = np.array([252 * 30 / (1 + 0.7 * abs(at["S0"] - K)) for K, _ in series])
    return Chain(vega=vega, size=at["notional"] / price, intensity=intensity, alpha=at["alpha"], beta=at["beta"])


def solved(at, nodes, **changed):
    terms = {"gamma": at["gamma"], "limit": at["Vbar"], "horizon": at["T"]} | changed
    process = Variance(
        kappa_p=at["kappaP"], theta_p=at["thetaP"], kappa_q=at["kappaQ"], theta_q=at["thetaQ"], xi=at["xi"]
    )
    return solve(published_chain(at), process, now=at["nu0"], vegas=nodes, variances=3, **terms)


def test_heston_prices_vegas_and_volatilities_of_the_published_chain(vectors):
    found = cases_of(vectors, "bbg_options", "bbg-heston")
    assert len(found) == 13
    for case in found:
        at, want, allowed = case["inputs"], case["expected"], case["tolerance"]
        price, vega = option(at, strike=at["K"], expiry=at["T"])
        got = {
            "price": price, "vega_sqrt_nu": vega, "base_intensity": 252 * 30 / (1 + 0.7 * abs(at["S0"] - at["K"])),
            "iv": float(implied_volatility(price, at["S0"], at["K"], at["T"], is_call=True)[0]),
            "trade_size": 5e5 / price,
        }  # fmt: skip
        assert got.keys() == want.keys()
        for name, value in got.items():
            assert near(value, want[name], allowed.get(name, allowed["default"])), (case["case"], name)


def test_the_value_converges_as_published_and_is_greatest_without_vega(vectors):
    [case] = cases_of(vectors, "bbg_options", SETTING)
    at, want, allowed = case["inputs"], case["expected"], case["tolerance"]
    for nodes in (41, 81, 161):
        value = solved(at, nodes)
        assert near(float(value.at(0.0, at["nu0"], 0.0)), want[f"v00_{nodes}"], allowed["default"])
        assert float(value.at(0.0, at["nu0"], 0.0)) == pytest.approx(want[f"v00_{nodes}"], rel=5e-4), "and nearer"
        row = value.value[0, len(value.variances) // 2]
        assert near(value.vegas[np.argmax(row)], want["argmax_vega"], allowed["argmax_vega"])
    chain = published_chain(at)
    most, _ = hamiltonian(0.0, alpha=at["alpha"], beta=at["beta"], vega=chain.vega, intensity=chain.intensity)
    bound = 2.0 * float(np.sum(chain.size * most)) * at["T"]
    assert near(bound, want["upper_bound_no_risk_no_limit"], allowed["upper_bound_no_risk_no_limit"])


def test_quotes_of_the_published_chain_at_three_portfolio_vegas(vectors):
    at = cases_of(vectors, "bbg_options", SETTING)[0]["inputs"]
    chain, value = published_chain(at), solved(at, 161)
    found = cases_of(vectors, "bbg_options", "bbg-quotes")
    assert len(found) == 3
    for case in found:
        place = {"K8_T1": 0, "K10_T1": 2, "K12_T1": 4}[case["inputs"]["option"]]
        for vega in case["inputs"]["portfolio_vega"]:
            ask, bid = quotes(chain, value, time=0.0, variance=at["nu0"], vega=vega)
            want = case["expected"][str(float(vega))]
            for got, side in ((ask[place], "ask"), (bid[place], "bid")):
                assert near(got, want[side], case["tolerance"]["default"]), (case["case"], vega, side)


def test_the_closed_form_of_the_logistic_hamiltonian(vectors):
    found = cases_of(vectors, "bbg_options", "logistic-hamiltonian")
    assert len(found) == 3
    for case in found:
        at, want = case["inputs"], case["expected"]
        got = hamiltonian(at["p"], alpha=at["alpha"], beta=at["beta"], vega=at["vega"], intensity=at["lam"])
        for value, name in zip(got, ("H", "delta_star"), strict=True):
            assert near(float(value), want[name], case["tolerance"]["default"]), (case["case"], name)


def test_the_share_of_clients_that_trade(vectors):
    [case] = cases_of(vectors, "bbg_options", "logistic-fill")
    at = case["inputs"]
    shares = fill_share([0.0, -0.01], alpha=at["alpha"], beta=at["beta"], vega=1.0)
    for got, name in zip(shares, ("at_mid", "one_vol_point_better_for_client"), strict=True):
        assert near(float(got), case["expected"][name], case["tolerance"]["default"])


def test_stoikov_and_saglams_quotes(vectors):
    found = cases_of(vectors, "hedging", "stoikov-saglam")
    assert len(found) == 2
    for case in found:
        at = case["inputs"]
        ask, bid = dealer_quotes(at["q"], gamma=at["gamma"], kappa=at["k"], most=at["C"], slope=at["D"])
        assert near(float(ask), case["expected"]["ask"], case["tolerance"]["default"])
        assert near(float(bid), case["expected"]["bid"], case["tolerance"]["default"])
