# ruff: noqa: ANN001, ANN201, PLR0917 - compiled functions take the types their docstrings say, in order
"""Streaming estimates a maker lives by: variance on a clock, fill intensity by distance, adverse moves after fills.

*Fill intensity.* Quotes at a distance ``d`` are hit at the rate ``A e^(-k d)``. A maker knows how long it has rested at
each distance and how often it was hit there; sums by distance (cells) are all that the likelihood
``sum n_d (ln A - k d) - A sum t_d e^(-k d)`` needs. ``A`` has a closed form for each ``k``, and what is left is concave
in ``k``: Newton, each step at most a doubling or a halving. It is used rather than the reach of trades beyond the mid
because it needs no feed of trades, and holds for the maker's own place in the queue, size and latency.

Old evidence fades by ``fade``; a prior is so much exposure more, spread over three distances.
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
def set_prior(A, k, seconds, time, count):
    """Write a prior's exposure and fills into cells ``(CELLS,)``: ``seconds`` over distances 0.5, 1.3 and 2.1 / k."""
    width = 1.0 / (PER_DECAY * k)
    for cell in range(CELLS):
        time[cell] = count[cell] = 0.0
    for n in range(3):
        cell = cell_of((0.5 + 0.8 * n) / k, width)
        time[cell] = seconds / 3.0
        count[cell] = time[cell] * A * exp(-k * width * (cell + FIRST + 0.5), 0.0)


@inlined
def fade(cells, keep):
    """Let old evidence weigh less."""
    for n in range(cells.shape[0]):
        cells[n] *= keep


@kernel
def fit_intensity(time, count, prior_time, prior_count, width, k, low, high):
    """Maximum likelihood of ``A`` and ``k``.

    Args:
        time: exposure by cell, ``(CELLS,)``; cell n is the distance ``width (n + FIRST + 1/2)``.
        count: fills by cell, ``(CELLS,)``.
        prior_time: exposure of the prior.
        prior_count: its fills.
        width: of a cell, price.
        k: where to begin, 1 / price.
        low: the smallest k.
        high: the largest.

    Returns:
        (A, k); A is 0 where nothing was filled, and k then where it began.
    """
    filled, moment = 0.0, 0.0
    for n in range(CELLS):
        here = count[n] + prior_count[n]
        filled += here
        moment += here * (n + 0.5)
    if filled <= 0.0:
        return 0.0, k
    mean, total = moment / filled, 0.0
    for _ in range(TRIES):
        fall, weight = exp(-k * width, 0.0), exp(-k * width * (FIRST + 0.5), 0.0)
        total, first, second = 0.0, 0.0, 0.0
        for n in range(CELLS):
            here = (time[n] + prior_time[n]) * weight
            total += here
            first += here * (n + 0.5)
            second += here * (n + 0.5) * (n + 0.5)
            weight *= fall
        if total <= 0.0:
            return 0.0, k
        first /= total
        spread = second / total - first * first
        step = (first - mean) / (width * spread) if spread > 1e-9 else 0.0
        after = min(max(k + step, 0.5 * k, low), 2.0 * k, high)
        done = abs(after - k) <= 1e-10 * k
        k = after
        if done:
            break
    fall, weight, total = exp(-k * width, 0.0), exp(-k * width * (FIRST + 0.5), 0.0), 0.0
    for n in range(CELLS):
        total += (time[n] + prior_time[n]) * weight
        weight *= fall
    return filled / total, k
