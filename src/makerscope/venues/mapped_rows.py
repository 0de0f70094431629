"""Mapped text columns as rows of the tables ``fills`` and ``quotes``: integers, and reasons against rows."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from makerscope.venues.map_file import Map
from makerscope.venues.sieve import Units, chosen, measured, overflows

SYMBOL = r"^[^\s\x00-\x1f]([^\x00-\x1f]{0,98}[^\s\x00-\x1f])?$"
Part = tuple[pl.DataFrame, list[pl.Series]]


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

    @property
    def names(self) -> pl.Series:
        """Instrument names."""
        return self.texts.select(
            pl.format("{}:{}", pl.lit(self.mapping.venue), "symbol").alias("instrument")
        ).to_series()

    @property
    def unnamed(self) -> pl.Series:
        """A reason for each row whose symbol is no name."""
        fits = pl.col("symbol").str.contains(SYMBOL).fill_null(value=False)
        return self.texts.select(pl.when(~fits).then(pl.lit("symbol is no name"))).to_series()


def fills(block: Block) -> Part:
    """Rows of ``fills``: the account's side and role decide who was the maker, and on which side."""
    texts, mapping, seen = block.texts, block.mapping, block.seen
    side, bad_side = chosen(texts["side"], _words(mapping.side.buy, 1) | _words(mapping.side.sell, -1))
    price, bad_price = measured(texts["price"], texts["symbol"], seen.ticks, above=0)
    size, bad_size = measured(texts["size"], texts["symbol"], seen.lots, above=0)
    makes, bad_role = _role(block)
    fee, bad_fee = measured(texts["fee"], texts["fee_token"], seen.tokens, required=False)
    sign = 1 if mapping.fee.sign == "paid is positive" else -1
    frame = texts.select("fill", "order", "account", "counterparty", "fee_token").with_columns(
        side=side, price=price, size=size, makes=makes, fee=fee * sign
    )
    orphan = frame.select(
        pl.when(pl.col("fee").is_not_null() & pl.col("fee_token").is_null()).then(pl.lit("fee_token is missing"))
    ).to_series()
    nobody = frame.select(
        pl.when(pl.lit(mapping.side.of == "account") & pl.col("account").is_null()).then(pl.lit("account is missing"))
    ).to_series()
    return _by_role(frame, mapping), [
        bad_side,
        bad_price,
        bad_size,
        overflows(price, size),
        bad_role,
        bad_fee,
        orphan,
        nobody,
    ]


def _by_role(frame: pl.DataFrame, mapping: Map) -> pl.DataFrame:
    made = pl.col("makes") == 1
    turn = {"account": pl.when(made).then(1).otherwise(-1), "maker": pl.lit(1), "taker": pl.lit(-1)}[mapping.side.of]
    token = pl.when(pl.col("fee").is_not_null()).then("fee_token")
    return frame.select(
        "fill", "price", "size",
        side=pl.col("side") * turn,
        maker=pl.when(made).then("account").otherwise("counterparty"),
        taker=pl.when(made).then("counterparty").otherwise("account"),
        maker_order=pl.when(made).then("order"),
        taker_order=pl.when(~made).then("order"),
        maker_fee=pl.when(made).then("fee"),
        taker_fee=pl.when(~made).then("fee"),
        maker_fee_token=pl.when(made).then(token),
        taker_fee_token=pl.when(~made).then(token),
    )  # fmt: skip


def _role(block: Block) -> tuple[pl.Series, pl.Series]:
    """1 where the account (or, of public trades, the side told) is the maker's, 0 where it is the taker's."""
    mapping, rows = block.mapping, block.texts.height
    if mapping.columns.role is not None:
        return chosen(block.texts["role"], _words(mapping.role.maker, 1) | _words(mapping.role.taker, 0))
    made = mapping.constants.role or mapping.side.of
    return pl.Series([int(made == "maker")] * rows, dtype=pl.Int64), pl.Series([None] * rows, dtype=pl.String)


def _words(words: Iterable[str], value: int) -> dict[str, int]:
    return dict.fromkeys(words, value)


def quotes(block: Block) -> Part:
    """Rows of ``quotes``; a side without a price is absent."""
    texts, seen = block.texts, block.seen
    columns, reasons = [], []
    for name in ("bid", "ask"):
        price, bad_price = measured(texts[name], texts["symbol"], seen.ticks, above=0, required=False)
        size, bad_size = measured(texts[f"{name}_size"], texts["symbol"], seen.lots, least=0, required=False)
        columns += [price, size]
        reasons += [bad_price, bad_size]
    return pl.DataFrame(columns), reasons
