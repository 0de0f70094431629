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
from makerscope.programs.looks import default_seed
from makerscope.programs.program import program_hash
from makerscope.programs.sampling import commitment
from makerscope.rewards import bundle_parts as parts
from makerscope.rewards.bundle import (
    AMOUNTS,
    SAMPLES,
    SCORES,
    TREE,
    Bundle,
    TapePart,
    bundle_hash,
    file_hash,
    read_bundle,
    read_file,
)
from makerscope.rewards.canonical import parse
from makerscope.rewards.difference import Difference, first_difference
from makerscope.rewards.epoch import Progress, judge
from makerscope.rewards.epoch_samples import Sampled, root_of_rules, samples_part, wrong_leaf
from makerscope.rewards.hashing import hex_of
from makerscope.rewards.merkle import load
from makerscope.rewards.reopened import looks_back, program_of, terms_of
from makerscope.rewards.signature import read_signature, signature_difference
from makerscope.rewards.tables import read_table, scores_frame
from makerscope.tape.manifest import evidence_root, sha256_of
from makerscope.tape.read import Tape

Status = Literal["ok", "differs", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that was recomputed: its name, what came of it, and a note or the difference."""

    name: str
    status: Status
    note: str = ""
    difference: Difference | None = None


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
    """

    folder: Path
    bundle: Bundle
    tape: Tape | None = None
    previous: Bundle | None = None
    signer: str | None = None
    commitment: str | None = None
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """Why a step was not taken."""

    why: str


Found = Difference | Skipped | str | None  # a difference, why it was not looked at, or all is well and perhaps a note


def verify(case: Case) -> Iterator[Step]:
    """Every step in order, as it is done.

    A step that meets an error of ours says so as its difference: what cannot be recomputed does not follow.
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
    )


def _taken(name: str, look: Callable[[Case], Found], case: Case) -> Step:
    try:
        found = look(case)
    except (MakerscopeError, msgspec.ValidationError) as error:
        wrong = Difference(path=name, says="", follows=str(error))
        return Step(name=name, status="differs", difference=wrong)
    if isinstance(found, Difference):
        return Step(name=name, status="differs", difference=found)
    if isinstance(found, Skipped):
        return Step(name=name, status="skipped", note=found.why)
    return Step(name=name, status="ok", note=found or "")


def _files(case: Case) -> Found:
    said = case.bundle
    want = {SCORES, AMOUNTS, *([TREE] if said.amounts else []), *([SAMPLES] if said.samples else [])}
    wrong = first_difference(sorted(said.files), sorted(want), "files")
    if wrong:
        return wrong
    for name, given in sorted(said.files.items()):
        found = file_hash(read_file(case.folder, name))
        if found != given:
            return Difference(path=f"files.{name}", says=given, follows=f"{found}, the SHA-256 of the file")
    return f"{len(case.bundle.files)} files; bundle {bundle_hash(case.bundle)}"


def _signature(case: Case) -> Found:
    signature = read_signature(case.folder)
    if signature is None:
        if case.signer is not None:
            return Difference(path="signature.json", says="nothing: there is no signature", follows=case.signer)
        return Skipped("the bundle is not signed")
    wrong = signature_difference(case.bundle, signature)
    if wrong is None and case.signer is not None and signature.signer.lower() != case.signer.lower():
        return Difference(
            path="signature.json signer", says=signature.signer, follows=f"{case.signer}, who should sign"
        )
    return wrong or f"signed by {signature.signer}"


def _program(case: Case) -> Found:
    said = case.bundle.program
    rule = program_of(case.bundle)
    return (
        first_difference(
            {"hash": said.hash, "name": said.name, "rule": said.rule, "version": said.version},
            msgspec.to_builtins(parts.program_part(rule)),
            "program",
        )
        or f"{said.name}, version {said.version}, {program_hash(rule)}"
    )


def _previous(case: Case) -> Found:
    said = case.bundle
    if said.previous is None:
        return first_difference(said.carried_in, "0", "carried_in") or "first epoch"
    if case.previous is None:
        return Skipped("the bundle of the epoch before is not given (--previous)")
    return first_difference(
        {"previous": said.previous, "carried_in": said.carried_in},
        {"previous": bundle_hash(case.previous), "carried_in": case.previous.remainder},
        "$",
    )


def _tape(case: Case) -> Found:
    tape = case.tape
    if tape is None:
        return Skipped("no tape is given (--tape)")
    manifest = tape.manifest
    for item in manifest.files:
        path = tape.path / item.path
        if not path.is_file():
            return Difference(path=f"tape {item.path}", says=item.sha256, follows="no such file")
        found = sha256_of(path)
        if found != item.sha256:
            return Difference(path=f"tape {item.path}", says=item.sha256, follows=f"{found}, the SHA-256 of the file")
    rows: dict[str, int] = {}
    for item in manifest.files:
        rows[item.table] = rows.get(item.table, 0) + item.rows
    return (
        first_difference(manifest.evidence_root, evidence_root(manifest.files), "tape manifest.json evidence_root")
        or first_difference(manifest.rows, rows, "tape manifest.json rows")
        or first_difference(case.bundle.tape.evidence_root, manifest.evidence_root, "tape.evidence_root")
        or f"{len(manifest.files)} files"
    )


def _seed(case: Case) -> Found:
    said = case.bundle
    if said.seed is None:
        wrong = first_difference(said.seed_commitment, None, "seed_commitment")
        return wrong or "the program draws no samples"
    if case.commitment is not None:
        wrong = first_difference(said.seed_commitment, case.commitment.lower(), "seed_commitment")
        if wrong:
            return wrong
    if said.seed_commitment is None:
        derived = hex_of(default_seed(said.tape.evidence_root, said.program.hash))
        return first_difference(said.seed, derived, "seed") or "nobody committed to it: it follows from the tape"
    follows = commitment(bytes.fromhex(said.seed[2:]))
    return first_difference(said.seed_commitment, follows, "seed_commitment")


def _scores(case: Case) -> Found:
    """Scores and screens: both come of one reading of the tape."""
    said, tape = case.bundle, case.tape
    if tape is None:
        return Skipped("no tape is given (--tape)")
    rule = program_of(said)
    if said.previous is not None and case.previous is None and looks_back(rule):
        return Skipped("the program looks back, and the bundle of the epoch before is not given (--previous)")
    judged = judge(tape, rule, terms_of(said, case.previous), progress=case.progress)
    addresses = {row.maker: row.account for row in said.scores if row.account is not None}
    scores, screening = judged.scores, judged.screening
    ours = {
        "tape": TapePart(evidence_root=scores.tape_root, since=str(scores.since), until=str(scores.until)),
        "seed": scores.seed,
        "screens": parts.screens_part(screening),
        "scores": parts.score_rows(scores, addresses),
        "markets": parts.market_rows(scores),
        "hysteresis": parts.state_part(scores),
        "findings": judged.findings,
        "rules": judged.sampled.rules,
        "max_weight": str(judged.sampled.max_weight),
    }
    wrong = _compared(said, ours) or _other_samples(case, judged.sampled)
    listed = {item.maker: item.reason for item in said.exclusions if item.by == "list"}
    return (
        wrong
        or _compared(said, {"exclusions": parts.exclusions_of(said.scores, listed, screening)})
        or f"{len(said.scores)} rows of {len({row.maker for row in said.scores})} makers"
    )


def _other_samples(case: Case, ours: Sampled) -> Difference | None:
    """The first leaf that is another, where the root is."""
    wrong = _compared(case.bundle, {"samples": ours.part})
    if wrong is None or ours.table is None or case.bundle.samples is None:
        return wrong
    table = read_table(read_file(case.folder, SAMPLES), SAMPLES)
    return first_difference(table.to_dicts(), ours.table.to_dicts(), SAMPLES) or wrong


def _amounts(case: Case) -> Found:
    said = case.bundle
    terms = terms_of(said, None)
    unearned = parts.unearned_of(said.scores, terms.budget)
    shared = parts.share(said.scores, said.exclusions, terms.policy(unearned))
    ours = {
        "unearned": str(unearned),
        "amounts": parts.amount_rows(shared.amounts),
        "remainder": str(shared.remainder),
        "remainder_reason": shared.reason,
    }
    return _compared(said, ours) or f"{len(said.amounts)} accounts"


def _root(case: Case) -> Found:
    said = case.bundle
    tree = parts.tree_of({row.account: int(row.amount) for row in said.amounts})
    wrong = first_difference(said.root, None if tree is None else hex_of(tree.root), "root")
    if wrong or tree is None:
        return wrong or "nobody is paid: no root"
    stored = load(parse(read_file(case.folder, TREE), TREE), TREE)
    values = [[str(item) for item in value] for value in tree.values]
    return first_difference([[str(item) for item in value] for value in stored.values], values, f"{TREE} values")


def _samples(case: Case) -> Found:
    """The rules and the leaves under their roots; without a tape each leaf by its rule."""
    said = case.bundle
    rules = [[int(word) for word in words] for words in said.rules]
    wrong = first_difference(said.rules_root, root_of_rules(rules), "rules_root")
    if wrong or said.samples is None:
        return wrong or "no samples that can be challenged"
    table = read_table(read_file(case.folder, SAMPLES), SAMPLES)
    wrong = _compared(said, {"samples": samples_part(table)})
    if wrong is None and case.tape is None:
        wrong = wrong_leaf(table, rules)
    return wrong or f"{table.height} leaves, sum {said.samples.total}"


def _tables(case: Case) -> Found:
    said = case.bundle
    amounts = parse(read_file(case.folder, AMOUNTS), AMOUNTS)
    table = read_table(read_file(case.folder, SCORES), SCORES)
    return first_difference(amounts, {row.account: row.amount for row in said.amounts}, AMOUNTS) or first_difference(
        table.to_dicts(), scores_frame(said).to_dicts(), SCORES
    )


def _compared(said: Bundle, ours: dict[str, object]) -> Difference | None:
    """The first of some keys of a bundle that is not as it was computed again."""
    found = (
        first_difference(msgspec.to_builtins(getattr(said, key)), msgspec.to_builtins(value), key)
        for key, value in ours.items()
    )
    return next((wrong for wrong in found if wrong), None)


STEPS: tuple[tuple[str, Callable[[Case], Found]], ...] = (
    ("files", _files),
    ("signature", _signature),
    ("program", _program),
    ("previous", _previous),
    ("tape", _tape),
    ("seed", _seed),
    ("scores", _scores),
    ("amounts", _amounts),
    ("root", _root),
    ("samples", _samples),
    ("tables", _tables),
)
