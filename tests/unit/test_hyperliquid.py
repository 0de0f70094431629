"""Hyperliquid's reader on tiny recordings with invented values."""

import json

import polars as pl
import pytest

from makerscope.errors import FormatError
from makerscope.venues import hyperliquid
from makerscope.venues.files import Head
from makerscope.venues.hyperliquid_csv import quotes_of
from tests.recordings import count, tape_from, write

SECOND = 1_000_000_000
MS = 1_700_000_000_000
BUYER, SELLER, OTHER = ("0x" + digit * 40 for digit in "abc")


def fill(user=BUYER, **changes):
    base = {
        "coin": "BTC", "px": "30000.0", "sz": "0.5", "side": "B", "time": MS, "startPosition": "1.5",
        "dir": "Open Long", "closedPnl": "0.0", "oid": 1, "crossed": True, "fee": "1.5", "tid": 7, "feeToken": "USDC",
    }  # fmt: skip
    return [user, base | changes]


def pair(**changes):
    maker = {"side": "A", "crossed": False, "oid": 2, "fee": "-0.25", "startPosition": "-2.0"}
    return [fill(**changes), fill(SELLER, **(changes | maker))]


def block(number, events, *, second=0.0, local=0.25):
    stamp = f"2023-11-14T22:13:{20 + second:012.9f}"
    heard = f"2023-11-14T22:13:{20 + second + local:012.9f}"
    return json.dumps({"local_time": heard, "block_time": stamp, "block_number": number, "events": events})


@pytest.fixture
def tape(tmp_path):
    def make(*files):
        paths = [write(tmp_path, name, text) for name, text in files]
        return tape_from(hyperliquid, paths, tmp_path / "tape")

    return make


def node(tape, *lines):
    return tape(("fills.jsonl", "\n".join(lines)))


def test_the_two_fills_of_a_trade_are_one_row_with_the_makers_side(tape):
    row = node(tape, block(10, pair())).read("fills").row(0, named=True)
    assert (row["maker"], row["taker"], row["side"]) == (SELLER, BUYER, -1)
    assert (row["price"], row["size"]) == (300_000, 50_000)  # ticks of 0.1, lots of 0.00001
    assert (row["maker_fee"], row["taker_fee"]) == (-250_000, 1_500_000)  # USDC with 6 decimals
    assert (row["maker_order"], row["taker_order"]) == ("2", "1")
    assert (row["maker_position"], row["taker_position"]) == (-200_000, 150_000)
    assert (row["exchange_time"], row["block"], row["fill"]) == (MS * 1_000_000, 10, "7")
    assert row["local_time"] == MS * 1_000_000 + SECOND // 4


def test_fills_of_one_taker_order_are_one_sweep(tape):
    made = node(tape, block(10, [*pair(), *pair(tid=8, px="30001.0")]))
    assert made.manifest.rows["fills"] == 2
    assert made.read("trades").select("fills", "size", "aggressor").rows() == [(2, 100_000, 1)]


def test_a_trade_of_which_one_fill_was_cut_off_keeps_the_side_it_has(tape):
    made = node(tape, block(10, pair()[:1]), block(11, pair(tid=8)))
    lonely = made.read("fills").row(0, named=True)
    assert (lonely["maker"], lonely["taker"], lonely["side"]) == (None, BUYER, -1)
    assert count(made, level="warning", code="one fill of two") == 1


def test_fills_that_disagree_are_set_aside(tape):
    taker, maker = pair()
    maker[1]["px"] = "30001.0"
    made = node(tape, block(10, [taker, maker]), block(11, pair(tid=8)))
    assert made.read("fills")["fill"].to_list() == ["8"]
    assert made.read("quarantine").select("line", "reason").rows() == [(1, "the two fills of a trade disagree")]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"px": "-1"}, "px is not positive"),
        ({"sz": "0.0"}, "sz is not positive"),
        ({"px": "NaN"}, "px is not a number"),
        ({"side": "X"}, "side is not B or A"),
        ({"time": 5}, "time is before 2009 or after 2100"),
        ({"fee": "x"}, "fee is not a number"),
        ({"coin": ""}, "coin has no name"),
    ],
)
def test_a_bad_fill_is_set_aside_with_its_line_and_the_rest_goes_on(tape, changes, reason):
    made = node(tape, block(10, pair()), block(11, [fill(tid=8, **changes), *pair(tid=9)]))
    assert made.read("fills")["fill"].to_list() == ["7", "9"]
    assert made.read("quarantine").select("line", "reason").rows() == [(2, reason)]


