"""Small cases of the tick kernels whose answers can be worked out by hand."""

import numpy as np
import polars as pl
import pytest

from makerscope.errors import DomainError, InputError, SchemaError
from makerscope.kernels import wide
from makerscope.kernels._jit import kernel
from makerscope.metrics.ticks import attach_mids, spread_integrals

DAY = 86_400_000_000_000
QUOTES = pl.DataFrame(
    {
        "time": [0, 10, 10, 20, 30],
        "instrument": ["a", "a", "b", "a", "a"],
        "bid": [99, 100, 7, 101, None],
        "ask": [101, 103, 9, 101, 104],
        "bid_size": [1, 2, 3, 4, None],
        "ask_size": [5, 6, 7, 8, 9],
    }
)


def fills(*times):
    return pl.DataFrame(
        {"time": list(times), "instrument": ["a"] * len(times)}, schema={"time": pl.Int64, "instrument": pl.String}
    )


def test_the_mid_at_a_fill_is_from_strictly_before_it():
    got = attach_mids(fills(0, 10, 11), QUOTES, horizons=[], max_age=100)
    assert got["twice_mid"].to_list() == [None, 200, 203]


def test_the_mid_at_a_horizon_is_known_at_that_instant():
    got = attach_mids(fills(0, 1), QUOTES, horizons=[9], max_age=100)
    assert got["twice_mid_9"].to_list() == [200, 203]


def test_a_quote_of_exactly_the_greatest_age_counts_and_one_older_does_not():
    got = attach_mids(fills(5, 6), QUOTES, horizons=[4], max_age=5)
    assert got["twice_mid"].to_list() == [200, None]
    late = attach_mids(fills(14, 15), QUOTES.head(3), horizons=[1, 2], max_age=5, ends={"a": 100})
    assert late["twice_mid_1"].to_list() == [203, None]
    assert late["why_2"].to_list() == [2, 2]


def test_a_locked_or_one_sided_book_has_no_mid_even_if_an_older_one_had():
    got = attach_mids(fills(21, 31), QUOTES, horizons=[], max_age=100)
    assert got["twice_mid"].to_list() == [None, None]


def test_an_instant_past_the_end_of_the_data_is_told_from_a_stale_one():
    got = attach_mids(fills(12, 25), QUOTES, horizons=[6], max_age=100, ends={"a": 30})
    assert got["why_6"].to_list() == [0, 1]
    assert attach_mids(fills(25), QUOTES, horizons=[6], max_age=100, ends={"a": 31})["why_6"].to_list() == [2]


def test_fills_of_an_instrument_without_quotes_and_empty_tables_have_no_mid():
    other = fills(5).with_columns(instrument=pl.lit("unknown"))
    got = attach_mids(other, QUOTES, horizons=[1], max_age=100)
    assert got.row(0) == (5, "unknown", None, None, 2)
    assert attach_mids(fills(5), QUOTES.clear(), horizons=[1], max_age=100)["twice_mid"].to_list() == [None]
    assert attach_mids(fills(), QUOTES, horizons=[1], max_age=100).height == 0


def test_a_table_out_of_order_or_without_a_column_is_refused_by_name():
    with pytest.raises(InputError, match="rows are not in order"):
        attach_mids(fills(5), QUOTES.reverse(), horizons=[1], max_age=1)
    with pytest.raises(SchemaError, match="ask"):
        attach_mids(fills(5), QUOTES.drop("ask"), horizons=[1], max_age=1)
    with pytest.raises(DomainError, match="horizon -1"):
        attach_mids(fills(5), QUOTES, horizons=[-1], max_age=1)


def test_a_day_of_a_spread_of_ten_million_ticks_is_integrated_without_a_float():
    quotes = pl.DataFrame(
        {"time": [0], "instrument": ["a"], "bid": [0], "ask": [10**7], "bid_size": [10**12], "ask_size": [1]}
    )
    sessions = pl.DataFrame({"instrument": ["a"], "start": [0], "end": [DAY]})
    row = spread_integrals(quotes, sessions, width=DAY).row(0, named=True)
    assert row["spread_ns"] == 10**7 * DAY
    assert row["bid_size_ns"] == 10**12 * DAY > 2**63


def test_a_quote_lives_to_the_end_of_its_session_and_not_into_the_next():
    sessions = pl.DataFrame({"instrument": ["a", "a"], "start": [0, 18], "end": [14, 25]})
    got = spread_integrals(QUOTES, sessions, width=100)
    names = ("ns", "ns_one_sided", "ns_crossed", "ns_unknown", "spread_ns", "bid_size_ns")
    assert got.select(names).rows() == [(14, 0, 5, 2, 10 * 2 + 4 * 3, 10 * 1 + 4 * 2)]


def test_one_side_alone_counts_for_depth_and_not_for_the_spread():
    sessions = pl.DataFrame({"instrument": ["a"], "start": [30], "end": [40]})
    got = spread_integrals(QUOTES, sessions, width=100)
    assert got.select("ns", "ns_one_sided", "ns_unsized", "spread_ns", "ask_size_ns").row(0) == (0, 10, 0, 0, 90)


def test_sessions_that_overlap_and_widths_without_length_are_refused():
    overlapping = pl.DataFrame({"instrument": ["a", "a"], "start": [0, 5], "end": [10, 15]})
    with pytest.raises(InputError, match="sessions"):
        spread_integrals(QUOTES, overlapping, width=10)
    with pytest.raises(DomainError, match="width"):
        spread_integrals(QUOTES, overlapping.head(1), width=0)


@kernel
def _passed(times, at, due):
    return wide.times_passed(times, np.uint64(at), due)


@kernel
def _wide_sum(x, y):
    words = np.zeros(6, np.int64)
    for i in range(x.shape[0]):
        wide.add_product(words, np.uint64(2), x[i], y[i])
    wide.add_wide(words, np.uint64(4), words, np.uint64(2), -1)
    return words


def test_comparing_many_times_at_once_stops_at_the_first_later_one():
    times = np.array([*range(40), 3, *[99] * 40], np.int64)
    assert [_passed(times, at, due) for at, due in ((0, -1), (0, 0), (0, 31), (0, 98), (20, 50), (38, 38))] == [
        0, 1, 32, 32, 21, 1,
    ]  # fmt: skip


def test_products_of_the_largest_numbers_add_to_exact_128_bit_sums():
    x = np.array([2**63 - 1, -(2**63), 5, -1], np.int64)
    y = np.array([2**63 - 1, 2**63 - 1, -7, 1], np.int64)
    words = _wide_sum(x, y)
    exact = sum(int(a) * int(b) for a, b in zip(x, y, strict=True))
    assert int(words[3]) * 2**64 + int(words[2:3].view(np.uint64)[0]) == exact
    assert int(words[5]) * 2**64 + int(words[4:5].view(np.uint64)[0]) == -exact
    assert words[:2].tolist() == [0, 0]
