"""``makerscope vol``."""

from pathlib import Path
from typing import Annotated

import msgspec
import polars as pl
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from makerscope.cli.chains import chain_quotes
from makerscope.errors import InputError
from makerscope.metrics.implied_realised import implied_and_realised, premiums
from makerscope.metrics.measure import Measure
from makerscope.metrics.option_chain import DAY, with_snapshots
from makerscope.metrics.variance_premium import Premium
from makerscope.report.names import many
from makerscope.report.numbers import fixed, utc
from makerscope.report.output import write_whole
from makerscope.tape.read import Tape


def vol(
    tape: Path,
    *,
    underlying: Annotated[str | None, Parameter(name=["--underlying", "-u"])] = None,
    horizon: float = 30,
    json: Path | None = None,
) -> None:
    """Implied against realised volatility of the options on a tape, over the same time ahead and behind.

    Args:
        tape: folder of a tape with an option chain.
        underlying: such as BTC; default all of them.
        horizon: days that implied and realised volatility look over.
        json: where to write the rows of every snapshot and the premiums as JSON.
    """
    if not 0 < horizon <= 730:
        raise InputError("--horizon", f"is {horizon:g} days", "more than 0 and at most 730")
    rows = with_snapshots(chain_quotes(Tape.open(tape), underlying))
    table = implied_and_realised(rows, round(horizon * DAY))
    found = premiums(table, round(horizon * DAY))
    if json is not None:
        write_whole(json, msgspec.json.encode({"horizon_days": horizon, "rows": table.to_dicts(), "premiums": found}))
    _print(table, found, horizon)


def _print(table: pl.DataFrame, found: dict[str, dict[str, Premium]], horizon: float) -> None:
    console = Console()
    first, last = table["snapshot"].min(), table["snapshot"].max()
    if not isinstance(first, int) or not isinstance(last, int):
        console.print("no snapshot of the chain could be used", style="yellow")
        return
    span = f"{utc(first)} to {utc(last)}"
    console.print(f"[bold]{horizon:g}-day volatility[/bold], {span}; % a year of 365 days", highlight=False)
    grid = Table("", "snapshots", "implied", "realised", "premium", "95 %", "rms", box=None)
    for column in grid.columns:
        column.no_wrap = True
        column.justify = "right"
    grid.columns[0].justify = "left"
    notes = []
    for base, both in found.items():
        part = table.filter(pl.col("base") == base)
        for name, premium in both.items():
            used = part.filter(pl.col("implied").is_not_null() & pl.col(name).is_not_null())
            level = [_points(used[side]) for side in ("implied", name)]
            interval, gap = _interval(premium.divergence), premium.divergence_size.value
            value = fixed(premium.divergence.value, 2)
            grid.add_row(f"{base}, {name}", f"{used.height}", *level, value, interval, fixed(gap, 2))
            if premium.divergence.reason:
                notes.append(f"{base}, {name}: {premium.divergence.reason}")
        narrow = part.filter(pl.col("source") == "at the money").height
        if narrow:
            notes.append(f"{base}: {many(narrow, 'snapshot')} at the money: no strip of strikes reaches far enough")
        for why, n in part.filter(pl.col("reason").is_not_null()).group_by("reason").len().sort("reason").rows():
            notes.append(f"{base}: {many(n, 'snapshot')} without implied volatility: {why}")
    console.print(grid)
    console.print(
        "after: realised over the same days that the implied volatility looks at; before: over the days up to it. "
        "premium: mean of implied less realised, volatility points; above 0 sellers were paid. rms: its root "
        "mean square. Realised from the index of the snapshots.",
        style="dim",
        highlight=False,
    )
    for note in notes:
        console.print(note, style="yellow", highlight=False, soft_wrap=True)


def _points(variance: pl.Series) -> str:
    mean = variance.sqrt().mean()
    return fixed(100 * mean, 2) if isinstance(mean, float) else "—"


def _interval(measure: Measure) -> str:
    return "—" if measure.low is None or measure.high is None else f"{measure.low:.2f} to {measure.high:.2f}"
