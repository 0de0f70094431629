"""A chain's clock, base fee, traffic, cost and schedule, by numbers done by hand."""

from math import exp
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makerscope.market import chain as chains
from makerscope.market import gas
from makerscope.market.layout import NO_TIME, PLACE
from tests.market_messages import MS, chain_of

GWEI = 10**9
AUCTION = {"interval": 12_000 * MS, "capacity": 30_000_000, "target": 15_000_000, "fee_model": 1, "denominator": 8}


def eip_1559(base_fee, used, target):
    """The EIP's own lines."""
    parent = SimpleNamespace(base_fee_per_gas=base_fee, gas_used=used)
    if parent.gas_used == target:
        return parent.base_fee_per_gas
    if parent.gas_used > target:
        return base_fee + max(parent.base_fee_per_gas * (parent.gas_used - target) // target // 8, 1)
    return base_fee - parent.base_fee_per_gas * (target - parent.gas_used) // target // 8


@given(st.integers(0, 10**15), st.integers(0, 3 * 10**9), st.integers(1, 15 * 10**8))
def test_the_base_fee_is_the_eip_to_the_last_wei(base_fee, used, target):
    used = min(used, 2 * target)
    assert gas.next_base_fee(base_fee, used, target, 8, 0) == eip_1559(base_fee, used, target)


@pytest.mark.parametrize(
    ("base_fee", "used", "want"),
    [
        (10**9, 10_000_000, 10**9),  # the numbers of go-ethereum's TestCalcBaseFee
        (10**9, 9_000_000, 987_500_000),
        (10**9, 11_000_000, 1_012_500_000),
        (10**9, 20_000_000, 1_125_000_000),
        (10**9, 0, 875_000_000),
        (0, 20_000_000, 1),
    ],
)
def test_the_base_fee_by_published_numbers(base_fee, used, want):
    assert gas.next_base_fee(base_fee, used, 10_000_000, 8, 0) == want


def test_the_base_fee_never_falls_below_its_floor():
    assert gas.next_base_fee(20_000_000, 0, 7_000_000, 8, 20_000_000) == 20_000_000


@pytest.mark.parametrize("backlog", [0, 70_000_000, 70_000_001, 200_000_000, 784_000_000])
def test_a_backlog_raises_the_fee_exponentially(backlog):
    want = 10**7 * exp(max(backlog - 70_000_000, 0) / 714_000_000)
    assert gas.backlog_fee(10**7, backlog, 70_000_000, 714_000_000) == round(want)


@given(st.integers(0, 1 << 40), st.integers(0, 1 << 50))
def test_gas_in_money_is_exact(x, y):
    assert gas.per_billion(x, y) == x * y // 10**9


@pytest.mark.parametrize(
    ("price", "want"), [(GWEI // 50, 0.0017), (GWEI // 2, 0.044), (5 * GWEI, 0.44), (30 * GWEI, 2.61)]
)
def test_a_quote_of_one_slot_costs_what_was_measured(price, want):
    assert gas.gas_money(29_023, price, 3_000 * 10**6) / 10**6 == pytest.approx(want, rel=0.03)


@given(st.integers(0, 100_000), st.integers(0, 10**12), st.integers(0, 10**9), st.integers(0, 10**5))
def test_the_data_fee_is_the_formula(size, l1, blob, scalar):
    want = max(100_000_000, -42_585_600 + 836_500 * size) * (16 * scalar * l1 + 810_949 * blob) // 10**12
    assert gas.data_fee(size, l1, blob, scalar, 810_949) == want


def test_blocks_come_at_their_interval_give_or_take_the_jitter():
    chain = chain_of(interval=100 * MS, jitter=20 * MS, time=1_000 * MS)
    assert chains.next_block_time(chain, chains.DICE // 2, NO_TIME) == 1_100 * MS
    assert chains.next_block_time(chain, 0, NO_TIME) == pytest.approx(1_080 * MS, abs=1)
    assert chains.next_block_time(chain, chains.DICE - 1, NO_TIME) == pytest.approx(1_120 * MS, abs=1)


def test_no_block_comes_while_the_chain_is_halted():
    halts = [(5_000 * MS, 6_000 * MS), (1_050 * MS, 2_000 * MS), (2_000 * MS, 2_001 * MS)]
    chain = chain_of(interval=100 * MS, time=1_000 * MS, halts=halts)
    assert chains.next_block_time(chain, 0, NO_TIME) == 2_001 * MS


def test_a_venue_without_blocks_acts_when_a_message_is_due():
    chain = chain_of(interval=0, time=1_000)
    assert [chains.next_block_time(chain, 0, t) for t in (900, 1_000, 1_300, NO_TIME)] == [1_000, 1_000, 1_300, NO_TIME]


def test_a_full_block_raises_the_base_fee_by_an_eighth_and_an_empty_one_lowers_it():
    chain = chain_of(**AUCTION, auctioned=1, demand=90_000_000, base_fee=10 * GWEI)
    chains.start_block(chain, 12_000 * MS)
    chains.finish_block(chain, 100_000)
    assert chain.state[chains.C_BASE_FEE] == 11_250_000_000
    chain.rules[chains.K_DEMAND] = 0
    chains.start_block(chain, 24_000 * MS)
    chains.finish_block(chain, 0)
    assert chain.state[chains.C_BASE_FEE] == 11_250_000_000 * 7 // 8


def test_the_base_fee_settles_where_others_fill_half_a_block():
    chain = chain_of(**AUCTION, auctioned=1, demand=60_000_000, willing=10 * GWEI, tip=GWEI, base_fee=GWEI)
    for block in range(1, 200):
        chains.start_block(chain, block * 12_000 * MS)
        chains.finish_block(chain, 0)
    assert chain.state[chains.C_BASE_FEE] == pytest.approx(30 * GWEI, rel=0.05)  # 60 * 10 / (10 + 30) = 15 m gas


def test_congestion_takes_the_room_of_small_tips_first():
    episodes = [(24_000 * MS, 36_000 * MS, 4_000_000)]
    chain = chain_of(**AUCTION, auctioned=1, demand=20_000_000, tip=2 * GWEI, base_fee=GWEI, episodes=episodes)
    room = []
    for block in (1, 2, 3):
        chains.start_block(chain, block * 12_000 * MS)
        room.append([chains.room_for(chain.state, tip * GWEI) for tip in (0, 2, 6, 10**6)])
    assert room[0] == room[2]
    assert room[0][:3] == [10_000_000, 20_000_000, 25_000_000]
    assert room[1][:3] == [-50_000_000, -10_000_000, 10_000_000]
    assert room[1][3] > 29_000_000


def test_where_the_first_come_is_first_served_congestion_makes_a_queue_that_drains():
    episodes = [(0, 1_000 * MS, 3_000_000)]
    chain = chain_of(interval=100 * MS, capacity=1_000, demand=800, episodes=episodes)
    waits = []
    for block in range(1, 90):
        chains.start_block(chain, block * 100 * MS)
        chains.finish_block(chain, 0)
        waits.append(chain.state[chains.C_WAIT] // MS)
    assert waits[8] == 9 * 1_400 // 1_000 * 100  # nine blocks inside the episode, 1,400 more than fits in each
    assert max(waits) == waits[8]
    assert waits[-1] == 0


def test_a_backlog_chain_returns_to_its_floor_when_the_rush_is_over():
    rules = {"interval": 250 * MS, "capacity": 32_000_000, "target": 1_750_000, "fee_model": 2, "fee_floor": 10**7}
    episodes = [(0, 60_000 * MS, 20_000_000)]
    more = {"tolerance": 70_000_000, "inertia": 714_000_000, "demand": 1_000_000, "base_fee": 10**7}
    chain = chain_of(**rules, **more, episodes=episodes)
    fees = []
    for block in range(1, 12_000):
        chains.start_block(chain, block * 250 * MS)
        chains.finish_block(chain, 0)
        fees.append(int(chain.state[chains.C_BASE_FEE]))
    assert max(fees) > 100 * 10**7
    assert fees[-1] == 10**7


def test_nothing_executes_in_a_block_that_a_reorg_will_orphan():
    chain = chain_of(interval=MS, capacity=10, reorgs=[(5, 2)])
    room = []
    for block in range(1, 7):
        chains.start_block(chain, block * MS)
        room.append(int(chain.state[chains.C_ROOM]))
        chains.finish_block(chain, 0)
    assert room == [10, 10, 10, 0, 0, 10]


def test_a_message_pays_base_fee_tip_and_data():
    chain = chain_of(coin_price=3_000 * 10**6, base_fee=GWEI, l1_base_fee=10 * GWEI, base_scalar=5_000)
    chain.size[PLACE] = 200
    execution = 29_023 * 2 * GWEI * 3_000 * 10**6 // 10**18
    data = (836_500 * 200 - 42_585_600) * 16 * 5_000 * 10 * GWEI // 10**12 // GWEI * 3_000 * 10**6 // GWEI
    assert chains.message_cost(chain, PLACE, 29_023, GWEI) == execution + data
    capped = chains.message_cost(chain, PLACE, 29_023, -3 * GWEI)  # at most 3 gwei in all
    assert capped == 29_023 * 3 * GWEI * 3_000 * 10**6 // 10**18 + data


def test_a_chain_without_fees_costs_nothing():
    assert chains.message_cost(chain_of(interval=MS), PLACE, 1, 0) == 0
