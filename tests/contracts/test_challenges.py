"""What is false is cancelled and pays its bond to who shows it; what is true cannot be challenged."""

import boa
import pytest

from makerscope.programs.sample_rule import sample_score
from tests.contracts.trees import tree_of
from tests.contracts.world import (
    BOND,
    BUNDLE,
    FREE,
    MAX_WEIGHT,
    PROGRAM,
    RULES,
    RULES_TREE,
    WEALTH,
    WINDOW,
    finalise,
    honest,
    post,
    sample,
    scored,
)

TOO_DEAR, TOO_LARGE = 2**61 + 1, 2**63


def challenge(world, shown, place, market=None, epoch=1):
    """Show a sample, with the rule of its market where it has one."""
    market = min(shown[0] if market is None else market, len(RULES) - 1)
    world.it.challenge_score(epoch, shown, place, *scored(market), sender=world.challenger)


def cancelled(world, epoch=1):
    found = world.it.epochs(epoch)
    return found.status == 3 and world.it.credits(world.challenger) == BOND and world.it.unreserved() == WEALTH


def changed(leaf, **parts):
    """A leaf with some of its fields changed."""
    names = ("market", "sample", "maker", "weight", "reference", "bid_prices", "bid_sizes", "ask_prices", "ask_sizes")
    return tuple(parts.get(name, old) for name, old in zip((*names, "score"), leaf, strict=True))


FALSE = {
    "a score one too high": lambda leaf: {"score": leaf[9] + 1},
    "a score one too low": lambda leaf: {"score": leaf[9] - 1},
    "a score of everything": lambda leaf: {"score": 2**256 - 1},
    "a market without a rule": lambda leaf: {"market": len(RULES)},
    "a market beyond all bounds": lambda leaf: {"market": 2**256 - 1},
    "no weight": lambda leaf: {"weight": 0},
    "more weight than any sample has": lambda leaf: {"weight": MAX_WEIGHT + 1},
    "a weight whose product overflows": lambda leaf: {"weight": 2**255},
    "no reference": lambda leaf: {"reference": 0},
    "a reference beyond bounds": lambda leaf: {"reference": 2**62 + 1},
    "a bid beyond bounds": lambda leaf: {"bid_prices": [TOO_DEAR]},
    "an ask whose double overflows": lambda leaf: {"ask_prices": [2**255]},
    "a size beyond bounds": lambda leaf: {"bid_sizes": [TOO_LARGE]},
    "an ask size beyond bounds": lambda leaf: {"ask_sizes": [2**256 - 1]},
    "a bid without a size": lambda leaf: {"bid_sizes": []},
    "a size without an ask": lambda leaf: {"ask_prices": []},
    "an order more than its score knows": lambda leaf: {"bid_prices": [9_999, 9_990], "bid_sizes": [50, 5]},
}


@pytest.mark.parametrize("name", FALSE)
@pytest.mark.parametrize("at", [0, 2, 4])
def test_a_sample_that_no_scorer_can_have_made_is_cancelled(world, name, at):
    leaves = honest(world)
    leaves[at] = changed(leaves[at], **FALSE[name](leaves[at]))
    # the leaf's value as far as the tree can hold it
    _, tree = post(world, leaves=leaves, wrong={(0, at): leaves[at][9] * leaves[at][3] % 2**64})
    challenge(world, leaves[at], tree.place(at))
    assert cancelled(world)


@pytest.mark.parametrize(
    "parts",
    [
        {"reference": 0},
        {"reference": 2**62 + 1},
        {"bid_prices": [1, TOO_DEAR], "bid_sizes": [1, 1]},
        {"ask_prices": [1, TOO_DEAR], "ask_sizes": [1, 1]},
        {"bid_prices": [1], "bid_sizes": [TOO_LARGE]},
        {"ask_prices": [1], "ask_sizes": [TOO_LARGE]},
        {"bid_prices": [1], "bid_sizes": [1, 1]},
        {"ask_prices": [1, 1], "ask_sizes": [1]},
        {"weight": 0},
        {"weight": MAX_WEIGHT + 1},
        {"market": len(RULES)},
    ],
)
def test_orders_that_no_scorer_takes_make_even_a_score_of_nothing_false(world, parts):
    shown = changed(sample(0, 0, world.maker, bids=[], asks=[]), **parts)
    _, tree = post(world, leaves=[shown])
    challenge(world, shown, tree.place(0))
    assert cancelled(world)


