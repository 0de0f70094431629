"""``makerscope report`` and ``makerscope compare``."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console

from makerscope.cli import quick  # noqa: F401 - loaded for its effect
from makerscope.cli.importing import files_of, import_with_progress
from makerscope.cli.moments import moment
from makerscope.cli.progress import progress_bar
from makerscope.errors import InputError
from makerscope.metrics.markout import HORIZONS
from makerscope.report.build import MAKERS, build
from makerscope.report.compare import comparison
from makerscope.report.html import html_of
from makerscope.report.numbers import utc
from makerscope.report.pages import document_of
from makerscope.report.scorecard import Scorecard, from_json, to_json
from makerscope.report.terminal import draw
from makerscope.tape.manifest import MANIFEST
from makerscope.tape.output import write_all, write_whole
from makerscope.tape.read import Tape

UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "min": 60 * 10**9, "h": 3600 * 10**9}
STEPS = 7
Names = Annotated[list[str] | None, Parameter(negative="")]


def report(
    *paths: Path,
    html: Annotated[Path | None, Parameter(name=["--html", "--out", "-o"])] = None,
    json: Path | None = None,
    maker: Names = None,
    since: str | None = None,
    until: str | None = None,
    instrument: Names = None,
    horizons: str | None = None,
    makers: int = MAKERS,
    full: Annotated[bool, Parameter(negative="")] = False,
    force: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Measure a tape, or recordings as they are, and say for each maker what it earned, why, and what is wrong.

    Args:
        paths: a tape, or recordings of a known venue (they are brought onto a tape first).
        html: where to write the report; default makerscope-report.html.
        json: where to write the scorecard as JSON (docs/scorecard.schema.json).
        maker: account to show; may be given more than once.
        since: first moment, such as 2025-09-03T12:55 (UTC) or seconds since 1970.
        until: first moment after the window.
        instrument: market to measure, by name or symbol; may be given more than once.
        horizons: of the markouts, such as 100ms,1s,10s,5m.
        makers: how many makers get a page.
        full: print every page in the terminal, not only the first.
        force: measure a recording that fails the quality gate; every page says so.
    """
    if not paths:
        raise InputError("report", "no path was given", "a tape or recordings")
    if makers < 1:
        raise InputError("--makers", f"is {makers}", "at least 1")
    target = html or Path("makerscope-report.html")
    if json is not None and json.absolute() == target.absolute():
        raise InputError("--json", f"is the file of the report too ({target})", "another file")
    wanted = _horizons(horizons) if horizons else HORIZONS
    window = (moment("--since", since), moment("--until", until))
    with opened(paths) as tape:
        card = measured(
            tape,
            since=window[0],
            until=window[1],
            instruments=instrument or (),
            makers=maker or (),
            horizons=wanted,
            top=makers,
            force=force,
        )
    document = document_of(card)
    files = {target: html_of(document).encode()}
    if json is not None:
        files[json] = to_json(card)
    write_all(files)
    console = Console()
    draw(document, console, full=full)
    console.print(f"\nreport    {target}", highlight=False, soft_wrap=True)
    if json is not None:
        console.print(f"scorecard {json}", highlight=False, soft_wrap=True)


