"""How well a maker was hedged: its net delta over time, how long beyond what it tolerates, what failed, the P&L left.

The net delta of a base is the sum of what is held on its instruments, hedges included; an option counts by the venue's
delta, as of the last row of the chain. A tape does not say at which delta a maker means to hedge, so that is read off
its hedges: the tenth percentile of the absolute net delta just before them. Time beyond it is time waited for a hedge.
A hedge that failed is an order rejected on a leading venue, where nobody of the tape's makers quotes.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.metrics.inventory import Holding
from makerscope.metrics.measure import Measure, measured

HOUR = 3_600_000_000_000
USUAL = 0.1  # quantile of the net delta before hedges that counts as the band
LEFT = ("inventory", "adverse_selection", "hedge_slippage")  # legs that prices move
Series = tuple[NDArray[np.int64], NDArray[np.float64]]


def net_delta(parts: Sequence[tuple[Holding, float, Series | None]]) -> Series:
    """Net delta over time: the times at which it changes (ns), and its value from each to the next.

    Args:
        parts: what was held of each instrument over one period, units of the base in a lot, and the delta of a unit as
            (times, values), None for 1. Before its first row an option's delta is that row's.

    Examples:
        >>> perp = Holding(np.array([0, 10]), np.array([0, -4]), 30, 4)
        >>> option = Holding(np.array([0, 5]), np.array([0, 10]), 30, 10)
        >>> times, net = net_delta([(perp, 1.0, None), (option, 1.0, (np.array([0, 20]), np.array([0.4, 0.5])))])
        >>> times.tolist(), net.tolist()
        ([0, 5, 10, 20], [0.0, 4.0, 0.0, 1.0])
    """
    begin, until = parts[0][0].times[0], parts[0][0].until
    moments = [held.times for held, _, _ in parts]
    moments += [series[0][(series[0] > begin) & (series[0] < until)] for _, _, series in parts if series is not None]
    times = np.unique(np.concatenate(moments)).astype(np.int64)
    net = np.zeros(len(times))
    for held, unit, series in parts:
        lots = held.lots[np.searchsorted(held.times, times, "right") - 1]
        if series is None:
            net += lots * unit
        else:
            row = np.maximum(np.searchsorted(series[0], times, "right") - 1, 0)
            net += lots * unit * series[1][row]
    return times, net


def hedge_control(
    times: NDArray[np.int64], net: NDArray[np.float64], *, until: int, hedges: NDArray[np.int64]
) -> dict[str, Measure]:
    """How a maker kept its net delta down.

    Args:
        times: of ``net_delta``.
        net: likewise, base units.
        until: first ns after the period.
        hedges: times of its hedges, ns.

    Returns:
        ``hedge_band`` (base units: the tenth percentile of the absolute net delta just before a hedge),
        ``time_outside_band`` (share of the time beyond that), ``longest_outside_band`` (ns) and ``rms_net_delta`` (base
        units, time-weighted).

    Examples:
        >>> times, net = np.array([0, 10, 20, 60]), np.array([0.0, 3.0, 0.0, 5.0])
        >>> found = hedge_control(times, net, until=100, hedges=np.array([20]))
        >>> [found[name].value for name in ("hedge_band", "time_outside_band", "longest_outside_band")]
        [3.0, 0.4, 40.0]
    """
    size, span = np.abs(net), np.diff(times, append=until).astype(np.float64)
    total = float(span.sum())
    before = np.maximum(np.searchsorted(times, np.unique(hedges), "left") - 1, 0)
    n = len(before)
    band = float(np.quantile(size[before], USUAL, method="lower")) if n else float("nan")
    beyond = size > band
    edges = np.flatnonzero(np.diff(np.concatenate([[0], beyond.astype(np.int64), [0]])))
    ends = np.append(times, until)
    longest = max((float(ends[stop] - ends[start]) for start, stop in edges.reshape(-1, 2)), default=0.0)
    outside = float(span[beyond].sum()) / total if total > 0 and n else float("nan")
    rms = float(np.sqrt((size**2 * span).sum() / total)) if total > 0 else float("nan")
    none = "no hedges"
    return {
        "rms_net_delta": measured(rms, "base", n=len(times), undefined="no time"),
        "hedge_band": measured(band, "base", n=n, undefined=none),
        "time_outside_band": measured(outside, "fraction of time", n=n, undefined=none),
        "longest_outside_band": measured(longest if n else float("nan"), "ns", n=n, undefined=none),
    }


def is_failed_hedge(leads: Collection[str]) -> pl.Expr:
    """Which rows of the table ``orders`` are hedges that failed.

    Args:
        leads: the instruments of leading venues, such as the values of ``stale_fills.declared_leaders``.

    Examples:
        >>> rows = pl.DataFrame({"instrument": ["x:BTC", "x.lead:BTC"], "action": "rejected"})
        >>> rows.filter(is_failed_hedge(["x.lead:BTC"]))["instrument"].to_list()
        ['x.lead:BTC']
    """
    return pl.col("instrument").is_in(list(leads)) & (pl.col("action") == "rejected")


def failed_hedges(failed: int, filled: int) -> dict[str, Measure]:
    """How many hedges failed; ``n`` counts all that were tried. None where there were neither.

    Args:
        failed: rows of ``is_failed_hedge`` of one maker.
        filled: its hedges that were filled, wholly or in part.

    Examples:
        >>> failed_hedges(2, 6)["failed_hedges"].value, failed_hedges(2, 6)["failed_hedges"].n
        (2.0, 8)
    """
    tried = failed + filled
    return {"failed_hedges": Measure(value=float(failed), unit="orders", n=tried)} if tried else {}


def hedge_error(
    buckets: pl.DataFrame, hedged: Mapping[str, bool], *, first: int, last: int, width: int, unit: str
) -> dict[str, Measure]:
    """The P&L that prices still made after hedging.

    Args:
        buckets: ``Pnl.buckets`` of one account and token.
        hedged: the instruments that count, and whether each is where it hedges.
        first: first bucket of the period.
        last: last bucket.
        width: ns of a bucket.
        unit: the token.

    Returns:
        ``hedge_error``: standard deviation, over buckets, of what inventory, adverse selection and slippage of hedges
        made, all instruments together, scaled to an hour by the root of time; ``hedge_effect``: the share of the
        variance of the hedged instruments that the hedges took away (below 0: they added some).

    Examples:
        >>> rows = [("perp", 0, 5, 0, 0), ("perp", 1, -5, 0, 0), ("lead", 0, -4, 0, 0), ("lead", 1, 4, 0, 0)]
        >>> names = ["instrument", "bucket", "inventory", "adverse_selection", "hedge_slippage"]
        >>> table = pl.DataFrame(rows, schema=names, orient="row").with_columns(decimals=0)
        >>> found = hedge_error(table, {"perp": False, "lead": True}, first=0, last=1, width=HOUR, unit="USD")
        >>> round(found["hedge_error"].value, 3), found["hedge_effect"].value
        (1.414, 0.96)
    """
    scale = 10.0 ** pl.col("decimals").cast(pl.Float64)
    rows = buckets.filter(pl.col("instrument").is_in(list(hedged))).select(
        "instrument", "bucket", made=sum(pl.col(leg).cast(pl.Float64).fill_null(0.0) for leg in LEFT) / scale
    )
    paths = np.zeros((2, last - first + 1))
    for name, bucket, made in rows.iter_rows():
        paths[int(hedged[name]), min(max(bucket, first), last) - first] += made
    n = paths.shape[1]
    few = "fewer than two buckets of time"
    error, alone = (float(np.std(each, ddof=1)) if n > 1 else float("nan") for each in (paths.sum(axis=0), paths[0]))
    effect = 1.0 - (error / alone) ** 2 if alone > 0 else float("nan")
    return {
        "hedge_error": measured(error * np.sqrt(HOUR / width), f"{unit} per root hour", n=n, undefined=few),
        "hedge_effect": measured(effect, "fraction", n=n, undefined="nothing to hedge"),
    }
