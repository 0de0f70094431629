"""A crowd fitted to a tape: what made a simulated flow is found again; bad input is one line."""

import tomllib

import numpy as np
import pytest

from makerscope.cli import main
from makerscope.lab.calibrate import joined
from makerscope.metrics.response import Aggressions
from makerscope.sim.run import simulate
from makerscope.sim.scenario import scenario_of
from tests.agent_files import MARKET, agent, market

SECOND = 10**9
STILL = MARKET.replace("hours = 0.01", "hours = 1.5").replace("block_ms = 100", "block_ms = 20")
STILL = STILL.replace("spot = 60000", "spot = 60000\nvolatility = 0")
DEEP = agent("symmetric", "maker", capital_usd=1e9, numbers="{half_bps = 1, size = 1000000}")
TRUTH = {"per_hour": 7200, "branching": 0.6, "same_side": 0.8, "half_life_s": 1.5, "size": 40, "sigma": 0.8}


@pytest.fixture(scope="module")
def tape(tmp_path_factory):
    numbers = ", ".join(f"{key} = {value}" for key, value in TRUTH.items())
    crowd = agent("hawkes", "crowd", margin='"none"', numbers="{" + numbers + "}")
    out = tmp_path_factory.mktemp("flow") / "tape"
    simulate(market(DEEP, crowd, top=STILL + "[record]\norders = false\n"), out, seed=8)
    return out


def exit_of(arguments):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    return int(stop.value.code)


def test_the_flow_that_made_a_tape_is_found_and_its_table_plays(tape, tmp_path, capsys):
    out = tmp_path / "flow.toml"
    assert exit_of(["calibrate", str(tape), "--out", str(out)]) == 0
    assert "orders of hyperliquid:BTC" in capsys.readouterr().out
    numbers = tomllib.loads(out.read_text())["agent"][0]["numbers"]
    assert numbers["per_hour"] == pytest.approx(7200, rel=0.15)
    assert numbers["branching"] == pytest.approx(0.6, abs=0.06)
    assert numbers["same_side"] == pytest.approx(0.8, abs=0.06)
    assert numbers["half_life_s"] == pytest.approx(1.5, rel=0.2)
    assert numbers["size"] == pytest.approx(40, rel=0.05)
    assert numbers["sigma"] == pytest.approx(0.8, abs=0.05)
    text = MARKET + agent("grid", "grid") + out.read_text()
    simulate(scenario_of(text.encode(), "again"), tmp_path / "again", seed=1)


def test_the_table_is_printed_where_no_file_is_named(tape, capsys):
    assert exit_of(["calibrate", str(tape), "--instrument", "hyperliquid:BTC"]) == 0
    assert tomllib.loads(capsys.readouterr().out)["agent"][0]["kind"] == "hawkes"


def test_orders_of_one_block_are_spread_over_the_time_before_it():
    trades = Aggressions(
        time=np.array([10, 20, 20, 40, 60, 70]) * SECOND, side=np.array([1, 1, -1, 1, -1, 1]), size=np.ones(6, np.int64)
    )
    time, mark, end = joined(trades, ((0, 30 * SECOND), (50 * SECOND, 80 * SECOND)), step=10 * SECOND)
    assert time.tolist() == [10.0, 15.0, 20.0, 40.0, 50.0]  # the fourth fell into an outage of 20 s
    assert mark.tolist() == [0, 0, 1, 1, 0]
    assert end == 60.0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["calibrate", "nowhere"], "nowhere"),
        (["calibrate", "TAPE", "--step-ms", "0"], "--step-ms"),
        (["calibrate", "TAPE", "--instrument", "DOGE"], "is not on this tape"),
        (["calibrate", "TAPE", "--instrument", "hyperliquid.lead:BTC"], "at least 200"),
    ],
)
def test_bad_input_is_one_line(tape, capsys, arguments, says):
    assert exit_of([str(tape) if item == "TAPE" else item for item in arguments]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
