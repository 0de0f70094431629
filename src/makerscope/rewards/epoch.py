"""An epoch settled: a tape and a program scored, screened, shared out and hashed, into one bundle."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

import msgspec
import polars as pl

import makerscope
from makerscope.errors import InputError
from makerscope.metrics.view import transfers_of
from makerscope.programs.evidence import Evidence, evidence
from makerscope.programs.leaves import why_not
from makerscope.programs.program import Program
from makerscope.programs.sampling import commitment
from makerscope.programs.scores import Scores
from makerscope.programs.scoring import measure, scores_of
from makerscope.rewards.accounts import addresses_of
from makerscope.rewards.allocation import Fate, Policy
from makerscope.rewards.bundle import Bundle, PolicyPart, ScoreRow, TapePart, bundle_hash, file_hash, state_of
from makerscope.rewards.bundle_parts import (
    amount_rows,
    case_rows,
    clause_change,
    exclusions_of,
    market_rows,
    program_part,
    score_rows,
    screens_part,
    share,
    state_part,
    tree_of,
    unearned_of,
)
from makerscope.rewards.epoch_samples import Sampled, sampled
from makerscope.rewards.hashing import address_bytes, checksum, hex_of, whole
from makerscope.rewards.screens import Screening, ScreenRule, screen
from makerscope.rewards.tables import files_of
from makerscope.rewards.tape_hashes import tampered
from makerscope.tape.read import Tape

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an epoch is settled by, besides its tape and its program.

    Args:
        epoch: its number.
        budget: base units that it may pay, ``carried_in`` included, before clauses of the program.
        carried_in: of these, what the epoch before left.
        token: address of the token, or None.
        token_decimals: of the token.
        chain_id: of the chain on which the epoch will be posted; with ``contract``, or None.
        contract: the distributor.
        cap: see ``allocation.Policy``, as the next four.
        cap_share: as there.
        floor: as there.
        above_cap: as there.
        below_floor: as there.
        clauses: whether clauses on the pool change the budget (``apply``; in tokens) or are only in the bundle.
        addresses: by the name of a maker.
        exclusions: reasons by the name or the address of a maker.
        screens: the rule for wash trades.
        seed: 32 bytes that were committed to before the epoch; None: the seed follows from tape and program.
        previous: the epoch before, for rules that look back.
        since: first ns; None: the tape's first event.
        until: first ns after the epoch; None: just behind the tape's last event.
    """

    epoch: int
    budget: int
    carried_in: int = 0
    token: str | None = None
    token_decimals: int = 18
    chain_id: int | None = None
    contract: str | None = None
    cap: int | None = None
    cap_share: Fraction | None = None
    floor: int = 0
    above_cap: Fate = "share"
    below_floor: Fate = "carry"
    clauses: Literal["report", "apply"] = "report"
    addresses: Mapping[str, str] = field(default_factory=dict)
    exclusions: Mapping[str, str] = field(default_factory=dict)
    screens: ScreenRule = field(default_factory=ScreenRule)
    seed: bytes | None = None
    previous: Bundle | None = None
    since: int | None = None
    until: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no contract could hold, before anything is scored.

        Raises:
            InputError: a number, an address or the policy is wrong.
        """
        whole(self.epoch, "epoch")
        for name, address in (("token", self.token), ("contract", self.contract)):
            if address is not None:
                address_bytes(address, name, zero=False)
        if (self.chain_id is None) != (self.contract is None):
            raise InputError("epoch", "names only one of chain and contract", "both or neither")
        if not 0 <= self.token_decimals <= 77:
            raise InputError("token decimals", f"are {self.token_decimals}", "0 to 77")
        if not 0 <= self.carried_in <= self.budget:
            raise InputError("carried in", f"is {self.carried_in} of a budget of {self.budget}", "0 to the budget")
        self.policy()

    def policy(self, rows: Sequence[ScoreRow] = (), change: int = 0) -> Policy:
        """The rule by which points become amounts, for these scores and after a change of the budget by clauses.

        Raises:
            InputError: it makes no sense, or clauses leave no budget.
        """
        budget = self.budget + change
        if change < 0 and budget <= 0:
            raise InputError("budget", f"{self.budget} less {-change} by clauses is nothing", "a larger budget")
        return Policy(
            budget=budget,
            unearned=unearned_of(rows, budget) if rows else 0,
            cap=self.cap,
            cap_share=self.cap_share,
            floor=self.floor,
            above_cap=self.above_cap,
            below_floor=self.below_floor,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """A tape scored and screened under a program; ``sampled``: its samples as leaves."""

    scores: Scores
    screening: Screening
    sampled: Sampled

    @property
    def findings(self) -> tuple[str, ...]:
        """What a reader of the scores must know."""
        return (*self.scores.findings, *((self.sampled.note,) if self.sampled.note else ()))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settled:
    """A bundle, and the bytes of the files beside it."""

    bundle: Bundle
    files: dict[str, bytes]


def settle(tape: Tape, program: Program, terms: Terms, *, progress: Progress | None = None) -> Settled:
    """Score a tape and share out the budget.

    Raises:
        InputError: the tape was changed or lacks what the program needs, nobody was scored, or a maker that would be
            paid has no address.
        AccountingError: a score does not fit.
    """
    _check_previous(terms)
    wrong = tampered(tape)
    if wrong is not None:
        raise InputError(tape.path, f"is not as it was written: {wrong}", "the tape as it was written")
    judged = judge(tape, program, terms, progress=progress)
    scores, sampled = judged.scores, judged.sampled
    rows = score_rows(scores, terms.addresses)
    exclusions = exclusions_of(rows, terms.exclusions, judged.screening)
    cases = case_rows(scores)
    change = clause_change(cases, terms.token_decimals) if terms.clauses == "apply" else 0
    policy = terms.policy(rows, change)
    shared = share(rows, exclusions, policy)
    tree = tree_of(shared.amounts)
    bundle = Bundle(
        version=1,
        made_by=f"makerscope {makerscope.__version__}",
        epoch=str(terms.epoch),
        chain_id=None if terms.chain_id is None else str(terms.chain_id),
        contract=_checksummed(terms.contract),
        token=_checksummed(terms.token),
        token_decimals=terms.token_decimals,
        program=program_part(program),
        tape=TapePart(evidence_root=scores.tape_root, since=str(scores.since), until=str(scores.until)),
        seed=scores.seed,
        seed_commitment=None if terms.seed is None or scores.seed is None else commitment(terms.seed),
        policy=_policy_part(terms),
        budget=str(policy.budget),
        carried_in=str(terms.carried_in),
        clause_change=str(change),
        unearned=str(policy.unearned),
        remainder=str(shared.remainder),
        remainder_reason=shared.reason,
        markets=market_rows(scores),
        cases=cases,
        scores=rows,
        exclusions=exclusions,
        screens=screens_part(judged.screening),
        amounts=amount_rows(shared.amounts),
        root=None if tree is None else hex_of(tree.root),
        samples=sampled.part,
        rules=sampled.rules,
        rules_root=sampled.rules_root,
        max_weight=str(sampled.max_weight),
        hysteresis=state_part(scores),
        previous=None if terms.previous is None else bundle_hash(terms.previous),
        findings=judged.findings,
        files={},
    )
    files = files_of(bundle, tree, sampled.table)
    hashes = {name: file_hash(data) for name, data in files.items()}
    return Settled(bundle=msgspec.structs.replace(bundle, files=hashes), files=files)


def judge(tape: Tape, program: Program, terms: Terms, *, progress: Progress | None = None) -> Judged:
    """Screen the fills of an epoch and score it; fills that the rule of the screens leaves out are no volume."""
    ev = evidence(tape, since=terms.since, until=terms.until)
    screening = screen(ev.view.fills, tape.instruments, terms.screens, transfers=transfers_of(ev.view))
    pairs = screening.excluded_pairs()
    if pairs:
        ev = without_pairs(ev, pairs)
    previous = None if terms.previous is None else state_of(terms.previous)
    found = measure(ev, program, seed=terms.seed, progress=progress, keep=not why_not(program))
    scores = scores_of(found, previous=previous)
    if not scores.standings:
        raise InputError(tape.path, "no maker was scored: nobody's orders rested or were hit", "a tape with makers")
    known = addresses_of((item.maker for item in scores.standings), terms.addresses)
    return Judged(scores=scores, screening=screening, sampled=sampled(found, known))


def without_pairs(ev: Evidence, pairs: Sequence[tuple[str, str]]) -> Evidence:
    """Evidence without the fills that two accounts made with each other; a fill that names one only stays."""
    out = pl.DataFrame(list(pairs), schema=["one", "other"], orient="row")
    named = pl.col("maker").is_not_null() & pl.col("taker").is_not_null()
    both = [pl.when(named).then(side("maker", "taker")) for side in (pl.min_horizontal, pl.max_horizontal)]
    fills = ev.view.fills.join(out, left_on=both, right_on=["one", "other"], how="anti", maintain_order="left")
    return replace(ev, view=replace(ev.view, fills=fills))


def _check_previous(terms: Terms) -> None:
    before = terms.previous
    if before is None:
        return
    if int(before.epoch) >= terms.epoch:
        raise InputError("epoch", f"{terms.epoch} comes after epoch {before.epoch} (--previous)", "a later number")
    if terms.since is None or terms.since < int(before.tape.until):
        raise InputError(
            "--since",
            "the epoch begins before the one that --previous names has ended: the same time would be paid twice",
            f"{before.tape.until} ns or later",
        )
    if terms.token is not None and before.token not in (None, _checksummed(terms.token)):
        raise InputError("token", f"is {terms.token}", f"{before.token}, that of --previous: its remainder is carried")


def _checksummed(address: str | None) -> str | None:
    return None if address is None else checksum(address_bytes(address, "address", zero=False))


def _policy_part(terms: Terms) -> PolicyPart:
    """The policy as it stands in a bundle."""
    return PolicyPart(
        cap=None if terms.cap is None else str(terms.cap),
        cap_share=None if terms.cap_share is None else str(terms.cap_share),
        floor=str(terms.floor),
        above_cap=terms.above_cap,
        below_floor=terms.below_floor,
        clauses=terms.clauses,
    )
