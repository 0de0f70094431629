"""CSV recordings of one instrument onto one table: a row an event, or a row a whole book."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import polars as pl

from makerscope.tape.events import Instrument
from makerscope.tape.write import TapeWriter
from makerscope.venues.columns import Column
from makerscope.venues.files import Progress, Recording, head_of
from makerscope.venues.intake import Intake
from makerscope.venues.rows import csv_rows
from makerscope.venues.snapshots import Ladder, ladder_in, levels_of, without_repeats
from makerscope.venues.units import columns_in
from makerscope.venues.values import one_of, positive, text

AGGRESSOR = MappingProxyType({"buy": -1, "sell": 1})  # the maker stood on the other side


def trade_columns(instrument: Instrument, *, fill: str, side: str, price: str, size: str) -> dict[str, Column]:
    """Columns of public trades, by their names in the source; ``side`` is the aggressor's."""
    return {
        "fill": Column(fill, text),
        "side": Column(side, one_of(AGGRESSOR)),
        "price": Column(price, positive(instrument.tick_size)),
        "size": Column(size, positive(instrument.lot_size)),
    }


def read_rows(
    recording: Recording,
    instrument: Instrument,
    columns: Mapping[str, Column],
    tape: TapeWriter,
    progress: Progress,
    *,
    table: str,
    required: tuple[str, ...],
    optional: tuple[str, ...] = (),
) -> None:
    """A file whose rows are rows of ``table``; ``required`` and ``optional`` as in ``csv_rows``.

    Raises:
        FormatError: the file is damaged, or none of its rows can be read.
    """
    intake = Intake(tape, recording.path, table)
    for rows in csv_rows(recording.path, required=required, optional=optional, on_bad=intake.refuse, progress=progress):
        good = intake.sieve(rows, columns).drop("line")
        tape.write(table, good.with_columns(instrument=pl.lit(instrument.instrument)))
    intake.close(f"rows of {', '.join(required)}", may_be_empty=True)


def ladders_of(path: Path, size: str) -> tuple[Ladder, Ladder]:
    """Bids and asks of a file with columns such as ``bid_price_0`` and ``bid_qty_0``, where ``size`` is ``qty``."""
    header = columns_in(head_of(path))
    bids, asks = (ladder_in(header, f"{side}_price_{{}}", f"{side}_{size}_{{}}") for side in ("bid", "ask"))
    return bids, asks


def read_books(
    recording: Recording,
    instrument: Instrument,
    columns: Mapping[str, Column],
    tape: TapeWriter,
    progress: Progress,
    *,
    required: tuple[str, ...],
    size: str,
) -> None:
    """A file whose rows are whole books, onto the table ``book``.

    Args:
        recording: the file.
        instrument: whose books they are.
        columns: of ``sequence`` and of the clocks there are.
        tape: where the levels go.
        progress: told of the bytes read.
        required: columns that must stand in the header.
        size: see ``ladders_of``.

    Raises:
        FormatError: the file is damaged, or none of its rows can be read.
    """
    intake = Intake(tape, recording.path, "book")
    bids, asks = ladders_of(recording.path, size)
    names = (*bids.prices, *bids.sizes, *asks.prices, *asks.sizes)
    wanted = tuple(dict.fromkeys((*required, *names)))
    levels = {name: Column(name, text, optional=True) for name in names}
    clocks = [pl.lit(None, pl.Int64).alias(name) for name in ("exchange_time", "local_time") if name not in columns]
    before: pl.DataFrame | None = None
    for rows in csv_rows(recording.path, required=wanted, on_bad=intake.refuse, progress=progress):
        good = intake.sieve(rows, {**columns, **levels})
        fresh = without_repeats(good, good.clear() if before is None else before, intake, instrument.instrument)
        before = good.tail(1) if good.height else before
        tape.write("book", levels_of(fresh.with_columns(clocks), bids, asks, instrument, intake))
    sources = ", ".join(column.source for column in columns.values())
    intake.close(f"rows of {sources} and levels", may_be_empty=True)
