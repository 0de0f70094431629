"""Numbers as people read them."""

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makerscope.report import numbers
from makerscope.report.numbers import MINUS, UNKNOWN, bps, compact, duration, fixed, interval, money, number, percent

finite = st.floats(-1e300, 1e300)


def back(text: str) -> float:
    """The number a text stands for."""
    return float(text.replace(",", "").replace(MINUS, "-"))


@given(finite)
def test_a_number_keeps_three_significant_digits(value):
    assert back(number(value)) == pytest.approx(value, rel=5.0001e-3, abs=0)


@given(st.floats(-1e12, 1e12), st.integers(0, 8))
def test_fixed_is_within_half_a_unit_of_the_last_place(value, places):
    assert back(fixed(value, places)) == pytest.approx(value, rel=1e-15, abs=0.5000001 * 10.0**-places)


@given(finite)
def test_a_sign_is_a_real_minus_and_is_absent_from_what_rounds_to_zero(value):
    for text in (fixed(value, 2), number(value), bps(value, unit=False), money(value), fixed(value, 3, signed=True)):
        assert not text.startswith("-")
        if text[0] in (MINUS, "+"):
            assert back(text) != 0
            assert (text[0] == MINUS) == (value < 0)


@given(st.floats(-1e14, 1e14))
def test_compact_is_short_and_true_to_three_digits(value):
    text = compact(value)
    scale = {"T": 1e12, "B": 1e9, "M": 1e6, "k": 1e3}.get(text[-1], 1.0)
    assert back(text.rstrip("TBMk")) * scale == pytest.approx(value, rel=5.0001e-3, abs=0)
    assert len(text) <= 10


@pytest.mark.parametrize("bad", [None, nan, inf, -inf])
@pytest.mark.parametrize("form", ["fixed", "number", "compact", "count", "bps", "percent", "money", "duration"])
def test_the_unknown_is_a_dash(form, bad):
    assert getattr(numbers, form)(bad) == UNKNOWN


@given(st.floats(0, 1))
def test_a_percentage_of_all_or_nothing_is_exactly_that(share):
    assert (percent(share) == "100%") == (share == 1.0)
    assert (percent(share) == "0%") == (100.0 * share == 0.0)


@given(st.integers(1, 10**18))
def test_a_duration_is_rounded_to_the_smaller_of_its_two_units(ns):
    size = {"d": 86400e9, "h": 3600e9, "min": 60e9, "s": 1e9, "ms": 1e6, "µs": 1e3, "ns": 1.0}
    smaller = {"d": "h", "h": "min", "min": "s"}
    words = duration(ns).split()
    shown = sum(float(word) * size[unit] for word, unit in zip(words[::2], words[1::2], strict=True))
    unit = smaller.get(words[1])
    assert words[3:] in ([], [unit])
    assert abs(shown - ns) <= (0.5 * size[unit] + 0.5e9 if unit else 5.0001e-3 * ns)


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (59_999_000_000, "1 min"),
        (61_000_000_000, "1 min 1 s"),
        (3_599_600_000_000, "1 h"),
        (86_399_999_000_000, "1 d"),
        (999_999, "1 ms"),
        (-250_000_000, f"{MINUS}250 ms"),
        (7 * 86_400_000_000_000, "7 d"),
        (31_536_000_000_000_000, "365 d"),
    ],
)
def test_durations_round_into_the_next_unit(ns, text):
    assert duration(ns) == text


def test_intervals_share_their_decimals():
    assert interval(-0.1, 12.0) == f"{MINUS}0.100 to +12.000"
    assert interval(0.0, 0.0) == "0 to 0"
    assert interval(-3.0, 4.25, places=2, unit="bps") == f"{MINUS}3.00 to +4.25 bps"


def test_a_moment_past_the_range_of_a_double_is_exact():
    assert numbers.utc(1_760_130_959_999_999_999) == "2025-10-10 21:15:59 UTC"
