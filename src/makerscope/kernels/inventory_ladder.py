# ruff: noqa: ANN001, ANN202, ANN201, PLR0917 - compiled functions take the types their docstrings say, in order
"""The ladder of inventories behind inventory-risk quotes: its lowest eigenvector, and its evolution over a horizon.

Both Gueant-Lehalle-Fernandez-Tapia and Cartea-Jaimungal come down to ``v' = M v`` on inventories ``-Q .. Q``, where
``M`` has a running cost on its diagonal and ``-eta`` beside it, and quotes are ``ln(v_q / v_{q+1})`` and a constant.

*Stationary.* The lowest eigenvalue is the root of the twisted factorisation's residual, which is concave and decreasing
below the next pole: safeguarded Newton (which is Rayleigh quotient iteration) takes some five sweeps. The ratios of
neighbours come from the factors themselves, each swept from its own end towards the peak of ``v``, where errors
shrink: so they are accurate however small ``v`` is at the ends, and nothing under- or overflows.

*Finite horizon.* Uniformisation: ``exp(-M t) = e^(-c t) sum (t^n / n!) (c - M)^n`` with ``c`` the largest diagonal has
only positive terms, so every component keeps its relative accuracy.

Sources: B. Parlett, I. Dhillon (2000), Linear Algebra and its Applications 309, 121-151 (twisted factorisation);
A. Jensen (1953), Scandinavian Actuarial Journal 36, 87-91 (uniformisation).
"""

from math import inf, nan, pi, sqrt

from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.elementary import exp, log

SWEEPS = 200  # bisection alone would need some sixty
ENOUGH = 1e-15
STEP = 32.0  # mean number of jumps in one substep of uniformisation
MOST_SUBSTEPS = 200_000
SETTLED = 1e-16


@inlined
def _start(diagonal, eta):
    """The place of the lowest diagonal, and a first guess of the lowest eigenvalue over ``eta``: a harmonic well."""
    n, k = diagonal.shape[0], 0
    for q in range(1, n):
        if diagonal[q] < diagonal[k]:
            k = q
    bend = 0.0
    if 0 < k < n - 1:
        bend = (diagonal[k - 1] - 2.0 * diagonal[k] + diagonal[k + 1]) / eta
    box = (pi / (n + 1)) ** 2
    return k, diagonal[k] / eta - 2.0 + sqrt(0.5 * bend + box * box)


@inlined
def _sweep(diagonal, eta, shift, k, ratio):
    """Neighbours' ratios towards row ``k`` at a shift (over ``eta``). Returns the residual there and the norm squared.

    ``ratio[q]`` is ``v_q / v_{q+1}`` below ``k`` and ``v_q / v_{q-1}`` above it. The norm is 0 where the shift is too
    high.
    """
    n, per = diagonal.shape[0], 1.0 / eta
    left, below = 0.0, 0.0
    for q in range(k):
        pivot = diagonal[q] * per - shift - left
        if not pivot > 0.0:
            return 0.0, 0.0
        left = 1.0 / pivot
        ratio[q] = left
        below = left * left * (1.0 + below)
    right, above = 0.0, 0.0
    for q in range(n - 1, k, -1):
        pivot = diagonal[q] * per - shift - right
        if not pivot > 0.0:
            return 0.0, 0.0
        right = 1.0 / pivot
        ratio[q] = right
        above = right * right * (1.0 + above)
    return diagonal[k] * per - shift - left - right, 1.0 + below + above


@inlined
def _peak(ratio, k):
    """Where ``v`` is largest: uphill from ``k``."""
    n, at = ratio.shape[0], k
    while at < n - 1 and ratio[at + 1] > 1.0:
        at += 1
    if at == k:
        while at > 0 and ratio[at - 1] > 1.0:
            at -= 1
    return at


