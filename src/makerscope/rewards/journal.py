"""The journal of a transaction: written before it is sent, so that no interruption makes anybody send it twice.

A journal is a JSON file that holds one transaction of one account and nonce, as signed bytes: sending the same bytes
again is harmless, and a chain includes at most one transaction of a nonce. While its fate is open, nothing else is
signed under it. The bytes are what the network sees anyhow; no key is in them.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

import msgspec

from makerscope.errors import InputError, OutputError
from makerscope.tape.output import write_whole

Fate = Literal["open", "done", "reverted", "overtaken"]  # overtaken: another transaction took its nonce


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """Signed bytes that were sent, or were about to be, their hash (both 0x...), and the highest fee per gas in wei."""

    hash: str
    raw: str
    max_fee: int


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One transaction. ``call`` identifies what it asks for; attempts share its nonce, so at most one is included."""

    journal: int = 1
    what: str
    call: str
    chain_id: int
    sender: str
    nonce: int
    attempts: tuple[Attempt, ...]
    fate: Fate = "open"
    block: int | None = None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """A journal that is ours alone meanwhile.

    Raises:
        InputError: another process is at work with it.
        OutputError: its folder cannot be written.
    """
    beside = path.with_name(f".{path.name}.lock")
    lock = _held(beside, path)
    try:
        yield
    finally:
        beside.unlink(missing_ok=True)
        lock.close()


def _held(beside: Path, path: Path) -> IO[bytes]:
    """The lock file, ours; made anew where whoever had it took it away just now."""
    while True:
        try:
            beside.parent.mkdir(parents=True, exist_ok=True)
            lock = beside.open("wb")
        except OSError as error:
            raise OutputError(f"{beside}: cannot be written ({error.strerror}); want a folder") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if beside.stat().st_ino == os.fstat(lock.fileno()).st_ino:
                return lock
        except FileNotFoundError:
            pass
        except OSError as error:
            lock.close()
            raise InputError(path, "another makerscope is sending this", "its end") from error
        lock.close()


def found(path: Path) -> Entry | None:
    """What a journal holds; None where there is none.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Entry)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(
            path,
            "the journal of a transaction cannot be read",
            "it as it was written, or gone once you have seen on the chain what became of the transaction",
        ) from error


def keep(path: Path, entry: Entry) -> None:
    """Put an entry in its place, whole and on the disk, before anybody acts on it."""
    write_whole(path, msgspec.json.format(msgspec.json.encode(entry)) + b"\n", lasting=True)


def forget(path: Path) -> None:
    """Remove the journal of a transaction that certainly never left."""
    path.unlink(missing_ok=True)
