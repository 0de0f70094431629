"""The centralised venue: quotes, impact that cannot be gamed, fees, outages, transfers, and its tape."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from makerscope.errors import DomainError
from makerscope.kernels.dice import streams
from makerscope.market.layout import NONE
from makerscope.market.leader import (
    Leader,
    fee_of,
    last_shown,
    leader_down,
    leader_plan,
    leader_quote,
    leader_quotes,
    leader_state,
    leader_trade,
    transfer_due,
)
from makerscope.market.reference import reference_path, stream_names
from makerscope.market.reference_terms import Underlying, plan_of
from makerscope.market.transfers import transfer_send, transfer_take, transfers_table
from makerscope.tape.write import TapeWriter

SECOND = 10**9


def venue(**more):
    given_numbers = {"tick": 0.01, "unit": 10, "shown": 50, "depth": 1000.0, "impact": 400.0, "half_spread": 50.0}
    return Leader(**(given_numbers | more))


def test_the_quote_stands_around_the_reference_and_its_basis():
    plan, state = leader_plan(venue(basis=1000.0)), leader_state()
    bid, shown, ask, _ = leader_quote(plan, state, 100.0, 0.3, 0)
    assert (bid, ask, shown) == (10009, 10011, 50)
    nervous = leader_plan(venue(nerves=2.0))
    one_per_mille = 31.536  # variance a year whose standard deviation in a second is 0.1 %
    bid, _, ask, _ = leader_quote(nervous, state, 100.0, one_per_mille, 0)
    assert (bid, ask) == (10_000 - 21, 10_000 + 21)  # 0.5 ticks and twice 10


@pytest.mark.parametrize(("root", "share"), [(True, 2 / 3), (False, 1 / 2)])
def test_a_trade_pays_the_average_of_the_way_and_leaves_the_end(root, share):
    plan, state = leader_plan(venue(root=root, impact=4000.0)), leader_state()
    price, fee = leader_trade(plan, state, 1, 1000, 100.0, 0.0, 0)
    assert price == math.ceil(10_000 * (1 + 50e-6 + share * 0.004) - 1e-9)
    assert fee == math.ceil(price * 1000 * 10 * 450 / 1e6)
    bid, _, ask, _ = leader_quote(plan, state, 100.0, 0.0, 0)
    assert (bid + ask) / 2 == pytest.approx(10_040, abs=1)


def test_the_impact_fades_by_half_in_its_half_life():
    plan, state = leader_plan(venue(root=False, impact=40_000.0, half_spread=0.0)), leader_state()
    leader_trade(plan, state, -1, 1000, 100.0, 0.0, 0)
    middles = [leader_quote(plan, state, 100.0, 0.0, t * 60 * SECOND) for t in range(3)]
    assert [(bid + ask) / 2 for bid, _, ask, _ in middles] == pytest.approx([9600, 9800, 9900], abs=1)
    plan, state = leader_plan(venue(half_life=0, half_spread=0.0)), leader_state()
    leader_trade(plan, state, -1, 1000, 100.0, 0.0, 0)
    assert leader_quote(plan, state, 100.0, 0.0, 1)[::2] == (10_000, 10_001)


orders = st.lists(st.integers(-3000, 3000).filter(bool), min_size=1, max_size=12)


@given(orders, st.booleans(), st.floats(0.0, 5000.0), st.floats(1.0, 1e5))
def test_no_way_of_splitting_and_turning_round_at_once_makes_money(sizes, root, impact, depth):
    plan, state = (
        leader_plan(venue(root=root, impact=impact, depth=depth, half_spread=0.0, taker_fee=0)),
        leader_state(),
    )
    cash = 0
    for size in [*sizes, -sum(sizes)]:
        if size:
            price, fee = leader_trade(plan, state, int(np.sign(size)), abs(size), 100.0, 0.0, 0)
            if price == NONE:
                return  # it would have emptied the book
            cash -= price * size + fee
    assert cash <= 0


@given(st.integers(0, 1 << 61), st.integers(0, 999_999))
def test_a_fee_is_rounded_up_without_overflow(notional, ppm):
    assert fee_of(notional, ppm) == -(-notional * ppm // 10**6)


def test_an_outage_shows_and_fills_nothing():
    plan, state = leader_plan(venue(outages=((10, 20), (15, 30)))), leader_state()
    assert [leader_down(plan, t) for t in (9, 10, 29, 30)] == [False, True, True, False]
    assert leader_quote(plan, state, 100.0, 0.0, 12) == (NONE, NONE, NONE, NONE)
    assert leader_trade(plan, state, 1, 5, 100.0, 0.0, 12) == (NONE, NONE)
    assert state.bought[0] == 0.0


def test_orders_that_cannot_be_are_refused_and_move_nothing():
    plan, state = leader_plan(venue(most=100, root=False, impact=900_000.0, depth=10.0)), leader_state()
    for side, size in ((1, 0), (1, 101), (0, 5), (2, 5), (-1, 12)):
        assert leader_trade(plan, state, side, size, 100.0, 0.0, 0) == (NONE, NONE)
    assert state.bought[0] == 0.0


def test_who_listens_is_left_with_the_last_price_before_the_outage():
    outages = np.array([[10, 20], [15, 30], [40, 41]])
    assert [last_shown(outages, t) for t in (9, 10, 19, 29, 30, 40, 41)] == [9, 9, 9, 9, 30, 39, 41]
    assert last_shown(outages[:0], 7) == 7


def test_money_arrives_late_and_none_is_lost():
    plan = leader_plan(venue(transfer=100, outages=((150, 200), (200, 220))))
    assert [transfer_due(plan, t) for t in (0, 49, 60, 110, 130)] == [100, 149, 220, 220, 230]
    table = transfers_table(2)
    assert transfer_send(table, 30, 4, 500)
    assert transfer_send(table, 20, 5, -70)
    assert not transfer_send(table, 10, 6, 1)
    assert transfer_take(table, 19) == (NONE, 0)
    assert transfer_take(table, 40) == (5, -70)
    assert transfer_send(table, 50, 6, 1)
    assert transfer_take(table, 40) == (4, 500)
    assert transfer_take(table, 40) == (NONE, 0)


def test_its_quotes_are_an_ordinary_table_of_a_tape(tmp_path):
    plan = plan_of([Underlying(name="BTC", spot=100.0, v0=0.5, theta=0.5)], step=SECOND)
    path = reference_path(plan, 500, streams(7, stream_names(["BTC"])), begin=10**18)
    leader = venue(outages=((10**18 + 100 * SECOND, 10**18 + 200 * SECOND),))
    rows = leader_quotes(leader, path, instrument="cex:BTC")
    with TapeWriter(tmp_path / "tape", source="test") as tape:
        tape.write("quotes", rows)
    out = rows.filter(rows["bid"].is_null())
    assert out["exchange_time"].to_list() == [10**18 + 100 * SECOND]
    kept = rows.drop_nulls("bid")
    assert (kept["bid"] < kept["ask"]).all()
    assert kept["exchange_time"].is_sorted()
    spot = path.spot[0, (kept["exchange_time"].to_numpy() - 10**18) // SECOND]
    assert np.abs((kept["bid"] + kept["ask"]).to_numpy() / 200 - spot).max() < 0.011


def test_impossible_venues_are_refused():
    for wrong in ({"tick": 0.0}, {"taker_fee": -1}, {"outages": ((5, 5),)}, {"impact": -1.0}):
        with pytest.raises(DomainError, match="leader"):
            venue(**wrong)
