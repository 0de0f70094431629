"""Forced trades: how many, of whom, at what distance from the mid, and who was on the other side.

One forced aggressor order is one liquidation, however many fills it took. The price paid for being forced is
``s * (m - p)`` of the liquidated account against the last mid strictly before, in bps of that mid: below 0 it lost.
"""

from collections.abc import Mapping

import polars as pl

from makerscope.metrics.measure import Measure, missing
from makerscope.metrics.share import with_notional
from makerscope.tape.events import Instrument

KEYS = ("instrument", "account", "time")


def liquidated(fills: pl.DataFrame, instruments: Mapping[str, Instrument]) -> pl.DataFrame:
    """One row a liquidation: the forced fills of one account on one instrument at one instant.

    Args:
        fills: table ``fills`` with ``time``; with ``twice_mid`` (as ``markout.with_mids`` gives it) slippage is known.
        instruments: by name.

    Returns:
        ``instrument, account, time, side`` (of the account), ``lots, fills, makers`` (on the other side; null where
        unknown), ``notional`` (Int128), ``decimals``, ``first_price, last_price``, ``slippage`` and ``twice_mid_lots``
        (half ticks times lots, null without mid).
    """
    forced = fills.filter(pl.col("liquidated").is_not_null())
    if "twice_mid" not in forced.columns:
        forced = forced.with_columns(twice_mid=pl.lit(None, dtype=pl.Int64))
    own = pl.when(pl.col("maker").eq(pl.col("liquidated")).fill_null(False)).then("side").otherwise(-pl.col("side"))
    known = pl.col("twice_mid").is_not_null()
    edge = own * (pl.col("twice_mid") - 2 * pl.col("price")) * pl.col("size")
    other = pl.when(pl.col("maker") == pl.col("liquidated")).then("taker").otherwise("maker")
    return (
        with_notional(forced, instruments)
        .sort("time", "serial")
        .group_by("instrument", pl.col("liquidated").alias("account"), "time", side=own, maintain_order=True)
        .agg(
            lots=pl.col("size").sum(),
            fills=pl.len().cast(pl.Int64),
            makers=pl.when(pl.col("maker").is_not_null().all()).then(other.n_unique().cast(pl.Int64)),
            notional=pl.col("notional").sum(),
            decimals=pl.col("decimals").first(),
            first_price=pl.col("price").first(),
            last_price=pl.col("price").last(),
            slippage=pl.when(known.all()).then(edge.sum()),
            twice_mid_lots=pl.when(known.all()).then((pl.col("twice_mid") * pl.col("size")).sum()),
        )
    )


def liquidation_measures(rows: pl.DataFrame) -> dict[str, Measure]:
    """``liquidations``, ``liquidated_accounts`` and ``liquidation_slippage`` (bps, < 0: the forced side lost).

    Args:
        rows: of ``liquidated``, any selection.
    """
    n = rows.height
    known = rows.filter(pl.col("slippage").is_not_null())
    bottom = int(known["twice_mid_lots"].sum() or 0)
    none = "no liquidations" if not n else "no mid before the liquidations"
    slip = int(known["slippage"].sum() or 0)
    return {
        "liquidations": Measure(value=float(n), unit="orders", n=n),
        "liquidated_accounts": Measure(value=float(rows["account"].n_unique()), unit="accounts", n=n),
        "liquidation_slippage": Measure(value=1e4 * slip / bottom, unit="bps", n=known.height)
        if bottom
        else missing("bps", none, n=n),
    }
