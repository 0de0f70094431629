# pragma version 0.4.3
# pragma optimize gas
# pragma evm-version cancun
"""
@title Reward distributor
@license Apache-2.0
@notice Pays market makers what a published program grants them, epoch by epoch. A publisher posts the Merkle root of
        an epoch's amounts with a bond; for a time anyone may prove on chain that a scored sample behind it is false,
        which cancels the epoch and wins the bond; then the root is final and anyone may have any account paid.
@dev One contract, one token. Which chain and contract a claim is for needs no field in the leaf: a root pays only
     where its publisher posted it, with a bond and a budget of that contract.
@custom:invariant (1) The token balance is at least the unreserved amount plus the unpaid budgets of posted and final
                  epochs. (2) Nobody is paid twice for an epoch, and no epoch pays more than its budget. (3) A claim
                  of a final epoch depends on nobody's consent, neither on the owner's nor on a pause. (4) A proof of
                  falsehood is accepted as long as the epoch is not final, also while paused. (5) The coin held is at
                  least one bond for each posted epoch plus all credits.
@custom:kill `pause` stops new posts, and stops from becoming final the epochs whose window is open; `cancel` each of
             those, then `withdraw` what is not reserved. Final epochs go on paying until they are swept.
"""

from ethereum.ercs import IERC20

import bonds
import epoch_store
import merkle
import sample
import score_rule
import sum_tree
import two_step_owner

initializes: bonds
initializes: epoch_store
initializes: two_step_owner

exports: (
    bonds.credits,
    bonds.collect,
    two_step_owner.owner,
    two_step_owner.pending_owner,
    two_step_owner.transfer_ownership,
    two_step_owner.accept_ownership,
)


struct Program:
    registered: bool
    rules_root: bytes32
    markets: uint256
    max_weight: uint256


struct Claim:
    epoch: uint256
    account: address
    amount: uint256
    proof: DynArray[bytes32, merkle.MAX_DEPTH]


struct Place:
    index: uint256
    sum: uint256
    siblings: DynArray[sum_tree.Node, sum_tree.MAX_DEPTH]


MAX_CLAIMS: constant(uint256) = 16
MAX_WORD: constant(uint256) = 2**63 - 1
LONGEST: constant(uint256) = 10 * 365 * 86_400

TOKEN: public(immutable(IERC20))
PUBLISHER_BOND: public(immutable(uint256))
WINDOW: public(immutable(uint256))
CLAIM_PERIOD: public(immutable(uint256))

publisher: public(address)
paused_at: public(uint256)
unreserved: public(uint256)
programs: public(HashMap[bytes32, Program])
_claimed: HashMap[address, HashMap[uint256, uint256]]

event PublisherNamed:
    publisher: indexed(address)


event Registered:
    program: indexed(bytes32)
    rules_root: bytes32
    markets: uint256
    max_weight: uint256


event Funded:
    sender: indexed(address)
    amount: uint256


event Withdrawn:
    amount: uint256


event Posted:
    epoch: indexed(uint256)
    program: indexed(bytes32)
    publisher: indexed(address)
    root: bytes32
    samples_root: bytes32
    budget: uint256
    bundle: bytes32


event Challenged:
    epoch: indexed(uint256)
    challenger: indexed(address)


event Cancelled:
    epoch: indexed(uint256)


event Finalised:
    epoch: indexed(uint256)


event Claimed:
    epoch: indexed(uint256)
    account: indexed(address)
    amount: uint256


event Swept:
    epoch: indexed(uint256)
    amount: uint256


event Paused:
    pass


event Unpaused:
    pass


