"""What the owner may do, and when; what a pause stops."""

import boa
import pytest

from tests.contracts.world import (
    BOND,
    BUNDLE,
    FREE,
    PERIOD,
    PROGRAM,
    WEALTH,
    WINDOW,
    claim,
    compiled,
    finalise,
    post,
)


def calls_of(world):
    """Every call that is the owner's."""
    return [
        lambda who: world.it.set_publisher(world.stranger, sender=who),
        lambda who: world.it.register(b"N" * 32, bytes(32), 0, 0, sender=who),
        lambda who: world.it.cancel(1, sender=who),
        lambda who: world.it.withdraw(1, sender=who),
        lambda who: world.it.pause(sender=who),
        lambda who: world.it.unpause(sender=who),
        lambda who: world.it.transfer_ownership(world.stranger, sender=who),
    ]


def test_nobody_else_does_what_is_the_owners(world):
    post(world)
    for call in calls_of(world):
        for who in (world.stranger, world.publisher, world.challenger):
            with boa.reverts("owner: the sender is not"):
                call(who)
    for call in calls_of(world):
        call(world.owner)


def test_the_contract_changes_hands_in_two_steps(world):
    world.it.transfer_ownership(world.stranger, sender=world.owner)
    assert (world.it.owner(), world.it.pending_owner()) == (world.owner, world.stranger)
    with boa.reverts("owner: nothing was offered to the sender"):
        world.it.accept_ownership(sender=world.publisher)
    world.it.pause(sender=world.owner)  # nothing has changed yet
    world.it.accept_ownership(sender=world.stranger)
    assert (world.it.owner(), int(world.it.pending_owner(), 16)) == (world.stranger, 0)
    with boa.reverts("owner: the sender is not"):
        world.it.unpause(sender=world.owner)
    with boa.reverts("owner: nothing was offered to the sender"):
        world.it.accept_ownership(sender=world.stranger)


def test_an_offer_can_be_taken_back(world):
    world.it.transfer_ownership(world.stranger, sender=world.owner)
    world.it.transfer_ownership("0x" + 40 * "0", sender=world.owner)
    with boa.reverts("owner: nothing was offered to the sender"):
        world.it.accept_ownership(sender=world.stranger)


