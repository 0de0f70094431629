"""The makers that solve their own ladders, in a market whose takers are what their models assume."""

from math import exp

import numpy as np
import pytest

from makerscope.agents import maker_memory as m
from makerscope.agents import rfq_dealer as rfq
from makerscope.agents.interface import K_SIZE
from makerscope.agents.inventory_maker import ROOM, TABLES
from makerscope.agents.registry import kind_of
from makerscope.errors import InputError
from makerscope.market import layout
from makerscope.market.layout import FIRST_AGENT, NONE
from makerscope.models.glft import glft_quotes
from makerscope.models.glosten_milgrom import belief_after, glosten_milgrom_quotes
from makerscope.models.inventory_quotes import inventories, solve
from makerscope.sim.build import build
from makerscope.sim.scenario import scenario_of
from tests.market_play import fills, market, play, script, scripted, take
from tests.quoting_play import MARKET, PICKY, market_with, played, words

SOLVERS = ("glft", "cartea-jaimungal", "margin-aware")
TRUTH = (20.0, 0.3)  # fills a minute and side at the fair price, decay: of the market's takers


def table(reals, node, bound):
    return reals[TABLES + node * ROOM :][: 2 * bound + 1]


def held_over_time(tables):
    rows = tables["fills"]
    return np.cumsum(np.where(rows["maker"] == FIRST_AGENT, rows["side"], 0) * rows["size"])


@pytest.fixture(scope="module")
def runs():
    return {kind: [played(kind, seed=seed) for seed in range(6)] for kind in ("glft", "margin-aware")}


def test_a_glft_maker_learns_the_market_it_is_in(runs):
    found = np.array([
        [reals[m.A] * 60, reals[m.K], np.sqrt(reals[m.VARIANCE] * m.YEAR) / m.BPS]
        for reals, _ in (words(built) for _, _, built in runs["glft"])
    ])  # fmt: skip
    A, k, volatility = found.T
    # it counts a quote as resting from when it sends it, and its guess was 12 fills a minute: so somewhat too few
    assert A.mean() == pytest.approx(TRUTH[0], rel=0.25)
    assert k.mean() == pytest.approx(TRUTH[1], rel=0.15)
    assert (A * np.exp(-k * 3)).mean() == pytest.approx(TRUTH[0] * np.exp(-TRUTH[1] * 3), rel=0.12)
    np.testing.assert_allclose(volatility, 0.6, rtol=0.15)


def test_where_nobody_is_informed_it_finds_no_adverse_selection(runs):
    found = [reals[m.MOVED] / (reals[m.MOVES] + m.NEW) for reals, _ in (words(built) for _, _, built in runs["glft"])]
    assert abs(np.mean(found)) < 0.15  # bps, where a fill earns three


def test_its_tables_are_the_models_quotes():
    bound, most, lasting = 12, 6.0, 4.0
    _, _, built = played("glft", f"bound = {bound}, imbalance_bps = {most}, signal_s = {lasting}", hours=0.3)
    reals, whole = words(built)
    assert whole[m.SOLVED] > 3
    sigma, gamma, A, k = np.sqrt(reals[m.S_VARIANCE]), reals[m.S_RISK], reals[m.S_A], reals[m.S_K]
    adverse = reals[m.S_ADVERSE]
    calm = glft_quotes(sigma=sigma, A=A, k=k, gamma=gamma, bound=bound, impact=2 * adverse)
    np.testing.assert_allclose(table(reals, 2, bound)[:-1], calm.bid[:-1], atol=1e-9)
    q, constant = inventories(bound), np.log1p(gamma / k) / gamma
    eta = A * exp(-(1 + k / gamma) * np.log1p(gamma / k) - k * adverse)
    stationary = np.append(0.0, -np.cumsum((calm.bid[:-1] - constant - adverse) * k))  # ln v
    for node, share in enumerate((-1.0, -0.5, 0.0, 0.5, 1.0)):
        diagonal = k * gamma * sigma**2 / 2 * q**2 - k * share * most / lasting * q
        want = solve(diagonal, stationary, eta=eta, k=k, constant=constant + adverse, horizon=lasting)
        np.testing.assert_allclose(table(reals, node, bound)[:-1], want.bid[:-1], atol=1e-7)


