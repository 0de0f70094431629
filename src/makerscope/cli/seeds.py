"""Seeds as a user gives them: hex, or a file that holds it."""

from pathlib import Path

from makerscope.errors import InputError

BYTES = 32
WANT = f"{BYTES} bytes as hex, or a file that holds them"


def seed_of(text: str | None) -> bytes | None:
    """A seed of 32 bytes.

    Args:
        text: hex with or without ``0x``, or the name of a file with the hex or the bytes themselves; None: no seed.

    Raises:
        InputError: it is neither.
    """
    if text is None:
        return None
    found = _bytes_of(text)
    if found is not None:
        return found
    path = Path(text)
    if not path.is_file():
        raise InputError("--seed", f"is {text!r}", WANT)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError("--seed", f"{text} cannot be read ({error.strerror})", WANT) from error
    found = raw if len(raw) == BYTES else _bytes_of(raw.decode("ascii", "replace").strip())
    if found is None:
        raise InputError("--seed", f"{text} does not hold one", WANT)
    return found


def _bytes_of(text: str) -> bytes | None:
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        return None
    return found if len(found) == BYTES else None
