"""Deribit option chains in Parquet: one row an option and snapshot, prices in coin.

The snapshot's one ``timestamp`` is the recorder's, so it becomes ``local_time``; the venue's time is unknown. A quote
that is absent is null. ``vega`` comes in USD for one point of volatility (0.01) and is kept for 1.00, which is 100
times as much. Snapshots are hours apart, so a chain has no sessions. What looks odd but is how the market was (a mark
outside the quotes, a bid above the ask, an option past its expiry) is kept and counted.
"""

from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from makerscope.errors import FormatError
from makerscope.tape.decimals import floats_to_units
from makerscope.tape.rules import EARLIEST, LATEST
from makerscope.tape.write import TapeWriter
from makerscope.venues.deribit_units import instrument_of
from makerscope.venues.files import Progress
from makerscope.venues.intake import Intake

BATCH = 65_536
COLUMNS = (
    "timestamp", "instrument_name", "underlying", "option_type", "strike", "expiry_datetime", "bid_price", "ask_price",
    "mark_price", "implied_volatility", "delta", "vega", "open_interest", "volume", "index_price",
)  # fmt: skip
_NUMBERS = (
    "underlying",
    "strike",
    "bid_price",
    "ask_price",
    "mark_price",
    "implied_volatility",
    "delta",
    "vega",
    "open_interest",
    "volume",
    "index_price",
)
_WANT = f"a Parquet file with the columns {', '.join(COLUMNS)}"


def is_chain(path: Path) -> bool:
    """Whether a Parquet file is an option chain of Deribit."""
    try:
        return set(COLUMNS) <= set(pq.read_schema(path).names)
    except (pa.ArrowException, OSError, ValueError):
        return False


