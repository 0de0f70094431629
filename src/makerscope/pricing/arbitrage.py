"""Certificate: no butterfly and no calendar arbitrage anywhere on a surface, or where and how much.

Between two far points the functions are searched on a grid that is fine wherever they turn (around each slice's ``m``
on its scale ``sigma``, around the money on the scale of the standard deviation), each local minimum is narrowed, and
each negative stretch is named. Beyond the far points they are bounded by hand, from the slopes of the wings: the
points are moved out until the bounds hold. Inequalities on parameters alone are not used: they do not suffice.

Checked are the slices, mixtures of two slices as ``surface`` interpolates them, and the continuation past the last.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from makerscope.kernels import svi as kernels
from makerscope.pricing.surface import Surface
from makerscope.pricing.svi import Floats

FARTHEST = 1e6  # log-moneyness
_POINTS = 700  # of each of the grid's three parts
_BUTTERFLY, _CALENDAR = 0, 1
_SHARES = tuple(i / 8 for i in range(1, 8))
_BEYOND = (1.25, 1.5, 2.0, 4.0)  # expiries past the last, as multiples


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A stretch of strikes at one expiry where an arbitrage stands.

    Args:
        kind: ``butterfly``: ``g`` is negative; ``calendar``: total variance falls from the expiry before to this one;
            ``wing``: the bound of the far wing fails, so that one of them is negative beyond every strike looked at.
        expiry: years of 365 days.
        low: lowest log-moneyness of the stretch; minus infinity if it never ends.
        high: highest; infinity if it never ends.
        k: log-moneyness of the worst; of a stretch without end, a place six standard deviations or more from the money.
        size: how far below zero there: of ``g`` (no unit) or of total variance.
    """

    kind: Literal["butterfly", "calendar", "wing"]
    expiry: float
    low: float
    high: float
    k: float
    size: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What was looked at and found.

    Args:
        violations: all of them, by expiry.
        least_g: ``g`` is nowhere below this: the smallest found between the far points, or the bound beyond them.
        least_gap: likewise of the increase of total variance from one slice to the next; infinity for one slice.
        checked: points looked at, before local searches.
    """

    violations: tuple[Violation, ...]
    least_g: float
    least_gap: float
    checked: int

    @property
    def free(self) -> bool:
        """Whether there is no arbitrage."""
        return not self.violations


def certify(surface: Surface) -> Certificate:
    """Search a whole surface for butterfly and calendar arbitrage.

    Examples:
        >>> from makerscope.pricing.surface import surface_of
        >>> from makerscope.pricing.svi import RawSvi
        >>> vogt = RawSvi(a=-0.0410, b=0.1331, rho=0.3060, m=0.3586, sigma=0.4153)
        >>> [found] = [v for v in certify(surface_of([1.0], [vogt])).violations if v.expiry == 1.0]
        >>> found.kind, round(found.low, 4), round(found.k, 4), round(found.high, 4), round(found.size, 4)
        ('butterfly', 0.6424, 0.8793, 1.2569, 0.0329)
    """
    slices, when = surface.parameters, surface.expiries.tolist()
    plan = [_butterfly(when[i], slices[i], slices[i], 0.0, 0.0) for i in range(len(when))]
    for i in range(len(when) - 1):
        span = when[i + 1] - when[i]
        plan += [_butterfly(when[i] + share * span, slices[i], slices[i + 1], share, 0.0) for share in _SHARES]
    at_money = _variance(slices[-1], 0.0)
    plan += [_butterfly(when[-1] * x, slices[-1], slices[-1], 0.0, at_money * (x - 1.0)) for x in _BEYOND]
    steps = [_calendar(when[i + 1], slices[i], slices[i + 1]) for i in range(len(when) - 1)]
    bends, gaps = [_searched(task) for task in plan], [_searched(task) for task in steps]
    found = [one for _, more, _ in bends + gaps for one in more]
    return Certificate(
        violations=tuple(sorted(found, key=lambda one: (one.expiry, one.kind, one.low))),
        least_g=float(min(least for least, _, _ in bends)),
        least_gap=float(min((least for least, _, _ in gaps), default=math.inf)),
        checked=sum(size for _, _, size in bends + gaps),
    )


def grid_of(low: Floats, high: Floats, left: float, right: float, points: int = _POINTS) -> Floats:
    """Ascending log-moneyness from ``left`` to ``right``, fine around both turns and the money."""
    parts = [np.array([left, right, 0.0])]
    money = _deviation(low)
    for centre, scale in ((low[3], low[4]), (high[3], high[4]), (0.0, money)):
        ends = math.asinh((left - centre) / scale), math.asinh((right - centre) / scale)
        parts.append(centre + scale * np.sinh(np.linspace(*ends, points)))
    return np.unique(np.clip(np.concatenate(parts), left, right))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """A function that must not be negative at one expiry: its values, its least on a grid, its bound beyond a place."""

    kind: Literal["butterfly", "calendar"]
    expiry: float
    low: Floats
    high: Floats
    value: Callable[[Floats], Floats]
    lowest: Callable[[Floats], tuple[float, float]]
    bound: Callable[[float], float]


def _butterfly(expiry: float, low: Floats, high: Floats, share: float, shift: float) -> _Search:
    def g(k: Floats) -> Floats:
        jets = np.empty((k.size, 3))
        kernels.mixture(k, low, high, share, shift, jets)
        w, slope, bend = jets.T
        with np.errstate(divide="ignore", invalid="ignore"):
            value = (1.0 - 0.5 * k * slope / w) ** 2 - 0.25 * slope**2 * (1.0 / w + 0.25) + 0.5 * bend
        return np.where(w > 0.0, value, -np.inf)

    return _Search(
        kind="butterfly",
        expiry=expiry,
        low=low,
        high=high,
        value=g,
        lowest=lambda grid: kernels.lowest(_BUTTERFLY, low, high, share, shift, grid),
        bound=lambda k: _g_bound(k, low, high, share, shift),
    )


def _calendar(expiry: float, low: Floats, high: Floats) -> _Search:
    def gap(k: Floats) -> Floats:
        row, out = np.zeros(k.size, np.int64), np.empty((2, k.size))
        for i, one in enumerate((low, high)):
            kernels.total_variance(k, one[None, :], row, out[i])
        return out[1] - out[0]

    return _Search(
        kind="calendar",
        expiry=expiry,
        low=low,
        high=high,
        value=gap,
        lowest=lambda grid: kernels.lowest(_CALENDAR, low, high, 0.0, 0.0, grid),
        bound=lambda k: 0.0 if np.array_equal(low, high) else _gap_bound(k, low, high),
    )


def _searched(task: _Search) -> tuple[float, list[Violation], int]:
    """Least value, violations, and how many places were looked at."""
    ends = [_far(task.bound, task.low, task.high, side) for side in (-1.0, 1.0)]
    grid = grid_of(task.low, task.high, ends[0][0], ends[1][0])
    least, place = task.lowest(grid)
    found = _stretches(task, np.unique(np.append(grid, place))) if least < 0.0 else []
    for end, proved in ends:  # a wing that is not proved, unless a stretch without end says so already
        told = any((one.low if end < 0.0 else -one.high) == -math.inf for one in found)
        if not proved and not told:
            size = -task.bound(end)
            found.append(Violation(kind="wing", expiry=task.expiry, low=end, high=end, k=end, size=size))
    least = min([float(least)] + [task.bound(end) for end, proved in ends if proved])
    return least, found, grid.size


def _stretches(task: _Search, grid: Floats) -> list[Violation]:
    """Each run of negative points, its ends narrowed, its worst found."""
    bad = task.value(grid) < 0.0
    edges = np.flatnonzero(np.diff(np.concatenate(([False], bad, [False])).astype(np.int8)))
    found = []
    for first, after in edges.reshape(-1, 2).tolist():
        before, last, nearest = max(first - 1, 0), after - 1, min(after, grid.size - 1)
        low = _edge(task.value, float(grid[before]), float(grid[first]))
        high = _edge(task.value, float(grid[nearest]), float(grid[last]))
        worst, at = task.lowest(grid[before : nearest + 1])
        if max(-low, high) >= FARTHEST:  # a wing without end: tell of a place that a price could reach
            side, inner = (-1.0, high) if -low >= FARTHEST else (1.0, low)
            at = max(side * inner, 0.0) * side + side * 6.0 * _deviation(task.high)
            worst = task.value(np.array([at]))[0]
            low, high = (-math.inf if -low >= FARTHEST else low), (math.inf if high >= FARTHEST else high)
        found.append(Violation(kind=task.kind, expiry=task.expiry, low=low, high=high, k=float(at), size=float(-worst)))
    return found


def _edge(value: Callable[[Floats], Floats], good: float, bad: float) -> float:
    """Where a function turns negative, by halving."""
    for _ in range(60):
        middle = 0.5 * (good + bad)
        good, bad = (good, middle) if value(np.array([middle]))[0] < 0.0 else (middle, bad)
    return float(bad)


def _variance(one: Floats, k: float) -> float:
    a, b, rho, m, sigma = one.tolist()
    return a + b * (rho * (k - m) + math.hypot(k - m, sigma))


def _deviation(one: Floats) -> float:
    return math.sqrt(max(_variance(one, 0.0), 1e-12))


def _far(bound: Callable[[float], float], low: Floats, high: Floats, side: float) -> tuple[float, bool]:
    """The nearest of some far places beyond which a lower bound is not negative, and whether there is one."""
    end = 4.0 * max(abs(low[3]) + low[4], abs(high[3]) + high[4], _deviation(high), 0.25)
    while not bound(side * end) >= 0.0:
        end *= 2.0
        if end > FARTHEST:
            return side * FARTHEST, False
    return side * end, True


def _line(one: Floats, side: float) -> tuple[float, float]:
    """Slope (outwards) and offset of a wing's asymptote: ``w >= offset + slope |k|``."""
    a, b, rho, m, _ = one.tolist()
    slope = b * (1.0 + side * rho)
    return slope, a - side * slope * m


