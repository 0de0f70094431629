"""Real Aster and Lighter recordings."""

import polars as pl
import pytest

from makerscope.venues import aster, lighter
from tests.recordings import count, tape_from

SECOND = 1_000_000_000


@pytest.fixture
def aster_tape(shared_file, tmp_path):
    paths = [shared_file(f"data/aster/btcusdt_20250924_{kind}.csv.gz") for kind in ("orderbook", "prices", "trades")]
    return tape_from(aster, paths, tmp_path / "tape")


@pytest.fixture
def lighter_tape(shared_file, tmp_path):
    paths = [shared_file(f"data/lighter/btc_20250915_{kind}.csv.gz") for kind in ("prices", "trades")]
    return tape_from(lighter, paths, tmp_path / "tape")


def test_aster_books_are_whole_and_by_the_recorders_clock(aster_tape):
    book = aster_tape.read("book")
    assert aster_tape.manifest.rows["book"] == 1147 * 20
    assert book["sequence"].n_unique() == 1147
    assert book["exchange_time"].null_count() == book.height
    tops = book.group_by("sequence").agg(
        bid=pl.col("price").filter(pl.col("side") == 1).max(), ask=pl.col("price").filter(pl.col("side") == -1).min()
    )
    assert (tops["bid"] < tops["ask"]).all()
    assert (aster_tape.read("sessions").group_by("channel").len()["len"] == 1).all()


def test_aster_trades_are_by_the_venues_clock_and_in_its_order(aster_tape):
    fills = aster_tape.read("fills")
    assert fills.height == 2446
    assert fills["local_time"].null_count() == 2446
    assert fills["exchange_time"].is_sorted()
    assert not fills["fill"].cast(pl.Int64).is_sorted()
    assert dict(fills.group_by("side").len().rows()) == {-1: 1261, 1: 1185}  # the aggressor bought 1261 times
    assert count(aster_tape, level="warning", code="two clocks") == 1


def test_aster_quotes_have_no_sizes(aster_tape):
    quotes = aster_tape.read("quotes")
    assert quotes.height == 1147
    assert quotes.select(pl.col("bid_size", "ask_size").null_count()).row(0) == (1147, 1147)
    assert (quotes["bid"] < quotes["ask"]).all()


def test_lighter_runs_are_put_in_order_and_pauses_end_sessions(lighter_tape):
    quotes, fills = lighter_tape.read("quotes"), lighter_tape.read("fills")
    assert (quotes.height, fills.height) == (17_974, 456)
    assert quotes["local_time"].is_sorted()
    assert fills["local_time"].is_sorted()
    assert fills["exchange_time"].null_count() == 456
    sessions = lighter_tape.read("sessions")
    assert dict(sessions.group_by("channel").len().rows()) == {"quotes": 9, "fills": 9}
    starts, ends = sessions.filter(channel="quotes").select("start_local", "end_local").get_columns()
    pauses = sorted(((starts[1:] - ends[:-1]) / SECOND).round().to_list())
    assert pauses[0] >= 58
    assert pauses[-1] == 3490  # between the two runs


def test_lighter_rows_without_market_id_and_a_time_without_fraction_are_read(lighter_tape):
    assert "quarantine" not in lighter_tape.manifest.rows
    assert lighter_tape.read("fills").filter(pl.col("local_time") % SECOND == 0).height >= 1
    assert lighter_tape.read("fills")["size"].min() == 1  # 1e-05
    assert count(lighter_tape, level="info", code="zone not stated") == 2
    assert count(lighter_tape, level="warning", code="side not stated") == 1
