"""What a report says, before it is drawn: pages of sections of blocks. The drawing side knows nothing of markets.

Texts are plain (never markup); the renderers escape them. Numbers to draw are floats in the block's ``unit``, times
are integer nanoseconds since 1970 UTC. ``None`` is unknown and is drawn as a gap, never as zero and never joined over;
NaN and infinities are drawn like ``None``. ``tone`` says how a reader should take a value: ``good``, ``bad``, ``warn``,
``info``, ``muted``, or nothing. A tone is never the only sign of anything: the text or a mark says it too.
"""

from itertools import pairwise
from typing import Literal

import msgspec

from makerscope.errors import DomainError

Tone = Literal["", "good", "bad", "warn", "info", "muted"]
Style = Literal["line", "step", "area", "dots"]
Number = float | None


class Stat(msgspec.Struct, frozen=True):
    """One number of a row of cards: what it is, the value as it should be read, a smaller line under it."""

    label: str
    value: str
    sub: str = ""
    tone: Tone = ""


class Note(msgspec.Struct, frozen=True, tag=True):
    """A paragraph."""

    text: str
    tone: Tone = ""


class Stats(msgspec.Struct, frozen=True, tag=True):
    """A row of cards."""

    items: tuple[Stat, ...]


class Column(msgspec.Struct, frozen=True):
    """A column of a table. ``help`` explains the title where it is pointed at, and in print under the table."""

    title: str
    align: Literal["left", "right"] = "right"
    help: str = ""


class Cell(msgspec.Struct, frozen=True):
    """A cell of a table.

    ``value`` is what the column is sorted by (without it the text is) and, with ``bar``, the length of a bar behind
    the text, relative to the largest of its column. ``href`` is the anchor of a page, without ``#``.
    """

    text: str
    value: Number = None
    tone: Tone = ""
    href: str = ""
    bar: bool = False


class Table(msgspec.Struct, frozen=True, tag=True):
    """A table; each row has one cell a column. The first column names the row.

    ``limit`` is the number of rows seen before "show all" (on screen; print has all). None shows all.

    Raises:
        DomainError: a row has more or fewer cells than the table has columns.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    sortable: bool = True
    limit: int | None = None

    def __post_init__(self) -> None:
        for index, row in enumerate(self.rows):
            _same(f"table {self.caption!r} row {index}", "cells", len(row), len(self.columns))


class Leg(msgspec.Struct, frozen=True):
    """One bar of a waterfall: a part, the total of the parts, or the residual of the identity.

    ``text`` is the number as read; ``low`` and ``high`` bound its confidence interval, in its unit. A leg whose
    ``value`` is None shows its ``note``, such as "not measurable: no fees in the recording".
    """

    label: str
    value: Number
    text: str
    low: Number = None
    high: Number = None
    kind: Literal["part", "total", "residual"] = "part"
    note: str = ""


class Waterfall(msgspec.Struct, frozen=True, tag=True):
    """Parts of one number as horizontal bars from a common zero, with the total below them."""

    legs: tuple[Leg, ...]


class Series(msgspec.Struct, frozen=True):
    """Named values, one a point of the axis; ``low`` and ``high`` make a band (or whiskers) around them."""

    name: str
    values: tuple[Number, ...]
    style: Style = "line"
    low: tuple[Number, ...] | None = None
    high: tuple[Number, ...] | None = None

    def __post_init__(self) -> None:
        for bound in (self.low, self.high):
            if bound is not None:
                _same(f"series {self.name!r}", "bounds", len(bound), len(self.values))
        if (self.low is None) != (self.high is None):
            raise DomainError(f"series {self.name!r}: a band has one bound; want both low and high, or neither")


class Shade(msgspec.Struct, frozen=True):
    """A time that is marked, such as an outage of the recorder. No line is drawn across it."""

    start: int
    end: int
    label: str = ""


class Lines(msgspec.Struct, frozen=True, tag=True):
    """Values over time. ``times_ns`` must not fall; ``height`` is in CSS pixels."""

    title: str
    times_ns: tuple[int, ...]
    series: tuple[Series, ...]
    unit: str = ""
    shades: tuple[Shade, ...] = ()
    zero_line: bool = False
    height: int = 180

    def __post_init__(self) -> None:
        _times(self.title, self.times_ns)
        _lengths(self.title, self.series, len(self.times_ns))


class Curve(msgspec.Struct, frozen=True, tag=True):
    """Values over named places, such as markouts over horizons: dots, lines and confidence bands."""

    title: str
    x_labels: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str = ""

    def __post_init__(self) -> None:
        _lengths(self.title, self.series, len(self.x_labels))


class Bars(msgspec.Struct, frozen=True, tag=True):
    """Bars, one group a label, one bar a series."""

    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str = ""
    horizontal: bool = True

    def __post_init__(self) -> None:
        _lengths(self.title, self.series, len(self.labels))


class Heatmap(msgspec.Struct, frozen=True, tag=True):
    """Cells of colour: ``values[y][x]``. The x axis is ``x_labels``, or ``times_ns`` (starts of equal buckets).

    ``diverging`` centres the colours on zero, for values of both signs.
    """

    title: str
    x_labels: tuple[str, ...]
    y_labels: tuple[str, ...]
    values: tuple[tuple[Number, ...], ...]
    unit: str = ""
    diverging: bool = False
    times_ns: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.x_labels and self.times_ns:
            raise DomainError(f"heatmap {self.title!r}: has x_labels and times_ns; want one of them")
        _times(self.title, self.times_ns)
        _same(f"heatmap {self.title!r}", "rows", len(self.values), len(self.y_labels))
        for row in self.values:
            _same(f"heatmap {self.title!r}", "columns", len(row), len(self.x_labels) or len(self.times_ns))


class Strip(msgspec.Struct, frozen=True, tag=True):
    """A share (0 to 1) in each of equal buckets of time from ``times_ns``: darker is more. None is an outage."""

    title: str
    times_ns: tuple[int, ...]
    values: tuple[Number, ...]

    def __post_init__(self) -> None:
        _times(self.title, self.times_ns)
        _same(f"strip {self.title!r}", "values", len(self.values), len(self.times_ns))


class Missing(msgspec.Struct, frozen=True, tag=True):
    """Something that could not be measured, and why. Drawn as "What: not measurable: why"."""

    what: str
    why: str


class AttentionItem(msgspec.Struct, frozen=True):
    """One thing that wants a reader's attention. ``href`` is the anchor of the page that shows it."""

    level: Literal["bad", "warn", "info"]
    subject: str
    text: str
    href: str = ""


