"""Times, numbers and words of text columns."""

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from makerscope.venues.columns import Column, one_of, parsed, positive
from makerscope.venues.times import FIRST, LAST, iso_to_ns, milliseconds_to_ns, seconds_to_ns
from makerscope.venues.units import Seen, seen_unit, symbol_in

moments = st.integers(FIRST, LAST - 1)


def one(read, text):
    value, why = read(pl.Series([text], dtype=pl.String))
    return value.item(), why.item()


@given(moments)
def test_a_time_in_seconds_is_exact_to_the_nanosecond(ns):
    assert one(seconds_to_ns, f"{ns // 10**9}.{ns % 10**9:09d}") == (ns, None)
    assert one(milliseconds_to_ns, f"{ns // 10**6}.{ns % 10**6:06d}") == (ns, None)


@given(moments, st.sampled_from(["T", " "]), st.integers(0, 9), st.sampled_from(["", "Z", " UTC", "+00:00", "-0000"]))
def test_iso_text_is_the_time_the_standard_library_reads(ns, between, digits, zone):
    fraction = f"{ns % 10**9:09d}"[:digits]
    day = datetime.fromtimestamp(ns // 10**9, tz=UTC)
    text = f"{day:%Y-%m-%d}{between}{day:%H:%M:%S}{'.' if fraction else ''}{fraction}{zone}"
    assert one(iso_to_ns, text) == (ns // 10**9 * 10**9 + int(fraction.ljust(9, "0")), None)


def test_an_offset_is_taken_off():
    assert one(iso_to_ns, "2025-01-01T02:30:00+02:30")[0] == one(iso_to_ns, "2025-01-01T00:00:00")[0]
    assert one(iso_to_ns, "2024-12-31T19:00:00-05:00")[0] == one(iso_to_ns, "2025-01-01T00:00:00")[0]


@pytest.mark.parametrize(
    ("read", "text", "why"),
    [
        (seconds_to_ns, "1756904112546", "is too large for an int64"),  # milliseconds in a column of seconds
        (seconds_to_ns, "17569041", "is before 2009 or after 2100"),
        (seconds_to_ns, "nan", "is not a number"),
        (milliseconds_to_ns, "1756904112", "is before 2009 or after 2100"),
        (iso_to_ns, "2025-02-30T00:00:00", "is no time"),
        (iso_to_ns, "2025-02-03", "is no time"),
        (iso_to_ns, "1999-01-01 00:00:00", "is before 2009 or after 2100"),
        (iso_to_ns, "9999-01-01 00:00:00", "is before 2009 or after 2100"),
    ],
)
def test_what_is_no_time_says_why(read, text, why):
    assert one(read, text) == (None, why)


def test_null_text_is_null_without_a_reason():
    assert one(iso_to_ns, None) == one(seconds_to_ns, None) == (None, None)


@given(st.lists(st.sampled_from(["1.5", "2", "0", "-1", "x", "0.25", None])))
def test_each_row_is_either_good_or_bad_and_stays_in_order(texts):
    rows = pl.DataFrame({"line": range(2, 2 + len(texts)), "p": texts}, schema={"line": pl.Int64, "p": pl.String})
    good, bad = parsed(rows, {"price": Column("p", positive("0.5"))})
    want = {"1.5": 3, "2": 4}
    assert good["price"].to_list() == [want[text] for text in texts if text in want]
    assert sorted([*good["line"], *bad["line"]]) == list(rows["line"])
    assert bad["reason"].null_count() == 0


def test_an_absent_optional_value_is_null_and_an_absent_required_one_is_bad():
    rows = pl.DataFrame({"line": [2], "p": [None]}, schema={"line": pl.Int64, "p": pl.String})
    good, bad = parsed(rows, {"price": Column("p", positive("1"), optional=True)})
    assert (good["price"].to_list(), bad.height) == ([None], 0)
    good, bad = parsed(rows, {"price": Column("p", positive("1"))})
    assert (good.height, bad["reason"].to_list()) == (0, ["p is missing"])


def test_words_are_read_without_regard_to_case():
    value, why = one_of({"buy": -1, "sell": 1})(pl.Series(["BUY", "sell", "swap", None]))
    assert value.to_list() == [-1, 1, None, None]
    assert why.to_list() == [None, None, "is not buy or sell", None]


def test_units_seen_in_two_files_are_the_finer_ones_and_the_earlier_time():
    assert Seen("0.1", "1", 5) | Seen("1", "0.001", 3) == Seen("0.1", "0.001", 3)
    assert seen_unit([pl.Series(["1", None], dtype=pl.String), pl.Series(["2.50"])]) == "0.1"


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("trades_BTC.csv", "BTC"),
        ("btc_20250903_trades.csv.gz", "BTC"),
        ("btc_20250901-0907_trades.csv.gz", "BTC"),
        ("ETH-trades.csv", "ETH"),
    ],
)
def test_the_symbol_is_found_in_the_name(tmp_path, name, symbol):
    assert symbol_in(tmp_path / name, ("trades",)) == symbol
