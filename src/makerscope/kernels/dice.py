"""Dice of the simulated world: one stream of random numbers for each purpose, the same bits on every machine.

``dice`` is a ``(streams, 4)`` uint64 array; row ``k`` is the state of one xoshiro256++ generator. ``streams`` makes
it: each row is seeded from the seed and the row's own name, and from nothing else. So a new agent has new numbers and
changes nobody else's: two runs with one seed differ by the agent alone (paired seeds). The names, not their order,
decide.

Leaves for compiled code, each of which moves stream ``k`` on:

===========================  ==========================================================================================
``next_bits(dice, k)``       64 random bits (uint64)
``uniform(dice, k)``         a double in [0, 1), a multiple of 2^-53
``below(dice, k, n)``        an integer in [0, n), each equally likely; 0 for n < 1
``exponential(dice, k)``     mean 1
``normal(dice, k)``          mean 0, variance 1, by inversion: exactly one number of 64 bits each, symmetric, |z| < 8.3
``poisson(dice, k, mean)``   a count; one number below a mean of 12, else two for each try; 0 for a mean that is not > 0
``geometric(dice, k, p)``    trials up to and with the first success, >= 1; 0 outside 0 < p <= 1
===========================  ==========================================================================================

Sources:
    D. Blackman, S. Vigna (2021), Scrambled linear pseudorandom number generators, ACM Trans. Math. Software 47(4), 36.
    G. Steele, D. Lea, C. Flood (2014), Fast splittable pseudorandom number generators, OOPSLA (SplitMix64).
    D. Lemire (2019), Fast random integer generation in an interval, ACM Trans. Modeling and Comp. Sim. 29(1), 3.
    M. Wichura (1988), Algorithm AS 241: the percentage points of the normal distribution, Applied Statistics 37, 477.
    W. Hörmann (1993), The transformed rejection method for generating Poisson random variables, Insurance:
    Mathematics and Economics 12, 39-45 (algorithm PTRS).
"""
# ruff: noqa: ANN001, ANN201 - a kernel is compiled for the types it is called with

from collections.abc import Sequence
from hashlib import blake2b
from math import floor, sqrt
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.elementary import emitted, exp, fma, log, polynomial

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
NUMBERED = 0xD1B54A32D192ED03  # keeps the stream numbered 7 apart from any that is named
_SIX, _ELEVEN, _TWELVE = np.uint64(6), np.uint64(11), np.uint64(12)
_SEVENTEEN, _NINETEEN, _TWENTY_THREE = np.uint64(17), np.uint64(19), np.uint64(23)
_FORTY_ONE, _FORTY_FIVE = np.uint64(41), np.uint64(45)
STEP = 2.0**-53
LARGEST = 1 << 62  # no count is larger
FEW = 12.0  # Poisson means below it are inverted by search

