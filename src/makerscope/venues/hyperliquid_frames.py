"""Decoded Hyperliquid frames onto a tape: ``book``, ``quotes``, ``fills``, ``marks``, ``liquidations``."""

from collections.abc import Sequence

import polars as pl

from makerscope.tape.rules import EARLIEST, LATEST
from makerscope.tape.write import TapeWriter
from makerscope.venues.columns import required
from makerscope.venues.files import Progress, Recording
from makerscope.venues.hyperliquid_coins import Coins, with_units
from makerscope.venues.hyperliquid_messages import (
    WANT,
    Batch,
    batches,
    book_frame,
    mark_frame,
    top_frame,
    trade_frame,
)
from makerscope.venues.hyperliquid_pairs import fill_frame, in_ticks, paired, trades_only, write_pairs
from makerscope.venues.intake import Intake
from makerscope.venues.values import in_units, positive

AGGREGATED = "a book whose levels the venue had aggregated (nSigFigs): its prices are not the best prices"
NO_CLOCK = "venue prices without any time (the frame has none and the recorder noted none)"
FINER = "a mark or oracle price finer than a tick is left unknown"
UNUSED = "frames of channels a tape has no table for"


def see_frames(recording: Recording, coins: Coins) -> bool:
    """First pass: take coins and fee tokens of a file into account. Answers whether it has public trades."""
    public = False
    for batch in batches(recording, lambda _bytes: None, lambda _line, _raw, _why: None):
        for book in batch.books:
            coins.note(book[2].coin, price=0, size=0, first=None)
        public |= bool(batch.trades)
        for frame in _seen(batch):
            if frame.height:
                coins.see(frame)
        if batch.fills:
            coins.see(
                trades_only(_own(batch)).rename({"exchange_time": "time"}).with_columns(bought=pl.col("way") == "B")
            )
    return public


def _seen(batch: Batch) -> list[pl.DataFrame]:
    tops, marks = top_frame(batch), mark_frame(batch)
    parts = [book_frame(batch, 0), trade_frame(batch)]
    parts += [tops.rename({side: "price", f"{side}_size": "size"}) for side in ("bid", "ask")]
    parts += [marks.with_columns(price=pl.col(name), size=pl.lit("1")) for name in ("mark", "index")]
    time = pl.coalesce("exchange_time", "local_time")
    return [part.select("coin", "price", "size", time=time) for part in parts]


def read_frames(recordings: Sequence[Recording], tape: TapeWriter, progress: Progress) -> None:
    """Second pass over all files.

    Raises:
        FormatError: a file is damaged, or none of its frames can be read.
    """
    messages = 1  # the first number of a book; numbers go on over files
    for recording in recordings:
        tape.add_source(recording.path, recording.kind)
        intake = Intake(tape, recording.path, "book")
        for batch in batches(recording, progress, intake.refuse):
            _write_books(batch, messages, tape, intake)
            messages += len(batch.books)
            _write_tops(batch, tape, intake)
            _write_own(batch, tape, intake)  # before the public trades: of two reports of a trade the first stays
            _write_trades(batch, tape, intake)
            _write_marks(batch, tape, intake)
            for channel, count in sorted(batch.unused.items()):
                tape.find("info", "channel not used", f"{UNUSED}: {channel}", count=count)
        intake.close(WANT, may_be_empty=True)


def _refuse_all(bad: pl.DataFrame, intake: Intake) -> None:
    for row in bad.iter_rows(named=True):
        raw = ",".join(str(value) for name, value in row.items() if not name.startswith("why"))
        intake.refuse(row["line"], raw, row["why"])


def _checked(
    rows: pl.DataFrame, tape: TapeWriter, *, prices: Sequence[str], sizes: Sequence[str], optional: bool = False
) -> pl.DataFrame:
    """Rows with ``instrument`` and integer prices and sizes; ``why`` says what is wrong with a row (else null)."""
    rows = with_units(rows, tape)
    reasons: list[pl.Expr] = [
        pl.when(pl.col("instrument").is_null() | (pl.col("coin") == "")).then(pl.lit("coin has no name"))
    ]
    for names, unit in ((prices, "tick_size"), (sizes, "lot_size")):
        read = in_units(rows[unit], positive)
        for name in names:
            value, why = (read if optional else required(read))(rows[name])
            rows = rows.with_columns(value.alias(name), why.alias(f"why_{name}"))
            reasons.append(pl.format(f"{name} {{}}", f"why_{name}"))
    late = ~pl.col("exchange_time").is_between(EARLIEST, LATEST)
    reasons.append(pl.when(late).then(pl.lit("time is before 2009 or after 2100")))
    return rows.with_columns(why=pl.coalesce(reasons)).drop(f"why_{name}" for name in (*prices, *sizes))


