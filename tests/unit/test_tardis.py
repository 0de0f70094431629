"""Tardis.dev CSV files, written here in the documented format."""

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.errors import FormatError, MakerscopeError
from makerscope.tape.check import check_tape
from makerscope.tape.read import Tape
from makerscope.tape.write import TapeWriter
from makerscope.venues import tardis
from makerscope.venues.files import Head, Recording

T = 1_700_000_000_000_000  # us
TRADES = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
QUOTES = "exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount\n"
BOOK = "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n"
CHAIN = (
    "exchange,symbol,timestamp,local_timestamp,type,strike_price,expiration,open_interest,last_price,bid_price,bid_amount,"
    "bid_iv,ask_price,ask_amount,ask_iv,mark_price,mark_iv,underlying_index,underlying_price,delta,gamma,vega,theta,rho\n"
)
TICKER = (
    "exchange,symbol,timestamp,local_timestamp,funding_timestamp,funding_rate,predicted_funding_rate,open_interest,"
    "last_price,index_price,mark_price\n"
)


def tape_of(folder, **files):
    """A tape of files given as ``name=text``."""
    recordings = []
    for name, text in files.items():
        path = folder / f"{name}.csv"
        path.write_text(text)
        kind = tardis.kind_of(Head(path=path, data=text.encode()))
        assert kind is not None
        recordings.append(Recording(path=path, kind=kind))
    with TapeWriter(folder / "tape", source="test") as tape:
        tardis.read(recordings, tape, lambda _bytes: None)
    return Tape.open(folder / "tape")


def findings(tape, code):
    return sum(item.count for item in tape.manifest.findings if item.code == code)


def test_a_trade_has_the_side_of_its_maker_and_both_clocks(tmp_path):
    first = f"binance-futures,BTCUSDT,{T},{T + 500},17,buy,61800.20,0.015\n"
    second = f"binance-futures,BTCUSDT,{T + 1},{T + 501},18,sell,61800.1,2\n"
    tape = tape_of(tmp_path, trades=TRADES + first + second)
    fills = tape.read("fills")
    assert fills["side"].to_list() == [-1, 1]
    assert fills["price"].to_list() == [618002, 618001]
    assert fills["size"].to_list() == [15, 2000]
    assert fills["fill"].to_list() == ["17", "18"]
    assert fills["exchange_time"][0] == T * 1000
    assert fills["local_time"][0] == (T + 500) * 1000
    instrument = tape.instruments["binance-futures:BTCUSDT"]
    assert (instrument.tick_size, instrument.lot_size, instrument.kind) == ("0.1", "0.001", "perp")
    assert (instrument.base, instrument.quote, instrument.inverse, instrument.multiplier) == ("BTC", "USDT", False, "1")
    assert findings(tape, "contract size unknown") == 0


def test_a_trade_of_unknown_side_is_kept_with_side_0(tmp_path):
    tape = tape_of(tmp_path, trades=TRADES + f"bitmex,XBTUSD,{T},{T},a,unknown,6425.5,12\n")
    assert tape.read("fills")["side"].to_list() == [0]
    assert tape.read("trades")["aggressor"].to_list() == [0]


@pytest.mark.parametrize(
    ("exchange", "symbol", "want"),
    [
        ("bitmex", "XBTUSD", (True, "1", "BTC", "perp")),
        ("deribit", "BTC-PERPETUAL", (True, "1", "BTC", "perp")),
        ("deribit", "ETH-27JUN25", (True, "1", "ETH", "future")),
        ("deribit", "SOL_USDC-PERPETUAL", (False, "1", "USDC", "perp")),
        ("binance-delivery", "BTCUSD_PERP", (True, "100", "BTC", "perp")),
        ("binance-delivery", "ETHUSD_250627", (True, "10", "ETH", "future")),
        ("bybit", "BTCUSD", (True, "1", "BTC", "perp")),
        ("bybit", "BTCUSDT", (False, "1", "USDT", "perp")),
        ("binance", "ETHBTC", (False, "1", "BTC", "spot")),
    ],
)
def test_known_contracts_are_worth_what_their_exchange_documents(tmp_path, exchange, symbol, want):
    tape = tape_of(tmp_path, trades=TRADES + f"{exchange},{symbol},{T},{T},a,buy,6425.5,12\n")
    instrument = tape.instruments[f"{exchange}:{symbol}"]
    found = (instrument.inverse, instrument.multiplier, instrument.settle, instrument.kind)
    assert found == want
    assert findings(tape, "contract size unknown") == 0


