"""One real Uniswap v3 pool by minute."""

from decimal import Decimal

import polars as pl
import pytest

from makerscope.venues import uniswap_v3
from tests.recordings import count, tape_from

FILE = "data/uniswap_v3/polygon-0x45dda9cb7c25131df268515131f647d726f50608-2023-08-17.minute.csv.gz"


@pytest.fixture
def tape(shared_file, tmp_path):
    return tape_from(uniswap_v3, [shared_file(FILE)], tmp_path / "tape")


def test_every_minute_is_on_the_tape_or_set_aside_with_its_reason(tape):
    rows = tape.manifest.rows
    assert rows["pool_events"] + rows["quarantine"] == 1440
    assert count(tape, level="quarantined", code="bad row") == rows["quarantine"] == 45
    events = tape.read("pool_events")
    low, high = pl.col("low_tick"), pl.col("high_tick")
    assert (
        events.filter(pl.col("open_tick").is_between(low, high) & pl.col("close_tick").is_between(low, high)).height
        == 1395
    )


def test_the_recorder_heard_the_whole_day(tape):
    session = tape.read("sessions").row(0, named=True)
    assert tape.manifest.rows["sessions"] == 1
    assert (session["end_exchange"] - session["start_exchange"]) // 60_000_000_000 == 1439
    assert session["events"] == 1440


def test_amounts_are_exact_raw_units_of_the_known_tokens(tape, shared_file):
    raw = pl.read_csv(shared_file(FILE), infer_schema=False)
    events = tape.read("pool_events").with_columns(
        timestamp=pl.from_epoch("exchange_time", time_unit="ns").dt.to_string("%Y-%m-%d %H:%M:%S")
    )
    both = events.join(raw, on="timestamp")
    pairs = {"net_amount0": "netAmount0", "in_amount1": "inAmount1", "liquidity": "currentLiquidity"}
    for name, source in pairs.items():
        assert [str(value) for value in both[name]] == both[source].to_list()
    assert max(abs(value) for value in both["net_amount1"]) > Decimal(2) ** 63
    assert {name: item.decimals for name, item in tape.tokens.items()} == {"USDC": 6, "WETH": 18}
    (pool,) = tape.instruments.values()
    assert (pool.kind, pool.base, pool.quote) == ("pool", "WETH", "USDC")


def test_the_price_is_that_of_ether_in_dollars(tape):
    tick = tape.read("pool_events")["close_tick"].median()
    assert 1500 < 10**12 / 1.0001**tick < 1900
