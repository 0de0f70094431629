"""Trades told from volume decreases, against the definition by brute force."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.kernels.order_matching import align
from makerscope.venues.order_matching import LONGEST_RUN, Decrease, Matcher
from tests.reference.order_matching import best_pairs

CUTOFF = 5
decreases = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 3)), max_size=5).map(sorted)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(bids=decreases, asks=decreases)
def test_the_alignment_is_the_best_of_all_order_preserving_ones(bids, asks):
    partner = np.full(len(bids), -9, np.int64)
    columns = [np.array([row[at] for row in side], np.int64) for side in (bids, asks) for at in (0, 1)]
    align(*columns, CUTOFF, partner)
    pairs = [(bids[i], asks[j]) for i, j in enumerate(partner.tolist()) if j >= 0]
    chosen = [j for j in partner.tolist() if j >= 0]
    assert chosen == sorted(set(chosen))
    assert all(abs(b[0] - a[0]) <= CUTOFF and b[1] >= a[1] for b, a in pairs)
    assert (len(pairs), sum(abs(b[0] - a[0]) for b, a in pairs)) == best_pairs(bids, asks, CUTOFF)


events = st.lists(
    st.tuples(st.integers(0, 4), st.booleans(), st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=40
)


@settings(deadline=None, derandomize=True)
@given(events=events, every=st.integers(1, 7))
def test_trades_do_not_depend_on_how_often_they_are_asked_for(events, every):
    log, time = [], 0
    for order, (wait, is_bid, price, size) in enumerate(events):
        time += wait
        log.append(Decrease(time=time, order=order, is_bid=is_bid, price=price, size=size))
    whole, often = Matcher(cutoff=CUTOFF), Matcher(cutoff=CUTOFF)
    trades = []
    for at, decrease in enumerate(log):
        whole.add(decrease)
        often.add(decrease)
        if at % every == 0:
            trades += often.take(decrease.time)
    trades += often.finish()
    assert trades == whole.finish()
    assert [trade.time for trade in trades] == sorted(trade.time for trade in trades)
    assert 2 * len(trades) + whole.unmatched == len(log)


def test_a_stream_of_one_volume_stays_within_its_memory_and_finds_every_trade():
    matcher, trades = Matcher(cutoff=CUTOFF), []
    for at in range(20 * LONGEST_RUN):
        matcher.add(Decrease(time=at, order=2 * at, is_bid=True, price=10, size=1))
        matcher.add(Decrease(time=at, order=2 * at + 1, is_bid=False, price=10, size=1))
        trades += matcher.take(at)
        assert len(matcher._runs[1]) <= LONGEST_RUN
    trades += matcher.finish()
    assert len(trades) == 20 * LONGEST_RUN
    assert all(trade.taker == trade.maker + 1 and trade.side == 1 for trade in trades)


def test_two_that_differ_in_the_last_digit_are_counted_and_not_paired():
    matcher = Matcher()
    matcher.add(Decrease(time=0, order=1, is_bid=True, price=10, size=1000))
    matcher.add(Decrease(time=3, order=2, is_bid=False, price=10, size=1001))
    assert matcher.finish() == []
    assert (matcher.unmatched, matcher.nearly) == (2, 1)


def test_a_bid_below_the_ask_cannot_have_met_it():
    matcher = Matcher()
    matcher.add(Decrease(time=0, order=1, is_bid=True, price=9, size=5))
    matcher.add(Decrease(time=1, order=2, is_bid=False, price=10, size=5))
    assert matcher.finish() == []
