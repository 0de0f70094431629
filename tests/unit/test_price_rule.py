"""The venues' own price rules, as dated data."""

import tomllib
from importlib import resources

import pytest

from makerscope.errors import InputError
from makerscope.market.mark import FAIR_BASIS, INDEX_TWAP, MEDIAN
from makerscope.market.price_rule import price_rule

ENTRIES = tomllib.loads((resources.files("makerscope.market") / "profiles" / "prices.toml").read_text())["prices"]
KEYS = {
    "venue", "valid_from", "source", "status", "assumed", "period_s", "weights", "error_bps", "memory_s", "delay_s",
    "deviation_bps", "heartbeat_s", "pull_delay_s", "pull_window_s", "mark", "window_s", "half_life_s",
    "book_window_s", "cap_bps",
}  # fmt: skip


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["venue"])
def test_every_profile_is_dated_sourced_and_a_rule(entry):
    assert set(entry) <= KEYS
    assert set(entry["assumed"]) <= set(entry)
    rule = price_rule(entry["venue"])
    assert rule.source
    assert rule.status


def test_the_rules_are_those_of_the_documents():
    assert price_rule("hyperliquid").mark.kind == MEDIAN
    assert price_rule("paradex").mark.kind == FAIR_BASIS
    assert price_rule("paradex").mark.window == pytest.approx(1800e9 / 0.693147, rel=1e-6)
    assert price_rule("drift").mark.kind == INDEX_TWAP
    assert price_rule("drift").mark.cap == 100_000
    assert price_rule("gmx").oracle.pull_window == 300 * 10**9


def test_an_unknown_venue_or_an_early_day_is_named():
    with pytest.raises(InputError, match="hyperliquid"):
        price_rule("nowhere")
    with pytest.raises(InputError, match="2020-01-01"):
        price_rule("hyperliquid", day="2020-01-01")
