"""Replay on markets of a few events: peers' known defects, queues, takers, outages, latency."""

import pytest

from makerscope.errors import InputError
from makerscope.sim.replay_queue import QueueModel
from tests.replays import fills_of, live_ahead, played, position

BOOK = ("snap", [(1, 100, 8), (1, 99, 9), (-1, 102, 7), (-1, 103, 9)])
EMPTY_LEVEL = ("snap", [(1, 99, 9), (-1, 102, 7), (-1, 103, 9)])


def sells(price, *sizes):
    return [("trade", -1, price, size) for size in sizes]


def test_a_bid_filled_in_parts_ends_with_all_of_them(vectors):
    case = next(each for each in vectors("models/accounting.json") if each["case"] == "partial-fills-sum-to-position")
    bid = ("place", 0, 0, 1, 100, case["inputs"]["order"]["qty"])
    out = played([EMPTY_LEVEL, bid, *sells(100, 4, 4, 4)])  # hftbacktest#316: position 2
    assert [each[3] for each in fills_of(out)] == case["inputs"]["fills"]
    assert position(out) == case["expected"]["position"]
    assert live_ahead(out) == {}


def test_one_traded_lot_fills_one_of_two_own_orders(vectors):
    case = next(each for each in vectors("models/accounting.json") if each["case"] == "liquidity-not-spent-twice")
    own = [("place", n, 0, 1, 100, each["qty"]) for n, each in enumerate(case["inputs"]["resting_orders"])]
    out = played([EMPTY_LEVEL, *own, *sells(100, case["inputs"]["traded_through"]["qty"])])  # nautilus#2564
    assert [each[3] for each in fills_of(out)] == case["expected"]["fills"]


def test_a_taker_finds_what_it_took_gone_until_more_is_shown():
    take = ("take", 0, 1, 102, 7)
    assert [each[3] for each in fills_of(played([BOOK, take, take]))] == [7]  # nautilus#5017
    fewer = played([BOOK, take, ("level", -1, 102, 4), take])  # what left is what was taken
    assert [each[3] for each in fills_of(fewer)] == [7]
    more = played([BOOK, take, ("level", -1, 102, 9), take])
    assert [each[3] for each in fills_of(more)] == [7, 2]
    anew = played([BOOK, take, ("level", -1, 102, 0), ("level", -1, 102, 7), take])
    assert [each[3] for each in fills_of(anew)] == [7, 7]
    again = played([BOOK, take, BOOK, take])  # the same snapshot twice shows nothing new
    assert [each[3] for each in fills_of(again)] == [7]


def test_a_taker_walks_the_recorded_levels_up_to_its_limit():
    out = played([BOOK, ("take", 0, 1, 103, 10)])
    assert fills_of(out) == [(0, 1, 102, 7, "taker"), (0, 1, 103, 3, "taker")]
    assert fills_of(played([BOOK, ("take", 0, 1, 101, 10)])) == []


def test_displayed_lots_come_first():
    bid = ("place", 0, 0, 1, 100, 5)
    assert fills_of(played([BOOK, bid, *sells(100, 8)])) == []
    assert [each[3] for each in fills_of(played([BOOK, bid, *sells(100, 8, 3)]))] == [3]
    assert [each[3] for each in fills_of(played([BOOK, bid, *sells(100, 10)]))] == [2]


def test_a_trade_through_the_price_fills():
    out = played([BOOK, ("place", 0, 0, 1, 100, 5), *sells(99, 3)])
    assert fills_of(out) == [(0, 1, 100, 3, "maker")]


def test_no_trade_no_fill():
    crossed = [("level", -1, 100, 3), ("level", 1, 100, 0), ("level", -1, 99, 3)]
    assert fills_of(played([BOOK, ("place", 0, 0, 1, 100, 5), *crossed], model="front")) == []


