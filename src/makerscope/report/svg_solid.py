"""A surface over two axes: a still picture for print, and the numbers with which ``page.js`` turns it on a canvas.

The picture is a parallel projection of a box, painted from the back to the front: exact for heights over a grid, where
no tile can be both before and behind another. A tile with an unknown corner is left open; what else is known of it are
lines and dots. Labels are HTML over the drawing, so that they have one size on every screen.
"""

from collections.abc import Sequence
from math import cos, sin

import msgspec

from makerscope.report.document import Surface
from makerscope.report.numbers import compact, number
from makerscope.report.solid import BOX, VIEW, Solid, data_of, solid_of
from makerscope.report.svg import caption, key, nothing, runs_path, svg, tenth, text
from makerscope.report.svg_axes import width_of
from makerscope.report.svg_heat import level, ramp

_WIDTH, _HEIGHT = 640, 484  # of the still picture, see .still in style.css; room for labels is around it
_SCALE = 176.0  # of a half length of 1 in the still picture
_ROOMS = ((250, ""), (430, "a"), (620, "b"))  # pixels of a narrow, a middling and a wide chart, see style.css
_SIZE = 11.5  # CSS pixels of labels, see style.css
_MOST = (48, 24)  # grid lines of the still picture along x and y; finer ones would only be black

Place = tuple[float, float]  # on the drawing
_Corner = tuple[Place, float]  # of a tile, with its height


class _Label(msgspec.Struct, frozen=True):
    """A text hung at a place of the drawing, ``push`` pixels away; there it begins (0) or ends (1)."""

    at: Place
    push: Place
    align: float
    text: str


def draw_surface(chart: Surface) -> str:
    """The HTML of a ``Surface`` block."""
    solid = solid_of(chart)
    if solid is None:
        return nothing(chart.title, chart.unit)
    low, high = solid.ends[2]
    keys = f'<span class="legend">{_spot_key(chart)}{ramp("h", compact(low), compact(high))}</span>'
    label = (
        f"{chart.title}: {len(chart.y)} by {len(chart.x)} places of {chart.y_name} and {chart.x_name}, "
        f"between {number(low)} and {number(high)} {chart.unit}".rstrip()
    )
    drawing = svg(_walls(solid) + _tiles(solid), label=label, width=_WIDTH, height=_HEIGHT)
    return (
        f'<figure class="chart">{caption(chart.title, chart.unit, keys)}'
        f'<div class="solid" tabindex="0" role="img" aria-label="{text(label)}" '
        f'data-surface="{text(data_of(chart, solid))}">'
        f"{_still(chart, solid, drawing)}</div></figure>"
    )


def _spot_key(chart: Surface) -> str:
    return key("dot s1", "quoted") if chart.spots else ""


def project(x: float, y: float, z: float) -> Place:
    """Place on the still picture of a point given by fractions of the edges.

    Examples:
        >>> [round(value) for value in project(0.5, 0.5, 0.5)]
        [320, 242]
    """
    u, v, w = ((2 * at - 1) * half for at, half in zip((x, y, z), BOX, strict=True))
    yaw, pitch = VIEW
    right, away = u * cos(yaw) - v * sin(yaw), u * sin(yaw) + v * cos(yaw)
    return _WIDTH / 2 + _SCALE * right, _HEIGHT / 2 - _SCALE * (w * cos(pitch) + away * sin(pitch))


def _walls(solid: Solid) -> str:
    """The floor and the two walls behind, ruled at the ticks. Seen as it is, the far walls are at x = 0 and y = 1."""
    x, y, z = ([at for at, _ in ticks] for ticks in solid.ticks)
    ruled = [
        *([(at, 0, 0), (at, 1, 0), (at, 1, 1)] for at in x),
        *([(1, at, 0), (0, at, 0), (0, at, 1)] for at in y),
        *([(1, 1, at), (0, 1, at), (0, 0, at)] for at in z),
    ]
    edges = [
        [(1, 1, 1), (1, 1, 0), (1, 0, 0), (0, 0, 0), (0, 0, 1), (0, 1, 1), (1, 1, 1)],
        [(1, 1, 0), (0, 1, 0), (0, 0, 0)],
        [(0, 1, 0), (0, 1, 1)],
    ]
    paths = (
        (name, runs_path([[project(*point) for point in line] for line in lines]))
        for name, lines in (("rule", ruled), ("rim", edges))
    )
    return "".join(f'<path class="{name}" d="{path}"/>' for name, path in paths)


def _tiles(solid: Solid) -> str:
    """The surface from the back to the front, then the spots with their stems."""
    grid = _grid(solid)
    parts = [_cell(grid, i, j) for i in range(len(grid[0]) - 1) for j in reversed(range(len(grid) - 1))]
    stems = [[project(a, b, c), project(a, b, under)] for a, b, c, under in solid.spots if under is not None]
    dots = [[project(a, b, c)] for a, b, c, _ in solid.spots]
    if stems:
        parts.append(f'<path class="stem" d="{runs_path(stems)}"/>')
    return "".join(parts) + (f'<path class="dots s1 quiet" d="{runs_path(dots)}"/>' if dots else "")


