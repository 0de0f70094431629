"""Pieces of drawing that all charts share: escaped text, compact paths, the frame with its axes, thinning of points.

A plot is an SVG that is stretched to its box (strokes are not, see ``style.css``), between labels in HTML. So text has
the same size on a phone and on a wide screen, and no label depends on the width of the drawing.
"""

from collections.abc import Sequence
from html import escape

import msgspec

from makerscope.report.document import Series, Shade
from makerscope.report.svg_axes import Label, width_of
from makerscope.report.words import visible

WIDTH = 800  # of the drawing, stretched to its box
_GUTTER = 3.6  # em, the least room for labels left of a plot: charts below each other begin at one place
_BUCKETS = 160  # a line longer than twice this is thinned: the least and the greatest value of each bucket stay
Point = tuple[float, float]


class Scale(msgspec.Struct, frozen=True):
    """From times and values to places in a drawing; a time axis without length has everything in its middle."""

    start: int
    end: int
    low: float
    high: float
    height: float

    def across(self, ns: int) -> float:
        """Place from the left, whole: finer than a screen's pixel would only be longer."""
        length = self.end - self.start
        return round(WIDTH * (ns - self.start) / length) if length > 0 else WIDTH // 2

    def down(self, value: float) -> float:
        """Place from the top."""
        return self.height * (1.0 - (value - self.low) / (self.high - self.low))


def text(value: object) -> str:
    """Escaped for HTML text and quoted attributes, with nothing invisible left in it.

    Examples:
        >>> text('<b> & "x"')
        '&lt;b&gt; &amp; &quot;x&quot;'
    """
    return escape(visible(value))


def tenth(value: float) -> str:
    """A coordinate with at most one decimal and no needless zero.

    Examples:
        >>> tenth(12.34), tenth(0.5), tenth(-0.04), tenth(7.0)
        ('12.3', '.5', '0', '7')
    """
    return _tenths(round(value * 10))


def _tenths(value: int) -> str:
    whole, rest = divmod(abs(value), 10)
    sign = "-" if value < 0 else ""
    if not rest:
        return f"{sign}{whole}" if whole else "0"
    return f"{sign}{whole or ''}.{rest}"


def runs_path(runs: Sequence[Sequence[Point]], *, step: bool = False) -> str:
    """SVG path of several lines, in relative coordinates of a tenth; a lone point becomes a dot (a line of length 0).

    Examples:
        >>> runs_path([[(0, 0), (10, 5.25)], [(20, 1)]])
        'M0 0l10 5.2m10-4.2h0'
    """
    out: list[str] = []
    x0 = y0 = 0
    for run in runs:
        for index, (x, y) in enumerate(run):
            x1, y1 = round(x * 10), round(y * 10)
            right, down = _tenths(x1 - x0), _tenths(y1 - y0)
            if index == 0:
                out.append(("m" if out else "M") + _pair(right, down))
            elif step:
                out.append(("h" + right if x1 != x0 else "") + ("v" + down if y1 != y0 else ""))
            else:
                out.append("h" + right if y1 == y0 else "l" + _pair(right, down))
            x0, y0 = x1, y1
        if len(run) == 1:
            out.append("h0")
    return "".join(out)


def _pair(right: str, down: str) -> str:
    return right + (down if down[0] == "-" else " " + down)


def area_path(upper: Sequence[Point], lower: Sequence[Point]) -> str:
    """Closed SVG path between two lines of the same direction."""
    return runs_path([[*upper, *reversed(lower)]]) + "z"


def thinned(points: Sequence[tuple[int, float, float]]) -> list[list[Point]]:
    """Runs of points fit to draw: at most about 320 points, first, last and every extreme kept.

    Args:
        points: ``(run, x, y)`` in order; points of different runs are never joined.

    Examples:
        >>> thinned([(0, 1.0, 5.0), (0, 2.0, 6.0), (1, 4.0, 6.0)])
        [[(1.0, 5.0), (2.0, 6.0)], [(4.0, 6.0)]]
    """
    kept = points if len(points) <= 2 * _BUCKETS else _extremes(points)
    runs: list[list[Point]] = []
    last = None
    for run, x, y in kept:
        if run != last:
            runs.append([])
        runs[-1].append((x, y))
        last = run
    return runs


