"""Deribit chains, books and messages onto a tape, with invented numbers."""

import json
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.errors import FormatError, MakerscopeError
from makerscope.metrics.book import top_of_book
from makerscope.tape.write import TapeWriter
from makerscope.venues import deribit
from makerscope.venues.deribit_units import expiry_of, instrument_of
from makerscope.venues.files import Recording, head_of
from tests.recordings import count, tape_from

NOW = 1_790_000_000_000
NAME = "BTC-27NOV26-100000-C"
EXPIRY = datetime(2026, 11, 27, 8, tzinfo=UTC)


def chain_row(**changes):
    row = {
        "timestamp": datetime(2026, 9, 1, 12, tzinfo=UTC), "instrument_name": NAME, "underlying": 101_000.0,
        "option_type": "call", "strike": 100_000.0, "expiry_datetime": EXPIRY, "bid_price": 0.0455, "ask_price": 0.047,
        "mark_price": 0.0461, "implied_volatility": 0.55, "delta": 0.52, "vega": 150.5, "open_interest": 12.5,
        "volume": 3.1, "index_price": 100_900.0,
    }  # fmt: skip
    return row | changes


def chain_file(folder, *rows):
    path = folder / "chain.parquet"
    schema = {"bid_price": pl.Float64, "ask_price": pl.Float64}
    pl.DataFrame(list(rows), schema_overrides=schema).write_parquet(path)
    return path


def message(channel, data):
    body = {"jsonrpc": "2.0", "method": "subscription", "params": {"channel": channel, "data": data}}
    return json.dumps(body)


def book(change, bids, asks, *, before=None, at=0):
    facts = {"timestamp": NOW + at, "instrument_name": NAME, "change_id": change, "bids": bids, "asks": asks}
    more = {"type": "snapshot"} if before is None else {"type": "change", "prev_change_id": before}
    return message(f"book.{NAME}.raw", facts | more)


def feed(folder, *lines, name="feed"):
    path = folder / name
    path.write_text("".join(f"{(NOW + i) / 1000:.3f}: {line}\n" for i, line in enumerate(lines)))
    return path


def test_an_option_is_priced_in_coin_and_so_linear(tmp_path):
    tape = tape_from(deribit, [chain_file(tmp_path, chain_row())], tmp_path / "tape")
    item = tape.instruments[f"deribit:{NAME}"]
    assert (item.kind, item.base, item.quote, item.settle, item.inverse) == ("option", "BTC", "BTC", "BTC", False)
    assert (item.tick_size, item.multiplier, item.strike, item.is_call) == ("0.0001", "1", "100000", True)
    assert item.expiry == int(EXPIRY.timestamp()) * 10**9
    row = tape.read("chain").row(0, named=True)
    assert (row["bid"], row["ask"], row["bid_size"], row["exchange_time"]) == (455, 470, None, None)
    assert row["local_time"] == int(datetime(2026, 9, 1, 12, tzinfo=UTC).timestamp()) * 10**9
    assert (row["mark_volatility"], row["vega"], row["underlying"]) == (0.55, 15050.0, 101_000.0)


def test_an_absent_quote_is_null_and_odd_rows_are_kept_and_counted(tmp_path):
    rows = [
        chain_row(bid_price=None),
        chain_row(mark_price=0.9),
        chain_row(bid_price=0.05, ask_price=0.04, mark_price=0.045),
        chain_row(timestamp=datetime(2026, 12, 1, tzinfo=UTC)),
    ]
    tape = tape_from(deribit, [chain_file(tmp_path, *rows)], tmp_path / "tape")
    assert tape.read("chain")["bid"].to_list() == [None, 455, 500, 455]
    assert count(tape, level="info", code="mark outside the quotes") == 2
    assert count(tape, level="info", code="bid above the ask") == 1
    assert count(tape, level="info", code="past its expiry") == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"bid_price": 0.04551}, "bid_price is no multiple"),
        ({"ask_price": -0.1}, "a quote is not positive"),
        ({"bid_price": 0.0}, "a quote is not positive"),
        ({"strike": 90_000.0}, "strike, expiry or type"),
        ({"option_type": "put"}, "strike, expiry or type"),
        ({"instrument_name": "BTC-PERPETUAL"}, "instrument_name is no option"),
        ({"instrument_name": None}, "instrument_name is no option"),
        ({"timestamp": datetime(1999, 1, 1, tzinfo=UTC)}, "timestamp lies before 2009"),
        ({"underlying": -5.0}, "mark, underlying or volatility is negative"),
    ],
)
def test_a_bad_row_is_kept_aside(tmp_path, change, reason):
    tape = tape_from(deribit, [chain_file(tmp_path, chain_row(), chain_row(**change))], tmp_path / "tape")
    bad = tape.read("quarantine").row(0, named=True)
    assert (bad["line"], tape.manifest.rows["chain"]) == (2, 1)
    assert bad["reason"].startswith(reason)


