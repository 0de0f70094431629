"""The hedging engine in a running market: where it hedges, what it does when it cannot, and what it is worth."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from makerscope.agents.hedge_news import FAILED, HEDGES, LOTS
from makerscope.agents.hedged_chain_maker import VEGA_WORD
from makerscope.agents.hedging import E_BAND, OUTSIDE
from makerscope.agents.interface import V_VEGA
from makerscope.agents.vega_hedging import VEGA_FAILED, VEGA_LOTS, VEGA_SENT, best_series, point_cost
from makerscope.market.layout import FIRST_AGENT, MARK, P_ASK, P_BID, UNIT
from makerscope.market.venue import NO_MARGIN, TOO_LATE
from makerscope.sim.build import MONEY, build
from makerscope.sim.scenario import read_scenario
from makerscope.sim.world import D_OUT, IN
from tests.agent_files import MARKET, account_of, agent, market, run_on

SECOND = 10**9
TAKERS = agent("noise", "noise", count=6, numbers="{per_hour = 3000, return = 0}")
DEEP = agent("symmetric", "deep", numbers="{half_bps = 0.5, size = 5000}")
BEHIND = agent("symmetric", "behind", numbers="{half_bps = 6, size = 5000}")
HOUR = MARKET.replace("hours = 0.01", "hours = 0.1")
PLAIN = '[venue]\nmargin = "plain"\noption_maker_fee_bps = 3\noption_taker_fee_bps = 3\n'
OPTIONS = '[[option]]\nunderlying = "BTC"\ndays = [1, 30]\nstrikes = 5\nstep = 1000\ntick = 5\nlot = 0.1\n'
OPTIONISTS = agent(
    "noise", "noise", count=6, numbers="{per_hour = 400, first = 1, last = 20, slippage_bps = 5000, size = 5}"
)


def hedger(numbers="", **keys):
    """A grid maker that hedges; the numbers come on top."""
    return agent(
        "hedged-grid",
        "hedged",
        **{"hedge_usd": 1e6} | keys,
        numbers="{band = 200" + (", " + numbers if numbers else "") + "}",
    )


def outage(kind, after, minutes, extra=""):
    return f'[[episode]]\nkind = "{kind}"\nafter_minutes = {after}\nminutes = {minutes}\n{extra}\n'


def played(*agents, top=HOUR, seed=4):
    """The world at its end, and the first agent's memory: whole and real."""
    built = run_on(build(market(*agents, top=top), seed=seed, room=1 << 18))
    return built, *memory(built)


def memory(built: Any) -> tuple[Any, Any]:
    """The first agent's words and reals."""
    return built.keep[2], built.keep[1]


def hedges(built, name):
    """Lots hedged at the leading venue and taken on the perpetual: time and size of each fill."""
    log, account, shift = built.world.venue.log, account_of(built, name), len(built.cast)
    rows = log.fills[: log.count[1]]
    there, here = rows[rows[:, 3] == account + shift], rows[(rows[:, 3] == account) & (rows[:, 1] == 0)]
    return there[:, [0, 6]], here[:, [0, 6]]


def test_a_hedge_goes_where_spread_fee_and_funding_are_least():
    free = HOUR.replace("[chain]", "[venue]\ntaker_fee_bps = 0\n[chain]")
    dear = HOUR.replace("[chain]", "[venue]\ntaker_fee_bps = 9\n[chain]")
    maker = agent("hedged-chain-maker", "hedged", hedge_usd=1e6, numbers="{band = 20, hedge_at = 0, half_vol = 0.8}")
    for fees, on_the_perpetual in ((free, True), (dear, False)):
        top = fees.replace("[venue]\n", PLAIN) + OPTIONS
        built, _own, _real = played(maker, DEEP, OPTIONISTS, top=top)
        there, here = hedges(built, "hedged")
        assert (here[:, 1].sum() > there[:, 1].sum()) == on_the_perpetual
        assert len(there) + len(here) > 3


def test_when_the_leading_venue_is_down_hedges_go_to_the_perpetual_and_come_back():
    top = HOUR + outage("leader-outage", 1, 3)
    built, own, _real = played(hedger("rest_s = 20, hedge_at = 1"), BEHIND, TAKERS, top=top)
    there, here = hedges(built, "hedged")
    begin, end = built.start + 60 * SECOND, built.start + 240 * SECOND
    assert not ((there[:, 0] > begin) & (there[:, 0] < end)).any()
    assert ((here[:, 0] > begin) & (here[:, 0] < end)).any()
    assert (there[:, 0] > end).any()
    assert own[FAILED] >= 3
    assert own[HEDGES] == own[FAILED] + len(np.unique(there[:, 0])) + len(np.unique(here[:, 0]))
    assert own[LOTS] == there[:, 1].sum() + here[:, 1].sum()


