"""The crisis of a scenario: from when to when, and how a value falls and comes back around it."""

from math import ceil, isfinite

import numpy as np
from numpy.typing import NDArray

from makerscope.errors import InputError
from makerscope.sim.scenario import Scenario

Reals = NDArray[np.float64]
SLIGHT = 0.1  # a loss of at most this share of what was before is none


def crisis_of(scenario: Scenario) -> tuple[float, float] | None:
    """Seconds of its start and end: as ``[stress] crisis`` says, else from the first episode to the end of the last.

    A crash lasts until its price has recovered. None: nothing happens.

    Raises:
        InputError: what the scenario says is no span of time within it.
    """
    said, hours = scenario.stress.crisis, scenario.hours
    if said is not None:
        if len(said) != 2 or not all(map(isfinite, said)) or not 0 <= said[0] < said[1] <= hours:
            raise InputError(
                "stress.crisis", f"is {said}", f"two hours within 0 to {hours:g}, the first before the second"
            )
        return said[0] * 3600, said[1] * 3600
    if not scenario.episode:
        return None
    ends = [
        item.after_minutes + item.minutes + (item.over_minutes if item.kind == "crash" and item.recovery > 0 else 0)
        for item in scenario.episode
    ]
    first = min(item.after_minutes for item in scenario.episode)
    return first * 60, min(max(ends) * 60, hours * 3600)


def smoothed(values: Reals, looks: int) -> Reals:
    """Mean of the last ``looks`` values that are known; NaN where none is.

    Examples:
        >>> smoothed(np.array([1.0, 3.0, np.nan, 5.0]), 2)
        array([1., 2., 3., 5.])
    """
    known = np.isfinite(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    count = np.concatenate([[0], np.cumsum(known)])
    last = np.arange(1, len(values) + 1)
    first = np.maximum(last - looks, 0)
    n = count[last] - count[first]
    return np.divide(total[last] - total[first], n, out=np.full(len(values), np.nan), where=n > 0)


def half_back(times: Reals, lost: Reals, before: float, start: int) -> tuple[int, float | None, bool]:
    """How much of a value is lost after ``start`` and how fast half of that is back.

    Args:
        times: s.
        lost: what is lost against before, smoothed: before less depth, or spread less before. NaN is unknown.
        before: what it was.
        start: index from where on to look.

    Returns:
        Index of the worst; seconds from there until half is back, None where nothing was lost (a tenth of what it was)
        or it never came back; whether nothing was lost or half came back.

    Examples:
        >>> half_back(np.arange(5.0), 10.0 - np.array([10.0, 2.0, 4.0, 6.0, 9.0]), 10.0, 1)
        (1, 2.0, True)
    """
    later = lost[start:]
    if not np.isfinite(later).any():
        return start, None, False
    worst = start + int(np.nanargmax(later))
    if lost[worst] <= SLIGHT * before:
        return worst, None, True
    back = np.flatnonzero(lost[worst:] <= lost[worst] / 2)
    if not len(back):
        return worst, None, False
    return worst, float(times[worst + back[0]] - times[worst]), True


def looks_in(seconds: float, step_s: float) -> int:
    """How many looks are in so many seconds, at least one."""
    return max(1, ceil(seconds / step_s - 1e-9))
