"""Binance recordings of 2024-08-08: the rebuilt top of the book is an independent feed's at the same update id."""

import polars as pl
import pytest

from makerscope.errors import FormatError
from makerscope.metrics.book import levels_after_each, top_of_book
from makerscope.venues import binance
from makerscope.venues.files import blocks
from tests.recordings import count, tape_from

FILES = {
    "binance.spot": ("spot/btcusdt_20240808.gz", "BTCUSDT", 564, 3451, 28040, 9757, 2),
    "binance.usdm": ("usdm/btcusdt_20240808.gz", "BTCUSDT", 629, 6551, 66089, 21313, 4),
    "binance.coinm": ("cm/btcusd_perp_20240808.gz", "BTCUSD_PERP", 1124, 26847, 19136, 2286, 23),
}
TOP = ("bid", "bid_size", "ask", "ask_size")


@pytest.mark.parametrize("market", FILES)
def test_the_rebuilt_top_equals_book_ticker_at_every_comparable_update_id(market, shared_file, tmp_path):
    name, symbol, comparable, changes, tickers, trades, covered = FILES[market]
    path = shared_file(f"data/binance/{name}")
    tape = tape_from(binance, [path], tmp_path / "tape")
    book, quotes = tape.read("book"), tape.read("quotes")
    pairs = top_of_book(book).join(quotes, on="sequence", suffix="_seen")
    assert pairs.height == comparable
    assert pairs.filter(pl.all_horizontal(pl.col(a).eq_missing(pl.col(f"{a}_seen")) for a in TOP)).height == comparable
    assert (quotes.height, tape.manifest.rows["fills"]) == (tickers, trades)
    assert count(tape, level="dropped", code="before the snapshot") == covered
    ladder = levels_after_each(book, 20)
    assert ladder.messages.height <= changes + 1 - covered
    assert ladder.crossed == 0
    assert tape.manifest.rows.get("quarantine", 0) == 0
    assert list(tape.instruments) == [f"{market}:{symbol}"]
    assert "behind the venue's" in next(item.text for item in tape.manifest.findings if item.code == "clock offset")
    assert tape.read("sessions").filter(channel="book").height == 1
    assert (tape.read("quotes")["exchange_time"].null_count() == tickers) == (market == "binance.spot")


@pytest.mark.parametrize("market", FILES)
def test_the_changes_without_their_snapshot_are_refused(market, shared_file, tmp_path):
    path = shared_file(f"data/binance/{FILES[market][0]}")
    lines = [line for block in blocks(path) for line in block.splitlines(keepends=True) if b'"depthUpdate"' in line]
    (tmp_path / "changes").write_bytes(b"".join(lines))
    with pytest.raises(FormatError, match=f"{len(lines)} changes of the book and no snapshot"):
        tape_from(binance, [tmp_path / "changes"], tmp_path / "tape")
    assert not (tmp_path / "tape").exists()


def test_three_markets_make_one_tape(shared_file, tmp_path):
    paths = [shared_file(f"data/binance/{facts[0]}") for facts in FILES.values()]
    tape = tape_from(binance, paths, tmp_path / "tape")
    assert sorted(tape.instruments) == sorted(f"{market}:{facts[1]}" for market, facts in FILES.items())
    assert tape.read("fills").group_by("side").len().height == 2
    assert tape.read("fills")["fill"].null_count() == 0
