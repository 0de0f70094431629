"""Nobody is paid twice, without a proof, beyond the budget, or from another epoch or contract."""

import boa
import pytest

from tests.contracts.world import (
    BOND,
    PERIOD,
    WEALTH,
    amounts_of,
    claim,
    finalise,
    new_world,
    post,
    proof_for,
)


@pytest.fixture
def final(world):
    """The world with epoch 1 final, and its claims tree."""
    tree, _ = post(world)
    finalise(world)
    return world, tree


def paid(world):
    return {account: world.coin.balanceOf(account) for account in amounts_of(world)}


def test_a_claim_pays_the_account_whoever_calls(final):
    world, tree = final
    claim(world, tree, world.maker)
    assert paid(world) == {world.maker: 600, world.stranger: 0, world.challenger: 0}
    (event,) = [event for event in world.it.get_logs() if type(event).__name__ == "Claimed"]
    assert (event.epoch, event.account, event.amount) == (1, world.maker, 600)


def test_all_claims_pay_the_whole_budget_and_no_more(final):
    world, tree = final
    for account in amounts_of(world):
        claim(world, tree, account)
    assert paid(world) == amounts_of(world)
    assert world.it.epochs(1).paid == world.it.epochs(1).budget == 1_000


def test_nobody_is_paid_twice(final):
    world, tree = final
    claim(world, tree, world.maker)
    amount, path = proof_for(tree, world.maker)
    with boa.reverts("reward: already claimed"):
        world.it.claim(1, world.maker, amount, path, sender=world.maker)
    world.it.claim_many([(1, world.maker, amount, path)] * 3)
    assert world.coin.balanceOf(world.maker) == 600


def test_nobody_is_paid_without_a_proof(final):
    world, tree = final
    amount, path = proof_for(tree, world.maker)
    wrong = [
        (world.maker, amount, []),
        (world.maker, amount + 1, path),
        (world.maker, amount, path[::-1]),
        (world.maker, amount, [*path, bytes(32)]),
        (world.maker, amount, path[:-1]),
        (world.owner, amount, path),
        (world.stranger, amount, path),
    ]
    for account, due, way in wrong:
        with boa.reverts("reward: proof does not match the root"):
            world.it.claim(1, account, due, way)
    assert not any(paid(world).values())


def test_an_inner_node_of_the_tree_is_no_claim(final):
    world, tree = final
    node = tree.node(1)  # a pair of leaves, hashed once: no account and amount hash to it
    account = "0x" + node[12:].hex()
    with boa.reverts("reward: proof does not match the root"):
        world.it.claim(1, account, 0, [tree.node(2)])


def test_a_proof_longer_than_any_tree_is_refused(final):
    world, tree = final
    amount, path = proof_for(tree, world.maker)
    with boa.reverts():
        world.it.claim(1, world.maker, amount, path + [bytes(32)] * 32)


def test_the_budget_is_the_end_even_if_the_root_grants_more(world):
    tree, _ = post(world, budget=650)
    finalise(world)
    claim(world, tree, world.maker)
    with boa.reverts("reward: over budget"):
        claim(world, tree, world.stranger)
    assert world.it.epochs(1).paid == 600


def test_an_amount_beyond_all_bounds_is_over_budget_and_not_an_overflow(world):
    tree, _ = post(world, amounts={world.maker: 2**256 - 1, world.stranger: 2**120})
    finalise(world)
    for account in (world.maker, world.stranger):
        with boa.reverts("reward: over budget"):
            claim(world, tree, account)


def test_a_claim_of_one_epoch_is_none_of_another(world):
    first, _ = post(world, epoch=1)
    post(world, epoch=2, amounts={world.maker: 1, world.stranger: 2})
    boa.env.time_travel(seconds=3_600)
    world.it.finalise(1)
    world.it.finalise(2)
    with boa.reverts("reward: proof does not match the root"):
        claim(world, first, world.maker, epoch=2)
    claim(world, first, world.maker, epoch=1)


