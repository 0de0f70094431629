"""The leaves of compiled code against 40 digits, and their tables against the script that makes them."""

import mpmath as mp
import numpy as np
import pytest

from makerscope.kernels import elementary
from makerscope.kernels._jit import kernel
from makerscope.kernels.elementary import exp, log, log_ratio, mills, mills_pair, ndtr
from tests.golden.make_elementary import tables

ULP = 2.0**-52


@kernel
def over_logs(a, b, high, low, one):
    for i in range(a.shape[0]):
        high[i], low[i] = log_ratio(a[i], b[i])
        one[i] = log(a[i])


@kernel
def over_exponents(x, y, answer):
    for i in range(x.shape[0]):
        answer[i] = exp(x[i], y[i])


@kernel
def over_tails(z, gap, ratio, near, far, slope, below):  # noqa: PLR0917 - a kernel knows no keywords
    for i in range(z.shape[0]):
        ratio[i] = mills(z[i])
        near[i], far[i], slope[i] = mills_pair(z[i], z[i] + gap[i], gap[i])
        below[i] = ndtr(z[i])


def exact_mills(z):
    return mp.sqrt(mp.pi / 2) * mp.exp(z * z / 2) * mp.erfc(z / mp.sqrt(2))


@pytest.fixture(autouse=True)
def digits():
    with mp.workdps(50):
        yield


def test_the_tables_are_those_of_the_script():
    for name, table in tables().items():
        assert getattr(elementary, name) == tuple(table)


def test_the_logarithm_of_a_ratio_keeps_seventeen_digits_also_next_to_one():
    rng = np.random.default_rng(1)
    b = 10.0 ** rng.uniform(-100, 100, 3000)
    a = b * (1 + rng.normal(size=3000) * 10.0 ** rng.uniform(-15, 0, 3000)) ** 2 * 10.0 ** rng.integers(-2, 3, 3000)
    high, low, one = np.empty((3, 3000))
    over_logs(a, b, high, low, one)
    for u, v, h, rest, single in zip(a.tolist(), b.tolist(), high.tolist(), low.tolist(), one.tolist(), strict=True):
        want = mp.log(mp.mpf(u) / mp.mpf(v))
        assert abs(mp.mpf(h) + mp.mpf(rest) - want) <= 1e-17 * abs(want)
        assert abs(single - mp.log(u)) <= 0.51 * ULP * abs(mp.log(u))


def test_the_exponential_is_right_to_one_unit_in_the_last_place_and_keeps_the_correction():
    rng = np.random.default_rng(2)
    x = np.concatenate([rng.uniform(-708, 709, 2000), rng.uniform(-1, 1, 1000), [0.0, -708.0, 709.0]])
    y = x * rng.uniform(-1e-13, 1e-13, x.size)
    answer = np.empty_like(x)
    over_exponents(x, y, answer)
    for u, v, got in zip(x.tolist(), y.tolist(), answer.tolist(), strict=True):
        want = mp.exp(mp.mpf(u) + mp.mpf(v))
        assert abs(got - want) <= ULP * want


def test_the_exponential_ends_at_zero_and_at_infinity():
    answer = np.empty(4)
    over_exponents(np.array([-708.5, -np.inf, 710.0, np.inf]), np.zeros(4), answer)
    assert answer.tolist() == [0.0, 0.0, np.inf, np.inf]


def test_the_mills_ratio_its_difference_and_the_normal_distribution_keep_fifteen_digits():
    rng = np.random.default_rng(3)
    z = np.concatenate([rng.uniform(-0.5, 3, 1000), 10.0 ** rng.uniform(0, 3, 1000), [-0.5, 0.0]])
    gap = 10.0 ** rng.uniform(-12, 2, z.size)
    ratio, near, far, slope, below = np.empty((5, z.size))
    over_tails(z, gap, ratio, near, far, slope, below)
    for i, (u, step) in enumerate(zip(z.tolist(), gap.tolist(), strict=True)):
        one, two = exact_mills(mp.mpf(u)), exact_mills(mp.mpf(u) + mp.mpf(step))
        assert abs(ratio[i] - one) <= 6 * ULP * one
        assert abs(near[i] - one) <= 6 * ULP * one
        assert abs(far[i] - two) <= 6 * ULP * two
        want = (one - two) / mp.mpf(step)
        assert abs(slope[i] - want) <= 8 * ULP * want


def test_the_normal_distribution_keeps_fifteen_digits_in_its_lower_tail():
    z = np.concatenate([np.linspace(-37.5, 8, 2001), [0.0]])
    below = np.empty_like(z)
    over_tails(z, np.ones_like(z), *np.empty((4, z.size)), below)
    for u, got in zip(z.tolist(), below.tolist(), strict=True):
        want = mp.erfc(-mp.mpf(u) / mp.sqrt(2)) / 2
        assert abs(got - want) <= 8 * ULP * want
