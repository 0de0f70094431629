"""Clauses on the pool: shocks that all makers together answer, or not, and what the pool gains or loses by it."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
import polars as pl

from makerscope.errors import InputError
from makerscope.kernels.moves import moves
from makerscope.kernels.score_sweep import INSTANTS
from makerscope.programs.components import Looks, swept
from makerscope.programs.evidence import Evidence
from makerscope.programs.moments import moments
from makerscope.programs.program import Group, Measure
from makerscope.programs.references import track_of
from makerscope.programs.resting import resting
from makerscope.programs.scores import Case
from makerscope.programs.stress import Window, merged, segments
from makerscope.programs.terms import Clause, Watched
from makerscope.programs.units import distance_of, market_rule, micro, nanoseconds, pico
from makerscope.tape.events import Instrument

ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """When a watched market was short after a move, and when it had enough (ns)."""

    market: str
    short: list[Window]
    enough: list[Window]


def cases_of(clause: Clause, ev: Evidence) -> list[Case]:
    """The cases of a clause in an epoch, in order of time."""
    seen: list[_Seen] = []
    for name in sorted(ev.lives):
        item = ev.tape.instruments[name]
        watched = next((each for each in clause.watched if _named(item, each)), None)
        if watched:
            seen.append(_watch(clause, watched, item, ev))
    out: list[Case] = []
    free = ev.since
    window, rest = nanoseconds(clause.window_s), nanoseconds(clause.rest_s)
    starts = sorted((start, end, k) for k, item in enumerate(seen) for start, end in item.short)
    while starts:
        opened = [(max(start, free), k) for start, end, k in starts if end > free]
        if not opened:
            break
        at, k = min(opened)
        case = _case(clause, seen[k], at, at + window, ev.until, first=not out)
        out.append(case)
        free = at + max(rest, 1)
    return out


def _named(item: Instrument, watched: Watched) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in watched.instruments for text in (item.instrument, item.symbol))


def _case(clause: Clause, seen: _Seen, at: int, end: int, until: int, *, first: bool) -> Case:
    restored = any(start < end and stop > at for start, stop in seen.enough)
    undecided = not restored and end > until
    lost = clause.short if first else clause.again
    change = 0 if undecided else micro(clause.restored if restored else lost)
    return Case(
        clause=clause.name,
        market=seen.market,
        start=at,
        end=end,
        restored=None if undecided else restored,
        change=change,
        unit=clause.unit,
    )


def _watch(clause: Clause, watched: Watched, item: Instrument, ev: Evidence) -> _Seen:
    """Stretches in which the market had moved and was short of depth, and in which it had enough."""
    name, where = item.instrument, f"clause {clause.name!r}"
    lives = ev.lives[name].with_columns(maker=pl.lit(ALL))
    orders = resting(lives, [ALL])
    track = track_of(Group(name=clause.name), item, ev.prices(name), lambda: orders)
    kind, least = distance_of(clause.move, f"{where}, move")
    if kind != "relative":
        raise InputError(f"{where}, move", f"is {clause.move!r}", "a relative distance, in bps or %")
    price = np.where((track.twice[:, :2] > 0).all(axis=1), track.twice[:, 0], -1)
    first, last, _ = moves(track.time, price, ev.until, nanoseconds(clause.within_s), pico(least) + 1)
    span = segments(ev.heard[name], [])
    measure = Measure(limit=clause.within, closed=True)
    times = np.unique(np.concatenate([moments(orders, track, span), _inside(first, span.start, span.end)]))
    if not times.size:
        return _Seen(market=name, short=[], enough=[])
    rule = market_rule(measure, item, where)
    depth = swept(orders, track, span, Looks(mode=INSTANTS, instants=times), rule, makers=[ALL], keep=True).seen[:, 0]
    at = np.searchsorted(span.start, times, side="right") - 1
    ends = np.minimum(np.append(times[1:], span.end[-1]), span.end[at])
    on = np.searchsorted(first, times, side="right") - 1
    moving = (on >= 0) & (times < last[np.clip(on, 0, None)]) if first.size else np.zeros(times.size, np.bool_)
    wanted = micro(watched.depth)
    row = np.searchsorted(track.time, times, side="right") - 1
    known = (row >= 0) & (price[np.clip(row, 0, None)] > 0)
    low = known & (depth < wanted * micro(clause.below) // 1_000_000)
    full = depth >= wanted * micro(clause.enough) // 1_000_000
    return _Seen(market=name, short=_stretches(times, ends, low & moving), enough=_stretches(times, ends, full))


def _inside(times: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    at = np.searchsorted(start, times, side="right") - 1
    return times[(at >= 0) & (times < end[np.clip(at, 0, None)])] if start.size else times[:0]


def _stretches(times: np.ndarray, ends: np.ndarray, held: np.ndarray) -> list[Window]:
    return merged(zip(times[held].tolist(), ends[held].tolist(), strict=True))
