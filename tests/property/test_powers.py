"""Exact powers and shares: the bracket that defines them, high precision, and what must hold of any dealing out."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from makerscope.errors import DomainError
from makerscope.programs.powers import integer_root, largest_remainder, parse_exponent, power

exact = settings(deadline=None, derandomize=True, max_examples=200)
numbers = st.integers(0, 4096).flatmap(lambda bits: st.integers(0, 2**bits - 1))
fractions = st.builds(Fraction, st.integers(0, 40), st.integers(1, 40))
names = st.text("abcdef", min_size=1, max_size=4)
dealt = st.dictionaries(names, st.one_of(st.integers(0, 9), numbers), max_size=12)


@exact
@given(numbers, st.integers(1, 60))
def test_a_root_is_the_largest_number_whose_power_is_not_more(x, degree):
    root = integer_root(x, degree)
    assert root**degree <= x < (root + 1) ** degree


@exact
@given(st.integers(0, 2**128), fractions, st.sampled_from([1, 10**6, 10**18, 7]))
def test_a_power_is_the_floor_of_the_true_value(x, exponent, scale):
    found, p, q = power(x, exponent, scale), exponent.numerator, exponent.denominator
    assert found**q <= x**p * scale**q < (found + 1) ** q


@exact
@given(st.integers(1, 2**64), fractions)
def test_a_power_agrees_with_high_precision(x, exponent):
    with mp.workdps(1200):
        want = 10**18 * mpf(x) ** (mpf(exponent.numerator) / exponent.denominator)
        assert abs(power(x, exponent) - want) <= 1


@exact
@given(st.integers(1, 2**64), st.integers(1, 1000), st.integers(1, 12), st.integers(1, 12))
def test_a_power_is_homogeneous(x, factor, p, q):
    exponent = Fraction(p, q)
    many = factor**exponent.denominator  # its power is whole
    grown, once = power(x * many, exponent), power(x, exponent)
    times = factor**exponent.numerator
    assert times * once <= grown < times * (once + 1)


def test_powers_of_nothing_and_to_nothing():
    assert power(0, Fraction(1, 3)) == 0
    assert power(0, Fraction(0)) == power(17, Fraction(0)) == 10**18
    assert power(17, Fraction(1), 1) == 17


@pytest.mark.parametrize("args", [(-1, Fraction(1)), (1, Fraction(-1)), (1, Fraction(1), 0), (1, Fraction(1, 10_001))])
def test_powers_out_of_the_domain_are_refused(args):
    with pytest.raises(DomainError):
        power(*args)


def test_roots_out_of_the_domain_are_refused():
    for x, degree in ((-1, 2), (4, 0)):
        with pytest.raises(DomainError):
            integer_root(x, degree)


@pytest.mark.parametrize(
    ("text", "want"),
    [("0.15", Fraction(3, 20)), ("5", Fraction(5)), ("1/3", Fraction(1, 3)), ("0.0001", Fraction(1, 10**4))],
)
def test_an_exponent_is_read_exactly(text, want):
    assert parse_exponent(text) == want


@pytest.mark.parametrize("text", ["", "-1", "1e3", "0.12345", "1/0", "1/00", " 1", "1.", ".5", "nan", "1_0", "٣", 0.5])
def test_what_is_no_exponent_is_refused(text):
    with pytest.raises(DomainError, match="exponent is"):
        parse_exponent(text)


@exact
@given(dealt, numbers, st.randoms(use_true_random=False))
def test_shares_sum_to_the_total_and_the_sequence_changes_nothing(weights, total, chance):
    shares = largest_remainder(weights, total)
    assert list(shares) == list(weights)
    assert sum(shares.values()) == (total if any(weights.values()) else 0)
    for name, weight in weights.items():
        floor = total * weight // (sum(weights.values()) or 1)
        assert shares[name] in ((floor, floor + 1) if weight else (0,))
    turned = list(weights.items())
    chance.shuffle(turned)
    assert largest_remainder(dict(turned), total) == shares


@exact
@given(st.integers(1, 10**9), st.integers(1, 10**9), numbers)
def test_a_larger_weight_never_gets_less(a, b, total):
    shares = largest_remainder({"a": a, "b": b}, total)
    assert shares["a"] >= shares["b"] or a < b
    assert shares["b"] >= shares["a"] - (a == b) or b < a


def test_negative_weights_and_totals_are_refused():
    for weights, total in (({"a": -1}, 5), ({"a": 1}, -5)):
        with pytest.raises(DomainError):
            largest_remainder(weights, total)
