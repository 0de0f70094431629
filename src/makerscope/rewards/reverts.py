"""Why a contract reverted, as text: ``Error(string)``, ``Panic(uint256)``, or that it gave no reason.

Nodes put the data of a revert in different places of an error; all known ones are looked at.
"""

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

ERROR, PANIC = bytes.fromhex("08c379a0"), bytes.fromhex("4e487b71")  # selectors of Error(string), Panic(uint256)
REVERTED = 3  # code of a JSON-RPC error of a call that reverts, as geth and those after it give it
SILENT = "without a reason"
PANICS = {
    0x01: "an assertion failed",
    0x11: "an integer overflowed",
    0x12: "a division by zero",
    0x21: "a value outside its enumeration",
    0x32: "an index out of bounds",
    0x41: "out of memory",
}


def reason(data: bytes) -> str:
    """The words in the data of a revert.

    Examples:
        >>> reason(bytes.fromhex("4e487b71" + "12".rjust(64, "0")))
        'a division by zero'
        >>> reason(b""), reason(bytes.fromhex("deadbeef"))
        ('without a reason', 'with the data 0xdeadbeef')
    """
    if not data:
        return SILENT
    try:
        if data[:4] == ERROR:
            return str(decode(["string"], data[4:])[0]) or SILENT
        if data[:4] == PANIC:
            number = int(decode(["uint256"], data[4:])[0])
            return PANICS.get(number, f"panic 0x{number:02x}")
    except (DecodingError, UnicodeDecodeError):
        pass
    text = data.hex()
    return f"with the data 0x{text[:64]}" + ("..." if len(text) > 64 else "")


def reason_of(error: dict[str, object]) -> str | None:
    """Why a contract reverted, from a JSON-RPC error; None where the error is something else than a revert."""
    message = str(error.get("message") or "")
    data = _data(error.get("data"))
    if data:
        return reason(data)
    if error.get("code") == REVERTED or "revert" in message.lower():
        _, mark, words = message.partition("execution reverted: ")
        return words if mark and words else SILENT
    return None


def _data(value: object, depth: int = 3) -> bytes | None:
    """The data of a revert: a hex string, one after ``Reverted``, or either in a dictionary."""
    if isinstance(value, dict):
        found = (_data(value.get(name), depth - 1) for name in ("data", "originalError", "result", "output"))
        return next((item for item in found if item), None) if depth else None
    if not isinstance(value, str):
        return None
    text = value.removeprefix("Reverted ").strip()
    try:
        return bytes.fromhex(text[2:]) if text.startswith("0x") else None
    except ValueError:
        return None
