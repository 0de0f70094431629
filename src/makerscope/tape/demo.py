"""The demo tape: two generated perpetuals and the venue that leads them, with everything a tape can hold about makers.

On the venue ``demo`` six makers quote, are picked off, flicker, vanish in a stress episode, and trade with noise and
informed takers; one leveraged account is liquidated. ``demo.cex`` shows the same underlyings about 300 ms earlier.
Fees are paid in two tokens, some are rebates; funding comes every full hour. The recorder is deaf for a thirtieth of
the time: quotes, books, orders and marks of that time are lost, while fills are complete, as from a chain's archive;
after the outage the recorder lists the orders that changed. Nothing here was recorded anywhere; the same seed makes the
same tape, byte for byte.
"""

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.tape.demo_market import MS, SECOND, SETTLE, STEP, Played, Scene, fair_price, simulate
from makerscope.tape.events import Instrument, Token
from makerscope.tape.write import TapeWriter

START = 1_767_616_200_000_000_000  # 2026-01-05 12:30:00 UTC
HOUR = 3_600_000_000_000
SECOND_NS = 1_000_000_000
SILENCE = 30 * SECOND_NS
WIRE = 38 * MS  # from the venue to the recorder
# symbol, tick size, lot size, opening price in ticks, base units of USDC in a tick times a lot, noise takers a step,
# lots the borrower may hold
PERPS = (("BTC", "1", "0.001", 100_000, 1_000, 0.045, 3_000), ("ETH", "0.05", "0.01", 80_000, 500, 0.030, 0))


