"""Bitstamp order logs, small ones written by hand."""

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.errors import FormatError, MakerscopeError
from makerscope.tape.check import check_tape
from makerscope.tape.read import Tape
from makerscope.tape.write import TapeWriter
from makerscope.venues import bitstamp
from makerscope.venues.files import Head, Recording

HEADER = "id,timestamp,exchange.timestamp,price,volume,action,direction\n"
T = 1_430_438_400_000  # ms
NS = 1_000_000


def log(*events):
    """Rows of ``(id, ms, price, volume, action, direction)``."""
    return HEADER + "".join(
        f"{order},{T + ms},{T},{price},{volume},{action},{side}\n" for order, ms, price, volume, action, side in events
    )


def tape_of(folder, *texts):
    recordings = []
    for at, text in enumerate(texts):
        path = folder / f"orders_{at}.csv"
        path.write_text(text)
        recordings.append(Recording(path=path, kind="orders"))
    with TapeWriter(folder / "tape", source="test") as tape:
        bitstamp.read(recordings, tape, lambda _bytes: None)
    return Tape.open(folder / "tape")


def findings(tape, code):
    return sum(item.count for item in tape.manifest.findings if item.code == code)


TRADE = (
    (1, 0, "236.50", 300, "created", "bid"),
    (2, 10, "236.40", 200, "created", "ask"),
    (1, 120, "236.50", 100, "changed", "bid"),
    (2, 122, "236.40", 0, "deleted", "ask"),
    (1, 900, "236.50", 100, "deleted", "bid"),
)


def test_a_trade_has_the_older_order_as_maker_and_its_price(tmp_path):
    fill = tape_of(tmp_path, log(*TRADE)).read("fills").row(0, named=True)
    assert (fill["maker_order"], fill["taker_order"], fill["side"]) == ("1", "2", 1)
    assert (fill["price"], fill["size"], fill["local_time"]) == (23650, 200, (T + 120) * NS)
    assert (fill["maker"], fill["taker"], fill["exchange_time"]) == (None, None, None)


def test_each_event_is_a_step_of_its_order(tmp_path):
    orders = tape_of(tmp_path, log(*TRADE)).read("orders")
    assert orders.select("order", "action", "size").rows() == [
        ("1", "placed", 300), ("2", "placed", 200), ("1", "filled", 100), ("2", "filled", 0), ("1", "cancelled", 0),
    ]  # fmt: skip


def test_the_book_is_the_sum_of_open_orders_one_message_an_event(tmp_path):
    more = ((3, 1000, "236.50", 40, "created", "bid"), (4, 1001, "236.50", 60, "created", "bid"))
    last = ((3, 1002, "236.50", 40, "deleted", "bid"),)
    book = tape_of(tmp_path, log(*more, *last)).read("book")
    assert book.select("sequence", "snapshot", "price", "size").rows() == [
        (1, True, 23650, 0), (2, False, 23650, 40), (3, False, 23650, 100), (4, False, 23650, 60),
    ]  # fmt: skip


def test_a_repriced_order_moves_in_one_message_and_its_new_volume_is_no_trade(tmp_path):
    moved = log((1, 0, "236.50", 300, "created", "bid"), (1, 5, "236.60", 290, "changed", "bid"))
    tape = tape_of(tmp_path, moved)
    assert tape.read("book").select("sequence", "price", "size").rows()[2:] == [(3, 23650, 0), (3, 23660, 290)]
    assert tape.read("orders")["action"].to_list() == ["placed", "replaced"]
    assert findings(tape, "market order repriced") == 1
    assert findings(tape, "decreases not matched") == 0


def test_fills_of_one_taker_order_are_one_trade(tmp_path):
    tape = tape_of(
        tmp_path,
        log(
            (1, 0, "236.50", 100, "created", "bid"),
            (2, 1, "236.40", 200, "created", "bid"),
            (3, 9, "236.40", 300, "created", "ask"),
            (3, 20, "236.40", 200, "changed", "ask"),
            (1, 21, "236.50", 0, "deleted", "bid"),
            (3, 50, "236.40", 0, "deleted", "ask"),
            (2, 52, "236.40", 0, "deleted", "bid"),
        ),
    )
    trades = tape.read("trades")
    assert trades.select("aggressor", "first_price", "last_price", "size", "fills").rows() == [
        (-1, 23650, 23640, 300, 2)
    ]


def test_orders_older_than_the_log_are_counted_and_a_changed_one_joins_the_book(tmp_path):
    tape = tape_of(
        tmp_path,
        log(
            (1, 0, "236.50", 300, "changed", "bid"),
            (2, 5, "236.60", 290, "deleted", "ask"),
            (3, 6, "236.60", 9, "deleted", "ask"),
            (3, 7, "236.60", 9, "created", "ask"),  # its deletion was reported first
        ),
    )
    assert findings(tape, "order older than the log") == 2
    assert findings(tape, "order out of order") == 1
    assert tape.read("book").select("price", "size").rows() == [(23650, 0), (23650, 300)]


