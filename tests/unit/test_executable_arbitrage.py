"""Arbitrage on bids and asks: each found trade by hand, none on fair quotes, never from a mid."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from makerscope.errors import DomainError
from makerscope.pricing.executable import butterfly_trades, calendar_trades, parity_trades, vertical_trades

STRIKES = np.array([80.0, 90.0, 100.0, 110.0, 120.0])


def fair(is_call=True, forward=100.0, s=0.3):
    cdf = np.vectorize(lambda x: 0.5 * math.erfc(-x / math.sqrt(2.0)))
    d = np.log(forward / STRIKES) / s + 0.5 * s
    call = forward * cdf(d) - STRIKES * cdf(d - s)
    return call if is_call else call - forward + STRIKES


def test_fair_quotes_give_no_trade():
    call, put = fair(), fair(is_call=False)
    for mid, is_call in ((call, True), (put, False)):
        assert vertical_trades(STRIKES, mid - 0.05, mid + 0.05, is_call=is_call) == []
        assert butterfly_trades(STRIKES, mid - 0.05, mid + 0.05, is_call=is_call) == []
    assert (
        parity_trades(STRIKES, call - 0.05, call + 0.05, put - 0.05, put + 0.05, forward_bid=99.9, forward_ask=100.1)
        == []
    )


def test_a_mid_that_breaks_convexity_inside_the_spread_is_no_trade():
    mid = fair()
    mid[2] += 1.2
    assert butterfly_trades(STRIKES, mid - 2.0, mid + 2.0, is_call=True) == []
    [trade] = butterfly_trades(STRIKES, mid - 0.01, mid + 0.01, is_call=True)
    assert trade.strikes[1] == 100.0


def test_a_butterfly_over_a_strike_that_does_not_trade_is_found():
    ask = np.array([22.0, np.nan, 9.0, np.nan, 2.0])
    bid = np.array([21.0, np.nan, 13.0, np.nan, 1.5])
    [trade] = butterfly_trades(STRIKES, bid, ask, is_call=True)
    assert trade.strikes == (80.0, 100.0, 120.0)
    assert trade.gain == pytest.approx(13.0 - 0.5 * (22.0 + 2.0))


def test_a_spread_sold_for_more_than_it_can_pay():
    [trade] = vertical_trades([90, 100], [15.0, 3.0], [15.5, 3.5], is_call=True)
    assert trade.gain == pytest.approx(15.0 - 3.5 - 10.0)
    [trade] = vertical_trades([90, 100], [6.0, 4.0], [6.5, 5.0], is_call=False)
    assert trade.gain == pytest.approx(6.0 - 5.0)


def test_parity_is_on_the_quotes_of_three_markets():
    [trade] = parity_trades([100], [2.0], [2.1], [2.0], [2.1], forward_bid=101.0, forward_ask=101.5)
    assert trade.gain == pytest.approx((101.0 - 100.0) - (2.1 - 2.0))
    assert parity_trades([100], [2.0], [2.1], [np.nan], [2.1], forward_bid=101.0, forward_ask=101.5) == []


def test_calendar_needs_the_forward_not_the_strike():
    near, far = ([100.0], [5.0], [5.1]), ([110.0], [4.0], [4.6])
    [trade] = calendar_trades(near, far, near_forward=100.0, far_forward=110.0, is_call=True)
    assert trade.gain == pytest.approx(5.0 - 4.6 / 1.1)
    assert calendar_trades(near, far, near_forward=100.0, far_forward=100.0, is_call=True) == []


prices = st.lists(st.floats(0.01, 30.0), min_size=5, max_size=5)


@given(prices, prices, st.booleans())
def test_a_found_trade_never_pays_out_and_gains_what_it_says(bids, widths, is_call):
    bid = np.array(bids)
    ask = bid + 0.1 * np.array(widths)
    ends = np.linspace(0.0, 300.0, 601)
    pays = np.maximum(ends - STRIKES[:, None] if is_call else STRIKES[:, None] - ends, 0.0)
    at = {strike: i for i, strike in enumerate(STRIKES.tolist())}
    for trade in butterfly_trades(STRIKES, bid, ask, is_call=is_call):
        i, j, m = (at[strike] for strike in trade.strikes)
        share = (STRIKES[m] - STRIKES[j]) / (STRIKES[m] - STRIKES[i])
        total = share * pays[i] + (1 - share) * pays[m] - pays[j]
        assert total.min() >= -1e-9
        assert trade.gain == pytest.approx(bid[j] - share * ask[i] - (1 - share) * ask[m])
    for trade in vertical_trades(STRIKES, bid, ask, is_call=is_call):
        i, j = (at[strike] for strike in trade.strikes)
        outcomes = [(bid[sold] - ask[bought] + pays[bought] - pays[sold]).min() for sold, bought in ((i, j), (j, i))]
        assert max(outcomes) == pytest.approx(trade.gain, abs=1e-9)
    pairs = itertools.permutations(range(5), 2)
    best = max((bid[i] - ask[j] + pays[j] - pays[i]).min() for i, j in pairs)
    found = [trade.gain for trade in vertical_trades(STRIKES, bid, ask, is_call=is_call)]
    assert max(found, default=0.0) == pytest.approx(max(best, 0.0), abs=1e-9)


def test_bad_strikes_and_forwards_are_errors():
    with pytest.raises(DomainError):
        vertical_trades([90, 90], [1, 1], [2, 2], is_call=True)
    with pytest.raises(DomainError):
        butterfly_trades([90, -1], [1, 1], [2, 2], is_call=True)
    with pytest.raises(DomainError):
        parity_trades([90], [1], [2], [1], [2], forward_bid=2.0, forward_ask=1.0)
    with pytest.raises(DomainError):
        calendar_trades(([90], [1], [2]), ([90], [1], [2]), near_forward=0.0, far_forward=1.0, is_call=True)
