"""Raw SVI: total variance of one expiry as five numbers, its arbitrage function g, and its fit.

``w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + s^2))``: ``k`` is log(strike / forward), ``w`` is volatility squared
times expiry. A slice is five float64 in the order ``a, b, rho, m, s``.

Inside the fit a slice is ``middle, left, right, m, ln s`` with ``middle = w(m)`` and the slopes of the two wings
``left = b (1 - rho)``, ``right = b (1 + rho)``: what must hold is a box, ``0 <= left, right <= steepest`` (Lee's bound
is 2), ``m`` and ``s`` within some widths of the quotes. ``w(m)``, not ``a``: a smile that is nearly a parabola has a
long valley of slices with large ``s`` where ``a`` and ``b s`` cancel, and that is straighter in ``w(m)``.

Cold, the fit is quasi-explicit (Zeliade 2009): at fixed ``m, s`` the other three are a linear least squares, and as
``(k - m)^2 + s^2`` is a polynomial, only three of its sums depend on ``m, s``. The best of 5 x 5 such places starts a
Levenberg-Marquardt walk in all five, on differences of volatility, with Huber's weights. Warm, the walk starts at the
slice of the moment before.

Sources: J. Gatheral, A. Jacquier (2014), Quantitative Finance 14, 59-71; Zeliade Systems (2009), Quasi-explicit
calibration of Gatheral's SVI model; P. Huber (1964).
"""
# ruff: noqa: ANN001, ANN201, ANN202, PLR0917, C901 - a kernel is compiled for what calls it

import math

import numpy as np

from makerscope.kernels._jit import inlined, kernel

PARAMETERS = 5
_NORMAL = 20  # 15 of the symmetric matrix, 5 of the gradient
_GOLDEN = 0.3819660112501051


@inlined
def variance_at(k, a, b, rho, m, s):
    """Total variance at one log-moneyness."""
    x = k - m
    return a + b * (rho * x + math.sqrt(x * x + s * s))


@inlined
def g_of(k, w, slope, bend):
    """Gatheral's ``g`` from total variance and its two derivatives: the density is a positive multiple of it."""
    if not w > 0.0:
        return math.nan
    tilt = 1.0 - 0.5 * k * slope / w
    return tilt * tilt - 0.25 * slope * slope * (1.0 / w + 0.25) + 0.5 * bend


@inlined
def jet(k, a, b, rho, m, s):
    """Total variance, first and second derivative at one log-moneyness."""
    x = k - m
    z = math.sqrt(x * x + s * s)
    return a + b * (rho * x + z), b * (rho + x / z), b * s * s / (z * z * z)


@kernel
def total_variance(k, slices, row, out):
    """Total variance of ``slices[row[i]]`` at ``k[i]``; NaN where the row is negative."""
    for i in range(k.shape[0]):
        r = row[i]
        out[i] = math.nan
        if r >= 0:
            out[i] = variance_at(k[i], slices[r, 0], slices[r, 1], slices[r, 2], slices[r, 3], slices[r, 4])


@kernel
def mixture(k, low, high, share, shift, out):
    """Columns ``w, w', w''`` of ``(1 - share) * low + share * high + shift`` at each ``k``; ``out`` is ``(n, 3)``."""
    for i in range(k.shape[0]):
        v, v1, v2 = jet(k[i], low[0], low[1], low[2], low[3], low[4])
        w, w1, w2 = jet(k[i], high[0], high[1], high[2], high[3], high[4])
        out[i, 0] = v + share * (w - v) + shift
        out[i, 1] = v1 + share * (w1 - v1)
        out[i, 2] = v2 + share * (w2 - v2)


@inlined
def _g_mixed(k, low, high, share, shift):
    v, v1, v2 = jet(k, low[0], low[1], low[2], low[3], low[4])
    w, w1, w2 = jet(k, high[0], high[1], high[2], high[3], high[4])
    return g_of(k, v + share * (w - v) + shift, v1 + share * (w1 - v1), v2 + share * (w2 - v2))


