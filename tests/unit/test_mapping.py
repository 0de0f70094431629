"""The user's own files by a TOML mapping; the example is the one of the manual."""

import re
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.errors import FormatError, InputError, MakerscopeError
from makerscope.tape.check import check_tape
from makerscope.tape.read import Tape
from makerscope.tape.write import TapeWriter
from makerscope.venues.map_file import load_map
from makerscope.venues.mapping import read_mapped

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "mapping.md"
PLAIN = """
[columns]
time = "t"
symbol = "s"
side = "d"
price = "p"
size = "q"
[constants]
account = "me"
role = "maker"
[time]
unit = "ms"
"""


def example(language):
    return re.search(rf"```{language}\n(.*?)```", MANUAL.read_text(), re.DOTALL)[1]


def tape_of(folder, toml, *paths):
    (folder / "fills.toml").write_text(toml)
    with TapeWriter(folder / "tape", source="test") as tape:
        read_mapped(paths, folder / "fills.toml", tape, lambda _bytes: None)
    return Tape.open(folder / "tape")


def csv(folder, text, name="x.csv"):
    (folder / name).write_text(text)
    return folder / name


def test_the_example_of_the_manual_gives_the_tape_it_says(tmp_path):
    tape = tape_of(tmp_path, example("toml"), csv(tmp_path, example("csv"), "my_fills.csv"))
    fills = tape.read("fills")
    assert fills["instrument"].to_list() == ["mydesk:BTC-PERP", "mydesk:BTC-PERP", "mydesk:ETH-PERP"]
    assert fills["exchange_time"].to_list() == [1772366400125000000, 1772366401500000000, 1772366402000000000]
    assert fills["maker"].to_list() == ["me", None, "me"]
    assert fills["taker"].to_list() == [None, "me", None]
    assert fills["side"].to_list() == [1, 1, -1]  # the maker's: in the second fill the account sold as the taker
    assert fills["price"].to_list() == [123601, 123602, 300025]
    assert fills["size"].to_list() == [15, 15, 12]
    assert fills["maker_fee"].to_list() == [-92_700, None, 0]
    assert fills["taker_fee"].to_list() == [None, 417_200, None]
    assert fills["taker_fee_token"].to_list() == [None, "USDC", None]
    assert fills["maker_order"].to_list() == ["o-7", None, "o-9"]
    assert tape.tokens["USDC"].decimals == 6
    assert tape.instruments["mydesk:ETH-PERP"].tick_size == "0.01"
    assert tape.instruments["mydesk:BTC-PERP"].settle == "USDC"


def test_the_manual_names_every_key():
    text = MANUAL.read_text()
    for key in load_map.__globals__["Columns"].__struct_fields__:
        assert key in text, key


def test_a_fee_that_is_negative_when_paid_is_turned(tmp_path):
    toml = example("toml").replace('"paid is positive"   #', '"paid is negative"   #')
    fills = tape_of(tmp_path, toml, csv(tmp_path, example("csv"))).read("fills")
    assert fills["maker_fee"].to_list() == [92_700, None, 0]


def test_parquet_with_floats_and_typed_times_gives_the_same_fills_as_csv(tmp_path):
    rows = csv(tmp_path, "t,s,d,p,q\n1772366400125,BTC,buy,100.1,0.3\n1772366400126,BTC,sell,100.2,0.1\n")
    (tmp_path / "csv").mkdir()
    (tmp_path / "parquet").mkdir()
    want = tape_of(tmp_path / "csv", PLAIN, rows).read("fills")
    frame = pl.read_csv(rows).with_columns(
        pl.from_epoch("t", time_unit="ms").dt.replace_time_zone("UTC"), q=pl.Series([0.1 + 0.2, 0.1])
    )
    frame.write_parquet(tmp_path / "x.parquet")
    assert tape_of(tmp_path / "parquet", PLAIN, tmp_path / "x.parquet").read("fills").equals(want)


def test_public_trades_need_no_account(tmp_path):
    toml = PLAIN.replace('[constants]\naccount = "me"\nrole = "maker"\n', '[side]\nof = "taker"\n')
    fills = tape_of(tmp_path, toml, csv(tmp_path, "t,s,d,p,q\n1772366400125,BTC,buy,100,1\n")).read("fills")
    assert fills.select("side", "maker", "taker").rows() == [(-1, None, None)]


def test_quotes_are_mapped_too(tmp_path):
    toml = """
    table = "quotes"
    [columns]
    time = "t"
    local_time = "l"
    bid = "b"
    bid_size = "bs"
    ask = "a"
    ask_size = "as"
    [constants]
    symbol = "BTC-USDT"
    [time]
    unit = "s"
    """
    text = "t,l,b,bs,a,as\n1772366400.125,1772366400.5,100.5,1,101,2\n1772366401,1772366401,,,101,3\n"
    tape = tape_of(tmp_path, toml, csv(tmp_path, text))
    quotes = tape.read("quotes")
    assert quotes["bid"].to_list() == [1005, None]
    assert quotes["ask"].to_list() == [1010, 1010]
    assert quotes["local_time"][0] == 1772366400500000000
    assert tape.instruments["own:BTC-USDT"].quote == "USDT"


