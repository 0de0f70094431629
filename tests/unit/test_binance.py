"""Binance messages onto a tape, with invented messages."""

import polars as pl
import pytest

from makerscope.errors import FormatError
from makerscope.metrics.book import top_of_book
from makerscope.tape.read import Tape
from makerscope.tape.write import TapeWriter
from makerscope.venues import binance
from makerscope.venues.files import Recording, head_of
from tests.binance_lines import START, aggregate, depth, line, snapshot, ticker, trade, write

BIDS, ASKS = [("100.1", "5.000"), ("100.0", "7.000")], [("100.3", "2.000")]


def tape_of(folder, *files, name="x"):
    paths = [write(folder / f"{name}{i}.gz", lines) for i, lines in enumerate(files)]
    recordings = [Recording(path=path, kind=binance.kind_of(head_of(path)) or "?") for path in paths]
    assert all(item.kind != "?" for item in recordings)
    with TapeWriter(folder / "tape", source="test") as tape:
        binance.read(recordings, tape, lambda _bytes: None)
    return Tape.open(folder / "tape")


def found(tape):
    return {(item.level, item.code): item.count for item in tape.manifest.findings}


def tops(tape):
    return top_of_book(tape.read("book")).select("sequence", "bid", "bid_size", "ask", "ask_size").rows()


def test_the_market_shows_in_the_keys(tmp_path):
    cases = {
        "binance.usdm": depth(1, 2, before=0),
        "binance.spot": depth(1, 2),
        "binance.coinm": depth(1, 2, before=0, symbol="BTCUSD_PERP"),
    }
    for market, first in cases.items():
        assert binance.kind_of(head_of(write(tmp_path / "a", [first]))) == market
    assert binance.kind_of(head_of(write(tmp_path / "a", [trade(1, "1", "1", M=True)]))) == "binance.spot"
    assert binance.kind_of(head_of(write(tmp_path / "a", [trade(1, "1", "1")]))) == "binance.usdm"
    assert (
        binance.kind_of(head_of(write(tmp_path / "a", [trade(1, "1", "1", symbol="ETHUSD_240927")]))) == "binance.coinm"
    )
    assert (
        binance.kind_of(head_of(write(tmp_path / "a", [ticker(1, "1", "1", "2", "1", future=False)]))) == "binance.spot"
    )


@pytest.mark.parametrize(
    "text",
    [
        b"id,price\n1,2\n",
        b'{"stream":"x"}\n',
        b"1700000000000000000 {}\n",
        b'1700000000000000000 {"channel":"trades"}\n',
        b"PAR1",
    ],
)
def test_other_files_are_not_claimed(tmp_path, text):
    path = tmp_path / "a"
    path.write_bytes(text)
    assert binance.kind_of(head_of(path)) is None


def test_changes_before_the_snapshot_wait_and_are_dropped_by_update_id(tmp_path):
    lines = [
        depth(1, 10, [("99.0", "1.000")], before=0),
        depth(11, 20, [("100.1", "6.000")], before=10),  # newer than the snapshot, though it came before it
        snapshot(15, BIDS, ASKS),
        depth(21, 30, [("100.1", "0.000")], before=20),
    ]
    tape = tape_of(tmp_path, lines)
    assert tops(tape) == [(15, 1001, 5000, 1003, 2000), (20, 1001, 6000, 1003, 2000), (30, 1000, 7000, 1003, 2000)]
    assert found(tape)["dropped", "before the snapshot"] == 1
    assert ("warning", "sequence gap") not in found(tape)


def test_a_gap_ends_the_book_until_the_next_snapshot(tmp_path):
    lines = [
        snapshot(10, BIDS, ASKS),
        depth(11, 20, [("100.1", "6.000")], before=10, at=100),
        depth(31, 40, [("100.1", "9.000")], before=30, at=200),  # 21 to 30 are lost
        depth(41, 50, [("100.2", "1.000")], before=40, at=300),
        snapshot(45, [("100.1", "3.000")], ASKS, at=400),
        depth(51, 60, [("100.2", "2.000")], before=50, at=500),
    ]
    tape = tape_of(tmp_path, lines)
    assert [row[0] for row in tops(tape)] == [10, 20, 45, 50, 60]
    assert tops(tape)[-1] == (60, 1002, 2000, 1003, 2000)
    assert found(tape)["warning", "sequence gap"] == 1
    assert found(tape)["dropped", "before the snapshot"] == 1
    assert tape.read("sessions").filter(channel="book")["ended_by"].to_list() == [
        "a gap in the update ids",
        "end of the recording",
    ]