def write_demo(out: Path, *, seed: int = 7, hours: float = 2.0) -> Path:
    """Write the demo tape.

    Args:
        out: folder of the tape; an older tape there is replaced.
        seed: of the generator; every seed is another market of the same kind.
        hours: length of the market, at least 0.1.

    Returns:
        ``out``.

    Raises:
        DomainError: ``hours`` is too short for a market with an outage and a stress episode.
        InputError, OutputError: see ``TapeWriter``.
    """
    if not hours >= 0.1:  # the shortest market that still has all its episodes
        raise DomainError(f"hours is {hours}; want at least 0.1")
    steps = round(hours * HOUR / STEP)
    rng = np.random.Generator(np.random.PCG64(seed))
    common = rng.standard_normal(steps)
    stress = (steps * 70 // 100, steps * 745 // 1000)
    deaf = (START + steps * 2 // 5 * STEP, START + (steps * 2 // 5 + steps // 30) * STEP)
    with TapeWriter(out, source=f"generated demo market, seed {seed}, {hours} h") as tape:
        tape.listen("demo", {"quotes": SILENCE, "book": SILENCE, "orders": SILENCE})
        tape.listen("demo.cex", {"quotes": SILENCE})
        tape.add_token(Token(token=SETTLE, decimals=6))
        tape.add_token(Token(token=SECOND, decimals=8))
        tape.find("info", "generated", "every event on this tape was generated: it says nothing about any real market")
        for symbol, tick, lot, opening, cash_unit, noise, leverage in PERPS:
            for venue in ("demo", "demo.cex"):
                tape.add_instrument(_perp(venue, symbol, tick, lot))
            fair = fair_price(steps, opening, stress, rng, common)
            scene = Scene(
                name=f"demo:{symbol}",
                start=START,
                fair=fair,
                stress=stress,
                cash_unit=cash_unit,
                noise=noise,
                leverage=leverage,
            )
            _write_venue(tape, scene, simulate(scene, rng), deaf)
            tape.write(
                "quotes", _heard(_lead_quotes(scene, rng), deaf).with_columns(instrument=pl.lit(f"demo.cex:{symbol}"))
            )
    return out


def _perp(venue: str, symbol: str, tick: str, lot: str) -> Instrument:
    return Instrument(
        instrument=f"{venue}:{symbol}",
        venue=venue,
        symbol=symbol,
        kind="perp",
        base=symbol,
        quote="USD",
        settle=SETTLE,
        inverse=False,
        tick_size=tick,
        lot_size=lot,
        multiplier="1",
        facts="the demo market's own",
    )


def _write_venue(tape: TapeWriter, scene: Scene, played: Played, deaf: tuple[int, int]) -> None:
    name = pl.lit(scene.name).alias("instrument")
    columns = ["exchange_time", "maker", "order", "action", "side", "price", "size"]
    orders = pl.DataFrame(played.orders, schema=columns, orient="row")
    tape.write("orders", _clocks(_relisted(orders, deaf)).with_columns(name))
    columns = ["exchange_time", "bid", "bid_size", "ask", "ask_size", "sequence"]
    quotes = pl.DataFrame(played.quotes, schema=columns, orient="row").with_columns(
        pl.when(pl.col(side) > 0, pl.col(side) < 1 << 60).then(pl.col(side, f"{side}_size")) for side in ("bid", "ask")
    )
    tape.write("quotes", _heard(quotes, deaf).with_columns(name))
    book = pl.DataFrame(played.book, schema=["exchange_time", "sequence", "side", "price", "size"], orient="row")
    tape.write("book", _heard(book, deaf).with_columns(name, snapshot=pl.lit(True)))
    columns = [
        "exchange_time", "fill", "maker", "taker", "side", "price", "size", "maker_fee", "maker_fee_token", "taker_fee",
        "maker_order", "taker_order", "maker_position", "taker_position", "liquidated",
    ]  # fmt: skip
    fills = pl.DataFrame(played.fills, schema=columns, orient="row", infer_schema_length=None)
    tape.write("fills", _clocks(fills).with_columns(name, taker_fee_token=pl.lit(SETTLE)))
    forced = fills.filter(pl.col("liquidated").is_not_null())
    tape.write(
        "liquidations",
        _clocks(
            forced.select(
                "exchange_time",
                "price",
                "size",
                "fill",
                account="liquidated",
                side=-pl.col("side"),
                method=pl.lit("market"),
            )
        ).with_columns(name),
    )
    tape.write("marks", _heard(_marks(scene, quotes, rate=12), deaf).with_columns(name))


def _clocks(rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` with the recorder's time: the wire takes 38 ms, and up to 6 ms more by a fixed rule."""
    return rows.with_columns(local_time=pl.col("exchange_time") + WIRE + (pl.col("exchange_time") // MS % 7) * MS)


def _heard(rows: pl.DataFrame, deaf: tuple[int, int]) -> pl.DataFrame:
    return _clocks(rows.filter(~pl.col("exchange_time").is_between(*deaf, closed="left")))


def _relisted(orders: pl.DataFrame, deaf: tuple[int, int]) -> pl.DataFrame:
    """Order steps as heard: those of the outage are lost, but after it each changed order is seen as it now is."""
    lost = pl.col("exchange_time").is_between(*deaf, closed="left")
    known = orders.filter(pl.col("exchange_time") < deaf[0])["order"].unique()
    seen = pl.col("order").is_in(known.implode())
    after = (
        orders.filter(lost)
        .unique("order", keep="last", maintain_order=True)
        .filter(seen | (pl.col("size") > 0))
        .with_columns(
            exchange_time=pl.lit(deaf[1]),
            action=pl.when(pl.col("size") == 0)
            .then("action")
            .when(seen)
            .then(pl.lit("replaced"))
            .otherwise(pl.lit("placed")),
        )
    )
    return pl.concat(
        [orders.filter(pl.col("exchange_time") < deaf[0]), after, orders.filter(pl.col("exchange_time") >= deaf[1])]
    )


def _lead_quotes(scene: Scene, rng: np.random.Generator) -> pl.DataFrame:
    """The leading venue: a tight quote around the fair price about four times a second, with a little noise."""
    steps: NDArray[np.int64] = np.cumsum(rng.integers(1, 5, len(scene.fair)))
    steps = steps[steps < len(scene.fair)]
    middle = scene.fair[steps] + rng.integers(-1, 2, len(steps))
    sizes = rng.integers(500, 9000, (2, len(steps))) // 100 * 100
    return pl.DataFrame(
        {
            "exchange_time": scene.start + steps * STEP + rng.integers(0, 40, len(steps)) * MS,
            "bid": middle - 1,
            "bid_size": sizes[0],
            "ask": middle + 1,
            "ask_size": sizes[1],
            "sequence": np.arange(1, len(steps) + 1),
        }
    )


def _marks(scene: Scene, quotes: pl.DataFrame, *, rate: int) -> pl.DataFrame:
    """Each minute mark and index; at each full hour longs pay ``rate`` millionths of the index."""
    end = scene.start + len(scene.fair) * STEP
    minute = 60 * SECOND_NS
    times = np.arange(scene.start + minute, end, minute)
    grid = pl.DataFrame({"exchange_time": times, "index": scene.fair[(times - scene.start) // STEP]})
    middle = quotes.select("exchange_time", mark=(pl.col("bid") + pl.col("ask")) // 2).drop_nulls()
    funding = (pl.col("index") * scene.cash_unit * rate + 500_000) // 1_000_000
    return grid.join_asof(middle, on="exchange_time").with_columns(
        funding=pl.when(pl.col("exchange_time") % HOUR == 0).then(funding)
    )
