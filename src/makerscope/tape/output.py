"""Whole files or none: written beside the target, then renamed."""

import os
from collections.abc import Mapping
from contextlib import suppress
from errno import EISDIR
from pathlib import Path

from makerscope.errors import OutputError


def write_whole(path: Path, data: bytes, *, lasting: bool = False) -> None:
    """Write ``data`` to ``path``; folders are made. A crash or a full disk leaves what was there before.

    Args:
        path: the file.
        data: all of its content.
        lasting: come back only when a power cut would no longer undo it.

    Raises:
        OutputError: the file cannot be written.
    """
    write_all({path: data}, lasting=lasting)


def write_all(files: Mapping[Path, bytes], *, lasting: bool = False) -> None:
    """Write several files, all or none: none is renamed to its place before all are written beside theirs.

    Args:
        files: the content of each.
        lasting: come back only when a power cut would no longer undo it.

    Raises:
        OutputError: a file cannot be written.
    """
    drafts = {path: path.with_name(f".{path.name}.partial-{os.getpid()}") for path in files}
    path = next(iter(files), Path())
    try:
        for path, data in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                raise IsADirectoryError(EISDIR, "Is a directory")
            drafts[path].write_bytes(data)
            if lasting:
                _on_disk(drafts[path])
        for path, draft in drafts.items():
            draft.replace(path)
            if lasting:
                _on_disk(path.parent)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error}); want free space and permission"
        ) from error
    finally:
        for draft in drafts.values():
            with suppress(OSError):
                draft.unlink(missing_ok=True)


def _on_disk(path: Path) -> None:
    """Wait until a file or folder is on the disk, not only on its way."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
