"""Auctions, pools, dealers, short lives, speed for money and money on its way: each by a small market done by hand."""

import numpy as np
import pytest

from makerscope.market import layout
from makerscope.market.chain import K_FINALITY, K_INTERVAL
from makerscope.market.layout import BACKSTOP, FIRST_AGENT, GAS_SINK, JIT, NONE, POST_ONLY
from makerscope.market.leader import TRANSFER as TRANSFER_TIME
from makerscope.market.log import CANCELLED, DEPOSIT, EXPIRED, PRIORITY_FEE, REJECTED
from makerscope.market.news import ASKED, W_KIND, W_LEFT, W_PRICE, W_SIDE, W_SIZE, first_note
from makerscope.market.pool_price import impact
from makerscope.market.venue import LIVES_TOO_LONG, NO_QUOTES, NOT_FILLABLE, NOT_IN_DANGER
from makerscope.sim.run import finality_of
from makerscope.sim.world import C_WAITING
from tests.market_play import cancel, fills, market, place, play, script, scripted, take

A, B, C = FIRST_AGENT, FIRST_AGENT + 1, FIRST_AGENT + 2
THREE = scripted("one", "two", "three")


def refused(built, account, reason):
    return int(built.world.venue.refused[account, reason])


def test_a_batch_auction_trades_at_one_price_and_shares_its_margin():
    built = market(THREE, chain='policy = "batch"')
    script(built, 0, [place(10, -1, 10_000, 30, flags=POST_ONLY)])
    script(built, 1, [place(11, -1, 10_000, 10, flags=POST_ONLY), place(11, -1, 9_990, 5, 1, flags=POST_ONLY)])
    script(built, 2, [take(12, 1, 10_010, 25)])
    tables = play(built)
    got = sorted(fills(tables, "maker", "taker", "side", "price", "size"))
    # 5 lots are better than the price; the other 20 are shared 30 : 10
    assert got == [(A, C, -1, 10_000, 15), (B, C, -1, 10_000, 5), (B, C, -1, 10_000, 5)]
    assert built.world.venue.state[0, layout.VOLUME] == 25


def test_what_crosses_in_a_batch_never_stands_crossed_and_a_later_order_is_the_taker():
    built = market(THREE, chain='policy = "batch"')
    script(built, 0, [place(10, 1, 9_990, 10, flags=POST_ONLY)])
    script(built, 1, [place(250, -1, 9_980, 25, flags=POST_ONLY)])
    tables = play(built)
    assert fills(tables, "maker", "taker", "side", "price", "size") == [(A, B, 1, 9_980, 10)]
    assert (tables["quotes"]["bid"][-1], tables["quotes"]["ask"][-1], tables["quotes"]["ask_size"][-1]) == (
        NONE,
        9_980,
        15,
    )


def test_nobody_trades_with_itself_in_a_batch():
    built = market(THREE, chain='policy = "batch"')
    script(built, 0, [place(10, 1, 10_000, 10), place(20, -1, 9_990, 10, 1), place(400, -1, 10_050, 3, 2)])
    script(built, 1, [place(210, -1, 10_000, 4)])
    tables = play(built)
    assert fills(tables, "maker", "taker", "size") == [(A, B, 4)]
    gone = tables["orders"]["action"] == CANCELLED
    assert tables["orders"]["price"][gone].tolist() == [9_990]


def test_a_takers_limit_walks_to_its_end_and_meets_offers_of_one_block():
    built = market(THREE, chain='policy = "auction"')
    built.world.ordering.rule[8] = 4  # blocks
    # the limit of a buyer of 10,040 stands at 10,000, 10,010, 10,020, 10,030, 10,040
    script(built, 0, [place(10, -1, 10_030, 10, flags=POST_ONLY)])
    script(built, 1, [place(320, -1, 10_015, 3, flags=JIT)])  # for the third block of the auction, at 400 ms
    script(built, 2, [take(110, 1, 10_040, 20)])
    tables = play(built)
    got = list(zip(*(tables["fills"][name].tolist() for name in ("block", "maker", "price", "size")), strict=True))
    first = got[0][0]
    assert got == [(first, B, 10_015, 3), (first + 1, A, 10_030, 10)]
    assert built.world.venue.accounts.position[C, 0] == 13
    assert len(set(tables["fills"]["taker_order"].tolist())) == 1  # one order, however many blocks


def test_an_offer_of_one_block_is_gone_after_it_and_never_takes():
    built = market(THREE, chain='policy = "auction"')
    script(built, 0, [place(10, -1, 10_005, 10, flags=POST_ONLY), place(210, -1, 10_001, 2, 1, flags=JIT)])
    script(built, 1, [place(310, 1, 10_005, 2, flags=JIT)])
    tables = play(built)
    assert not fills(tables, "size")
    orders = tables["orders"]
    assert orders["price"][orders["action"] == EXPIRED].tolist() == [10_001]
    assert orders["price"][orders["action"] == REJECTED].tolist() == [10_005]


