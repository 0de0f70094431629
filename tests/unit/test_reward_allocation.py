"""Sharing a budget: numbers done by hand, and what is refused."""

from fractions import Fraction

import pytest

from makerscope.errors import InputError
from makerscope.rewards.allocation import Policy, allocate


def test_units_left_over_go_to_the_largest_fractions_and_ties_to_the_lower_address():
    # quotas: 10 * (3, 3, 1) / 7 = 4.29, 4.29, 1.43: one unit over, the largest fraction is that of 0xc
    assert allocate({"0xA": 3, "0xb": 3, "0xc": 1}, Policy(budget=10)).amounts == {"0xA": 4, "0xb": 4, "0xc": 2}
    assert allocate({"0xb": 1, "0xA": 1}, Policy(budget=3)).amounts == {"0xA": 2, "0xb": 1}


def test_water_fills_up_to_one_level():
    # 100 over 60:30:10 with a cap of 40: 0xa is at 40, then 60 over 30:10 = 45, 15: 0xb too; 0xc gets what is left
    out = allocate({"0xa": 60, "0xb": 30, "0xc": 10}, Policy(budget=100, cap=40))
    assert out.amounts == {"0xa": 40, "0xb": 40, "0xc": 20}
    assert out.capped == ("0xa", "0xb")
    assert out.remainder == 0


def test_what_is_above_the_cap_can_be_carried_instead():
    out = allocate({"0xa": 60, "0xb": 30, "0xc": 10}, Policy(budget=100, cap=40, above_cap="carry"))
    assert out.amounts == {"0xa": 40, "0xb": 30, "0xc": 10}
    assert (out.remainder, out.reason) == (20, "1 at the cap")


def test_all_at_the_cap_leaves_a_remainder():
    out = allocate({"0xa": 5, "0xb": 4}, Policy(budget=100, cap_share=Fraction(3, 10)))
    assert out.amounts == {"0xa": 30, "0xb": 30}
    assert out.remainder == 40


def test_below_the_floor_the_money_is_carried_or_shared():
    scores = {"0xa": 90, "0xb": 6, "0xc": 4}
    carried = allocate(scores, Policy(budget=100, floor=10))
    assert (carried.amounts, carried.remainder, carried.dropped) == ({"0xa": 90}, 10, ("0xb", "0xc"))
    shared = allocate({"0xa": 86, "0xb": 9, "0xc": 5}, Policy(budget=100, floor=9, below_floor="share"))
    # 0xc leaves, then 100 over 86:9 = 90.5, 9.5: 0xb stays
    assert (shared.amounts, shared.remainder, shared.dropped) == ({"0xa": 91, "0xb": 9}, 0, ("0xc",))


def test_equal_scores_leave_together():
    out = allocate(dict.fromkeys(("0xa", "0xb", "0xc"), 1), Policy(budget=20, floor=9, below_floor="share"))
    assert out.amounts == {}
    assert out.reason == "nobody reaches the floor of 9: the whole budget is carried on"


def test_all_scores_0_or_all_excluded_carry_the_whole_budget_and_say_why():
    nobody = allocate({"0xa": 0, "0xb": 0}, Policy(budget=7))
    assert (nobody.amounts, nobody.remainder) == ({}, 7)
    assert nobody.reason.startswith("every score is 0")
    out = allocate({"0xa": 3, "0xb": 0}, Policy(budget=7), excluded=frozenset({"0xa"}))
    assert (out.amounts, out.remainder, out.excluded) == ({}, 7, ("0xa",))
    assert out.reason.startswith("every account with a score is excluded")


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ({"budget": 0}, "budget: is 0; want 1 or more"),
        ({"budget": -5}, "budget: is -5"),
        ({"budget": 2**256}, "below 2\\^256"),
        ({"budget": 9, "cap": 0}, "cap: is 0"),
        ({"budget": 9, "cap": 3, "floor": 4}, "below the floor of 4"),
        ({"budget": 9, "cap_share": Fraction(1, 10)}, "cap: comes to 0"),
        ({"budget": 9, "cap_share": Fraction(3, 2)}, "cap_share: is 3/2"),
        ({"budget": 9, "floor": -1}, "floor: is -1"),
        ({"budget": 9, "above_cap": "burn"}, "above_cap: is 'burn'"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(policy, says):
    with pytest.raises(InputError, match=says):
        Policy(**policy)


@pytest.mark.parametrize(
    ("scores", "says"),
    [
        ({}, "no maker was scored"),
        ({"0xa": 1, "0xb": -1}, "score of 0xb: is -1"),
        ({"0xa": 1, "0xA": 1}, "account 0xA: is there as 0xa too"),
    ],
)
def test_scores_that_are_none_are_refused(scores, says):
    with pytest.raises(InputError, match=says):
        allocate(scores, Policy(budget=1))


def test_a_quarter_of_a_million_accounts_are_shared_exactly():
    scores = {f"0x{n:040x}": (n * 7919) % 100_003 for n in range(1, 250_001)}
    out = allocate(scores, Policy(budget=10**24, floor=10**18, below_floor="share", cap_share=Fraction(1, 1000)))
    assert sum(out.amounts.values()) + out.remainder == 10**24
