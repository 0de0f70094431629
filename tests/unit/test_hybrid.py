"""A recorded price and recorded takers in a simulated market."""

import polars as pl
import pytest

from makerscope.errors import InputError
from makerscope.sim.build import build
from makerscope.sim.run import simulate
from makerscope.sim.scenario import read_scenario
from makerscope.tape.read import Tape
from tests.tapes import SECOND, START, fills, perp, quotes, write_tape

SCENARIO = """
title = "Hybrid"
hours = {hours}
grid_ms = 100
[[underlying]]
symbol = "BTC"
spot = {spot}
tick = 0.1
lot = 0.001
path = "rec#test:BTC{at}"
[[agent]]
kind = "symmetric"
name = "maker"
feed_ms = 1
send_ms = 1
lead_feed_ms = 1
numbers = {{half_bps = 5, size = 2000}}
[[agent]]
kind = "recorded-flow"
name = "flow"
file = "rec#test:BTC{at}"
feed_ms = 0
send_ms = 0
numbers = {{scale = 2}}
"""
TIMES = [0.5 * n for n in range(200)]
MIDDLE = [10_000 + (n * 7) % 31 for n in range(200)]


@pytest.fixture
def scenario(tmp_path):
    traded = [10.25 + 3.5 * n for n in range(20)]
    write_tape(
        tmp_path / "rec", instruments=[perp()], quotes=quotes(TIMES, [p - 1 for p in MIDDLE], [p + 1 for p in MIDDLE]),
        fills=fills(traded, price=[10_000] * 20, size=[5 + n for n in range(20)], side=[1, -1] * 10),
    )  # fmt: skip

    def text(hours=80 / 3600, spot=1000, at=""):
        path = tmp_path / "hybrid.toml"
        path.write_text(SCENARIO.format(hours=hours, spot=spot, at=at))
        return read_scenario(path)

    return text


def test_the_leader_follows_the_recorded_price(scenario):
    built = build(scenario(), seed=7)
    spot = built.world.path.spot[0]
    for n in (0, 3, 57, 150):
        assert spot[5 * n] == pytest.approx(MIDDLE[n] * 0.1, rel=1e-15)


def test_recorded_takers_come_at_their_times_with_their_sizes(scenario, tmp_path):
    built = simulate(scenario(), tmp_path / "out", seed=7, audit=True)
    tape = Tape.open(tmp_path / "out")
    got = tape.read("fills").filter(taker="flow").sort("serial")
    assert got["size"].to_list() == [2 * (5 + n) for n in range(20)]
    assert got["side"].to_list() == [1, -1] * 10
    wanted = [built.start + round((10.25 + 3.5 * n) * SECOND) for n in range(20)]
    late = (got["exchange_time"] - pl.Series(wanted)).to_list()
    assert all(0 <= ns < SECOND for ns in late)  # they wait for a block, no more


def test_a_time_of_the_tape_can_be_the_start(scenario):
    begin = START + 20 * SECOND
    at = pl.Series([begin]).cast(pl.Datetime("ns")).dt.strftime("@%Y-%m-%dT%H:%M:%SZ").item()
    built = build(scenario(hours=60 / 3600, at=at), seed=7)
    assert built.world.path.spot[0, 0] == pytest.approx(MIDDLE[40] * 0.1)


@pytest.mark.parametrize(
    ("facts", "what"),
    [({"hours": 1}, "path: lasts"), ({"spot": 20}, "path: goes from"), ({"at": "@noon"}, "path: is 'noon'")],
)
def test_what_a_recording_cannot_give_is_refused_by_key(scenario, facts, what):
    with pytest.raises(InputError, match=what):
        build(scenario(**facts), seed=7)
