"""``a * b // c`` exactly, through a 128-bit product: what every score in fixed point is made of.

The machine multiplies two 64-bit words to 128 bits, but the compiler would call a library for the division, which is
not linked here. So the division is written out: the divisor is moved left until its top bit is set, and the quotient
comes in two digits of 32 bits, each guessed from the divisor's upper half and lowered at most twice (D. E. Knuth, The
Art of Computer Programming, volume 2, section 4.3.1, algorithm D with two digits).
"""
# ruff: noqa: ANN001, ANN201, ANN202 - compiled functions take the types their docstrings say

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from makerscope.kernels._jit import inlined, kernel

_WORD, _WIDE = ir.IntType(64), ir.IntType(128)
_DIGIT = np.uint64(32)
_MASK = np.uint64(2**32 - 1)
_BASE = np.uint64(2**32)
_ONE = np.uint64(1)
_BITS = np.uint64(64)
_ZERO = np.uint64(0)
_LARGEST = np.uint64(2**63 - 1)


def _product(_context, a, b):  # noqa: ARG001 - their types stand in the signature
    """Upper and lower word of ``a * b``, both uint64."""

    def emit(context, builder, signature, args):
        both = builder.mul(builder.zext(args[0], _WIDE), builder.zext(args[1], _WIDE))
        upper = builder.trunc(builder.lshr(both, ir.Constant(_WIDE, 64)), _WORD)
        return context.make_tuple(builder, signature.return_type, (upper, builder.trunc(both, _WORD)))

    return types.UniTuple(types.uint64, 2)(types.uint64, types.uint64), emit


def _leading_zeros(_context, x):  # noqa: ARG001 - its type stands in the signature
    """How many of the upper bits of ``x`` (uint64, not 0) are 0."""

    def emit(_context, builder, _signature, args):
        return builder.ctlz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), emit


product: Any = intrinsic(_product)
leading_zeros: Any = intrinsic(_leading_zeros)


@inlined
def _digit(upper, next_digit, divisor):
    """One digit of the quotient: ``(upper * 2**32 + next_digit) // divisor`` where that is below ``2**32``."""
    head, tail = divisor >> _DIGIT, divisor & _MASK
    guess = upper // head
    rest = upper - guess * head
    while guess >= _BASE or guess * tail > ((rest << _DIGIT) | next_digit):
        guess -= _ONE
        rest += head
        if rest >= _BASE:
            break
    return guess


@kernel
def muldiv(a, b, c):
    """``a * b // c`` with nothing lost on the way.

    Args:
        a: int64, not negative.
        b: int64, not negative.
        c: int64, positive.

    Returns:
        int64; -1 where an argument is out of its domain or the result does not fit int64.
    """
    if a < 0 or b < 0 or c <= 0:
        return -1
    upper, lower = product(np.uint64(a), np.uint64(b))
    divisor = np.uint64(c)
    if upper == _ZERO:
        small = lower // divisor
        return np.int64(small) if small <= _LARGEST else -1
    if upper >= divisor:
        return -1
    shift = leading_zeros(divisor)  # at least 1, for c is positive
    divisor <<= shift
    upper = (upper << shift) | (lower >> (_BITS - shift))
    lower <<= shift
    first = _digit(upper, lower >> _DIGIT, divisor)
    upper = ((upper << _DIGIT) | (lower >> _DIGIT)) - first * divisor
    second = _digit(upper, lower & _MASK, divisor)
    quotient = (first << _DIGIT) | second
    return np.int64(quotient) if quotient <= _LARGEST else -1