@deploy
def __init__(token: address, owner: address, publisher_bond: uint256, window: uint256, claim_period: uint256):
    """
    @param token What is paid: an ERC-20 that takes no fee and does not change balances by itself.
    @param publisher_bond Bond of a post, in wei.
    @param window Seconds during which a posted root can be cancelled.
    @param claim_period Seconds after which a final epoch can be swept.
    """
    assert token.is_contract, "reward: token is not a contract"
    assert window > 0 and window <= LONGEST, "reward: window is not from a second to ten years"
    assert claim_period > 0 and claim_period <= LONGEST, "reward: claim period is not from a second to ten years"
    two_step_owner.__init__(owner)
    TOKEN = IERC20(token)
    PUBLISHER_BOND = publisher_bond
    WINDOW = window
    CLAIM_PERIOD = claim_period


# ---- what anyone may do


@external
def fund(amount: uint256):
    """
    @notice Give tokens for rewards to come.
    """
    before: uint256 = staticcall TOKEN.balanceOf(self)
    assert extcall TOKEN.transferFrom(msg.sender, self, amount, default_return_value=True), "reward: transfer failed"
    assert staticcall TOKEN.balanceOf(self) == before + amount, "reward: token takes a fee"
    self.unreserved += amount
    log Funded(sender=msg.sender, amount=amount)


@external
def claim(epoch: uint256, account: address, amount: uint256, proof: DynArray[bytes32, merkle.MAX_DEPTH]):
    """
    @notice Pay `account` what a final epoch grants; anyone may call.
    @param amount Base units of the token, as in the leaf.
    """
    assert self._pay(epoch, account, amount, proof), "reward: already claimed"


@external
def claim_many(claims: DynArray[Claim, MAX_CLAIMS]):
    """
    @notice Several claims at once. One that was claimed already is left out: nobody can spoil a batch by paying a
            part of it first.
    """
    for each: Claim in claims:
        self._pay(each.epoch, each.account, each.amount, each.proof)


@external
def finalise(epoch: uint256):
    """
    @notice Make a posted root final after its window, and credit its bond to the publisher.
    """
    assert epoch_store._status(epoch) == epoch_store.POSTED, "reward: epoch is not open"
    assert block.timestamp >= self._deadline(epoch), "reward: window is open"
    assert not self._is_held(epoch), "reward: paused"
    epoch_store._finalise(epoch)
    bonds._credit(epoch_store._publisher(epoch), PUBLISHER_BOND)
    log Finalised(epoch=epoch)


@external
def sweep(epoch: uint256):
    """
    @notice Take back into the unreserved amount what nobody claimed in time.
    """
    assert epoch_store._status(epoch) == epoch_store.FINAL, "reward: epoch is not final"
    assert block.timestamp >= epoch_store._finalised_at(epoch) + CLAIM_PERIOD, "reward: claim period is not over"
    amount: uint256 = epoch_store._unpaid(epoch)
    epoch_store._move(epoch, epoch_store.SWEPT)
    self.unreserved += amount
    log Swept(epoch=epoch, amount=amount)


# ---- what a challenger may do: each of these cancels the epoch and credits its bond to the sender


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
    @param rule The rule of the sample's market; not looked at if the sample cannot be one.
    """
    self._only_posted(epoch)
    self._only_in_tree(epoch, shown, place)
    program: Program = self.programs[epoch_store.records[epoch].program]
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
def challenge_sum(
    epoch: uint256,
    level: uint256,
    place: Place,
    left: sum_tree.Node,
    right: sum_tree.Node,
):
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
    @notice Show two samples beside each other in the tree whose keys do not ascend: one is counted twice.
    """
    self._only_posted(epoch)
    self._only_in_tree(epoch, first, first_place)
    self._only_in_tree(epoch, second, second_place)
    assert second_place.index == first_place.index + 1, "reward: samples are not neighbours"
    assert not sample._ascending(first, second), "reward: order is true"
    self._cancel_false(epoch)


# ---- what the publisher may do


