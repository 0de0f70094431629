"""Invented Binance messages, as a recorder writes them."""

import gzip
import json

START = 1_700_000_000_000  # ms


def line(message, *, at=0, stream=None):
    local = (START + at) * 1_000_000 + 123_456
    body = {"stream": stream, "data": message} if stream else message
    return f"{local} {json.dumps(body, separators=(',', ':'))}\n".encode()


def depth(first, last, bids=(), asks=(), *, at=0, before=None, symbol="BTCUSDT"):
    future = {"T": START + at - 1} if before is not None else {}
    chain = {"pu": before} if before is not None else {}
    message = {"e": "depthUpdate", "E": START + at, **future, "s": symbol, "U": first, "u": last, **chain}
    return line(
        message | {"b": [list(x) for x in bids], "a": [list(x) for x in asks]},
        at=at,
        stream=f"{symbol.lower()}@depth@0ms",
    )


def ticker(number, bid, bid_size, ask, ask_size, *, at=0, future=True, symbol="BTCUSDT"):
    message = {"u": number, "s": symbol, "b": bid, "B": bid_size, "a": ask, "A": ask_size}
    message = {"e": "bookTicker", **message, "T": START + at, "E": START + at} if future else message
    return line(message, at=at, stream=f"{symbol.lower()}@bookTicker")


def trade(number, price, size, *, buyer_makes=True, at=0, symbol="BTCUSDT", **more):
    message = {"e": "trade", "E": START + at, "T": START + at, "s": symbol, "t": number, "p": price, "q": size}
    return line(message | {"X": "MARKET", "m": buyer_makes} | more, at=at, stream=f"{symbol.lower()}@trade")


def aggregate(number, price, size, *, buyer_makes=True, at=0, symbol="BTCUSDT"):
    message = {"e": "aggTrade", "E": START + at, "a": number, "s": symbol, "p": price, "q": size, "f": 1, "l": 2}
    return line(message | {"T": START + at, "m": buyer_makes}, at=at, stream=f"{symbol.lower()}@aggTrade")


def snapshot(last, bids=(), asks=(), *, at=0, **more):
    return line({"lastUpdateId": last, **more, "bids": [list(x) for x in bids], "asks": [list(x) for x in asks]}, at=at)


def write(path, lines):
    data = b"".join(lines)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path
