"""Deribit recordings: option chains of 2025 and 2026, option books of 2021, a session of the feed of 2021."""

import numpy as np
import polars as pl
import pytest
from scipy.special import ndtr

from makerscope.metrics.book import top_of_book
from makerscope.venues import deribit
from tests.recordings import count, tape_from

YEAR_NS = 365 * 86_400 * 10**9
CHAINS = {"2025-12": (5180, 122, 0, 49, 1.4e-5), "2026-03": (218_844, 12_921, 2174, 5038, 1.7e-5)}


@pytest.mark.parametrize("month", CHAINS)
def test_a_chain_keeps_every_row_and_black_76_in_coin_reprices_its_marks(month, shared_file, tmp_path):
    rows, no_bid, no_ask, outside, error = CHAINS[month]
    path = shared_file(f"data/deribit/option_chain_snapshots_{month}.parquet")
    tape = tape_from(deribit, [path], tmp_path / "tape")
    chain = tape.read("chain").join(tape.read("instruments"), on="instrument")
    assert (chain.height, chain["bid"].null_count(), chain["ask"].null_count()) == (rows, no_bid, no_ask)
    assert count(tape, level="info", code="mark outside the quotes") == outside
    assert tape.manifest.rows.get("quarantine", 0) == 0
    assert chain.filter((pl.col("bid") > pl.col("ask")) | (pl.col("local_time") > pl.col("expiry"))).height == 0
    F, K = chain["underlying"].to_numpy(), chain["strike"].cast(pl.Float64).to_numpy()
    sign = np.where(chain["is_call"].to_numpy(), 1.0, -1.0)
    T = (chain["expiry"] - chain["local_time"]).to_numpy() / YEAR_NS
    s = chain["mark_volatility"].to_numpy() * np.sqrt(T)
    d1 = np.log(F / K) / s + s / 2
    price = sign * (F * ndtr(sign * d1) - K * ndtr(sign * (d1 - s))) / F
    assert np.median(np.abs(price - chain["mark"].to_numpy())) < 1.5 * error
    density = np.exp(-(d1**2) / 2) / np.sqrt(2 * np.pi)
    vega = F * density * np.sqrt(T)  # USD for 1.00 of volatility
    clear = vega > 1000
    assert np.median(np.abs(chain["vega"].to_numpy()[clear] / vega[clear] - 1)) < 0.01


def test_the_books_of_2021_are_976_snapshots(shared_file, tmp_path):
    tape = tape_from(deribit, [shared_file("data/deribit/btc_option_books_20210211.csv.gz")], tmp_path / "tape")
    chain = tape.read("chain")
    assert (chain.height, len(tape.instruments), tape.manifest.rows.get("quarantine", 0)) == (976, 488, 0)
    assert (chain["bid"].null_count(), chain["ask"].null_count()) == (480, 350)
    top = top_of_book(tape.read("book")).join(chain, on=["instrument", "exchange_time"], suffix="_said")
    assert top.height == 976
    for name in ("bid", "bid_size", "ask", "ask_size"):
        assert top.filter(pl.col(name).ne_missing(pl.col(f"{name}_said"))).height == 0


def test_a_session_of_the_feed_has_no_break(shared_file, tmp_path):
    tape = tape_from(deribit, [shared_file("data/messages/cryptofeed/DERIBIT.ws.1.0.gz")], tmp_path / "tape")
    book = tape.read("book")
    assert book.filter("snapshot").select(pl.struct("instrument", "sequence").n_unique()).item() == 10
    assert book.filter(~pl.col("snapshot")).select(pl.struct("instrument", "sequence").n_unique()).item() == 36
    assert tape.manifest.rows["chain"] == 89
    assert count(tape, level="warning", code="sequence gap") == 0
    tops = top_of_book(book)
    seen = tape.read("chain").sort("serial").group_by("instrument").last()
    last = tops.group_by("instrument", maintain_order=True).last().join(seen, on="instrument", suffix="_seen")
    agree = last.filter(pl.col("bid").eq_missing(pl.col("bid_seen")) & pl.col("ask").eq_missing(pl.col("ask_seen")))
    assert agree.height == 10