@inlined
def _gap(k, low, high):
    above = variance_at(k, high[0], high[1], high[2], high[3], high[4])
    return above - variance_at(k, low[0], low[1], low[2], low[3], low[4])


@inlined
def _searched(what, k, low, high, share, shift):
    value = _gap(k, low, high) if what == 1 else _g_mixed(k, low, high, share, shift)
    return value if value == value else -math.inf  # noqa: PLR0124 - NaN is no variance at all: as bad as can be


@kernel
def lowest(what, low, high, share, shift, grid):
    """Least value and its place of ``g`` (``what`` 0, of a mixture of slices) or of ``high - low`` (``what`` 1).

    Every local minimum of the grid is narrowed by golden section, 60 steps (the bracket shrinks by 3e-13).
    """
    n = grid.shape[0]
    least, place = math.inf, math.nan
    before, here = math.inf, _searched(what, grid[0], low, high, share, shift)
    for i in range(n):
        after = _searched(what, grid[i + 1], low, high, share, shift) if i + 1 < n else math.inf
        if here < least:
            least, place = here, grid[i]
        if here <= before and here <= after and here > -math.inf:
            left, right = grid[max(i - 1, 0)], grid[min(i + 1, n - 1)]
            one, two = left + _GOLDEN * (right - left), right - _GOLDEN * (right - left)
            f1 = _searched(what, one, low, high, share, shift)
            f2 = _searched(what, two, low, high, share, shift)
            for _ in range(60):
                if f1 < f2:
                    right, two, f2 = two, one, f1
                    one = left + _GOLDEN * (right - left)
                    f1 = _searched(what, one, low, high, share, shift)
                else:
                    left, one, f1 = one, two, f2
                    two = right - _GOLDEN * (right - left)
                    f2 = _searched(what, two, low, high, share, shift)
            if f1 < least:
                least, place = f1, one
            if f2 < least:
                least, place = f2, two
        before, here = here, after
    return least, place


@inlined
def _cost3(n00, n01, n02, n11, n12, n22, v0, v1, v2, total, a, left, right):
    quadratic = a * (n00 * a + 2.0 * (n01 * left + n02 * right))
    quadratic += left * (n11 * left + 2.0 * n12 * right) + n22 * right * right
    return quadratic - 2.0 * (v0 * a + v1 * left + v2 * right) + total


@inlined
def _level(n00, n01, n02, v0, left, right):
    return (v0 - n01 * left - n02 * right) / n00


@inlined
def _two(n00, n01, n11, v0, v1, low, high):
    """Slope of a straight fit, held in its box."""
    under = n00 * n11 - n01 * n01
    if not under > 0.0:
        return low
    return min(max((n00 * v1 - n01 * v0) / under, low), high)


