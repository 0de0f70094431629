"""What a maker held over time: how much, how fast it got rid of it, how often it turned it over.

The position is a step function: what was held before the first fill (as the P&L found it), changed by each fill. It is
integrated over the whole period, in lots; positions change by fills only, so an outage of the recorder does not hide
them unless fills were lost, which the P&L counts as disagreement.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.kernels.inventory import half_waits
from makerscope.metrics.measure import Measure, measured, missing
from makerscope.metrics.pnl import Pnl

FLAT = "never held a position"
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Holding:
    """A position over time: ``lots[k]`` is held from ``times[k]`` (ns) to the next time, the last one to ``until``."""

    times: Ints
    lots: Ints
    until: int
    traded: int

    def spans(self) -> NDArray[np.float64]:
        """How long each position was held, ns."""
        return np.diff(self.times, append=self.until).astype(np.float64)


def holding(fills: pl.DataFrame, result: Pnl, account: str, instrument: str, *, since: int, until: int) -> Holding:
    """The position of one account on one instrument over ``[since, until)``.

    Args:
        fills: table ``fills`` with ``time``, those given to ``pnl``.
        result: of ``pnl``: its opening position is used.
        account: whose.
        instrument: its name.
        since: first ns.
        until: first ns after the period.

    Raises:
        DomainError: the P&L does not cover that account and instrument.
    """
    here = result.totals.filter(pl.col("account") == account, pl.col("instrument") == instrument).filter(
        pl.col("fills") > 0
    )
    if not here.height:
        raise DomainError(f"{account} on {instrument} is not in the P&L; want one of its accounts")
    rows = fills.filter(
        pl.col("instrument") == instrument, pl.col("time") >= since, pl.col("time") < until, pl.col("side") != 0
    ).filter((pl.col("maker") == account).fill_null(False) | (pl.col("taker") == account).fill_null(False))
    bought = (pl.col("maker") == account).fill_null(False).cast(pl.Int64) - (pl.col("taker") == account).fill_null(
        False
    ).cast(pl.Int64)
    steps = (
        rows.sort("time", "serial")
        .select("time", "size", lots=bought * pl.col("side") * pl.col("size"))
        .group_by("time", maintain_order=True)
        .agg(pl.col("lots").sum(), traded=pl.col("size").sum())
    )
    opening = int(here["opening"][0])
    times = np.concatenate([[since], steps["time"].to_numpy()]).astype(np.int64)
    lots = opening + np.concatenate([[0], np.cumsum(steps["lots"].to_numpy())]).astype(np.int64)
    return Holding(times, lots, until, int(steps["traded"].sum()))


def inventory_measures(
    held: Holding, *, unit_size: float, limit: int | None = None, grid: int = 10_000_000_000
) -> dict[str, Measure]:
    """How a maker carried its inventory.

    Args:
        held: of ``holding``.
        unit_size: base units of one lot.
        limit: lots it may hold; None if no limit is known.
        grid: ns between the samples of ``inv_autocorr``, which has this lag.

    Returns:
        ``mean_abs_position``, ``max_abs_position`` and ``p95_abs_position`` (base, time-weighted), ``turnover`` (traded
        volume over the mean absolute position), ``inv_half_life`` (ns: median time in which a local extreme falls to
        half of it or less), ``inv_autocorr`` (at one lag of ``grid``); with a limit also ``inv_utilisation``
        (time-weighted mean of absolute position over limit) and ``time_over_limit``.
    """
    size, span, n = np.abs(held.lots).astype(np.float64), held.spans(), len(held.times) - 1
    total = float(span.sum())
    mean = float((size * span).sum() / total) if total > 0 else float("nan")
    out = {
        "mean_abs_position": measured(mean * unit_size, "base", n=n, undefined="no time"),
        "max_abs_position": Measure(value=float(size.max()) * unit_size, unit="base", n=n),
        "p95_abs_position": Measure(value=_time_quantile(size, span, 0.95) * unit_size, unit="base", n=n),
        "turnover": measured(held.traded / mean if mean else float("nan"), "1", n=n, undefined=FLAT),
        "inv_half_life": _half_life(held),
        "inv_autocorr": _autocorrelation(held, grid),
    }
    if limit is None:
        return out
    if limit < 1:
        raise DomainError(f"limit is {limit} lots; want at least 1")
    over = float(span[size > limit].sum() / total) if total > 0 else float("nan")
    return out | {
        "inv_utilisation": measured(mean / limit, "fraction", n=n, undefined="no time"),
        "time_over_limit": measured(over, "fraction of time", n=n, undefined="no time"),
    }


def net_position_measures(parts: Sequence[tuple[Holding, float]]) -> dict[str, Measure]:
    """How large the position was when all markets of one base are added up: what was hedged elsewhere cancels.

    Args:
        parts: positions on each market over one period, with the base units of one lot.

    Returns:
        ``mean_abs_net_position`` (time-weighted) and ``max_abs_net_position``, both in ``base``.

    Examples:
        >>> long = Holding(np.array([0, 10]), np.array([0, 4]), 20, 4)
        >>> short = Holding(np.array([0, 15]), np.array([0, -8]), 20, 8)
        >>> {key: m.value for key, m in net_position_measures([(long, 1.0), (short, 0.5)]).items()}
        {'mean_abs_net_position': 1.0, 'max_abs_net_position': 4.0}
    """
    times = np.unique(np.concatenate([held.times for held, _ in parts]))
    net = sum(held.lots[np.searchsorted(held.times, times, "right") - 1] * size for held, size in parts)
    span = np.diff(times, append=parts[0][0].until).astype(np.float64)
    size, total, n = np.abs(np.asarray(net, np.float64)), float(span.sum()), len(times) - 1
    mean = float((size * span).sum() / total) if total > 0 else float("nan")
    return {
        "mean_abs_net_position": measured(mean, "base", n=n, undefined="no time"),
        "max_abs_net_position": Measure(value=float(size.max()), unit="base", n=n),
    }


def _time_quantile(values: NDArray[np.float64], weights: NDArray[np.float64], share: float) -> float:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, share * reached[-1])])


def _half_life(held: Holding) -> Measure:
    """Median wait from a local extreme of the absolute position to half of it; waits cut short are left out."""
    waits = np.empty(len(held.times), np.int64)
    found = half_waits(held.times, np.abs(held.lots), waits)
    if not found:
        return missing("ns", "no extreme of the position was halved within the period")
    return Measure(value=float(np.median(waits[:found])), unit="ns", n=int(found), reason="method: extreme to half")


def _autocorrelation(held: Holding, grid: int) -> Measure:
    at = np.arange(held.times[0], held.until, grid)
    position = held.lots[np.searchsorted(held.times, at, "right") - 1].astype(np.float64)
    if len(position) < 10 or np.ptp(position[1:]) == 0 or np.ptp(position[:-1]) == 0:
        return missing("1", "too short or too constant for a correlation", n=len(position))
    return measured(np.corrcoef(position[1:], position[:-1])[0, 1], "1", n=len(position), undefined="no variance")
