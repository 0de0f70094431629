"""Book quality against published and independently reproduced numbers."""

import numpy as np
import pytest

from makerscope.metrics.cost import cash_cost, impact_cost, round_trip_cost
from makerscope.metrics.depth import depth_within
from makerscope.metrics.states import BookStates

TICK = 0.1


def states_of(bids, asks, tick):
    def part(levels, at, unit):
        return np.array([[round(level[at] / unit) for level in levels]], np.int64)

    return BookStates(
        time=np.array([0]),
        bid=part(bids, 0, tick),
        bid_size=part(bids, 1, 1),
        ask=part(asks, 0, tick),
        ask_size=part(asks, 1, 1),
    )


def test_a_three_level_book_costs_what_another_package_says(vectors):
    (case,) = vectors("measures/book_depth_roundtrip.json")
    given, want, close = case["inputs"], case["expected"], case["tolerance"]["rel"]
    states = states_of(given["bids"], given["asks"], TICK)
    cost = round_trip_cost(states, given["size"]).row(0, named=True)
    assert cost["buy_price"] * TICK == pytest.approx(want["avg_buy"], rel=close)
    assert cost["sell_price"] * TICK == pytest.approx(want["avg_sell"], rel=close)
    assert cost["full_cost_bps"] == pytest.approx(want["round_trip_bps"], rel=close)
    depth = depth_within(states, [given["depth_bps"]]).row(0, named=True)
    assert (depth["bid_lots"], depth["ask_lots"]) == (want["depth_within_bid"], want["depth_within_ask"])


def test_ten_bps_of_twenty_five_thousand_are_twenty_five(vectors):
    case = next(case for case in vectors("measures/xlm.json") if case["case"] == "published_statement")
    assert impact_cost(case["inputs"]["xlm_bps"], case["inputs"]["order_eur"]) == case["expected"]["impact_cost_eur"]


def test_xlm_is_the_sum_of_its_sides(vectors):
    case = next(case for case in vectors("measures/xlm.json") if case["case"] == "round_trip_is_sum_of_sides")
    buy, sell, mid = case["inputs"]["buy_bps"], case["inputs"]["sell_bps"], 1_000_000
    # Touch 1 bps from the mid with one lot, the rest so deep that nine further lots bring the average to the given
    # cost.
    bids = [(mid - 100, 1), (round(mid - 100 * (10 * sell - 1) / 9), 10**6)]
    asks = [(mid + 100, 1), (round(mid + 100 * (10 * buy - 1) / 9), 10**6)]
    row = cash_cost(states_of(bids, asks, 1), 10 * mid).row(0, named=True)
    assert row["full_cost_bps"] == row["buy_bps"] + row["sell_bps"]
    assert row["full_cost_bps"] == pytest.approx(case["expected"]["round_trip_bps"], abs=0.01)  # ticks of 0.01 bps
    assert buy + sell == pytest.approx(case["expected"]["round_trip_bps"], abs=case["tolerance"]["abs"])