class Attention(msgspec.Struct, frozen=True, tag=True):
    """What is wrong, worst first as given. Without items it says that nothing is."""

    items: tuple[AttentionItem, ...]


Block = Note | Stats | Table | Waterfall | Lines | Curve | Bars | Heatmap | Strip | Missing | Attention
CHARTS = (Waterfall, Lines, Curve, Bars, Heatmap, Strip)


class Section(msgspec.Struct, frozen=True):
    """A card: a heading, one plain sentence under it, then blocks in one or more columns (one on a phone)."""

    title: str
    sentence: str
    blocks: tuple[Block, ...]
    columns: int = 1


class Page(msgspec.Struct, frozen=True):
    """A page. ``anchor`` is unique and safe in a link; ``compact`` pages are kept short (many small makers)."""

    anchor: str
    title: str
    subtitle: str = ""
    headline: Stat | None = None
    group: str = ""
    sections: tuple[Section, ...] = ()
    compact: bool = False


class Document(msgspec.Struct, frozen=True):
    """A whole report. The first page is the overview; ``banner`` is shown on every page.

    Raises:
        DomainError: two pages have one anchor.

    Examples:
        >>> Document("Report", "one market", pages=(Page("overview", "Overview"),)).pages[0].anchor
        'overview'
    """

    title: str
    subtitle: str = ""
    banner: str = ""
    pages: tuple[Page, ...] = ()
    footer: str = ""

    def __post_init__(self) -> None:
        anchors = [page.anchor for page in self.pages]
        twice = sorted({anchor for anchor in anchors if anchors.count(anchor) > 1})
        if twice:
            raise DomainError(f"document: pages share the anchors {', '.join(twice[:5])}; want unique anchors")


def _same(where: str, what: str, got: int, want: int) -> None:
    if got != want:
        raise DomainError(f"{where}: {got} {what}; want {want}")


def _lengths(title: str, series: tuple[Series, ...], want: int) -> None:
    for item in series:
        _same(f"chart {title!r}, series {item.name!r}", "values", len(item.values), want)


def _times(title: str, times: tuple[int, ...]) -> None:
    if any(later < earlier for earlier, later in pairwise(times)):
        raise DomainError(f"chart {title!r}: times fall; want them in order")
