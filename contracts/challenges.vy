# pragma version 0.4.3
"""
@title Challenges: what of a posted epoch can be shown false on chain
@license Apache-2.0
@notice Each call proves one falsehood about the tree of samples behind a posted root, which cancels the epoch and
        credits its bond to the sender. Something can be shown of every tree that has a false leaf, a false sum or a
        pair out of order, as long as its nodes are known: the highest false sum on the way to the root, else the leaf.
@dev A challenge is a fact that anyone may copy from the mempool and bring first; the root falls all the same. A
     commitment would not keep the reward from the one who matters: a publisher knows its own lie before anyone. So
     who posts what is proven false loses the role, and a challenger who minds being copied sends in private.
@custom:invariant No challenge of a tree without a falsehood succeeds.
"""

import bonds
import epoch_store
import merkle
import registry
import sample
import score_rule
import sum_tree
import vault

uses: bonds
uses: epoch_store
uses: registry
uses: vault


struct Place:
    index: uint256
    sum: uint256
    siblings: DynArray[sum_tree.Node, sum_tree.MAX_DEPTH]


event Challenged:
    epoch: indexed(uint256)
    challenger: indexed(address)


event Cancelled:
    epoch: indexed(uint256)


@external
def challenge_score(
    epoch: uint256,
    shown: sample.Sample,
    place: Place,
    rule: score_rule.Rule,
    rule_proof: DynArray[bytes32, merkle.MAX_DEPTH],
):
    """
    @notice Show a sample of the tree whose score is not what the rule makes of its orders, whose value in the tree is
            not score times weight, or that no scorer can have made: no such market, no such weight, no such orders, a
            score beyond 64 bits.
    @param place Of the sample's leaf: index from the left, sum that the tree has for it, siblings from the bottom up.
    @param rule The rule of the sample's market; not looked at if the sample cannot be one.
    """
    self._only_posted(epoch)
    self._only_in_tree(epoch, shown, place)
    program: registry.Program = registry.programs[epoch_store.records[epoch].program]
    possible: bool = (
        shown.market < program.markets
        and shown.weight > 0
        and shown.weight <= program.max_weight
        and sample._in_domain(shown)
    )
    if possible:
        leaf: bytes32 = score_rule._leaf(shown.market, rule)
        assert merkle._proves(rule_proof, program.rules_root, leaf), "reward: rule is not the program's"
        scored: bool = False
        score: uint256 = 0
        scored, score = score_rule._score(rule, shown)
        follows: bool = scored and shown.score == score and place.sum == score * shown.weight
        assert not follows, "reward: sample is true"
    self._cancel_false(epoch)


@external
def challenge_sum(epoch: uint256, level: uint256, place: Place, left: sum_tree.Node, right: sum_tree.Node):
    """
    @notice Show an inner node of the tree whose sum is not that of its two children.
    @param level Of the node; the leaves are level 0.
    """
    self._only_posted(epoch)
    node: sum_tree.Node = sum_tree.Node(hash=sum_tree._parent(left, right), sum=place.sum)
    self._only_node(epoch, level, place, node)
    assert not sum_tree._adds_up(left, right, place.sum), "reward: sum is true"
    self._cancel_false(epoch)


@external
def challenge_order(
    epoch: uint256,
    first: sample.Sample,
    first_place: Place,
    second: sample.Sample,
    second_place: Place,
):
    """
    @notice Show two samples beside each other in the tree whose keys do not ascend: so is one that counts twice.
    """
    self._only_posted(epoch)
    self._only_in_tree(epoch, first, first_place)
    self._only_in_tree(epoch, second, second_place)
    assert second_place.index == first_place.index + 1, "reward: samples are not neighbours"
    assert not sample._ascending(first, second), "reward: order is true"
    self._cancel_false(epoch)


@external
@pure
def score_of(rule: score_rule.Rule, of: sample.Sample) -> uint256:
    """
    @notice Score of the orders of a sample; the score it carries is not looked at.
    """
    assert sample._in_domain(of), "reward: sample is out of its domain"
    scored: bool = False
    score: uint256 = 0
    scored, score = score_rule._score(rule, of)
    assert scored, "reward: score does not fit a word"
    return score


@view
def _only_posted(epoch: uint256):
    assert epoch_store._status(epoch) == epoch_store.POSTED, "reward: epoch is not open"


@view
def _only_in_tree(epoch: uint256, shown: sample.Sample, place: Place):
    self._only_node(epoch, 0, place, sum_tree.Node(hash=sample._leaf(shown), sum=place.sum))


@view
def _only_node(epoch: uint256, level: uint256, place: Place, node: sum_tree.Node):
    root: bytes32 = epoch_store.records[epoch].samples_root
    count: uint256 = epoch_store._leaf_count(epoch)
    held: bool = sum_tree._holds(root, count, level, place.index, node, place.siblings)
    assert held, "reward: not in the tree of samples"


def _cancel(epoch: uint256):
    vault._release(epoch_store._unpaid(epoch))
    epoch_store._move(epoch, epoch_store.CANCELLED)
    log Cancelled(epoch=epoch)


def _cancel_false(epoch: uint256):
    """
    @notice Cancel what was proven false, credit the challenger, and take the role from a publisher who still has it.
    """
    self._cancel(epoch)
    log Challenged(epoch=epoch, challenger=msg.sender)
    bonds._credit(msg.sender)
    if registry.publisher == epoch_store._publisher(epoch):
        registry._name(empty(address))