@pytest.mark.parametrize(
    "parts",
    [
        {"reference": 2**62},
        {"bid_prices": [2**61], "bid_sizes": [0], "reference": 2**62},
        {"ask_prices": [2**61], "ask_sizes": [2**63 - 1], "reference": 1},
        {"weight": MAX_WEIGHT},
        {"market": len(RULES) - 1},
        {"sample": 2**256 - 1},
    ],
)
def test_orders_at_the_bounds_are_no_falsehood(world, parts):
    shown = changed(sample(0, 0, world.maker, bids=[], asks=[]), **parts)
    _, tree = post(world, leaves=[shown])
    with boa.reverts("reward: sample is true"):
        challenge(world, shown, tree.place(0))


def test_a_score_beyond_64_bits_is_none(world):
    shown = sample(1, 0, world.maker, bids=[(9_999, 2**62)], score=5)  # by value: size times price does not fit
    _, tree = post(world, leaves=[shown])
    challenge(world, shown, tree.place(0))
    assert cancelled(world)


def test_a_sum_of_scores_beyond_64_bits_is_none(world):
    order = (9_999, 2**34)
    assert sample_score(RULES[1], 20_000, [order], []) < 2**63 < 16 * sample_score(RULES[1], 20_000, [order], [])
    shown = sample(1, 0, world.maker, bids=[order] * 16, score=5)
    _, tree = post(world, leaves=[shown])
    challenge(world, shown, tree.place(0))
    assert cancelled(world)


@pytest.mark.parametrize("said", [0, 41, 2**64, 2**191])
def test_a_value_that_is_not_score_times_weight_is_cancelled(world, said):
    leaves = honest(world)
    _, tree = post(world, leaves=leaves, wrong={(0, 1): said})
    challenge(world, leaves[1], tree.place(1))
    assert cancelled(world)


def test_a_false_score_whose_value_in_the_tree_is_true_is_cancelled(world):
    leaves = honest(world)
    value = leaves[1][9] * leaves[1][3]
    leaves[1] = changed(leaves[1], score=leaves[1][9] + 1)
    _, tree = post(world, leaves=leaves, wrong={(0, 1): value})
    challenge(world, leaves[1], tree.place(1))
    assert cancelled(world)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13])
def test_no_true_sample_can_be_challenged_wherever_it_stands(world, count):
    leaves = [sample(at % 2, at, world.maker, weight=1 + at) for at in range(count)]
    leaves.sort(key=lambda leaf: leaf[:2])
    _, tree = post(world, leaves=leaves)
    for at, leaf in enumerate(leaves):
        with boa.reverts("reward: sample is true"):
            challenge(world, leaf, tree.place(at))


def test_a_sample_must_be_shown_as_and_where_it_stands(world):
    leaves = honest(world)
    lie = leaves[2] = changed(leaves[2], score=leaves[2][9] + 1)
    _, tree = post(world, leaves=leaves)
    index, value, siblings = tree.place(2)
    wrong = [
        (changed(lie, score=lie[9] + 1), (index, value, siblings)),
        (lie, (index + 1, value, siblings)),
        (lie, (5, value, siblings)),
        (lie, (2**255, value, siblings)),
        (lie, (index, value + 1, siblings)),
        (lie, (index, value, siblings[:-1])),
        (lie, (index, value, [*siblings, siblings[0]])),
        (lie, (index, value, siblings[::-1])),
        (lie, (index, value, [])),
    ]
    for shown, place in wrong:
        with boa.reverts("reward: not in the tree of samples"):
            challenge(world, shown, place)
    challenge(world, lie, (index, value, siblings))


def test_the_rule_must_be_that_of_the_samples_market(world):
    leaves = honest(world)
    _, tree = post(world, leaves=leaves)
    for market in range(len(RULES)):
        with boa.reverts("reward: rule is not the program's"):
            challenge(world, leaves[0 if market else 3], tree.place(0 if market else 3), market=market)
    rule, path = scored(0)
    other = (*rule[:2], rule[2] + 1, *rule[3:])
    with boa.reverts("reward: rule is not the program's"):
        world.it.challenge_score(1, leaves[0], tree.place(0), other, path)


@pytest.mark.parametrize(("level", "at"), [(1, 0), (1, 1), (2, 0), (3, 0)])
@pytest.mark.parametrize("said", [0, 1, 2**191])
def test_a_node_whose_sum_is_not_that_of_its_children_is_cancelled(world, level, at, said):
    _, tree = post(world, wrong={(level, at): said})
    below = tree.levels[level - 1]
    world.it.challenge_sum(1, level, tree.place(at, level), *below[2 * at : 2 * at + 2], sender=world.challenger)
    assert cancelled(world)


