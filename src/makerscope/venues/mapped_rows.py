"""How the columns of mapped files are read for the tables ``fills`` and ``quotes``."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from makerscope.venues.columns import Column, Reader
from makerscope.venues.map_file import Map
from makerscope.venues.rules import OVERFLOW, reason
from makerscope.venues.seen_units import Units
from makerscope.venues.values import from_zero, in_units, matching, named_units, one_of, positive, text, trimmed

SYMBOL = r"^[^\s\x00-\x1f]([^\x00-\x1f]{0,98}[^\s\x00-\x1f])?$"
KEPT = ("fill", "order", "account", "counterparty", "fee_token")
Part = tuple[dict[str, Column], list[pl.Expr]]


@dataclass
class Seen:
    """What a first pass learns: units of prices, sizes and fees by symbol and token."""

    prices: Units = field(default_factory=Units)
    sizes: Units = field(default_factory=Units)
    fees: Units = field(default_factory=Units)
    ticks: dict[str, str] = field(default_factory=dict)
    lots: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Block:
    """Some rows of a mapped file as text, with all that is needed to read them."""

    texts: pl.DataFrame
    mapping: Map
    seen: Seen
    typed: frozenset[str]

    def name(self, texts: pl.Series) -> tuple[pl.Series, pl.Series]:
        """Reader of symbols, as instrument names."""
        _, why = matching(SYMBOL, "is no name")(texts)
        return f"{self.mapping.venue}:" + texts, why

    def price(self, unit_of: Callable[[str], Reader]) -> Reader:
        """Reader of prices in ticks; ``unit_of`` is such as ``positive``."""
        return in_units(named_units(self.texts["symbol"], self.seen.ticks), unit_of)

    def size(self, unit_of: Callable[[str], Reader]) -> Reader:
        """Reader of sizes in lots."""
        return in_units(named_units(self.texts["symbol"], self.seen.lots), unit_of)


def fill_columns(block: Block) -> Part:
    """Columns of ``fills`` as they are read, for ``by_role``."""
    mapping = block.mapping
    columns = {
        "side": Column("side", _words({1: mapping.side.buy, -1: mapping.side.sell})),
        "price": Column("price", block.price(positive)),
        "size": Column("size", block.size(positive)),
        "fee": Column("fee", in_units(named_units(block.texts["fee_token"], block.seen.tokens)), optional=True),
    }
    columns |= {name: Column(name, text, optional=True) for name in KEPT}
    if mapping.columns.role is not None:
        columns["makes"] = Column("role", _words({1: mapping.role.maker, 0: mapping.role.taker}))
    rules = [OVERFLOW, reason(pl.col("fee").is_not_null() & pl.col("fee_token").is_null(), "fee_token is missing")]
    if mapping.side.of == "account":
        rules.append(reason(pl.col("account").is_null(), "account is missing"))
    return columns, rules


def _words(words: Mapping[int, Iterable[str]]) -> Reader:
    return trimmed(one_of({word: value for value, some in words.items() for word in some}))


def by_role(mapping: Map) -> list[pl.Expr]:
    """Good rows of ``fill_columns`` as rows of ``fills``.

    The account's side and role decide who was the maker, and on which side; of public trades, whose side is told.
    """
    always = (mapping.constants.role or mapping.side.of) == "maker"
    made = pl.col("makes") == 1 if mapping.columns.role is not None else pl.lit(always)
    turn = {"account": pl.when(made).then(1).otherwise(-1), "maker": pl.lit(1), "taker": pl.lit(-1)}[mapping.side.of]
    token = pl.when(pl.col("fee").is_not_null()).then("fee_token")
    fee = pl.col("fee") * (1 if mapping.fee.sign == "paid is positive" else -1)
    named = {
        "side": pl.col("side") * turn,
        "maker": pl.when(made).then("account").otherwise("counterparty"),
        "taker": pl.when(made).then("counterparty").otherwise("account"),
        "maker_order": pl.when(made).then("order"),
        "taker_order": pl.when(~made).then("order"),
        "maker_fee": pl.when(made).then(fee),
        "taker_fee": pl.when(~made).then(fee),
        "maker_fee_token": pl.when(made).then(token),
        "taker_fee_token": pl.when(~made).then(token),
    }
    return [pl.col("fill", "price", "size"), *(value.alias(name) for name, value in named.items())]


def quote_columns(block: Block) -> Part:
    """Columns of ``quotes``; a side without a price is absent."""
    columns: dict[str, Column] = {}
    for name in ("bid", "ask"):
        columns[name] = Column(name, block.price(positive), optional=True)
        columns[f"{name}_size"] = Column(f"{name}_size", block.size(from_zero), optional=True)
    return columns, []