def test_an_unknown_contract_size_is_a_warning(tmp_path):
    tape = tape_of(tmp_path, trades=TRADES + f"okex-swap,BTC-USDT-SWAP,{T},{T},a,buy,6425.5,12\n")
    assert findings(tape, "contract size unknown") == 1


def test_a_quote_without_a_side_has_null_there(tmp_path):
    cells = [(T, "86,6423,6422.9,112"), (T + 9, ",,6422.9,1"), (T + 10, "0,0,6422.9,1")]
    rows = "".join(f"huobi,BTCUSDT,{t},{t},{rest}\n" for t, rest in cells)
    quotes = tape_of(tmp_path, quotes=QUOTES + rows).read("quotes")
    assert quotes["ask"].to_list() == [64230, None, None]
    assert quotes["ask_size"].to_list() == [86, None, None]
    assert quotes["bid"].to_list() == [64229, 64229, 64229]


def test_deltas_before_the_snapshot_are_refused_and_messages_are_numbered(tmp_path):
    rows = [
        (T, "false", "bid", "99", "5"),  # left over from before the reconnect
        (T, "false", "ask", "103", "5"),
        (T + 1, "true", "bid", "100", "1"),
        (T + 1, "true", "ask", "101", "2"),
        (T + 2, "false", "bid", "100", "0"),
        (T + 2, "false", "bid", "99.5", "4"),
        (T + 3, "false", "ask", "101", "1"),
        (T + 4, "true", "bid", "98", "1"),
    ]
    text = BOOK + "".join(
        f"bybit,BTCUSDT,{t},{t},{flag},{side},{price},{size}\n" for t, flag, side, price, size in rows
    )
    tape = tape_of(tmp_path, book=text)
    book = tape.read("book")
    assert book["sequence"].to_list() == [1, 1, 2, 2, 3, 4]
    assert book["snapshot"].to_list() == [True, True, False, False, False, True]
    assert book["price"].to_list() == [1000, 1010, 1000, 995, 1010, 980]
    assert book["size"].to_list() == [1, 2, 0, 4, 1, 1]
    assert findings(tape, "delta before snapshot") == 2


def test_books_of_several_symbols_in_one_file_are_numbered_apart(tmp_path):
    rows = [(T, "A-USDT", "true"), (T, "B-USDT", "true"), (T + 1, "A-USDT", "false"), (T + 1, "B-USDT", "false")]
    text = BOOK + "".join(f"bybit,{name},{t},{t},{flag},bid,100,1\n" for t, name, flag in rows)
    book = tape_of(tmp_path, book=text).read("book")
    assert book["sequence"].to_list() == [1, 1, 2, 2]


def test_each_file_needs_its_own_snapshot(tmp_path):
    first = BOOK + f"bybit,BTCUSDT,{T},{T},true,bid,100,1\n"
    second = BOOK + f"bybit,BTCUSDT,{T + 9},{T + 9},false,bid,100,2\nbybit,BTCUSDT,{T + 10},{T + 10},true,bid,100,3\n"
    tape = tape_of(tmp_path, b_first=first, a_second=second)
    assert tape.read("book")["size"].to_list() == [1, 3]
    assert tape.read("book")["sequence"].to_list() == [1, 2]
    assert findings(tape, "delta before snapshot") == 1


def test_an_option_row_becomes_a_chain_row_with_terms_and_fractions(tmp_path):
    expiry = T + 86_400_000_000
    row = (
        f"deribit,BTC-16NOV23-35000-P,{T},{T},put,35000,{expiry},0.1,0.0295,0.0205,15.0,55.91,0.0235,15.0,68.94,"
        "0.02210436,62.89,SYN.BTC-16NOV23,34756.36,-0.61752,0.00103,2.24964,-53.05655,-0.22796\n"
    )
    empty_side = row.replace("0.0205,15.0,55.91", ",,").replace(f",{T},{T},", f",{T + 1},{T + 1},")
    tape = tape_of(tmp_path, options=CHAIN + row + empty_side)
    chain = tape.read("chain")
    assert chain["bid"].to_list() == [205, None]
    assert chain["ask"].to_list() == [235, 235]
    assert chain["bid_volatility"].to_list() == pytest.approx([0.5591, None])
    assert chain["mark"].to_list() == [0.02210436, 0.02210436]
    assert chain["delta"].to_list() == [-0.61752, -0.61752]
    option = tape.instruments["deribit:BTC-16NOV23-35000-P"]
    assert (option.kind, option.strike, option.is_call, option.expiry) == ("option", "35000", False, expiry * 1000)
    assert (option.quote, option.settle, option.tick_size, option.lot_size) == ("BTC", "BTC", "0.0001", "1")


