"""Every ordering policy against sorting by its words, and the laws that all of them keep."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.market import chain as chains
from makerscope.market import mempool, ordering
from makerscope.market.layout import CANCEL, FORCED, LIQUIDATE, M_DUE, M_SEEN, PLACE, POST_ONLY, TAKE
from tests.market_messages import LATE, MS, arranged, chain_of, messages_of
from tests.reference.ordering import executes

RULES = {
    "class-sort-fee": {"bucket": 70 * MS, "sort_fee": 80, "fee_unit": 10, "sooner": 45 * MS, "fee_cap": 80},
    "timeboost": {"express": 5, "express_delay": 200 * MS},
    "delayed-takers": {"blocks": 2},
    "auction": {"blocks": 10},
    "commit": {"price_delay": 40 * MS, "expiry": 10**9},
}
message = st.fixed_dictionaries(
    {
        "kind": st.sampled_from([PLACE, CANCEL, TAKE, LIQUIDATE]),
        "flags": st.sampled_from([0, POST_ONLY]),
        "account": st.sampled_from([4, 5, 6]),
        "fee": st.one_of(st.integers(-150, 200), st.sampled_from([80, 80, 100])),
        "seen": st.integers(0, 9).map(lambda k: LATE + 30 * MS * k),
        "gas": st.integers(1, 40),
        "until": st.sampled_from([0, 0, 0, 3, 4, 5]),
        "amends": st.booleans(),
    }
)
DELAYS = np.array([[0, 0, 0], [20, 0, 30]]) * MS


def prepared(name, room):
    policy = ordering.new_ordering(ordering.POLICIES[name], accounts=7, delays=DELAYS, **RULES.get(name, {}))
    policy.tier[6] = 1
    chain = chain_of(interval=70 * MS, capacity=room, time=LATE, base_fee=100)
    chain.state[[chains.C_HEIGHT, chains.C_ORACLE]] = 3, LATE + 200 * MS
    chains.start_block(chain, LATE + 250 * MS)
    return policy, chain


def words(name, row, serial):
    """The message as the slow twin reads it."""
    kind, taker = row["kind"], row["kind"] in {TAKE, LIQUIDATE} or (row["kind"] == PLACE and not row["flags"])
    delay = [20, 0, 30][2 if taker else 1 if kind == CANCEL else 0] * MS if row["account"] == 6 else 0
    delay += 200 * MS if name == "timeboost" and row["account"] != 5 else 0
    return row | {"cancel": kind == CANCEL, "taker": taker, "delay": delay, "serial": serial}


@pytest.mark.parametrize("name", sorted(ordering.POLICIES))
@settings(max_examples=60)
@given(rows=st.lists(message, max_size=60), room=st.sampled_from([60, 500, 10**6]), dice=st.randoms())
def test_a_block_holds_what_the_policy_says_in_its_order(name, rows, room, dice):
    policy, chain = prepared(name, room)
    table = messages_of([{k: v for k, v in row.items() if k != "amends"} for row in rows])
    waiting = list(range(len(rows)))
    dice.shuffle(waiting)
    amends = [row["amends"] for row in rows]
    told = [words(name, row, m) for m, row in enumerate(rows)]
    first = {}
    for more in range(3):  # three blocks, nothing leaves: those held back by blocks come in at last
        got = arranged(policy, chain, table, waiting, amends)
        want = executes(
            name,
            RULES.get(name),
            told,
            now=LATE + (250 + 70 * more) * MS,
            height=4 + more,
            base_fee=100,
            room_for=lambda tip: room,
            oracle=LATE + 200 * MS,
            first_block=first,
        )
        assert got == want
        chains.start_block(chain, LATE + (320 + 70 * more) * MS)


@given(rows=st.lists(message, min_size=1, max_size=40), others=st.integers(0, 400))
def test_in_a_gas_auction_others_who_tip_more_take_their_room_first(rows, others):
    policy, _ = prepared("priority-fee", 0)
    chain = chain_of(interval=70 * MS, capacity=300, demand=others, tip=50, auctioned=1, time=LATE, base_fee=100)
    chains.start_block(chain, LATE + 400 * MS)
    rows = [row | {"until": 0, "account": 4} for row in rows]
    told = [words("priority-fee", row, m) for m, row in enumerate(rows)]
    table = messages_of([{k: v for k, v in row.items() if k != "amends"} for row in rows])
    want = executes(
        "priority-fee",
        None,
        told,
        now=LATE + 400 * MS,
        height=1,
        base_fee=100,
        room_for=lambda tip: 300 - others * (50 * 10**6 // (50 + tip)) // 10**6,
    )
    assert arranged(policy, chain, table) == want


@given(st.lists(message, min_size=1, max_size=30), st.integers(1, 1000))
def test_a_proposer_hears_of_a_message_within_the_gossip_and_by_time(rows, height):
    policy = ordering.new_ordering(ordering.SHORT_TERM, accounts=7, gossip=50 * MS)
    chain = chain_of(interval=70 * MS, time=LATE)
    chain.state[chains.C_HEIGHT] = height
    chains.start_block(chain, LATE + 150 * MS)
    table = messages_of([{"seen": row["seen"], "kind": row["kind"]} for row in rows])
    got = arranged(policy, chain, table)
    now = LATE + 150 * MS
    assert set(np.flatnonzero(table[:, M_SEEN] + 50 * MS <= now)) <= set(got)
    assert (table[got, M_SEEN] <= now).all()
    for earlier, later in pairwise(got):
        assert table[earlier, M_SEEN] <= table[later, M_SEEN] + 50 * MS


def test_proposers_hear_in_different_order():
    policy = ordering.new_ordering(ordering.SHORT_TERM, accounts=7, gossip=50 * MS)
    chain = chain_of(interval=1_000 * MS, time=LATE)
    table = messages_of([{"seen": LATE + 1}, {"seen": LATE + 2}])
    first = []
    for height in range(1, 401):
        chains.start_block(chain, LATE + height * 1_000 * MS)
        first.append(arranged(policy, chain, table)[0])
    assert 150 < sum(first) < 250


def test_a_forced_message_waits_for_nobody_and_pays_nothing():
    rows = [{"kind": TAKE, "flags": FORCED, "seen": LATE, "fee": 0, "gas": 0}, {"seen": LATE, "fee": 10**12, "gas": 50}]
    for name in ordering.POLICIES:
        policy, chain = prepared(name, 40)
        table = messages_of(rows)
        chain.state[chains.C_WAIT] = 10**12
        assert arranged(policy, chain, table) == [0]
        assert table[0, M_DUE] == LATE


def test_a_taker_auction_walks_from_its_start_to_its_limit():
    policy = ordering.new_ordering(ordering.AUCTION, accounts=7, blocks=10)
    chain = chain_of(interval=400 * MS, time=LATE)
    table = messages_of([{"kind": TAKE, "seen": LATE, "price": 1_005}])
    prices, runs = [], []
    for block in range(1, 13):
        chains.start_block(chain, LATE + block * 400 * MS)
        assert arranged(policy, chain, table) == [0]
        prices.append(mempool.auction_price(policy, chain.state, table, 0, 1_000))
        runs.append(bool(mempool.auction_runs(policy, chain.state, table, 0)))
    assert prices == [1_000, 1_000, 1_001, 1_001, 1_002, 1_002, 1_003, 1_003, 1_004, 1_004, 1_005, 1_005]
    assert runs == [True] * 10 + [False] * 2


def test_what_can_never_execute_is_known():
    policy = ordering.new_ordering(ordering.COMMIT, accounts=7, expiry=300 * 10**9)
    chain = chain_of(interval=250 * MS, time=LATE)
    table = messages_of([{"seen": LATE}, {"seen": LATE, "until": 3}])
    chain.state[chains.C_HEIGHT] = 2
    chains.start_block(chain, LATE + 300 * 10**9)
    assert [bool(mempool.lapsed(policy, chain.state, table, m)) for m in (0, 1)] == [False, False]
    chains.start_block(chain, LATE + 300 * 10**9 + 1)
    assert [bool(mempool.lapsed(policy, chain.state, table, m)) for m in (0, 1)] == [True, True]


def test_a_write_priority_fee_buys_time_but_never_more_than_the_way():
    policy = ordering.new_ordering(ordering.CLASS_SORT_FEE, accounts=7, **RULES["class-sort-fee"])
    rows = [
        {"kind": TAKE, "fee": 10, "sent": LATE, "seen": LATE + 200 * MS},
        {"kind": TAKE, "fee": 500, "sent": LATE, "seen": LATE + 10**9},
        {"kind": TAKE, "fee": 80, "sent": LATE, "seen": LATE + 200 * MS},
        {"kind": PLACE, "fee": 80, "sent": LATE, "seen": LATE + 200 * MS},
    ]
    table = messages_of(rows)
    assert [mempool.sooner(policy, table, m) // MS for m in range(4)] == [45, 360, 200, 0]


def test_a_private_message_is_seen_by_nobody():
    policy = ordering.new_ordering(ordering.PRIORITY_FEE, accounts=7, gossip=3)
    table = messages_of([{"seen": 10}, {"seen": 10, "private": 1}])
    assert [mempool.visible_from(policy, table, m) for m in (0, 1)] == [13, 1 << 62]
