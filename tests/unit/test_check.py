"""``check_tape`` says what is wrong with a tape, where, and how often; a damaged file is a problem, not a crash."""

import msgspec
import polars as pl
import pyarrow.parquet as pq
import pytest

from makerscope.errors import TapeError
from makerscope.tape.check import check_tape
from makerscope.tape.events import SCHEMAS
from makerscope.tape.manifest import dump_manifest, evidence_root, load_manifest, sha256_of
from makerscope.tape.rules import rules_of
from makerscope.tape.write import parquet_writer, to_arrow
from tests.tapes import DAY, SECOND, START, fills, perp, quotes, write_tape


def sound_tape(path):
    return write_tape(
        path,
        silence={"quotes": 10 * SECOND},
        fills=fills([1, 1, 2, 3], side=[1, 1, -1, 1]),
        quotes=quotes([0, 1, 2, 30], [9] * 4, [11] * 4),
        book=book([(7, True, 1, 9, 5), (7, True, -1, 11, 5), (8, False, 1, 9, 0)]),
    )


def book(rows, instrument="test:BTC"):
    names = ["sequence", "snapshot", "side", "price", "size"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    times = [START + at * SECOND for at in range(frame.height)]
    return frame.with_columns(exchange_time=pl.Series(times), instrument=pl.lit(instrument))


def redo(path, item, rows):
    """Write other rows into a file of a tape and make its manifest agree, as a wrong writer would."""
    file = path / item.path
    with parquet_writer(file, item.table) as writer:
        writer.write_table(to_arrow(rows, item.table))
    times = rows.select(pl.coalesce("exchange_time", "local_time"))["exchange_time"]
    again = msgspec.structs.replace(
        item,
        rows=rows.height,
        bytes=file.stat().st_size,
        sha256=sha256_of(file),
        first_time=times.min(),
        last_time=times.max(),
    )
    manifest = load_manifest(path)
    files = tuple(again if other.path == item.path else other for other in manifest.files)
    rows_by = {table: sum(f.rows for f in files if f.table == table) for table in manifest.rows}
    done = msgspec.structs.replace(manifest, files=files, rows=rows_by, evidence_root=evidence_root(files))
    (path / "manifest.json").write_bytes(dump_manifest(done))


def file_of(tape, table):
    return next(item for item in tape.manifest.files if item.table == table)


def whats(path):
    return [problem.what for problem in check_tape(path).problems]


def test_a_tape_as_it_was_written_is_sound(tmp_path):
    tape = sound_tape(tmp_path / "t")
    seen = []
    report = check_tape(tmp_path / "t", seen.append)
    assert report.problems == ()
    assert report.sound
    assert report.rows == sum(tape.manifest.rows.values())
    assert sum(seen) == sum(item.bytes for item in tape.manifest.files)
    assert report.evidence_root == tape.manifest.evidence_root


def test_a_changed_byte_changes_hash_and_root(tmp_path):
    tape = sound_tape(tmp_path / "t")
    file = tmp_path / "t" / file_of(tape, "quotes").path
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.write_bytes(raw)
    report = check_tape(tmp_path / "t")
    assert any("SHA-256" in problem.what for problem in report.problems)
    assert any("evidence root" in problem.what for problem in report.problems)


@pytest.mark.parametrize("at", range(0, 2200, 97))
def test_no_flipped_byte_is_more_than_a_problem(tmp_path, at):
    tape = sound_tape(tmp_path / "t")
    for table in ("fills", "quotes", "instruments"):
        file = tmp_path / "t" / file_of(tape, table).path
        raw = bytearray(file.read_bytes())
        raw[at % len(raw)] ^= 0xFF
        file.write_bytes(raw)
    assert not check_tape(tmp_path / "t").sound


@pytest.mark.parametrize("cut", [0, 3, 100, 500])
def test_a_truncated_file_is_a_problem(tmp_path, cut):
    tape = sound_tape(tmp_path / "t")
    file = tmp_path / "t" / file_of(tape, "fills").path
    file.write_bytes(file.read_bytes()[:cut])
    assert any("cannot be read as Parquet" in what for what in whats(tmp_path / "t"))


def test_a_missing_and_an_unnamed_file_are_problems(tmp_path):
    tape = sound_tape(tmp_path / "t")
    file = tmp_path / "t" / file_of(tape, "quotes").path
    file.rename(file.with_name("part-9.parquet"))
    found = whats(tmp_path / "t")
    assert any("cannot be opened" in what for what in found)
    assert "is not named in the manifest" in found


def test_a_column_of_another_type_or_without_unit_is_a_problem(tmp_path):
    tape = sound_tape(tmp_path / "t")
    file = tmp_path / "t" / file_of(tape, "tokens").path
    pq.write_table(pq.read_table(file).replace_schema_metadata(None).cast(pq.read_schema(file).remove_metadata()), file)
    frame = pl.read_parquet(file)
    frame.with_columns(pl.col("decimals").cast(pl.Int32)).drop("token").write_parquet(file)
    found = " / ".join(whats(tmp_path / "t"))
    assert "column token is missing" in found
    assert "column decimals is int32; want int64" in found
    assert "column decimals has unit none; want unit '1'" in found


ROWS = {
    "a price of zero": ("fills", fills([1], price=[0]), "price is not positive"),
    "a size of zero": ("fills", fills([1], size=[0]), "size is not positive"),
    "a side of two": ("fills", fills([1], side=[2]), "side is not one of -1, 0, 1"),
    "an unknown instrument": (
        "fills",
        fills([1], instrument=["test:XXX"]),
        "instrument is not in the table instruments",
    ),
    "an unknown fee token": (
        "fills",
        fills([1], maker_fee_token=["XXX"]),
        "maker_fee_token is not in the table tokens",
    ),
    "a time before 2009": (
        "fills",
        fills([1], exchange_time=[5], local_time=[5]),
        "exchange_time lies outside 2009..2100",
    ),
    "clocks days apart": (
        "fills",
        fills([1], local_time=[START + 3 * DAY]),
        "the two clocks are more than a day apart",
    ),
    "a negative bid": ("quotes", quotes([1], [-9], [11]), "bid is not positive"),
    "a negative quote size": ("quotes", quotes([1], [9], [11], bid_size=[-1]), "bid_size is negative"),
    "a book price of zero": ("book", book([(7, True, 1, 0, 5)]), "price is not positive"),
    "a change without snapshot": ("book", book([(7, False, 1, 9, 5)]), "a change comes before any snapshot"),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_out_of_range_is_a_problem_with_its_place(tmp_path, name):
    table, rows, what = ROWS[name]
    write_tape(tmp_path / "t", **{table: rows})
    found = {problem.what: problem for problem in check_tape(tmp_path / "t").problems if problem.table == table}
    assert found[what].count == 1
    assert found[what].where.startswith("row 0, ")


def test_an_empty_book_is_a_snapshot_with_one_row_of_size_zero(tmp_path):
    write_tape(tmp_path / "t", book=book([(7, True, 1, 0, 0), (8, False, 1, 9, 1)]))
    assert whats(tmp_path / "t") == []


def test_rows_out_of_order_are_counted_at_their_first_place(tmp_path):
    tape = sound_tape(tmp_path / "t")
    redo(tmp_path / "t", file_of(tape, "quotes"), tape.read("quotes").reverse())
    (problem,) = check_tape(tmp_path / "t").problems
    assert (problem.what, problem.count) == ("rows are not in order of (time, serial)", 3)
    assert problem.where.startswith("row 1, ")


def test_a_book_with_changes_is_ordered_by_serial_not_by_time(tmp_path):
    rows = book([(7, True, 1, 9, 5), (8, False, 1, 9, 6), (9, False, 1, 9, 7)])
    late = rows.with_columns(exchange_time=pl.Series([START + SECOND, START, START + 2 * SECOND]))
    tape = write_tape(tmp_path / "t", book=late)
    assert whats(tmp_path / "t") == []
    redo(tmp_path / "t", file_of(tape, "book"), tape.read("book")[[0, 2, 1]])
    assert whats(tmp_path / "t") == ["rows are not in order of serial"]


def test_trades_that_do_not_add_up_to_their_fills_are_problems(tmp_path):
    tape = sound_tape(tmp_path / "t")
    trades = tape.read("trades")
    redo(tmp_path / "t", file_of(tape, "trades"), trades.with_columns(pl.col("size") + 1).head(2))
    found = {problem.what: problem.count for problem in check_tape(tmp_path / "t").problems}
    assert found == {"fills belong to no trade": 1, "sizes of the fills do not add up to the trade": 2}


def test_a_fill_that_stands_twice_is_a_problem(tmp_path):
    tape = sound_tape(tmp_path / "t")
    redo(tmp_path / "t", file_of(tape, "fills"), tape.read("fills").with_columns(fill=pl.lit("same")))
    found = {problem.what: (problem.where, problem.count) for problem in check_tape(tmp_path / "t").problems}
    assert found == {"a fill id appears twice": ("test:BTC same", 3)}


def test_a_row_in_the_folder_of_another_day_is_a_problem(tmp_path):
    tape = sound_tape(tmp_path / "t")
    later = tape.read("quotes").with_columns(pl.col("exchange_time", "local_time") + DAY)
    redo(tmp_path / "t", file_of(tape, "quotes"), later)
    assert any("lies outside the day" in what for what in whats(tmp_path / "t"))


def test_sessions_that_overlap_are_a_problem(tmp_path):
    tape = sound_tape(tmp_path / "t")
    item = file_of(tape, "sessions")
    rows = pl.read_parquet(tmp_path / "t" / item.path)
    early = pl.col("start_exchange", "start_local") - 60 * SECOND
    with parquet_writer(tmp_path / "t" / item.path, "sessions") as writer:
        writer.write_table(to_arrow(rows.with_columns(early), "sessions"))
    assert "begins before the session before it ended" in whats(tmp_path / "t")


def test_quotes_that_are_mostly_crossed_are_a_problem_and_a_few_are_not(tmp_path):
    times = list(range(40))
    write_tape(tmp_path / "a", quotes=quotes(times, [12] * 20 + [9] * 20, [11] * 40))
    assert whats(tmp_path / "a") == ["50% of the quotes of test:BTC have bid above ask"]
    write_tape(tmp_path / "b", quotes=quotes(times, [12] * 5 + [9] * 35, [11] * 40))
    assert whats(tmp_path / "b") == []


def test_a_manifest_that_miscounts_is_a_problem(tmp_path):
    tape = sound_tape(tmp_path / "t")
    wrong = msgspec.structs.replace(tape.manifest, rows={**tape.manifest.rows, "fills": 99})
    (tmp_path / "t" / "manifest.json").write_bytes(dump_manifest(wrong))
    assert any(what.startswith("says ") for what in whats(tmp_path / "t"))


def test_a_path_that_leaves_the_tape_is_not_followed(tmp_path):
    tape = sound_tape(tmp_path / "t")
    item = msgspec.structs.replace(file_of(tape, "quotes"), path="../x.parquet")
    wrong = msgspec.structs.replace(tape.manifest, files=(item,))
    (tmp_path / "t" / "manifest.json").write_bytes(dump_manifest(wrong))
    assert "is not a file of a tape" in whats(tmp_path / "t")


def test_an_instrument_declared_twice_or_with_a_unit_of_zero_is_a_problem(tmp_path):
    write_tape(tmp_path / "t", instruments=[perp(tick_size="0"), perp("ETH", lot_size="abc", kind="cake")])
    found = " / ".join(whats(tmp_path / "t"))
    for what in ("tick_size is no positive decimal", "lot_size is no positive decimal", "kind is not one of"):
        assert what in found


def test_a_folder_that_is_no_tape_is_an_error(tmp_path):
    with pytest.raises(TapeError, match="not a tape"):
        check_tape(tmp_path)


@pytest.mark.parametrize("table", SCHEMAS)
def test_every_rule_of_a_table_speaks_of_its_columns(table):
    empty = pl.DataFrame(pl.from_arrow(SCHEMAS[table].empty_table()))
    for rule in rules_of(table, instruments={"a"}, tokens=set()):
        assert empty.select(rule.breach.alias("breach")).schema == {"breach": pl.Boolean}
