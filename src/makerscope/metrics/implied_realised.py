"""Implied volatility of a chain beside what was realised over the same days: the rows and the premiums of them."""

import numpy as np
import polars as pl

from makerscope.metrics.option_smile import smiles
from makerscope.metrics.variance_premium import (
    Premium,
    implied_terms,
    implied_variance,
    index_prices,
    realised_variance,
    variance_premium,
)


def implied_and_realised(rows: pl.DataFrame, horizon: int) -> pl.DataFrame:
    """Implied variance of each snapshot beside what was realised in the same time after it and before it.

    Args:
        rows: of ``with_snapshots(option_rows(...))``.
        horizon: ns.

    Returns:
        ``snapshot, base, implied, source, low_sd, high_sd, cut, reason, after, before``; variances a year of 365 days.
    """
    implied = implied_variance(implied_terms(rows, near=horizon), smiles(rows), horizon=horizon)
    prices, keys = index_prices(rows), ["snapshot", "base"]
    for name, ahead in (("after", True), ("before", False)):
        realised = realised_variance(prices, implied.select(keys), horizon=horizon, ahead=ahead)
        implied = implied.join(realised.select(*keys, pl.col("realised").alias(name)), on=keys, how="left")
    return implied.sort("base", "snapshot")


def premiums(table: pl.DataFrame, horizon: int) -> dict[str, dict[str, Premium]]:
    """Premium of each underlying over what came ``after`` and over what came ``before``."""
    out = {}
    for (base,), part in table.group_by("base", maintain_order=True):
        step = part["snapshot"].diff().median()
        # as many neighbours as one horizon spans share its returns; the intervals have to know
        lags = int(np.ceil(horizon / float(step))) if isinstance(step, (int, float)) and step > 0 else 0
        implied, after, before = (part[name].fill_null(np.nan).to_numpy() for name in ("implied", "after", "before"))
        out[str(base)] = {
            "after": variance_premium(implied, after, lags=lags),
            "before": variance_premium(implied, before, lags=lags),
        }
    return out