def _g_bound(k: float, low: Floats, high: Floats, share: float, shift: float) -> float:
    """Lower bound of ``g`` at and beyond ``k``, outwards.

    ``w`` is convex, so ``w - k w'`` falls outwards to the offset of the asymptote, ``|w'|`` is at most the wing's
    slope or its value here, and ``w''`` is dropped.
    """
    side = math.copysign(1.0, k)
    jets = np.empty((1, 3))
    kernels.mixture(np.array([k]), low, high, share, shift, jets)
    w, slope, _ = jets[0].tolist()
    lines = _line(low, side), _line(high, side)
    wing, offset = (x + share * (y - x) for x, y in zip(*lines, strict=True))
    offset += shift
    outward = side * slope
    least = w if outward >= 0.0 else offset if wing <= 0.0 else -1.0  # still falling: only a flat wing's limit is known
    if not least > 0.0:
        return -math.inf
    steep = max(wing, abs(outward))
    first = 0.5 + min(offset, 0.0) / (2.0 * least)
    return first * first - 0.25 * steep * steep * (1.0 / least + 0.25) if first > 0.0 else -math.inf


def _gap_bound(k: float, low: Floats, high: Floats) -> float:
    """Lower bound of ``high - low`` at and beyond ``k``, outwards.

    ``high`` lies above its asymptote, ``low`` above its own by less and less.
    """
    side = math.copysign(1.0, k)
    slope1, offset1 = _line(low, side)
    slope2, offset2 = _line(high, side)
    if slope2 < slope1:
        return -math.inf
    x = side * (k - low[3])
    over = low[1] * low[4] ** 2 / (math.hypot(x, low[4]) + x) if x > 0.0 else math.inf
    return offset2 - offset1 + (slope2 - slope1) * abs(k) - over
