"""Who makes the price, apart for calm and crisis; and what block time does to it."""

import json
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from makerscope.cli import main
from makerscope.errors import DomainError
from makerscope.lab.block_time import paired, shares_by_block
from makerscope.metrics.discovery import discovery
from makerscope.metrics.discovery_regimes import (
    CALM,
    CRISIS,
    discovery_by_regime,
    volatility_regimes,
    window_regimes,
)
from makerscope.metrics.leadlag import lag_grid
from tests.agent_files import agent, market

SECOND = 10**9
HALF = 6000
TOP = """
title = "A venue that follows"
hours = 0.25
[chain]
block_ms = 100
[[underlying]]
symbol = "BTC"
spot = 60000
volatility = 0.8
"""
FOLLOWER = agent("grid", "grid", numbers="{levels = 3, half_bps = 2, tolerance_bps = 0}")
NOISE = agent("noise", "noise", count=3, numbers="{per_hour = 300}")


def number(value):
    assert value is not None
    return value


def command(*arguments):
    """Run the command line; its exit code."""
    with pytest.raises(SystemExit) as stopped:
        main([str(part) for part in arguments])
    return stopped.value.code


def frame(time, price, touch=1.0):
    return pl.DataFrame({"time": time, "mid": price, "touch": np.full(len(time), touch)})


def two_regimes(seed=0):
    """In the first half market a leads by two steps; in the second b does, and all is three times as wild."""
    draw = np.random.default_rng(seed)
    step = draw.normal(0, 1e-4, 2 * HALF) * np.where(np.arange(2 * HALF) < HALF, 1.0, 3.0)
    walk = np.cumsum(step)
    late = np.concatenate([np.zeros(2), walk[:-2]])
    first = np.arange(2 * HALF) < HALF
    a, b = np.where(first, walk, late), np.where(first, late, walk)
    noise = draw.normal(0, 2e-5, (2, 2 * HALF))
    time = np.arange(2 * HALF) * SECOND
    return [frame(time, np.exp(a + noise[0]), 2.0), frame(time, np.exp(b + noise[1]), 1.0)]


def by_regime(series, regimes):
    found = discovery_by_regime(
        series, ("a", "b"), regimes, step=SECOND, lags=lag_grid(5 * SECOND, SECOND), max_age=SECOND
    )
    return {regime.name: regime for regime in found}


def test_each_regime_has_its_own_leader():
    spans = window_regimes(((HALF * SECOND, 2 * HALF * SECOND),), (0, 2 * HALF * SECOND))
    found = by_regime(two_regimes(), spans)
    assert number(found[CALM].shares.component_share[0].value) > 0.9
    assert number(found[CRISIS].shares.component_share[0].value) < 0.1
    assert found[CALM].lead.lead_lag_ns.value == 2 * SECOND
    assert found[CRISIS].lead.lead_lag_ns.value == -2 * SECOND
    assert found[CRISIS].volatility.value == pytest.approx(3 * number(found[CALM].volatility.value), rel=0.1)
    assert found[CALM].touch_ratio.value == pytest.approx(2.0)
    assert found[CALM].seconds == HALF


def test_one_regime_of_all_time_is_the_plain_measure():
    series = [part[:HALF] for part in two_regimes()]
    whole = by_regime(series, {"all": ((0, HALF * SECOND),)})["all"]
    plain = discovery(series, ("a", "b"), step=SECOND, max_age=SECOND)
    assert whole.shares.information_share[0] == plain.information_share[0]
    assert whole.shares.component_share[0] == plain.component_share[0]


