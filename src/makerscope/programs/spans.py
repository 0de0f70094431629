"""Stretches of time against each other, and rows of orders cut by them.

Stretches are in ns, in order and apart, their ends not in them: as ``stress.merged`` gives them.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.programs.stress import Window

Ints = NDArray[np.int64]


def overlap(one: Sequence[Window], other: Sequence[Window]) -> list[Window]:
    """Time that is in both.

    Examples:
        >>> overlap([(0, 10), (20, 30)], [(5, 22), (25, 26)])
        [(5, 10), (20, 22), (25, 26)]
    """
    out: list[Window] = []
    i = j = 0
    while i < len(one) and j < len(other):
        start, end = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if start < end:
            out.append((start, end))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return out


def less(one: Sequence[Window], other: Sequence[Window]) -> list[Window]:
    """Time that is in the first and not in the second.

    Examples:
        >>> less([(0, 10), (20, 30)], [(5, 22), (25, 26)])
        [(0, 5), (22, 25), (26, 30)]
    """
    if not one:
        return []
    edges = [one[0][0], *(edge for window in other for edge in window), one[-1][1]]
    gaps = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]
    return overlap(one, gaps)


def where(marks: Ints, holds: NDArray[np.bool_]) -> list[Window]:
    """Stretches between marks in which something holds from its first mark on; the last mark only ends.

    Examples:
        >>> where(np.array([0, 4, 7, 9, 12]), np.array([True, True, False, True, False]))
        [(0, 7), (9, 12)]
    """
    if marks.size < 2:
        return []
    steps = np.diff(np.concatenate([[0], holds[:-1].astype(np.int8), [0]]))
    return list(
        zip(marks[np.flatnonzero(steps == 1)].tolist(), marks[np.flatnonzero(steps == -1)].tolist(), strict=True)
    )


def inside(rows: pl.DataFrame, windows: Sequence[Window]) -> pl.DataFrame:
    """The parts of rows (``start``, ``end``) that lie in windows; a part that begins later is as old as itself.

    Examples:
        >>> inside(pl.DataFrame({"start": [0], "end": [9], "born": [0]}), [(2, 4), (8, 12)]).rows()
        [(2, 4, 2), (8, 9, 8)]
    """
    if not windows:
        return rows.clear()
    low, high = (np.array(column, np.int64) for column in zip(*windows, strict=True))
    start, end = rows["start"].to_numpy(), rows["end"].to_numpy()
    first = np.searchsorted(high, start, side="right")
    count = np.maximum(np.searchsorted(low, end, side="left") - first, 0)
    row = np.repeat(np.arange(rows.height), count)
    window = np.repeat(first, count) + np.arange(row.size) - np.repeat(np.cumsum(count) - count, count)
    begun = pl.Series("begun", low[window], dtype=pl.Int64)
    return (
        rows[row]
        .with_columns(begun, end=pl.min_horizontal("end", pl.Series(high[window], dtype=pl.Int64)))
        .with_columns(
            start=pl.max_horizontal("start", "begun"),
            born=pl.when(pl.col("begun") > pl.col("start")).then("begun").otherwise("born"),
        )
        .drop("begun")
    )
