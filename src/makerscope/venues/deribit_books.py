"""Deribit order book answers, flattened to CSV: each row is a snapshot of one option's book and one row of the chain.

``bids`` and ``asks`` are text lists of ``[price, amount]`` in coin. A missing side is ``[]`` with a best price of
0.0; an implied volatility of 0.0 means none. ``timestamp`` is the venue's, in ms; there is no clock of the recorder.
Sweeps over all options are minutes apart, so the books have no sessions.
"""

from decimal import Decimal
from pathlib import Path

import msgspec
import polars as pl

from makerscope.tape.write import TapeWriter
from makerscope.venues.deribit_chain import count_odd
from makerscope.venues.deribit_rows import BadMessageError, Row, frame, identity, levels, milliseconds, option_quote
from makerscope.venues.deribit_units import instrument_of
from makerscope.venues.files import Progress
from makerscope.venues.intake import Intake
from makerscope.venues.rows import csv_rows

REQUIRED = ("instrument_name", "timestamp", "change_id", "bids", "asks", "mark_price", "underlying_price", "mark_iv")
OPTIONAL = (
    "index_price", "open_interest", "bid_iv", "ask_iv", "best_bid_price", "best_bid_amount", "best_ask_price",
    "best_ask_amount", "greeks.delta", "greeks.vega", "stats.volume",
)  # fmt: skip
_LISTS = msgspec.json.Decoder(float_hook=Decimal)


def read_books(path: Path, tape: TapeWriter, progress: Progress) -> None:
    """One file onto the tables ``book`` and ``chain``.

    Raises:
        FormatError: the file is damaged, or none of its rows can be read.
    """
    intake = Intake(tape, path, "chain")
    for rows in csv_rows(path, required=REQUIRED, optional=OPTIONAL, on_bad=intake.refuse, progress=progress):
        book: list[Row] = []
        chain: list[Row] = []
        for row in rows.iter_rows(named=True):
            try:
                mine, quote = _read(row, tape)
            except BadMessageError as error:
                intake.refuse(
                    row["line"], ",".join(str(value) for name, value in row.items() if name != "line"), str(error)
                )
                continue
            book += mine
            chain.append(quote)
        intake.kept += len(chain)
        if chain:
            tape.write("book", frame("book", book))
            quotes = frame("chain", chain)
            tape.write("chain", quotes)
            ends = {name: item.expiry for name, item in tape.instruments.items()}
            expiry = pl.Series([ends[name] for name in quotes["instrument"]], dtype=pl.Int64)
            count_odd(quotes.with_columns(tick=pl.lit(0.0001), expiry=expiry), tape)
    intake.close("rows of Deribit's order books of options")


def _read(row: Row, tape: TapeWriter) -> tuple[list[Row], Row]:
    time = milliseconds(row["timestamp"])
    item = instrument_of(str(row["instrument_name"]), at=time)
    if item is None or item.kind != "option":
        raise BadMessageError("instrument_name is no option of Deribit")
    try:
        bids, asks = (_LISTS.decode(str(row[side])) for side in ("bids", "asks"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadMessageError(f"bids or asks is no list ({error})") from None
    sequence = identity(row["change_id"], "change_id")
    head: Row = {"exchange_time": time, "local_time": None}
    own: Row = {"instrument": item.instrument, "sequence": sequence}
    book = [head | own | level for level in levels(item, bids, asks, snapshot=True)]
    greeks: Row = {"delta": row["greeks.delta"], "vega": row["greeks.vega"]}
    quote = head | option_quote(item, row, greeks, row["stats.volume"])
    tape.add_instrument(tape.instruments.get(item.instrument, item))
    return book, quote
