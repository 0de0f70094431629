"""A document as one HTML file that asks nothing of anybody: style, script and drawings are inside.

Without JavaScript all pages stand below each other and every table is whole; with it one page is shown at a time,
tables sort, charts read out. Print has every page. The same document gives the same bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from math import isfinite

from makerscope.report.document import (
    Attention,
    Bars,
    Block,
    Cell,
    Column,
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
from makerscope.report.svg import tenth, text
from makerscope.report.svg_bars import draw_bars, draw_waterfall
from makerscope.report.svg_heat import draw_heatmap, draw_strip
from makerscope.report.svg_lines import draw_lines
from makerscope.report.svg_places import draw_curve, draw_upright_bars
from makerscope.report.svg_smile import draw_smile
from makerscope.report.svg_solid import draw_surface
from makerscope.report.svg_timeline import draw_timeline

_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.")
_MARKS = {
    "good": ("✓", "good"),
    "bad": ("✕", "problem"),
    "warn": ("!", "check"),
    "info": ("i", "note"),
    "muted": ("", ""),
}
_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)
_MANY = 14  # pages of a navigation group that are listed without unfolding it

_LONG = 30  # characters of a title that is set smaller
_CARDS = 6  # cards side by side on a wide screen
_SHORT = 18  # characters of a row name that is never broken

Anchors = Mapping[str, str]


def html_of(document: Document) -> str:
    """The whole file as text.

    Examples:
        >>> html_of(Document("Report", pages=(Page("overview", "A < B"),))).count("A &lt; B") >= 2
        True
    """
    folder = files("makerscope.report")
    style = folder.joinpath("style.css").read_text("utf-8")
    script = folder.joinpath("page.js").read_text("utf-8")
    anchors = safe_anchors([page.anchor for page in document.pages])
    pages = "".join(_page(document, index, anchors) for index in range(len(document.pages)))
    footer = f"<footer>{text(document.footer)}</footer>" if document.footer else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<title>{text(document.title)}</title><link rel="icon" href="data:,"><style>{style}</style></head>\n<body>'
        f"{_navigation(document, anchors)}<main>{pages}{footer}</main>"
        f'<div id="_tip" role="status" hidden></div><script>{script}</script></body></html>\n'
    )


def safe_anchors(anchors: Sequence[str]) -> dict[str, str]:
    """For each anchor the id it gets in the file: unique, and of letters, digits, dots and hyphens only.

    Examples:
        >>> safe_anchors(["maker 0xAB", "maker/0xAB", "eth"])
        {'maker 0xAB': 'maker-0xAB', 'maker/0xAB': 'maker-0xAB.2', 'eth': 'eth'}
    """
    out: dict[str, str] = {}
    taken: set[str] = set()
    for anchor in anchors:
        base = "".join(letter if letter in _SAFE else "-" for letter in anchor) or "page"
        name, serial = base, 1
        while name in taken:
            serial += 1
            name = f"{base}.{serial}"
        taken.add(name)
        out[anchor] = name
    return out


def _navigation(document: Document, anchors: Anchors) -> str:
    groups: dict[str, list[Page]] = {}
    for page in document.pages:
        groups.setdefault(page.group, []).append(page)
    parts = []
    for group, pages in groups.items():
        links = "".join(
            f'<li><a href="#{anchors[page.anchor]}" title="{text(page.title)}">{text(page.title)}</a></li>'
            for page in pages
        )
        if len(pages) > _MANY:
            name = f"{text(group or 'Pages')} <small>{len(pages)}</small>"
            parts.append(f"<details><summary>{name}</summary><ul>{links}</ul></details>")
        else:
            parts.append((f"<h2>{text(group)}</h2>" if group else "") + f"<ul>{links}</ul>")
    return (
        '<nav aria-label="Pages"><div class="bar">'
        f'<p class="name"><b>{text(document.title)}</b><span>{text(document.subtitle)}</span></p>'
        '<p class="tools"><button type="button" id="_menu" aria-expanded="false" hidden>Pages</button>'
        '<button type="button" id="_theme" hidden>Dark</button></p></div>'
        '<div class="list"><input id="_search" type="search" placeholder="Find a maker or page" '
        f'aria-label="Find a maker or page" autocomplete="off" hidden>{"".join(parts)}'
        '<p id="_none" class="nothing" hidden>No page has this in its name.</p></div></nav>'
    )


def _page(document: Document, index: int, anchors: Anchors) -> str:
    page = document.pages[index]
    name = anchors[page.anchor]
    banner = f'<p class="banner" role="alert">{text(document.banner)}</p>' if document.banner else ""
    about = page.subtitle or (document.subtitle if index == 0 else "")
    sub = f'<p class="sub">{text(about)}</p>' if about else ""
    long = ' class="long"' if len(page.title) > _LONG else ""
    head = _headline(page.headline) if page.headline else ""
    sections = "".join(_section(section, f"{name}-{place}", anchors) for place, section in enumerate(page.sections))
    body = sections or '<section class="card"><p class="nothing">This page has no content.</p></section>'
    return (
        f'<article class="page{" compact" if page.compact else ""}" id="{name}" aria-labelledby="{name}_t">{banner}'
        f'<header><div><p class="over">{text(document.title)}</p>'
        f'<h1 id="{name}_t"{long}>{text(page.title)}</h1>{sub}</div>'
        f"{head}</header>{body}{_turn(document, index, anchors)}</article>"
    )


def _turn(document: Document, index: int, anchors: Anchors) -> str:
    """Links to the page before and the page after."""
    links = []
    for at, sign, place in ((index - 1, "←", "before"), (index + 1, "→", "after")):
        if 0 <= at < len(document.pages):
            page = document.pages[at]
            name = f"{sign} {text(page.title)}" if place == "before" else f"{text(page.title)} {sign}"
            links.append(f'<a class="{place}" href="#{anchors[page.anchor]}">{name}</a>')
    return f'<p class="turn">{"".join(links)}</p>' if links else ""


def _headline(stat: Stat) -> str:
    sub = f"<span>{text(stat.sub)}</span>" if stat.sub else ""
    return (
        f'<p class="headline{_tone(stat.tone)}"><b>{_mark(stat.tone)}{text(stat.value)}</b>'
        f"<span>{text(stat.label)}</span>{sub}</p>"
    )


def _section(section: Section, name: str, anchors: Anchors) -> str:
    if not (section.title or section.sentence or section.blocks):
        return ""
    blocks = "".join(_block(block, anchors) for block in section.blocks)
    if section.columns > 1:
        blocks = f'<div class="columns" style="--n:{section.columns}">{blocks}</div>'
    title = f'<h2 id="{name}">{text(section.title)}</h2>' if section.title else ""
    named = f' aria-labelledby="{name}"' if title else ""
    sentence = f'<p class="sentence">{text(section.sentence)}</p>' if section.sentence else ""
    return f'<section class="card"{named}>{title}{sentence}{blocks}</section>'


def _block(block: Block, anchors: Anchors) -> str:
    if isinstance(block, Table):
        return _table(block, anchors)
    if isinstance(block, Attention):
        return _attention(block, anchors)
    if isinstance(block, Bars) and not block.horizontal:
        return draw_upright_bars(block)
    return _DRAWN[type(block)](block)


def _note(note: Note) -> str:
    return f'<p class="note{_tone(note.tone)}">{_mark(note.tone)}{text(note.text)}</p>'


def _stats(stats: Stats) -> str:
    if not stats.items:
        return ""
    rows = -(-len(stats.items) // _CARDS)
    across = -(-len(stats.items) // rows)  # rows as equal as can be
    widths = f"--k:{across};--m:{min(across, 3)};--s:{min(across, 2)}"
    return f'<dl class="stats" style="{widths}">{"".join(map(_stat, stats.items))}</dl>'


def _missing(missing: Missing) -> str:
    return f'<p class="missing"><b>{text(missing.what)}</b> not measurable: {text(missing.why)}</p>'


def _tone(tone: str) -> str:
    return f" t-{tone}" if tone else ""


def _mark(tone: str) -> str:
    """A sign beside the colour, and a word for those who hear the page."""
    sign, word = _MARKS.get(tone, ("", ""))
    return f'<i class="mark" role="img" aria-label="{word}">{sign}</i>' if sign else ""


def _stat(stat: Stat) -> str:
    sub = f'<dd class="s">{text(stat.sub)}</dd>' if stat.sub else ""
    mark = _mark(stat.tone) if stat.tone in {"bad", "warn"} else ""
    return (
        f'<div class="stat{_tone(stat.tone)}"><dt>{text(stat.label)}</dt><dd>{mark}{text(stat.value)}</dd>{sub}</div>'
    )


def _attention(block: Attention, anchors: Anchors) -> str:
    if not block.items:
        return f'<p class="note t-good">{_mark("good")}Nothing needs attention.</p>'
    items = []
    for item in block.items:
        subject = text(item.subject)
        if item.href in anchors:
            subject = f'<a href="#{anchors[item.href]}">{subject}</a>'
        items.append(f'<li class="t-{item.level}">{_mark(item.level)}<p><b>{subject}</b> {text(item.text)}</p></li>')
    return f'<ul class="attention">{"".join(items)}</ul>'


def _table(table: Table, anchors: Anchors) -> str:
    caption = f"<caption>{text(table.caption)}</caption>" if table.caption else ""
    head = "".join(_head(column, sortable=table.sortable and len(table.rows) > 1) for column in table.columns)
    most = [_largest(table.rows, place) for place in range(len(table.columns))]
    body = "".join(
        "<tr>" + "".join(_cell(cell, place, table, most[place], anchors) for place, cell in enumerate(row)) + "</tr>"
        for row in table.rows
    )
    if not table.rows:
        body = f'<tr><td class="l nothing" colspan="{max(1, len(table.columns))}">no rows</td></tr>'
    helps = [f"<b>{text(column.title)}</b> {text(column.help)}" for column in table.columns if column.help]
    help_text = f'<p class="helps">{"; ".join(helps)}.</p>' if helps else ""
    limit = f' data-limit="{table.limit}"' if table.limit is not None and table.limit < len(table.rows) else ""
    wide = " many" if len(table.columns) > 9 else ""
    return (
        f'<div class="scroll{wide}" role="region" tabindex="0" aria-label="{text(table.caption or "table")}">'
        f"<table{limit}>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{help_text}"
    )


def _head(column: Column, *, sortable: bool) -> str:
    side = ' class="l"' if column.align == "left" else ""
    tip = f' title="{text(column.help)}"' if column.help else ""
    sort = " data-sort" if sortable else ""
    return f'<th scope="col"{side}{tip}{sort}>{text(column.title)}</th>'


def _largest(rows: Sequence[Sequence[Cell]], place: int) -> float:
    values = [row[place].value for row in rows if row[place].bar]
    return max((abs(value) for value in values if value is not None and isfinite(value)), default=0.0)


def _cell(cell: Cell, place: int, table: Table, most: float, anchors: Anchors) -> str:
    value = cell.value if cell.value is not None and isfinite(cell.value) else None
    classes = ["l"] if table.columns[place].align == "left" else []
    if cell.tone:
        classes.append(f"t-{cell.tone}")
    if place == 0 and len(cell.text) <= _SHORT:
        classes.append("keep")
    data = f' data-v="{value:.9g}"' if value is not None and table.sortable else ""
    bar = ""
    if cell.bar and value is not None and most > 0:
        classes.append("bar neg" if value < 0 else "bar")
        bar = f' style="--b:{tenth(100 * abs(value) / most)}%"'
    inner = text(cell.text)
    if cell.href in anchors:
        inner = f'<a href="#{anchors[cell.href]}">{inner}</a>'
    kind = f' class="{" ".join(classes)}"' if classes else ""
    return f'<th scope="row"{kind}{data}>{inner}</th>' if place == 0 else f"<td{kind}{data}{bar}>{inner}</td>"


_DRAWN: Mapping[type, Callable[..., str]] = {
    Note: _note,
    Stats: _stats,
    Missing: _missing,
    Waterfall: draw_waterfall,
    Lines: draw_lines,
    Curve: draw_curve,
    Bars: draw_bars,
    Heatmap: draw_heatmap,
    Strip: draw_strip,
    Surface: draw_surface,
    Smile: draw_smile,
    Timeline: draw_timeline,
}
