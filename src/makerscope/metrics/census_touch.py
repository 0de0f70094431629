"""Trades held against the quotes before them, and books rebuilt to see whether bid is below ask."""

from dataclasses import dataclass

import polars as pl

from makerscope.errors import SequenceError
from makerscope.metrics.book import top_of_book
from makerscope.metrics.census import BATCH, MAX_AGE, batches, count_quotes
from makerscope.tape.read import Tape

LONGEST_BOOK = 4_000_000  # levels of one instrument that are rebuilt
MOST_BOOKS = 40  # books that are rebuilt, those with the most levels first
TOUCH_BATCHES = 16  # batches of quotes, spread over the tape, against which trades are held


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Rebuilt books: counts of their tops by instrument, the tops asked for, and books that cannot be rebuilt."""

    counts: pl.DataFrame
    tops: pl.DataFrame
    broken: tuple[str, ...]


def rebuilt_books(tape: Tape, counts: pl.DataFrame | None, quoted: set[str]) -> Books:
    """Rebuild the books of a tape: at most 40 instruments, and the first 4 million levels of each.

    Args:
        tape: an open tape.
        counts: of the table ``book``, None where there is none.
        quoted: instruments with quotes of their own, whose rebuilt tops are not kept.
    """
    none = tape.scan("quotes").head(0).collect()
    if counts is None:
        return Books(counts=count_quotes(none), tops=none, broken=())
    seen, tops, broken = [count_quotes(none)], [none], []
    for name in counts.sort("n", descending=True).head(MOST_BOOKS)["instrument"].to_list():
        levels = tape.scan("book").filter(pl.col("instrument") == name).head(LONGEST_BOOK).collect()
        try:
            top = top_of_book(levels)
        except SequenceError:
            broken.append(str(name))
            continue
        seen.append(count_quotes(top))
        if name not in quoted:
            tops.append(top.select(none.columns))
    return Books(counts=pl.concat(seen, how="vertical_relaxed"), tops=pl.concat(tops), broken=tuple(broken))


def distances_from_touch(tape: Tape, tops: pl.DataFrame, far: float) -> pl.DataFrame:
    """How many trades happened far from the last quote before them.

    A trade counts where its instrument was quoted on both sides, strictly before it and at most 5 s earlier, in one of
    16 stretches of quotes spread over the tape.

    Args:
        tape: an open tape.
        tops: rebuilt quotes of instruments that have none on the tape.
        far: fraction of the mid.

    Returns:
        ``instrument``, ``n`` trades compared, ``n_far``: those whose mean price lies beyond the quotes by more than
        ``far``.
    """
    trades = tape.scan("trades").select("exchange_time", "local_time", "instrument", "size", "cash")
    total = -(-tape.manifest.rows.get("quotes", 0) // BATCH)
    step = max(1, total // TOUCH_BATCHES)
    parts = [_beyond(rows, trades, far) for place, rows in enumerate(batches(tape, "quotes")) if place % step == 0]
    if tops.height:
        parts.append(_beyond(tops, trades, far))
    empty = pl.DataFrame(schema={"instrument": pl.String, "n": pl.Int64, "n_far": pl.Int64})
    return pl.concat([empty, *parts]).group_by("instrument").agg(pl.all().sum()).sort("instrument")


def _beyond(quotes: pl.DataFrame, trades: pl.LazyFrame, far: float) -> pl.DataFrame:
    names = quotes["instrument"].unique().to_list()
    some = trades.filter(pl.col("instrument").is_in(names))
    held = []
    for clock in ("exchange_time", "local_time"):  # each instrument on one clock: the venue's where both tables have it
        use = quotes.filter(pl.col(clock).is_not_null()).select("instrument", "bid", "ask", time=clock).sort("time")
        if not use.height:
            continue
        window = some.filter(pl.col(clock).is_between(use["time"].min(), use["time"].max()))
        now = window.select("instrument", "size", "cash", time=clock).collect().sort("time")
        now = now.filter(~pl.col("instrument").is_in([name for part in held for name in part["instrument"].unique()]))
        near = now.join_asof(
            use, on="time", by="instrument", allow_exact_matches=False, tolerance=MAX_AGE, check_sortedness=False
        )
        held.append(near.filter(pl.col("bid") < pl.col("ask")))
    if not held:
        return pl.DataFrame(schema={"instrument": pl.String, "n": pl.Int64, "n_far": pl.Int64})
    price = pl.col("cash") / pl.col("size")
    beyond = pl.max_horizontal(price - pl.col("ask"), pl.col("bid") - price) / ((pl.col("bid") + pl.col("ask")) / 2)
    return (
        pl.concat(held)
        .group_by("instrument")
        .agg(n=pl.len().cast(pl.Int64), n_far=(beyond > far).sum().cast(pl.Int64))
        .select("instrument", "n", "n_far")
    )