@external
@payable
def post(
    epoch: uint256,
    program: bytes32,
    root: bytes32,
    samples_hash: bytes32,
    samples_total: uint256,
    leaf_count: uint256,
    budget: uint256,
    bundle: bytes32,
):
    """
    @notice Post an epoch's amounts with the exact bond. Publisher only.
    @param root Merkle root of (account, amount).
    @param samples_hash Hash of the sum tree's top node; zero, like total and count, for a program without rules.
    @param budget What is reserved for the epoch, at least the sum of its amounts.
    @param bundle Hash of everything the amounts were computed from.
    """
    assert msg.sender == self.publisher, "reward: the sender is not the publisher"
    assert msg.value == PUBLISHER_BOND, "reward: not the exact bond"
    assert self.paused_at == 0, "reward: paused"
    status: uint256 = epoch_store._status(epoch)
    assert status == epoch_store.ABSENT or status == epoch_store.CANCELLED, "reward: epoch is taken"
    assert root != empty(bytes32), "reward: root is zero"
    assert budget > 0, "reward: budget is zero"
    assert budget <= epoch_store.MAX_BUDGET, "reward: budget is too large"
    assert budget <= self.unreserved, "reward: budget is not funded"
    self._check_samples(program, samples_hash, samples_total, leaf_count)
    top: sum_tree.Node = sum_tree.Node(hash=samples_hash, sum=samples_total)
    samples_root: bytes32 = sum_tree._root(top, leaf_count) if leaf_count > 0 else empty(bytes32)
    self.unreserved -= budget
    epoch_store._write(
        epoch_store.Epoch(
            status=epoch_store.POSTED,
            program=program,
            root=root,
            samples_root=samples_root,
            samples_total=samples_total,
            leaf_count=leaf_count,
            budget=budget,
            paid=0,
            bundle=bundle,
            posted_at=block.timestamp,
            publisher=msg.sender,
            bond=0,
            finalised_at=0,
        ),
        epoch,
    )
    log Posted(
        epoch=epoch,
        program=program,
        publisher=msg.sender,
        root=root,
        samples_root=samples_root,
        budget=budget,
        bundle=bundle,
    )


# ---- what the owner may do


@external
def set_publisher(publisher: address):
    """
    @notice Name who may post; the zero address: nobody. Owner only.
    """
    two_step_owner._only_owner()
    self.publisher = publisher
    log PublisherNamed(publisher=publisher)


@external
def register(program: bytes32, rules_root: bytes32, markets: uint256, max_weight: uint256):
    """
    @notice Make a program known, for good. Owner only.
    @param rules_root Merkle root of (market, rule) with each market from 0 to `markets` - 1 once; zero, like the two
           numbers, for a program whose scores cannot be checked on chain.
    @param max_weight Largest weight of a sample: 1, or the nanoseconds of the longest segment.
    """
    two_step_owner._only_owner()
    assert not self.programs[program].registered, "reward: program is registered"
    assert (rules_root == empty(bytes32)) == (markets == 0), "reward: rules and markets do not fit"
    assert (max_weight == 0) == (markets == 0), "reward: weight and markets do not fit"
    assert max_weight <= MAX_WORD, "reward: weight is too large"
    self.programs[program] = Program(registered=True, rules_root=rules_root, markets=markets, max_weight=max_weight)
    log Registered(program=program, rules_root=rules_root, markets=markets, max_weight=max_weight)


@external
def cancel(epoch: uint256):
    """
    @notice Cancel a posted root inside its window, as where the publisher withholds the samples; the bond is credited
            to the publisher. A pause that began inside the window keeps it open for this. Owner only.
    """
    two_step_owner._only_owner()
    self._only_posted(epoch)
    assert block.timestamp < self._deadline(epoch) or self._is_held(epoch), "reward: window is over"
    self._cancel(epoch)
    bonds._credit(epoch_store._publisher(epoch), PUBLISHER_BOND)


@external
def withdraw(amount: uint256):
    """
    @notice Take back what no epoch has reserved. Owner only.
    """
    two_step_owner._only_owner()
    assert amount <= self.unreserved, "reward: amount is reserved"
    self.unreserved -= amount
    log Withdrawn(amount=amount)
    assert extcall TOKEN.transfer(msg.sender, amount, default_return_value=True), "reward: transfer failed"


