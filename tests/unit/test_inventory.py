"""Inventory measures on a position path done by hand."""

import numpy as np
import polars as pl
import pytest

from makerscope.errors import DomainError
from makerscope.metrics.inventory import Holding, holding, inventory_measures
from makerscope.metrics.pnl import pnl
from makerscope.tape.events import Instrument, Token

# 0 for 10 ns, +8 for 20, +4 for 10, -2 for 60
PATH = Holding(np.array([0, 10, 30, 40]), np.array([0, 8, 4, -2]), 100, 18)


def test_time_weights_the_position():
    got = inventory_measures(PATH, unit_size=0.5, limit=5)
    mean = (8 * 20 + 4 * 10 + 2 * 60) / 100
    assert got["mean_abs_position"].value == pytest.approx(0.5 * mean)
    assert got["max_abs_position"].value == 4.0
    assert got["p95_abs_position"].value == 4.0
    assert got["turnover"].value == pytest.approx(18 / mean)
    assert got["inv_utilisation"].value == pytest.approx(mean / 5)
    assert got["time_over_limit"].value == pytest.approx(0.2)
    assert got["inv_half_life"].value == 20.0  # the extreme of 8 at 10 ns is 4 at 30 ns


def test_what_is_never_held_has_no_turnover_and_says_so():
    flat = inventory_measures(Holding(np.array([0]), np.array([0]), 100, 0), unit_size=1.0)
    assert (flat["turnover"].value, flat["turnover"].reason) == (None, "never held a position")
    assert flat["inv_half_life"].value is None
    assert flat["inv_autocorr"].value is None


def test_autocorrelation_of_an_alternating_position_is_minus_one():
    times = np.arange(40) * 10
    held = Holding(times, np.where(np.arange(40) % 2 == 0, 5, -5), 400, 0)
    assert inventory_measures(held, unit_size=1.0, grid=10)["inv_autocorr"].value == pytest.approx(-1.0)
    assert inventory_measures(held, unit_size=1.0, grid=20)["inv_autocorr"].value is None  # it looks constant there


def test_the_path_begins_at_the_known_position_and_counts_both_sides_of_the_account():
    x = Instrument(
        instrument="v:X", venue="v", symbol="X", kind="perp", base="X", quote="USD", settle="USDC", inverse=False,
        tick_size="1", lot_size="1", multiplier="1", facts="test",
    )  # fmt: skip
    row = {
        "instrument": "v:X", "price": 100, "maker_fee": 0, "maker_fee_token": "USDC", "taker_fee": 0,
        "taker_fee_token": "USDC", "taker_position": None, "liquidated": None, "purpose": None,
    }  # fmt: skip
    fills = pl.DataFrame([
        {**row, "time": 5, "serial": 0, "maker": "a", "taker": "b", "side": 1, "size": 3, "maker_position": 7},
        {**row, "time": 5, "serial": 1, "maker": "b", "taker": "a", "side": 1, "size": 20, "maker_position": -3},
        {**row, "time": 9, "serial": 2, "maker": "c", "taker": "b", "side": 1, "size": 1, "maker_position": 0},
    ], schema_overrides={"liquidated": pl.String, "purpose": pl.String, "taker_position": pl.Int64})  # fmt: skip
    marks = pl.DataFrame({"time": [0], "instrument": ["v:X"], "twice_price": [200]})
    funding = pl.DataFrame(schema={"time": pl.Int64, "instrument": pl.String, "funding": pl.Int64})
    result = pnl(
        fills,
        marks,
        funding,
        instruments={"v:X": x},
        tokens={"USDC": Token(token="USDC", decimals=6)},
        since=0,
        until=20,
    )
    held = holding(fills, result, "a", "v:X", since=0, until=20)
    assert (held.times.tolist(), held.lots.tolist(), held.traded) == ([0, 5], [7, -10], 23)
    with pytest.raises(DomainError, match="not in the P&L"):
        holding(fills, result, "nobody", "v:X", since=0, until=20)
