"""Whole folders or none: written beside the target, then exchanged with it in one step."""

import ctypes
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from makerscope.errors import OutputError

_RENAME_EXCHANGE = 2
_AT_FDCWD = -100


def draft_of(out: Path) -> Path:
    """Where this process writes what will become ``out``.

    Examples:
        >>> draft_of(Path("a/tape")).name.startswith(".tape.partial-")
        True
    """
    return out.parent / f".{out.name}.partial-{os.getpid()}"


def put_in_place(draft: Path, out: Path) -> None:
    """Bring a written folder to the disk, then to its place, where it replaces a folder that was there."""
    _sync(draft)
    if not out.exists():
        draft.rename(out)
        return
    if not any(out.iterdir()):
        draft.replace(out)
        return
    if _exchange(draft, out):
        shutil.rmtree(draft, ignore_errors=True)
        return
    aside = out.parent / f".{out.name}.partial-old-{os.getpid()}"  # no exchange on this system: two renames
    out.rename(aside)
    draft.rename(out)
    shutil.rmtree(aside, ignore_errors=True)


def remove_stale(out: Path) -> None:
    """Remove what writers of ``out`` that were killed left beside it."""
    for path in out.parent.glob(f".{out.name}.partial-*"):
        owner = path.name.rsplit("-", 1)[1]
        if not (owner.isdigit() and int(owner) != os.getpid() and Path(f"/proc/{owner}").exists()):
            shutil.rmtree(path, ignore_errors=True)


def write_folder(out: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder of a few files, all or none; an older folder of that name is replaced.

    Raises:
        OutputError: it cannot be written; what was there before is still there.
    """
    draft = draft_of(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        remove_stale(out)
        draft.mkdir()
        for name, data in files.items():
            (draft / name).write_bytes(data)
        put_in_place(draft, out)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror or error}); nothing was changed") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _sync(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _exchange(first: Path, second: Path) -> bool:
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    return call(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE) == 0
