"""What a report says, before it is drawn: pages of sections of blocks. The drawing side knows nothing of markets.

Texts are plain (never markup); the renderers escape them. Numbers to draw are floats in the block's ``unit``, times
are integer nanoseconds since 1970 UTC. ``None`` is unknown and is drawn as a gap, never as zero and never joined over;
NaN and infinities are drawn like ``None``. ``tone`` says how a reader should take a value: ``good``, ``bad``, ``warn``,
``info``, ``muted``, or nothing. A tone is never the only sign of anything: the text or a mark says it too.

One module beyond 400 lines, because it is one vocabulary: who writes a page finds its words in one place.
"""

from itertools import pairwise
from math import isfinite
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

    ``diverging`` centres the colours on zero, for values of both signs. ``show_values`` prints each value in its cell
    where the columns are few enough to have room for it.
    """

    title: str
    x_labels: tuple[str, ...]
    y_labels: tuple[str, ...]
    values: tuple[tuple[Number, ...], ...]
    unit: str = ""
    diverging: bool = False
    times_ns: tuple[int, ...] = ()
    show_values: bool = False

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


class Spot(msgspec.Struct, frozen=True):
    """A point over the floor of a surface, such as a quote: places in the units of its axes, height in its unit."""

    x: float
    y: float
    z: Number


class Surface(msgspec.Struct, frozen=True, tag=True):
    """Heights ``z[y][x]`` over two axes of rising places: turned by hand on screen, a still picture in print.

    Places are drawn where they are: give square roots of time, or ranks, where expiries would crowd, and say in
    ``x_labels`` and ``y_labels`` (one a place) what they are called; without labels the places themselves are read.
    ``spots`` are drawn as dots with a stem to the surface below or above them.

    Raises:
        DomainError: places are not finite or do not rise, or heights or labels are not one a place.
    """

    title: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    z: tuple[tuple[Number, ...], ...]
    unit: str = ""
    x_name: str = ""
    y_name: str = ""
    x_labels: tuple[str, ...] = ()
    y_labels: tuple[str, ...] = ()
    spots: tuple[Spot, ...] = ()

    def __post_init__(self) -> None:
        where = f"surface {self.title!r}"
        for name, places, labels in (("x", self.x, self.x_labels), ("y", self.y, self.y_labels)):
            _rising(f"{where}, {name}", places)
            if labels:
                _same(where, f"{name} labels", len(labels), len(places))
        _same(where, "rows", len(self.z), len(self.y))
        for row in self.z:
            _same(where, "columns", len(row), len(self.x))
        if not all(isfinite(spot.x) and isfinite(spot.y) for spot in self.spots):
            raise DomainError(f"{where}: a spot has no place; want finite x and y")


class Mark(msgspec.Struct, frozen=True):
    """A dot that wants to be seen, such as a mark price outside its quote. ``label`` says why where it is read out."""

    x: float
    value: Number
    label: str = ""


class Smile(msgspec.Struct, frozen=True, tag=True):
    """Quotes of one expiry over strikes: a bar from bid to ask, a dot at the mid, the fitted line, marks.

    A quote without a bid or an ask is a dashed stub towards the side that is missing. The line has its own places
    ``fit_x``. The axis is chosen for the line, the mids and the marks; a bar that reaches far past them is cut at
    the edge and read out whole. ``legend`` may be left to the first of many small charts.

    Raises:
        DomainError: places are not finite or do not rise, or values are not one a place.
    """

    title: str
    x: tuple[float, ...]
    bid: tuple[Number, ...]
    ask: tuple[Number, ...]
    mid: tuple[Number, ...] = ()
    fit_x: tuple[float, ...] = ()
    fit: tuple[Number, ...] = ()
    unit: str = ""
    x_name: str = ""
    marks: tuple[Mark, ...] = ()
    legend: bool = True
    height: int = 170

    def __post_init__(self) -> None:
        where = f"smile {self.title!r}"
        _rising(f"{where}, x", self.x)
        _rising(f"{where}, fit_x", self.fit_x)
        for name, values in (("bids", self.bid), ("asks", self.ask), ("mids", self.mid or self.bid)):
            _same(where, name, len(values), len(self.x))
        _same(where, "fitted values", len(self.fit), len(self.fit_x))
        if not all(isfinite(mark.x) for mark in self.marks):
            raise DomainError(f"{where}: a mark has no place; want a finite x")


class Flag(msgspec.Struct, frozen=True):
    """A moment that is named in a timeline."""

    time_ns: int
    label: str


class Timeline(msgspec.Struct, frozen=True, tag=True):
    """A value over time against a threshold: what is over it is a dot, and flags are numbered and told below.

    Raises:
        DomainError: times fall, or values are not one a time.
    """

    title: str
    times_ns: tuple[int, ...]
    values: tuple[Number, ...]
    threshold: Number = None
    flags: tuple[Flag, ...] = ()
    unit: str = ""
    shades: tuple[Shade, ...] = ()
    height: int = 150

    def __post_init__(self) -> None:
        _times(self.title, self.times_ns)
        _same(f"timeline {self.title!r}", "values", len(self.values), len(self.times_ns))


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


Chart = Waterfall | Lines | Curve | Bars | Heatmap | Strip | Surface | Smile | Timeline
Block = Note | Stats | Table | Missing | Attention | Chart


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


def _rising(where: str, places: tuple[float, ...]) -> None:
    if not all(map(isfinite, places)) or any(later <= earlier for earlier, later in pairwise(places)):
        raise DomainError(f"{where}: places do not rise; want finite places in rising order")
