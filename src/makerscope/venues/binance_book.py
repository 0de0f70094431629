"""Binance's book messages in order of application, and when the book was known without a break.

Changes that come before the snapshot wait for it (at most ``MOST_ROWS`` levels); those it already holds are dropped
by update id. After a gap in the ids nothing is applied until the next snapshot, and the book's session ends there: a
session is a time in which the book is known, so it also ends where no message came for ``SILENCE``.
"""

from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise

import numpy as np
import polars as pl

from makerscope.kernels import binance_scan as k
from makerscope.kernels.book_sequence import APPLIED, BREAKS, CHAIN, COVERED, OLD_SNAPSHOT, SYNCED, WAITING, follow
from makerscope.venues.binance_scan import Block

SILENCE = 10_000_000_000  # ns; the busiest channels send many messages a second
MOST_ROWS = 1_000_000  # levels of changes that may wait for a snapshot
MS = 1_000_000
BOUNDS = ("start_exchange", "end_exchange", "start_local", "end_local", "events")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A time in which a book was known without a break, ns on both clocks. ``segment`` counts the breaks before it."""

    segment: int
    start_exchange: int | None
    end_exchange: int | None
    start_local: int
    end_local: int
    events: int
    ended_by: str = "end of the recording"

    def joined(self, later: "Heard") -> "Heard":
        """Both as one."""
        starts = [time for time in (self.start_exchange, later.start_exchange) if time is not None]
        ends = [time for time in (self.end_exchange, later.end_exchange) if time is not None]
        return replace(
            self,
            start_exchange=min(starts, default=None),
            end_exchange=max(ends, default=None),
            start_local=min(self.start_local, later.start_local),
            end_local=max(self.end_local, later.end_local),
            events=self.events + later.events,
        )


@dataclass
class Bookkeeper:
    """What is remembered of one instrument's book between blocks."""

    name: str
    chain: np.ndarray = field(default_factory=lambda: np.zeros(CHAIN, np.int64))
    waiting: Block | None = None
    counts: Counter[str] = field(default_factory=Counter)
    sessions: list[Heard] = field(default_factory=list)

    @property
    def breaks(self) -> int:
        """How often a message was missing."""
        return int(self.chain[BREAKS])

    def add(self, block: Block, rows: np.ndarray) -> pl.DataFrame:
        """The levels to apply, in order, now that the book messages ``rows`` of a block have come too."""
        facts = block.facts[rows]
        if self.waiting is not None:
            block, facts = _join(self.waiting, block, facts)
            self.waiting = None
        snapshot = facts[:, k.KIND] == k.SNAPSHOT
        before = np.where(facts[:, k.BEFORE] >= 0, facts[:, k.BEFORE], facts[:, k.FIRST] - 1)
        n = len(facts)
        room, order, segment, fate = (
            np.empty(n, np.int64),
            np.empty(n, np.int64),
            np.empty(n, np.int64),
            np.empty(n, np.int8),
        )
        applied = follow(
            snapshot, before, np.ascontiguousarray(facts[:, k.LAST]), self.chain, room, order, segment, fate
        )
        self.counts["covered"] += int((fate == COVERED).sum())
        self.counts["old snapshot"] += int((fate == OLD_SNAPSHOT).sum())
        self.counts["applied"] += int((fate == APPLIED).sum())
        wait = np.flatnonzero(fate == WAITING)
        if len(wait):
            self.waiting = self._keep(block, facts[wait])
        return self._rows(block, facts[order[:applied]], segment[:applied])

    def close(self) -> pl.DataFrame | None:
        """Refuse what still waits; the sessions of the book, or None where it was never known."""
        if self.waiting is not None:
            self.counts["refused"] += len(self.waiting.facts)
            self.waiting = None
        if not self.sessions:
            return None
        if self.chain[SYNCED] == 0:
            self.sessions[-1] = replace(self.sessions[-1], ended_by="a gap in the update ids")
        rows = pl.DataFrame(
            [asdict(heard) for heard in self.sessions], schema_overrides=dict.fromkeys(BOUNDS, pl.Int64)
        )
        return rows.drop("segment").with_columns(instrument=pl.lit(self.name), channel=pl.lit("book"))

    def _keep(self, block: Block, facts: np.ndarray) -> Block | None:
        held = facts[:, k.ROW1] - facts[:, k.ROW0]
        newest = np.flatnonzero(np.cumsum(held[::-1])[::-1] <= MOST_ROWS)  # the oldest are refused when too many wait
        self.counts["refused"] += len(facts) - len(newest)
        if not len(newest):
            return None
        facts = facts[newest].copy()
        at = levels_of(facts)
        ends = np.cumsum(facts[:, k.ROW1] - facts[:, k.ROW0])
        facts[:, k.ROW0], facts[:, k.ROW1] = np.r_[0, ends[:-1]], ends
        return Block(facts=facts, side=block.side[at], price=block.price[at], size=block.size[at])

    def _rows(self, block: Block, facts: np.ndarray, segment: np.ndarray) -> pl.DataFrame:
        exchange = np.where(facts[:, k.TRADED] >= 0, facts[:, k.TRADED], facts[:, k.EVENT]) * MS
        held = facts[:, k.ROW1] - facts[:, k.ROW0]
        self._hear(exchange, facts[:, k.LOCAL], held, segment)
        at = levels_of(facts)
        side, price, size = block.side[at], block.price[at], block.size[at]
        empty = (facts[:, k.KIND] == k.SNAPSHOT) & (held == 0)
        if empty.any():  # an empty book is one snapshot row of size 0
            held = np.where(empty, 1, held)
            place = (np.cumsum(held) - held)[empty] - np.arange(empty.sum())
            side, price, size = np.insert(side, place, 1), np.insert(price, place, 1), np.insert(size, place, 0)
        columns = {
            "exchange_time": exchange,
            "local_time": facts[:, k.LOCAL],
            "sequence": facts[:, k.LAST],
            "snapshot": facts[:, k.KIND] == k.SNAPSHOT,
        }
        rows = pl.DataFrame(
            {name: np.repeat(values, held) for name, values in columns.items()}
            | {"side": side, "price": price, "size": size}
        )
        known = pl.col("exchange_time") >= 0
        return rows.with_columns(exchange_time=pl.when(known).then("exchange_time"), instrument=pl.lit(self.name))

    def _hear(self, exchange: np.ndarray, local: np.ndarray, held: np.ndarray, segment: np.ndarray) -> None:
        """Extend the open session by messages, or end it at a gap or a silence and begin another."""
        if not len(local):
            return
        pause = np.diff(np.maximum.accumulate(local))
        cuts = np.flatnonzero((pause > SILENCE) | (np.diff(segment) != 0)) + 1
        for first, last in pairwise([0, *cuts.tolist(), len(local)]):
            known = exchange[first:last][exchange[first:last] >= 0]
            heard = Heard(
                segment=int(segment[first]),
                start_exchange=int(known.min()) if len(known) else None,
                end_exchange=int(known.max()) if len(known) else None,
                start_local=int(local[first:last].min()),
                end_local=int(local[first:last].max()),
                events=int(held[first:last].sum()),
            )
            before = self.sessions[-1] if self.sessions else None
            if before is not None and before.segment != heard.segment:
                self.sessions[-1] = replace(before, ended_by="a gap in the update ids")
            elif before is not None and heard.start_local - before.end_local <= SILENCE:
                self.sessions[-1] = before.joined(heard)
                continue
            elif before is not None:
                pause_s = (heard.start_local - before.end_local) / 1e9
                self.sessions[-1] = replace(before, ended_by=f"silence of {pause_s:.1f} s")
            self.sessions.append(heard)


def levels_of(facts: np.ndarray) -> np.ndarray:
    """Places of the levels of messages, message after message."""
    held = facts[:, k.ROW1] - facts[:, k.ROW0]
    first = np.repeat(facts[:, k.ROW0] - (np.cumsum(held) - held), held)
    return first + np.arange(len(first))


def _join(waiting: Block, block: Block, facts: np.ndarray) -> tuple[Block, np.ndarray]:
    later = facts.copy()
    later[:, [k.ROW0, k.ROW1]] += len(waiting.side)
    whole = Block(
        facts=waiting.facts,
        side=np.concatenate([waiting.side, block.side]),
        price=np.concatenate([waiting.price, block.price]),
        size=np.concatenate([waiting.size, block.size]),
    )
    return whole, np.concatenate([waiting.facts, later])
