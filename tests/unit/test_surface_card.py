"""Arbitrage that the quotes of a snapshot would pay, as the options page names it."""

import polars as pl
import pytest

from makerscope.report.executable_card import executable


def snapshot(bids, asks, *, coin):
    """Calls of one expiry at 90, 100 and 110 with the forward at 100; prices in quote currency."""
    n = len(bids)
    return pl.DataFrame(
        {
            "expiry": [7] * n,
            "is_call": [True] * n,
            "strike": [90.0, 100.0, 110.0],
            "tenor": [7 / 365] * n,
            "forward": [100.0] * n,
            "reason": pl.Series([None] * n, dtype=pl.String),
            "coin_premium": [coin] * n,
            **{f"{side}_usd": None if coin else values for side, values in (("bid", bids), ("ask", asks))},
            **{
                f"{side}_coin": [None if value is None else value / 100 for value in values] if coin else None
                for side, values in (("bid", bids), ("ask", asks))
            },
        },
        schema_overrides={f"{side}_{unit}": pl.Float64 for side in ("bid", "ask") for unit in ("usd", "coin")},
    )


def test_a_middle_strike_sold_above_its_neighbours_is_named_with_its_gain():
    said = ("butterfly of calls 90/100/110 at 7 d, gains 1.00 a unit",)
    bids, asks = [11.0, 8.0, 2.0], [11.5, 8.5, 2.5]
    assert executable(snapshot(bids, asks, coin=False)).trades == said
    assert executable(snapshot(bids, asks, coin=True)).trades == said


def test_the_same_mids_do_not_trade_through_wider_quotes():
    assert executable(snapshot([10.0, 6.9, 1.0], [12.5, 9.6, 3.5], coin=False)).trades == ()


def test_a_missing_side_never_trades_and_the_greatest_gain_comes_first():
    rows = snapshot([None, 12.0, 13.0], [9.0, None, 14.0], coin=True)
    assert executable(rows).trades[0] == "vertical of calls 90/110 at 7 d, gains 4.00 a unit"


def test_three_equal_prices_on_one_line_are_not_a_trade():
    assert executable(snapshot([0.07, 0.07, 0.07], [0.07, 0.07, 0.07], coin=True)).trades == ()


def two_expiries(*, coin, near_bid, far_ask, futures=None):
    """Calls and puts at 100 of 7 and 30 days, the forward at 100 and 102; wide quotes but for the two calls."""
    rows = [
        {
            "expiry": days, "is_call": call, "strike": 100.0, "tenor": days / 365, "forward": forward, "reason": None,
            "coin_premium": coin, "bid_usd": bid, "ask_usd": ask, "bid_coin": bid / forward, "ask_coin": ask / forward,
        }
        for days, forward, call, bid, ask in (
            (7, 100.0, True, near_bid, 9.0), (7, 100.0, False, 1.0, 9.0),
            (30, 102.0, True, 1.0, far_ask), (30, 102.0, False, 1.0, 9.0),
        )
    ]  # fmt: skip
    return executable(pl.DataFrame(rows, schema_overrides={"reason": pl.String}), futures)


@pytest.mark.parametrize("coin", [False, True])
def test_a_near_call_sold_above_what_a_far_one_costs_is_named_with_its_condition(coin):
    assert two_expiries(coin=coin, near_bid=5.0, far_ask=5.2).trades == ()
    # 100 / 102 of the far call, whose strike is 98.04 at the near expiry, cover the near one
    found = two_expiries(coin=coin, near_bid=5.0, far_ask=4.08).trades
    assert found == (
        (
            "calendar sells the call 100 at 7 d and buys 100 at 30 d, gains 1.00 a unit, "
            "if the ratio of the two forwards stays until then"
        ),
    )


@pytest.mark.parametrize("end", [20.0, 99.0, 100.0, 101.0, 500.0])
@pytest.mark.parametrize(("call", "put"), [((6.0, 6.1), (2.0, 2.1)), ((2.0, 2.1), (6.0, 6.1))])
def test_parity_against_an_inverse_future_locks_in_at_least_its_gain_wherever_the_market_ends(call, put, end):
    bid, ask, strike, forward = 99.9, 100.1, 100.0, 100.0
    rows = pl.DataFrame([
        {"expiry": 7, "is_call": is_call, "strike": strike, "tenor": 7 / 365, "forward": forward, "reason": None,
         "coin_premium": True, "bid_usd": None, "ask_usd": None, "bid_coin": b / forward, "ask_coin": a / forward}
        for is_call, (b, a) in ((True, call), (False, put))
    ], schema_overrides={"reason": pl.String})  # fmt: skip
    found = executable(rows, {7: (bid, ask)})
    assert found.unsearched == ()
    gain = float(found.trades[0].split("gains ")[1].split()[0])
    # in coin: premiums now, then the options and an inverse future of K dollars at the end, the price is S
    side = 1 if call[0] > put[1] else -1  # sell the call or the put
    sold, bought, price = (call, put, ask) if side == 1 else (put, call, bid)
    options = side * (max(strike - end, 0) - max(end - strike, 0)) / end
    future = side * strike * (1 / price - 1 / end)
    locked = (sold[0] - bought[1]) / forward + options + future
    assert locked * price >= gain - 0.005  # two places are shown


def test_without_futures_the_card_says_that_parity_was_not_searched():
    assert two_expiries(coin=True, near_bid=1.0, far_ask=9.0).unsearched == (
        "Put-call parity was not searched: no future of an expiry was quoted on this tape at that instant.",
    )
    some = two_expiries(coin=True, near_bid=1.0, far_ask=9.0, futures={30: (101.9, 102.1)})
    assert some.unsearched == (
        "Put-call parity was searched at 1 of 2 expiries: no future of the others was quoted at that instant.",
    )
