"""Every reason to revert that stands in the sources is given by some call."""

import re

import boa
import pytest

from tests.contracts.world import (
    BOND,
    BUNDLE,
    FREE,
    PERIOD,
    PROGRAM,
    SOURCES,
    WEALTH,
    WINDOW,
    claim,
    compiled,
    finalise,
    honest,
    new_world,
    post,
    sample,
    scored,
)

ZERO = "0x" + 40 * "0"
TEXT = "\n".join(path.read_text() for path in sorted(SOURCES.glob("*.vy")))


def deploy(world, **other):
    arguments = {"token": world.coin, "owner": world.owner, "bond": BOND, "window": WINDOW, "period": PERIOD} | other
    compiled("reward_distributor").deploy(*arguments.values())


def posted(world, **other):
    """Post with one argument changed."""
    good = {
        "epoch": 9,
        "program": FREE,
        "root": b"R" * 32,
        "hash": bytes(32),
        "total": 0,
        "count": 0,
        "budget": 1,
        "bundle": BUNDLE,
    }
    keywords = {"sender": world.publisher, "value": BOND}
    keywords |= {key: other.pop(key) for key in ("sender", "value") if key in other}
    world.it.post(*(good | other).values(), **keywords)


def shown(world, *, score=None, market=None):
    """Post two samples and challenge the first, with the rule of a market."""
    leaves = [sample(0, at, world.maker, score=score) for at in (0, 1)]
    _, tree = post(world, leaves=leaves)
    world.it.challenge_score(1, leaves[0], tree.place(0), *scored(0 if market is None else market))


def misplaced(world):
    _, tree = post(world)
    world.it.challenge_score(1, honest(world)[0], tree.place(1), *scored(0))


def summed(world):
    _, tree = post(world)
    world.it.challenge_sum(1, 1, tree.place(0, 1), *tree.levels[0][:2])


def ordered(world, second):
    leaves = honest(world)
    _, tree = post(world, leaves=leaves)
    world.it.challenge_order(1, leaves[0], tree.place(0), leaves[second], tree.place(second))


def claimed(world, *, times=1, budget=1_000, wrong=0, final=True):
    tree, _ = post(world, budget=budget)
    if final:
        finalise(world)
    for _ in range(times):
        claim(world, tree, world.maker)
    if wrong:
        world.it.claim(1, world.stranger, wrong, [])


def score_of(world, leaf, rule=None):
    world.it.score_of(rule or scored(0)[0], leaf)


def twice(action, world):
    for _ in range(2):
        action(sender=world.owner)


def paused(world):
    world.it.pause(sender=world.owner)
    posted(world)


def held(world):
    post(world)
    world.it.cancel(1, sender=world.owner)
    world.it.cancel(1, sender=world.owner)


def late(world):
    post(world)
    boa.env.time_travel(seconds=WINDOW)
    world.it.cancel(1, sender=world.owner)


def early(world):
    post(world)
    world.it.finalise(1)


def swept_early(world):
    post(world)
    finalise(world)
    world.it.sweep(1)


def lied(world):
    other = new_world("tokens/lying")
    other.coin.lie(True)
    other.it.fund(1, sender=other.funder)


def charged(world):
    other = new_world("tokens/charging")
    other.coin.charge(100)
    other.it.fund(1_000, sender=other.funder)


def large(world):
    world.coin.mint(world.funder, 2**121)
    world.coin.approve(world.it, 2**121, sender=world.funder)
    world.it.fund(2**121, sender=world.funder)
    posted(world, budget=2**120)


def refused(world):
    post(world)
    finalise(world)
    world.it.collect(world.coin, sender=world.publisher)


def register(world, *arguments):
    world.it.register(b"N" * 32, *arguments, sender=world.owner)


