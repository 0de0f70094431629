"""What cheating earns: each trick of the attack library in a small market, under three rules."""

import pytest
from examples.attacks import CASES, collusion, outcome, programs, regrouped

DYDX, POLYMARKET, OURS = "dydx_v3", "polymarket_like", "makerscope_perp"


@pytest.fixture(scope="module")
def rules():
    return programs()


@pytest.fixture(scope="module")
def found(rules):
    return {name: outcome(case, rules) for name, case in CASES.items()}


@pytest.fixture(scope="module")
def names(rules):
    return regrouped(rules)


def test_an_honest_maker_is_paid_what_its_twin_is_paid(found):
    for share in found["honest"].points.values():
        assert 0.33 < share < 0.42


def test_a_sixtieth_of_the_time_earns_less_than_a_sixtieth(found):
    """Five times as much for a sixtieth of the time is a twelfth of an honest maker's depth at best."""
    assert found["flash"].points[OURS] < 1 / 60


def test_one_side_earns_nothing_where_both_are_wanted_and_a_third_where_a_third_is_given(found):
    assert found["one side"].points[OURS] < 1e-3
    assert found["one side"].points[POLYMARKET] > 0.25


def test_who_is_gone_when_takers_come_earns_nothing_by_ours_and_half_by_presence_alone(found):
    out = found["watcher"]
    assert out.takeable == out.saved == 0
    assert out.points[OURS] == 0
    assert out.points[POLYMARKET] > 0.4


def test_who_leaves_in_volatility_earns_less_by_ours_than_by_presence_in_calm(found):
    out = found["fading"]
    assert out.points[OURS] < out.points[POLYMARKET] - 0.08


def test_dust_inside_the_spread_moves_nothing(found):
    assert found["dust"].points[OURS] == pytest.approx(found["behind"].points[OURS], rel=0.02)


def test_hardly_anything_while_nobody_else_is_there_earns_hardly_anything(found):
    out = found["alone"]
    assert out.of_pool[OURS] < 1e-5
    assert out.takeable < 0.01


def test_wash_trades_buy_at_most_what_presence_would_earn(found):
    """Wash volume is believed (a limit stated in the docs), but never beyond the maker's own part of depth."""
    assert found["far, washed"].points[OURS] / found["far"].points[OURS] < 1.25
    assert found["far, washed"].points[DYDX] > 0.1 > found["far"].points[DYDX] == 0
    assert 0.05 < found["watcher, washed"].points[OURS] < 0.2  # for 1,431 USD of fees


def test_far_depth_earns_by_its_distance_although_nobody_reaches_it(found):
    """A limit: a million 19 bps away that no taker reached earns what 150,000 at the middle would."""
    assert found["far"].saved == 0
    assert 0.3 < found["far"].points[OURS] < 0.5
    assert found["very far"].points[OURS] < 0.06


def test_no_trick_is_paid_more_by_ours_than_honest_depth_for_what_takers_could_hit(found):
    paid = {name: out.per_takeable[OURS] for name, out in found.items()}
    assert [name for name, each in paid.items() if each is None] == ["very far", "watcher, washed"]
    assert max(each for name, each in paid.items() if each is not None and name != "parked") < 1.1
    assert paid["alone"] < 0.1
    assert found["alone"].per_takeable[POLYMARKET] > 50


def test_new_names_gain_nothing(names):
    for trick in ("split in two", "split in ten", "a new account each minute"):
        assert names[trick][OURS] <= 1 + 1e-9
    assert names["a new account each minute"][OURS] < 0.8


def test_merging_gains_what_offsets(names):
    """The smaller of sums is at least the sum of the smaller ones: fills of one account back quotes of the other."""
    assert 1 <= names["merge of one and two"][OURS] < 1.15
    assert 1 <= names["merge of one and three"][OURS] < 1.15


def test_agreeing_to_show_half_halves_the_pay_where_depth_is_short_and_costs_nothing_where_shares_are_paid(rules):
    gain = collusion(rules)
    assert gain[OURS] < 0.52
    assert gain[DYDX] == pytest.approx(1, abs=1e-6)
    assert gain[POLYMARKET] == pytest.approx(1, abs=1e-6)
