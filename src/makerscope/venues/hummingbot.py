"""Hummingbot's record of its own fills: the SQLite table ``TradeFill`` and the CSV export.

Every row is a fill of the user's own account; its name is the configuration's (``conf_pure_mm_1``), else the
strategy's, else ``me``. The venue of an instrument is the connector in the row (``market``). The file does not say
whether a fill was made or taken. Order types tell: LIMIT_MAKER cannot take, MARKET cannot make; LIMIT is taken as made,
which is what Hummingbot assumes in its own fee estimates, and counted. See ``hummingbot_fees`` for fees.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

import polars as pl

from makerscope.tape.events import Token
from makerscope.tape.write import TapeWriter
from makerscope.venues.files import Progress, Recording
from makerscope.venues.hummingbot_fees import BAD, DECIMALS, base_units, fee_of
from makerscope.venues.hummingbot_rows import REQUIRED, fill_rows, kind_of
from makerscope.venues.profiles import seen_instrument
from makerscope.venues.sieve import Sieve, Units, chosen, clock, measured, overflows

__all__ = ["kind_of", "read"]

SIDES = MappingProxyType({"buy": 1, "sell": -1})
MADE, ASSUMED, TAKEN = 2, 1, 0
ROLES = MappingProxyType(
    {
        "limit_maker": MADE, "limit": ASSUMED, "stop_loss_limit": ASSUMED, "take_profit_limit": ASSUMED,
        "trailing_stop_limit": ASSUMED, "market": TAKEN, "stop_loss": TAKEN, "take_profit": TAKEN,
        "trailing_stop": TAKEN, "amm_swap": TAKEN,
    }
)  # fmt: skip
CONNECTOR = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,60}$"
PAIR = r"^[!-~]{1,60}$"
ASSUMPTION = "fills of LIMIT orders, taken as made by the user's order: the file does not say"


@dataclass
class _Units:
    prices: Units = field(default_factory=Units)
    sizes: Units = field(default_factory=Units)
    ticks: dict[str, str] = field(default_factory=dict)
    lots: dict[str, str] = field(default_factory=dict)


def read(recordings: Sequence[Recording], tape: TapeWriter, progress: Progress) -> None:
    """Bring the user's own fills onto the tape.

    Raises:
        FormatError: a file is damaged, lacks a column, or has no good row.
    """
    units = _first_pass(recordings)
    for recording in recordings:
        tape.add_source(recording.path, recording.kind)
        sieve = Sieve(recording.path, "fills", tape, "fills with " + ", ".join(REQUIRED))
        for texts in fill_rows(recording, sieve.reject, progress):
            fills = _fills(texts, units, sieve, tape)
            if fills.height:
                tape.write("fills", fills)
        sieve.close()
        if recording.kind == "TradeFill":
            text = "the database keeps 6 decimals of price and amount: finer digits were cut by the recorder"
            tape.find("info", "six decimals", text, table="fills")


def _first_pass(recordings: Sequence[Recording]) -> _Units:
    units = _Units()
    for recording in recordings:
        for texts in fill_rows(recording, lambda _line, _raw, _why: None):
            names = _names(texts)
            units.prices.add(names, texts["price"])
            units.sizes.add(names, texts["amount"])
    units.ticks = {name: units.prices.unit(name) or "1" for name in units.prices.seen}
    units.lots = {name: units.sizes.unit(name) or "1" for name in units.sizes.seen}
    return units


def _names(texts: pl.DataFrame) -> pl.Series:
    return texts.select(pl.format("{}:{}", "market", "symbol").alias("instrument")).to_series()


def _fills(texts: pl.DataFrame, units: _Units, sieve: Sieve, tape: TapeWriter) -> pl.DataFrame:
    names = _names(texts)
    time, bad_time = clock(texts["timestamp"], "ms")
    side, bad_side = chosen(texts["trade_type"], SIDES)
    role, bad_role = chosen(texts["order_type"].str.replace("OrderType.", "", literal=True), ROLES)
    price, bad_price = measured(texts["price"], names, units.ticks, above=0)
    size, bad_size = measured(texts["amount"], names, units.lots, above=0)
    odd = texts.select(
        pl.when(~pl.col("market").str.contains(CONNECTOR).fill_null(value=False)).then(pl.lit("market is no connector"))
        .when(~pl.col("symbol").str.contains(PAIR).fill_null(value=False)).then(pl.lit("symbol is no pair"))
        .when(pl.col("base_asset").is_null() | pl.col("quote_asset").is_null()).then(pl.lit("an asset is missing"))
    ).to_series()  # fmt: skip
    fee, token, doubt = _fees(texts, tape)
    unreadable = pl.select(pl.when(doubt == BAD).then(doubt)).to_series()
    rows = pl.DataFrame(
        {
            "exchange_time": time, "instrument": names, "fill": texts["exchange_trade_id"], "own": side, "role": role,
            "price": price, "size": size, "fee": fee, "token": token, "doubt": doubt, "order": texts["order_id"],
            "base": texts["base_asset"], "quote": texts["quote_asset"], "account": _accounts(texts),
        }
    )  # fmt: skip
    good = sieve.pass_on(
        rows, [odd, bad_time, bad_side, bad_role, bad_price, bad_size, overflows(price, size), unreadable], texts
    )
    _declare(good, units, tape)
    return _by_role(good)


def _accounts(texts: pl.DataFrame) -> pl.Series:
    config = pl.col("config_file_path").str.replace(r"^.*[/\\]", "").str.replace(r"\.(yml|yaml|py)$", "")
    named = (pl.when(name != "").then(name) for name in (config, pl.col("strategy")))
    return texts.select(pl.coalesce(*named, pl.lit("me"))).to_series()


def _fees(texts: pl.DataFrame, tape: TapeWriter) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Base units, token, and why a fee is not known, for each row."""
    fees: list[int | None] = []
    tokens: list[str | None] = []
    doubts: list[str | None] = []
    columns = ("trade_fee", "price", "amount", "quote_asset")
    for text, price, amount, quote in texts.select(columns).iter_rows():
        found: tuple[str, Decimal] | str = fee_of(text, price or "", amount or "", quote or "")
        units, token, doubt = None, None, found if isinstance(found, str) else None
        if not isinstance(found, str):
            known = tape.tokens.get(found[0])
            units, token = base_units(found[1], known.decimals if known else DECIMALS), found[0]
            doubt = BAD if units is None or not token else None
        fees.append(units)
        tokens.append(token if units is not None else None)
        doubts.append(doubt)
    return (
        pl.Series("fee", fees, dtype=pl.Int64),
        pl.Series("token", tokens, dtype=pl.String),
        pl.Series("doubt", doubts, dtype=pl.String),
    )