def test_only_what_is_not_reserved_can_be_withdrawn(world):
    post(world, epoch=1, budget=WEALTH // 2)
    post(world, epoch=2, budget=WEALTH // 4)
    with boa.reverts("reward: amount is reserved"):
        world.it.withdraw(WEALTH // 4 + 1, sender=world.owner)
    world.it.withdraw(WEALTH // 4, sender=world.owner)
    assert world.coin.balanceOf(world.owner) == WEALTH // 4
    assert world.it.unreserved() == 0
    with boa.reverts("reward: budget is not funded"):
        post(world, epoch=3, budget=1)


def test_open_epochs_reserve_their_budgets_together(world):
    for epoch in (1, 2):
        post(world, epoch=epoch, budget=WEALTH // 2)
    with boa.reverts("reward: budget is not funded"):
        post(world, epoch=3, budget=1)
    world.it.cancel(1, sender=world.owner)
    post(world, epoch=3, budget=WEALTH // 2)


@pytest.mark.parametrize("second", [0, WINDOW - 1, WINDOW])
def test_the_owner_cancels_inside_the_window_alone(world, second):
    post(world)
    boa.env.time_travel(seconds=second)
    if second == WINDOW:
        with boa.reverts("reward: window is over"):
            world.it.cancel(1, sender=world.owner)
        return
    with boa.reverts("reward: window is open"):
        world.it.finalise(1)
    world.it.cancel(1, sender=world.owner)
    assert world.it.epochs(1).status == 3
    assert world.it.unreserved() == WEALTH
    assert world.it.credits(world.publisher) == BOND
    assert world.it.publisher() == world.publisher  # nothing was proven


def test_a_pause_inside_the_window_holds_the_epoch_and_lets_it_be_cancelled(world):
    post(world)
    world.it.pause(sender=world.owner)
    with boa.reverts("reward: paused"):
        post(world, epoch=2)
    boa.env.time_travel(seconds=2 * WINDOW)
    with boa.reverts("reward: paused"):
        world.it.finalise(1)
    with boa.env.anchor():
        world.it.cancel(1, sender=world.owner)
        assert world.it.unreserved() == WEALTH
    world.it.unpause(sender=world.owner)
    with boa.reverts("reward: window is over"):
        world.it.cancel(1, sender=world.owner)
    world.it.finalise(1)


def test_a_pause_after_the_window_holds_nothing(world):
    tree, _ = post(world)
    boa.env.time_travel(seconds=WINDOW)
    world.it.pause(sender=world.owner)
    with boa.reverts("reward: window is over"):
        world.it.cancel(1, sender=world.owner)
    world.it.finalise(1)
    claim(world, tree, world.maker)
    assert world.coin.balanceOf(world.maker) == 600


def test_a_pause_does_not_stop_what_gives_money_back(world):
    tree, _ = post(world)
    finalise(world)
    world.it.pause(sender=world.owner)
    claim(world, tree, world.maker)
    world.it.collect(world.publisher, sender=world.publisher)
    boa.env.time_travel(seconds=PERIOD)
    world.it.sweep(1)
    world.it.withdraw(WEALTH - 600, sender=world.owner)
    assert world.coin.balanceOf(world.it.address) == 0


def test_a_bond_comes_back_when_the_epoch_is_final(world):
    post(world)
    assert boa.env.get_balance(world.it.address) == BOND == world.it.epochs(1).bond
    finalise(world)
    before = boa.env.get_balance(world.publisher)
    assert world.it.collect(world.publisher, sender=world.publisher) == BOND
    assert boa.env.get_balance(world.publisher) == before + BOND
    assert boa.env.get_balance(world.it.address) == 0


def test_bonds_add_up_until_they_are_fetched(world):
    for epoch in (1, 2, 3):
        post(world, epoch=epoch)
    world.it.cancel(3, sender=world.owner)
    boa.env.time_travel(seconds=WINDOW)
    for epoch in (1, 2):
        world.it.finalise(epoch)
    assert world.it.credits(world.publisher) == 3 * BOND
    world.it.collect(world.publisher, sender=world.publisher)
    assert boa.env.get_balance(world.it.address) == 0


def test_the_claim_period_begins_when_the_epoch_becomes_final(world):
    post(world)
    boa.env.time_travel(seconds=2 * PERIOD)
    world.it.finalise(1)
    boa.env.time_travel(seconds=PERIOD - 1)
    with boa.reverts("reward: claim period is not over"):
        world.it.sweep(1)
    boa.env.time_travel(seconds=1)
    world.it.sweep(1)


@pytest.mark.parametrize("wei", [0, BOND - 1, BOND + 1])
def test_a_bond_is_exact(world, wei):
    with boa.reverts("reward: not the exact bond"):
        world.it.post(1, FREE, b"R" * 32, bytes(32), 0, 0, 1, BUNDLE, sender=world.publisher, value=wei)


def test_an_epoch_is_posted_once_while_it_is_open_or_final(world):
    post(world)
    with boa.reverts("reward: epoch is taken"):
        post(world)
    finalise(world)
    with boa.reverts("reward: epoch is taken"):
        post(world)
    boa.env.time_travel(seconds=PERIOD)
    world.it.sweep(1)
    with boa.reverts("reward: epoch is taken"):
        post(world)


def test_a_program_without_rules_pays_and_cannot_be_challenged(world):
    world.it.post(1, FREE, b"R" * 32, bytes(32), 0, 0, 1, BUNDLE, sender=world.publisher, value=BOND)
    found = world.it.epochs(1)
    assert (found.samples_root, found.leaf_count, found.samples_total) == (bytes(32), 0, 0)
    finalise(world)


def test_a_program_is_registered_for_good(world):
    with boa.reverts("reward: program is registered"):
        world.it.register(PROGRAM, bytes(32), 0, 0, sender=world.owner)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((b"R" * 32, 0, 0), "reward: rules and markets do not fit"),
        ((bytes(32), 1, 1), "reward: rules and markets do not fit"),
        ((b"R" * 32, 1, 0), "reward: weight and markets do not fit"),
        ((bytes(32), 0, 1), "reward: weight and markets do not fit"),
        ((b"R" * 32, 1, 2**63), "reward: weight is too large"),
    ],
)
def test_rules_markets_and_weight_of_a_program_belong_together(world, arguments, reason):
    with boa.reverts(reason):
        world.it.register(b"N" * 32, *arguments, sender=world.owner)


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        ((PROGRAM, b"H" * 32, 0, 0), "reward: samples are missing"),
        ((PROGRAM, b"H" * 32, 0, 2**32), "reward: too many samples"),
        ((PROGRAM, b"H" * 32, 2**192, 1), "reward: total of the samples is too large"),
        ((FREE, b"H" * 32, 0, 0), "reward: no rule for samples"),
        ((FREE, bytes(32), 1, 0), "reward: no rule for samples"),
        ((FREE, bytes(32), 0, 1), "reward: no rule for samples"),
        ((b"X" * 32, bytes(32), 0, 0), "reward: program is not registered"),
    ],
)
def test_samples_are_posted_where_the_program_has_rules_and_only_there(world, samples, reason):
    program, top, total, count = samples
    with boa.reverts(reason):
        world.it.post(1, program, b"R" * 32, top, total, count, 1, BUNDLE, sender=world.publisher, value=BOND)


@pytest.mark.parametrize(("window", "period"), [(0, 1), (1, 0), (10 * 365 * 86_400 + 1, 1), (1, 2**256 - 1)])
def test_a_distributor_wants_a_window_and_a_period(world, window, period):
    with boa.reverts():
        compiled("reward_distributor").deploy(world.coin, world.owner, BOND, window, period)


@pytest.mark.parametrize("token", ["stranger", None])
def test_a_distributor_wants_a_token_and_an_owner(world, token):
    zero = "0x" + 40 * "0"
    with boa.reverts():
        compiled("reward_distributor").deploy(
            getattr(world, token) if token else world.coin, world.owner if token else zero, BOND, WINDOW, PERIOD
        )
