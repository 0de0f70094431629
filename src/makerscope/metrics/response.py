"""What the book does after a trade: how far the price goes its way, by time and by size, and spread and depth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.metrics.measure import Measure, missing
from makerscope.metrics.mid_path import MidPath

Real = NDArray[np.float64]
FEWEST = 30  # trades
FEWEST_IN_BIN = 20
LOOK = 1_000_000_000  # ns between looks for what is usual
LARGE = 0.95  # a trade is large beyond this quantile of sizes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Aggressions:
    """Aggressor orders of one instrument in order of time.

    Args:
        time: ns, int64 ``(n,)``.
        side: +1 it bought, -1 it sold; others are left out by whoever makes this.
        size: lots.
    """

    time: NDArray[np.int64]
    side: NDArray[np.int64]
    size: NDArray[np.int64]


def response(trades: Aggressions, path: MidPath, *, lag: int) -> Measure:
    """Mean of ``side (mid(t + lag) - mid(t-)) / mid(t-)``, bps: how far the price follows trades.

    Args:
        trades: of one instrument.
        path: of its mid, on the same clock.
        lag: ns after the trade.

    Returns:
        With a 95 % interval from the spread over trades, as if they were independent; missing with fewer than 30.

    Source:
        J.-P. Bouchaud, Y. Gefen, M. Potters and M. Wyart (2004), Quant. Finance 4, 176-190.
    """
    return _mean(_moves(trades, path, lag), "bps")


def _moves(trades: Aggressions, path: MidPath, lag: int) -> Real:
    """Signed move of the mid after each trade, bps, NaN where it is not known."""
    before = path.at(path.mid, trades.time, before=True)
    after = path.at(path.mid, trades.time + lag)
    return 1e4 * trades.side * (after - before) / before


def impact_exponent(trades: Aggressions, path: MidPath, *, lag: int, bins: int = 5) -> Measure:
    """``d`` of a response that grows as ``size^d`` over bins of equally many trades: concave below 1, near 0 in books.

    Args:
        trades: of one instrument.
        path: of its mid.
        lag: ns after the trade.
        bins: by size; those whose mean response is not above 0 are left out.

    Returns:
        Missing where fewer than 3 bins are left, or sizes are all alike.

    Raises:
        DomainError: fewer than 3 bins are wanted.
    """
    if bins < 3:
        raise DomainError(f"{bins} bins; want at least 3")
    move = _moves(trades, path, lag)
    known = np.isfinite(move)
    move, size = move[known], trades.size[known]
    if move.size < bins * FEWEST_IN_BIN:
        return missing("1", f"{move.size} trades; want at least {bins * FEWEST_IN_BIN}", n=move.size)
    edges = np.unique(np.quantile(size, np.linspace(0, 1, bins + 1)))
    place = np.clip(np.searchsorted(edges, size, side="right") - 1, 0, edges.size - 2)
    sizes, moves = [], []
    for part in range(edges.size - 1):
        here = place == part
        if here.sum() >= FEWEST_IN_BIN and move[here].mean() > 0:
            sizes.append(float(size[here].mean()))
            moves.append(float(move[here].mean()))
    if len(set(sizes)) < 3:
        return missing("1", f"{len(sizes)} sizes with a response above 0; want at least 3", n=move.size)
    return Measure(value=float(np.polyfit(np.log(sizes), np.log(moves), 1)[0]), unit="1", n=move.size)


def spread_after(trades: Aggressions, path: MidPath, *, lag: int) -> Measure:
    """Mean spread ``lag`` ns after large trades (the largest twentieth), over the mean spread over time.

    Returns:
        A ratio of means; above 1 the spread is wider than usual. Missing with fewer than 30 large trades.
    """
    return _ratio(path.at(path.spread, trades.time[_large(trades)] + lag), path.at(path.spread, path.looks(LOOK)))


def depth_after(trades: Aggressions, path: MidPath, *, lag: int) -> Measure:
    """Mean best size on the side that was hit, ``lag`` ns after large trades, over the mean best size over time."""
    large = _large(trades)
    time, looks = trades.time[large] + lag, path.looks(LOOK)
    after = np.where(trades.side[large] > 0, path.at(path.ask_size, time), path.at(path.bid_size, time))
    usual = np.concatenate([path.at(path.ask_size, looks), path.at(path.bid_size, looks)])
    return _ratio(after, usual)


def _large(trades: Aggressions) -> NDArray[np.bool_]:
    if not trades.size.size:
        return np.zeros(0, np.bool_)
    return trades.size >= np.quantile(trades.size, LARGE)


def _ratio(after: Real, usual: Real) -> Measure:
    known = after[np.isfinite(after)]
    if known.size < FEWEST:
        return missing("1", f"{known.size} large trades with a quote after them; want at least {FEWEST}", n=known.size)
    mean = float(usual[np.isfinite(usual)].mean())
    return Measure(value=float(known.mean()) / mean, unit="1", n=known.size)


def _mean(values: Real, unit: str) -> Measure:
    known = values[np.isfinite(values)]
    if known.size < FEWEST:
        return missing(unit, f"{known.size} trades with a quote around them; want at least {FEWEST}", n=known.size)
    value, half = float(known.mean()), 1.96 * float(known.std(ddof=1)) / known.size**0.5
    return Measure(value=value, unit=unit, n=known.size, low=value - half, high=value + half)
