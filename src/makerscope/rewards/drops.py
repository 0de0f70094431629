"""Payouts of others, read and checked: Uniswap's indexed, Balancer's packed and Merkl's cumulative leaves.

All three hash a leaf once and use ``layered_tree``; a root of one is never that of another or of ``merkle``.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from makerscope.errors import InputError
from makerscope.rewards.hashing import (
    account_name,
    address_bytes,
    address_word,
    checksum,
    hash_bytes,
    hex_of,
    keccak,
    number_word,
    whole,
)
from makerscope.rewards.merkle import verify

_DECIMAL = re.compile(r"([0-9]+)(?:\.([0-9]+))?")
MERKL_BITS = 208  # the distributor keeps what was claimed in a uint208


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One leaf of a drop: who may take how much, in base units; ``index`` is Uniswap's, ``token`` Merkl's."""

    account: str
    amount: int
    leaf: bytes
    index: int | None = None
    token: str | None = None


def uniswap_entries(balances: Mapping[str, int | str]) -> tuple[Entry, ...]:
    """Entries of a MerkleDistributor: ``keccak(abi.encodePacked(index, account, amount))``.

    Args:
        balances: amount in base units by address; a number, decimal or ``0x`` text, above 0.

    Returns:
        Entries by index: the place of the checksummed address in text order.

    Raises:
        InputError: nobody, a malformed or repeated address, an amount that is no whole number above 0.

    Source:
        Uniswap/merkle-distributor@25a79e8e, README and ``src``. Older versions number accounts as they were given.

    Examples:
        >>> only = uniswap_entries({"0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f": 100})[0]
        >>> only.leaf.hex()[:16]  # also the root of that README
        'defa96435aec82d2'
    """
    amounts = _amounts((account, whole(amount, account)) for account, amount in balances.items())
    none = next((account for account, amount in amounts.items() if not amount), None)
    if none:
        raise InputError(none, "amount is 0", "more than 0")
    rows = enumerate(sorted(amounts.items()))
    return tuple(
        Entry(account=account, amount=amount, leaf=uniswap_leaf(index, account, amount), index=index)
        for index, (account, amount) in rows
    )


def uniswap_leaf(index: int, account: str, amount: int) -> bytes:
    """Hash of one entry of a MerkleDistributor."""
    return keccak(number_word(index) + address_bytes(account, account) + number_word(amount))


def read_uniswap(document: object, where: object = "drop") -> tuple[bytes, tuple[Entry, ...]]:
    """Root and entries of a published MerkleDistributor drop, each proof and the total computed again.

    Args:
        document: JSON with ``merkleRoot``, ``tokenTotal`` and ``claims`` (index, amount as ``0x`` text, proof).
        where: what errors name.

    Raises:
        InputError: it is no such drop, or the claim it names is not proved, repeats an index, or the total is another.
    """
    try:
        given = msgspec.convert(document, type=_Published)
    except msgspec.ValidationError as error:
        raise InputError(where, str(error), "merkleRoot, tokenTotal and claims of a MerkleDistributor") from error
    root = hash_bytes(given.merkleRoot, f"{where} merkleRoot")
    out: dict[int, Entry] = {}
    for account, claim in given.claims.items():
        at = f"{where} claim of {account}"
        name, amount = account_name(account, at), whole(claim.amount, at)
        leaf = uniswap_leaf(whole(claim.index, at), name, amount)
        if not verify(root, leaf, [hash_bytes(each, at) for each in claim.proof]):
            raise InputError(at, "its proof does not lead to the root", hex_of(root))
        if claim.index in out:
            raise InputError(at, f"index {claim.index} is that of {out[claim.index].account} too", "its own index")
        out[claim.index] = Entry(account=name, amount=amount, leaf=leaf, index=claim.index)
    total = sum(entry.amount for entry in out.values())
    if total != whole(given.tokenTotal, f"{where} tokenTotal"):
        raise InputError(f"{where} tokenTotal", f"is {given.tokenTotal}", hex(total))
    return root, tuple(out[index] for index in sorted(out))


def claimed_bit(index: int) -> tuple[int, int]:
    """Which word of ``claimedBitMap`` and which bit of it say whether ``index`` was claimed.

    Examples:
        >>> claimed_bit(513)
        (2, 1)
    """
    return index >> 8, index & 255