@pytest.mark.parametrize(("model", "ahead"), [("behind", 8.0), ("share", 4.0), ("power", 4.0), ("front", 0.0)])
def test_half_of_a_queue_cancels(model, ahead):
    """Eight lots stood ahead and eight came behind; eight cancel."""
    change = [("level", 1, 100, 16), ("level", 1, 100, 8)]
    out = played([BOOK, ("place", 0, 0, 1, 100, 5), *change], model=model, n=3.0)
    assert live_ahead(out) == {(0, 0): ahead}


def test_power_puts_cancels_where_more_lots_are():
    """Eight ahead, four behind, six cancel: for n = 2 the share ahead is 64 / 80."""
    change = [("level", 1, 100, 12), ("level", 1, 100, 6)]
    out = played([BOOK, ("place", 0, 0, 1, 100, 5), *change], model="power", n=2.0)
    assert live_ahead(out)[0, 0] == pytest.approx(8 - 0.8 * 6)


def test_lots_that_traded_do_not_cancel_again():
    """Six of eight trade, then the book shows two: nobody cancelled, two are ahead."""
    out = played([BOOK, ("place", 0, 0, 1, 100, 5), *sells(100, 6), ("level", 1, 100, 2)], model="share")
    assert live_ahead(out) == {(0, 0): 2.0}


def test_behind_a_price_that_is_not_shown_nothing_is_known():
    out = played([BOOK, ("place", 0, 0, 1, 90, 5), *sells(90, 50)])
    assert fills_of(out) == []
    out = played([BOOK, ("place", 0, 0, 1, 90, 5), ("level", 1, 90, 4), *sells(90, 6)])
    assert [each[3] for each in fills_of(out)] == [2]


def test_a_post_only_order_that_would_trade_is_refused():
    out = played([BOOK, ("place", 0, 0, 1, 102, 5)])
    assert out.world.venue.refused[:, 7].sum() == 1
    gone = played([BOOK, ("take", 1, 1, 102, 7), ("place", 0, 0, 1, 102, 5)])  # own takers emptied the level
    assert gone.world.venue.refused[:, 7].sum() == 0


def test_an_outage_takes_orders_out_and_fills_nothing():
    out = played(
        [
            BOOK,
            ("place", 0, 0, 1, 100, 5),
            ("pause",),
            *sells(99, 9),
            ("place", 0, 1, 1, 100, 5),
            ("resume",),
            *sells(99, 9),
        ]
    )
    assert fills_of(out) == []
    assert out.world.venue.refused[:, 2].sum() == 1


def test_an_order_that_grows_goes_to_the_end_and_one_that_shrinks_stays():
    bid = ("place", 0, 0, 1, 100, 5)
    more = played([BOOK, bid, *sells(100, 6), ("place", 0, 0, 1, 100, 4)])
    assert live_ahead(more) == {(0, 0): 2.0}
    more = played([BOOK, bid, *sells(100, 6), ("place", 0, 0, 1, 100, 6)])
    assert live_ahead(more) == {(0, 0): 8.0}


def test_what_is_recorded_at_the_same_instant_comes_first():
    """An order and the trade it wants reach the venue in one microsecond: the trade is over."""
    out = played([EMPTY_LEVEL, ("trade", -1, 100, 5), ("place", 0, 0, 1, 100, 5)], step=0)
    assert fills_of(out) == []


def test_a_maker_pays_the_makers_fee_and_money_is_kept():
    out = played([EMPTY_LEVEL, ("place", 0, 0, 1, 100, 5), *sells(100, 5)], fees=(1.5, 4.5))
    cash = out.world.venue.accounts.cash
    worth = 100 * 5 * 100  # a tick times a lot of the test's perpetual is 100 base units
    assert cash[5] == 1_000_000 * 10**6 - worth - round(worth * 1.5e-4 + 0.25)
    assert cash.sum() == 2 * 1_000_000 * 10**6


@pytest.mark.parametrize(("kind", "n", "key"), [("best", 1.0, "queue"), ("power", 0.0, "queue.n")])
def test_an_impossible_queue_model_is_refused_by_key(kind, n, key):
    with pytest.raises(InputError, match=key):
        QueueModel(kind=kind, n=n)
