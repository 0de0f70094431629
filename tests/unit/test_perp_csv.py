"""Aster and Lighter readers on tiny recordings with invented values."""

import pytest

from makerscope.venues import aster, lighter
from makerscope.venues.files import Head
from tests.recordings import count, tape_from, write

SECOND = 1_000_000_000
START = 1_700_000_000
LEVELS = [f"{side}_price_{i},{side}_qty_{i}" for side in ("bid", "ask") for i in (0, 1)]
ASTER_BOOK = ",".join(["unix_timestamp", "lastUpdateId", *LEVELS]) + "\n"


def test_aster_books_list_all_bids_then_all_asks(tmp_path):
    path = write(tmp_path, "wowusdt_orderbook.csv", ASTER_BOOK + f"{START}.5,9,10.5,1,10.0,2,11.0,3,11.5,4\n")
    tape = tape_from(aster, [path], tmp_path / "tape")
    assert tape.read("book").select("side", "price", "size", "sequence", "snapshot").rows() == [
        (1, 105, 1, 9, True), (1, 100, 2, 9, True), (-1, 110, 3, 9, True), (-1, 115, 4, 9, True),
    ]  # fmt: skip
    assert tape.read("book")["local_time"][0] == START * SECOND + SECOND // 2
    wow = tape.instruments["aster:WOWUSDT"]
    assert (wow.base, wow.quote, wow.tick_size, wow.lot_size) == ("WOW", "USDT", "0.1", "1")


def test_aster_levels_that_are_empty_or_zero_are_absent_and_a_crossed_book_is_noted(tmp_path):
    body = f"{START},1,10,1,,,11,3,0,0.0\n{START + 1},2,12,1,,,11,3,,\n{START + 2},3,,,,,,,,\n"
    tape = tape_from(aster, [write(tmp_path, "wowusdt_orderbook.csv", ASTER_BOOK + body)], tmp_path / "tape")
    assert tape.read("book").select("sequence", "side", "price", "size").rows() == [
        (1, 1, 10, 1), (1, -1, 11, 3), (2, 1, 12, 1), (2, -1, 11, 3), (3, 1, 0, 0),
    ]  # fmt: skip
    assert count(tape, level="warning", code="crossed book") == 1


def test_aster_trades_have_only_the_venues_clock(tmp_path):
    text = "id,unix_timestamp_ms,side,price,quantity\n"
    text += f"5,{START}123,buy,2,3\n4,{START}124,sell,2,3\n6,{START}125,hold,2,3\n"
    tape = tape_from(aster, [write(tmp_path, "trades_WOWUSDT.csv", text)], tmp_path / "tape")
    assert tape.read("fills").select("fill", "side", "exchange_time", "local_time").rows() == [
        ("5", -1, (START * 1000 + 123) * 1_000_000, None), ("4", 1, (START * 1000 + 124) * 1_000_000, None),
    ]  # fmt: skip
    assert tape.read("quarantine").select("line", "reason").rows() == [(4, "side is not buy or sell")]


def test_units_of_one_instrument_fit_all_its_files(tmp_path):
    trades = write(
        tmp_path, "trades_WOWUSDT.csv", f"id,unix_timestamp_ms,side,price,quantity\n5,{START}123,buy,2.25,3\n"
    )
    prices = write(tmp_path, "prices_WOWUSDT.csv", f"unix_timestamp,bid,ask,mid\n{START},2.2,2.4,2.3\n")
    tape = tape_from(aster, [trades, prices], tmp_path / "tape")
    assert tape.read("quotes").select("bid", "ask", "bid_size").rows() == [(220, 240, None)]
    assert tape.read("fills")["price"].to_list() == [225]


LIGHTER = "timestamp,bid_price,bid_size,ask_price,ask_size,market_id\n"


def test_lighter_rows_may_lack_the_market_and_come_in_any_order(tmp_path):
    later = "2023-11-14T23:00:00.5,10.5,1e-05,10.6,2\n"
    earlier = "2023-11-14T22:59:59,10.4,1,10.6,2,1\n"
    tape = tape_from(lighter, [write(tmp_path, "prices_WOW.csv", LIGHTER + later + earlier)], tmp_path / "tape")
    assert tape.read("quotes").select("bid", "bid_size", "exchange_time").rows() == [
        (104, 100_000, None),
        (105, 1, None),
    ]
    assert count(tape, level="info", code="zone not stated") == 1


def test_lighter_rows_with_too_few_fields_or_bad_numbers_are_set_aside(tmp_path):
    body = (
        "2023-11-14T23:00:00,10,1,11,2\n2023-11-14T23:00:01,10,1\nyesterday,10,1,11,2\n2023-11-14T23:00:02,-10,1,11,2\n"
    )
    tape = tape_from(lighter, [write(tmp_path, "prices_WOW.csv", LIGHTER + body)], tmp_path / "tape")
    assert tape.manifest.rows["quotes"] == 1
    assert tape.read("quarantine").select("line", "reason").rows() == [
        (3, "has fewer fields than the header"), (4, "timestamp is no time"), (5, "bid_price is not positive"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("module", "header", "kind"),
    [
        (lighter, b"timestamp,price,size,side,trade_id,usd_amount\n", "lighter trades"),
        (lighter, LIGHTER.encode(), "lighter prices"),
        (lighter, b"timestamp,price,size,side,trade_id,exchange_timestamp\n", None),
        (aster, ASTER_BOOK.encode(), "aster book"),
        (aster, b"unix_timestamp,bid,ask,mid\n", "aster prices"),
        (aster, b"id,unix_timestamp_ms,side,price,quantity\n", "aster trades"),
        (aster, b"timestamp,bid,ask\n", None),
    ],
)
def test_a_file_is_known_by_its_header(tmp_path, module, header, kind):
    assert module.kind_of(Head(path=tmp_path / "x.csv", data=header)) == kind


def test_a_column_of_the_source_may_be_called_line(tmp_path):
    text = f"id,unix_timestamp_ms,side,price,quantity,line\n5,{START}123,buy,2,3,x\n6,{START}124,buy,2,0,y\n"
    tape = tape_from(aster, [write(tmp_path, "trades_WOWUSDT.csv", text)], tmp_path / "tape")
    assert tape.manifest.rows["fills"] == 1
    assert tape.read("quarantine")["line"].to_list() == [3]