def _declare(good: pl.DataFrame, units: _Units, tape: TapeWriter) -> None:
    for name, base, quote in (
        good.select("instrument", "base", "quote").unique("instrument", maintain_order=True).iter_rows()
    ):
        if name in tape.instruments:
            continue
        venue, symbol = name.split(":", 1)
        kind = "perp" if "perp" in venue else "spot"
        tape.add_instrument(
            seen_instrument(
                venue, symbol, kind=kind, base=base, quote=quote, settle=quote,
                tick_size=units.ticks[name], lot_size=units.lots[name],
            )
        )  # fmt: skip
    for token in good["token"].drop_nulls().unique(maintain_order=True):
        if token not in tape.tokens:
            tape.add_token(Token(token=token, decimals=DECIMALS))
    for doubt, count in good["doubt"].drop_nulls().value_counts().iter_rows():
        tape.find("warning", "fee unknown", f"fee left out: {doubt}", table="fills", count=count)
    assumed = good.filter(pl.col("role") == ASSUMED).height
    if assumed:
        tape.find("info", "role assumed", ASSUMPTION, table="fills", count=assumed)
    if good.height:
        text = f"percentage times price times amount, rounded half to even at 10^-{DECIMALS} of the token"
        tape.find("info", "fee rule", text, table="fills", count=good.height)


def _by_role(good: pl.DataFrame) -> pl.DataFrame:
    made = pl.col("role") != TAKEN
    paid = {
        "account": ("maker", "taker"),
        "fee": ("maker_fee", "taker_fee"),
        "token": ("maker_fee_token", "taker_fee_token"),
    }
    paid["order"] = ("maker_order", "taker_order")
    return good.select(
        "exchange_time", "instrument", "fill", "price", "size",
        side=pl.when(made).then("own").otherwise(-pl.col("own")),
        **{maker: pl.when(made).then(name) for name, (maker, _) in paid.items()},
        **{taker: pl.when(~made).then(name) for name, (_, taker) in paid.items()},
    )  # fmt: skip
