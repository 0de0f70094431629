"""Prices and Greeks against 30 digits by mpmath, and against published numbers."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from makerscope.pricing.black import Greeks, black76_greeks, black76_price
from makerscope.pricing.power import power_perpetual
from makerscope.pricing.settlement import settlement_mark
from tests.golden.make_black import cases

ROWS = list(csv.DictReader(Path(__file__).with_name("black.csv").read_text().splitlines()))
MINUTE = 1 / (365 * 24 * 60)


def column(name):
    return np.array([float(row[name]) for row in ROWS])


def test_the_table_holds_the_cases_of_its_script():
    here = [(*(float(row[k]) for k in ("forward", "strike", "volatility", "expiry")), row["is_call"]) for row in ROWS]
    assert here == [(F, K, sigma, T, str(int(is_call))) for F, K, sigma, T, is_call in cases()]


@pytest.mark.parametrize("name", Greeks._fields)
def test_every_greek_keeps_fourteen_digits_of_the_table(name):
    F, K, sigma, T = (column(key) for key in ("forward", "strike", "volatility", "expiry"))
    got = getattr(black76_greeks(F, K, sigma, T, is_call=column("is_call") == 1), name)
    want = column(name)
    seen = np.abs(want) > 1e-300
    assert seen.sum() > 100
    np.testing.assert_allclose(got[seen], want[seen], rtol=4e-15, atol=0)
    np.testing.assert_allclose(got[~seen], 0, atol=1e-300)


def test_an_option_on_a_spot_with_a_dividend_is_one_on_its_forward(vectors):
    for case in vectors("measures/black_scholes.json"):
        S, K, r, T, sigma, q = (case["inputs"][key] for key in ("S", "K", "r", "T", "sigma", "q"))
        for kind in ("call", "put"):
            price = black76_price(S * math.exp((r - q) * T), K, sigma, T, is_call=kind == "call")
            assert math.exp(-r * T) * price == pytest.approx(case["expected"][kind], **case["tolerance"])


def test_the_mark_in_the_settlement_window_is_the_published_one(vectors):
    case = next(case for case in vectors("models/margin.json") if case["case"] == "expiry-twap-mark")
    at = case["inputs"]
    left, window = (at["window_min"] - at["elapsed_min"]) * MINUTE, at["window_min"] * MINUTE
    mark = settlement_mark(at["forward"], left, at["twap_so_far"], window=window)
    assert float(mark) == pytest.approx(case["expected"]["mark"], **case["tolerance"]["default"])


def test_power_perpetuals_cost_what_the_vectors_say(vectors):
    seen = [case for case in vectors("models/amm.json") if case["case"].startswith("power-perp")]
    assert len(seen) == 2
    for case in seen:
        at = case["inputs"]
        mark = power_perpetual(at["S"], at["p"], at["sigma"], at["f_years"], rate=at["r"])
        assert float(mark) == pytest.approx(case["expected"]["mark"], **case["tolerance"]["default"])
        assert float(mark) / at["S"] ** at["p"] - 1 == pytest.approx(case["expected"]["premium"], rel=1e-10)