@kernel
def explicit(k, target, weight, m, s, steepest, moments, out):
    """Least weighted squares of total variance at fixed ``m, s``: puts a, left, right into ``out``, returns the cost.

    ``moments``: sums of weight times 1, k, k^2, t, k t, t^2.
    """
    s0 = s1 = s2 = 0.0
    for i in range(k.shape[0]):
        x = k[i] - m
        z = weight[i] * math.sqrt(x * x + s * s)
        s0 += z
        s1 += z * x
        s2 += z * target[i]
    n00 = moments[0]
    x1 = moments[1] - m * n00
    xx = moments[2] - m * (2.0 * moments[1] - m * n00)
    zz = xx + s * s * n00
    xt = moments[4] - m * moments[3]
    n01, n02 = 0.5 * (s0 - x1), 0.5 * (s0 + x1)
    n11, n12, n22 = 0.25 * (zz - 2.0 * s1 + xx), 0.25 * (zz - xx), 0.25 * (zz + 2.0 * s1 + xx)
    v0, v1, v2, total = moments[3], 0.5 * (s2 - xt), 0.5 * (s2 + xt), moments[5]
    # eliminate a, then two unknowns in a box: inside, or the best of the four edges
    c11, c12, c22 = n11 - n01 * n01 / n00, n12 - n01 * n02 / n00, n22 - n02 * n02 / n00
    r1, r2 = v1 - n01 * v0 / n00, v2 - n02 * v0 / n00
    under = c11 * c22 - c12 * c12
    best = math.inf
    if under > 1e-14 * c11 * c22:
        left, right = (r1 * c22 - r2 * c12) / under, (r2 * c11 - r1 * c12) / under
        if 0.0 <= left <= steepest and 0.0 <= right <= steepest:
            a = _level(n00, n01, n02, v0, left, right)
            out[0], out[1], out[2] = a, left, right
            best = _cost3(n00, n01, n02, n11, n12, n22, v0, v1, v2, total, a, left, right)
    if best == math.inf:
        for edge in range(4):
            bound = steepest if edge >= 2 else 0.0
            if edge % 2 == 0:
                left = bound
                right = min(max((r2 - c12 * left) / c22, 0.0), steepest) if c22 > 0.0 else 0.0
            else:
                right = bound
                left = min(max((r1 - c12 * right) / c11, 0.0), steepest) if c11 > 0.0 else 0.0
            a = _level(n00, n01, n02, v0, left, right)
            cost = _cost3(n00, n01, n02, n11, n12, n22, v0, v1, v2, total, a, left, right)
            if cost < best:
                best = cost
                out[0], out[1], out[2] = a, left, right
    if not out[0] + s * math.sqrt(out[1] * out[2]) > 0.0:
        return math.inf
    return best


@kernel
def _normal(k, vol, weight, middle, left, right, m, s, huber, out):
    """Cost at a slice, and the normal equations of its step in ``middle, left, right, m, ln s`` (``out``, 20 numbers).

    The cost is the sum of Huber's function of ``weight * (sqrt(w) - vol)``, twice (plain squares below ``huber``).
    """
    h00 = h01 = h02 = h03 = h04 = h11 = h12 = h13 = h14 = h22 = h23 = h24 = h33 = h34 = h44 = 0.0
    g0 = g1 = g2 = g3 = g4 = cost = 0.0
    b, tilt, ss = 0.5 * (left + right), 0.5 * (right - left), s * s
    a = middle - b * s
    if not a + s * math.sqrt(left * right) > 0.0:
        return math.inf
    for i in range(k.shape[0]):
        x = k[i] - m
        z = math.sqrt(x * x + ss)
        root = math.sqrt(a + tilt * x + b * z)
        error = weight[i] * (root - vol[i])
        size = abs(error)
        kept = 1.0
        if size > huber:
            kept = math.sqrt(huber / size)
            cost += huber * (2.0 * size - huber)
        else:
            cost += error * error
        scale = kept * weight[i] / (2.0 * root)
        error *= kept
        flat = b / z
        j0 = scale
        j1 = scale * 0.5 * (z - x - s)
        j2 = scale * 0.5 * (z + x - s)
        j3 = -scale * (tilt + flat * x)
        j4 = scale * s * (flat * s - b)
        h00 += j0 * j0
        h01 += j0 * j1
        h02 += j0 * j2
        h03 += j0 * j3
        h04 += j0 * j4
        h11 += j1 * j1
        h12 += j1 * j2
        h13 += j1 * j3
        h14 += j1 * j4
        h22 += j2 * j2
        h23 += j2 * j3
        h24 += j2 * j4
        h33 += j3 * j3
        h34 += j3 * j4
        h44 += j4 * j4
        g0 += j0 * error
        g1 += j1 * error
        g2 += j2 * error
        g3 += j3 * error
        g4 += j4 * error
    out[0], out[1], out[2], out[3], out[4] = h00, h01, h02, h03, h04
    out[5], out[6], out[7], out[8] = h11, h12, h13, h14
    out[9], out[10], out[11], out[12], out[13], out[14] = h22, h23, h24, h33, h34, h44
    out[15], out[16], out[17], out[18], out[19] = g0, g1, g2, g3, g4
    return cost


