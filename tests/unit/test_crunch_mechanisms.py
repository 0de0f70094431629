"""What crunches are made of: makers that leave, one driver of all prices, a bridge that closes."""

import numpy as np
import pytest

from makerscope.agents.interface import K_SIZE
from makerscope.errors import InputError
from makerscope.market.layout import FIRST_AGENT
from makerscope.market.leader import Leader, leader_plan, transfer_due
from makerscope.market.log import DEPOSIT
from makerscope.sim import world as w
from makerscope.sim.build import build
from makerscope.sim.scenario import scenario_of
from tests.agent_files import MARKET, agent, market, run_on
from tests.market_play import play as play_log

NOISE = agent("noise", "noise", count=3, numbers="{per_hour = 3000}")
CRASH = '[[episode]]\nkind = "crash"\nafter_minutes = 2\nminutes = 0.5\nfall = {fall}\n'
LONG = MARKET.replace("hours = 0.01", "hours = 0.15").replace("spot = 60000", "spot = 60000\nvolatility = 0.3")
PLAIN = Leader(tick=0.1, unit=1, shown=1, depth=1.0, impact=0.0, transfer=100)
WALK = """
title = "Three prices"
hours = 2
grid_ms = 1000
correlation = 0.3
[[agent]]
kind = "grid"
name = "grid"
[[underlying]]
symbol = "A"
spot = 1000
[[underlying]]
symbol = "B"
spot = 1000
beta = 2
[[underlying]]
symbol = "C"
spot = 1000
beta = -1
"""
MACRO = '[[episode]]\nkind = "macro"\nafter_minutes = 60\nminutes = 60\nvolatility = {volatility}\n'


def resting(built, name):
    """Lots in each slot of a maker, as it knows them at the end."""
    slots, account = built.world.venue.slot_at, built.accounts.index(name)
    return built.world.agents.known[slots[account] : slots[account + 1], K_SIZE]


def path(text, seed=3):
    return build(scenario_of(text.encode(), "x.toml"), seed=seed).world.path.spot


@pytest.mark.parametrize(("calm", "there"), [(0.5, True), (60, False)])
def test_a_fair_weather_maker_leaves_a_fall_and_returns_after_calm(calm, there):
    fair = agent(
        "fair-weather", "fair", numbers=f"{{quiet_vol = 120, memory_s = 20, calm_minutes = {calm}, levels = 3}}"
    )
    built = run_on(build(market(fair, NOISE, top=LONG + CRASH.format(fall=0.03)), seed=2))
    assert bool((resting(built, "fair") > 0).any()) == there


def test_it_stays_where_no_limit_was_given():
    fair = agent("fair-weather", "fair", numbers="{quiet_vol = 0, levels = 3}")
    built = run_on(build(market(fair, NOISE, top=LONG + CRASH.format(fall=0.03)), seed=2))
    assert (resting(built, "fair") > 0).any()


def test_a_maker_that_lost_its_share_is_gone_for_good_and_holds_nothing():
    numbers = "{quiet_vol = 0, quit_loss = 0.02, flatten = 1, levels = 5, size = 400, limit = 20000}"
    fair = agent("fair-weather", "fair", capital_usd=20_000, numbers=numbers)
    other = agent("grid", "other", numbers="{half_bps = 30, limit = 20000}")
    longs = agent(
        "leveraged", "long", count=8, capital_usd=4_000, numbers="{long = 1, leverage = 4, wait_minutes = 0.2}"
    )
    built = run_on(build(market(fair, other, longs, top=LONG + CRASH.format(fall=-0.05)), seed=2))
    account = built.accounts.index("fair")
    assert built.world.venue.accounts.position[account, 0] == 0
    assert not (resting(built, "fair") > 0).any()
    assert built.world.venue.accounts.cash[account] < 20_000 * 0.985 * 1e6


def test_a_fall_of_everything_moves_each_price_by_its_beta():
    crash = '[[episode]]\nkind = "crash"\nafter_minutes = 30\nminutes = 1\nfall = 0.1\n'
    moved = np.log(path(WALK + crash) / path(WALK))[:, -1]
    np.testing.assert_allclose(moved, np.log(0.9) * np.array([1, 2, -1]), rtol=1e-9)


def test_one_driver_makes_prices_move_together_while_it_lasts_and_only_then():
    still, driven = path(WALK), path(WALK + MACRO.format(volatility=3.0))
    begin = 3600
    np.testing.assert_array_equal(still[:, : begin + 1], driven[:, : begin + 1])
    moves = np.diff(np.log(driven[:, begin::30]), axis=1)
    assert np.corrcoef(moves)[0, 1] > 0.95
    assert np.corrcoef(moves)[0, 2] < -0.9
    assert np.corrcoef(np.diff(np.log(driven[:, :begin:30]), axis=1))[0, 1] < 0.6
    assert moves[1].std() / moves[0].std() == pytest.approx(2, rel=0.1)


def test_the_driver_has_the_volatility_it_was_given():
    found = [np.log(path(WALK + MACRO.format(volatility=2.0), seed)[0] / path(WALK, seed)[0])[-1] for seed in range(60)]
    assert np.std(found) == pytest.approx(2.0 * (1 / 8760) ** 0.5, rel=0.35)


def test_a_macro_episode_without_volatility_is_refused():
    with pytest.raises(InputError, match=r"episode 1 \(macro\): volatility: is missing"):
        path(WALK + '[[episode]]\nkind = "macro"\nafter_minutes = 1\nminutes = 5\n')


def test_money_sent_over_a_closed_bridge_leaves_when_it_opens():
    plan = leader_plan(
        Leader(tick=0.1, unit=1, shown=1, depth=1.0, impact=0.0, transfer=100, closures=((50, 80), (80, 90)))
    )
    assert [transfer_due(plan, t) for t in (0, 49, 50, 85, 90)] == [100, 149, 190, 190, 190]
    assert transfer_due(leader_plan(PLAIN), 60) == 160


def test_a_maker_with_one_purse_sends_money_after_its_hedge_but_not_over_a_closed_bridge():
    numbers = "{band = 50, move_usd = 200, limit = 5000, skew_bps = 0, levels = 3}"
    mover = agent("funded-grid", "mover", capital_usd=200_000, hedge_usd=20_000, numbers=numbers)
    longs = agent(
        "leveraged", "long", count=6, capital_usd=20_000, numbers="{long = 1, leverage = 2, wait_minutes = 0.2}"
    )
    top = LONG + CRASH.format(fall=0.05) + "[leader]\ntransfer_minutes = 0.5\n"
    arrived = []
    for closed in ("", '[[episode]]\nkind = "bridge"\nafter_minutes = 1\nminutes = 7\n'):
        built = build(market(mover, longs, top=top + closed), seed=2)
        rows = play_log(built)["transfers"]
        there = (rows["kind"] == DEPOSIT) & (rows["account"] == FIRST_AGENT + len(built.cast)) & (rows["amount"] > 0)
        arrived.append((rows["exchange_time"][there] - built.start) / 60e9)
    assert arrived[0].min() < 4
    assert arrived[1].min() >= 8.5


def test_a_closed_bridge_is_an_episode_of_the_scenario():
    built = build(
        market(
            agent("grid", "grid"), top=MARKET + '[[episode]]\nkind = "bridge"\nafter_minutes = 0.1\nminutes = 0.2\n'
        ),
        seed=1,
    )
    assert (built.world.desk.numbers[0, -2:] - built.world.rule[w.G_START]).tolist() == [6 * 10**9, 18 * 10**9]
