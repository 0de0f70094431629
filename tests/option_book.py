"""A tape of a market maker in options that hedges: 30 days of an invented market, priced by a Black of its own."""

from decimal import Decimal
from itertools import pairwise
from math import erf, exp, log, sqrt
from pathlib import Path

import numpy as np
import polars as pl

from makerscope.tape.events import Instrument, Token
from makerscope.tape.read import Tape
from makerscope.tape.write import TapeWriter

MINUTE = 60 * 10**9
HOUR, DAY = 60 * MINUTE, 1440 * MINUTE
START = 1_767_168_000 * 10**9  # 2025-12-31 08:00 UTC
YEAR = 365 * DAY
FIRST, SECOND = START + 20 * DAY, START + 60 * DAY  # expiries, at 08:00
STRIKES = (80_000, 90_000, 100_000, 110_000, 120_000)
EVERY = pl.lit(value=True)
PERP = "deribit:BTC-PERPETUAL"
TICK, LOT = Decimal("0.0001"), Decimal("0.1")  # coin, BTC


def normal(x: float) -> float:
    return 0.5 * (1 + erf(x / sqrt(2)))


def black(F: float, K: float, v: float, T: float, *, call: bool) -> tuple[float, float]:
    """Price in quote currency and delta."""
    s = v * sqrt(T)
    d = log(F / K) / s + s / 2
    price = F * normal(d) - K * normal(d - s)
    return (price, normal(d)) if call else (price - F + K, normal(d) - 1)


def smile(F: float, K: float, when: int) -> float:
    """A skew that falls with the strike and a level that wanders."""
    return 0.6 + 0.05 * np.sin((when - START) / (4 * DAY)) - 0.15 * log(K / F)


def name_of(expiry: int, strike: int, *, call: bool) -> str:
    return f"deribit:BTC-{'20JAN26' if expiry == FIRST else '1MAR26'}-{strike}-{'C' if call else 'P'}"


def instruments() -> list[Instrument]:
    facts = {"venue": "deribit", "base": "BTC", "settle": "BTC", "facts": "invented", "multiplier": "1"}
    options = [
        Instrument(
            instrument=name_of(expiry, strike, call=call), symbol=name_of(expiry, strike, call=call)[8:], kind="option",
            quote="BTC", inverse=False, tick_size=str(TICK), lot_size=str(LOT), strike=str(strike), expiry=expiry,
            is_call=call, **facts,
        )
        for expiry in (FIRST, SECOND) for strike in STRIKES for call in (True, False)
    ]  # fmt: skip
    perp = Instrument(
        instrument=PERP, symbol="BTC-PERPETUAL", kind="perp", quote="USD", inverse=True, tick_size="0.5", lot_size="10",
        **facts,
    )  # fmt: skip
    return [*options, perp]


def average_of(index: dict[int, float], until: int) -> float:
    """Mean of the index since the last half hour of the first expiry began, each price held until the next."""
    start = FIRST - 30 * MINUTE
    times = [start, *(when for when in index if start < when < until), until]
    return sum(index[max(w for w in index if w <= a)] * (b - a) for a, b in pairwise(times)) / (until - start)


def mark_of(index: dict[int, float], when: int, expiry: int, strike: int, *, call: bool) -> float:
    """Premium in coin; the first expiry settles on the mean of its last half hour, of which a part is known."""
    F, T, W = index[when], (expiry - when) / YEAR, 30 * MINUTE / YEAR
    v = smile(F, strike, when)
    if T >= W:
        return black(F, strike, v, T - 2 * W / 3, call=call)[0] / F
    known = (1 - T / W) * average_of(index, when) if T < W and expiry - 30 * MINUTE < when else 0.0
    rest = (strike - known) / (T / W)
    expected = known + T / W * F
    if rest <= 0:  # it is certain that the mean ends above the strike
        return max(expected - strike, 0.0) / expected if call else 0.0
    return T / W * black(F, rest, v, T / 3, call=call)[0] / expected