# AS 241, PPND16: numerators and denominators near the middle, in the tail, far in the tail
MIDDLE = (
    (
        3.3871328727963666080e0,
        1.3314166789178437745e2,
        1.9715909503065514427e3,
        1.3731693765509461125e4,
        4.5921953931549871457e4,
        6.7265770927008700853e4,
        3.3430575583588128105e4,
        2.5090809287301226727e3,
    ),
    (
        1.0,
        4.2313330701600911252e1,
        6.8718700749205790830e2,
        5.3941960214247511077e3,
        2.1213794301586595867e4,
        3.9307895800092710610e4,
        2.8729085735721942674e4,
        5.2264952788528545610e3,
    ),
)
TAIL = (
    (
        1.42343711074968357734e0,
        4.63033784615654529590e0,
        5.76949722146069140550e0,
        3.64784832476320460504e0,
        1.27045825245236838258e0,
        2.41780725177450611770e-1,
        2.27238449892691845833e-2,
        7.74545014278341407640e-4,
    ),
    (
        1.0,
        2.05319162663775882187e0,
        1.67638483018380384940e0,
        6.89767334985100004550e-1,
        1.48103976427480074590e-1,
        1.51986665636164571966e-2,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    ),
)
FAR = (
    (
        6.65790464350110377720e0,
        5.46378491116411436990e0,
        1.78482653991729133580e0,
        2.96560571828504891230e-1,
        2.65321895265761230930e-2,
        1.24266094738807843860e-3,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ),
    (
        1.0,
        5.99832206555887937690e-1,
        1.36929880922735805310e-1,
        1.48753612908506148525e-2,
        7.86869131145613259100e-4,
        1.84631831751005468180e-5,
        1.42151175831644588870e-7,
        2.04426310338993978564e-15,
    ),
)
LOG_FACTORIAL_TAIL = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188)  # Stirling, in powers of 1 / x^2
_HALF_LOG_2PI = 0.9189385332046727418
_middle_top, _middle_bottom = polynomial(MIDDLE[0]), polynomial(MIDDLE[1])
_tail_top, _tail_bottom = polynomial(TAIL[0]), polynomial(TAIL[1])
_far_top, _far_bottom = polynomial(FAR[0]), polynomial(FAR[1])
_stirling = polynomial(LOG_FACTORIAL_TAIL)


def split_mix(state: int) -> int:
    """The output of SplitMix64 for a state, 64 bits."""
    z = state & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def streams(seed: int, names: Sequence[str | int]) -> NDArray[np.uint64]:
    """Dice, one stream a name, seeded from ``seed`` and the name alone.

    Args:
        seed: of the whole run, 0 to 2^64 - 1.
        names: what each stream is for, text or a whole number from 0, no two the same.

    Returns:
        States, shape ``(len(names), 4)``.

    Raises:
        DomainError: a seed or number outside its range, or a name twice.

    Examples:
        >>> both, one = streams(7, ["price", "agent 1"]), streams(7, ["agent 1"])
        >>> bool((both[1] == one[0]).all())
        True
    """
    if not 0 <= seed <= MASK:
        raise DomainError(f"seed {seed}: want a whole number from 0 to 2^64 - 1")
    if len(set(names)) != len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise DomainError(f"dice: the name {twice!r} is there twice; want one for each stream")
    out = np.empty((len(names), 4), np.uint64)
    for row, name in enumerate(names):
        state = split_mix(split_mix(seed + GOLDEN) ^ _key(name))
        for i in range(4):
            state = (state + GOLDEN) & MASK
            out[row, i] = split_mix(state)
    return out


def _key(name: str | int) -> int:
    if isinstance(name, str):
        return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little")
    if not 0 <= name <= MASK:
        raise DomainError(f"stream {name}: want a name, or a whole number from 0 to 2^64 - 1")
    return split_mix(name ^ NUMBERED)


