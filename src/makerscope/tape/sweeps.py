"""From fills to aggressor orders. One order that eats several resting orders is one trade of many fills."""

import polars as pl

from makerscope.errors import AccountingError
from makerscope.tape.events import NOT_TRADES

TIME = pl.coalesce("exchange_time", "local_time")
LARGEST = 2**63 - 1


def is_no_trade() -> pl.Expr:
    """Whether a fill is a settlement or a forced transfer: nobody's order, hence no trade."""
    return pl.col("purpose").is_in(NOT_TRADES).fill_null(value=False)


def drop_repeated(fills: pl.DataFrame) -> tuple[pl.DataFrame, list[tuple[str, str, int]]]:
    """Keep the first fill of each id of an instrument.

    Returns:
        The fills kept, in the same order, and ``(instrument, reason, count)`` of those left out: ``sent twice`` where
        price, size and side agree with the first, ``conflicting id`` where they do not.
    """
    key = ["instrument", "fill"]
    first = pl.col("fill").is_null() | pl.struct(key).is_first_distinct()
    kept = fills.filter(first)
    again = fills.filter(~first)
    if not again.height:
        return kept, []
    facts = ["price", "size", "side"]
    same = again.join(
        kept.select(*key, *(pl.col(name).alias(f"{name}_kept") for name in facts)), on=key, how="left"
    ).with_columns(agree=pl.all_horizontal(pl.col(name) == pl.col(f"{name}_kept") for name in facts))
    counts = (
        same.group_by(
            "instrument", reason=pl.when("agree").then(pl.lit("sent twice")).otherwise(pl.lit("conflicting id"))
        )
        .agg(count=pl.len())
        .sort("instrument", "reason")
    )
    return kept, [(str(a), str(b), int(c)) for a, b, c in counts.iter_rows()]


def number_sweeps(fills: pl.DataFrame) -> pl.DataFrame:
    """Fill in ``sweep``: the serial of the first fill of the same aggressor order.

    Fills belong to one aggressor order when instrument, time, side, taker and taker order agree. A fill without a known
    side stands alone. Where the source knows no taker, two orders of one side in one instant count as one. A settlement
    or a forced transfer is no order: its ``sweep`` is null.
    """
    key = ["instrument", TIME.alias("time"), "side", "taker", "taker_order"]
    alone = pl.when(pl.col("side") == 0).then(pl.col("serial"))
    ordered = ~is_no_trade()
    return fills.with_columns(
        sweep=pl.when(ordered).then(
            pl.col("sweep").fill_null(pl.col("serial").min().over(*key, alone.alias("alone"), ordered.alias("ordered")))
        ),
    )


def trades_of(fills: pl.DataFrame) -> pl.DataFrame:
    """One row of the table ``trades`` for each sweep, in order of time.

    Raises:
        AccountingError: price times size of a sweep does not fit 64 bits.
    """
    trades = (
        fills.filter(pl.col("sweep").is_not_null())
        .group_by("instrument", "sweep", maintain_order=True)
        .agg(
            pl.col("exchange_time", "local_time").first(),
            taker=pl.col("taker").first(),
            aggressor=-pl.col("side").first(),
            first_price=pl.col("price").first(),
            last_price=pl.col("price").last(),
            cash=(pl.col("price").cast(pl.Int128) * pl.col("size")).sum(),
            size=pl.col("size").sum(),
            fills=pl.len().cast(pl.Int64),
            makers=pl.when(pl.col("maker").is_not_null().all()).then(pl.col("maker").n_unique().cast(pl.Int64)),
        )
        .rename({"sweep": "serial"})
        .with_columns(time=TIME)
        .sort("time", "serial")
        .select(
            "exchange_time",
            "local_time",
            "serial",
            "instrument",
            "taker",
            "aggressor",
            "first_price",
            "last_price",
            "size",
            "cash",
            "fills",
            "makers",
        )
    )
    largest = trades["cash"].max()
    if largest is not None and int(largest) > LARGEST:  # pyright: ignore[reportArgumentType]
        raise AccountingError(f"price times size of a sweep is {largest} ticks * lots; want coarser ticks or lots")
    return trades.with_columns(pl.col("cash").cast(pl.Int64))
