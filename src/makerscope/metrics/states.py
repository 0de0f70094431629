"""States of an order book in arrays: after each message, once a period, or sampled; and how long each stood."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import AccountingError, DomainError, InputError
from makerscope.metrics.book import Ladder, levels_after_each

SECOND = 1_000_000_000
DEEPEST = 1000  # levels a side kept in sampled books
HIGHEST_PRICE = 1 << 48  # ticks; 2 * price * 10000 must fit an int64
_CLOCKS = ("exchange_time", "local_time")
_SIDES = ("bid", "bid_size", "ask", "ask_size")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BookStates:
    """The book of one instrument after each of its messages, or at sampled times.

    Args:
        time: int64 ``(m,)`` ns, in order.
        bid: int64 ``(m, n)`` ticks, best first.
        bid_size: int64 ``(m, n)`` lots, 0 where there is no such level (and none behind it).
        ask: int64 ``(m, n)`` ticks, best first.
        ask_size: int64 ``(m, n)`` lots.
        whole: a side with fewer than ``n`` levels is known to hold no more (a book rebuilt from all its messages).
            False where the venue itself shows only its first levels.
        seen: int64 ``(m, 2)`` ticks, bids and asks: the price up to which the view is complete, 0 for the last visible
            level. A book from a snapshot of limited depth and later changes is complete only up to the snapshot's end.

    Raises:
        InputError: shapes differ, times run backwards, or a size is negative.
        AccountingError: price times size of a state does not fit 64 bits.

    Examples:
        >>> one = BookStates(
        ...     time=np.array([0]), bid=np.array([[999]]), bid_size=np.array([[7]]),
        ...     ask=np.array([[1001]]), ask_size=np.array([[4]]),
        ... )
        >>> int(one.twice_mid[0])
        2000
    """

    time: NDArray[np.int64]
    bid: NDArray[np.int64]
    bid_size: NDArray[np.int64]
    ask: NDArray[np.int64]
    ask_size: NDArray[np.int64]
    whole: bool = False
    seen: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        """Refuse arrays that are no book states."""
        for name in ("time", "bid", "bid_size", "ask", "ask_size"):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), np.int64))
        shape = self.bid.shape
        if len(shape) != 2 or shape[1] < 1 or any(a.shape != shape for a in (self.bid_size, self.ask, self.ask_size)):
            raise InputError("book states", f"sides of shape {shape} and {self.ask.shape}", "one shape (m, n), n >= 1")
        if self.time.shape != shape[:1]:
            raise InputError("book states", f"{self.time.shape[0]} times for {shape[0]} states", "one time a state")
        if np.any(np.diff(self.time) < 0):
            raise InputError("book states", "times run backwards", "states in order of time")
        ends = np.zeros((shape[0], 2)) if self.seen is None else self.seen
        if ends.shape != (shape[0], 2):
            raise InputError("book states", f"ends of the view of shape {ends.shape}", "shape (m, 2)")
        object.__setattr__(self, "seen", np.ascontiguousarray(ends, np.int64))
        for price, size in ((self.bid, self.bid_size), (self.ask, self.ask_size)):
            if np.any(size < 0) or np.any((size > 0) & (price <= 0)):
                raise InputError(
                    "book states", "a level has a negative size or no positive price", "lots >= 0, ticks > 0"
                )
            worth = (price.astype(np.float64) * size).sum(axis=1)
            if np.any(price > HIGHEST_PRICE) or np.any(worth > 9.0e18):
                raise AccountingError(
                    "price times size of a book state does not fit 64 bits; want coarser ticks or lots"
                )

    @property
    def two_sided(self) -> NDArray[np.bool_]:
        """Bool ``(m,)``: both sides are there and bid < ask. Only then there is a mid."""
        return (self.bid_size[:, 0] > 0) & (self.ask_size[:, 0] > 0) & (self.bid[:, 0] < self.ask[:, 0])

    @property
    def twice_mid(self) -> NDArray[np.int64]:
        """Int64 ``(m,)`` ticks: bid + ask where ``two_sided``, else 0."""
        return np.where(self.two_sided, self.bid[:, 0] + self.ask[:, 0], 0)

    def take(self, rows: NDArray[np.int64], time: NDArray[np.int64]) -> "BookStates":
        """Chosen states under new times (for samples)."""
        return BookStates(
            time=time,
            bid=self.bid[rows],
            bid_size=self.bid_size[rows],
            ask=self.ask[rows],
            ask_size=self.ask_size[rows],
            whole=self.whole,
            seen=self.seen[rows] if self.seen is not None else None,
        )


def book_states(ladder: Ladder, clock: str = "time", *, whole: bool = False) -> BookStates:
    """The states of a rebuilt book.

    Args:
        ladder: from ``levels_after_each``.
        clock: ``exchange_time``, ``local_time``, or ``time`` for the venue's clock where it is known, else the
            recorder's.
        whole: the venue sends its whole book, so that a side with fewer levels than asked for holds no more.

    Raises:
        InputError: a message has no time on that clock.

    Examples:
        >>> from makerscope.metrics.book import EXAMPLE, levels_after_each
        >>> states = book_states(levels_after_each(EXAMPLE, 2))
        >>> states.time.tolist(), states.bid[:, 0].tolist()
        ([1000, 2000], [100, 99])
    """
    known = ladder.messages.with_columns(time=pl.coalesce("exchange_time", "local_time").cum_max())[clock]
    if known.null_count():
        raise InputError(
            f"book of {ladder.instrument}", f"{known.null_count()} messages without {clock}", "a clock that is known"
        )
    return BookStates(
        time=known.to_numpy(),
        bid=ladder.bid,
        bid_size=ladder.bid_size,
        ask=ladder.ask,
        ask_size=ladder.ask_size,
        whole=whole,
    )


def deep_states(
    levels: pl.DataFrame, clock: str = "time", *, every: int = SECOND, n: int = DEEPEST, whole: bool = False
) -> BookStates:
    """The book to many levels, once a period: what the changes of each ``every`` ns lead to, at the last of them.

    Depth bands reach far behind the touch, and hundreds of levels after every message are too many to keep. Within a
    period the book is as of its end: sampled, not averaged.

    Args:
        levels: rows of the table ``book`` of one instrument, in order of application.
        clock: see ``book_states``.
        every: ns of a period.
        n: levels a side at most.
        whole: snapshots hold the whole book. If not, the view ends where the last snapshot ended: what changes behind
            it is in the book, but what rests there unchanged is not.

    Raises:
        InputError: a message has no time on that clock, or the rows are of several instruments.
        SequenceError: a change comes before any snapshot.

    Examples:
        >>> from makerscope.metrics.book import EXAMPLE
        >>> states = deep_states(EXAMPLE, every=10_000)
        >>> states.bid[:, 0].tolist(), states.seen.tolist()
        ([100, 99], [[99, 101], [99, 101]])
    """
    if every <= 0:
        raise DomainError(f"every is {every} ns; want a positive number")
    rows = levels if levels["serial"].is_sorted() else levels.sort("serial", maintain_order=True)
    time = pl.coalesce("exchange_time", "local_time") if clock == "time" else pl.col(clock)
    period = pl.when("snapshot").then(pl.col("sequence")).otherwise(time.cum_max().floordiv(every))
    merged = rows.with_columns(sequence=period.fill_null(strategy="forward").fill_null(0))
    changes = pl.struct("sequence", "snapshot").rle_id()
    ends_at = [
        pl.when("snapshot").then(name).otherwise(pl.col(name).last().over(changes)).alias(name) for name in _CLOCKS
    ]
    ladder = levels_after_each(merged.with_columns(ends_at), n)
    used = np.count_nonzero((ladder.bid_size > 0) | (ladder.ask_size > 0), axis=1)
    held = min(n, 1 + int(used.max(initial=0)))  # an empty place behind the last level says that it is the last
    states = book_states(replace(ladder, **{side: getattr(ladder, side)[:, :held] for side in _SIDES}), clock)
    if whole:
        return replace(states, whole=True)
    ends = (
        rows.filter(pl.col("snapshot") & (pl.col("size") > 0))
        .group_by("sequence", maintain_order=True)
        .agg(
            pl.col("serial").first(),
            bid_end=pl.col("price").filter(pl.col("side") > 0).min(),
            ask_end=pl.col("price").filter(pl.col("side") < 0).max(),
        )
        .sort("serial")
    )
    known = ladder.messages.select("serial").join_asof(ends.drop("sequence"), on="serial").fill_null(0)
    return replace(states, seen=known.select("bid_end", "ask_end").to_numpy())


def lifetimes(time: NDArray[np.int64], sessions: pl.DataFrame) -> NDArray[np.int64]:
    """When each state ended: the next state, or the end of the session in which it began.

    Args:
        time: int64 ``(m,)`` ns, in order.
        sessions: of one instrument: ``start``, ``end`` (ns on the same clock, end excluded), without overlap.

    Returns:
        Int64 ``(m,)`` ns; equal to ``time`` for a state outside every session, so that it never counts.

    Examples:
        >>> lifetimes(np.array([1, 5, 30]), pl.DataFrame({"start": [0, 20], "end": [10, 25]})).tolist()
        [5, 10, 30]
    """
    ordered = sessions.sort("start")
    start, end = ordered["start"].to_numpy(), ordered["end"].to_numpy()
    if np.any(end < start) or np.any(start[1:] < end[:-1]):
        raise InputError("sessions", "one overlaps another or ends before it starts", "sessions apart")
    if not start.size or not time.size:
        return time.copy()
    place = np.searchsorted(start, time, side="right") - 1
    close = np.where(place >= 0, end[np.maximum(place, 0)], time)
    following = np.append(time[1:], np.iinfo(np.int64).max)
    return np.maximum(time, np.minimum(following, close))


def sample_states(states: BookStates, sessions: pl.DataFrame, *, every: int) -> BookStates:
    """The state that stood at each whole multiple of ``every`` ns inside the sessions.

    A state stands from its own time (included) until the next one. Instants before the first state of a session, or
    after the session, have no sample.
    """
    if every <= 0:
        raise DomainError(f"every is {every} ns; want a positive number")
    until = lifetimes(states.time, sessions)
    alive = until > states.time
    first, last = -(-states.time // every), -(-until // every)  # multiples in [time, until)
    count = np.where(alive, last - first, 0)
    rows = np.repeat(np.arange(states.time.shape[0]), count)
    offset = np.arange(rows.shape[0]) - np.repeat(np.cumsum(count) - count, count)
    return states.take(rows, (first[rows] + offset) * every)
