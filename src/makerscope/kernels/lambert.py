"""Lambert's W function, principal branch, without a branch or a library call, so that loops over it vectorise.

``omega(x)`` is W(e^x), the solution of ``w + ln w = x``: what a dealer with logistic demand needs, at any x, where e^x
itself would overflow. A guess within 0.3 % and steps of fourth order (Fritsch, Shafer and Crowley): one leaves a
relative error below 3e-11, two below 1e-14.

Source:
    F. Fritsch, R. Shafer, W. Crowley (1973), Communications of the ACM 16, 123-124.
"""
# ruff: noqa: ANN001, ANN201 - a kernel is compiled for the types it is called with

import math

from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.elementary import exp, fma, log

LOWEST, HIGHEST = -700.0, 700.0  # between them e^x and its logarithm are what they should be
FAINT = -18.0  # below it ln(1 + y) is y
VANISHING = -38.0  # below it W(y) is y
BRANCH = -0.36787944117144233  # -1/e: below it W is not real
E = 2.718281828459045
E_LOW = 1.4456468917292502e-16  # what the double of e lacks
SAME = 1.97843691e-05  # both leading coefficients: far out W(e^x) is x
NAN = float("nan")


@inlined
def start(x: float) -> float:
    """W(e^x) within 0.3 % where x is below 800: a rational function of ln(1 + e^x), fitted to the ratio."""
    kept = min(max(x, LOWEST), HIGHEST)
    y = exp(kept, 0.0)
    level = y if kept < FAINT else log(1.0 + y)
    level = x if x > HIGHEST else level
    top = fma(level, fma(level, fma(level, SAME, 0.113046828), 0.564697231), 1.0)
    bottom = fma(level, fma(level, fma(level, SAME, 0.113886698), 1.03020829), 1.0)
    return level * (top / bottom)


@inlined
def better(x: float, w: float) -> float:
    """One step of fourth order for ``w + ln w = x``."""
    r = x - w - log(w)
    one = 1.0 + w
    q = 2.0 * one * (one + (2.0 / 3.0) * r)
    return w + w * (r / one) * ((q - r) / (q - 2.0 * r))


@inlined
def omega(x: float) -> float:
    """W(e^x) with a relative error below 1e-14; e^x where x is below -38."""
    w = better(x, better(x, start(x)))
    return exp(x, 0.0) if x < VANISHING else w


@inlined
def near_omega(x: float) -> float:
    """W(e^x) with a relative error below 3e-11: enough for a quote in ticks, at two thirds of the cost."""
    w = better(x, start(x))
    return exp(x, 0.0) if x < VANISHING else w


@kernel
def omegas(x, out):
    """Fill ``out`` with W(e^x)."""
    for i in range(x.shape[0]):
        out[i] = omega(x[i])


@kernel
def near_omegas(x, out):
    """Fill ``out`` with W(e^x), quickly."""
    for i in range(x.shape[0]):
        out[i] = near_omega(x[i])


@kernel
def principal(y):
    """W(y) for y >= -1/e, else NaN. Near the branch point by its series, elsewhere Halley's steps."""
    if not y >= BRANCH:
        return NAN
    if y == math.inf:
        return y
    if y > 1.0:
        return omega(math.log(y))
    gap = 2.0 * ((E * y + 1.0) + E_LOW * y)
    p = math.sqrt(max(gap, 0.0))
    w = -1.0 + p * (1.0 + p * (-1.0 / 3.0 + p * (11.0 / 72.0 + p * (-43.0 / 540.0 + p * 769.0 / 17280.0))))
    if p < 0.01:
        return w
    if y > -0.1:
        w = y * (1.0 - y * (1.0 - 1.5 * y)) if abs(y) < 0.1 else math.log1p(y) * (1.0 - 0.15 * y)
    for _ in range(20):
        rise = math.exp(w)
        f = w * rise - y
        step = f / (rise * (w + 1.0) - 0.5 * (w + 2.0) * f / (w + 1.0))
        w -= step
        if abs(step) <= 1e-15 * abs(w):
            break
    return w


@kernel
def principals(y, out):
    """Fill ``out`` with W(y)."""
    for i in range(y.shape[0]):
        out[i] = principal(y[i])
