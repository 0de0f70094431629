"""What adversaries earn in a running market, from whom, and what takes it from them: paired seeds, all audited."""

from math import sqrt

import numpy as np
import pytest

from makerscope.errors import DomainError
from makerscope.market.layout import FIRST_AGENT, MARK, MM, POST_ONLY, UNIT
from makerscope.market.log import GAS
from makerscope.market.ordering import R_HIDDEN, R_SKEW_SCALE
from makerscope.models.book_sandwich import book_sandwich
from makerscope.models.liquidation_hunt import cascade_fall, hunt
from makerscope.sim import world as w
from makerscope.sim.build import build
from makerscope.sim.scenario import scenario_of
from makerscope.sim.shipped import find_scenario
from tests.market_play import BASE, built_of, fills, market, place, play, script, scripted, take
from tests.market_players import PLAYERS
from tests.market_prey import PREY

SEEDS = range(8)
T_7 = 2.365  # Student's t of 7 degrees of freedom, 97.5 %


def lower_end(one, *other):
    """Lower end of the 95 % interval of the mean difference over paired seeds."""
    gaps = np.asarray(one, float) - (np.asarray(other[0], float) if other else 0.0)
    return gaps.mean() - T_7 * gaps.std(ddof=1) / sqrt(len(gaps))


def result(built, name):
    """USD that an agent is worth more than it brought."""
    venue, a = built.world.venue, built.accounts.index(name)
    worth = venue.accounts.cash[a] + venue.accounts.position[a] @ (venue.state[:, MARK] * venue.spec[:, UNIT])
    return worth / 1e6 - built.cast[a - FIRST_AGENT].table.capital_usd


def edge(built, tables, name):
    """USD that an agent's own trades gained against the leader's price at the moment, before fees."""
    table, a = tables["fills"], built.accounts.index(name)
    mine = table["taker"] == a
    at = (table["exchange_time"][mine] - built.start) // built.world.rule[w.G_STEP]
    away = built.world.path.spot[0][at] - table["price"][mine]
    return float((away * -table["side"][mine] * table["size"][mine]).sum()) * built.world.venue.spec[0, UNIT] / 1e6


MAKER = """
[[agent]]
kind = "symmetric"
name = "maker"
capital_usd = 100000000
feed_ms = 10
lead_feed_ms = 10
send_ms = 10
numbers = {{half_bps = {half}, size = 200, tolerance_bps = 1}}
"""
RUNNER = """
[[agent]]
kind = "{kind}"
name = "hunter"
capital_usd = 100000000
feed_ms = 5
lead_feed_ms = {lead}
send_ms = 5
numbers = {{edge_bps = 1, limit = 1e9, every_ms = 5}}
"""


def front_run(seed, policy="priority-fee", *, hidden=0):
    """Edge of a front-runner that hears the leader two seconds late, and how often it shot."""
    built = market(
        MAKER.format(half=5) + RUNNER.format(kind="front-runner", lead=2000), seconds=120, seed=seed,
        top="grid_ms = 50",
        underlying="[underlying.jumps]\nper_day = 20000\nsize = 0.001\n", chain=f'policy = "{policy}"',
    )  # fmt: skip
    built.world.ordering.rule[R_HIDDEN] = hidden
    tables = play(built)
    return edge(built, tables, "hunter"), int(built.world.agents.timing[FIRST_AGENT + 1, w.D_ACTIONS])


def test_a_front_runner_lives_on_a_public_mempool_where_priority_is_sold():
    public = [front_run(seed) for seed in SEEDS]
    assert lower_end([gain for gain, _ in public]) > 0
    assert min(shots for _, shots in public) > 0
    assert [front_run(seed, hidden=1) for seed in SEEDS] == [(0.0, 0)] * len(SEEDS)


@pytest.mark.parametrize("policy", ["class-sort", "first-come"])
def test_a_front_runner_earns_nothing_where_a_cancel_is_not_overtaken(policy):
    found = [front_run(seed, policy) for seed in SEEDS]
    assert min(shots for _, shots in found) > 0
    assert {gain for gain, _ in found} == {0.0}


