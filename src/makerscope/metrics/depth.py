"""Depth near the mid: lots and cash resting within x bps, at an instant and over time.

A recording that shows N levels a side says nothing about what rests behind them. A band that reaches beyond the last
visible level is therefore a lower bound, and every table here says for how long it was one (``bid_cut``, ``ask_cut``).

Source: ``depth_within`` as in the reference of measures, section 9; band edges in exact integers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import AccountingError, DomainError, InputError
from makerscope.kernels.depth import (
    ASK_CASH,
    ASK_CUT,
    ASK_LOTS,
    BID_CASH,
    BID_CUT,
    BID_LOTS,
    CROSSED,
    HEAD,
    LEAST_CASH,
    LEAST_LOTS,
    ONE_SIDED,
    TWO_SIDED,
    WIDTH,
    count_pieces,
    depth_of_states,
    integrate_depth,
)
from makerscope.metrics.book import Ladder

BANDS = (5, 10, 25, 50, 100, 200)  # bps of the mid, project choice
HIGHEST_PRICE = 1 << 48  # ticks; 2 * price * 10000 must fit an int64
_INTEGRALS = {
    "bid_lots_ns": BID_LOTS,
    "ask_lots_ns": ASK_LOTS,
    "least_lots_ns": LEAST_LOTS,
    "bid_cash_ns": BID_CASH,
    "ask_cash_ns": ASK_CASH,
    "least_cash_ns": LEAST_CASH,
}


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


def depth_within(states: BookStates, bands: Sequence[int] = BANDS) -> pl.DataFrame:
    """What rests within each band of the mid, state by state. A level exactly on the edge counts.

    Args:
        states: of one instrument.
        bands: whole bps of the mid, rising.

    Returns:
        One row for each state and band: ``time``, ``band``; ``bid_lots, ask_lots, least_lots`` (lots; least is the
            thinner side);
        ``bid_cash, ask_cash, least_cash`` (ticks * lots); ``bid_cut, ask_cut``: the band reaches beyond the last
        visible level, the number is a lower bound. All null where there is no mid (a side is absent, or bid >= ask).

    Examples:
        >>> book = BookStates(
        ...     time=np.array([0]), bid=np.array([[999, 998]]), bid_size=np.array([[10, 20]]),
        ...     ask=np.array([[1001, 1003]]), ask_size=np.array([[8, 20]]),
        ... )
        >>> depth_within(book, [30]).select("bid_lots", "ask_lots", "least_lots", "bid_cut", "ask_cut").row(0)
        (30, 28, 28, True, False)
    """
    bands_ = _bands(bands)
    m, k = states.time.shape[0], len(bands_)
    lots, cash = np.zeros((m, 2, k), np.int64), np.zeros((m, 2, k), np.int64)
    cut, state = np.zeros((m, 2, k), np.bool_), np.zeros(m, np.int8)
    depth_of_states(
        states.bid, states.bid_size, states.ask, states.ask_size, bands_, states.whole, state, lots, cash, cut
    )
    known = pl.Series(np.repeat(state == TWO_SIDED, k))
    columns = {
        f"{side}_{what}": values[:, at].ravel()
        for what, values in (("lots", lots), ("cash", cash), ("cut", cut))
        for at, side in enumerate(("bid", "ask"))
    }
    frame = pl.DataFrame({"time": np.repeat(states.time, k), "band": np.tile(bands_, m), **columns})
    frame = frame.with_columns(
        least_lots=pl.min_horizontal("bid_lots", "ask_lots"), least_cash=pl.min_horizontal("bid_cash", "ask_cash")
    )
    order = [f"{side}_{what}" for what in ("lots", "cash") for side in ("bid", "ask", "least")] + ["bid_cut", "ask_cut"]
    return frame.select("time", "band", *(pl.when(known).then(pl.col(name)).alias(name) for name in order))


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


def depth_buckets(
    states: BookStates,
    sessions: pl.DataFrame,
    *,
    instrument: str,
    width: int,
    bands: Sequence[int] = BANDS,
) -> pl.DataFrame:
    """Depth integrated over the time it stood, in each bucket of time: integers that add over any partition.

    A partition must begin with the state that stood at its start (the last one before, under the start's time).

    Args:
        states: of one instrument.
        sessions: ``start``, ``end`` (ns, end excluded) in which the recorder heard the book. States do not outlive
            theirs.
        instrument: its name.
        width: ns of a bucket.
        bands: whole bps of the mid, rising.

    Returns:
        One row for each bucket and band: ``instrument, bucket`` (floor(time / width)), ``band`` (bps); ns as Int64:
            ``ns`` (two-sided, bid < ask),
        ``ns_one_sided``, ``ns_crossed`` (bid >= ask), ``bid_cut_ns``, ``ask_cut_ns`` (the band reached beyond the
        view); integrals as Int128: ``bid_lots_ns, ask_lots_ns, least_lots_ns`` (lots * ns) and ``bid_cash_ns,
        ask_cash_ns, least_cash_ns`` (ticks * lots * ns), all over ``ns``.

    Raises:
        DomainError: ``width`` is not positive or ``bands`` do not rise.
    """
    bands_ = _bands(bands)
    if width <= 0:
        raise DomainError(f"width is {width} ns; want a positive number")
    until = lifetimes(states.time, sessions)
    rows = int(count_pieces(states.time, until, width))
    bucket, sums = np.zeros(rows, np.int64), np.zeros((rows, HEAD + WIDTH * len(bands_)), np.int64)
    integrate_depth(
        states.time,
        until,
        states.bid,
        states.bid_size,
        states.ask,
        states.ask_size,
        bands_,
        states.whole,
        width,
        bucket,
        sums,
    )
    head = {"ns": TWO_SIDED, "ns_one_sided": ONE_SIDED, "ns_crossed": CROSSED}
    parts = []
    for k, band in enumerate(bands_.tolist()):
        words = sums[:, HEAD + WIDTH * k : HEAD + WIDTH * (k + 1)]
        parts.append(
            pl.DataFrame(
                {
                    "instrument": pl.Series([instrument] * rows, dtype=pl.String),
                    "bucket": bucket,
                    "band": np.full(rows, band, np.int64),
                    **{name: sums[:, at] for name, at in head.items()},
                    "bid_cut_ns": words[:, BID_CUT],
                    "ask_cut_ns": words[:, ASK_CUT],
                    **{name: _int128(words[:, at], words[:, at + 1]) for name, at in _INTEGRALS.items()},
                }
            )
        )
    return pl.concat(parts).sort("instrument", "bucket", "band")


def mean_depth(buckets: pl.DataFrame, by: Sequence[str] = ("instrument", "band")) -> pl.DataFrame:
    """Time-weighted mean depth from ``depth_buckets``: ratios of sums.

    Add ``"bucket"`` to ``by`` for a heat map of time and band.

    Returns:
        The keys; ``ns`` behind the mean; ``bid_lots, ask_lots, least_lots`` (lots), ``bid_cash, ask_cash, least_cash``
        (ticks * lots), null where the book was never two-sided; ``bid_cut, ask_cut``: share of ``ns`` in which the
        number is a lower bound.
    """
    sums = buckets.group_by(by).agg(pl.exclude(by).sum()).sort(by)
    known = pl.col("ns") > 0
    means = [
        pl.when(known).then(pl.col(name).cast(pl.Float64) / pl.col("ns")).alias(name.removesuffix("_ns"))
        for name in [*_INTEGRALS, "bid_cut_ns", "ask_cut_ns"]
    ]
    return sums.select(*by, "ns", *means)


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


def _bands(bands: Sequence[int]) -> NDArray[np.int64]:
    out = np.asarray(bands, np.int64)
    if out.ndim != 1 or not out.size or np.any(np.diff(out) <= 0) or out[0] < 0 or out[-1] > 10_000:
        raise DomainError(f"bands are {list(bands)} bps; want rising whole numbers from 0 to 10000")
    return out


def _int128(low: NDArray[np.int64], high: NDArray[np.int64]) -> pl.Series:
    words = pl.DataFrame({"low": np.ascontiguousarray(low).view(np.uint64), "high": high})
    return words.select(value=pl.col("high").cast(pl.Int128) * 2**64 + pl.col("low").cast(pl.Int128))["value"]
