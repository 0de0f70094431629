"""The oracle: deviation, heartbeat, delay, medians, episodes, pulled prices."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from makerscope.errors import DomainError
from makerscope.kernels.dice import streams
from makerscope.market.layout import NONE
from makerscope.market.oracle import (
    COUNT,
    DROPPED,
    EXPIRED,
    FROZEN,
    LATE,
    OBSERVED,
    ON_ITS_WAY,
    PUBLISHED,
    SILENT,
    SPENT,
    WAITING,
    Episode,
    Oracle,
    oracle_plan,
    oracle_state,
    oracle_step,
    pull_price,
)

SECOND = 10**9
HYPERLIQUID = (3, 2, 2, 1, 1, 1, 1, 1)


def run(oracle, spots, *, step=SECOND, begin=0, seed=1, history=256):
    """Index at each step, the plan and the state after the last."""
    plan = oracle_plan(oracle, tick=0.5)
    state, dice = oracle_state(plan, spots[0], begin, history=history), streams(seed, ["oracle"])
    found = [oracle_step(plan, state, float(s), begin + i * step, dice, 0) for i, s in enumerate(spots)]
    return found, plan, state


def test_without_a_threshold_each_look_is_published_and_others_change_nothing():
    found, _, state = run(Oracle(period=3 * SECOND), [100, 101, 102, 103, 104, 105, 106])
    assert found == [200, 200, 200, 206, 206, 206, 212]
    assert state.numbers[COUNT] == 3


def test_a_value_is_published_when_it_left_the_last_one_by_the_deviation():
    found, _, _ = run(Oracle(period=SECOND, deviation=10_000), [100, 100.5, 101, 101.5, 101, 100, 99.5])
    assert found == [200, 200, 202, 202, 202, 202, 199]  # 1 % of 202 is more than the two ticks of the last but one


def test_a_quiet_price_is_published_at_the_heartbeat():
    _, _, state = run(Oracle(period=SECOND, deviation=10_000, heartbeat=10 * SECOND, cost=7), [100.0] * 35)
    assert state.numbers[COUNT] == 3
    assert state.numbers[SPENT] == 21
    assert state.numbers[OBSERVED] == 30 * SECOND


def test_what_is_published_arrives_after_the_delay_and_knows_its_age():
    found, _, state = run(Oracle(period=SECOND, delay=2 * SECOND), [100, 110, 120, 130, 140])
    assert found == [200, 200, 200, 220, 240]
    assert state.numbers[OBSERVED] == 2 * SECOND
    assert state.numbers[PUBLISHED] == 4 * SECOND


def test_an_older_look_never_replaces_a_newer_one():
    late = Episode(start=SECOND, end=2 * SECOND, kind=LATE, extra=3 * SECOND)
    found, _, state = run(Oracle(period=SECOND, episodes=(late,)), [100, 110, 120, 130, 140, 150])
    assert found == [200, 200, 240, 260, 280, 300]
    assert state.numbers[COUNT] == 6


def test_a_silent_oracle_ages_and_a_frozen_one_pretends_to_be_fresh():
    spots = [100, 110, 120, 130]
    silent, _, one = run(Oracle(period=SECOND, episodes=(Episode(start=SECOND, end=9 * SECOND),)), spots)
    frozen, _, two = run(Oracle(period=SECOND, episodes=(Episode(start=SECOND, end=9 * SECOND, kind=FROZEN),)), spots)
    assert silent == frozen == [200, 200, 200, 200]
    assert one.numbers[OBSERVED] == 0
    assert two.numbers[OBSERVED] == 3 * SECOND
    assert SILENT == 0


def test_an_episode_leaves_the_dice_alone():
    spots = 100 + 10 * np.sin(np.arange(60))
    silent = Episode(start=10 * SECOND, end=20 * SECOND)
    calm, _, _ = run(Oracle(period=SECOND, error=0.01), spots)
    rough, _, _ = run(Oracle(period=SECOND, error=0.01, episodes=(silent,)), spots)
    assert calm[:10] == rough[:10]
    assert calm[20:] == rough[20:]


@given(st.lists(st.tuples(st.floats(0, 0.2), st.integers(1, 9)), min_size=1, max_size=9), st.integers(0, 20))
def test_the_index_is_the_weighted_median_of_its_sources(sources, seed):
    oracle = Oracle(
        period=SECOND, weights=tuple(w for _, w in sources), error=tuple(e for e, _ in sources), memory=2 * SECOND
    )
    found, plan, state = run(oracle, [1000.0] * 4, seed=seed)
    ticks = sorted(
        (max(math.floor(1000.0 * (1 + error) / 0.5 + 0.5), 1), weight)
        for error, (_, weight) in zip(state.errors.tolist(), sources, strict=True)
    )
    every = [tick for tick, weight in ticks for _ in range(weight)]
    assert found[-1] == every[(len(every) - 1) // 2]
    assert plan.sources.shape == (len(sources), 3)


def test_errors_have_the_spread_and_the_memory_that_were_asked_for():
    plan = oracle_plan(Oracle(period=SECOND, error=0.02, memory=3 * SECOND), tick=1e-9)
    state, dice = oracle_state(plan, 1.0, 0), streams(3, ["oracle"])
    found = np.array([oracle_step(plan, state, 1.0, i * SECOND, dice, 0) for i in range(40_000)]) * 1e-9 - 1.0
    assert found.std() == pytest.approx(0.02, rel=0.05)
    assert np.corrcoef(found[3:], found[:-3])[0, 1] == pytest.approx(0.5, abs=0.03)


def test_a_median_of_venues_is_steadier_than_one_venue():
    one, _, _ = run(Oracle(period=SECOND, error=0.01), [10_000.0] * 3000, seed=5)
    many, _, _ = run(Oracle(period=SECOND, error=0.01, weights=HYPERLIQUID), [10_000.0] * 3000, seed=5)
    assert np.std(many) < 0.6 * np.std(one)


def test_a_pulled_order_gets_the_first_price_after_its_delay():
    oracle = Oracle(period=2 * SECOND, pull_delay=3 * SECOND, pull_window=60 * SECOND, deviation=500_000)
    _, plan, state = run(oracle, [100 + i for i in range(9)])
    assert pull_price(plan, state, SECOND, 3 * SECOND) == NONE  # looks at 0, 2, 4, 6, 8
    assert pull_price(plan, state, SECOND, 4 * SECOND) == 208
    assert pull_price(plan, state, SECOND, 8 * SECOND) == 208
    assert pull_price(plan, state, 2 * SECOND, 8 * SECOND) == 212
    assert pull_price(plan, state, 6 * SECOND, 8 * SECOND) == NONE
    assert pull_price(plan, state, SECOND, 62 * SECOND) == EXPIRED


def test_a_look_that_was_forgotten_does_not_give_a_later_price():
    _, plan, state = run(Oracle(period=SECOND), [100 + i for i in range(20)], history=4)
    assert pull_price(plan, state, 2 * SECOND, 19 * SECOND) == EXPIRED
    assert pull_price(plan, state, 18 * SECOND, 19 * SECOND) == 2 * 118


def test_missed_calls_do_not_pile_up_looks():
    found, _, state = run(Oracle(period=SECOND), [100, 110, 120], step=1000 * SECOND)
    assert found == [200, 220, 240]
    assert state.numbers[COUNT] == 3


def test_a_jam_drops_publications_and_says_so():
    _, _, state = run(Oracle(period=SECOND, delay=1000 * SECOND), list(range(100, 150)))
    assert state.numbers[DROPPED] == 18
    assert state.numbers[WAITING] == ON_ITS_WAY


def test_jitter_is_random_and_positive():
    _, _, state = run(Oracle(period=10 * SECOND, jitter=SECOND), [100.0 + i for i in range(500)], seed=2)
    waited = state.numbers[PUBLISHED] - state.numbers[OBSERVED]
    assert 0 < waited < 20 * SECOND


def test_impossible_oracles_are_refused():
    for wrong in ({"period": 0}, {"period": 1, "weights": ()}, {"period": 1, "error": (0.1, 0.2)}):
        with pytest.raises(DomainError, match="oracle"):
            Oracle(**wrong)
    with pytest.raises(DomainError, match="end after start"):
        Episode(start=3, end=3)
