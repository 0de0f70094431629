"""How the shipped agents behave in a running market, and what the venue does for and against them."""

import numpy as np
import polars as pl
import pytest

from makerscope.agents.interface import K_SIZE, R_SPOT, V_DELTA, V_PRICE, V_VEGA
from makerscope.market.layout import A_INSTRUMENT, A_PRICE, A_SIDE, MARK, P_INDEX, UNIT
from makerscope.market.venue import MMP_TRIPPED, NOT_IN_DANGER
from makerscope.sim.build import build
from makerscope.sim.world import C_NOW
from tests.agent_files import MARKET, account_of, agent, fills_of, market, play, run_on, with_file

TAKERS = agent("noise", "noise", count=4, numbers="{per_hour = 20000, return = 0}")
MAKER = agent("symmetric", "maker", numbers="{half_bps = 5, size = 1000}")
PLAIN = MARKET.replace(
    "[chain]", '[venue]\nmargin = "plain"\noption_maker_fee_bps = 3\noption_taker_fee_bps = 3\n[chain]'
)  # rules that know options
OPTIONS = '[[option]]\nunderlying = "BTC"\ndays = [1, 30]\nstrikes = 5\nstep = 1000\ntick = 5\nlot = 0.1\n'


def held_over_time(rows, account):
    side = np.where(rows[:, 2] == account, rows[:, 4], -rows[:, 4])
    return np.cumsum(side * rows[:, 6])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_grid_that_hears_at_once_is_never_beyond_its_limit_by_more_than_one_quote(seed):
    grid = agent("grid", "grid", feed_ms=0, send_ms=0, numbers="{limit = 500, size = 80, skew_bps = 0}")
    built = run_on(build(market(grid, TAKERS.replace("20000", "60000")), seed=seed))
    account = account_of(built, "grid")
    held = held_over_time(fills_of(built, "grid"), account)
    assert 500 <= np.abs(held).max() <= 580
    assert held[-1] == built.world.venue.accounts.position[account, 0]


def test_takers_arrive_as_a_poisson_process_of_their_rate():
    top = MARKET.replace("hours = 0.01", "hours = 0.1")
    built = run_on(
        build(market(agent("noise", "noise", count=50, numbers="{per_hour = 1000}"), MAKER, top=top), seed=3)
    )
    counts = built.world.agents.timing[5:55, 9]
    mean = 1000 * 0.1
    assert abs(counts.sum() - 50 * mean) < 4 * (50 * mean) ** 0.5
    assert 0.5 < counts.var() / mean < 1.8  # as a Poisson count varies


def test_a_sniper_trades_only_where_the_leaders_price_has_left_a_quote_by_its_edge(tmp_path):
    slow = agent("symmetric", "slow", feed_ms=900, lead_feed_ms=900, send_ms=200)
    sniper = agent("sniper", "sniper", numbers="{edge_bps = 6}", send_ms=5, feed_ms=5, lead_feed_ms=5)
    top = MARKET.replace("hours = 0.01", "hours = 0.1").replace("spot = 60000", "spot = 60000\nvolatility = 3.0")
    built, tape = play(market(slow, sniper, top=top), tmp_path)
    fills = tape.scan("fills").filter(pl.col("taker") == "sniper").collect()
    assert fills.height > 5
    spot, start, step = built.world.path.spot[0], built.start, int(built.world.rule[1])
    for row in fills.iter_rows(named=True):
        last = (row["exchange_time"] - start) // step
        fair = spot[max(last - 5, 0) : last + 1]  # what it may have seen within half a second
        bought = row["side"] == -1
        assert (row["price"] <= fair.max() * (1 - 6e-4)) if bought else (row["price"] >= fair.min() * (1 + 6e-4))


