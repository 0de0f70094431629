"""What must hold of any agreement: nothing is lost or made, and no sequence of providers matters."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.errors import DomainError
from makerscope.programs.fees import curved_taker_fee, maker_rebates
from makerscope.programs.liquidity_fees import (
    SCORE,
    amended_virtual_stake,
    grown_virtual_stake,
    marginal_cost_fee,
    running_scores,
    shown_liquidity,
    split_fees,
    stake_weighted_fee,
)
from makerscope.programs.sla import (
    ONE,
    applied_penalty,
    bond_slash,
    distribute_fees,
    early_exit,
    fee_penalty,
    time_fraction,
)

exact = settings(deadline=None, derandomize=True, max_examples=200)
amounts = st.one_of(st.integers(0, 20), st.integers(0, 10**30))
fractions = st.one_of(st.sampled_from([0, ONE // 2, ONE]), st.integers(0, ONE))
names = st.text("abcd", min_size=1, max_size=3)
providers = st.dictionaries(names, st.tuples(amounts, fractions), max_size=8)


def columns(rows):
    return ({name: row[k] for name, row in rows.items()} for k in range(2))


@exact
@given(providers, st.randoms(use_true_random=False))
def test_net_bonus_and_insurance_are_the_fees_in_any_sequence(rows, chance):
    fees, penalties = columns(rows)
    out = distribute_fees(fees, penalties)
    assert sum(out.net.values()) + sum(out.bonus.values()) + out.insurance == sum(fees.values())
    for name, (fee, penalty) in rows.items():
        assert out.net[name] == fee * (ONE - penalty) // ONE
        assert out.bonus[name] >= 0
        assert penalty < ONE or out.net[name] == out.bonus[name] == 0
    if any(fee > 0 and penalty < ONE for fee, penalty in rows.values()):
        assert out.insurance == 0
    turned = list(rows)
    chance.shuffle(turned)
    assert distribute_fees({name: fees[name] for name in turned}, penalties) == out


@exact
@given(fractions, fractions, fractions, fractions)
def test_being_there_for_longer_never_costs_more(t, later, s, c):
    t, later = sorted((t, later))
    assert 0 <= fee_penalty(later, s, c) <= fee_penalty(t, s, c) <= ONE
    assert bond_slash(later, s, slope=2 * ONE, most=c) <= bond_slash(t, s, slope=2 * ONE, most=c) <= c
    assert fee_penalty(ONE, s, c) == 0
    if s < t:
        exactly = (1 - Fraction(t - s, ONE - s)) * c
        assert fee_penalty(t, s, c) == exactly.numerator // exactly.denominator


@exact
@given(fractions, st.lists(fractions, max_size=6), st.integers(1, 8))
def test_what_was_missed_before_is_not_forgotten_at_once(now, previous, epochs):
    applied = applied_penalty(now, previous, epochs)
    window = previous[max(0, len(previous) - epochs + 1) :]
    assert applied == (max(now, sum(window) // len(window)) if window else now)
    assert now <= applied <= max([now, *previous])


@exact
@given(providers, st.integers(-5, 10**30), st.integers(0, 3 * ONE))
def test_an_exit_never_takes_more_than_the_bond_and_nothing_within_the_surplus(rows, surplus, penalty):
    bonds = {name: row[0] for name, row in rows.items()}
    wanted = {name: row[1] for name, row in rows.items()}
    exits = early_exit(wanted, bonds, surplus=surplus, penalty=penalty)
    for name, out in exits.items():
        assert out.received >= 0
        assert 0 <= out.forfeited <= bonds[name] - out.received
        if penalty <= ONE:
            assert out.received + out.forfeited == min(wanted[name], bonds[name])
    if surplus >= sum(min(wanted[name], bonds[name]) for name in wanted):
        assert all(out.forfeited == 0 for out in exits.values())


@exact
@given(st.dictionaries(names, st.tuples(amounts, amounts), min_size=1, max_size=8), amounts, fractions)
def test_fees_are_split_without_rest_where_somebody_has_a_claim(rows, fees, fraction):
    virtual, scores = columns(rows)
    out = split_fees(fees, virtual, scores, equity_fraction=fraction)
    assert sum(out.values()) <= fees
    if any(virtual[name] * scores[name] for name in rows):
        assert sum(out.values()) == fees


@exact
@given(st.lists(st.dictionaries(st.sampled_from("abc"), amounts, min_size=3, max_size=3), min_size=1, max_size=12))
def test_a_running_score_is_the_mean_of_shares_up_to_its_rounding(looks):
    scores, exactly = {}, dict.fromkeys("abc", Fraction(0))
    for n, shown in enumerate(looks, 1):
        scores = running_scores(scores, shown, n)
        total = sum(shown.values())
        for name, held in exactly.items():
            share = Fraction(shown[name], total) if total else Fraction(1, 3)
            exactly[name] = (held * (n - 1) + share) / n
    for name, held in exactly.items():
        assert abs(scores[name] - held * SCORE) <= Fraction(len(looks) + 1, 4) + Fraction(1, 2)


@exact
@given(amounts, amounts, st.lists(amounts, min_size=1, max_size=6))
def test_virtual_stake_grows_with_the_mean_and_is_never_below_the_stake(virtual, stake, traded):
    found, n = grown_virtual_stake(virtual, stake, traded), len(traded) - 1
    assert found >= stake
    if n < 2 or not any(traded[:-1]):
        assert found == stake
    else:
        growth = Fraction(sum(traded), n + 1) / Fraction(sum(traded[:-1]), n)
        assert found == max(stake, int(virtual * growth))


@exact
@given(st.lists(st.tuples(amounts, fractions), min_size=1, max_size=6), amounts)
def test_the_fee_of_a_market_is_one_that_was_bid_and_covers_the_target(bids, target):
    fee = marginal_cost_fee(bids, target)
    assert fee in {each for _, each in bids}
    covered = sum(stake for stake, each in bids if each <= fee)
    assert covered >= target or fee == max(each for _, each in bids)
    if sum(stake for stake, _ in bids):
        assert min(each for _, each in bids) <= stake_weighted_fee(bids) <= max(each for _, each in bids)


def test_unlikely_orders_show_no_liquidity():
    assert shown_liquidity([(5, ONE // 10), (7, ONE // 10 - 1), (2, ONE)]) == 5 * ONE // 10 + 2 * ONE


@exact
@given(amounts, st.integers(0, 1000), st.dictionaries(names, amounts, max_size=6))
def test_a_taker_fee_is_alike_on_both_sides_of_a_half_and_rebates_never_exceed_it(shares, price, volumes):
    fee = curved_taker_fee(shares, price, 1000, rate=Fraction(1, 4), exponent=2)
    assert fee == curved_taker_fee(shares, 1000 - price, 1000, rate=Fraction(1, 4), exponent=2)
    assert fee <= shares // 64
    rebates = maker_rebates(fee, volumes, share=Fraction(1))
    assert sum(rebates.values()) == (fee if any(volumes.values()) else 0)


@pytest.mark.parametrize(
    "call",
    [
        lambda: time_fraction(2, 1),
        lambda: time_fraction(0, 0),
        lambda: fee_penalty(-1, 0, 0),
        lambda: fee_penalty(0, ONE + 1, 0),
        lambda: applied_penalty(0, [], 0),
        lambda: applied_penalty(0, [ONE + 1], 2),
        lambda: distribute_fees({"a": 1}, {"b": 0}),
        lambda: distribute_fees({"a": -1}, {"a": 0}),
        lambda: distribute_fees({"a": 1}, {"a": ONE + 1}),
        lambda: bond_slash(0, ONE, slope=-1, most=0),
        lambda: early_exit({"a": -1}, {"a": 1}, surplus=0, penalty=0),
        lambda: early_exit({"a": 1}, {}, surplus=0, penalty=0),
        lambda: marginal_cost_fee([], 1),
        lambda: marginal_cost_fee([(1, ONE + 1)], 1),
        lambda: stake_weighted_fee([(0, 1)]),
        lambda: amended_virtual_stake(5, 5, -6),
        lambda: grown_virtual_stake(5, 5, []),
        lambda: running_scores({}, {"a": 1}, 0),
        lambda: split_fees(1, {"a": 1}, {"b": 1}, equity_fraction=0),
        lambda: curved_taker_fee(1, 101, 100, rate=Fraction(1), exponent=1),
        lambda: maker_rebates(1, {}, share=Fraction(2)),
    ],
)
def test_what_is_out_of_the_domain_is_refused(call):
    with pytest.raises(DomainError):
        call()
