"""Which reader knows which file, and the one function that imports recordings onto a tape."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from makerscope.errors import FormatError, InputError
from makerscope.tape.events import TIMED
from makerscope.tape.read import Tape
from makerscope.tape.write import TapeWriter
from makerscope.venues import (
    aster,
    binance,
    bitstamp,
    deribit,
    hummingbot,
    hyperliquid,
    lighter,
    mapping,
    tardis,
    uniswap_v3,
)
from makerscope.venues.files import Head, Progress, Recording, head_of


class Reader(Protocol):
    """What a venue module offers."""

    def kind_of(self, head: Head) -> str | None:
        """Short name of the kind of file, or None if this reader does not know it."""
        ...

    def read(self, recordings: Sequence[Recording], tape: TapeWriter, progress: Progress) -> None:
        """Bring the recordings onto the tape."""
        ...


READERS: MappingProxyType[str, Reader] = MappingProxyType(
    {
        "hyperliquid": hyperliquid,
        "binance": binance,
        "deribit": deribit,
        "bitstamp": bitstamp,
        "aster": aster,
        "lighter": lighter,
        "uniswap_v3": uniswap_v3,
        "tardis": tardis,
        "hummingbot": hummingbot,
    }
)


@dataclass(frozen=True, slots=True)
class Recognised:
    """A file, its reader and its kind."""

    venue: str
    recording: Recording


def recognise(path: Path, venue: str = "auto") -> Recognised:
    """The reader that knows a file, by its content.

    Raises:
        FormatError: no reader, or not the one of ``venue``, knows the file.
        InputError: the file is missing or empty, or there is no such venue.
    """
    if venue != "auto" and venue not in READERS:
        raise InputError(f"venue {venue!r}", "is not known", f"auto, {', '.join(READERS)}, or --map FILE.toml")
    head = head_of(path)
    for name, reader in READERS.items():
        kind = reader.kind_of(head) if venue in ("auto", name) else None
        if kind is not None:
            return Recognised(venue=name, recording=Recording(path=path, kind=kind))
    other = next((name for name, reader in READERS.items() if reader.kind_of(head) is not None), "")
    start = head.first_line[:60]
    if other:
        raise FormatError(path, f"is a recording of {other} (it begins {start!r})", f"a recording of {venue}")
    raise FormatError(
        path,
        f"is no recording that is known (it begins {start!r})",
        "one of: " + ", ".join(READERS) + ", or --map FILE.toml",
    )


def import_recordings(
    paths: Sequence[Path],
    out: Path,
    *,
    venue: str = "auto",
    map_file: Path | None = None,
    progress: Progress = lambda _bytes: None,
    committing: Callable[[int], None] | None = None,
) -> Tape:
    """Read recordings, of one venue or several, onto one new tape.

    Args:
        paths: the files; their order does not matter.
        out: folder of the tape; an older tape there is replaced when all went well.
        venue: name of a reader, or ``auto`` to recognise each file by its content.
        map_file: TOML mapping for the user's own CSV or Parquet fills; then ``venue`` is not used.
        progress: told of the stored bytes read.
        committing: told of the rows put in order at the end.

    Raises:
        MakerscopeError: a file is not readable as what it is; nothing is left behind.
    """
    if not paths:
        raise InputError("import", "no file was given", "at least one recording")
    doubled = [str(path) for path, times in Counter(path.resolve() for path in paths).items() if times > 1]
    if doubled:
        raise InputError(doubled[0], "is given twice", "each file once")
    ordered = sorted(paths, key=lambda path: (path.name, str(path)))
    groups: dict[str, list[Recording]] = {}
    if map_file is None:
        for path in ordered:
            found = recognise(path, venue)
            groups.setdefault(found.venue, []).append(found.recording)
    source = ", ".join(f"{name} ({', '.join(sorted({item.kind for item in group}))})" for name, group in groups.items())
    with TapeWriter(out, source=source or f"own files by {map_file}", progress=committing) as tape:
        for name, group in groups.items():
            READERS[name].read(group, tape, progress)
        if map_file is not None:
            mapping.read_mapped(ordered, map_file, tape, progress)
        if not any(tape.written(table) for table in TIMED):
            raise FormatError(ordered[0], "holds no usable event", "a recording with at least one good row")
    return Tape.open(out)
