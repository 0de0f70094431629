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
    Stat,
    Stats,
    Strip,
    Table,
    Waterfall,
)
from makerscope.report.numbers import UNKNOWN, interval, number, percent, span
from makerscope.report.svg_axes import clean
from makerscope.report.terminal_marks import bar, over_time, spark
from makerscope.report.words import one_row

_STYLE = {"good": "green", "bad": "bold red", "warn": "yellow", "info": "cyan", "muted": "dim", "": ""}
_SIGN = {"good": "✓ ", "bad": "✕ ", "warn": "! ", "info": "i "}
_ROWS = 12  # of a table on the first screen
_CARD = 19  # least width of a card
_NAME = 26  # most characters of a name beside a bar
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
    parts: list[RenderableType] = [_text(document.title, "bold")]
    if document.subtitle:
        parts.append(_text(document.subtitle, "dim"))
    if document.banner:
        parts.append(_text("✕ " + document.banner, "bold red"))
    pages = document.pages if full else document.pages[:1]
    parts += [part for page in pages for part in _page(page, width, full=full)]
    left = len(document.pages) - len(pages)
    if left > 0:
        parts += [Text(), _text(f"{left} more page{'s' if left > 1 else ''} in the full report", "dim")]
    if document.footer:
        parts += [Text(), _text(document.footer, "dim")]
    return Group(*parts)


def _page(page: Page, width: int, *, full: bool) -> Iterator[RenderableType]:
    yield Text()
    yield Rule(_text(page.title, "bold"), align="left", style="dim")
    if page.subtitle:
        yield _text(page.subtitle, "dim")
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
        yield _text(section.title, "bold underline")
    if section.sentence and full:
        yield _text(section.sentence, "dim")
    for block in section.blocks:
        yield Padding(_block(block, width - 2, full=full), (0, 0, 0, 2), expand=False)


def _block(block: Block, width: int, *, full: bool) -> RenderableType:
    if isinstance(block, Table):
        return _table(block, width, full=full)
    return _DRAWN[type(block)](block, width)


def _text(value: str, style: str = "") -> Text:
    return Text(one_row(value), style=style, overflow="fold")


def _cut(value: str, most: int) -> str:
    """A name that has to fit: its end is cut, and one sees that."""
    plain = one_row(value)
    if cell_len(plain) <= most:
        return plain
    while plain and cell_len(plain) > most - 1:
        plain = plain[:-1]
    return plain + "…"


def _note(note: Note, _width: int) -> RenderableType:
    return _text(_SIGN.get(note.tone, "") + note.text, _STYLE[note.tone])


def _missing(missing: Missing, _width: int) -> RenderableType:
    return Text.assemble((one_row(missing.what), "bold"), (" not measurable: " + one_row(missing.why), "dim"))


def _attention(block: Attention, _width: int) -> RenderableType:
    if not block.items:
        return _text("✓ Nothing needs attention.", "green")
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
    parts: list[RenderableType] = [_text(table.caption, "bold")] if table.caption else []
    if not rows:
        return Group(*parts, _text("no rows", "dim"))
    kept = _columns(table, rows, width)
    grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for place, need in kept.items():
        column = table.columns[place]
        grid.add_column(_text(column.title, "dim"), justify=column.align, overflow="fold", min_width=need)
    for row in rows:
        grid.add_row(*(_cell(row[place], _NAME if place == 0 else width) for place in kept))
    parts.append(grid)
    left = [one_row(table.columns[place].title) for place in range(len(table.columns)) if place > max(kept)]
    if left:
        parts.append(_text("no room for: " + ", ".join(left), "dim"))
    if len(rows) < len(table.rows):
        parts.append(_text(f"{len(rows)} of {len(table.rows)} rows", "dim"))
    return Group(*parts)


def _columns(table: Table, rows: Sequence[Sequence[Cell]], width: int) -> dict[int, int]:
    """The columns that fit side by side, from the left, with their least widths; the first always, empty ones never."""
    kept: dict[int, int] = {}
    used = 0
    for place, column in enumerate(table.columns):
        title = max((cell_len(word) for word in one_row(column.title).split()), default=0)
        most = _NAME if place == 0 else width
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
    return Text(_cut(cell.text, most), style=_STYLE[cell.tone])


def _waterfall(chart: Waterfall, width: int) -> RenderableType:
    low, high = _ends([value for leg in chart.legs for value in (leg.value, leg.low, leg.high)])
    room = max(9, min(48, width - _NAME - 34))
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(max_width=_NAME)
    grid.add_column()
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    for leg in chart.legs:
        value = clean(leg.value)
        style = "bold" if leg.kind == "total" else "dim" if leg.kind == "residual" else ""
        ends = interval(clean(leg.low), clean(leg.high))
        words = "; ".join(word for word in ("" if ends == UNKNOWN else f"({ends})", one_row(leg.note)) if word)
        drawn = "" if value is None else bar(value, low, high, room)
        colour = "" if leg.kind != "part" or value is None else "blue" if value >= 0 else "red"
        grid.add_row(
            Text(_cut(leg.label, _NAME), style), Text(drawn, colour), Text(one_row(leg.text), style), Text(words, "dim")
        )
    return grid


