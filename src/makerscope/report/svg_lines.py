"""Values over time as an SVG: lines, steps, areas, dots and bands. Outages are hatched and never joined over."""

from bisect import bisect_left
from collections.abc import Callable, Sequence

import msgspec

from makerscope.report.document import Lines, Number, Series, Shade
from makerscope.report.numbers import number, utc
from makerscope.report.svg import (
    WIDTH,
    Point,
    Scale,
    area_path,
    caption,
    frame,
    legend,
    nothing,
    runs_path,
    svg,
    tenth,
    text,
    thinned,
)
from makerscope.report.svg_axes import clean, time_labels, value_labels, value_range

_BAND = 120  # a band is drawn with at most this many edges


def draw_lines(chart: Lines) -> str:
    """The HTML of a ``Lines`` block."""
    return draw_marked_lines(chart, _nothing_more)


class Extra(msgspec.Struct, frozen=True):
    """What a chart has over its lines: paths, HTML over the plot, keys of the legend, words for the unseeing."""

    paths: str = ""
    over: str = ""
    keys: str = ""
    label: str = ""


def _nothing_more(_scale: Scale) -> Extra:
    return Extra()


def draw_marked_lines(chart: Lines, extra: Callable[[Scale], Extra], *, also: Sequence[Number] = ()) -> str:
    """A ``Lines`` block with more drawn over it; the value axis also holds the values ``also``."""
    bounds = [value for item in chart.series for side in (item.values, item.low, item.high) for value in side or ()]
    if not any(clean(value) is not None for value in bounds):
        return nothing(chart.title, chart.unit)
    start, end = _span(chart)
    zero = chart.zero_line or any(item.style == "area" for item in chart.series)
    low, high = value_range([*bounds, *also], zero=zero)
    scale = Scale(start, end, low, high, chart.height)
    more = extra(scale)
    parts = [f'<path class="zero" d="M0 {tenth(scale.down(0.0))}h{WIDTH}"/>'] if zero and low <= 0 <= high else []
    for index, item in enumerate(chart.series):
        parts += _series(item, index, chart, scale)
    drawing = svg("".join(parts) + more.paths, label=_label(chart, start, end) + more.label, height=chart.height)
    names = "\n".join(" ".join(item.name.split()) for item in chart.series)
    plot = (
        f'<div class="plot" tabindex="0" style="height:{chart.height}px" data-kind="lines" '
        f'data-start="{start / 1e6:.3f}" data-end="{end / 1e6:.3f}" '
        f'data-low="{low!r}" data-high="{high!r}" data-names="{text(names)}">'
        f"{_shades(chart.shades, start, end)}{drawing}{more.over}</div>"
    )
    axis = value_labels(low, high, max(3, chart.height // 34))
    return (
        f'<figure class="chart">{caption(chart.title, chart.unit, legend(chart.series, chart.shades, more=more.keys))}'
        f"{frame(plot, y=axis, x=time_labels(start, end))}</figure>"
    )


def _span(chart: Lines) -> tuple[int, int]:
    """Ends of the time axis: the points and the outages around them."""
    ends = [
        *chart.times_ns[:1],
        *chart.times_ns[-1:],
        *(ns for shade in chart.shades for ns in (shade.start, shade.end)),
    ]
    return min(ends), max(ends)


def run_numbers(times: Sequence[int], values: Sequence[float | None], shades: Sequence[Shade]) -> list[int]:
    """For each point the number of its run: a new one begins after a null and wherever a shade lies in between.

    Examples:
        >>> run_numbers([0, 1, 2, 9], [1.0, 1.0, 1.0, 1.0], [Shade(3, 8)])
        [0, 0, 0, 1]
    """
    starts = sorted((shade.start, shade.end) for shade in shades)
    reach: list[int] = []
    for _, end in starts:
        reach.append(max(end, reach[-1]) if reach else end)
    run, out = 0, []
    for index, value in enumerate(values):
        if index:
            before = bisect_left(starts, (times[index], times[index])) - 1
            run += values[index - 1] is None or value is None or (before >= 0 and reach[before] > times[index - 1])
        out.append(run)
    return out


def _series(item: Series, index: int, chart: Lines, scale: Scale) -> list[str]:
    colour, read = f"s{index % 6}", f'data-i="{index}"'
    values = [clean(value) for value in item.values]
    runs = run_numbers(chart.times_ns, values, chart.shades)
    points = [
        (run, scale.across(ns), scale.down(value))
        for run, ns, value in zip(runs, chart.times_ns, values, strict=True)
        if value is not None
    ]
    lines = thinned(points)
    parts = _band(colour, edges_of(item, chart.times_ns, runs), scale)
    if item.style == "area":
        base = scale.down(0.0)
        parts += [
            f'<path class="fill {colour}" d="{area_path(line, [(x, base) for x in (line[0][0], line[-1][0])])}"/>'
            for line in lines
            if len(line) > 1
        ]
    if item.style == "dots":
        return [
            *parts,
            f'<path class="dots {colour}" {read} d="{runs_path([[point] for line in lines for point in line])}"/>',
        ]
    step = item.style == "step"
    parts.append(f'<path class="line {colour}" {read} data-step="{int(step)}" d="{runs_path(lines, step=step)}"/>')
    lone = [line for line in lines if len(line) == 1]
    return [*parts, f'<path class="dots {colour} quiet" d="{runs_path(lone)}"/>'] if lone else parts


def edges_of(item: Series, times: Sequence[int], runs: Sequence[int]) -> dict[int, list[tuple[int, float, float]]]:
    """For each run the band as ``(time, low, high)``, thinned so that no part of it is lost.

    Examples:
        >>> edges_of(Series("x", (1.0, None), low=(0.5, None), high=(2.0, None)), [7, 8], [0, 1])
        {0: [(7, 0.5, 2.0)]}
    """
    every = max(1, len(runs) // _BAND)
    found: dict[int, dict[int, tuple[int, float, float]]] = {}
    for index, (run, ns, low, high) in enumerate(zip(runs, times, item.low or (), item.high or (), strict=False)):
        bottom, top = clean(low), clean(high)
        if bottom is None or top is None:
            continue
        held = found.setdefault(run, {})
        first, least, most = held.get(index // every, (ns, bottom, top))
        held[index // every] = (first, min(least, bottom), max(most, top))
    return {run: list(held.values()) for run, held in found.items()}


def _band(colour: str, edges: dict[int, list[tuple[int, float, float]]], scale: Scale) -> list[str]:
    paths = []
    for part in edges.values():
        upper: list[Point] = [(scale.across(ns), scale.down(top)) for ns, _, top in part]
        lower: list[Point] = [(scale.across(ns), scale.down(bottom)) for ns, bottom, _ in part]
        if len(part) > 1:
            paths.append(f'<path class="band {colour}" d="{area_path(upper, lower)}"/>')
        else:
            paths.append(f'<path class="whisker {colour}" d="{runs_path([[upper[0], lower[0]]])}"/>')
    return paths


def _shades(shades: Sequence[Shade], start: int, end: int) -> str:
    length = max(1, end - start)
    return "".join(
        f'<i class="shade" style="left:{100 * (shade.start - start) / length:.2f}%;'
        f'width:{100 * (shade.end - shade.start) / length:.2f}%" title="{text(shade.label)}"></i>'
        for shade in shades
    )


def _label(chart: Lines, start: int, end: int) -> str:
    parts = []
    for item in chart.series:
        known = [value for value in map(clean, item.values) if value is not None]
        if known:
            parts.append(f"{item.name}: {number(min(known))} to {number(max(known))}, last {number(known[-1])}")
        else:
            parts.append(f"{item.name}: no values")
    unit = f" ({chart.unit})" if chart.unit else ""
    return f"{chart.title}{unit}, {utc(start)} to {utc(end)}. " + "; ".join(parts)
