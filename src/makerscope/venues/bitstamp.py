"""Bitstamp order logs: each order's life, the book it adds up to, and the trades it implies.

One row is one event of one order: ``created``, ``changed`` (the volume is what is left) or ``deleted`` (the volume is
what was left: 0 when it was filled). Facts of the log, all counted as findings:

* it begins with an empty book: an older order shows up when it changes or goes, so the first minutes lack depth;
* ``exchange.timestamp`` is when the order was entered, in whole seconds, on every row of the order: it is no time of
  the event, so the tape has the recorder's clock alone;
* a market order walks through the book with a new price each step. A volume that changes together with the price is
  money expressed anew, not a trade;
* rows come twice, and now and then a deletion comes before its creation.

There are no account ids: ``maker`` and ``taker`` are null, the order ids are known. Memory holds the open orders.
"""

from collections.abc import Sequence

import polars as pl

from makerscope.errors import FormatError
from makerscope.tape.events import Instrument
from makerscope.tape.write import TapeWriter
from makerscope.venues.columns import Column
from makerscope.venues.files import Head, Progress, Recording
from makerscope.venues.intake import Intake
from makerscope.venues.order_log import CHANGED, CREATED, DELETED, SILENCE, Event, OrderLog
from makerscope.venues.profiles import known_instrument
from makerscope.venues.rows import csv_rows
from makerscope.venues.rules import OVERFLOW, reason
from makerscope.venues.times import since_1970
from makerscope.venues.values import from_zero, one_of, positive, trimmed

COLUMNS = ("id", "timestamp", "exchange.timestamp", "price", "volume", "action", "direction")
SYMBOL = "BTCUSD"
ACTIONS = {"created": CREATED, "changed": CHANGED, "deleted": DELETED}
SIDES = {"bid": 1, "ask": -1}
EVENT = {
    "time": Column("timestamp", since_1970("ms")),
    "order": Column("id", positive("1")),
    "action": Column("action", trimmed(one_of(ACTIONS))),
    "side": Column("direction", trimmed(one_of(SIDES))),
    "price": Column("price", positive("0.01")),
    "size": Column("volume", from_zero("1")),
}
EMPTY = reason((pl.col("action") == CREATED) & (pl.col("size") == 0), "volume of a created order is 0")


def kind_of(head: Head) -> str | None:
    """``orders`` for an order log, told by its exact header."""
    return "orders" if tuple(head.first_line.split(",")) == COLUMNS else None


def read(recordings: Sequence[Recording], tape: TapeWriter, progress: Progress) -> None:
    """Bring order logs of BTC/USD onto the tape as ``orders``, ``book`` and ``fills``.

    Raises:
        FormatError: a file is no order log, or has no good row.
    """
    tape.listen("bitstamp", dict.fromkeys(("orders", "book"), SILENCE))
    log: OrderLog | None = None
    for recording in sorted(recordings, key=_begins):
        tape.add_source(recording.path, recording.kind)
        intake = Intake(tape, recording.path, "orders")
        for texts in csv_rows(recording.path, required=COLUMNS, on_bad=intake.refuse, progress=progress):
            events = intake.sieve(texts, EVENT, [OVERFLOW, EMPTY]).drop("line")
            if not events.height:
                continue
            if log is None:
                log = OrderLog(_instrument(tape, events["time"][0]))
            for event in events.iter_rows():
                log.step(Event(*event))
            log.write(tape)
        intake.close("rows of an order log: " + ",".join(COLUMNS))
    if log is not None:
        log.write(tape, last=True)
        _report(log, tape)


def _begins(recording: Recording) -> tuple[str, str]:
    for texts in csv_rows(recording.path, required=COLUMNS, on_bad=lambda _line, _raw, _why: None):
        return str(texts["timestamp"][0] or ""), recording.path.name
    return "", recording.path.name


def _instrument(tape: TapeWriter, at: int) -> Instrument:
    instrument = known_instrument("bitstamp", SYMBOL, at=at)
    if instrument is None:
        raise FormatError("bitstamp", "the log is older than the venue's profile", "an order log from 2011-08-18 on")
    tape.add_instrument(instrument)
    return instrument


def _report(log: OrderLog, tape: TapeWriter) -> None:
    """State what was found."""
    name = log.instrument.instrument
    counts = log.counts | {"matched": log.fills, "nearly": log.matcher.nearly}
    counts["alone"] = log.matcher.unmatched - 2 * log.matcher.nearly
    for what, (level, code, table, text) in FINDINGS.items():
        if counts.get(what, 0) > 0:
            tape.find(level, code, text, table=table, instrument=name, count=counts[what])
    for level, code, table, text in STANDING:
        tape.find(level, code, text, table=table, instrument=name)


FINDINGS = {
    "matched": ("info", "trades matched", "fills", "trades told by equal volume decreases of a bid and an ask"),
    "nearly": (
        "warning", "trades not matched", "fills",
        "pairs of volume decreases that differ by 1e-8 BTC, likely trades that the venue rounded: not on the tape",
    ),
    "alone": ("info", "decreases not matched", "fills", "volume decreases without a counterpart of the same volume"),
    "expressed anew": ("info", "market order repriced", "orders", "volume changed together with the price: no trade"),
    "older": (
        "warning", "order older than the log", "orders",
        "orders that were changed or deleted without having been created: they are older than the log",
    ),
    "sent twice": ("dropped", "sent twice", "orders", "rows that repeat the row before of the same order"),
    "created again": ("dropped", "order repeated", "orders", "rows that create an order which is open already"),
    "deleted again": ("dropped", "order repeated", "orders", "rows that delete an order a second time"),
    "created after it was deleted": ("dropped", "order out of order", "orders", "orders created after their deletion"),
    "changed after it was deleted": ("dropped", "order out of order", "orders", "orders changed after their deletion"),
    "changed side": ("dropped", "order changed side", "orders", "rows that put an open order on the other side"),
    "deleted with another volume": ("info", "volume differs", "orders", "orders deleted with another volume than open"),
    "backwards": ("warning", "time runs backwards", "orders", "rows a little early: moved to the time of the last row"),
    "jump": ("warning", "time jumps back", "book", "jumps back by more than 60 s: the book begins anew, from empty"),
    "outage": ("warning", "outage", "book", "pauses of more than 60 s: the book begins anew after each, from empty"),
}  # fmt: skip
STANDING = (
    (
        "warning", "book starts empty", "book",
        "the log begins with an empty book: depth is incomplete until the orders of before are gone",
    ),
    (
        "info", "marketable orders", "book",
        "an incoming order that trades rests in the book until its trades are reported: for moments it is crossed",
    ),
    (
        "info", "no event time", "orders",
        "exchange.timestamp is the entry of the order in whole seconds, not the event: the recorder's clock is used",
    ),
    ("info", "pair assumed", "orders", "the log does not name its pair: read as BTC/USD"),
)  # fmt: skip
