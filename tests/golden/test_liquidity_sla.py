"""The acceptance criteria of Vega's service level agreement and fee split, and Polymarket's printed taker fees."""

from decimal import Decimal
from fractions import Fraction

import pytest

from makerscope.programs.fees import curved_taker_fee
from makerscope.programs.liquidity_fees import (
    amended_virtual_stake,
    marginal_cost_fee,
    split_fees,
    stake_weighted_fee,
)
from makerscope.programs.sla import ONE, applied_penalty, bond_slash, distribute_fees, early_exit, fee_penalty


def atto(number):
    return int(Decimal(str(number)) * ONE)


def fee_factor(given):
    stakes = [stake * 10**6 for stake in given["stakes"]]
    bids = zip(stakes, (atto(fee) // 100 for fee in given["fees_pct"]), strict=True)
    return 100 * marginal_cost_fee(bids, given["target_stake"] * 10**6)


def exit_of(given):
    penalty, wanted = atto(given["penalty"]), given["reduce_by"]
    return early_exit({"a": wanted}, {"a": 10**6}, surplus=given["surplus_over_target"], penalty=penalty)["a"].received


FOUND = {
    "sla_fee_penalty": lambda g: {"p": fee_penalty(atto(g["t"]), atto(g["s"]), atto(g["c"])) / ONE},
    "sla_bond_penalty": lambda g: {
        "f": bond_slash(atto(g["t"]), atto(g["s"]), slope=atto(g["slope"]), most=atto(g["max"])) / ONE
    },
    "hysteresis": lambda g: {"applied": applied_penalty(atto(g["current"]), [atto(g["mean_previous"])] * 2, 3) / ONE},
    "fee_factor_marginal_cost": lambda g: {"fee_pct": fee_factor(g) / ONE},
    "early_exit": lambda g: {"received": exit_of(g)},
}


def test_every_published_case_of_the_agreement(vectors):
    for case in vectors("programs/vega_sla.json"):
        found = FOUND[case["inputs"]["kind"]](case["inputs"])
        assert found == pytest.approx(case["expected"], **case["tolerance"]), case["case"]


def test_the_published_taker_fees(vectors):
    for case in vectors("programs/polymarket_taker_fee.json"):
        price, shares = round(100 * case["inputs"]["price"]), case["inputs"]["shares"] * 10**6
        fee = curved_taker_fee(shares, price, 100, rate=Fraction(1, 4), exponent=2) / 10**6
        assert fee == pytest.approx(case["expected"]["fee_published"], **case["tolerance"]), case["case"]


def test_the_worked_transfers_of_four_providers():  # 0042-LIQF-055, in units of 1e-5
    fees = {"LP1": 1000, "LP2": 100, "LP3": 7000, "LP4": 91900}
    penalties = {"LP1": 0, "LP2": atto("0.05"), "LP3": atto("0.6"), "LP4": ONE}
    out = distribute_fees({name: fee * 10**5 for name, fee in fees.items()}, penalties)
    assert out.net == {"LP1": 1000 * 10**5, "LP2": 95 * 10**5, "LP3": 2800 * 10**5, "LP4": 0}
    assert out.bonus == {"LP1": 2467394095, "LP2": 234402439, "LP3": 6908703466, "LP4": 0}
    assert out.insurance == 0


def test_one_provider_alone_gets_all_of_its_penalty_back():  # 0042-LIQF-046
    out = distribute_fees({"a": 101}, {"a": ONE // 2})
    assert (out.net, out.bonus, out.insurance) == ({"a": 50}, {"a": 51}, 0)


def test_where_all_fall_short_the_fees_insure_the_market():
    out = distribute_fees({"a": 7, "b": 8}, {"a": ONE, "b": ONE})
    assert (out.net, out.bonus, out.insurance) == ({"a": 0, "b": 0}, {"a": 0, "b": 0}, 15)


def test_the_published_exits_of_two_providers_share_the_surplus():  # 0044-LIME-024, and pro rata as the text has it
    bonds = {"a": 500, "b": 500}
    out = early_exit({"a": 100}, bonds, surplus=40, penalty=ONE // 4)
    assert (out["a"].received, out["a"].forfeited) == (85, 15)
    both = early_exit({"a": 100, "b": 100}, bonds, surplus=140, penalty=ONE // 5)
    assert [(each.received, each.forfeited) for each in both.values()] == [(94, 6)] * 2


def test_a_penalty_above_one_takes_the_whole_bond_at_its_inverse():
    out = early_exit({"a": 50}, {"a": 100}, surplus=0, penalty=2 * ONE)["a"]
    assert (out.received, out.forfeited) == (0, 100)


def test_the_published_fee_factors():
    bids = [(stake, fee * ONE // 10_000) for stake, fee in ((120, 50), (20, 75), (60, 375))]
    assert marginal_cost_fee(bids, 240) == 375 * ONE // 10_000
    assert marginal_cost_fee(bids, 0) == 50 * ONE // 10_000
    assert stake_weighted_fee(bids) == 150 * ONE // 10_000


def test_the_published_virtual_stakes_of_a_successor_market():  # 0042-LIQF-048, 0042-LIQF-033
    assert amended_virtual_stake(11_000, 10_000, 10_000) == 21_000
    assert amended_virtual_stake(11_000, 10_000, -5_000) == 5_500


def test_the_published_split_by_equity_like_share():
    shares = {"LP1": 65, "LP2": 25, "LP3": 10}
    out = split_fees(103_500, shares, dict.fromkeys(shares, 1), equity_fraction=ONE)
    assert out == {"LP1": 67_275, "LP2": 25_875, "LP3": 10_350}
