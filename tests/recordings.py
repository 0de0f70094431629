"""Bring files through one venue's reader onto a tape, as the registry does, for tests."""

import gzip
from pathlib import Path

from makerscope.tape.read import Tape
from makerscope.tape.write import TapeWriter
from makerscope.venues.files import Recording, head_of


def tape_from(module, paths, out: Path) -> Tape:
    """The tape a venue module makes of ``paths``."""
    recordings = [Recording(path=path, kind=module.kind_of(head_of(path))) for path in paths]
    assert all(item.kind for item in recordings), recordings
    with TapeWriter(out, source="test") as tape:
        module.read(recordings, tape, lambda _bytes: None)
    return Tape.open(out)


def write(folder: Path, name: str, text: str) -> Path:
    """A small file; gzip if the name says so."""
    path = folder / name
    data = text.encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def count(tape: Tape, *, level: str, code: str, table: str = "") -> int:
    """Sum of the counts of findings."""
    return sum(
        item.count
        for item in tape.manifest.findings
        if item.level == level and item.code == code and (not table or item.table == table)
    )
