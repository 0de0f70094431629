"""How fast a book fills up again after it was hit.

Depth is taken to return to its mean like dD = kappa * (Dbar - D) dt; the half-life is ln 2 / kappa. Only the time after
a
*shock* is used: a trade that took at least a given share of the depth it met.
"""

from math import log

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.metrics.buckets import bootstrap_ratio
from makerscope.metrics.depth import depth_within
from makerscope.metrics.measure import Measure, missing
from makerscope.metrics.states import BookStates, lifetimes

FEWEST_SHOCKS = 10


def resiliency_half_life(
    states: BookStates,
    trades: pl.DataFrame,
    sessions: pl.DataFrame,
    *,
    share: float = 0.5,
    band: int | None = None,
    step: int = 100_000_000,
    window: int = 10_000_000_000,
) -> Measure:
    """Half-life of a dent in the depth, after trades that took at least ``share`` of it.

    Each shock gives the depth of the side that was hit every ``step`` ns, from the first state after the trade until
    ``window``, the next shock on that side or the end of the session. exp(-kappa * step) is the slope of D_{j+1} on D_j
    over all of them; Dbar is the level to which that line returns.

    Args:
        states: of one instrument, every message.
        trades: ``time`` (ns, same clock), ``aggressor`` (+1 bought: it hit the asks), ``size`` (lots).
        sessions: ``start``, ``end`` (ns) in which the recorder heard the book.
        share: smallest share of the depth that makes a trade a shock, in (0, 1].
        band: depth within so many bps of the mid; None for the size at the touch.
        step: ns between looks at the depth.
        window: ns looked at after a shock.

    Returns:
        ns, with the number of shocks; the interval resamples shocks. Missing with fewer than 10 shocks, or if depth
        does not return (or returns within one step).

    Raises:
        DomainError: ``share``, ``step`` or ``window`` is out of range.

    Source:
        Inferred definition (reference of measures, section 9); exact step of an Ornstein-Uhlenbeck process.
    """
    if not 0 < share <= 1 or step <= 0 or window < step:
        raise DomainError(f"share {share}, step {step}, window {window}; want 0 < share <= 1 and 0 < step <= window")
    until = lifetimes(states.time, sessions)
    dents = [
        dent
        for side in ("bid", "ask")
        for dent in _dents(
            states.time, until, _side_depth(states, side, band), _hits(trades, side), share, step, window
        )
    ]
    n = len(dents)
    if n < FEWEST_SHOCKS:
        return missing("ns", f"{n} trades took {share:.0%} of the depth; want at least {FEWEST_SHOCKS}", n=n)
    now, later = (float(np.concatenate([pair[at] for pair in dents]).mean()) for at in (0, 1))
    cross = np.array([((x - now) * (y - later)).sum() for x, y in dents])
    square = np.array([((x - now) ** 2).sum() for x, _ in dents])
    if not square.sum() > 0:
        return missing("ns", "depth did not change after a shock", n=n)
    stays = float(cross.sum() / square.sum())
    if not 0 < stays < 1:
        why = "depth does not return within the window" if stays >= 1 else "depth returns within one step"
        return missing("ns", why, n=n)
    bounds = bootstrap_ratio(cross, square, block=1)
    low, high = (_half_life(bound, step) for bound in bounds) if bounds else (None, None)
    ends = (low, high) if low is not None and high is not None else (None, None)
    return Measure(value=_half_life(stays, step), unit="ns", n=n, low=ends[0], high=ends[1])


def _half_life(stays: float, step: int) -> float | None:
    return -log(2) * step / log(stays) if 0 < stays < 1 else None


def _side_depth(states: BookStates, side: str, band: int | None) -> NDArray[np.float64]:
    """Lots of one side in each state, NaN where there is no mid."""
    if band is None:
        size = states.bid_size if side == "bid" else states.ask_size
        return np.where(states.two_sided, size[:, 0], np.nan)
    return depth_within(states, [band])[f"{side}_lots"].cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _hits(trades: pl.DataFrame, side: str) -> pl.DataFrame:
    return trades.filter(pl.col("aggressor") == (-1 if side == "bid" else 1)).select("time", "size").sort("time")


def _dents(  # noqa: PLR0917 - one side of one function
    time: NDArray[np.int64],
    until: NDArray[np.int64],
    depth: NDArray[np.float64],
    hits: pl.DataFrame,
    share: float,
    step: int,
    window: int,
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """For each shock on one side: depth at its looks, and one step later."""
    at, size = hits["time"].to_numpy(), hits["size"].to_numpy()
    if not time.size or not at.size:
        return []
    before = np.searchsorted(time, at, side="left") - 1
    met = np.where((before >= 0) & (until[before] >= at), depth[before], np.nan)
    shock = at[(size >= share * met) & (met > 0)]
    end = np.minimum(shock + window, np.append(shock[1:], np.iinfo(np.int64).max))
    out = []
    for start, stop in zip(shock.tolist(), end.tolist(), strict=True):
        first = int(np.searchsorted(time, start, side="right"))
        if first == time.shape[0]:
            continue
        looks = np.arange(time[first], stop, step)
        place = np.searchsorted(time, looks, side="right") - 1
        seen = np.where(looks < until[place], depth[place], np.nan)
        pair = np.isfinite(seen[:-1]) & np.isfinite(seen[1:])
        if pair.any():
            out.append((seen[:-1][pair], seen[1:][pair]))
    return out
