"""``makerscope stress``."""

import os
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter
from rich.console import Console

from makerscope.cli import quick  # noqa: F401 - loaded for its effect
from makerscope.cli.progress import progress_bar
from makerscope.cli.simulate import MOST_HOURS, named
from makerscope.errors import InputError
from makerscope.lab.catalogue import BY_NAME
from makerscope.lab.outcome import Outcome
from makerscope.lab.overrides import Value, pair_of, value_of
from makerscope.lab.pages import screen_of
from makerscope.lab.results import NUMBERS, PAGE, study_of, write_study
from makerscope.lab.store import opened
from makerscope.lab.study import Study
from makerscope.lab.sweep import Run, play_all, rehearse, runs_of, seeds_of
from makerscope.lab.variants import AS_IS, MOST_VARIANTS, Variant, crossed, maker_of, seats_of, variants_in
from makerscope.report.document import Document
from makerscope.report.terminal import draw
from makerscope.sim.scenario import Scenario
from makerscope.sim.shipped import find_scenario
from makerscope.sim.warm import SECONDS_COLD, is_warm, warm_up

MOST_JOBS = 1024


def stress(
    scenario: str,
    /,
    *,
    seeds: str = "20",
    makers: str = AS_IS,
    set_: Annotated[list[str] | None, Parameter(name="--set", negative="")] = None,
    vary: Annotated[list[str] | None, Parameter(negative="")] = None,
    variants: Path | None = None,
    jobs: int | None = None,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("stressed"),
    hours: float | None = None,
    story: Literal["median", "worst"] = "worst",
    story_by: str = "pnl",
    tapes: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Play a scenario with many seeds and several makers in its seats, and compare them seed by seed.

    Args:
        scenario: a TOML file, or the name of a shipped scenario (see makerscope scenarios).
        seeds: how many, or a range such as 5:25; every variant gets the same ones.
        makers: who sits in the seats, by comma: kinds, TOML files, as-is. The first is the baseline.
        set_: KEY=VALUE changes the scenario for everybody, such as venue.insurance_usd=1e5 or maker.half_bps=6.
        vary: KEY=V1,V2,... makes one variant of each value, such as chain.block_ms=100,400,2000.
        variants: a TOML file of more variants: [[variant]] with name, maker and set.
        jobs: processes; all cores if not given.
        out: folder of the sweep; the same command goes on where it stopped.
        hours: how long, instead of what the scenario says.
        story: which run of each variant is told.
        story_by: the measure that says which run that is.
        tapes: keep the tape of every run too (large).
    """
    count = cores(jobs)
    if story_by not in BY_NAME:
        raise InputError("--story-by", f"is {story_by!r}", "one of " + ", ".join(BY_NAME))
    numbers = seeds_of(seeds)
    chosen = with_hours(find_scenario(scenario), hours)
    with named(scenario):
        seats_of(chosen)
    tried = chosen_variants(makers, set_ or [], vary or [], variants)
    study = swept(chosen, scenario, tried, numbers, out, jobs=count, story=(story, story_by), tapes=tapes)
    shown(screen_of(study), out)


def shown(document: Document, out: Path) -> None:
    """What fits the screen, and where the rest is."""
    console = Console()
    draw(document, console)
    for name, files in (
        ("page", PAGE),
        ("numbers", NUMBERS),
        ("tables", "runs, makers, payments, paths, events .parquet"),
    ):
        console.print(f"{name:<9} {out}/{files}", highlight=False, soft_wrap=True)


def swept(
    scenario: Scenario, where: str, tried: list[Variant], seeds: list[int], out: Path, *, jobs: int,
    story: tuple[str, str], tapes: bool,
) -> Study:  # fmt: skip
    """Play what is not there yet, and write the study."""
    runs = planned(scenario, where, tried, seeds, tapes=out / "tapes" if tapes else None)
    with opened(out, scenario) as folder:
        outcomes = played(runs, where, folder, jobs=jobs)
        with progress_bar("putting them together", None):
            study = study_of(scenario, tried, seeds, outcomes, story=story[0], story_by=story[1])
            write_study(study, outcomes, out, [item.name for item in tried])
    return study


def planned(
    scenario: Scenario, where: str, tried: list[Variant], seeds: list[int], *, tapes: Path | None = None
) -> list[Run]:
    """All runs of a sweep: what a variant must not ask for is refused here, before there is a folder."""
    with named(where), progress_bar("setting the scene", None):
        runs = runs_of(scenario, tried, seeds, tapes=tapes)
    if not is_warm():
        with progress_bar(f"compiling once (about {SECONDS_COLD} s)", None):
            warm_up()
    with named(where), progress_bar("building each variant once", None):
        rehearse(runs)
    return runs


def played(runs: list[Run], where: str, folder: Path, *, jobs: int) -> list[Outcome]:
    """Play all runs that are not there yet, with a bar."""
    with named(where), progress_bar(f"{len(runs)} runs", len(runs), left=True) as tell:
        return play_all(runs, folder, jobs=jobs, progress=tell)


def cores(jobs: int | None) -> int:
    """Processes to use: what is said, or all cores.

    Raises:
        InputError: that is no number of processes.
    """
    count = os.cpu_count() or 1 if jobs is None else jobs
    if not 1 <= count <= MOST_JOBS:
        raise InputError("--jobs", f"is {count}", f"1 to {MOST_JOBS}")
    return count


def chosen_variants(makers: str, changes: list[str], varied: list[str], file: Path | None) -> list[Variant]:
    """The variants that the options ask for, the baseline first."""
    names = [name.strip() for name in makers.split(",") if name.strip()]
    if not names:
        raise InputError("--makers", f"is {makers!r}", "makers by comma, such as as-is,grid")
    tried = [maker_of(name) for name in names]
    tried = crossed(tried, dict(map(_values, varied)))
    if file is not None:
        tried += variants_in(file)
    everybody = {key: value_of(text) for key, text in (pair_of("--set", item) for item in changes)}
    tried = [msgspec.structs.replace(item, changes=everybody | item.changes) for item in tried]
    known = [item.name for item in tried]
    twice = next((name for name in known if known.count(name) > 1), None)
    if twice is not None:
        raise InputError("--makers", f"{twice!r} is there twice", "each variant once")
    if len(tried) > MOST_VARIANTS:
        raise InputError("--vary", f"makes {len(tried)} variants", f"at most {MOST_VARIANTS}")
    return tried


def with_hours(scenario: Scenario, hours: float | None) -> Scenario:
    """A scenario of another length."""
    if hours is None:
        return scenario
    if not 0 < hours <= MOST_HOURS:
        raise InputError("--hours", f"is {hours:g}", f"above 0 and at most {MOST_HOURS}")
    return msgspec.structs.replace(scenario, hours=hours)


def _values(text: str) -> tuple[str, list[Value]]:
    key, values = pair_of("--vary", text)
    return key, [value_of(part.strip()) for part in values.split(",") if part.strip()]