def test_bad_rows_are_kept_with_their_reason(tmp_path):
    rows = [
        "1772366400125,BTC,buy,100,1", "x,BTC,buy,100,1", "1772366400125,,buy,100,1", "1772366400125,BTC,up,100,1",
        "1772366400125,BTC,buy,0,1", "1772366400125,BTC,buy,100,NaN", "1772366400125,BTC,buy",
    ]  # fmt: skip
    tape = tape_of(tmp_path, PLAIN, csv(tmp_path, "t,s,d,p,q\n" + "\n".join(rows) + "\n"))
    assert tape.read("fills").height == 1
    assert sorted(tape.read("quarantine")["line"].to_list()) == [3, 4, 5, 6, 7, 8]


def test_an_off_tick_price_is_quarantined_when_the_mapping_states_the_tick(tmp_path):
    toml = PLAIN + '[instrument.BTC]\ntick_size = "0.5"\nlot_size = "1"\n'
    text = "t,s,d,p,q\n1772366400125,BTC,buy,100.5,1\n1772366400126,BTC,buy,100.3,1\n"
    tape = tape_of(tmp_path, toml, csv(tmp_path, text))
    assert tape.read("fills")["price"].to_list() == [201]
    assert tape.read("quarantine")["reason"].to_list() == ["price is no multiple of 0.5"]


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (('time = "t"', ""), "columns"),
        (('price = "p"', ""), "columns.price"),
        (('price = "p"', "price = 3"), "columns.price"),
        (('price = "p"', 'price = "p"\nprise = "p"'), "prise"),
        (('unit = "ms"', 'unit = "fortnight"'), "time.unit"),
        (('unit = "ms"', 'zone = "Mars/Olympus"'), "time"),
        (('account = "me"', ""), "constants.account"),
        (('role = "maker"', ""), "columns.role"),
        (('role = "maker"', 'role = "both"'), "constants.role"),
        (('size = "q"', 'size = "q"\nfee = "f"'), "columns.fee_token"),
        (("[time]", '[side]\nbuy = ["x"]\nsell = ["X"]\n[time]'), "side"),
        (("[time]", "[token]\nUSDC = 40\n[time]"), "token.USDC"),
        (("[time]", '[instrument.BTC]\ntick_size = "-1"\n[time]'), "instrument.BTC.tick_size"),
        (('symbol = "s"', ""), "columns.symbol"),
        (("[columns]", 'venue = "a:b"\n[columns]'), "venue"),
    ],
)
def test_a_bad_mapping_is_one_line_that_names_the_key(tmp_path, change, key):
    path = tmp_path / "fills.toml"
    text = PLAIN.replace(*change, 1)
    assert text != PLAIN
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_map(path)
    assert key in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_column_the_file_lacks_is_named(tmp_path):
    pl.DataFrame({"t": [1]}).write_parquet(tmp_path / "x.parquet")
    for path in (csv(tmp_path, "t,s,d,p\n"), tmp_path / "x.parquet"):
        with pytest.raises(FormatError, match=r"'[sq]'"):
            tape_of(tmp_path, PLAIN, path)


def test_a_missing_or_broken_mapping_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        load_map(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_bytes(b"[columns\xff")
    with pytest.raises(InputError, match="is no TOML"):
        load_map(tmp_path / "bad.toml")


@settings(deadline=None, derandomize=True, max_examples=40)
@given(
    start=st.sampled_from([b"t,s,d,p,q\n1772366400125,BTC,buy,100,1\n", b"PAR1", b"\x1f\x8b", b""]),
    data=st.binary(max_size=80),
    toml=st.sampled_from([PLAIN, PLAIN.replace("ms", "iso"), example("toml"), "venue = 1"]) | st.text(max_size=30),
)
def test_whatever_the_bytes_only_our_errors_leave_the_reader(tmp_path_factory, start, data, toml):
    folder = tmp_path_factory.mktemp("fuzz")
    path = folder / "x.csv"
    path.write_bytes(start + data)
    (folder / "fills.toml").write_bytes(toml.encode("utf-8", "surrogatepass"))
    try:
        with TapeWriter(folder / "tape", source="fuzz") as tape:
            read_mapped([path], folder / "fills.toml", tape, lambda _bytes: None)
    except MakerscopeError:
        assert not (folder / "tape").exists()
    else:
        assert check_tape(folder / "tape").problems == ()
    assert not list(folder.glob(".*"))


def test_a_parquet_file_with_text_that_is_no_utf8_is_refused(tmp_path):
    symbol = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")])
    table = pa.table({"t": [1772366400125], "s": symbol, "d": ["buy"], "p": [100.5], "q": [1]})
    pq.write_table(table, tmp_path / "x.parquet")
    with pytest.raises(FormatError, match="cannot be read as Parquet"):
        tape_of(tmp_path, PLAIN, tmp_path / "x.parquet")


@settings(deadline=None, derandomize=True, max_examples=25)
@given(changes=st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_damaged_parquet_file_is_refused_or_read_never_a_crash(tmp_path_factory, changes):
    folder = tmp_path_factory.mktemp("fuzz")
    path = folder / "x.parquet"
    frame = pl.DataFrame({"t": [1772366400125], "s": ["BTC"], "d": ["buy"], "p": [100.5], "q": [1]})
    frame.write_parquet(path)
    data = bytearray(path.read_bytes())
    for at, byte in changes:
        data[4 + at % (len(data) - 4)] = byte
    path.write_bytes(data)
    (folder / "fills.toml").write_text(PLAIN)
    try:
        with TapeWriter(folder / "tape", source="fuzz") as tape:
            read_mapped([path], folder / "fills.toml", tape, lambda _bytes: None)
    except MakerscopeError:
        assert not (folder / "tape").exists()