@kernel
def _solved(normal, damping, free, step):
    """Damped step of the free parameters by Cholesky, the others 0. False where the matrix is not positive."""
    chol = np.empty((PARAMETERS, PARAMETERS))
    at = 0
    for i in range(PARAMETERS):
        for j in range(i, PARAMETERS):
            chol[j, i] = normal[at] if free[i] and free[j] else 0.0
            at += 1
        step[i] = -normal[15 + i] if free[i] else 0.0
        chol[i, i] = chol[i, i] * (1.0 + damping) + 1e-300 if free[i] else 1.0
    for i in range(PARAMETERS):
        total = chol[i, i]
        for j in range(i):
            total -= chol[i, j] * chol[i, j]
        if not total > 1e-14 * chol[i, i]:
            return False
        root = math.sqrt(total)
        chol[i, i] = root
        for r in range(i + 1, PARAMETERS):
            total = chol[r, i]
            for j in range(i):
                total -= chol[r, j] * chol[i, j]
            chol[r, i] = total / root
    for i in range(PARAMETERS):
        total = step[i]
        for j in range(i):
            total -= chol[i, j] * step[j]
        step[i] = total / chol[i, i]
    for i in range(PARAMETERS - 1, -1, -1):
        total = step[i]
        for j in range(i + 1, PARAMETERS):
            total -= chol[j, i] * step[j]
        step[i] = total / chol[i, i]
    return True


@kernel
def walk(k, vol, weight, box, huber, tolerance, steps, here):
    """Levenberg-Marquardt inside a box from ``here`` (middle, left, right, m, ln s), which is moved. Returns the cost.

    ``box``: ``(5, 2)``, lowest and highest of each. Ends when a step gains less than ``tolerance`` of the cost.
    """
    normal, other = np.empty(_NORMAL), np.empty(_NORMAL)
    step, trial, free = np.empty(PARAMETERS), np.empty(PARAMETERS), np.ones(PARAMETERS, np.bool_)
    cost = _normal(k, vol, weight, here[0], here[1], here[2], here[3], math.exp(here[4]), huber, normal)
    damping, small = 1e-4, 0
    for _ in range(steps):
        if not cost < math.inf:
            break
        for j in range(PARAMETERS):  # a wall that the gradient pushes against holds its parameter
            pull = normal[15 + j]
            free[j] = not ((here[j] <= box[j, 0] and pull > 0.0) or (here[j] >= box[j, 1] and pull < 0.0))
        if not _solved(normal, damping, free, step):
            damping = max(10.0 * damping, 1e-6)
            if damping > 1e12:
                break
            continue
        hoped = 0.0  # what the step gains if the errors are straight in the parameters
        for j in range(PARAMETERS):
            hoped -= normal[15 + j] * step[j]
            trial[j] = min(max(here[j] + step[j], box[j, 0]), box[j, 1])
        if damping < 1e-2 and hoped <= 0.1 * tolerance * cost:
            break
        found = _normal(k, vol, weight, trial[0], trial[1], trial[2], trial[3], math.exp(trial[4]), huber, other)
        if found < cost:
            gain = cost - found
            for j in range(PARAMETERS):
                here[j] = trial[j]
            normal, other = other, normal
            small = small + 1 if gain <= tolerance * cost else 0
            cost = found
            damping = max(0.1 * damping, 1e-9)
            if small >= 1:
                break
        else:
            if damping > 1e10 or found - cost <= 1e-15 * cost:
                break
            damping = max(10.0 * damping, 1e-4)
    return cost


