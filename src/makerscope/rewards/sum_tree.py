"""A Merkle tree whose nodes also carry sums: a root that commits to every score and to their total.

A node is ``(hash, sum)``, 64 bytes; the hash of a parent is the Keccak of its two children, left first (128 bytes), its
sum is theirs. Nodes are paired by level from left to right; an odd one moves up unchanged. What is posted is
``keccak(hash, sum, number of leaves)`` of the root. So one wrong leaf is shown by its proof, a sum that is not that of
its children by the proof of their parent, and a leaf left out or repeated by two neighbours.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from makerscope.errors import InputError
from makerscope.rewards.hashing import keccak, number_word

Node = tuple[bytes, int]
_NODE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class SumTree:
    """The nodes of every level, 64 bytes each (hash, sum), leaves first, the root alone in the last."""

    levels: tuple[bytes, ...]

    @property
    def count(self) -> int:
        """Number of leaves."""
        return len(self.levels[0]) // _NODE

    @property
    def root(self) -> Node:
        """Hash and total."""
        return self.node(len(self.levels) - 1, 0)

    @property
    def commitment(self) -> bytes:
        """What is posted on the chain."""
        return commitment(*self.root, self.count)

    def node(self, level: int, index: int) -> Node:
        """Hash and sum of one node."""
        data = self.levels[level][_NODE * index : _NODE * (index + 1)]
        return data[:32], int.from_bytes(data[32:], "big")


def sum_tree(hashes: Sequence[bytes], values: Sequence[int]) -> SumTree:
    """The tree over leaves in their order.

    Args:
        hashes: 32 bytes a leaf.
        values: what each adds to the sum, at least 0.

    Raises:
        InputError: no leaves, a negative value, or a total from 2**256 on.

    Examples:
        >>> tree = sum_tree([keccak(b"a"), keccak(b"b"), keccak(b"c")], [1, 2, 3])
        >>> tree.root[1], [value for _, value in proof(tree, 2)]
        (6, [3])
    """
    if not hashes or len(hashes) != len(values):
        raise InputError("sum tree", f"{len(hashes)} leaves, {len(values)} values", "as many, and at least one")
    if min(values) < 0 or sum(values) >= 1 << 256:
        raise InputError("sum tree", "a value is negative or the total too large", "values from 0, total below 2**256")
    sums = list(values)
    levels = [_joined(hashes, sums)]
    while len(sums) > 1:
        below, odd = levels[-1], len(sums) % 2
        pairs = [keccak(below[at : at + 2 * _NODE]) for at in range(0, len(below) - _NODE, 2 * _NODE)]
        sums = [a + b for a, b in zip(sums[::2], sums[1::2], strict=False)] + sums[-1:] * odd
        levels.append(_joined(pairs, sums) + below[-_NODE:] * odd)
    return SumTree(levels=tuple(levels))


def commitment(top: bytes, total: int, count: int) -> bytes:
    """``keccak(abi.encode(hash, sum, leaf count))`` of a root."""
    return keccak(top + number_word(total) + number_word(count))


def parent(left: Node, right: Node) -> Node:
    """The node above two."""
    return keccak(_joined((left[0], right[0]), (left[1], right[1]))), left[1] + right[1]


def proof(tree: SumTree, index: int, *, level: int = 0) -> tuple[Node, ...]:
    """Siblings on the way up from a node, lowest first; a leaf if no level is said. An odd node has none on its level.

    Raises:
        InputError: there is no such node.
    """
    if not 0 <= level < len(tree.levels) or not 0 <= index < len(tree.levels[level]) // _NODE:
        raise InputError("sum tree", f"no node {index} on level {level}", f"a leaf from 0 to {tree.count - 1}")
    out = []
    for at in range(level, len(tree.levels) - 1):
        if index ^ 1 < len(tree.levels[at]) // _NODE:
            out.append(tree.node(at, index ^ 1))
        index >>= 1
    return tuple(out)


def verify(posted: bytes, node: Node, index: int, count: int, siblings: Iterable[Node], *, level: int = 0) -> bool:
    """Whether a node at ``index`` of its level and its proof lead to the posted commitment.

    Args:
        posted: the commitment.
        node: hash and sum; of a leaf ``(leaf hash, score * weight)``.
        index: place on its level, from the left.
        count: number of leaves of the tree.
        siblings: the proof. Whether a node has a sibling follows from index and count.
        level: 0 is a leaf.
    """
    width = count
    for _ in range(level):
        width = (width + 1) // 2
    if not 0 <= index < width:
        return False
    rest = list(siblings)[::-1]
    while width > 1:
        if index ^ 1 < width:
            if not rest:
                return False
            other = rest.pop()
            node = parent(other, node) if index & 1 else parent(node, other)
        index, width = index >> 1, (width + 1) // 2
    return not rest and commitment(*node, count) == posted


def _joined(hashes: Sequence[bytes], sums: Sequence[int]) -> bytes:
    return b"".join([top + total.to_bytes(32, "big") for top, total in zip(hashes, sums, strict=False)])
