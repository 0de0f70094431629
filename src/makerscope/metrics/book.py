"""The order book rebuilt from the table ``book``: its top, its levels after each message, or all of it at a time.

Prices are ticks and sizes lots throughout. The rows of a message become visible together. Where a venue's clock runs
backwards from one message to the next, time stands still until it has caught up, so that the book's times never
decrease. A book that is crossed after a message is kept as the venue sent it, and counted.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from makerscope.errors import DomainError, InputError, SchemaError, SequenceError
from makerscope.kernels.book import (
    FULL,
    NO_SNAPSHOT,
    Book,
    apply_messages,
    count_messages,
    count_side,
    larger_book,
    new_book,
    take_side,
)
from makerscope.tape.events import SCHEMAS

NEEDED = ("exchange_time", "local_time", "serial", "instrument", "sequence", "snapshot", "side", "price", "size")
LARGEST = 1 << 61  # prices and sizes beyond this cannot be told apart from an overflow


@dataclass(frozen=True, eq=False)
class Ladder:
    """The best ``n`` levels of one instrument after each of ``m`` messages.

    ``bid``, ``ask`` (ticks) and ``bid_size``, ``ask_size`` (lots) are int64 ``(m, n)``, best first; a level that is
    not there has price and size 0. ``messages`` has one row a message: ``exchange_time``, ``local_time`` (never
    decreasing), ``serial`` of its last row, ``sequence``, ``snapshot``. ``crossed`` counts the messages after which
    the best bid was not below the best ask.
    """

    instrument: str
    messages: pl.DataFrame
    bid: np.ndarray
    bid_size: np.ndarray
    ask: np.ndarray
    ask_size: np.ndarray
    crossed: int


def levels_after_each(levels: pl.DataFrame, n: int) -> Ladder:
    """The best ``n`` levels a side after each message.

    Args:
        levels: rows of the table ``book`` of one instrument.
        n: levels a side, at least 1.

    Raises:
        SequenceError: a delta comes before any snapshot.
        InputError: rows of several instruments, or a side, price or size that no book can hold.
        SchemaError: a column is missing.
        DomainError: ``n`` is below 1.

    Examples:
        >>> ladder = levels_after_each(EXAMPLE, 2)
        >>> ladder.bid.tolist(), ladder.bid_size.tolist()
        ([[100, 99], [99, 0]], [[5, 7], [7, 0]])
    """
    if n < 1:
        raise DomainError(f"{n} levels a side; want at least 1")
    rows = _in_order(levels)
    names = rows["instrument"].unique().to_list()
    if len(names) > 1:
        raise InputError(
            "table 'book'", f"{len(names)} instruments, such as {sorted(names)[:3]}", "rows of one instrument"
        )
    _, ladder = _rebuild(rows, n)
    return ladder


def top_of_book(levels: pl.DataFrame) -> pl.DataFrame:
    """Best bid and ask after each message, as the table ``quotes``. A side that is empty is null.

    Args:
        levels: rows of the table ``book``, of any number of instruments.

    Returns:
        ``exchange_time, local_time, serial, instrument, bid, bid_size, ask, ask_size, sequence``, in order of
        application, instruments one after another.

    Raises:
        SequenceError, InputError, SchemaError: see ``levels_after_each``.

    Examples:
        >>> top_of_book(EXAMPLE).select("bid", "bid_size", "ask", "ask_size", "sequence").rows()
        [(100, 5, 101, 3, 7), (99, 7, 101, 3, 8)]
    """
    rows = _in_order(levels)
    tops = [_top(_rebuild(part, 1)[1]) for part in rows.partition_by("instrument", maintain_order=True)]
    return pl.concat(tops) if tops else _no_quotes()


def book_at(levels: pl.DataFrame, time: int, n: int | None = None) -> pl.DataFrame:
    """The book of one instrument at a time: after the last message that is not later.

    Args:
        levels: rows of the table ``book`` of one instrument.
        time: ns, on the venue's clock where the messages have it, else on the recorder's.
        n: levels a side; all of them where None.

    Returns:
        ``side`` (+1 bids, then -1 asks), ``rank`` (from 0, the best), ``price``, ``size``.

    Raises:
        DomainError: no snapshot had come by then.
        SequenceError, InputError, SchemaError: see ``levels_after_each``.

    Examples:
        >>> book_at(EXAMPLE, 1_500).select("side", "price", "size").rows()
        [(1, 100, 5), (1, 99, 7), (-1, 101, 3)]
    """
    rows = _in_order(levels)
    rows = rows.with_columns(
        message=pl.Series(_messages_of(rows)), time=pl.coalesce("exchange_time", "local_time").cum_max()
    )
    if rows["instrument"].n_unique() > 1:
        raise InputError("table 'book'", "several instruments", "rows of one instrument")
    seen = rows.filter(pl.col("time").max().over("message") <= time)
    start = seen.filter("snapshot")["message"].max()
    if not seen.height:
        raise DomainError(f"no book is known at {time} ns; want a time after the first snapshot")
    if start is None or not rows["snapshot"][0]:
        raise SequenceError("table 'book'", "begins with a change", "a snapshot before the first change")
    book, _ = _rebuild(seen.filter(pl.col("message") >= start), 0)
    return pl.concat([_side(book, 0, n), _side(book, 1, n)])


def _in_order(levels: pl.DataFrame) -> pl.DataFrame:
    missing = tuple(name for name in NEEDED if name not in levels.columns)
    if missing:
        raise SchemaError("book", missing=missing)
    rows = levels.select(NEEDED)
    rows = rows if rows["serial"].is_sorted() else rows.sort("serial", maintain_order=True)
    bad = rows.filter(~_SOUND.fill_null(value=False))
    if bad.height:
        first = bad.row(0, named=True)
        what = f"{bad.height} rows no book can hold, the first with serial {first['serial']}, side {first['side']}"
        raise InputError(
            "table 'book'",
            f"{what}, price {first['price']}, size {first['size']}",
            "side +1 or -1, price > 0, size >= 0",
        )
    return rows


def _messages_of(rows: pl.DataFrame) -> np.ndarray:
    """Number of the message of each row: the rows of one share sequence, flag and times, and stand together.

    A venue asked twice may answer the same picture under the same sequence; the time tells the two apart.
    """
    begins = np.zeros(rows.height, np.int64)
    for name in ("sequence", "exchange_time", "local_time", "snapshot"):
        values = rows[name].cast(pl.Int64).fill_null(-1).to_numpy()
        begins[1:] |= values[1:] != values[:-1]
    return np.cumsum(begins)


def _rebuild(rows: pl.DataFrame, depth: int) -> tuple[Book, Ladder]:
    sequence = _messages_of(rows)
    price, size = (np.ascontiguousarray(rows[name].to_numpy(), np.int64) for name in ("price", "size"))
    snapshot, side = (
        np.ascontiguousarray(rows["snapshot"].to_numpy(), np.bool_),
        np.ascontiguousarray(rows["side"].to_numpy(), np.int8),
    )
    total = int(count_messages(sequence, snapshot))
    ends = np.zeros(total, np.int64)
    out = tuple(np.zeros((total, depth), np.int64) for _ in range(4))
    book, row, done, crossed, status = new_book(), 0, 0, 0, FULL
    while status == FULL:
        status, row, done, more = apply_messages(sequence, snapshot, side, price, size, row, done, book, ends, *out)
        crossed += more
        if status == FULL:
            book = larger_book(book, rows.height - row)
    if status == NO_SNAPSHOT:
        facts = rows.row(row, named=True)
        raise SequenceError(
            f"book of {facts['instrument']}",
            f"sequence {facts['sequence']} is a change before any snapshot",
            "a snapshot first",
        )
    messages = rows[ends - 1].select("exchange_time", "local_time", "serial", "sequence", "snapshot")
    messages = messages.with_columns(pl.col("exchange_time", "local_time").cum_max())
    name = str(rows["instrument"][0]) if rows.height else ""
    ladder = Ladder(
        instrument=name, messages=messages, bid=out[0], bid_size=out[1], ask=out[2], ask_size=out[3], crossed=crossed
    )
    return book, ladder


def _top(ladder: Ladder) -> pl.DataFrame:
    sides = {name: getattr(ladder, name)[:, 0] for name in ("bid", "bid_size", "ask", "ask_size")}
    return ladder.messages.with_columns(
        pl.lit(ladder.instrument).alias("instrument"), **{k: pl.Series(v) for k, v in sides.items()}
    ).select(
        "exchange_time",
        "local_time",
        "serial",
        "instrument",
        *(
            pl.when(pl.col(f"{side}_size") > 0).then(pl.col(name))
            for side in ("bid", "ask")
            for name in (side, f"{side}_size")
        ),
        "sequence",
    )


def _side(book: Book, row: int, n: int | None) -> pl.DataFrame:
    held = int(count_side(book, row))
    depth = held if n is None else min(n, held)
    prices, sizes = np.zeros(depth, np.int64), np.zeros(depth, np.int64)
    take_side(book, row, depth, prices, sizes)
    return pl.DataFrame({"rank": np.arange(depth), "price": prices, "size": sizes}).select(
        pl.lit(1 - 2 * row, dtype=pl.Int8).alias("side"), "rank", "price", "size"
    )


def _no_quotes() -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(SCHEMAS["quotes"].empty_table())).select(
        "exchange_time", "local_time", "serial", "instrument", "bid", "bid_size", "ask", "ask_size", "sequence"
    )


_SOUND = (
    pl.col("side").is_in([-1, 1])
    & pl.col("price").is_between(1, LARGEST)
    & pl.col("size").is_between(0, LARGEST)
    & pl.col("sequence").is_not_null()
    & pl.col("snapshot").is_not_null()
)
EXAMPLE = pl.DataFrame(
    {
        "exchange_time": [1_000] * 3 + [2_000],
        "local_time": [1_100] * 3 + [2_100],
        "serial": [0, 1, 2, 3],
        "instrument": ["venue:X"] * 4,
        "sequence": [7, 7, 7, 8],
        "snapshot": [True, True, True, False],
        "side": [1, 1, -1, 1],
        "price": [100, 99, 101, 100],
        "size": [5, 7, 3, 0],
    }
)  # a snapshot, and a change that takes the best bid away; for the examples above
