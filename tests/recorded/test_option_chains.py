"""Measures of the recorded Deribit chains: model-free variance, widths, smiles, and an alarm that does not cry wolf."""

import functools
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from makerscope.metrics.option_alarm import alarm_buckets, withdrawal_alarm
from makerscope.metrics.option_chain import option_rows, with_snapshots
from makerscope.metrics.option_quotes import near_the_money, quote_buckets, quote_measures
from makerscope.metrics.option_smile import smiles, term_structure
from makerscope.metrics.variance_premium import (
    HORIZON,
    implied_terms,
    implied_variance,
    index_prices,
    realised_variance,
    variance_premium,
)
from makerscope.venues import deribit
from tests.recordings import tape_from

MONTHS = ("2025-12", "2026-03", "2026-04")


@functools.cache
def chain(path: Path) -> pl.DataFrame:
    with tempfile.TemporaryDirectory() as folder:
        return with_snapshots(option_rows(tape_from(deribit, [path], Path(folder) / "tape")))


@pytest.fixture
def month(shared_file):
    return lambda name: chain(shared_file(f"data/deribit/option_chain_snapshots_{name}.parquet"))


@pytest.mark.parametrize("name", MONTHS)
def test_no_crisis_is_named_in_the_quiet_months_beyond_the_stated_rate(name, month):
    rows = month(name)
    looks = rows["snapshot"].n_unique()
    for rate in (0.01, 0.02, 0.1):
        alarms = withdrawal_alarm(alarm_buckets(rows), rate=rate).filter("alarm")["snapshot"].n_unique()
        assert alarms <= rate * looks


@pytest.mark.parametrize(("share", "factor", "count"), [(0.4, 3.0, 1), (0.4, 3.0, 12), (0.0, 2.0, 5)])
def test_a_withdrawal_put_into_a_quiet_month_is_found_and_nothing_else(share, factor, count, month):
    rows = month("2026-03")
    draw = np.random.default_rng(count)
    looks = draw.choice(rows["snapshot"].unique().sort().to_numpy(), count, replace=False).tolist()
    hit = pl.col("snapshot").is_in(looks)
    gone = pl.Series(draw.random(rows.height) < share)
    mid = (pl.col("bid_usd") + pl.col("ask_usd")) / 2
    half = (pl.col("ask_usd") - pl.col("bid_usd")) / 2 * factor
    hurt = rows.with_columns(
        bid_usd=pl.when(hit & pl.col("ask_usd").is_not_null()).then(mid - half).otherwise("bid_usd"),
        ask_usd=pl.when(hit & pl.col("bid_usd").is_not_null()).then(mid + half).otherwise("ask_usd"),
    ).with_columns(bid_usd=pl.when(~(hit & gone)).then("bid_usd"))
    found = withdrawal_alarm(alarm_buckets(hurt)).filter("alarm")
    assert set(found["snapshot"]) == set(looks)
    assert found.height == 2 * count  # both underlyings


def test_widths_near_the_money_are_a_few_volatility_points_and_most_of_the_grid_is_quoted(month):
    buckets = near_the_money(quote_buckets(month("2026-04"))).filter(base="BTC")
    found = quote_measures(buckets)
    assert 0.5 < found["full_width_points"].value < 3
    assert found["full_width_points"].low < found["full_width_points"].value < found["full_width_points"].high
    assert found["coverage_vega"].value > 0.99
    assert found["stale_marks"].n > 50_000


def test_stale_marks_of_a_month_are_those_the_data_is_known_to_hold(month):
    found = quote_measures(quote_buckets(month("2026-03")))
    assert found["stale_marks"].value * found["stale_marks"].n == pytest.approx(5038, abs=0.5)


def test_every_expiry_has_a_smile_and_total_variance_rises_on_marks(month):
    smile = smiles(month("2026-04"))
    assert smile["at_the_money"].null_count() == 0
    assert smile["at_the_money"].is_between(0.1, 1.5).all()
    assert smile.filter(pl.col("tenor") > 7 / 365)["risk_reversal"].median() < 0  # puts cost more
    assert term_structure(smile)["falls"].mean() < 0.01


def test_the_books_of_2021_are_two_looks(shared_file, tmp_path):
    tape = tape_from(deribit, [shared_file("data/deribit/btc_option_books_20210211.csv.gz")], tmp_path / "tape")
    rows = with_snapshots(option_rows(tape))
    assert rows.group_by("snapshot").len()["len"].to_list() == [488, 488]
    assert not withdrawal_alarm(alarm_buckets(rows))["alarm"].any()


def test_the_model_free_variance_of_thirty_days_lies_about_the_at_the_money_one(month):
    rows = month("2026-04")
    terms = implied_terms(rows, near=HORIZON)
    assert terms["variance"].null_count() <= 0.01 * terms.height
    forwards = rows.group_by("snapshot", "base", "expiry").agg(venue=pl.col("forward").median())
    apart = terms.join(forwards, on=["snapshot", "base", "expiry"]).select(
        (pl.col("forward") / pl.col("venue") - 1).abs().median()
    )
    assert apart.item() < 5e-4  # parity of the quotes against the venue's forward
    implied = implied_variance(terms, smiles(rows))
    assert implied["implied"].null_count() == 0
    ratio = (
        implied.join(smiles(rows).filter(pl.col("tenor").is_between(20 / 365, 40 / 365)), on=["snapshot", "base"])
        .select((pl.col("implied").sqrt() / pl.col("at_the_money")).median())
        .item()
    )
    assert 0.95 < ratio < 1.15  # a smile with wings: a little above, less what the strip cuts off


def test_implied_variance_stood_above_what_was_realised_in_a_week_of_a_quiet_month(month):
    rows, week = month("2026-04"), HORIZON * 7 // 30
    implied = implied_variance(implied_terms(rows, near=week), smiles(rows), horizon=week)
    both = realised_variance(index_prices(rows), implied, horizon=week).filter(base="BTC")
    found = variance_premium(
        both["implied"].fill_null(np.nan).to_numpy(), both["realised"].fill_null(np.nan).to_numpy(), lags=28
    )
    assert found.premium.n > 80
    assert found.premium.value > 0
    assert found.divergence.low < found.divergence.value < found.divergence.high
    assert found.divergence_size.value >= abs(found.divergence.value)
