"""How well a maker was hedged, against the definition step by step and against what the simulator itself knows."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from makerscope.market.layout import FIRST_AGENT
from makerscope.metrics.hedging import hedge_control, net_delta
from makerscope.metrics.inventory import Holding
from makerscope.report.build import build
from makerscope.sim.run import simulate
from makerscope.tape.read import Tape
from tests.agent_files import MARKET, agent, market

UNTIL = 60
steps = st.lists(st.tuples(st.integers(1, UNTIL - 1), st.integers(-9, 9)), max_size=8, unique_by=lambda step: step[0])
deltas = st.lists(
    st.tuples(st.integers(0, UNTIL - 1), st.floats(-1, 1)), min_size=1, max_size=5, unique_by=lambda s: s[0]
)


def holding_of(changes):
    rows = [(0, 0), *sorted(changes)]
    times, lots = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    return Holding(times, lots, UNTIL, 0)


def series_of(rows):
    if rows is None:
        return None
    times, values = zip(*sorted(rows), strict=True)
    return np.array(times, np.int64), np.array(values, np.float64)


def value_at(rows, t):
    """The last value at or before a time; the first one where there is none."""
    known = [value for time, value in sorted(rows) if time <= t]
    return known[-1] if known else min(rows)[1]


@given(st.lists(st.tuples(steps, st.sampled_from([0.5, 1.0, 2.0]), st.none() | deltas), min_size=1, max_size=3))
def test_the_net_delta_is_the_sum_at_every_instant(parts):
    times, net = net_delta([(holding_of(changes), unit, series_of(rows)) for changes, unit, rows in parts])
    for t in range(UNTIL):
        slow = sum(
            value_at([(0, 0), *changes], t) * unit * (1.0 if rows is None else value_at(rows, t))
            for changes, unit, rows in parts
        )
        assert net[np.searchsorted(times, t, "right") - 1] == pytest.approx(slow, abs=1e-9)


@given(steps, st.lists(st.integers(1, UNTIL - 1), min_size=1, max_size=6))
def test_time_outside_the_band_is_counted_instant_by_instant(changes, hedges):
    held = holding_of(changes)
    found = hedge_control(held.times, held.lots.astype(float), until=UNTIL, hedges=np.array(hedges))
    size = np.array([abs(value_at([(0, 0), *changes], t)) for t in range(UNTIL)])
    before = sorted(size[t - 1] for t in set(hedges))
    band = before[int(0.1 * (len(before) - 1))]
    outside = size > band
    runs = "".join("x" if each else " " for each in outside).split()
    assert found["hedge_band"].value == band
    assert found["time_outside_band"].value == pytest.approx(outside.mean(), abs=1e-12)
    assert found["longest_outside_band"].value == max((len(run) for run in runs), default=0)
    assert found["rms_net_delta"].value == pytest.approx(np.sqrt((size**2).mean()), abs=1e-12)


def test_the_card_of_a_simulated_hedger_tells_its_band_and_its_gain_in_variance(tmp_path):
    top = MARKET.replace("hours = 0.01", "hours = 0.1").replace("spot = 60000", "spot = 60000\nvolatility = 2.0")
    hedger = agent("hedged-grid", "hedged", hedge_usd=1e6, numbers="{band = 300, size = 100, limit = 3000}")
    grid = agent("grid", "plain", numbers="{half_bps = 6}")
    taker = agent("noise", "noise", count=6, numbers="{per_hour = 3000, return = 0}")
    built = simulate(market(hedger, grid, taker, top=top), tmp_path / "tape", seed=3)
    card = build(Tape.open(tmp_path / "tape"))
    found = {item.maker: item.measures for item in card.makers}
    mine: dict[str, Any] = {name: each.value for name, each in found["hedged"].items()}
    assert 0.3 < mine["hedge_band"] < 0.45  # 300 lots of 0.001, passed by a part of a quote
    assert 0 < mine["time_outside_band"] < 0.3
    assert mine["longest_outside_band"] < 5e9
    assert mine["rms_net_delta"] < 0.3
    assert mine["hedge_effect"] > 0.5
    assert mine["hedge_error"] > 0
    bps = mine["hedge_slippage"] + mine["hedge_fees"]
    assert mine["hedge_cost_per_unit"] == pytest.approx(bps * 1e-4 * 60_000, rel=0.02)
    assert found["hedged"]["hedge_band"].unit == "BTC"
    assert "hedge_error" not in found["plain"]
    assert built.accounts[FIRST_AGENT] == "hedged"
