"""The tape: what is written is read again, in order, once, or not at all."""

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pytest

from makerscope.errors import InputError, OutputError, SchemaError, TapeError
from makerscope.tape.events import SCHEMAS, TABLES
from makerscope.tape.join import join_tapes
from makerscope.tape.manifest import evidence_root, sha256_of
from makerscope.tape.read import Tape
from makerscope.tape.write import TapeWriter
from tests.tapes import DAY, SECOND, START, fills, perp, quotes, write_tape


def test_every_column_of_every_table_has_a_unit():
    for table in TABLES:
        for field in SCHEMAS[table]:
            assert field.metadata[b"unit"], (table, field.name)


def test_rows_come_back_in_order_of_time_and_equal_times_in_order_of_arrival(tmp_path):
    tape = write_tape(tmp_path / "t", fills=fills([3, 1, 1, 2], price=[30, 10, 11, 20]))
    assert tape.read("fills")["price"].to_list() == [10, 11, 20, 30]


def test_days_become_separate_files_and_a_window_reads_across_them(tmp_path):
    rows = fills([0, 1, 90_000], price=[1, 2, 3])
    tape = write_tape(tmp_path / "t", fills=rows)
    assert len([item for item in tape.manifest.files if item.table == "fills"]) == 2
    assert tape.read("fills", since=START + SECOND)["price"].to_list() == [2, 3]
    assert tape.read("fills", until=START + SECOND)["price"].to_list() == [1]


def test_a_fill_that_is_sent_twice_counts_once(tmp_path):
    tape = write_tape(tmp_path / "t", fills=fills([1, 2, 1], fill=["a", "b", "a"]))
    assert tape.manifest.rows["fills"] == 2
    assert [(item.code, item.count) for item in tape.manifest.findings] == [("sent twice", 1)]


def test_two_different_fills_under_one_id_are_reported_as_a_conflict(tmp_path):
    tape = write_tape(tmp_path / "t", fills=fills([1, 1], fill=["a", "a"], price=[10, 11]))
    assert [(item.level, item.code) for item in tape.manifest.findings] == [("quarantined", "conflicting id")]


def test_fills_of_one_aggressor_in_one_instant_are_one_trade(tmp_path):
    rows = fills(
        [1, 1, 1, 2], side=[1, 1, -1, 1], price=[1000, 999, 1001, 1000], size=[2, 3, 4, 5], maker=["a", "b", "a", "a"]
    )
    trades = write_tape(tmp_path / "t", fills=rows).read("trades")
    assert trades.select("aggressor", "size", "cash", "fills", "makers").rows() == [
        (-1, 5, 2 * 1000 + 3 * 999, 2, 2),
        (1, 4, 4004, 1, 1),
        (-1, 5, 5000, 1, 1),
    ]


def test_fills_of_unknown_side_are_never_grouped(tmp_path):
    assert write_tape(tmp_path / "t", fills=fills([1, 1], side=[0, 0])).manifest.rows["trades"] == 2


def test_a_silence_ends_a_session_on_the_recorders_clock(tmp_path):
    times = [0, 1, 2, 300, 301]
    tape = write_tape(tmp_path / "t", silence={"quotes": 10 * SECOND}, quotes=quotes(times, [9] * 5, [11] * 5))
    sessions = tape.read("sessions")
    assert sessions["events"].to_list() == [3, 2]
    assert sessions["ended_by"].to_list() == ["silence of 298.0 s", "end of the recording"]
    assert sessions["end_exchange"][0] == START + 2 * SECOND


def test_a_session_goes_on_over_midnight(tmp_path):
    before = (DAY - START % DAY) // SECOND - 2
    times = [before + i for i in range(5)]
    tape = write_tape(tmp_path / "t", silence={"quotes": 10 * SECOND}, quotes=quotes(times, [9] * 5, [11] * 5))
    assert len([item for item in tape.manifest.files if item.table == "quotes"]) == 2
    assert tape.read("sessions")["events"].to_list() == [5]


