"""``makerscope score``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from makerscope.cli import quick  # noqa: F401 - loaded for its effect
from makerscope.cli.moments import moment
from makerscope.cli.program_options import budget_of, earlier, given_to, given_to_each
from makerscope.cli.progress import progress_bar, progress_words
from makerscope.cli.rankings import show
from makerscope.cli.seeds import seed_of
from makerscope.errors import InputError
from makerscope.programs.comparison import compare
from makerscope.programs.evidence import Evidence, evidence
from makerscope.programs.explain import makers_of, raised
from makerscope.programs.order_look import look_at
from makerscope.programs.program import Program
from makerscope.programs.program_file import find_program, preset_names
from makerscope.programs.scoring import State, measure, scores_of
from makerscope.programs.what_if import CHANGES
from makerscope.report.document import Document
from makerscope.report.html import html_of
from makerscope.report.pages_programs import identity, program_document, screen_of
from makerscope.report.pages_rankings import rankings_document
from makerscope.report.program_card import Budget, ProgramCard, with_liquidity
from makerscope.report.score_json import card_json, rankings_json
from makerscope.report.terminal import draw
from makerscope.tape.output import write_all
from makerscope.tape.read import Tape

MAKERS = 5  # makers whose page says what would have raised their score


def score(
    tape: Path,
    /,
    *,
    program: str | None = None,
    all_: Annotated[bool, Parameter(name="--all", negative="")] = False,
    set_: Annotated[list[str] | None, Parameter(name="--set", negative="")] = None,
    parameters: Path | None = None,
    seed: str | None = None,
    since: str | None = None,
    until: str | None = None,
    previous: Path | None = None,
    maker: str | None = None,
    at: str | None = None,
    budget: str | None = None,
    decimals: int | None = None,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    json: Path | None = None,
) -> None:
    """Score the makers of a tape under a published incentive rule, or under every rule side by side.

    Args:
        tape: folder of a tape with resting orders.
        program: a shipped program (see makerscope programs), or a TOML file.
        all_: every shipped program; those that the tape cannot serve are listed with the reason.
        set_: KEY=VALUE gives a parameter that the program leaves open; with --all PROGRAM.KEY=VALUE.
        parameters: TOML file with a table of parameters for each program (see makerscope programs --open).
        seed: 32 bytes as hex, or a file that holds them; default follows from the tape and the program.
        since: first moment of the epoch, such as 2025-09-03T12:55 (UTC) or seconds since 1970.
        until: first moment after it.
        previous: bundle of the epoch before, for rules that look back.
        maker: what would have raised this maker's score.
        at: with --maker: each of its orders at this moment, and why it did or did not count.
        budget: tokens that the epoch pays, to see scores in money.
        decimals: of the token; default as many as the budget is written with.
        out: HTML file for all of it.
        json: JSON file for the numbers; whole numbers are text in it.
    """
    if (program is None) == (not all_):
        raise InputError("score", "wants one program, or all of them", "--program NAME or --all")
    if at is not None and maker is None:
        raise InputError("--at", "was given without --maker", "whose orders to look at")
    if out is not None and json is not None and out.absolute() == json.absolute():
        raise InputError("--json", f"is the file of the report too ({out})", "another file")
    alone = next((name for name, own in (("--maker", maker), ("--previous", previous)) if own is not None), None)
    if program is None and alone is not None:
        raise InputError(alone, "goes with one program", "--program NAME")
    drawn, money, when = seed_of(seed), budget_of(budget, decimals), moment("--at", at)
    window = moment("--since", since), moment("--until", until)
    console = Console()
    if program is None:
        given = given_to_each(set_ or [], parameters)
        ev = read(tape, window)
        shown = every(ev, given, drawn, money, console)
    else:
        rule = find_program(program, given_to(program, set_ or [], parameters))
        before = earlier(previous, rule)
        asked = Asked(seed=drawn, budget=money, previous=before, maker=maker, at=when, pages=out is not None)
        shown = one(card_of(read(tape, window), rule, asked), console)
    files = {} if out is None else {out: html_of(shown.document).encode()}
    if json is not None:
        files[json] = shown.numbers
    write_all(files)
    console.print()
    for name, told in (*shown.facts, ("page", out), ("numbers", json)):
        if told is not None:
            console.print(f"{name:<9} {told}", highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What was printed, for files: pages, numbers, and what identifies them."""

    document: Document
    numbers: bytes
    facts: list[tuple[str, str | None]]


def read(tape: Path, window: tuple[int | None, int | None]) -> Evidence:
    """The evidence of a tape in a window."""
    with progress_bar("reading the tape", None):
        return evidence(Tape.open(tape), since=window[0], until=window[1])


def one(card: ProgramCard, console: Console) -> Shown:
    """Print one program."""
    draw(screen_of(card), console)
    return Shown(document=program_document(card), numbers=card_json(card), facts=identity(card))


def every(
    ev: Evidence, given: dict[str, dict[str, str]], seed: bytes | None, budget: Budget, console: Console
) -> Shown:
    """Score and print every shipped program."""
    with progress_bar("scoring", len(preset_names())) as advance:
        comparison = compare(ev, preset_names(), given, seed=seed, progress=advance)
    instruments = ev.tape.instruments
    cards = {
        name: ProgramCard(
            program=find_program(name, given.get(name)), scores=own, budget=budget, instruments=instruments
        )
        for name, own in comparison.scores.items()
    }
    show(console, comparison)
    return Shown(
        document=rankings_document(cards, comparison),
        numbers=rankings_json(cards, comparison),
        facts=[("tape", ev.tape.manifest.evidence_root)],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a user wants to see of one program. ``pages``: all that a report shows, not only the screen."""

    seed: bytes | None
    budget: Budget
    previous: State | None
    maker: str | None
    at: int | None
    pages: bool


def card_of(ev: Evidence, rule: Program, asked: Asked) -> ProgramCard:
    """One program on a tape, as far as it was asked for."""
    with progress_words() as say:
        found = measure(ev, rule, seed=asked.seed, keep=asked.pages, progress=lambda *at: say(_scoring(*at)))
        scores = scores_of(found, previous=asked.previous)
    there = makers_of(found)
    best = [name for name in scores.points() if name in there][:MAKERS] if asked.pages else []
    makers = [asked.maker] if asked.maker else best
    with progress_bar("what would have raised it", len(makers) * len(CHANGES)) as advance:
        changes = {name: raised(found, name, previous=asked.previous, progress=advance) for name in makers}
    card = ProgramCard(
        program=rule,
        scores=scores,
        budget=asked.budget,
        instruments=ev.tape.instruments,
        raised=changes,
        looks=() if asked.maker is None or asked.at is None else look_at(found, asked.maker, asked.at),
    )
    if not asked.pages:
        return card
    with progress_bar("what the budget bought", None):
        return with_liquidity(card, found)


def _scoring(market: str, done: int, total: int) -> str:
    return f"scoring {market}, {done + 1} of {total}" if total > 1 else f"scoring {market}"
