"""Books recorded as one wide row a message, 40 columns or more, as rows of the table ``book``.

A level that is absent (both fields empty, or both zero) is left out. A row with one bad level is set aside whole: half
a book is not the book. A message with the sequence and the levels of the one before was sent twice and is dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from makerscope.tape.events import Instrument
from makerscope.venues.intake import Intake
from makerscope.venues.values import positive


@dataclass(frozen=True, slots=True)
class Ladder:
    """Names of the columns of one side, best level first."""

    prices: tuple[str, ...]
    sizes: tuple[str, ...]


def ladder_in(header: Sequence[str], price: str, size: str) -> Ladder:
    """The levels a header has, for names such as ``bid_price_0, bid_price_1, ...``.

    Examples:
        >>> ladder_in(["t", "bid_0", "qty_0", "bid_1", "qty_1", "bid_3"], "bid_{}", "qty_{}").prices
        ('bid_0', 'bid_1')
    """
    names, count = set(header), 0
    while price.format(count) in names and size.format(count) in names:
        count += 1
    return Ladder(
        prices=tuple(price.format(i) for i in range(count)), sizes=tuple(size.format(i) for i in range(count))
    )


def without_repeats(rows: pl.DataFrame, before: pl.DataFrame, intake: Intake, instrument: str) -> pl.DataFrame:
    """Messages that are not the one before again.

    Args:
        rows: ``line``, ``sequence`` and the levels as text.
        before: the last row of the chunk before (or none), of the same columns.
        intake: account of the file; a message that has the sequence of the one before and other levels is set aside.
        instrument: whose book it is.
    """
    levels = [name for name in rows.columns if name not in ("line", "sequence", "exchange_time", "local_time")]
    both = pl.concat([before, rows]).with_columns(levels=pl.concat_str(pl.col(levels).fill_null(""), separator=","))
    same = pl.col("sequence").eq_missing(pl.col("sequence").shift(1)) & (pl.int_range(pl.len()) > 0)
    both = both.with_columns(same=same, equal=pl.col("levels") == pl.col("levels").shift(1)).slice(before.height)
    again = both.filter("same", "equal").height
    if again:
        text = "a book message that was sent twice in a row was kept once"
        intake.tape.find("dropped", "sent twice", text, table="book", instrument=instrument, count=again)
    for line, raw in both.filter(pl.col("same") & ~pl.col("equal")).select("line", "levels").iter_rows():
        intake.refuse(line, raw, "has the sequence of the message before and other levels")
    return both.filter(~pl.col("same")).select(rows.columns)


def levels_of(rows: pl.DataFrame, bids: Ladder, asks: Ladder, instrument: Instrument, intake: Intake) -> pl.DataFrame:
    """Wide rows as snapshot rows of the table ``book``, bids before asks, best first.

    Args:
        rows: ``line, exchange_time, local_time, sequence`` read, the levels still text.
        bids: columns of the bids.
        asks: columns of the asks.
        instrument: whose book it is, and the units.
        intake: account of the file, for rows with a bad level.
    """
    sides = pl.Series([[1] * len(bids.prices) + [-1] * len(asks.prices)], dtype=pl.List(pl.Int8))
    long = rows.select(
        "line",
        "exchange_time",
        "local_time",
        "sequence",
        side=pl.lit(sides).first(),
        price=pl.concat_list(*bids.prices, *asks.prices),
        size=pl.concat_list(*bids.sizes, *asks.sizes),
    ).explode("side", "price", "size")
    nothing = pl.col("price").is_null() & pl.col("size").is_null()
    zero = pl.col("price").str.contains(r"^0(\.0*)?$") & pl.col("size").str.contains(r"^0(\.0*)?$")
    present = long.filter(~(nothing | zero.fill_null(value=False)))
    price, why_price = positive(instrument.tick_size)(present["price"])
    size, why_size = positive(instrument.lot_size)(present["size"])
    missing = pl.when(pl.col("price").is_null() | pl.col("size").is_null()).then(pl.lit("a level lacks price or size"))
    judged = present.with_columns(price=price, size=size, why_price=why_price, why_size=why_size).with_columns(
        why=pl.coalesce(
            pl.format("the price of a level {}", "why_price"), pl.format("the size of a level {}", "why_size"), missing
        )
    )
    bad = judged.filter(pl.col("why").is_not_null()).group_by("line", maintain_order=True).agg(pl.col("why").first())
    good = judged.join(bad, on="line", how="anti", maintain_order="left") if bad.height else judged
    if bad.height:
        texts = pl.concat_str(pl.selectors.string().fill_null(""), separator=",")
        for line, why, raw in bad.join(rows.select("line", raw=texts), on="line").iter_rows():
            intake.kept -= 1
            intake.refuse(line, raw, why)
    _count_crossed(good, intake, instrument.instrument)
    empty = rows.join(present.select("line").unique(), on="line", how="anti")
    out = good.select("line", "exchange_time", "local_time", "sequence", "side", "price", "size")
    if empty.height:
        blank = empty.select(
            "line",
            "exchange_time",
            "local_time",
            "sequence",
            side=pl.lit(1, pl.Int8),
            price=pl.lit(0, pl.Int64),
            size=pl.lit(0, pl.Int64),
        )
        out = pl.concat([out, blank]).sort("line", maintain_order=True)
    return out.drop("line").with_columns(instrument=pl.lit(instrument.instrument), snapshot=pl.lit(value=True))


def _count_crossed(levels: pl.DataFrame, intake: Intake, instrument: str) -> None:
    bid = pl.col("price").filter(pl.col("side") == 1).max()
    ask = pl.col("price").filter(pl.col("side") == -1).min()
    crossed = levels.group_by("line").agg(crossed=bid >= ask)["crossed"].sum()
    if crossed:
        text = "a book message whose best bid is not below its best ask"
        intake.tape.find("warning", "crossed book", text, table="book", instrument=instrument, count=int(crossed))
