"""``makerscope verify``."""

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from makerscope.cli.rewards_link import account
from makerscope.report.names import many
from makerscope.rewards.bundle import bundle_hash
from makerscope.rewards.hashing import hash_bytes
from makerscope.rewards.rpc import Node
from makerscope.rewards.verify import Step, case_of, verify

STYLE = {"ok": "green", "differs": "bold red", "skipped": "yellow"}
Flag = Parameter(negative="")


def verify_command(
    bundle: Path,
    /,
    *,
    tape: Path | None = None,
    previous: Path | None = None,
    signer: str | None = None,
    commitment: str | None = None,
    rpc: Annotated[str | None, Parameter(env_var="MAKERSCOPE_RPC")] = None,
    json_: Annotated[bool, Flag] = False,
) -> int:
    """Recompute everything that a bundle says; exit code 1 if anything differs.

    Args:
        bundle: folder of the bundle.
        tape: folder of the tape that it was computed from; without it scores are taken as they stand.
        previous: folder of the bundle of the epoch before, where there was one.
        signer: address of who should have signed it.
        commitment: of the seed, as it was published before the epoch.
        rpc: address of a node: what is posted on the chain is compared too.
        json_: print JSON.
    """
    if commitment is not None:
        hash_bytes(commitment.lower(), "--commitment")
    case = case_of(
        bundle,
        tape=tape,
        previous=previous,
        signer=None if signer is None else account("--signer", signer),
        commitment=commitment,
        node=None if rpc is None else Node(url=rpc),
    )
    console = Console()
    if not json_:
        console.print(f"epoch {case.bundle.epoch}, bundle {bundle_hash(case.bundle)}", highlight=False, soft_wrap=True)
    steps: list[Step] = []
    for step in verify(case):
        steps.append(step)
        if not json_:
            _line(console, step)
    wrong = [step for step in steps if step.status == "differs"]
    if json_:
        print(json.dumps(_document(case.bundle.epoch, steps), indent=2))  # noqa: T201 - for another program
    elif wrong:
        console.print(f"first difference: {wrong[0].difference}", highlight=False, markup=False, soft_wrap=True)
    else:
        skipped = sum(step.status == "skipped" for step in steps)
        left = f"; {many(skipped, 'step')} not taken, see above" if skipped else ""
        console.print(f"nothing differs{left}", highlight=False, soft_wrap=True)
    return 1 if wrong else 0


def _line(console: Console, step: Step) -> None:
    text = str(step.difference) if step.difference else step.note
    console.print(f"[{STYLE[step.status]}]{step.status:<8}[/] {step.name:<10}", end=" ", highlight=False)
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def _document(epoch: str, steps: list[Step]) -> dict[str, object]:
    def row(step: Step) -> dict[str, object]:
        found = step.difference
        facts = None if found is None else {"path": found.path, "says": found.says, "follows": found.follows}
        return {"step": step.name, "status": step.status, "note": step.note, "difference": facts}

    return {"epoch": epoch, "equal": all(step.status != "differs" for step in steps), "steps": [row(s) for s in steps]}
