"""Steps of verifying that need the tape: that it is the one meant, and that it gives these scores."""

from makerscope.rewards import bundle_parts as parts
from makerscope.rewards.bundle import SAMPLES, TapePart, read_file
from makerscope.rewards.case import Case, Found, Skipped, compared
from makerscope.rewards.difference import Difference, first_difference
from makerscope.rewards.epoch import judge
from makerscope.rewards.epoch_samples import Sampled
from makerscope.rewards.reopened import looks_back, program_of, terms_of
from makerscope.rewards.tables import read_table
from makerscope.rewards.tape_hashes import tampered


def tape(case: Case) -> Found:
    """Every file of the tape is as its manifest says, and the evidence root is the bundle's."""
    here = case.tape
    if here is None:
        return Skipped("no tape is given (--tape)")
    root = here.manifest.evidence_root
    wrong = tampered(here) or first_difference(case.bundle.tape.evidence_root, root, "tape.evidence_root")
    return wrong or f"{len(here.manifest.files)} files"


def scores(case: Case) -> Found:
    """Scores, screens and samples: all come of one reading of the tape."""
    said, here = case.bundle, case.tape
    if here is None:
        return Skipped("no tape is given (--tape)")
    rule = program_of(said)
    if said.previous is not None and case.previous is None and looks_back(rule):
        return Skipped("the program looks back, and the bundle of the epoch before is not given (--previous)")
    judged = judge(here, rule, terms_of(said, case.previous), progress=case.progress)
    addresses = {row.maker: row.account for row in said.scores if row.account is not None}
    scores, screening = judged.scores, judged.screening
    ours = {
        "tape": TapePart(evidence_root=scores.tape_root, since=str(scores.since), until=str(scores.until)),
        "seed": scores.seed,
        "screens": parts.screens_part(screening),
        "scores": parts.score_rows(scores, addresses),
        "markets": parts.market_rows(scores),
        "cases": parts.case_rows(scores),
        "hysteresis": parts.state_part(scores),
        "findings": judged.findings,
        "rules": judged.sampled.rules,
        "max_weight": str(judged.sampled.max_weight),
    }
    wrong = compared(said, ours) or _other_samples(case, judged.sampled)
    listed = {item.maker: item.reason for item in said.exclusions if item.by == "list"}
    return (
        wrong
        or compared(said, {"exclusions": parts.exclusions_of(said.scores, listed, screening)})
        or f"{len(said.scores)} rows of {len({row.maker for row in said.scores})} makers"
    )


def _other_samples(case: Case, ours: Sampled) -> Difference | None:
    """The first leaf that is another, where the root is."""
    wrong = compared(case.bundle, {"samples": ours.part})
    if wrong is None or ours.table is None or case.bundle.samples is None:
        return wrong
    table = read_table(read_file(case.folder, SAMPLES), SAMPLES)
    return first_difference(table.to_dicts(), ours.table.to_dicts(), SAMPLES) or wrong
