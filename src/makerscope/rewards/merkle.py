"""OpenZeppelin's ``standard-v1`` Merkle tree: root, proofs, and its JSON file, which JavaScript and Solidity verify.

A leaf is ``keccak(keccak(abi.encode(types, values)))``; hashed twice, it can never be taken for a pair of nodes. A
parent is the hash of its children, the smaller first, so a proof needs no directions. ``n`` leaves stand in an array
of ``2n - 1`` nodes, root first, children of ``i`` at ``2i + 1`` and ``2i + 2``, the leaf with the smallest hash last.

Source: npm package @openzeppelin/merkle-tree 1.0.8 (its format; the code here is our own).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from makerscope.errors import InputError
from makerscope.rewards.abi import encoder
from makerscope.rewards.hashing import (
    account_name,
    address_word,
    hash_bytes,
    hex_of,
    keccak,
    number_word,
    whole,
)

FORMAT = "standard-v1"
CLAIM = ("address", "uint256")


@dataclass(frozen=True, slots=True, kw_only=True)
class MerkleTree:
    """A tree with the values it was made of.

    Args:
        encoding: ABI types of a value.
        values: the values; of claims ``(checksummed address, amount)`` by ascending address.
        places: where each value's leaf stands in the array of nodes.
        nodes: ``2n - 1`` hashes of 32 bytes, one behind the other, the root first.
    """

    encoding: tuple[str, ...]
    values: tuple[tuple[Any, ...], ...]
    places: tuple[int, ...]
    nodes: bytes

    @property
    def root(self) -> bytes:
        """The first node."""
        return self.nodes[:32]

    def node(self, place: int) -> bytes:
        """The hash at a place of the array."""
        return self.nodes[32 * place : 32 * place + 32]


def claims_tree(claims: Iterable[tuple[str, int]]) -> MerkleTree:
    """The tree of what each account may claim. The order of the claims does not matter.

    Args:
        claims: address and amount in base units.

    Raises:
        InputError: no claims, a malformed, zero or repeated address, an amount below 0 or from 2**256 on.

    Examples:
        >>> tree = claims_tree([(f"0x{n:040x}", 10 * n) for n in (1, 2, 3)])
        >>> verify(tree.root, leaf_hash(tree.values[2]), proof(tree, 2))
        True
    """
    found: dict[bytes, tuple[str, int, int]] = {}
    for row, (account, amount) in enumerate(claims, 1):
        where = f"claim {row}"
        name = account_name(account, where, zero=False)
        raw = bytes.fromhex(name[2:])
        if raw in found:
            raise InputError(where, f"{name} has claim {found[raw][2]} already", "one claim for an address")
        found[raw] = name, whole(amount, where), row
    order = sorted(found)
    leaves = [keccak(keccak(address_word(raw) + number_word(found[raw][1]))) for raw in order]
    return _tree([found[raw][:2] for raw in order], CLAIM, leaves, sort_leaves=True)


def standard_tree(
    values: Sequence[Sequence[Any]], encoding: Sequence[str] = CLAIM, *, sort_leaves: bool = True
) -> MerkleTree:
    """The tree of any values.

    Args:
        values: one tuple a leaf, in the form JSON has (see ``abi.encoder``).
        encoding: ABI types of a value.
        sort_leaves: order leaves by hash; if not, the first value stands last in the array.

    Raises:
        InputError: no values, or one that is not of its type.
    """
    return _tree(values, tuple(encoding), _leaf_hashes(values, tuple(encoding)), sort_leaves=sort_leaves)


def leaf_hash(value: Sequence[Any], encoding: Sequence[str] = CLAIM, where: object = "leaf") -> bytes:
    """Hash of one leaf."""
    return keccak(keccak(encoder(encoding)(value, where)))


def pair_hash(a: bytes, b: bytes) -> bytes:
    """Hash of two nodes, the smaller first."""
    return keccak(a + b if a < b else b + a)


def proof(tree: MerkleTree, index: int) -> tuple[bytes, ...]:
    """The siblings on the way from value ``index`` to the root, lowest first."""
    place, out = tree.places[index], []
    while place:
        out.append(tree.node(place + 1 if place & 1 else place - 1))
        place = (place - 1) >> 1
    return tuple(out)


def proofs(tree: MerkleTree) -> Iterator[tuple[str, ...]]:
    """The proof of every value in order, as ``0x`` text. Each node's text is made once and shared."""
    texts = _texts(tree)
    for start in tree.places:
        place, out = start, []
        while place:
            out.append(texts[place + 1 if place & 1 else place - 1])
            place = (place - 1) >> 1
        yield tuple(out)


def verify(root: bytes, leaf: bytes, siblings: Iterable[bytes]) -> bool:
    """Whether a leaf's hash and its proof lead to ``root``."""
    for sibling in siblings:
        leaf = pair_hash(leaf, sibling)
    return leaf == root


