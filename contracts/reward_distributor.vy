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

import bonds
import challenges
import claims
import epoch_store
import registry
import sum_tree
import two_step_owner
import vault

initializes: two_step_owner
initializes: bonds
initializes: epoch_store
initializes: registry[two_step_owner := two_step_owner]
initializes: vault[two_step_owner := two_step_owner]
initializes: claims[epoch_store := epoch_store, vault := vault]
initializes: challenges[bonds := bonds, epoch_store := epoch_store, registry := registry, vault := vault]

exports: (
    two_step_owner.owner,
    two_step_owner.pending_owner,
    two_step_owner.transfer_ownership,
    two_step_owner.accept_ownership,
    bonds.PUBLISHER_BOND,
    bonds.credits,
    bonds.collect,
    registry.publisher,
    registry.programs,
    registry.set_publisher,
    registry.register,
    vault.TOKEN,
    vault.unreserved,
    vault.fund,
    vault.withdraw,
    claims.claim,
    claims.claim_many,
    claims.claimed,
    challenges.challenge_score,
    challenges.challenge_sum,
    challenges.challenge_order,
    challenges.score_of,
)

LONGEST: constant(uint256) = 10 * 365 * 86_400

WINDOW: public(immutable(uint256))
CLAIM_PERIOD: public(immutable(uint256))

paused_at: public(uint256)

event Posted:
    epoch: indexed(uint256)
    program: indexed(bytes32)
    publisher: indexed(address)
    root: bytes32
    samples_root: bytes32
    budget: uint256
    bundle: bytes32


event Finalised:
    epoch: indexed(uint256)


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
    assert window > 0 and window <= LONGEST, "reward: window is not from a second to ten years"
    assert claim_period > 0 and claim_period <= LONGEST, "reward: claim period is not from a second to ten years"
    two_step_owner.__init__(owner)
    bonds.__init__(publisher_bond)
    vault.__init__(token)
    WINDOW = window
    CLAIM_PERIOD = claim_period


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
    assert msg.sender == registry.publisher, "reward: the sender is not the publisher"
    assert msg.value == bonds.PUBLISHER_BOND, "reward: not the exact bond"
    assert self.paused_at == 0, "reward: paused"
    status: uint256 = epoch_store._status(epoch)
    assert status == epoch_store.ABSENT or status == epoch_store.CANCELLED, "reward: epoch is taken"
    assert root != empty(bytes32), "reward: root is zero"
    assert budget > 0, "reward: budget is zero"
    assert budget <= epoch_store.MAX_BUDGET, "reward: budget is too large"
    registry._only_fitting(program, samples_hash, samples_total, leaf_count)
    vault._reserve(budget)
    top: sum_tree.Node = sum_tree.Node(hash=samples_hash, sum=samples_total)
    samples_root: bytes32 = sum_tree._root(top, leaf_count) if leaf_count > 0 else empty(bytes32)
    posted: epoch_store.Epoch = epoch_store.Epoch(
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
    )
    epoch_store._write(posted, epoch)
    log Posted(
        epoch=epoch,
        program=program,
        publisher=msg.sender,
        root=root,
        samples_root=samples_root,
        budget=budget,
        bundle=bundle,
    )


@external
def finalise(epoch: uint256):
    """
    @notice Make a posted root final after its window, and credit its bond to the publisher. Anyone may call.
    """
    challenges._only_posted(epoch)
    assert block.timestamp >= self._deadline(epoch), "reward: window is open"
    assert not self._is_held(epoch), "reward: paused"
    epoch_store._finalise(epoch)
    log Finalised(epoch=epoch)
    bonds._credit(epoch_store._publisher(epoch))


@external
def sweep(epoch: uint256):
    """
    @notice Take back into the unreserved amount what nobody claimed in time. Anyone may call.
    """
    assert epoch_store._status(epoch) == epoch_store.FINAL, "reward: epoch is not final"
    assert block.timestamp >= epoch_store._finalised_at(epoch) + CLAIM_PERIOD, "reward: claim period is not over"
    amount: uint256 = epoch_store._unpaid(epoch)
    epoch_store._move(epoch, epoch_store.SWEPT)
    vault._release(amount)
    log Swept(epoch=epoch, amount=amount)


@external
def cancel(epoch: uint256):
    """
    @notice Cancel a posted root inside its window, as where the publisher withholds the samples or the amounts do not
            follow from the scores; the bond is credited to the publisher. A pause that began inside the window keeps
            it open for this. Owner only.
    """
    two_step_owner._only_owner()
    challenges._only_posted(epoch)
    assert block.timestamp < self._deadline(epoch) or self._is_held(epoch), "reward: window is over"
    challenges._cancel(epoch)
    bonds._credit(epoch_store._publisher(epoch))


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


@external
@view
def epochs(epoch: uint256) -> epoch_store.Epoch:
    """
    @notice All that is known of an epoch. Status: 0 none, 1 posted, 2 final, 3 cancelled, 4 swept.
    """
    return epoch_store._read(epoch, bonds.PUBLISHER_BOND)


@view
def _deadline(epoch: uint256) -> uint256:
    return epoch_store._posted_at(epoch) + WINDOW


@view
def _is_held(epoch: uint256) -> bool:
    """
    @notice Whether a pause that began inside the window of an epoch lasts.
    """
    return self.paused_at != 0 and self.paused_at < self._deadline(epoch)
