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

from makerscope.tape.events import Instrument
from makerscope.tape.write import TapeWriter
from makerscope.venues.columns import Column
from makerscope.venues.csv_tables import ladders_of, read_books, read_rows, trade_columns
from makerscope.venues.files import Head, Progress, Recording
from makerscope.venues.times import since_1970
from makerscope.venues.units import Seen, csv_units, first_pass, kind_in, perp
from makerscope.venues.values import positive

VENUE = "aster"
SECOND = 1_000_000_000
SILENCE = MappingProxyType({"book": 10 * SECOND, "quotes": 10 * SECOND, "fills": 30 * SECOND})
TWO_CLOCKS = (
    "books and prices have only the recorder's clock and trades only the venue's: across the two, times agree no "
    "better than the recorder's delay"
)
WORDS = ("orderbook", "orderbooks", "prices", "trades")
BOOK = ("unix_timestamp", "lastUpdateId", "bid_price_0", "bid_qty_0", "ask_price_0", "ask_qty_0")
PRICES = ("unix_timestamp", "bid", "ask", "mid")
TRADES = ("id", "unix_timestamp_ms", "side", "price", "quantity")
LOCAL = Column("unix_timestamp", since_1970("s"))
KINDS = MappingProxyType({"aster book": BOOK, "aster prices": PRICES, "aster trades": TRADES})


def kind_of(head: Head) -> str | None:
    """``aster book``, ``aster prices`` or ``aster trades`` by the header line, else None."""
    return kind_in(head, KINDS)


def read(recordings: Sequence[Recording], tape: TapeWriter, progress: Progress) -> None:
    """Bring Aster recordings onto a tape: ``book``, ``quotes`` (sizes null) and ``fills`` (maker and taker null).

    Raises:
        FormatError: a file is damaged, its name does not say the symbol, or none of its rows can be read.
    """
    tape.listen(VENUE, dict(SILENCE))
    for recording, symbol, seen in first_pass(recordings, WORDS, _units):
        base = symbol.removesuffix("USDT").removesuffix("USDC")
        quote = symbol.removeprefix(base) or "USDT"
        instrument = perp(VENUE, symbol, seen, base=base, quote=quote, settle=quote)
        tape.add_instrument(instrument)
        tape.add_source(recording.path, recording.kind)
        _READ[recording.kind](recording, instrument, tape, progress)
    kinds = {recording.kind for recording in recordings}
    if kinds & {"aster book", "aster prices"}:
        tape.find("warning", "two clocks", TWO_CLOCKS)


def _units(recording: Recording) -> Seen:
    clock, unit = ("unix_timestamp_ms", "ms") if recording.kind == "aster trades" else ("unix_timestamp", "s")
    prices, sizes = _NUMBERS.get(recording.kind, ((), ()))
    if recording.kind == "aster book":
        bids, asks = ladders_of(recording.path, "qty")
        prices, sizes = (*bids.prices, *asks.prices), (*bids.sizes, *asks.sizes)
    return csv_units(recording.path, prices=prices, sizes=sizes, clock=clock, clock_reader=since_1970(unit))


def _book(recording: Recording, instrument: Instrument, tape: TapeWriter, progress: Progress) -> None:
    columns = {"local_time": LOCAL, "sequence": Column("lastUpdateId", positive("1"))}
    read_books(recording, instrument, columns, tape, progress, required=BOOK, size="qty")


def _prices(recording: Recording, instrument: Instrument, tape: TapeWriter, progress: Progress) -> None:
    price = positive(instrument.tick_size)
    sides = {side: Column(side, price, optional=True) for side in ("bid", "ask")}
    read_rows(
        recording, instrument, {"local_time": LOCAL, **sides}, tape, progress, table="quotes", required=PRICES[:3]
    )


def _trades(recording: Recording, instrument: Instrument, tape: TapeWriter, progress: Progress) -> None:
    time = {"exchange_time": Column("unix_timestamp_ms", since_1970("ms"))}
    trade = trade_columns(instrument, fill="id", side="side", price="price", size="quantity")
    read_rows(recording, instrument, time | trade, tape, progress, table="fills", required=TRADES)


_NUMBERS = MappingProxyType({"aster trades": (("price",), ("quantity",)), "aster prices": (("bid", "ask"), ())})
_READ = MappingProxyType({"aster book": _book, "aster prices": _prices, "aster trades": _trades})
