"""How heavy the tails of returns and of sizes are: excess kurtosis, and Hill's index of the tail."""

from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from makerscope.errors import DomainError
from makerscope.metrics.columns import vector
from makerscope.metrics.measure import Measure, measured, missing

FEWEST = 20  # values
FEWEST_IN_TAIL = 10


def excess_kurtosis(values: ArrayLike) -> Measure:
    """Fourth central moment over the squared variance, less 3: 0 for normal numbers, above it for fat tails.

    Args:
        values: such as returns, shape ``(n,)``.

    Returns:
        Without unit; missing with fewer than 20 values or where they are all alike. The sample's kurtosis is at
        most about ``n``, and far below the true one where the tail is heavy.

    Examples:
        >>> excess_kurtosis([-1.0, 1.0] * 10).value
        -2.0
    """
    x = vector(values)
    if x.size < FEWEST:
        return missing("1", f"{x.size} values; want at least {FEWEST}", n=x.size)
    off = x - x.mean()
    variance = float((off**2).mean())
    if not variance > 0:
        return missing("1", "all values are alike", n=x.size)
    return measured(float((off**4).mean()) / variance**2 - 3.0, "1", n=x.size, undefined="the variance is too small")


def tail_index(values: ArrayLike, *, share: float = 0.05) -> Measure:
    """Hill's index ``a`` of the tail of absolute values, ``P(|x| > y) ~ y^-a``: 2 to 5 for returns, larger is thinner.

    Args:
        values: shape ``(n,)``; zeros count as observations but not in the tail.
        share: of the values that are taken as the tail, in (0, 0.5].

    Returns:
        With its 95 % interval ``a (1 +- 1.96 / sqrt(k))``; missing with fewer than 10 values in the tail, or where ties
        make it empty.

    Raises:
        DomainError: ``share`` is out of range.

    Source:
        B. Hill (1975), Annals of Statistics 3, 1163-1174.

    Examples:
        >>> values = (np.arange(1, 10_001) / 10_001.0) ** (-1 / 3)
        >>> round(tail_index(values).value, 1)
        3.0
    """
    if not 0 < share <= 0.5:
        raise DomainError(f"share is {share}; want above 0 and at most 0.5")
    size = np.sort(np.abs(vector(values)))[::-1]
    k = int(share * size.size)
    if k < FEWEST_IN_TAIL:
        want = f"{FEWEST_IN_TAIL / share:.0f}"
        return missing("1", f"{size.size} values; want at least {want} for a tail of {share:.0%}", n=size.size)
    if not size[k] > 0:
        return missing("1", "most values are zero", n=size.size)
    mean = float(np.log(size[:k] / size[k]).mean())
    if not mean > 0:
        return missing("1", "the tail is one value", n=size.size)
    index = 1.0 / mean
    half = 1.96 * index / sqrt(k)
    return Measure(value=index, unit="1", n=k, low=index - half, high=index + half)
