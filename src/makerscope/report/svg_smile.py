"""Quotes over strikes: bars from bid to ask, stubs where a side is missing, mids, the fitted line and marks."""

from bisect import bisect_right
from collections.abc import Sequence

import msgspec

from makerscope.report.document import Number, Smile
from makerscope.report.numbers import number
from makerscope.report.svg import WIDTH, Point, caption, frame, key, nothing, runs_path, svg, text
from makerscope.report.svg_axes import clean, thin, value_labels, value_range, value_texts, value_ticks

_STUB = 15.0  # CSS pixels of the stub towards a missing side
_AIR = 0.02  # of the width, left and right of the outermost places
_BEYOND = 0.75  # a bar may widen the axis by this share of what line, mids and marks need


class _Plane(msgspec.Struct, frozen=True):
    """Where a place and a value lie in the drawing; a value beyond the axis lies on its edge."""

    start: float
    end: float
    low: float
    high: float
    height: float

    def share(self, x: float) -> float:
        return _AIR + (1 - 2 * _AIR) * (x - self.start) / (self.end - self.start) if self.end > self.start else 0.5

    def across(self, x: float) -> float:
        return WIDTH * self.share(x)

    def down(self, value: float) -> float:
        inside = max(self.low, min(self.high, value))
        return self.height * (1.0 - (inside - self.low) / (self.high - self.low))


