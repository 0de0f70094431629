"""Windows of stress: when the reference moved far in a short time, and the stretches of time a rule counts in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from makerscope.errors import InputError
from makerscope.kernels.moves import moves
from makerscope.programs.charges import Fade, Stress
from makerscope.programs.references import Track
from makerscope.programs.units import distance_of, nanoseconds, pico

Window = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segments:
    """Stretches of time that count, ns: in order, apart from each other, each calm (0) or stressed (1)."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    stressed: NDArray[np.int64]


def moved(track: Track, end: int, move: str, within: int, where: str) -> list[tuple[int, int, int]]:
    """When the reference moved by at least ``move`` within ``within`` ns: first ns, last ns, when the move began."""
    kind, least = distance_of(move, where)
    if kind != "relative":
        raise InputError(where, f"is {move!r}", "a relative distance, in bps or %")
    price = track.twice[:, 0] + np.where(track.twice[:, 1] > 0, track.twice[:, 1], -track.twice[:, 0])
    first, last, origin = moves(track.time, price, end, within, pico(least))
    return list(zip(first.tolist(), last.tolist(), origin.tolist(), strict=True))


def stress_windows(track: Track, end: int, rule: Stress, where: str) -> list[Window]:
    """Windows of stress by a program's rule, ns, merged."""
    found = moved(track, end, rule.move, nanoseconds(rule.within_s), f"{where}, stress.move")
    long = nanoseconds(rule.window_s)
    return merged((first, last + long) for first, last, _ in found)


def shocks(track: Track, end: int, rule: Fade, where: str) -> list[Window]:
    """For each move of a fade rule seen before ``end``: the instant before it began, and when it was seen, ns."""
    before, after = nanoseconds(rule.before_s), nanoseconds(rule.after_s)
    out: list[Window] = []
    for first, _, origin in moved(track, end, rule.move, nanoseconds(rule.within_s), f"{where}, fade.move"):
        if first < end and (not out or origin - before > out[-1][1] + after):  # a move is judged once
            out.append((origin - before, first))
    return out


def merged(windows: Iterable[Window]) -> list[Window]:
    """Windows in order, those that touch made one.

    Examples:
        >>> merged([(5, 9), (0, 2), (2, 3), (6, 7)])
        [(0, 3), (5, 9)]
    """
    out: list[Window] = []
    for start, end in sorted(windows):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def segments(heard: Sequence[Window], stress: Sequence[Window]) -> Segments:
    """What was heard, cut where stress begins and ends.

    Examples:
        >>> cut = segments([(0, 10), (20, 30)], [(8, 22)])
        >>> list(zip(cut.start.tolist(), cut.end.tolist(), cut.stressed.tolist()))
        [(0, 8, 0), (8, 10, 1), (20, 22, 1), (22, 30, 0)]
    """
    rows: list[tuple[int, int, int]] = []
    for start, end in merged(heard):
        at = start
        for low, high in stress:
            if high <= at or low >= end:
                continue
            if low > at:
                rows.append((at, low, 0))
            rows.append((max(low, at), min(high, end), 1))
            at = min(high, end)
        if at < end:
            rows.append((at, end, 0))
    columns = np.array(rows, np.int64).reshape(-1, 3).T
    return Segments(start=columns[0].copy(), end=columns[1].copy(), stressed=columns[2].copy())


def within(span: Segments, start: int, end: int) -> Segments:
    """The part of segments from ``start`` until before ``end``.

    Examples:
        >>> part = within(segments([(0, 10), (20, 30)], []), 5, 25)
        >>> list(zip(part.start.tolist(), part.end.tolist()))
        [(5, 10), (20, 25)]
    """
    low, high = np.maximum(span.start, start), np.minimum(span.end, end)
    held = low < high
    return Segments(start=low[held], end=high[held], stressed=span.stressed[held])
