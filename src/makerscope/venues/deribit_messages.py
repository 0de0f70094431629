"""Deribit feed messages in JSON: ``book`` (snapshot and change), ``trades``, ``ticker`` and ``quote`` subscriptions.

A file holds one message a line, bare or behind the recorder's time (``seconds:`` or ``ns``), or it is one JSON
document. A change of a book must name the change before it (``prev_change_id``); where it does not, a message was
lost, and the book is unknown until the next snapshot. An option's ticker is a row of ``chain``; a future's gives its
best prices (its mark price is finer than a tick). A trade's ``direction`` is the taker's. A book's session lasts from
its snapshot as long as anything at all is heard.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import msgspec

from makerscope.errors import FormatError
from makerscope.tape.events import Instrument
from makerscope.tape.rules import EARLIEST, LATEST
from makerscope.tape.write import TapeWriter
from makerscope.venues.deribit_rows import (
    BadMessageError,
    Row,
    best,
    frame,
    identity,
    levels,
    milliseconds,
    option_quote,
    units,
)
from makerscope.venues.deribit_units import instrument_of
from makerscope.venues.files import HEAD, Head, Progress, lines

SILENCE = 60_000_000_000  # ns without any message: the connection was down
MOST_ROWS = 50_000
MOST_DOCUMENT = 1 << 26
_PREFIX = re.compile(rb"\s*(?:(?P<s>\d{9,11}(?:\.\d+)?): ?|(?P<ns>\d{18,19}) )?(?=[{\[])")
_REQUEST = re.compile(rb"\s*wss?://")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_WANT = "messages of Deribit's book, trades, ticker or quote channels"


def is_feed(head: Head) -> bool:
    """Whether a file holds messages of Deribit's feed."""
    whole = len(head.data) < HEAD and head.data.lstrip().startswith(b"{")
    for line in [*head.data.split(b"\n")[:200], *([head.data] if whole else [])]:
        found = _PREFIX.match(line)
        if found is None:
            continue
        try:
            message = _DECODER.decode(line[found.end() :])
        except (msgspec.DecodeError, RecursionError, ValueError):
            continue
        channel, data = subscription(message)
        first = data[0] if isinstance(data, list) and data else data
        marks = {"book": "change_id", "trades": "trade_seq", "ticker": "mark_price", "quote": "best_bid_price"}
        mark = marks.get(channel.split(".")[0])
        if mark is not None and isinstance(first, dict) and {mark, "instrument_name", "timestamp"} <= first.keys():
            return True
    return False


def subscription(message: object) -> tuple[str, object]:
    """Channel and data of a subscription message; an empty channel for any other message."""
    params = message.get("params") if isinstance(message, dict) and message.get("method") == "subscription" else None
    if not isinstance(params, dict) or not isinstance(params.get("channel"), str):
        return "", None
    return params["channel"], params.get("data")


def read_feed(path: Path, tape: TapeWriter, progress: Progress) -> None:
    """One file onto the tables ``book``, ``fills``, ``chain`` and ``quotes``.

    Raises:
        FormatError: the file is damaged, or none of its messages can be used.
    """
    feed = Feed(path=path, tape=tape)
    for number, raw in _documents(path, progress):
        feed.take(number, raw)
    feed.close()


def _documents(path: Path, progress: Progress) -> Iterator[tuple[int, bytes]]:
    """Lines, or the whole file where its first line alone is no JSON."""
    rows = lines(path, progress)
    first = next(rows, None)
    if first is None:
        return
    if first[1].strip() in (b"{", b"["):
        whole = bytearray(first[1])
        for _, line in rows:
            whole += b"\n" + line
            if len(whole) > MOST_DOCUMENT:
                raise FormatError(path, "is one JSON document of more than 64 MB", "one message a line")
        yield first[0], bytes(whole)
        return
    yield first
    yield from rows


