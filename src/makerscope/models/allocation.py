# ruff: noqa: ANN001, ANN201 - compiled functions take the types their docstrings say, in order
"""How much of a maker's size each market gets: by what it earns there, and moved only when that pays."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError
from makerscope.kernels._jit import kernel
from makerscope.kernels.elementary import exp, log


@kernel
def fill_weights(scores, least, sharpness, out):
    """Weights of ``allocation`` into ``out`` ``(n,)``."""
    n, total, best = scores.shape[0], 0.0, 0.0
    for i in range(n):
        best = max(best, scores[i])
    for i in range(n):
        share = max(scores[i], 0.0) / best if best > 0.0 else 1.0
        if sharpness != 1.0:
            share = exp(sharpness * log(share), 0.0) if share > 1e-300 else 0.0
        out[i] = share
        total += share
    for i in range(n):
        out[i] = least + (1.0 - n * least) * out[i] / total


@kernel
def pays(current, wanted, scores, threshold, cost):
    """Whether to move from ``current`` to ``wanted`` weights gains more than the threshold and the cost of moving."""
    gain, turnover, scale = 0.0, 0.0, 0.0
    for i in range(scores.shape[0]):
        gain += (wanted[i] - current[i]) * scores[i]
        turnover += 0.5 * abs(wanted[i] - current[i])
        scale += current[i] * abs(scores[i])
    return gain > threshold * scale + cost * turnover


def allocation(scores: ArrayLike, *, least: float = 0.0, sharpness: float = 1.0) -> NDArray[np.float64]:
    """Weights of markets by their scores.

    Args:
        scores: what a unit of size earns in each market, any unit of money and time; below 0 it loses. Shape ``(n,)``.
        least: weight that every market keeps, so that it goes on being measured; at most ``1 / n``.
        sharpness: power of the scores; 1 is in proportion, more favours the best.

    Returns:
        ``least + (1 - n least) max(s, 0)^sharpness / sum``, which sums to 1; equal weights where nothing earns.

    Raises:
        DomainError: no scores, one that is not finite, a least weight outside ``[0, 1 / n]``, a sharpness not above 0.

    Source:
        Derived. In proportion to the score: the rule of matching, R. J. Herrnstein (1961), J. Exp. Anal. Behavior 4,
        267-272; unlike the best for the current scores (all to one), it goes on measuring all of them.

    Examples:
        >>> allocation([3.0, 1.0, -2.0]).tolist()
        [0.75, 0.25, 0.0]
        >>> allocation([3.0, 1.0, -2.0], least=0.1).round(3).tolist()
        [0.625, 0.275, 0.1]
    """
    s = _scores(scores)
    if not 0.0 <= least <= 1.0 / len(s) or not 0.0 < sharpness < np.inf:
        raise DomainError(f"allocation: want least in 0 to 1 / {len(s)}, sharpness above 0; got {least}, {sharpness}")
    out = np.empty(len(s))
    fill_weights(s, float(least), float(sharpness), out)
    return out


def reallocate(
    current: ArrayLike, scores: ArrayLike, *, threshold: float, cost: float, least: float = 0.0, sharpness: float = 1.0
) -> tuple[NDArray[np.float64], bool]:
    """New weights, and whether they moved: not unless it pays.

    Args:
        current: weights now, shape ``(n,)``, at least 0, sum 1.
        scores: see ``allocation``.
        threshold: the gain must exceed this share of what is earned (in absolute value) at the current weights.
        cost: of moving everything, in the unit of a score; moving ``t`` of the size costs ``cost t``.
        least: see ``allocation``.
        sharpness: see ``allocation``.

    Raises:
        DomainError: weights that are none, or see ``allocation``.

    Examples:
        >>> reallocate([0.5, 0.5], [3.0, 1.0], threshold=0.1, cost=0.0)
        (array([0.75, 0.25]), True)
        >>> reallocate([0.5, 0.5], [2.1, 1.9], threshold=0.1, cost=0.0)
        (array([0.5, 0.5]), False)
    """
    w, s = np.array(current, np.float64), _scores(scores)
    if w.shape != s.shape or not np.all(w >= 0.0) or abs(w.sum() - 1.0) > 1e-9:
        raise DomainError(f"reallocate: current is {w}; want {len(s)} weights of at least 0 that sum to 1")
    if not (threshold >= 0.0 and cost >= 0.0):
        raise DomainError(f"reallocate: want threshold and cost of at least 0; got {threshold}, {cost}")
    wanted = allocation(s, least=least, sharpness=sharpness)
    moved = bool(pays(w, wanted, s, float(threshold), float(cost)))
    return (wanted if moved else w), moved


def _scores(scores: ArrayLike) -> NDArray[np.float64]:
    s = np.array(scores, np.float64)
    if s.ndim != 1 or not len(s) or not np.all(np.isfinite(s)):
        raise DomainError(f"allocation: scores are {s}; want at least one, all finite")
    return s
