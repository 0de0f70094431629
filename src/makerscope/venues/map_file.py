"""The TOML file that says how the user's own CSV or Parquet becomes a table of a tape. See ``docs/mapping.md``."""

import re
import tomllib
from pathlib import Path
from typing import Literal

import msgspec
import polars as pl

from makerscope.errors import InputError

Text = str
TimeUnit = Literal["ns", "us", "ms", "s", "iso"]
FILLS = ("time", "side", "price", "size")
QUOTES = ("time", "bid", "ask")


class Columns(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Names of the source's columns. What is left out is taken from ``constants`` or is unknown."""

    time: Text
    local_time: Text | None = None
    symbol: Text | None = None
    side: Text | None = None
    price: Text | None = None
    size: Text | None = None
    fill: Text | None = None
    order: Text | None = None
    account: Text | None = None
    counterparty: Text | None = None
    role: Text | None = None
    fee: Text | None = None
    fee_token: Text | None = None
    bid: Text | None = None
    bid_size: Text | None = None
    ask: Text | None = None
    ask_size: Text | None = None


class Time(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How times are written: a unit since 1970 UTC, ``iso`` or a strptime ``format``; ``zone`` where they name none."""

    unit: TimeUnit = "iso"
    format: Text | None = None
    zone: Text = "UTC"


class Side(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words for buying and selling, and whose side they tell."""

    buy: tuple[Text, ...] = ("buy", "b", "bid", "long", "1")
    sell: tuple[Text, ...] = ("sell", "s", "ask", "short", "-1")
    of: Literal["account", "maker", "taker"] = "account"


class Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words for making and taking in the column ``role``."""

    maker: tuple[Text, ...] = ("maker", "m", "false")
    taker: tuple[Text, ...] = ("taker", "t", "true")


class Fee(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which sign a fee has that was paid."""

    sign: Literal["paid is positive", "paid is negative"] = "paid is positive"


class Constants(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Values that stand for a whole file."""

    symbol: Text | None = None
    account: Text | None = None
    role: Literal["maker", "taker"] | None = None
    fee_token: Text | None = None


class Units(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is known of an instrument; ticks and lots that are left out come from the decimals in the file."""

    kind: Literal["perp", "spot", "future"] = "perp"
    base: Text | None = None
    quote: Text | None = None
    settle: Text | None = None
    inverse: bool = False
    tick_size: Text | None = None
    lot_size: Text | None = None
    multiplier: Text = "1"


class Map(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole file."""

    columns: Columns
    venue: Text = "own"
    table: Literal["fills", "quotes"] = "fills"
    time: Time = Time()
    side: Side = Side()
    role: Role = Role()
    fee: Fee = Fee()
    constants: Constants = Constants()
    instrument: dict[str, Units] = {}
    token: dict[str, int] = {}


def load_map(path: Path) -> Map:
    """The mapping in a TOML file.

    Raises:
        InputError: the file cannot be read, is no TOML, or a key is unknown, missing or of the wrong type; the
            message names the key.
    """
    try:
        raw = tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "a TOML file that maps columns") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(path, f"is no TOML ({error})", "a file as in docs/mapping.md") from error
    try:
        mapping = msgspec.convert(raw, Map)
    except msgspec.ValidationError as error:
        fact, _, where = str(error).partition(" - at ")
        key = where.strip("`").removeprefix("$").removeprefix(".") or "the file"
        raise InputError(path, f"{key}: {fact}", "the keys of docs/mapping.md") from error
    _check(path, mapping)
    return mapping


def _check(path: Path, mapping: Map) -> None:
    """Refuse a mapping that is well written and still leaves something open."""
    columns, constants = mapping.columns, mapping.constants
    fills = mapping.table == "fills"
    for name in FILLS if fills else QUOTES:
        if getattr(columns, name) is None:
            raise InputError(
                path, f"columns.{name} is missing", f"the column that holds it, for table {mapping.table!r}"
            )
    account, token = columns.account or constants.account, columns.fee_token or constants.fee_token
    symbol, role = columns.symbol or constants.symbol, columns.role or constants.role
    venue = mapping.venue.strip()
    doubled = sorted({word.lower() for word in mapping.side.buy} & {word.lower() for word in mapping.side.sell})
    odd = sorted(name for name, decimals in mapping.token.items() if not 0 <= decimals <= 18)
    faults = (
        (symbol is None, "columns.symbol is missing", "a column, or constants.symbol for a file of one instrument"),
        (columns.fee and token is None, "columns.fee_token is missing", "a column, or constants.fee_token"),
        (columns.fee and account is None, "columns.fee has no payer", "columns.account or constants.account"),
        (
            fills and account is None and mapping.side.of == "account",
            "constants.account is missing",
            "whose fills they are, or side.of = 'maker' or 'taker'",
        ),
        (fills and account and role is None, "columns.role is missing", "a column, or constants.role"),
        (not venue or ":" in venue or venue != mapping.venue, f"venue is {mapping.venue!r}", "a name without a colon"),
        (doubled, f"side: {doubled[:1]} is a word for buy and for sell", "each word once"),
        (odd, f"token.{odd[0]} is {mapping.token[odd[0]]}" if odd else "", "decimals from 0 to 18"),
    )
    for wrong, fact, want in faults:
        if wrong:
            raise InputError(path, fact, want)
    _check_numbers(path, mapping)
    _check_times(path, mapping.time)


def _check_numbers(path: Path, mapping: Map) -> None:
    for symbol, terms in mapping.instrument.items():
        for key in ("tick_size", "lot_size", "multiplier"):
            text = getattr(terms, key)
            if text is not None and not re.fullmatch(r"(?=.*[1-9])\d{1,15}(\.\d{1,15})?", text):
                raise InputError(path, f"instrument.{symbol}.{key} is {text!r}", "a positive decimal in quotes")


def _check_times(path: Path, time: Time) -> None:
    try:
        moments = pl.Series(["x"]).str.strptime(pl.Datetime("ns"), time.format or "%Y", strict=False)
        moments.dt.replace_time_zone(time.zone)
    except pl.exceptions.PolarsError as error:
        want = "a zone such as 'UTC' or 'Europe/Berlin', and a format such as '%Y-%m-%d %H:%M:%S'"
        raise InputError(path, f"time: {error}", want) from error