def test_a_chain_without_one_good_row_or_cut_off_is_refused(tmp_path):
    with pytest.raises(FormatError, match="none of its 1 rows"):
        tape_from(deribit, [chain_file(tmp_path, chain_row(strike=1.0))], tmp_path / "tape")
    path = chain_file(tmp_path, chain_row())
    path.write_bytes(path.read_bytes()[:-200])
    assert deribit.kind_of(head_of(path)) is None
    with (
        pytest.raises(FormatError, match="cannot be read as Parquet"),
        TapeWriter(tmp_path / "tape", source="test") as tape,
    ):
        deribit.read([Recording(path=path, kind="deribit chain")], tape, lambda _bytes: None)


def test_names_say_what_an_instrument_is():
    perpetual = instrument_of("BTC-PERPETUAL", at=NOW * 10**6)
    assert perpetual is not None
    assert (perpetual.kind, perpetual.inverse, perpetual.settle, perpetual.lot_size) == ("perp", True, "BTC", "10")
    linear = instrument_of("XRP_USDC-30JUN23-0d625-P", at=NOW * 10**6)
    assert linear is not None
    assert (linear.quote, linear.settle, linear.strike, linear.is_call) == ("USDC", "USDC", "0.625", False)
    assert instrument_of("BTC-31FEB26-100000-C", at=0) is None
    assert expiry_of("27NOV26") == int(EXPIRY.timestamp()) * 10**9


def test_a_flattened_book_is_a_snapshot_and_a_row_of_the_chain(tmp_path):
    header = (
        "instrument_name,timestamp,change_id,bids,asks,mark_price,underlying_price,mark_iv,bid_iv,ask_iv,greeks.vega"
    )
    header += ",best_bid_price,best_bid_amount,best_ask_price,best_ask_amount"
    rows = [
        (
            f'{NAME},{NOW},7,"[[0.0455, 3.2], [0.045, 1.0]]","[[0.047, 0.1]]",'
            "0.046,101000,55.5,54.0,0.0,150.5,0.0455,3.2,0.047,0.1"
        ),
        f"{NAME},{NOW + 9},8,[],[],0.046,101000,55.5,0.0,0.0,150.5,0.0,0.0,0.0,0.0",
        f"{NAME},{NOW + 9},9,[[,[],0.046,101000,55.5,0.0,0.0,150.5,0.0,0.0,0.0,0.0",
    ]
    path = tmp_path / "books.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    tape = tape_from(deribit, [path], tmp_path / "tape")
    top = top_of_book(tape.read("book"))
    assert top.select("bid", "bid_size", "ask", "ask_size", "sequence").rows() == [
        (455, 32, 470, 1, 7),
        (None, None, None, None, 8),
    ]
    first = tape.read("chain").row(0, named=True)
    assert (first["bid"], first["bid_size"], first["bid_volatility"], first["ask_volatility"]) == (455, 32, 0.54, None)
    assert tape.read("chain")["bid"].to_list() == [455, None]
    assert tape.manifest.rows["quarantine"] == 1


