"""What other simulators got wrong, played in the closed market."""

import pytest

from makerscope.agents.interface import V_PRICE, V_VOLATILITY
from makerscope.market.layout import FIRST_AGENT, IS_CALL, POST_ONLY, STRIKE_TICKS
from makerscope.market.log import FILLED_ORDER
from makerscope.pricing.implied import implied_volatility
from makerscope.sim.world import C_HEIGHT, C_LAST_BLOCK, C_PAID_IN
from tests.market_play import built_of, cancel, fills, market, place, play, script, scripted, take

A, B, C = FIRST_AGENT, FIRST_AGENT + 1, FIRST_AGENT + 2


def test_a_bid_of_ten_lots_hit_by_four_four_and_two_is_a_position_of_ten():
    """hftbacktest#316: release 2.4.4 says 2; fee, cash and position come from the last fill alone."""
    built = market(scripted("maker", "taker"), fees=(1, 2))
    script(built, 0, [place(10, 1, 10_000, 10, flags=POST_ONLY), cancel(900, 5)])
    script(built, 1, [take(ms, -1, 10_000, 4) for ms in (110, 210, 310)])
    tables = play(built)
    assert [size for (size,) in fills(tables, "size")] == [4, 4, 2]
    accounts = built.world.venue.accounts
    assert accounts.position[[A, B], 0].tolist() == [10, -10]
    # 10 lots of .001 at 10,000 are 100 USD; 1 and 2 bps of it are fees
    assert accounts.cash[A] == 10**12 - 100_000_000 - 10_000
    assert accounts.cash[B] == 10**12 + 100_000_000 - 20_000
    orders = tables["orders"]
    assert orders["size"][orders["action"] == FILLED_ORDER].tolist() == [6, 2, 0]
    assert built.world.agents.position[A, 0] == 10  # and the agent has heard of all of it


@pytest.mark.parametrize("matching", ["fifo", "pro-rata"])
def test_liquidity_is_spent_once(matching):
    """nautilus#2564, #5017: two resting orders must not both fill on what traded once, nor one of them twice."""
    built = market(scripted("one", "two", "taker"), venue=f'matching = "{matching}"')
    script(built, 0, [place(10, 1, 10_000, 5, flags=POST_ONLY)])
    script(built, 1, [place(11, 1, 10_000, 5, flags=POST_ONLY)])
    script(built, 2, [take(110, -1, 10_000, 6), take(111, -1, 10_000, 6), take(112, -1, 10_000, 6)])
    sizes = [size for (size,) in fills(play(built), "size")]
    assert sum(sizes) == 10
    assert sorted(built.world.venue.accounts.position[[A, B, C], 0].tolist()) == [-10, 5, 5]


def test_every_case_of_the_accounting_vectors(vectors):
    for case in vectors("models/accounting.json"):
        given, want = case["inputs"], case["expected"]
        if "fills" in given:
            resting, takes = [given["order"]["qty"]], given["fills"]
        else:
            resting, takes = [one["qty"] for one in given["resting_orders"]], [given["traded_through"]["qty"]]
        built = market(scripted("maker", "taker"))
        script(built, 0, [place(10 + n, 1, 10_000, size, n, POST_ONLY) for n, size in enumerate(resting)])
        script(built, 1, [take(110 + 100 * n, -1, 10_000, size) for n, size in enumerate(takes)])
        got = [size for (size,) in fills(play(built), "size")]
        if "position" in want:
            assert built.world.venue.accounts.position[A, 0] == want["position"]
            assert (built.world.venue.slot[0] == -1) == (want["order_status"] == "filled")
        else:
            assert (sum(got), got) == (want["total_filled"], want["fills"])


OPTIONS = """
title = "expiry"
hours = 0.02
[[underlying]]
symbol = "BTC"
spot = 10000
volatility = 2.0
tick = 1
lot = 0.001
[[option]]
underlying = "BTC"
days = [0.0005]
strikes = 5
step = 100
tick = 1
lot = 0.001
[chain]
block_ms = 100
[venue]
margin = "plain"
option_maker_fee_bps = 3
option_taker_fee_bps = 3
[[agent]]
kind = "script"
name = "one"
margin = "none"
[[agent]]
kind = "script"
name = "two"
margin = "none"
"""


def test_all_legs_of_one_expiry_settle_at_one_index():
    """nautilus#4966: the two legs of a vertical settled at different prices of the index."""
    built = built_of(OPTIONS)
    spec = built.world.venue.spec
    legs = [i for i, market in enumerate(built.markets) if market.kind == "option"]
    script(built, 0, [place(100, 1, 300, 7, 0, instrument=i) | {"slot": n % 8} for n, i in enumerate(legs[:8])])
    script(built, 1, [take(400, -1, 300, 7, instrument=i) for i in legs[:8]])
    tables = play(built)
    alone = tables["fills"]["maker"] < 0
    rows = [tables["fills"][name][alone].tolist() for name in ("instrument", "price")]
    prices = dict(zip(*rows, strict=True))
    assert len(prices) == 8
    implied = set()
    for i, price in prices.items():
        if price > 0:
            implied.add(int(spec[i, STRIKE_TICKS] + (price if spec[i, IS_CALL] else -price)))
        else:
            assert price == 0
    assert len(implied) == 1  # strike plus or minus payoff is the one settlement index
    assert not built.world.venue.accounts.position.any()
    assert int(built.world.venue.accounts.cash.sum()) == int(built.world.clock[C_PAID_IN])


TERM = OPTIONS.replace("days = [0.0005]", "days = [0.25, 30, 90]").replace("volatility = 2.0", "volatility = 0.6")


def test_the_volatility_of_a_mark_does_not_grow_with_the_root_of_its_days():
    """nautilus#3581: a minimum for a maximum inflated implied volatility by sqrt(days to expiry)."""
    built = built_of(TERM)
    play(built)
    world = built.world
    model = world.public.model[int(world.clock[C_HEIGHT]) % len(world.public.time)]
    found = []
    for i, one in enumerate(built.markets):
        if one.kind != "option" or one.strike != 10_000:
            continue
        assert one.expiry is not None
        years = (one.expiry - int(world.clock[C_LAST_BLOCK])) / (365 * 86_400 * 10**9)
        forward = 10_000 + model[i, V_PRICE] - model[i + (1 if one.is_call else -1), V_PRICE]
        forward = forward if one.is_call else 20_000 - forward
        again, _why = implied_volatility(model[i, V_PRICE], forward, 10_000.0, years, is_call=bool(one.is_call))
        assert float(again) == pytest.approx(model[i, V_VOLATILITY], rel=1e-4)
        found.append(float(again))
    assert len(found) == 6
    assert max(found) / min(found) < 1.1  # one level of variance: sqrt(90 / 0.25) would be 19
