"""Recordings of Hyperliquid's feeds as CSV: trades, best prices, books of 20 levels. The file's name says the coin.

``timestamp`` is the recorder's clock in s, ``exchange_timestamp`` the venue's in ms; ``side`` of a trade is the
aggressor's.

A quote is two rows, one of the bid and one of the ask, with the same two times. Where one of the two is missing, the
side that is missing is taken from the message before if that is less than a second older on the recorder's clock, else
it is null: a quote is never older than it says.
"""

from types import MappingProxyType

import polars as pl

from makerscope.tape.events import Instrument
from makerscope.tape.write import TapeWriter
from makerscope.venues.columns import Column
from makerscope.venues.csv_tables import ladders_of, read_books, read_rows, trade_columns
from makerscope.venues.files import Head, Progress, Recording
from makerscope.venues.intake import Intake
from makerscope.venues.rows import csv_rows
from makerscope.venues.times import since_1970
from makerscope.venues.units import Seen, csv_units, kind_in
from makerscope.venues.values import one_of, positive

SECOND = 1_000_000_000
CARRY = SECOND  # ns a side may be older than the quote it completes
BID_OR_ASK = MappingProxyType({"bid": 1, "ask": -1})
WORDS = ("trades", "prices", "orderbooks", "orderbook")
CLOCKS = MappingProxyType(
    {
        "exchange_time": Column("exchange_timestamp", since_1970("ms")),
        "local_time": Column("timestamp", since_1970("s")),
    }
)
PRICES = ("timestamp", "price", "size", "side", "exchange_timestamp")
TRADES = (*PRICES, "trade_id")
BOOK = ("timestamp", "sequence", "exchange_timestamp", "bid_price_0", "bid_size_0", "ask_price_0", "ask_size_0")
KINDS = MappingProxyType({"hyperliquid trades": TRADES, "hyperliquid books": BOOK, "hyperliquid prices": PRICES})


def kind_of(head: Head) -> str | None:
    """``hyperliquid trades``, ``hyperliquid books`` or ``hyperliquid prices`` by the header line, else None."""
    return kind_in(head, KINDS)


def units_of(recording: Recording) -> Seen:
    """First pass: units and the first time of a file."""
    prices, sizes = ("price",), ("size",)
    if recording.kind == "hyperliquid books":
        bids, asks = ladders_of(recording.path, "size")
        prices, sizes = (*bids.prices, *asks.prices), (*bids.sizes, *asks.sizes)
    return csv_units(recording.path, prices=prices, sizes=sizes, clock="timestamp", clock_reader=since_1970("s"))


def read_csv(recording: Recording, instrument: Instrument, tape: TapeWriter, progress: Progress) -> None:
    """Second pass: one file onto the tape.

    Raises:
        FormatError: the file is damaged, or none of its rows can be read.
    """
    tape.add_source(recording.path, recording.kind)
    _READ[recording.kind](recording, instrument, tape, progress)


def _trades(recording: Recording, instrument: Instrument, tape: TapeWriter, progress: Progress) -> None:
    trade = trade_columns(instrument, fill="trade_id", side="side", price="price", size="size")
    read_rows(recording, instrument, {**CLOCKS, **trade}, tape, progress, table="fills", required=TRADES)


def _books(recording: Recording, instrument: Instrument, tape: TapeWriter, progress: Progress) -> None:
    columns = {**CLOCKS, "sequence": Column("sequence", positive("1"))}
    read_books(recording, instrument, columns, tape, progress, required=BOOK, size="size")