def read_chain(path: Path, tape: TapeWriter, progress: Progress) -> None:
    """One file onto the table ``chain``, a batch at a time.

    Raises:
        FormatError: the file is damaged, lacks a column, or none of its rows can be read.
    """
    intake, first = Intake(tape, path, "chain"), 0
    size, rows = path.stat().st_size, 0
    try:
        with pq.ParquetFile(path) as file:
            total = max(file.metadata.num_rows, 1)
            for batch in file.iter_batches(batch_size=BATCH, columns=list(COLUMNS)):
                batch.validate(full=True)  # texts that are no UTF-8 would crash whoever touches them
                frame = pl.DataFrame(pl.from_arrow(pa.Table.from_batches([batch])))
                good = _usable(frame, first, intake)
                intake.kept += good.height
                first += frame.height
                if good.height:
                    tape.write("chain", _rows(good, tape))
                progress(size * first // total - size * rows // total)
                rows = first
    except (pa.ArrowException, OSError, pl.exceptions.PolarsError) as error:
        raise FormatError(path, f"cannot be read as Parquet ({error})", _WANT) from error
    intake.close(_WANT)


def _usable(frame: pl.DataFrame, first: int, intake: Intake) -> pl.DataFrame:
    """The rows that can be trusted, with their times in ns and their numbers as floats; the others are quarantined."""
    whole = frame.with_columns(
        pl.col("timestamp", "expiry_datetime").cast(pl.Datetime("ns", "UTC")).cast(pl.Int64),
        pl.col(_NUMBERS).cast(pl.Float64).fill_nan(None),
        row=pl.int_range(first + 1, first + 1 + frame.height, dtype=pl.Int64),
    )
    names = whole.select(pl.col("instrument_name").unique().drop_nulls())
    parsed = [instrument_of(name, at=EARLIEST * 2) for name in names["instrument_name"]]
    facts = names.with_columns(
        known=pl.Series([item is not None and item.kind == "option" for item in parsed], dtype=pl.Boolean),
        named_strike=pl.Series(
            [float(item.strike) if item and item.strike else None for item in parsed], dtype=pl.Float64
        ),
        named_expiry=pl.Series([item.expiry if item else None for item in parsed], dtype=pl.Int64),
        named_type=pl.Series(
            [("call" if item.is_call else "put") if item else None for item in parsed], dtype=pl.String
        ),
    )
    whole = whole.join(facts, on="instrument_name", how="left", maintain_order="left")
    for side in ("bid", "ask"):
        value, why = floats_to_units(whole[f"{side}_price"], "0.0001")
        whole = whole.with_columns(value.alias(f"{side}_ticks"), why.alias(f"{side}_why"))
    agrees = (
        (pl.col("strike") == pl.col("named_strike"))
        & (pl.col("expiry_datetime") == pl.col("named_expiry"))
        & (pl.col("option_type") == pl.col("named_type"))
    )
    low = (pl.col("mark_price") < 0) | (pl.col("underlying") <= 0) | (pl.col("implied_volatility") < 0)
    faults = {
        "instrument_name is no option of Deribit": ~pl.col("known").fill_null(value=False),
        "timestamp lies before 2009 or after 2099": ~_between(pl.col("timestamp")),
        "strike, expiry or type is not what the name says": ~agrees.fill_null(value=False),
        "bid_price is no multiple of 0.0001": pl.col("bid_why").is_not_null(),
        "ask_price is no multiple of 0.0001": pl.col("ask_why").is_not_null(),
        "a quote is not positive": pl.min_horizontal("bid_ticks", "ask_ticks") <= 0,
        "mark, underlying or volatility is negative": low,
    }
    reason = pl.coalesce(pl.when(rule).then(pl.lit(text)) for text, rule in faults.items())
    whole = whole.with_columns(reason=reason)
    bad = whole.filter(pl.col("reason").is_not_null())
    for row in bad.select("row", "reason", *COLUMNS).iter_rows(named=True):
        raw = ",".join(str(row[name]) for name in COLUMNS)
        intake.refuse(row["row"], raw, row["reason"])
    return whole.filter(pl.col("reason").is_null())


def _between(time: pl.Expr) -> pl.Expr:
    return time.is_between(EARLIEST, LATEST).fill_null(value=False)


def _rows(good: pl.DataFrame, tape: TapeWriter) -> pl.DataFrame:
    for name, at in good.group_by("instrument_name").agg(pl.col("timestamp").min()).sort("instrument_name").iter_rows():
        item = instrument_of(name, at=at)
        if item is not None and item.instrument not in tape.instruments:
            tape.add_instrument(item)
    rows = good.select(
        pl.lit(None, dtype=pl.Int64).alias("exchange_time"),
        local_time="timestamp",
        instrument="deribit:" + pl.col("instrument_name"),
        bid="bid_ticks",
        ask="ask_ticks",
        mark="mark_price",
        underlying="underlying",
        index="index_price",
        mark_volatility="implied_volatility",
        delta="delta",
        vega=pl.col("vega") * 100,
        open_interest="open_interest",
        volume="volume",
    )
    count_odd(rows.with_columns(tick=pl.lit(0.0001), expiry=good["expiry_datetime"]), tape)
    return rows


def count_odd(rows: pl.DataFrame, tape: TapeWriter) -> None:
    """Count what looks odd and is kept.

    ``rows``: of the table ``chain``, with ``tick`` (a price) and ``expiry`` (ns).
    """
    mark, tick = pl.col("mark"), pl.col("tick")
    outside = (mark < pl.col("bid") * tick - tick * 1e-6) | (mark > pl.col("ask") * tick + tick * 1e-6)
    odd = {
        "mark outside the quotes": outside,
        "bid above the ask": pl.col("bid") > pl.col("ask"),
        "past its expiry": pl.coalesce("exchange_time", "local_time") > pl.col("expiry"),
    }
    for code, rule in odd.items():
        count = int(rows.select(rule.fill_null(value=False).sum()).item())
        if count:
            tape.find("info", code, "rows of an option chain, kept as they are", table="chain", count=count)
