"""Tokens that are not as they should be."""

import boa
import pytest

from tests.contracts.world import WEALTH, amounts_of, claim, compiled, finalise, new_world, post, proof_for


@pytest.fixture
def made():
    """A world around a token of this folder."""
    with boa.env.anchor():
        yield lambda token: new_world(f"tokens/{token}")


def test_a_token_that_answers_nothing_is_paid_as_any_other(made):
    world = made("silent")
    tree, _ = post(world)
    finalise(world)
    claim(world, tree, world.maker)
    assert world.coin.balanceOf(world.maker) == 600
    world.it.withdraw(5, sender=world.owner)
    assert world.coin.balanceOf(world.owner) == 5


def test_a_token_that_answers_false_changes_nothing(made):
    world = made("lying")
    tree, _ = post(world)
    finalise(world)
    world.coin.lie(True)
    with boa.reverts("reward: transfer failed"):
        claim(world, tree, world.maker)
    with boa.reverts("reward: transfer failed"):
        world.it.withdraw(1, sender=world.owner)
    with boa.reverts("reward: transfer failed"):
        world.it.fund(1, sender=world.funder)
    assert world.it.unreserved() == WEALTH - 1_000
    world.coin.lie(False)
    claim(world, tree, world.maker)
    assert world.coin.balanceOf(world.maker) == 600


def test_a_token_that_takes_a_fee_is_refused_at_the_door(made):
    world = made("charging")
    world.coin.charge(1)
    with boa.reverts("reward: token takes a fee"):
        world.it.fund(10_000, sender=world.funder)
    assert world.it.unreserved() == WEALTH


def test_a_fee_switched_on_later_takes_from_the_receiver_and_not_from_others(made):
    world = made("charging")
    tree, _ = post(world)
    finalise(world)
    world.coin.charge(1_000)
    for account in amounts_of(world):
        claim(world, tree, account)
    assert world.coin.balanceOf(world.maker) == 540
    assert world.coin.balanceOf(world.it.address) == world.it.unreserved() == WEALTH - 1_000


def call_of(method, *arguments):
    return method.prepare_calldata(*arguments)


def test_a_claim_cannot_be_made_again_from_within_its_transfer(made):
    world = made("reentrant")
    tree, _ = post(world)
    finalise(world)
    due = proof_for(tree, world.maker)
    world.coin.plan(world.it.address, call_of(world.it.claim, 1, world.maker, *due))
    claim(world, tree, world.maker)
    assert (world.coin.calls(), world.coin.passed()) == (2, 0)
    assert world.coin.balanceOf(world.maker) == 600
    assert world.it.epochs(1).paid == 600


def test_another_account_may_be_paid_from_within_a_transfer_once(made):
    world = made("reentrant")
    tree, _ = post(world)
    finalise(world)
    other = (1, world.stranger, *proof_for(tree, world.stranger))
    world.coin.plan(world.it.address, call_of(world.it.claim_many, [other, other]))
    claim(world, tree, world.maker)
    assert (world.coin.calls(), world.coin.passed()) == (2, 2)  # the second call back finds nothing to pay
    assert [world.coin.balanceOf(account) for account in (world.maker, world.stranger)] == [600, 300]
    assert world.it.epochs(1).paid == 900


def test_a_batch_cannot_be_repeated_from_within(made):
    world = made("reentrant")
    tree, _ = post(world)
    finalise(world)
    batch = [(1, account, *proof_for(tree, account)) for account in amounts_of(world)]
    world.coin.plan(world.it.address, call_of(world.it.claim_many, batch))
    world.it.claim_many(batch)
    assert {account: world.coin.balanceOf(account) for account in amounts_of(world)} == amounts_of(world)
    assert world.it.epochs(1).paid == 1_000


def test_funds_are_not_counted_twice_by_funding_from_within(made):
    world = made("reentrant")
    world.coin.mint(world.coin, 100)
    world.coin.plan(world.it.address, call_of(world.it.fund, 10))
    with boa.reverts("reward: token takes a fee"):  # the balance does not rise by what was said
        world.it.fund(50, sender=world.funder)
    world.coin.plan("0x" + 40 * "0", b"")
    assert world.it.unreserved() == WEALTH == world.coin.balanceOf(world.it.address)


def test_a_claim_from_within_funding_is_no_gift(made):
    world = made("reentrant")
    tree, _ = post(world)
    finalise(world)
    world.coin.plan(world.it.address, call_of(world.it.claim, 1, world.maker, *proof_for(tree, world.maker)))
    with boa.reverts("reward: token takes a fee"):
        world.it.fund(600, sender=world.funder)


def test_a_contract_that_takes_no_coin_names_another_receiver(world):
    refuser = compiled("tokens/refuser").deploy()
    world.it.set_publisher(refuser, sender=world.owner)
    boa.env.set_balance(refuser.address, 10**18)
    post(world, sender=refuser.address)
    world.it.cancel(1, sender=world.owner)
    with boa.reverts("bond: the receiver refuses the coin"):
        world.it.collect(refuser, sender=refuser.address)
    before = boa.env.get_balance(world.stranger)
    refuser.act(world.it.address, call_of(world.it.collect, world.stranger))
    assert boa.env.get_balance(world.stranger) == before + 10**18
    with boa.reverts("bond: nothing is due to the sender"):
        world.it.collect(world.stranger, sender=refuser.address)