def test_the_same_events_give_the_same_bytes(tmp_path):
    roots = {
        write_tape(tmp_path / name, fills=fills([2, 1]), quotes=quotes([0], [9], [11])).manifest.evidence_root
        for name in "ab"
    }
    assert len(roots) == 1


def test_the_manifest_names_the_hash_of_every_file_and_their_root(tmp_path):
    tape = write_tape(tmp_path / "t", fills=fills([1]))
    assert all(sha256_of(tape.path / item.path) == item.sha256 for item in tape.manifest.files)
    assert tape.manifest.evidence_root == evidence_root(tape.manifest.files)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (fills([1]).drop("price"), "'price' is missing"),
        (fills([1]).with_columns(colour=pl.lit("red")), "'colour' is not known"),
        (fills([1]).with_columns(price=pl.lit("ten")), "'price' is String"),
        (fills([1]).with_columns(price=pl.lit(None, dtype=pl.Int64)), "'price' is null"),
        (fills([1]).with_columns(exchange_time=None, local_time=None), "both null"),
    ],
)
def test_rows_that_break_the_schema_are_refused(tmp_path, rows, said):
    with pytest.raises(SchemaError, match=said):
        write_tape(tmp_path / "t", fills=rows)
    assert list(tmp_path.iterdir()) == []


def test_an_error_leaves_the_old_tape_as_it_was(tmp_path):
    old = write_tape(tmp_path / "t", fills=fills([1]))
    with pytest.raises(ZeroDivisionError), TapeWriter(tmp_path / "t", source="new") as tape:
        tape.add_instrument(perp())
        tape.write("fills", fills([1, 2]))
        raise ZeroDivisionError
    assert Tape.open(tmp_path / "t").manifest == old.manifest
    assert [path.name for path in tmp_path.iterdir()] == ["t"]


def test_a_killed_writer_leaves_the_old_tape_and_the_next_one_cleans_up(tmp_path):
    old = write_tape(tmp_path / "t", fills=fills([1]))
    code = """
        import sys, time
        from pathlib import Path
        from makerscope.tape.write import TapeWriter
        from tests.tapes import fills, perp
        with TapeWriter(Path(sys.argv[1]), source="new") as tape:
            tape.add_instrument(perp())
            tape.write("fills", fills([1, 2]))
            tape._flush("fills")
            print("written", flush=True)
            time.sleep(60)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "t")], stdout=subprocess.PIPE, cwd=Path.cwd()
    )
    assert process.stdout.readline() == b"written\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert Tape.open(tmp_path / "t").manifest == old.manifest
    assert len(list(tmp_path.glob(".t.partial-*"))) == 1
    write_tape(tmp_path / "t", fills=fills([1, 2, 3]))
    assert [path.name for path in tmp_path.iterdir()] == ["t"]


def test_a_full_disk_is_one_error_and_leaves_nothing(tmp_path, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("makerscope.tape.write.pq.ParquetWriter.write_table", full)
    with pytest.raises(OutputError, match="No space left"):
        write_tape(tmp_path / "t", fills=fills([1]))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("room", [4_000, 60_000, 400_000])
def test_a_disk_that_fills_up_while_writing_is_one_error_and_leaves_the_old_tape(tmp_path, room):
    old = write_tape(tmp_path / "t", fills=fills([1]))
    code = """
        import resource, sys
        from pathlib import Path
        import polars as pl
        from makerscope.errors import OutputError
        from makerscope.tape.write import TapeWriter
        from tests.tapes import START, perp
        room = int(sys.argv[2])
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))  # no file may grow larger, as on a full disk
        try:
            with TapeWriter(Path(sys.argv[1]), source="new") as tape:
                tape.add_instrument(perp())
                for i in range(6):
                    time = pl.int_range(START + i * 10**11, START + (i + 1) * 10**11, 10**6, eager=True)
                    tape.write("quotes", pl.DataFrame({"exchange_time": time, "local_time": time}).with_columns(
                        instrument=pl.lit("test:BTC"), bid=time.hash() % 10**9, bid_size=1, ask=2 * 10**9, ask_size=1)
                        .with_columns(pl.col("bid").cast(pl.Int64)))
        except OutputError as error:
            print(error)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "t"), str(room)]
    said = subprocess.run(command, capture_output=True, check=True, text=True, cwd=Path.cwd()).stdout
    assert "writing failed" in said
    assert said.count("\n") == 1
    assert Tape.open(tmp_path / "t").manifest == old.manifest
    assert [path.name for path in tmp_path.iterdir()] == ["t"]


