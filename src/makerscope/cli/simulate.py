"""``makerscope simulate``."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from makerscope.cli import quick  # noqa: F401 - loaded for its effect
from makerscope.cli.progress import progress_bar
from makerscope.errors import InputError
from makerscope.sim.build import Built, build
from makerscope.sim.run import record, who_is_out
from makerscope.sim.scenario import Scenario
from makerscope.sim.shipped import find_scenario
from makerscope.sim.summary import Summary, summary_of
from makerscope.sim.warm import SECONDS_COLD, is_warm, warm_up
from makerscope.tape.read import Tape

MOST_HOURS = 24 * 366
MOST_GROUPS = 14


def simulate(
    scenario: str,
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("simulated"),
    seed: int = 7,
    hours: float | None = None,
    audit: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Play a scenario and write what happened as a tape.

    Args:
        scenario: a TOML file, or the name of a shipped scenario (see makerscope scenarios).
        out: folder of the tape; an older tape there is replaced.
        seed: of all dice; the same seed gives the same bytes.
        hours: how long, instead of what the scenario says.
        audit: check after every event that money and positions add up (slow).
    """
    chosen = find_scenario(scenario)
    if hours is not None:
        if not 0 < hours <= MOST_HOURS:
            raise InputError("--hours", f"is {hours:g}", f"above 0 and at most {MOST_HOURS}")
        chosen = msgspec.structs.replace(chosen, hours=hours)
    if seed < 0:
        raise InputError("--seed", f"is {seed}", "0 or more")
    built = played(chosen, scenario, out, seed=seed, audit=audit)
    console = Console()
    show(console, summary_of(built), Tape.open(out).manifest.rows, who_is_out(built))
    console.print(f"\ntape      {out}", highlight=False, soft_wrap=True)
    console.print(f"next      makerscope report {out}", highlight=False, soft_wrap=True)


def played(scenario: Scenario, where: str, out: Path, *, seed: int, audit: bool = False) -> Built:
    """Build, compile where that was never done, and play, each with a bar; errors name the scenario's file."""
    if not 0 <= seed < 1 << 64:
        raise InputError("--seed", f"is {seed}", "0 or more, below 2^64")
    with named(where):
        if not is_warm():
            with progress_bar(f"compiling once (about {SECONDS_COLD} s)", None):
                warm_up()
        with progress_bar("setting the scene", None):
            built = build(scenario, seed=seed)
    with progress_bar(f"simulating {scenario.title}", scenario.hours * 3600) as advance:
        record(built, out, seed=seed, audit=audit, progress=advance)
    return built


@contextmanager
def named(where: str) -> Iterator[None]:
    """Errors about a key say in which file it stands."""
    try:
        yield
    except InputError as error:
        if error.where.startswith(where):
            raise
        raise InputError(f"{where}: {error.where}", error.what, error.want) from error


def show(console: Console, summary: Summary, rows: Mapping[str, int], gone: list[tuple[str, str]]) -> None:
    """One screen: what was simulated, who did what, what was refused, who is out."""
    console.print(
        f"[bold]{summary.title}[/]: {summary.hours:g} hours on a venue like {summary.profile}", highlight=False
    )
    facts = {
        "blocks": summary.blocks, "messages": summary.messages, "orders": rows.get("orders", 0),
        "trades": rows.get("trades", 0), "liquidations": rows.get("liquidations", 0), "calls of agents": summary.calls,
    }  # fmt: skip
    console.print(" · ".join(f"{count:,} {name}" for name, count in facts.items()), highlight=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("agents", "kind"):
        table.add_column(name)
    for name in ("traded USD", "result USD", "messages", "refused"):
        table.add_column(name, justify="right")
    for group in summary.groups[:MOST_GROUPS]:
        name = group.name if group.count == 1 else f"{group.name} x {group.count}"
        colour = "green" if group.result > 0 else "red" if group.result < 0 else ""
        result = Text(f"{group.result:,.0f}", style=colour)
        table.add_row(name, group.kind, f"{group.traded:,.0f}", result, f"{group.sent:,}", f"{group.refused:,}")
    console.print(table)
    if len(summary.groups) > MOST_GROUPS:
        console.print(f"[dim]and {len(summary.groups) - MOST_GROUPS} more kinds of agents[/]", highlight=False)
    if summary.refused:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in summary.refused.items())
        console.print(f"refused   {reasons}", highlight=False, soft_wrap=True)
    for name, why in gone[:MOST_GROUPS]:
        console.print(Text.assemble(("out       ", "bold red"), f"{name}: {why}"), soft_wrap=True)
    for text in summary.assumed:
        console.print(f"[dim]assumed   {text}[/]", highlight=False, soft_wrap=True)