WAR = """
title = "war"
profile = "ethereum"
hours = 0.05
grid_ms = 100
[chain]
block_ms = 2000
gossip_ms = 20
others = 0
[venue]
margin = "plain"
mark = "index"
maker_fee_bps = 0
taker_fee_bps = 0
[[underlying]]
symbol = "BTC"
spot = 10000
volatility = 0
vol_of_vol = 0
[underlying.jumps]
per_day = 20000
size = 0.002
[oracle]
period_s = 1
error_bps = 0
[[agent]]
kind = "symmetric"
name = "maker"
capital_usd = 100000000
numbers = {{half_bps = 5, size = 20000, tolerance_bps = 1}}
[[agent]]
kind = "front-runner"
name = "searcher"
count = {count}
capital_usd = 100000000
feed_ms = 5
lead_feed_ms = 5
send_ms = 5
jitter_ms = 5
numbers = {{edge_bps = 3, most = 20000, limit = 1e9, share = 0.9, fee_per_usd = 2.7e9, raise = 1.5, bids = {bids}}}
"""


def war(seed, count, bids=8):
    """Gross gain of the searchers, what they paid for gas, in USD."""
    built = built_of(WAR.format(count=count, bids=bids), seed=seed)
    tables = play(built)
    names = ["searcher"] if count == 1 else [f"searcher-{n}" for n in range(1, count + 1)]
    paid = tables["transfers"]
    ids = [built.accounts.index(name) for name in names]
    gas = paid["amount"][(paid["kind"] == GAS) & np.isin(paid["account"], ids)].sum() / 1e6
    return sum(edge(built, tables, name) for name in names), -float(gas)


def test_searchers_who_outbid_one_another_pay_more_of_the_gain_away_than_one_alone():
    alone, crowd = ([war(seed, count) for seed in SEEDS] for count in (1, 3))
    assert lower_end([gain - gas for gain, gas in alone]) > 0
    kept = [[1.0 - gas / gain for gain, gas in found] for found in (alone, crowd)]
    assert lower_end(kept[0], kept[1]) > 0


