"""``manifest.json``: what a tape holds, where it came from, what was wrong with it, and the hash of every file."""

import hashlib
from pathlib import Path

import msgspec

from makerscope.errors import TapeError
from makerscope.tape.events import SCHEMA_VERSION

MANIFEST = "manifest.json"


class TapeFile(msgspec.Struct, frozen=True, kw_only=True):
    """One Parquet file. Times are null for tables without a clock."""

    path: str
    table: str
    rows: int
    bytes: int
    sha256: str
    first_time: int | None = None
    last_time: int | None = None


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file that was imported: its name without folders, its size and hash as stored."""

    name: str
    kind: str
    bytes: int
    sha256: str


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A fact about the quality of the data.

    ``level``: ``info`` (as it should be), ``dropped`` (rows left out by a rule), ``quarantined`` (rows that cannot be
    trusted, kept in the table ``quarantine``), ``warning`` (read with care).
    """

    level: str
    code: str
    text: str
    table: str = ""
    instrument: str = ""
    count: int = 0


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The content of ``manifest.json``."""

    makerscope_tape: int
    written_by: str
    source: str
    source_files: tuple[SourceFile, ...]
    rows: dict[str, int]
    files: tuple[TapeFile, ...]
    findings: tuple[Finding, ...]
    evidence_root: str


def sha256_of(path: Path) -> str:
    """SHA-256 of a file as a hex string, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def evidence_root(files: tuple[TapeFile, ...]) -> str:
    """Merkle root (RFC 6962) over the files in order of path; a leaf is ``path NUL sha256``.

    Examples:
        >>> evidence_root(())
        'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    """
    leaves = [
        hashlib.sha256(b"\x00" + item.path.encode() + b"\x00" + bytes.fromhex(item.sha256)).digest()
        for item in sorted(files, key=lambda item: item.path)
    ]
    return _root(leaves).hex()


def _root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + _root(leaves[:split]) + _root(leaves[split:])).digest()


def load_manifest(folder: Path) -> Manifest:
    """The manifest of the tape at ``folder``.

    Raises:
        TapeError: the folder has no manifest, a damaged one, or one of another schema version.
    """
    path = folder / MANIFEST
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise TapeError(f"{folder}: not a tape (no {MANIFEST}); want a folder written by 'makerscope import'") from None
    except OSError as error:
        raise TapeError(
            f"{folder}: {MANIFEST} cannot be read ({error.strerror}); want a folder written by 'makerscope import'"
        ) from error
    try:
        version = msgspec.json.decode(raw, type=_Version).makerscope_tape
        if version != SCHEMA_VERSION:
            raise TapeError(f"{path}: schema version {version}; want {SCHEMA_VERSION}, which this makerscope reads")
        return msgspec.json.decode(raw, type=Manifest)
    except msgspec.DecodeError as error:
        raise TapeError(f"{path}: damaged manifest ({error}); want the file as 'makerscope import' wrote it") from error


class _Version(msgspec.Struct, frozen=True):
    makerscope_tape: int


def dump_manifest(manifest: Manifest) -> bytes:
    """The manifest as JSON with sorted keys, two spaces deep."""
    return msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=2) + b"\n"
