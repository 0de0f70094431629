"""How long a series remembers itself: autocorrelation over pieces that do not touch, when it dies, how it decays.

A series comes in pieces, such as the sessions of a recorder: no pair of values spans two of them.
"""

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.metrics.measure import Measure, missing

Pieces = Sequence[NDArray[np.float64]]
FEWEST_PAIRS = 30
FEWEST_LAGS = 4  # for an exponent


def autocorrelation(pieces: Pieces, lag: int, *, mean: float | None = None) -> Measure:
    """Correlation of values ``lag`` apart inside each piece, around the mean of all.

    Args:
        pieces: arrays, each without a break.
        lag: in places, at least 1.
        mean: known beforehand, such as 0 for signs; that of the values where None.

    Returns:
        With the 95 % band of a series without memory, ``+-1.96 / sqrt(pairs)``, around the value; missing with fewer
        than 30 pairs or where all values are alike.

    Raises:
        DomainError: ``lag`` is below 1.

    Examples:
        >>> autocorrelation([np.array([1.0, -1.0] * 50)], 1).value
        -1.0
    """
    if lag < 1:
        raise DomainError(f"lag is {lag}; want at least 1")
    kept = [piece for piece in pieces if piece.size > lag]
    pairs = sum(piece.size - lag for piece in kept)
    if pairs < FEWEST_PAIRS:
        return missing("1", f"{pairs} pairs; want at least {FEWEST_PAIRS}", n=pairs)
    whole = np.concatenate(list(pieces))
    centre = float(whole.mean()) if mean is None else mean
    variance = float(((whole - centre) ** 2).mean())
    if not variance > 0:
        return missing("1", "all values are alike", n=pairs)
    together = sum(float(((piece[lag:] - centre) * (piece[:-lag] - centre)).sum()) for piece in kept)
    value, half = together / pairs / variance, 1.96 / sqrt(pairs)
    return Measure(value=value, unit="1", n=pairs, low=value - half, high=value + half)


def lags_until_gone(pieces: Pieces, *, most: int, mean: float | None = None) -> Measure:
    """The first lag at which the autocorrelation is not above what a series without memory shows (95 %), less 1.

    Args:
        pieces: see ``autocorrelation``.
        most: lags looked at; where it is never gone the value is ``most``, with a reason that says so.
        mean: see ``autocorrelation``.

    Examples:
        >>> steps = np.random.Generator(np.random.PCG64(1)).standard_normal(4000)
        >>> lags_until_gone([np.convolve(steps, np.ones(5))], most=50).value
        4.0
    """
    pairs = 0
    for lag in range(1, most + 1):
        here = autocorrelation(pieces, lag, mean=mean)
        if here.value is None or here.low is None:
            return missing("lags", here.reason, n=here.n) if lag == 1 else _found(lag - 1, here.n, "the series ends")
        if here.low <= 0:
            return _found(lag - 1, here.n, "")
        pairs = here.n
    return _found(most, pairs, f"still there after {most} lags")


def _found(lag: int, n: int, reason: str) -> Measure:
    return Measure(value=float(lag), unit="lags", n=n, reason=reason)


def decay_exponent(pieces: Pieces, *, most: int, mean: float | None = 0.0) -> Measure:
    """``g`` of an autocorrelation that falls as ``lag^-g``: below 1 the memory is long, its sum has no end.

    A line through the logarithms of lag and correlation, over lags that double, from 1 up to the first one at which the
    correlation is lost in the noise.

    Args:
        pieces: see ``autocorrelation``.
        most: largest lag.
        mean: see ``autocorrelation``.

    Returns:
        Missing where fewer than 4 doublings stand out of the noise.

    Source:
        F. Lillo and J. Farmer (2004), Studies in Nonlinear Dynamics and Econometrics 8(3); J.-P. Bouchaud, Y. Gefen, M.
        Potters and M. Wyart (2004), Quant. Finance 4, 176-190.

    Examples:
        >>> decay_exponent([np.array([1.0, -1.0] * 50)], most=16).reason
        '0 of the lags 1, 2, 4, ... stand out of the noise; want at least 4'
    """
    lags, values, n = [], [], 0
    lag = 1
    while lag <= most:
        here = autocorrelation(pieces, lag, mean=mean)
        if here.value is None or here.low is None or here.low <= 0:
            break
        lags.append(lag)
        values.append(here.value)
        n, lag = here.n, lag * 2
    if len(lags) < FEWEST_LAGS:
        what = f"{len(lags)} of the lags 1, 2, 4, ... stand out of the noise; want at least {FEWEST_LAGS}"
        return missing("1", what, n=n)
    slope = float(np.polyfit(np.log(lags), np.log(values), 1)[0])
    return Measure(value=-slope, unit="1", n=n, reason=f"lags 1 to {lags[-1]}")


def fano_factor(times: NDArray[np.int64], spans: Sequence[tuple[int, int]], *, window: int) -> Measure:
    """Variance over mean of the number of events in windows: 1 for a Poisson process, more where events come in bursts.

    Args:
        times: of events, ns, in order.
        spans: start and end (ns) of the times when one listened; only whole windows inside of them count.
        window: ns.

    Returns:
        Missing with fewer than 20 windows or no event.

    Raises:
        DomainError: ``window`` is not positive.

    Examples:
        >>> fano_factor(np.arange(0, 100, 2), [(0, 100)], window=4).value
        0.0
    """
    if window <= 0:
        raise DomainError(f"window is {window} ns; want more than 0")
    counts = [
        np.diff(np.searchsorted(times, np.arange(start, end + 1, window)))
        for start, end in spans
        if end - start >= window
    ]
    count = np.concatenate(counts) if counts else np.empty(0)
    if count.size < 20:
        return missing("1", f"{count.size} windows; want at least 20", n=count.size)
    if count.sum() == 0:
        return missing("1", "no event", n=count.size)
    return Measure(value=float(count.var(ddof=1) / count.mean()), unit="1", n=count.size)
