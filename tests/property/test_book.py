"""The rebuilt book against its definition."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.errors import SequenceError
from makerscope.kernels.book import WINDOW
from makerscope.metrics.book import book_at, levels_after_each, top_of_book
from tests.reference.book import ladders

NEAR = st.integers(990, 1010)
ANYWHERE = st.one_of(NEAR, st.integers(1, 3 * WINDOW), st.integers(10**12, 10**12 + 50), st.integers(1, 1 << 60))
level = st.tuples(st.sampled_from([1, -1]), ANYWHERE, st.one_of(st.just(0), st.integers(1, 9)))
near_level = st.tuples(st.sampled_from([1, -1]), NEAR, st.one_of(st.just(0), st.integers(1, 9)))
messages = st.lists(
    st.tuples(st.booleans(), st.lists(st.one_of(near_level, level), min_size=1, max_size=12)), min_size=1, max_size=25
)


def rows_of(parts):
    return [(i, snapshot, *row) for i, (snapshot, levels) in enumerate(parts) for row in levels]


def frame(rows):
    return pl.DataFrame(rows, schema=["sequence", "snapshot", "side", "price", "size"], orient="row").with_columns(
        pl.col("side").cast(pl.Int8),
        exchange_time=pl.col("sequence") * 10,
        local_time=pl.lit(None, dtype=pl.Int64),
        serial=pl.int_range(pl.len(), dtype=pl.Int64),
        instrument=pl.lit("venue:X"),
    )


def pairs(prices, sizes):
    return [
        [(p, s) for p, s in zip(ps, ss, strict=True) if s]
        for ps, ss in zip(prices.tolist(), sizes.tolist(), strict=True)
    ]


@given(messages, st.integers(1, 8))
@settings(deadline=None, derandomize=True, max_examples=300)
def test_the_best_levels_after_each_message_are_those_of_a_sorted_dictionary(parts, n):
    rows = rows_of(parts)
    want = ladders(rows, n)
    if want is None:
        with pytest.raises(SequenceError):
            levels_after_each(frame(rows), n)
        return
    ladder = levels_after_each(frame(rows), n)
    assert pairs(ladder.bid, ladder.bid_size) == [bids for bids, _ in want]
    assert pairs(ladder.ask, ladder.ask_size) == [asks for _, asks in want]
    assert ladder.crossed == sum(bool(b and a and b[0][0] >= a[0][0]) for b, a in want)


@given(messages, st.integers(0, 24))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_the_book_at_a_time_is_the_ladder_after_the_last_message_by_then(parts, message):
    parts[0] = (True, parts[0][1])
    rows = rows_of(parts)
    message = min(message, len(parts) - 1)
    bids, asks = (ladders(rows, 10**6) or [])[message]
    got = book_at(frame(rows), message * 10 + 9)
    assert got.filter(pl.col("side") == 1).select("price", "size").rows() == bids
    assert got.filter(pl.col("side") == -1).select("price", "size").rows() == asks


@given(messages)
@settings(deadline=None, derandomize=True, max_examples=100)
def test_the_top_of_the_book_is_the_first_rung_of_the_ladder(parts):
    parts[0] = (True, parts[0][1])
    rows = rows_of(parts)
    want = [((b[0] if b else (None, None)) + (a[0] if a else (None, None))) for b, a in ladders(rows, 1) or []]
    assert top_of_book(frame(rows)).select("bid", "bid_size", "ask", "ask_size").rows() == want