def test_an_announced_rise_moves_both_quotes_up_by_no_more_than_the_rise():
    _, _, built = played("cartea-jaimungal", "most_bps = 6", hours=0.2)
    reals, _ = words(built)
    steps = np.array([table(reals, node, 10)[:-1] for node in range(5)])
    assert (np.diff(steps, axis=0) < 0).all()  # the higher the expected price, the nearer the bid
    assert (steps[2] - steps[4] < 6.0).all()


@pytest.mark.parametrize("kind", SOLVERS)
def test_no_position_is_beyond_the_bound_by_more_than_one_quote(kind):
    careless = "phi = 0" if kind == "cartea-jaimungal" else "gamma = 1e-5"
    _, tables, _ = played(kind, f"bound = 2, {careless}", hours=0.5)
    held = held_over_time(tables)
    assert 200 <= np.abs(held).max() <= 300


@pytest.mark.parametrize("kind", [*SOLVERS, "avellaneda-stoikov"])
def test_the_same_lines_do_the_same_in_plain_python(kind, monkeypatch):
    known = {"picky": PICKY}
    monkeypatch.setattr("makerscope.sim.cast.kind_of", lambda name: known.get(name) or kind_of(name))
    numbers = "bound = 3" + (", imbalance_bps = 2" if kind in {"glft", "cartea-jaimungal"} else "")
    text = MARKET.format(
        kind=kind, numbers=numbers, flow="", rest="", hours=0.01, every=10.0, volatility=0.6, capital=1e5, venue="",
    ).encode()  # fmt: skip
    found = [play(build(scenario_of(text, "test"), seed=3, plain=plain))["fills"] for plain in (False, True)]
    assert len(found[0]["size"]) > 3
    for column in found[0]:
        np.testing.assert_array_equal(found[0][column], found[1][column])


def test_with_margin_to_spare_a_margin_aware_maker_is_a_glft_maker():
    often = "refit_s = 0.01"
    one, other = (played(kind, often, hours=0.2, capital=1e9)[1]["fills"] for kind in ("glft", "margin-aware"))
    assert len(one["size"]) > 50
    for column in one:
        np.testing.assert_array_equal(one[column], other[column])


CRASH = """
[[episode]]
kind = "crash"
after_minutes = 6
minutes = 2
fall = 0.12
recovery = 0
[[agent]]
kind = "symmetric"
name = "other"
capital_usd = 1e9
numbers = {half_bps = 15, size = 10000}
"""


def in_a_crash(kind, seed):
    """How often a maker was liquidated that somebody had sold to for a minute before, and whether it still lives."""
    built = market_with(
        kind, "bound = 30, gamma = 1e-4", capital=6_000, hours=0.18, seed=seed, rest=CRASH + scripted("seller"),
    )  # fmt: skip
    script(built, 3, [take(300_000 + 500 * n, -1, NONE, 30) for n in range(120)])
    forced = play(built)["liquidations"]
    return int((forced["account"] == FIRST_AGENT).sum())


def test_in_a_crash_a_margin_aware_maker_reduces_before_the_venue_does():
    plain, aware = ([in_a_crash(kind, seed) for seed in range(4)] for kind in ("glft", "margin-aware"))
    assert min(plain) > 0
    assert max(aware) == 0


def test_a_margin_aware_maker_quotes_wider_and_smaller_the_less_margin_it_has():
    distances, sizes, sure = [], [], "bound = 4, prior_minutes = 1e7, volatility_memory_s = 1e8, adverse = 0"
    for capital in (1e7, 2_000, 120):
        built = market_with("margin-aware", sure, capital=capital, hours=0.05)
        play(built)
        reals, _ = words(built)
        distances.append(table(reals, 2, 4)[4])
        known = built.world.agents.known[built.world.venue.slot_at[FIRST_AGENT] :][:2]
        sizes.append(known[:, K_SIZE].sum())
    assert distances[0] < distances[1] < distances[2]
    assert sizes[0] >= sizes[1] >= sizes[2]
    assert 0 < sizes[2] < 200


DEALER = """
[[agent]]
kind = "rfq-dealer"
name = "dealer"
feed_ms = 1
lead_feed_ms = 1
send_ms = 1
capital_usd = 1e7
numbers = {numbers}
"""