def test_a_damaged_event_costs_only_itself(tape):
    broken = json.loads(block(11, [*pair(tid=8), ["0xd", {"coin": 5}]]))
    made = node(tape, block(10, pair()), json.dumps(broken), "{not json")
    assert made.read("fills")["fill"].to_list() == ["7", "8"]
    assert made.read("quarantine")["line"].to_list() == [2, 3]


def test_a_liquidation_on_both_fills_is_one_row_on_the_side_of_its_account(tape):
    forced = {"liquidatedUser": SELLER, "markPx": "30010.0", "method": "market"}
    made = node(tape, block(10, pair(liquidation=forced)))
    row = made.read("liquidations").row(0, named=True)
    assert (row["account"], row["side"], row["mark"], row["method"]) == (SELLER, -1, 30010.0, "market")
    assert made.read("fills")["liquidated"].to_list() == [SELLER]


def test_the_side_of_a_liquidated_account_that_was_cut_off_is_against_the_fill_that_is_there(tape):
    forced = {"liquidatedUser": OTHER, "markPx": "30010.0", "method": "market"}
    made = node(tape, block(10, [fill(liquidation=forced)]))
    assert made.read("liquidations")["side"].to_list() == [-1]  # the fill that is there bought


def test_blocks_that_were_read_before_are_left_out(tape):
    first = "\n".join(block(n, pair(tid=n), second=n / 10) for n in range(10, 14))
    second = "\n".join(block(n, pair(tid=n), second=n / 10) for n in range(12, 16))
    made = tape(("b.jsonl", second), ("a.jsonl", first))
    assert made.read("fills")["fill"].to_list() == ["10", "11", "12", "13", "14", "15"]
    assert made.read("blocks")["block"].to_list() == [10, 11, 12, 13, 14, 15]
    assert count(made, level="dropped", code="sent twice", table="blocks") == 2
    assert made.read("sessions")["events"].to_list() == [6]


def test_missing_blocks_end_a_session_of_every_coin(tape):
    lines = [block(10, pair()), block(11, pair(coin="ETH", px="2000.0", tid=8), second=0.1), block(99, [], second=9)]
    sessions = node(tape, *lines).read("sessions")
    assert sessions.select("instrument", "events").rows() == [
        ("hyperliquid:BTC", 1), ("hyperliquid:BTC", 0), ("hyperliquid:ETH", 1), ("hyperliquid:ETH", 0),
    ]  # fmt: skip
    assert sessions["ended_by"][0] == "silence of 8.9 s, 87 blocks missing"


def test_units_of_unknown_coins_fit_every_fill_of_all_files(tape):
    made = tape(
        ("a.jsonl", block(10, pair(coin="NEW", px="1.25", sz="3", startPosition="0.0"))),
        ("b.jsonl", block(11, pair(coin="NEW", px="1.5", sz="2.5", tid=8, startPosition="0.0"))),
    )
    new = made.instruments["hyperliquid:NEW"]
    assert (new.tick_size, new.lot_size) == ("0.01", "0.1")
    assert made.read("fills").select("price", "size").rows() == [(125, 30), (150, 25)]


def test_tokens_of_a_spot_pair_are_read_off_its_fees(tape):
    buyer = fill(coin="@9", px="2.0", sz="10", fee="0.07", feeToken="WOW")
    seller = fill(SELLER, coin="@9", px="2.0", sz="10", side="A", crossed=False, fee="0.01", feeToken="USDH")
    made = node(tape, block(10, [buyer, seller]))
    pool = made.instruments["hyperliquid:@9"]
    assert (pool.kind, pool.base, pool.quote) == ("spot", "WOW", "USDH")
    row = made.read("fills").row(0, named=True)
    assert (row["taker_fee_token"], row["maker_fee_token"]) == ("WOW", "USDH")
    assert (row["taker_fee"], row["maker_fee"]) == (7_000_000, 1_000_000)


