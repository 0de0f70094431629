"""The last different price before each trade, which the tick test compares with."""

from math import erfc, nan, sqrt

from makerscope.kernels._jit import kernel


@kernel
def last_different(price, out):  # noqa: ANN001, ANN201
    """Write into ``out[i]`` the latest price before trade ``i`` that differs from ``price[i]``, NaN if there is none.

    Args:
        price: float64 ``(n,)`` in order of time; NaN is unknown and skipped.
        out: float64 ``(n,)``.
    """
    last, before = nan, nan
    for i in range(price.shape[0]):
        p = price[i]
        if p != p:  # NaN  # noqa: PLR0124 - the compiler's test for NaN
            out[i] = nan
            continue
        if p != last:
            before, last = last, p
        out[i] = before


@kernel
def normal_cdf(x, out):  # noqa: ANN001, ANN201
    """Write the standard normal distribution function of ``x[i]`` into ``out[i]``; float64 ``(n,)``, NaN stays NaN.

    ``erfc(-x / sqrt 2) / 2`` keeps its relative accuracy in the lower tail.
    """
    for i in range(x.shape[0]):
        out[i] = 0.5 * erfc(-x[i] / sqrt(2.0))
