"""One wrong input to each command: one line that says where, what and what was wanted, exit code 2, nothing written."""

import time
from pathlib import Path

import pytest

from makerscope.cli import main
from makerscope.errors import OutputError
from makerscope.tape.output import write_all
from makerscope.tape.read import Tape
from tests.option_book import write_book

WRONG = [
    (("report", "TAPE", "--since", "1e30"), "--since", "seconds from 1970 to 2262"),
    (("report", "TAPE", "--since", "-5"), "--since", "seconds from 1970 to 2262"),
    (("report", "TAPE", "--json", "FOLDER"), "cannot be written", "free space and permission"),
    (("report", "TAPE", "--html", "r.html", "--json", "r.html"), "--json", "another file"),
    (("report", "TAPE", "TAPE"), "several paths and a tape", "makerscope tape join"),
    (("import", "deribit", "FOLDER", "--out", "new"), "empty folder", "recordings"),
    (("compare", "TAPE", "--split", "2030-01-01"), "--split", "after 2025-12-31"),
    (("compare", "TAPE", "TAPE", "--maker", "nobody"), "--maker nobody", "one of desk"),
    (("surface", "TAPE", "--at", "1e30"), "--at", "seconds from 1970 to 2262"),
    (("surface", "FILE"), "FILE", "makerscope import"),
    (("vol", "TAPE", "--horizon", "1e-18"), "--horizon", "more than 0"),
    (("vol", "TAPE", "--underlying", "XRP"), "--underlying XRP", "one of BTC"),
    (("tape", "info", "FILE"), "FILE", "makerscope import"),
    (("tape", "check", "FOLDER"), "FOLDER", "makerscope import"),
    (("tape", "head", "TAPE", "chain", "-n", "9" * 25), "--rows", "at most 100,000"),
    (("tape", "join", "TAPE", "--out", "new"), "one tape was given", "at least two"),
    (("tape", "join", "--out", "new"), "no tape was given", "at least two"),
    (("demo", "--seed", "-5", "--out", "new"), "--seed", "0 or more"),
]


@pytest.fixture(scope="module")
def tape(tmp_path_factory):
    return write_book(tmp_path_factory.mktemp("book") / "tape")


@pytest.mark.parametrize("case", WRONG, ids=[" ".join(case[0])[:40] for case in WRONG])
def test_a_wrong_input_is_one_line_and_writes_nothing(tape, tmp_path, monkeypatch, capsys, case):
    arguments, where, wanted = case
    monkeypatch.chdir(tmp_path)
    Path("FOLDER").mkdir()
    Path("FILE").write_text("no tape")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SystemExit) as stopped:
        main([str(tape.path) if part == "TAPE" else part for part in arguments])
    out = capsys.readouterr()
    assert stopped.value.code == 2
    assert out.err.startswith("makerscope: ")
    assert out.err.count("\n") == 1
    assert where in out.err
    assert wanted in out.err.split("; want ", 1)[1]
    assert out.out == ""
    assert sorted(tmp_path.rglob("*")) == before


def test_of_several_files_none_is_new_where_one_cannot_be_written(tmp_path):
    old = tmp_path / "old"
    old.write_bytes(b"as it was")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="folder: cannot be written"):
        write_all({old: b"new", tmp_path / "folder": b"no file"})
    assert old.read_bytes() == b"as it was"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "old"]
    write_all({old: b"new", tmp_path / "more": b"and more"})
    assert (old.read_bytes(), (tmp_path / "more").read_bytes()) == (b"new", b"and more")


def test_a_window_that_begins_long_before_the_tape_is_the_tape(tape, tmp_path, capsys):
    started = time.monotonic()
    texts = []
    for name, options in (("a", ()), ("b", ("--since", "1970-01-01", "--until", "2200-01-01"))):
        with pytest.raises(SystemExit):
            main(["report", str(Tape.open(tape.path).path), *options, "--html", str(tmp_path / name)])
        texts.append((tmp_path / name).read_bytes())
    capsys.readouterr()
    assert texts[0] == texts[1]
    assert time.monotonic() - started < 120
