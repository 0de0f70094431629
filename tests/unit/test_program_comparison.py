"""One tape under many programs: ranks, agreement, what is left out, and what a budget buys."""

import random

import polars as pl
import pytest
from scipy.stats import kendalltau

from makerscope.programs.comparison import compare, kendall_tau, ranks
from makerscope.programs.evidence import evidence
from makerscope.programs.liquidity import depth_of
from makerscope.programs.program_file import preset_names, read_program
from makerscope.programs.scoring import measure
from tests.tapes import SECOND, START, perp, write_tape
from tests.unit.test_scoring import FLAT, TWO, steps, tape_of


def test_tau_is_scipys_on_random_scores_with_ties():
    dice = random.Random(5)
    for _ in range(40):
        one, other = ({name: dice.randrange(4) for name in "abcdefgh"} for _ in range(2))
        want = kendalltau([one[name] for name in "abcdefgh"], [other[name] for name in "abcdefgh"]).statistic
        assert kendall_tau(one, other) == pytest.approx(want, abs=1e-12)


def test_tau_is_over_who_is_in_both_and_unknown_where_nobody_can_be_told_apart():
    assert kendall_tau({"a": 3, "b": 2, "x": 9}, {"a": 30, "b": 20, "y": 99}) == 1.0
    assert kendall_tau({"a": 1, "b": 1}, {"a": 1, "b": 2}) is None
    assert kendall_tau({"a": 1}, {"b": 2}) is None


def test_equal_points_share_the_better_rank_and_nothing_has_none():
    assert ranks({"a": 7, "b": 7, "c": 1, "d": 0}) == {"a": 1, "b": 1, "c": 3}


def test_every_program_is_scored_or_left_out_with_a_reason(tmp_path):
    ev = evidence(tape_of(tmp_path, TWO, [(0, 9995, 10005), (99, 9995, 10005)]))
    found = compare(ev, preset_names(), {})
    assert set(found.scores) | set(found.left) == set(preset_names())
    assert not set(found.scores) & set(found.left)
    assert all(found.left.values())
    assert "matches no instrument" in found.left["makerscope_options"]
    assert set(found.makers()) <= {"a", "b"}


def test_depth_is_what_rests_over_time_and_when_takers_come(tmp_path):
    rows = [
        (0, "a", "a1", "placed", 1, 9990, 10),  # 10 bps, 9.99 USD
        (0, "a", "a2", "placed", -1, 10004, 20),  # 4 bps, 20.008 USD
        (50, "a", "a2", "cancelled", -1, 10004, 0),
        (100, "a", "a1", "cancelled", 1, 9990, 0),
    ]
    trade = pl.DataFrame(
        {
            "exchange_time": [START + 40 * SECOND], "local_time": [START + 40 * SECOND], "serial": [0],
            "instrument": ["test:BTC"], "taker": ["t"], "aggressor": [1], "first_price": [10004],
            "last_price": [10004], "size": [1], "cash": [10004], "fills": [1], "makers": [1],
        }
    )  # fmt: skip
    tape = tape_of(tmp_path, rows, [(0, 9995, 10005), (99, 9995, 10005)], trades=trade)
    found = measure(evidence(tape, until=START + 100 * SECOND), read_program(FLAT))
    depths, missing = depth_of(found, bands=(5, 10))
    assert missing == {}
    near, far = depths
    assert (near.unit, near.makers) == ("USD", ("a",))
    assert near.over_time == (10_004_000,)
    assert near.at_takers == (20_008_000,)
    assert near.in_stress == (None,)
    assert far.over_time == (10_004_000 + 9_990_000,)
    assert far.at_takers == (20_008_000 + 9_990_000,)


def test_depth_of_options_needs_an_index_and_says_so(tmp_path):
    option = perp("BTC", kind="option", expiry=START + 10**15, strike="1000", is_call=True)
    tape = write_tape(tmp_path / "tape", instruments=[option], orders=steps(TWO))
    found = measure(evidence(tape), read_program(FLAT))
    depths, missing = depth_of(found)
    assert depths == ()
    assert "index" in missing["test:BTC"]
