"""Coefficients of ``makerscope.kernels.elementary``: Chebyshev expansions at 40 digits, as powers, rounded to doubles.

``python -m tests.golden.make_elementary`` prints them; a test holds the module to them. For (x - 4.5)/(x + 5.5) see
M. M. Shepherd and J. G. Laframboise (1981), Mathematics of Computation 36, 249-253.
"""

from collections.abc import Callable

import mpmath as mp

NODES = 44


def mills(y: mp.mpf) -> mp.mpf:
    """(z + 5.5) N(-z) / phi(z) where y = (z - 4.5) / (z + 5.5)."""
    z = (mp.mpf("4.5") + mp.mpf("5.5") * y) / (1 - y)
    ratio = mp.sqrt(mp.pi / 2) * mp.exp(z * z / 2) * mp.erfc(z / mp.sqrt(2))
    return (z + mp.mpf("5.5")) * ratio


def exp_tail(r: mp.mpf) -> mp.mpf:
    """(exp(r) - 1 - r) / r^2."""
    return mp.mpf(1) / 2 if r == 0 else (mp.expm1(r) - r) / r**2


def atanh_tail(w: mp.mpf) -> mp.mpf:
    """(atanh(u) - u) / u^3 where w = u^2."""
    u = mp.sqrt(w)
    return (mp.atanh(u) - u) / u**3


def powers(function: Callable[[mp.mpf], mp.mpf], low: str, high: str, degree: int) -> list[float]:
    """The expansion of ``function`` on [low, high] to ``degree``, as coefficients of powers, lowest first."""
    with mp.workdps(40):
        middle, half = (mp.mpf(high) + mp.mpf(low)) / 2, (mp.mpf(high) - mp.mpf(low)) / 2
        angles = [mp.pi * (j + mp.mpf(1) / 2) / NODES for j in range(NODES)]
        values = [function(middle + half * mp.cos(angle)) for angle in angles]
        total = [mp.mpf(0)] * (degree + 1)
        before, now = [mp.mpf(1)], [-middle / half, 1 / half]
        for k in range(degree + 1):
            weight = mp.fdot(values, [mp.cos(k * angle) for angle in angles]) * (1 if k == 0 else 2) / NODES
            for i, value in enumerate(before):
                total[i] += weight * value
            after = [mp.mpf(0), *(2 / half * value for value in now)]
            for i, value in enumerate(now):
                after[i] -= 2 * middle / half * value
            for i, value in enumerate(before):
                after[i] -= value
            before, now = now, after
        return [float(value) for value in total]


def tables() -> dict[str, list[float]]:
    """The tables by their names in the module."""
    return {
        "MILLS": powers(mills, "-1", "1", 25),
        "EXP_TAIL": powers(exp_tail, "-0.3476", "0.3476", 9),
        "ATANH_TAIL": powers(atanh_tail, "0", "0.0401", 7),
    }


if __name__ == "__main__":
    for name, table in tables().items():
        print(f"{name} = (")
        for value in table:
            print(f"    {value!r},")
        print(")")
