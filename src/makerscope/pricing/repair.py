"""The nearest arbitrage-free surface.

What is minimised is the sum over slices of the mean, over the slice's places, of ``((new - old volatility) /
width)^2``: by default the places are 41 log-moneynesses within three standard deviations and the width is one
volatility point. It is a local minimum, found by Gauss-Newton with a growing penalty on ``g`` and on the relative
rise of total variance wherever they fall below a small margin, and it is only returned when the certificate finds
nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from makerscope.errors import DomainError
from makerscope.pricing.arbitrage import Certificate, certify
from makerscope.pricing.fit import STEEPEST
from makerscope.pricing.surface import Surface, total_variance
from makerscope.pricing.svi import Floats

_MARGINS = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)  # of g, and of the relative rise of total variance
_PENALTIES = (1e2, 1e4, 1e6, 1e8)
_SHARES = (0.0, 0.125, 0.25, 0.5, 0.75, 0.875)
_POINT = 0.01  # volatility
_GRID = np.sinh(np.linspace(-9.0, 9.0, 55))  # in standard deviations, to 4,000 of them
_NEAR = np.linspace(-4.0, 4.0, 41)  # in standard deviations
_AROUND = np.sinh(np.linspace(-3.0, 3.0, 31))  # in sigmas, around the turn


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Repair:
    """A surface and what was done to it.

    Args:
        surface: without arbitrage, by ``certificate``.
        certificate: of that surface.
        before: certificate of the surface that was given.
        distance: square root of the minimised sum over the number of slices: root mean square move in widths.
        moved: largest move of volatility at any place, annualised.
        how: ``kept`` (nothing to repair), ``nearest`` or ``flat`` (no repair was found; each slice is flat at the
            highest level at the money so far, which is far from nearest).
    """

    surface: Surface
    certificate: Certificate
    before: Certificate
    distance: float
    moved: float
    how: str


def repaired(
    surface: Surface, *, places: Sequence[Floats] | None = None, widths: Sequence[Floats] | None = None
) -> Repair:
    """The nearest surface without arbitrage; the same one if it has none.

    Args:
        surface: slices by expiry.
        places: log-moneynesses of each slice at which moves are measured, e.g. those of its quotes.
        widths: what a move of volatility is measured in there, e.g. half widths of the quotes.

    Raises:
        DomainError: another number of places or widths than of slices.

    Examples:
        >>> from makerscope.pricing.surface import surface_of
        >>> from makerscope.pricing.svi import RawSvi
        >>> vogt = RawSvi(a=-0.0410, b=0.1331, rho=0.3060, m=0.3586, sigma=0.4153)
        >>> done = repaired(surface_of([1.0], [vogt]))
        >>> done.how, done.before.free, done.certificate.free, done.moved < 0.02
        ('nearest', False, True, True)
    """
    before = certify(surface)
    count = surface.expiries.size
    if places is None:
        level = np.sqrt(total_variance(surface, 0.0, surface.expiries))
        places = [np.linspace(-3.0, 3.0, 41) * one for one in level]
    if widths is None:
        widths = [np.full(one.size, _POINT) for one in places]
    if not len(places) == len(widths) == count or any(p.shape != w.shape for p, w in zip(places, widths, strict=True)):
        raise DomainError(
            f"{len(places)} places and {len(widths)} widths for {count} slices, want as many, of one shape"
        )
    if before.free:
        return Repair(surface=surface, certificate=before, before=before, distance=0.0, moved=0.0, how="kept")
    task = _Task.of(surface, places, widths)
    inner = _inner(surface.parameters)
    for margin in _MARGINS:
        for penalty in _PENALTIES:
            inner = _descend(task, inner, margin, penalty)
        found = Surface(surface.expiries, _outer(inner))
        certificate = certify(found)
        if certificate.free:
            return _report(task, found, certificate, before, "nearest")
        for one in certificate.violations:
            task = task.also(one.k)
    level = np.maximum.accumulate(total_variance(surface, 0.0, surface.expiries)) * (1.0 + 1e-9 * np.arange(count))
    rows = np.zeros((count, 5))
    rows[:, 0], rows[:, 4] = level, 1.0
    flat = Surface(surface.expiries, rows)
    return _report(task, flat, certify(flat), before, "flat")


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """What stays the same: where and by how much moves are measured, and where arbitrage is looked for."""

    expiries: Floats
    slices: np.ndarray
    k: Floats
    old: Floats
    weight: Floats
    grid: Floats  # of each slice and the one after it, one row each

    @classmethod
    def of(cls, surface: Surface, places: Sequence[Floats], widths: Sequence[Floats]) -> "_Task":
        slices = np.repeat(np.arange(surface.expiries.size), [one.size for one in places])
        k = np.concatenate(places)
        old = np.sqrt(_variances(surface.parameters[slices].T, k)[0])
        root = np.sqrt(surface.expiries[slices])
        count = np.array([one.size for one in places])[slices]
        weight = 1.0 / (np.concatenate(widths) * root * np.sqrt(count))
        level = np.sqrt(total_variance(surface, 0.0, surface.expiries))[:, None]
        around = surface.parameters[:, 3:4] + surface.parameters[:, 4:5] * _AROUND
        own = np.concatenate((level * _GRID, level * _NEAR, around), axis=1)
        later = np.minimum(np.arange(1, level.size + 1), level.size - 1)
        return cls(surface.expiries, slices, k, old, weight, np.sort(np.concatenate((own, own[later]), axis=1)))

    def also(self, k: float) -> "_Task":
        return _Task(self.expiries, self.slices, self.k, self.old, self.weight, np.insert(self.grid, 0, k, axis=1))


def _inner(rows: Floats) -> Floats:
    """Parameters without walls: ln of the lowest variance, logits of the wings' slopes, m, ln sigma."""
    a, b, rho, m, sigma = rows.T
    left, right = (np.clip(b * x / STEEPEST, 1e-6, 1.0 - 1e-6) for x in (1.0 - rho, 1.0 + rho))
    lowest = np.maximum(a + b * sigma * np.sqrt(1.0 - rho**2), 1e-3 * (a + b * (np.hypot(m, sigma) - rho * m)))
    return np.stack([np.log(lowest), np.log(left / (1.0 - left)), np.log(right / (1.0 - right)), m, np.log(sigma)], 1)