def test_a_gap_right_after_the_snapshot_is_seen(tmp_path):
    tape = tape_of(
        tmp_path, [snapshot(10, BIDS, ASKS), depth(21, 30, [("99.0", "1.000")], before=20), trade(1, "100.1", "1.000")]
    )
    assert found(tape)["warning", "sequence gap"] == 1
    assert found(tape)["warning", "no snapshot"] == 1
    assert len(tops(tape)) == 1


def test_spot_follows_by_first_id(tmp_path):
    lines = [
        depth(8, 9, [("99.00000000", "1.00000000")]),
        depth(10, 12, [("99.00000000", "0.00009000")]),
        snapshot(9, [("98.00000000", "2.00000000")], [("101.00000000", "1.00000000")]),
        depth(13, 13, [("99.50000000", "1.00000000")]),
        depth(15, 16, [("99.60000000", "1.00000000")]),
    ]
    tape = tape_of(tmp_path, lines)
    assert [row[0] for row in tops(tape)] == [9, 12, 13]
    assert tops(tape)[1][1:3] == (9900, 9000)
    assert found(tape)["warning", "sequence gap"] == 1


def test_changes_without_a_snapshot_are_refused(tmp_path):
    lines = [depth(1, 10, [("99.0", "1.000")], before=0), depth(11, 20, [("99.0", "1.000")], before=10)]
    with pytest.raises(FormatError, match="2 changes of the book and no snapshot"):
        tape_of(tmp_path, lines)
    assert not (tmp_path / "tape").exists()
    tape = tape_of(tmp_path, [*lines, trade(1, "99.0", "1.000")], name="y")
    assert found(tape)["warning", "no snapshot"] == 2
    assert tape.manifest.rows.get("book", 0) == 0
    assert tape.manifest.rows["fills"] == 1


def test_a_book_goes_on_from_one_file_to_the_next_in_order_of_time(tmp_path):
    first = [snapshot(10, BIDS, ASKS), depth(11, 20, [("100.1", "6.000")], before=10)]
    second = [depth(21, 30, [("100.1", "4.000")], before=20, at=1000)]
    tape = tape_of(tmp_path, second, first)
    assert [row[0] for row in tops(tape)] == [10, 20, 30]


def test_the_maker_of_a_trade_is_on_the_side_m_says(tmp_path):
    tape = tape_of(
        tmp_path,
        [
            trade(7, "100.1", "0.500"),
            trade(8, "100.2", "0.250", buyer_makes=False),
            trade(8, "100.2", "0.250", buyer_makes=False),
        ],
    )
    fills = tape.read("fills")
    assert fills.select("fill", "side", "price", "size").rows() == [("7", 1, 1001, 500), ("8", -1, 1002, 250)]
    assert fills["exchange_time"].to_list() == [START * 1_000_000] * 2
    assert tape.read("trades")["aggressor"].to_list() == [-1, 1]


def test_trades_in_two_forms_are_counted_once(tmp_path):
    tape = tape_of(tmp_path, [trade(7, "100.1", "0.500"), aggregate(3, "100.1", "0.500"), trade(8, "100.1", "0.500")])
    assert tape.read("fills")["fill"].to_list() == ["7", "8"]
    assert found(tape)["dropped", "trades sent in two forms"] == 1
    alone = tape_of(tmp_path, [aggregate(3, "100.1", "0.500")], name="y")
    assert alone.read("fills").select("fill", "side").rows() == [("3", 1)]


def test_spot_quotes_have_no_time_of_the_venue(tmp_path):
    tape = tape_of(tmp_path, [ticker(5, "100.10000000", "1.00000000", "0.00000000", "0.00000000", future=False)])
    row = tape.read("quotes").row(0, named=True)
    assert (row["exchange_time"], row["sequence"], row["bid"], row["ask"], row["ask_size"]) == (
        None,
        5,
        10010,
        None,
        None,
    )


