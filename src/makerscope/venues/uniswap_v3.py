"""Uniswap v3: one pool by minute, as CSV. Rows of ``pool_events`` of kind ``minute``.

Columns: ``timestamp`` (UTC text, the minute's start, taken as the venue's clock), net and incoming amounts of both
tokens in raw units (beyond 2^63), ticks (open, close, lowest, highest) and ``currentLiquidity``. The price in token0
per token1 is 10^(decimals1 - decimals0) / 1.0001^tick: a higher tick is a lower price. By that, token0 is the quote and
token1 the base. The file's name names chain and pool, as in ``polygon-0x45dd...-2023-08-17.minute.csv``.

A minute whose open or close lies outside its lowest and highest tick is set aside: in the recording seen 45 of 1440
minutes with swaps carry the close of the minute before. The recorder heard those minutes too, so sessions are made of
all rows. Rows come every 60 s, with or without swaps; 150 s without one is an outage.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from makerscope.errors import FormatError
from makerscope.tape.events import Instrument, Token
from makerscope.tape.sessions import join_parts, sessions_of
from makerscope.tape.write import TapeWriter
from makerscope.venues.columns import Column, Reader
from makerscope.venues.files import Head, Progress, Recording
from makerscope.venues.intake import Intake
from makerscope.venues.profiles import known_instrument, profile, seen_instrument
from makerscope.venues.rows import csv_rows
from makerscope.venues.times import iso
from makerscope.venues.units import kind_in

VENUE = "uniswap_v3"
KIND = "uniswap v3 minutes"
SILENCE = 150_000_000_000
LARGEST_TICK = 887_272  # Uniswap v3 core, TickMath.MAX_TICK
RAW = pl.Decimal(38, 0)
POOL = re.compile(r"([a-z0-9_]+-0x[0-9a-f]{40})(?:[_.-]|$)")
COLUMNS = (
    "timestamp", "netAmount0", "netAmount1", "closeTick", "openTick", "lowestTick", "highestTick",
    "inAmount0", "inAmount1", "currentLiquidity",
)  # fmt: skip


def kind_of(head: Head) -> str | None:
    """``uniswap v3 minutes`` by the header line, else None."""
    return kind_in(head, {KIND: COLUMNS})


def read(recordings: Sequence[Recording], tape: TapeWriter, progress: Progress) -> None:
    """Bring minute files onto a tape.

    Raises:
        FormatError: a file is damaged, its name does not say the pool, or none of its rows can be read.
    """
    heard: dict[str, list[pl.DataFrame]] = {}
    for recording in recordings:
        tape.add_source(recording.path, recording.kind)
        intake = Intake(tape, recording.path, "pool_events")
        instrument: Instrument | None = None
        for rows in csv_rows(recording.path, required=COLUMNS, on_bad=intake.refuse, progress=progress):
            read_rows = intake.sieve(rows, MINUTE)
            if read_rows.height:
                instrument = instrument or _declared(recording.path, read_rows["exchange_time"][0], tape)
                name = instrument.instrument
                times = read_rows.select("exchange_time", local_time=pl.lit(None, pl.Int64))
                heard.setdefault(name, []).append(sessions_of(times, "pool_events", name, SILENCE))
                good = _consistent(read_rows, intake)
                events = good.drop("line").with_columns(instrument=pl.lit(instrument.instrument), kind=pl.lit("minute"))
                tape.write("pool_events", events)
        intake.close(f"rows of {', '.join(COLUMNS)}", may_be_empty=True)
    for sessions in heard.values():
        tape.session(join_parts(sessions, SILENCE))


def _declared(path: Path, at: int, tape: TapeWriter) -> Instrument:
    symbol = pool_in(path)
    instrument = known_instrument(VENUE, symbol, at=at)
    if instrument is None:
        instrument = seen_instrument(
            VENUE,
            symbol,
            kind="pool",
            base=f"{symbol} token1",
            quote=f"{symbol} token0",
            settle=f"{symbol} token0",
            tick_size="0.0001",
            lot_size="1",
        )
        text = "no profile knows the pool: the names and decimals of its tokens are unknown, lots are raw units"
        tape.find("warning", "unknown pool", text, instrument=instrument.instrument)
    elif (decimals := token_decimals(symbol)) is not None:
        chain = symbol.partition("-")[0]
        quote = _token(tape, instrument.quote, decimals[0], chain)
        base = _token(tape, instrument.base, decimals[1], chain)
        instrument = replace(instrument, base=base, quote=quote, settle=quote)
    tape.add_instrument(instrument)
    return instrument


def _token(tape: TapeWriter, name: str, decimals: int, chain: str) -> str:
    """Declare a token; where another venue's token of that name has other base units, this one is ``name (chain)``."""
    known = tape.tokens.get(name)
    if known is not None and known.decimals != decimals:
        name = f"{name} ({chain})"
    tape.add_token(Token(token=name, decimals=decimals))
    return name


