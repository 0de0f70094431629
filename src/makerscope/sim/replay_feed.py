"""From the tables of a tape to one stream of recorded events, in order of time, a bounded part at a time.

Depth comes from ``book`` where the tape has it, else from ``quotes`` (the best prices alone). Trades come from
``fills``, one row a price, else from ``trades``. At one instant trades come before depth: the book shows afterwards
what they took. Times are the venue's where it says them, else the recorder's, and never run backwards.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import InputError
from makerscope.market.log import NO_FUNDING
from makerscope.sim.replay_world import FIRST, LAST_ROW, LEVEL, MARKED, PAUSE, RESUME, TRADE
from makerscope.tape.read import TIME, Tape

BATCH = 131_072  # rows read of a table at a time
COLUMNS = ("time", "seen", "what", "instrument", "side", "price", "size", "serial")
OPENS, TRADES, DEPTH, MARKS, CLOSES = range(5)  # order of tables at one instant
DELAY = pl.col("local_time") - pl.col("exchange_time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What of a tape is replayed.

    ``instruments`` by number; ``depth``, ``trades``: the tables; ``base``: the least delay (ns), None where
    it has not two clocks; ``spans``: when both were heard, by instrument; ``dearest``: ticks no price reaches.
    """

    tape: Tape
    instruments: tuple[str, ...]
    depth: str
    trades: str
    base: int | None
    spans: tuple[tuple[tuple[int, int], ...], ...]
    dearest: int
    start: int
    end: int
    since: int | None
    until: int | None


def source_of(
    tape: Tape, instruments: Sequence[str] = (), *, depth: str | None = None, since: int | None = None,
    until: int | None = None,
) -> Source:  # fmt: skip
    """Look at a tape and say what of it can be replayed.

    Args:
        tape: an open tape.
        instruments: names or symbols; default all that have depth.
        depth: ``book`` or ``quotes``; default the fullest that the tape has.
        since: first ns.
        until: first ns after the window.

    Raises:
        InputError: the tape lacks the instrument, depth or trades, or the window is empty; an instrument is inverse.
    """
    table = depth or ("book" if tape.has("book") else "quotes")
    if table not in {"book", "quotes"}:
        raise InputError("depth", f"is {table!r}", "book or quotes")
    names = _chosen(tape, instruments, table)
    trades = "fills" if tape.has("fills") else "trades"
    for needed in (table, trades):
        if not tape.has(needed):
            raise InputError(tape.path, f"has no {needed}", "a tape with depth (book or quotes) and trades")
    window = _within(tape.scan(table), names, since, until).select(TIME.min().alias("a"), TIME.max().alias("b"))
    first, last = window.collect().row(0)
    if first is None:
        raise InputError("--since/--until", f"no {table} of {', '.join(names)} in the window", "a time the tape holds")
    delays = [
        _within(tape.scan(each), names, since, until).select(DELAY.min()).collect().item() for each in (table, trades)
    ]
    paid = "price" if trades == "fills" else "first_price"
    dearest = _within(tape.scan(trades), names, since, until).select(pl.col(paid).max()).collect().item()
    known = [each for each in delays if each is not None]
    spans = tuple(_spans(tape, name, table, trades, (first, last)) for name in names)
    return Source(
        tape=tape, instruments=names, depth=table, trades=trades, base=min(known) if known else None, spans=spans,
        dearest=4 * (dearest or 1 << 20), start=first, end=last, since=since, until=until,
    )  # fmt: skip


def _chosen(tape: Tape, wanted: Sequence[str], table: str) -> tuple[str, ...]:
    deep = set(tape.scan(table).select("instrument").unique().collect()["instrument"])
    if not wanted:
        names = tuple(name for name in tape.instruments if name in deep)
    else:
        by_symbol = {item.symbol: name for name, item in tape.instruments.items()}
        names = tuple(each if each in tape.instruments else by_symbol.get(each, each) for each in wanted)
    for name in names:
        if name not in tape.instruments or name not in deep:
            raise InputError(f"instrument {name!r}", f"has no {table} on the tape", ", ".join(sorted(deep)) or "one")
        if tape.instruments[name].inverse:
            raise InputError(
                name, "is inverse (settled in coin)", "a linear instrument: coin accounts are not replayed"
            )
    if not names:
        raise InputError(tape.path, f"has no {table} of any declared instrument", "a tape with depth")
    return names


def _within(rows: pl.LazyFrame, names: Sequence[str], since: int | None, until: int | None) -> pl.LazyFrame:
    rows = rows.filter(pl.col("instrument").is_in(list(names)))
    if since is not None:
        rows = rows.filter(since <= TIME)
    return rows if until is None else rows.filter(until > TIME)


