"""Keccak-256, addresses and amounts: what every leaf of a payout is made of.

Addresses are 20 bytes inside and checksummed text (EIP-55) outside; amounts are integers of a token's base unit.
"""

from sha3 import keccak_256

from makerscope.errors import InputError

WORD = 32
ZERO_ADDRESS = "0x" + 40 * "0"
_PAD = bytes(12)
# a byte's two digits, small or capital; a digit is capital where the hash's digit at its place is above 7
_PAIRS = [
    pair for n in range(256) for pair in (f"{n:02x}", f"{n >> 4:x}{n & 15:X}", f"{n >> 4:X}{n & 15:x}", f"{n:02X}")
]
_HIGH = [(n >> 7) << 1 | n >> 3 & 1 for n in range(256)]


def keccak(data: bytes) -> bytes:
    """Keccak-256 of ``data``, 32 bytes (the hash of Ethereum; NIST's SHA3-256 pads differently).

    Examples:
        >>> keccak(b"").hex()
        'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'
    """
    return keccak_256(data).digest()


def checksum(address: bytes) -> str:
    """20 bytes as text, with the capitals that EIP-55 makes a checksum of.

    Source:
        EIP-55.

    Examples:
        >>> checksum(bytes.fromhex("5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"))
        '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'
    """
    digest = keccak_256(address.hex().encode()).digest()
    return "0x" + "".join([_PAIRS[byte << 2 | _HIGH[each]] for byte, each in zip(address, digest, strict=False)])


def account_name(text: object, where: object, *, zero: bool = True) -> str:
    """An address with its checksum.

    Args:
        text: ``0x`` and 40 hex digits: all small, all capital, or with the capitals of EIP-55.
        where: what an error names, such as ``claim 3``.
        zero: whether the zero address will do.

    Raises:
        InputError: it is malformed, its capitals are no checksum, or it is the zero address where none will do.

    Examples:
        >>> account_name("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "claim 3")
        '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'
        >>> account_name("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", "claim 3")
        Traceback (most recent call last):
        makerscope.errors.InputError: claim 3: address 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD has a wrong \
checksum; want 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed
    """
    raw = _from_hex(text, 20)
    if raw is None or not isinstance(text, str):
        raise InputError(where, f"address is {_shown(text)}", "0x and 40 hex digits")
    name = checksum(raw)
    if text != name and text[2:] not in (raw.hex(), raw.hex().upper()):
        raise InputError(where, f"address {text} has a wrong checksum", name)
    if not zero and not any(raw):
        raise InputError(where, "is the zero address", "the address of an account")
    return name


def address_bytes(text: object, where: object, *, zero: bool = True) -> bytes:
    """The 20 bytes of an address, which ``account_name`` checks."""
    return bytes.fromhex(account_name(text, where, zero=zero)[2:])


def whole(value: object, where: object, *, bits: int = 256) -> int:
    """A non-negative integer below ``2**bits``, from an int, decimal text or ``0x`` text.

    Raises:
        InputError: it is none (a float or a bool is none), negative, or too large.

    Examples:
        >>> whole("5000000000000000000", "claim 1"), whole("0x64", "claim 2")
        (5000000000000000000, 100)
        >>> whole(-1, "claim 3")
        Traceback (most recent call last):
        makerscope.errors.InputError: claim 3: amount is -1; want a whole number from 0 to 2**256 - 1
    """
    number = value if type(value) is int else _number(value)
    if number is None or not 0 <= number < 1 << bits:
        raise InputError(where, f"amount is {_shown(value)}", f"a whole number from 0 to 2**{bits} - 1")
    return number


def hash_bytes(text: object, where: object) -> bytes:
    """The 32 bytes of a hash written as ``0x`` and 64 hex digits.

    Raises:
        InputError: it is not that.
    """
    raw = _from_hex(text, 32)
    if raw is None:
        raise InputError(where, f"is {_shown(text)}", "0x and 64 hex digits")
    return raw


def hex_of(data: bytes) -> str:
    """Bytes as ``0x`` text.

    Examples:
        >>> hex_of(b"ab")
        '0x6162'
    """
    return "0x" + data.hex()


def address_word(address: bytes) -> bytes:
    """An address as one ABI word: 12 zero bytes before it."""
    return _PAD + address


def number_word(number: int) -> bytes:
    """A number as one ABI word: 32 bytes, the highest first."""
    return number.to_bytes(WORD, "big")


def _from_hex(text: object, size: int) -> bytes | None:
    if type(text) is not str or len(text) != 2 + 2 * size or text[:2] != "0x":
        return None
    try:
        raw = bytes.fromhex(text[2:])
    except ValueError:
        return None
    return raw if len(raw) == size else None  # fromhex leaves out blanks


def _number(value: object) -> int | None:
    if type(value) is not str or not value.isascii():
        return None
    if value.isdigit() and len(value) <= 100:  # longer is too large, and slow to read
        return int(value)
    digits = value[2:]
    return int(digits, 16) if value[:2] == "0x" and digits.isalnum() and len(digits) <= 64 and _is_hex(digits) else None


def _is_hex(digits: str) -> bool:
    return not digits.strip("0123456789abcdefABCDEF")


def _shown(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > 300:
        return f"a number of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= 90 else text[:87] + "..."