@kernel
def stationary(diagonal, eta, ratio, steps):
    """Steps of the lowest eigenvector of ``M``: ``steps[q] = ln(v_q / v_{q+1})``.

    Args:
        diagonal: running cost of each inventory, from the lowest; ``(n,)``, n > 1, finite.
        eta: what stands beside it, above 0.
        ratio: room, ``(n,)``.
        steps: the answer, ``(n - 1,)``.

    Returns:
        The lowest eigenvalue; NaN outside the domain.
    """
    n = diagonal.shape[0]
    if n < 2 or not 0.0 < eta < inf:
        return nan
    k, shift = _start(diagonal, eta)
    low = diagonal[k] / eta - 2.0
    high = diagonal[k] / eta
    for _ in range(SWEEPS):
        residual, norm = _sweep(diagonal, eta, shift, k, ratio)
        if norm == 0.0:
            high = min(high, shift)
            shift = 0.5 * (low + high)
            continue
        if residual > 0.0:
            low = max(low, shift)
        else:
            high = min(high, shift)
        move, peak = residual / norm, _peak(ratio, k)
        if peak == k and abs(move) <= ENOUGH * (1.0 + abs(shift)):
            break
        following = shift + move
        if peak == k and not low < following < high:
            following = 0.5 * (low + high)
            if not low < following < high:
                break
        shift, k = min(max(following, low), high), peak
    for q in range(n - 1):
        steps[q] = log(ratio[q]) if q < k else -log(ratio[q + 1])
    return shift * eta


@inlined
def _jumps(diagonal, up, down, top, span, v, term):
    """One substep: ``v`` becomes ``exp((top - M) span) v``. Returns False where it does not converge."""
    n, mean, least = diagonal.shape[0], 0.0, 0
    for q in range(n):
        term[q] = v[q]
        mean = max(mean, (top - diagonal[q] + up[q] + down[q]) * span)
    least = int(mean) + 1
    for order in range(1, 20 * int(STEP) + least):
        share, before, small = span / order, 0.0, True
        for q in range(n):
            here = term[q]
            after = term[q + 1] if q < n - 1 else 0.0
            term[q] = share * ((top - diagonal[q]) * here + up[q] * after + down[q] * before)
            v[q] += term[q]
            small = small and term[q] <= SETTLED * v[q]
            before = here
        if small and order >= least:
            return True
    return False


@kernel
def evolve(diagonal, up, down, horizon, v, term):
    """Take ``v`` at the end of a horizon back to its start: ``exp(-M horizon) v``, up to a factor.

    Args:
        diagonal: running cost of each inventory; ``(n,)``.
        up: rate (0 or more) from each inventory to the next above, ``(n,)``; the last is not used.
        down: rate to the next below, ``(n,)``; the first is not used.
        horizon: 0 or longer, in the unit of time of the rates.
        v: changed in place, ``(n,)``, 0 or above; its largest is 1 afterwards.
        term: room, ``(n,)``.

    Returns:
        ln of the factor taken out; NaN outside the domain, or where a horizon is too long for the rates.
    """
    n, top, fastest = diagonal.shape[0], diagonal[0], 0.0
    for q in range(n):
        top = max(top, diagonal[q])
    for q in range(n):
        fastest = max(fastest, top - diagonal[q] + up[q] + down[q])
    substeps = fastest * horizon / STEP
    if not 0.0 <= substeps <= MOST_SUBSTEPS:
        return nan
    count = int(substeps) + 1
    taken = 0.0
    for _ in range(count if horizon > 0.0 else 0):
        if not _jumps(diagonal, up, down, top, horizon / count, v, term):
            return nan
        largest = 0.0
        for q in range(n):
            largest = max(largest, v[q])
        if not 0.0 < largest < inf:
            return nan
        for q in range(n):
            v[q] /= largest
        taken += log(largest) - top * horizon / count
    return taken


@inlined
def log1p_near(x):
    """ln(1 + x) for x from 0 to 0.5, by the series of the inverse hyperbolic tangent."""
    y = x / (2.0 + x)
    square, power, total = y * y, y, 0.0
    for n in range(1, 26, 2):
        total += power / n
        power *= square
    return 2.0 * total


@inlined
def glft_terms(sigma, A, k, gamma):
    """(alpha, eta, constant) of Gueant-Lehalle-Fernandez-Tapia; ``gamma`` at 0 is its risk-neutral limit."""
    x = gamma / k
    if x < 1e-8:
        constant = (1.0 - 0.5 * x) / k
        return 0.5 * k * gamma * sigma * sigma, A * exp(-1.0 - 0.5 * x, 0.0), constant
    grown = log(1.0 + x) if x > 0.5 else log1p_near(x)
    return 0.5 * k * gamma * sigma * sigma, A * exp(-(1.0 + 1.0 / x) * grown, 0.0), grown / gamma
