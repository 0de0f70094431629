"""Fees, funding, settlement, liquidation steps and deleveraging of the simulated market, by numbers done by hand."""

import tomllib
from fractions import Fraction
from importlib import resources

import numpy as np
import pytest

from makerscope.errors import DomainError, InputError
from makerscope.market import layout
from makerscope.market.accounts import equity, fenced_equity, free_money, pay, total_cash, trade
from makerscope.market.deleverage import BY_PRICE_AND_SIZE, BY_RETURN, DRAWS, adl_queue, adl_round, take_in_order
from makerscope.market.fee_schedules import (
    Charged,
    FixedPlusFee,
    ImpactFee,
    MakerShareTiers,
    NotionalFee,
    RestingFee,
    RfqDiscount,
    UnderlyingFee,
    VolumeTiers,
)
from makerscope.market.fees import fee
from makerscope.market.funding import (
    RATE,
    amount_per_lot,
    funding_rate,
    impact_premium,
    pay_funding,
    sample_premium,
    take_premium,
)
from makerscope.market.funding_rule import HOUR, FundingRule, funding_rule
from makerscope.market.haircut import pay_haircut
from makerscope.market.liquidation import (
    BANKRUPT,
    HEALTHY,
    LIQUIDATABLE,
    TO_BACKSTOP,
    bankruptcy_price,
    fillable_price,
    first_to_close,
    isolated_standing,
    lots_to_close,
    penalty,
    restored,
    settle_fence,
    standing,
    standing_of,
)
from makerscope.market.margin import fence, order_margin, position_requirement
from makerscope.market.margin_profile import margin_profile, margin_profile_names, margin_profile_of
from makerscope.market.margin_rules import margin_rules, with_perp_rates
from makerscope.market.settlement import average_ticks, payoff_ticks, window_mark
from tests.worlds import instruments, take_over, take_over_isolated, world

ANN, BOB, CYD = layout.FIRST_AGENT, layout.FIRST_AGENT + 1, layout.FIRST_AGENT + 2


def both(holdings, spec, buyer, seller, instrument, price, size):  # noqa: PLR0917 - a fill in words
    trade(holdings, spec, buyer, instrument, 1, price, size)
    trade(holdings, spec, seller, instrument, -1, price, size)


def test_a_perpetual_pays_on_notional_and_a_rebate_is_negative():
    spec, state = instruments(1, unit=7)
    spec[0, [layout.MAKER_FEE, layout.TAKER_FEE]] = -110, 450
    value = 7 * 60_001 * 13
    assert fee(spec, state, 0, 60_001, 13, False) == round(Fraction(value * 450, 10**6))
    assert fee(spec, state, 0, 60_001, 13, True) == round(Fraction(-value * 110, 10**6))
    assert fee(spec, state, 0, 10**9, 10**8, False) == 7 * 10**17 * 450 // 10**6  # the product alone would not fit


def test_an_option_pays_on_the_index_at_most_an_eighth_of_its_premium():
    spec, state = instruments(1, [(60_000, True, 1)], unit=1000)
    spec[1, [layout.TAKER_FEE, layout.FEE_CAP]] = 300, 125_000
    assert fee(spec, state, 1, 3000, 2, False) == 60_000 * 1000 * 2 * 300 // 10**6
    assert fee(spec, state, 1, 40, 2, False) == 40 * 1000 * 2 // 8
    spec[1, layout.FEE_CAP] = 0
    assert fee(spec, state, 1, 40, 2, False) == 60_000 * 1000 * 2 * 300 // 10**6


def test_fee_schedules_of_the_venues_say_what_their_documents_say():
    million, dollar = 10**12, 10**6
    hyperliquid = MakerShareTiers(
        tiers=((5_000, -10), (15_000, -20), (30_000, -30)),
        rest=VolumeTiers(tiers=((0, 150, 450), (5 * million, 120, 400), (500 * million, 0, 280))),
    )
    traded = {"value": 10_000 * dollar}
    assert hyperliquid.fee(Charged(**traded)) == 4_500_000
    assert hyperliquid.fee(Charged(**traded, volume=6 * million)) == 4_000_000
    assert hyperliquid.fee(Charged(**traded, is_maker=True)) == 1_500_000
    assert hyperliquid.fee(Charged(**traded, is_maker=True, maker_share_ppm=16_000)) == -200_000
    derive = FixedPlusFee(fixed=500_000, rest=UnderlyingFee(maker_ppm=300, taker_ppm=400, cap_ppm=125_000))
    option = {"value": 100 * dollar, "index_value": 60_000 * dollar}
    assert derive.fee(Charged(**option)) == 500_000 + 12_500_000
    assert derive.fee(Charged(**option, is_maker=True)) == 12_500_000
    assert RfqDiscount(discount_ppm=(0, 10**6), rest=derive).fee(Charged(**option, leg=1)) == 0
    gmx = ImpactFee(improving_ppm=400, worsening_ppm=600)
    assert [gmx.fee(Charged(**traded, improves=improves)) for improves in (True, False)] == [4_000_000, 6_000_000]
    assert RestingFee(per_order_ppm=80).fee(Charged(**traded)) == 800_000
    assert NotionalFee(maker_ppm=-20, taker_ppm=1000).fee(Charged(**traded, is_maker=True)) == -200_000
    with pytest.raises(DomainError, match="rise from a volume of 0"):
        VolumeTiers(tiers=((5, 1, 1),))


