"""A made-up epoch for the scoring benchmark: makers that replace a bid and an ask at random times, a walking middle."""

from pathlib import Path

import numpy as np
import polars as pl

from makerscope.tape.events import Instrument, Token
from makerscope.tape.write import TapeWriter

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
START = 1_760_000_000 * SECOND
MAKERS = 50
NAME = "bench:BTC"
MIDS_A_DAY = 4_320  # one each 20 s
FILLS_A_DAY = 3_500
BTC = Instrument(
    instrument=NAME, venue="bench", symbol="BTC", kind="perp", base="BTC", quote="USD", settle="USDC", inverse=False,
    tick_size="0.1", lot_size="0.001", multiplier="1", facts="invented",
)  # fmt: skip


def make(folder: Path, days: int, intervals: int) -> None:
    """Write a tape of so many days with so many stretches of resting orders, half of them bids."""
    dice = np.random.Generator(np.random.PCG64(7))
    span = days * DAY
    times = np.arange(0, span, DAY // MIDS_A_DAY)
    mid = 600_000 + np.cumsum(dice.integers(-3, 4, times.size))
    parts = [_maker(dice, number, span, times, mid, intervals // MAKERS // 2) for number in range(MAKERS)]
    orders = pl.concat(parts).sort("exchange_time", maintain_order=True)
    quotes = pl.DataFrame(
        {"exchange_time": START + times, "bid": mid - 1, "ask": mid + 1, "bid_size": 10, "ask_size": 10}
    )
    when = np.sort(dice.integers(0, span, days * FILLS_A_DAY))
    fills = pl.DataFrame(
        {
            "exchange_time": START + when,
            "maker": [f"maker{k:02d}" for k in dice.integers(0, MAKERS, when.size)],
            "taker": "taker",
            "side": np.where(dice.integers(0, 2, when.size) > 0, 1, -1).astype(np.int8),
            "price": mid[np.searchsorted(times, when, side="right") - 1],
            "size": dice.integers(1, 500, when.size),
        }
    )
    with TapeWriter(folder, source="bench") as tape:
        tape.add_token(Token(token="USDC", decimals=6))
        tape.add_instrument(BTC)
        tape.listen("bench", {"orders": DAY, "quotes": DAY, "fills": DAY})
        for name, rows in (("orders", orders), ("quotes", quotes), ("fills", fills)):
            tape.write(name, _events(rows))


def _maker(dice, number: int, span: int, times, mid, steps: int) -> pl.DataFrame:  # noqa: PLR0917
    """A bid and an ask that move together at random times, 2 to 150 ticks from the middle."""
    when = np.sort(dice.integers(0, span, steps))
    at = np.searchsorted(times, when, side="right") - 1
    sides = [
        pl.DataFrame(
            {
                "exchange_time": START + when,
                "maker": f"maker{number:02d}",
                "order": f"{number}{side:+d}",
                "action": ["placed"] + ["replaced"] * (steps - 1),
                "side": np.full(steps, side, np.int8),
                "price": mid[at] - side * dice.integers(2, 150, steps),
                "size": dice.integers(1, 5_000, steps),
            }
        )
        for side in (1, -1)
    ]
    return pl.concat(sides)


def _events(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(local_time="exchange_time", instrument=pl.lit(NAME), serial=pl.int_range(pl.len()))
