"""``makerscope score``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from makerscope.cli import quick  # noqa: F401 - loaded for its effect
from makerscope.cli.amounts import base_units
from makerscope.cli.moments import moment
from makerscope.cli.progress import progress_bar
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
from makerscope.report.html import html_of
from makerscope.report.pages_programs import identity, program_document, screen_of
from makerscope.report.pages_rankings import rankings_document, rankings_screen
from makerscope.report.program_card import Budget, ProgramCard, with_liquidity
from makerscope.report.score_json import card_json, rankings_json
from makerscope.report.terminal import draw
from makerscope.rewards.bundle import read_bundle, state_of
from makerscope.tape.output import write_all
from makerscope.tape.read import Tape

MAKERS = 5  # makers whose page says what would have raised their score
MOST_DECIMALS = 77  # 10**77 is the largest power of ten in 256 bits


def score(
    tape: Path,
    /,
    *,
    program: str | None = None,
    all_: Annotated[bool, Parameter(name="--all", negative="")] = False,
    set_: Annotated[list[str] | None, Parameter(name="--set", negative="")] = None,
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
    asked = Asked(
        seed=seed_of(seed),
        budget=budget_of(budget, decimals),
        previous=None if previous is None else state_of(read_bundle(previous)),
        maker=maker,
        at=moment("--at", at),
        pages=out is not None,
    )
    parameters = [parameter_of(text) for text in set_ or []]
    rule = None if program is None else find_program(program, dict(parameters))
    window = moment("--since", since), moment("--until", until)
    with progress_bar("reading the tape", None):
        ev = evidence(Tape.open(tape), since=window[0], until=window[1])
    if rule is None:
        of_each = of_programs(parameters)
        with progress_bar("scoring", len(preset_names())) as advance:
            comparison = compare(ev, preset_names(), of_each, seed=asked.seed, progress=advance)
        cards = {
            name: ProgramCard(
                program=find_program(name, of_each.get(name)),
                scores=own,
                budget=asked.budget,
                instruments=ev.tape.instruments,
            )
            for name, own in comparison.scores.items()
        }
        screen, document = rankings_screen(comparison), rankings_document(cards, comparison)
        numbers, facts = rankings_json(cards, comparison), [("tape", ev.tape.manifest.evidence_root)]
    else:
        card = card_of(ev, rule, asked)
        screen, document, numbers = screen_of(card), program_document(card), card_json(card)
        facts = identity(card)
    files = {} if out is None else {out: html_of(document).encode()}
    if json is not None:
        files[json] = numbers
    write_all(files)
    console = Console()
    draw(screen, console)
    console.print()
    for name, told in (*facts, ("page", out), ("numbers", json)):
        if told is not None:
            console.print(f"{name:<9} {told}", highlight=False, soft_wrap=True)


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
    with progress_bar("scoring", None):
        found = measure(ev, rule, seed=asked.seed, keep=asked.pages)
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


def parameter_of(text: str) -> tuple[str, str]:
    """KEY=VALUE of one ``--set``."""
    key, sign, value = text.partition("=")
    if not (sign and key.strip() and value.strip()):
        raise InputError("--set", f"is {text!r}", "KEY=VALUE")
    return key.strip(), value.strip()


def of_programs(parameters: Sequence[tuple[str, str]]) -> dict[str, dict[str, str]]:
    """Parameters by program, of keys such as ``dydx_v3.gate``.

    Raises:
        InputError: a key names no shipped program.
    """
    out: dict[str, dict[str, str]] = {}
    for key, value in parameters:
        name, dot, parameter = key.partition(".")
        if not dot or name not in preset_names():
            raise InputError(f"--set {key}", "names no shipped program", "PROGRAM.KEY=VALUE with --all")
        out.setdefault(name, {})[parameter] = value
    return out


def budget_of(text: str | None, decimals: int | None) -> Budget:
    """A budget in whole tokens as a user writes it.

    Raises:
        InputError: it is no amount, or the token has no such part.
    """
    if decimals is not None and not 0 <= decimals <= MOST_DECIMALS:
        raise InputError("--decimals", f"is {decimals}", f"0 to {MOST_DECIMALS}")
    if text is None:
        return Budget()
    places = len(text.partition(".")[2]) if decimals is None else decimals
    return Budget(amount=base_units("--budget", text, places), decimals=places, given=True)
