"""What the chain needs of an epoch's bundle: the figures that are posted, and each account's claim."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from makerscope.errors import InputError
from makerscope.rewards.hashing import address_bytes, checksum, hash_bytes, hex_of, keccak, whole
from makerscope.rewards.merkle import MerkleTree, load, proof
from makerscope.rewards.sum_tree import commitment

BUNDLE, TREE, SAMPLES = "bundle.json", "tree.json", "samples.parquet"
LARGEST = 1 << 30  # bytes of a file
WANT = "an epoch's bundle, as 'makerscope rewards compute' writes it"
NOTHING = bytes(32)
Claim = tuple[str, int, list[bytes]]  # account, amount, proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """The sum tree over an epoch's samples: hash of its top node, its total, its number of leaves."""

    top: bytes
    total: int
    count: int

    @property
    def root(self) -> bytes:
        """What the contract keeps of them; zero where there are none."""
        return commitment(self.top, self.total, self.count) if self.count else NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """An epoch's bundle as the chain sees it. ``rules``: 32 words a market, none where scores are not checkable."""

    folder: Path
    epoch: int
    chain_id: int | None
    contract: str | None
    token: str | None
    program: bytes
    root: bytes
    budget: int
    bundle: bytes
    samples: Samples
    rules_root: bytes
    rules: tuple[tuple[int, ...], ...]
    max_weight: int
    amounts: dict[str, int]

    @property
    def figures(self) -> tuple[int, bytes, bytes, bytes, int, int, int, bytes]:
        """What is posted, in the contract's order."""
        samples = (self.samples.top, self.samples.total, self.samples.count)
        return (self.epoch, self.program, self.root, *samples, self.budget, self.bundle)


def posting(folder: Path) -> Posting:
    """What is to be posted of the bundle in a folder.

    Raises:
        InputError: there is no bundle, it is damaged, or its figures do not fit together.
    """
    where = folder / BUNDLE
    data = _bytes_of(where)
    found = _decoded(data, where)
    if not isinstance(found, dict):
        raise InputError(where, "is no bundle", WANT)
    if canonical(found) != data.strip():
        raise InputError(where, "is not written canonically: its hash would be another", "it as it was written")
    try:
        return _posting(folder, found, keccak(data.strip()))
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(where, f"lacks or garbles {error}", WANT) from error


def claims(folder: Path, root: bytes) -> MerkleTree:
    """The claims tree of a bundle, every hash of it computed again.

    Raises:
        InputError: it is damaged, or another than the bundle's.
    """
    where = folder / TREE
    tree = load(_decoded(_bytes_of(where), where), where)
    if tree.root != root:
        raise InputError(where, f"its root is {hex_of(tree.root)}", f"{hex_of(root)}, the bundle's")
    return tree


def claims_of(tree: MerkleTree, accounts: Iterable[str]) -> dict[str, Claim]:
    """Account, amount and proof of each account that has a claim, as the contract takes them."""
    rows = {str(value[0]).lower(): row for row, value in enumerate(tree.values)}
    known = {account: rows[account.lower()] for account in accounts if account.lower() in rows}
    return {name: (name, int(tree.values[row][1]), list(proof(tree, row))) for name, row in known.items()}


def canonical(value: object) -> bytes:
    """JSON with sorted keys and nothing that is not needed.

    Examples:
        >>> canonical({"b": "1", "a": []})
        b'{"a":[],"b":"1"}'
    """
    return msgspec.json.encode(value, order="sorted")


def _posting(folder: Path, found: dict[str, Any], bundle: bytes) -> Posting:
    samples, contract, token = found.get("samples"), found.get("contract"), found.get("token")
    amounts: dict[str, int] = {}
    for row, item in enumerate(found["amounts"]):
        account = checksum(address_bytes(item["account"], f"amounts {row}", zero=False))
        if account in amounts:
            raise InputError(folder / BUNDLE, f"{account} is paid twice", "each account once")
        amounts[account] = whole(item["amount"], f"amounts {row}")
    rules: list[list[object]] = found.get("rules") or []
    return Posting(
        folder=folder,
        epoch=whole(found["epoch"], "epoch"),
        chain_id=None if found.get("chain_id") is None else whole(found["chain_id"], "chain_id"),
        contract=None if contract is None else checksum(address_bytes(contract, "contract", zero=False)),
        token=None if token is None else checksum(address_bytes(token, "token", zero=False)),
        program=hash_bytes(found["program"]["hash"], "program hash"),
        root=hash_bytes(found["root"], "root"),
        budget=sum(amounts.values()),
        bundle=bundle,
        samples=_samples(samples) if samples else Samples(top=NOTHING, total=0, count=0),
        rules_root=hash_bytes(found["rules_root"], "rules_root") if found.get("rules_root") else NOTHING,
        rules=tuple(tuple(whole(word, f"rule of market {row}") for word in rule) for row, rule in enumerate(rules)),
        max_weight=whole(found.get("max_weight") or 0, "max_weight"),
        amounts=amounts,
    )


def _samples(found: dict[str, Any]) -> Samples:
    out = Samples(
        top=hash_bytes(found["hash"], "samples hash"),
        total=whole(found["total"], "samples total"),
        count=whole(found["count"], "samples count"),
    )
    if out.root != hash_bytes(found["root"], "samples root"):
        raise InputError("samples", f"root is {found['root']}", f"{hex_of(out.root)}, from hash, total and count")
    return out


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", WANT) from None


def _decoded(data: bytes, where: Path) -> object:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(where, f"is no JSON ({error})", WANT) from error
