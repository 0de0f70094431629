"""Times, numbers and words of text columns."""

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from makerscope.tape.rules import EARLIEST, LATEST
from makerscope.venues.columns import Column, parsed
from makerscope.venues.rules import CLOCKS_APART, OVERFLOW
from makerscope.venues.times import iso, since_1970, written
from makerscope.venues.units import Seen, seen_unit, symbol_in
from makerscope.venues.values import in_units, one_of, positive

seconds_to_ns, milliseconds_to_ns, iso_to_ns = since_1970("s"), since_1970("ms"), iso()
moments = st.integers(EARLIEST, LATEST - 1)


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
        (seconds_to_ns, "17569041", "lies before 2009"),
        (seconds_to_ns, "nan", "is not a number"),
        (milliseconds_to_ns, "1756904112", "lies before 2009"),
        (iso_to_ns, "2025-02-30T00:00:00", "is no time"),
        (iso_to_ns, "2025-02-03", "is no time"),
        (iso_to_ns, "2025-02-03 12:00:005", "is no time"),
        (written(unit="iso", form=None, zone="UTC"), "2025-02-03 12:00:005", "is no time"),
        (iso("Europe/Berlin"), "2026-03-29 02:30:00", "is no time"),  # the hour that summer time leaves out
        (iso_to_ns, "1999-01-01 00:00:00", "lies before 2009"),
        (iso_to_ns, "9999-01-01 00:00:00", "lies after 2099"),
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


def test_a_row_is_bad_for_its_columns_first_and_then_for_what_lies_between_them():
    rows = pl.DataFrame({"line": [2, 3, 4, 5], "p": ["3", "x", "1099511627776", "1"], "q": ["4", "1", "4194305", None]})
    columns = {"price": Column("p", positive("1")), "size": Column("q", positive("1"))}
    good, bad = parsed(rows, columns, [OVERFLOW])
    assert good.rows() == [(2, 3, 4)]
    assert bad["reason"].to_list() == ["p is not a number", "price times size is too large", "q is missing"]
    assert bad["raw"].to_list() == ["x,1", "1099511627776,4194305", "1,"]


def test_two_clocks_may_be_a_day_apart_and_no_more():
    day = 86_400_000_000_000
    clocks = pl.DataFrame({"exchange_time": [day, day, 0, None], "local_time": [0, -1, day + 1, 0]})
    text = "the two clocks are more than a day apart"
    assert clocks.select(CLOCKS_APART).to_series().to_list() == [None, text, text, None]


def test_each_number_is_read_in_the_unit_beside_it():
    units, texts = pl.Series(["0.1", None, "1", "0.1"]), pl.Series(["0.5", "3", "0", "0.05"])
    value, why = in_units(units, positive)(texts)
    assert value.to_list() == [5, None, None, None]
    assert why.to_list() == [None, None, "is not positive", "is finer than the unit"]


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
