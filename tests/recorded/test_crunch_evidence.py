"""The numbers of docs/crunch.md come out of the recordings again."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def evidence():
    return SimpleNamespace(**runpy.run_path(str(ROOT / "examples" / "crunch_evidence.py")))


def check(found, wanted):
    for what, (value, tolerance) in wanted.items():
        assert found[what] == pytest.approx(value, abs=tolerance), what


def test_deleveraging_came_in_steps_that_hit_many_coins_at_once(evidence, shared_file):
    shared_file("data/hyperliquid_oct10/adlpaper_per_shock_metrics_queue.csv")
    found = evidence.deleveraging(shared_file("data"))
    check(found, {
        "minutes from the first to the last": (10.88, 0.01),
        "coins": (162, 0),
        "coins in the largest instant": (110, 0),
        "instants that hit 20 coins or more": (14, 0),
        "share of shocks that hit 20 coins or more in one instant": (0.80, 0.005),
        "median seconds between those instants": (12.4, 0.05),
        "budget of the first five minutes, share": (0.9996, 5e-5),
        "winners deleveraged": (19351, 0),
        "deleveraging events": (35022, 0),
    })  # fmt: skip
    assert found["Fano factor of shocks in 5 s"] > 50


def test_liquidity_left_both_underlyings_and_correlation_did_not_rise_beyond_selection(evidence, shared_file):
    for name in evidence.CHAINS:
        shared_file(f"data/deribit/{name}.parquet")
    found = evidence.chains(shared_file("data"))
    check(found, {
        "looks": (246, 0),
        "correlation of BTC and ETH": (0.914, 0.001),
        "correlation in the largest tenth of moves": (0.967, 0.001),
        "beta of ETH on BTC in the largest tenth": (1.349, 0.001),
        "lowest liquidity of a look, share of the usual, BTC": (0.682, 0.001),
        "hours that liquidity stayed below 0.9 after those, median": (18.8, 0.1),
        "looks named by the alarm at one in a hundred": (0, 0),
    })  # fmt: skip
    assert found["correlation in the largest tenth of moves"] < found["what a constant correlation shows there"]


def test_depth_is_thinner_and_the_spread_wider_in_the_wildest_seconds(evidence, shared_file):
    shared_file("data/binance/usdm/btcusdt_20240808.gz")
    found = evidence.book(shared_file("data"))
    check(found, {
        "depth within 1 bp in the wildest tenth of seconds, of that in the calmer half": (0.694, 0.001),
        "full spread in the wildest tenth, of that in the calmer half": (1.230, 0.001),
        "half-life of a dent at the touch, s": (0.532, 0.001),
    })  # fmt: skip


def test_half_of_a_calm_market_is_made_by_ten(evidence, shared_file):
    shared_file("data/hyperliquid/node_fills_777010829-777011328.jsonl.gz")
    found = evidence.makers(shared_file("data"))
    check(found, {"makers": (277, 0), "share of the ten largest": (0.475, 0.001), "effective makers": (32.7, 0.05)})