@emitted
def _wide_product(typing_context: Any, a: Any, b: Any) -> Any:  # noqa: ANN401, ARG001 - numba's own protocol
    """The 128 bits of a product of two uint64: high, low."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401 - see above
        wide = ir.IntType(128)
        product = builder.mul(*(builder.zext(value, wide) for value in arguments))
        high = builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), ir.IntType(64))
        low = builder.trunc(product, ir.IntType(64))
        return context.make_tuple(builder, signature.return_type, (high, low))

    return types.UniTuple(types.uint64, 2)(types.uint64, types.uint64), build


@inlined
def next_bits(dice, k):
    """64 random bits of stream ``k``."""
    a, b, c, d = dice[k, 0], dice[k, 1], dice[k, 2], dice[k, 3]
    total = a + d
    bits = ((total << _TWENTY_THREE) | (total >> _FORTY_ONE)) + a
    shifted = b << _SEVENTEEN
    c ^= a
    d ^= b
    dice[k, 1] = b ^ c
    dice[k, 0] = a ^ d
    dice[k, 2] = c ^ shifted
    dice[k, 3] = (d << _FORTY_FIVE) | (d >> _NINETEEN)
    return bits


@inlined
def uniform(dice, k):
    """A double in [0, 1)."""
    return np.float64(np.int64(next_bits(dice, k) >> _ELEVEN)) * STEP


@inlined
def below(dice, k, n):
    """An integer in [0, n), each equally likely."""
    if n < 1:
        return np.int64(0)
    bound = np.uint64(n)
    high, low = _wide_product(next_bits(dice, k), bound)
    if low < bound:
        least = (np.uint64(0) - bound) % bound
        while low < least:
            high, low = _wide_product(next_bits(dice, k), bound)
    return np.int64(high)


@inlined
def exponential(dice, k):
    """An exponential number of mean 1."""
    return -log(1.0 - uniform(dice, k))


@kernel
def normal(dice, k):
    """A standard normal number."""
    places = (np.float64(np.int64(next_bits(dice, k) >> _TWELVE)) + 0.5) * (2.0 * STEP)  # in (0, 1), 53 bits, exact
    from_middle = places - 0.5
    if abs(from_middle) <= 0.425:
        r = fma(-from_middle, from_middle, 0.180625)
        return from_middle * _middle_top(r) / _middle_bottom(r)
    r = sqrt(-log(min(places, 1.0 - places)))
    size = _tail_top(r - 1.6) / _tail_bottom(r - 1.6) if r <= 5.0 else _far_top(r - 5.0) / _far_bottom(r - 5.0)
    return size if from_middle > 0.0 else -size


@kernel
def log_factorial(n):
    """ln(n!) for a whole ``n >= 0`` given as a double."""
    x, product = n + 1.0, 1.0
    while x < 10.0:
        product *= x
        x += 1.0
    series = fma(x - 0.5, log(x), _HALF_LOG_2PI - x) + _stirling(1.0 / (x * x)) / x
    return series - log(product)


@kernel
def poisson(dice, k, mean):
    """A Poisson count."""
    if not mean > 0.0:
        return np.int64(0)
    count = np.int64(0)
    if mean < FEW:
        chance = exp(-mean, 0.0)
        left = uniform(dice, k) - chance
        while left >= 0.0 and chance > 1e-20:  # what rounding lost must not run away
            count += 1
            chance *= mean / count
            left -= chance
        return count
    mean = min(mean, 1e15)
    root, log_mean = sqrt(mean), log(mean)
    b = 0.931 + 2.53 * root
    a = -0.059 + 0.02483 * b
    scale = log(1.1239 + 1.1328 / (b - 3.4))
    accept = 0.9277 - 3.6224 / (b - 2.0)
    while True:
        u = uniform(dice, k) - 0.5
        v = 1.0 - uniform(dice, k)
        from_edge = 0.5 - abs(u)
        place = floor((2.0 * a / from_edge + b) * u + mean + 0.43) if from_edge > 0.0 else -1.0
        if from_edge >= 0.07 and v <= accept:
            return np.int64(place)
        if place < 0.0 or (from_edge < 0.013 and v > from_edge):
            continue
        if log(v) + scale - log(a / (from_edge * from_edge) + b) <= place * log_mean - mean - log_factorial(place):
            return np.int64(place)


@kernel
def geometric(dice, k, p):
    """Trials up to and with the first success of chance ``p``."""
    if not (p > 0.0 and p <= 1.0):
        return np.int64(0)
    u = uniform(dice, k)
    q = 1.0 - p
    if q <= 0.0:
        return np.int64(1)
    log_q = log(q) * p / (1.0 - q) if q < 1.0 else -p  # corrects what rounding 1 - p lost
    return np.int64(min(floor(log(1.0 - u) / log_q), 4e18)) + 1


@kernel
def fill_normals(dice, k, out):
    """Fill a one-dimensional array with standard normals of stream ``k``."""
    for i in range(out.shape[0]):
        out[i] = normal(dice, k)
