"""Small tapes for tests, with invented numbers."""

from pathlib import Path

import polars as pl

from makerscope.tape.events import Instrument, Token
from makerscope.tape.read import Tape
from makerscope.tape.write import TapeWriter

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
START = 1_700_000_000 * SECOND


def perp(symbol: str = "BTC", venue: str = "test", **changes) -> Instrument:
    facts = {
        "instrument": f"{venue}:{symbol}",
        "venue": venue,
        "symbol": symbol,
        "kind": "perp",
        "base": symbol,
        "quote": "USD",
        "settle": "USDC",
        "inverse": False,
        "tick_size": "0.1",
        "lot_size": "0.001",
        "multiplier": "1",
        "facts": "invented",
    }
    return Instrument(**(facts | changes))


def fills(times, **columns) -> pl.DataFrame:
    """Fills at ``times`` seconds after START: the maker buys 1 lot at 1000 unless columns say otherwise."""
    n = len(times)
    base = {
        "exchange_time": [START + int(t * SECOND) for t in times],
        "local_time": [START + int(t * SECOND) + 5_000_000 for t in times],
        "instrument": ["test:BTC"] * n,
        "fill": [str(i) for i in range(n)],
        "maker": ["maker"] * n,
        "taker": ["taker"] * n,
        "side": [1] * n,
        "price": [1000] * n,
        "size": [1] * n,
    }
    return pl.DataFrame(base | columns)


def quotes(times, bids, asks, **columns) -> pl.DataFrame:
    n = len(times)
    base = {
        "exchange_time": [START + int(t * SECOND) for t in times],
        "local_time": [START + int(t * SECOND) + 5_000_000 for t in times],
        "instrument": ["test:BTC"] * n,
        "bid": bids,
        "bid_size": [10] * n,
        "ask": asks,
        "ask_size": [10] * n,
    }
    return pl.DataFrame(base | columns, schema_overrides={"bid": pl.Int64, "ask": pl.Int64})


def trades(times, sides, lots, **columns) -> pl.DataFrame:
    """Aggressor orders at ``times`` seconds after START: +1 a buyer, at 1000 unless columns say otherwise."""
    at = [START + int(t * SECOND) for t in times]
    n = len(times)
    base = {
        "exchange_time": at, "local_time": at, "instrument": ["test:BTC"] * n, "taker": ["taker"] * n,
        "aggressor": sides, "first_price": [1000] * n, "last_price": [1000] * n, "size": lots,
        "cash": [1000 * size for size in lots], "fills": [1] * n, "makers": [1] * n,
    }  # fmt: skip
    return pl.DataFrame(base | columns)


def write_tape(path: Path, *, instruments=None, silence=None, **tables: pl.DataFrame) -> Tape:
    with TapeWriter(path, source="test") as tape:
        tape.add_token(Token(token="USDC", decimals=6))
        for item in instruments or [perp()]:
            tape.add_instrument(item)
            tape.listen(item.venue, silence or {})
        for table, rows in tables.items():
            tape.write(table, rows)
    return Tape.open(path)
