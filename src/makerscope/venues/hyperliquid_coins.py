"""Coins of Hyperliquid as instruments, and the tokens fees are paid in.

A plain coin (``BTC``) is a perpetual of the main book; ``xyz:COIN`` a perpetual of another deployer; ``@107`` and
``PURR/USDC`` are spot pairs. Perpetuals are quoted in USD and settled in the token their fees are paid in (USDC unless
the recording shows another one).

The names of a spot pair's two tokens are read off its fees: a buyer pays in what was bought and a seller in what was
received, and a rebate comes in the token the other way round. Where no fee tells, the pair's own name stands for the
base.

Units come from a profile where it knows the coin, else from the decimals of prices and sizes (and of positions of
perpetuals, which are whole lots but for the noise of the floats they were printed from).
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl

from makerscope.tape.events import Instrument, Token
from makerscope.tape.rules import EARLIEST, LATEST
from makerscope.tape.write import TapeWriter
from makerscope.venues.profiles import known_instrument, seen_instrument
from makerscope.venues.values import in_units

VENUE = "hyperliquid"
FINEST_LOT = 5  # decimals: szDecimals of a perpetual is at most 5
FINEST_PRICE = 12
TOKEN_DECIMALS = 8  # fees are printed with up to 8 decimals; USDC perpetuals with up to 6
USDC_DECIMALS = 6


def is_spot(coin: str) -> bool:
    """Whether a coin names a spot pair.

    Examples:
        >>> [is_spot(coin) for coin in ("BTC", "xyz:XYZ100", "@107", "PURR/USDC")]
        [False, False, True, True]
    """
    return coin.startswith("@") or "/" in coin


def decimals_of(column: str) -> pl.Expr:
    """Significant decimals of decimal texts: ``0.0500`` has 2, ``1e-05`` has 5, text that is no number 0."""
    text = pl.col(column).str.to_lowercase().str.split_exact("e", 1)
    fraction = text.struct.field("field_0").str.split_exact(".", 1).struct.field("field_1")
    after_point = fraction.str.strip_chars_end("0").str.len_bytes().cast(pl.Int64).fill_null(0)
    exponent = text.struct.field("field_1").cast(pl.Int64, strict=False).fill_null(0)
    return (after_point - exponent.clip(-1000, 1000)).clip(0, None)


def without_noise(column: str) -> pl.Expr:
    """Decimal texts; those with more than eight decimals, printed from floats, rounded to six."""
    rounded = pl.col(column).cast(pl.Float64, strict=False).round(6).cast(pl.String)
    return pl.when(decimals_of(column) > 8).then(rounded).otherwise(column)


@dataclass(slots=True)
class Coin:
    """What a first pass saw of a coin."""

    price_decimals: int = 0
    size_decimals: int = 0
    first: int | None = None
    base: str = ""
    quote: str = ""


@dataclass(slots=True)
class Coins:
    """The account of a first pass over any number of recordings: coins and fee tokens by name."""

    coins: dict[str, Coin] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)

    def note(self, coin: str, *, price: int, size: int, first: int | None) -> None:
        """Take decimals of prices and sizes, and a time in ns, into account."""
        if not coin:
            return
        seen = self.coins.setdefault(coin, Coin())
        seen.price_decimals = max(seen.price_decimals, price)
        seen.size_decimals = max(seen.size_decimals, size)
        times = [time for time in (seen.first, first) if time is not None]
        seen.first = min(times, default=None)

    def see(self, rows: pl.DataFrame) -> None:
        """Take a chunk into account.

        Args:
            rows: ``coin``, ``price`` and ``size`` (decimal text), ``time`` (ns, may be null), and where they are known
                ``position`` (decimal text), ``bought`` (bool), ``fee`` (decimal text) and ``token``.
        """
        rows = rows.with_columns(p=decimals_of("price"), s=decimals_of("size"))
        sizes, prices = pl.col("s").filter(pl.col("s") <= FINEST_PRICE).max().fill_null(0), pl.col("p")
        if "position" in rows.columns:
            rows = rows.with_columns(position=without_noise("position")).with_columns(held=decimals_of("position"))
            fits = ~pl.col("coin").str.contains("[@/]") & (pl.col("held") <= FINEST_LOT)
            sizes = pl.max_horizontal(sizes, pl.col("held").filter(fits).max().fill_null(0))
        time = pl.col("time").filter(pl.col("time").is_between(EARLIEST, LATEST, closed="left"))
        seen = rows.group_by("coin", maintain_order=True).agg(
            price=prices.filter(prices <= FINEST_PRICE).max().fill_null(0), size=sizes, first=time.min()
        )
        for row in seen.iter_rows(named=True):
            self.note(row["coin"], price=row["price"], size=row["size"], first=row["first"])
        if "token" in rows.columns:
            self._see_fees(rows.filter(pl.col("token").is_not_null() & (pl.col("coin") != "")))

    def _see_fees(self, rows: pl.DataFrame) -> None:
        for token, places in rows.group_by("token").agg(decimals_of("fee").clip(0, 18).max()).iter_rows():
            self.tokens[token] = max(self.tokens.get(token, 0), places)
        rebate = pl.col("fee").str.starts_with("-")
        spot = pl.col("coin").str.contains("[@/]")
        roles = rows.select("coin", "token", base=spot & (pl.col("bought") != rebate)).unique().sort("coin", "token")
        for coin, token, base in roles.iter_rows():
            seen = self.coins[coin]
            if base:
                seen.base = seen.base or token
            else:
                seen.quote = seen.quote or token

    def declare(self, tape: TapeWriter) -> None:
        """Declare every instrument and token on the tape."""
        for coin in sorted(self.coins):
            tape.add_instrument(instrument_of(coin, self.coins[coin]))
        for token in sorted(self.tokens):
            least = USDC_DECIMALS if token == "USDC" else TOKEN_DECIMALS  # noqa: S105 - a currency
            declared = tape.tokens.get(token)
            if declared is None or declared.decimals < self.tokens[token]:
                tape.add_token(Token(token=token, decimals=max(least, self.tokens[token])))


def instrument_of(coin: str, seen: Coin) -> Instrument:
    """The instrument of a coin: as its profile has it at the time of the recording, else as it was seen.

    Examples:
        >>> instrument_of("@107", Coin(price_decimals=3, size_decimals=2, base="HYPE", quote="USDC")).base
        'HYPE'
    """
    known = known_instrument(VENUE, coin, at=seen.first) if seen.first is not None else None
    if known is not None:
        return known
    units = {
        "tick_size": f"{Decimal(1).scaleb(-seen.price_decimals):f}",
        "lot_size": f"{Decimal(1).scaleb(-seen.size_decimals):f}",
    }
    if is_spot(coin):
        base, _, quote = coin.partition("/")
        base, quote = seen.base or base, seen.quote or quote or "USDC"
        return seen_instrument(VENUE, coin, kind="spot", base=base, quote=quote, settle=quote, **units)
    base = re.sub(r"^[^:]*:", "", coin) or coin
    return seen_instrument(VENUE, coin, kind="perp", base=base, quote="USD", settle=seen.quote or "USDC", **units)


def with_units(rows: pl.DataFrame, tape: TapeWriter) -> pl.DataFrame:
    """``rows`` with ``instrument``, ``tick_size`` and ``lot_size`` of each row's ``coin``.

    A coin the first pass did not see has no instrument; such rows get nulls.
    """
    coins = rows["coin"].unique()
    known = [tape.instruments.get(f"{VENUE}:{coin}") for coin in coins]
    units = pl.DataFrame(
        {
            "coin": coins,
            "instrument": [item.instrument if item else None for item in known],
            "tick_size": [item.tick_size if item else None for item in known],
            "lot_size": [item.lot_size if item else None for item in known],
        },
        schema=dict.fromkeys(("coin", "instrument", "tick_size", "lot_size"), pl.String),
    )
    return rows.join(units, on="coin", how="left", maintain_order="left")


def positions(texts: pl.Series, units: pl.Series, *, spot: pl.Series) -> pl.Series:
    """Positions in lots, null where they are no whole number of lots.

    A spot balance is finer than a lot once fees were taken from it, so most are null. A perpetual's position is whole
    lots, but some are printed from floats (``-1544223.1000000001``): within a millionth of a lot counts as the lot.
    """
    exact, _ = in_units(units)(texts)
    noisy = exact.is_null() & texts.is_not_null() & ~spot
    if not noisy.any():
        return exact
    frame = pl.DataFrame({"exact": exact, "noisy": noisy, "text": texts, "unit": units}).with_columns(
        lots=pl.col("text").cast(pl.Float64, strict=False) / pl.col("unit").cast(pl.Float64, strict=False)
    )
    whole = pl.col("lots").round()
    near = pl.col("noisy") & ((pl.col("lots") - whole).abs() <= 1e-6) & (whole.abs() < 2**53)
    return frame.select(position=pl.when(near).then(whole.cast(pl.Int64, strict=False)).otherwise("exact"))["position"]
