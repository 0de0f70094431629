"""Heston prices against 25-digit ones of Fang and Oosterlee's and Lewis's cases."""

import math

import pytest

from makerscope.pricing.heston import Heston, heston_price


def test_european_calls(vectors):
    cases = vectors("models/heston.json")
    assert len(cases) >= 4
    for case in cases:
        at, expected, allowed = case["inputs"], case["expected"], case["tolerance"]
        model = Heston(**{name: at[name] for name in ("v0", "kappa", "theta", "xi", "rho")})
        forward = at["S"] * math.exp((at["r"] - at["q"]) * at["T"])
        call = math.exp(-at["r"] * at["T"]) * float(heston_price(forward, at["K"], at["T"], model))
        assert call == pytest.approx(float(expected["call"]), **allowed["default"], rel=0), case["case"]
        assert call == pytest.approx(float(expected["call"]), abs=1e-10, rel=0), "the integral is exact, not just close"
        assert call == pytest.approx(float(expected["published"]), **allowed["published"], rel=0), case["case"]