def test_in_the_shipped_gas_war_searchers_win_what_makers_cannot_take_back_and_the_chain_has_its_share():
    built = build(find_scenario("mev-gas-war"), seed=7)
    built.world.rule[w.G_AUDIT] = 1
    tables = play(built)
    names = [f"searcher-{n}" for n in (1, 2, 3)]
    ids = [built.accounts.index(name) for name in names]
    paid, took = tables["transfers"], tables["fills"]
    minute = [(table["exchange_time"] - built.start) / 60e9 for table in (paid, took, tables["orders"])]
    bids = (paid["kind"] == GAS) & np.isin(paid["account"], ids)
    assert (minute[0][bids] > 20).mean() > 0.9  # in calm there is nothing to fight about
    spot = built.world.path.spot[0][(took["exchange_time"] - built.start) // built.world.rule[w.G_STEP]]
    ticks = spot / built.world.venue.real[0, 1] - took["price"]
    gains = -took["side"] * ticks * took["size"] * built.world.venue.spec[0, UNIT] / 1e6
    gas, gain = -paid["amount"][bids].sum() / 1e6, gains[np.isin(took["taker"], ids)].sum()
    assert 0.1 * gain < gas < gain
    amounts = -paid["amount"][bids] / 1e6
    assert amounts.max() > 5 * amounts.min()  # they raised
    sent = tables["orders"]["sent"] > 0
    late = (tables["orders"]["exchange_time"] - tables["orders"]["sent"])[sent] / 1e9
    assert late[minute[2][sent] < 20].max() < 13
    assert late[minute[2][sent] > 20].max() > 60


BOOK = [(10_001, 50), (10_003, 50), (10_010, 500)]


def sandwich(limit, *, size=100, policy="priority-fee", attacked=True, depth=0):
    """Fills, and gains of attacker and victim in ticks times lots."""
    rest = scripted("book", more='margin = "none"') + scripted("victim", more='margin = "none"')
    if attacked:
        rest += '[[agent]]\nkind = "sandwicher"\nname = "attacker"\nmargin = "none"\nfeed_ms = 1\nsend_ms = 1\n'
        rest += f"numbers = {{least = 10, margin_bps = 0.5, exit_bps = 50, depth = {depth}}}\n"
    built = market(rest, seconds=2, chain=f'policy = "{policy}"', venue='mark = "index"')
    asks = [place(10, -1, price, lots, k, POST_ONLY) for k, (price, lots) in enumerate(BOOK)]
    script(built, 0, [*asks, place(10, 1, 9_999, 1_000, 7, POST_ONLY)])
    script(built, 1, [take(520, 1, limit, size)])
    tables = play(built)
    gains = [round(result(built, name) * 1e3) if name in built.accounts else 0 for name in ("attacker", "victim")]
    return fills(tables, "taker", "price", "size"), *gains


def test_on_a_book_a_sandwich_earns_what_the_model_says_and_its_victim_pays_it_within_its_limit():
    levels = [(float(price), float(size)) for price, size in BOOK]
    for limit in (10_002, 10_005, 10_007, 10_009):
        best = book_sandwich(levels, 100.0, float(limit), exit_price=9_999.0, tick=1.0)
        rows, gain, lost = sandwich(limit)
        _, _, otherwise = sandwich(limit, attacked=False)
        if limit > 10_003:  # else nothing is left for the victim but what rests at its own limit
            assert gain == best.profit == 100 * limit - 50 * 10_001 - 50 * 10_003
            assert otherwise - lost >= 0.5 * gain
        assert gain <= 100 * (limit - BOOK[0][0])
        assert max(price for taker, price, _ in rows if taker == FIRST_AGENT + 1) <= limit


def test_a_limit_at_the_best_price_leaves_a_sandwich_nothing():
    rows, gain, _ = sandwich(10_001)
    assert (gain, rows) == (0, [(FIRST_AGENT + 1, 10_001, 50)])


def test_a_sandwich_that_does_not_see_how_deep_the_book_is_loses_on_a_deep_one():
    _, gain, _ = sandwich(10_020)
    assert gain < 0
    assert sandwich(10_020, depth=30)[1] == 0  # unless it believes in the depth
    assert sandwich(10_005, depth=20)[1] > 0


def test_where_offers_go_before_takers_the_victim_is_not_overtaken():
    rows, gain, lost = sandwich(10_009, policy="class-sort")
    assert rows[:2] == [(FIRST_AGENT + 1, 10_001, 50), (FIRST_AGENT + 1, 10_003, 50)]
    assert (gain, lost) == (0, sandwich(10_009, attacked=False)[2])


def on_a_pool(kind, numbers, seed, volatility=0.0):
    """Edge in USD of an adversary where orders commit to the oracle's next price and a pool is the other side."""
    rest = '[[agent]]\nkind = "symmetric"\nname = "nobody"\n' + scripted("victim", more='margin = "none"')
    rest += (
        f'[[agent]]\nkind = "{kind}"\nname = "hunter"\ncapital_usd = 1e8\nfeed_ms = 5\nlead_feed_ms = 5\nsend_ms = 5\n'
    )
    text = BASE.format(
        hours=120 / 3600, top="grid_ms = 20", underlying="", chain='policy = "commit"\nprice_delay_ms = 1000',
        venue='mark = "index"\nmaker_fee_bps = 0\ntaker_fee_bps = 0', rest=rest + f"numbers = {{{numbers}}}\n",
    ).replace("volatility = 0.0", f"volatility = {volatility}", 1)  # fmt: skip
    built = built_of(text, seed=seed)
    built.world.ordering.rule[R_SKEW_SCALE] = 10_000_000
    orders = [take(5_000 * k + 7, 1, 10_050, 4_000) for k in range(1, 20)]
    script(built, 1, orders if volatility == 0.0 else [])
    tables = play(built)
    return result(built, "hunter"), edge(built, tables, "hunter"), fills(tables, "taker", "side", "price", "size")


def test_where_orders_commit_to_a_pools_next_price_the_victim_of_a_sandwich_is_not_overtaken():
    gain, _, rows = on_a_pool("sandwicher", "least = 1000, margin_bps = 1, most = 4000, exit_bps = 300", 3)
    assert rows[0] == (FIRST_AGENT + 1, -1, 10_020, 4_000)
    assert gain <= 0


def test_a_price_later_than_the_order_takes_its_living_from_a_back_runner_of_the_oracle():
    found = [on_a_pool("back-runner", "edge_bps = 3, most = 100, limit = 1e9", seed, 3.0) for seed in SEEDS]
    assert min(len(rows) for _, _, rows in found) > 10
    assert lower_end([-gain for _, gain, _ in found]) > 0  # it trades where the price has come back


def hunted_by(kind, block, seed, policy="priority-fee"):
    text = BASE.format(
        hours=200 / 3600, top="grid_ms = 20", underlying="", chain=f'policy = "{policy}"',
        venue='mark = "index"\nmaker_fee_bps = 0\ntaker_fee_bps = 0',
        rest=MAKER.format(half=3) + RUNNER.format(kind=kind, lead=5),
    ).replace("block_ms = 100", f"block_ms = {block}").replace("volatility = 0.0", "volatility = 3.0", 1)  # fmt: skip
    built = built_of(text, seed=seed)
    return edge(built, play(built), "hunter")


@pytest.mark.parametrize("kind", ["sniper", "back-runner"])
def test_shorter_blocks_leave_less_to_take(kind):
    """As the loss against arbitrageurs does: it falls with the volatility over one block."""
    fast, usual = ([hunted_by(kind, block, seed) for seed in SEEDS] for block in (100, 400))
    assert lower_end(fast) > 0
    assert lower_end(usual, fast) > 0


def test_where_cancels_go_first_a_sniper_takes_less():
    sorted_, sold = (
        [hunted_by("sniper", 400, seed, policy) for seed in SEEDS] for policy in ("class-sort", "first-come")
    )
    assert lower_end(sold, sorted_) > 0


def baited(kind, seed, *, bait=True):
    """Result of maker and bait in USD, and the highest and lowest bid of the maker that was quoted."""
    numbers = "half = 4" if kind == "mid-follower" else "half_bps = 4"
    rest = f'[[agent]]\nkind = "{kind}"\nname = "maker"\ncapital_usd = 1e8\nnumbers = {{{numbers}}}\n'
    rest += '[[agent]]\nkind = "noise"\nname = "noise"\ncapital_usd = 1e7\nnumbers = {per_hour = 200, size = 5}\n'
    if bait:
        rest += '[[agent]]\nkind = "bait"\nname = "bait"\ncapital_usd = 1e8\nnumbers = {edge_bps = 5}\n'
    built = market(rest, seconds=60, seed=seed, kinds=PREY)
    tables = play(built)
    mine = (
        (tables["orders"]["maker"] == FIRST_AGENT) & (tables["orders"]["side"] == 1) & (tables["orders"]["price"] > 0)
    )
    asked = tables["orders"]["price"][mine]
    return result(built, "maker"), result(built, "bait") if bait else 0.0, int(np.ptp(asked))


def test_bait_moves_who_quotes_around_the_venues_mid_and_trades_against_the_moved_quotes():
    with_it, without = (
        [baited("mid-follower", seed) for seed in SEEDS],
        [baited("mid-follower", seed, bait=False) for seed in SEEDS],
    )
    assert lower_end([row[1] for row in with_it]) > 0
    assert lower_end([row[0] for row in without], [row[0] for row in with_it]) > 0
    assert min(row[2] for row in with_it) > 10 > max(row[2] for row in without)


def test_bait_does_not_move_who_quotes_off_the_leader():
    found = [baited("symmetric", seed) for seed in SEEDS]
    assert max(row[2] for row in found) <= 1
    assert abs(np.mean([row[1] for row in found])) < 0.05  # what the dust itself traded
    assert min(row[0] for row in found) >= -0.05


def spoofed(lean, seed, *, spoofer=True):
    rest = f'[[agent]]\nkind = "imbalance-maker"\nname = "maker"\ncapital_usd = 1e8\nnumbers = {{lean = {lean}}}\n'
    rest += '[[agent]]\nkind = "noise"\nname = "noise"\ncount = 3\ncapital_usd = 1e7\n'
    rest += "numbers = {per_hour = 2000, size = 2}\n"
    if spoofer:
        rest += '[[agent]]\nkind = "spoofer"\nname = "spoofer"\ncapital_usd = 1e8\n'
    built = market(rest, seconds=60, seed=seed, kinds=PREY)
    tables = play(built)
    shown = tables["orders"]["maker"] == FIRST_AGENT + 4 if spoofer else np.zeros(1, bool)
    return result(built, "maker"), result(built, "spoofer") if spoofer else 0.0, int(shown.sum())


def test_a_spoofer_lives_on_makers_who_believe_the_imbalance_of_the_book():
    with_it, without = ([spoofed(8, seed, spoofer=there) for seed in SEEDS] for there in (True, False))
    assert lower_end([row[1] for row in with_it]) > 0
    assert lower_end([row[0] for row in without], [row[0] for row in with_it]) > 0


def signalled(imbalance, seed, *, spoofer):
    rest = '[[agent]]\nkind = "cartea-jaimungal"\nname = "maker"\ncapital_usd = 1e8\n'
    rest += f"numbers = {{imbalance_bps = {imbalance}}}\n"
    rest += '[[agent]]\nkind = "noise"\nname = "noise"\ncount = 3\ncapital_usd = 1e7\n'
    rest += "numbers = {per_hour = 2000, size = 2}\n"
    if spoofer:
        rest += '[[agent]]\nkind = "spoofer"\nname = "spoofer"\ncapital_usd = 1e8\nnumbers = {edge_bps = 0.5}\n'
    built = market(rest, seconds=60, seed=seed)
    play(built)
    return result(built, "maker")


def test_a_shipped_maker_with_the_imbalance_as_its_signal_loses_to_a_spoofer_and_without_it_does_not():
    believes, ignores = (
        [[signalled(bps, seed, spoofer=there) for seed in SEEDS] for there in (False, True)] for bps in (10, 0)
    )
    assert lower_end(believes[0], believes[1]) > 0
    assert ignores[1] == pytest.approx(ignores[0], abs=1e-6)


def test_spoofing_costs_a_maker_nothing_that_ignores_imbalance():
    with_it, without = ([spoofed(0, seed, spoofer=there) for seed in SEEDS] for there in (True, False))
    assert min(row[2] for row in with_it) > 50  # it did show its walls
    assert [row[0] for row in with_it] == pytest.approx([row[0] for row in without], abs=1e-6)
    assert max(row[1] for row in with_it) == 0.0


def hunted(*, crowd, loop, most, mark="book", belief=None):
    """Gain in ticks times lots of a hunter on a linear book of 100 lots each 4 ticks; and what the model says.

    ``crowd`` accounts are liquidated one each 4 ticks from 20 ticks down, in all ``loop`` times what the book takes.
    """
    density = loop * 25.0
    known = density if belief is None else belief
    rest = scripted("book", more='margin = "none"\n[agent.numbers]\nslots = 400')
    rest += '[[agent]]\nkind = "liquidation-hunter"\nname = "hunter"\nmargin = "none"\nfeed_ms = 1\nsend_ms = 1\n'
    rest += f"numbers = {{crowd = 1, density = {known}, impact = 0.04, zone_bps = 20, deep_bps = {20 + 4 * crowd}, "
    rest += f"push = {most}, most = {most}, cost_bps = 2, rest_s = 1000}}\n"
    rest += f'[[agent]]\nkind = "idle"\nname = "long"\ncount = {crowd}\ncapital_usd = 0\n'
    built = market(rest, seconds=20, kinds=PLAYERS, venue=f'mark = "{mark}"\nfunding = "hyperliquid"')
    venue, lots = built.world.venue, round(4 * density)
    accounts, unit = venue.accounts, venue.spec[0, UNIT]
    ids, triggers = FIRST_AGENT + 2 + np.arange(crowd), 10_000 - 20 - 4 * np.arange(crowd)
    accounts.position[ids, 0], accounts.position[FIRST_AGENT, 0] = lots, -lots * crowd
    accounts.cash[ids] = -lots * unit * triggers + lots * unit * triggers * int(venue.spec[0, MM]) // 10**6
    accounts.cash[FIRST_AGENT] += lots * unit * int(triggers.sum())
    accounts.cost[ids, 0] = lots * unit * triggers
    accounts.held[ids, 0] = accounts.held[FIRST_AGENT, 0] = lots > 0
    built.world.clock[w.C_PAID_IN] = accounts.cash.sum()
    bids = [place(10, 1, 10_000 - 4 * k, 100, k, POST_ONLY) for k in range(350)]
    script(built, 0, [*bids, place(10, -1, 10_001, 10**6, 350, POST_ONLY)])
    play(built)
    assert accounts.position[FIRST_AGENT + 1, 0] == 0
    _, expected = hunt(most, 0.04, known, distance=20.0, deep=20.0 + 4 * crowd, cost=2.0)
    return result(built, "hunter") * 1e6 / unit, expected


@pytest.mark.parametrize(("loop", "crowd", "most"), [(1.2, 100, 2_000), (0.8, 250, 5_000)])
def test_a_liquidation_hunter_earns_what_the_model_says(loop, crowd, most):
    gain, expected = hunted(crowd=crowd, loop=loop, most=most)
    assert gain == pytest.approx(expected, rel=0.05)
    assert gain > 0


def test_a_liquidation_hunter_loses_its_push_where_nobody_is_liquidated_or_the_mark_cannot_be_pushed():
    nobody, _ = hunted(crowd=100, loop=0.0, most=2_000, belief=30.0)
    unmoved, _ = hunted(crowd=100, loop=1.2, most=2_000, mark="index")
    assert nobody < -50_000
    assert unmoved < -50_000


def test_a_liquidation_hunter_that_expects_no_gain_does_nothing():
    assert hunted(crowd=100, loop=0.2, most=2_000)[0] == 0
    assert hunted(crowd=100, loop=1.2, most=2_000, belief=0.0)[0] == 0


EVERYONE = """
title = "everyone"
hours = 0.02
[chain]
policy = "priority-fee"
block_ms = 300
[[underlying]]
symbol = "BTC"
spot = 60000
volatility = 3
[[agent]]
kind = "grid"
name = "grid"
[[agent]]
kind = "symmetric"
name = "slow"
feed_ms = 200
lead_feed_ms = 600
[[agent]]
kind = "noise"
name = "noise"
count = 3
numbers = {per_hour = 6000, size = 100}
[[agent]]
kind = "front-runner"
name = "front-runner"
numbers = {bids = 3}
[[agent]]
kind = "sandwicher"
name = "sandwicher"
numbers = {margin_bps = 1}
[[agent]]
kind = "back-runner"
name = "back-runner"
numbers = {edge_bps = 1}
[[agent]]
kind = "bait"
name = "bait"
numbers = {edge_bps = 1}
[[agent]]
kind = "liquidation-hunter"
name = "hunter"
numbers = {crowd = -1, density = 3000, zone_bps = 2, most = 500, push = 200, rest_s = 5}
[[agent]]
kind = "spoofer"
name = "spoofer"
numbers = {edge_bps = 0}
"""


def test_adversaries_trade_the_same_in_plain_python():
    played = []
    for plain in (False, True):
        built = build(scenario_of(EVERYONE.encode(), "everyone"), seed=3, plain=plain)
        built.world.rule[w.G_AUDIT] = 1
        tables = play(built)
        assert (built.world.agents.timing[FIRST_AGENT : FIRST_AGENT + len(built.cast), w.D_OUT] == w.IN).all()
        played.append(tables)
    busy = np.bincount(played[0]["fills"]["taker"], minlength=13)
    assert (busy[[10, 11, 12, 14]] > 0).all(), busy
    for table in ("fills", "orders", "transfers"):
        for column in played[0][table]:
            np.testing.assert_array_equal(played[0][table][column], played[1][table][column])


def test_the_fall_of_the_hunt_model_is_that_of_a_cascade(vectors):
    for row in vectors("models/margin.json"):
        if row["case"].startswith("cascade"):
            given, want = row["inputs"], row["expected"]
            fall = cascade_fall(given["shock"] / given["impact"], given["impact"], given["density"], 0.0, 1e6)
            assert fall == (1e6 if want["runaway"] else pytest.approx(want["total_drop"], rel=1e-12))


def test_a_hunt_that_cannot_be_is_refused():
    for wrong in ({"impact": 0.0}, {"density": -1.0}, {"distance": 9.0, "deep": 8.0}, {"cost": -1.0}):
        with pytest.raises(DomainError, match="want impact above 0"):
            hunt(**({"x": 1.0, "impact": 1.0, "density": 1.0, "distance": 0.0, "deep": 1.0, "cost": 0.0} | wrong))
