"""Seeds as a user gives them: hex, or a file that holds it."""

from pathlib import Path

from makerscope.errors import InputError
from makerscope.programs.sampling import SEED

WANT = "32 bytes, or 64 hex digits, as 'makerscope rewards seed' writes them"
LONGEST = 256  # bytes of a file that are looked at


def seed_of(text: str | None) -> bytes | None:
    """A seed of 32 bytes for ``--seed``.

    Args:
        text: hex with or without ``0x``, or the name of a file with the hex or the bytes themselves; None: no seed.

    Raises:
        InputError: it is neither.
    """
    if text is None:
        return None
    found = _from_hex(text)
    if found is not None:
        return found
    if not Path(text).is_file():
        raise InputError("--seed", f"{text!r} is no seed and no file", WANT)
    return read_seed(Path(text), option="--seed")


def read_seed(file: Path, *, option: str = "--seed-file") -> bytes:
    """The 32 bytes of a seed file: raw, or as hex digits.

    Raises:
        InputError: it cannot be read, or holds something else.
    """
    try:
        with file.open("rb") as opened:
            data = opened.read(LONGEST)
    except OSError as error:
        raise InputError(f"{option} {file}", f"cannot be read ({error.strerror})", WANT) from None
    found = data if len(data) == SEED else _from_hex(data.decode("ascii", "replace").strip())
    if found is None:
        raise InputError(f"{option} {file}", "holds no seed", WANT)
    return found


def _from_hex(text: str) -> bytes | None:
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        return None
    return found if len(found) == SEED else None
