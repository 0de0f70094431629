"""On simulated tapes our rule ranks makers nearer to what they were worth to takers than rules that pay by presence."""

from pathlib import Path

import numpy as np
import pytest
from examples.attacks import HERE, programs
from examples.which_rule import RULES, WORTHS, compare, rank_correlation


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    rules = programs([*RULES, "makerscope_perp:without=stress"])
    return compare(f"{HERE}/which_rule.toml", [11, 12], (25, 40), rules, Path(tmp_path_factory.mktemp("plays")))


def mean(found, rule, kind, what=0):
    return float(np.mean(found[rule][kind][what]))


@pytest.mark.parametrize("kind", WORTHS)
@pytest.mark.parametrize("other", ["dydx_v3", "polymarket_like", "maker_volume"])
def test_points_follow_what_makers_were_worth_more_than_under(found, kind, other):
    assert mean(found, "makerscope_perp", kind) > mean(found, other, kind) + 0.2
    assert mean(found, "makerscope_perp", kind, 1) > mean(found, other, kind, 1) + 0.1


def test_the_weight_of_stress_is_what_ranks_by_stress(found):
    for kind in ("depth in stress", "saved in stress"):
        assert mean(found, "makerscope_perp", kind) > mean(found, "makerscope_perp:without=stress", kind) + 0.1


def test_ranks_of_equal_shares_correlate_with_nothing():
    assert rank_correlation(np.array([1.0, 1.0]), np.array([1.0, 2.0])) == 0
    assert rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([3.0, 4.0, 9.0])) == pytest.approx(1)
