"""Whatever is called in whatever sequence: the money adds up, and every call ends as a plain model says."""

from dataclasses import dataclass, field

import boa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from makerscope.rewards.merkle import claims_tree
from tests.contracts.trees import tree_of
from tests.contracts.world import BOND, BUNDLE, PERIOD, PROGRAM, WINDOW, funded, proof_for, sample, scored

EPOCHS = (0, 1, 255, 256)
epochs = st.sampled_from(EPOCHS)
accounts = st.sampled_from(["maker", "stranger", "challenger"])
POSTED, FINAL, CANCELLED, SWEPT = 1, 2, 3, 4


@dataclass
class Epoch:
    """What the model knows of an epoch that was posted."""

    amounts: dict
    budget: int
    false: bool
    since: int
    publisher: str
    status: int = POSTED
    paid: int = 0
    final: int = 0
    claimed: set = field(default_factory=set)


class Distributor(RuleBasedStateMachine):
    """The contract beside a model in dictionaries."""

    def __init__(self):
        super().__init__()
        self.world = funded()
        self.anchor = boa.env.anchor()
        self.anchor.__enter__()
        self.it, self.coin = self.world.it, self.world.coin
        self.epochs, self.credits, self.received = {}, {}, {}
        self.unreserved, self.paused, self.publisher = self.it.unreserved(), 0, self.world.publisher
        self.pocket = {
            who: self.coin.balanceOf(getattr(self.world, who)) for who in ("maker", "stranger", "challenger")
        }

    def teardown(self):
        self.anchor.__exit__(None, None, None)

    @property
    def now(self):
        return boa.env.timestamp

    def done(self, why, call, *arguments, **options):
        """Make the call; it fails for the first reason that holds, or passes if none does."""
        reason = next((reason for reason, holds in why if holds), None)
        if reason is None:
            call(*arguments, **options)
            return True
        with boa.reverts(reason):
            call(*arguments, **options)
        return False

    def status(self, epoch):
        return self.epochs[epoch].status if epoch in self.epochs else 0

    def ended(self, epoch):
        return self.now >= self.epochs[epoch].since + WINDOW

    def held(self, epoch):
        return 0 < self.paused < self.epochs[epoch].since + WINDOW

    def tree(self, epoch):
        amounts = self.epochs[epoch].amounts
        return claims_tree([(str(getattr(self.world, who)), due) for who, due in amounts.items()])

    def samples(self, false):
        return [sample(0, 0, self.world.maker, score=1 if false else None), sample(1, 0, self.world.maker)]

    @rule(amount=st.integers(0, 10**6))
    def fund(self, amount):
        self.it.fund(amount, sender=self.world.funder)
        self.unreserved += amount

    @rule(amount=st.integers(0, 2 * 10**9), who=st.sampled_from(["owner", "stranger"]))
    def withdraw(self, amount, who):
        why = [("owner: the sender is not", who != "owner"), ("reward: amount is reserved", amount > self.unreserved)]
        if self.done(why, self.it.withdraw, amount, sender=getattr(self.world, who)):
            self.unreserved -= amount

    @rule(who=st.sampled_from(["publisher", "stranger"]))
    def name_publisher(self, who):
        self.publisher = getattr(self.world, who)
        self.it.set_publisher(self.publisher, sender=self.world.owner)

    @rule(
        epoch=epochs,
        amounts=st.lists(st.integers(0, 10**6), min_size=3, max_size=3),
        part=st.sampled_from([50, 100, 110]),
        false=st.booleans(),
    )
    def post(self, epoch, amounts, part, false):
        due = dict(zip(("maker", "stranger", "challenger"), amounts, strict=True))
        budget = sum(amounts) * part // 100
        sender = self.world.publisher
        root = claims_tree([(str(getattr(self.world, who)), amount) for who, amount in due.items()]).root
        tree = tree_of(self.samples(false))
        why = [
            ("reward: the sender is not the publisher", sender != self.publisher),
            ("reward: paused", self.paused),
            ("reward: epoch is taken", self.status(epoch) not in {0, CANCELLED}),
            ("reward: budget is zero", budget == 0),
            ("reward: budget is not funded", budget > self.unreserved),
        ]
        arguments = (epoch, PROGRAM, root, tree.hash, tree.total, tree.count, budget, BUNDLE)
        boa.env.set_balance(sender, BOND)
        if self.done(why, self.it.post, *arguments, sender=sender, value=BOND):
            self.unreserved -= budget
            self.epochs[epoch] = Epoch(due, budget, false, self.now, sender)

    @rule(epoch=epochs)
    def finalise(self, epoch):
        open_ = self.status(epoch) == POSTED
        why = [
            ("reward: epoch is not open", not open_),
            ("reward: window is open", open_ and not self.ended(epoch)),
            ("reward: paused", open_ and self.held(epoch)),
        ]
        if self.done(why, self.it.finalise, epoch):
            found = self.epochs[epoch]
            found.status, found.final = FINAL, self.now
            self.credit(found.publisher)

    @rule(epoch=epochs, amount=st.integers(1, 10**6))
    def settle(self, epoch, amount):
        self.post(epoch, [amount, 0, 2 * amount], 100, false=False)
        self.wait(WINDOW)
        self.finalise(epoch)

    @rule(epoch=epochs, at=st.integers(0, 1), rule=st.integers(0, 1))
    def challenge(self, epoch, at, rule):
        false = epoch in self.epochs and self.epochs[epoch].false
        leaves = self.samples(false)
        tree = tree_of(leaves)
        why = [
            ("reward: epoch is not open", self.status(epoch) != POSTED),
            ("reward: rule is not the program's", rule != at),
            ("reward: sample is true", not false or at == 1),
        ]
        arguments = (epoch, leaves[at], tree.place(at), *scored(rule))
        if self.done(why, self.it.challenge_score, *arguments, sender=self.world.challenger):
            self.cancelled(epoch)
            self.credit(self.world.challenger)
            if self.publisher == self.epochs[epoch].publisher:
                self.publisher = "0x" + 40 * "0"

    @rule(epoch=epochs)
    def cancel(self, epoch):
        open_ = self.status(epoch) == POSTED
        why = [
            ("reward: epoch is not open", not open_),
            ("reward: window is over", open_ and self.ended(epoch) and not self.held(epoch)),
        ]
        if self.done(why, self.it.cancel, epoch, sender=self.world.owner):
            self.cancelled(epoch)
            self.credit(self.epochs[epoch].publisher)

    @rule()
    def pause(self):
        if self.done([("reward: paused", self.paused)], self.it.pause, sender=self.world.owner):
            self.paused = self.now

    @rule()
    def unpause(self):
        if self.done([("reward: not paused", not self.paused)], self.it.unpause, sender=self.world.owner):
            self.paused = 0

    @rule(epoch=epochs, who=accounts, more=st.sampled_from([0, 0, 0, 1]))
    def claim(self, epoch, who, more):
        found = self.epochs.get(epoch)
        amount, path = proof_for(self.tree(epoch), getattr(self.world, who)) if found else (0, [])
        why = [
            ("reward: already claimed", found and who in found.claimed),
            ("reward: epoch is not final", not found or found.status != FINAL),
            ("reward: over budget", found and amount + more > found.budget - found.paid),
            ("reward: proof does not match the root", more),
        ]
        if self.done(why, self.it.claim, epoch, getattr(self.world, who), amount + more, path):
            self.paid(epoch, who, amount)

    @rule(who=accounts)
    def claim_all_epochs(self, who):
        due = [epoch for epoch, found in self.epochs.items() if found.status == FINAL]
        batch = [
            (epoch, getattr(self.world, who), *proof_for(self.tree(epoch), getattr(self.world, who))) for epoch in due
        ]
        fresh = {epoch: amount for epoch, _, amount, _ in batch if who not in self.epochs[epoch].claimed}
        over = any(amount > self.epochs[epoch].budget - self.epochs[epoch].paid for epoch, amount in fresh.items())
        if self.done([("reward: over budget", over)], self.it.claim_many, batch * 2):
            for epoch, amount in fresh.items():
                self.paid(epoch, who, amount)

    @rule(epoch=epochs)
    def sweep(self, epoch):
        final = self.status(epoch) == FINAL
        why = [
            ("reward: epoch is not final", not final),
            ("reward: claim period is not over", final and self.now < self.epochs[epoch].final + PERIOD),
        ]
        if self.done(why, self.it.sweep, epoch):
            self.epochs[epoch].status = SWEPT
            self.unreserved += self.epochs[epoch].budget - self.epochs[epoch].paid

    @rule(who=st.sampled_from(["publisher", "challenger", "stranger"]))
    def collect(self, who):
        sender = getattr(self.world, who)
        due = self.credits.pop(sender, 0)
        self.done([("bond: nothing is due to the sender", not due)], self.it.collect, self.world.funder, sender=sender)

    @rule(seconds=st.sampled_from([1, WINDOW - 1, WINDOW, PERIOD]))
    def wait(self, seconds):
        boa.env.time_travel(seconds=seconds)

    def credit(self, account):
        self.credits[account] = self.credits.get(account, 0) + BOND

    def cancelled(self, epoch):
        self.epochs[epoch].status = CANCELLED
        self.unreserved += self.epochs[epoch].budget

    def paid(self, epoch, who, amount):
        found = self.epochs[epoch]
        assert who not in found.claimed
        found.claimed.add(who)
        found.paid += amount
        self.pocket[who] += amount

    @invariant()
    def the_token_balance_is_what_is_unreserved_and_what_is_reserved_and_unpaid(self):
        unpaid = sum(each.budget - each.paid for each in self.epochs.values() if each.status in {POSTED, FINAL})
        assert self.coin.balanceOf(self.it.address) == self.it.unreserved() + unpaid
        assert self.it.unreserved() == self.unreserved

    @invariant()
    def the_coin_held_is_one_bond_for_each_posted_epoch_and_all_credits(self):
        bonds = sum(BOND for each in self.epochs.values() if each.status == POSTED)
        assert boa.env.get_balance(self.it.address) == bonds + sum(self.credits.values())

    @invariant()
    def everybody_has_what_was_claimed_for_them_once(self):
        for who, amount in self.pocket.items():
            assert self.coin.balanceOf(getattr(self.world, who)) == amount

    @invariant()
    def no_epoch_pays_beyond_its_budget_and_each_is_as_the_model_says(self):
        for epoch, found in self.epochs.items():
            shown = self.it.epochs(epoch)
            assert (shown.status, shown.budget, shown.paid) == (found.status, found.budget, found.paid)
            assert shown.paid <= shown.budget
            assert shown.bond == (BOND if found.status == POSTED else 0)
        assert (self.it.publisher(), self.it.paused_at()) == (self.publisher, self.paused)


TestAnySequence = Distributor.TestCase
TestAnySequence.settings = settings(max_examples=25, stateful_step_count=40)