def test_a_hedger_that_may_use_the_leading_venue_only_stops_quoting_the_side_that_adds():
    top = HOUR + outage("leader-outage", 1, 4)
    numbers = "hedge_at = 3, tries = 1, rest_s = 60, limit = 100000"
    held = []
    for band in (200, 100_000_000):  # the second never wants to hedge
        built, _own, _real = played(hedger(numbers).replace("band = 200", f"band = {band}"), TAKERS, top=top)
        log, account = built.world.venue.log, account_of(built, "hedged")
        rows = log.fills[: log.count[1]]
        rows = rows[
            (rows[:, 2] == account)
            & (rows[:, 0] > built.start + 70 * SECOND)
            & (rows[:, 0] < built.start + 300 * SECOND)
        ]
        held.append(np.abs(np.cumsum(rows[:, 4] * rows[:, 6])).max())
    assert held[0] < 0.7 * held[1]


def test_without_money_there_it_sends_some_and_hedges_when_it_has_arrived():
    top = HOUR + "[leader]\ntransfer_minutes = 1\n"
    poor = {"hedge_usd": 10.0}
    built, own, _real = played(hedger("hedge_at = 3", **poor), TAKERS, top=top)
    assert not len(hedges(built, "hedged")[0])
    assert own[FAILED] > 0
    built, own, _real = played(hedger("hedge_at = 3, transfer_usd = 50000", **poor), TAKERS, top=top)
    there, _here = hedges(built, "hedged")
    account, shift = account_of(built, "hedged"), len(built.cast)
    assert built.world.venue.refused[[account, account + shift], NO_MARGIN].sum() >= 1
    assert there[0, 0] > built.start + 60 * SECOND
    log = built.world.venue.log
    sent = log.transfers[: log.count[4]]
    moved = sent[(sent[:, 1] == account + shift) & (sent[:, 4] > 0)]
    assert moved[:, 4].tolist() == [50_000 * MONEY]


def test_a_hedge_that_congestion_held_up_is_void_and_never_executes_beside_its_successor():
    top = HOUR.replace("block_ms = 100", "block_ms = 100\ncapacity = 12\nothers = 0")
    top += outage("congestion", 1, 4, "times = 6")
    top = top.replace("others = 0", "others = 4")
    built, own, _real = played(hedger("hedge_at = 2, patience_ms = 200"), BEHIND, TAKERS, top=top)
    account = account_of(built, "hedged")
    log = built.world.venue.log
    rows = log.fills[: log.count[1]]
    mine = rows[(rows[:, 2] == account) | (rows[:, 3] == account)]
    side = np.where(mine[:, 2] == account, mine[:, 4], -mine[:, 4])
    held = np.cumsum(side * mine[:, 6])
    taken = mine[:, 3] == account
    before = np.concatenate([[0], held[:-1]])
    assert taken.any()
    assert own[FAILED] > 0
    assert (np.abs(held[taken]) <= np.abs(before[taken])).mean() > 0.9, "a hedge reduces what is held"
    assert built.world.venue.refused[account, TOO_LATE] > 0


def test_time_outside_the_band_is_the_time_in_which_it_knew_to_be_outside():
    built = build(market(hedger(), BEHIND, TAKERS, top=HOUR), seed=4, plain=True)
    eyes = built.steps[account_of(built, "hedged")]
    step, looks = eyes._step, []

    def watch(own, seen, act):
        looks.append((int(seen.now), abs(int(seen.position[0] + seen.position[1]))))
        return step(own, seen, act)

    eyes._step = watch
    run_on(built)
    times, held = np.array(looks).T
    outside = np.diff(times)[held[:-1] > 200].sum()
    assert outside > 0
    assert memory(built)[0][OUTSIDE] == outside