def test_marks_are_rounded_to_the_tick_of_the_trades(tmp_path):
    ticker = (
        TICKER + f"bybit,BTCUSDT,{T},{T},,0.0001,,100.5,,64230.149,64230.15\nbybit,BTCUSDT,{T + 1},{T + 1},,,,,,,\n"
    )
    tape = tape_of(tmp_path, ticker=ticker, trades=TRADES + f"bybit,BTCUSDT,{T},{T},a,buy,64230.1,1\n")
    marks = tape.read("marks")
    assert marks["mark"].to_list() == [642302]
    assert marks["index"].to_list() == [642301]
    assert tape.instruments["bybit:BTCUSDT"].tick_size == "0.1"


def test_liquidations_are_told_from_trades_by_the_name_of_the_file(tmp_path):
    text = TRADES + f"bitmex,XBTUSD,{T},{T},a,sell,6425.5,12\n"
    tape = tape_of(tmp_path, bitmex_liquidations_2023=text)
    assert tape.read("liquidations")["side"].to_list() == [-1]
    assert not tape.has("fills")


def test_bad_rows_are_kept_with_line_and_reason_and_the_rest_goes_on(tmp_path):
    good = f"binance,BTCUSDT,{T},{T},a,buy,100.5,1\n"
    bad = [
        f"binance,BTCUSDT,{T},{T},b,hold,100.5,1\n",
        f"binance,BTCUSDT,{T},{T},c,buy,-100.5,1\n",
        f"binance,BTCUSDT,{T},{T},d,buy,NaN,1\n",
        f"binance,BTCUSDT,12,{T},e,buy,100.5,1\n",
        f"../../x,BTCUSDT,{T},{T},f,buy,100.5,1\n",
        f"binance,BTCUSDT,{T},{T},g,buy,100.5,0\n",
        f"binance,BTCUSDT,{T},{T},h,buy,100.5\n",
        f"binance,BTCUSDT,{T},{T},i,buy,900000000000000.5,90000\n",
    ]
    tape = tape_of(tmp_path, trades=TRADES + good + "".join(bad))
    assert tape.read("fills").height == 1
    kept = tape.read("quarantine")
    assert sorted(kept["line"].to_list()) == list(range(3, 11))
    assert "side is not buy or sell or unknown" in kept["reason"].to_list()
    assert "price is not positive" in kept["reason"].to_list()
    assert "price times size is too large" in kept["reason"].to_list()


def test_a_file_of_bad_rows_alone_is_refused(tmp_path):
    with pytest.raises(FormatError, match="none of its 1 rows can be read"):
        tape_of(tmp_path, trades=TRADES + f"binance,BTCUSDT,{T},{T},a,hold,1,1\n")
    assert not (tmp_path / "tape").exists()


def test_other_headers_are_not_claimed(tmp_path):
    for line in ("timestamp,price,size,side", "id,timestamp,exchange.timestamp,price,volume,action,direction", ""):
        assert tardis.kind_of(Head(path=tmp_path / "x.csv", data=line.encode())) is None


HEADERS = (TRADES, QUOTES, BOOK, CHAIN, TICKER)
CELL = st.sampled_from(
    ["binance", "deribit", "BTCUSDT", "BTC-PERPETUAL", str(T), str(T + 1), "", "buy", "bid", "true", "false", "1.5",
     "1e-9", "-3", "NaN", "inf", "9" * 40, "0.1234567890123456789", "put", "\x00", '"', "é"]
)  # fmt: skip


@settings(deadline=None, derandomize=True, max_examples=40)
@given(
    header=st.sampled_from(HEADERS),
    rows=st.lists(st.lists(CELL, min_size=1, max_size=9), max_size=6),
    tail=st.binary(max_size=40),
    cut=st.none() | st.integers(0, 30),
)
def test_whatever_the_bytes_only_our_errors_leave_the_reader(tmp_path_factory, header, rows, tail, cut):
    folder = tmp_path_factory.mktemp("fuzz")
    data = header.encode() + b"".join(",".join(row).encode() + b"\n" for row in rows) + tail
    path = folder / "x.csv"
    path.write_bytes(data if cut is None else gzip.compress(data)[: -cut or None])
    kind = tardis.kind_of(Head(path=path, data=data))
    assert kind is not None
    try:
        with TapeWriter(folder / "tape", source="fuzz") as tape:
            tardis.read([Recording(path=path, kind=kind)], tape, lambda _bytes: None)
    except MakerscopeError:
        assert [item.name for item in folder.iterdir()] == ["x.csv"]
        return
    assert check_tape(folder / "tape").problems == ()