def test_a_position_printed_from_a_float_is_the_lot_it_stands_for(tape):
    made = node(tape, block(10, pair(coin="NEW", sz="0.1", startPosition="-1544223.1000000001")))
    assert made.read("fills")["taker_position"].to_list() == [-15_442_231]


def test_own_fills_know_one_side(tape):
    own = [fill(tid=1, crossed=False, side="A")[1], fill(tid=2, side="B")[1], fill(tid=0)[1]]
    made = tape((f"{OTHER}.json", json.dumps(own, indent=1)))
    assert made.read("fills").select("fill", "maker", "taker", "side").rows() == [
        ("1", OTHER, None, -1), ("2", None, OTHER, -1),
    ]  # fmt: skip
    assert count(made, level="dropped", code="no trade") == 1  # tid 0 is a conversion of dust
    assert "sessions" not in made.manifest.rows


def test_a_user_fills_message_names_its_user(tape):
    message = {"channel": "userFills", "data": {"isSnapshot": True, "user": SELLER, "fills": [fill(crossed=False)[1]]}}
    made = tape(("m.jsonl", f"{MS}000000 {json.dumps(message)}\n"))
    assert made.read("fills").select("maker", "side", "local_time").rows() == [(SELLER, 1, MS * 1_000_000)]


FRAMES = (
    {"channel": "subscriptionResponse", "data": {}},
    {"channel": "l2Book", "data": {"coin": "BTC", "time": MS, "levels": [
        [{"px": "30000", "sz": "1", "n": 1}, {"px": "29999", "sz": "2", "n": 1}],
        [{"px": "30001", "sz": "3", "n": 1}]]}},
    {"channel": "trades", "data": [
        {"coin": "BTC", "side": "B", "px": "30001", "sz": "1", "time": MS, "tid": 1, "users": [BUYER, SELLER]},
        {"coin": "BTC", "side": "A", "px": "30000", "sz": "1", "time": MS, "tid": 2, "users": [BUYER, SELLER]}]},
    {"channel": "bbo", "data": {"coin": "BTC", "time": MS, "bbo": [None, {"px": "30001", "sz": "3", "n": 1}]}},
    {"channel": "activeAssetCtx", "data": {"coin": "BTC", "ctx": {"markPx": "30000.5", "oraclePx": "30000.25"}}},
    {"channel": "l2Book", "data": {"coin": "BTC", "time": MS, "levels": [[], []]}},
)  # fmt: skip


def test_frames_become_books_quotes_trades_and_marks(tape):
    lines = "".join(f"{MS * 1_000_000 + i} {json.dumps(frame)}\n" for i, frame in enumerate(FRAMES))
    made = tape(("ws.gz", lines))
    assert made.read("book").select("sequence", "side", "price", "size").rows() == [
        (1, 1, 300_000, 100_000), (1, 1, 299_990, 200_000), (1, -1, 300_010, 300_000), (2, 1, 0, 0),
    ]  # fmt: skip
    assert made.read("fills").select("maker", "taker", "side").rows() == [(SELLER, BUYER, -1), (BUYER, SELLER, 1)]
    assert made.read("quotes").select("bid", "ask", "ask_size").rows() == [(None, 300_010, 300_000)]
    assert made.read("marks").select("mark", "index", "local_time").rows() == [(300_005, None, MS * 1_000_000 + 4)]
    assert count(made, level="info", code="price finer than a tick") == 1
    assert count(made, level="info", code="channel not used") == 1


def test_a_book_with_one_bad_level_is_set_aside_whole(tape):
    bad = json.loads(json.dumps(FRAMES[1]).replace('"29999"', '"-1"'))
    made = tape(("ws.jsonl", "\n".join(json.dumps(frame) for frame in (FRAMES[1], bad))))
    assert made.manifest.rows["book"] == 3
    assert made.read("quarantine").select("line", "reason").rows() == [(2, "price is not positive")]


PRICES = "timestamp,price,size,side,exchange_timestamp\n"


def rows(*items):
    return PRICES + "".join(f"{1_700_000_000 + t},{price},1,{side},{MS + int(1000 * t)}\n" for t, price, side in items)


