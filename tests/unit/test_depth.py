"""Depth bands, costs and resiliency: numbers done by hand."""

import numpy as np
import polars as pl
import pytest

from makerscope.errors import AccountingError, DomainError, InputError
from makerscope.metrics.cost import cash_cost, order_book_imbalance, quoted_slope, round_trip_cost, slippage_curve, xlm
from makerscope.metrics.depth import depth_buckets, depth_within, mean_depth
from makerscope.metrics.resiliency import resiliency_half_life
from makerscope.metrics.states import BookStates, deep_states, lifetimes, sample_states

SECOND = 1_000_000_000


def book(rows, whole=False):
    """States from ``(time, [(bid, size)...], [(ask, size)...])``."""
    n = max(1, *(max(len(b), len(a)) for _, b, a in rows))
    sides = [
        [[level[at] for level in row[side]] + [0] * (n - len(row[side])) for row in rows]
        for side in (1, 2)
        for at in (0, 1)
    ]
    bid, bid_size, ask, ask_size = (np.array(part, np.int64).reshape(len(rows), n) for part in sides)
    time = np.array([row[0] for row in rows], np.int64)
    return BookStates(time=time, bid=bid, bid_size=bid_size, ask=ask, ask_size=ask_size, whole=whole)


def sessions(*pairs):
    return pl.DataFrame(pairs, schema={"start": pl.Int64, "end": pl.Int64}, orient="row")


def test_a_level_exactly_on_the_edge_is_inside_and_one_tick_further_is_not():
    states = book([(0, [(9990, 1), (9900, 2), (9899, 4)], [(10010, 1), (10100, 2), (10101, 4)])])
    row = depth_within(states, [100]).row(0, named=True)  # mid 10000, edge 100 ticks
    assert (row["bid_lots"], row["ask_lots"]) == (3, 3)
    assert row["bid_cash"] == 9990 + 2 * 9900
    assert row["ask_cash"] == 10010 + 2 * 10100


def test_a_band_that_ends_at_the_last_visible_level_is_complete_and_one_that_goes_on_is_a_lower_bound():
    states = book([(0, [(9990, 1)], [(10010, 1)])])
    assert depth_within(states, [10, 11]).select("bid_cut", "ask_cut").rows() == [(False, False), (True, True)]


def test_a_side_known_to_be_whole_is_never_a_lower_bound():
    states = book([(0, [(9990, 1)], [(10010, 1), (10020, 1)])], whole=True)
    assert depth_within(states, [50]).select("bid_cut", "ask_cut").row(0) == (False, True)


def test_the_view_ends_where_the_snapshot_ended_even_if_changes_show_levels_behind_it():
    rows = pl.DataFrame(
        [
            (1, True, 1, 9990, 5), (1, True, 1, 9980, 5), (1, True, -1, 10010, 5), (1, True, -1, 10020, 5),
            (2, False, 1, 9900, 7),
            (3, False, 1, 9990, 0),
        ],
        schema=["sequence", "snapshot", "side", "price", "size"],
        orient="row",
    ).with_columns(
        exchange_time=pl.Series([0, 0, 0, 0, 5 * SECOND, 5 * SECOND + 1]),
        local_time=pl.lit(None, pl.Int64),
        serial=pl.int_range(6),
        instrument=pl.lit("x"),
    )  # fmt: skip
    states = deep_states(rows)
    assert states.time.tolist() == [0, 5 * SECOND + 1]
    assert states.seen.tolist() == [[9980, 10020]] * 2
    last = depth_within(states, [20, 21, 100]).filter(pl.col("time") > 0)  # mid 9995
    assert last["bid_lots"].to_list() == [5, 5, 12]
    assert last["bid_cut"].to_list() == [True, True, True]
    assert depth_within(states, [19, 20, 21])["ask_cut"].to_list()[:3] == [False, False, True]
    assert depth_within(deep_states(rows, whole=True), [100])["bid_cut"].to_list() == [False, False]


@pytest.mark.parametrize("bids", [[], [(10010, 1)], [(10011, 1)]], ids=["no bid", "locked", "crossed"])
def test_without_a_mid_depth_is_unknown(bids):
    assert depth_within(book([(0, bids, [(10010, 1)])]), [5])["bid_lots"].to_list() == [None]


def test_a_state_does_not_outlive_its_session():
    assert lifetimes(np.array([0, 4, 12, 50]), sessions((0, 10), (12, 20))).tolist() == [4, 10, 20, 50]


def test_integrals_are_depth_times_the_time_it_stood_split_at_bucket_borders():
    states = book([(0, [(999, 10)], [(1001, 4)]), (15, [(999, 1)], [(1001, 2)]), (22, [], [(1001, 2)])])
    out = depth_buckets(states, sessions((0, 30)), instrument="x", width=10, bands=[10])
    assert out["bucket"].to_list() == [0, 1, 2]
    assert out["ns"].to_list() == [10, 10, 2]
    assert out["ns_one_sided"].to_list() == [0, 0, 8]
    assert out["bid_lots_ns"].to_list() == [100, 50 + 5, 2]
    assert out["least_lots_ns"].to_list() == [40, 20 + 5, 2]
    assert out["ask_cash_ns"].to_list() == [40 * 1001, 30 * 1001, 4 * 1001]
    assert mean_depth(out)["bid_lots"].to_list() == [157 / 22]


