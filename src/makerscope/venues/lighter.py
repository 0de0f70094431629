"""Lighter perpetuals: CSV recordings of best prices and trades.

``prices``: ``timestamp`` text, best bid and ask with sizes, and a trailing ``market_id`` that many rows lack.
``trades``: ``timestamp`` text, price, size, ``side``, ``trade_id``. Times name no zone; they are
taken as UTC and as the recorder's clock, so ``exchange_time`` is null, and a finding says so. Files may hold several
runs of the recorder in any order: the tape sorts them. The symbol stands in the file's name.

Whose side ``side`` is, the recording does not say; the aggressor's is taken, and a finding says so. Of the trades seen
with a quote at most 2 s old, 69 % lie on that side of the mid, more than for the other reading, fewer than a sure one.

Silences: within a run prices come at least every 14 s and trades every 8 s in the recordings seen; real pauses begin
at 56 s. So 30 s without an event is an outage, for both.
"""

from collections.abc import Sequence
from types import MappingProxyType

import polars as pl

from makerscope.tape.events import Instrument
from makerscope.tape.write import TapeWriter
from makerscope.venues.columns import Column, Intake, one_of, positive, text
from makerscope.venues.files import Head, Progress, Recording
from makerscope.venues.rows import csv_rows
from makerscope.venues.times import iso_to_ns
from makerscope.venues.units import Seen, columns_in, csv_units, perp, symbol_in

VENUE = "lighter"
SECOND = 1_000_000_000
SILENCE = MappingProxyType({"quotes": 30 * SECOND, "fills": 30 * SECOND})
AGGRESSOR = MappingProxyType({"buy": -1, "sell": 1})  # the maker stood on the other side
SIDE = "the source does not say whose side a trade names: taken as the aggressor's"
PRICES = ("timestamp", "bid_price", "bid_size", "ask_price", "ask_size")
OPTIONAL = MappingProxyType({"lighter prices": ("market_id",), "lighter trades": ("usd_amount",)})
TRADES = ("timestamp", "price", "size", "side", "trade_id", "usd_amount")


def kind_of(head: Head) -> str | None:
    """``lighter prices`` or ``lighter trades`` by the header line, else None."""
    names = set(columns_in(head))
    if names.issuperset(TRADES):
        return "lighter trades"
    return "lighter prices" if names.issuperset((*PRICES, "market_id")) else None


def read(recordings: Sequence[Recording], tape: TapeWriter, progress: Progress) -> None:
    """Bring Lighter recordings onto a tape: ``quotes`` and ``fills`` (maker and taker null).

    Raises:
        FormatError: a file is damaged, its name does not say the symbol, or none of its rows can be read.
    """
    tape.listen(VENUE, dict(SILENCE))
    symbols = [symbol_in(recording.path, ("prices", "trades")) for recording in recordings]
    seen: dict[str, Seen] = {}
    for symbol, recording in zip(symbols, recordings, strict=True):
        trades = recording.kind == "lighter trades"
        seen[symbol] = seen.get(symbol, Seen()) | csv_units(
            recording.path,
            prices=("price",) if trades else ("bid_price", "ask_price"),
            sizes=("size",) if trades else ("bid_size", "ask_size"),
            clock="timestamp",
            clock_reader=iso_to_ns,
            optional=OPTIONAL[recording.kind],
        )
    for symbol, recording in zip(symbols, recordings, strict=True):
        instrument = perp(VENUE, symbol, seen[symbol], base=symbol, quote="USD", settle="USDC")
        tape.add_instrument(instrument)
        tape.add_source(recording.path, recording.kind)
        _read_file(recording, instrument, tape, progress)
    text = "times name no zone: taken as UTC, and as the recorder's clock"
    tape.find("info", "zone not stated", text, count=len(recordings))
    trades = sum(recording.kind == "lighter trades" for recording in recordings)
    if trades:
        tape.find("warning", "side not stated", SIDE, table="fills", count=trades)


def _read_file(recording: Recording, instrument: Instrument, tape: TapeWriter, progress: Progress) -> None:
    trades = recording.kind == "lighter trades"
    table = "fills" if trades else "quotes"
    price, size = positive(instrument.tick_size), positive(instrument.lot_size)
    if trades:
        columns = {
            "local_time": Column("timestamp", iso_to_ns),
            "fill": Column("trade_id", text),
            "side": Column("side", one_of(AGGRESSOR)),
            "price": Column("price", price),
            "size": Column("size", size),
        }
    else:
        columns = {
            "local_time": Column("timestamp", iso_to_ns),
            "bid": Column("bid_price", price, optional=True),
            "bid_size": Column("bid_size", size, optional=True),
            "ask": Column("ask_price", price, optional=True),
            "ask_size": Column("ask_size", size, optional=True),
        }
    intake = Intake(tape, recording.path, table)
    required = TRADES[:-1] if trades else PRICES
    for rows in csv_rows(
        recording.path, required=required, optional=OPTIONAL[recording.kind], on_bad=intake.refuse, progress=progress
    ):
        good = intake.sieve(rows, columns).drop("line")
        tape.write(table, good.with_columns(instrument=pl.lit(instrument.instrument)))
    intake.close(f"rows of {', '.join(required)}")
