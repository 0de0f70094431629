"""Bands and errors of hedging against the shared vectors."""

from math import exp, pi, sqrt

import pytest

from makerscope.models.hedge_error import discrete_hedge_error
from makerscope.models.hedging_band import whalley_wilmott_half_band
from tests.reference.hedge_error import hedged_pnl


def test_the_half_band_is_that_of_whalley_and_wilmott(vectors):
    cases = [case for case in vectors("models/hedging.json") if case["case"].startswith("whalley-wilmott")]
    assert cases
    for case in cases:
        x = case["inputs"]
        band = float(whalley_wilmott_half_band(x["k"], x["S"], x["Gamma"], x["gamma"]))
        assert band == pytest.approx(case["expected"]["half_band"], rel=case["tolerance"]["default"]["rel"])


def test_the_law_of_discrete_hedging_and_a_simulation_meet_the_published_errors(vectors):
    cases = [case for case in vectors("models/hedging.json") if case["case"].startswith("discrete-hedge")]
    assert len(cases) == 2
    for case in cases:
        x, N = case["inputs"], case["inputs"]["N"]
        vega = x["S0"] * exp(-((x["sigma"] * sqrt(x["T"]) / 2) ** 2) / 2) / sqrt(2 * pi) * sqrt(x["T"])
        assert discrete_hedge_error(vega, x["sigma"], N) == pytest.approx(case["expected"]["std_formula"], rel=1e-9)
        paths = 4000 if N < 100 else 1500
        error = hedged_pnl(S0=x["S0"], K=x["K"], volatility=x["sigma"], T=x["T"], hedges=N, paths=paths, seed=5)
        assert error.std(ddof=1) == pytest.approx(case["expected"]["std_mc"], rel=case["tolerance"]["std_mc"]["rel"])
        assert abs(error.mean()) < 4 * error.std(ddof=1) / sqrt(paths)