def _write_books(batch: Batch, first: int, tape: TapeWriter, intake: Intake) -> None:
    if not batch.books:
        return
    rows = _checked(book_frame(batch, first), tape, prices=["price"], sizes=["size"])
    bad = rows.filter(pl.col("why").is_not_null()).unique("message", maintain_order=True)
    _refuse_all(bad, intake)
    good = rows.filter(~pl.col("message").is_in(bad["message"].implode()))
    levels = good.select("local_time", "exchange_time", "instrument", "side", "price", "size", sequence="message")
    empty = [
        (local, book.time * 1_000_000, f"hyperliquid:{book.coin}", 1, 0, 0, first + place)
        for place, (_, local, book) in enumerate(batch.books)
        if not book.levels[0]
        and not book.levels[1]
        and f"hyperliquid:{book.coin}" in tape.instruments
        and EARLIEST <= book.time * 1_000_000 < LATEST
    ]
    if empty:
        levels = pl.concat([levels, pl.DataFrame(empty, schema=levels.schema, orient="row")]).sort(
            "sequence", maintain_order=True
        )
    intake.kept += levels["sequence"].n_unique()
    tape.write("book", levels.with_columns(snapshot=pl.lit(value=True)))
    aggregated = sum(book.spread is not None for _, _, book in batch.books)
    if aggregated:
        tape.find("warning", "aggregated book", AGGREGATED, table="book", count=aggregated)


def _write_tops(batch: Batch, tape: TapeWriter, intake: Intake) -> None:
    if not batch.tops:
        return
    sides = {"prices": ("bid", "ask"), "sizes": ("bid_size", "ask_size")}
    rows = _checked(top_frame(batch), tape, **sides, optional=True)
    _refuse_all(rows.filter(pl.col("why").is_not_null()), intake)
    names = ("exchange_time", "local_time", "instrument", "bid", "bid_size", "ask", "ask_size")
    good = rows.filter(pl.col("why").is_null()).select(names)
    intake.kept += good.height
    tape.write("quotes", good)


def _write_trades(batch: Batch, tape: TapeWriter, intake: Intake) -> None:
    if not batch.trades:
        return
    rows = _checked(trade_frame(batch), tape, prices=["price"], sizes=["size"])
    side = pl.col("way").replace_strict({"B": -1, "A": 1}, default=None, return_dtype=pl.Int8)
    unknown = pl.when(side.is_null()).then(pl.lit("side is not B or A"))
    rows = rows.with_columns(side=side, why=pl.coalesce("why", unknown))
    _refuse_all(rows.filter(pl.col("why").is_not_null()), intake)
    seller_rests = pl.col("side") == -1
    good = rows.filter(pl.col("why").is_null()).select(
        "exchange_time",
        "local_time",
        "instrument",
        "fill",
        "side",
        "price",
        "size",
        maker=pl.when(seller_rests).then("seller").otherwise("buyer"),
        taker=pl.when(seller_rests).then("buyer").otherwise("seller"),
    )
    intake.kept += good.height
    tape.write("fills", good)


def _own(batch: Batch) -> pl.DataFrame:
    users = [user for _, _, user, _ in batch.fills]
    return fill_frame(users, [fill for *_, fill in batch.fills], [line for line, *_ in batch.fills])


def _write_own(batch: Batch, tape: TapeWriter, intake: Intake) -> None:
    if not batch.fills:
        return
    frame = _own(batch).with_columns(
        local_time=pl.Series([local for _, local, _, _ in batch.fills], dtype=pl.Int64), block=pl.lit(None, pl.Int64)
    )
    pairs = paired(in_ticks(frame, tape, intake.refuse), tape, intake.refuse)
    intake.kept += pairs.height
    write_pairs(pairs, tape)


def _write_marks(batch: Batch, tape: TapeWriter, intake: Intake) -> None:
    if not batch.assets:
        return
    rows = with_units(mark_frame(batch), tape)
    silent = rows.filter(pl.col("local_time").is_null()).height
    if silent:
        tape.find("dropped", "no clock", NO_CLOCK, table="marks", count=silent)
    rows = rows.filter(pl.col("local_time").is_not_null() & pl.col("instrument").is_not_null())
    ticks = in_units(rows["tick_size"])
    (mark, _), (index, _) = ticks(rows["mark"]), ticks(rows["index"])
    lost = (mark.is_null() & rows["mark"].is_not_null()) | (index.is_null() & rows["index"].is_not_null())
    finer = rows.filter(lost).height
    if finer:
        tape.find("info", "price finer than a tick", FINER, table="marks", count=finer)
    intake.kept += rows.height + silent
    tape.write("marks", rows.select("exchange_time", "local_time", "instrument", mark=mark, index=index))
