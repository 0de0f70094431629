"""The files of a study: one JSON with all numbers, tables as Parquet, one page. The same sweep gives the same bytes."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import msgspec
import numba
import numpy as np
import polars as pl

import makerscope
from makerscope.lab.catalogue import MEASURES
from makerscope.lab.crisis import crisis_of
from makerscope.lab.outcome import Outcome
from makerscope.lab.pages import document_of
from makerscope.lab.study import Study, by_variant, hash_of, story_of, variant_result
from makerscope.lab.variants import Variant, played_by, seats_of
from makerscope.report.document import Document, Page
from makerscope.report.html import html_of
from makerscope.sim.scenario import Scenario
from makerscope.tape.output import write_all

PAGE, NUMBERS = "stress.html", "stress.json"
Row = dict[str, object]


def study_of(
    scenario: Scenario, variants: Sequence[Variant], seeds: Sequence[int], outcomes: Sequence[Outcome], *,
    story: str = "median", story_by: str = "pnl",
) -> Study:  # fmt: skip
    """Put all outcomes of a sweep together.

    Args:
        scenario: as it was given.
        variants: the first is the baseline.
        seeds: of each variant.
        outcomes: of ``sweep.runs_of``, in its order.
        story: which run of each variant is told: ``median`` or ``worst``.
        story_by: the measure that says which run that is.
    """
    runs = by_variant(outcomes, len(variants))
    return Study(
        title=scenario.title,
        about=scenario.about,
        hours=scenario.hours,
        start=scenario.start,
        crisis_s=crisis_of(played_by(scenario, variants[0])),
        seats=seats_of(scenario),
        seeds=tuple(seeds),
        versions={"makerscope": makerscope.__version__, "numba": numba.__version__, "numpy": np.__version__},
        runs=hash_of(outcomes),
        times_s=runs[0][0].times_s,
        variants=tuple(variant_result(item, mine, runs[0]) for item, mine in zip(variants, runs, strict=True)),
        stories=tuple(story_of(item.name, mine, story, story_by) for item, mine in zip(variants, runs, strict=True)),
    )


def write_study(
    study: Study,
    outcomes: Sequence[Outcome],
    folder: Path,
    names: Sequence[str],
    *,
    extra: Sequence[Page] = (),
    more: Mapping[str, object] | None = None,
) -> Document:
    """Write the JSON, the tables and the page of a study, all or none.

    Args:
        study: of ``study_of``.
        outcomes: all that go into the tables.
        folder: of the sweep.
        names: of the variants of ``outcomes``.
        extra: pages after the first.
        more: what the JSON says besides.

    Raises:
        OutputError: a file cannot be written; none is then.
    """
    document = document_of(study, extra)
    numbers = msgspec.to_builtins(study) | dict(more or {})
    files = {
        folder / NUMBERS: msgspec.json.format(msgspec.json.encode(numbers), indent=1) + b"\n",
        folder / PAGE: html_of(document).encode(),
    }
    for name, rows in tables(names, outcomes).items():
        files[folder / f"{name}.parquet"] = _parquet(rows)
    write_all(files)
    return document


def tables(names: Sequence[str], outcomes: Sequence[Outcome]) -> dict[str, list[Row]]:
    """Runs, makers, payments, paths and events of a sweep as rows."""
    out: dict[str, list[Row]] = {"runs": [], "makers": [], "payments": [], "events": [], "paths": []}
    for n, run in enumerate(outcomes):
        who: Row = {"variant": names[n % len(names)], "seed": run.seed}
        out["runs"].append(who | {item.name: run.measures.get(item.name) for item in MEASURES})
        out["makers"] += [who | msgspec.structs.asdict(maker) for maker in run.makers]
        out["payments"] += [
            who | {"receiver": pay.receiver, "payer": pay.payer, "kind": pay.kind, "amount": pay.amount}
            for pay in run.payments
        ]
        out["events"] += [
            who
            | {
                "at_s": event.at_s,
                "kind": event.kind,
                "facts": msgspec.json.encode(event.numbers | event.words).decode(),
            }
            for event in run.events
        ]
        out["paths"] += [
            who | {"path": path, "time_s": time, "value": value}
            for path, values in sorted(run.paths.items())
            for time, value in zip(run.times_s, values, strict=True)
        ]
    return out


def _parquet(rows: list[Row]) -> bytes:
    out = BytesIO()
    pl.DataFrame(rows, infer_schema_length=None).write_parquet(out, compression="zstd", statistics=False)
    return out.getvalue()
