"""Averaged settlements in the P&L by Greek: the mean of the path, and Greeks that agree with bumped prices."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from makerscope.metrics.greeks_arrays import Contracts, States, Trades
from makerscope.metrics.greeks_pnl import greeks_attribution
from makerscope.metrics.settlement_average import LONGEST, averaged, index_average, settlement_prices
from makerscope.pricing.black import black76_price
from makerscope.venues.deribit_units import instrument_of
from makerscope.venues.profiles import settlement_window

MINUTE = 60 * 10**9
YEAR = 365 * 1440 * MINUTE
WINDOW, EXPIRY = 30 * MINUTE, 90 * MINUTE


@given(st.lists(st.tuples(st.integers(1, 2 * LONGEST), st.floats(50, 150)), min_size=1, max_size=20), st.data())
def test_the_mean_is_the_sum_of_each_price_times_how_long_it_held_and_unknown_over_a_hole(steps, data):
    times = np.cumsum([gap for gap, _ in steps])
    prices = pl.DataFrame({"time": times, "base": "X", "price": [price for _, price in steps]})
    start = data.draw(st.integers(0, int(times[-1])))
    end = data.draw(st.integers(start + 1, int(times[-1]) + 2 * LONGEST))
    (mean,) = index_average(prices, "X", np.array([start]), np.array([end]))
    cuts = [start, *(int(t) for t in times if start < t < end), end]
    before = [t for t in times if t <= start]
    path = [*([int(before[-1])] if before else []), *cuts[1:-1]]
    known = bool(before) and all(b - a <= LONGEST for a, b in zip(path, [*path[1:], end], strict=True))
    if not known:
        assert np.isnan(mean)
        return
    held = [(b - a) * steps[int(np.searchsorted(times, a, side="right")) - 1][1] for a, b in pairwise(cuts)]
    lost = 150 * float(times[-1]) * 2**-50 / (end - start)  # of the area under the whole path
    assert mean == pytest.approx(sum(held) / (end - start), rel=1e-12, abs=lost)


def worth(F, K, v, left, average, *, coin):
    """Price on the average by the split into what is known and what is open, in plain arithmetic."""
    w = min(left / WINDOW, 1.0)
    known = (1 - w) * average if w < 1 else 0.0
    years = (left / 3 if w < 1 else left - 2 * WINDOW / 3) / YEAR
    price = w * float(black76_price(F, (K - known) / w, v, years, is_call=True))
    return price / (known + w * F) if coin else price


@pytest.mark.parametrize("coin", [False, True])
@pytest.mark.parametrize("left", [70 * MINUTE, 31 * MINUTE, 20 * MINUTE, 4 * MINUTE])
def test_legs_inside_and_before_the_average_are_those_of_bumped_prices(coin, left):
    F, K, v, average, unit = 100.0, 100.1, 0.6, 99.8, 1e14
    at = EXPIRY - left
    rest, unknown = averaged(*(np.array([x]) for x in (K, EXPIRY, at, WINDOW, average)))
    assert not unknown.any()
    dF, dv = 0.02, 0.001
    both = np.stack([np.append(part[0], 1.0) for part in (rest.weight, rest.strike, rest.expiry)])
    states = States(
        contract=np.zeros(2, int), time=np.array([at, at + 1]), value=np.array([0, 1]), forward=np.array([F, F + dF]),
        volatility=np.array([v, v + dv]), rate=np.zeros(2), slope=np.zeros(2), rest=both,
    )  # fmt: skip
    one = Contracts(
        name=["C"], token=["T"], option=np.array([True]), strike=np.array([K]), expiry=np.array([EXPIRY]),
        is_call=np.array([True]), coin=np.array([coin]), unit=np.array([unit]),
    )  # fmt: skip
    empty = np.empty(0, np.int64)
    nothing = Trades(account=[], contract=empty, time=empty, lots=empty, value=empty, fee=empty)
    found = greeks_attribution(one, states, nothing, since=at, until=at + 2, opening={("me", 0): 1})
    legs = found.pairs.row(0, named=True)

    def price(forward, volatility):
        return worth(forward, K, volatility, left, average, coin=coin)

    h, e = 1e-3, 1e-4
    slope = (price(F + h, v) - price(F - h, v)) / (2 * h)
    bend = (price(F + h, v) - 2 * price(F, v) + price(F - h, v)) / h**2
    vega = (price(F, v + e) - price(F, v - e)) / (2 * e)
    cross = (price(F + h, v + e) - price(F - h, v + e) - price(F + h, v - e) + price(F - h, v - e)) / (4 * h * e)
    scale = unit * max(abs(slope * dF), 1e-9)
    assert legs["delta"] == pytest.approx(unit * slope * dF, rel=1e-5, abs=1e-6 * scale)
    assert legs["gamma"] == pytest.approx(unit * bend * dF**2 / 2, rel=1e-3, abs=1e-5 * scale)
    assert legs["vega"] == pytest.approx(unit * vega * dv, rel=1e-4, abs=1e-6 * scale)
    assert legs["vanna"] == pytest.approx(unit * cross * dF * dv, rel=1e-3, abs=1e-5 * scale)


def test_an_average_nobody_knows_is_told_and_counts_as_the_last_price():
    facts = (np.array([100.0, 100.0]), np.array([EXPIRY] * 2), np.array([EXPIRY - WINDOW // 2, 0]))
    rest, unknown = averaged(*facts, np.array([WINDOW] * 2), np.array([np.nan, np.nan]))
    assert unknown.tolist() == [True, False]
    assert (rest.weight[0], rest.strike[0], rest.expiry[0]) == (1.0, 100.0, WINDOW / 2 / YEAR)
    assert rest.expiry[1] == pytest.approx((EXPIRY - 2 * WINDOW / 3) / YEAR)


def test_settlements_are_the_means_that_the_path_covers():
    path = pl.DataFrame({"time": [0, 4 * MINUTE, 8 * MINUTE], "base": "X", "price": [100.0, 110.0, 90.0]})
    windows = {("X", 8 * MINUTE): 8 * MINUTE, ("X", 60 * MINUTE): 8 * MINUTE, ("X", 7): 0}
    assert settlement_prices(path, windows).rows() == [("X", 8 * MINUTE, 105.0)]


def test_deribit_averages_half_an_hour_and_a_venue_without_a_profile_nothing():
    option = instrument_of("BTC-27NOV26-100000-C", at=1_790_000_000_000_000_000)
    assert settlement_window(option) == WINDOW
    assert settlement_window(instrument_of("BTC-PERPETUAL", at=0)) == 0
