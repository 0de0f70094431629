"""Recordings as they lie on disk: plain, gzip or zstd; read in blocks, with one clear line when they are damaged."""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from makerscope.errors import FormatError, InputError

HEAD = 65_536  # bytes looked at to recognise a file
BLOCK = 1 << 22  # bytes read at a time
LONGEST_LINE = 1 << 28

Progress = Callable[[int], None]  # called with the number of stored bytes read since the last call


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a file, uncompressed, by which a reader recognises it."""

    path: Path
    data: bytes

    @property
    def name(self) -> str:
        """File name without ``.gz`` or ``.zst``."""
        return self.path.name.removesuffix(".gz").removesuffix(".zst")

    @property
    def first_line(self) -> str:
        """First line as text, without its end."""
        return self.data.split(b"\n", 1)[0].rstrip(b"\r").removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")


class _Counted(io.RawIOBase):
    """A raw file that reports how many stored bytes were read."""

    def __init__(self, file: BinaryIO, progress: Progress) -> None:
        self._file, self._progress = file, progress

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._progress(len(data))
        return len(data)


@contextmanager
def open_recording(path: Path, progress: Progress = lambda _bytes: None) -> Iterator[BinaryIO]:
    """The uncompressed bytes of a file, by its first bytes and not by its name.

    Raises:
        InputError: the file is missing, a folder, empty, or may not be read.
    """
    if path.is_dir():
        raise InputError(path, "is a folder", "a recording")
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise InputError(path, "does not exist", "a recording") from None
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "a file with read permission") from error
    with file:
        magic = file.read(4)
        file.seek(0)
        if not magic:
            raise InputError(path, "is empty", "a recording with at least one row")
        counted = io.BufferedReader(_Counted(file, progress), BLOCK)
        if magic[:2] == b"\x1f\x8b":
            yield gzip.GzipFile(fileobj=counted)  # pyright: ignore[reportReturnType]
        elif magic == b"\x28\xb5\x2f\xfd":
            yield pa.CompressedInputStream(pa.PythonFile(counted, mode="r"), "zstd")  # pyright: ignore[reportReturnType]
        else:
            yield counted  # pyright: ignore[reportReturnType]


def blocks(path: Path, progress: Progress = lambda _bytes: None, size: int = BLOCK) -> Iterator[bytes]:
    """The uncompressed bytes of a file in blocks that end at a line's end. A missing last line end is supplied.

    Raises:
        FormatError: the compressed stream is damaged or cut off, or a line is longer than 256 MB.
        InputError: see ``open_recording``.
    """
    rest = b""
    with open_recording(path, progress) as file:
        while True:
            try:
                data = file.read(size)
            except (EOFError, zlib.error, gzip.BadGzipFile, OSError) as error:
                raise FormatError(
                    path, f"damaged or cut off while it was decompressed ({error})", "a whole file"
                ) from error
            if not data:
                break
            cut = data.rfind(b"\n")
            if cut < 0:
                rest += data
                if len(rest) > LONGEST_LINE:
                    raise FormatError(path, "a line is longer than 256 MB", "lines of text")
                continue
            yield rest + data[: cut + 1]
            rest = data[cut + 1 :]
    if rest:
        yield rest + b"\n"


def lines(path: Path, progress: Progress = lambda _bytes: None) -> Iterator[tuple[int, bytes]]:
    """Line numbers from 1 and lines without their end; empty lines are left out. Raises as ``blocks``."""
    number = 0
    for block in blocks(path, progress):
        for line in block.split(b"\n")[:-1]:
            number += 1
            if line.strip():
                yield number, line.rstrip(b"\r")


def head_of(path: Path) -> Head:
    """The first bytes of a file, to recognise it. Raises as ``blocks``."""
    with open_recording(path) as file:
        try:
            return Head(path=path, data=file.read(HEAD))
        except (EOFError, zlib.error, gzip.BadGzipFile, OSError) as error:
            raise FormatError(
                path, f"damaged or cut off while it was decompressed ({error})", "a whole file"
            ) from error


@dataclass(frozen=True, slots=True)
class Recording:
    """A file to import, and the kind its reader recognised."""

    path: Path
    kind: str