def compare(
    first: Path,
    second: Path | None = None,
    *,
    maker: Names = None,
    instrument: Names = None,
    split: str | None = None,
    html: Annotated[Path | None, Parameter(name=["--html", "--out", "-o"])] = None,
    full: Annotated[bool, Parameter(negative="")] = False,
    force: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Compare two tapes, two periods of one tape, or two makers.

    Args:
        first: a tape, a recording, or a scorecard in JSON.
        second: another; without it one tape is compared with itself, by --split or by two --maker.
        maker: with two of them and one tape, the first is compared with the second; else the maker to compare.
        instrument: market to measure.
        split: moment that cuts one tape into two periods.
        html: where to write the comparison; default makerscope-compare.html.
        full: print every page in the terminal.
        force: compare recordings that fail the quality gate.
    """
    makers, markets = maker or [], instrument or []
    if second is None and (split is None) == (len(makers) != 2):
        raise InputError("compare", "one path was given", "a second path, --split TIME, or two --maker")
    if second is not None:
        cards = [_card(path, makers, markets, force=force) for path in (first, second)]
        _must_know(makers, cards)
        labels = (str(first), str(second))
        pair = (makers[0], makers[-1]) if makers else None
    else:
        with opened((first,)) as tape:
            if split is not None:
                cut = _cut(tape, split)
                cards = [
                    measured(tape, since=a, until=b, instruments=markets, makers=makers, force=force)
                    for a, b in ((None, cut), (cut, None))
                ]
                labels, pair = (f"before {split}", f"from {split}"), (makers[0], makers[0]) if makers else None
            else:
                card = measured(tape, instruments=markets, makers=makers, force=force)
                cards, labels, pair = [card, card], (makers[0], makers[1]), (makers[0], makers[1])
    document = comparison(cards[0], cards[1], labels=labels, makers=pair)
    target = html or Path("makerscope-compare.html")
    write_whole(target, html_of(document).encode())
    console = Console()
    draw(document, console, full=full)
    console.print(f"\ncomparison {target}", highlight=False, soft_wrap=True)


def _must_know(makers: list[str], cards: list[Scorecard]) -> None:
    """Each maker asked for is on one of the two sides at least."""
    known = {item.maker for card in cards for item in card.makers}
    for name in makers:
        if name not in known:
            some = ", ".join(sorted(known)[:5]) or "none: neither side names makers"
            raise InputError(f"--maker {name}", "has no fills as a maker on either side", f"one of {some}")


def _cut(tape: Tape, split: str) -> int | None:
    """The moment that cuts the tape in two, inside of it."""
    cut, span = moment("--split", split), tape.span
    if cut is not None and span is not None and not span[0] < cut <= span[1]:
        raise InputError("--split", f"{split} lies outside the tape", f"after {utc(span[0])} and by {utc(span[1])}")
    return cut


def _card(path: Path, makers: list[str], markets: list[str], *, force: bool) -> Scorecard:
    if path.is_file() and path.suffix == ".json":
        try:
            return from_json(path.read_bytes())
        except (msgspec.DecodeError, OSError) as error:
            raise InputError(path, f"is no scorecard ({error})", "JSON written by makerscope report --json") from error
    with opened((path,)) as tape:
        known = set(tape.scan("fills").select("maker").unique().collect()["maker"])
        return measured(tape, instruments=markets, makers=[name for name in makers if name in known], force=force)


@contextmanager
def opened(paths: tuple[Path, ...]) -> Iterator[Tape]:
    """The tape at a path, or a tape made of recordings that vanishes afterwards."""
    if len(paths) == 1 and (paths[0] / MANIFEST).exists():
        yield Tape.open(paths[0])
        return
    for path in paths:
        if (path / MANIFEST).exists():
            raise InputError(
                path, "is one of several paths and a tape", "one tape alone, or makerscope tape join first"
            )
    with tempfile.TemporaryDirectory(prefix="makerscope-") as folder:
        yield import_with_progress(files_of(paths), Path(folder) / "tape")


def measured(tape: Tape, **options) -> Scorecard:  # noqa: ANN003 - the options of build
    """``build`` with a bar."""
    with progress_bar("measuring", STEPS) as advance:
        return build(tape, step=lambda _what: advance(1), **options)


def _horizons(text: str) -> tuple[int, ...]:
    found = []
    for part in text.split(","):
        digits = part.strip().rstrip("abcdefghijklmnopqrstuvwxyz")
        unit = part.strip()[len(digits) :]
        try:
            ns = int(Decimal(digits) * UNITS[unit])
        except (InvalidOperation, KeyError, ValueError, OverflowError) as error:
            raise InputError(
                "--horizons", f"{part.strip()!r} is no length of time", "such as 100ms,1s,10s,5m"
            ) from error
        if not 0 < ns <= 86_400 * 10**9:
            raise InputError("--horizons", f"{part.strip()!r} is out of range", "more than 0 and at most a day")
        found.append(ns)
    return tuple(sorted(set(found)))