def test_what_an_auction_leaves_of_a_limit_order_rests():
    built = market(THREE, chain='policy = "auction"')
    built.world.ordering.rule[8] = 2
    script(built, 2, [place(110, 1, 10_040, 20)])
    tables = play(built)
    assert (tables["quotes"]["bid"][-1], tables["quotes"]["bid_size"][-1]) == (10_040, 20)


def test_a_pool_trades_at_the_first_oracle_price_after_the_commitment_with_the_premium_of_its_skew():
    built = market(THREE, chain='policy = "commit"', top='profile = "synthetix"', seconds=12)
    rule = built.world.ordering.rule
    rule[13] = 1_000_000  # skew scale, USD
    script(built, 0, [take(110, 1, NONE, 10_000), place(200, 1, 9_990, 5, flags=POST_ONLY)])
    script(built, 1, [take(5_110, -1, NONE, 10_000)])
    tables = play(built)
    # 10,000 lots are 100,000 USD: from no skew the mean premium is 5 %; who takes it away is paid just as much
    assert fills(tables, "maker", "taker", "side", "price", "size") == [
        (BACKSTOP, A, -1, 10_500, 10_000), (BACKSTOP, B, 1, 10_500, 10_000),
    ]  # fmt: skip
    start, times = built.start, tables["fills"]["exchange_time"]
    assert (times[0] - start) / 1e9 >= 2.1
    assert refused(built, A, NO_QUOTES) == 1


def test_a_commitment_can_be_taken_back_and_a_limit_that_the_price_misses_is_refused():
    built = market(THREE, chain='policy = "commit"', top='profile = "gmx"', seconds=6)
    script(built, 0, [place(110, 1, 10_100, 10), cancel(150)])
    script(built, 1, [take(110, 1, 9_000, 10)])
    tables = play(built)
    assert not fills(tables, "size")
    assert refused(built, B, NOT_FILLABLE) == 1
    assert built.world.clock[C_WAITING] == 0


def test_a_short_term_order_goes_at_its_height_without_a_message_and_cannot_ask_for_more():
    built = market(THREE, top='profile = "dydx"')
    script(built, 0, [place(10, 1, 9_990, 5, flags=POST_ONLY), place(10, 1, 9_980, 5, 1, POST_ONLY, until=4)])
    script(built, 1, [place(10, 1, 9_970, 5, flags=POST_ONLY, until=1_000)])
    tables = play(built)
    orders = tables["orders"]
    gone = orders["action"] == EXPIRED
    placed = {p: b for p, b, a in zip(orders["price"], orders["block"], orders["action"], strict=True) if a == 0}
    assert dict(zip(orders["price"][gone].tolist(), orders["block"][gone].tolist(), strict=True)) == {
        9_990: placed[9_990] + 21, 9_980: 5,
    }  # fmt: skip
    assert refused(built, B, LIVES_TOO_LONG) == 1


@pytest.mark.parametrize(("prices", "limit", "trade"), [
    ([10_010, 10_005, 10_005], 10_020, 10_005), ([10_030], 10_020, None), ([], NONE, None),
])  # fmt: skip
def test_of_dealers_the_best_price_wins_ties_go_to_the_first_and_none_outside_the_limit(prices, limit, trade):
    names = ["taker", "d1", "d2", "d3"]
    built = market(scripted(*names), venue="dealers_ms = 500")
    script(built, 0, [{"ms": 110, "kind": layout.ASK_RFQ, "side": 1, "price": limit, "size": 7}])
    for k in range(3):
        lines = [{"ms": 10, "kind": layout.BID_RFQ}]
        if k < len(prices):
            lines.append({"ms": 250 + k, "kind": layout.BID_RFQ, "price": prices[k], "slot": 1})
        script(built, 1 + k, lines)
    tables = play(built)
    want = [] if trade is None else [(A + 2, A, -1, trade, 7)]
    assert fills(tables, "maker", "taker", "side", "price", "size") == want
    assert refused(built, A, NOT_FILLABLE) == (trade is None)


def test_an_answer_after_the_window_is_too_late():
    built = market(scripted("taker", "dealer"), venue="dealers_ms = 200")
    script(built, 0, [{"ms": 110, "kind": layout.ASK_RFQ, "side": 1, "price": NONE, "size": 7}])
    script(built, 1, [{"ms": 315, "kind": layout.BID_RFQ, "price": 10_000, "slot": 1}])
    assert not fills(play(built), "size")