def _spans(tape: Tape, name: str, depth: str, trades: str, whole: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """When the recorder heard both depth and trades; a channel without sessions counts as always heard."""
    sessions = tape.read("sessions", instrument=name)
    since, until = pl.coalesce("start_exchange", "start_local"), pl.coalesce("end_exchange", "end_local")
    spans = [whole]
    for channel in (depth, trades):
        rows = sessions.filter(pl.col("channel") == channel).select(a=since, b=until).drop_nulls().sort("a")
        heard = list(rows.iter_rows())
        if heard:
            spans = [(max(a, c), min(b, d)) for a, b in spans for c, d in heard if max(a, c) < min(b, d)]
    return tuple(sorted(spans))


@dataclass(slots=True)
class _Stream:
    """Rows of one table as they come; ``late`` the latest time so far, ``rest`` what was read and not handed out."""

    rank: int
    batches: Iterator[pl.DataFrame]
    late: int = 0
    rest: pl.DataFrame | None = None
    over: bool = False

    def pull(self) -> None:
        """Read one more batch."""
        batch = next(self.batches, None)
        if batch is None:
            self.over = True
            return
        if not batch.height:
            return
        batch = batch.with_columns(pl.max_horizontal(pl.col("time").cum_max(), self.late).alias("time"))
        self.late = int(batch["time"][-1])
        self.rest = batch if self.rest is None or not self.rest.height else pl.concat([self.rest, batch])

    def before(self, horizon: int | None) -> pl.DataFrame | None:
        """Hand out the rows earlier than ``horizon``; None: all."""
        if self.rest is None:
            return None
        at = self.rest.height if horizon is None else int(self.rest["time"].search_sorted(horizon, side="left"))
        out, self.rest = self.rest[:at], self.rest[at:]
        return out.with_columns(rank=pl.lit(self.rank))


@dataclass(slots=True)
class Feed:
    """The stream of a source. ``marked``: whether any mark was recorded."""

    source: Source
    marked: bool = False
    _streams: list[_Stream] = field(default_factory=list)

    def __iter__(self) -> Iterator[NDArray[np.int64]]:
        """Blocks ``(n, 8)`` of events, columns E_*, in order."""
        source = self.source
        numbers = {name: n for n, name in enumerate(source.instruments)}
        shaped = {"book": _levels, "quotes": _tops, "fills": _fills, "trades": _trades, "marks": _marks}
        tables = [(TRADES, source.trades), (DEPTH, source.depth)]
        tables += [(MARKS, "marks")] if source.tape.has("marks") else []
        streams = [_Stream(OPENS, iter([_borders(source, RESUME)])), _Stream(CLOSES, iter([_borders(source, PAUSE)]))]
        for rank, table in tables:
            rows = _within(source.tape.scan(table), source.instruments, source.since, source.until)
            if rank != DEPTH:
                rows = rows.filter(source.end >= TIME)
            rows = rows.with_columns(
                time=TIME,
                seen=_excess(source.base),
                number=pl.col("instrument").replace_strict(numbers, return_dtype=pl.Int64),
            )
            batches = shaped[table](rows).collect_batches(chunk_size=BATCH, maintain_order=True)
            streams.append(_Stream(rank, iter(batches)))
        yield from _merged(streams)


def _excess(base: int | None) -> pl.Expr:
    """How much later than at best the recorder heard, ns; 0 where it has not two clocks."""
    if base is None:
        return pl.lit(0, dtype=pl.Int64)
    return (DELAY - base).clip(0).fill_null(0)


def _merged(streams: list[_Stream]) -> Iterator[NDArray[np.int64]]:
    while True:
        for each in streams:
            while not each.over and (each.rest is None or not each.rest.height):
                each.pull()
        waiting = [each for each in streams if not each.over]
        horizon = min((each.late for each in waiting), default=None)
        parts = [part for each in streams if (part := each.before(horizon)) is not None and part.height]
        if parts:
            yield _block(pl.concat(parts))
        if not waiting:
            return
        for each in waiting:
            if each.late == horizon:
                each.pull()


def _block(rows: pl.DataFrame) -> NDArray[np.int64]:
    """Rows in order, with the first and last row of each message marked."""
    rows = rows.sort("time", "rank", "serial", maintain_order=True)
    key = pl.struct("rank", "instrument", "group", "time")
    begins = key.ne_missing(key.shift(1)).fill_null(value=True)
    ends = begins.shift(-1, fill_value=True)
    whole = pl.col("whole") & begins
    what = pl.col("what") + pl.when(whole).then(FIRST).otherwise(0) + pl.when(ends).then(LAST_ROW).otherwise(0)
    rows = rows.with_columns(what=what, seen=pl.col("time") + pl.col("seen"))
    return np.ascontiguousarray(rows.select(pl.col(COLUMNS).cast(pl.Int64)).to_numpy(), np.int64)


def _shape(rows: pl.LazyFrame, **columns: pl.Expr) -> pl.LazyFrame:
    base = {"group": pl.lit(0, dtype=pl.Int64), "whole": pl.lit(value=False), "serial": pl.col("serial")}
    return rows.select(
        "time", "seen", instrument=pl.col("number"),
        **{name: each.cast(pl.Boolean if name == "whole" else pl.Int64) for name, each in (base | columns).items()},
    ).select(*COLUMNS, "group", "whole")  # fmt: skip


def _levels(rows: pl.LazyFrame) -> pl.LazyFrame:
    return _shape(
        rows, what=pl.lit(LEVEL), side=pl.col("side"), price=pl.col("price"), size=pl.col("size"),
        group=pl.col("sequence") * 2 + pl.col("snapshot"), whole=pl.col("snapshot"),
    )  # fmt: skip


def _tops(rows: pl.LazyFrame) -> pl.LazyFrame:
    """A quote is a snapshot of two levels; a side that is absent is a level without lots."""
    either = pl.coalesce("bid", "ask")
    sides = pl.concat_list(pl.lit(1, dtype=pl.Int64), pl.lit(-1, dtype=pl.Int64))
    rows = rows.filter(either.is_not_null()).with_columns(
        side=sides,
        price=pl.concat_list(pl.col("bid").fill_null(either), pl.col("ask").fill_null(either)),
        size=pl.concat_list(pl.col("bid_size").fill_null(0), pl.col("ask_size").fill_null(0)),
    )
    rows = rows.explode("side", "price", "size")
    return _shape(
        rows, what=pl.lit(LEVEL), side=pl.col("side"), price=pl.col("price"), size=pl.col("size"),
        group=pl.col("serial"), whole=pl.lit(value=True),
    )  # fmt: skip


def _fills(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Fills of a market; settlements and forced transfers meet nobody's order."""
    rows = rows.filter(pl.col("purpose").ne_missing("settlement") & (pl.col("size") > 0))
    return _shape(
        rows,
        what=pl.lit(TRADE),
        side=-pl.col("side"),
        price=pl.col("price"),
        size=pl.col("size"),
        group=pl.col("serial"),
    )


def _trades(rows: pl.LazyFrame) -> pl.LazyFrame:
    """A sweep over several prices as two trades, at its first and its last price, that cost what it cost."""
    span = pl.col("first_price") - pl.col("last_price")
    best = (pl.col("cash") - pl.col("size") * pl.col("last_price")) // pl.when(span == 0).then(1).otherwise(span)
    at_first = pl.when(span == 0).then(0).otherwise(best.clip(0, pl.col("size")))
    rows = rows.with_columns(
        price=pl.concat_list("first_price", "last_price"), size=pl.concat_list(at_first, pl.col("size") - at_first)
    )
    rows = rows.explode("price", "size").filter(pl.col("size") > 0)
    return _shape(
        rows, what=pl.lit(TRADE), side=pl.col("aggressor"), price=pl.col("price"), size=pl.col("size"),
        group=pl.col("serial") * 2 + (pl.col("price") == pl.col("last_price")),
    )  # fmt: skip


def _marks(rows: pl.LazyFrame) -> pl.LazyFrame:
    return _shape(
        rows, what=pl.lit(MARKED), side=pl.lit(0), price=pl.col("mark").fill_null(-1),
        size=pl.col("index").fill_null(-1),
        group=pl.col("serial"), serial=pl.col("funding").fill_null(int(NO_FUNDING)),
    )  # fmt: skip


def _borders(source: Source, what: int) -> pl.DataFrame:
    """When the recorder began or ceased to hear a market."""
    at = 0 if what == RESUME else 1
    rows = sorted((span[at], n) for n, spans in enumerate(source.spans) for span in spans)
    numbers = {name: [0] * len(rows) for name in (*COLUMNS, "group")}
    numbers |= {"time": [t for t, _ in rows], "instrument": [n for _, n in rows], "what": [what] * len(rows)}
    schema = dict.fromkeys(numbers, pl.Int64)
    return (
        pl.DataFrame(numbers, schema=schema).with_columns(whole=pl.lit(value=False)).select(*COLUMNS, "group", "whole")
    )
