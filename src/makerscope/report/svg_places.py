"""Values over named places: curves with confidence bands and dots, and upright bars."""

from collections.abc import Sequence

import msgspec

from makerscope.report.document import Bars, Curve, Series
from makerscope.report.numbers import interval, number
from makerscope.report.svg import WIDTH, Point, area_path, caption, frame, legend, nothing, runs_path, svg, tenth, text
from makerscope.report.svg_axes import clean, thin, value_labels, value_range

_HEIGHT = 190
_FEW = 24  # places up to which each has a dot, and is read out to those who do not see it
_WIDEST = 72  # of a column


class _Plane(msgspec.Struct, frozen=True):
    """Where a place and a value lie in the drawing."""

    places: int
    low: float
    high: float

    def across(self, place: float) -> float:
        return WIDTH * (place + 0.5) / self.places

    def down(self, value: float) -> float:
        return _HEIGHT * (1.0 - (value - self.low) / (self.high - self.low))


def draw_curve(chart: Curve) -> str:
    """The HTML of a ``Curve`` block. Values on both sides of zero, or near it, have a zero line."""
    return _draw(chart.title, chart.unit, chart.x_labels, chart.series, bars=False)


def draw_upright_bars(chart: Bars) -> str:
    """The HTML of a ``Bars`` block that is not horizontal."""
    return _draw(chart.title, chart.unit, chart.labels, chart.series, bars=True)


def _draw(title: str, unit: str, labels: Sequence[str], series: Sequence[Series], *, bars: bool) -> str:
    bounds = [value for item in series for side in (item.values, item.low, item.high) for value in side or ()]
    if not any(clean(value) is not None for value in bounds):
        return nothing(title, unit)
    low, high = value_range(bounds, zero=True)
    plane = _Plane(len(labels), low, high)
    parts = [] if bars else [_curve(item, f"s{index % 6}", plane) for index, item in enumerate(series)]
    if bars:
        parts = [_columns(item, index, len(series), plane) for index, item in enumerate(series)]
    parts.insert(0 if not bars else len(parts), f'<path class="zero" d="M0 {tenth(plane.down(0.0))}h{WIDTH}"/>')
    tips = [_tip(label, place, series, unit) for place, label in enumerate(labels)]
    drawing = svg("".join(parts), label=_label(title, unit, tips, series), height=_HEIGHT)
    plot = (
        f'<div class="plot" tabindex="0" style="height:{_HEIGHT}px" data-kind="places" '
        f'data-tips="{text(msgspec.json.encode(tips).decode())}">{drawing}</div>'
    )
    x = thin([((place + 0.5) / len(labels), label) for place, label in enumerate(labels)])
    head = caption(title, unit, legend(series, mark="block" if bars else "line"))
    return f'<figure class="chart">{head}{frame(plot, y=value_labels(low, high, 5), x=x)}</figure>'


def _curve(item: Series, colour: str, plane: _Plane) -> str:
    runs: list[list[Point]] = [[]]
    for place, raw in enumerate(item.values):
        value = clean(raw)
        if value is None:
            runs.append([])
        else:
            runs[-1].append((plane.across(place), plane.down(value)))
    lines = [run for run in runs if run]
    few = item.style == "dots" or len(item.values) <= _FEW
    dots = runs_path([[point] for run in lines for point in run if few or len(run) == 1])
    line = (
        ""
        if item.style == "dots"
        else f'<path class="line {colour}" d="{runs_path([r for r in lines if len(r) > 1])}"/>'
    )
    dotted = f'<path class="dots {colour}" d="{dots}"/>' if dots else ""
    return _bounds(item, colour, plane) + line + dotted


def _bounds(item: Series, colour: str, plane: _Plane) -> str:
    """The band of a curve, and a whisker where a place has no neighbour to make a band with."""
    if item.low is None or item.high is None:
        return ""
    runs: list[list[tuple[Point, Point]]] = [[]]
    for place, (raw_low, raw_high, value) in enumerate(zip(item.low, item.high, item.values, strict=True)):
        low, high = clean(raw_low), clean(raw_high)
        if low is None or high is None or clean(value) is None:
            runs.append([])
        else:
            x = plane.across(place)
            runs[-1].append(((x, plane.down(high)), (x, plane.down(low))))
    parts = []
    for run in (run for run in runs if run):
        if len(run) > 1:
            parts.append(f'<path class="band {colour}" d="{area_path([a for a, _ in run], [b for _, b in run])}"/>')
        else:
            parts.append(f'<path class="whisker {colour}" d="{runs_path([list(run[0])])}"/>')
    return "".join(parts)


def _columns(item: Series, index: int, of: int, plane: _Plane) -> str:
    width = min(WIDTH / plane.places * 0.76, _WIDEST * of) / of
    zero, out = plane.down(0.0), []
    for place, raw in enumerate(item.values):
        value = clean(raw)
        if value is None:
            continue
        left = plane.across(place) + (index - of / 2) * width
        height = plane.down(value) - zero
        if value and abs(height) < 1:
            height = -1.0 if value > 0 else 1.0
        out.append(
            f"M{tenth(left + width * 0.06)} {tenth(zero)}h{tenth(width * 0.88)}v{tenth(height)}h{tenth(-width * 0.88)}z"
        )
    bars = f'<path class="block s{index % 6}" d="{"".join(out)}"/>'
    if item.low is None or item.high is None:
        return bars
    whiskers = [
        [(x, plane.down(low)), (x, plane.down(high))]
        for place, (low, high) in enumerate(zip(map(clean, item.low), map(clean, item.high), strict=True))
        for x in (plane.across(place) + (index + 0.5 - of / 2) * width,)
        if low is not None and high is not None
    ]
    return bars + f'<path class="whisker" d="{runs_path(whiskers)}"/>'


def _label(title: str, unit: str, tips: Sequence[str], series: Sequence[Series]) -> str:
    if len(tips) <= _FEW:
        return f"{title}. " + "; ".join(tip.replace("\n", ", ") for tip in tips)
    known = [value for item in series for value in map(clean, item.values) if value is not None]
    bounds = f"{number(min(known))} to {number(max(known))} {unit}".rstrip() if known else "bounds only"
    return f"{title}: {len(tips)} places, {bounds}"


def _tip(label: str, place: int, series: Sequence[Series], unit: str) -> str:
    """What is read out where a place is pointed at: its name, then a line a series."""
    out = [label]
    for item in series:
        value = clean(item.values[place])
        line = f"{item.name}: {number(value, signed=True)}" + (f" {unit}" if unit and value is not None else "")
        if value is not None and item.low is not None and item.high is not None:
            bounds = interval(clean(item.low[place]), clean(item.high[place]))
            line += f" ({bounds})" if bounds != "\N{EM DASH}" else ""
        out.append(line)
    return "\n".join(out)