def _outer(inner: Floats) -> Floats:
    left, right = (STEEPEST / (1.0 + np.exp(-np.clip(x, -40, 40))) for x in (inner[:, 1], inner[:, 2]))
    sigma, b = np.exp(np.clip(inner[:, 4], -30, 10)), 0.5 * (left + right)
    rho = 0.5 * (right - left) / b
    lowest = np.exp(np.clip(inner[:, 0], -40, 10))
    return np.stack([lowest - b * sigma * np.sqrt(1.0 - rho**2), b, rho, inner[:, 3], sigma], 1)


def _variances(rows: Floats, k: Floats) -> tuple[Floats, Floats, Floats]:
    a, b, rho, m, sigma = rows
    x = k - m
    z = np.sqrt(x * x + sigma * sigma)
    return a + b * (rho * x + z), b * (rho + x / z), b * sigma**2 / z**3


def _residuals(task: _Task, inner: Floats, margin: float, penalty: float) -> tuple[Floats, Floats, Floats]:
    """Moves ``(quotes,)``, shortfalls of ``g`` ``(shares, slices, grid)`` and of the rise ``(slices - 1, grid)``."""
    rows = _outer(inner)
    moves = task.weight * (np.sqrt(np.maximum(_variances(rows[task.slices].T, task.k)[0], 1e-12)) - task.old)
    jets = _variances(rows.T[:, :, None], task.grid)
    later = _variances(rows[np.minimum(np.arange(1, len(rows) + 1), len(rows) - 1)].T[:, :, None], task.grid)
    root, hinge = np.sqrt(penalty), []
    for share in _SHARES:
        v, v1, v2 = (x + share * (y - x) for x, y in zip(jets, later, strict=True))
        if share > 0.0:
            v[-1] += 4.0 * share * _variances(rows[-1], np.zeros(1))[0]  # past the last expiry
        g = (1.0 - 0.5 * task.grid * v1 / v) ** 2 - 0.25 * v1**2 * (1.0 / v + 0.25) + 0.5 * v2
        hinge.append(root * np.maximum(margin - g, 0.0))
    rise = (later[0] / jets[0] - 1.0)[:-1]
    return moves, np.array(hinge), root * np.maximum(margin - rise, 0.0)


