"""A recorded day as the reference price of a simulation."""

import numpy as np
import polars as pl
import pytest

from makerscope.market.leader import Leader, leader_quotes
from makerscope.market.recorded_path import heard_share, recorded_path
from makerscope.tape.read import TIME
from makerscope.venues import hyperliquid
from tests.recordings import tape_from

SECOND = 1_000_000_000


def test_a_day_of_hyperliquid_drives_the_leader(shared_file, tmp_path):
    tape = tape_from(hyperliquid, [shared_file("data/hyperliquid/btc_20250903_trades.csv.gz")], tmp_path / "tape")
    [name] = tape.instruments
    found = recorded_path(tape, name, step=SECOND, source="trades")
    rows = tape.read("trades").select(TIME.alias("time"), "last_price").sort("time", maintain_order=True)
    grid = pl.DataFrame({"time": found.path.begin + SECOND * np.arange(found.path.spot.shape[1])})
    want = grid.join_asof(rows, on="time", strategy="backward")["last_price"].to_numpy()
    tick = float(tape.instruments[name].tick_size)
    np.testing.assert_allclose(found.path.spot[0], want * tick, rtol=1e-15)
    share = heard_share(found.path)[0]
    hours = (found.path.end - found.path.begin) / 3600 / SECOND
    volatility = np.sqrt(np.median(found.path.variance))
    print(f"{found.values} trades in {hours:.1f} h, heard {share:.1%}, {len(found.gaps)} gaps, vol {volatility:.0%}")
    assert 0.05 < volatility < 2.0
    assert share == pytest.approx(1 - sum(end - start for start, end in found.gaps) / SECOND / want.size, abs=0.01)
    leader = Leader(tick=tick, unit=1, shown=10, depth=1000.0, impact=100.0, half_spread=10.0)
    quotes = leader_quotes(leader, found.path, instrument="cex:BTC")
    assert (quotes["bid"] < quotes["ask"]).all()