@pytest.mark.parametrize("epochs", [(0, 1), (254, 255, 256, 257), (2**256 - 1, 2**256 - 257)])
def test_a_claim_leaves_the_flags_of_other_epochs_alone(world, epochs):
    trees = {epoch: post(world, epoch=epoch)[0] for epoch in epochs}
    boa.env.time_travel(seconds=3_600)
    for done, epoch in enumerate(epochs, 1):
        world.it.finalise(epoch)
        claim(world, trees[epoch], world.maker, epoch=epoch)
        assert [world.it.claimed(each, world.maker) for each in epochs] == [at < done for at in range(len(epochs))]
        assert not world.it.claimed(epoch, world.stranger)
    assert world.coin.balanceOf(world.maker) == 600 * len(epochs)


def test_a_proof_for_one_contract_pays_at_no_other(final):
    world, tree = final
    other = new_world()  # the same code on another chain, or beside it
    with boa.reverts("reward: epoch is not final"):
        claim(other, tree, world.maker)
    post(other, amounts={other.owner: 1_000, other.funder: 1})
    finalise(other)
    with boa.reverts("reward: proof does not match the root"):
        claim(other, tree, world.maker)


@pytest.mark.parametrize("state", ["none", "posted", "cancelled", "swept"])
def test_only_a_final_epoch_pays(world, state):
    tree, _ = post(world, epoch=1 if state != "none" else 7)
    if state == "cancelled":
        world.it.cancel(1, sender=world.owner)
    if state == "swept":
        finalise(world)
        boa.env.time_travel(seconds=PERIOD)
        world.it.sweep(1)
    with boa.reverts("reward: epoch is not final"):
        claim(world, tree, world.maker)


def test_claims_go_on_after_the_period_until_the_epoch_is_swept(final):
    world, tree = final
    boa.env.time_travel(seconds=10 * PERIOD)
    claim(world, tree, world.maker)
    world.it.sweep(1, sender=world.stranger)
    assert world.it.unreserved() == WEALTH - 600
    assert world.it.epochs(1).paid == 600


def test_a_batch_pays_several_epochs_and_leaves_out_what_was_paid_first(world):
    trees = {epoch: post(world, epoch=epoch)[0] for epoch in (1, 2, 3)}
    boa.env.time_travel(seconds=3_600)
    for epoch in trees:
        world.it.finalise(epoch)
    batch = [
        (epoch, account, *proof_for(tree, account)) for epoch, tree in trees.items() for account in amounts_of(world)
    ]
    claim(world, trees[2], world.maker, epoch=2)  # somebody is faster
    world.it.claim_many([*batch, batch[0]], sender=world.stranger)
    assert paid(world) == {account: 3 * amount for account, amount in amounts_of(world).items()}


def test_one_claim_without_a_proof_spoils_the_batch(final):
    world, tree = final
    good = (1, world.maker, *proof_for(tree, world.maker))
    with boa.reverts("reward: proof does not match the root"):
        world.it.claim_many([good, (1, world.owner, 1, [])])
    assert not any(paid(world).values())


def test_a_batch_holds_sixteen_claims(final):
    world, tree = final
    good = (1, world.maker, *proof_for(tree, world.maker))
    world.it.claim_many([good] * 16)
    with boa.reverts():
        world.it.claim_many([good] * 17)
    world.it.claim_many([])


def test_a_pause_stops_no_claim(final):
    world, tree = final
    world.it.pause(sender=world.owner)
    claim(world, tree, world.maker)
    world.it.claim_many([(1, world.stranger, *proof_for(tree, world.stranger))])
    assert world.coin.balanceOf(world.stranger) == 300


def test_a_claim_takes_no_coin_with_it(final):
    world, tree = final
    amount, path = proof_for(tree, world.maker)
    with boa.reverts():
        world.it.claim(1, world.maker, amount, path, sender=world.maker, value=1)
    assert boa.env.get_balance(world.it.address) == BOND
