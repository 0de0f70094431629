"""A document as terminal text: the first page for one screen, or all pages.

Fits any width; columns of a table that have no room are named below it. Colours are the console's affair: a file or a
pipe gets none. Every colour is beside a sign or a word that says the same.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from io import StringIO

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table as Grid
from rich.text import Text

from makerscope.report.document import (
    Attention,
    Bars,
    Block,
    Cell,
    Curve,
    Document,
    Heatmap,
    Lines,
    Missing,
    Note,
    Page,
    Section,
    Smile,
    Stat,
    Stats,
    Strip,
    Surface,
    Table,
    Timeline,
    Waterfall,
)
from makerscope.report.terminal_charts import (
    NAME,
    bars,
    curve,
    cut,
    heatmap,
    lines,
    smile,
    strip,
    surface,
    text,
    timeline,
    waterfall,
)
from makerscope.report.words import one_row

_STYLE = {"good": "green", "bad": "bold red", "warn": "yellow", "info": "cyan", "muted": "dim", "": ""}
_SIGN = {"good": "✓ ", "bad": "✕ ", "warn": "! ", "info": "i "}
_ROWS = 12  # of a table on the first screen
_CARD = 19  # least width of a card
_PLAIN = str.maketrans(
    {
        "−": "-",
        "—": "-",
        "–": "-",
        "…": ".",
        "│": "|",
        "─": "-",
        "█": "#",
        "▐": "#",
        "·": ".",
        "✓": "+",
        "✕": "x",
        "±": "~",
    }
    | dict(zip("▏▎▍▌▋▊▉", "::::###", strict=True))
    | dict(zip("▁▂▃▄▅▆▇", "__--==^", strict=True))
)


def draw(document: Document, console: Console, *, full: bool = False) -> None:
    """Print a document: its first page, or with ``full`` all of them."""
    if not console.options.ascii_only:
        console.print(_document(document, console.width, full=full), highlight=False)
        return
    with console.capture() as captured:
        console.print(_document(document, console.width, full=full), highlight=False)
    console.file.write(captured.get().translate(_PLAIN).encode("ascii", "replace").decode())


def text_of(document: Document, *, width: int = 100, full: bool = False) -> str:
    """A document as text without colours.

    Examples:
        >>> print(text_of(Document("Report", pages=(Page("a", "Overview"),)), width=20).rstrip())
        Report
        <BLANKLINE>
        Overview ───────────
    """
    out = StringIO()
    console = Console(file=out, width=width, color_system=None, force_terminal=False, legacy_windows=False)
    draw(document, console, full=full)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _document(document: Document, width: int, *, full: bool) -> Group:
    parts: list[RenderableType] = [text(document.title, "bold")]
    if document.subtitle:
        parts.append(text(document.subtitle, "dim"))
    if document.banner:
        parts.append(text("✕ " + document.banner, "bold red"))
    pages = document.pages if full else document.pages[:1]
    parts += [part for page in pages for part in _page(page, width, full=full)]
    left = len(document.pages) - len(pages)
    if left > 0:
        parts += [Text(), text(f"{left} more page{'s' if left > 1 else ''} in the full report", "dim")]
    if document.footer:
        parts += [Text(), text(document.footer, "dim")]
    return Group(*parts)


def _page(page: Page, width: int, *, full: bool) -> Iterator[RenderableType]:
    yield Text()
    yield Rule(text(page.title, "bold"), align="left", style="dim")
    if page.subtitle:
        yield text(page.subtitle, "dim")
    if page.headline:
        yield _headline(page.headline)
    for section in page.sections:
        yield from _section(section, width, full=full)


def _headline(stat: Stat) -> Text:
    line = Text.assemble(
        (_SIGN.get(stat.tone, "") + one_row(stat.value), _STYLE[stat.tone] or "bold"), " ", one_row(stat.label)
    )
    return line.append(f", {one_row(stat.sub)}" if stat.sub else "")


def _section(section: Section, width: int, *, full: bool) -> Iterator[RenderableType]:
    yield Text()
    if section.title:
        yield text(section.title, "bold underline")
    if section.sentence and full:
        yield text(section.sentence, "dim")
    for block in section.blocks:
        yield Padding(_block(block, width - 2, full=full), (0, 0, 0, 2), expand=False)


def _block(block: Block, width: int, *, full: bool) -> RenderableType:
    if isinstance(block, Table):
        return _table(block, width, full=full)
    return _DRAWN[type(block)](block, width)


def _note(note: Note, _width: int) -> RenderableType:
    return text(_SIGN.get(note.tone, "") + note.text, _STYLE[note.tone])


def _missing(missing: Missing, _width: int) -> RenderableType:
    return Text.assemble((one_row(missing.what), "bold"), (" not measurable: " + one_row(missing.why), "dim"))


def _attention(block: Attention, _width: int) -> RenderableType:
    if not block.items:
        return text("✓ Nothing needs attention.", "green")
    grid = Grid.grid(padding=(0, 1))
    for item in block.items:
        style = _STYLE[item.level]
        words = Text.assemble((one_row(item.subject), "bold"), " ", one_row(item.text), overflow="fold")
        grid.add_row(Text(_SIGN[item.level].strip(), style=style), words)
    return grid


def _stats(stats: Stats, width: int) -> RenderableType:
    if not stats.items:
        return Text()
    across = max(1, min(len(stats.items), width // _CARD))
    across = -(-len(stats.items) // -(-len(stats.items) // across))  # rows as equal as can be
    grid = Grid.grid(padding=(0, 2, 0, 0), expand=False)
    for _ in range(across):
        grid.add_column(max_width=max(8, width // across - 2), overflow="fold")
    for start in range(0, len(stats.items), across):
        cards = [_card(stat) for stat in stats.items[start : start + across]]
        grid.add_row(*cards)
    return grid


def _card(stat: Stat) -> Text:
    sign = _SIGN.get(stat.tone, "") if stat.tone in {"bad", "warn"} else ""
    card = Text.assemble((one_row(stat.label), "dim"), "\n", (sign + one_row(stat.value), _STYLE[stat.tone] or "bold"))
    return card.append("\n" + one_row(stat.sub) if stat.sub else "", "dim")


def _table(table: Table, width: int, *, full: bool) -> RenderableType:
    rows = table.rows if full else table.rows[: min(table.limit or _ROWS, _ROWS)]
    parts: list[RenderableType] = [text(table.caption, "bold")] if table.caption else []
    if not rows:
        return Group(*parts, text("no rows", "dim"))
    kept = _columns(table, rows, width)
    grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for place, need in kept.items():
        column = table.columns[place]
        grid.add_column(text(column.title, "dim"), justify=column.align, overflow="fold", min_width=need)
    for row in rows:
        grid.add_row(*(_cell(row[place], NAME if place == 0 else width) for place in kept))
    parts.append(grid)
    left = [one_row(table.columns[place].title) for place in range(len(table.columns)) if place > max(kept)]
    if left:
        parts.append(text("no room for: " + ", ".join(left), "dim"))
    if len(rows) < len(table.rows):
        parts.append(text(f"{len(rows)} of {len(table.rows)} rows", "dim"))
    return Group(*parts)


def _columns(table: Table, rows: Sequence[Sequence[Cell]], width: int) -> dict[int, int]:
    """The columns that fit side by side, from the left, with their least widths; the first always, empty ones never."""
    kept: dict[int, int] = {}
    used = 0
    for place, column in enumerate(table.columns):
        title = max((cell_len(word) for word in one_row(column.title).split()), default=0)
        most = NAME if place == 0 else width
        longest = max(min(most, cell_len(one_row(row[place].text))) for row in rows)
        if kept and not longest:
            continue
        need = max(title, longest)
        if kept and used + need > width:
            break
        kept[place] = need
        used += need + 2
    return kept


def _cell(cell: Cell, most: int) -> Text:
    return Text(cut(cell.text, most), style=_STYLE[cell.tone])


_DRAWN: Mapping[type, Callable[..., RenderableType]] = {
    Note: _note,
    Missing: _missing,
    Attention: _attention,
    Stats: _stats,
    Waterfall: waterfall,
    Bars: bars,
    Lines: lines,
    Curve: curve,
    Heatmap: heatmap,
    Strip: strip,
    Surface: surface,
    Smile: smile,
    Timeline: timeline,
}
