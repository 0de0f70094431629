"""What ``makerscope score --all`` prints: ranks side by side in as many tables as the terminal needs."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from makerscope.programs.comparison import DEPTH, Comparison
from makerscope.report.names import short
from makerscope.report.numbers import UNKNOWN, fixed, span
from makerscope.report.score_words import pool_share

MOST = 20  # makers
GAP = 2
MET = "each maker's part of the depth within 10 bps that takers met, for comparison"
HINT = "open: unpublished, or by market; --set PROGRAM.KEY=VALUE or --parameters FILE (makerscope programs --open)"


def show(console: Console, comparison: Comparison) -> None:
    """Ranks with parts of the pool, Kendall's tau of each two programs, who is paid by none, what was left out."""
    first = next(iter(comparison.scores.values()), None)
    if first is not None:
        console.print(
            Text("makerscope score", style="bold"), f"[dim]{span(first.since, first.until)}[/]", highlight=False
        )
        _ranks(console, comparison)
        _agreement(console, comparison)
    if comparison.left:
        count = f"{len(comparison.left)} of {len(comparison.left) + len(comparison.scores)}"
        console.print(f"\n[bold underline]Left out[/]  {count}", highlight=False)
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for name, why in comparison.left.items():
            table.add_row(Text(name), Text(why, style="dim"))
        console.print(table, highlight=False)
        console.print(f"[dim]{HINT}[/]", highlight=False)


def _ranks(console: Console, comparison: Comparison) -> None:
    ranks, points = comparison.ranks(), comparison.points()
    paying = [name for name in points if ranks[name]]
    makers = comparison.makers()[:MOST]
    console.print("\n[bold underline]Rank and part of the pool[/]")

    def cell(name: str, maker: str) -> str:
        rank = ranks[name].get(maker)
        return f"{rank}. {pool_share(points[name][maker])}" if rank else UNKNOWN

    width = {name: max((cell_len(cell(name, maker)) for maker in makers), default=0) for name in paying}
    _blocks(
        console,
        "maker",
        [short(maker) for maker in makers],
        [(name.replace("_", " "), width[name], [cell(name, maker) for maker in makers]) for name in paying],
    )
    left = len(comparison.makers()) - len(makers)
    if left > 0:
        console.print(f"[dim]and {left} more makers[/]", highlight=False)
    if ranks[DEPTH]:
        console.print(f"[dim]{DEPTH}: {MET}[/]", highlight=False)
    for name, why in comparison.unpaying().items():
        console.print(Text.assemble((name, "bold"), f" pays nobody: {why}"), soft_wrap=True)


def _agreement(console: Console, comparison: Comparison) -> None:
    """The lower triangle of Kendall's tau; columns have the numbers of the rows."""
    tau = comparison.agreement()
    names = [name for name, own in comparison.ranks().items() if own]
    if not tau:
        return
    console.print("\n[bold underline]Kendall's tau[/]")
    columns = [
        (str(column + 1), 5, ["" if row <= column else fixed(tau[one, other]) for row, one in enumerate(names)])
        for column, other in enumerate(names[:-1])
    ]
    _blocks(console, "", [f"{place + 1} {name}" for place, name in enumerate(names)], columns)


def _blocks(
    console: Console, head: str, rows: Sequence[str], columns: Sequence[tuple[str, int, Sequence[str]]]
) -> None:
    """Columns (title, width of the cells, cells) beside the names of rows, in tables that fit."""
    name = max(max(map(cell_len, rows), default=0), len(head))
    needs = [max(width, *(cell_len(word) for word in title.split())) + GAP for title, width, _ in columns]
    first = 0
    while first < len(columns):
        end, used = first, name + GAP
        if first:
            console.print()
        while end < len(columns) and (end == first or used + needs[end] <= console.width):
            used += needs[end]
            end += 1
        told = [k for k in range(len(rows)) if first <= k < end or any(cells[k] for _, _, cells in columns[first:end])]
        widths = [need - GAP for need in needs[first:end]]
        console.print(_table(head, rows, told, columns[first:end], widths), highlight=False)
        first = end


def _table(
    head: str,
    rows: Sequence[str],
    told: Sequence[int],
    columns: Sequence[tuple[str, int, Sequence[str]]],
    widths: Sequence[int],
) -> Table:
    """The rows that have something to tell."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, GAP, 0, 0))
    table.add_column(head, no_wrap=True)
    for (title, _, _), width in zip(columns, widths, strict=True):
        table.add_column(title, justify="right", width=width, vertical="bottom")
    for place in told:
        table.add_row(Text(rows[place]), *(Text(cells[place]) for _, _, cells in columns))
    return table
