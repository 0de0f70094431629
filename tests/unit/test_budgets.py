"""Action budgets of the venues, action by action, and against slow twins that remember everything."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from makerscope.market import budgets
from makerscope.market.budgets import SECOND, new_budgets, spend
from makerscope.market.layout import CANCEL, PLACE


def limits_of(kind, **numbers):
    limits = np.zeros(budgets.LIMIT_COLUMNS, np.int64)
    limits[budgets.L_KIND] = kind
    for name, value in numbers.items():
        limits[getattr(budgets, f"L_{name.upper()}")] = value
    return limits


HYPERLIQUID = {"buffer": 10_000, "per": 10**6, "period": 10 * SECOND, "extra": 100_000, "multiple": 2}


def test_one_action_for_each_dollar_traded_and_a_buffer_then_one_per_ten_seconds():
    limits = limits_of(budgets.BY_VOLUME, **HYPERLIQUID)
    state = new_budgets(limits, 2)
    assert sum(spend(state, limits, 1, PLACE, 0, 5 * 10**6) for _ in range(20_000)) == 10_006  # the last by the period
    allowed = [spend(state, limits, 1, PLACE, s * SECOND, 5 * 10**6) for s in range(1, 31)]
    assert sum(allowed) == 3
    assert spend(state, limits, 0, PLACE, 0, 0)
    assert spend(state, limits, 1, PLACE, 31 * SECOND, 50 * 10**6)


def test_cancels_have_twice_the_budget_but_at_most_100_000_more():
    limits = limits_of(budgets.BY_VOLUME, **HYPERLIQUID)
    state = new_budgets(limits, 1)
    sent = [spend(state, limits, 0, PLACE, 0, 0) for _ in range(10_005)]
    assert sum(sent) == 10_001
    assert sum(spend(state, limits, 0, CANCEL, 0, 0) for _ in range(20_000)) == 9_999
    rich = 10**6 * 190_000  # L = 200,000, so cancels have 300,000
    assert sum(spend(state, limits, 0, CANCEL, 0, rich) for _ in range(300_000)) == 280_000


@given(st.lists(st.integers(0, 3), max_size=80), st.integers(1, 6), st.integers(1, 9))
def test_a_window_of_blocks_never_holds_more_than_its_limit(steps, limit, window):
    limits = limits_of(budgets.BY_WINDOW, limit=limit, window=window)
    state = new_budgets(limits, 1)
    height, spent = 100, []
    for step in steps:
        height += step
        allowed = sum(height - window < h <= height for h in spent) < limit
        assert bool(spend(state, limits, 0, PLACE, height, 0)) == allowed
        if allowed:
            spent.append(height)


@given(st.lists(st.integers(0, 10**9), max_size=80), st.integers(1, 9), st.integers(1, 30))
def test_a_bucket_fills_at_its_rate_up_to_its_burst(steps, rate, burst):
    limits = limits_of(budgets.BY_BUCKET, rate=rate, burst=burst)
    state = new_budgets(limits, 1)
    now, level = 0, burst * SECOND
    for step in steps:
        now += step
        level = min(level + step * rate, burst * SECOND)
        assert bool(spend(state, limits, 0, PLACE, now, 0)) == (level >= SECOND)
        level -= SECOND if level >= SECOND else 0


def test_an_idle_year_does_not_overflow_the_bucket():
    limits = limits_of(budgets.BY_BUCKET, rate=800, burst=20)
    state = new_budgets(limits, 1)
    assert sum(spend(state, limits, 0, PLACE, 0, 0) for _ in range(50)) == 20
    assert sum(spend(state, limits, 0, PLACE, 1_800_000_000 * SECOND, 0) for _ in range(50)) == 20


@pytest.mark.parametrize("now", [0, 5])
def test_no_budget_allows_everything(now):
    limits = limits_of(budgets.NO_BUDGET)
    assert spend(new_budgets(limits, 1), limits, 0, PLACE, now, 0)
