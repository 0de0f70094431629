"""Hyperliquid's WebSocket frames as they were received, and an account's own fills as JSON.

Lines are ``local_ns raw_json`` or bare JSON (then only the venue's clock is known); a file may also be one JSON
document: a frame, or a list of own fills. Channels on the tape: ``l2Book`` (each frame is the whole book), ``trades``,
``bbo``, ``activeAssetCtx`` (mark and oracle price), ``userFills`` and ``user``.

Frames have no sequence number; the number of the frame stands for it. In a public trade the maker is the one who did
not aggress: side B, the seller; side A, the buyer. In own fills ``crossed`` says whether the account was the taker; the
other side is unknown. An account without an address in the frame or in the file's name is called ``own``.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
import polars as pl

from makerscope.tape.rules import EARLIEST, LATEST
from makerscope.venues.files import Head, Progress, Recording, blocks
from makerscope.venues.hyperliquid_wire import (
    UNREADABLE,
    Envelope,
    WireAsset,
    WireBook,
    WireFill,
    WireTop,
    WireTrade,
    WireUserFills,
)

CHANNELS = ("l2Book", "trades", "bbo", "activeAssetCtx", "userFills", "user")
UNUSED = ("subscriptionResponse", "pong", "orderUpdates", "candle", "allMids", "userFundings", "webData2", "error")
CHANNEL = re.compile(rb'"channel"\s*:\s*"(?:' + "|".join(CHANNELS).encode() + rb')"')
FILLS = (b'"coin"', b'"px"', b'"crossed"', b'"tid"', b'"oid"')
ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
WANT = "frames with channel and data, one a line, or a list of fills"
MS = 1_000_000

_envelope = msgspec.json.Decoder(Envelope)
_book = msgspec.json.Decoder(WireBook)
_trades = msgspec.json.Decoder(list[WireTrade])
_top = msgspec.json.Decoder(WireTop)
_asset = msgspec.json.Decoder(WireAsset)
_user = msgspec.json.Decoder(WireUserFills)
_items = msgspec.json.Decoder(list[msgspec.Raw])
_fill = msgspec.json.Decoder(WireFill)

Refuse = Callable[[int, str, str], None]


def kind_of(head: Head) -> str | None:
    """``hyperliquid messages``, ``hyperliquid document`` or ``hyperliquid own fills`` by the content, else None."""
    data = head.data.lstrip()
    if data[:1] == b"[":
        return "hyperliquid own fills" if all(name in data[:4096] for name in FILLS) else None
    if not CHANNEL.search(data) or not (b'"coin"' in data or b'"fills"' in data):
        return None
    if data[:1] == b"{":
        first = data.split(b"\n", 1)[0]
        return "hyperliquid messages" if first.rstrip().endswith(b"}") else "hyperliquid document"
    return "hyperliquid messages" if re.match(rb"\d{16,20} \{", data) else None


@dataclass(slots=True)
class Batch:
    """Decoded frames of some megabytes: ``(line, local ns or None, content)``."""

    books: list[tuple[int, int | None, WireBook]] = field(default_factory=list)
    trades: list[tuple[int, int | None, WireTrade]] = field(default_factory=list)
    tops: list[tuple[int, int | None, WireTop]] = field(default_factory=list)
    assets: list[tuple[int, int | None, WireAsset]] = field(default_factory=list)
    fills: list[tuple[int, int | None, str, WireFill]] = field(default_factory=list)
    unused: Counter[str] = field(default_factory=Counter)


def batches(recording: Recording, progress: Progress, refuse: Refuse) -> Iterator[Batch]:
    """The frames of a file. What cannot be read is refused."""
    account = ADDRESS.search(recording.path.name)
    own = account[0].lower() if account else "own"
    if recording.kind == "hyperliquid messages":
        line = 0
        for data in blocks(recording.path, progress):
            batch = Batch()
            for raw in data.split(b"\n")[:-1]:
                line += 1
                if raw.strip():
                    _take_line(batch, line, raw, own, refuse)
            yield batch
        return
    data = b"".join(blocks(recording.path, progress))
    batch = Batch()
    if recording.kind == "hyperliquid own fills":
        _take_list(batch, data, own, refuse)
    else:
        _take(batch, (1, None), data, own, refuse)
    yield batch


def _take_line(batch: Batch, line: int, raw: bytes, own: str, refuse: Refuse) -> None:
    local = None
    text = raw
    if raw[:1].isdigit():
        stamp, _, text = raw.partition(b" ")
        local = int(stamp) if stamp.isdigit() and len(stamp) < 20 else 0
        if not EARLIEST <= local < LATEST:
            refuse(line, raw.decode("utf-8", "replace"), "local time is before 2009 or after 2100")
            return
    _take(batch, (line, local), text, own, refuse)


def _take(batch: Batch, at: tuple[int, int | None], text: bytes, own: str, refuse: Refuse) -> None:
    try:
        frame = _envelope.decode(text)
        match frame.channel:
            case "l2Book":
                batch.books.append((*at, _book.decode(frame.data)))
            case "trades":
                batch.trades.extend((*at, trade) for trade in _trades.decode(frame.data))
            case "bbo":
                batch.tops.append((*at, _top.decode(frame.data)))
            case "activeAssetCtx":
                batch.assets.append((*at, _asset.decode(frame.data)))
            case "userFills" | "user":
                message = _user.decode(frame.data)
                batch.fills.extend((*at, message.user or own, fill) for fill in message.fills)
            case other:
                batch.unused[other if other in UNUSED else "another channel"] += 1
    except UNREADABLE as error:
        refuse(at[0], text.decode("utf-8", "replace"), f"is no frame ({error})")


def _take_list(batch: Batch, data: bytes, own: str, refuse: Refuse) -> None:
    try:
        items = _items.decode(data)
    except UNREADABLE as error:
        refuse(1, data[:500].decode("utf-8", "replace"), f"is no list of fills ({error})")
        return
    for item in items:
        try:
            batch.fills.append((1, None, own, _fill.decode(item)))
        except UNREADABLE as error:
            refuse(1, bytes(item).decode("utf-8", "replace"), f"is no fill ({error})")


def book_frame(batch: Batch, first: int) -> pl.DataFrame:
    """Levels of all books: ``line, local_time, exchange_time, coin, message, side, price, size`` (decimal text)."""
    rows = [
        (line, local, book.time * MS, book.coin, first + place, side, level.px, level.sz)
        for place, (line, local, book) in enumerate(batch.books)
        for side, levels in ((1, book.levels[0]), (-1, book.levels[1]))
        for level in levels
    ]
    return _frame(rows, {**_CLOCKS, "message": pl.Int64, "side": pl.Int8, "price": pl.String, "size": pl.String})


def trade_frame(batch: Batch) -> pl.DataFrame:
    """Public trades: ``line, local_time, exchange_time, coin, way, price, size, fill, buyer, seller``."""
    rows = [
        (
            line,
            local,
            item.time * MS,
            item.coin,
            item.side,
            item.px,
            item.sz,
            str(item.tid),
            *(item.users or (None, None)),
        )
        for line, local, item in batch.trades
    ]
    texts = dict.fromkeys(("way", "price", "size", "fill", "buyer", "seller"), pl.String)
    return _frame(rows, {**_CLOCKS, **texts})


def top_frame(batch: Batch) -> pl.DataFrame:
    """Best prices: ``line, local_time, exchange_time, coin, bid, bid_size, ask, ask_size`` (decimal text or null)."""
    nothing = (None, None)
    rows = []
    for line, local, item in batch.tops:
        bid, ask = ((level.px, level.sz) if level else nothing for level in item.bbo)
        rows.append((line, local, item.time * MS, item.coin, *bid, *ask))
    return _frame(rows, {**_CLOCKS, **dict.fromkeys(("bid", "bid_size", "ask", "ask_size"), pl.String)})


def mark_frame(batch: Batch) -> pl.DataFrame:
    """Venue prices: ``line, local_time, exchange_time`` (null), ``coin, mark, index`` (decimal text or null)."""
    rows = [(line, local, None, item.coin, item.ctx.markPx, item.ctx.oraclePx) for line, local, item in batch.assets]
    return _frame(rows, {**_CLOCKS, "mark": pl.String, "index": pl.String})


def _frame(rows: Sequence[tuple[object, ...]], schema: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema, orient="row")


_CLOCKS: dict[str, type[pl.DataType]] = {
    "line": pl.Int64,
    "local_time": pl.Int64,
    "exchange_time": pl.Int64,
    "coin": pl.String,
}