def test_repeated_rows_are_dropped_and_counted(tmp_path):
    twice = (1, 10, "236.50", 300, "deleted", "bid")
    tape = tape_of(
        tmp_path, log((1, 0, "236.50", 300, "created", "bid"), twice, twice, (1, 12, "236.50", 300, "deleted", "bid"))
    )
    assert findings(tape, "sent twice") == 1
    assert findings(tape, "order repeated") == 1
    assert tape.read("orders").height == 2


def test_an_outage_ends_the_book_and_a_new_one_begins_empty(tmp_path):
    first = log((1, 0, "236.50", 300, "created", "bid"))
    second = log((2, 200_000, "236.50", 40, "created", "bid"))
    tape = tape_of(tmp_path, second, first)  # read in order of time
    book = tape.read("book")
    assert book["snapshot"].to_list() == [True, False, True, False]
    assert book["size"].to_list() == [0, 300, 0, 40]
    assert findings(tape, "outage") == 1
    assert tape.read("sessions").filter(channel="book").height == 2


def test_a_row_a_little_too_early_is_taken_at_the_time_before_it_and_a_jump_begins_anew(tmp_path):
    tape = tape_of(
        tmp_path,
        log(
            (1, 1000, "236.50", 300, "created", "bid"),
            (2, 400, "236.40", 200, "created", "bid"),
            (3, -86_400_000, "236.30", 100, "created", "bid"),
        ),
    )
    assert findings(tape, "time runs backwards") == 1
    assert findings(tape, "time jumps back") == 1
    assert tape.read("orders")["local_time"].to_list() == [(T - 86_400_000) * NS, (T + 1000) * NS, (T + 1000) * NS]
    assert tape.read("book").filter("snapshot").height == 2
    assert check_tape(tmp_path / "tape").problems == ()


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("x,{t},{t},1.00,5,created,bid", "id is not a number"),
        ("9,{t},{t},1.005,5,created,bid", "price is finer than the unit"),
        ("9,{t},{t},0,5,created,bid", "price is not positive"),
        ("9,{t},{t},1.00,-5,created,bid", "volume is negative"),
        ("9,{t},{t},1.00,0,created,bid", "volume of a created order is 0"),
        ("9,5,{t},1.00,5,created,bid", "timestamp lies before 2009"),
        ("9,{t},{t},1.00,5,born,bid", "action is not created or changed or deleted"),
        ("9,{t},{t},1.00,5,created,buy", "direction is not bid or ask"),
        ("9,{t},{t},1.00,5,created", "has fewer fields than the header"),
    ],
)
def test_a_bad_row_is_kept_with_its_reason(tmp_path, cells, reason):
    tape = tape_of(tmp_path, log(*TRADE) + cells.format(t=T + 901) + "\n")
    assert tape.read("quarantine").select("line", "reason").rows() == [(7, reason)]
    assert tape.read("orders").height == 5


def test_a_log_without_a_good_row_is_refused(tmp_path):
    with pytest.raises(FormatError, match="holds no row"):
        tape_of(tmp_path, HEADER)


def test_only_the_exact_header_is_an_order_log(tmp_path):
    assert bitstamp.kind_of(Head(path=tmp_path / "x", data=HEADER.encode())) == "orders"
    assert bitstamp.kind_of(Head(path=tmp_path / "x", data=b"event." + HEADER.encode())) is None


ROW = st.tuples(
    st.integers(1, 4), st.integers(0, 90_000), st.sampled_from(["236.50", "236.40", "1e2", "nan", ""]),
    st.integers(-1, 5),
    st.sampled_from(["created", "changed", "deleted"]), st.sampled_from(["bid", "ask"]),
)  # fmt: skip


@settings(deadline=None, derandomize=True, max_examples=120)
@given(rows=st.lists(ROW, max_size=30), tail=st.binary(max_size=40), cut=st.none() | st.integers(0, 30))
def test_whatever_the_log_only_our_errors_leave_the_reader_and_levels_are_never_negative(
    tmp_path_factory, rows, tail, cut
):
    folder = tmp_path_factory.mktemp("fuzz")
    data = log(*rows).encode() + tail
    path = folder / "orders.csv"
    path.write_bytes(data if cut is None else gzip.compress(data)[: -cut or None])
    try:
        with TapeWriter(folder / "tape", source="fuzz") as tape:
            bitstamp.read([Recording(path=path, kind="orders")], tape, lambda _bytes: None)
    except MakerscopeError:
        assert [item.name for item in folder.iterdir()] == ["orders.csv"]
        return
    assert check_tape(folder / "tape").problems == ()
    assert all(size >= 0 for size in Tape.open(folder / "tape").read("book")["size"])
