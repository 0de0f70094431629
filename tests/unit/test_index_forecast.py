"""Forecasts on the path of an index: periods add to the path, the better forecaster is named, too little is said."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from makerscope.metrics.implied_realised import compared, fitting_horizon
from makerscope.metrics.index_forecast import FEWEST, HOUR, index_forecasts, periods_of
from makerscope.metrics.option_chain import DAY
from makerscope.pricing.garch import garch_out_of_sample
from makerscope.report.volatility_card import forecast_card, forecast_words, garch_words


def path(n: int, *, step: int = HOUR, seed: int = 1, calm: float = 0.0) -> pl.DataFrame:
    """Prices every ``step`` whose variance wanders, slowly with a memory of weeks where ``calm`` is near 1."""
    draw = np.random.default_rng(seed)
    log_variance = np.zeros(n)
    for i in range(1, n):
        log_variance[i] = calm * log_variance[i - 1] + 0.3 * draw.normal()
    returns = 0.005 * np.exp(log_variance / 2) * draw.normal(size=n)
    return pl.DataFrame({"time": np.arange(n) * step, "price": 100 * np.exp(np.cumsum(returns))})


@given(st.lists(st.integers(1, 7 * HOUR), min_size=1, max_size=80), st.integers(HOUR, 9 * HOUR))
def test_periods_hold_each_return_once_and_their_returns_add_to_the_path(steps, length):
    times = np.cumsum([0, *steps])
    prices = np.exp(np.sin(np.arange(times.size)))
    found = periods_of(pl.DataFrame({"time": times, "price": prices}), length)
    first, last = times[0] // length + 1, times[-1] // length
    assert found.variance.size == max(last - first, 0)
    for i, variance in enumerate(found.variance):
        own = [
            (np.log(prices[j]) - np.log(prices[j - 1])) ** 2
            for j in range(1, times.size)
            if times[j] // length == first + i
        ]
        if len(own) < 2:
            assert np.isnan(variance)
        else:
            assert variance == pytest.approx(sum(own), rel=1e-12)
    if found.returns.size:
        ends = [prices[times < at * length][-1] for at in (first, last)]
        assert found.returns.sum() == pytest.approx(np.log(ends[1] / ends[0]), abs=1e-12)


def test_of_a_flat_market_the_volatility_that_made_it_is_forecast():
    draw = np.random.default_rng(5)
    n = 24 * 4 * 200
    daily = 0.03  # a day; the market does not change its mind
    prices = 100 * np.exp(np.cumsum(draw.normal(0, daily / np.sqrt(96), n)))
    found = index_forecasts(pl.DataFrame({"time": np.arange(n) * HOUR // 4, "price": prices}))
    assert found.period == DAY
    for volatility in found.following.values():
        assert volatility == pytest.approx(daily * np.sqrt(365), rel=0.1)
    assert {score.n for score in found.scores} == {found.periods - 60}


def test_where_variance_reverts_within_days_har_beats_the_slow_baseline_beyond_chance():
    n = 24 * 400
    draw = np.random.default_rng(3)
    days = np.zeros(400)
    for i in range(1, 400):
        days[i] = 0.5 * days[i - 1] + draw.normal()
    returns = 0.01 * np.exp(np.repeat(days, 24) / 2) * draw.normal(size=n)
    found = index_forecasts(pl.DataFrame({"time": np.arange(n) * HOUR, "price": np.exp(np.cumsum(returns))}))
    assert found.best == "HAR"
    assert found.gain.low > 0
    assert "is more than chance" in forecast_words(forecast_card(found))


def test_garch_is_judged_on_the_same_periods_where_there_are_enough_and_named_where_not():
    prices = path(24 * 190, calm=0.99)
    found = index_forecasts(prices, garch=lambda r, first: garch_out_of_sample(r, first=first))
    assert {score.name for score in found.scores} == {"EWMA", "HAR", "GARCH"}
    assert len({score.n for score in found.scores}) == 1
    assert found.following["GARCH"] > 0
    few = index_forecasts(path(24 * 130), garch=lambda r, first: garch_out_of_sample(r, first=first))
    assert {score.name for score in few.scores} == {"EWMA", "HAR"}
    assert garch_words(forecast_card(few), asked=True) == "GARCH wants 160 periods; there are 128."


@pytest.mark.parametrize("n", [0, 1, 5, 2 * FEWEST])
def test_a_short_path_says_how_much_is_wanted(n):
    card = forecast_card(index_forecasts(path(n)))
    assert card.rows == ()
    assert f"{n:,} prices of the index are too few: {FEWEST} periods" in card.reason
    assert forecast_words(card) == f"Not judged: {card.reason}."


def test_a_tape_is_looked_at_over_the_longest_horizon_that_fits_three_times():
    for days, want in ((90, 30), (89, 7), (21, 7), (20, 1), (3, 1), (1, 1)):
        assert fitting_horizon(pl.Series([0, days * DAY])) == want * DAY
    assert fitting_horizon(pl.Series([0, DAY - 1])) is None
    assert fitting_horizon(pl.Series([], dtype=pl.Int64)) is None


def test_snapshots_of_less_than_a_day_are_not_compared():
    rows = pl.DataFrame({"snapshot": [0, HOUR], "base": ["BTC"] * 2, "index": [1.0, 1.1]})
    assert compared(rows) is None
