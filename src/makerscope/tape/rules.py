"""What every row of a tape must satisfy, table by table: one name and one expression a rule.

An expression is true where a row breaks the rule. Null answers are no breach: whether a column may be null is said by
its schema.
"""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import polars as pl

from makerscope.tape.events import ACTIONS, KINDS, PURPOSES, SCHEMAS, TABLES, TIMED, TRANSFERS
from makerscope.tape.sweeps import is_no_trade

EARLIEST = 1_230_768_000_000_000_000  # 2009-01-01, before the first block of any chain
LATEST = 4_102_444_800_000_000_000  # 2100-01-01
LARGEST_OFFSET = 86_400_000_000_000  # a day between the two clocks is a mistake of units or zones, not latency


@dataclass(frozen=True, slots=True)
class Rule:
    """``what`` is wrong with the rows where ``breach`` is true."""

    what: str
    breach: pl.Expr


def rules_of(table: str, *, instruments: Collection[str], tokens: Collection[str]) -> list[Rule]:
    """The rules for the rows of a table, given what the tape declares.

    Args:
        table: its name.
        instruments: names in the table ``instruments``.
        tokens: names in the table ``tokens``.

    Examples:
        >>> [rule.what for rule in rules_of("tokens", instruments=(), tokens=())]
        ['decimals are not within 0..77', 'token has no name']
    """
    rules = list(_OWN.get(table, []))
    if table in TIMED:
        rules += _CLOCKS
    schema = SCHEMAS[table]
    if "instrument" in schema.names and table != "instruments":
        rules.append(_unknown("instrument", instruments))
    rules += [_unknown(name, tokens) for name in ("maker_fee_token", "taker_fee_token") if name in schema.names]
    if table in {"accounts", "transfers"}:
        rules.append(_unknown("token", tokens))
    for name in schema.names:
        if schema.field(name).type == "double":
            rules.append(Rule(f"{name} is not finite", ~pl.col(name).is_finite()))
    return rules


def positive_decimal(text: str) -> bool:
    """Whether a text is a decimal number above 0.

    Examples:
        >>> positive_decimal("0.05"), positive_decimal("-1"), positive_decimal("abc")
        (True, False, False)
    """
    try:
        value = Decimal(text)
    except InvalidOperation:
        return False
    return value.is_finite() and value > 0


def _unknown(column: str, known: Collection[str]) -> Rule:
    where = "instruments" if column == "instrument" else "tokens"
    return Rule(f"{column} is not in the table {where}", ~pl.col(column).is_in(sorted(known)))


def _not_positive(*names: str) -> list[Rule]:
    return [Rule(f"{name} is not positive", pl.col(name) <= 0) for name in names]


def _negative(*names: str) -> list[Rule]:
    return [Rule(f"{name} is negative", pl.col(name) < 0) for name in names]


def _not_in(name: str, allowed: Collection[object]) -> Rule:
    return Rule(f"{name} is not one of {', '.join(map(str, allowed))}", ~pl.col(name).is_in(list(allowed)))


def _clock_rules() -> list[Rule]:
    exchange, local = pl.col("exchange_time"), pl.col("local_time")
    early = [
        Rule(f"{name} lies outside 2009..2100", ~pl.col(name).is_between(EARLIEST, LATEST))
        for name in ("exchange_time", "local_time")
    ]
    return [
        *early,
        Rule("neither clock is known", exchange.is_null() & local.is_null()),
        Rule("the two clocks are more than a day apart", (local - exchange).abs() > LARGEST_OFFSET),
        Rule("serial is negative", pl.col("serial") < 0),
    ]


def _decimal_rules(*names: str) -> list[Rule]:
    return [
        Rule(
            f"{name} is no positive decimal",
            ~pl.col(name).map_elements(positive_decimal, return_dtype=pl.Boolean, skip_nulls=True),
        )
        for name in names
    ]


_CLOCKS = _clock_rules()
_START = pl.coalesce("start_exchange", "start_local")
_END = pl.coalesce("end_exchange", "end_local")
_EMPTY_BOOK = pl.col("snapshot") & (pl.col("size") == 0)  # such a row says that a side, or all, holds nothing
_SETTLED = pl.col("purpose").eq("settlement").fill_null(value=False)  # what expires worthless is settled at 0
_OWN: dict[str, list[Rule]] = {
    "tokens": [
        Rule("decimals are not within 0..77", ~pl.col("decimals").is_between(0, 77)),
        Rule("token has no name", pl.col("token") == ""),
    ],
    "instruments": [
        Rule("instrument appears twice", pl.col("instrument").is_duplicated()),
        _not_in("kind", KINDS),
        *_decimal_rules("tick_size", "lot_size", "multiplier"),
        Rule(
            "an option lacks strike, expiry or side",
            (pl.col("kind") == "option")
            & (pl.col("strike").is_null() | pl.col("expiry").is_null() | pl.col("is_call").is_null()),
        ),
    ],
    "sessions": [
        _not_in("channel", list(TABLES)),
        Rule("neither clock is known", _START.is_null() | _END.is_null()),
        Rule("ends before it starts", (_END < _START) | (pl.col("end_local") < pl.col("start_local"))),
        *_not_positive("events"),
    ],
    "book": [
        _not_in("side", (-1, 1)),
        Rule("price is not positive", (pl.col("price") <= 0) & ~_EMPTY_BOOK),
        *_negative("size"),
    ],
    "quotes": [*_not_positive("bid", "ask"), *_negative("bid_size", "ask_size")],
    "orders": [_not_in("action", ACTIONS), _not_in("side", (-1, 1)), *_negative("price", "size")],
    "fills": [
        _not_in("side", (-1, 0, 1)),
        *_not_positive("size"),
        Rule("price is not positive", (pl.col("price") <= 0) & ~_SETTLED),
        *_negative("price"),
        _not_in("purpose", PURPOSES),
        Rule("a settlement or forced transfer names a maker", is_no_trade() & pl.col("maker").is_not_null()),
        Rule("a settlement or forced transfer names no account", is_no_trade() & pl.col("taker").is_null()),
    ],
    "transfers": [
        Rule("account has no name", pl.col("account") == ""),
        _not_in("kind", TRANSFERS),
        Rule("a deposit is negative", (pl.col("kind") == "deposit") & (pl.col("amount") < 0)),
        Rule("a withdrawal is positive", (pl.col("kind") == "withdrawal") & (pl.col("amount") > 0)),
    ],
    "trades": [_not_in("aggressor", (-1, 0, 1)), *_not_positive("first_price", "last_price", "size", "cash", "fills")],
    "chain": [
        *_not_positive("bid", "ask"),
        *_negative("bid_size", "ask_size", "bid_volatility", "ask_volatility", "mark_volatility", "open_interest"),
        *_negative("volume", "mark", "underlying", "index"),
    ],
    "marks": _not_positive("mark", "index"),
    "liquidations": [_not_in("side", (-1, 1)), *_not_positive("price", "size")],
    "pool_events": [
        *_negative("in_amount0", "in_amount1", "liquidity"),
        Rule(
            "open or close tick lies outside low..high",
            (pl.min_horizontal("open_tick", "close_tick") < pl.col("low_tick"))
            | (pl.max_horizontal("open_tick", "close_tick") > pl.col("high_tick")),
        ),
    ],
}
