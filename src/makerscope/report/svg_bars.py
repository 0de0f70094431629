"""Horizontal bars from a common zero: the waterfall of an identity, and plain bars. Each number is beside its bar."""

from collections.abc import Sequence

from makerscope.report.document import Bars, Leg, Series, Waterfall
from makerscope.report.numbers import fixed, interval, number, places_for
from makerscope.report.svg import WIDTH, caption, legend, nothing, tenth, text
from makerscope.report.svg_axes import clean

_ROW = 24  # height of the drawing of a bar


def draw_waterfall(chart: Waterfall) -> str:
    """The HTML of a ``Waterfall`` block: one row a leg, all on one scale."""
    if not chart.legs:
        return nothing("", "", "nothing to split")
    scale = _range([value for leg in chart.legs for value in (leg.value, leg.low, leg.high)])
    rows = "".join(_leg(leg, scale) for leg in chart.legs)
    return f'<figure class="chart bars fall"><ul>{rows}</ul></figure>'


def _leg(leg: Leg, scale: tuple[float, float]) -> str:
    value = clean(leg.value)
    name = f'<span class="n">{text(leg.label)}</span>'
    if value is None:
        why = text(leg.note or "not measurable")
        unknown = f'<span class="why">{why}</span><span class="v">{text(leg.text)}</span>'
        return f'<li class="{leg.kind} unknown">{name}{unknown}</li>'
    shape = "total" if leg.kind == "total" else "rest" if leg.kind == "residual" else "pos" if value >= 0 else "neg"
    known = clean(leg.low) is not None and clean(leg.high) is not None
    tip = f' title="interval {text(interval(leg.low, leg.high))}"' if known else ""
    note = f'<span class="why">{text(leg.note)}</span>' if leg.note else ""
    return (
        f'<li class="{leg.kind}"{tip}>{name}{_bar(value, leg.low, leg.high, shape, scale)}'
        f'<span class="v">{text(leg.text)}</span>{note}</li>'
    )


def draw_bars(chart: Bars) -> str:
    """The HTML of a horizontal ``Bars`` block: one group a label, one bar a series."""
    bounds = [value for item in chart.series for side in (item.values, item.low, item.high) for value in side or ()]
    if not any(clean(value) is not None for value in bounds):
        return nothing(chart.title, chart.unit)
    scale = _range(bounds)
    places = places_for(max(abs(end) for end in scale))
    rows = "".join(
        f'<li><span class="n">{text(label)}</span><span class="group">'
        f"{''.join(_value(item, place, index, scale, places) for index, item in enumerate(chart.series))}</span></li>"
        for place, label in enumerate(chart.labels)
    )
    head = caption(chart.title, chart.unit, legend(chart.series, mark="block"))
    return f'<figure class="chart bars">{head}<ul>{rows}</ul></figure>'


def _value(item: Series, place: int, index: int, scale: tuple[float, float], places: int) -> str:
    value = clean(item.values[place])
    low = item.low[place] if item.low else None
    high = item.high[place] if item.high else None
    if value is None:
        return '<span class="bar"></span><span class="v">\N{EM DASH}</span>'
    signed = scale[0] < 0
    read = fixed(value, places, signed=signed)
    if value and not read.strip("0.,"):
        read = number(value, signed=signed)
    return f'{_bar(value, low, high, f"s{index % 6}", scale)}<span class="v">{read}</span>'


def _range(values: Sequence[float | None]) -> tuple[float, float]:
    known = [value for value in map(clean, values) if value is not None]
    low, high = min(0.0, *known, 0.0), max(0.0, *known, 0.0)
    return (low, high) if high - low > 1e-290 else (0.0, 1.0)


def _bar(value: float, low: float | None, high: float | None, shape: str, scale: tuple[float, float]) -> str:
    """A bar from zero with its whisker. Something that is not zero is never invisible."""
    room = WIDTH - 8  # so that a cap at the end is not cut off

    def across(of: float) -> float:
        return 4 + room * (of - scale[0]) / (scale[1] - scale[0])

    zero, end = across(0.0), across(value)
    if value and abs(end - zero) < 2:
        end = zero + (2 if value > 0 else -2)
    left, width = min(zero, end), abs(end - zero)
    parts = [f'<path class="{shape}" d="M{tenth(left)} 5h{tenth(width)}v14h{tenth(-width)}z"/>'] if width else []
    parts.append(f'<path class="zero" d="M{tenth(zero)} 0v{_ROW}"/>')
    least, most = clean(low), clean(high)
    if least is not None and most is not None:
        a, b = across(min(least, most)), across(max(least, most))
        parts.append(f'<path class="whisker" d="M{tenth(a)} 8v8m0-4h{tenth(b - a)}m0-4v8"/>')
    drawing = "".join(parts)
    view = f"0 0 {WIDTH} {_ROW}"
    return (
        f'<span class="bar"><svg viewBox="{view}" preserveAspectRatio="none" aria-hidden="true">{drawing}</svg></span>'
    )
