"""``makerscope facts``."""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from makerscope.cli.progress import progress_bar
from makerscope.errors import InputError
from makerscope.metrics.facts import Facts, facts_of
from makerscope.metrics.measure import Measure
from makerscope.metrics.view import choose, load
from makerscope.report.numbers import compact
from makerscope.tape.output import write_all
from makerscope.tape.read import Tape

WIDE, COLUMN = 24, 14  # characters of the names of facts, and of a tape


def facts(
    *tapes: Path,
    instrument: str | None = None,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
) -> None:
    """Stylised facts of tapes side by side: tails, clustering, memory of order flow, impact, spread and depth.

    Args:
        tapes: folders of tapes, recorded or simulated.
        instrument: a name or symbol that is on each tape; else the market with most trades of each.
        out: JSON file for all of it, with intervals, counts, and reasons for what is missing.
    """
    if not tapes:
        raise InputError("facts", "no tape was given", "one folder of a tape or more")
    found: list[Facts] = []
    with progress_bar("measuring", len(tapes)) as advance:
        for path in tapes:
            tape = Tape.open(path)
            view = load(tape, instruments=[market_of(tape, instrument)])
            found.append(facts_of(view, next(iter(view.instruments))))
            advance(1)
    show(Console(), [path.name for path in tapes], found)
    if out is not None:
        rows = [{"tape": str(path), **msgspec.to_builtins(item)} for path, item in zip(tapes, found, strict=True)]
        body = {"tapes": rows}
        write_all({out: msgspec.json.format(msgspec.json.encode(body), indent=1)})


def market_of(tape: Tape, wanted: str | None) -> str:
    """The instrument a user named; else the one with most trades on the tape."""
    if wanted is not None:
        names = list(choose(tape, [wanted]))
        if len(names) > 1:
            what = f"names {len(names)} instruments of {tape.path}"
            raise InputError(f"--instrument {wanted}", what, "one of " + ", ".join(names[:4]))
        return names[0]
    trades = tape.read("trades", columns=["instrument"]) if tape.has("trades") else None
    if trades is None or not trades.height:
        raise InputError(tape.path, "holds no trades", "a tape with trades, or --instrument")
    counts = trades["instrument"].value_counts().sort(["count", "instrument"], descending=[True, False])
    return str(counts["instrument"][0])


def show(console: Console, names: list[str], found: list[Facts]) -> None:
    """A row a fact, a column a tape; several tables below one another where the terminal is narrow."""
    many = max(1, (console.width - WIDE) // COLUMN)
    for first in range(0, len(found), many):
        here = found[first : first + many]
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column("fact", no_wrap=True)
        for name in names[first : first + many]:
            table.add_column(name, justify="right", overflow="fold")
        table.add_row("venue", *(item.instrument.partition(":")[0] for item in here))
        table.add_row("market", *(item.instrument.partition(":")[2] for item in here))
        table.add_row("seconds heard", *(f"{item.seconds:,.0f}" for item in here))
        table.add_row("trades", *(f"{item.trades:,}" for item in here))
        for key in here[0].measures:
            table.add_row(_title(key, here), *(cell(item.measures[key]) for item in here))
        console.print(table)


def _title(key: str, found: list[Facts]) -> str:
    units = {item.measures[key].unit for item in found} - {"1"}
    unit = "s" if units == {"ns"} else units.pop() if len(units) == 1 else "quote" if units else ""
    return key.replace("_", " ") + (f", {unit}" if unit else "")


def cell(measure: Measure) -> str:
    """A number with three digits; a dash where it is not known."""
    if measure.value is None:
        return compact(None)
    return compact(measure.value / 1e9 if measure.unit == "ns" else measure.value)
