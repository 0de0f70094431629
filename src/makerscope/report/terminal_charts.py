"""Charts as terminal text: sparklines, bars and small grids of numbers."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from makerscope.report.document import (
    Bars,
    Curve,
    Heatmap,
    Lines,
    Series,
    Smile,
    Strip,
    Surface,
    Timeline,
    Waterfall,
)
from makerscope.report.numbers import UNKNOWN, compact, count, interval, number, percent, span, utc
from makerscope.report.svg_axes import clean
from makerscope.report.svg_timeline import over_threshold
from makerscope.report.terminal_marks import bar, over_time, spark
from makerscope.report.words import one_row

NAME = 26  # most characters of a name beside a bar


def text(value: str, style: str = "") -> Text:
    """A text of a recording, folded where it is too long."""
    return Text(one_row(value), style=style, overflow="fold")


def cut(value: str, most: int) -> str:
    """A name that has to fit: its end is cut, and one sees that."""
    plain = one_row(value)
    if cell_len(plain) <= most:
        return plain
    while plain and cell_len(plain) > most - 1:
        plain = plain[:-1]
    return plain + "…"


def waterfall(chart: Waterfall, width: int) -> RenderableType:
    """Bars from a common zero, with their numbers."""
    low, high = _ends([value for leg in chart.legs for value in (leg.value, leg.low, leg.high)])
    room = max(9, min(48, width - NAME - 34))
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(max_width=NAME)
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
            Text(cut(leg.label, NAME), style), Text(drawn, colour), Text(one_row(leg.text), style), Text(words, "dim")
        )
    return grid


def bars(chart: Bars, width: int) -> RenderableType:
    """A bar a label and series."""
    low, high = _ends([value for item in chart.series for value in item.values])
    room = max(9, min(48, width - NAME - 20))
    grid = Grid.grid(padding=(0, 2, 0, 0))
    for place, label in enumerate(chart.labels):
        for index, item in enumerate(chart.series):
            value = clean(item.values[place])
            name = cut(label, NAME) if index == 0 else ""
            series = cut(item.name, 14) if len(chart.series) > 1 else ""
            drawn = bar(value, low, high, room) if value is not None else ""
            grid.add_row(Text(name), Text(series, "dim"), Text(drawn, "blue"), Text(number(value)))
    return Group(title(chart.title, chart.unit), grid if chart.labels and chart.series else nothing())


def lines(chart: Lines, width: int) -> RenderableType:
    """A sparkline a series, with its ends and last value."""
    known = [item for item in chart.series if any(clean(value) is not None for value in item.values)]
    if not known:
        return Group(title(chart.title, chart.unit), nothing())
    room = max(10, min(72, width - 50))
    names = len(chart.series) > 1
    grid = Grid.grid(padding=(0, 2, 0, 0))
    for item in known:
        values = over_time(chart.times_ns, item.values, chart.shades, room)
        seen = [value for value in map(clean, item.values) if value is not None]
        picture = spark(values, room, low=min(seen), high=max(seen))
        words = f"{number(min(seen))} to {number(max(seen))}, last {number(seen[-1])}"
        grid.add_row(Text(cut(item.name, 14) if names else ""), Text(picture, "blue"), Text(words))
    return Group(title(chart.title, chart.unit, span(chart.times_ns[0], chart.times_ns[-1])), grid)


def curve(chart: Curve, width: int) -> RenderableType:
    """A row of numbers a series, at as many places as there is room for."""
    if not chart.series or not chart.x_labels:
        return Group(title(chart.title, chart.unit), nothing())
    grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column("")
    room = max(1, (width - NAME) // 10)
    every = -(-len(chart.x_labels) // room)
    places = range(0, len(chart.x_labels), every)
    for place in places:
        grid.add_column(text(chart.x_labels[place], "dim"), justify="right", no_wrap=True, max_width=12)
    for item in chart.series:
        grid.add_row(
            Text(cut(item.name, 14)), *(Text(number(clean(item.values[place]), signed=True)) for place in places)
        )
    return Group(title(chart.title, chart.unit), grid)


def heatmap(chart: Heatmap, width: int) -> RenderableType:
    """A row of marks a name; small maps that show their values are numbers."""
    values = [value for row in chart.values for value in map(clean, row) if value is not None]
    if not values:
        return Group(title(chart.title, chart.unit), nothing())
    low, high = min(values), max(values)
    if chart.diverging:
        low, high = -max(abs(low), abs(high)), max(abs(low), abs(high))
    need = 2 + max((cell_len(one_row(name)) for name in chart.x_labels), default=0)
    if chart.show_values and chart.x_labels and 16 + len(chart.x_labels) * max(need, 9) <= width:
        return Group(title(chart.title, chart.unit), _values(chart))
    grid = Grid.grid(padding=(0, 2, 0, 0))
    for name, row in zip(chart.y_labels, chart.values, strict=True):
        grid.add_row(Text(cut(name, 14)), Text(spark(row, max(10, min(96, width - 20)), low=low, high=high), "blue"))
    return Group(title(chart.title, chart.unit, f"{number(low)} to {number(high)}"), grid)


def _values(chart: Heatmap) -> RenderableType:
    """The cells of a small heat map as numbers."""
    grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column("")
    for name in chart.x_labels:
        grid.add_column(text(name, "dim"), justify="right", no_wrap=True)
    for name, row in zip(chart.y_labels, chart.values, strict=True):
        grid.add_row(Text(cut(name, 14)), *(Text(compact(clean(value))) for value in row))
    return grid


def surface(chart: Surface, width: int) -> RenderableType:
    """A row of marks for each place of y: the same heights have the same mark in all rows."""
    x = f"{chart.x_name} {number(chart.x[0])} to {number(chart.x[-1])}".strip() if chart.x else ""
    labels = chart.y_labels or tuple(number(place) for place in chart.y)
    names = tuple(f"column {place}" for place in range(len(chart.x)))
    unit = ", ".join(word for word in (chart.unit, x) if word)
    return heatmap(Heatmap(chart.title, names, labels, chart.z, unit), width)


def smile(chart: Smile, width: int) -> RenderableType:
    """Bids, mids and asks as numbers, the line as marks."""
    sides = [(clean(bid), clean(ask)) for bid, ask in zip(chart.bid, chart.ask, strict=True)]
    whole = sum(bid is not None and ask is not None for bid, ask in sides)
    half = sum((bid is None) != (ask is None) for bid, ask in sides)
    told = f"{count(whole)} of {count(len(sides))} quotes have both sides, {count(half)} one"
    if chart.marks:
        told += f", {count(len(chart.marks))} marked"
    rows = tuple(
        Series(name, values)
        for name, values in (("bid", chart.bid), ("mid", chart.mid), ("ask", chart.ask))
        if any(clean(value) is not None for value in values)
    )
    parts: list[RenderableType] = [title(chart.title, chart.unit, told)]
    parts += [_sides(rows, chart, width)] if rows else []
    fit = [value for value in map(clean, chart.fit) if value is not None]
    if fit:
        words = f"{number(min(fit))} to {number(max(fit))}"
        parts.append(Text.assemble("fit  ", (spark(chart.fit, max(10, min(60, width - 30))), "blue"), f"  {words}"))
    return Group(*parts) if rows or fit else Group(title(chart.title, chart.unit), nothing())


def _sides(rows: Sequence[Series], chart: Smile, width: int) -> RenderableType:
    """Bids, mids and asks at as many places as there is room for."""
    grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column(text(chart.x_name, "dim"), max_width=NAME, overflow="fold")
    every = -(-len(chart.x) // max(1, (width - min(NAME, max(4, cell_len(one_row(chart.x_name)))) - 2) // 10))
    places = range(0, len(chart.x), every)
    for place in places:
        grid.add_column(Text(number(chart.x[place]), "dim"), justify="right", no_wrap=True)
    for item in rows:
        grid.add_row(item.name, *(Text(number(clean(item.values[place]))) for place in places))
    return grid


def timeline(chart: Timeline, width: int) -> RenderableType:
    """A sparkline, what is over the threshold, and the flags."""
    plain = Lines(chart.title, chart.times_ns, (Series("", chart.values),), chart.unit, chart.shades)
    parts: list[RenderableType] = [lines(plain, width)]
    threshold = clean(chart.threshold)
    if threshold is not None and any(clean(value) is not None for value in chart.values):
        over = over_threshold(chart.values, threshold)
        parts.append(text(f"{count(len(over))} over the threshold {number(threshold)}", "yellow" if over else "dim"))
    flags = sorted(chart.flags, key=lambda flag: flag.time_ns)
    parts += [text(f"! {utc(flag.time_ns, seconds=False)} {flag.label}") for flag in flags]
    return Group(*parts)


def strip(chart: Strip, width: int) -> RenderableType:
    """Marks over time, and the mean."""
    known = [value for value in map(clean, chart.values) if value is not None]
    if not known:
        return Group(title(chart.title, ""), nothing())
    picture = spark(chart.values, max(10, min(72, width - 20)), low=0.0, high=1.0)
    return Group(title(chart.title, "", percent(sum(known) / len(known))), Text(picture, "blue"))


def title(title: str, unit: str, more: str = "") -> Text:
    """Title of a chart with its unit."""
    rest = ", ".join(word for word in (one_row(unit), more) if word)
    return Text.assemble((one_row(title), "bold"), (f"  {rest}" if rest else "", "dim"))


def nothing() -> Text:
    """Instead of a chart that has nothing to draw."""
    return Text("no values in this recording", "dim italic")


def _ends(values: Sequence[float | None]) -> tuple[float, float]:
    known = [value for value in map(clean, values) if value is not None]
    low, high = min([0.0, *known]), max([0.0, *known])
    return (low, high) if high > low else (0.0, 1.0)