def pool_in(path: Path) -> str:
    """``chain-address`` in a file's name.

    Raises:
        FormatError: the name has none.

    Examples:
        >>> pool_in(Path("polygon-0x45dda9cb7c25131df268515131f647d726f50608-2023-08-17.minute.csv.gz"))
        'polygon-0x45dda9cb7c25131df268515131f647d726f50608'
    """
    found = POOL.match(path.name.lower())
    if found is None:
        raise FormatError(
            path, "its name does not say which pool it holds", "polygon-0x<40 hex digits>-<date>.minute.csv"
        )
    return found[1]


def token_decimals(symbol: str) -> tuple[int, int] | None:
    """Decimals of a pool's token0 and token1, where a profile has them.

    Examples:
        >>> token_decimals("polygon-0x45dda9cb7c25131df268515131f647d726f50608")
        (6, 18)
    """
    for entry in profile(VENUE).get(symbol, []):
        quote, base = entry.get("quote_decimals"), entry.get("base_decimals")
        if isinstance(quote, int) and isinstance(base, int):
            return quote, base
    return None


def raw_units(*, negative: bool) -> Reader:
    """Reader of whole raw token units of up to 38 digits, exactly."""
    pattern = r"^-?\d{1,38}$" if negative else r"^\d{1,38}$"
    want = "is no whole number of raw units" if negative else "is no whole number of raw units from 0"

    def read_column(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
        frame = pl.DataFrame({"text": texts})
        fits = pl.col("text").str.contains(pattern)
        out = frame.select(
            value=pl.when(fits).then("text").cast(RAW, strict=False), why=pl.when(~fits).then(pl.lit(want))
        )
        return out["value"], out["why"]

    return read_column


def _tick(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    frame = pl.DataFrame({"text": texts, "value": texts.cast(pl.Int64, strict=False)})
    fits = (pl.col("value").abs() <= LARGEST_TICK).fill_null(value=False)
    bad = ~fits & pl.col("text").is_not_null()
    out = frame.select(
        value=pl.when(fits).then("value"),
        why=pl.when(bad).then(pl.lit(f"is no tick from -{LARGEST_TICK} to {LARGEST_TICK}")),
    )
    return out["value"], out["why"]


def _consistent(rows: pl.DataFrame, intake: Intake) -> pl.DataFrame:
    """Rows whose open and close lie between lowest and highest; the others are set aside."""
    low, high = pl.col("low_tick"), pl.col("high_tick")
    fits = (low <= high) & pl.col("open_tick").is_between(low, high) & pl.col("close_tick").is_between(low, high)
    for row in rows.filter(~fits).iter_rows(named=True):
        intake.kept -= 1
        raw = ",".join(f"{name}={row[name]}" for name in ("open_tick", "low_tick", "high_tick", "close_tick"))
        intake.refuse(row["line"], raw, "open or close tick lies outside lowest and highest")
    return rows.filter(fits)


MINUTE = {
    "exchange_time": Column("timestamp", iso()),
    "net_amount0": Column("netAmount0", raw_units(negative=True)),
    "net_amount1": Column("netAmount1", raw_units(negative=True)),
    "in_amount0": Column("inAmount0", raw_units(negative=False)),
    "in_amount1": Column("inAmount1", raw_units(negative=False)),
    "open_tick": Column("openTick", _tick),
    "low_tick": Column("lowestTick", _tick),
    "high_tick": Column("highestTick", _tick),
    "close_tick": Column("closeTick", _tick),
    "liquidity": Column("currentLiquidity", raw_units(negative=False)),
}
