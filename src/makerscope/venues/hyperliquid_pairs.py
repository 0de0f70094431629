"""The two fills of each trade as one row: who rested, who crossed.

Hyperliquid reports a trade once for each account. Both reports share ``tid``; one has ``crossed`` false (the maker),
one true (the taker). Where only one is known (an own account, a recording that was cut), the other side stays null.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal

import polars as pl

from makerscope.tape.rules import EARLIEST, LATEST
from makerscope.tape.write import TapeWriter
from makerscope.venues.columns import required
from makerscope.venues.hyperliquid_coins import positions, with_units
from makerscope.venues.hyperliquid_wire import WireFill
from makerscope.venues.values import in_units, positive

Refuse = Callable[[int, str, str], None]  # line, the row as it was, what is wrong with it
MS = 1_000_000
KEY = ["coin", "tid"]
EITHER = ("exchange_time", "local_time", "instrument", "block", "ticks", "lots", "liquidated", "mark", "method")
FINER = "a position that is no whole number of lots (a spot balance after fees) is left unknown"
DUST = "a fill without a trade (tid 0), such as the conversion of spot dust"
STRANGER = "the liquidated account is on neither side of the trade"


def fill_frame(users: Sequence[str | None], fills: Sequence[WireFill], lines: Sequence[int]) -> pl.DataFrame:
    """Decoded fills as a frame of text, one row a fill. ``line`` is the line of each in its file."""
    forced = [fill.liquidation for fill in fills]
    text, number = pl.String, pl.Int64
    return pl.DataFrame(
        {
            "line": pl.Series(lines, dtype=number),
            "account": pl.Series(users, dtype=text),
            "coin": pl.Series([fill.coin for fill in fills], dtype=text),
            "price": pl.Series([fill.px for fill in fills], dtype=text),
            "size": pl.Series([fill.sz for fill in fills], dtype=text),
            "way": pl.Series([fill.side for fill in fills], dtype=text),
            "exchange_time": pl.Series([fill.time for fill in fills], dtype=number) * MS,
            "order": pl.Series([fill.oid for fill in fills], dtype=number).cast(text),
            "crossed": pl.Series([fill.crossed for fill in fills], dtype=pl.Boolean),
            "tid": pl.Series([fill.tid for fill in fills], dtype=number).cast(text),
            "position": pl.Series([fill.startPosition for fill in fills], dtype=text),
            "fee": pl.Series([fill.fee for fill in fills], dtype=text),
            "token": pl.Series([fill.feeToken for fill in fills], dtype=text),
            "liquidated": pl.Series([item.liquidatedUser if item else None for item in forced], dtype=text),
            "mark": pl.Series([item.markPx if item else None for item in forced], dtype=text),
            "method": pl.Series([item.method if item else None for item in forced], dtype=text),
        }
    )


def trades_only(rows: pl.DataFrame) -> pl.DataFrame:
    """A ``fill_frame`` without conversions of spot dust, which the venue reports as fills with ``tid`` 0."""
    return rows.filter(pl.col("tid") != "0")


def in_ticks(rows: pl.DataFrame, tape: TapeWriter, refuse: Refuse) -> pl.DataFrame:
    """A ``fill_frame`` with prices, sizes, positions and fees as integers; rows that cannot be trusted are refused.

    Returns:
        The good rows, with ``instrument``, ``ticks``, ``lots``, ``held``, ``paid`` and ``side`` (of the account) added.
    """
    trades = trades_only(rows)
    if trades.height < rows.height:
        tape.find("dropped", "no trade", DUST, table="fills", count=rows.height - trades.height)
    rows = with_units(trades, tape)
    price, why_price = required(in_units(rows["tick_size"], positive))(rows["price"])
    size, why_size = required(in_units(rows["lot_size"], positive))(rows["size"])
    spot = rows["coin"].str.contains("[@/]")
    fee, why_fee = in_units(_token_units(rows["token"], tape))(rows["fee"])
    judged = rows.with_columns(
        side=pl.col("way").replace_strict({"B": 1, "A": -1}, default=None, return_dtype=pl.Int8),
        ticks=price,
        lots=size,
        held=positions(rows["position"], rows["lot_size"], spot=spot),
        paid=fee,
        why_price=why_price,
        why_size=why_size,
        why_fee=why_fee,
    ).with_columns(
        why=pl.coalesce(
            pl.when(pl.col("coin") == "").then(pl.lit("coin has no name")),
            pl.format("px {}", "why_price"),
            pl.format("sz {}", "why_size"),
            pl.format("fee {}", "why_fee"),
            pl.when(pl.col("side").is_null()).then(pl.lit("side is not B or A")),
            pl.when(~pl.col("exchange_time").is_between(EARLIEST, LATEST)).then(
                pl.lit("time is before 2009 or after 2100")
            ),
        )
    )
    for row in judged.filter(pl.col("why").is_not_null()).iter_rows(named=True):
        raw = ",".join(str(row[name]) for name in ("account", "coin", "way", "price", "size", "exchange_time", "tid"))
        refuse(row["line"], raw, row["why"])
    finer = judged.filter(pl.col("position").is_not_null() & pl.col("held").is_null()).height
    if finer:
        tape.find("info", "position finer than a lot", FINER, table="fills", count=finer)
    return judged.filter(pl.col("why").is_null()).drop(
        "why", "why_price", "why_size", "why_fee", "tick_size", "lot_size"
    )


def _token_units(tokens: pl.Series, tape: TapeWriter) -> pl.Series:
    units = {name: f"{Decimal(1).scaleb(-token.decimals):f}" for name, token in tape.tokens.items()}
    return tokens.replace_strict(units, default=None, return_dtype=pl.String)


def paired(fills: pl.DataFrame, tape: TapeWriter, refuse: Refuse) -> pl.DataFrame:
    """The fills of a chunk as rows of the table ``fills``.

    Args:
        fills: result of ``in_ticks``; ``local_time`` and ``block`` may be null.
        tape: told of fills that were reported twice.
        refuse: told of trades whose two reports disagree.

    Returns:
        Rows of ``fills``, and beside them ``row``, ``has_maker``, ``has_taker``, ``mark`` and ``method``.
    """
    rows = fills.with_row_index("row")
    first = pl.struct(*KEY, "crossed").is_first_distinct()
    again = rows.filter(~first)
    for instrument, count in again.group_by("instrument").len().sort("instrument").iter_rows():
        text = "an account's fill that was reported twice was kept once"
        tape.find("dropped", "sent twice", text, table="fills", instrument=instrument, count=count)
    rows = rows.filter(first)
    makers, takers = rows.filter(~pl.col("crossed")), rows.filter("crossed")
    both = makers.join(takers, on=KEY, how="full", suffix="_taker", coalesce=True, maintain_order="left_right")
    whole = pl.col("row").is_not_null() & pl.col("row_taker").is_not_null()
    differ = whole & (
        (pl.col("ticks") != pl.col("ticks_taker"))
        | (pl.col("lots") != pl.col("lots_taker"))
        | (pl.col("side") == pl.col("side_taker"))
    )
    for row in both.filter(differ).iter_rows(named=True):
        raw = ",".join(str(row[name]) for name in ("coin", "tid", "account", "account_taker", "price", "price_taker"))
        refuse(row["line"], raw, "the two fills of a trade disagree")
    either = {name: pl.coalesce(name, f"{name}_taker") for name in EITHER}
    joined = both.filter(~differ).select(
        *(expression.alias(name) for name, expression in either.items()),
        row=pl.min_horizontal("row", "row_taker"),
        side=pl.coalesce("side", -pl.col("side_taker")),
        fill="tid",
        maker="account",
        taker="account_taker",
        price=either["ticks"],
        size=either["lots"],
        maker_fee="paid",
        taker_fee="paid_taker",
        maker_fee_token="token",  # noqa: S106 - a currency
        taker_fee_token="token_taker",  # noqa: S106
        maker_order="order",
        taker_order="order_taker",
        maker_position="held",
        taker_position="held_taker",
        has_maker=pl.col("row").is_not_null(),
        has_taker=pl.col("row_taker").is_not_null(),
    )
    return joined.drop("ticks", "lots").sort("row")


def write_pairs(pairs: pl.DataFrame, tape: TapeWriter) -> None:
    """Write the result of ``paired`` to ``fills``, and each forced trade, once, to ``liquidations``."""
    beside = ["row", "mark", "method", "has_maker", "has_taker"]
    tape.write("fills", pairs.drop(beside))
    forced = pairs.filter(pl.col("liquidated").is_not_null())
    if not forced.height:
        return
    # The account's own fill tells the side; if only the other one was recorded, the account stood against it.
    is_maker = (pl.col("liquidated") == pl.col("maker")) | (
        ~pl.col("has_maker") & (pl.col("liquidated") != pl.col("taker"))
    )
    is_taker = (pl.col("liquidated") == pl.col("taker")) | (
        ~pl.col("has_taker") & (pl.col("liquidated") != pl.col("maker"))
    )
    side = (
        pl.when(is_maker.fill_null(value=False))
        .then("side")
        .when(is_taker.fill_null(value=False))
        .then(-pl.col("side"))
        .otherwise(pl.lit(0, pl.Int8))
    )
    rows = forced.select(
        "exchange_time",
        "local_time",
        "instrument",
        "price",
        "size",
        "method",
        "fill",
        account="liquidated",
        side=side,
        mark=pl.col("mark").cast(pl.Float64, strict=False),
    ).with_columns(mark=pl.when(pl.col("mark").is_finite()).then("mark"))
    strangers = rows.filter(pl.col("side") == 0).height
    if strangers:
        tape.find("warning", "side of a liquidation unknown", STRANGER, table="liquidations", count=strangers)
    tape.write("liquidations", rows)
