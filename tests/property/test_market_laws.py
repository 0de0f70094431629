"""Laws of the running market: races, cascades, conservation, the same bytes for the same seed."""

import os
import subprocess
import sys
from math import sqrt
from pathlib import Path

import msgspec
import numpy as np
import pytest

from makerscope.market.chain import C_BASE_FEE, K_AUCTIONED, K_COIN_PRICE, K_TIP
from makerscope.market.layout import FIRST_AGENT, MARK, MM, NONE, OPEN_INTEREST, POST_ONLY, UNIT
from makerscope.market.log import (
    DELEVERAGED,
    GAS,
    HAIRCUT,
    INSURED,
    LIQUIDATED,
    NO_FUNDING,
    SETTLEMENT,
    SOCIALISED,
    TAKEN_OVER,
)
from makerscope.sim import world as w
from makerscope.sim.build import build
from makerscope.sim.scenario import read_scenario
from tests.market_play import built_of, market, place, play, script, scripted, take
from tests.market_players import PLAYERS

LONGEST = 50.0  # minutes of episodes that are played as they are
SHIPPED = Path(w.__file__).parent / "scenarios"
RACE = """
[[agent]]
kind = "jump-quoter"
name = "maker"
margin = "none"
feed_ms = 1
lead_feed_ms = 1
send_ms = {lag}
[[agent]]
kind = "jump-shooter"
name = "sniper"
margin = "none"
feed_ms = 1
lead_feed_ms = 1
send_ms = 5
"""
JUMPS = "[underlying.jumps]\nper_day = 8640\nsize = 0.01\n"


def pickoff_share(lag, policy, seconds=6_000):
    """How many shots hit, and how many there were."""
    built = market(
        RACE.format(lag=5 + lag), seconds=seconds, top="grid_ms = 1", underlying=JUMPS, chain=f'policy = "{policy}"',
        kinds=PLAYERS,
    )  # fmt: skip
    built.world.rule[w.G_AUDIT] = 0
    tables = play(built)
    return len(tables["fills"]["size"]), int(built.world.agents.timing[FIRST_AGENT + 1, w.D_ACTIONS])


def test_a_snipers_share_of_jumps_is_the_makers_lag_over_the_block_where_cancels_go_first(vectors):
    cases = [row for row in vectors("models/latency.json") if row["case"].startswith("cancel-first")]
    for row in cases:
        assert row["inputs"]["block_s"] == 0.1
        hits, shots = pickoff_share(round(row["inputs"]["maker_lag_s"] * 1e3), "class-sort")
        p = row["expected"]["pickoff_probability"]
        assert shots > 300
        # four standard errors, and a second jump before the maker's answer to the first has landed
        assert abs(hits / shots - p) < 4 * sqrt(p * (1 - p) / shots) + 0.015


def test_where_the_first_come_is_the_first_served_every_jump_is_a_snipers():
    hits, shots = pickoff_share(20, "first-come")
    assert hits / shots > 0.98


CONTEST = """
[[agent]]
kind = "grid"
name = "maker"
count = 2
capital_usd = 100000000
feed_ms = {feed}
lead_feed_ms = {feed}
send_ms = {feed}
numbers = {{half_bps = 2, gap_bps = 2, levels = 3, tolerance_bps = 0.5, limit = 1e9}}
[[agent]]
kind = "sniper"
name = "sniper"
capital_usd = 100000000
feed_ms = 10
lead_feed_ms = 10
send_ms = 10
numbers = {{edge_bps = 0.5, limit = 1e12, every_ms = 5, fee = {tip}}}
[[agent]]
kind = "noise"
name = "noise"
count = 3
capital_usd = 100000000
numbers = {{per_hour = 1200}}
"""


def sniped(seed, *, policy="class-sort", feed=20, tip=0, crowd=0):
    """Lots that the sniper took in two minutes; ``crowd``: how many messages others put into a block of twenty."""
    built = market(
        CONTEST.format(feed=feed, tip=tip), seconds=120, seed=seed, top="grid_ms = 10",
        underlying="[underlying.jumps]\nper_day = 20000\nsize = 0.0005\n",
        chain=f'policy = "{policy}"\ncapacity = 20\nothers = {crowd}',
    )  # fmt: skip
    built.world.rule[w.G_AUDIT] = 0
    if policy == "priority-fee":
        built.world.chain.rules[[K_AUCTIONED, K_TIP]] = 1, 10
    table = play(built)["fills"]
    return int(table["size"][table["taker"] == FIRST_AGENT + 2].sum())