def chain_market(kind, numbers="", top="", other="half_vol = 1.2, size = 50"):
    makers = agent(kind, "maker", hedge_usd=1e6, numbers="{half_vol = 1, half_ticks = 2, size = 7" + numbers + "}")
    others = agent("chain-maker", "other", numbers="{" + other + "}")
    begin = MARKET.replace("hours = 0.01", "hours = 0.05").replace("[chain]", PLAIN + "[chain]")
    return market(makers, others, DEEP, OPTIONISTS, top=begin + OPTIONS + top)


def test_compiled_and_plain_hedging_are_the_same_market():
    scenario = chain_market("hedged-chain-maker", ", band = 50, vega_band = 100, band_rule = 1, hedge_at = 0")
    worlds = [run_on(build(scenario, seed=2, plain=plain)).world for plain in (False, True)]
    for name in ("cash", "position"):
        compiled, plain = (getattr(world.venue.accounts, name) for world in worlds)
        assert (compiled == plain).all()


def test_the_band_of_whalley_and_wilmott_is_wider_where_hedges_cost_more():
    bands = []
    for fee in (0, 20):
        scenario = chain_market("hedged-chain-maker", f", band = 0, band_rule = 1, lead_fee_bps = {fee}, hedge_at = 3")
        bands.append(memory(run_on(build(scenario, seed=2)))[1][E_BAND])
    assert 0 < bands[0] < bands[1]


def test_an_internalisation_zone_hedges_less_than_a_band_of_nothing_and_more_than_never():
    traded = []
    for numbers in ("band = 0", "band = 0, band_rule = 2, risk_aversion = 0.02", "band = 1e9"):
        _built, own, _real = played(hedger(numbers).replace("band = 200, ", ""), BEHIND, TAKERS)
        traded.append(own[LOTS])
    assert traded[2] == 0 < traded[1] < traded[0]


def test_a_vega_hedge_takes_the_cheapest_point_of_others_and_brings_vega_into_its_band():
    scenario = chain_market("hedged-chain-maker", ", band = 50, vega_band = 60, vega_keep = 0.2")
    built = build(scenario, seed=2, plain=True)
    maker = built.steps[account_of(built, "maker")]
    step, taken, vegas = maker._step, [], []

    def watch(own, seen, act):
        asleep = step(own, seen, act)
        vegas.append(abs(float((seen.position * seen.real[:, 2]) @ seen.model[:, V_VEGA]) / 100))
        for row in act.rows[: act.count[0]]:
            if row[0] == 3 and 1 <= row[1] <= 20:
                i, side = int(row[1]), int(row[2])
                costs = [(point_cost.py_func(seen, n, side)[0], n) for n in range(1, 21)]
                own_at = {(int(k[2]), int(k[4])) for k in seen.known if k[1] > 0 and k[3] == -side}
                free = [c for c in costs if (c[1], int(seen.public[c[1], P_ASK if side > 0 else P_BID])) not in own_at]
                assert i == min(free)[1] == best_series.py_func(seen, 0, side, 2.0)
                taken.append(i)
        return asleep

    maker._step = watch
    run_on(built)
    own = memory(built)[0]
    assert len(taken) == own[VEGA_WORD + VEGA_SENT] > own[VEGA_WORD + VEGA_FAILED]
    assert own[VEGA_WORD + VEGA_LOTS] > 0
    alone = run_on(build(chain_market("hedged-chain-maker", ", band = 50, vega_band = 1e9"), seed=2)).world
    a = account_of(built, "maker")
    model = built.world.public.model[-1]
    left = [abs((w.venue.accounts.position[a] * w.venue.real[:, 2]) @ model[:, V_VEGA]) for w in (built.world, alone)]
    assert left[0] < left[1]


def worth(scenario, name, seed):
    """What an agent gained, USD, hedges and costs included."""
    built = run_on(build(scenario, seed=seed))
    venue, a = built.world.venue, account_of(built, name)
    rows = [a, a + len(built.cast)]
    value = venue.accounts.cash[rows] + venue.accounts.position[rows] @ (venue.state[:, MARK] * venue.spec[:, UNIT])
    table = built.cast[a - FIRST_AGENT].table
    return value.sum() / MONEY - table.capital_usd - table.hedge_usd


def upper_variance_ratio(first, second):
    """97.5 % bound of var(first) / var(second) over paired seeds, by resampling the pairs."""
    pick = np.random.Generator(np.random.PCG64(1)).integers(0, len(first), (4000, len(first)))
    ratios = np.var(np.asarray(first)[pick], axis=1) / np.var(np.asarray(second)[pick], axis=1)
    return float(np.quantile(ratios, 0.975)), float(np.var(first) / np.var(second))


