"""The user's own CSV or Parquet onto a tape, by a TOML mapping. ``docs/mapping.md`` is its manual."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from makerscope.errors import FormatError, InputError
from makerscope.tape.decimals import places
from makerscope.tape.events import Instrument, Token
from makerscope.tape.write import TapeWriter
from makerscope.venues.columns import Column
from makerscope.venues.files import Progress
from makerscope.venues.intake import Intake
from makerscope.venues.map_file import Map, load_map
from makerscope.venues.map_file import Units as Terms
from makerscope.venues.mapped_rows import Block, Seen, by_role, fill_columns, quote_columns
from makerscope.venues.rows import csv_rows
from makerscope.venues.rules import CLOCKS_APART
from makerscope.venues.tardis_contracts import assets_of
from makerscope.venues.times import written

BATCH = 65_536
DAMAGE = (pa.ArrowException, pl.exceptions.PolarsError, OSError, ValueError, TypeError, KeyError)  # of a Parquet file
FIELDS = (
    "time", "local_time", "symbol", "side", "price", "size", "fill", "order", "account", "counterparty", "role", "fee",
    "fee_token", "bid", "bid_size", "ask", "ask_size",
)  # fmt: skip
CONSTANTS = ("symbol", "account", "role", "fee_token")
OnBad = Callable[[int, str, str], None]


def read_mapped(paths: Sequence[Path], map_path: Path, tape: TapeWriter, progress: Progress) -> None:
    """Bring the user's files onto the tape as the mapping says.

    Args:
        paths: CSV or Parquet files, all of one shape.
        map_path: the TOML file.
        tape: the tape being written.
        progress: told of the stored bytes read.

    Raises:
        InputError: the mapping is not usable; the message names the key.
        FormatError: a file is damaged, lacks a column the mapping names, or has no good row.
    """
    mapping = load_map(map_path)
    seen = _first_pass(paths, mapping)
    for path in paths:
        tape.add_source(path, f"mapped {mapping.table}")
        intake = Intake(tape, path, mapping.table)
        typed = _typed_times(path)
        for texts in _texts(path, mapping, intake.refuse, progress):
            block = Block(texts, mapping, seen, typed)
            columns, rules = _columns(block)
            more, others = (fill_columns if mapping.table == "fills" else quote_columns)(block)
            rows = intake.sieve(texts, columns | more, [*rules, *others]).drop("line")
            if mapping.table == "fills":
                rows = rows.select(*columns, *by_role(mapping))
            _declare(rows, mapping, seen, tape)
            tape.write(mapping.table, rows)
        intake.close(f"rows as {map_path.name} says")


def _columns(block: Block) -> tuple[dict[str, Column], list[pl.Expr]]:
    mapping = block.mapping
    columns = {"instrument": Column("symbol", block.name)}
    for name, source in (("time", mapping.columns.time), ("local_time", mapping.columns.local_time)):
        if source is not None:
            unit, form = ("ns", None) if source in block.typed else (mapping.time.unit, mapping.time.format)
            read = written(unit=unit, form=form, zone=mapping.time.zone)
            columns["exchange_time" if name == "time" else name] = Column(name, read)
    return columns, [CLOCKS_APART] if "local_time" in columns else []


def _declare(rows: pl.DataFrame, mapping: Map, seen: Seen, tape: TapeWriter) -> None:
    for name in rows["instrument"].unique(maintain_order=True):
        if name not in tape.instruments:
            symbol = name.split(":", 1)[1]
            tape.add_instrument(_instrument(name, symbol, mapping, seen))
    for column in ("maker_fee_token", "taker_fee_token"):
        for token in rows[column].drop_nulls().unique(maintain_order=True) if column in rows.columns else ():
            tape.add_token(Token(token=token, decimals=places(seen.tokens.get(token, "1"))))


def _instrument(name: str, symbol: str, mapping: Map, seen: Seen) -> Instrument:
    terms = mapping.instrument.get(symbol, Terms())
    base, quote = assets_of(symbol)
    base, quote = terms.base or base, terms.quote or quote
    given = terms.tick_size is not None and terms.lot_size is not None
    return Instrument(
        instrument=name, venue=mapping.venue, symbol=symbol, kind=terms.kind, base=base, quote=quote,
        settle=terms.settle or (base if terms.inverse else quote), inverse=terms.inverse,
        tick_size=seen.ticks.get(symbol, "1"), lot_size=seen.lots.get(symbol, "1"), multiplier=terms.multiplier,
        facts="the mapping" if given else "the mapping; decimals seen in the recording",
    )  # fmt: skip


def _first_pass(paths: Sequence[Path], mapping: Map) -> Seen:
    seen = Seen()
    for path in paths:
        for texts in _texts(path, mapping, lambda _line, _raw, _why: None):
            for name in ("price", "bid", "ask"):
                seen.prices.add(texts["symbol"], texts[name])
            for name in ("size", "bid_size", "ask_size"):
                seen.sizes.add(texts["symbol"], texts[name])
            seen.fees.add(texts["fee_token"], texts["fee"])
    for symbol in seen.prices.seen.keys() | seen.sizes.seen.keys():
        terms = mapping.instrument.get(symbol, Terms())
        seen.ticks[symbol] = terms.tick_size or seen.prices.unit(symbol) or "1"
        seen.lots[symbol] = terms.lot_size or seen.sizes.unit(symbol) or "1"
    given = {token: f"{10**-decimals:.{decimals}f}" for token, decimals in mapping.token.items()}
    seen.tokens = {token: seen.fees.unit(token) or "1" for token in seen.fees.seen} | given
    return seen


def _texts(path: Path, mapping: Map, on_bad: OnBad, progress: Progress = lambda _bytes: None) -> Iterator[pl.DataFrame]:
    """Frames of String columns ``FIELDS`` and ``line``; a constant fills its column, what is not mapped is null."""
    columns = {name: getattr(mapping.columns, name) for name in FIELDS if getattr(mapping.columns, name) is not None}
    needed = tuple(dict.fromkeys(columns.values()))
    for rows in _source(path, needed, mapping, on_bad, progress):
        given = {name: getattr(mapping.constants, name) for name in CONSTANTS if name not in columns}
        yield rows.select(
            "line",
            *(
                pl.col(columns[name]).alias(name)
                if name in columns
                else pl.lit(given.get(name), dtype=pl.String).alias(name)
                for name in FIELDS
            ),
        )


def _is_parquet(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PAR1"
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "a CSV or Parquet file") from error


def _source(
    path: Path, needed: tuple[str, ...], mapping: Map, on_bad: OnBad, progress: Progress
) -> Iterator[pl.DataFrame]:
    if not _is_parquet(path):
        yield from csv_rows(path, required=needed, on_bad=on_bad, progress=progress)
        return
    try:
        yield from _parquet_rows(path, needed, mapping)
    except FormatError:
        raise
    except DAMAGE as error:
        raise FormatError(path, f"cannot be read as Parquet ({error})", "a whole Parquet file") from error
    progress(path.stat().st_size)


def _parquet_rows(path: Path, needed: tuple[str, ...], mapping: Map) -> Iterator[pl.DataFrame]:
    with pq.ParquetFile(path) as file:
        missing = [name for name in needed if name not in file.schema_arrow.names]
        if missing:
            raise FormatError(path, f"lacks the column {missing[0]!r}", f"columns {', '.join(needed)}")
        line = 1
        for batch in file.iter_batches(BATCH, columns=list(needed)):
            batch.validate(full=True)  # texts that are no UTF-8 would crash whoever touches them
            frame = pl.DataFrame(pa.Table.from_batches([batch]))
            texts = [_as_text(frame[name], mapping).alias(name) for name in needed]
            yield pl.DataFrame([pl.Series("line", range(line, line + frame.height), dtype=pl.Int64), *texts])
            line += frame.height


def _typed_times(path: Path) -> frozenset[str]:
    """Columns of a Parquet file that are timestamps by type: their texts are ns, whatever the mapping says."""
    if not _is_parquet(path):
        return frozenset()
    try:
        schema = pq.read_schema(path)
    except DAMAGE as error:
        raise FormatError(path, f"cannot be read as Parquet ({error})", "a whole Parquet file") from error
    return frozenset(field.name for field in schema if pa.types.is_timestamp(field.type))


def _as_text(values: pl.Series, mapping: Map) -> pl.Series:
    """A Parquet column as text: times as ns, floats at the digits they can hold."""
    if values.dtype in (pl.Float32, pl.Float64):
        digits = 7 if values.dtype == pl.Float32 else 15
        return pl.Series([None if x is None else f"{x:.{digits}g}" for x in values], dtype=pl.String)
    if isinstance(values.dtype, pl.Datetime):
        if values.dtype.time_zone is None:
            values = values.dt.replace_time_zone(mapping.time.zone, ambiguous="null", non_existent="null")
        return values.dt.timestamp("ns").cast(pl.String)
    return values.cast(pl.String, strict=False)
