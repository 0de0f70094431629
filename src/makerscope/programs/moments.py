"""When the state of a market's orders can change, and in which stretches of time each maker had a score."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from makerscope.kernels.score_sweep import INSTANTS
from makerscope.programs.components import Looks, Market, swept
from makerscope.programs.references import Track
from makerscope.programs.resting import Resting
from makerscope.programs.stress import Segments, Window, merged

_CELLS = 20_000_000  # of one sweep's answer


def moments(orders: Resting, track: Track, span: Segments) -> NDArray[np.int64]:
    """Instants (ns, in order) at which an order came or went, the reference changed or a segment began."""
    every = np.unique(np.concatenate([orders.enter, orders.leave, track.time, span.start]))
    at = np.searchsorted(span.start, every, side="right") - 1
    return every[(at >= 0) & (every < span.end[np.clip(at, 0, None)])] if span.start.size else every[:0]


def present_stretches(market: Market, makers: Sequence[str], *, most: int = 0) -> list[list[Window]]:
    """For each maker the stretches of time (ns) in which its first measure was above 0."""
    times = moments(market.orders, market.track, market.span)
    out: list[list[Window]] = [[] for _ in makers]
    if not times.size:
        return out
    at = np.searchsorted(market.span.start, times, side="right") - 1
    ends = np.minimum(np.append(times[1:], market.span.end[-1]), market.span.end[at])
    step = max(_CELLS // max(len(makers), 1), 1)
    for first in range(0, times.size, step):
        part = slice(first, first + step)
        looks = Looks(mode=INSTANTS, instants=times[part])
        rule = market.rules[0]
        seen = swept(market.orders, market.track, market.span, looks, rule, makers=makers, most=most, keep=True).seen
        for k in range(len(makers)):
            here = np.flatnonzero(seen[:, k] > 0)
            out[k] += zip(times[part][here].tolist(), ends[part][here].tolist(), strict=True)
    return [merged(windows) for windows in out]


def length(windows: Iterable[Window]) -> int:
    """Total length of windows that may overlap, ns.

    Examples:
        >>> length([(0, 4), (2, 5), (9, 10)])
        6
    """
    return sum(end - start for start, end in merged(windows))


def cut(since: int, until: int, period: int) -> list[Window]:
    """The windows of an epoch between whole multiples of a period (ns since 1970, UTC).

    Examples:
        >>> cut(5, 23, 10)
        [(5, 10), (10, 20), (20, 23)]
    """
    edges = [since, *range((since // period + 1) * period, until, period), until]
    return list(pairwise(edges))