def dump(tree: MerkleTree) -> dict[str, Any]:
    """The tree as OpenZeppelin's package writes it; numbers as decimal text.

    Examples:
        >>> dump(claims_tree([("0x" + 40 * "1", 7)]))["values"]
        [{'value': ['0x1111111111111111111111111111111111111111', '7'], 'treeIndex': 0}]
    """
    pairs = zip(tree.values, tree.places, strict=True)
    return {
        "format": FORMAT,
        "leafEncoding": list(tree.encoding),
        "tree": _texts(tree),
        "values": [{"value": _to_json(value), "treeIndex": place} for value, place in pairs],
    }


def load(document: object, where: object = "tree") -> MerkleTree:
    """The tree of a dump, every hash of it computed again.

    Args:
        document: what ``dump`` gives, or JSON decoded from a file.
        where: what errors name, such as the file.

    Raises:
        InputError: it is no such dump, or a hash is wrong; it names the first wrong leaf, else the lowest wrong node.
    """
    try:
        given = msgspec.convert(document, type=_Dump)
    except msgspec.ValidationError as error:
        raise InputError(where, str(error), f"a Merkle tree of format {FORMAT}") from error
    if given.format != FORMAT:
        raise InputError(where, f"format is {given.format!r}", FORMAT)
    count, encoding = len(given.values), tuple(given.leafEncoding)
    if not count or len(given.tree) != 2 * count - 1:
        raise InputError(where, f"{len(given.tree)} nodes, {count} values", "2 n - 1 nodes for n values, n at least 1")
    nodes = [hash_bytes(text, f"{where} tree[{at}]") for at, text in enumerate(given.tree)]
    places = tuple(item.treeIndex for item in given.values)
    if sorted(places) != list(range(count - 1, 2 * count - 1)):
        raise InputError(where, "treeIndex of values", f"each place from {count - 1} to {2 * count - 2} once")
    for row, leaf in enumerate(_leaf_hashes([item.value for item in given.values], encoding, where)):
        if leaf != nodes[places[row]]:
            raise InputError(f"{where} values[{row}]", f"tree[{places[row]}] is another leaf", hex_of(leaf))
    for at in range(count - 2, -1, -1):
        want = pair_hash(nodes[2 * at + 1], nodes[2 * at + 2])
        if nodes[at] != want:
            raise InputError(f"{where} tree[{at}]", f"is {hex_of(nodes[at])}", f"{hex_of(want)}, hash of its children")
    values = tuple(tuple(item.value) for item in given.values)
    return MerkleTree(encoding=encoding, values=values, places=places, nodes=b"".join(nodes))


class _Indexed(msgspec.Struct, frozen=True):
    value: list[Any]
    treeIndex: int  # noqa: N815 - the name in the file


class _Dump(msgspec.Struct, frozen=True):
    format: str
    leafEncoding: list[str]  # noqa: N815 - the name in the file
    tree: list[str]
    values: list[_Indexed]


def _leaf_hashes(values: Sequence[Sequence[Any]], encoding: tuple[str, ...], where: object = "") -> list[bytes]:
    encode, name = encoder(encoding), f"{where} value" if where else "value"
    return [keccak(keccak(encode(value, f"{name} {row}"))) for row, value in enumerate(values, 1)]


def _tree(
    values: Sequence[Sequence[Any]], encoding: tuple[str, ...], hashes: list[bytes], *, sort_leaves: bool
) -> MerkleTree:
    if not values:
        raise InputError("tree", "no values", "at least one")
    order = sorted(range(len(hashes)), key=hashes.__getitem__) if sort_leaves else range(len(hashes))
    last = 2 * len(hashes) - 2
    places = [0] * len(hashes)
    for at, which in enumerate(order):
        places[which] = last - at
    return MerkleTree(
        encoding=encoding,
        values=tuple(tuple(value) for value in values),
        places=tuple(places),
        nodes=b"".join(_nodes([hashes[which] for which in order])),
    )


def _nodes(leaves: list[bytes]) -> list[bytes]:
    """The array of nodes over leaves in their order, the first one last."""
    out = [b""] * (len(leaves) - 1) + leaves[::-1]
    for at in range(len(leaves) - 2, -1, -1):
        a, b = out[2 * at + 1], out[2 * at + 2]
        out[at] = keccak(a + b if a < b else b + a)
    return out


def _texts(tree: MerkleTree) -> list[str]:
    return [hex_of(tree.nodes[at : at + 32]) for at in range(0, len(tree.nodes), 32)]


def _to_json(value: Any) -> Any:  # noqa: ANN401 - values of any ABI type
    if isinstance(value, bool | str):
        return value
    if isinstance(value, bytes):
        return hex_of(value)
    return [_to_json(each) for each in value] if isinstance(value, list | tuple) else str(value)
