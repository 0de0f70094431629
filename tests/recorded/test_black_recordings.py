"""The marks and deltas that Deribit published for all its options, from its own volatilities and forwards."""

import numpy as np
import polars as pl
import pytest

from makerscope.pricing.black import black76_greeks, inverse_greeks

MONTHS = ("2025-12", "2026-03", "2026-04")
YEAR_US = 365 * 86_400 * 1e6


@pytest.mark.parametrize("month", MONTHS)
def test_deribit_marks_in_coin_and_deltas_are_reproduced(month, shared_file):
    chain = pl.read_parquet(shared_file(f"data/deribit/option_chain_snapshots_{month}.parquet")).filter(
        pl.col("implied_volatility") > 0
    )
    assert chain.height > 5000
    years = (chain["expiry_datetime"] - chain["timestamp"]).dt.total_microseconds().to_numpy() / YEAR_US
    forward, strike, volatility = (chain[name].to_numpy() for name in ("underlying", "strike", "implied_volatility"))
    is_call = chain["option_type"].str.to_lowercase().str.starts_with("c").to_numpy()
    coin = inverse_greeks(forward, strike, volatility, years, is_call=is_call)
    linear = black76_greeks(forward, strike, volatility, years, is_call=is_call)
    assert np.median(np.abs(coin.price - chain["mark_price"].to_numpy())) < 2.2e-5
    assert np.median(np.abs(linear.delta - chain["delta"].to_numpy())) < 2e-4
    assert np.median(np.abs(linear.vega / 100 - chain["vega"].to_numpy())) < 6e-3  # dollars per point of volatility
    np.testing.assert_allclose(coin.net_delta, linear.delta - coin.price, atol=1e-13 * (1 + strike / forward).max())
