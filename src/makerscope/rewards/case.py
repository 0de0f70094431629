"""What is verified against what, and what a step of verifying may find."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from makerscope.rewards.bundle import Bundle
from makerscope.rewards.difference import Difference, first_difference
from makerscope.rewards.epoch import Progress
from makerscope.rewards.rpc import Node
from makerscope.tape.read import Tape


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is verified, against what.

    Args:
        folder: of the bundle.
        bundle: as read.
        tape: the evidence, None: not at hand.
        previous: the epoch before, None: not at hand.
        signer: who should have signed, None: anybody.
        commitment: of the seed, as published before the epoch, None: not at hand.
        node: a node of the chain on which the epoch is posted, None: not at hand.
        progress: told of the markets while they are scored.
    """

    folder: Path
    bundle: Bundle
    tape: Tape | None = None
    previous: Bundle | None = None
    signer: str | None = None
    commitment: str | None = None
    node: Node | None = None
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """Why a step was not taken."""

    why: str


Found = Difference | Skipped | str | None  # a difference, why it was not looked at, or all is well and perhaps a note


def compared(said: Bundle, ours: dict[str, object]) -> Difference | None:
    """The first of some keys of a bundle that is not as it was computed again."""
    found = (
        first_difference(msgspec.to_builtins(getattr(said, key)), msgspec.to_builtins(value), key)
        for key, value in ours.items()
    )
    return next((wrong for wrong in found if wrong), None)
