"""Aster perpetuals: CSV recordings of order book, best prices and trades.

``orderbook``: ten bid levels, then ten ask levels, and ``lastUpdateId``, by the recorder's clock
(``unix_timestamp``, s).
``prices``: best bid and ask without sizes, by the recorder's clock. ``trades``: by the venue's clock
(``unix_timestamp_ms``), ``side`` is the aggressor's; ids do not grow with time. The symbol stands in the file's name.

Silences: books and prices come every 0.2 to 4 s, so 10 s without one is an outage; trades pause for up to 4 s in the
recordings seen, and 30 s without one is taken for an outage.
"""

from collections.abc import Sequence
from types import MappingProxyType

import polars as pl

from makerscope.tape.events import Instrument
from makerscope.tape.write import TapeWriter
from makerscope.venues.columns import Column, Intake, one_of, positive, text
from makerscope.venues.files import Head, Progress, Recording, head_of
from makerscope.venues.rows import csv_rows
from makerscope.venues.snapshots import ladder_in, levels_of, without_repeats
from makerscope.venues.times import milliseconds_to_ns, seconds_to_ns
from makerscope.venues.units import Seen, columns_in, csv_units, perp, symbol_in

VENUE = "aster"
SECOND = 1_000_000_000
SILENCE = MappingProxyType({"book": 10 * SECOND, "quotes": 10 * SECOND, "fills": 30 * SECOND})
AGGRESSOR = MappingProxyType({"buy": -1, "sell": 1})  # the maker stood on the other side
TWO_CLOCKS = (
    "books and prices have only the recorder's clock and trades only the venue's: across the two, times agree no "
    "better than the recorder's delay"
)
WORDS = ("orderbook", "orderbooks", "prices", "trades")
BOOK = ("unix_timestamp", "lastUpdateId", "bid_price_0", "bid_qty_0", "ask_price_0", "ask_qty_0")
PRICES = ("unix_timestamp", "bid", "ask", "mid")
TRADES = ("id", "unix_timestamp_ms", "side", "price", "quantity")
KINDS = MappingProxyType({"aster book": BOOK, "aster prices": PRICES, "aster trades": TRADES})


def kind_of(head: Head) -> str | None:
    """``aster book``, ``aster prices`` or ``aster trades`` by the header line, else None."""
    names = set(columns_in(head))
    return next((kind for kind, columns in KINDS.items() if names.issuperset(columns)), None)


def read(recordings: Sequence[Recording], tape: TapeWriter, progress: Progress) -> None:
    """Bring Aster recordings onto a tape: ``book``, ``quotes`` (sizes null) and ``fills`` (maker and taker null).

    Raises:
        FormatError: a file is damaged, its name does not say the symbol, or none of its rows can be read.
    """
    tape.listen(VENUE, dict(SILENCE))
    symbols = [symbol_in(recording.path, WORDS) for recording in recordings]
    seen: dict[str, Seen] = {}
    for symbol, recording in zip(symbols, recordings, strict=True):
        seen[symbol] = seen.get(symbol, Seen()) | _units(recording)
    for symbol, recording in zip(symbols, recordings, strict=True):
        base = symbol.removesuffix("USDT").removesuffix("USDC")
        quote = symbol.removeprefix(base) or "USDT"
        instrument = perp(VENUE, symbol, seen[symbol], base=base, quote=quote, settle=quote)
        tape.add_instrument(instrument)
        tape.add_source(recording.path, recording.kind)
        _READ[recording.kind](recording, instrument, tape, progress)
    kinds = {recording.kind for recording in recordings}
    if kinds & {"aster book", "aster prices"}:
        tape.find("warning", "two clocks", TWO_CLOCKS)


def _units(recording: Recording) -> Seen:
    if recording.kind == "aster trades":
        return csv_units(
            recording.path,
            prices=("price",),
            sizes=("quantity",),
            clock="unix_timestamp_ms",
            clock_reader=milliseconds_to_ns,
        )
    if recording.kind == "aster prices":
        return csv_units(
            recording.path, prices=("bid", "ask"), sizes=(), clock="unix_timestamp", clock_reader=seconds_to_ns
        )
    header = columns_in(head_of(recording.path))
    bids, asks = ladder_in(header, "bid_price_{}", "bid_qty_{}"), ladder_in(header, "ask_price_{}", "ask_qty_{}")
    return csv_units(
        recording.path,
        prices=(*bids.prices, *asks.prices),
        sizes=(*bids.sizes, *asks.sizes),
        clock="unix_timestamp",
        clock_reader=seconds_to_ns,
    )


def _book(recording: Recording, instrument: Instrument, tape: TapeWriter, progress: Progress) -> None:
    intake = Intake(tape, recording.path, "book")
    header = columns_in(head_of(recording.path))
    bids, asks = ladder_in(header, "bid_price_{}", "bid_qty_{}"), ladder_in(header, "ask_price_{}", "ask_qty_{}")
    names = (*bids.prices, *bids.sizes, *asks.prices, *asks.sizes)
    columns = {
        "local_time": Column("unix_timestamp", seconds_to_ns),
        "sequence": Column("lastUpdateId", positive("1")),
    } | {name: Column(name, text, optional=True) for name in names}
    before: pl.DataFrame | None = None
    for rows in csv_rows(
        recording.path, required=tuple(dict.fromkeys((*BOOK, *names))), on_bad=intake.refuse, progress=progress
    ):
        good = intake.sieve(rows, columns)
        fresh = without_repeats(good, good.clear() if before is None else before, intake, instrument.instrument)
        before = good.tail(1) if good.height else before
        clocked = fresh.with_columns(exchange_time=pl.lit(None, pl.Int64))
        tape.write("book", levels_of(clocked, bids, asks, instrument, intake))
    intake.close("rows of unix_timestamp, lastUpdateId and levels")


def _prices(recording: Recording, instrument: Instrument, tape: TapeWriter, progress: Progress) -> None:
    intake = Intake(tape, recording.path, "quotes")
    columns = {
        "local_time": Column("unix_timestamp", seconds_to_ns),
        "bid": Column("bid", positive(instrument.tick_size), optional=True),
        "ask": Column("ask", positive(instrument.tick_size), optional=True),
    }
    for rows in csv_rows(recording.path, required=PRICES[:3], on_bad=intake.refuse, progress=progress):
        quotes = intake.sieve(rows, columns).drop("line")
        tape.write("quotes", quotes.with_columns(instrument=pl.lit(instrument.instrument)))
    intake.close("rows of unix_timestamp, bid, ask")


def _trades(recording: Recording, instrument: Instrument, tape: TapeWriter, progress: Progress) -> None:
    intake = Intake(tape, recording.path, "fills")
    columns = {
        "exchange_time": Column("unix_timestamp_ms", milliseconds_to_ns),
        "fill": Column("id", text),
        "side": Column("side", one_of(AGGRESSOR)),
        "price": Column("price", positive(instrument.tick_size)),
        "size": Column("quantity", positive(instrument.lot_size)),
    }
    for rows in csv_rows(recording.path, required=TRADES, on_bad=intake.refuse, progress=progress):
        fills = intake.sieve(rows, columns).drop("line")
        tape.write("fills", fills.with_columns(instrument=pl.lit(instrument.instrument)))
    intake.close("rows of id, unix_timestamp_ms, side, price, quantity")


_READ = MappingProxyType({"aster book": _book, "aster prices": _prices, "aster trades": _trades})
