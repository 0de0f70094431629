"""A maker of two markets, one of them toxic: where its size goes, and what that is worth."""

from typing import Any

import numpy as np

from makerscope.agents.allocator import FILLS, GAIN, MOVES, SCORE, VOLUME, WEIGHT
from makerscope.market.layout import FIRST_AGENT, MARK, UNIT
from makerscope.sim.build import MONEY, build
from tests.agent_files import MARKET, account_of, agent, fills_of, market, run_on

TWO = MARKET.replace("hours = 0.01", "hours = 0.15") + (
    '[[underlying]]\nsymbol = "ETH"\nspot = 3000\ntick = 0.1\nlot = 0.02\nvolatility = 2.0\n'
)
NOISE = "".join(
    agent("noise", f"noise-{m}", count=4, numbers=f"{{per_hour = 1200, first = {m}, last = {m}, return = 0}}")
    for m in (0, 1)
)
TOXIC = agent(
    "informed", "informed", lead_feed_ms=-15000, count=3, numbers="{market = 1, per_hour = 3000, edge_bps = 0}"
)
NUMBERS = "horizon_s = 15, learn = 5, limit_usd = 100000"


def played(numbers, *others, seed=1):
    maker = agent("allocator", "maker", numbers="{" + NUMBERS + ", " + numbers + "}")
    return run_on(build(market(maker, *others, top=TWO), seed=seed, room=1 << 18))


def memory(built: Any) -> tuple[Any, Any]:
    """The first agent's words and reals."""
    return built.keep[2], built.keep[1]


def worth(built):
    venue, a = built.world.venue, account_of(built, "maker")
    value = venue.accounts.cash[a] + venue.accounts.position[a] @ (venue.state[:, MARK] * venue.spec[:, UNIT])
    return value / MONEY - built.cast[a - FIRST_AGENT].table.capital_usd


def test_its_size_leaves_the_market_in_which_it_is_picked_off():
    built = played("every_minutes = 1", NOISE, TOXIC)
    whole, real = memory(built)
    assert whole[MOVES] >= 1
    assert real[WEIGHT] > 0.8
    assert real[WEIGHT : WEIGHT + 2].sum() == 1.0
    assert real[SCORE] > 0 > real[SCORE + 1]


def test_a_threshold_that_nothing_exceeds_and_a_time_that_never_comes_keep_equal_weights():
    for numbers in ("every_minutes = 1, threshold = 1e9", "every_minutes = 1e6"):
        built = played(numbers, NOISE, TOXIC)
        whole, real = memory(built)
        assert whole[MOVES] == 0
        assert real[WEIGHT : WEIGHT + 2].tolist() == [0.5, 0.5]


def test_moves_are_at_least_the_stated_time_apart():
    often, seldom = (memory(played(f"every_minutes = {m}, threshold = 0", NOISE))[0][MOVES] for m in (0.5, 3))
    assert 1 <= seldom <= 3 < often <= 18  # nine minutes


def test_what_it_measures_of_its_fills_is_what_the_log_says():
    built = played("every_minutes = 1e6, memory_minutes = 1e6", NOISE)
    rows, account = fills_of(built, "maker"), account_of(built, "maker")
    real, venue = memory(built)[1], built.world.venue
    for m in (0, 1):
        mine = rows[(rows[:, 1] == m) & (rows[:, 2] == account)]
        notional = (mine[:, 5] * mine[:, 6] * venue.spec[m, UNIT]).sum() / MONEY
        heard = real[FILLS + m]
        assert len(mine) - 3 <= heard <= len(mine)
        assert abs(real[VOLUME + m] / notional - 1) < 0.02
        assert 0 < real[GAIN + m] / real[VOLUME + m] < 4.5e-4  # it quotes 4 bps away


def test_compiled_and_plain_are_the_same_market():
    maker = agent("allocator", "maker", numbers="{" + NUMBERS + ", every_minutes = 0.5}")
    short = TWO.replace("hours = 0.15", "hours = 0.03")
    worlds = [
        run_on(build(market(maker, NOISE, TOXIC, top=short), seed=2, plain=plain)).world for plain in (False, True)
    ]
    assert (worlds[0].venue.accounts.cash == worlds[1].venue.accounts.cash).all()


def test_it_earns_more_than_the_same_maker_with_equal_weights_where_one_market_is_toxic():
    gains = np.array([
        [worth(played(numbers, NOISE, TOXIC, seed=seed)) for numbers in ("every_minutes = 1", "every_minutes = 1e6")]
        for seed in range(12)
    ])  # fmt: skip
    more = gains[:, 0] - gains[:, 1]
    half = 2.201 * more.std(ddof=1) / np.sqrt(len(more))  # Student's t, 11 degrees of freedom, 95 %
    print(f"gain of moving {more.mean():.0f} +- {half:.0f} USD; earned {gains.mean(axis=0).round()}")
    assert more.mean() - half > 0
