"""An epoch's bundle: everything from which its payouts follow, in one folder that anyone can recompute.

``epoch-<n>/`` holds ``bundle.json`` (canonical JSON; its Keccak-256 is the hash of the bundle), ``scores.parquet``,
``amounts.json``, ``tree.json`` (OpenZeppelin's ``standard-v1``), ``samples.parquet`` where scores can be challenged,
and beside what is hashed ``signature.json``. Money, scores, times and ids are decimal text; there are no floats.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from makerscope.errors import InputError
from makerscope.rewards.canonical import canonical, parse_canonical
from makerscope.rewards.hashing import hex_of, keccak
from makerscope.rewards.screens import Flag, ScreenRule
from makerscope.tape.folders import write_folder

BUNDLE, SIGNATURE = "bundle.json", "signature.json"
SCORES, AMOUNTS, TREE, SAMPLES = "scores.parquet", "amounts.json", "tree.json", "samples.parquet"
WANT = "a folder that 'makerscope rewards compute' wrote"

Whole = Annotated[str, Meta(pattern=r"^(0|[1-9][0-9]{0,77})$")]
Number = Annotated[str, Meta(pattern=r"^(0|-?[1-9][0-9]{0,3999})$")]
Hash = Annotated[str, Meta(pattern=r"^0x[0-9a-f]{64}$")]
Address = Annotated[str, Meta(pattern=r"^0x[0-9a-fA-F]{40}$")]


class _Part(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of a bundle: every key is there, and no other."""


class ProgramPart(_Part, frozen=True, kw_only=True):
    """The program, whole: ``hash`` is that of ``rule``."""

    name: str
    version: int
    hash: Hash
    rule: dict[str, Any]


class TapePart(_Part, frozen=True, kw_only=True):
    """Which tape, and which time of it: ``since <= time < until``, ns."""

    evidence_root: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    since: Whole
    until: Whole


class PolicyPart(_Part, frozen=True, kw_only=True):
    """How points become amounts, see ``rewards.allocation``. ``cap_share`` is a fraction such as ``1/4``.

    ``clauses``: what the program's clauses on the pool do to the budget: change it, or stand there.
    """

    cap: Whole | None
    cap_share: Annotated[str, Meta(pattern=r"^[0-9]{1,40}(/[1-9][0-9]{0,39})?$")] | None
    floor: Whole
    above_cap: Literal["share", "carry"]
    below_floor: Literal["share", "carry"]
    clauses: Literal["report", "apply"]


class ScoreRow(_Part, frozen=True, kw_only=True):
    """One maker in one market. ``account`` is null where the maker has no address (and hence no right to be paid)."""

    account: Address | None
    maker: str
    market: str
    group: str
    component: dict[str, Number]
    score: Number
    points: Whole
    refused: str


class MarketRow(_Part, frozen=True, kw_only=True):
    """One market: its points, those that nobody earned, and how much of the time could be looked at."""

    market: str
    group: str
    pool: Whole
    left: Whole
    looked: Whole
    blind: Whole
    stressed: Whole
    reference: str


class CaseRow(_Part, frozen=True, kw_only=True):
    """A case of a clause on the pool; ``change`` in millionths of ``unit``, ``restored`` null where it is undecided."""

    clause: str
    market: str
    start: Whole
    end: Whole
    restored: bool | None
    change: Number
    unit: str


class Exclusion(_Part, frozen=True, kw_only=True):
    """A maker that is not paid. ``by``: ``list`` (decided by hand) or ``screen`` (by the published rule)."""

    maker: str
    account: Address | None
    reason: str
    by: Literal["list", "screen"]


class ScreensPart(_Part, frozen=True, kw_only=True):
    """Screens for wash trades: the rule, what it flagged, and whose fills with each other were left out."""

    rule: ScreenRule
    flags: tuple[Flag, ...]
    findings: tuple[str, ...]
    excluded_pairs: tuple[tuple[str, str], ...]


class Amount(_Part, frozen=True, kw_only=True):
    """What one account may claim, base units of the token."""

    account: Address
    amount: Whole


class SamplesPart(_Part, frozen=True, kw_only=True):
    """The sum tree over all samples: its top node, and the commitment ``root`` to hash, total and count."""

    hash: Hash
    total: Whole
    count: Whole
    root: Hash


