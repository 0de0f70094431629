"""``makerscope sensitivity``."""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from makerscope.cli import quick  # noqa: F401 - loaded for its effect
from makerscope.cli.progress import progress_bar
from makerscope.cli.simulate import named
from makerscope.cli.stress import cores, planned, played, shown, with_hours
from makerscope.errors import InputError
from makerscope.lab.overrides import pair_of, value_of
from makerscope.lab.pages import screen_of
from makerscope.lab.pages_sensitivity import sensitivity_page
from makerscope.lab.results import study_of, write_study
from makerscope.lab.sensitivity import levers_of, sensitivity_of, variants_of
from makerscope.lab.store import opened
from makerscope.lab.sweep import seeds_of
from makerscope.lab.variants import AS_IS, maker_of
from makerscope.sim.shipped import find_scenario


def sensitivity(
    scenario: str,
    /,
    *,
    maker: str = AS_IS,
    seeds: str = "20",
    by: str = "25%",
    set_: Annotated[list[str] | None, Parameter(name="--set", negative="")] = None,
    jobs: int | None = None,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("sensitivity"),
    hours: float | None = None,
) -> None:
    """Move each number of a maker alone, down and up, on the same seeds: which of them kills it first?

    Args:
        scenario: a TOML file, or the name of a shipped scenario (see makerscope scenarios).
        maker: who sits in the seats: a kind, a TOML file, or as-is.
        seeds: how many, or a range such as 5:25.
        by: how far each number is moved, a share such as 25%.
        set_: KEY=VALUE changes the scenario, such as venue.insurance_usd=1e5.
        jobs: processes; all cores if not given.
        out: folder of the sweep; the same command goes on where it stopped.
        hours: how long, instead of what the scenario says.
    """
    count, numbers, share = cores(jobs), seeds_of(seeds), _share(by)
    chosen = with_hours(find_scenario(scenario), hours)
    tried = maker_of(maker)
    changes = {key: value_of(text) for key, text in (pair_of("--set", item) for item in set_ or [])}
    tried = msgspec.structs.replace(tried, changes=changes)
    with named(scenario):
        levers, left = levers_of(chosen, tried, share)
    variants = variants_of(tried, levers)
    runs = planned(chosen, scenario, variants, numbers)
    with opened(out, chosen) as folder:
        outcomes = played(runs, scenario, folder, jobs=count)
        with progress_bar("putting them together", None):
            found = sensitivity_of(tried, share, levers, left, outcomes)
            study = study_of(chosen, [tried], numbers, outcomes[:: len(variants)])
            page = sensitivity_page(found, study.variants[0].measures)
            more = {"sensitivity": msgspec.to_builtins(found)}
            names = [item.name for item in variants]
            write_study(study, outcomes, out, names, extra=[page], more=more)
    shown(screen_of(study, page.sections), out)


def _share(text: str) -> float:
    """A share, as 25% or 0.25."""
    try:
        return float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError as error:
        raise InputError("--by", f"is {text!r}", "a share such as 25%") from error