def _bars(chart: Bars, width: int) -> RenderableType:
    low, high = _ends([value for item in chart.series for value in item.values])
    room = max(9, min(48, width - _NAME - 20))
    grid = Grid.grid(padding=(0, 2, 0, 0))
    for place, label in enumerate(chart.labels):
        for index, item in enumerate(chart.series):
            value = clean(item.values[place])
            name = _cut(label, _NAME) if index == 0 else ""
            series = _cut(item.name, 14) if len(chart.series) > 1 else ""
            drawn = bar(value, low, high, room) if value is not None else ""
            grid.add_row(Text(name), Text(series, "dim"), Text(drawn, "blue"), Text(number(value)))
    return Group(_title(chart.title, chart.unit), grid if chart.labels and chart.series else _nothing())


def _lines(chart: Lines, width: int) -> RenderableType:
    known = [item for item in chart.series if any(clean(value) is not None for value in item.values)]
    if not known:
        return Group(_title(chart.title, chart.unit), _nothing())
    room = max(10, min(72, width - 50))
    names = len(chart.series) > 1
    grid = Grid.grid(padding=(0, 2, 0, 0))
    for item in known:
        values = over_time(chart.times_ns, item.values, chart.shades, room)
        seen = [value for value in map(clean, item.values) if value is not None]
        picture = spark(values, room, low=min(seen), high=max(seen))
        words = f"{number(min(seen))} to {number(max(seen))}, last {number(seen[-1])}"
        grid.add_row(Text(_cut(item.name, 14) if names else ""), Text(picture, "blue"), Text(words))
    return Group(_title(chart.title, chart.unit, span(chart.times_ns[0], chart.times_ns[-1])), grid)


def _curve(chart: Curve, width: int) -> RenderableType:
    if not chart.series or not chart.x_labels:
        return Group(_title(chart.title, chart.unit), _nothing())
    grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column("")
    room = max(1, (width - _NAME) // 10)
    every = -(-len(chart.x_labels) // room)
    places = range(0, len(chart.x_labels), every)
    for place in places:
        grid.add_column(_text(chart.x_labels[place], "dim"), justify="right", no_wrap=True, max_width=12)
    for item in chart.series:
        grid.add_row(
            Text(_cut(item.name, 14)), *(Text(number(clean(item.values[place]), signed=True)) for place in places)
        )
    return Group(_title(chart.title, chart.unit), grid)


def _heatmap(chart: Heatmap, width: int) -> RenderableType:
    values = [value for row in chart.values for value in map(clean, row) if value is not None]
    if not values:
        return Group(_title(chart.title, chart.unit), _nothing())
    low, high = min(values), max(values)
    if chart.diverging:
        low, high = -max(abs(low), abs(high)), max(abs(low), abs(high))
    grid = Grid.grid(padding=(0, 2, 0, 0))
    for name, row in zip(chart.y_labels, chart.values, strict=True):
        grid.add_row(Text(_cut(name, 14)), Text(spark(row, max(10, min(96, width - 20)), low=low, high=high), "blue"))
    return Group(_title(chart.title, chart.unit, f"{number(low)} to {number(high)}"), grid)


def _strip(chart: Strip, width: int) -> RenderableType:
    known = [value for value in map(clean, chart.values) if value is not None]
    if not known:
        return Group(_title(chart.title, ""), _nothing())
    picture = spark(chart.values, max(10, min(72, width - 20)), low=0.0, high=1.0)
    return Group(_title(chart.title, "", percent(sum(known) / len(known))), Text(picture, "blue"))


def _title(title: str, unit: str, more: str = "") -> Text:
    rest = ", ".join(word for word in (one_row(unit), more) if word)
    return Text.assemble((one_row(title), "bold"), (f"  {rest}" if rest else "", "dim"))


def _nothing() -> Text:
    return Text("no values in this recording", "dim italic")


def _ends(values: Sequence[float | None]) -> tuple[float, float]:
    known = [value for value in map(clean, values) if value is not None]
    low, high = min([0.0, *known]), max([0.0, *known])
    return (low, high) if high > low else (0.0, 1.0)


_DRAWN: Mapping[type, Callable[..., RenderableType]] = {
    Note: _note,
    Missing: _missing,
    Attention: _attention,
    Stats: _stats,
    Waterfall: _waterfall,
    Bars: _bars,
    Lines: _lines,
    Curve: _curve,
    Heatmap: _heatmap,
    Strip: _strip,
}
