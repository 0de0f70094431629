"""Mid, spread and depth of one instrument as steps in time, asked at any instant, and never across an outage."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.metrics.view import BOOK, LAST_TRADE, QUOTES, View

Real = NDArray[np.float64]
CHANNELS = {QUOTES: ("quotes",), BOOK: ("book", "orders"), LAST_TRADE: ("fills",)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MidPath:
    """The top of one book over time.

    Args:
        time: of each change, ns, in order, shape ``(n,)``.
        mid: ticks; NaN where a side is absent.
        spread: full, ticks; NaN likewise.
        bid_size: lots at the best bid, NaN where unknown.
        ask_size: lots at the best ask.
        spans: start and end (ns) of each session of the quotes.
    """

    time: NDArray[np.int64]
    mid: Real
    spread: Real
    bid_size: Real
    ask_size: Real
    spans: tuple[tuple[int, int], ...]

    def rows_at(self, when: NDArray[np.int64], *, before: bool = False) -> NDArray[np.int64]:
        """Row that holds at each time (``before``: just before it); -1 outside of every session.

        Examples:
            >>> EXAMPLE.rows_at(np.array([5, 12, 40])).tolist()
            [0, 1, -1]
        """
        starts = np.array([start for start, _ in self.spans], np.int64)
        ends = np.array([end for _, end in self.spans], np.int64)
        row = np.searchsorted(self.time, when, side="left" if before else "right") - 1
        if not starts.size:
            return np.full(when.shape, -1)
        inside = np.searchsorted(starts, when, side="right") - 1
        held = np.maximum(inside, 0)
        known = (inside >= 0) & (when <= ends[held]) & (row >= 0)
        known &= np.where(row >= 0, self.time[np.maximum(row, 0)], -1) >= starts[held]
        return np.where(known, row, -1)

    def at(self, values: Real, when: NDArray[np.int64], *, before: bool = False) -> Real:
        """One of the columns at each time, NaN where it is not known."""
        row = self.rows_at(when, before=before)
        return np.where(row >= 0, values[np.maximum(row, 0)], np.nan)

    def looks(self, step: int) -> NDArray[np.int64]:
        """Times every ``step`` ns in all sessions.

        Examples:
            >>> EXAMPLE.looks(10).tolist()
            [0, 10, 20, 30]
        """
        return np.concatenate([np.arange(start, end + 1, step) for start, end in self.spans])

    def returns(self, step: int) -> list[Real]:
        """Log returns of the mid over whole steps (ns), one array a session; a step without a mid at an end breaks it.

        Examples:
            >>> [piece.round(3).tolist() for piece in EXAMPLE.returns(10)]
            [[0.01, 0.0]]
        """
        out = []
        for start, end in self.spans:
            grid = np.arange(start, end + 1, step)
            change = np.diff(np.log(self.at(self.mid, grid)))
            known = np.isfinite(change)
            cuts = np.flatnonzero(np.diff(known)) + 1
            out += [piece for piece in np.split(change, cuts) if piece.size and np.isfinite(piece[0])]
        return out


def mid_path(view: View, instrument: str) -> MidPath:
    """The path of one instrument of a view; without quotes the last trade price is the mid, and there is no spread."""
    rows = view.quotes.filter(pl.col("instrument") == instrument)
    reference = view.reference[instrument]
    bid, ask, bid_size, ask_size = (
        rows[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        for name in ("bid", "ask", "bid_size", "ask_size")
    )
    sound = ask > bid
    spread = np.where(sound & (reference != LAST_TRADE), ask - bid, np.nan)
    return MidPath(
        time=rows["time"].to_numpy(),
        mid=np.where(sound, 0.5 * (bid + ask), np.nan),
        spread=spread,
        bid_size=bid_size,
        ask_size=ask_size,
        spans=spans_of(view, instrument, *CHANNELS.get(reference, ())),
    )


def spans_of(view: View, instrument: str, *channels: str) -> tuple[tuple[int, int], ...]:
    """Sessions of the first of these channels that the tape heard; the whole window where it names none."""
    rows = view.sessions.filter(pl.col("instrument") == instrument)
    for channel in channels:
        here = rows.filter(pl.col("channel") == channel).sort("start")
        if here.height:
            return tuple(here.select("start", "end").iter_rows())
    return ((view.since, view.until - 1),)


EXAMPLE = MidPath(
    time=np.array([0, 10, 35]),
    mid=np.array([100.0, 101.0, 102.0]),
    spread=np.array([2.0, 2.0, 2.0]),
    bid_size=np.array([5.0, 5.0, 5.0]),
    ask_size=np.array([5.0, 5.0, 5.0]),
    spans=((0, 20), (30, 38)),
)  # two sessions with an outage between; for the examples above