def test_funding_is_clamped_capped_and_an_eighth_is_paid_each_hour():
    rule = funding_rule("hyperliquid")
    basis_point = RATE // 10_000

    def rate(premium):
        return funding_rate(premium, rule.interest, rule.clamp, rule.cap)

    assert rate(0) == rule.interest == basis_point  # the clamp lets all of the interest through
    assert rate(10 * basis_point) == 5 * basis_point
    assert rate(-10 * basis_point) == -5 * basis_point
    assert rate(10 * RATE) == rule.cap
    spec, state = instruments(1, unit=10, index=60_000)
    assert amount_per_lot(spec, state, 0, rate(0), rule.interval, rule.basis, 0) == (7, RATE // 2)  # 600,000 / 80,000
    assert amount_per_lot(spec, state, 0, rate(0), rule.interval, rule.basis, RATE // 2) == (8, 0)
    assert amount_per_lot(spec, state, 0, -rate(0), rule.interval, rule.basis, 0) == (-8, RATE // 2)


def test_what_is_carried_makes_funding_exact_over_time():
    spec, state = instruments(1, unit=1, index=61_357)
    carry = paid = 0
    for second in range(1000):
        amount, carry = amount_per_lot(spec, state, 0, 7 * RATE // 10_000, 10**9, 8 * HOUR, carry)
        paid += amount
        exact = Fraction(7, 10_000) * 61_357 * (second + 1) / 28_800
        assert abs(paid + Fraction(carry, RATE) - exact) < Fraction(second + 1, 10**9)


def test_premium_samples_use_the_impact_prices_and_an_empty_side_counts_as_none():
    _spec, state = instruments(1, index=50_000)
    assert impact_premium(50_050, 50_060, 50_000) == RATE // 1000
    assert impact_premium(49_900, 49_950, 50_000) == -RATE // 1000
    assert impact_premium(layout.NONE, layout.NONE, 50_000) == impact_premium(49_990, 50_010, 50_000) == 0
    sample_premium(state, 0, 50_050, 50_060)
    sample_premium(state, 0, 49_990, 50_010)
    assert take_premium(state, 0) == RATE // 2000
    assert take_premium(state, 0) == 0


def test_funding_moves_the_fence_of_an_isolated_position():
    holdings, spec, state, rules = world(cash=10**9)
    holdings.mode[ANN] = layout.ISOLATED
    both(holdings, spec, ANN, BOB, 0, 60_000, 10)
    fence(holdings, spec, state, rules, ANN, 0)
    before, got = holdings.collateral[ANN, 0], np.zeros(8, np.int64)
    pay_funding(holdings, state, 0, 5, got)
    assert holdings.collateral[ANN, 0] == before - 50
    assert got[[ANN, BOB]].tolist() == [-50, 50]
    assert state[0, layout.FUNDING] == 5
    assert free_money(holdings, ANN) == 10**9 - before


def test_funding_rules_refuse_what_cannot_be_and_name_what_is_known():
    with pytest.raises(InputError, match="one of: deribit, dydx, hyperliquid, paradex"):
        funding_rule("nowhere")
    with pytest.raises(DomainError, match="basis > 0"):
        FundingRule(venue="x", interest=0, clamp=0, cap=1, basis=0, interval=0, sample=0)


def test_both_legs_of_a_spread_settle_against_one_average():
    holdings, spec, _state, _rules = world(
        options=[(60_000, True, 5), (62_000, True, 5), (60_000, False, 5), (60_000, True, 9)]
    )
    both(holdings, spec, ANN, BOB, 1, 900, 10)
    both(holdings, spec, BOB, ANN, 2, 300, 10)
    both(holdings, spec, ANN, BOB, 4, 900, 1)
    average = average_ticks(60_998 + 61_001 + 61_003, 3)
    assert average == 61_001
    assert [payoff_ticks(spec, i, average) for i in (1, 2, 3)] == [1001, 0, 0]
    assert total_cash(holdings) == 8 * 10**12


def test_the_mark_moves_from_the_forward_to_the_average_through_the_window():
    marks = [window_mark(1000, 2000, elapsed, 4) for elapsed in (-1, 0, 1, 2, 3, 4, 5)]
    assert marks == [2000, 2000, 1750, 1500, 1250, 1000, 1000]


def ladder_world(profile, size=100, **facts):
    holdings, spec, state, rules = world(profile=profile, im=0, mm=25_000, **facts)
    both(holdings, spec, ANN, BOB, 0, 60_000, size)
    return holdings, spec, state, rules


def test_an_account_stands_by_its_equity_against_maintenance():
    rules = margin_rules(margin_profile("hyperliquid"), instruments()[0], ["BTC"], units_per_usd=10**6)
    stands = [standing_of(rules.ladder, worth, 900) for worth in (900, 899, 601, 599, 0, -1)]
    assert stands == [HEALTHY, LIQUIDATABLE, LIQUIDATABLE, TO_BACKSTOP, TO_BACKSTOP, BANKRUPT]


def test_hyperliquid_closes_a_fifth_of_a_large_position_first_and_then_all():
    holdings, spec, state, rules = ladder_world("hyperliquid", size=1667, unit=1000)  # 100,020 USD
    assert [lots_to_close(holdings, spec, state, rules, ANN, 0, step) for step in (0, 1)] == [334, 1667]
    state[0, layout.MARK] -= 100  # below 100,000 USD
    assert lots_to_close(holdings, spec, state, rules, ANN, 0, 0) == 1667
    spec[0, layout.LOT_STEP], state[0, layout.MARK] = 50, 60_000
    assert lots_to_close(holdings, spec, state, rules, ANN, 0, 0) == 350


def test_paradex_closes_a_fifth_at_a_time_until_maintenance_is_nine_tenths_of_equity():
    holdings, spec, state, rules = ladder_world("paradex", size=100)
    maintenance = 60_000 * 100 * 1000 // 40
    assert restored.py_func(rules.ladder, -(-maintenance * 10 // 9), maintenance)
    assert not restored.py_func(rules.ladder, maintenance, maintenance)
    assert [lots_to_close(holdings, spec, state, rules, ANN, 0, step) for step in (0, 7)] == [20, 20]
    assert penalty(spec, state, rules, 0, 60_000, 20) == 60_000 * 20 * 1000 // 40 * 7 // 10


def test_the_position_with_the_largest_maintenance_margin_goes_first():
    holdings, spec, state, rules = world(perps=3)
    assert first_to_close(holdings, spec, state, rules, ANN) == layout.NONE
    for instrument, size in enumerate((5, 9, 9)):
        both(holdings, spec, BOB, ANN, instrument, 60_000, size)
    assert first_to_close(holdings, spec, state, rules, ANN) == 1


def test_the_vault_takes_positions_and_what_is_left_of_the_money():
    holdings, spec, state, rules = world(cash=10**8)
    both(holdings, spec, ANN, BOB, 0, 60_000, 20)
    state[0, layout.MARK] = 56_000
    assert standing(holdings, spec, state, rules, ANN) == LIQUIDATABLE
    assert take_over(holdings, spec, state, ANN, layout.BACKSTOP) == 0
    assert (holdings.cash[ANN], holdings.position[layout.BACKSTOP, 0]) == (0, 20)
    assert equity(holdings, spec, state, layout.BACKSTOP) == 10**8 + 10**8 - 4000 * 20 * 1000


def test_insurance_covers_what_it_can_and_the_rest_is_told():
    holdings, spec, state, _rules = world(cash=10**8)
    both(holdings, spec, ANN, BOB, 0, 60_000, 20)
    state[0, layout.MARK] = 48_000
    assert take_over(holdings, spec, state, ANN, layout.BACKSTOP) == 40_000_000
    assert (holdings.cash[layout.INSURANCE], holdings.cash[ANN]) == (0, -40_000_000)
    assert standing(holdings, spec, state, _rules, ANN) == BANKRUPT
    worth, gain, cut = (np.zeros(8, np.int64) for _ in range(3))
    assert pay_haircut(holdings, spec, state, 8, worth, gain, cut) == 0
    assert cut[BOB] == 40_000_000  # the only one with a gain pays
    assert holdings.cash[ANN] == 0
    assert total_cash(holdings) == 8 * 10**8


def test_an_isolated_position_loses_no_more_than_its_fence():
    holdings, spec, state, rules = world(cash=10**9, perps=2)
    holdings.mode[ANN] = layout.ISOLATED
    for instrument in (0, 1):
        both(holdings, spec, ANN, BOB, instrument, 60_000, 20)
        assert fence(holdings, spec, state, rules, ANN, instrument) == 60_000 * 20 * 1000 // 20
    free = free_money(holdings, ANN)
    state[0, layout.MARK] = 55_000
    assert isolated_standing(holdings, spec, state, rules, ANN, 0) == BANKRUPT
    assert isolated_standing(holdings, spec, state, rules, ANN, 1) == HEALTHY
    assert fenced_equity(holdings, spec, state, ANN, 0) == -40_000_000
    assert take_over_isolated(holdings, spec, state, ANN, 0, layout.BACKSTOP) == 0
    assert holdings.cash[layout.INSURANCE] == 10**9 - 40_000_000
    assert free_money(holdings, ANN) == free
    assert holdings.collateral[ANN].tolist() == [0, 60_000_000]


def test_closing_part_of_an_isolated_position_hands_back_its_share_and_its_gain():
    holdings, spec, state, rules = world(cash=10**9)
    holdings.mode[ANN] = layout.ISOLATED
    both(holdings, spec, ANN, BOB, 0, 60_000, 20)
    fence(holdings, spec, state, rules, ANN, 0)
    both(holdings, spec, BOB, ANN, 0, 61_000, 5)
    assert holdings.collateral[ANN, 0] == 45_000_000
    assert free_money(holdings, ANN) == 10**9 - 45_000_000 + 5_000_000
    both(holdings, spec, BOB, ANN, 0, 50_000, 15)  # 150 M lost, 45 M fenced
    assert holdings.collateral[ANN, 0] == -105_000_000
    assert settle_fence(holdings, ANN, 0) == 0
    assert holdings.cash[ANN] == 10**9 - 45_000_000 + 5_000_000


def test_the_bankruptcy_price_of_a_hedged_account_counts_its_other_positions():
    holdings, spec, state, _rules = world(cash=10**7, perps=2)
    both(holdings, spec, ANN, BOB, 0, 60_000, 10)
    both(holdings, spec, BOB, ANN, 1, 60_000, 10)
    state[:, layout.MARK] = 59_000, 58_000
    assert equity(holdings, spec, state, ANN) == 2 * 10**7
    assert bankruptcy_price(holdings, spec, state, ANN, 0) == 57_000
    assert bankruptcy_price(holdings, spec, state, ANN, 1) == 60_000
    assert bankruptcy_price(holdings, spec, state, CYD, 1) == 58_000  # holds nothing: the mark


def test_the_fillable_price_of_dydx_worsens_with_the_account():
    _spec, state = instruments(1, index=100_000)
    for worth, long_price in ((0, 97_000), (500, 98_500), (1000, 100_000)):
        assert fillable_price(state, 0, 1, worth, 1000, 30_000, 10**6) == long_price
        assert fillable_price(state, 0, -1, worth, 1000, 30_000, 10**6) == 200_000 - long_price


def test_hyperliquid_ranks_winners_by_price_and_leverage():
    holdings, spec, state, _rules = world(9, cash=10**9)
    sizes = {ANN: 10, BOB: 40, CYD: 10}
    for account, size in sizes.items():
        both(holdings, spec, account, 3, 0, 60_000, size)
    holdings.cash[CYD] -= 9 * 10**8  # ten times the leverage of ann
    pay(holdings, CYD, CYD, 5)
    state[0, layout.MARK] = 61_000
    score, order = np.zeros(9), np.zeros(9, np.int64)
    for ranking in (BY_PRICE_AND_SIZE, BY_RETURN):
        assert adl_queue(holdings, spec, state, 0, 1, ranking, score, order) == 3
        assert order[:3].tolist() == [CYD, BOB, ANN]
    assert score[ANN] == pytest.approx(1000 / 60_000 * 610_000_000 / (10**9 + 10_000_000))
    assert adl_queue(holdings, spec, state, 0, -1, BY_PRICE_AND_SIZE, score, order) == 1
    for draw, queue in ((0, [ANN, BOB, CYD]), (DRAWS // 3 + 1, [BOB, CYD, ANN]), (DRAWS - 1, [CYD, ANN, BOB])):
        assert adl_round(holdings, spec, state, 0, 1, draw, order) == 3
        assert order[:3].tolist() == queue


def test_deleveraging_takes_whole_positions_down_the_queue():
    order, taken = np.array([6, 5, 4] + [0] * 6), np.zeros(9, np.int64)
    sizes = np.array([0, 0, 0, 0, 10, 40, 10, 0, 0])
    assert take_in_order(60, sizes, order, 3, taken) == 0
    assert taken[:3].tolist() == [10, 40, 10]
    assert take_in_order(55, sizes, order, 3, taken) == 0
    assert taken[:3].tolist() == [10, 40, 5]
    assert take_in_order(70, sizes, order, 3, taken) == 10  # nobody else holds the other side


def test_an_order_at_rest_keeps_its_margin_and_its_loss_at_once_busy():
    _holdings, spec, state, rules = world(options=[(60_000, True, 5)], profile="deribit")
    assert order_margin(spec, state, rules, 0, 1, 60_100, 2) == 100 * 2 * 1000 + 60_000 * 2 * 1000 // 20
    assert order_margin(spec, state, rules, 0, 1, 59_000, 2) == 60_000 * 2 * 1000 // 20
    assert order_margin(spec, state, rules, 1, 1, 3000, 2) == 3000 * 2 * 1000  # the premium
    assert order_margin(spec, state, rules, 1, -1, 3000, 2) == 60_000 * 2 * 1000 * 15 // 100


def test_a_short_option_is_allowed_just_while_cash_covers_deribits_formula():
    holdings, spec, state, rules = world(options=[(63_000, True, 5)], profile="deribit", cash=0)
    per_lot = (60_000 * 15 // 100 - 3000 + 3000) * 1000  # max(15 % S - OTM, 10 % S) + mark, in base units
    trade(holdings, spec, ANN, 1, -1, 3000, 1)
    holdings.cash[ANN] = per_lot
    assert equity(holdings, spec, state, ANN) == position_requirement(spec, state, rules, 1, -1, True)


def test_shipped_margin_profiles_are_complete_and_dated():
    for name in margin_profile_names():
        profile = margin_profile(name)
        assert profile.source
        assert profile.status
        assert len(profile.valid_from) == 10
        spec, _state = instruments(1, [(60_000, True, 5)], im=0, mm=0)
        full = with_perp_rates(profile, spec, ["BTC"])
        tiered = "BTC" in profile.tiers
        assert (full[0, layout.IM] == 0) == tiered
        assert full[0, layout.MM] > 0
        assert with_perp_rates(profile, spec, ["BTC"], chosen=70_000)[0, layout.IM] == 70_000
        assert margin_rules(profile, spec, ["BTC"], units_per_usd=10**6).gain.shape == (2, len(profile.scenarios))
    with pytest.raises(InputError, match="was not valid on 1999"):
        margin_profile("hyperliquid", day="1999-01-01")
    with pytest.raises(InputError, match="is not known; want one of: deribit"):
        margin_profile("nowhere")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("perp_maintenance_ppm", -1, "perp_maintenance_ppm: is -1; want 0 or more"),
        ("perp_maintenance_ppm", 60_000, "perp_maintenance_ppm: is above perp_initial_ppm"),
        ("leverage", 3, "leverage: is not known"),
        ("venue", None, "venue: is missing"),
        ("tiers", 3, "tiers: is missing or of another kind"),
        ("tiers", {"BTC": []}, "does not begin at 0"),
        ("tiers", {"BTC": [{"from_usd": 0, "initial_ppm": 5, "maintenance_ppm": 9}]}, "above 0, at most initial_ppm"),
        ("scenarios", [{"spots": [-1.0], "vols": [0]}], "spot above -1"),
        ("scenarios", [{"spots": [0.1], "vols": [2]}], "vol -1, 0 or 1"),
        ("scenarios", [{"spots": [0.1], "vols": [0], "weight": [1, 2]}], "2 weights"),
        ("option_initial", {"rate_ppm": "x"}, "rate_ppm: is 'x'; want a number"),
    ],
)
def test_a_margin_rule_that_cannot_be_is_refused_by_its_key(key, value, message):
    text = (resources.files("makerscope.market") / "profiles/margin/plain.toml").read_text()
    entry = tomllib.loads(text)["margin"][0]
    if value is None:
        del entry[key]
    else:
        entry[key] = value
    with pytest.raises(InputError) as caught:
        margin_profile_of("mine", entry)
    assert message in str(caught.value)


def test_an_underlying_without_a_name_is_refused():
    spec, _state = instruments(1)
    spec[0, layout.UNDERLYING] = 2
    with pytest.raises(InputError, match="one for each UNDERLYING"):
        margin_rules(margin_profile("plain"), spec, ["BTC"], units_per_usd=10**6)