def test_integrals_beyond_64_bits_are_exact():
    size = 10**12
    states = book([(0, [(999, size)], [(1001, size)])])
    out = depth_buckets(states, sessions((0, 86_400 * SECOND)), instrument="x", width=86_400 * SECOND, bands=[10])
    assert out["bid_cash_ns"].to_list() == [999 * size * 86_400 * SECOND]


def test_an_outage_is_in_no_bucket():
    states = book([(0, [(999, 10)], [(1001, 4)]), (100, [(999, 10)], [(1001, 4)])])
    out = depth_buckets(states, sessions((0, 10), (100, 110)), instrument="x", width=1000, bands=[10])
    assert out["ns"].to_list() == [20]


def test_samples_are_the_states_standing_at_whole_multiples_inside_sessions():
    states = book([(5, [(999, 10)], [(1001, 4)]), (20, [(998, 10)], [(1001, 4)])])
    out = sample_states(states, sessions((0, 31)), every=10)
    assert out.time.tolist() == [10, 20, 30]
    assert out.bid[:, 0].tolist() == [999, 998, 998]


def test_a_round_trip_larger_than_the_book_has_no_cost_but_a_fill_ratio():
    states = book([(0, [(999, 10)], [(1001, 4)])])
    assert round_trip_cost(states, 8).row(0) == (0, None, None, None, 0.5)
    assert round_trip_cost(states, 4)["full_cost_bps"].to_list() == [20.0]


def test_the_last_level_is_traded_in_part_when_cash_is_fixed():
    states = book([(0, [(900, 10), (800, 10)], [(1100, 10), (1200, 10)])])
    row = cash_cost(states, 17_000).row(0, named=True)
    buy = 17_000 / (10 + 6_000 / 1200)
    sell = 17_000 / (10 + 8_000 / 800)
    assert row["buy_bps"] == pytest.approx(1e4 * (buy - 1000) / 1000, rel=1e-12)
    assert row["sell_bps"] == pytest.approx(1e4 * (1000 - sell) / 1000, rel=1e-12)


def test_the_slippage_curve_counts_what_was_too_thin():
    states = book([(0, [(999, 10)], [(1001, 4)]), (1, [(999, 10)], [(1001, 40)])])
    curve = slippage_curve(states, [1001 * 8]).rows_by_key(["side"], named=True)
    assert curve["buy"][0]["thin"] == 1
    assert curve["buy"][0]["fill_ratio"] == pytest.approx(0.75)
    assert curve["sell"][0]["half_cost_bps"] == pytest.approx(10.0)


def test_xlm_averages_samples_and_says_how_many_were_too_thin():
    states = book([(0, [(999, 10)], [(1001, 10)]), (2, [(998, 10)], [(1002, 10)]), (3, [(998, 1)], [(1002, 1)])])
    out = xlm(states, sessions((0, 4)), 998 * 5, every=1)
    assert out.value == pytest.approx((20 + 20 + 40) / 3)
    assert (out.n, out.reason) == (3, "1 of 4 samples were too thin or without a mid")
    assert xlm(states, sessions((0, 4)), 998 * 500, every=1).value is None


def test_imbalance_and_slope_by_hand():
    states = book([(0, [(999, 8), (998, 4)], [(1001, 2), (1002, 2)]), (1, [(999, 1)], [(1001, 1)])])
    assert order_book_imbalance(states, 2)["imbalance"].to_list() == [0.5, 0.0]
    slope = quoted_slope(states)["quoted_slope"].to_list()
    assert slope[0] == pytest.approx(2 / (np.log(8) + np.log(2)))
    assert slope[1] is None


def test_resiliency_finds_the_half_life_it_was_made_with():
    step, half = SECOND // 10, 0.7
    time = np.arange(0, 600 * 10) * step
    since = (time % (20 * SECOND)) / SECOND
    depth = np.rint(1_000_000 * (1 - 0.8 * 0.5 ** (since / half))).astype(np.int64)
    n = time.shape[0]
    states = BookStates(
        time=time,
        bid=np.full((n, 1), 999),
        bid_size=depth[:, None],
        ask=np.full((n, 1), 1001),
        ask_size=np.full((n, 1), 5),
    )
    at = time[(time % (20 * SECOND) == 0) & (time > 0)] - 1
    trades = pl.DataFrame({"time": at, "aggressor": -1, "size": 800_000})
    out = resiliency_half_life(states, trades, sessions((0, 600 * SECOND)), share=0.5)
    assert out.n == len(at)
    assert out.value == pytest.approx(half * SECOND, rel=1e-4)  # depth is whole lots
    few = resiliency_half_life(states, trades.head(3), sessions((0, 600 * SECOND)), share=0.5)
    assert few.value is None
    assert "want at least 10" in few.reason


def test_arrays_that_are_no_book_are_refused():
    with pytest.raises(InputError, match="backwards"):
        book([(1, [(9, 1)], [(10, 1)]), (0, [(9, 1)], [(10, 1)])])
    with pytest.raises(InputError, match="negative size"):
        book([(0, [(9, -1)], [(10, 1)])])
    with pytest.raises(AccountingError, match="64 bits"):
        book([(0, [(10**10, 10**10)], [(10**10 + 1, 1)])])
    with pytest.raises(DomainError, match="rising"):
        depth_within(book([(0, [(9, 1)], [(10, 1)])]), [10, 5])