def _descend(task: _Task, inner: Floats, margin: float, penalty: float) -> Floats:
    """Levenberg-Marquardt; the Jacobian by differences, even and odd slices apart, because only neighbours meet."""
    damping = 1e-3
    now = _residuals(task, inner, margin, penalty)
    cost = _cost(now)
    for _ in range(40):
        normal, pull = _normal(task, inner, margin, penalty, now)
        gain = 0.0
        for _ in range(8):
            step = np.linalg.solve(normal + damping * np.diag(np.diag(normal) + 1e-12), -pull)
            trial = inner + np.clip(step.reshape(inner.shape), -0.7, 0.7)
            other = _residuals(task, trial, margin, penalty)
            gain = cost - _cost(other)
            if gain > 0.0:
                inner, now, cost = trial, other, cost - gain
                break
            damping *= 8.0
        damping = max(0.2 * damping, 1e-9)
        if not gain > 1e-6 * cost:
            break
    return inner


def _cost(parts: tuple[Floats, Floats, Floats]) -> float:
    total = sum(float(np.sum(x * x)) for x in parts)
    return total if np.isfinite(total) else np.inf


def _normal(
    task: _Task, inner: Floats, margin: float, penalty: float, now: tuple[Floats, Floats, Floats]
) -> tuple[Floats, Floats]:
    """Matrix and gradient of the Gauss-Newton step."""
    count = inner.shape[0]
    moves, hinge, rise = now
    hot_g, hot_rise = np.nonzero(hinge), np.nonzero(rise)
    rows = [np.arange(moves.size), moves.size + np.arange(hot_g[0].size)]
    rows.append(moves.size + hot_g[0].size + np.arange(hot_rise[0].size))
    residual = np.concatenate([moves, hinge[hot_g], rise[hot_rise]])
    jacobian = np.zeros((residual.size, count * 5))
    size = 1e-6
    for parity in range(2):
        mine = np.arange(count) % 2 == parity
        for j in range(5):
            bumped = inner.copy()
            bumped[mine, j] += size
            new = _residuals(task, bumped, margin, penalty)
            slopes = [(b - a) / size for a, b in zip(now, new, strict=True)]
            owner = _owner(task.slices, task.slices, parity)
            jacobian[rows[0][owner >= 0], owner[owner >= 0] * 5 + j] = slopes[0][owner >= 0]
            # a mixture of slice i and i + 1, or a rise between them, belongs to whichever of the two was moved
            owner = _owner(hot_g[1], np.minimum(hot_g[1] + (hot_g[0] > 0), count - 1), parity)
            kept = owner >= 0
            jacobian[rows[1][kept], owner[kept] * 5 + j] = slopes[1][hot_g][kept]
            owner = _owner(hot_rise[0], hot_rise[0] + 1, parity)
            jacobian[rows[2], owner * 5 + j] = slopes[2][hot_rise]
    return jacobian.T @ jacobian, jacobian.T @ residual


def _owner(one: np.ndarray, two: np.ndarray, parity: int) -> np.ndarray:
    return np.where(one % 2 == parity, one, np.where(two % 2 == parity, two, -1))


def _report(task: _Task, found: Surface, certificate: Certificate, before: Certificate, how: str) -> Repair:
    new = np.sqrt(_variances(found.parameters[task.slices].T, task.k)[0])
    moved = np.abs(new - task.old) / np.sqrt(task.expiries[task.slices])
    distance = float(np.sqrt(np.sum((task.weight * (new - task.old)) ** 2) / task.expiries.size))
    return Repair(
        surface=found, certificate=certificate, before=before, distance=distance, moved=float(moved.max()), how=how
    )
