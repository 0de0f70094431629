"""What the rows of a tape look like, counted in one pass: the ground on which data quality is judged.

Tables are read in batches, so memory does not grow with the tape. Only counts and extremes are kept for each
instrument, and a sample of the distance between the two clocks.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
import polars.selectors as cs

from makerscope.errors import TapeError
from makerscope.tape.read import Tape

BATCH = 1 << 20  # rows counted together
EVERY = 64  # in tables longer than a batch, one row in so many is kept for the clocks
MAX_AGE = 5_000_000_000  # ns; a quote older than this says nothing about a trade
SECOND = 1_000_000_000
TIME = pl.coalesce("exchange_time", "local_time")

_BID, _ASK = pl.col("bid"), pl.col("ask")
_COUNTS: dict[str, dict[str, pl.Expr]] = {
    "trades": {
        "n_bought": (pl.col("aggressor") > 0).sum(),
        "n_sold": (pl.col("aggressor") < 0).sum(),
        "n_zero_size": (pl.col("size") <= 0).sum(),
        "n_zero_price": (pl.col("first_price") <= 0).sum(),
        "n_lots": pl.col("size").cast(pl.Float64).sum(),
        "n_cash": pl.col("cash").cast(pl.Float64).sum(),
        "min_price": pl.col("first_price").min(),
        "max_price": pl.col("first_price").max(),
    },
    "quotes": {
        "n_both_null": (_BID.is_null() & _ASK.is_null()).sum(),
        "n_two_sided": (_BID.is_not_null() & _ASK.is_not_null()).sum(),
        "n_crossed": (_BID > _ASK).sum(),
        "n_locked": (_BID == _ASK).sum(),
        "n_zero_size": ((pl.col("bid_size") <= 0) | (pl.col("ask_size") <= 0)).sum(),
        "min_price": _BID.min(),
        "max_price": _BID.max(),
    },
    "chain": {
        "n_both_null": (_BID.is_null() & _ASK.is_null()).sum(),
        "n_two_sided": (_BID.is_not_null() & _ASK.is_not_null()).sum(),
        "n_crossed": (_BID > _ASK).sum(),
        "n_locked": (_BID == _ASK).sum(),
    },
}
_ALL = {
    "n": pl.len().cast(pl.Int64),
    "n_exchange": pl.col("exchange_time").is_not_null().sum(),
    "n_whole_second": (pl.col("exchange_time") % SECOND == 0).sum(),
    "n_back": ((pl.col("serial").diff() < 0) | (TIME.diff() < 0)).sum(),
    "min_time": TIME.min(),
    "max_time": TIME.max(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """Counts of one table.

    Args:
        table: its name.
        counts: one row an instrument, in order of name: ``n`` rows, ``n_exchange`` with the venue's time,
            ``n_whole_second`` of those at whole seconds, ``n_back`` older than a row received before, ``min_time``,
            ``max_time`` (ns), and what the table itself has.
        offsets: sample of rows with both clocks: ``instrument, time, offset`` (recorder minus venue, ns).
    """

    table: str
    counts: pl.DataFrame
    offsets: pl.DataFrame


def census(tape: Tape, table: str) -> Census:
    """Count the rows of a table by instrument.

    Args:
        tape: an open tape.
        table: one with a clock and an instrument.

    Raises:
        TapeError: a file is missing or damaged.
    """
    own = _COUNTS.get(table, {})
    kept, parts = [], []
    every = 1 if tape.manifest.rows.get(table, 0) <= BATCH else EVERY
    for rows in batches(tape, table):
        parts.append(_counted(rows, own))
        both = rows.filter(pl.col("exchange_time").is_not_null() & pl.col("local_time").is_not_null())
        kept.append(both.gather_every(every).select("instrument", time=TIME, offset=_OFFSET))
    if not parts:
        empty = tape.scan(table).head(0).collect()
        return Census(
            table=table,
            counts=_counted(empty, own),
            offsets=empty.select("instrument", time=TIME, offset=_OFFSET),
        )
    counts = (
        pl.concat(parts, how="vertical_relaxed")
        .group_by("instrument")
        .agg(pl.col("^n.*$").sum(), pl.col("^min_.*$").min(), pl.col("^max_.*$").max())
        .sort("instrument")
    )
    return Census(table=table, counts=counts, offsets=pl.concat(kept))


def batches(tape: Tape, table: str, *, size: int = BATCH) -> Iterator[pl.DataFrame]:
    """The rows of a table in order, some at a time."""
    if not tape.has(table):
        return
    try:
        yield from tape.scan(table).collect_batches(chunk_size=size, maintain_order=True)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise TapeError(
            f"{tape.path}/{table}: cannot be read ({error}); want the files as they were written"
        ) from error


def count_quotes(quotes: pl.DataFrame) -> pl.DataFrame:
    """Counts of quotes that are not a table of the tape, as in ``Census.counts``."""
    return _counted(quotes, _COUNTS["quotes"]).sort("instrument")


def _counted(rows: pl.DataFrame, own: dict[str, pl.Expr]) -> pl.DataFrame:
    counts = rows.group_by("instrument").agg(**_ALL, **own)
    return counts.with_columns(cs.integer().cast(pl.Int64))  # a sum of small counts must not wrap


_OFFSET = pl.col("local_time") - pl.col("exchange_time")