SEEDS = range(8)
T_7 = 2.365  # Student's t of 7 degrees of freedom, 97.5 %


def lower_end(one, other):
    """Lower end of the 95 % interval of the mean difference over paired seeds."""
    gaps = np.array(one, float) - np.array(other, float)
    return gaps.mean() - T_7 * gaps.std(ddof=1) / sqrt(len(gaps))


@pytest.fixture(scope="module")
def usual():
    return [sniped(seed) for seed in SEEDS]


def test_cancels_first_lowers_pick_offs_against_first_come(usual):
    assert lower_end([sniped(seed, policy="first-come") for seed in SEEDS], usual) > 0


def test_slower_makers_are_picked_off_more(usual):
    assert lower_end([sniped(seed, feed=150) for seed in SEEDS], usual) > 0


def test_congestion_raises_pick_offs_where_gas_is_auctioned():
    auction = {"policy": "priority-fee", "tip": 1_000}
    calm, crowded = ([sniped(seed, crowd=crowd, **auction) for seed in SEEDS] for crowd in (0, 19))
    assert lower_end(crowded, calm) > 0


IDLE = '[[agent]]\nkind = "idle"\nname = "zz-idle"\n'


def test_an_agent_that_does_nothing_changes_nobody_elses_dice():
    tables = []
    for tail in ("", IDLE):
        built = market(
            CONTEST.format(feed=20, tip=0) + tail, seconds=30, kinds=PLAYERS,
            underlying="[underlying.jumps]\nper_day = 9000\nsize = 0.001\n",
        )  # fmt: skip
        tables.append(play(built))
    for table in ("fills", "orders", "quotes", "marks"):
        for column in tables[0][table]:
            np.testing.assert_array_equal(tables[0][table][column], tables[1][table][column])
    assert len(tables[0]["fills"]["size"]) > 20


