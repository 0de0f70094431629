"""``verify``: what follows from a tape and a program, against what a bundle says, step by step.

Each step recomputes one thing and finds the first place where the bundle differs. Steps after a difference still run,
on what the bundle says, so that one false number does not hide another; what is not recomputed is said to be skipped.
What is proved: that the amounts and hashes follow from this tape by this program under these terms. What is not: that
the tape tells the truth, and that its maker chose terms (addresses, exclusions, budget) as announced; those are signed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from makerscope.errors import MakerscopeError
from makerscope.rewards import verify_bundle, verify_tape
from makerscope.rewards.bundle import read_bundle
from makerscope.rewards.case import Case, Found, Skipped
from makerscope.rewards.difference import Difference
from makerscope.rewards.rpc import Node
from makerscope.rewards.verify_chain import posted
from makerscope.tape.read import Tape

CHAIN = "chain"
Status = Literal["ok", "differs", "skipped"]
STEPS: tuple[tuple[str, Callable[[Case], Found]], ...] = (
    ("files", verify_bundle.files),
    ("signature", verify_bundle.signature),
    ("program", verify_bundle.program),
    ("previous", verify_bundle.previous),
    ("tape", verify_tape.tape),
    ("seed", verify_bundle.seed),
    ("scores", verify_tape.scores),
    ("amounts", verify_bundle.amounts),
    ("root", verify_bundle.root),
    ("samples", verify_bundle.samples),
    ("tables", verify_bundle.tables),
    (CHAIN, posted),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that was recomputed: its name, what came of it, and a note or the difference."""

    name: str
    status: Status
    note: str = ""
    difference: Difference | None = None


def verify(case: Case) -> Iterator[Step]:
    """Every step in order, as it is done.

    A step that meets an error of ours says so as its difference: what cannot be recomputed does not follow.

    Raises:
        NodeError: the chain's node cannot be reached.
        InputError: the node is on another chain, or there is no distributor at the bundle's contract.
    """
    sound = True
    for name, look in STEPS:
        if name == "scores" and not sound:
            yield Step(name=name, status="skipped", note="the tape is another than the bundle's")
            continue
        step = _taken(name, look, case)
        if name == "tape":
            sound = step.status != "differs"
        yield step


def case_of(
    folder: Path,
    *,
    tape: Path | None = None,
    previous: Path | None = None,
    signer: str | None = None,
    commitment: str | None = None,
    node: Node | None = None,
) -> Case:
    """What is to be verified, read from its folders.

    Raises:
        InputError, TapeError: a folder is no bundle, or no tape.
    """
    return Case(
        folder=folder,
        bundle=read_bundle(folder),
        tape=None if tape is None else Tape.open(tape),
        previous=None if previous is None else read_bundle(previous),
        signer=signer,
        commitment=commitment,
        node=node,
    )


def _taken(name: str, look: Callable[[Case], Found], case: Case) -> Step:
    try:
        found = look(case)
    except (MakerscopeError, msgspec.ValidationError) as error:
        if name == CHAIN:  # the node's fault, not the bundle's
            raise
        wrong = Difference(path=name, says="", follows=str(error))
        return Step(name=name, status="differs", difference=wrong)
    if isinstance(found, Difference):
        return Step(name=name, status="differs", difference=found)
    if isinstance(found, Skipped):
        return Step(name=name, status="skipped", note=found.why)
    return Step(name=name, status="ok", note=found or "")
