"""Recorded Binance lines as columns: the compiled scanner first, a full JSON parser for the lines it leaves."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec
import numpy as np
import polars as pl

from makerscope.kernels import binance_scan as k
from makerscope.tape.decimals import places, to_units
from makerscope.tape.events import Instrument

OnBad = Callable[[int, str, str], None]  # line number, what is wrong, the line
OnUnused = Callable[[str], None]  # name of a stream that is not used
_STREAM, _DATA = (np.frombuffer(text, np.uint8) for text in (b'{"stream":"', b',"data":{'))
_EVENTS = {"depthUpdate": k.DEPTH, "bookTicker": k.QUOTES, "trade": k.TRADE, "aggTrade": k.AGGREGATE}
_STREAMS = {"depth": k.DEPTH, "bookTicker": k.QUOTES, "trade": k.TRADE, "aggTrade": k.AGGREGATE}
LARGEST_ID = (1 << 63) - 1


class BadLineError(ValueError):
    """A line that cannot be trusted; its text is the reason."""


class UnusedError(ValueError):
    """A message this reader has no use for; its text is the name of its stream."""


@dataclass(frozen=True)
class Block:
    """Columns of one block. ``facts`` as ``kernels.binance_scan`` names them; ROW0 and ROW1 point into the levels."""

    facts: np.ndarray
    side: np.ndarray
    price: np.ndarray
    size: np.ndarray


@dataclass
class Symbols:
    """The symbols the scanner knows, and their units."""

    names: list[str] = field(default_factory=list)
    instruments: list[Instrument] = field(default_factory=list)

    def number(self, name: str) -> int:
        """Its place, or -1."""
        return self.names.index(name) if name in self.names else -1

    def tables(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Names, starts and units as the scanner takes them; the units of a name without an instrument are measured."""
        texts = [name.encode() for name in self.names]
        starts = np.cumsum([0, *map(len, texts)]).astype(np.int64)
        units = np.full((len(texts), 4), -1, np.int64)
        for row, item in enumerate(self.instruments):
            units[row] = [*_scale(item.tick_size), *_scale(item.lot_size)]
        return np.frombuffer(b"".join(texts) or b"\0", np.uint8), starts, units


def _scale(unit: str) -> tuple[int, int]:
    scale = places(unit)
    return scale, int(Decimal(unit).scaleb(scale))


def scan_block(data: bytes, symbols: Symbols, only: int) -> tuple[Block, np.ndarray]:
    """The columns of a block, and the decimals measured for symbols without an instrument, int64 ``(symbols, 2)``."""
    names, starts, units = symbols.tables()
    raw = np.frombuffer(data, np.uint8)
    room = len(raw) // k.SHORTEST_LEVEL + 1
    facts = np.empty((data.count(b"\n"), k.FACTS), np.int64)
    side, price, size = np.empty(room, np.int8), np.empty(room, np.int64), np.empty(room, np.int64)
    measured = np.zeros((len(symbols.names), 2), np.int64)
    _, rows = k.scan(raw, _STREAM, _DATA, names, starts, units, measured, only, facts, side, price, size)
    return Block(facts=facts, side=side[:rows], price=price[:rows], size=size[:rows]), measured


def finish_block(
    data: bytes, block: Block, symbols: Symbols, only: int, *, first_line: int, bad: OnBad, unused: OnUnused
) -> Block:
    """Read the lines the scanner left with a full parser; quarantine or count those that are no message."""
    left = np.flatnonzero((block.facts[:, k.KIND] == k.UNREAD) | (block.facts[:, k.KIND] == k.STRANGE))
    if not len(left):
        return block
    more: list[tuple[int, int, int]] = []
    rows = len(block.side)
    for at in left:
        fact = block.facts[at]
        line = data[fact[k.START] : fact[k.END]].rstrip(b"\r")
        try:
            levels = read_line(line, fact, symbols, only)
        except BadLineError as error:
            bad(first_line + int(at), str(error), line[:500].decode("utf-8", "replace"))
            fact[k.KIND] = k.BLANK
        except UnusedError as error:
            unused(str(error))
            fact[k.KIND] = k.BLANK
        else:
            if fact[k.KIND] in (k.DEPTH, k.SNAPSHOT):
                fact[k.ROW0], fact[k.ROW1] = rows + len(more), rows + len(more) + len(levels)
            more += levels
    side, price, size = np.array(more, np.int64).reshape(-1, 3).T
    return Block(
        facts=block.facts,
        side=np.concatenate([block.side, side.astype(np.int8)]),
        price=np.concatenate([block.price, price]),
        size=np.concatenate([block.size, size]),
    )


def message_of(line: bytes) -> tuple[int, str, dict[str, object]]:
    """``(local_ns, stream, message)`` of a line; the stream is empty where the message does not name one.

    Raises:
        BadLineError: it is not ``local_ns raw_json``.
    """
    local, _, text = line.partition(b" ")
    if not local.isdigit() or len(local) > 19:
        raise BadLineError("does not begin with a time in ns and a space")
    try:
        message = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadLineError(f"is not JSON ({error})") from None
    if not isinstance(message, dict):
        raise BadLineError("is not a JSON object")
    stream = message.get("stream", "")
    inner = message.get("data", message) if "stream" in message else message
    if not isinstance(stream, str) or not isinstance(inner, dict):
        raise BadLineError("names a stream but carries no message")
    return int(local), stream, inner