def test_a_quote_is_two_rows_and_a_missing_side_is_carried_for_less_than_a_second(tape):
    text = rows((0, 100, "bid"), (0, 101, "ask"), (0.9, 102, "ask"), (2, 103, "ask"), (2.5, 99, "bid"))
    quotes = tape(("prices_WOW.csv", text)).read("quotes")
    assert quotes.select("bid", "ask").rows() == [(100, 101), (100, 102), (None, 103), (99, 103)]


def test_quotes_do_not_depend_on_where_the_chunks_end():
    sides = {"bid": 1, "ask": -1}
    items = [(0, 100, "bid"), (0, 101, "ask"), (1, 102, "ask"), (2, 99, "bid"), (2, 98, "ask"), (9, 97, "bid")]
    table = pl.DataFrame(
        {
            "message": pl.Series([t for t, _, _ in items], dtype=pl.UInt32),
            "exchange_time": [t * SECOND // 2 for t, _, _ in items],
            "local_time": [t * SECOND // 2 for t, _, _ in items],
            "side": [sides[side] for _, _, side in items],
            "price": [price for _, price, _ in items],
            "size": [1] * len(items),
        }
    )
    whole = quotes_of(table)
    for cut in (2, 3, 5):
        first = quotes_of(table.head(cut))
        assert pl.concat([first, quotes_of(table.slice(cut), first.tail(1))]).equals(whole)


def test_a_book_row_sent_twice_is_kept_once_and_one_that_differs_is_set_aside(tape):
    header = "timestamp,sequence,exchange_timestamp,bid_price_0,bid_size_0,ask_price_0,ask_size_0\n"
    body = "".join(
        f"{1_700_000_000 + i},{sequence},{MS + i},{bid},1,101,1\n"
        for i, (sequence, bid) in enumerate([(5, 100), (5, 100), (6, 100), (6, 99), (7, "")])
    )
    made = tape(("orderbooks_WOW.csv", header + body + "1700000009,8,1700000009000,,,101,2\n"))
    assert made.read("book").select("sequence", "side", "price").rows() == [
        (5, 1, 100), (5, -1, 101), (6, 1, 100), (6, -1, 101), (8, -1, 101),
    ]  # fmt: skip
    assert count(made, level="dropped", code="sent twice") == 1
    assert made.read("quarantine").select("line", "reason").rows() == [
        (5, "has the sequence of the message before and other levels"),
        (6, "a level lacks price or size"),
    ]


def test_a_trade_of_the_feed_is_a_fill_whose_maker_stood_against_the_aggressor(tape):
    text = "timestamp,price,size,side,trade_id,exchange_timestamp\n" + "".join(
        f"1700000000.{i},100,1,{side},{i},{MS}\n" for i, side in enumerate(("buy", "sell"))
    )
    assert tape(("wow_20231114_trades.csv.gz", text)).read("fills").select("side", "maker").rows() == [
        (-1, None),
        (1, None),
    ]


def test_a_file_of_which_no_row_can_be_read_is_refused(tmp_path, tape):
    text = "timestamp,price,size,side,trade_id,exchange_timestamp\nx,1,1,buy,1,1\n"
    with pytest.raises(FormatError, match=r"none of its 1 rows can be read \(line 2: exchange_timestamp"):
        tape(("trades_BTC.csv", text))
    assert not (tmp_path / "tape").exists()


def test_a_name_that_says_no_coin_is_refused(tape):
    with pytest.raises(FormatError, match="its name does not say"):
        tape(("data.csv", PRICES))


@pytest.mark.parametrize(
    "data",
    [
        b"timestamp,price,size,side,trade_id,usd_amount\n",  # Lighter
        b"unix_timestamp,bid,ask,mid\n",  # Aster
        b'1723161255030000000 {"stream":"btcusdt@bookTicker","data":{"u":1}}\n',  # Binance
        b'{"channel":"v4_trades","id":"BTC-USD","contents":{"trades":[]}}\n',  # dYdX
        b'{"jsonrpc":"2.0","method":"subscription","params":{"channel":"trades.BTC-PERPETUAL.raw"}}\n',  # Deribit
        b'[{"id":1,"price":"1"}]',
        b"",
    ],
)
def test_files_of_other_venues_are_not_claimed(tmp_path, data):
    assert hyperliquid.kind_of(Head(path=tmp_path / "x", data=data)) is None
