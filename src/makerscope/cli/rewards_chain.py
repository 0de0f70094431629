"""``makerscope rewards post | challenge | finalise | sweep``: an epoch's life on a chain."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

from makerscope.cli.progress import progress_bar
from makerscope.cli.rewards_link import Flag, Link, Sending, beside, distributor, opened, same_or_refused
from makerscope.cli.rewards_sending import Done, carried_out, print_outcomes
from makerscope.errors import InputError
from makerscope.report.names import many
from makerscope.rewards.bundle import SAMPLES
from makerscope.rewards.distributor import Distributor, Status
from makerscope.rewards.falsehood import Falsehood, checked_rules, first_falsehood, read_samples, tree_of
from makerscope.rewards.hashing import ZERO_ADDRESS, hex_of
from makerscope.rewards.journal import Entry
from makerscope.rewards.posting import Posting
from makerscope.rewards.transactions import Call

HERE = Link()
SENT = Sending()


def post(
    bundle: Path,
    *,
    contract: str | None = None,
    again: Annotated[bool, Flag] = False,
    link: Link = HERE,
    sending: Sending = SENT,
) -> None:
    """Post an epoch's root with its bond. Posting what is posted already sends nothing.

    Args:
        bundle: folder of the epoch's bundle.
        contract: the distributor: its address, or the record that deploy wrote; else the bundle's.
        again: also where this very root was posted and cancelled before.
        link: node and chain.
        sending: who signs, and what it may cost.
    """
    read = opened(bundle)
    if not read.amounts or not read.budget:
        raise InputError(bundle, "grants nothing to anybody", "an epoch with amounts")
    it = distributor(link, contract, read)

    def decide(sender: str, _: Entry | None) -> Call | Done:
        (state,) = it.epochs([read.epoch])
        if state.status in {Status.POSTED, Status.FINAL, Status.SWEPT}:
            same_or_refused(it, state, read)
            return Done(
                text=f"epoch {read.epoch} is {state.status.name.lower()} already, with this very root and bundle"
            )
        if state.status == Status.CANCELLED and state.root == read.root and state.bundle == read.bundle and not again:
            raise InputError(f"epoch {read.epoch}", "was cancelled with this very root", "another, or --again")
        _may_post(it, sender, read)
        return it.call(f"post epoch {read.epoch}", "post", *read.figures, value=it.bond)

    outcome = carried_out(it.node, it.chain_id, sending, beside(bundle, "post"), decide)
    print_outcomes([outcome], sending, epoch=read.epoch, root=hex_of(read.root), contract=it.address)


def challenge(bundle: Path, *, contract: str | None = None, link: Link = HERE, sending: Sending = SENT) -> None:
    """Find a false sample of a posted epoch and prove it to the contract: the epoch is cancelled, its bond yours.

    Args:
        bundle: folder of the bundle that the epoch was posted with, with its samples.
        contract: the distributor: its address, or the record that deploy wrote; else the bundle's.
        link: node and chain.
        sending: who signs, and what it may cost.
    """
    read = opened(bundle)
    it = distributor(link, contract, read)
    program = it.program(read.program)
    if not program.markets:
        raise InputError(
            f"epoch {read.epoch}", "is of a program whose scores cannot be checked on chain", "one with rules"
        )
    checked_rules(read.rules, program.rules_root, bundle)
    wrong = _falsehood(read, it, program.max_weight)

    def decide(sender: str, _: Entry | None) -> Call | Done:
        (state,) = it.epochs([read.epoch])
        if state.status != Status.POSTED:
            text = f"epoch {read.epoch} is {state.status.name.lower()}"
            credit = it.view("credits", sender)[0]
            return Done(text=text + (f", and {sender} has a credit to collect" if credit else ""))
        if wrong is None:
            return Done(text=f"all {read.samples.count:,} samples of epoch {read.epoch} are true")
        what = f"challenge epoch {read.epoch}: {wrong.text}"
        return it.call(what, wrong.function, read.epoch, *wrong.arguments)

    outcome = carried_out(it.node, it.chain_id, sending, beside(bundle, "challenge"), decide)
    print_outcomes([outcome], sending, epoch=read.epoch, false=None if wrong is None else wrong.text)


def finalise(
    bundle: Path | None = None,
    *,
    epoch: int | None = None,
    contract: str | None = None,
    link: Link = HERE,
    sending: Sending = SENT,
) -> None:
    """Make a posted epoch final, once its window is over. Anyone may.

    Args:
        bundle: folder of the epoch's bundle.
        epoch: its number, where there is no bundle.
        contract: the distributor: its address, or the record that deploy wrote; else the bundle's.
        link: node and chain.
        sending: who signs, and what it may cost.
    """
    _moved_on("finalise", {Status.FINAL, Status.SWEPT}, _epoch_of(bundle, epoch, contract, link, "finalise"), sending)


def sweep(
    bundle: Path | None = None,
    *,
    epoch: int | None = None,
    contract: str | None = None,
    link: Link = HERE,
    sending: Sending = SENT,
) -> None:
    """Take back what nobody claimed of an epoch, once its time is over. Anyone may.

    Args:
        bundle: folder of the epoch's bundle.
        epoch: its number, where there is no bundle.
        contract: the distributor: its address, or the record that deploy wrote; else the bundle's.
        link: node and chain.
        sending: who signs, and what it may cost.
    """
    _moved_on("sweep", {Status.SWEPT}, _epoch_of(bundle, epoch, contract, link, "sweep"), sending)


def _moved_on(function: str, past: Collection[Status], where: tuple[Distributor, int, Path], sending: Sending) -> None:
    """Call a function that anyone may to move an epoch on, unless it is past that already."""
    it, number, journal = where

    def decide(_sender: str, _: Entry | None) -> Call | Done:
        (state,) = it.epochs([number])
        if state.status in past:
            return Done(text=f"epoch {number} is {state.status.name.lower()} already")
        return it.call(f"{function} epoch {number}", function, number)

    print_outcomes([carried_out(it.node, it.chain_id, sending, journal, decide)], sending, epoch=number)


def _may_post(it: Distributor, sender: str, read: Posting) -> None:
    """Refuse what the contract would, in words that say what to do."""
    asked = [("publisher", ()), ("paused_at", ()), ("unreserved", ())]
    publisher, paused, unreserved = (row[0] for row in it.views(asked))
    if publisher == ZERO_ADDRESS:
        raise InputError(it.address, "has no publisher", "its owner to name one (rewards appoint)")
    if publisher != sender:
        raise InputError(sender, f"is not the publisher of {it.address}", publisher)
    program = it.program(read.program)
    if not program.registered:
        raise InputError(
            f"program {hex_of(read.program)}", "is not registered with these rules", "rewards register first"
        )
    if program.rules_root != read.rules_root:  # an owner may register anything under a name, and the bond hangs on it
        raise InputError(
            read.folder,
            f"has rules with root {hex_of(read.rules_root)}",
            f"{hex_of(program.rules_root)}, as registered",
        )
    if read.max_weight > program.max_weight:
        raise InputError(read.folder, f"has weights up to {read.max_weight}", f"{program.max_weight}, as registered")
    if paused:
        raise InputError(it.address, "is paused", "the owner to end the pause")
    if unreserved < read.budget:
        raise InputError(
            it.address,
            f"has {unreserved:,} base units for new epochs",
            f"{read.budget:,}, what epoch {read.epoch} pays",
        )


def _falsehood(read: Posting, it: Distributor, max_weight: int) -> Falsehood | None:
    (state,) = it.epochs([read.epoch])
    samples = read_samples(read.folder / SAMPLES)
    with progress_bar(f"checking {many(samples.height, 'sample')}", None):
        tree = tree_of(samples)
        if state.status == Status.POSTED and tree.commitment != state.samples_root:
            raise InputError(
                read.folder / SAMPLES,
                f"gives the root {hex_of(tree.commitment)}",
                f"{hex_of(state.samples_root)}, as posted: what was posted with other samples, or with sums that are "
                "not theirs, only the owner can cancel (rewards cancel)",
            )
        return first_falsehood(samples, read.rules, max_weight, tree)


def _epoch_of(
    bundle: Path | None, epoch: int | None, contract: str | None, link: Link, command: str
) -> tuple[Distributor, int, Path]:
    """The distributor, the epoch's number, and where the journal stands."""
    if (bundle is None) == (epoch is None):
        raise InputError("--epoch", "an epoch's bundle or its number is wanted", "one of the two")
    if bundle is not None:
        read = opened(bundle)
        return distributor(link, contract, read), read.epoch, beside(bundle, command)
    if epoch is None or epoch < 0:
        raise InputError("--epoch", f"is {epoch}", "a number from 0 on")
    it = distributor(link, contract)
    return it, epoch, Path(f"rewards-{command}-{it.address[2:10]}-{epoch}.journal.json")
