"""How far a maker's points may be off because the rule looked only at some instants.

The error is that of the sampling alone: who had looked at all instants would have paid other points. It says nothing of
what makers will do in the next epoch. It is reported beside points and never paid by, so floats are in order here.

Looks are taken as drawn independently (stratified ones err less). What their sums give is carried to points by its
derivatives, so that of all looks only their covariances are kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from makerscope.programs.formula import PRECISION
from makerscope.programs.program import Group
from makerscope.programs.units import micro

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spread:
    """How the looks at one market differ, over the makers that any of them saw.

    ``makers``: their places, k of them. ``sums``: ``(2 k + 1,)`` of quality, of presence and of weight over all looks;
    ``covariance``: of these sums. ``known`` is False where points do not follow from sums over single looks.
    """

    makers: NDArray[np.int64]
    sums: Floats
    covariance: Floats
    known: bool


def spread_of(group: Group, seen: NDArray[np.int64], weight: Floats) -> Spread:
    """The spread of looks.

    Args:
        group: the rule.
        seen: sample scores of the first measure, ``(looks, makers)``.
        weight: of each look; one of weight 0 was none.

    Unknown are rules whose formula uses several measures, sides or periods summed apart, or memory: the sample scores
    of the first measure do not tell what they sum up.
    """
    item = group.measure[0]
    formula = group.formula
    used = set(formula.exponents) | set(formula.blend)
    several = bool(used & {measure.name for measure in group.measure[1:]} or formula.sums)
    several = several or formula.uptime_of not in ((), (item.name,))
    memory = bool(group.hysteresis or group.commitment or group.queue or group.period_s or item.ema_weight is not None)
    known = not (several or memory or item.after_time or group.normalise not in ("epoch", "sample"))
    looks = seen[weight > 0]
    makers = np.flatnonzero(looks.any(axis=0)) if looks.size else np.empty(0, np.int64)
    value, each = looks[:, makers].astype(np.float64), weight[weight > 0][:, np.newaxis]
    there = value > 0
    if group.normalise != "epoch":
        total = value.sum(axis=1, keepdims=True)
        value = _over(value, np.maximum(total, micro(group.least_total)))
        if group.target:
            low, high = micro(group.target.low), micro(group.target.high)
            value *= np.clip((total - low) / (high - low), 0.0, 1.0)
    rows = np.concatenate([value, there, np.ones_like(each)], axis=1) * each
    apart = rows - rows.mean(axis=0) if len(rows) else rows
    count = len(rows)
    covariance = apart.T @ apart * (count / (count - 1)) if count > 1 else np.zeros((0, 0))
    return Spread(makers=makers, sums=rows.sum(axis=0), covariance=covariance, known=known and count > 1)


def share_errors(
    group: Group,
    spread: Spread | None,
    component: Mapping[str, Sequence[int | None]],
    scores: Sequence[int],
    points: Sequence[float],
    *,
    whole: int,
) -> list[float | None]:
    """Standard error of each maker's part of a pot, from sampling; 0 where nothing was sampled, None where unknown.

    Args:
        group: the rule.
        spread: of the looks at one market, None where nothing was sampled.
        component: of every maker there.
        scores: of every maker there.
        points: part of the pot that each maker got there, as a fraction.
        whole: all scores of the pot, other markets' included.

    A gate, and a charge for fading or for fills, is taken as it was.
    """
    if spread is None or whole <= 0:
        return [0.0] * len(scores)
    if not spread.known:
        return [None] * len(scores)
    at = spread.makers
    paid = np.array(points)[at]
    slope = _slopes(group, spread, component, np.array([float(own) for own in scores])[at], paid, float(whole))
    variance = ((slope @ spread.covariance) * slope).sum(axis=1)
    out = np.zeros(len(scores))
    out[at] = np.sqrt(np.maximum(variance, 0.0))
    return [float(error) for error in out]


def _slopes(  # noqa: PLR0917 - as above
    group: Group,
    spread: Spread,
    component: Mapping[str, Sequence[int | None]],
    scores: Floats,
    paid: Floats,
    whole: float,
) -> Floats:
    """How each maker's part of the pot moves with each sum of the looks, ``(k, 2 k + 1)``."""
    formula, name, count = group.formula, group.measure[0].name, len(scores)
    own = _over(np.ones(2 * count + 1), spread.sums)  # relative change of a sum with the sum
    slope = np.zeros((count, 2 * count + 1))
    if formula.blend:
        total = sum(micro(weight) for weight in formula.blend.values())
        for part, key in enumerate((name, "uptime")):
            share = _shares(component[key], spread.makers, scores)
            each = np.diag(share) - share[:, np.newaxis] * share
            place = slice(part * count, (part + 1) * count)
            weight = micro(formula.blend[key]) / total if key in formula.blend else 0.0
            slope[:, place] = weight * each * own[place]
        if group.leftover == "carry":
            return slope
        slope -= np.outer(scores / whole, slope.sum(axis=0))
        return np.divide(slope, whole / PRECISION)
    if group.leftover == "carry":
        slope[:, :count] = np.diag(paid * own[:count])
        slope[:, -1] = -paid * own[-1]
        return slope
    share = scores / whole
    each = np.diag(share) - share[:, np.newaxis] * share
    for part, key in enumerate((name, "uptime")):
        place = slice(part * count, (part + 1) * count)
        slope[:, place] = float(formula.exponents.get(key, 0)) * each * own[place]
    return slope


def _shares(component: Sequence[int | None], makers: NDArray[np.int64], scores: Floats) -> Floats:
    """Each maker's part of a component, among those that are scored."""
    values = np.array([float(component[k] or 0) for k in makers.tolist()]) * (scores > 0)
    return _over(values, np.full_like(values, values.sum()))


def _over(above: Floats, below: Floats) -> Floats:
    """A quotient, 0 where it has no value."""
    return np.divide(above, below, out=np.zeros_like(above), where=np.broadcast_to(below, above.shape) > 0)
