"""From the names of makers on a tape to the addresses that are paid, and who is excluded and why.

A maker on a chain is its address already. Any other name needs a line in a file: CSV with the header ``name,address``,
or TOML with ``name = "0x..."``. Exclusions are CSV with ``account,reason`` or TOML with ``account = "reason"``, where
an account is a maker's name or an address.
"""

import csv
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from makerscope.errors import InputError
from makerscope.rewards.hashing import address_bytes, checksum


def read_addresses(path: Path) -> dict[str, str]:
    """Addresses by the name of the maker, checksummed.

    Raises:
        InputError: the file cannot be read; a name or an address is there twice, malformed or zero.
    """
    out: dict[str, str] = {}
    owner: dict[str, str] = {}
    for where, name, text in _pairs(path, ("name", "address")):
        address = checksum(address_bytes(text, where, zero=False))
        if address in owner:
            raise InputError(where, f"{address} is the address of {owner[address]!r} too", "each address once")
        owner[address] = name
        out[name] = address
    return out


def read_exclusions(path: Path) -> dict[str, str]:
    """Reasons by the account that is excluded: a maker's name, or an address, which is checksummed.

    Raises:
        InputError: the file cannot be read, an account is there twice or malformed, or a reason is empty.
    """
    out: dict[str, str] = {}
    for where, account, reason in _pairs(path, ("account", "reason")):
        if not reason:
            raise InputError(where, f"{account} is excluded without a reason", "a reason: it stands in the bundle")
        name = checksum(address_bytes(account, where)) if account.startswith("0x") else account
        if name in out:
            raise InputError(where, f"{name} is excluded twice", "each account once")
        out[name] = reason
    return out


def addresses_of(makers: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    """The address of each maker that has one: from the file, or its name where that is an address.

    Args:
        makers: names on the tape.
        known: addresses by name, checksummed.

    Raises:
        InputError: two makers have one address, or a name begins as an address and is none.

    Examples:
        >>> addresses_of(["swift", "nobody"], {"swift": "0x" + 40 * "1"})
        {'swift': '0x1111111111111111111111111111111111111111'}
    """
    out: dict[str, str] = {}
    owner: dict[str, str] = {}
    for name in sorted(set(makers)):
        address = known.get(name)
        if address is None and name.startswith("0x"):
            address = checksum(address_bytes(name, f"maker {name!r}", zero=False))
        if address is None:
            continue
        if address in owner:
            raise InputError(
                f"maker {name!r}", f"has the address {address} of {owner[address]!r}", "one maker for each address"
            )
        owner[address] = name
        out[name] = address
    return out


def _pairs(path: Path, names: tuple[str, str]) -> list[tuple[str, str, str]]:
    """Where each pair stands, and its two texts."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        what = getattr(error, "strerror", None) or "is no UTF-8 text"
        raise InputError(path, f"cannot be read ({what})", f"CSV with {','.join(names)}, or TOML") from error
    rows = _toml(path, text, names) if path.suffix == ".toml" else _csv(path, text, names)
    seen: set[str] = set()
    for where, key, _ in rows:
        if not key:
            raise InputError(where, f"{names[0]} is empty", "a name")
        if key in seen:
            raise InputError(where, f"{key!r} is there twice", f"each {names[0]} once")
        seen.add(key)
    return rows


def _toml(path: Path, text: str, names: tuple[str, str]) -> list[tuple[str, str, str]]:
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(path, f"is no TOML ({error})", f'lines {names[0]} = "{names[1]}"') from error
    bad = next((key for key, value in found.items() if not isinstance(value, str)), None)
    if bad is not None:
        raise InputError(f"{path}: {bad}", "is no text", f"the {names[1]} in quotes")
    return [(f"{path}: {key}", key.strip(), value.strip()) for key, value in found.items()]


def _csv(path: Path, text: str, names: tuple[str, str]) -> list[tuple[str, str, str]]:
    rows = list(csv.reader(text.splitlines()))
    if not rows or tuple(cell.strip() for cell in rows[0]) != names:
        raise InputError(f"{path} line 1", "is not the header", ",".join(names))
    out = []
    for line, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != 2:
            raise InputError(f"{path} line {line}", f"has {len(row)} fields", ",".join(names))
        out.append((f"{path} line {line}", row[0].strip(), row[1].strip()))
    return out
