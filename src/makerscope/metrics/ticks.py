"""Quotes and fills of a tape to the tick kernels: mids before and after a fill, time integrals of quotes.

Everything is an integer: ns, ticks, lots, and the doubled mid ``twice_mid = bid + ask``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import DomainError, InputError, SchemaError
from makerscope.kernels.asof import MISSING, mids_at
from makerscope.kernels.timeweight import (
    ASK_SIZE,
    BID_SIZE,
    CROSSED,
    MID,
    ONE_SIDED,
    SPREAD,
    TWO_SIDED,
    UNKNOWN,
    UNSIZED,
    WIDTH,
    integrate_quotes,
)

LONGEST = 10 * 365 * 86_400_000_000_000  # ns; no horizon or age beyond ten years
MOST_SEGMENTS = 50_000_000
_MAX, _MIN = np.iinfo(np.int64).max, np.iinfo(np.int64).min
_NS = {"ns": TWO_SIDED, "ns_one_sided": ONE_SIDED, "ns_crossed": CROSSED, "ns_unknown": UNKNOWN, "ns_unsized": UNSIZED}
_INTEGRALS = {"spread_ns": SPREAD, "twice_mid_ns": MID, "bid_size_ns": BID_SIZE, "ask_size_ns": ASK_SIZE}


def attach_mids(
    fills: pl.DataFrame,
    quotes: pl.DataFrame,
    *,
    horizons: Sequence[int],
    max_age: int,
    ends: Mapping[str, int] | None = None,
    time: str = "time",
) -> pl.DataFrame:
    """The doubled mid strictly before each fill, and at each horizon after it.

    The last quote is the state of the book: where it is one-sided, locked or crossed there is no mid, even if an
    older quote had one. To look further back, leave such quotes out of ``quotes``.

    Args:
        fills: columns ``time`` (ns), ``instrument`` and any others, in order of time.
        quotes: columns ``time`` (ns), ``instrument``, ``bid``, ``ask`` (ticks, null where a side is absent), in order
            of time.
        horizons: ns after the fill; the mid is that of the last quote at or before the fill's time plus horizon.
        max_age: ns, the oldest a quote may be at the instant it stands for.
        ends: ns, end of the data by instrument; the last quote of the instrument where it is not named.
        time: name of the column with the clock in use.

    Returns:
        ``fills`` with ``twice_mid`` (ticks, Int64, null if there is none) and for each horizon ``h``:
        ``twice_mid_{h}`` (null if there is none) and ``why_{h}`` (Int8: 0 there is one, 1 the instant lies past the end
        of the data, 2 no quote, too old a quote, or one without a mid).

    Raises:
        SchemaError: a column is missing or holds nulls it may not.
        InputError: rows are not in order of time.
        DomainError: a horizon or ``max_age`` is negative or beyond ten years.

    Examples:
        >>> quotes = pl.DataFrame({"time": [0, 5], "instrument": ["a", "a"], "bid": [9, 10], "ask": [11, 13]})
        >>> fills = pl.DataFrame({"time": [5], "instrument": ["a"]})
        >>> attach_mids(fills, quotes, horizons=[0, 1], max_age=10).row(0)
        (5, 'a', 20, 23, 0, None, 1)
    """
    for name, value in (("max_age", max_age), *((f"horizon {h}", h) for h in horizons)):
        if not 0 <= value <= LONGEST:
            raise DomainError(f"{name} is {value} ns; want 0 to {LONGEST}")
    at, due = _clock(fills, "fills", time), _clock(quotes, "quotes", time)
    kind = _names(fills, quotes)
    fill_code, quote_code = _codes(fills, kind), _codes(quotes, kind)
    bid, ask = _side(quotes, "bid", _MAX), _side(quotes, "ask", _MIN)
    last = np.full(len(kind.categories), _MAX)
    last[quote_code] = due  # in order of time: the last one stays
    for place, name in enumerate(kind.categories):
        last[place] = (ends or {}).get(name, last[place])
    shifts = np.array([-1, *horizons], np.int64)  # strictly before is at or before one ns less
    mids, why = np.empty((len(shifts), fills.height), np.int64), np.empty((len(shifts), fills.height), np.int8)
    mids_at(due, quote_code, bid, ask, at, fill_code, shifts, max_age, last, mids, why)
    columns = [_or_null("twice_mid", mids[0])]
    for horizon, mid, reason in zip(horizons, mids[1:], why[1:], strict=True):
        columns += [_or_null(f"twice_mid_{horizon}", mid), pl.Series(f"why_{horizon}", reason)]
    return fills.with_columns(columns)


def spread_integrals(
    quotes: pl.DataFrame,
    sessions: pl.DataFrame,
    *,
    width: int,
    time: str = "time",
) -> pl.DataFrame:
    """What the quotes were, times how long they were so, in each bucket of time in which the recorder listened.

    A quote lives until the next quote of its instrument or the end of its session. Before the first quote of a session
    the book is unknown. Quotes outside every session are left out.

    Args:
        quotes: columns ``time`` (ns), ``instrument``, ``bid``, ``ask`` (ticks, null where a side is absent),
            ``bid_size``, ``ask_size`` (lots, null where unknown), in order of time.
        sessions: columns ``instrument``, ``start``, ``end`` (ns on the same clock, end excluded), without overlap.
        width: ns, length of a bucket.
        time: name of the column with the clock in use.

    Returns:
        One row for each instrument and bucket that a session meets, in that order: ``instrument``, ``bucket`` =
        floor(time / width), then ns as Int64: ``ns`` (two-sided, uncrossed), ``ns_one_sided`` (a side or both absent),
        ``ns_crossed`` (bid >= ask), ``ns_unknown``; these four add up to the time listened; ``ns_unsized`` (a side
        rested whose size is null). Then integrals as Int128, which no length of time overflows: ``spread_ns`` and
        ``twice_mid_ns`` (ticks * ns, over ``ns``), ``bid_size_ns`` and ``ask_size_ns`` (lots * ns, over ``ns`` and
        ``ns_one_sided``, where an absent side counts 0).

    Raises:
        SchemaError: a column is missing or holds nulls it may not.
        InputError: quotes are not in order of time, or sessions overlap or end before they start.
        DomainError: ``width`` is not positive, or so small that there are more than 50 million rows.

    Examples:
        >>> quotes = pl.DataFrame(
        ...     {"time": [2, 8], "instrument": ["a", "a"], "bid": [9, 10], "ask": [11, 13]}
        ... ).with_columns(bid_size=3, ask_size=5)
        >>> sessions = pl.DataFrame({"instrument": ["a"], "start": [0], "end": [14]})
        >>> spread_integrals(quotes, sessions, width=10).select("bucket", "ns", "ns_unknown", "spread_ns").rows()
        [(0, 8, 2, 18), (1, 4, 0, 12)]
    """
    now = _clock(quotes, "quotes", time)
    kind = _names(quotes, sessions)
    segments = _segments(sessions, kind, width)
    first = np.searchsorted(segments["code"].to_numpy(), np.arange(len(kind.categories) + 1))
    sums = np.zeros(segments.height * WIDTH, np.int64)
    integrate_quotes(
        now,
        _codes(quotes, kind),
        _side(quotes, "bid", _MAX),
        _side(quotes, "ask", _MIN),
        _side(quotes, "bid_size", -1),
        _side(quotes, "ask_size", -1),
        first,
        _array(segments["start"]),
        _array(segments["end"]),
        _array(segments["joined"]),
        sums,
    )
    words = sums.reshape(-1, WIDTH)
    return (
        segments.select("instrument", "bucket")
        .with_columns(
            *(pl.Series(name, words[:, at]) for name, at in _NS.items()),
            *(_int128(name, words[:, at], words[:, at + 1]) for name, at in _INTEGRALS.items()),
        )
        .group_by("instrument", "bucket", maintain_order=True)
        .agg(pl.all().sum())
    )


def _segments(sessions: pl.DataFrame, kind: pl.Enum, width: int) -> pl.DataFrame:
    """Sessions cut at bucket borders, by instrument in order of time: instrument, code, bucket, start, end, joined."""
    if width <= 0:
        raise DomainError(f"width is {width} ns; want a positive number")
    _present(sessions, "sessions", ("instrument", "start", "end"))
    rows = sessions.select(
        "instrument",
        pl.col("start", "end").cast(pl.Int64),
        code=pl.col("instrument").cast(kind).to_physical().cast(pl.Int64),
    ).sort("code", "start", "end")
    wrong = rows.filter(
        (pl.col("start") > pl.col("end")) | (pl.col("start") < pl.col("end").shift(1).over("code", order_by="start"))
    )
    if wrong.height:
        raise InputError("sessions", f"{wrong.row(0)[:3]} overlaps another or ends before it starts", "sessions apart")
    rows = rows.filter(pl.col("start") < pl.col("end")).with_columns(
        low=pl.col("start").floordiv(width), high=(pl.col("end") - 1).floordiv(width) + 1
    )
    if (rows["high"] - rows["low"]).sum() > MOST_SEGMENTS:
        raise DomainError(f"width of {width} ns makes more than {MOST_SEGMENTS} buckets; want a larger one")
    return (
        rows.with_columns(bucket=pl.int_ranges("low", "high", dtype=pl.Int64))
        .explode("bucket", empty_as_null=False)
        .with_columns(
            start=pl.max_horizontal("start", pl.col("bucket") * width),
            end=pl.min_horizontal("end", (pl.col("bucket") + 1) * width),
            joined=pl.col("bucket") > pl.col("low"),
        )
    )


def _present(rows: pl.DataFrame, table: str, names: Sequence[str]) -> None:
    missing = tuple(name for name in names if name not in rows.columns)
    wrong = {name: "is null in places" for name in names if name in rows.columns and rows[name].null_count()}
    if missing or wrong:
        raise SchemaError(table, missing=missing, wrong=wrong)


def _clock(rows: pl.DataFrame, table: str, time: str) -> NDArray[np.int64]:
    _present(rows, table, (time, "instrument"))
    if not rows[time].is_sorted():
        raise InputError(f"table {table!r}", f"rows are not in order of {time!r}", "rows in order of time")
    return _array(rows[time].cast(pl.Int64))


def _names(*tables: pl.DataFrame) -> pl.Enum:
    _present(tables[-1], "quotes or sessions", ("instrument",))
    names = pl.concat([rows["instrument"].cast(pl.String).unique() for rows in tables]).unique().sort()
    return pl.Enum(names)


def _codes(rows: pl.DataFrame, kind: pl.Enum) -> NDArray[np.unsignedinteger]:
    narrow = pl.UInt16 if len(kind.categories) < 2**16 else pl.UInt32
    return _array(rows["instrument"].cast(kind).to_physical().cast(narrow))


def _side(quotes: pl.DataFrame, name: str, absent: int) -> NDArray[np.int64]:
    if name not in quotes.columns:
        raise SchemaError("quotes", missing=(name,))
    return _array(quotes[name].cast(pl.Int64).fill_null(absent))


def _array(values: pl.Series) -> NDArray[Any]:
    """The values as a read-only array: always of that kind, so that a kernel is compiled once."""
    array = np.ascontiguousarray(values.to_numpy())
    array.flags.writeable = False
    return array


def _or_null(name: str, values: NDArray[np.int64]) -> pl.Series:
    return pl.Series(name, values).to_frame().select(pl.when(pl.col(name) != MISSING).then(pl.col(name)))[name]


def _int128(name: str, low: NDArray[np.int64], high: NDArray[np.int64]) -> pl.Series:
    words = pl.DataFrame({"low": low.view(np.uint64), "high": high})
    return words.select((pl.col("high").cast(pl.Int128) * 2**64 + pl.col("low").cast(pl.Int128)).alias(name))[name]
