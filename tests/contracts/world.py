"""A funded distributor, people by role, and a program with two markets: what the tests of the contract start from."""

from functools import cache
from pathlib import Path
from types import SimpleNamespace

import boa

from makerscope.programs.sample_rule import Kernel, Reducer, SampleRule, sample_score
from makerscope.rewards.merkle import claims_tree, proof
from makerscope.rewards.rules_tree import rules_tree
from tests.contracts.trees import tree_of

HERE = Path(__file__).parent
SOURCES = HERE.parents[1] / "contracts"
BOND, WINDOW, PERIOD = 10**18, 3_600, 86_400
PROGRAM, FREE, BUNDLE = b"P" * 32, b"F" * 32, b"B" * 32  # FREE: a program without rules on chain
WEALTH = 10**9
MAX_WEIGHT = 1_000
RULES = (
    SampleRule(kernel=Kernel.QUADRATIC, reducer=Reducer.MIN, limit=2 * 10**10),
    SampleRule(kernel=Kernel.INVERSE, reducer=Reducer.SUM, limit=10**11, by_value=True, num=7, den=3),
)
RULES_TREE = rules_tree([rule.words() for rule in RULES])
ROLES = ("owner", "publisher", "maker", "challenger", "stranger", "funder")


@cache
def compiled(name):
    """A contract of ``contracts/`` or of this folder, compiled once a run."""
    path = SOURCES / f"{name}.vy"
    return boa.load_partial(str(path if path.exists() else HERE / f"{name}.vy"))


def new_world(token="tokens/plain"):
    """A distributor of its own, funded with ``WEALTH``, its publisher named, both programs registered."""
    who = SimpleNamespace(**{role: boa.env.generate_address(role) for role in ROLES})
    for account in vars(who).values():
        boa.env.set_balance(account, 100 * BOND)
    coin = compiled(token).deploy()
    it = compiled("reward_distributor").deploy(coin, who.owner, BOND, WINDOW, PERIOD)
    coin.mint(who.funder, 10 * WEALTH)
    coin.approve(it, 10 * WEALTH, sender=who.funder)
    it.fund(WEALTH, sender=who.funder)
    it.set_publisher(who.publisher, sender=who.owner)
    it.register(PROGRAM, RULES_TREE.root, len(RULES), MAX_WEIGHT, sender=who.owner)
    it.register(FREE, bytes(32), 0, 0, sender=who.owner)
    return SimpleNamespace(it=it, coin=coin, **vars(who))


@cache
def funded():
    """One world for all tests; what a test does to it is undone (``boa.env.anchor``)."""
    return new_world()


def sample(market, index, maker, *, weight=1, reference=20_000, bids=((9_990, 5),), asks=((10_010, 7),), score=None):
    """A leaf as the contract takes it, with its true score unless one is said."""
    if score is None:
        score = sample_score(RULES[market], reference, bids, asks)
    lists = [[order[part] for order in side] for side in (bids, asks) for part in (0, 1)]
    return (market, index, str(maker), weight, reference, *lists, score)


def scored(market, rules=RULES, tree=RULES_TREE):
    """The rule of a market and its proof, as the contract takes them."""
    words = rules[market].words()
    return (*words[:16], list(words[16:24]), list(words[24:])), list(proof(tree, market))


def honest(world):
    """Five true samples of two makers."""
    low, high = sorted((world.maker, world.stranger), key=lambda account: int(account, 16))
    return [sample(0, 3, low), sample(0, 3, high, weight=9), sample(0, 4, low), sample(1, 0, low), sample(1, 2, high)]


def amounts_of(world):
    """Who gets what of an epoch: 1,000 in all."""
    return {world.maker: 600, world.stranger: 300, world.challenger: 100}


def post(world, epoch=1, leaves=None, *, budget=1_000, wrong=None, amounts=None, sender=None):
    """Post an epoch; returns the claims tree and the samples tree."""
    tree = claims_tree([(str(account), due) for account, due in (amounts or amounts_of(world)).items()])
    samples = tree_of(leaves or honest(world), wrong)
    arguments = (epoch, PROGRAM, tree.root, samples.hash, samples.total, samples.count, budget, BUNDLE)
    world.it.post(*arguments, sender=sender or world.publisher, value=BOND)
    return tree, samples


def finalise(world, epoch=1):
    """Let the window pass and make the epoch final."""
    boa.env.time_travel(seconds=WINDOW)
    world.it.finalise(epoch, sender=world.stranger)


def proof_for(tree, account):
    """Amount and proof of an account."""
    (row,) = [row for row, value in enumerate(tree.values) if value[0] == account]
    return tree.values[row][1], list(proof(tree, row))


def claim(world, tree, account, epoch=1):
    """Have a stranger claim for an account."""
    amount, path = proof_for(tree, account)
    world.it.claim(epoch, account, amount, path, sender=world.stranger)