def test_protection_counts_from_the_first_trade_and_freezes_for_seconds():
    guard = {"protect_s": 2.0, "protect_lots": 400, "frozen_s": 5.0}
    maker = agent("symmetric", "maker", **guard, numbers="{size = 1000}")
    top = MARKET.replace("hours = 0.01", "hours = 0.05")
    built = run_on(build(market(maker, TAKERS.replace("20000", "6000"), top=top), seed=5, room=1 << 17))
    rows, log = fills_of(built, "maker"), built.world.venue.log
    start = until = -(10**10)
    traded, trips = 0, []
    for time, size in rows[:, [0, 6]].tolist():
        assert time >= until, "traded while frozen"
        if time >= start + 2 * 10**9:
            start, traded = time, 0
        traded += size
        if traded >= 400:
            until, traded = time + 5 * 10**9, 0
            trips.append(time)
    account = account_of(built, "maker")
    assert len(trips) == built.world.venue.protection[account, MMP_TRIPPED] > 2
    orders = log.orders[: log.count[0]]
    mine = orders[orders[:, 1] == account]
    for trip in trips:
        frozen = mine[(mine[:, 0] > trip) & (mine[:, 0] < trip + 5 * 10**9)]
        assert not np.isin(frozen[:, 4], (0, 1)).any(), "an order rested while frozen"


@pytest.mark.parametrize("rule", ["expire-taker", "expire-maker", "expire-both"])
def test_nobody_trades_with_himself(rule, tmp_path):
    text = """
def both(self, seen, act):
    fair = fair_ticks(seen, 0)
    place(act, 0, 1, floor_ticks(fair * 0.9999), 50, 0)
    place(act, 0, -1, ceil_ticks(fair * 1.0001), 50, 1)
    if seen.block % 2:
        take(act, 0, 1, ceil_ticks(fair * 1.0002), 20, 0, 0)
    return 0
"""
    top = MARKET.replace("[chain]", f'[venue]\nself_trade = "{rule}"\n[chain]') + TAKERS
    built, tape = play(with_file(tmp_path, text, agent("both", "both", file='"my_agent.py"'), top=top), tmp_path)
    fills = tape.scan("fills").collect()
    assert fills.filter(pl.col("maker") == pl.col("taker")).height == 0
    assert fills.filter(maker="both").height > 5
    gone = tape.scan("orders").filter((pl.col("maker") == "both") & (pl.col("action") == "cancelled")).collect().height
    assert (gone == 0) == (rule == "expire-taker")
    assert built.end == int(built.world.clock[C_NOW])


def liquidation_market(*, keepers, liquidator):
    top = MARKET.replace("hours = 0.01", "hours = 0.15").replace("spot = 60000", "spot = 60000\nvolatility = 1.5")
    top = top.replace("[chain]", f'[venue]\nmargin = "dydx"\nkeepers = {str(keepers).lower()}\n[chain]')
    top += "[[episode]]\nkind = 'crash'\nafter_minutes = 4\nminutes = 1\nfall = 0.07\n"
    crowd = agent(
        "leveraged", "crowd", count=20, capital_usd=1000, numbers="{leverage = 17, wait_minutes = 0.2, long = 0.9}"
    )
    agents = [MAKER, TAKERS.replace("20000", "600"), crowd]
    return market(*agents, *([agent("liquidator", "keeper")] if liquidator else []), top=top)


@pytest.mark.parametrize(("keepers", "liquidator"), [(False, False), (True, True), (True, False)])
def test_leveraged_traders_are_liquidated_by_the_venue_or_by_keepers_who_are_paid_for_it(keepers, liquidator, tmp_path):
    built, tape = play(liquidation_market(keepers=keepers, liquidator=liquidator), tmp_path, seed=3)
    forced = tape.scan("liquidations").collect() if "liquidations" in tape.manifest.rows else pl.DataFrame()
    by_book = forced.filter(method="market").height if forced.height else 0
    assert (by_book > 0) == (not keepers or liquidator)
    transfers = tape.scan("transfers").collect() if "transfers" in tape.manifest.rows else pl.DataFrame()
    paid = transfers.filter(kind="reward", account="keeper")["amount"].sum() if transfers.height else 0
    assert (paid > 0) == liquidator
    if liquidator:
        keeper = account_of(built, "keeper")
        assert built.world.venue.accounts.cash[keeper] == 10**12 + paid
        assert forced["account"].str.starts_with("crowd").all()


