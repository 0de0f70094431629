"""The shipped ``busy-market`` against recordings: the same facts in sign and order; a fitted crowd plays."""

import pytest

from makerscope.lab.calibrate import agent_table, calibrate
from makerscope.metrics.facts import facts_of
from makerscope.metrics.view import load
from makerscope.sim.run import simulate
from makerscope.sim.scenario import scenario_of
from makerscope.sim.shipped import find_scenario
from makerscope.tape.read import Tape
from makerscope.venues import binance, hyperliquid
from tests.agent_files import MARKET, agent
from tests.recordings import tape_from

WEEK = [f"data/hyperliquid/btc_20250901-0907_{what}.csv.gz" for what in ("prices", "trades")]
PERP = "data/binance/usdm/btcusdt_20240808.gz"


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    out = tmp_path_factory.mktemp("busy") / "tape"
    simulate(find_scenario("busy-market"), out, seed=7)
    return values(Tape.open(out), "hyperliquid:BTC")


def values(tape, instrument):
    found = facts_of(load(tape, instruments=[instrument]), instrument).measures
    return {name: item.value for name, item in found.items()}


@pytest.fixture
def week(shared_file, tmp_path):
    return tape_from(hyperliquid, [shared_file(name) for name in WEEK], tmp_path / "week")


def agree_on_what_all_markets_share(facts):
    """Facts that both a recording and the simulation must show, each by its sign or order."""
    assert facts["kurtosis_1s"] > 5 > facts["kurtosis_10s"] > 1  # fat tails, thinner over longer times
    assert 1.5 < facts["tail_index_1s"] < 4
    assert facts["abs_return_acf_1s"] > 0.03
    assert facts["abs_return_acf_30s"] > 0.03
    assert facts["size_tail_index"] < 1.5
    assert 1 < facts["fano_1s"] < facts["fano_10s"]
    assert facts["sign_acf_1"] > facts["sign_acf_10"] > 0.05
    assert 0 < facts["sign_memory_exponent"] < 1
    assert 0 < facts["response_100ms"] < facts["response_1s"] < facts["response_10s"]
    assert facts["impact_exponent_1s"] < 0.5
    assert facts["spread_after_100ms"] > 1.5
    assert facts["spread_after_1s"] < 1.3
    assert facts["depth_after_1s"] < 1
    assert facts["depth_p10"] < facts["depth_p50"] / 2 < facts["depth_p90"] / 4


def test_the_busy_market_has_the_facts_of_all_markets(simulated):
    agree_on_what_all_markets_share(simulated)


def test_hyperliquid_has_the_same_facts_of_nearly_the_same_size(week, simulated):
    recorded = values(week, "hyperliquid:BTC")
    agree_on_what_all_markets_share(recorded)
    for name in ("kurtosis_1s", "tail_index_1s", "volatility", "trades_per_s", "fano_1s", "fano_10s", "fano_1m"):
        assert 0.5 < simulated[name] / recorded[name] < 2, name
    for name in ("size_tail_index", "abs_return_acf_1s", "sign_acf_1", "sign_acf_10", "response_1s", "depth_half_life"):
        assert 0.3 < simulated[name] / recorded[name] < 3, name


def test_binance_has_the_same_facts(shared_file, tmp_path):
    tape = tape_from(binance, [shared_file(PERP)], tmp_path / "perp")
    agree_on_what_all_markets_share(values(tape, "binance.usdm:BTCUSDT"))


def test_a_crowd_fitted_to_a_recording_plays_with_its_rate_and_its_signs(week, tmp_path):
    found = calibrate(load(week, instruments=["hyperliquid:BTC"]), "hyperliquid:BTC")
    assert 0.5 < found.numbers["branching"] < 0.85
    assert found.numbers["same_side"] > 0.8
    assert 3 < found.numbers["half_life_s"] < 30
    assert found.fit.distance < 0.05
    maker = agent("symmetric", "maker", capital_usd=1e9, numbers="{half_bps = 1, size = 1000000}")
    text = MARKET.replace("hours = 0.01", "hours = 1.5") + maker + agent_table(found, source="week", lot="0.00001 BTC")
    simulate(scenario_of(text.encode(), "again"), tmp_path / "again", seed=2)
    again = values(Tape.open(tmp_path / "again"), "hyperliquid:BTC")
    assert again["trades_per_s"] == pytest.approx(found.orders / found.seconds, rel=0.25)
    assert again["sign_acf_1"] == pytest.approx(found.signs[1].value, abs=0.06)
