"""Whole files or none: written beside the target, then renamed."""

import os
from collections.abc import Mapping
from contextlib import suppress
from errno import EISDIR
from pathlib import Path

from makerscope.errors import OutputError


def write_whole(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path``; folders are made. A crash or a full disk leaves what was there before.

    Raises:
        OutputError: the file cannot be written.
    """
    write_all({path: data})


def write_all(files: Mapping[Path, bytes]) -> None:
    """Write several files, all or none: none is renamed to its place before all are written beside theirs.

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
        for path, draft in drafts.items():
            draft.replace(path)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error}); want free space and permission"
        ) from error
    finally:
        for draft in drafts.values():
            with suppress(OSError):
                draft.unlink(missing_ok=True)