def cascade(density, impact, shock, *, deep=1_500):
    """How far the mark falls, in units of 20 ticks, after a sale that alone would move it by ``shock`` units.

    A linear book: 4 ticks hold ``4 / 20 / impact`` units of size, each of 100 lots. Accounts long by ``density`` a unit
    have their liquidation prices spread evenly below the price.
    """
    unit, step, size = 20, 4, 100
    per_level, per_account = round(size * step / unit / impact), round(size * density * step / unit)
    steps = deep // step
    count = steps - 10
    more = 'margin = "none"\n[agent.numbers]\nslots = 400'
    rest = scripted("book", more=more) + scripted("seller", more='margin = "none"')
    rest += f'[[agent]]\nkind = "idle"\nname = "long"\ncount = {count}\ncapital_usd = 0\n'
    built = market(rest, seconds=90, kinds=PLAYERS, venue='mark = "book"\nfunding = "hyperliquid"')
    venue = built.world.venue
    top, accounts, spec = 10_000, venue.accounts, venue.spec
    ids = FIRST_AGENT + 2 + np.arange(count)
    first = top - round(shock * unit) - step * np.arange(count)  # whoever is above is gone by the shock's own fall
    before = top - step * np.arange(1, round(shock * unit) // step + 1)
    triggers = np.concatenate([before, first])[:count] - 1
    accounts.position[ids, 0] = per_account
    accounts.position[FIRST_AGENT, 0] = -per_account * count
    maintenance = per_account * spec[0, UNIT] * triggers * int(spec[0, MM]) // 10**6
    accounts.cash[ids] = -per_account * spec[0, UNIT] * triggers + maintenance
    accounts.cash[FIRST_AGENT] += per_account * spec[0, UNIT] * int(triggers.sum())
    accounts.cost[ids, 0] = per_account * spec[0, UNIT] * triggers
    accounts.held[ids, 0] = accounts.held[FIRST_AGENT, 0] = 1
    built.world.clock[w.C_PAID_IN] = accounts.cash.sum()
    script(built, 0, [
        *[place(10, 1, top - step * k, per_level, k, POST_ONLY) for k in range(399)],
        place(10, -1, top + 1, 1, 399, POST_ONLY),
    ])  # fmt: skip
    script(built, 1, [take(1_000, -1, NONE, round(shock * size / impact))])
    tables = play(built)
    sold = tables["fills"]["price"][tables["fills"]["maker"] == FIRST_AGENT]
    return (top - sold.min()) / unit, int((accounts.position[ids, 0] == 0).sum()), count


def test_a_cascade_multiplies_a_shock_by_one_over_one_less_density_times_impact(vectors):
    for row in vectors("models/margin.json"):
        if not row["case"].startswith("cascade"):
            continue
        given, want = row["inputs"], row["expected"]
        fall, closed, count = cascade(given["density"], given["impact"], given["shock"])
        if want["runaway"]:
            assert fall > 75  # to the end of the book
            assert closed > 0.9 * count
        else:
            assert fall == pytest.approx(want["total_drop"], rel=0.03)
            assert closed < count


STORM = """
title = "storm"
hours = 0.06
grid_ms = 100
[[underlying]]
symbol = "BTC"
spot = 10000
volatility = 1.5
tick = 1
lot = 0.001
[[option]]
underlying = "BTC"
days = [0.0015]
strikes = 5
step = 100
tick = 1
lot = 0.001
[chain]
block_ms = 200
[venue]
margin = "plain"
option_maker_fee_bps = 3
option_taker_fee_bps = 3
insurance_usd = {insurance}
bankruptcy = "{bankruptcy}"
[[agent]]
kind = "grid"
name = "maker"
count = 2
hedge_usd = 100000
numbers = {{half_bps = 5, levels = 4, size = 300, limit = 40000}}
[[agent]]
kind = "noise"
name = "poor"
count = 12
capital_usd = {capital}
numbers = {{per_hour = 3600, size = 60, return = 0, slippage_bps = 100}}
[[agent]]
kind = "sniper"
name = "sniper"
[[agent]]
kind = "script"
name = "writer"
[[agent]]
kind = "script"
name = "holder"
[[episode]]
kind = "crash"
after_minutes = 1
minutes = 0.005
fall = 0.3
recovery = 0.9
over_minutes = 0.5
"""


STORMS = [("adl", 0, 60), ("haircut", 0, 60), ("socialised", 0, 60), ("adl", 1e6, 100)]


@pytest.mark.parametrize(("bankruptcy", "insurance", "capital"), STORMS)
def test_money_and_positions_are_conserved_after_every_event_of_a_storm(bankruptcy, insurance, capital):
    built = built_of(STORM.format(bankruptcy=bankruptcy, insurance=float(insurance), capital=capital))
    options = [i for i, one in enumerate(built.markets) if one.kind == "option"]
    n = len(built.cast)
    script(built, n - 2, [place(500, -1, 400, 5, k, instrument=i) for k, i in enumerate(options[:8])])
    script(built, n - 1, [take(1_500, 1, 400, 5, instrument=i) for i in options[:8]])
    built.world.chain.rules[K_COIN_PRICE], built.world.chain.state[C_BASE_FEE] = 3_000 * 10**6, 50 * 10**9
    built.world.terms[w.X_EVERY] = 60 * 10**9
    built.world.clock[w.C_DUE_FUNDING] = built.start + 60 * 10**9
    tables = play(built)  # which asserts, after every event, that all cash and positions add up
    how, kinds = set(tables["fills"]["how"].tolist()), set(tables["transfers"]["kind"].tolist())
    long = np.maximum(built.world.venue.accounts.position, 0).sum(0)
    assert long[: len(options) + 1].tolist() == built.world.venue.state[: len(options) + 1, OPEN_INTEREST].tolist()
    assert {LIQUIDATED, SETTLEMENT} <= how
    assert GAS in kinds
    assert (tables["marks"]["funding"] != NO_FUNDING).sum() >= 3
    if insurance:
        assert TAKEN_OVER in how
        assert INSURED in kinds
    elif bankruptcy == "adl":
        assert DELEVERAGED in how
    else:
        assert TAKEN_OVER in how
        assert (HAIRCUT if bankruptcy == "haircut" else SOCIALISED) in kinds


PROGRAM = """
import sys
from pathlib import Path
from makerscope.sim.run import simulate
from makerscope.sim.scenario import scenario_of
from makerscope.tape.read import Tape
simulate(scenario_of(Path(sys.argv[1]).read_bytes(), "x"), Path(sys.argv[2]), seed=int(sys.argv[3]))
print(Tape.open(Path(sys.argv[2])).manifest.evidence_root)
"""


def test_one_seed_is_one_evidence_root_in_any_number_of_processes_and_threads(tmp_path):
    text = STORM.format(bankruptcy="adl", insurance=0.0, capital=60)
    for kind, name in (("script", "writer"), ("script", "holder")):
        text = text.replace(f'[[agent]]\nkind = "{kind}"\nname = "{name}"\n', "")
    scenario = tmp_path / "storm.toml"
    scenario.write_text(text)

    def start(number, seed, threads):
        command = [sys.executable, "-c", PROGRAM, str(scenario), str(tmp_path / f"tape{number}"), str(seed)]
        extra = {"POLARS_MAX_THREADS": str(threads), "NUMBA_NUM_THREADS": str(threads)}
        return subprocess.Popen(command, env=os.environ | extra, stdout=subprocess.PIPE, text=True)

    alone = start(0, 7, 1).communicate()[0].strip()
    together = [start(1, 7, 2), start(2, 8, 2)]
    same, other = (each.communicate()[0].strip() for each in together)
    assert alone == same
    assert len(alone) == 64
    assert other != alone


LONELY = """
[[agent]]
kind = "script"
name = "lonely"
margin = "isolated"
capital_usd = 1000
[[agent]]
kind = "script"
name = "maker"
[[agent]]
kind = "script"
name = "second"
margin = "isolated"
capital_usd = 1000
"""
FALL = """
[[episode]]
kind = "crash"
after_minutes = 0.05
minutes = 0.002
fall = {fall}
recovery = 0
"""


@pytest.mark.parametrize(("fall", "loss"), [(0.02, 0), (0.2, 50)])
def test_an_isolated_position_loses_no_more_than_its_fence(fall, loss):
    # 100 lots of .001 at 10,000 are 1,000 USD; initial margin is a twentieth of it
    built = market(LONELY + FALL.format(fall=fall), seconds=12)
    script(built, 1, [place(10, -1, 10_000, 100, flags=POST_ONLY)])
    script(built, 0, [take(210, 1, 10_000, 100)])
    play(built)
    accounts = built.world.venue.accounts
    held = int(accounts.position[FIRST_AGENT, 0])
    lot = int(built.world.venue.state[0, MARK]) * int(built.world.venue.spec[0, UNIT])
    worth = int(accounts.cash[FIRST_AGENT]) + held * lot
    if loss:
        assert held == 0
        assert accounts.cash[FIRST_AGENT] == (1_000 - loss) * 10**6
    else:
        assert held == 100
        assert accounts.collateral[FIRST_AGENT, 0] == 50 * 10**6
        assert worth < 990 * 10**6


def in_fast_motion(scenario, factor):
    """The same story in less time: what happens, and how long anybody waits, in minutes, times ``factor``."""
    if factor == 1.0:
        return scenario
    change = msgspec.structs.replace
    episodes = [
        change(
            one, after_minutes=one.after_minutes * factor, minutes=one.minutes * factor,
            over_minutes=one.over_minutes * factor,
        )
        for one in scenario.episode
    ]  # fmt: skip
    agents = [
        change(one, numbers={k: v * factor if k.endswith("_minutes") else v for k, v in one.numbers.items()})
        for one in scenario.agent
    ]
    return change(scenario, episode=episodes, agent=agents)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_money_and_positions_are_conserved_after_every_event_of_each_shipped_scenario(path):
    scenario = read_scenario(path)
    ends = max([one.after_minutes + one.minutes for one in scenario.episode] or [1.0])
    scenario = in_fast_motion(scenario, min(LONGEST / ends, 1.0))
    ends = min(ends, LONGEST)
    scenario = msgspec.structs.replace(scenario, hours=min(scenario.hours, (ends + 1.0) / 60))
    built = build(scenario, seed=7)
    built.world.rule[w.G_AUDIT] = 1
    assert len(play(built)["fills"]["size"]) > 0
