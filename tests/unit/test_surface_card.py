"""Arbitrage that the quotes of a snapshot would pay, as the options page names it."""

import polars as pl

from makerscope.report.surface_card import executable


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
    assert executable(snapshot(bids, asks, coin=False)) == said
    assert executable(snapshot(bids, asks, coin=True)) == said


def test_the_same_mids_do_not_trade_through_wider_quotes():
    assert executable(snapshot([10.0, 6.9, 1.0], [12.5, 9.6, 3.5], coin=False)) == ()


def test_a_missing_side_never_trades_and_the_greatest_gain_comes_first():
    rows = snapshot([None, 12.0, 13.0], [9.0, None, 14.0], coin=True)
    assert executable(rows)[0] == "vertical of calls 90/110 at 7 d, gains 4.00 a unit"


def test_three_equal_prices_on_one_line_are_not_a_trade():
    assert executable(snapshot([0.07, 0.07, 0.07], [0.07, 0.07, 0.07], coin=True)) == ()
