"""Hummingbot's record of its own fills: the SQLite table ``TradeFill`` and the CSV export.

Every row is a fill of the user's own account; its name is the configuration's (``conf_pure_mm_1``), else the
strategy's, else ``me``. The venue of an instrument is the connector in the row (``market``). The file does not say
whether a fill was made or taken. Order types tell: LIMIT_MAKER cannot take, MARKET cannot make; LIMIT is taken as made,
which is what Hummingbot assumes in its own fee estimates, and counted. See ``hummingbot_fees`` for fees.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

import polars as pl

from makerscope.tape.events import Token
from makerscope.tape.write import TapeWriter
from makerscope.venues.columns import Column
from makerscope.venues.files import Progress, Recording
from makerscope.venues.hummingbot_fees import BAD, DECIMALS, base_units, fee_of
from makerscope.venues.hummingbot_rows import REQUIRED, fill_rows, kind_of
from makerscope.venues.intake import Intake
from makerscope.venues.profiles import seen_instrument
from makerscope.venues.rules import OVERFLOW
from makerscope.venues.seen_units import Units
from makerscope.venues.times import since_1970
from makerscope.venues.values import in_units, known, matching, named_units, one_of, positive, text, trimmed

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
_Columns = dict[str, Column]
FEE_RULE = f"percentage times price times amount, rounded half to even at 10^-{DECIMALS} of the token"
SIX_DECIMALS = "the database keeps 6 decimals of price and amount: finer digits were cut by the recorder"
ASSUMPTION = "fills of LIMIT orders, taken as made by the user's order: the file does not say"


def read(recordings: Sequence[Recording], tape: TapeWriter, progress: Progress) -> None:
    """Bring the user's own fills onto the tape.

    Raises:
        FormatError: a file is damaged, lacks a column, or has no good row.
    """
    ticks, lots = _first_pass(recordings)
    for recording in recordings:
        tape.add_source(recording.path, recording.kind)
        intake = Intake(tape, recording.path, "fills")
        for texts in fill_rows(recording, intake.refuse, progress):
            good = intake.sieve(texts, _columns(texts, ticks, lots, tape), [OVERFLOW])
            _declare(good, ticks, lots, tape)
            tape.write("fills", _by_role(good))
        intake.close("fills with " + ", ".join(REQUIRED))
        if recording.kind == "TradeFill":
            tape.find("info", "six decimals", SIX_DECIMALS, table="fills")


def _first_pass(recordings: Sequence[Recording]) -> tuple[dict[str, str], dict[str, str]]:
    prices, sizes = Units(), Units()
    for recording in recordings:
        for texts in fill_rows(recording, lambda _line, _raw, _why: None):
            names = _names(texts)
            prices.add(names, texts["price"])
            sizes.add(names, texts["amount"])
    return prices.units(), sizes.units()


def _names(texts: pl.DataFrame) -> pl.Series:
    return texts.select(pl.format("{}:{}", "market", "symbol").alias("instrument")).to_series()


def _columns(texts: pl.DataFrame, ticks: Mapping[str, str], lots: Mapping[str, str], tape: TapeWriter) -> _Columns:
    names = _names(texts)
    fee, token, doubt = _fees(texts, tape)
    unreadable = pl.select(pl.when(doubt == BAD).then(pl.lit("is not readable"))).to_series()
    return {
        "market": Column("market", matching(CONNECTOR, "is no connector")),
        "symbol": Column("symbol", matching(PAIR, "is no pair")),
        "instrument": Column("symbol", known(names)),
        "base": Column("base_asset", text),
        "quote": Column("quote_asset", text),
        "exchange_time": Column("timestamp", since_1970("ms")),
        "own": Column("trade_type", trimmed(one_of(SIDES))),
        "role": Column("order_type", _role),
        "price": Column("price", in_units(named_units(names, ticks), positive)),
        "size": Column("amount", in_units(named_units(names, lots), positive)),
        "fill": Column("exchange_trade_id", text, optional=True),
        "order": Column("order_id", text, optional=True),
        "account": Column("strategy", known(_accounts(texts)), optional=True),
        "fee": Column("trade_fee", known(fee, unreadable), optional=True),
        "token": Column("trade_fee", known(token), optional=True),
        "doubt": Column("trade_fee", known(doubt), optional=True),
    }


def _role(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    return trimmed(one_of(ROLES))(texts.str.replace("OrderType.", "", literal=True))


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
    for paid, price, amount, quote in texts.select(columns).iter_rows():
        found: tuple[str, Decimal] | str = fee_of(paid, price or "", amount or "", quote or "")
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


def _declare(good: pl.DataFrame, ticks: Mapping[str, str], lots: Mapping[str, str], tape: TapeWriter) -> None:
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
                tick_size=ticks[name], lot_size=lots[name],
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
        tape.find("info", "fee rule", FEE_RULE, table="fills", count=good.height)


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
