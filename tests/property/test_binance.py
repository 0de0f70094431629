"""The scanner against the full JSON parser, the rule of sequence against its definition, and any bytes at all."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.errors import MakerscopeError
from makerscope.kernels import binance_scan as k
from makerscope.kernels.book_sequence import APPLIED, BREAKS, CHAIN, COVERED, OLD_SNAPSHOT, WAITING, follow
from makerscope.metrics.book import top_of_book
from makerscope.tape.read import Tape
from makerscope.tape.write import TapeWriter
from makerscope.venues import binance
from makerscope.venues.binance_scan import BadLineError, Symbols, UnusedError, read_line, scan_block
from makerscope.venues.binance_units import instrument_of
from makerscope.venues.files import Recording, head_of
from tests.binance_lines import aggregate, depth, snapshot, ticker, trade
from tests.reference.book_sequence import follow as follow_slowly

SYMBOLS = Symbols(
    names=["BTCUSDT", "ETHUSDT"],
    instruments=[
        instrument_of("binance.usdm", name, at=0, tick_size=tick, lot_size="0.001")
        for name, tick in (("BTCUSDT", "0.1"), ("ETHUSDT", "0.05"))
    ],
)
number = st.integers(0, 10**15)
decimal = st.one_of(
    st.tuples(st.integers(0, 10**7), st.integers(0, 999)).map(lambda x: f"{x[0]}.{x[1]:03d}"),
    st.sampled_from(
        [
            "0.000",
            "1",
            "0.1",
            "61800.20",
            "0.00",
            "1e3",
            "-1",
            "",
            ".5",
            "5.",
            "00.1",
            "9" * 25,
            "1.0000000000000000000001",
        ]
    ),
)
levels = st.lists(st.tuples(decimal, decimal), max_size=4)
symbol = st.sampled_from(["BTCUSDT", "ETHUSDT", "XUSDT"])
future = st.one_of(st.none(), number)
lines = st.one_of(
    st.builds(depth, number, number, levels, levels, before=future, symbol=symbol),
    st.builds(ticker, number, decimal, decimal, decimal, decimal, future=st.booleans(), symbol=symbol),
    st.builds(trade, number, decimal, decimal, buyer_makes=st.booleans(), symbol=symbol),
    st.builds(aggregate, number, decimal, decimal, buyer_makes=st.booleans(), symbol=symbol),
    st.builds(snapshot, number, levels, levels),
)


@st.composite
def damaged(draw):
    """A line with a few bytes changed, put in or taken out."""
    data = bytearray(draw(lines).rstrip(b"\n"))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(data) - 1))
        byte = draw(st.sampled_from(b'{}[]",:.0123459abeEmqtuU@TXps -\\\r') | st.integers(0, 255))
        if draw(st.booleans()):
            data[at] = byte
        elif draw(st.booleans()):
            data.insert(at, byte)
        else:
            del data[at]
    return bytes(data).replace(b"\n", b"") + b"\n"


@given(st.lists(st.one_of(lines, damaged()), min_size=1, max_size=6))
@settings(deadline=None, derandomize=True, max_examples=400)
def test_what_the_scanner_reads_is_what_the_full_parser_reads(written):
    data = b"".join(written)
    block, _ = scan_block(data, SYMBOLS, 0)
    for fact in block.facts:
        if fact[k.KIND] in (k.UNREAD, k.STRANGE, k.BLANK):
            continue
        slow = fact.copy()
        got = read_line(data[fact[k.START] : fact[k.END]], slow, SYMBOLS, 0)
        if fact[k.KIND] in (k.DEPTH, k.SNAPSHOT):
            first, last = fact[k.ROW0], fact[k.ROW1]
            read = np.stack([part[first:last] for part in (block.side, block.price, block.size)], axis=1)
            assert sorted(map(tuple, read.tolist())) == sorted(got)
            slow[[k.ROW0, k.ROW1]] = fact[[k.ROW0, k.ROW1]]
        assert fact.tolist() == slow.tolist()


@given(st.lists(lines, min_size=1, max_size=6))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_the_scanner_leaves_no_plain_line_that_the_full_parser_can_read(written):
    plain = [
        line
        for line in written
        if not any(odd in line for odd in (b'"5."', b'"00.1"', b'".5"', b"1e3", b"9999999999999999999", b"0000001"))
    ]
    data = b"".join(plain)
    block, _ = scan_block(data, SYMBOLS, 0)
    for fact in block.facts:
        if fact[k.KIND] == k.UNREAD:
            try:
                read_line(data[fact[k.START] : fact[k.END]], fact.copy(), SYMBOLS, 0)
            except (BadLineError, UnusedError):
                continue
            raise AssertionError(data[fact[k.START] : fact[k.END]])


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 6), st.integers(1, 4)), max_size=20),
    st.lists(st.integers(0, 20), max_size=3),
)
@settings(deadline=None, derandomize=True, max_examples=300)
def test_messages_are_applied_in_the_order_the_rule_demands(steps, cuts):
    at, messages = 0, []
    for whole, back, forward in steps:
        before = max(0, at - back // 3) if back != 6 else at + 1
        at = before + forward
        messages.append((whole, before, at))
    want_order, want_fate, want_breaks = follow_slowly(messages)
    snapshot_, before_, last_ = (
        (np.array(column) for column in zip(*messages, strict=True))
        if messages
        else (np.zeros(0), np.zeros(0), np.zeros(0))
    )
    chain, order, names = np.zeros(CHAIN, np.int64), [], {}
    pending: list[int] = []
    for first, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(messages)], strict=True):
        mine = [*pending, *range(min(first, len(messages)), min(end, len(messages)))]
        n = len(mine)
        out = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int8)
        done = follow(
            snapshot_[mine].astype(bool),
            before_[mine].astype(np.int64),
            last_[mine].astype(np.int64),
            chain,
            np.zeros(n, np.int64),
            *out,
        )
        order += [mine[j] for j in out[0][:done]]
        names |= {mine[j]: int(out[2][j]) for j in range(n)}
        pending = [mine[j] for j in range(n) if out[2][j] == WAITING]
    words = {WAITING: "waiting", APPLIED: "applied", COVERED: "covered", OLD_SNAPSHOT: "old snapshot"}
    assert order == want_order
    assert {at: words[fate] for at, fate in names.items()} == want_fate
    assert chain[BREAKS] == want_breaks


def import_of(data, kind):
    """The tape of some bytes, or the error they raise."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        path.write_bytes(data)
        try:
            kind = binance.kind_of(head_of(path)) or kind
            with TapeWriter(Path(folder) / "tape", source="fuzz") as tape:
                binance.read([Recording(path=path, kind=kind)], tape, lambda _bytes: None)
            written = Tape.open(Path(folder) / "tape")
            return top_of_book(written.read("book")) if written.has("book") else None
        except MakerscopeError as error:
            return error


@given(
    st.lists(st.one_of(lines, damaged(), st.binary(max_size=80)), max_size=8),
    st.sampled_from(["binance.spot", "binance.usdm", "binance.coinm"]),
)
@settings(deadline=None, derandomize=True, max_examples=60)
def test_any_bytes_raise_nothing_but_the_projects_own_errors(written, kind):
    outcome = import_of(b"".join(written), kind)  # any other error would leave import_of
    assert "\n" not in str(outcome) or not isinstance(outcome, MakerscopeError)


@given(st.binary(max_size=300))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_the_scanner_stays_inside_any_bytes(data):
    data = data + b"\n"
    block, _ = scan_block(data, SYMBOLS, 0)
    assert len(block.facts) == data.count(b"\n")