State = dict[str, dict[str, dict[str, tuple[Number, ...]]]]


class Bundle(_Part, frozen=True, kw_only=True):
    """The content of ``bundle.json``; ``docs/rewards.md`` explains it key by key.

    ``budget`` is all that the epoch may pay, ``carried_in`` of it from the epoch before, ``clause_change`` of it by
    clauses of the program; ``budget = amounts + remainder``. ``seed_commitment`` is null where nobody committed to a
    seed: it then follows from tape and program. ``made_by`` is the version of makerscope that computes these numbers.
    """

    version: Literal[1]
    made_by: str
    epoch: Whole
    chain_id: Whole | None
    contract: Address | None
    token: Address | None
    token_decimals: Annotated[int, Meta(ge=0, le=77)]
    program: ProgramPart
    tape: TapePart
    seed: Hash | None
    seed_commitment: Hash | None
    policy: PolicyPart
    budget: Whole
    carried_in: Whole
    clause_change: Number
    unearned: Whole
    remainder: Whole
    remainder_reason: str
    markets: tuple[MarketRow, ...]
    cases: tuple[CaseRow, ...]
    scores: tuple[ScoreRow, ...]
    exclusions: tuple[Exclusion, ...]
    screens: ScreensPart
    amounts: tuple[Amount, ...]
    root: Hash | None
    samples: SamplesPart | None
    rules: tuple[tuple[Whole, ...], ...]
    rules_root: Hash | None
    max_weight: Whole
    hysteresis: State
    previous: Hash | None
    findings: tuple[str, ...]
    files: dict[str, Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]]


def bundle_bytes(bundle: Bundle) -> bytes:
    """The canonical bytes of a bundle."""
    return canonical(msgspec.to_builtins(bundle))


def bundle_hash(bundle: Bundle) -> str:
    """Keccak-256 of the canonical bytes: what is signed and posted."""
    return hex_of(keccak(bundle_bytes(bundle)))


def file_hash(data: bytes) -> str:
    """SHA-256 in hex, as ``files`` has it."""
    return hashlib.sha256(data).hexdigest()


def state_of(bundle: Bundle) -> dict[str, dict[str, dict[str, list[int]]]]:
    """What the next epoch must know, in integers."""
    return {
        group: {
            kind: {name: [int(item) for item in items] for name, items in rows.items()} for kind, rows in kinds.items()
        }
        for group, kinds in bundle.hysteresis.items()
    }


def folder_of(out: Path, bundle: Bundle) -> Path:
    """Where a bundle is written below ``out``."""
    return out / f"epoch-{bundle.epoch}"


def write_bundle(out: Path, bundle: Bundle, files: Mapping[str, bytes]) -> Path:
    """Write a bundle and its files, all or none, as ``out/epoch-<n>``; an unsigned one of the same epoch is replaced.

    Raises:
        InputError: there is a signed bundle of that epoch, or something else.
        OutputError: the folder cannot be written.
    """
    folder = folder_of(out, bundle)
    if folder.exists():
        if not (folder / BUNDLE).is_file() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError(folder, "exists and is no bundle", "another --out")
        if (folder / SIGNATURE).exists():
            raise InputError(folder, "is signed", "another --out, or remove it: a signed epoch is not overwritten")
    write_folder(folder, {BUNDLE: bundle_bytes(bundle), **files})
    return folder


def read_bundle(folder: Path) -> Bundle:
    """The bundle in a folder. Its form is checked; whether it is true is for ``verify`` to say.

    Raises:
        InputError: there is none, it is no canonical JSON, or a key is missing, unknown or malformed (which is named).
    """
    where = folder / BUNDLE
    found = parse_canonical(read_file(folder, BUNDLE), where)
    try:
        return msgspec.convert(found, Bundle, str_keys=True)
    except msgspec.ValidationError as error:
        raise InputError(where, _plain(str(error)), WANT) from error


def read_file(folder: Path, name: str) -> bytes:
    """The bytes of one file of a bundle.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise InputError(folder / name, f"cannot be read ({error.strerror})", WANT) from error


def _plain(text: str) -> str:
    """A message of the decoder: its path first, as a bundle's keys are written here."""
    what, _, path = text.partition(" - at `")
    return f"{path.rstrip('`').removeprefix('$.')}: {what}" if path else what