def path(days: int = 30, seed: int = 4) -> dict[int, float]:
    """The index at each look: every 6 hours, and each minute of the 40 before the first expiry."""
    looks = sorted({*range(START, START + days * DAY + 1, 6 * HOUR), *range(FIRST - 40 * MINUTE, FIRST, MINUTE)})
    draw, at, out = np.random.default_rng(seed), 100_000.0, {looks[0]: 100_000.0}
    for before, when in pairwise(looks):
        T = (when - before) / YEAR
        at *= exp(0.55 * sqrt(T) * draw.normal() - 0.5 * 0.55**2 * T)
        out[when] = at
    return out


def chain_of(index: dict[int, float]) -> pl.DataFrame:
    rows = []
    for when, F in index.items():
        for expiry in (FIRST, SECOND):
            if when >= expiry:
                continue
            T = (expiry - when) / YEAR
            for strike in STRIKES:
                v = smile(F, strike, when)
                for call in (True, False):
                    delta = black(F, strike, v, T, call=call)[1]
                    mark = round(mark_of(index, when, expiry, strike, call=call), 6)
                    bid, ask = int(mark / float(TICK)) - 3, int(mark / float(TICK)) + 4
                    rows.append({
                        "exchange_time": when, "local_time": when, "instrument": name_of(expiry, strike, call=call),
                        "bid": bid if bid > 0 else None, "bid_size": 10 if bid > 0 else None, "ask": ask,
                        "ask_size": 10, "mark": mark, "underlying": F, "index": F, "mark_volatility": v, "delta": delta,
                    })  # fmt: skip
    return pl.DataFrame(rows)


def trades_of(index: dict[int, float]) -> list[dict]:
    """The desk quotes both sides: each day it sells a call and buys a put at an edge, then brings its delta to zero."""
    looks, held, hedge, out = list(index), {}, 0, []
    draw = np.random.default_rng(8)
    for when in looks[4:-1:4]:
        F = index[when]
        if (when - START) % (6 * HOUR):
            continue
        expiry = FIRST if when < FIRST - 3 * DAY and draw.random() < 0.5 else SECOND
        for call, side in ((True, -1), (False, 1)):
            strike = int(draw.choice(STRIKES))
            price, _ = black(F, strike, smile(F, strike, when), (expiry - when) / YEAR, call=call)
            edge = 5
            ticks = max(round(price / F / float(TICK)) - side * edge, 1)
            size = int(draw.integers(1, 20))
            name = name_of(expiry, strike, call=call)
            held[expiry, strike, call] = held.get((expiry, strike, call), 0) + side * size
            out.append({"exchange_time": when + MINUTE, "instrument": name, "maker": "desk", "taker": "client",
                        "side": side, "price": ticks, "size": size, "maker_fee": 3000 * size,
                        "maker_fee_token": "BTC"})  # fmt: skip
        delta = sum(
            lots * float(LOT) * black(F, strike, smile(F, strike, when), (expiry - when) / YEAR, call=call)[1]
            for (expiry, strike, call), lots in held.items()
            if expiry > when
        )
        want = -round(delta * F / 10)  # lots of 10 USD
        if want != hedge:
            out.append({"exchange_time": when + 2 * MINUTE, "instrument": PERP, "maker": "other", "taker": "desk",
                        "side": -1 if want > hedge else 1, "price": round(2 * F), "size": abs(want - hedge),
                        "taker_fee": 200, "taker_fee_token": "BTC"})  # fmt: skip
            hedge = want
    return out


def write_book(folder: Path, *, chain: bool = True, looks: pl.Expr = EVERY) -> Tape:
    """The tape, with the chain at those ``looks`` only that are wanted."""
    index = path()
    fills = pl.DataFrame(trades_of(index), infer_schema_length=None).with_columns(
        local_time="exchange_time", fill=pl.int_range(pl.len()).cast(pl.String)
    )
    quotes = pl.DataFrame(
        {"exchange_time": list(index), "local_time": list(index), "instrument": PERP,
         "bid": [round(2 * F) - 1 for F in index.values()], "bid_size": 100,
         "ask": [round(2 * F) + 1 for F in index.values()], "ask_size": 100}
    )  # fmt: skip
    with TapeWriter(folder, source="an invented options desk") as tape:
        tape.add_token(Token(token="BTC", decimals=8))
        for item in instruments():
            tape.add_instrument(item)
        tape.listen("deribit", {})
        tape.write("quotes", quotes)
        if chain:
            tape.write("chain", chain_of(index).filter(looks))
        tape.write("fills", fills)
    return Tape.open(folder)