@dataclass
class Feed:
    """One file being read."""

    path: Path
    tape: TapeWriter
    rows: dict[str, list[Row]] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)  # last change_id of each book that is known
    spans: dict[str, Row] = field(default_factory=dict)  # open sessions
    heard: tuple[int | None, int | None] = (None, None)  # last local and exchange time of any message
    unused: Counter[str] = field(default_factory=Counter)
    used: int = 0

    def take(self, number: int, raw: bytes) -> None:
        """Read one line."""
        if _REQUEST.match(raw):
            self.unused["the recorder's own requests"] += 1
            return
        try:
            found = _PREFIX.match(raw)
            if found is None:
                raise BadMessageError("is no JSON message")  # noqa: TRY301 - one place keeps bad lines aside
            local = _local(found)
            try:
                message = _DECODER.decode(raw[found.end() :])
            except (msgspec.DecodeError, RecursionError, ValueError) as error:
                raise BadMessageError(f"is not JSON ({error})") from None
            channel, data = subscription(message)
            self._message(channel, data, local)
        except BadMessageError as error:
            self.tape.quarantine(self.path.name, number, "", str(error), raw[:500].decode("utf-8", "replace"))
        if sum(map(len, self.rows.values())) >= MOST_ROWS:
            self._flush()

    def close(self) -> None:
        """Write what is left, the sessions, and what was found."""
        self._flush()
        for name in list(self.spans):
            self._end(name, "end of the recording")
        for name, count in sorted(self.unused.items()):
            text = f"messages of a kind that is not read: {name}"
            self.tape.find("dropped", "message not used", text, count=count)
        if not self.used:
            raise FormatError(self.path, "no message in it can be used", _WANT)

    def _message(self, channel: str, data: object, local: int | None) -> None:
        kind = channel.split(".", maxsplit=1)[0]
        if kind not in ("book", "trades", "ticker", "quote"):
            self.unused[(kind or "answers to requests")[:40] if len(self.unused) < 50 else "others"] += 1
            return
        for one in data if isinstance(data, list) else [data]:
            if not isinstance(one, dict):
                raise BadMessageError("carries no message")
            time = milliseconds(one.get("timestamp"))
            name = str(one.get("instrument_name"))
            item = self.tape.instruments.get(f"deribit:{name}") or instrument_of(name, at=time)
            if item is None or (kind == "book" and channel.count(".") > 2 and ".none." not in channel):
                self.unused["combinations" if item is None else "grouped books"] += 1
                continue
            self._hear(local, time)
            head: Row = {"exchange_time": time, "local_time": local, "instrument": item.instrument}
            read = {"book": self._book, "trades": self._trade, "ticker": self._ticker, "quote": self._quote}[kind]
            if read(item, one, head):
                self.tape.add_instrument(item)
                self.used += 1

    def _book(self, item: Instrument, data: Row, head: Row) -> bool:
        name, change = item.instrument, identity(data.get("change_id"), "change_id")
        whole = data.get("type", "snapshot") == "snapshot"
        if not whole:
            if name not in self.known:
                self.tape.find(
                    "warning", "no snapshot", "changes of a book that is not known", table="book", instrument=name
                )
                return False
            if data.get("prev_change_id") != self.known[name]:
                text = "gaps in the change ids; the book is unknown from each to the next snapshot"
                self.tape.find("warning", "sequence gap", text, table="book", instrument=name)
                del self.known[name]
                self._end(name, "a gap in the change ids")
                return False
        try:
            mine = levels(item, data.get("bids"), data.get("asks"), snapshot=whole)
        except BadMessageError:
            self.known.pop(name, None)  # what came is lost, so the book is unknown
            self._end(name, "a message that could not be read")
            raise
        self.known[name] = change
        self.rows.setdefault("book", []).extend(head | {"sequence": change} | level for level in mine)
        span = self.spans.setdefault(name, head | {"events": 0})
        span["events"] = int(str(span["events"])) + len(mine)
        return True

    def _trade(self, item: Instrument, data: Row, head: Row) -> bool:
        side = {"buy": -1, "sell": 1}.get(str(data.get("direction")))
        price, size = (
            units(data.get("price"), item.tick_size, "price"),
            units(data.get("amount"), item.lot_size, "amount"),
        )
        if side is None or price <= 0 or size <= 0 or not isinstance(data.get("trade_id"), str):
            raise BadMessageError("a trade without direction or id, or with a price or amount that is not positive")
        row = head | {"fill": data["trade_id"], "side": side, "price": price, "size": size}
        self.rows.setdefault("fills", []).append(row)
        return True

    def _ticker(self, item: Instrument, data: Row, head: Row) -> bool:
        if item.kind != "option":
            return self._quote(item, data, head)
        quote = option_quote(item, data, _inner(data, "greeks"), _inner(data, "stats").get("volume"))
        self.rows.setdefault("chain", []).append(head | quote)
        return True

    def _quote(self, item: Instrument, data: Row, head: Row) -> bool:
        self.rows.setdefault("quotes", []).append(head | best(item, data) | {"sequence": None})
        return True

    def _hear(self, local: int | None, exchange: int) -> None:
        now, before = (local, self.heard[0]) if local is not None else (exchange, self.heard[1])
        if now is not None and before is not None and now - before > SILENCE:
            for name in list(self.spans):
                self._end(name, f"silence of {(now - before) / 1e9:.1f} s")
                self.spans[name] = {"local_time": local, "exchange_time": exchange, "instrument": name, "events": 0}
        self.heard = local if local is not None else self.heard[0], max(exchange, self.heard[1] or exchange)

    def _end(self, name: str, why: str) -> None:
        span = self.spans.pop(name, None)
        if span is None:
            return
        local, exchange = self.heard
        row = {
            "instrument": name,
            "channel": "book",
            "start_exchange": span["exchange_time"],
            "end_exchange": exchange,
            "start_local": span["local_time"],
            "end_local": local,
            "events": span["events"],
            "ended_by": why,
        }
        self.tape.session(frame("sessions", [row]))

    def _flush(self) -> None:
        for table, rows in self.rows.items():
            if rows:
                self.tape.write(table, frame(table, rows))
        self.rows.clear()


def _inner(data: Row, key: str) -> Row:
    inner = data.get(key)
    return inner if isinstance(inner, dict) else {}


def _local(found: re.Match[bytes]) -> int | None:
    if found["s"] is None and found["ns"] is None:
        return None
    time = int(found["ns"]) if found["ns"] is not None else int(Decimal(found["s"].decode()) * 1_000_000_000)
    if not EARLIEST <= time < LATEST:
        raise BadMessageError("the recorder's time lies before 2009 or after 2099")
    return time
