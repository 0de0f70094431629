# ruff: noqa: ANN001, ANN201, ANN202, PLR0917 - compiled functions take the types their docstrings say, in order
"""Streaming estimates a maker lives by: variance on a clock, fill intensity by distance, adverse moves after fills.

*Fill intensity.* Quotes at a distance ``d`` are hit at the rate ``A e^(-k d)``. A maker knows how long it has rested at
each distance and how often it was hit there; sums by distance (cells) are all that the likelihood
``sum n_d (ln A - k d) - A sum t_d e^(-k d)`` needs. ``A`` has a closed form for each ``k``, and what is left is concave
in ``k``: Newton, each step at most a doubling or a halving. It is used rather than the reach of trades beyond the mid
because it needs no feed of trades, and holds for the maker's own place in the queue, size and latency.

A maker's quotes are mostly at one distance, so its record says little about ``k``. What it knows beforehand counts as
so many fills, for ``A`` and for ``k`` apart: a wrong level must not pass for a slope. Old evidence fades by ``fade``.
"""

from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.elementary import exp

CELLS = 40
PER_DECAY = 5.0  # cells in a distance of 1 / k of the prior
FIRST = -10.0  # the lowest cell begins there: quotes that the price has already passed
TRIES = 30


@inlined
def fade_factor(elapsed, half_life):
    """What a weight falls to in a time."""
    return exp(-0.6931471805599453 * elapsed / half_life, 0.0)


@inlined
def faded_variance(before, change, elapsed, half_life):
    """Variance per unit of time after one more change of the price: exponentially weighted squares on a clock."""
    keep = fade_factor(elapsed, half_life)
    return keep * before + (1.0 - keep) * change * change / elapsed


@inlined
def cell_of(distance, width):
    """The cell of a distance; what is beyond the ends falls into the last ones."""
    at = distance / width - FIRST
    return 0 if at < 0.0 else CELLS - 1 if at >= CELLS else int(at)


@inlined
def fade(cells, keep):
    """Let old evidence weigh less."""
    for n in range(cells.shape[0]):
        cells[n] *= keep


@inlined
def _weigh(time, width, k):
    """Sums of time times ``e^(-k d)``, and of that times the cell and the cell squared."""
    fall, weight = exp(-k * width, 0.0), exp(-k * width * (FIRST + 0.5), 0.0)
    total, first, second = 0.0, 0.0, 0.0
    for n in range(CELLS):
        here = time[n] * weight
        total += here
        first += here * n
        second += here * n * n
        weight *= fall
    return total, first, second


@kernel
def fit_intensity(time, count, seconds, A, guess, k):
    """Most likely ``A`` and ``k``, given a record and a prior.

    The prior is ``seconds`` of experience with a quote ``1 / guess`` away, and as many fills that speak for ``guess``.

    Args:
        time: exposure by cell, ``(CELLS,)``; cell n is the distance ``(n + FIRST + 1/2) / (PER_DECAY guess)``.
        count: fills by cell, ``(CELLS,)``.
        seconds: what the prior is worth, unit of time; 0: nothing.
        A: of the prior, fills per unit of time.
        guess: of k, 1 / price; k stays between a tenth and ten times of it.
        k: where to begin.

    Returns:
        (A, k); A is 0 where nothing was filled, and k then where it began.
    """
    width, filled, moment = 1.0 / (PER_DECAY * guess), 0.0, 0.0
    for n in range(CELLS):
        filled += count[n]
        moment += count[n] * n
    known = A * exp(-1.0, 0.0) * seconds
    if filled + known <= 0.0:
        return 0.0, k
    middle = PER_DECAY - FIRST - 0.5  # the cell that 1 / guess is the middle of
    for _ in range(TRIES):
        total, first, second = _weigh(time, width, k)
        here = seconds * exp(-k / guess, 0.0)
        total, first, second = total + here, first + here * middle, second + here * middle * middle
        if total <= 0.0:
            return 0.0, k
        first /= total
        spread = max(second / total - first * first, 0.0)
        slope = width * ((filled + known) * first - moment - known * middle) - known * (k - guess) / (guess * guess)
        curve = (filled + known) * width * width * spread + known / (guess * guess)
        after = min(max(k + (slope / curve if curve > 0.0 else 0.0), 0.5 * k, 0.1 * guess), 2.0 * k, 10.0 * guess)
        done = abs(after - k) <= 1e-10 * k
        k = after
        if done:
            break
    total, _, _ = _weigh(time, width, k)
    return (filled + known) / (total + seconds * exp(-k / guess, 0.0)), k