def symbol_in(message: dict[str, object]) -> str:
    """The symbol a message names, or an empty text."""
    name = message.get("s", message.get("symbol", ""))
    return name if isinstance(name, str) else ""


def kind_in(stream: str, message: dict[str, object]) -> int:
    """What a message is.

    Raises:
        UnusedError: nothing this reader uses.
    """
    event = message.get("e")
    channel = (stream.split("@")[1] if "@" in stream else stream.removeprefix("!")) if stream else ""
    if not stream and event is None and "lastUpdateId" in message:
        return k.SNAPSHOT
    kind = _EVENTS.get(event, k.UNREAD) if isinstance(event, str) else k.UNREAD
    if event is None and {"u", "b", "B", "a", "A"} <= message.keys():
        kind = k.QUOTES
    if kind == k.UNREAD or (stream and _STREAMS.get(channel, k.UNREAD) != kind):
        raise UnusedError((channel or (event if isinstance(event, str) else "") or "no stream")[:40])
    return kind


def read_line(line: bytes, fact: np.ndarray, symbols: Symbols, only: int) -> list[tuple[int, int, int]]:
    """Fill ``fact`` from any JSON, and return the levels of a book message as (side, price, size).

    Raises:
        BadLineError: the line cannot be trusted.
        UnusedError: nothing this reader uses.
    """
    local, stream, message = message_of(line)
    kind = kind_in(stream, message)
    name = symbol_in(message)
    number = symbols.number(name) if name else (only if kind == k.SNAPSHOT else -1)
    if number < 0:
        raise BadLineError("is a snapshot of no known symbol" if kind == k.SNAPSHOT else "names no symbol")
    if kind == k.TRADE and message.get("X", "MARKET") != "MARKET":
        raise UnusedError(f"trade of kind {message['X']}"[:40])
    item = symbols.instruments[number]
    fact[:] = np.where(np.arange(k.FACTS) <= k.END, fact, -1)
    fact[k.LOCAL], fact[k.SYMBOL] = local, number
    fact[k.EVENT], fact[k.TRADED] = (_id(message, key) if key in message else -1 for key in ("E", "T"))
    levels: list[tuple[int, int, int]] = []
    if kind in (k.DEPTH, k.SNAPSHOT):
        names = ("b", "a") if kind == k.DEPTH else ("bids", "asks")
        levels = [
            level for side, key in zip((1, -1), names, strict=True) for level in _levels(message.get(key), side, item)
        ]
        fact[k.LAST] = _id(message, "u" if kind == k.DEPTH else "lastUpdateId")
        if kind == k.DEPTH:
            fact[k.FIRST] = _id(message, "U")
            fact[k.BEFORE] = _id(message, "pu") if "pu" in message else -1
            if fact[k.LAST] < fact[k.FIRST]:
                raise BadLineError("ends before the update it begins with")
    elif kind == k.QUOTES:
        fact[k.ID] = _id(message, "u")
        fact[[k.BID, k.ASK]] = _units([message.get("b"), message.get("a")], item.tick_size, "price")
        fact[[k.BID_SIZE, k.ASK_SIZE]] = _units([message.get("B"), message.get("A")], item.lot_size, "size")
    else:
        fact[k.ID] = _id(message, "t" if kind == k.TRADE else "a")
        fact[k.TRADED] = _id(message, "T")
        (fact[k.PRICE],) = _units([message.get("p")], item.tick_size, "price")
        (fact[k.SIZE],) = _units([message.get("q")], item.lot_size, "size")
        if not isinstance(message.get("m"), bool):
            raise BadLineError("does not say who the maker was")
        fact[k.BUYER_MAKES] = message["m"]
        if fact[k.PRICE] <= 0 or fact[k.SIZE] <= 0:
            raise BadLineError("price or size is not positive")
    fact[k.KIND] = kind
    return levels


def _id(message: dict[str, object], key: str) -> int:
    value = message.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_ID:
        raise BadLineError(f"{key} is {str(value)[:40]!r} and not a whole number")
    return value


def _levels(raw: object, side: int, item: Instrument) -> list[tuple[int, int, int]]:
    if not isinstance(raw, list):
        raise BadLineError("lacks the list of levels")
    if not all(isinstance(level, list) and len(level) >= 2 for level in raw):
        raise BadLineError("has a level that is not [price, size]")
    prices = _units([level[0] for level in raw], item.tick_size, "price")
    sizes = _units([level[1] for level in raw], item.lot_size, "size")
    if prices and min(prices) <= 0:
        raise BadLineError("price is not positive")
    return [(side, price, size) for price, size in zip(prices, sizes, strict=True)]


def _units(texts: list[object], unit: str, what: str) -> list[int]:
    if not all(isinstance(text, str) for text in texts):
        raise BadLineError(f"{what} is not a text")
    values, why = to_units(pl.Series(texts, dtype=pl.String), unit)
    reason = next(iter(why.drop_nulls()), None)
    if reason is not None:
        raise BadLineError(f"{what} {reason}")
    if (values < 0).any():
        raise BadLineError(f"{what} is negative")
    return values.to_list()