def test_coin_m_sizes_are_contracts_of_100_dollars_settled_in_coin(tmp_path):
    tape = tape_of(
        tmp_path, [trade(1, "100.1", "3", symbol="BTCUSD_PERP"), trade(1, "10.15", "2", symbol="ETHUSD_PERP")]
    )
    item = tape.instruments["binance.coinm:BTCUSD_PERP"]
    assert (item.inverse, item.multiplier, item.settle, item.lot_size) == (True, "100", "BTC", "1")
    other = tape.instruments["binance.coinm:ETHUSD_PERP"]
    assert (other.inverse, other.multiplier, other.settle, other.tick_size) == (True, "10", "ETH", "0.01")


def test_units_of_an_unknown_symbol_are_the_decimals_seen_in_all_files(tmp_path):
    tape = tape_of(
        tmp_path,
        [trade(1, "3.5000", "10", symbol="ABCUSDT"), trade(2, "3.125", "10", symbol="ABCUSDT", at=1)],
        [trade(3, "3.5", "0.5", symbol="ABCUSDT", at=2)],
    )
    item = tape.instruments["binance.usdm:ABCUSDT"]
    assert (item.base, item.quote, item.tick_size, item.lot_size) == ("ABC", "USDT", "0.001", "0.1")
    assert tape.read("fills").select("price", "size").rows() == [(3500, 100), (3125, 100), (3500, 5)]


def test_a_recorder_behind_the_venue_is_a_clock_offset_and_no_error(tmp_path):
    early = [
        line(
            {"e": "trade", "E": START + 1269, "T": START, "s": "BTCUSDT", "t": 1, "p": "1.0", "q": "1.000", "m": True},
            stream="btcusdt@trade",
        )
    ]
    texts = [item.text for item in tape_of(tmp_path, early).manifest.findings if item.code == "clock offset"]
    assert texts == [
        "binance.usdm: the recorder's clock is 1269 ms behind the venue's (median): a latency below 0 is no error"
    ]


def test_what_is_not_read_is_counted(tmp_path):
    other = line({"e": "markPriceUpdate", "E": START, "s": "BTCUSDT", "p": "1"}, stream="btcusdt@markPrice@1s")
    part = line(
        {"e": "depthUpdate", "E": START, "T": START, "s": "BTCUSDT", "U": 1, "u": 2, "pu": 0, "b": [], "a": []},
        stream="btcusdt@depth20@100ms",
    )
    fund = trade(9, "100.1", "1.000", X="INSURANCE_FUND")
    tape = tape_of(tmp_path, [trade(1, "100.1", "1.000"), other, other, part, fund, b"\n"])
    counts = {
        item.text.rsplit(": ", 1)[1]: item.count for item in tape.manifest.findings if item.code == "message not used"
    }
    assert counts == {"markPrice": 2, "depth20": 1, "trade of kind INSURANCE_FUND": 1}
    assert tape.manifest.rows["fills"] == 1


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (trade(2, "-1.0", "1.000"), "price is negative"),
        (trade(2, "100.15", "1.000"), "price is finer than the unit"),
        (trade(2, "NaN", "1.000"), "price is not a number"),
        (trade(2, "100.1", "0.000"), "price or size is not positive"),
        (trade(2, 100.1, "1.000"), "price is not a text"),
        (trade(-2, "100.1", "1.000"), "t is '-2' and not a whole number"),
        (trade(2, "100.1", "1.000", m=1), "does not say who the maker was"),
        (trade(2, "100.1", "1.000", T=12), "a time before 2009 or after 2100"),
        (b"abc {}\n", "does not begin with a time in ns and a space"),
        (b"1700000000000000000 {\n", "is not JSON"),
        (snapshot(5, [("1.0",)], []), "has a level that is not [price, size]"),
        (depth(9, 2, before=1), "ends before the update it begins with"),
    ],
)
def test_a_bad_line_is_kept_aside_with_its_number_and_reason(tmp_path, bad, reason):
    tape = tape_of(tmp_path, [trade(1, "100.1", "1.000"), bad, trade(3, "100.1", "1.000")])
    assert tape.manifest.rows["fills"] == 2
    row = tape.read("quarantine").row(0, named=True)
    assert row["line"] == 2
    assert row["reason"].startswith(reason)