def test_a_hedged_grid_has_less_variance_of_its_result_than_the_same_grid_unhedged():
    top = HOUR.replace("spot = 60000", "spot = 60000\nvolatility = 2.0")
    numbers = "limit = 3000, half_bps = 6, size = 150"
    grid = market(agent("grid", "maker", numbers="{" + numbers + "}"), TAKERS, top=top)
    hedged = market(
        agent("hedged-grid", "maker", hedge_usd=1e6, numbers="{" + numbers + ", band = 100}"), TAKERS, top=top
    )
    results = np.array([[worth(scenario, "maker", seed) for scenario in (hedged, grid)] for seed in range(30)])
    bound, ratio = upper_variance_ratio(*results.T)
    print(f"variance of hedged over unhedged {ratio:.3f}, 97.5 % bound {bound:.3f}; means {results.mean(axis=0)}")
    assert bound < 1.0


def test_a_hedged_chain_maker_has_less_variance_of_its_result_than_the_same_one_unhedged():
    moving = HOUR.replace("spot = 60000", "spot = 60000\nvolatility = 1.5").replace("[chain]", PLAIN + "[chain]")
    numbers = "half_vol = 1, half_ticks = 2, size = 7, limit = 300"
    others = (agent("chain-maker", "other", numbers="{half_vol = 1.2, size = 50}"), DEEP, OPTIONISTS)
    plain, hedged = (
        market(agent(kind, "maker", hedge_usd=1e6, numbers="{" + numbers + "}"), *others, top=moving + OPTIONS)
        for kind, numbers in (("chain-maker", numbers), ("hedged-chain-maker", numbers + ", band = 50"))
    )
    results = np.array([[worth(scenario, "maker", seed) for scenario in (hedged, plain)] for seed in range(24)])
    bound, ratio = upper_variance_ratio(*results.T)
    print(f"variance of hedged over unhedged {ratio:.3f}, 97.5 % bound {bound:.3f}; means {results.mean(axis=0)}")
    assert bound < 1.0


def test_hedging_vega_with_listed_options_takes_variance_off_a_delta_hedged_book_where_volatility_moves():
    moving = HOUR.replace("spot = 60000", "spot = 60000\nvolatility = 0.8\nvol_of_vol = 20\nreversion = 4")
    moving = moving.replace("[chain]", PLAIN + "[chain]") + OPTIONS.replace("[1, 30]", "[30, 60]")
    numbers = "half_vol = 1, half_ticks = 2, size = 20, limit = 300, vega_limit = 1e6, band = 50, vega_keep = 0.8"
    wide = "half_vol = 1.2, size = 200, limit = 100000, vega_limit = 1e9, delta_limit = 1e6"
    others = (
        agent("chain-maker", "other", numbers="{" + wide + "}"),
        DEEP,
        OPTIONISTS.replace("size = 5", "size = 20"),
    )
    hedged, alone = (
        market(
            agent("hedged-chain-maker", "maker", hedge_usd=1e6, numbers="{" + numbers + f", vega_band = {band}" + "}"),
            *others,
            top=moving,
        )
        for band in (600, 1e9)
    )
    results = np.array([[worth(scenario, "maker", seed) for scenario in (hedged, alone)] for seed in range(20)])
    bound, ratio = upper_variance_ratio(*results.T)
    print(f"variance of vega hedged over not {ratio:.3f}, 97.5 % bound {bound:.3f}; means {results.mean(axis=0)}")
    assert bound < 1.0


def test_the_example_of_the_documentation_hedges(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "agents.md").read_text()
    (code,) = [each for each in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "hedge_delta(" in each]
    mine = agent("step", "mine", file='"my_agent.py"', hedge_usd=1e6, numbers="{band = 100}")
    (tmp_path / "my_agent.py").write_text(code)
    (tmp_path / "scenario.toml").write_text(MARKET + mine + TAKERS)
    built = run_on(build(read_scenario(tmp_path / "scenario.toml"), seed=3))
    assert built.world.agents.timing[FIRST_AGENT, D_OUT] == IN
    assert memory(built)[0][HEDGES] > memory(built)[0][FAILED]
    assert abs(built.world.venue.accounts.position[[FIRST_AGENT, FIRST_AGENT + len(built.cast)]].sum()) < 400