def test_what_a_keeper_asks_of_a_sound_account_is_refused(tmp_path):
    text = "from makerscope.agents.interface import liquidate\ndef ask(self, seen, act):\n"
    text += "    for account in (seen.me, 0, 3, 5, 6, 10**9, -4): liquidate(act, account)\n    return 0\n"
    top = MARKET.replace("[chain]", "[venue]\nkeepers = true\n[chain]") + MAKER + TAKERS
    built, _tape = play(with_file(tmp_path, text, agent("ask", "ask", file='"my_agent.py"'), top=top), tmp_path)
    refused = built.world.venue.refused[account_of(built, "ask")]
    assert refused[NOT_IN_DANGER] > 100
    assert refused.sum() == refused[NOT_IN_DANGER]


def test_a_hedging_grid_holds_less_than_it_traded_into(tmp_path):
    hedged = agent("hedged-grid", "hedged", hedge_usd=1e6, numbers="{band = 100, limit = 5000, skew_bps = 0}")
    built = run_on(build(market(hedged, TAKERS, top=MARKET.replace("0.01", "0.05")), seed=4))
    account, shift = account_of(built, "hedged"), len(built.cast)
    log = built.world.venue.log
    rows = log.fills[: log.count[1]]
    here, there, apart = 0, 0, []
    for row in rows:
        if row[2] == account:
            here += row[4] * row[6]
        elif row[3] == account + shift:
            there -= row[4] * row[6]
        apart.append((abs(here), abs(here + there)))
    assert there != 0
    means = np.mean(apart, axis=0)
    assert means[1] < 0.5 * means[0]
    assert apart[-1][1] < 1000


def test_a_chain_maker_quotes_every_series_around_the_model_at_the_spot_it_sees():
    maker = agent("chain-maker", "maker", lead_feed_ms=1, numbers="{half_vol = 1, half_ticks = 2, size = 7}")
    taker = agent("noise", "noise", count=3, numbers="{per_hour = 3000, first = 1, last = 20, slippage_bps = 5000}")
    built = build(market(maker, taker, top=PLAIN + OPTIONS), seed=2, plain=True)
    eyes = built.steps[account_of(built, "maker")]
    step, sent = eyes._step, 0

    def check(own, seen, act):
        nonlocal sent
        asleep = step(own, seen, act)
        real, model, position = seen.real, seen.model, seen.position
        units = position * real[:, 2]
        options = np.arange(1, 21)
        delta = units[0] + units[options] @ model[options, V_DELTA]
        vega = units[options] @ model[options, V_VEGA] / 100
        lean_spot = -seen.reference[0, R_SPOT] * 5e-4 * np.clip(delta / 10, -1, 1)
        lean_vol = -np.clip(vega / 20000, -1, 1)
        for row in act.rows[: act.count[0]]:
            if row[0] != 1:
                continue
            i, tick = row[A_INSTRUMENT], real[row[A_INSTRUMENT], 1]
            moved = seen.reference[0, R_SPOT] - seen.public[i, P_INDEX] * tick + lean_spot
            fair = model[i, V_PRICE] + model[i, V_DELTA] * moved + model[i, V_VEGA] / 100 * lean_vol
            wanted = fair - row[A_SIDE] * (model[i, V_VEGA] / 100 + 2 * tick)
            off = row[A_SIDE] * (wanted - row[A_PRICE] * tick)
            assert -1e-6 <= off <= tick + 1e-6 or (row[A_SIDE] < 0 and row[A_PRICE] == 1)
            sent += 1
        return asleep

    eyes._step = check
    run_on(built)
    assert sent > 100
    account = account_of(built, "maker")
    known = built.world.agents.known[built.world.venue.slot_at[account] :][:40]
    assert (known[1::2, K_SIZE] > 0).all(), "an ask in every series"
    assert built.world.venue.state[1:21, MARK].min() >= 0
    assert (built.world.venue.spec[1:21, UNIT] > 0).all()
