"""Whatever the bytes, a reader ends with a tape or one of our errors, and leaves nothing half-written."""

import gzip
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from makerscope.errors import MakerscopeError
from makerscope.tape.read import Tape
from makerscope.tape.write import TapeWriter
from makerscope.venues import aster, hyperliquid, lighter, uniswap_v3
from makerscope.venues.files import Head, Recording, head_of
from tests.unit.test_hyperliquid import FRAMES, MS, block, fill, pair

T = 1_700_000_000
BOTH = (("bid", 9), ("ask", 10))
BOOK = [f"{side}_price_{i},{side}_{{}}_{i}" for i in range(2) for side in ("bid", "ask")]
LISTED = [f"{side}_price_{i},{side}_{{}}_{i}" for side in ("bid", "ask") for i in range(2)]
VALID = {
    "fills.jsonl": (hyperliquid, "\n".join(block(n, [*pair(tid=n), *pair(tid=90 + n, coin="@1")]) for n in range(3))),
    "ws.jsonl": (hyperliquid, "\n".join(f"{MS}000000 {json.dumps(frame)}" for frame in FRAMES)),
    "own.json": (hyperliquid, json.dumps([fill(tid=n, crossed=n % 2 == 0)[1] for n in range(3)])),
    "frame.json": (hyperliquid, json.dumps(FRAMES[1], indent=1)),
    "trades_WOW.csv": (
        hyperliquid,
        "timestamp,price,size,side,trade_id,exchange_timestamp\n"
        + "".join(f"{T + i}.5,1{i}.5,{i + 1},{side},{i},{T + i}000\n" for i, side in enumerate(("buy", "sell", "buy"))),
    ),
    "prices_WOW.csv": (
        hyperliquid,
        "timestamp,price,size,side,exchange_timestamp\n"
        + "".join(f"{T + i}.5,{price},1,{side},{T + i}000\n" for i in (0, 1) for side, price in BOTH),
    ),
    "orderbooks_WOW.csv": (
        hyperliquid,
        "timestamp,sequence,exchange_timestamp," + ",".join(BOOK).format(*["size"] * 4) + "\n"
        + "".join(f"{T + i}.5,{i + 1},{T + i}000,9,1,10,1,8,2,11,2\n" for i in range(3)),
    ),
    "orderbook_WOWUSDT.csv": (
        aster,
        "unix_timestamp,lastUpdateId," + ",".join(LISTED).format(*["qty"] * 4) + "\n"
        + "".join(f"{T + i}.5,{i + 1},9,1,8,2,10,1,11,2\n" for i in range(3)),
    ),
    "prices_WOWUSDT.csv": (aster, "unix_timestamp,bid,ask,mid\n" + f"{T},9,10,9.5\n{T + 1},9,11,10\n"),
    "trades_WOWUSDT.csv": (aster, f"id,unix_timestamp_ms,side,price,quantity\n1,{T}000,buy,9,1\n2,{T}001,sell,8,1\n"),
    "prices_LIT.csv": (
        lighter,
        ",".join(lighter.PRICES) + ",market_id\n"
        "2023-11-14T22:00:00.5,9,1,10,1,1\n2023-11-14T22:00:01,9,1e-05,10,1\n",
    ),
    "trades_LIT.csv": (
        lighter,
        "timestamp,price,size,side,trade_id,usd_amount\n2023-11-14T22:00:00.5,9,1,buy,1,9\n2023-11-14T22:00:01,9,1,sell,2,9\n",
    ),
    f"chain-0x{'7' * 40}-x.csv": (
        uniswap_v3,
        ",".join(uniswap_v3.COLUMNS) + "\n" + "".join(f"2023-11-14 22:0{i}:00,1,-1,5,5,5,5,1,0,7\n" for i in range(3)),
    ),
}  # fmt: skip
ODD = [
    b"", b"0", b"-", b"NaN", b"1e400", b"1e-400", b"9" * 40, b'"', b",", b"\n", b"\r", b"\x00", b"\xff", b"\xf0\x9f",
    b"{", b"]", b"null", b"[" * 3000, b"0x", b"\\ud800", b"1.5.5", b"line", b"-1", b"true", b"1700000000", b'"coin":""',
    b"2023-13-40",
]  # fmt: skip


@st.composite
def mutated(draw):
    name = draw(st.sampled_from(sorted(VALID)))
    module, text = VALID[name]
    data = bytearray(text.encode())
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 12))
        data[at : at + length] = draw(st.one_of(st.sampled_from(ODD), st.binary(max_size=4)))
    if draw(st.booleans()):
        del data[draw(st.integers(0, len(data))) :]
    packed = gzip.compress(bytes(data)) if draw(st.integers(0, 5)) == 0 else bytes(data)
    if draw(st.integers(0, 20)) == 0:
        packed = packed[: len(packed) // 2]
    return name, module, packed


def read_all(module, kind, path, folder):
    """Read as ``kind``; answers the tape or our error, and checks that nothing else is left in the folder."""
    out = folder / "tape"
    outcome = None
    try:
        with TapeWriter(out, source="fuzz") as tape:
            module.read([Recording(path=path, kind=kind)], tape, lambda _bytes: None)
        outcome = Tape.open(out)
        for table in outcome.manifest.rows:
            outcome.read(table)
    except MakerscopeError:
        assert not out.exists()
    assert {item.name for item in folder.iterdir()} <= {path.name, "tape"}
    return outcome


@pytest.mark.parametrize("name", sorted(VALID))
def test_the_files_that_are_mutated_below_are_valid(tmp_path, name):
    module, text = VALID[name]
    path = tmp_path / name
    path.write_text(text)
    tape = read_all(module, module.kind_of(head_of(path)), path, tmp_path)
    assert tape is not None
    assert "quarantine" not in tape.manifest.rows


@settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(mutated())
def test_a_damaged_file_becomes_a_tape_or_one_of_our_errors(tmp_path_factory, case):
    name, module, data = case
    folder = tmp_path_factory.mktemp("fuzz")
    path = folder / name
    path.write_bytes(data)
    kind = module.kind_of(Head(path=path, data=VALID[name][1].encode()))  # read it as what it was before
    read_all(module, kind, path, folder)


@settings(max_examples=300)
@given(st.binary(max_size=300), st.sampled_from([hyperliquid, aster, lighter, uniswap_v3]), st.integers(0, 2))
def test_random_bytes_are_claimed_by_nobody(tmp_path_factory, data, module, form):
    prefix = (b"", b'{"a":', b"a,b\n")[form]
    path = tmp_path_factory.getbasetemp() / "random"
    assert module.kind_of(Head(path=path, data=prefix + data)) is None
