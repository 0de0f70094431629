"""Colour over time and names: heat maps and uptime strips. Unknown cells stay hatched, never the colour of zero.

Cells of one colour are one path in a grid of whole numbers, so that ten thousand cells cost little.
"""

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from makerscope.report.document import Heatmap, Number, Strip
from makerscope.report.numbers import compact, fixed, percent, places_for, utc
from makerscope.report.svg import caption, frame, nothing, svg, text
from makerscope.report.svg_axes import Label, clean, thin, time_labels

_COLUMNS = 180  # most columns drawn; finer buckets are averaged
_LEVELS = 9
_TOLD = 10  # most columns with values in their cells: on a phone each has 25 pixels
_PLACES = 3  # most decimals of a value in a cell
_COMPACT = 10_000.0  # from here on values in cells are written like 12k


def draw_heatmap(chart: Heatmap) -> str:
    """The HTML of a ``Heatmap`` block."""
    start, width, rows = grid(chart.times_ns, chart.values) if chart.times_ns else (0, 0, chart.values)
    columns = max((len(row) for row in rows), default=0)
    known = [value for row in rows for value in map(clean, row) if value is not None]
    if not known or not columns:
        return nothing(chart.title, chart.unit)
    low, high = min(known), max(known)
    if chart.diverging:
        low, high = -max(abs(low), abs(high)), max(abs(low), abs(high))
    name = "d" if chart.diverging else "h"
    label = f"{chart.title}: {len(chart.y_labels)} rows, {compact(min(known))} to {compact(max(known))} {chart.unit}"
    drawing = svg(_cells(rows, low, high, name), label=label, height=len(rows), width=columns)
    told = chart.show_values and columns <= _TOLD
    tall = max(16 if told else 8, min(26 if told else 22, 420 // len(rows)))
    every = -(-13 // tall)
    y = [Label(1 - (i + 0.5) / len(rows), name, "") for i, name in enumerate(chart.y_labels) if i % every == 0]
    data = _times(start, width) if chart.times_ns else f'data-x="{_json(list(chart.x_labels))}"'
    plot = (
        f'<div class="plot heat" tabindex="0" style="height:{tall * len(rows)}px" data-kind="heat" '
        f'data-columns="{columns}" {data} data-y="{_json(list(chart.y_labels))}" '
        f'data-values="{_values(rows)}" data-unit="{text(chart.unit)}">'
        f"{drawing}{_told(rows, columns) if told else ''}</div>"
    )
    x = (
        time_labels(start, start + width * columns)
        if chart.times_ns
        else thin([((i + 0.5) / columns, label) for i, label in enumerate(chart.x_labels)])
    )
    short = _whole if all(value.is_integer() and abs(value) < _COMPACT for value in known) else compact
    key = f'<span class="legend">{ramp(name, short(low), short(high))}</span>'
    body = frame(plot, y=y, x=x, grid=False, ticks=bool(chart.times_ns))
    return f'<figure class="chart{" told" if told else ""}">{caption(chart.title, chart.unit, key)}{body}</figure>'


def ramp(name: str, low: str, high: str) -> str:
    """What the nine colours of ``name`` (``h`` or ``d``) mean, from the least to the greatest value."""
    colours = "".join(f'<i class="{name}{step}"></i>' for step in range(_LEVELS))
    return f'<span class="ramp">{text(low)}{colours}{text(high)}</span>'


def _told(rows: Sequence[Sequence[Number]], columns: int) -> str:
    """The values themselves over their cells, all with the same decimals."""
    known = [abs(value) for row in rows for value in map(clean, row) if value is not None]
    whole = all(value.is_integer() for value in known)
    places = places_for(max(known)) if max(known) > 0 and not whole else 0
    short = places <= _PLACES and max(known) < _COMPACT
    words = (
        "" if value is None else fixed(value, places) if short else compact(value, 2)
        for row in rows
        for value in map(clean, row)
    )
    return f'<div class="nums" style="--n:{columns}">{"".join(f"<b>{word}</b>" for word in words)}</div>'


def _whole(value: float) -> str:
    return fixed(value, 0)


def draw_strip(chart: Strip) -> str:
    """The HTML of a ``Strip`` block: darker is more, hatched is an outage."""
    if not any(clean(value) is not None for value in chart.values):
        return nothing(chart.title, "")
    start, width, rows = grid(chart.times_ns, (chart.values,))
    columns = len(rows[0])
    known = [value for value in map(clean, chart.values) if value is not None]
    mean = percent(sum(known) / len(known))
    drawing = svg(_cells(rows, 0.0, 1.0, "h"), label=f"{chart.title}: {mean} on average", height=1, width=columns)
    plot = (
        f'<div class="plot heat strip" tabindex="0" data-kind="heat" data-columns="{columns}" {_times(start, width)} '
        f'data-y="{_json([""])}" data-values="{_values(rows, 100)}" data-share="1">{drawing}</div>'
    )
    hatched = '<span><i class="key hatch"></i>not recorded</span>' if any(value is None for value in rows[0]) else ""
    key = f'<span class="legend"><span><i class="key block h8"></i>darker is more</span>{hatched}</span>'
    body = frame(plot, y=(), x=time_labels(start, start + width * columns), grid=False)
    return f'<figure class="chart">{caption(chart.title, "", key)}{body}</figure>'


def grid(times: Sequence[int], values: Sequence[Sequence[Number]]) -> tuple[int, int, tuple[tuple[Number, ...], ...]]:
    """Start, width (ns) and cells of equal columns; buckets that are absent are unknown, too many are averaged.

    Examples:
        >>> grid([0, 10, 30], [[1.0, 0.5, 0.0]])
        (0, 10, ((1.0, 0.5, None, 0.0),))
    """
    gaps = [later - earlier for earlier, later in pairwise(times) if later > earlier]
    width = min(gaps, default=1_000_000_000)
    columns = (times[-1] - times[0]) // width + 1
    join = -(-columns // _COLUMNS)
    rows = []
    for row in values:
        cells: list[list[float]] = [[] for _ in range(-(-columns // join))]
        for ns, raw in zip(times, row, strict=True):
            value = clean(raw)
            if value is not None:
                cells[(ns - times[0]) // width // join].append(value)
        rows.append(tuple(sum(cell) / len(cell) if cell else None for cell in cells))
    return times[0], width * join, tuple(rows)


def level(value: float, low: float, high: float) -> int:
    """Which of nine colours a value has.

    Examples:
        >>> level(0.0, 0.0, 1.0), level(0.5, 0.0, 1.0), level(1.0, 0.0, 1.0)
        (0, 4, 8)
    """
    return round((_LEVELS - 1) * (value - low) / (high - low)) if high > low else _LEVELS // 2


def _cells(rows: Sequence[Sequence[Number]], low: float, high: float, name: str) -> str:
    """One path a colour; neighbours of one colour are one rectangle."""
    paths: dict[int, list[str]] = {}
    for y, row in enumerate(rows):
        shades = [None if clean(value) is None else level(float(value or 0.0), low, high) for value in row]
        x = 0
        while x < len(shades):
            end = x + 1
            while end < len(shades) and shades[end] == shades[x]:
                end += 1
            shade = shades[x]
            if shade is not None:
                paths.setdefault(shade, []).append(f"M{x} {y}h{end - x}v1h{x - end}z")
            x = end
    return "".join(f'<path class="{name}{shade}" d="{"".join(paths[shade])}"/>' for shade in sorted(paths))


def _values(rows: Sequence[Sequence[Number]], times: float = 1.0) -> str:
    known = (clean(value) for row in rows for value in row)
    return ",".join("" if value is None else f"{value * times:.3g}" for value in known)


def _times(start: int, width: int) -> str:
    return f'data-start="{start / 1e6:.3f}" data-width="{width / 1e6:g}" data-from="{utc(start)}"'


def _json(value: list[str]) -> str:
    return text(msgspec.json.encode(value).decode())
