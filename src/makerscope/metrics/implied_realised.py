"""Implied volatility of a chain beside what was realised over the same days: the rows and the premiums of them."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from makerscope.metrics.option_chain import DAY
from makerscope.metrics.option_smile import smiles
from makerscope.metrics.variance_premium import (
    Premium,
    implied_terms,
    implied_variance,
    index_prices,
    realised_variance,
    variance_premium,
)

HORIZONS = (30 * DAY, 7 * DAY, DAY)
STRETCHES = 3  # a mean over h that looks h ahead has an interval where the tape is three h long
MOST_LOOKS = 500  # snapshots at which implied variance is taken; the path of the index uses all


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Implied beside realised volatility of the chains of a tape.

    Args:
        horizon: ns, over which both look.
        rows: of ``implied_and_realised``.
        premiums: of each underlying over what came ``after`` and over what came ``before``.
        every: each so many-th snapshot was looked at.
    """

    horizon: int
    rows: pl.DataFrame
    premiums: dict[str, dict[str, Premium]]
    every: int = 1


def compared(rows: pl.DataFrame, *, horizon: int | None = None, smile: pl.DataFrame | None = None) -> Compared | None:
    """Implied beside realised volatility, over a horizon that the snapshots can tell something about.

    Args:
        rows: of ``with_snapshots(option_rows(...))``.
        horizon: ns; default ``fitting_horizon``.
        smile: ``option_smile.smiles(rows)``, if it is known already.

    Returns:
        None where no horizon was given and the snapshots span less than a day.
    """
    if horizon is None:
        horizon = fitting_horizon(rows["snapshot"])
    if horizon is None:
        return None
    looks = rows["snapshot"].unique().sort()
    every = -(-len(looks) // MOST_LOOKS)
    at = rows if every == 1 else rows.filter(pl.col("snapshot").is_in(looks.gather_every(every).implode()))
    table = implied_and_realised(at, horizon, prices=index_prices(rows), smile=smile)
    return Compared(horizon=horizon, rows=table, premiums=premiums(table, horizon), every=every)


def fitting_horizon(snapshots: pl.Series) -> int | None:
    """The longest of 30, 7 and 1 days (ns) that fits three times between the first and the last snapshot.

    One day where none does, None where they span less than a day: then nothing can be realised.

    Examples:
        >>> fitting_horizon(pl.Series([0, 25 * DAY])) // DAY, fitting_horizon(pl.Series([0, DAY // 2]))
        (7, None)
    """
    first, last = snapshots.min(), snapshots.max()
    span = last - first if isinstance(first, int) and isinstance(last, int) else 0
    if span < DAY:
        return None
    return next((horizon for horizon in HORIZONS if span >= STRETCHES * horizon), DAY)


def implied_and_realised(
    rows: pl.DataFrame, horizon: int, *, prices: pl.DataFrame | None = None, smile: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Implied variance of each snapshot beside what was realised in the same time after it and before it.

    Args:
        rows: of ``with_snapshots(option_rows(...))``.
        horizon: ns.
        prices: ``time, base, price`` of the underlying; default the index of ``rows``.
        smile: ``option_smile.smiles`` of at least these rows, if it is known already.

    Returns:
        ``snapshot, base, implied, source, low_sd, high_sd, cut, reason, after, before``; variances a year of 365 days.
    """
    smile = smiles(rows) if smile is None else smile
    prices = index_prices(rows) if prices is None else prices
    implied, keys = implied_variance(implied_terms(rows, near=horizon), smile, horizon=horizon), ["snapshot", "base"]
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