def test_the_priority_fee_is_a_share_of_what_an_aggressor_filled_and_is_burned():
    built = market(THREE, chain='policy = "class-sort-fee"')
    script(built, 0, [place(10, -1, 10_000, 1_000, flags=POST_ONLY)])
    script(built, 1, [take(210, 1, 10_000, 400, fee=20_000), take(410, 1, 9_000, 400, fee=20_000)])
    tables = play(built)
    paid = tables["transfers"]["kind"] == PRIORITY_FEE
    # 400 lots of .001 at 10,000 are 4,000 USD; 20,000 / 10^8 of it are .80 USD; what filled nothing pays nothing
    assert tables["transfers"]["amount"][paid].tolist() == [-800_000]
    assert built.world.venue.accounts.cash[GAS_SINK] == 800_000


def test_money_between_the_venues_arrives_late_and_is_never_lost():
    built = market(scripted("one"), seconds=100)
    built.world.desk.numbers[0, TRANSFER_TIME] = 30 * 10**9
    send = {"kind": layout.TRANSFER, "side": 1, "size": 5_000_000}
    script(built, 0, [
        send | {"ms": 10}, send | {"ms": 50_000, "side": -1}, send | {"ms": 60_000, "size": 10**16},
    ])  # fmt: skip
    tables = play(built)
    moved = tables["transfers"]["kind"] == DEPOSIT
    rows = list(zip(*(tables["transfers"][name][moved].tolist() for name in ("account", "amount")), strict=True))
    assert rows == [(A, -5_000_000), (A + 1, 5_000_000), (A + 1, -5_000_000), (A, 5_000_000)]
    times = (tables["transfers"]["exchange_time"][moved] - built.start) / 1e9
    np.testing.assert_allclose(times, [0.1, 30.1, 50.1, 80.1], atol=0.11)
    assert built.world.venue.accounts.cash[[A, A + 1]].tolist() == [10**12, 10**9]


def test_an_orphaned_block_executes_nothing_and_no_fill_of_it_is_lost():
    reorg = '[[episode]]\nkind = "reorg"\nafter_minutes = 0.01\nminutes = 0.005\n'
    with_it, without = (market(THREE + tail, seconds=5) for tail in (reorg, ""))
    for built in (with_it, without):
        script(built, 0, [place(10, -1, 10_000, 100, flags=POST_ONLY)])
        script(built, 1, [take(ms, 1, 10_000, 7) for ms in range(110, 2_000, 100)])
    one, other = play(with_it), play(without)
    blocks = one["fills"]["block"].tolist()
    assert not {7, 8, 9} & set(blocks)
    assert {7, 8, 9} <= set(other["fills"]["block"].tolist())
    assert one["fills"]["size"].sum() == other["fills"]["size"].sum() == 100
    with_it.world.chain.rules[[K_FINALITY, K_INTERVAL]] = 3, 10**8
    told = finality_of(with_it)
    assert told[0].startswith("a block and its fills are final 3 blocks (0.3 s) after it")
    assert told[1].startswith("blocks 7 to 9 were orphaned: they hold no fill")
    assert len(finality_of(without)) == (without.world.chain.rules[K_FINALITY] > 0)


def test_a_keeper_cannot_point_at_an_account_that_covers_its_margin():
    built = market(THREE, venue="keepers = true")
    script(
        built,
        0,
        [{"ms": 10, "kind": layout.LIQUIDATE, "size": B}, {"ms": 10, "kind": layout.LIQUIDATE, "size": 10**12}],
    )
    play(built)
    assert refused(built, A, NOT_IN_DANGER) == 2


def test_dealers_hear_of_a_takers_auction_but_not_its_limit():
    built = market(THREE, chain='policy = "auction"')
    script(built, 0, [{"ms": 10, "kind": layout.BID_RFQ}])
    script(built, 2, [take(110, 1, 10_040, 20)])
    play(built)
    inbox = built.world.venue.inbox
    note = inbox.note[first_note(inbox, A, 1 << 62)]
    assert note[[W_KIND, W_SIDE, W_PRICE, W_SIZE, W_LEFT]].tolist() == [ASKED, 1, NONE, 20, 0]
    assert first_note(inbox, B, 1 << 62) == NONE


def test_a_pools_impact_is_paid_by_who_unbalances_and_earned_by_who_balances():
    # 500,000 parts per 10^15 of USD squared: 1 M USD more on one side of a balanced pool costs 500 USD
    assert impact(1, 1_000, 0, 1_000.0, 500_000, 250_000, 2_000_000) == pytest.approx(-500.0)
    assert impact(-1, 1_000, 1_000, 1_000.0, 500_000, 250_000, 2_000_000) == pytest.approx(250.0)
    # turning it round: paid for the half that balances, charged for the half that does not
    assert impact(-1, 2_000, 1_000, 1_000.0, 500_000, 250_000, 2_000_000) == pytest.approx(-250.0)
