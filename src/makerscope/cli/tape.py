"""``makerscope tape info | check | head | join``."""

from pathlib import Path
from typing import Annotated

import polars as pl
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from makerscope.cli.findings import print_findings
from makerscope.cli.progress import progress_bar
from makerscope.errors import InputError
from makerscope.report.names import many
from makerscope.report.numbers import utc
from makerscope.tape.check import check_tape
from makerscope.tape.events import SCHEMAS
from makerscope.tape.join import join_tapes
from makerscope.tape.read import Tape

MOST_ROWS = 100_000  # a terminal holds no more


def info(tape: Path) -> None:
    """What a tape holds, where it came from, and what was wrong with its source.

    Args:
        tape: folder of the tape.
    """
    opened, console = Tape.open(tape), Console()
    manifest = opened.manifest
    size = sum(item.bytes for item in manifest.files)
    console.print(f"[bold]{tape}[/bold]  {manifest.source}", highlight=False)
    if opened.span:
        console.print(
            f"{utc(opened.span[0])} to {utc(opened.span[1])}, {size / 1e6:.2f} MB, schema {manifest.makerscope_tape}",
            highlight=False,
        )
    console.print(f"evidence root {manifest.evidence_root}", highlight=False, soft_wrap=True)
    grid = Table("table", "rows", "days", "MB", box=None, header_style="dim")
    for column in grid.columns[1:]:
        column.justify = "right"
    for table, rows in manifest.rows.items():
        files = [item for item in manifest.files if item.table == table]
        grid.add_row(table, f"{rows:,}", str(len(files)), f"{sum(item.bytes for item in files) / 1e6:.2f}")
    console.print(grid)
    sessions = opened.read("sessions")
    if sessions.height:
        outages = sessions.filter(pl.col("ended_by").str.starts_with("silence")).height
        console.print(
            f"{many(sessions.height, 'session')} over {many(sessions['channel'].n_unique(), 'channel')}, "
            f"{outages} ended by an outage",
            highlight=False,
        )
    print_findings(console, opened)


def check(tape: Path) -> int:
    """Verify hashes, order, ranges and references; exit code 1 if anything is wrong.

    Args:
        tape: folder of the tape.
    """
    files = Tape.open(tape).manifest.files
    with progress_bar("checking", sum(item.bytes for item in files)) as advance:
        report = check_tape(tape, advance)
    console = Console()
    for problem in report.problems:
        times = many(problem.count, "time")
        console.print(
            f"[red]{problem.table}[/red] {problem.file}: {problem.what}; {problem.where} ({times})",
            highlight=False,
            soft_wrap=True,
        )
    if report.problems:
        found = f"{many(len(report.problems), 'problem')} in {many(report.files, 'file')}, {many(report.rows, 'row')}"
        console.print(found, highlight=False)
        return 1
    console.print(
        f"all is well: {many(report.files, 'file')}, {many(report.rows, 'row')}, evidence root {report.evidence_root}",
        highlight=False,
        soft_wrap=True,
    )
    return 0


def head(tape: Path, table: str, *, rows: Annotated[int, Parameter(name=["--rows", "-n"])] = 10) -> None:
    """The first rows of a table, with its units.

    Args:
        tape: folder of the tape.
        table: such as fills, quotes, book.
        rows: how many.
    """
    opened = Tape.open(tape)
    if table not in SCHEMAS or not opened.has(table):
        raise InputError(f"table {table!r}", "is not on this tape", ", ".join(opened.manifest.rows))
    if not 1 <= rows <= MOST_ROWS:
        raise InputError("--rows", f"is {rows}", f"at least 1 and at most {MOST_ROWS:,}")
    frame = opened.scan(table).head(rows).collect()
    shown = [name for name in frame.columns if frame[name].null_count() < frame.height]
    console = Console()
    grid = Table(*(f"{name}\n[dim]{_unit(table, name)}[/dim]" for name in shown), box=None)
    for row in frame.select(shown).iter_rows():
        grid.add_row(*("" if value is None else str(value) for value in row))
    console.print(grid)
    empty = [name for name in frame.columns if name not in shown]
    if empty:
        console.print(f"unknown in these rows: {', '.join(empty)}", style="dim", highlight=False)


def _unit(table: str, name: str) -> str:
    return SCHEMAS[table].field(name).metadata[b"unit"].decode()


def join(*tapes: Path, out: Annotated[Path, Parameter(name=["--out", "-o"])]) -> None:
    """Put several tapes together, such as two venues for lead and lag.

    Args:
        tapes: folders of the tapes, of the same schema version, without common instruments.
        out: folder of the new tape.
    """
    total = sum(sum(Tape.open(path).manifest.rows.values()) for path in tapes)
    with progress_bar("joining", total) as advance:
        joined = join_tapes(tapes, out, advance)
    Console().print(
        f"{many(len(tapes), 'tape')} -> {out}: {many(sum(joined.manifest.rows.values()), 'row')}", highlight=False
    )
