"""On simulated tapes our rule ranks makers nearer to what they were worth to takers than rules that pay by presence."""

from pathlib import Path

import numpy as np
import pytest
from examples.attacks import HERE, programs
from examples.which_rule import RULES, WORTHS, compare, overlap, rank_correlation, ranks


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    rules = programs([*RULES, "makerscope_perp:without=stress"])
    return compare(f"{HERE}/which_rule.toml", [11, 12], (25, 40), rules, Path(tmp_path_factory.mktemp("plays")))


@pytest.mark.parametrize("kind", WORTHS)
@pytest.mark.parametrize("other", ["dydx_v3", "polymarket_like", "maker_volume"])
def test_points_follow_what_makers_were_worth_more_than_under(found, kind, other):
    _, wanted, got = found
    for likeness, least in ((ranks, 0.2), (overlap, 0.1)):
        assert likeness(wanted[kind], got["makerscope_perp"]) > likeness(wanted[kind], got[other]) + least


def test_the_weight_of_stress_is_what_ranks_by_stress(found):
    _, wanted, got = found
    for kind in ("depth in stress", "saved in stress"):
        calm = ranks(wanted[kind], got["makerscope_perp:without=stress"])
        assert ranks(wanted[kind], got["makerscope_perp"]) > calm + 0.1


def test_a_spoofer_is_paid_nothing_by_ours_and_a_fifth_by_one_sided_presence(found):
    makers, _, got = found
    k = makers.index("spoofer")
    assert max(shares[k] for shares in got["makerscope_perp"]) < 1e-3
    assert min(shares[k] for shares in got["polymarket_like"]) > 0.15


def test_ranks_of_equal_shares_correlate_with_nothing():
    assert rank_correlation(np.array([1.0, 1.0]), np.array([1.0, 2.0])) == 0
    assert rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([3.0, 4.0, 9.0])) == pytest.approx(1)
