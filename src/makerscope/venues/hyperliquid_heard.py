"""Which blocks a node's recording holds.

A node that misses no block listened all the time, however quiet a coin was.
"""

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field

import polars as pl

from makerscope.tape.write import TapeWriter

PAUSE = 5_000_000_000  # ns of block time; blocks come about every 0.1 s, so 5 s without one is an outage


@dataclass(slots=True)
class Stretch:
    """Blocks heard without a pause: numbers, and the first and last time on each clock."""

    first: int
    last: int
    start: int
    end: int
    start_local: int | None
    end_local: int | None
    blocks: int = 1

    def follow(self, time: int, local: int | None) -> None:
        """Take the next block in."""
        self.last += 1
        self.blocks += 1
        self.end = max(self.end, time)
        if local is not None:
            self.start_local = local if self.start_local is None else min(self.start_local, local)
            self.end_local = local if self.end_local is None else max(self.end_local, local)

    def take(self, other: "Stretch") -> None:
        """Take another stretch in."""
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)
        self.start, self.end = min(self.start, other.start), max(self.end, other.end)
        locals_ = [
            time for time in (self.start_local, self.end_local, other.start_local, other.end_local) if time is not None
        ]
        self.start_local, self.end_local = min(locals_, default=None), max(locals_, default=None)
        self.blocks += other.blocks


@dataclass(slots=True)
class Heard:
    """The account of blocks: which were read, in which stretch, and the fills of each instrument in it."""

    firsts: list[int] = field(default_factory=list)  # runs of consecutive numbers, in order
    lasts: list[int] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    events: Counter[tuple[int, str]] = field(default_factory=Counter)

    def take(self, number: int, time: int, local: int | None) -> int | None:
        """Index of the stretch a block belongs to, or None if the block was read before.

        Args:
            number: of the block.
            time: the block's, ns.
            local: when the recorder had it, ns.
        """
        if self.stretches and self.lasts[-1] == self.stretches[-1].last == number - 1:  # nearly always
            self.lasts[-1] = number
            self.stretches[-1].follow(time, local)
            return len(self.stretches) - 1
        if not self._is_new(number):
            return None
        block = Stretch(number, number, time, time, local, local)
        if self.stretches:
            current = self.stretches[-1]
            if number > current.last and (number == current.last + 1 or 0 <= time - current.end <= PAUSE):
                current.take(block)
                return len(self.stretches) - 1
        self.stretches.append(block)
        return len(self.stretches) - 1

    def _is_new(self, number: int) -> bool:
        at = bisect_right(self.firsts, number) - 1
        if at >= 0 and number <= self.lasts[at]:
            return False
        joins_left = at >= 0 and self.lasts[at] + 1 == number
        joins_right = at + 1 < len(self.firsts) and self.firsts[at + 1] == number + 1
        if joins_left and joins_right:
            self.lasts[at] = self.lasts.pop(at + 1)
            self.firsts.pop(at + 1)
        elif joins_left:
            self.lasts[at] = number
        elif joins_right:
            self.firsts[at + 1] = number
        else:
            self.firsts.insert(at + 1, number)
            self.lasts.insert(at + 1, number)
        return True

    def declare(self, tape: TapeWriter) -> None:
        """Declare the sessions of every instrument that had a fill: all share the stretches of blocks."""
        merged: list[tuple[Stretch, set[int]]] = []
        for index, stretch in sorted(enumerate(self.stretches), key=lambda item: item[1].first):
            last = merged[-1][0] if merged else None
            if last is not None and (stretch.first <= last.last + 1 or stretch.start - last.end <= PAUSE):
                last.take(stretch)
                merged[-1][1].add(index)
            else:
                merged.append((stretch, {index}))
        missing = sum(stretch.last - stretch.first + 1 - stretch.blocks for stretch, _ in merged)
        if missing:
            text = "blocks are missing between blocks that were heard; their fills are not on the tape"
            tape.find("warning", "missing blocks", text, table="blocks", count=missing)
        instruments = sorted({name for _, name in self.events})
        rows = [
            {
                "instrument": name,
                "channel": "fills",
                "start_exchange": stretch.start,
                "end_exchange": stretch.end,
                "start_local": stretch.start_local,
                "end_local": stretch.end_local,
                "events": sum(self.events[index, name] for index in indices),
                "ended_by": _ended_by(stretch, merged[place + 1][0] if place + 1 < len(merged) else None),
            }
            for name in instruments
            for place, (stretch, indices) in enumerate(merged)
        ]
        if rows:
            tape.session(pl.DataFrame(rows, schema=_SCHEMA))


def _ended_by(stretch: Stretch, after: Stretch | None) -> str:
    if after is None:
        return "end of the recording"
    return f"silence of {(after.start - stretch.end) / 1e9:.1f} s, {after.first - stretch.last - 1} blocks missing"


_SCHEMA = {
    "instrument": pl.String,
    "channel": pl.String,
    "start_exchange": pl.Int64,
    "end_exchange": pl.Int64,
    "start_local": pl.Int64,
    "end_local": pl.Int64,
    "events": pl.Int64,
    "ended_by": pl.String,
}