def _prices(recording: Recording, instrument: Instrument, tape: TapeWriter, progress: Progress) -> None:
    intake = Intake(tape, recording.path, "quotes")
    columns = {
        **CLOCKS,
        "side": Column("side", one_of(BID_OR_ASK)),
        "price": Column("price", positive(instrument.tick_size)),
        "size": Column("size", positive(instrument.lot_size)),
    }
    waiting: pl.DataFrame | None = None  # rows of the last message, which may go on in the next chunk
    last: pl.DataFrame | None = None  # the last quote written, with the times of its sides
    for rows in csv_rows(recording.path, required=PRICES, on_bad=intake.refuse, progress=progress):
        good = intake.sieve(rows, columns)
        known = good if waiting is None else pl.concat([waiting, good])
        if not known.height:
            continue
        numbered = _numbered(known)
        open_message = numbered["message"] == numbered["message"][-1]
        waiting = known.filter(open_message)
        last = _write_quotes(numbered.filter(~open_message), last, instrument, tape)
    if waiting is not None and waiting.height:
        _write_quotes(_numbered(waiting), last, instrument, tape)
    intake.close(f"rows of {', '.join(PRICES)}", may_be_empty=True)


def _numbered(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(message=pl.struct("exchange_time", "local_time").rle_id())


def _write_quotes(
    rows: pl.DataFrame, last: pl.DataFrame | None, instrument: Instrument, tape: TapeWriter
) -> pl.DataFrame | None:
    """Write complete messages as quotes. Answers the last quote, for the next chunk."""
    if not rows.height:
        return last
    quotes = quotes_of(rows, last)
    one_sided = quotes.filter(pl.col("alone"))
    if one_sided.height:
        tape.find(
            "info", "half a quote", HALF, table="quotes", instrument=instrument.instrument, count=one_sided.height
        )
    written = quotes.select("exchange_time", "local_time", "bid", "bid_size", "ask", "ask_size")
    tape.write("quotes", written.with_columns(instrument=pl.lit(instrument.instrument)))
    return quotes.tail(1)


HALF = "a message with one side of a quote: the other side is that of less than a second before, or unknown"


def quotes_of(rows: pl.DataFrame, last: pl.DataFrame | None = None) -> pl.DataFrame:
    """One quote a message, its missing side carried forward for less than a second.

    Args:
        rows: ``message`` (numbers of messages, in order), ``exchange_time``, ``local_time`` (ns), ``side`` (+1 bid, -1
            ask), ``price`` (ticks), ``size`` (lots). If a message has a side twice, the later row counts.
        last: the last quote of the rows before, as this function answered it.

    Returns:
        ``exchange_time, local_time, bid, bid_size, ask, ask_size``, ``alone`` (a side was missing), and ``bid_time,
        ask_time``: when each side was last seen.

    Examples:
        >>> rows = pl.DataFrame({"message": [0, 0, 1], "exchange_time": [1, 1, 5], "local_time": [2, 2, 6],
        ...                      "side": [1, -1, 1], "price": [99, 101, 100], "size": [7, 8, 9]})
        >>> quotes_of(rows).select("bid", "ask", "alone").rows()
        [(99, 101, False), (100, 101, True)]
    """
    sides = {"bid": 1, "ask": -1}
    quotes = (
        rows.group_by("message", maintain_order=True)
        .agg(
            pl.col("exchange_time", "local_time").first(),
            *(pl.col("price").filter(pl.col("side") == sign).last().alias(name) for name, sign in sides.items()),
            *(
                pl.col("size").filter(pl.col("side") == sign).last().alias(f"{name}_size")
                for name, sign in sides.items()
            ),
        )
        .drop("message")
        .with_columns(alone=pl.col("bid").is_null() | pl.col("ask").is_null())
        .with_columns(pl.when(pl.col(name).is_not_null()).then("local_time").alias(f"{name}_time") for name in sides)
    )
    before = 0 if last is None else last.height
    both = quotes if last is None else pl.concat([last.select(quotes.columns), quotes])
    both = both.with_columns(
        pl.col(f"{name}{part}").forward_fill() for name in sides for part in ("", "_size", "_time")
    )
    fresh = {
        name: (pl.col("local_time") - pl.col(f"{name}_time")).is_between(0, CARRY, closed="left") for name in sides
    }
    both = both.with_columns(
        pl.when(fresh[name]).then(f"{name}{part}").alias(f"{name}{part}")
        for name in sides
        for part in ("", "_size", "_time")
    )
    return both.slice(before)


_READ = MappingProxyType({"hyperliquid trades": _trades, "hyperliquid books": _books, "hyperliquid prices": _prices})