def test_regimes_by_volatility_find_the_wild_half():
    spans = volatility_regimes(two_regimes()[1], width=100 * SECOND, step=SECOND, calm=0.4, crisis=0.3)
    assert max(end for _, end in spans[CALM]) <= (HALF + 100) * SECOND
    assert min(begin for begin, _ in spans[CRISIS]) >= (HALF - 100) * SECOND
    blocks = {name: sum(b - a for a, b in part) // (100 * SECOND) for name, part in spans.items()}
    assert blocks == {"calm": 48, "between": 36, "crisis": 36}
    everything = sorted(span for part in spans.values() for span in part)
    assert all(one[1] <= two[0] for one, two in pairwise(everything))


def test_too_few_blocks_have_no_regimes():
    with pytest.raises(DomainError, match="3 blocks of 4000 s; want at least 10"):
        volatility_regimes(two_regimes()[0], width=4000 * SECOND, step=SECOND)


@pytest.fixture(scope="module")
def shares(tmp_path_factory):
    """A market whose leader leads by construction: nobody on the venue knows anything the leader has not shown."""
    return shares_by_block(market(FOLLOWER, NOISE, top=TOP), [0.4, 2.0, 12.0], range(3), tmp_path_factory.mktemp("b"))


def test_where_the_leader_leads_by_construction_the_venue_follows_by_about_a_block(shares):
    assert all(row.lead_ms < 0 for row in shares)
    long = [row for row in shares if row.block_s == 12.0]
    assert all(-16_000 < row.lead_ms < -6_000 for row in long)
    assert all(row.information < 0.05 for row in long)


def test_the_venues_share_falls_as_block_time_grows(shares):
    first, second = paired(shares, "information", 2.0, 0.4), paired(shares, "information", 12.0, 2.0)
    assert number(first.mean) < 0
    assert number(first.high) < 0.05
    assert number(second.mean) < 0
    means = [np.mean([row.information for row in shares if row.block_s == b]) for b in (0.4, 2.0, 12.0)]
    assert means[0] > 2 * means[1] > 2 * means[2]


def test_the_commands_print_and_write_their_numbers(tmp_path, capsys):
    tape, numbers = tmp_path / "t", tmp_path / "d.json"
    assert command("simulate", "first-market", "--hours", "0.3", "--out", tape) == 0
    assert command("discovery", tape, "--json", numbers, "--crisis", "6m..12m") == 0
    said = capsys.readouterr().out
    assert "hyperliquid:BTC against hyperliquid.lead:BTC" in said
    found = json.loads(numbers.read_text())
    assert set(found["regimes"]) == {"calm", "crisis"}
    assert found["regimes"]["calm"]["lead_lag_ms"]["value"] < 0
    assert command("block-time", "first-market", "--hours", "0.25", "--blocks", "1,12", "--seeds", "2") == 0
    said = capsys.readouterr().out
    assert "less that at 1 s" in said


WRONG = {
    "no such market": (["discovery", "{tape}", "--markets", "a,b"], "--markets: 'a' is not on the tape"),
    "one market": (["discovery", "{tape}", "--markets", "a"], "--markets: is 'a'; want two names by comma"),
    "a crisis before its start": (["discovery", "{tape}", "--crisis", "5m..4m"], "is not inside the tape"),
    "a crisis of one end": (["discovery", "{tape}", "--crisis", "5m"], "want FROM..TO"),
    "crises that overlap": (["discovery", "{tape}", "--crisis", "1m..3m", "--crisis", "2m..4m"], "windows overlap"),
    "blocks that are too long": (["discovery", "{tape}", "--width-s", "3600"], "want at least 10"),
    "no block time": (["block-time", "first-market", "--blocks", "soon"], "--blocks: is 'soon'"),
    "a block time of 0": (["block-time", "first-market", "--blocks", "0"], "--blocks: is '0'"),
    "no seeds": (["block-time", "first-market", "--seeds", "0"], "--seeds: is 0; want 1 to"),
    "no such scenario": (["block-time", "nowhere"], "there is no 'nowhere'"),
}


@pytest.fixture(scope="module")
def tape(tmp_path_factory):
    out = tmp_path_factory.mktemp("small") / "t"
    assert command("simulate", "first-market", "--hours", "0.25", "--out", out) == 0
    return out


@pytest.mark.parametrize(("call", "said"), WRONG.values(), ids=WRONG)
def test_wrong_input_is_one_line(call, said, tape, capsys):
    assert command(*(part.format(tape=tape) for part in call)) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
