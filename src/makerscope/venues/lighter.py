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

from makerscope.tape.events import Instrument
from makerscope.tape.write import TapeWriter
from makerscope.venues.columns import Column
from makerscope.venues.csv_tables import read_rows, trade_columns
from makerscope.venues.files import Head, Progress, Recording
from makerscope.venues.times import iso
from makerscope.venues.units import Seen, csv_units, first_pass, kind_in, perp
from makerscope.venues.values import positive

VENUE = "lighter"
SECOND = 1_000_000_000
SILENCE = MappingProxyType({"quotes": 30 * SECOND, "fills": 30 * SECOND})
SIDE = "the source does not say whose side a trade names: taken as the aggressor's"
PRICES = ("timestamp", "bid_price", "bid_size", "ask_price", "ask_size")
OPTIONAL = MappingProxyType({"lighter prices": ("market_id",), "lighter trades": ("usd_amount",)})
TRADES = ("timestamp", "price", "size", "side", "trade_id", "usd_amount")
KINDS = MappingProxyType({"lighter trades": TRADES, "lighter prices": (*PRICES, "market_id")})


def kind_of(head: Head) -> str | None:
    """``lighter prices`` or ``lighter trades`` by the header line, else None."""
    return kind_in(head, KINDS)


def read(recordings: Sequence[Recording], tape: TapeWriter, progress: Progress) -> None:
    """Bring Lighter recordings onto a tape: ``quotes`` and ``fills`` (maker and taker null).

    Raises:
        FormatError: a file is damaged, its name does not say the symbol, or none of its rows can be read.
    """
    tape.listen(VENUE, dict(SILENCE))
    for recording, symbol, seen in first_pass(recordings, ("prices", "trades"), _units):
        instrument = perp(VENUE, symbol, seen, base=symbol, quote="USD", settle="USDC")
        tape.add_instrument(instrument)
        tape.add_source(recording.path, recording.kind)
        _read_file(recording, instrument, tape, progress)
    text = "times name no zone: taken as UTC, and as the recorder's clock"
    tape.find("info", "zone not stated", text, count=len(recordings))
    trades = sum(recording.kind == "lighter trades" for recording in recordings)
    if trades:
        tape.find("warning", "side not stated", SIDE, table="fills", count=trades)


def _units(recording: Recording) -> Seen:
    trades = recording.kind == "lighter trades"
    return csv_units(
        recording.path,
        prices=("price",) if trades else ("bid_price", "ask_price"),
        sizes=("size",) if trades else ("bid_size", "ask_size"),
        clock="timestamp",
        clock_reader=iso(),
        optional=OPTIONAL[recording.kind],
    )


def _read_file(recording: Recording, instrument: Instrument, tape: TapeWriter, progress: Progress) -> None:
    time = {"local_time": Column("timestamp", iso())}
    if recording.kind == "lighter trades":
        table, required = "fills", TRADES[:-1]
        rest = trade_columns(instrument, fill="trade_id", side="side", price="price", size="size")
    else:
        table, required = "quotes", PRICES
        price, size = positive(instrument.tick_size), positive(instrument.lot_size)
        rest = {
            "bid": Column("bid_price", price, optional=True),
            "bid_size": Column("bid_size", size, optional=True),
            "ask": Column("ask_price", price, optional=True),
            "ask_size": Column("ask_size", size, optional=True),
        }
    named = {"required": required, "optional": OPTIONAL[recording.kind]}
    read_rows(recording, instrument, time | rest, tape, progress, table=table, **named)
