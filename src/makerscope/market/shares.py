# ruff: noqa: ANN001, ANN201 - compiled functions take the integers their docstrings name
"""Exact shares of integers: a part of a whole, millionths with stated rounding, and a sum split without a remainder.

Money is below 2^62, so ``amount * part`` may not fit 64 bits. What fits is multiplied at once; what does not is divided
bit by bit, as on paper. No answer is a float, none depends on the order of accounts beyond what is said.
"""

import numpy as np

from makerscope.kernels._jit import inlined, kernel
from makerscope.market.layout import PPM

LARGEST = 1 << 62
_BITS = 62


@kernel
def floor_share(amount, part, whole):
    """``amount * part / whole`` rounded down, and the remainder; all of them in ``[0, 2^62)``, ``whole`` above 0."""
    quotient, rest = (amount // whole) * part, amount % whole
    if rest == 0 or part <= LARGEST // rest:
        product = rest * part
        return quotient + product // whole, product % whole
    small, big = np.uint64(rest), np.uint64(whole)
    bits, found, left = np.uint64(part), np.uint64(0), np.uint64(0)
    for place in range(_BITS - 1, -1, -1):
        left = left + left + small * ((bits >> np.uint64(place)) & np.uint64(1))  # below 3 * 2^62
        found = found + found
        while left >= big:
            left -= big
            found += np.uint64(1)
    return quotient + np.int64(found), np.int64(left)


@kernel
def share(amount, part, whole):
    """``amount * part / whole`` rounded half to even; ``amount`` of either sign, ``part`` in ``[0, 2^62)``."""
    quotient, left = floor_share(abs(amount), part, whole)
    opposite = whole - left
    if left > opposite or (left == opposite and quotient & 1):
        quotient += 1
    return quotient if amount >= 0 else -quotient


@inlined
def millionths(amount, ppm):
    """``amount * ppm / 10^6`` rounded half up (towards +infinity), exact while the answer fits 63 bits."""
    whole = amount // PPM
    return whole * ppm + ((amount - whole * PPM) * ppm + PPM // 2) // PPM


@inlined
def millionths_up(amount, ppm):
    """``amount * ppm / 10^6`` rounded up: what a margin rule asks for is never a unit too little."""
    whole = amount // PPM
    return whole * ppm + ((amount - whole * PPM) * ppm + PPM - 1) // PPM


@kernel
def apportion(total, weights, out):
    """Split ``total`` (0 or more) by ``weights`` (0 or more): ``out`` adds up to ``total`` exactly.

    Each part is within one unit of its share, none of weight 0 gets anything, and none gets more than its weight as
    long as ``total`` is at most the sum of the weights. That sum is returned; where it is 0, so is all of ``out``.
    """
    whole = 0
    for k in range(weights.shape[0]):
        whole += weights[k]
    seen = before = 0
    for k in range(weights.shape[0]):
        out[k] = 0
        if weights[k] > 0:  # the difference of two rounded running sums
            seen += weights[k]
            now, _left = floor_share(total, seen, whole)
            out[k] = now - before
            before = now
    return whole
