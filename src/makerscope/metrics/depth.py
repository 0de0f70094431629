"""Depth near the mid: lots and cash resting within x bps, at an instant and over time.

A recording that shows N levels a side says nothing about what rests behind them. A band that reaches beyond the last
visible level is therefore a lower bound, and every table here says for how long it was one (``bid_cut``, ``ask_cut``).

Source: ``depth_within`` as in the reference of measures, section 9; band edges in exact integers.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import DomainError
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
from makerscope.metrics.states import BookStates, lifetimes

BANDS = (5, 10, 25, 50, 100, 200)  # bps of the mid, project choice
_INTEGRALS = {
    "bid_lots_ns": BID_LOTS,
    "ask_lots_ns": ASK_LOTS,
    "least_lots_ns": LEAST_LOTS,
    "bid_cash_ns": BID_CASH,
    "ask_cash_ns": ASK_CASH,
    "least_cash_ns": LEAST_CASH,
}


def depth_within(states: BookStates, bands: Sequence[int] = BANDS) -> pl.DataFrame:
    """What rests within each band of the mid, state by state. A level exactly on the edge counts.

    Args:
        states: of one instrument.
        bands: whole bps of the mid, rising.

    Returns:
        One row for each state and band: ``time``, ``band``; ``bid_lots, ask_lots, least_lots`` (lots; least is the
        thinner side); ``bid_cash, ask_cash, least_cash`` (ticks * lots); ``bid_cut, ask_cut``: the band reaches beyond
        the end of the view, the number is a lower bound. All null where there is no mid (a side is absent, or bid >=
        ask).

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
        states.bid,
        states.bid_size,
        states.ask,
        states.ask_size,
        bands_,
        states.whole,
        states.seen,
        state,
        lots,
        cash,
        cut,
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
        states.seen,
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


def _bands(bands: Sequence[int]) -> NDArray[np.int64]:
    out = np.asarray(bands, np.int64)
    if out.ndim != 1 or not out.size or np.any(np.diff(out) <= 0) or out[0] < 0 or out[-1] > 10_000:
        raise DomainError(f"bands are {list(bands)} bps; want rising whole numbers from 0 to 10000")
    return out


def _int128(low: NDArray[np.int64], high: NDArray[np.int64]) -> pl.Series:
    words = pl.DataFrame({"low": np.ascontiguousarray(low).view(np.uint64), "high": high})
    return words.select(value=pl.col("high").cast(pl.Int128) * 2**64 + pl.col("low").cast(pl.Int128))["value"]