@kernel
def fit_slice(k, vol, weight, steepest, huber, tolerance, warm, out):
    """Fit one slice; ``out`` (a, b, rho, m, s) is where a warm fit starts and where the answer is put.

    Args:
        k: float64 ``(n,)``, log(strike / forward), n >= 5, at least 3 different.
        vol: float64 ``(n,)``, volatility times the square root of expiry, > 0.
        weight: float64 ``(n,)``, one over what an error of ``vol`` is measured in, > 0.
        steepest: largest slope of a wing, at most 2.
        huber: from which error on (in units of 1 / weight) a quote counts linearly; infinity for plain squares.
        tolerance: share of the cost below which a gain ends the walk.
        warm: whether ``out`` holds a start.
        out: float64 ``(5,)``.

    Returns:
        The cost: the sum of squares of weight * (sqrt(w) - vol), each Huberised. Infinity if nothing could be fitted.
    """
    n = k.shape[0]
    low = high = k[0]
    for i in range(n):
        low, high = min(low, k[i]), max(high, k[i])
    width = max(high - low, 1e-6)
    box = np.empty((PARAMETERS, 2))
    box[0, 0], box[0, 1] = -math.inf, math.inf  # the lowest variance is what must be above 0
    box[1, 0], box[1, 1], box[2, 0], box[2, 1] = 0.0, steepest, 0.0, steepest
    box[3, 0], box[3, 1] = low - width, high + width
    box[4, 0], box[4, 1] = math.log(2e-3 * width), math.log(4.0 * width)
    here, trial = np.empty(PARAMETERS), np.empty(PARAMETERS)
    if warm:
        here[0], here[1], here[2] = out[0] + out[1] * out[4], out[1] * (1.0 - out[2]), out[1] * (1.0 + out[2])
        here[3], here[4] = out[3], math.log(out[4])
        for j in range(PARAMETERS):
            here[j] = min(max(here[j], box[j, 0]), box[j, 1])
    else:
        target, square, moments = np.empty(n), np.empty(n), np.zeros(6)
        for i in range(n):
            target[i] = vol[i] * vol[i]
            half = weight[i] / (2.0 * vol[i])
            square[i] = half * half
            moments[0] += square[i]
            moments[1] += square[i] * k[i]
            moments[2] += square[i] * k[i] * k[i]
            moments[3] += square[i] * target[i]
            moments[4] += square[i] * k[i] * target[i]
            moments[5] += square[i] * target[i] * target[i]
        best = math.inf
        for i in range(5):
            m = low + width * (0.1 + 0.2 * i)
            s = 0.01 * width
            for _ in range(5):
                cost = explicit(k, target, square, m, s, steepest, moments, trial)
                if cost < best:
                    best = cost
                    here[0] = trial[0] + 0.5 * (trial[1] + trial[2]) * s
                    here[1], here[2], here[3], here[4] = trial[1], trial[2], m, math.log(s)
                s *= 3.1622776601683795
        if not best < math.inf:  # no place with a positive variance: start flat
            here[0], here[1], here[2], here[3] = moments[3] / moments[0], 0.0, 0.0, 0.5 * (low + high)
            here[4] = math.log(0.1 * width)
    cost = walk(k, vol, weight, box, huber, tolerance, 300, here)
    b = 0.5 * (here[1] + here[2])
    out[1], out[3], out[4] = b, here[3], math.exp(here[4])
    out[0] = here[0] - b * out[4]
    out[2] = 0.5 * (here[2] - here[1]) / b if b > 0.0 else 0.0
    return cost


@kernel
def fit_slices(k, vol, weight, first, steepest, huber, tolerance, warm, out, cost):
    """Fit every slice of a surface: quotes ``first[i]`` to ``first[i + 1]`` are slice ``i``; ``out`` is ``(n, 5)``."""
    for i in range(first.shape[0] - 1):
        one, two = first[i], first[i + 1]
        cost[i] = fit_slice(k[one:two], vol[one:two], weight[one:two], steepest, huber, tolerance, warm, out[i])
