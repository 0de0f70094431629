"""Means, quantiles and intervals of a measure over seeds, and of its paired difference between two variants.

A share of runs gets Wilson's interval; the difference of two paired shares Newcombe's square-and-add with the pairs'
correlation (his method 10). Everything else gets Student's interval of the mean, of paired differences where runs of
one seed are compared. Unknown values are left out, pairs with an unknown are left out whole.
"""

from collections.abc import Sequence
from math import isfinite, nan, sqrt

import msgspec
import numpy as np
from scipy.special import stdtrit

from makerscope.errors import DomainError

Number = float | None
Z = 1.959963984540054  # of the normal distribution, 95 % within
LEVEL = 0.975
QUANTILES = (0.05, 0.5, 0.95)


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """``n`` values known of ``of``; interval ``low`` to ``high`` of the mean at 95 %; quantiles of the values."""

    n: int
    of: int
    mean: Number
    low: Number
    high: Number
    p5: Number = None
    p50: Number = None
    p95: Number = None


def estimate(values: Sequence[Number], *, share: bool = False) -> Estimate:
    """Mean with its interval, and quantiles.

    Examples:
        >>> found = estimate([1.0, 2.0, 3.0, None])
        >>> found.n, found.of, found.mean, round(found.low, 3), round(found.high, 3)
        (3, 4, 2.0, -0.484, 4.484)
    """
    known = [value for value in values if value is not None and isfinite(value)]
    if not known:
        return Estimate(n=0, of=len(values), mean=None, low=None, high=None)
    low, high = wilson(sum(known), len(known)) if share else _student(known)
    p5, p50, p95 = np.quantile(known, QUANTILES).tolist()
    mean = float(np.mean(known))
    return Estimate(n=len(known), of=len(values), mean=mean, low=low, high=high, p5=p5, p50=p50, p95=p95)


def difference(values: Sequence[Number], baseline: Sequence[Number], *, share: bool = False) -> Estimate:
    """Paired difference, value less baseline, seed by seed.

    Raises:
        DomainError: they are not of the same seeds.

    Examples:
        >>> found = difference([2.0, 3.0, 5.0], [1.0, 2.0, 3.0])
        >>> round(found.mean, 3), round(found.low, 3), round(found.high, 3)
        (1.333, -0.101, 2.768)
    """
    if len(values) != len(baseline):
        raise DomainError(f"{len(values)} values are paired with {len(baseline)}; want as many")
    pairs = [(a, b) for a, b in zip(values, baseline, strict=True) if _known(a) and _known(b)]
    apart = [a - b for a, b in pairs if a is not None and b is not None]
    if not apart:
        return Estimate(n=0, of=len(values), mean=None, low=None, high=None)
    low, high = newcombe(pairs) if share else _student(apart)
    p5, p50, p95 = np.quantile(apart, QUANTILES).tolist()
    mean = float(np.mean(apart))
    return Estimate(n=len(apart), of=len(values), mean=mean, low=low, high=high, p5=p5, p50=p50, p95=p95)


def wilson(successes: float, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share.

    Source:
        E. B. Wilson (1927), J. American Statistical Association 22, 209-212.

    Examples:
        >>> [round(end, 4) for end in wilson(8, 10)]
        [0.4902, 0.9433]
    """
    if n < 1 or not 0 <= successes <= n:
        raise DomainError(f"{successes} successes of {n}; want 0 to n of at least 1")
    p, z2 = successes / n, Z * Z
    middle, spread = p + z2 / (2 * n), Z * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    low, high = (middle - spread) / (1 + z2 / n), (middle + spread) / (1 + z2 / n)
    return (0.0 if successes == 0 else low), (1.0 if successes == n else high)


def newcombe(pairs: Sequence[tuple[Number, Number]]) -> tuple[float, float]:
    """95 % interval of the difference of two shares measured on the same runs.

    Source:
        R. G. Newcombe (1998), Statistics in Medicine 17, 2635-2650, method 10.

    Examples:
        >>> pairs = [(1.0, 1.0)] * 36 + [(1.0, 0.0)] * 12 + [(0.0, 1.0)] * 2
        >>> [round(end, 4) for end in newcombe(pairs)]
        [0.0569, 0.3404]
    """
    n = len(pairs)
    e = sum(1 for a, b in pairs if a and b)
    f = sum(1 for a, b in pairs if a and not b)
    g = sum(1 for a, b in pairs if b and not a)
    h = n - e - f - g
    p1, p2 = (e + f) / n, (e + g) / n
    (l1, u1), (l2, u2) = wilson(e + f, n), wilson(e + g, n)
    product = (e + f) * (g + h) * (e + g) * (f + h)
    together = e * h - f * g
    if together > 0:
        together = max(together - n / 2, 0)
    phi = together / sqrt(product) if product else 0.0
    d1, d2, d3, d4 = p1 - l1, u2 - p2, u1 - p1, p2 - l2
    below = sqrt(max(d1 * d1 - 2 * phi * d1 * d2 + d2 * d2, 0.0))
    above = sqrt(max(d4 * d4 - 2 * phi * d4 * d3 + d3 * d3, 0.0))
    return p1 - p2 - below, p1 - p2 + above


def _student(values: Sequence[float]) -> tuple[Number, Number]:
    """Student's 95 % interval of the mean; unknown for one value."""
    n = len(values)
    if n < 2:
        return None, None
    mean, deviation = float(np.mean(values)), float(np.std(values, ddof=1))
    away = float(stdtrit(n - 1, LEVEL)) * deviation / sqrt(n)
    return mean - away, mean + away


def _known(value: Number) -> bool:
    return isfinite(nan if value is None else value)