def _grid(solid: Solid) -> list[list[_Corner | None]]:
    """Corners of the drawn tiles; a last row and column of nothing stand for what is beyond either end."""
    columns = _kept(len(solid.x), _MOST[0])
    rows: list[list[_Corner | None]] = []
    for j in _kept(len(solid.y), _MOST[1]):
        row = ((i, solid.z[j][i]) for i in columns)
        rows.append([z if z is None else (project(solid.x[i], solid.y[j], z), z) for i, z in row] + [None])
    return [*rows, [None] * (len(columns) + 1)]


def _corners(grid: Sequence[Sequence[_Corner | None]], i: int, j: int) -> list[_Corner | None]:
    return [grid[j][i], grid[j][i + 1], grid[j + 1][i + 1], grid[j + 1][i]]


def _cell(grid: Sequence[Sequence[_Corner | None]], i: int, j: int) -> str:
    """A tile if its corners are known; else the edges that belong to no tile, or a dot that has no neighbour."""
    corners = _corners(grid, i, j)
    known = [corner for corner in corners if corner is not None]
    if len(known) == 4:
        shade = level(sum(value for _, value in known) / 4, 0.0, 1.0)
        return f'<path class="tile h{shade}" d="{runs_path([[at for at, _ in known]])}z"/>'
    here, right, _, behind = corners
    if here is None:
        return ""
    others = ((right, _corners(grid, i, j - 1)), (behind, _corners(grid, i - 1, j)))
    loose = [[here[0], other[0]] for other, beside in others if other is not None and None in beside]
    if loose:
        return f'<path class="mesh" d="{runs_path(loose)}"/>'
    alone = not any((right, behind, grid[j][i - 1], grid[j - 1][i]))
    return f'<path class="dots h8 quiet" d="{runs_path([[here[0]]])}"/>' if alone else ""


def _kept(size: int, most: int) -> list[int]:
    """Evenly chosen grid lines with the first and the last."""
    count = min(size, most)
    return [index * (size - 1) // max(1, count - 1) for index in range(count)]


def _still(chart: Surface, solid: Solid, drawing: str) -> str:
    """The picture between its ticks, with the names of the two floor edges under it."""
    x, y, z = solid.ticks
    left = max((width_of(name) for _, name in (*x, *z)), default=0.0)
    right = max((width_of(name) for _, name in y), default=0.0)
    names = f"<span>{text(chart.x_name)}</span><span>{text(chart.y_name)}</span>"
    return (
        f'<div class="still" style="margin-left:{left + 1:.1f}em;margin-right:{right + 1:.1f}em">{drawing}'
        f'{_labels(solid, (left + right + 2) * _SIZE)}</div><p class="names" aria-hidden="true">{names}</p>'
    )


def _labels(solid: Solid, beside: float) -> str:
    """Ticks of the edges, each for the widths on which it touches no other; ``beside`` is the room left for them."""
    x, y, z = solid.ticks
    labels = [
        *(_Label(project(0, 0, at), (-7, -7), 1.0, name) for at, name in z),
        *(_Label(project(at, 0, 0), (-4, 3), 1.0, name) for at, name in x),
        *(_Label(project(1, at, 0), (5, 3), 0.0, name) for at, name in y),
    ]
    rooms: dict[int, str] = {}
    for chart, room in _ROOMS:
        width = chart - beside
        boxes = [_box(labels[index], width) for index in rooms]
        for index, label in enumerate(labels):
            box = _box(label, width)
            if index not in rooms and not any(_touch(box, other) for other in boxes):
                rooms[index] = room
                boxes.append(box)
    return "".join(_label(labels[index], rooms[index]) for index in sorted(rooms))


def _box(label: _Label, width: float) -> tuple[float, float, float, float]:
    """Left, top, right and bottom in pixels of a label in a picture of a width, a little larger than it is."""
    wide = width_of(label.text) * _SIZE
    left = label.at[0] * width / _WIDTH + label.push[0] - label.align * wide
    top = label.at[1] * width / _WIDTH + label.push[1]
    return left - 3, top, left + wide + 3, top + 14


def _touch(a: Sequence[float], b: Sequence[float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _label(label: _Label, room: str) -> str:
    named = f' class="{room}"' if room else ""
    return (
        f'<span{named} aria-hidden="true" style="left:{tenth(100 * label.at[0] / _WIDTH)}%;'
        f"top:{tenth(100 * label.at[1] / _HEIGHT)}%;translate:{tenth(label.push[0])}px {tenth(label.push[1])}px;"
        f'transform:translate({tenth(-100 * label.align)}%)">{text(label.text)}</span>'
    )