def test_a_folder_that_is_no_tape_is_never_replaced(tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").write_text("years")
    with pytest.raises(InputError, match="is not a tape"):
        write_tape(tmp_path / "precious", fills=fills([1]))
    assert (tmp_path / "precious" / "thesis.txt").read_text() == "years"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"{", "damaged manifest"),
        (b'{"makerscope_tape": 99}', "schema version 99"),
        (b'{"makerscope_tape": 2}', "damaged manifest"),
    ],
)
def test_a_tape_with_another_manifest_is_refused(tmp_path, text, said):
    (tmp_path / "manifest.json").write_bytes(text)
    with pytest.raises(TapeError, match=said):
        Tape.open(tmp_path)


def test_duckdb_pandas_and_polars_open_the_files_as_they_are(tmp_path):
    tape = write_tape(tmp_path / "tape", fills=fills([1, 2], price=[10, 20]))
    path = tape.path
    assert duckdb.sql(f"SELECT sum(price) FROM '{path}/fills/*/*.parquet'").fetchall() == [(30,)]
    assert pd.read_parquet(f"{path}/fills")["price"].sum() == 30
    assert pl.scan_parquet(f"{path}/fills/").select("price").collect().sum().item() == 30


def test_memory_does_not_grow_with_the_recording(tmp_path):
    code = """
        import resource, sys
        from pathlib import Path
        import polars as pl
        from makerscope.tape.write import TapeWriter
        from tests.tapes import START, perp
        chunks = int(sys.argv[2])
        with TapeWriter(Path(sys.argv[1]), source="long") as tape:
            tape.add_instrument(perp())
            for i in range(chunks):
                time = pl.int_range(START + i * 10**11, START + (i + 1) * 10**11, 10**6, eager=True)
                tape.write("quotes", pl.DataFrame({"exchange_time": time, "local_time": time}).with_columns(
                    instrument=pl.lit("test:BTC"), bid=9 + time // 1_000_000 % 5, bid_size=1, ask=20, ask_size=1))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    """

    def peak(chunks):
        command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / f"t{chunks}"), str(chunks)]
        return int(subprocess.run(command, capture_output=True, check=True, cwd=Path.cwd()).stdout)

    assert peak(40) < peak(4) + 260_000  # kB; ten times the rows (4 M), at most a day's clocks more


def test_joined_tapes_hold_the_events_of_both(tmp_path):
    write_tape(tmp_path / "a", fills=fills([1, 2]))
    write_tape(
        tmp_path / "b",
        instruments=[perp(venue="other")],
        fills=fills([1]).with_columns(instrument=pl.lit("other:BTC")),
    )
    joined = join_tapes([tmp_path / "a", tmp_path / "b"], tmp_path / "c")
    assert joined.manifest.rows["fills"] == 3
    assert list(joined.instruments) == ["other:BTC", "test:BTC"]
    with pytest.raises(InputError, match="stands on"):
        join_tapes([tmp_path / "a", tmp_path / "a"], tmp_path / "d")


def test_a_reader_that_opened_the_old_tape_is_not_broken_by_the_exchange(tmp_path):
    write_tape(tmp_path / "t", fills=fills([1]))
    started = time.monotonic()
    for size in range(2, 6):
        write_tape(tmp_path / "t", fills=fills(list(range(size))))
        assert Tape.open(tmp_path / "t").read("fills").height == size
    assert time.monotonic() - started < 60