RULE = tuple(scored(0)[0])
CASES = {
    "bond: nothing is due to the sender": lambda w: w.it.collect(w.maker, sender=w.maker),
    "bond: the receiver refuses the coin": refused,
    "owner: is the zero address": lambda w: deploy(w, owner=ZERO),
    "owner: nothing was offered to the sender": lambda w: w.it.accept_ownership(sender=w.stranger),
    "owner: the sender is not": lambda w: w.it.pause(sender=w.stranger),
    "reward: already claimed": lambda w: claimed(w, times=2),
    "reward: amount is reserved": lambda w: w.it.withdraw(WEALTH + 1, sender=w.owner),
    "reward: budget is not funded": lambda w: posted(w, budget=WEALTH + 1),
    "reward: budget is too large": large,
    "reward: budget is zero": lambda w: posted(w, budget=0),
    "reward: claim period is not from a second to ten years": lambda w: deploy(w, period=0),
    "reward: claim period is not over": swept_early,
    "reward: epoch is not final": lambda w: claimed(w, final=False),
    "reward: epoch is not open": held,
    "reward: epoch is taken": lambda w: [posted(w) for _ in range(2)],
    "reward: no rule for samples": lambda w: posted(w, hash=b"H" * 32),
    "reward: not in the tree of samples": misplaced,
    "reward: not paused": lambda w: w.it.unpause(sender=w.owner),
    "reward: not the exact bond": lambda w: posted(w, value=BOND - 1),
    "reward: order is true": lambda w: ordered(w, 1),
    "reward: over budget": lambda w: claimed(w, budget=599),
    "reward: paused": paused,
    "reward: program is not registered": lambda w: posted(w, program=b"X" * 32),
    "reward: program is registered": lambda w: w.it.register(FREE, bytes(32), 0, 0, sender=w.owner),
    "reward: proof does not match the root": lambda w: claimed(w, wrong=1),
    "reward: root is zero": lambda w: posted(w, root=bytes(32)),
    "reward: rule is not the program's": lambda w: shown(w, score=1, market=1),
    "reward: rules and markets do not fit": lambda w: register(w, b"R" * 32, 0, 0),
    "reward: sample is out of its domain": lambda w: score_of(w, sample(0, 0, w.maker, reference=0, score=0)),
    "reward: sample is true": shown,
    "reward: samples are missing": lambda w: posted(w, program=PROGRAM, hash=b"H" * 32),
    "reward: samples are not neighbours": lambda w: ordered(w, 2),
    "reward: score does not fit a word": lambda w: score_of(
        w, sample(0, 0, w.maker, bids=[(10_000, 2**63 - 1)] * 2, asks=[(10_000, 2**63 - 1)] * 2, score=0)
    ),
    "reward: sum is true": summed,
    "reward: the sender is not the publisher": lambda w: posted(w, sender=w.stranger),
    "reward: token is not a contract": lambda w: deploy(w, token=w.stranger),
    "reward: token takes a fee": charged,
    "reward: too many samples": lambda w: posted(w, program=PROGRAM, count=2**32),
    "reward: total of the samples is too large": lambda w: posted(w, program=PROGRAM, total=2**192, count=1),
    "reward: transfer failed": lied,
    "reward: weight and markets do not fit": lambda w: register(w, b"R" * 32, 1, 0),
    "reward: weight is too large": lambda w: register(w, b"R" * 32, 1, 2**63),
    "reward: window is not from a second to ten years": lambda w: deploy(w, window=0),
    "reward: window is open": early,
    "reward: window is over": late,
    "score_rule: kernel is not one of the chain's": lambda w: score_of(w, sample(0, 0, w.maker), (6, *RULE[1:])),
    "score_rule: reducer is unknown": lambda w: score_of(w, sample(0, 0, w.maker), (0, 5, *RULE[2:])),
}


def test_every_revert_in_the_sources_has_a_reason_and_a_case():
    asserts = re.findall(r"^ *assert\b.*?$", TEXT, re.MULTILINE)
    reasons = re.findall(r'^ *assert\b.*, "(\w+: [^"]+)"$', TEXT, re.MULTILINE)
    assert len(asserts) == len(reasons), [line for line in asserts if not re.search(r'"\w+: [^"]+"$', line)]
    assert set(reasons) == set(CASES)
    assert not re.search(r"^ *raise\b", TEXT, re.MULTILINE)


@pytest.mark.parametrize("reason", CASES)
def test_the_reason_is_given(world, reason):
    with boa.reverts(reason):
        CASES[reason](world)
