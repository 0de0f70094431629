"""What the chain needs of an epoch's bundle: the figures that are posted, and each account's claim."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from makerscope.errors import InputError
from makerscope.rewards.bundle import BUNDLE, TREE, Bundle, bundle_hash, read_bundle, read_file
from makerscope.rewards.canonical import parse
from makerscope.rewards.hashing import address_bytes, checksum, hash_bytes, hex_of, keccak
from makerscope.rewards.merkle import MerkleTree, load, proof
from makerscope.rewards.sum_tree import commitment

NOTHING = bytes(32)
Claim = tuple[str, int, list[bytes]]  # account, amount, proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """The sum tree over an epoch's samples: hash of its top node, its total, its number of leaves."""

    top: bytes = NOTHING
    total: int = 0
    count: int = 0

    @property
    def root(self) -> bytes:
        """What the contract keeps of them; zero where there are none."""
        return commitment(self.top, self.total, self.count) if self.count else NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """An epoch's bundle as the chain sees it.

    Args:
        folder: of the bundle.
        epoch: its number.
        chain_id: of the chain it is for, None: not said.
        contract: the distributor it is for, None: not said.
        token: what it pays, None: not said.
        program: under which name it is registered, see ``registered_as``.
        root: of the claims; zero where nobody is paid.
        bundle: hash of the bundle.
        samples: behind the scores.
        rules: 32 words a market; none where scores cannot be checked on chain.
        rules_root: over them, or zero.
        max_weight: the largest weight of a sample.
        amounts: base units by checksummed address.
    """

    folder: Path
    epoch: int
    chain_id: int | None
    contract: str | None
    token: str | None
    program: bytes
    root: bytes
    bundle: bytes
    samples: Samples
    rules: tuple[tuple[int, ...], ...]
    rules_root: bytes
    max_weight: int
    amounts: dict[str, int]

    @property
    def budget(self) -> int:
        """What is reserved for it: the sum of its amounts. What is left over stays free, for the next epoch."""
        return sum(self.amounts.values())

    @property
    def figures(self) -> tuple[int, bytes, bytes, bytes, int, int, int, bytes]:
        """What is posted, in the contract's order."""
        samples = (self.samples.top, self.samples.total, self.samples.count)
        return (self.epoch, self.program, self.root, *samples, self.budget, self.bundle)


def registered_as(program: bytes, rules_root: bytes) -> bytes:
    """The name under which a contract knows a program: its hash, together with the root of its rules where it has any.

    Rules are in each market's ticks and lots, so a program has other rules where markets come or go.

    Examples:
        >>> registered_as(bytes(32), NOTHING) == bytes(32), registered_as(bytes(32), b"r" * 32).hex()[:8]
        (True, 'a701f490')
    """
    return program if rules_root == NOTHING else keccak(program + rules_root)


def posting(folder: Path) -> Posting:
    """What is to be posted of the bundle in a folder.

    Raises:
        InputError: there is no bundle, it is damaged, or its figures do not fit together.
    """
    found, where = read_bundle(folder), folder / BUNDLE
    samples = _samples(found, where)
    return Posting(
        folder=folder,
        epoch=int(found.epoch),
        chain_id=None if found.chain_id is None else int(found.chain_id),
        contract=_address(found.contract, f"{where} contract"),
        token=_address(found.token, f"{where} token"),
        program=registered_as(_hash(found.program.hash), _hash(found.rules_root)),
        root=_hash(found.root),
        bundle=_hash(bundle_hash(found)),
        samples=samples,
        rules=tuple(tuple(int(word) for word in words) for words in found.rules),
        rules_root=_hash(found.rules_root),
        max_weight=int(found.max_weight),
        amounts=_amounts(found, where),
    )


def claims(folder: Path, root: bytes) -> MerkleTree:
    """The claims tree of a bundle, every hash of it computed again.

    Raises:
        InputError: it is damaged, or another than the bundle's.
    """
    where = folder / TREE
    tree = load(parse(read_file(folder, TREE), where), where)
    if tree.root != root:
        raise InputError(where, f"its root is {hex_of(tree.root)}", f"{hex_of(root)}, the bundle's")
    return tree


def claims_of(tree: MerkleTree, accounts: Iterable[str]) -> dict[str, Claim]:
    """Account, amount and proof of each account that has a claim, as the contract takes them."""
    rows = {str(value[0]).lower(): row for row, value in enumerate(tree.values)}
    known = {account: rows[account.lower()] for account in accounts if account.lower() in rows}
    return {name: (name, int(tree.values[row][1]), list(proof(tree, row))) for name, row in known.items()}


def _hash(text: str | None) -> bytes:
    return NOTHING if text is None else hash_bytes(text, BUNDLE)


def _address(text: str | None, where: object) -> str | None:
    return None if text is None else checksum(address_bytes(text, where, zero=False))


def _amounts(found: Bundle, where: Path) -> dict[str, int]:
    out: dict[str, int] = {}
    for item in found.amounts:
        account = checksum(address_bytes(item.account, f"{where} amounts", zero=False))
        if account in out:
            raise InputError(f"{where} amounts", f"{account} is paid twice", "each account once")
        out[account] = int(item.amount)
    return out


def _samples(found: Bundle, where: Path) -> Samples:
    part = found.samples
    if part is None:
        return Samples()
    out = Samples(top=_hash(part.hash), total=int(part.total), count=int(part.count))
    if out.root != _hash(part.root):
        raise InputError(f"{where} samples", f"root is {part.root}", f"{hex_of(out.root)}, of hash, total and count")
    return out
