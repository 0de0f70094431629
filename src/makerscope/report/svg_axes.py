"""Axes: round ticks, their texts, and which texts have room on which width of screen.

A chart is stretched to the width it finds, its texts are not. So a label's place is a fraction of the axis, and how
many labels have room depends on the width: each label is kept for all widths, for all but phones, or for wide charts.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from math import ceil, floor, isfinite, log10

import msgspec

from makerscope.report.numbers import fixed, number

LARGEST = 1e300  # so that the length of an axis stays finite
LEAST = 1e-290  # so that it stays a number that can be divided by
_SIZE = 11.5  # CSS pixels of axis labels, see style.css
_THIN, _BROAD = frozenset(" .,:;|!'()[]ijlI"), frozenset("MWmw%@\N{MINUS SIGN}\N{EM DASH}")
_WIDTHS = (540.0, 355.0, 190.0)  # least pixels of an axis in a wide, a middling and a narrow chart
_SECOND = 1_000_000_000
_DAY = 86_400 * _SECOND
_STEPS = (
    *(10**power * first for power in range(9) for first in (1, 2, 5)),
    *(_SECOND * n for n in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)),
    *(_DAY * n for n in (1, 2, 4, 7, 14)),
)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600)


class Label(msgspec.Struct, frozen=True):
    """A text at a fraction of the axis; ``room`` is ``""`` (always), ``a`` (not when narrow), ``b`` (when wide)."""

    at: float
    text: str
    room: str = ""


def width_of(text: str) -> float:
    """Width of a text in em, in a broad sans serif, so that it is rather too large than too small.

    Examples:
        >>> width_of("10:30"), width_of("WWW")
        (3.0, 3.0)
    """
    return round(
        sum(
            0.36 if c in _THIN else 1.0 if c in _BROAD or c > "\u2fff" else 0.76 if c.isupper() else 0.66 for c in text
        ),
        2,
    )


def clean(value: float | None) -> float | None:
    """A number that can be drawn, or None."""
    if value is None or not isfinite(value):
        return None
    return 0.0 if abs(value) < LEAST else max(-LARGEST, min(LARGEST, float(value)))


def value_range(values: Sequence[float | None], *, zero: bool) -> tuple[float, float]:
    """Ends of a value axis: all values with a little air, the zero if wanted; never empty.

    Examples:
        >>> value_range([2.0, None, 4.0], zero=True)
        (0.0, 4.2)
        >>> value_range([], zero=False)
        (-1.1, 1.1)
    """
    known = [value for value in map(clean, values) if value is not None]
    low, high = (min(known), max(known)) if known else (-1.0, 1.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    size = max(abs(low), abs(high))
    if high - low <= size * 1e-12 or high - low < 1e-290:
        air = size * 0.1 or 1.0
        return low - air, high + air
    air = (high - low) * 0.05
    return (low if zero and low == 0.0 else low - air), (high if zero and high == 0.0 else high + air)


def value_ticks(low: float, high: float, most: int) -> tuple[float, ...]:
    """At most ``most`` multiples of 1, 2 or 5 times a power of ten inside the axis.

    Examples:
        >>> value_ticks(-24.7, 1.2, 4)
        (-20.0, -10.0, 0.0)
    """
    rough = (high - low) / max(1, most)
    power = floor(log10(rough))
    for factor in (1.0, 2.0, 5.0, 10.0, 20.0):
        step = factor * 10.0**power
        first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
        if last - first + 1 <= most:
            return tuple(_product(index, factor, power) for index in range(first, last + 1))
    return ()


def _product(index: int, factor: float, power: int) -> float:
    """``index * factor * 10**power`` rounded once, so that a tick reads 0.3 and not 0.30000000000000004."""
    return index * factor * 10.0**power if power >= 0 else index * factor / 10.0**-power


def value_texts(ticks: Sequence[float]) -> tuple[str, ...]:
    """The texts of ticks: all with the same decimals and the same suffix.

    Examples:
        >>> value_texts((-20.0, -10.0, 0.0)), value_texts((0.0, 25_000.0, 50_000.0)), value_texts((61234.5, 61235.0))
        (('−20', '−10', '0'), ('0', '25k', '50k'), ('61,234.5', '61,235.0'))
    """
    if not ticks:
        return ()
    largest = max(abs(tick) for tick in ticks)
    step = min((b - a for a, b in pairwise(ticks)), default=largest) or 1.0
    if largest >= 1e15 or (0 < largest < 1e-5):
        digits = max(1, min(15, ceil(log10(largest / step) - 1e-9) + 1))
        return tuple(number(tick, digits) for tick in ticks)
    for scale, suffix in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if largest >= 10 * scale or largest >= scale > 1e3:
            places = _places(step / scale)
            if places > (0 if suffix == "k" else 2):
                break
            return tuple(fixed(tick / scale, places) + suffix if tick else "0" for tick in ticks)
    places = _places(step)
    return tuple(fixed(tick, places) for tick in ticks)


def _places(step: float) -> int:
    return next((places for places in range(15) if abs(round(step, places) - step) <= 1e-6 * step), 15)


def value_labels(low: float, high: float, most: int) -> tuple[Label, ...]:
    """Labels of a value axis; 0 is its low end."""
    ticks = value_ticks(low, high, most)
    return tuple(Label((tick - low) / (high - low), text) for tick, text in zip(ticks, value_texts(ticks), strict=True))


def time_ticks(start: int, end: int, most: int) -> tuple[tuple[int, str], ...]:
    """At most ``most`` round moments (UTC) from ``start`` to ``end`` in ns, with their texts.

    Examples:
        >>> [text for _, text in time_ticks(1_760_130_900_000_000_000, 1_760_134_500_000_000_000, 6)]
        ['21:20', '21:30', '21:40', '21:50', '22:00', '22:10']
    """
    if end <= start:
        return ((start, _moment(start, _SECOND)),)
    for step in _STEPS:
        first = -(-start // step)
        if end // step - first + 1 <= most:
            ticks = tuple((tick * step, _moment(tick * step, step)) for tick in range(first, end // step + 1))
            return ticks or ((start, _moment(start, step)),)
    for months in _MONTHS:
        ticks = _month_starts(start, end, months)
        if len(ticks) <= most:
            return ticks or ((start, _moment(start, _DAY)),)
    return ((start, _moment(start, _DAY)),)


def _month_starts(start: int, end: int, months: int) -> tuple[tuple[int, str], ...]:
    first, last = (datetime.fromtimestamp(ns // _SECOND, UTC) for ns in (start, end))
    found = []
    for index in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        moment = datetime(index // 12, index % 12 + 1, 1, tzinfo=UTC)
        ns = int(moment.timestamp()) * _SECOND
        if index % months == 0 and start <= ns <= end:
            found.append((ns, moment.strftime("%Y" if months >= 12 else "%b %Y")))
    return tuple(found)


def _moment(ns: int, step: int) -> str:
    moment = datetime.fromtimestamp(ns // _SECOND, UTC)
    if step >= _DAY or (ns % _DAY == 0 and step >= 60 * _SECOND):
        return f"{moment.day} {moment:%b}"
    if step >= 60 * _SECOND:
        return f"{moment:%H:%M}"
    places = max(0, 9 - next((n for n in range(10) if step % 10 ** (n + 1)), 9))
    return f"{moment:%H:%M:%S}" + (f".{ns % _SECOND:09d}"[: places + 1] if places else "")


def time_labels(start: int, end: int) -> tuple[Label, ...]:
    """Labels of an axis of time."""
    ticks = time_ticks(start, end, 8)
    return thin([((tick - start) / (end - start) if end > start else 0.5, text) for tick, text in ticks])


def thin(labels: Sequence[tuple[float, str]]) -> tuple[Label, ...]:
    """Labels that have room: every second, third, ... is kept so that no two ever touch.

    Examples:
        >>> [(label.text, label.room) for label in thin([(i / 8, f"{i} min") for i in range(5)])]
        [('0 min', ''), ('1 min', 'b'), ('2 min', ''), ('3 min', 'b'), ('4 min', '')]
    """
    if not labels:
        return ()
    need = max(width_of(text) for _, text in labels) * _SIZE + 10
    gap = min((b[0] - a[0] for a, b in pairwise(labels)), default=1.0)
    wide, middle, narrow = (max(1, ceil(need / max(gap * width, 1e-9))) for width in _WIDTHS)
    middle = -(-middle // wide) * wide
    narrow = -(-narrow // middle) * middle
    return tuple(
        Label(at, text, "" if index % narrow == 0 else "a" if index % middle == 0 else "b")
        for index, (at, text) in enumerate(labels)
        if index % wide == 0
    )