def test_a_bad_change_breaks_the_chain_and_does_not_spoil_the_book(tmp_path):
    lines = [
        snapshot(10, BIDS, ASKS),
        depth(11, 20, [("100.15", "6.000")], before=10),
        depth(21, 30, [("100.1", "9.000")], before=20),
    ]
    tape = tape_of(tmp_path, lines)
    assert len(tops(tape)) == 1
    assert found(tape)["warning", "sequence gap"] == 1


def test_json_with_spaces_exponents_and_other_orders_of_keys_reads_the_same(tmp_path):
    odd = (
        b'1700000000000123456 {"data": {"q": "5e-1", "p": "1.001e2", "m": true, "t": 7, "T": 1700000000000, '
        b'"E": 1700000000000, "s": "BTCUSDT", "e": "trade"}, "stream": "btcusdt@trade"}\r\n'
    )
    fills = tape_of(tmp_path, [trade(1, "100.1", "0.500"), odd]).read("fills")
    assert fills.select("fill", "price", "size").rows() == [("1", 1001, 500), ("7", 1001, 500)]


def test_a_silence_ends_the_session_of_the_book(tmp_path):
    lines = [
        snapshot(10, BIDS, ASKS),
        depth(11, 20, before=10, bids=BIDS, at=5_000),
        depth(21, 30, before=20, bids=BIDS, at=16_000),
    ]
    sessions = tape_of(tmp_path, lines).read("sessions").filter(channel="book")
    assert sessions["ended_by"].to_list() == ["silence of 11.0 s", "end of the recording"]
    assert sessions["events"].to_list() == [5, 2]


def test_an_empty_snapshot_is_an_empty_book(tmp_path):
    tape = tape_of(tmp_path, [snapshot(10), depth(11, 12, [("100.0", "1.000")], before=10)])
    assert tops(tape) == [(10, None, None, None, None), (12, 1000, 1000, None, None)]


def test_two_symbols_of_one_file_keep_their_own_books(tmp_path):
    named = [
        snapshot(10, [("100.1", "1")], [("100.2", "1")], symbol="BTCUSD_PERP", pair="BTCUSD"),
        snapshot(7, [("10.10", "1")], [], symbol="ETHUSD_PERP", pair="ETHUSD"),
    ]
    lines = [
        *named,
        depth(11, 12, [("100.1", "0")], before=10, symbol="BTCUSD_PERP"),
        depth(8, 9, [("10.11", "4")], before=7, symbol="ETHUSD_PERP"),
    ]
    top = top_of_book(tape_of(tmp_path, lines).read("book"))
    last = top.group_by("instrument").last().sort("instrument").select("bid", "ask", "sequence").rows()
    assert last == [(None, 1002, 12), (1011, None, 9)]


def test_a_snapshot_that_names_no_symbol_is_not_guessed_among_two(tmp_path):
    tape = tape_of(
        tmp_path, [trade(1, "100.1", "1.000"), trade(1, "10.10", "1.000", symbol="ETHUSDT"), snapshot(10, BIDS, ASKS)]
    )
    assert tape.read("quarantine")["reason"].to_list() == ["is a snapshot of no known symbol"]


def test_a_file_without_one_usable_line_is_refused(tmp_path):
    with pytest.raises(FormatError, match="no line is a message"):
        tape_of(tmp_path, [trade(1, "100.1", "1.000", T=12)])


def test_days_are_split_at_midnight_and_the_book_keeps_its_order(tmp_path):
    midnight = 1_700_006_400_000 - START
    lines = [
        snapshot(10, BIDS, ASKS, at=midnight - 300),
        depth(11, 20, [("100.1", "6.000")], before=10, at=midnight - 100),
        depth(21, 30, [("100.1", "7.000")], before=20, at=midnight + 200),
        depth(31, 40, [("100.1", "8.000")], before=30, at=midnight - 50),
    ]
    tape = tape_of(tmp_path, lines)
    assert len([item for item in tape.manifest.files if item.table == "book"]) == 2
    assert [row[2] for row in tops(tape)] == [5000, 6000, 7000, 8000]
    times = top_of_book(tape.read("book"))["exchange_time"].drop_nulls()
    assert times.is_sorted()
    assert tape.read("book").select(pl.col("serial").n_unique()).item() == 6
