"""When a market was in stress: by its program's rule, or where that has none by the range of its price."""

import polars as pl

from makerscope.metrics.latency import stress_windows
from makerscope.programs.components import Market
from makerscope.programs.program import Group
from makerscope.programs.spans import overlap
from makerscope.programs.stress import Window, merged


def heard_of(market: Market) -> list[Window]:
    """Stretches of time that count, calm and stressed together, ns."""
    return merged(zip(market.span.start.tolist(), market.span.end.tolist(), strict=True))


def stress_of(group: Group, market: Market) -> list[Window]:
    """Windows of stress that were heard: the program's, else minutes whose range is over four times the median one."""
    span, track = market.span, market.track
    if group.stress:
        rows = zip(span.start.tolist(), span.end.tolist(), span.stressed.tolist(), strict=True)
        return merged((start, end) for start, end, wild in rows if wild)
    known = (track.twice[:, :2] > 0).all(axis=1)
    path = pl.DataFrame({"time": track.time[known], "twice_price": track.twice[known, :2].sum(axis=1)})
    return overlap(stress_windows(path), heard_of(market))