def draw_smile(chart: Smile) -> str:
    """The HTML of a ``Smile`` block."""
    values = [*chart.bid, *chart.ask, *chart.mid, *chart.fit, *(mark.value for mark in chart.marks)]
    if not any(clean(value) is not None for value in values):
        return nothing(chart.title, chart.unit)
    places = [*chart.x, *chart.fit_x, *(mark.x for mark in chart.marks)]
    plane = _Plane(min(places), max(places), *_ends(chart), chart.height)
    tips = _tips(chart)
    drawing = svg(_quotes(chart, plane) + _over(chart, plane), label=_label(chart), height=chart.height)
    plot = (
        f'<div class="plot" tabindex="0" style="height:{chart.height}px" data-kind="places" data-columns="{len(tips)}" '
        f'data-at="{",".join(f"{plane.share(x):.4f}" for x, _ in tips)}" '
        f'data-tips="{text(msgspec.json.encode([words for _, words in tips]).decode())}">{drawing}</div>'
    )
    y = value_labels(plane.low, plane.high, max(3, chart.height // 34))
    return (
        f'<figure class="chart smile">{caption(chart.title, chart.unit, _legend(chart) if chart.legend else "")}'
        f"{frame(plot, y=y, x=_x_labels(plane))}{_x_name(chart)}</figure>"
    )


def _x_name(chart: Smile) -> str:
    return f'<p class="axis">{text(chart.x_name)}</p>' if chart.x_name else ""


def _x_labels(plane: _Plane) -> Sequence:
    ticks = value_ticks(plane.start, plane.end, 7) if plane.end > plane.start else (plane.start,)
    return thin([(plane.share(at), words) for at, words in zip(ticks, value_texts(ticks), strict=True)])


def _ends(chart: Smile) -> tuple[float, float]:
    """Ends of the value axis: all of line, mids and marks, the bars as far as they leave room for those, the stubs."""
    bars = [value for value in map(clean, (*chart.bid, *chart.ask)) if value is not None]
    raw = (*chart.mid, *chart.fit, *(mark.value for mark in chart.marks))
    core = [value for value in map(clean, raw) if value is not None]
    if core and max(core) > min(core):
        room = _BEYOND * (max(core) - min(core))
        bars = [max(min(core) - room, min(max(core) + room, value)) for value in bars]
    low, high = value_range([*core, *bars], zero=False)
    stub = (high - low) * _STUB / chart.height
    sides = [(clean(bid) is None, clean(ask) is None) for bid, ask in zip(chart.bid, chart.ask, strict=True)]
    return low - stub * ((True, False) in sides), high + stub * ((False, True) in sides)


def _quotes(chart: Smile, plane: _Plane) -> str:
    bars: list[list[Point]] = []
    stubs: list[list[Point]] = []
    feet: list[list[Point]] = []
    for place, bid, ask in zip(chart.x, map(clean, chart.bid), map(clean, chart.ask), strict=True):
        x = plane.across(place)
        if bid is not None and ask is not None:
            bars.append([(x, plane.down(bid)), (x, plane.down(ask))])
        elif bid is not None or ask is not None:
            known = plane.down(bid if bid is not None else ask or 0.0)
            away = known + (_STUB if bid is None else -_STUB)
            stubs.append([(x, known), (x, max(0.0, min(plane.height, away)))])
            feet.append([(x, known)])
    parts = (("quote", bars), ("stub", stubs), ("dots foot", feet))
    return "".join(f'<path class="{name}" d="{runs_path(runs)}"/>' for name, runs in parts if runs)


def _over(chart: Smile, plane: _Plane) -> str:
    """The line over the bars, the mids over the line, the marks over all."""
    runs: list[list[Point]] = [[]]
    for x, value in zip(chart.fit_x, map(clean, chart.fit), strict=True):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((plane.across(x), plane.down(value)))
    lines = [run for run in runs if run]
    mids = [
        [(plane.across(x), plane.down(v))]
        for x, v in zip(chart.x, map(clean, chart.mid), strict=False)
        if v is not None
    ]
    marks = [
        [(plane.across(mark.x), plane.down(value))]
        for mark in chart.marks
        for value in (clean(mark.value),)
        if value is not None
    ]
    lone = [run for run in lines if len(run) == 1]
    parts = (("line s1", lines), ("dots s1 quiet", lone), ("dots mid", mids), ("dots alarm", marks))
    return "".join(f'<path class="{name}" d="{runs_path(runs)}"/>' for name, runs in parts if runs)


def _legend(chart: Smile) -> str:
    sides = list(zip(map(clean, chart.bid), map(clean, chart.ask), strict=True))
    keys = (
        ("quote", "bid to ask", any(bid is not None and ask is not None for bid, ask in sides)),
        ("stub", "one side only", any((bid is None) != (ask is None) for bid, ask in sides)),
        ("dot mid", "mid", any(clean(value) is not None for value in chart.mid)),
        ("s1", "fit", any(clean(value) is not None for value in chart.fit)),
        ("dot alarm", "marked", any(clean(mark.value) is not None for mark in chart.marks)),
    )
    return f'<span class="legend">{"".join(key(kind, words) for kind, words, shown in keys if shown)}</span>'


def _tips(chart: Smile) -> list[tuple[float, str]]:
    """What is read out at each place with a quote or a mark, from left to right; without either, along the line."""
    found: dict[float, list[str]] = {}
    mids = chart.mid or (None,) * len(chart.x)
    for x, bid, mid, ask in zip(chart.x, chart.bid, mids, chart.ask, strict=True):
        found[x] = [_line(name, value, chart.unit) for name, value in (("ask", ask), ("mid", mid), ("bid", bid))]
        found[x] += [_line("fit", fitted(chart, x), chart.unit)] if chart.fit else []
    for mark in chart.marks:
        found.setdefault(mark.x, []).append(_line(mark.label or "marked", mark.value, chart.unit))
    if not found:
        found = {x: [_line("fit", value, chart.unit)] for x, value in zip(chart.fit_x, chart.fit, strict=True)}
    return [(x, "\n".join([f"{chart.x_name} {number(x, 5)}".strip(), *lines])) for x, lines in sorted(found.items())]


def _line(name: str, value: Number, unit: str) -> str:
    known = clean(value)
    return f"{name}: {number(known)}" + (f" {unit}" if unit and known is not None else "")


def fitted(chart: Smile, x: float) -> Number:
    """Value of the line at a place, straight between its points; None beyond its ends and in its gaps.

    Examples:
        >>> chart = Smile("x", (), (), (), fit_x=(0.0, 2.0), fit=(1.0, 2.0))
        >>> fitted(chart, 1.0), fitted(chart, 2.0), fitted(chart, 3.0)
        (1.5, 2.0, None)
    """
    after = bisect_right(chart.fit_x, x)
    if after == 0:
        return None
    left = clean(chart.fit[after - 1])
    if chart.fit_x[after - 1] == x or left is None:
        return left
    right = clean(chart.fit[after]) if after < len(chart.fit) else None
    share = (x - chart.fit_x[after - 1]) / (chart.fit_x[after] - chart.fit_x[after - 1]) if right is not None else 0.0
    return None if right is None else left * (1.0 - share) + right * share


def _label(chart: Smile) -> str:
    quotes = [(clean(bid), clean(ask)) for bid, ask in zip(chart.bid, chart.ask, strict=True)]
    whole = sum(bid is not None and ask is not None for bid, ask in quotes)
    half = sum((bid is None) != (ask is None) for bid, ask in quotes)
    known = [value for value in map(clean, (*chart.fit, *chart.mid)) if value is not None]
    ends = f", {number(min(known))} to {number(max(known))} {chart.unit}".rstrip() if known else ""
    marked = f", {len(chart.marks)} marked" if chart.marks else ""
    return f"{chart.title}: {whole} quotes of both sides, {half} of one{marked}{ends}"
