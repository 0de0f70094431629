"""Fills as a Hyperliquid node writes them: one JSON line a block, with both accounts of every trade.

Two passes: the first finds units, token names and the order of the files; the second writes. Memory holds a few
megabytes of lines at a time. A block that was read before (files that overlap) is dropped and counted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
import polars as pl

from makerscope.tape.write import TapeWriter
from makerscope.venues.files import Head, Progress, Recording, blocks
from makerscope.venues.hyperliquid_coins import VENUE, Coins
from makerscope.venues.hyperliquid_heard import Heard
from makerscope.venues.hyperliquid_pairs import MS, fill_frame, in_ticks, paired, write_pairs
from makerscope.venues.hyperliquid_wire import UNREADABLE, LooseBlock, SlimBlock, SlimFill, WireBlock, WireFill
from makerscope.venues.intake import Intake
from makerscope.venues.times import iso

WANT = "JSON lines with block_number, block_time and events of [address, fill]"
CHUNK = 1 << 24  # bytes of lines decoded at a time
_block = msgspec.json.Decoder(WireBlock)
_slim = msgspec.json.Decoder(SlimBlock)
_loose = msgspec.json.Decoder(LooseBlock)
_event = msgspec.json.Decoder(tuple[str, WireFill])


@dataclass(frozen=True, slots=True)
class Numbered:
    """A block and the line it stands on."""

    line: int
    block: WireBlock


def is_fills(head: Head) -> bool:
    """Whether a file begins with a block of fills."""
    first = head.data.lstrip().split(b"\n", 1)[0]
    return first[:1] == b"{" and all(name in first for name in (b'"block_number"', b'"block_time"', b'"events"'))


def _chunks(recording: Recording, progress: Progress) -> Iterator[list[tuple[int, bytes]]]:
    """Lines of a file with their numbers, some megabytes at a time; empty lines are left out."""
    line = 0
    for data in blocks(recording.path, progress, CHUNK):
        raw = data.split(b"\n")[:-1]
        yield [(number, text) for number, text in enumerate(raw, line + 1) if text and not text.isspace()]
        line += len(raw)


def _decoded(lines: list[tuple[int, bytes]], intake: Intake) -> list[Numbered]:
    """Blocks of a chunk. What cannot be read is refused."""
    found: list[Numbered] = []
    for number, raw in lines:
        try:
            found.append(Numbered(number, _block.decode(raw)))
        except UNREADABLE:
            block = _piecewise(number, raw, intake)
            if block is not None:
                found.append(Numbered(number, block))
    return found


def _piecewise(line: int, raw: bytes, intake: Intake | None) -> WireBlock | None:
    """The good events of a damaged line, or None if not even the block can be read."""
    try:
        loose = _loose.decode(raw)
    except UNREADABLE as error:
        if intake:
            intake.refuse(line, raw.decode("utf-8", "replace"), f"is no block of fills ({error})")
        return None
    events: list[tuple[str, WireFill]] = []
    for item in loose.events:
        try:
            events.append(_event.decode(item))
        except UNREADABLE as error:
            if intake:
                intake.refuse(line, bytes(item).decode("utf-8", "replace"), f"is no fill ({error})")
    return WireBlock(loose.block_number, loose.block_time, events, loose.local_time)


def first_pass(recording: Recording, coins: Coins) -> int:
    """Take coins and tokens of a file into account. Answers the lowest block number (0 if there is none)."""
    lowest: int | None = None
    for lines in _chunks(recording, lambda _bytes: None):
        fills: list[SlimFill | WireFill] = []
        for number, raw in lines:
            try:
                block = _slim.decode(raw)
            except UNREADABLE:
                block = _piecewise(number, raw, None)
            if block is not None:
                lowest = block.block_number if lowest is None else min(lowest, block.block_number)
                fills += [fill for _, fill in block.events if fill.tid]  # tid 0 is no trade
        coins.see(_slim_frame(fills))
    return lowest or 0


def _slim_frame(fills: Sequence[SlimFill | WireFill]) -> pl.DataFrame:
    text = pl.String
    return pl.DataFrame(
        {
            "coin": pl.Series([fill.coin for fill in fills], dtype=text),
            "price": pl.Series([fill.px for fill in fills], dtype=text),
            "size": pl.Series([fill.sz for fill in fills], dtype=text),
            "time": pl.Series([fill.time for fill in fills], dtype=pl.Int64) * MS,
            "position": pl.Series([fill.startPosition for fill in fills], dtype=text),
            "bought": pl.Series([fill.side == "B" for fill in fills], dtype=pl.Boolean),
            "fee": pl.Series([fill.fee for fill in fills], dtype=text),
            "token": pl.Series([fill.feeToken for fill in fills], dtype=text),
        }
    )


def read_fills(recordings: Sequence[Recording], tape: TapeWriter, progress: Progress) -> None:
    """Second pass over all files, in order of their first block.

    Raises:
        FormatError: a file is damaged, or none of its lines is a block of fills.
    """
    heard = Heard()
    for recording in recordings:
        tape.add_source(recording.path, recording.kind)
        intake = Intake(tape, recording.path, "fills")
        for lines in _chunks(recording, progress):
            _write(_decoded(lines, intake), heard, tape, intake)
        intake.close(WANT, may_be_empty=True)
    heard.declare(tape)


def _write(found: list[Numbered], heard: Heard, tape: TapeWriter, intake: Intake) -> None:
    clocks = pl.DataFrame(
        {
            "line": pl.Series([item.line for item in found], dtype=pl.Int64),
            "block": pl.Series([item.block.block_number for item in found], dtype=pl.Int64),
            "time": pl.Series([item.block.block_time for item in found], dtype=pl.String),
            "local": pl.Series([item.block.local_time for item in found], dtype=pl.String),
        }
    )
    time, why = iso()(clocks["time"])
    local, why_local = iso()(clocks["local"])
    stretch: list[int | None] = []
    again = 0
    kept: list[Numbered] = []
    for item, at, at_local, bad, bad_local in zip(
        found, time.to_list(), local.to_list(), why.to_list(), why_local.to_list(), strict=True
    ):
        place = None
        if bad or bad_local:
            reason = f"block_time {bad}" if bad else f"local_time {bad_local}"
            intake.refuse(
                item.line, f"{item.block.block_number},{item.block.block_time},{item.block.local_time}", reason
            )
        else:
            place = heard.take(item.block.block_number, at, at_local)
            again += place is None
            intake.kept += 1
        stretch.append(place)
        if place is not None:
            kept.append(item)
    if again:
        tape.find("dropped", "sent twice", "a block that was read before was left out", table="blocks", count=again)
    good = clocks.select("line", "block").with_columns(
        exchange_time=time, local_time=local, stretch=pl.Series(stretch, dtype=pl.Int64)
    )
    good = good.filter(pl.col("stretch").is_not_null())
    tape.write("blocks", good.select("exchange_time", "local_time", "block", venue=pl.lit(VENUE)))
    users = [user for item in kept for user, _ in item.block.events]
    fills = [fill for item in kept for _, fill in item.block.events]
    lines = [item.line for item in kept for _ in item.block.events]
    if not fills:
        return
    rows = in_ticks(fill_frame(users, fills, lines), tape, intake.refuse)
    rows = rows.join(
        good.select("line", "block", "local_time", "stretch"), on="line", how="left", maintain_order="left"
    )
    pairs = paired(rows, tape, intake.refuse)
    single = pairs.filter(~(pl.col("has_maker") & pl.col("has_taker"))).height
    if single:
        text = "a trade of which only one side's fill is in the recording; the other side is unknown"
        tape.find("warning", "one fill of two", text, table="fills", count=single)
    counts = pairs.join(rows.select("tid", "coin", "stretch").unique(["tid", "coin"]), left_on="fill", right_on="tid")
    for place, instrument, count in counts.group_by("stretch", "instrument").len().iter_rows():
        heard.events[place, instrument] += count
    write_pairs(pairs, tape)


def in_order(recordings: Sequence[Recording], coins: Coins) -> list[Recording]:
    """The files in order of their first block, after the first pass over them."""
    lowest = {recording.path: first_pass(recording, coins) for recording in recordings}
    return sorted(recordings, key=lambda recording: lowest[recording.path])
