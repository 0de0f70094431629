"""Whole files or none: written beside the target, then renamed."""

import os
from contextlib import suppress
from pathlib import Path

from makerscope.errors import OutputError


def write_whole(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path``; folders are made. A crash or a full disk leaves what was there before.

    Raises:
        OutputError: the file cannot be written.
    """
    draft = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(data)
        draft.replace(path)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error}); want free space and permission"
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
