"""The contract's score is that of the definition for every rule and sample; challenges end as the referee says."""

import boa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from makerscope.errors import AccountingError
from makerscope.kernels.scoring import LARGEST, UNIT
from makerscope.programs.sample_rule import Kernel, Reducer, SampleRule, sample_score
from makerscope.rewards.rules_tree import rules_tree
from tests.contracts.trees import tree_of
from tests.contracts.world import BOND, BUNDLE, funded, scored
from tests.property.test_scoring import near, prices, references, rules, words
from tests.reference import posted_samples as referee

ON_CHAIN = tuple(kernel for kernel in Kernel if kernel != Kernel.TICKS)
MAX_WEIGHT = 10**9
chain_rules = rules(kernels=ON_CHAIN)
usual_rules = st.builds(
    SampleRule,
    kernel=st.sampled_from([Kernel.FLAT, Kernel.LINEAR, Kernel.QUADRATIC, Kernel.INVERSE, Kernel.EXPONENTIAL]),
    reducer=st.sampled_from(Reducer),
    limit=st.sampled_from([UNIT // 100, UNIT // 10]),
    closed=st.booleans(),
    rate=st.sampled_from([50 * UNIT, 2 * UNIT]),
    by_value=st.booleans(),
    num=st.integers(1, 10**6),
    den=st.integers(1, 100),
    min_value=st.sampled_from([0, 1_000]),
    divisor=st.just(3 * UNIT),
    comparable=st.sampled_from([0, UNIT // 2]),
    cap=st.sampled_from([0, 10**7]),
)
usual_side = st.lists(st.tuples(st.integers(9_700, 10_300), st.integers(0, 10**5)), max_size=16)
any_side = st.lists(st.tuples(st.one_of(near, prices), st.one_of(near, words)), max_size=16)


def on_chain(rule, reference, bids, asks):
    """The contract's score, or None where it says that there is none."""
    leaf = (0, 0, "0x" + 40 * "1", 1, reference, *lists(bids), *lists(asks), 0)
    rule = scored(0, [rule], rules_tree([rule.words()]))[0]
    try:
        return funded().it.score_of(rule, leaf)
    except boa.BoaError as refusal:
        assert "reward: score does not fit a word" in str(refusal)  # noqa: PT017 - either a number or this
        return None


def lists(orders):
    return [price for price, _ in orders], [size for _, size in orders]


def by_definition(*arguments):
    try:
        return sample_score(*arguments)
    except AccountingError:
        return None


@settings(max_examples=150)
@given(usual_rules, st.integers(19_900, 20_100), usual_side, usual_side)
def test_the_contract_scores_usual_samples_as_they_are_defined(rule, reference, bids, asks):
    want = sample_score(rule, reference, bids, asks)
    assert on_chain(rule, reference, bids, asks) == want


@pytest.mark.parametrize(
    ("rule", "bids", "want"),
    [
        (SampleRule(limit=10**10), 7, 0),
        (SampleRule(limit=10**10 + 1), 7, 7),
        (SampleRule(limit=10**10, closed=True), 7, 7),
        (SampleRule(limit=10**10 - 1, closed=True), 7, 0),
        (SampleRule(kernel=Kernel.BANDS, edges=(10**10, 10**11), weights=(9 * UNIT, 2 * UNIT)), 7, 14),
        (SampleRule(kernel=Kernel.BANDS, edges=(10**9, 10**10), weights=(9 * UNIT, 2 * UNIT)), 7, 0),
        (SampleRule(min_value=7), 7, 7),
        (SampleRule(min_value=8), 7, 0),
        (SampleRule(reducer=Reducer.SOFTMIN, low=20_000, high=20_000, divisor=2 * UNIT), 30, 15),
        (SampleRule(reducer=Reducer.SOFTMIN, low=20_001, divisor=2 * UNIT), 30, 7),
        (SampleRule(reducer=Reducer.SOFTMIN, high=19_999, divisor=2 * UNIT), 30, 7),
        (SampleRule(reducer=Reducer.EXCESS, divisor=2 * UNIT), 8, 7),
        (SampleRule(reducer=Reducer.EXCESS, divisor=2 * UNIT), 9, 8),
        (SampleRule(reducer=Reducer.PRESENCE, comparable=3 * UNIT), 28, UNIT),
        (SampleRule(reducer=Reducer.PRESENCE, comparable=3 * UNIT), 29, 0),
        (SampleRule(reducer=Reducer.SUM, cap=14), 7, 14),
        (SampleRule(reducer=Reducer.SUM, cap=13), 7, 13),
    ],
)
def test_what_is_exactly_at_a_bound_is_scored_as_it_is_defined(rule, bids, want):
    orders = [(9_900, bids)], [(10_100, 7)]  # both 200 half ticks behind 20,000: 1 %
    assert sample_score(rule, 20_000, *orders) == on_chain(rule, 20_000, *orders) == want


@pytest.mark.parametrize(
    ("rule", "bids", "asks"),
    [
        (SampleRule(), [2**62, 2**62], []),
        (SampleRule(kernel=Kernel.BANDS, edges=(UNIT,), weights=(1,)), [2**62, 2**62], []),  # the values alone
        (SampleRule(reducer=Reducer.SUM, cap=5), [2**62], [2**62]),
        (SampleRule(reducer=Reducer.SOFTMIN, divisor=1), [2**40], []),
        (SampleRule(by_value=True, den=10**9), [2**52], []),  # size times price, before it is divided
        (SampleRule(num=2**40, min_value=LARGEST), [2**40], []),
    ],
)
def test_what_does_not_fit_a_word_has_no_score(rule, bids, asks):
    orders = [(9_900, size) for size in bids], [(10_100, size) for size in asks]
    assert by_definition(rule, 20_000, *orders) is None
    assert on_chain(rule, 20_000, *orders) is None


@settings(max_examples=250)
@given(chain_rules, references, any_side, any_side)
@example(SampleRule(limit=UNIT, closed=True), 2 * 10**5, [(0, 7)], [(10**5, 7)])
@example(SampleRule(kernel=Kernel.INVERSE, absolute=LARGEST), 2, [(1, LARGEST)], [(1, LARGEST)])
@example(SampleRule(kernel=Kernel.INVERSE, absolute=LARGEST, by_value=True, num=LARGEST), 2, [(2**61, LARGEST)], [])
def test_the_contract_scores_any_sample_as_it_is_defined_or_says_that_it_has_no_score(rule, reference, bids, asks):
    assert on_chain(rule, reference, bids, asks) == by_definition(rule, reference, bids, asks)


@st.composite
def posts(draw):
    """Rules, leaves in order and wrong sums: a true post, or one with something false about it."""
    markets = draw(st.lists(st.one_of(usual_rules, chain_rules), min_size=1, max_size=3))
    leaves = []
    keys = st.tuples(st.integers(0, len(markets) - 1), st.integers(0, 3), st.sampled_from("123"))
    for market, index, maker in sorted(draw(st.lists(keys, min_size=1, max_size=6, unique=True))):
        weight, reference = draw(st.integers(1, MAX_WEIGHT)), draw(st.integers(19_900, 20_100))
        bids, asks = draw(usual_side), draw(usual_side)
        score = by_definition(markets[market], reference, bids, asks)
        if score is not None:
            leaf = (market, index, "0x" + 40 * maker, weight, reference, *lists(bids), *lists(asks), score)
            leaves.append(leaf)
    leaves = leaves or [(0, 0, "0x" + 40 * "1", 1, 2, [], [], [], [], 0)]
    at = draw(st.integers(0, len(leaves) - 1))
    how = draw(st.sampled_from(["true", "score", "field", "order", "twice", "value", "sum"]))
    wrong = {}
    if how == "score":
        leaves[at] = (*leaves[at][:9], draw(st.one_of(st.just(leaves[at][9] + 1), words)))
    elif how == "field":
        field = draw(st.sampled_from([0, 1, 3, 4]))
        number = draw(st.one_of(st.integers(0, 4), st.integers(0, 2**256 - 1)))
        leaves[at] = (*leaves[at][:field], number, *leaves[at][field + 1 :])
        wrong = {(0, at): leaves[at][9] * leaves[at][3] % 2**128}
    elif how == "order":
        leaves = draw(st.permutations(leaves))
    elif how == "twice":
        leaves.insert(at, leaves[at])
    elif how == "value":
        wrong = {(0, at): draw(words)}
    elif how == "sum":
        levels = tree_of(leaves).levels
        nodes = [(level, place) for level, row in enumerate(levels) for place in range(len(row))]
        lies = draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=3, unique=True))
        wrong = {node: draw(st.one_of(words, st.just(levels[node[0]][node[1]][1]))) for node in lies}
    return markets, leaves, wrong


def outcome(call, *arguments):
    """Why a challenge was refused, or ``cancelled``; forgotten either way."""
    with boa.env.anchor():
        try:
            call(1, *arguments)
        except boa.BoaError as refusal:
            return refusal.stack_trace.last_frame.pretty_vm_reason
        assert funded().it.epochs(1).status == 3
        return "cancelled"


@settings(max_examples=120)
@given(posts())
def test_every_falsehood_is_accepted_and_nothing_true(post):
    markets, leaves, wrong = post
    world, tree = funded(), tree_of(leaves, wrong)
    with boa.env.anchor():
        known = rules_tree([rule.words() for rule in markets])
        world.it.register(b"Z" * 32, known.root, len(markets), MAX_WEIGHT, sender=world.owner)
        posted = (1, b"Z" * 32, b"R" * 32, tree.hash, tree.total, tree.count, 1, BUNDLE)
        world.it.post(*posted, sender=world.publisher, value=BOND)
        found = []
        for at, leaf in enumerate(leaves):
            shown = leaf, tree.place(at), *scored(min(leaf[0], len(markets) - 1), markets, known)
            value = tree.levels[0][at][1]
            false = referee.false_leaf(leaf, value, markets, MAX_WEIGHT)
            found.append((false, outcome(world.it.challenge_score, *shown), (0, at), "reward: sample is true"))
        for level in range(1, len(tree.levels)):
            for at in range(len(tree.levels[level - 1]) // 2):
                shown = level, tree.place(at, level), *tree.levels[level - 1][2 * at : 2 * at + 2]
                false = referee.false_sum(tree.levels, level, at)
                found.append((false, outcome(world.it.challenge_sum, *shown), (level, at), "reward: sum is true"))
        for at in range(len(leaves) - 1):
            shown = leaves[at], tree.place(at), leaves[at + 1], tree.place(at + 1)
            false = referee.false_order(leaves[at], leaves[at + 1])
            found.append((false, outcome(world.it.challenge_order, *shown), (0, at), "reward: order is true"))
        for false, answer, (level, at), refusal in found:
            reachable = referee.honest_above(tree.levels, level, at)
            if refusal == "reward: order is true":
                reachable &= referee.honest_above(tree.levels, 0, at + 1)
            absent = "reward: not in the tree of samples"
            assert answer == (("cancelled" if false else refusal) if reachable else absent)
        # whatever is wrong, something can be shown; and if nothing is, nothing can
        answers = {answer for _, answer, _, _ in found}
        assert ("cancelled" in answers) == any(false for false, _, _, _ in found)
