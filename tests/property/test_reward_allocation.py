"""Laws of sharing a budget by scores."""

from fractions import Fraction
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from makerscope.rewards.allocation import Policy, allocate
from tests.reference.allocation import allocate as slow

ACCOUNTS = [f"0x{number * 2654435761 % 2**32:040x}" for number in range(1, 13)]
score = st.one_of(st.just(0), st.integers(0, 20), st.integers(0, 10**40))
scores = st.dictionaries(st.sampled_from(ACCOUNTS), score, min_size=1)


@st.composite
def policies(draw):
    budget = draw(st.one_of(st.integers(1, 300), st.integers(1, 10**30)))
    most = draw(st.one_of(st.none(), st.integers(1, budget), st.integers(1, 40)))
    share = draw(st.one_of(st.none(), st.fractions(Fraction(1, 50), 1)))
    lowest = min(
        [budget, *([most] if most else []), *([budget * share.numerator // share.denominator] if share else [])]
    )
    assume(lowest >= 1)
    return Policy(
        budget=budget,
        unearned=draw(st.one_of(st.just(0), st.integers(0, budget))),
        cap=most,
        cap_share=share,
        floor=draw(st.one_of(st.just(0), st.integers(0, min(lowest, 30)), st.integers(0, lowest))),
        above_cap=draw(st.sampled_from(["share", "carry"])),
        below_floor=draw(st.sampled_from(["share", "carry"])),
    )


@given(scores, policies(), st.frozensets(st.sampled_from(ACCOUNTS), max_size=2))
@settings(max_examples=400)
def test_amounts_and_remainder_are_the_budget_within_cap_and_floor(given_scores, policy, excluded):
    out = allocate(given_scores, policy, excluded=excluded)
    assert sum(out.amounts.values()) <= policy.budget
    assert sum(out.amounts.values()) + out.remainder == policy.budget
    assert all(max(1, policy.floor) <= amount <= policy.most for amount in out.amounts.values())
    assert not excluded & set(out.amounts)
    assert all(given_scores[account] > 0 for account in out.amounts)
    assert bool(out.reason) == bool(out.remainder)
    assert out.remainder >= policy.unearned
    assert not set(out.dropped) & set(out.amounts)
    assert list(out.amounts) == sorted(out.amounts)


@given(scores, policies())
@settings(max_examples=400)
def test_agrees_with_the_rule_read_word_by_word(given_scores, policy):
    assert allocate(given_scores, policy).amounts == slow(given_scores, policy)


@given(scores, policies(), st.randoms(use_true_random=False))
def test_the_order_of_the_makers_changes_nothing(given_scores, policy, dice):
    pairs = list(given_scores.items())
    dice.shuffle(pairs)
    assert allocate(dict(pairs), policy) == allocate(given_scores, policy)


@given(scores, policies())
def test_a_higher_score_never_gets_less(given_scores, policy):
    amounts = allocate(given_scores, policy).amounts
    ranked = sorted(given_scores, key=lambda account: given_scores[account])
    for lower, higher in pairwise(ranked):
        if given_scores[lower] < given_scores[higher]:
            assert amounts.get(lower, 0) <= amounts.get(higher, 0)
        else:
            assert abs(amounts.get(lower, 0) - amounts.get(higher, 0)) <= 1


@given(scores, policies(), st.sampled_from(ACCOUNTS), st.one_of(st.integers(1, 5), st.integers(1, 10**40)))
@settings(max_examples=400)
def test_who_raises_his_score_gets_no_less(given_scores, policy, who, more):
    before = allocate(given_scores, policy).amounts.get(who, 0)
    after = allocate(given_scores | {who: given_scores.get(who, 0) + more}, policy).amounts.get(who, 0)
    # where others drop out and their money is shared again, rounding may take one base unit back
    assert after >= before - (policy.below_floor == "share" and policy.floor > 0)


@given(scores, policies(), st.integers(2, 10**20))
def test_the_unit_of_the_scores_does_not_matter(given_scores, policy, unit):
    larger = {account: value * unit for account, value in given_scores.items()}
    assert allocate(larger, policy) == allocate(given_scores, policy)


@given(st.dictionaries(st.sampled_from(ACCOUNTS), st.integers(1, 10**12), min_size=1), st.integers(1, 10**18))
def test_without_cap_and_floor_everything_is_paid_and_nobody_is_off_by_a_unit(given_scores, budget):
    out = allocate(given_scores, Policy(budget=budget))
    assert out.remainder == 0
    total = sum(given_scores.values())
    for account, value in given_scores.items():
        assert abs(out.amounts.get(account, 0) - Fraction(budget * value, total)) < 1
