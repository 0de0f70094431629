"""An epoch's life: posted, final, claimed, swept, or cancelled and posted again."""

import boa

from tests.contracts.world import BOND, BUNDLE, PERIOD, PROGRAM, WEALTH, WINDOW, claim, finalise, post, sample, scored


def test_a_posted_epoch_becomes_final_and_pays_each_account_once(world):
    tree, samples = post(world)
    assert world.it.unreserved() == WEALTH - 1_000
    finalise(world)
    for account, amount in ((world.maker, 600), (world.stranger, 300)):
        claim(world, tree, account)
        assert world.coin.balanceOf(account) == amount
        assert world.it.claimed(1, account)
    with boa.reverts("reward: already claimed"):
        claim(world, tree, world.maker)
    found = world.it.epochs(1)
    assert (found.status, found.program, found.root) == (2, PROGRAM, tree.root)
    assert (found.samples_total, found.leaf_count, found.bundle) == (samples.total, 5, BUNDLE)
    assert (found.budget, found.paid, found.publisher, found.bond) == (1_000, 900, world.publisher, 0)
    assert (found.finalised_at, found.posted_at) == (boa.env.timestamp, boa.env.timestamp - WINDOW)
    boa.env.time_travel(seconds=PERIOD)
    world.it.sweep(1, sender=world.stranger)
    assert world.it.unreserved() == WEALTH - 900


def test_a_false_score_cancels_the_epoch_and_its_bond_goes_to_the_challenger(world):
    lie = sample(0, 3, world.maker, score=1)
    _, samples = post(world, leaves=[lie])
    world.it.challenge_score(1, lie, samples.place(0), *scored(0), sender=world.challenger)
    assert world.it.epochs(1).status == 3
    assert world.it.credits(world.challenger) == BOND
    before = boa.env.get_balance(world.stranger)
    world.it.collect(world.stranger, sender=world.challenger)
    assert boa.env.get_balance(world.stranger) == before + BOND
