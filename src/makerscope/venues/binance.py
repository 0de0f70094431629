"""Binance spot, USD-M and coin-M: raw ``depth``, ``bookTicker``, ``trade`` and ``aggTrade`` messages, and snapshots.

A line is ``local_ns raw_json``: the recorder's time, a space, the message as it came. A REST snapshot is a line
without ``stream``. Which of the three markets it is shows in the keys: only futures have ``pu``, only coin-M has
``ps`` or ``pair``, only spot trades have ``M``. The venue's time of an event is its transaction time ``T``, else its
event time ``E``; a spot ``bookTicker`` has neither, so its exchange time is unknown.

``depth`` becomes ``book`` (see ``binance_book`` for the order of application), ``bookTicker`` becomes ``quotes``,
trades become ``fills``: ``m`` says that the buyer was the maker. Where a file has single and aggregate trades, those
seen first are kept.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from makerscope.errors import FormatError
from makerscope.kernels import binance_scan as k
from makerscope.tape.write import TapeWriter
from makerscope.venues.binance_book import MS, Bookkeeper
from makerscope.venues.binance_scan import (
    BadLineError,
    Block,
    Symbols,
    UnusedError,
    finish_block,
    kind_in,
    message_of,
    scan_block,
    symbol_in,
)
from makerscope.venues.binance_units import MARKETS, instrument_of
from makerscope.venues.files import Head, Progress, Recording, blocks, head_of

EARLIEST, LATEST = 1_230_768_000_000_000_000, 4_102_444_800_000_000_000  # 2009 and 2100, ns
CLOCK_RANGE = 100_000  # ms of difference between the clocks that are told apart
MOST_STREAMS = 50  # names of unused streams that are told apart
SILENCES = {"quotes": 10_000_000_000, "fills": 60_000_000_000}
_LINE = re.compile(rb"\d{16,19} \{")
_INVERSE = re.compile(r"[A-Z0-9]+USD_(PERP|\d{6})")
_WANT = "lines 'local_ns raw_json' with depth, bookTicker or trade messages of Binance"


def kind_of(head: Head) -> str | None:
    """``binance.spot``, ``binance.usdm`` or ``binance.coinm``, or None where the first lines are not Binance messages.

    Examples:
        >>> line = b'1723161253937085768 {"stream":"btcusdt@trade","data":{"e":"trade","E":1,"s":"BTCUSDT","M":true}}'
        >>> kind_of(Head(path=Path("x"), data=line + bytes([10])))
        'binance.spot'
    """
    if not _LINE.match(head.data):
        return None
    unsure = None
    for line in head.data.split(b"\n")[:-1] or [head.data]:
        try:
            _, stream, message = message_of(line)
            kind = kind_in(stream, message)
        except (BadLineError, UnusedError):
            continue
        market = _market_in(kind, message)
        if market is not None:
            return market
        unsure = unsure or (_guess(symbol_in(message)) if kind != k.SNAPSHOT else None)
    return unsure


def _market_in(kind: int, message: dict[str, object]) -> str | None:
    if "ps" in message or ("pair" in message and "lastUpdateId" in message):
        return "binance.coinm"
    if kind in (k.TRADE, k.AGGREGATE) and "M" in message:
        return "binance.spot"
    if kind == k.DEPTH:
        return (
            ("binance.coinm" if _INVERSE.fullmatch(symbol_in(message)) else "binance.usdm")
            if "pu" in message
            else "binance.spot"
        )
    if kind == k.QUOTES:
        return None if "e" in message else "binance.spot"
    return None


def _guess(symbol: str) -> str:
    return "binance.coinm" if _INVERSE.fullmatch(symbol) else "binance.usdm"


def read(recordings: Sequence[Recording], tape: TapeWriter, progress: Progress) -> None:
    """Recordings of Binance onto a tape, those of one market in order of time.

    Raises:
        FormatError: a file has no message of Binance, or nothing in it can be used.
    """
    for market in MARKETS:
        mine = sorted((item for item in recordings if item.kind == market), key=lambda item: _first_time(item.path))
        if not mine:
            continue
        tape.listen(market, SILENCES)
        reader = Reader(market=market, tape=tape, paths=[item.path for item in mine])
        for item in mine:
            tape.add_source(item.path, market)
            reader.add(item.path, progress)
        reader.close()


def _first_time(path: Path) -> int:
    found = re.match(rb"\d{1,19}", head_of(path).data)
    return int(found[0]) if found else 0


@dataclass
class Reader:
    """One market being read: its symbols, their books, and what was counted."""

    market: str
    tape: TapeWriter
    paths: list[Path]
    symbols: Symbols = field(default_factory=Symbols)
    books: dict[int, Bookkeeper] = field(default_factory=dict)
    trades: dict[int, int] = field(default_factory=dict)
    unused: dict[str, int] = field(default_factory=dict)
    clock: np.ndarray = field(default_factory=lambda: np.zeros(2 * CLOCK_RANGE + 1, np.int64))
    written: int = 0

    def add(self, path: Path, progress: Progress) -> None:
        """Read one file."""
        line, known, held = 1, 0, self.written
        only = self._only(path)
        for data in blocks(path, progress):
            block, _ = scan_block(data, self.symbols, only)
            if (block.facts[:, k.KIND] == k.STRANGE).any() and self._learn(data, block):
                only = self._only(path)
                block, _ = scan_block(data, self.symbols, only)

            def bad(number: int, why: str, raw: str) -> None:
                self.tape.quarantine(path.name, number, "", why, raw)

            block = finish_block(data, block, self.symbols, only, first_line=line, bad=bad, unused=self._leave)
            self._refuse_times(path, data, block, line)
            known += self._write(block)
            line += len(block.facts)
        if not known:
            raise FormatError(path, "no line is a message this reader can use", _WANT)
        if self.written == held and not any(book.waiting for book in self.books.values()):
            raise FormatError(path, "nothing in it could be used", _WANT)

    def close(self) -> None:
        """Say what was found, and refuse the changes that no snapshot came for."""
        refused = 0
        for number, book in sorted(self.books.items()):
            sessions = book.close()
            if sessions is not None:
                self.tape.session(sessions)
            refused += book.counts["refused"]
            self._say(book, self.symbols.instruments[number].instrument)
        for name, count in sorted(self.unused.items()):
            self.tape.find("dropped", "message not used", f"messages of a kind that is not read: {name}", count=count)
        self._say_clock()
        if not self.written:
            raise FormatError(
                self.paths[0],
                f"{refused} changes of the book and no snapshot to apply them to",
                "a recording with a REST snapshot line",
            )

    def _say(self, book: Bookkeeper, name: str) -> None:
        if book.counts["covered"]:
            text = "changes of the book that it held already, dropped by update id"
            self.tape.find(
                "dropped", "before the snapshot", text, table="book", instrument=name, count=book.counts["covered"]
            )
        if book.counts["old snapshot"]:
            text = "snapshots older than the book they would replace"
            self.tape.find(
                "dropped", "old snapshot", text, table="book", instrument=name, count=book.counts["old snapshot"]
            )
        if book.counts["refused"]:
            text = "changes of the book without a snapshot to apply them to"
            self.tape.find("warning", "no snapshot", text, table="book", instrument=name, count=book.counts["refused"])
        if book.breaks:
            text = "gaps in the update ids; the book is unknown from each to the next snapshot"
            self.tape.find("warning", "sequence gap", text, table="book", instrument=name, count=book.breaks)

    def _say_clock(self) -> None:
        total = int(self.clock.sum())
        if not total:
            return
        median = int(np.searchsorted(np.cumsum(self.clock), (total + 1) // 2)) - CLOCK_RANGE
        beyond = " or more" if abs(median) == CLOCK_RANGE else ""
        if median < 0:
            behind = f"the recorder's clock is {-median} ms{beyond} behind the venue's (median)"
            text = f"{behind}: a latency below 0 is no error"
            self.tape.find("info", "clock offset", f"{self.market}: {text}", count=total)
        else:
            text = f"messages came {median} ms{beyond} after the venue's time (median)"
            self.tape.find("info", "latency", f"{self.market}: {text}", count=total)

    def _leave(self, stream: str) -> None:
        name = stream if stream in self.unused or len(self.unused) < MOST_STREAMS else "others"
        self.unused[name] = self.unused.get(name, 0) + 1

    def _only(self, path: Path) -> int:
        """The symbol of a file's snapshots that name none: the file's only one, as its first lines show."""
        names = {symbol_in(message) for message in _messages(head_of(path).data)} - {""}
        for name in sorted(names):
            if self.symbols.number(name) < 0:
                self._learn_names([name], _first_time(path))
        return self.symbols.number(names.pop()) if len(names) == 1 else -1

    def _learn(self, data: bytes, block: Block) -> bool:
        """Add the symbols of lines that name an unknown one; whether there were any."""
        rows = block.facts[block.facts[:, k.KIND] == k.STRANGE]
        names = set()
        for fact in rows:
            names |= {symbol_in(message) for message in _messages(data[fact[k.START] : fact[k.END]] + b"\n")}
        fresh = sorted(name for name in names - {""} if self.symbols.number(name) < 0)
        self._learn_names(fresh, int(rows[0, k.LOCAL]))
        return bool(fresh)

    def _learn_names(self, names: list[str], at: int) -> None:
        at = at if EARLIEST <= at < LATEST else EARLIEST
        unknown = [name for name in names if "\n" not in name]
        found = {name: instrument_of(self.market, name, at=at, tick_size="1", lot_size="1") for name in unknown}
        guessed = [name for name, item in found.items() if not item.facts.startswith("profile")]
        if guessed:
            units = self._measure(guessed)
            found |= {
                name: instrument_of(self.market, name, at=at, tick_size=units[name][0], lot_size=units[name][1])
                for name in guessed
            }
        for name in unknown:
            self.symbols.names.append(name)
            self.symbols.instruments.append(found[name])

    def _measure(self, names: list[str]) -> dict[str, tuple[str, str]]:
        """The decimals that prices and sizes of some symbols use in all the files."""
        probe = Symbols(names=names)
        most = np.zeros((len(names), 2), np.int64)
        for path in self.paths:
            for data in blocks(path):
                _, seen = scan_block(data, probe, 0 if len(names) == 1 else -1)
                most = np.maximum(most, seen)
        return {name: (_unit(int(row[0])), _unit(int(row[1]))) for name, row in zip(names, most, strict=True)}

    def _refuse_times(self, path: Path, data: bytes, block: Block, first_line: int) -> None:
        facts = block.facts
        used = (facts[:, k.KIND] != k.BLANK) & (facts[:, k.KIND] != k.UNREAD)
        wrong = (facts[:, k.LOCAL] < EARLIEST) | (facts[:, k.LOCAL] >= LATEST)
        for column in (k.EVENT, k.TRADED):
            time = facts[:, column]
            wrong |= (time >= 0) & ((time < EARLIEST // MS) | (time >= LATEST // MS))
        for at in np.flatnonzero(used & wrong):
            raw = data[facts[at, k.START] : facts[at, k.END]][:500].decode("utf-8", "replace")
            self.tape.quarantine(path.name, first_line + int(at), "", "a time before 2009 or after 2100", raw)
            facts[at, k.KIND] = k.BLANK

    def _write(self, block: Block) -> int:
        facts = block.facts
        kinds = facts[:, k.KIND]
        timed = (facts[:, k.EVENT] >= 0) & (kinds != k.BLANK)
        offset = (facts[timed, k.LOCAL] - facts[timed, k.EVENT] * MS + MS // 2) // MS
        self.clock += np.bincount(np.clip(offset, -CLOCK_RANGE, CLOCK_RANGE) + CLOCK_RANGE, minlength=len(self.clock))
        known = 0
        for number, item in enumerate(self.symbols.instruments):
            mine = facts[:, k.SYMBOL] == number
            book, quotes = (
                np.flatnonzero(mine & ((kinds == k.DEPTH) | (kinds == k.SNAPSHOT))),
                facts[mine & (kinds == k.QUOTES)],
            )
            fills = self._fills(number, mine, facts)
            known += len(book) + len(quotes) + len(fills)
            if not len(book) + len(quotes) + len(fills):
                continue
            self.tape.add_instrument(item)
            if len(book):
                keeper = self.books.setdefault(number, Bookkeeper(name=item.instrument))
                self._put("book", keeper.add(block, book))
            self._put("quotes", _quotes(quotes, item.instrument))
            self._put("fills", _fills(fills, item.instrument))
        return known

    def _put(self, table: str, rows: pl.DataFrame) -> None:
        self.written += rows.height
        self.tape.write(table, rows)

    def _fills(self, number: int, mine: np.ndarray, facts: np.ndarray) -> np.ndarray:
        kinds = facts[:, k.KIND]
        both = np.flatnonzero(mine & ((kinds == k.TRADE) | (kinds == k.AGGREGATE)))
        if not len(both):
            return facts[:0]
        kept = self.trades.setdefault(number, int(kinds[both[0]]))
        other = int((kinds[both] != kept).sum())
        if other:
            text = "aggregate trades beside single ones, or single ones beside aggregates: counted once"
            name = self.symbols.instruments[number].instrument
            self.tape.find("dropped", "trades sent in two forms", text, table="fills", instrument=name, count=other)
        return facts[both[kinds[both] == kept]]


def _messages(data: bytes) -> list[dict[str, object]]:
    found = []
    for line in data.split(b"\n")[:-1]:
        try:
            _, stream, message = message_of(line)
            kind_in(stream, message)
        except (BadLineError, UnusedError):
            continue
        found.append(message)
    return found


def _unit(places: int) -> str:
    return "1" if places <= 0 else "0." + "0" * (places - 1) + "1"


def _times(facts: np.ndarray) -> dict[str, np.ndarray]:
    exchange = np.where(facts[:, k.TRADED] >= 0, facts[:, k.TRADED], facts[:, k.EVENT])
    return {"exchange_time": exchange * MS, "local_time": facts[:, k.LOCAL]}


def _quotes(facts: np.ndarray, name: str) -> pl.DataFrame:
    columns = {"bid": k.BID, "bid_size": k.BID_SIZE, "ask": k.ASK, "ask_size": k.ASK_SIZE, "sequence": k.ID}
    rows = pl.DataFrame(_times(facts) | {name: facts[:, at] for name, at in columns.items()})
    there = {side: (pl.col(side) > 0) & (pl.col(f"{side}_size") > 0) for side in ("bid", "ask")}
    return rows.with_columns(
        pl.when(pl.col("exchange_time") >= 0).then("exchange_time"),
        *(pl.when(there[side]).then(pl.col(column)) for side in ("bid", "ask") for column in (side, f"{side}_size")),
        instrument=pl.lit(name),
    )


def _fills(facts: np.ndarray, name: str) -> pl.DataFrame:
    rows = pl.DataFrame(_times(facts) | {"price": facts[:, k.PRICE], "size": facts[:, k.SIZE], "fill": facts[:, k.ID]})
    side = np.where(facts[:, k.BUYER_MAKES] == 1, 1, -1).astype(np.int8)
    return rows.with_columns(pl.col("fill").cast(pl.String), instrument=pl.lit(name), side=pl.Series(side))