def _extremes(points: Sequence[tuple[int, float, float]]) -> list[tuple[int, float, float]]:
    best: dict[int, list[int]] = {}
    for index, (_, x, y) in enumerate(points):
        bucket = min(_BUCKETS - 1, int(x * _BUCKETS / WIDTH))
        held = best.setdefault(bucket, [index, index])
        if y < points[held[0]][2]:
            held[0] = index
        if y > points[held[1]][2]:
            held[1] = index
    return [points[index] for index in sorted({0, len(points) - 1, *(item for held in best.values() for item in held)})]


def legend(series: Sequence[Series], shades: Sequence[Shade] = (), *, mark: str = "line", more: str = "") -> str:
    """What the colours mean, with ``more`` keys; nothing where there is one series, no shade and no more."""
    parts = []
    if len(series) > 1:
        for index, item in enumerate(series):
            shape = "dot" if item.style == "dots" else mark
            parts.append(f'<span><i class="key {shape} s{index % 6}"></i>{text(item.name)}</span>')
    labels = list(dict.fromkeys(shade.label for shade in shades if shade.label))
    parts += [f'<span><i class="key hatch"></i>{text(label)}</span>' for label in labels]
    parts += [more] if more else []
    return f'<span class="legend">{"".join(parts)}</span>' if parts else ""


def key(kind: str, words: str) -> str:
    """One entry of a legend: a sign of a kind, as in style.css, and what it means."""
    return f'<span><i class="key {kind}"></i>{text(words)}</span>'


def caption(title: str, unit: str, extra: str = "") -> str:
    """Title of a chart with its unit, and a legend to the right."""
    name = f"<b>{text(title)}</b>" if title else ""
    measure = f'<span class="unit">{text(unit)}</span>' if unit else ""
    return f"<figcaption>{name}{measure}{extra}</figcaption>" if name or measure or extra else ""


def y_labels(labels: Sequence[Label]) -> str:
    """Labels left of a plot; their places are fractions from the bottom."""
    return "".join(f'<span style="top:{tenth(100 - 100 * label.at)}%">{text(label.text)}</span>' for label in labels)


def x_labels(labels: Sequence[Label]) -> str:
    """Labels under a plot; their places are fractions from the left."""
    return "".join(
        f'<span{_room(label)} style="left:{tenth(100 * label.at)}%">{text(label.text)}</span>' for label in labels
    )


def _room(label: Label) -> str:
    return f' class="{label.room}"' if label.room else ""


def frame(plot: str, *, y: Sequence[Label], x: Sequence[Label], grid: bool = True, ticks: bool = True) -> str:
    """A plot between its axes. The gutters are as wide as the longest label, so that none is cut off."""
    half = max((width_of(label.text) for label in x), default=0.0) / 2
    left = max(_GUTTER, half, *(width_of(label.text) for label in y))
    lines = "".join(f'<i style="top:{tenth(100 - 100 * label.at)}%"></i>' for label in y) if grid else ""
    return (
        f'<div class="frame" style="--l:{left:.2f}em;--r:{max(half, 1.5):.2f}em">'
        f'<div class="ys" aria-hidden="true">{y_labels(y)}</div>'
        f'<div class="box">{lines}{plot}</div>'
        f'<div class="xs{"" if ticks else " bare"}" aria-hidden="true">{x_labels(x)}</div></div>'
    )


def svg(inner: str, *, label: str, height: float, width: float = WIDTH) -> str:
    """A stretched drawing with a name for those who do not see it."""
    return (
        f'<svg viewBox="0 0 {tenth(width)} {tenth(height)}" preserveAspectRatio="none" role="img">'
        f"<title>{text(label)}</title>{inner}</svg>"
    )


def nothing(title: str, unit: str, why: str = "no values in this recording") -> str:
    """A chart without anything to draw says so."""
    return f'<figure class="chart">{caption(title, unit)}<p class="nothing">{text(why)}</p></figure>'
