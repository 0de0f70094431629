"""One step backwards in time of an option dealer's value on a grid of variance and portfolio vega.

Explicit: upwind in variance, linear between nodes of vega; a trade that would leave the vega limit is not made.
"""
# ruff: noqa: ANN001, ANN201, PLR0917 - a kernel is compiled for what calls it

from math import sqrt

from makerscope.kernels._jit import kernel
from makerscope.kernels.lambert import omega

VEGA, SIZE, RATE = range(3)
KP, TP, KQ, TQ, XI, GAMMA, ALPHA, BETA = range(8)


@kernel
def gains(value, vegas, trade, alpha, beta, out):
    """Fill ``out`` ``(m,)``: what all quotes together earn a year at each node of vega, given ``value`` ``(m,)``.

    ``trade`` ``(3, n)``: vega, size and arrivals a year of each option. Returns the greatest rate at which the gain
    falls with the value of a node: the step in time must be below one over it.
    """
    m, step = vegas.shape[0], vegas[1] - vegas[0]
    edge = 1e-9 * step
    steep = 0.0
    for j in range(m):
        out[j] = 0.0
        felt = 0.0
        for i in range(trade.shape[1]):
            size, b = trade[SIZE, i], beta / trade[VEGA, i]
            for side in (-1.0, 1.0):  # -1: the ask trades and vega falls
                to = vegas[j] + side * size * trade[VEGA, i]
                if to < vegas[0] - edge or to > vegas[m - 1] + edge:
                    continue
                place = min(max((to - vegas[0]) / step, 0.0), m - 1.0)
                k = min(int(place), m - 2)
                share = place - k
                after = value[k] + share * (value[k + 1] - value[k])
                p = (value[j] - after) / size
                w = omega(-1.0 - alpha - b * p)
                out[j] += size * trade[RATE, i] * w / b
                felt += trade[RATE, i] * w / (1.0 + w)
        steep = max(steep, felt)
    return steep


@kernel
def step_back(value, variances, vegas, trade, terms, dt, out, earned):
    """Fill ``out`` ``(l, m)``, the value ``dt`` years earlier than ``value``. ``earned`` ``(m,)`` is for work."""
    rows, m = value.shape
    h = variances[1] - variances[0]
    xx = terms[XI] * terms[XI]
    for a in range(rows):
        nu = variances[a]
        gains(value[a], vegas, trade, terms[ALPHA], terms[BETA], earned)
        drift = terms[KP] * (terms[TP] - nu)
        tilt = (drift - terms[KQ] * (terms[TQ] - nu)) / (2.0 * sqrt(nu))
        up, down = min(a + 1, rows - 1), max(a - 1, 0)
        for j in range(m):
            here = value[a, j]
            slope = (value[up, j] - here) if drift > 0.0 else (here - value[down, j])
            bend = value[up, j] - 2.0 * here + value[down, j]
            change = drift * slope / h + 0.5 * xx * nu * bend / (h * h)
            change += vegas[j] * tilt - terms[GAMMA] * xx * vegas[j] * vegas[j] / 8.0
            out[a, j] = here + dt * (change + earned[j])


@kernel
def solve(variances, vegas, trade, terms, dt, steps, keep, value, other, earned, kept):
    """March from 0 at the horizon to now; ``kept[r]`` is the value after ``keep * r`` steps, ``kept[0]`` all 0."""
    for n in range(1, steps + 1):
        step_back(value, variances, vegas, trade, terms, dt, other, earned)
        value, other = other, value
        if n % keep == 0:
            kept[n // keep] = value