def test_sums_that_overflow_are_false_though_they_wrap_around_to_the_total(world):
    leaves = honest(world)
    true = tree_of(leaves)
    rest = true.levels[1][1][1]
    # two leaves of which one is worth almost 2**256: modulo that, their sum is 5
    _, tree = post(world, leaves=leaves, wrong={(0, 0): 2**256 - 1, (0, 1): 6, (1, 0): 5})
    assert tree.total == 5 + rest + true.levels[0][4][1]
    world.it.challenge_sum(1, 1, tree.place(0, 1), *tree.levels[0][:2], sender=world.challenger)
    assert cancelled(world)


def test_the_values_behind_a_sum_that_wraps_around_can_be_shown_as_well(world):
    leaves = honest(world)
    _, tree = post(world, leaves=leaves, wrong={(0, 0): 2**256 - 1, (0, 1): 6, (1, 0): 5})
    challenge(world, leaves[0], tree.place(0))
    assert cancelled(world)


def test_no_true_sum_can_be_challenged(world):
    _, tree = post(world)
    for level in range(1, len(tree.levels)):
        below = tree.levels[level - 1]
        for at in range(len(below) // 2):
            with boa.reverts("reward: sum is true"):
                world.it.challenge_sum(1, level, tree.place(at, level), below[2 * at], below[2 * at + 1])


def test_children_must_be_those_of_the_node(world):
    _, tree = post(world, wrong={(2, 0): 7})
    left, right = tree.levels[1][:2]
    place = tree.place(0, 2)
    for level, children in (
        (2, (right, left)),
        (2, (left, left)),
        (1, (left, right)),
        (33, (left, right)),
        (256, (left, right)),
    ):
        with boa.reverts("reward: not in the tree of samples"):
            world.it.challenge_sum(1, level, place, *children)


@pytest.mark.parametrize("how", ["repeated", "maker", "sample", "market"])
@pytest.mark.parametrize("at", [0, 1, 3])
def test_neighbours_whose_keys_do_not_ascend_are_cancelled(world, how, at):
    leaves = honest(world)
    if how == "repeated":
        leaves[at + 1] = leaves[at]
    elif how == "maker":
        leaves[at], leaves[at + 1] = sorted(
            (sample(0, 3, each) for each in (world.maker, world.stranger)), key=lambda leaf: -int(leaf[2], 16)
        )
    else:
        leaves[at], leaves[at + 1] = (
            sample(*((0, 9), (0, 8))[part] if how == "sample" else (1 - part, 9), world.maker) for part in (0, 1)
        )
    _, tree = post(world, leaves=leaves)
    world.it.challenge_order(1, leaves[at], tree.place(at), leaves[at + 1], tree.place(at + 1), sender=world.challenger)
    assert cancelled(world)


def test_no_true_order_can_be_challenged(world):
    leaves = honest(world)
    _, tree = post(world, leaves=leaves)
    for at in range(len(leaves) - 1):
        with boa.reverts("reward: order is true"):
            world.it.challenge_order(1, leaves[at], tree.place(at), leaves[at + 1], tree.place(at + 1))


def test_only_neighbours_show_an_order(world):
    leaves = honest(world)
    _, tree = post(world, leaves=leaves)
    for first, second in ((0, 0), (1, 0), (0, 2), (4, 0)):
        with boa.reverts("reward: samples are not neighbours"):
            world.it.challenge_order(1, leaves[first], tree.place(first), leaves[second], tree.place(second))


def test_a_tree_of_one_leaf_has_one_place(world):
    leaf = honest(world)[0]
    _, tree = post(world, leaves=[leaf])
    with boa.reverts("reward: not in the tree of samples"):  # else it would be its own neighbour
        world.it.challenge_order(1, leaf, tree.place(0), leaf, (1, tree.total, []))
    with boa.reverts("reward: samples are not neighbours"):
        world.it.challenge_order(1, leaf, tree.place(0), leaf, tree.place(0))


def test_a_program_without_samples_has_no_place_at_all(world):
    leaf = honest(world)[0]
    world.it.post(1, FREE, b"R" * 32, bytes(32), 0, 0, 1, BUNDLE, sender=world.publisher, value=BOND)
    for level in (0, 1, 32, 33, 255, 256, 2**256 - 1):
        with boa.reverts("reward: not in the tree of samples"):
            world.it.challenge_sum(1, level, (0, 0, []), (bytes(32), 0), (bytes(32), 1))
    with boa.reverts("reward: not in the tree of samples"):
        challenge(world, leaf, (0, 0, []))


def test_a_publisher_whose_root_was_false_posts_no_more_until_named_again(world):
    leaves = honest(world)
    leaves[0] = changed(leaves[0], score=0)
    _, tree = post(world, leaves=leaves)
    challenge(world, leaves[0], tree.place(0))
    with boa.reverts("reward: the sender is not the publisher"):
        post(world)
    world.it.set_publisher(world.publisher, sender=world.owner)
    tree, _ = post(world)
    finalise(world)
    assert world.it.epochs(1).status == 2
    assert world.it.credits(world.publisher) == BOND  # of the second post alone


def test_a_publisher_who_was_replaced_meanwhile_costs_the_new_one_nothing(world):
    leaves = honest(world)
    leaves[0] = changed(leaves[0], score=0)
    _, tree = post(world, leaves=leaves)
    world.it.set_publisher(world.stranger, sender=world.owner)
    challenge(world, leaves[0], tree.place(0))
    assert world.it.publisher() == world.stranger


def test_a_challenge_of_what_was_cancelled_and_posted_again_meets_the_new_root(world):
    leaves = honest(world)
    leaves[0] = changed(leaves[0], score=0)
    _, tree = post(world, leaves=leaves)
    world.it.cancel(1, sender=world.owner)
    with boa.reverts("reward: epoch is not open"):
        challenge(world, leaves[0], tree.place(0))
    post(world)
    with boa.reverts("reward: not in the tree of samples"):
        challenge(world, leaves[0], tree.place(0))


@pytest.mark.parametrize("state", ["none", "cancelled", "final"])
def test_only_a_posted_epoch_can_be_challenged(world, state):
    leaves = [honest(world)[0]] * 2
    leaves[0] = changed(leaves[0], score=0)
    _, tree = post(world, epoch=1 if state != "none" else 2, leaves=leaves, wrong={(1, 0): 1})
    if state == "cancelled":
        world.it.cancel(1, sender=world.owner)
    if state == "final":
        finalise(world)
    calls = [
        lambda: challenge(world, leaves[0], tree.place(0)),
        lambda: world.it.challenge_sum(1, 1, tree.place(0, 1), *tree.levels[0]),
        lambda: world.it.challenge_order(1, leaves[0], tree.place(0), leaves[1], tree.place(1)),
    ]
    for call in calls:
        with boa.reverts("reward: epoch is not open"):
            call()


@pytest.mark.parametrize("paused", [False, True])
def test_a_false_root_can_be_shown_after_the_window_and_while_paused_until_it_is_final(world, paused):
    leaves = honest(world)
    leaves[0] = changed(leaves[0], score=0)
    _, tree = post(world, leaves=leaves)
    if paused:
        world.it.pause(sender=world.owner)
    boa.env.time_travel(seconds=10 * WINDOW)
    with boa.env.anchor():
        challenge(world, leaves[0], tree.place(0))
        assert cancelled(world)
    if paused:
        world.it.unpause(sender=world.owner)
    world.it.finalise(1)
    with boa.reverts("reward: epoch is not open"):
        challenge(world, leaves[0], tree.place(0))


def test_bonds_of_two_false_epochs_go_to_two_challengers(world):
    leaves = honest(world)
    leaves[0] = changed(leaves[0], score=0)
    trees = [post(world, epoch=epoch, leaves=leaves)[1] for epoch in (1, 2)]
    for epoch, tree, who in zip((1, 2), trees, (world.challenger, world.stranger), strict=True):
        world.it.challenge_score(epoch, leaves[0], tree.place(0), *scored(0), sender=who)
        assert world.it.credits(who) == BOND
    assert boa.env.get_balance(world.it.address) == 2 * BOND


def test_a_kernel_or_reducer_that_the_chain_does_not_know_is_named(world):
    shown = honest(world)[0]
    rule = scored(0)[0]
    with boa.reverts("score_rule: kernel is not one of the chain's"):
        world.it.score_of((6, *rule[1:]), shown)
    with boa.reverts("score_rule: reducer is unknown"):
        world.it.score_of((rule[0], 5, *rule[2:]), shown)


def test_the_posted_commitment_is_that_of_the_tree_and_its_total(world):
    post(world)
    found = world.it.epochs(1)
    assert found.samples_total == sum(score * weight for *_, weight, _, _, _, _, _, score in honest(world))
    assert found.leaf_count == 5
    assert world.it.programs(PROGRAM) == (True, RULES_TREE.root, len(RULES), MAX_WEIGHT)
