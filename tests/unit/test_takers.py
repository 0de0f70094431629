"""Takers in a running market: crowds that excite themselves, insiders, trend followers, flow that follows liquidity."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from makerscope.agents.hawkes import NUMBERS as CROWD
from makerscope.agents.registry import kind_of
from makerscope.kernels.dice import streams
from makerscope.models.hawkes import buys_and_sells, fano, sign_correlation
from makerscope.models.kyle import kyle
from makerscope.sim import cast
from makerscope.sim.build import build
from makerscope.sim.loop import EMPTY_LOG, run
from tests.agent_files import MARKET, account_of, agent, market, play

DEEP = agent("symmetric", "maker", capital_usd=1e9, numbers="{half_bps = 1, size = 1000000}")
HOUR = MARKET.replace("hours = 0.01", "hours = 1.0").replace("block_ms = 100", "block_ms = 20")
STILL = HOUR.replace("spot = 60000", "spot = 60000\nvolatility = 0")  # nobody requotes: the log holds the whole hour
OPTIONS = '[[option]]\nunderlying = "BTC"\ndays = [1, 7, 30]\nstrikes = 9\nstep = 1000\ntick = 5\nlot = 0.1\n'
PLAIN = MARKET.replace(
    "[chain]",
    '[venue]\nmargin = "plain"\noption_maker_fee_bps = 3\noption_taker_fee_bps = 3\nbudget = {kind = "none"}\n[chain]',
)


def crowd(name="crowd", **numbers):
    inside = ", ".join(f"{key} = {value}" for key, value in numbers.items())
    return agent("hawkes", name, margin='"none"', numbers="{" + inside + "}")


class Played:
    """A world at its end, with all fills of the run."""

    def __init__(self, built):
        parts = []
        while True:
            status = run(built.handle)
            log = built.world.venue.log
            parts.append(log.fills[: log.count[1]].copy())
            log.count[:] = 0
            if status != EMPTY_LOG:
                break
        self.fills, self.built = np.concatenate(parts), built
        self.start, self.world = built.start, built.world


def played(*agents, seed, top=HOUR):
    return Played(build(market(*agents, top=top), seed=seed))


def taken(played_, name):
    """Times, sides (+1 bought) and lots of the fills that an agent took, and their rows."""
    rows = played_.fills[played_.fills[:, 3] == account_of(played_.built, name)]
    return rows[:, 0], -rows[:, 4], rows[:, 6], rows


@pytest.fixture(scope="module")
def excited():
    crowd_ = crowd(per_hour=7200, branching=0.6, same_side=0.9, half_life_s=2, size=10, sigma=1.5, largest=300)
    return played(DEEP, crowd_, top=STILL, seed=4)


def test_a_crowd_comes_at_its_rate_in_the_clusters_that_its_branching_ratio_makes(excited):
    time, _, _, _ = taken(excited, "crowd")
    model = buys_and_sells(rate=2.0, own=0.54, other=0.06, decay=np.log(2) / 2)
    spread = (7200 * fano(model)) ** 0.5
    assert abs(time.size - 7200) < 4 * spread
    counts = np.bincount((time - excited.start) // (10 * 10**9), minlength=360)[1:360]
    assert counts.var() / counts.mean() == pytest.approx(fano(model, 10.0), rel=0.3)


def test_signs_of_a_crowd_agree_as_far_as_its_decisions_excite_their_own_side(excited):
    time, side, _, _ = taken(excited, "crowd")
    model = buys_and_sells(rate=2.0, own=0.54, other=0.06, decay=np.log(2) / 2)
    gap = np.diff(time) / 1e9
    near = gap < 0.2
    assert (side[1:] * side[:-1])[near].mean() == pytest.approx(sign_correlation(model, 0.1), abs=0.08)


def test_sizes_are_lognormal_up_to_their_bound(excited):
    _, _, size, _ = taken(excited, "crowd")
    assert size.max() == 300
    assert np.median(size) == pytest.approx(10, abs=1)
    assert np.log(size[size >= 3]).std() > 0.9


def test_pareto_sizes_have_the_tail_they_are_given():
    built = played(DEEP, crowd(per_hour=7200, size=10, tail=1.5, largest=1e6), top=STILL, seed=5)
    _, _, size, _ = taken(built, "crowd")
    assert size.min() >= 10
    for level in (20, 50, 200):
        assert (size >= level).mean() == pytest.approx((level / 10) ** -1.5, abs=0.03)


def test_orders_in_pieces_give_signs_a_memory_as_long_as_theory_says():
    """Decisions are independent; all memory is of large orders, whose number of pieces has a Pareto tail."""
    numbers = {"per_hour": 900, "branching": 0, "pieces_tail": 1.5, "most_pieces": 2000, "piece_s": 1, "sigma": 0}
    hours = STILL.replace("hours = 1.0", "hours = 4.0").replace("block_ms = 20", "block_ms = 100")
    built = played(DEEP, crowd(**numbers), top=hours, seed=6)
    _, side, _, _ = taken(built, "crowd")
    lags = np.array([2, 4, 8, 16, 32, 64])
    memory = np.array([(side[lag:] * side[:-lag]).mean() for lag in lags])
    assert (memory > 0.02).all()
    slope = np.polyfit(np.log(lags), np.log(memory), 1)[0]
    assert -0.9 < slope < -0.2  # 1 - 1.5, blurred by all others between two pieces
    alone = played(DEEP, crowd(**numbers | {"pieces_tail": 0}), top=hours, seed=6)
    _, side, _, _ = taken(alone, "crowd")
    assert abs((side[8:] * side[:-8]).mean()) < 4 / side.size**0.5


def test_one_seed_gives_one_crowd_whoever_else_is_there():
    one = played(DEEP, crowd(per_hour=3000), seed=2)
    other = played(DEEP, agent("noise", "noise"), crowd(per_hour=3000), seed=2)
    np.testing.assert_array_equal(taken(one, "crowd")[0], taken(other, "crowd")[0])


def path_at(built, time):
    """The leading price at times, in ticks of 1 USD."""
    step = int(built.world.rule[1])
    return built.world.path.spot[0][np.minimum((time - built.start) // step, built.world.path.spot.shape[1] - 1)]


def test_an_insider_trades_as_kyles_equilibrium_says_and_never_beyond_the_value():
    numbers = "{auctions = 10, horizon_s = 10, prior_bps = 2, noise = 300, pause_s = 1}"
    insider = agent("kyle", "insider", lead_feed_ms=-10_000, feed_ms=0, send_ms=0, numbers=numbers)
    top = HOUR.replace("hours = 1.0", "hours = 0.3").replace("block_ms = 20", "block_ms = 50")
    built = played(DEEP, insider, crowd(per_hour=2000), top=top, seed=3)
    time, side, size, rows = taken(built, "insider")
    price, beta = rows[:, 5], kyle(10).intensity
    start = built.start
    off = []
    for when, sign, lots, paid in zip(time - start, side, size, price, strict=True):
        into = when % (11 * 10**9)
        n, begin = round(into / 1e9 - 0.02), when - into
        if n >= 10:  # it closes
            continue
        value = path_at(built, start + begin + 10 * 10**9)
        assert sign * (value - paid) >= -1
        mid = paid - sign * 1e-4 * paid  # of the maker's quotes, as it saw them
        wanted = beta[n] / 10 * (value - mid) / (mid * 2e-4) * 300
        off.append(abs(sign * lots - wanted) / abs(wanted))
    assert len(off) > 100
    assert np.quantile(off, 0.7) < 0.1  # the rest saw another mid than they met


def test_an_insider_earns_what_the_maker_loses_before_fees():
    numbers = "{auctions = 5, horizon_s = 20, prior_bps = 3, noise = 300}"
    insider = agent("kyle", "insider", lead_feed_ms=-20_000, numbers=numbers)
    top = HOUR.replace("hours = 1.0", "hours = 0.3").replace("block_ms = 20", "block_ms = 50")
    built = played(DEEP, insider, crowd(per_hour=600), top=top, seed=3)
    time, side, size, rows = taken(built, "insider")
    later = path_at(built, time + 20 * 10**9)
    assert (side * (later - rows[:, 5]) * size).sum() > 0
    noise_time, noise_side, noise_size, noise_rows = taken(built, "crowd")
    later = path_at(built, noise_time + 20 * 10**9)
    assert (noise_side * (later - noise_rows[:, 5]) * noise_size).sum() / noise_size.sum() < 3


def test_who_is_informed_buys_below_and_sells_above_what_the_price_will_be():
    """Glosten and Milgrom: he trades one way or not at all, so each of his trades is a loss to the maker."""
    informed = agent(
        "informed", "informed", lead_feed_ms=-5000, feed_ms=0, send_ms=0, numbers="{per_hour = 3600, edge_bps = 0}"
    )
    top = HOUR.replace("hours = 1.0", "hours = 0.3")
    built = played(DEEP, informed, agent("noise", "noise", numbers="{per_hour = 3600}"), top=top, seed=3)
    time, side, _, rows = taken(built, "informed")
    value = path_at(built, time + 5 * 10**9)
    assert time.size > 50
    assert (side * (value - rows[:, 5]) >= -0.5 - 1e-4 * value).all()  # the block is up to 20 ms later
    assert (side * (value - rows[:, 5])).mean() > 0
    time, side, _, rows = taken(built, "noise")
    paid = side * (path_at(built, time + 5 * 10**9) - rows[:, 5])
    assert paid.mean() == pytest.approx(-1e-4 * 60_000, abs=4 * paid.std() / paid.size**0.5)  # the half spread


def test_a_trend_follower_enters_with_the_trend_and_leaves_at_its_stop():
    numbers = "{horizon_s = 20, threshold_bps = 3, stop_bps = 4, size = 100}"
    trend = agent("momentum", "trend", feed_ms=0, send_ms=0, numbers=numbers)
    top = (
        HOUR.replace("hours = 1.0", "hours = 0.3")
        .replace("block_ms = 20", "block_ms = 50")
        .replace("spot = 60000", "spot = 60000\nvolatility = 1.5")
    )
    built = played(DEEP, trend, crowd(per_hour=600), top=top, seed=3)
    time, side, size, _ = taken(built, "trend")
    held = np.cumsum(side * size)
    assert set(np.abs(held)) == {0, 100}
    entries = np.flatnonzero(held != 0)
    assert entries.size > 10
    before = np.maximum(time[entries] - 15 * 10**9, built.start)
    moved = side[entries] * (path_at(built, time[entries]) - path_at(built, before))
    assert (moved > 0).mean() > 0.8


@pytest.mark.parametrize(("less", "more"), [(8, 2), (4, 1)])
def test_elastic_flow_comes_more_often_where_the_spread_is_narrow(less, more):
    def arrivals(half):
        maker = agent("symmetric", "maker", capital_usd=1e9, numbers=f"{{half_bps = {half}, size = 100}}")
        numbers = "{per_hour = 600, depth = 100, spread_bps = 4, spread_power = 1, size = 2}"
        flow = agent("elastic", "flow", count=4, numbers=numbers)
        built = played(maker, flow, top=HOUR.replace("hours = 1.0", "hours = 0.5"), seed=3)
        return sum(taken(built, f"flow-{n}")[0].size for n in range(1, 5))

    wide, narrow = arrivals(less), arrivals(more)
    ratio = less / more  # of spreads: elasticity 1
    assert narrow / wide == pytest.approx(ratio, rel=4 * (1 / wide + 1 / narrow) ** 0.5)


def test_elastic_flow_comes_more_often_where_depth_and_uptime_are():
    def arrivals(size, every):
        keys = {"capital_usd": 1e9, "every_ms": every, "numbers": f"{{half_bps = 2, size = {size}}}"}
        numbers = (
            "{per_hour = 600, depth = 100, depth_power = 0.5, spread_bps = 4, uptime_power = 3, size = 2, most = 20}"
        )
        flow = agent("elastic", "flow", count=4, numbers=numbers)
        eater = crowd(per_hour=6000, size=10_000, sigma=0, branching=0)
        top = HOUR.replace("hours = 1.0", "hours = 0.3")
        scenario = market(agent("symmetric", "maker", **keys), flow, eater, top=top)
        built = Played(build(scenario, seed=3))
        return sum(taken(built, f"flow-{n}")[0].size for n in range(1, 5))

    thin, deep = arrivals(100, 0), arrivals(400, 0)
    assert deep / thin == pytest.approx(2.0, rel=0.3)  # four times the depth, elasticity one half
    assert arrivals(100, 2000) < 0.6 * thin  # a maker who comes back late: less uptime, fewer takers


def test_option_flow_trades_within_its_reservation_and_its_taste(tmp_path):
    chain = agent(
        "chain-maker",
        "chain",
        capital_usd=1e8,
        numbers="{half_vol = 0.5, half_ticks = 0, size = 20, tolerance = 1, vega_skew = 0, delta_skew_bps = 0}",
    )
    numbers = (
        "{per_hour = 6000, call = 0.8, buy = 0.7, reservation_vol = 2, days = 7, days_width = 0.3, delta_width = 0.1}"
    )
    flow = agent("option-flow", "flow", capital_usd=1e8, numbers=numbers)
    shy = agent(
        "option-flow", "shy", capital_usd=1e8, numbers=numbers.replace("reservation_vol = 2", "reservation_vol = 0.1")
    )
    top = PLAIN.replace("hours = 0.01", "hours = 0.1").replace("block_ms = 100", "block_ms = 500") + OPTIONS
    _, tape = play(market(agent("grid", "grid"), chain, flow, shy, top=top), tmp_path)
    fills = tape.scan("fills").filter(pl.col("taker") == "flow").collect()
    what = {name: (item.is_call, float(item.strike or 0), item.expiry) for name, item in tape.instruments.items()}
    assert fills.height > 200
    calls = np.array([what[name][0] for name in fills["instrument"]])
    bought = fills["side"].to_numpy() == -1
    assert calls.mean() == pytest.approx(0.8, abs=4 * (0.16 / calls.size) ** 0.5)
    assert bought.mean() == pytest.approx(0.7, abs=4 * (0.21 / calls.size) ** 0.5)
    days = np.array([(what[name][2] - fills["exchange_time"][0]) / 86_400e9 for name in fills["instrument"]])
    assert ((days > 4) & (days < 12)).mean() > 0.95
    assert tape.scan("fills").filter(pl.col("taker") == "shy").collect().height == 0


def test_option_flow_without_any_quote_goes_without_a_trade():
    flow = agent("option-flow", "flow", numbers="{per_hour = 20000}")
    built = played(agent("grid", "grid"), flow, top=PLAIN + OPTIONS, seed=3)
    assert taken(built, "flow")[0].size == 0


def test_leverage_is_drawn_anew_for_each_position_and_stops_are_kept():
    keys = {"count": 200, "capital_usd": 1000, "feed_ms": 0, "send_ms": 0}
    spread = agent(
        "leveraged",
        "some",
        **keys,
        numbers="{leverage = 5, leverage_spread = 0.4, wait_minutes = 0.5, hold_minutes = 1000}",
    )
    top = MARKET.replace("hours = 0.01", "hours = 0.05")
    built = played(DEEP, spread, top=top, seed=3)
    opened = [taken(built, f"some-{n:03d}")[2] for n in range(1, 201)]
    logs = np.log([rows[0] * 0.001 * 60_000 / 1000 / 5 for rows in opened if rows.size])
    assert logs.size > 150
    assert logs.mean() == pytest.approx(0.0, abs=0.12)
    assert logs.std() == pytest.approx(0.4, abs=0.08)


def test_a_stop_closes_a_losing_position_soon_after_it_is_hit():
    keys = {"count": 20, "capital_usd": 10_000, "feed_ms": 0, "send_ms": 0}
    stopped = agent(
        "leveraged",
        "long",
        **keys,
        numbers="{leverage = 3, long = 1, stop_bps = 20, wait_minutes = 0.05, hold_minutes = 1000,"
        " look_s = 0.1, slippage_bps = 100}",
    )
    crash = '[[episode]]\nkind = "crash"\nafter_minutes = 1\nminutes = 0.5\nfall = 0.02\n'
    top = MARKET.replace("hours = 0.01", "hours = 0.05")
    built = played(DEEP, stopped, crash, top=top, seed=3)
    closed = [taken(built, f"long-{n:02d}") for n in range(1, 21)]
    losses = [(1 - rows[1, 5] / rows[0, 5]) * 1e4 for *_, rows in closed if rows.shape[0] > 1]
    assert len(losses) > 15
    assert 18 < np.median(losses) < 45


def test_every_number_of_a_crowd_has_a_domain_and_its_dice_are_its_own():
    assert all(item.low <= item.default <= item.high for item in CROWD.values())
    assert streams(1, ["a"])[0, 0] != streams(1, ["b"])[0, 0]


CAST = {
    "hawkes": 'margin = "none"\nnumbers = {per_hour = 20000, pieces_tail = 1.4, piece_s = 1, sigma = 1.5}',
    "kyle": "lead_feed_ms = -5000\nnumbers = {auctions = 5, horizon_s = 5, prior_bps = 2, pause_s = 1}",
    "momentum": "numbers = {horizon_s = 3, threshold_bps = 0.5, stop_bps = 1}",
    "elastic": "numbers = {per_hour = 6000}",
    "option-flow": "numbers = {per_hour = 20000, branching = 0.5, reservation_vol = 3}",
    "leveraged": "numbers = {wait_minutes = 0.01, hold_minutes = 0.1, leverage_spread = 0.5, stop_bps = 2}",
}


@pytest.mark.parametrize("kind", CAST)
def test_a_taker_in_plain_python_trades_as_the_compiled_one(kind, monkeypatch):
    one = f'[[agent]]\nkind = "{kind}"\nname = "taker"\n{CAST[kind]}\n'
    chain = agent("chain-maker", "chain", capital_usd=1e8) if kind == "option-flow" else ""
    top = PLAIN.replace("hours = 0.01", "hours = 0.02") + (OPTIONS if chain else "")
    compiled = played(DEEP, chain, one, seed=3, top=top)

    def in_python(name):
        found = kind_of(name)
        return replace(found, step=found.step.py_func, entry=None) if name == kind else found

    monkeypatch.setattr(cast, "kind_of", in_python)
    plain = played(DEEP, chain, one, seed=3, top=top)
    assert taken(compiled, "taker")[0].size > 3
    np.testing.assert_array_equal(compiled.fills, plain.fills)
