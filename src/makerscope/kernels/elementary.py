"""Exponential, logarithm and normal tail without a branch or a library call, so that loops over them vectorise.

Numba from PyPI has no vectorised ``exp``, ``log`` or ``erfc``: a loop that calls them stays scalar, three times slower.
The leaves here are inlined, take scalars, and choose by selecting between two values that are both computed.
Every fused multiply-add is written out (``fma``) and no ``fastmath`` flag is set, so that the answer is the same bits
on every processor and with every width of vector.

Leaves, for use inside a loop ``for i in range(a.shape[0])`` of a ``kernel``:

===============================  ======================================================================================
``fma(a, b, c)``                 a b + c with one rounding
``exp(high, low)``               e^(high + low) where low is a small correction; 0 below -708, inf above 709
``log_ratio(a, b)``              ln(a / b) as (high, low), relative error below 1e-17; a and b from 1e-307 to 1e307
``log(a)``                       ln(a), a from 1e-307 to 1e307
``mills(z)``                     N(-z) / phi(z) for z >= -0.5; ``erfcx(x) = sqrt(2 / pi) mills(sqrt(2) x)``
``mills_pair(near, far, gap)``   mills(near), mills(far) and (mills(near) - mills(far)) / gap without cancellation;
                                 -0.5 <= near <= far and gap = far - near
``ndtr(z)``                      N(z), relative error 2e-15 also in the lower tail; 0 below -37.6
===============================  ======================================================================================

N and phi are the normal distribution and density. The difference is what an option out of the money is worth: with
z = -d1 its price is F phi(d1) s (mills(z) - mills(z + s)) / s, and the last factor never cancels, however small s is.

The exponential and the logarithm are good to one unit in the last place, the Mills ratio to six.
``tests/golden/make_elementary.py`` makes the tables.

Source:
    Argument reduction of the Mills ratio: Shepherd and Laframboise (1981), Mathematics of Computation 36, 249-253.
    Rounding by a large constant and errors of sums: Muller et al., Handbook of Floating-Point Arithmetic, 2nd ed., 4.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from makerscope.kernels._jit import inlined

MILLS = (
    2.125705804420318,
    -2.2175329966653763,
    2.0016453988367013,
    -1.5551277631133742,
    1.0275601951897093,
    -0.5644388118938302,
    0.2464482374652663,
    -0.07688381119874907,
    0.010980011225332254,
    0.0037173879558671566,
    -0.0025280845577701086,
    0.000303431541445881,
    0.0002499202385198664,
    -9.59054019945061e-05,
    -1.872943535158692e-05,
    1.7191736513050826e-05,
    9.989332598842803e-07,
    -2.8841048523511785e-06,
    -1.0777910241092961e-08,
    4.963265923207593e-07,
    -2.7395287171158466e-09,
    -8.48070264782145e-08,
    -5.63207320588388e-10,
    1.2265520563763965e-08,
    1.5964545289953736e-10,
    -1.0357201657589174e-09,
)
EXP_TAIL = (
    0.5000000000000001,
    0.1666666666666667,
    0.04166666666662314,
    0.008333333333325968,
    0.0013888888917705656,
    0.00019841269875402765,
    2.480152053418164e-05,
    2.755725466419822e-06,
    2.7620449599885015e-07,
    2.5105522365021182e-08,
)
ATANH_TAIL = (
    0.3333333333333333,
    0.20000000000003998,
    0.14285714283626585,
    0.11111111525881147,
    0.09090868691504037,
    0.07694438356295458,
    0.06604773286756083,
    0.06805091463705501,
)

A, B = 4.5, 5.5  # y = (z - A) / (z + B) maps z >= -0.5 to -1 <= y < 1
LOG2E = 1.4426950408889634
LN2_HIGH = 0.6931471805598903  # 42 bits of ln 2, so that a whole number of 11 bits times it is exact
LN2_LOW = 5.497923018708371e-14
MAGIC = 6755399441055744.0  # 1.5 * 2^52: adding it rounds to a whole number, which then lies in the low bits
MAGIC_BITS = 0x4338000000000000
HALF_STEP = 1 << 51
EXP_LOWEST = -708.0
EXP_HIGHEST = 709.0
INV_ROOT_2PI = 0.3989422804014327


def emitted(build: Callable[..., Any]) -> Any:  # noqa: ANN401 - numba's own protocol has no public types
    """A leaf for compiled code, given as the instructions it stands for."""
    return intrinsic(build)


@emitted
def fma(typing_context: Any, a: Any, b: Any, c: Any) -> Any:  # noqa: ANN401, ARG001 - numba's own protocol
    """``a * b + c`` with one rounding."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001 - see above
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), build


@emitted
def bits_of(typing_context: Any, a: Any) -> Any:  # noqa: ANN401, ARG001 - see above
    """The 64 bits of a double as an integer."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001 - see above
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), build


@emitted
def double_of(typing_context: Any, a: Any) -> Any:  # noqa: ANN401, ARG001 - see above
    """The double with these 64 bits."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001 - see above
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), build


