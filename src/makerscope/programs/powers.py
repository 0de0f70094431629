"""Roots, powers and shares that are exact: what an exponent such as 0.7 means for a whole number.

A score that is raised to a fraction by floating point may differ in its last digit between two machines, and with it a
payment. Here ``power`` is the floor of the true value, found by Newton's method on integers, and shares are dealt out
by largest remainder, so that they sum to the total and do not depend on the sequence of who is paid.
"""

import re
from collections.abc import Mapping
from fractions import Fraction

from makerscope.errors import DomainError

SCALE = 10**18
MAX_DENOMINATOR = 10_000
_DECIMAL = re.compile(r"[0-9]{1,6}(\.[0-9]{1,4})?|[0-9]{1,6}/[0-9]{1,4}")


def parse_exponent(text: str) -> Fraction:
    """An exponent from decimal text or a ratio, exactly.

    Args:
        text: ``"0.15"``, ``"5"`` or ``"1/3"``: at most four decimals, no sign.

    Raises:
        DomainError: it is none.

    Examples:
        >>> parse_exponent("0.15")
        Fraction(3, 20)
    """
    if not isinstance(text, str) or not _DECIMAL.fullmatch(text) or re.search(r"/0+$", text):
        raise DomainError(f"exponent is {text!r}; want a decimal such as 0.15 (at most four decimals), or a ratio")
    return Fraction(text)


def integer_root(x: int, degree: int) -> int:
    """Floor of the ``degree``-th root of ``x``.

    Newton's method from above, on integers: it falls until it would rise. The start comes from the root of the upper
    half of the digits, so that each level doubles the digits that are right: a few long divisions in all.

    Raises:
        DomainError: ``x`` is negative or ``degree`` is below 1.

    Source:
        H. Cohen, A Course in Computational Algebraic Number Theory, algorithm 1.7.1, for any degree.

    Examples:
        >>> integer_root(26, 3), integer_root(27, 3)
        (2, 3)
    """
    if x < 0 or degree < 1:
        raise DomainError(f"root of degree {degree} of {x}: want a degree of at least 1 and a number not negative")
    if degree == 1 or x < 2:
        return x
    bits = -(-x.bit_length() // degree)  # the root is below 2**bits
    if bits <= 16:
        guess = 1 << bits
    else:
        drop = bits // 2 - 2
        guess = (integer_root(x >> (degree * drop), degree) + 1) << drop
    while True:
        lower = ((degree - 1) * guess + x // guess ** (degree - 1)) // degree
        if lower >= guess:
            return guess
        guess = lower


def power(x: int, exponent: Fraction, scale: int = SCALE) -> int:
    """Floor of ``scale * x ** exponent``, exactly.

    Args:
        x: a whole number, not negative.
        exponent: not negative, a denominator of at most 10,000. ``x ** 0`` is 1, for 0 too.
        scale: positive; how many units one is.

    Raises:
        DomainError: an argument is not in its domain.

    Examples:
        >>> power(2, Fraction(1, 2), 10**6)
        1414213
        >>> power(10**9, Fraction(5), 1) == 10**45
        True
    """
    if x < 0 or scale < 1 or exponent < 0 or exponent.denominator > MAX_DENOMINATOR:
        raise DomainError(f"{scale} times {x} to the power {exponent}: want none negative, a scale of at least 1")
    p, q = exponent.numerator, exponent.denominator
    return integer_root(x**p * scale**q, q)


def largest_remainder(weights: Mapping[str, int], total: int) -> dict[str, int]:
    """``total`` dealt out in proportion to weights: each gets the floor of its share, the largest remainders one more.

    Equal remainders go by name, so the sequence of the weights changes nothing. Nobody gets more than the ceiling of
    its share, and a weight of 0 gets nothing.

    Args:
        weights: whole numbers, not negative, by name.
        total: what there is to deal out, not negative.

    Returns:
        A number for each name, in the sequence given; they sum to ``total``, or to 0 where all weights are 0.

    Raises:
        DomainError: a weight or the total is negative.

    Examples:
        >>> largest_remainder({"a": 1, "b": 1, "c": 1}, 100)
        {'a': 34, 'b': 33, 'c': 33}
    """
    if total < 0 or any(weight < 0 for weight in weights.values()):
        raise DomainError("shares: want no weight and no total below 0")
    sum_of_weights = sum(weights.values())
    if sum_of_weights == 0:
        return dict.fromkeys(weights, 0)
    parts = {name: divmod(total * weight, sum_of_weights) for name, weight in weights.items()}
    left = total - sum(whole for whole, _ in parts.values())
    luckiest = sorted(parts, key=lambda name: (-parts[name][1], name))[:left]
    shares = {name: whole for name, (whole, _) in parts.items()}
    for name in luckiest:
        shares[name] += 1
    return shares
