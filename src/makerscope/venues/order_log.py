"""The replay of an order log: each order's life, the levels it adds up to, and the trades it implies."""

from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from makerscope.tape.events import Instrument
from makerscope.tape.write import TapeWriter
from makerscope.venues.order_matching import Decrease, Match, Matcher

SILENCE = (
    60_000_000_000  # ns without any order event: the recorder was away (the longest pause in the log known is 14 s)
)
MEMORY = 60_000_000_000  # ns for which an order that is gone is remembered, to know late and repeated rows
CREATED, CHANGED, DELETED = 0, 1, 2


class Event(NamedTuple):
    """One good row. ``time`` is the recorder's, ns; ``price`` in ticks; ``size`` in lots."""

    time: int
    order: int
    action: int
    side: int
    price: int
    size: int


@dataclass
class OrderLog:
    """The open orders, the levels they add up to, and the rows not yet written. Memory holds the open orders.

    Args:
        instrument: what the orders are for.
        counts: facts met on the way, by name; ``bitstamp.FINDINGS`` says what they mean.
    """

    instrument: Instrument
    matcher: Matcher = field(default_factory=Matcher)
    now: int = 0
    live: dict[int, tuple[int, int, int]] = field(default_factory=dict)  # order -> side, price, open volume
    gone: dict[int, tuple[int, Event, bool]] = field(
        default_factory=dict
    )  # order -> when, last row, was it open; by time
    levels: dict[tuple[int, int], int] = field(default_factory=dict)
    sequence: int = 0
    fills: int = 0
    settled: list[Match] = field(default_factory=list)  # trades from before an outage, not yet written
    sweeps: dict[int, tuple[int, int]] = field(default_factory=dict)  # taker order -> first serial, last time
    orders: list[tuple[int, int, str, int, int, int]] = field(default_factory=list)
    book: list[tuple[int, int, bool, int, int, int]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def step(self, event: Event) -> None:
        """Apply one event."""
        if abs(event.time - self.now) > SILENCE:
            self._begin(event)
        elif event.time < self.now:
            self.count("backwards")
            event = event._replace(time=self.now)
        self.now = event.time
        known = self.live.get(event.order)
        if known is not None and known[0] != event.side:
            self.count("changed side")
        elif event.action == CREATED:
            self._create(event, known)
        elif event.action == CHANGED:
            self._change(event, known)
        else:
            self._delete(event, known)

    def _begin(self, event: Event) -> None:
        """Start from an empty book: at the start, after an outage, and where a log jumps back to another run."""
        if self.sequence:
            self.count("outage" if event.time > self.now else "jump")
            self.settled += self.matcher.finish()
        self.live.clear()
        self.levels.clear()
        self.gone.clear()
        self.sequence += 1
        self.book.append((event.time, self.sequence, True, event.side, event.price, 0))

    def _create(self, event: Event, known: tuple[int, int, int] | None) -> None:
        before = self.gone.get(event.order)
        if before is not None:  # its deletion came first
            self.count("created after it was deleted")
            if not before[2]:
                self.count("older", -1)
                self.gone[event.order] = (before[0], before[1], True)
            return
        if known is not None:
            self.count("sent twice" if known[1:] == (event.price, event.size) else "created again")
            return
        self.live[event.order] = (event.side, event.price, event.size)
        self._log(event, "placed", event.size)
        self._put(event.time, (event.side, event.price, event.size))

    def _change(self, event: Event, known: tuple[int, int, int] | None) -> None:
        if event.order in self.gone:
            self.count("changed after it was deleted")
            return
        self.live[event.order] = (event.side, event.price, event.size)
        if known is None:
            self.count("older")
            self._log(event, "replaced", event.size)
            self._put(event.time, (event.side, event.price, event.size))
            return
        _, price, size = known
        if (price, size) == (event.price, event.size):
            self.count("sent twice")
            return
        traded = event.price == price and event.size < size
        if traded:
            self._decrease(event, size - event.size)
        elif event.price != price and event.size != size:
            self.count("expressed anew")
        self._log(event, "filled" if traded else "replaced", event.size)
        if event.price == price:
            self._put(event.time, (event.side, price, event.size - size))
        else:
            self._put(event.time, (event.side, price, -size), (event.side, event.price, event.size))

    def _delete(self, event: Event, known: tuple[int, int, int] | None) -> None:
        before = self.gone.get(event.order)
        if before is not None:
            self.count("sent twice" if before[1] == event else "deleted again")
            return
        self._remember_gone(event, was_open=known is not None)
        if known is None:
            self.count("older")
            self._log(event, "filled" if event.size == 0 else "cancelled", 0)
            return
        del self.live[event.order]
        side, price, size = known
        if event.size < size and event.price == price:
            self._decrease(event, size - event.size)
        elif event.size != size:
            self.count("deleted with another volume")
        self._log(event, "filled" if event.size == 0 else "cancelled", 0)
        self._put(event.time, (side, price, -size))

    def _decrease(self, event: Event, size: int) -> None:
        self.matcher.add(Decrease(event.time, event.order, event.side > 0, event.price, size))

    def _remember_gone(self, event: Event, *, was_open: bool) -> None:
        self.gone[event.order] = (self.now, event, was_open)
        while self.now - next(iter(self.gone.values()))[0] > MEMORY:
            del self.gone[next(iter(self.gone))]

    def _log(self, event: Event, action: str, size: int) -> None:
        self.orders.append((event.time, event.order, action, event.side, event.price, size))

    def _put(self, time: int, *changes: tuple[int, int, int]) -> None:
        self.sequence += 1
        for side, price, change in changes:
            size = self.levels.get((side, price), 0) + change
            if size:
                self.levels[side, price] = size
            else:
                self.levels.pop((side, price), None)  # absent when an order of before the log went to 0
            self.book.append((time, self.sequence, False, side, price, size))

    def count(self, what: str, times: int = 1) -> None:
        """Count a fact for the findings."""
        self.counts[what] = self.counts.get(what, 0) + times

    def write(self, tape: TapeWriter, *, last: bool = False) -> None:
        """Hand the rows gathered so far to the tape; trades that are still open only at the ``last`` time."""
        matches = self.settled + (self.matcher.finish() if last else self.matcher.take(self.now))
        self.settled.clear()
        name = pl.lit(self.instrument.instrument).alias("instrument")
        clocks = {"time": "local_time"}
        orders = pl.DataFrame(self.orders, schema=["time", "order", "action", "side", "price", "size"], orient="row")
        book = pl.DataFrame(self.book, schema=["time", "sequence", "snapshot", "side", "price", "size"], orient="row")
        self.orders.clear()
        self.book.clear()
        if orders.height:
            tape.write("orders", orders.rename(clocks).with_columns(name, pl.col("order").cast(pl.String)))
        if book.height:
            tape.write("book", book.rename(clocks).with_columns(name))
        if matches:
            tape.write("fills", self._fills(matches, tape.written("fills")).with_columns(name))

    def _fills(self, matches: list[Match], serial: int) -> pl.DataFrame:
        """Fills of one taker order are one sweep, though the recorder heard of each at another millisecond."""
        sweep: list[int] = []
        for place, match in enumerate(matches, serial):
            first = self.sweeps.pop(match.taker, (place, 0))[0]
            self.sweeps[match.taker] = (first, match.time)
            sweep.append(first)
        while self.sweeps and self.now - next(iter(self.sweeps.values()))[1] > MEMORY:
            del self.sweeps[next(iter(self.sweeps))]
        self.fills += len(matches)
        rows = pl.DataFrame(matches, schema=["local_time", "maker", "taker", "side", "price", "size"], orient="row")
        return rows.select(
            "local_time", "side", "price", "size",
            maker_order=pl.col("maker").cast(pl.String),
            taker_order=pl.col("taker").cast(pl.String),
            serial=pl.int_range(serial, serial + len(matches), dtype=pl.Int64),
            sweep=pl.Series(sweep, dtype=pl.Int64),
        )  # fmt: skip
