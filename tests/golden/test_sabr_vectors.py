"""Hagan's expansion against high-precision arithmetic."""

import pytest

from makerscope.pricing.sabr import sabr_volatility


def test_lognormal_volatility(vectors):
    cases = vectors("models/sabr.json")
    assert len(cases) >= 3
    for case in cases:
        at = {name: float(value) for name, value in case["inputs"].items()}
        shape = {name: at[name] for name in ("alpha", "beta", "rho", "nu")}
        got = float(sabr_volatility(at["F"], at["K"], at["T"], **shape))
        want = float(case["expected"]["lognormal_vol"])
        assert got == pytest.approx(want, **case["tolerance"]["default"], abs=0), case["case"]


def test_the_series_near_the_money_joins_the_formula():
    shape = {"alpha": 0.6, "beta": 1.0, "rho": -0.3, "nu": 1.2}
    edge = [100.0 * 2.718281828459045 ** (x * 0.6 / 1.2) for x in (0.99999e-4, 1.00001e-4)]
    inside, outside = (float(sabr_volatility(100.0, strike, 0.5, **shape)) for strike in edge)
    assert inside == pytest.approx(outside, rel=1e-9)
    slope = (outside - 0.61494) / 1e-4
    assert slope == pytest.approx((inside - 0.61494) / 1e-4, rel=1e-4)