def test_a_feed_is_followed_by_change_id_and_stops_at_a_gap(tmp_path):
    lines = [
        book(10, [["new", 0.0455, 3.2]], [["new", 0.047, 1.0]]),
        book(11, [["change", 0.0455, 5.0]], [], before=10, at=1),
        book(13, [["delete", 0.0455, 0.0]], [], before=12, at=2),
        book(14, [["new", 0.046, 1.0]], [], before=13, at=3),
        book(20, [["new", 0.044, 1.0]], [], at=4),
    ]
    tape = tape_from(deribit, [feed(tmp_path, *lines)], tmp_path / "tape")
    tops = top_of_book(tape.read("book")).select("sequence", "bid", "bid_size").rows()
    assert tops == [(10, 455, 32), (11, 455, 50), (20, 440, 10)]
    assert count(tape, level="warning", code="sequence gap") == 1
    assert count(tape, level="warning", code="no snapshot") == 1
    assert tape.read("sessions")["ended_by"].to_list() == ["a gap in the change ids", "end of the recording"]


def test_changes_of_an_unknown_book_alone_are_refused(tmp_path):
    with pytest.raises(FormatError, match="no message in it can be used"):
        tape_from(deribit, [feed(tmp_path, book(11, [], [], before=10))], tmp_path / "tape")


def test_a_trades_direction_is_the_takers(tmp_path):
    facts = {
        "timestamp": NOW,
        "price": 101_000.5,
        "amount": 10.0,
        "direction": "sell",
        "trade_seq": 1,
        "trade_id": "77",
    }
    data = [facts | {"instrument_name": "BTC-PERPETUAL"}, facts | {"instrument_name": "BTC-CS-1", "trade_id": "78"}]
    tape = tape_from(deribit, [feed(tmp_path, message("trades.BTC-PERPETUAL.raw", data))], tmp_path / "tape")
    assert tape.read("fills").select("fill", "side", "price", "size").rows() == [("77", 1, 202_001, 1)]
    assert count(tape, level="dropped", code="message not used") == 1


def test_one_json_document_is_a_feed_of_one_message(tmp_path):
    path = tmp_path / "one.json"
    data = {"timestamp": NOW, "instrument_name": "BTC-PERPETUAL", "best_bid_price": 5.5, "best_bid_amount": 20.0}
    data |= {"best_ask_price": 6.0, "best_ask_amount": 0.0}
    path.write_text(json.dumps(json.loads(message("quote.BTC-PERPETUAL", data)), indent=2))
    tape = tape_from(deribit, [path], tmp_path / "tape")
    row = tape.read("quotes").row(0, named=True)
    assert (row["bid"], row["bid_size"], row["ask"], row["local_time"]) == (11, 2, None, None)


@given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from([
    book(10, [["new", 0.0455, 3.2]], []).encode(),
    book(11, [["change", 0.0455, 1e300]], [["x"]], before=10).encode(),
    message("trades.x", [{"timestamp": 10**30, "instrument_name": "x"}]).encode(),
    message("ticker.x", {"timestamp": NOW, "instrument_name": NAME, "mark_iv": "NaN", "greeks": 5}).encode(),
    message("quote.x", {"timestamp": True, "instrument_name": [1]}).encode(),
]))), st.sampled_from(["deribit messages", "deribit books", "deribit chain"]))  # fmt: skip
@settings(deadline=None, derandomize=True, max_examples=80)
def test_any_bytes_raise_nothing_but_the_projects_own_errors(tmp_path_factory, lines, kind):
    folder = tmp_path_factory.mktemp("fuzz")
    path = folder / "x"
    header = (
        b"instrument_name,timestamp,change_id,bids,asks,mark_price,underlying_price,mark_iv\n"
        if kind == "deribit books"
        else b""
    )
    path.write_bytes(header + b"\n".join(lines) + b"\n")
    deribit.kind_of(head_of(path))
    try:
        with TapeWriter(folder / "tape", source="fuzz") as tape:
            deribit.read([Recording(path=path, kind=kind)], tape, lambda _bytes: None)
    except MakerscopeError:
        return
    assert (folder / "tape" / "manifest.json").exists()
