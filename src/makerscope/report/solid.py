"""The numbers of a surface in its box: fractions of its edges, ticks, spots, and what the script needs of them."""

from collections.abc import Iterator, Sequence

import msgspec

from makerscope.report.document import Number, Spot, Surface
from makerscope.report.numbers import number
from makerscope.report.svg_axes import clean, value_labels, value_range, value_texts, value_ticks

BOX = (1.5, 1.0, 0.62)  # half lengths of the x, y and z edges
VIEW = (-0.6, 0.5)  # radians the box is turned (x rises to the right), and how far it is seen from above
_LETTERS = 10  # of the name of a tick

Ends = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]  # least and greatest of each axis


class Solid(msgspec.Struct, frozen=True):
    """A surface in its box: places and heights as fractions of the edges, texts of the ticks."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    z: tuple[tuple[Number, ...], ...]
    spots: tuple[tuple[float, float, float, Number], ...]  # x, y, z, and z of the surface there
    ticks: tuple[tuple[tuple[float, str], ...], ...]  # of each edge
    ends: Ends


def solid_of(chart: Surface) -> Solid | None:
    """A surface in its box, which holds its spots too; None where no height is known.

    Examples:
        >>> solid_of(Surface("s", (1.0, 2.0), (0.0,), ((3.0, None),), y_labels=("7 d",))).y
        (0.5,)
        >>> solid_of(Surface("s", (1.0,), (0.0,), ((None,),))) is None
        True
    """
    known = [value for row in chart.z for value in map(clean, row) if value is not None]
    if not known:
        return None
    ends = (
        _ends([*chart.x, *(spot.x for spot in chart.spots)]),
        _ends([*chart.y, *(spot.y for spot in chart.spots)]),
        value_range([*known, *(spot.z for spot in chart.spots)], zero=False),
    )
    z = tuple(tuple(_fraction(clean(value), *ends[2]) for value in row) for row in chart.z)
    x, y = _fractions(chart.x, ends[0]), _fractions(chart.y, ends[1])
    heights = tuple((label.at, label.text) for label in value_labels(*ends[2], 5))
    ticks = (_ticks(chart.x_labels, x, ends[0]), _ticks(chart.y_labels, y, ends[1]), heights)
    return Solid(x, y, z, tuple(_spots(chart.spots, x, y, z, ends)), ticks, ends)


def _ends(places: Sequence[float]) -> tuple[float, float]:
    low, high = min(places), max(places)
    return (low, high) if high > low else (low - 1.0, high + 1.0)


def _fraction(value: Number, low: float, high: float) -> Number:
    return None if value is None else round((value / 2 - low / 2) / (high / 2 - low / 2), 4)


def _fractions(places: Sequence[float], ends: tuple[float, float]) -> tuple[float, ...]:
    return tuple(_fraction(place, *ends) or 0.0 for place in places)


def _ticks(labels: Sequence[str], at: Sequence[float], ends: tuple[float, float]) -> tuple[tuple[float, str], ...]:
    """Names of the grid's places, or round numbers where it has none."""
    if labels:
        short = (name if len(name) <= _LETTERS else name[: _LETTERS - 1] + "\N{HORIZONTAL ELLIPSIS}" for name in labels)
        return tuple(zip(at, short, strict=True))
    ticks = value_ticks(*ends, 6)
    return tuple(zip(_fractions(ticks, ends), value_texts(ticks), strict=True))


def _spots(
    spots: Sequence[Spot],
    x: Sequence[float],
    y: Sequence[float],
    z: Sequence[Sequence[Number]],
    ends: Ends,
) -> Iterator[tuple[float, float, float, Number]]:
    for spot in spots:
        across, along, up = (
            _fraction(clean(value), *end) for value, end in zip((spot.x, spot.y, spot.z), ends, strict=True)
        )
        if across is not None and along is not None and up is not None:
            yield across, along, up, height(x, y, z, across, along)


def height(
    x: Sequence[float], y: Sequence[float], z: Sequence[Sequence[Number]], across: float, along: float
) -> Number:
    """Height of a surface between its grid points, linear along each axis; None outside it and where it is open.

    Examples:
        >>> height((0.0, 1.0), (0.0, 1.0), ((0.0, 1.0), (2.0, 3.0)), 0.5, 0.5)
        1.5
        >>> height((0.0, 1.0), (0.0,), ((0.0, None),), 0.0, 0.0), height((0.0, 1.0), (0.0,), ((0.0, 1.0),), 2.0, 0.0)
        (0.0, None)
    """
    total = 0.0
    for row, share in _between(y, along):
        for column, part in _between(x, across):
            value = z[row][column]
            if value is None:
                return None
            total += share * part * value
    return total if _between(x, across) and _between(y, along) else None


def _between(places: Sequence[float], at: float) -> list[tuple[int, float]]:
    """The places beside a point with their weights; nothing outside, one place where the point is on it."""
    for index, place in enumerate(places):
        if place == at:
            return [(index, 1.0)]
        if place > at:
            if index == 0:
                return []
            share = (at - places[index - 1]) / (place - places[index - 1])
            return [(index - 1, 1.0 - share), (index, share)]
    return []


def data_of(chart: Surface, solid: Solid) -> str:
    """What the script needs: fractions to draw, and the ends of the axes and names of the places to read out."""
    data = {
        "box": BOX,
        "view": VIEW,
        "x": solid.x,
        "y": solid.y,
        "z": solid.z,
        "spots": solid.spots,
        "ticks": solid.ticks,
        "ends": solid.ends,
        "names": (chart.x_name, chart.y_name, chart.unit),
        "xt": chart.x_labels or [number(place) for place in chart.x],
        "yt": chart.y_labels or [number(place) for place in chart.y],
    }
    return msgspec.json.encode(data).decode()
