"""Hummingbot's own records, written here as its recorder writes them."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.errors import FormatError, MakerscopeError
from makerscope.tape.check import check_tape
from makerscope.tape.read import Tape
from makerscope.tape.write import TapeWriter
from makerscope.venues import hummingbot
from makerscope.venues.files import Recording, head_of

T = 1_700_000_000_000  # ms
FEE = '{"fee_type": "AddedToCost", "percent": "0.0002", "percent_token": null, "flat_fees": []}'
NEW = """CREATE TABLE "TradeFill" (
 config_file_path TEXT NOT NULL, strategy TEXT NOT NULL, market TEXT NOT NULL, symbol TEXT NOT NULL,
 base_asset TEXT NOT NULL, quote_asset TEXT NOT NULL, timestamp BIGINT NOT NULL, order_id TEXT NOT NULL,
 trade_type TEXT NOT NULL, order_type TEXT NOT NULL, price BIGINT NOT NULL, amount BIGINT NOT NULL,
 leverage INTEGER NOT NULL, trade_fee JSON NOT NULL, trade_fee_in_quote BIGINT, exchange_trade_id TEXT NOT NULL,
 position TEXT, PRIMARY KEY (market, order_id, exchange_trade_id))"""
OLD = NEW.replace("price BIGINT", "price FLOAT").replace("amount BIGINT", "amount FLOAT")
HEADER = (
    "exchange_trade_id,config_file_path,strategy,market,symbol,base_asset,quote_asset,timestamp,order_id,trade_type,"
    "order_type,price,amount,leverage,trade_fee,trade_fee_in_quote,position,age\n"
)


def row(**change):
    cells = {
        "config_file_path": "conf_pure_mm_1.yml", "strategy": "pure_market_making", "market": "binance_perpetual",
        "symbol": "BTC-USDT", "base_asset": "BTC", "quote_asset": "USDT", "timestamp": T, "order_id": "o1",
        "trade_type": "BUY", "order_type": "LIMIT_MAKER", "price": 61_800_200_000, "amount": 15_000, "leverage": 1,
        "trade_fee": FEE, "trade_fee_in_quote": 185_400, "exchange_trade_id": "x1", "position": "NIL",
    }  # fmt: skip
    return cells | change


def database(path, rows, schema=NEW):
    with closing(sqlite3.connect(path)) as base:
        base.execute(schema)
        for item in rows:
            marks = ", ".join("?" * len(item))
            base.execute(f"INSERT INTO TradeFill ({', '.join(item)}) VALUES ({marks})", list(item.values()))
        base.commit()
    return path


def tape_of(path):
    kind = hummingbot.kind_of(head_of(path))
    assert kind is not None
    with TapeWriter(path.parent / "tape", source="test") as tape:
        hummingbot.read([Recording(path=path, kind=kind)], tape, lambda _bytes: None)
    return Tape.open(path.parent / "tape")


def findings(tape, code):
    return sum(item.count for item in tape.manifest.findings if item.code == code)


def test_a_limit_maker_fill_is_the_users_with_its_fee_in_the_quote(tmp_path):
    tape = tape_of(database(tmp_path / "hb.sqlite", [row()]))
    fill = tape.read("fills").row(0, named=True)
    assert (fill["maker"], fill["taker"], fill["side"]) == ("conf_pure_mm_1", None, 1)
    assert (fill["price"], fill["size"], fill["exchange_time"]) == (618002, 15, T * 10**6)
    assert (fill["maker_fee"], fill["maker_fee_token"]) == (185_400_600_000, "USDT")  # 61800.2 * 0.015 * 0.0002
    assert (fill["fill"], fill["maker_order"], fill["taker_fee"]) == ("x1", "o1", None)
    instrument = tape.instruments["binance_perpetual:BTC-USDT"]
    assert (instrument.kind, instrument.tick_size, instrument.lot_size) == ("perp", "0.1", "0.001")
    assert tape.tokens["USDT"].decimals == 12


def test_a_market_order_took_and_its_maker_is_unknown(tmp_path):
    fill = tape_of(database(tmp_path / "hb.sqlite", [row(order_type="MARKET")])).read("fills").row(0, named=True)
    assert (fill["maker"], fill["taker"], fill["side"]) == (None, "conf_pure_mm_1", -1)
    assert (fill["taker_fee"], fill["maker_fee"], fill["taker_order"]) == (185_400_600_000, None, "o1")


def test_limit_orders_are_taken_as_made_and_counted(tmp_path):
    rows = [
        row(order_type="LIMIT"),
        row(order_type="LIMIT", exchange_trade_id="x2", trade_type="SELL"),
        row(order_id="o9"),
    ]
    tape = tape_of(database(tmp_path / "hb.sqlite", rows))
    assert findings(tape, "role assumed") == 2
    assert tape.read("fills")["maker"].null_count() == 0


def test_flat_fees_stay_in_their_token_and_are_never_added_to_another(tmp_path):
    flat = '{"percent": "0", "percent_token": null, "flat_fees": [{"token": "BNB", "amount": "0.0015"}]}'
    both = flat.replace('"percent": "0"', '"percent": "0.001"')
    third = '{"percent": "0.001", "percent_token": "BNB", "flat_fees": []}'
    rows = [
        row(trade_fee=fee, exchange_trade_id=f"x{at}", timestamp=T + at) for at, fee in enumerate((flat, both, third))
    ]
    tape = tape_of(database(tmp_path / "hb.sqlite", rows))
    fills = tape.read("fills")
    assert fills["maker_fee"].to_list() == [1_500_000_000, None, None]
    assert fills["maker_fee_token"].to_list() == ["BNB", None, None]
    assert findings(tape, "fee unknown") == 2


def test_the_old_schema_with_floats_and_pairs_of_flat_fees_is_read(tmp_path):
    fee = '{"percent": 0.001, "flat_fees": [["USDT", 0.5]]}'
    rows = [row(price=100.1, amount=0.1 + 0.2, trade_fee=fee)]
    fill = tape_of(database(tmp_path / "hb.sqlite", rows, OLD)).read("fills").row(0, named=True)
    assert (fill["price"], fill["size"]) == (1001, 3)
    assert fill["maker_fee"] == 530_030_000_000  # 0.5 + 0.001 * 100.1 * 0.3


def test_the_csv_export_with_its_python_fees_gives_the_same_fills(tmp_path):
    fee = "{'fee_type': 'AddedToCost', 'percent': '0.0002', 'percent_token': None, 'flat_fees': []}"
    (tmp_path / "csv").mkdir()
    path = tmp_path / "csv" / "trades_conf.csv"
    path.write_text(
        HEADER + "x1,conf_pure_mm_1.yml,pure_market_making,binance_perpetual,BTC-USDT,BTC,USDT,"
        f'{T},o1,BUY,LIMIT_MAKER,61800.2,0.015,1,"{fee}",0.1854,NIL,00:00:12\n'
    )
    (tmp_path / "db").mkdir()
    exported = tape_of(path).read("fills")
    assert exported.equals(tape_of(database(tmp_path / "db" / "hb.sqlite", [row()])).read("fills"))


def test_bad_rows_are_kept_and_the_rest_goes_on(tmp_path):
    rows = [
        row(), row(exchange_trade_id="a", trade_type="RANGE"), row(exchange_trade_id="b", price=0),
        row(exchange_trade_id="c", amount=-5), row(exchange_trade_id="d", timestamp=5),
        row(exchange_trade_id="e", trade_fee="nonsense"), row(exchange_trade_id="f", market="a:b"),
        row(exchange_trade_id="g", price=1.5), row(exchange_trade_id="h", trade_fee='{"percent": "1e999"}'),
    ]  # fmt: skip
    tape = tape_of(database(tmp_path / "hb.sqlite", rows))
    assert tape.read("fills").height == 1
    assert tape.read("quarantine").height == 8


def test_files_of_others_are_not_claimed_and_damaged_ones_refused(tmp_path):
    other = database(tmp_path / "other.sqlite", [], NEW)
    with closing(sqlite3.connect(other)) as base:
        base.execute('DROP TABLE "TradeFill"')
        base.execute("VACUUM")
    assert hummingbot.kind_of(head_of(other)) is None
    whole = database(tmp_path / "hb.sqlite", [row(order_id=str(at)) for at in range(200)]).read_bytes()
    path = tmp_path / "cut.sqlite"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FormatError, match="cannot be read as SQLite"):
        tape_of(path)
    assert not (tmp_path / "tape").exists()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return database(tmp_path_factory.mktemp("whole") / "hb.sqlite", [row(), row(order_id="o2")]).read_bytes()


@settings(deadline=None, derandomize=True, max_examples=30)
@given(
    changes=st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 255)), max_size=40), csv=st.binary(max_size=120)
)
def test_whatever_the_bytes_only_our_errors_leave_the_reader(tmp_path_factory, whole, changes, csv):
    folder = tmp_path_factory.mktemp("fuzz")
    data = bytearray(whole)
    for at, byte in changes:
        data[100 + at % (len(data) - 100)] = byte
    for name, content, kind in (("x.sqlite", bytes(data), "TradeFill"), ("x.csv", HEADER.encode() + csv, "trades_csv")):
        path = folder / name
        path.write_bytes(content)
        hummingbot.kind_of(head_of(path))
        try:
            with TapeWriter(folder / "tape", source="fuzz") as tape:
                hummingbot.read([Recording(path=path, kind=kind)], tape, lambda _bytes: None)
        except MakerscopeError:
            assert not (folder / "tape").exists() or kind == "trades_csv"
        else:
            assert check_tape(folder / "tape").problems == ()
        assert not list(folder.glob(".*"))
