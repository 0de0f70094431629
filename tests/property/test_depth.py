"""Depth and cost agree with their definitions, and buckets add over any partition."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from makerscope.metrics.buckets import add
from makerscope.metrics.cost import cash_cost, round_trip_cost
from makerscope.metrics.depth import depth_buckets, depth_within, mean_depth
from makerscope.metrics.states import BookStates
from tests.reference import depth as slow

KEYS = ["instrument", "bucket", "band"]


@st.composite
def sides(draw):
    def side(first, step):
        jumps = draw(st.lists(st.integers(1, 40), max_size=4))
        prices = [first + step * sum(jumps[: at + 1]) for at in range(len(jumps))]
        return [(price, draw(st.integers(1, 50))) for price in prices]

    middle = draw(st.integers(500, 3000))
    return side(middle + draw(st.integers(0, 6)), -1), side(middle, 1)


def states_of(rows, n=4):
    def part(side, at):
        levels = [[level[at] for level in row[side]] + [0] * (n - len(row[side])) for row in rows]
        return np.array(levels, np.int64).reshape(len(rows), n)

    time = np.array([row[0] for row in rows], np.int64)
    return BookStates(time=time, bid=part(1, 0), bid_size=part(1, 1), ask=part(2, 0), ask_size=part(2, 1))


@given(sides(), st.lists(st.integers(0, 2000), min_size=1, max_size=4, unique=True).map(sorted))
def test_depth_is_its_definition_in_exact_fractions(book, bands):
    bids, asks = book
    mid = slow.mid_of(bids, asks)
    for row in depth_within(states_of([(0, *book)]), bands).iter_rows(named=True):
        if mid is None:
            assert row["bid_lots"] is None
            continue
        assert (row["bid_lots"], row["bid_cash"]) == slow.within(bids, mid, row["band"])
        assert (row["ask_lots"], row["ask_cash"]) == slow.within(asks, mid, row["band"])
        assert row["bid_cut"] == slow.hides(bids, mid, row["band"], 1)
        assert row["ask_cut"] == slow.hides(asks, mid, row["band"], -1)


@given(sides(), st.integers(1, 120), st.integers(1, 200_000))
def test_costs_are_their_definitions_in_exact_fractions(book, lots, cash):
    bids, asks = book
    mid = slow.mid_of(bids, asks)
    states = states_of([(0, *book)])
    got = round_trip_cost(states, lots)["full_cost_bps"][0]
    buy, sell = slow.vwap_of_lots(asks, lots), slow.vwap_of_lots(bids, lots)
    if mid is None or buy is None or sell is None:
        assert got is None
    else:
        assert got == pytest.approx(float(10_000 * (buy - sell) / mid), rel=1e-12)
    row = cash_cost(states, cash).row(0, named=True)
    for name, levels in (("buy", asks), ("sell", bids)):
        average = slow.vwap_of_cash(levels, cash)
        if mid is None or average is None:
            assert row[f"{name}_bps"] is None
        else:
            assert row[f"{name}_bps"] == pytest.approx(float(10_000 * abs(average - mid) / mid), rel=1e-9)


@st.composite
def runs(draw):
    times = sorted(draw(st.lists(st.integers(0, 60), min_size=1, max_size=6, unique=True)))
    edges = sorted(draw(st.lists(st.integers(0, 70), min_size=2, max_size=2, unique=True)))
    more = sorted(draw(st.lists(st.integers(71, 90), min_size=2, max_size=2, unique=True)))
    return [(t, *draw(sides())) for t in times], draw(st.sampled_from([[edges], [edges, more]]))


@given(runs(), st.integers(1, 25), st.integers(0, 500))
def test_integrals_are_sums_over_every_nanosecond(run, width, band):
    rows, sessions = run
    frame = pl.DataFrame(sessions, schema=["start", "end"], orient="row")
    out = depth_buckets(states_of(rows), frame, instrument="x", width=width, bands=[band])
    got = {
        row["bucket"]: [row["ns"], row["bid_lots_ns"], row["least_cash_ns"], row["bid_cut_ns"]]
        for row in out.filter(pl.col("ns") > 0).iter_rows(named=True)
    }
    assert got == slow.integral(rows, sessions, width, band)


@given(runs(), st.integers(1, 25), st.integers(1, 70))
def test_buckets_of_any_partition_add_to_the_same_bits(run, width, cut):
    rows, sessions = run
    whole = depth_buckets(states_of(rows), _frame(sessions), instrument="x", width=width, bands=[0, 50])
    early = [(s, min(e, cut)) for s, e in sessions if s < cut]
    late = [(max(s, cut), e) for s, e in sessions if e > cut]
    inside = [s for s, e in sessions if s < cut < e]
    carried = [(cut, *row[1:]) for row in rows if inside and inside[0] <= row[0] < cut][-1:]
    parts = [([row for row in rows if row[0] < cut], early), (carried + [row for row in rows if row[0] >= cut], late)]
    pieces = [
        depth_buckets(states_of(states), _frame(span), instrument="x", width=width, bands=[0, 50])
        for states, span in reversed(parts)
    ]
    assert add(pieces, KEYS).select(whole.columns).rows() == whole.rows()
    assert mean_depth(add(pieces, KEYS)).rows() == mean_depth(whole).rows()


def _frame(sessions):
    return pl.DataFrame(sessions, schema={"start": pl.Int64, "end": pl.Int64}, orient="row")
