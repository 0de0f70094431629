"""``makerscope block-time``."""

from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from rich.console import Console
from rich.table import Table

from makerscope.cli import quick  # noqa: F401 - loaded for its effect
from makerscope.cli.progress import progress_bar
from makerscope.cli.simulate import MOST_HOURS, named
from makerscope.errors import InputError
from makerscope.lab.block_time import Share, means, paired, shares_by_block
from makerscope.lab.statistics import Estimate
from makerscope.sim.shipped import find_scenario
from makerscope.sim.warm import SECONDS_COLD, is_warm, warm_up
from makerscope.tape.output import write_whole

MOST_SEEDS, MOST_BLOCK_S = 10_000, 600
COLUMNS = (
    ("information share", "information", 3), ("  least by order", "low", 3), ("  most by order", "high", 3),
    ("component share", "component", 2), ("leads by, ms", "lead_ms", 0),
)  # fmt: skip


def block_time(
    scenario: str,
    /,
    *,
    blocks: str = "0.1,1,2,12",
    seeds: int = 5,
    hours: float | None = None,
    json: Path | None = None,
) -> None:
    """Does the venue lead or follow, and what would block time change? Plays a scenario at several block times.

    Args:
        scenario: a TOML file, or the name of a shipped scenario (see makerscope scenarios).
        blocks: block times in seconds, by comma; the first is what the others are compared with.
        seeds: how many; each block time gets the same ones, from 0 up.
        hours: how long, instead of what the scenario says.
        json: where to write the numbers of every run.
    """
    times = _times(blocks)
    if not 1 <= seeds <= MOST_SEEDS:
        raise InputError("--seeds", f"is {seeds}", f"1 to {MOST_SEEDS}")
    chosen = find_scenario(scenario)
    if hours is not None:
        if not 0 < hours <= MOST_HOURS:
            raise InputError("--hours", f"is {hours:g}", f"above 0 and at most {MOST_HOURS}")
        chosen = msgspec.structs.replace(chosen, hours=hours)
    if not is_warm():
        with progress_bar(f"compiling once (about {SECONDS_COLD} s)", None):
            warm_up()
    with (
        TemporaryDirectory() as folder,
        named(scenario),
        progress_bar(f"{len(times)} block times, {seeds} seeds", len(times) * seeds) as advance,
    ):
        shares = shares_by_block(chosen, times, range(seeds), Path(folder), progress=advance)
    if json is not None:
        write_whole(json, msgspec.json.encode(shares))
    _print(Console(), chosen.title, times, shares)


def _times(blocks: str) -> list[float]:
    """Block times in seconds, each once."""
    try:
        times = [float(part) for part in blocks.split(",")]
    except ValueError as error:
        raise InputError("--blocks", f"is {blocks!r}", "seconds by comma, such as 0.1,1,2,12") from error
    if not all(0 < value <= MOST_BLOCK_S for value in times) or len(set(times)) != len(times):
        raise InputError("--blocks", f"is {blocks!r}", f"seconds above 0 and at most {MOST_BLOCK_S}, each once")
    return times


def _print(console: Console, title: str, times: list[float], shares: list[Share]) -> None:
    """Means with their intervals, and differences to the first block time, seed by seed."""
    console.print(f"[bold]{title}[/]: the venue against its leading venue, grid of 1 s, mean ±95 %", highlight=False)
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    for value in times:
        table.add_column(f"{value:g} s", justify="right", no_wrap=True)
    for label, name, places in COLUMNS:
        rows = [means(shares, name, value) for value in times]
        table.add_row(label, *(_said(row, places) for row in rows))
        if name == "information" and len(times) > 1:
            apart = [paired(shares, name, value, times[0]) for value in times[1:]]
            table.add_row(f"  less that at {times[0]:g} s", "", *(_said(row, places) for row in apart))
    console.print(table)
    console.print(
        "[dim]Shares are the venue's, the leading venue has the rest; a lead below 0 ms: the venue follows. "
        "Bounds that lie far apart mean that blocks are shorter than the grid can tell.[/]",
        soft_wrap=True, highlight=False,
    )  # fmt: skip


def _said(found: Estimate, places: int) -> str:
    if found.mean is None:
        return "unknown"
    if found.low is None or found.high is None:
        return f"{found.mean:.{places}f}"
    return f"{found.mean:.{places}f} ±{found.high - found.mean:.{places}f}"