def polynomial(table: tuple[float, ...]) -> Callable[..., Any]:
    """A leaf that evaluates ``sum(table[i] x^i)`` by Horner's rule, with the table as constants of the code."""

    @emitted
    def horner(typing_context: Any, x: Any) -> Any:  # noqa: ANN401, ARG001 - see above
        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001 - see above
            value = ir.Constant(ir.DoubleType(), table[-1])
            for entry in table[-2::-1]:
                value = builder.fma(value, arguments[0], ir.Constant(ir.DoubleType(), entry))
            return value

        return types.float64(types.float64), build

    return horner


def divided_difference(table: tuple[float, ...]) -> Callable[..., Any]:
    """A leaf that evaluates P(y) and (P(x) - P(y)) / (x - y) together, the second also where x = y."""

    @emitted
    def horner(typing_context: Any, x: Any, y: Any) -> Any:  # noqa: ANN401, ARG001 - see above
        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401 - see above
            x, y = arguments
            value, slope = ir.Constant(ir.DoubleType(), table[-1]), ir.Constant(ir.DoubleType(), 0.0)
            for entry in table[-2::-1]:
                slope = builder.fma(slope, x, value)
                value = builder.fma(value, y, ir.Constant(ir.DoubleType(), entry))
            return context.make_tuple(builder, signature.return_type, (value, slope))

        return types.UniTuple(types.float64, 2)(types.float64, types.float64), build

    return horner


_mills = polynomial(MILLS)
_mills_slope = divided_difference(MILLS)
_exp_tail = polynomial(EXP_TAIL)
_atanh_tail = polynomial(ATANH_TAIL)


@inlined
def exp(high: float, low: float) -> float:
    """e^(high + low), where ``low`` is at most about 1e-12 of ``high``."""
    x = min(max(high, EXP_LOWEST), EXP_HIGHEST)
    shifted = fma(x, LOG2E, MAGIC)
    whole = shifted - MAGIC
    r = fma(whole, -LN2_LOW, fma(whole, -LN2_HIGH, x) + low)
    value = 1.0 + fma(r * r, _exp_tail(r), r)
    value = double_of(bits_of(value) + ((bits_of(shifted) - MAGIC_BITS) << 52))
    value = 0.0 if high < EXP_LOWEST else value
    return float("inf") if high > EXP_HIGHEST else value


@inlined
def log_ratio(a: float, b: float) -> tuple[float, float]:
    """ln(a / b) as an unevaluated sum of two doubles.

    ``a`` is scaled by a power of two next to ``b``, where ``a - b`` is exact; then ln = 2 atanh((a - b) / (a + b)).
    """
    power = (bits_of(a) - bits_of(b) + HALF_STEP) >> 52
    near = double_of(bits_of(a) - (power << 52))
    exponent = double_of(power + MAGIC_BITS) - MAGIC
    top, bottom = near - b, near + b
    part = bottom - near
    bottom_low = (near - (bottom - part)) + (b - part)
    inverse = 1.0 / bottom
    u = top * inverse
    u_low = (fma(-u, bottom, top) - u * bottom_low) * inverse
    w = u * u
    first, second = exponent * LN2_HIGH, u + u
    total = first + second
    part = total - first
    lost = (first - (total - part)) + (second - part)
    low = fma(exponent, LN2_LOW, lost) + 2.0 * fma(u * w, _atanh_tail(w), u_low)
    high = total + low
    return high, low - (high - total)


@inlined
def log(a: float) -> float:
    """ln(a), from ``log_ratio``."""
    high, _low = log_ratio(a, 1.0)
    return high


@inlined
def mills(z: float) -> float:
    """N(-z) / phi(z) for z >= -0.5."""
    inverse = 1.0 / (z + B)
    return _mills((z - A) * inverse) * inverse


@inlined
def mills_pair(near: float, far: float, gap: float) -> tuple[float, float, float]:
    """mills(near), mills(far) and (mills(near) - mills(far)) / gap, where ``gap`` is ``far - near``.

    With Q(y) = (z + B) mills(z), Q(near) is made from Q(far) and the divided difference of the polynomial, so nothing
    is subtracted that is nearly equal; as gap goes to 0 the third answer goes to 1 - z mills(z).
    """
    both = 1.0 / ((near + B) * (far + B))
    near_inverse, far_inverse = both * (far + B), both * (near + B)
    far_value, slope = _mills_slope((near - A) * near_inverse, (far - A) * far_inverse)
    slope = (A + B) * (slope * near_inverse)
    near_value = fma(-gap * far_inverse, slope, far_value)
    return near_value * near_inverse, far_value * far_inverse, (far_value - slope) * both


@inlined
def ndtr(z: float) -> float:
    """N(z), the normal distribution function."""
    size = min(abs(z), 40.0)
    square = size * size
    tail = INV_ROOT_2PI * exp(-0.5 * square, -0.5 * fma(size, size, -square)) * mills(size)
    return tail if z < 0.0 else 1.0 - tail
