"""A folder is written whole or not at all."""

import pytest

from makerscope.errors import OutputError
from makerscope.tape.folders import write_folder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    write_folder(tmp_path / "a", {"old": b"1", "both": b"2"})
    write_folder(tmp_path / "a", {"both": b"3"})
    assert {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()} == {"both": b"3"}
    assert names(tmp_path) == ["a"]


def test_what_cannot_be_written_changes_nothing_and_leaves_no_draft(tmp_path):
    write_folder(tmp_path / "a", {"x": b"1"})
    with pytest.raises(OutputError, match="nothing was changed"):
        write_folder(tmp_path / "a", {"x": b"2", "missing/y": b"3"})
    assert (tmp_path / "a" / "x").read_bytes() == b"1"
    assert names(tmp_path) == ["a"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "a").write_text("mine")
    with pytest.raises(OutputError):
        write_folder(tmp_path / "a", {"x": b"1"})
    assert (tmp_path / "a").read_text() == "mine"