def asked(numbers="{}", sides=(1, 1), sizes=(10, 10)):
    """Fills of a dealer to whom a taker's requests come two seconds apart."""
    built = market(
        scripted("taker") + DEALER.format(numbers=numbers),
        seconds=4 + 2 * len(sides), venue="dealers_ms = 600",
    )  # fmt: skip
    script(built, 0, [
        {"ms": 1_010 + 2_000 * n, "kind": layout.ASK_RFQ, "side": side, "price": NONE, "size": size}
        for n, (side, size) in enumerate(zip(sides, sizes, strict=True))
    ])  # fmt: skip
    return fills(play(built), "maker", "side", "price", "size")


def test_the_best_distance_is_where_the_expected_gain_is_largest():
    for level, slope, cost in ((-1.0, 0.5, 0.0), (2.0, 0.1, 3.0), (-3.0, 2.0, -4.0)):
        grid = np.linspace(cost, cost + 60 / slope, 2_000_001)
        gain = (grid - cost) / (1 + np.exp(level + slope * grid))
        assert rfq.best_distance(level, slope, cost) == pytest.approx(grid[gain.argmax()], abs=1e-3 / slope)


def test_the_floor_is_what_glosten_and_milgrom_would_ask():
    for p, mu in ((0.5, 0.3), (0.8, 0.1), (0.2, 0.6)):
        bid, ask = glosten_milgrom_quotes(p=p, mu=mu, high=4.0, low=-4.0)
        odds = np.log(p / (1 - p))
        assert rfq.informed_distance(odds, mu, 4.0, 1) == pytest.approx(ask)
        assert rfq.informed_distance(odds, mu, 4.0, -1) == pytest.approx(-bid)
        after = belief_after(p=p, mu=mu, side=1)
        assert np.log(after / (1 - after)) == pytest.approx(odds + np.log((1 + mu) / (1 - mu)))


def test_a_dealer_wins_at_its_best_distance_and_leans_with_what_it_holds():
    plain = "{gamma = 1e-9, informed = 0, level = -1, slope = 0.5}"
    away = rfq.best_distance(-1.0, 0.5, 0.0)  # bps of 10,000: ticks
    rows = asked(plain, sides=(1, -1))
    assert rows == [
        (FIRST_AGENT + 1, -1, int(np.ceil(10_000 + away)), 10), (FIRST_AGENT + 1, 1, int(np.floor(10_000 - away)), 10),
    ]  # fmt: skip
    averse = "{gamma = 0.2, informed = 0, volatility = 2.0, volatility_memory_s = 1e6}"
    first, second = (price for *_, price, _ in asked(averse, sides=(1, 1), sizes=(300, 300)))
    assert second > first > 10_000 + away  # short already, it wants more to sell again


def test_a_dealer_that_has_heard_buyers_sells_higher_and_never_inside_its_floor():
    wary = "{gamma = 1e-9, informed = 0.6, move_bps = 40, level = 10, slope = 3}"
    prices = [price for *_, price, _ in asked(wary, sides=(1, 1, 1), sizes=(10, 10, 10))]
    assert prices == sorted(prices)
    assert prices[0] == 10_024  # 0.6 of 40 bps: what buyers know is worth that much on average
    assert prices[-1] > prices[0]


def test_a_dealer_refuses_what_is_too_large_or_takes_it_beyond_its_limit():
    assert not asked("{most = 9}")
    assert len(asked("{limit = 15}")) == 1
    assert len(asked("{limit = 15}", sides=(1, -1))) == 2


@pytest.mark.parametrize(("kind", "numbers", "key"), [
    ("glft", "gamma = 0", "gamma"), ("glft", "decay = -1", "decay"), ("avellaneda-stoikov", "gamma = -0.1", "gamma"),
    ("cartea-jaimungal", "phi = -1", "phi"), ("margin-aware", "bound = 51", "bound"),
    ("rfq-dealer", "slope = 0", "slope"),
])  # fmt: skip
def test_numbers_outside_a_models_domain_are_refused_by_their_key(kind, numbers, key):
    with pytest.raises(InputError, match=rf"numbers.{key}: is .*; want "):
        market_with(kind, numbers)