def is_claimed(words: Mapping[int, int], index: int) -> bool:
    """Whether an index was claimed, by words of ``claimedBitMap``; a word that is absent is 0."""
    word, bit = claimed_bit(index)
    return bool(words.get(word, 0) >> bit & 1)


def balancer_entries(totals: Mapping[str, str], *, decimals: int = 18) -> tuple[Entry, ...]:
    """Entries of a week of Balancer's liquidity mining: ``keccak(address ++ uint256)``. An amount of 0 has a leaf.

    Args:
        totals: amount in whole tokens as decimal text, by address.
        decimals: of the token.

    Returns:
        Entries by ascending address.

    Raises:
        InputError: nobody, a malformed or repeated address, an amount that is no whole number of base units.

    Source:
        balancer/bal-mining-scripts@49c10ed2, ``reports``: recomputed to the roots of weeks 21, 40 and 54.
    """
    amounts = _amounts((account, _units(text, decimals, account)) for account, text in totals.items())
    return tuple(
        Entry(account=account, amount=amount, leaf=balancer_leaf(account, amount))
        for account, amount in sorted(amounts.items(), key=lambda item: item[0].lower())
    )


def balancer_leaf(account: str, amount: int) -> bytes:
    """Hash of one entry of Balancer's."""
    return keccak(address_bytes(account, account) + number_word(amount))


def cumulative_entries(claims: Iterable[tuple[str, str, int | str]]) -> tuple[Entry, ...]:
    """Entries of a Merkl distributor: ``keccak(abi.encode(user, token, amount))``, amounts earned since the beginning.

    The leaf, and that pairs are hashed the smaller first, stand in the contract. How Merkl orders its leaves is not
    published: a root of ``layered_tree`` over these entries is an assumption, a proof against a posted root is not.

    Args:
        claims: user, token, cumulative amount in base units.

    Raises:
        InputError: nobody, a malformed address, a user twice for one token, an amount from 2**208 on.

    Source:
        AngleProtocol/merkl-contracts@005348eb, ``Distributor.sol`` (``_claim``, ``_verifyProof``).
    """
    out: dict[tuple[bytes, bytes], Entry] = {}
    for row, (user, token, amount) in enumerate(claims, 1):
        where = f"claim {row}"
        key = address_bytes(user, where), address_bytes(token, where)
        if key in out:
            raise InputError(where, f"{user} has a claim of {token} already", "one claim for a user and token")
        count = whole(amount, where, bits=MERKL_BITS)
        leaf = keccak(address_word(key[0]) + address_word(key[1]) + number_word(count))
        out[key] = Entry(account=checksum(key[0]), token=checksum(key[1]), amount=count, leaf=leaf)
    if not out:
        raise InputError("drop", "no claims", "at least one")
    return tuple(out[key] for key in sorted(out))


def claimable(entry: Entry, claimed: int) -> int:
    """What is left of a cumulative entry when ``claimed`` base units were taken.

    Raises:
        InputError: more was taken than was ever granted: the root is not a later one.
    """
    if claimed > entry.amount:
        raise InputError(entry.account, f"claimed {claimed} of {entry.amount}", "cumulative amounts that only grow")
    return entry.amount - claimed


class _Claim(msgspec.Struct, frozen=True):
    index: int
    amount: str
    proof: list[str]


class _Published(msgspec.Struct, frozen=True):
    merkleRoot: str  # noqa: N815 - the names in the file
    tokenTotal: str  # noqa: N815
    claims: dict[str, _Claim]


def _amounts(claims: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Amounts by checksummed address."""
    out: dict[str, int] = {}
    for account, amount in claims:
        name = account_name(account, account)
        if name in out:
            raise InputError(account, "is there twice", "one amount an address")
        out[name] = amount
    if not out:
        raise InputError("drop", "no accounts", "at least one")
    return out


def _units(text: str, decimals: int, where: object) -> int:
    """Decimal text as base units, exactly."""
    found = _DECIMAL.fullmatch(text) if isinstance(text, str) else None
    part = (found[2] or "").rstrip("0") if found else ""
    if not found or len(part) > decimals:
        raise InputError(where, f"amount is {text!r}", f"a decimal number of at most {decimals} places")
    return whole(found[1] + part.ljust(decimals, "0"), where)