@external
def pause():
    """
    @notice Stop new posts, and stop from becoming final what is posted and inside its window. Owner only.
    """
    two_step_owner._only_owner()
    assert self.paused_at == 0, "reward: paused"
    self.paused_at = block.timestamp
    log Paused()


@external
def unpause():
    """
    @notice End a pause. Owner only.
    """
    two_step_owner._only_owner()
    assert self.paused_at != 0, "reward: not paused"
    self.paused_at = 0
    log Unpaused()


# ---- views


@external
@view
def epochs(epoch: uint256) -> epoch_store.Epoch:
    """
    @notice All that is known of an epoch. Status: 0 none, 1 posted, 2 final, 3 cancelled, 4 swept.
    """
    return epoch_store._read(epoch, PUBLISHER_BOND)


@external
@view
def claimed(epoch: uint256, account: address) -> bool:
    """
    @notice Whether `account` was paid for `epoch`.
    """
    return self._claimed[account][epoch >> 8] >> (epoch & 255) & 1 == 1


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


# ---- internal


def _pay(epoch: uint256, account: address, amount: uint256, proof: DynArray[bytes32, merkle.MAX_DEPTH]) -> bool:
    """
    @notice Pay a claim. False, and nothing done, if it was paid before.
    @dev Whether an account was paid is one bit an epoch, 256 epochs a word: the next epoch's claim finds the word warm
         in storage terms (no longer zero) and costs 17,100 gas less.
    """
    flags: uint256 = self._claimed[account][epoch >> 8]
    flag: uint256 = 1 << (epoch & 255)
    if flags & flag != 0:
        return False
    epoch_store._pay(epoch, amount)
    leaf: bytes32 = merkle._claim_leaf(account, amount)
    assert merkle._proves(proof, epoch_store.records[epoch].root, leaf), "reward: proof does not match the root"
    self._claimed[account][epoch >> 8] = flags | flag
    log Claimed(epoch=epoch, account=account, amount=amount)
    assert extcall TOKEN.transfer(account, amount, default_return_value=True), "reward: transfer failed"
    return True


@view
def _deadline(epoch: uint256) -> uint256:
    return epoch_store._posted_at(epoch) + WINDOW


@view
def _is_held(epoch: uint256) -> bool:
    """
    @notice Whether a pause that began inside the window of an epoch lasts.
    """
    return self.paused_at != 0 and self.paused_at < self._deadline(epoch)


@view
def _check_samples(program: bytes32, samples_hash: bytes32, samples_total: uint256, leaf_count: uint256):
    known: Program = self.programs[program]
    assert known.registered, "reward: program is not registered"
    assert leaf_count <= epoch_store.MAX_LEAVES, "reward: too many samples"
    assert samples_total <= epoch_store.MAX_TOTAL, "reward: total of the samples is too large"
    if known.markets > 0:
        assert leaf_count > 0, "reward: samples are missing"
    else:
        assert samples_hash == empty(bytes32) and samples_total == 0 and leaf_count == 0, "reward: no rule for samples"


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
    self.unreserved += epoch_store._unpaid(epoch)
    epoch_store._move(epoch, epoch_store.CANCELLED)
    log Cancelled(epoch=epoch)


def _cancel_false(epoch: uint256):
    """
    @notice Cancel what was proven false, pay the challenger, and take the role from a publisher who posted it: who
            challenges oneself to save the bond loses the role instead.
    """
    self._cancel(epoch)
    log Challenged(epoch=epoch, challenger=msg.sender)
    bonds._credit(msg.sender, PUBLISHER_BOND)
    if self.publisher == epoch_store._publisher(epoch):
        self.publisher = empty(address)
        log PublisherNamed(publisher=empty(address))
