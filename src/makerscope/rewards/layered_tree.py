"""The other common Merkle tree: leaves sorted, none twice, paired by level, an odd node moves up unchanged.

Uniswap's MerkleDistributor and Balancer's claims use it. A parent is the hash of its children, the smaller first, as in
``merkle``, so proofs are verified alike; the shape differs, so roots over the same leaves do not agree.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from makerscope.errors import InputError
from makerscope.rewards.hashing import hex_of
from makerscope.rewards.merkle import pair_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class LayeredTree:
    """Hashes by level, the sorted leaves first, the root alone in the last."""

    levels: tuple[tuple[bytes, ...], ...]

    @property
    def root(self) -> bytes:
        """The one node of the last level."""
        return self.levels[-1][0]


def layered_tree(leaves: Iterable[bytes]) -> LayeredTree:
    """The tree over leaf hashes, in any order.

    Raises:
        InputError: no leaves.

    Examples:
        >>> a, b, c = (bytes([n]) * 32 for n in (1, 2, 3))
        >>> layered_tree([c, a, b, a]).root == pair_hash(pair_hash(a, b), c)
        True
    """
    level = tuple(sorted(set(leaves)))
    if not level:
        raise InputError("tree", "no leaves", "at least one")
    levels = [level]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        level = tuple(pair_hash(a, b) for a, b in pairs) + level[-1:] * (len(level) % 2)
        levels.append(level)
    return LayeredTree(levels=tuple(levels))


def layered_proof(tree: LayeredTree, leaf: bytes) -> tuple[bytes, ...]:
    """The siblings on the way from a leaf to the root, lowest first.

    Raises:
        InputError: the tree has no such leaf.
    """
    index = bisect_left(tree.levels[0], leaf)
    if leaf not in tree.levels[0][index : index + 1]:
        raise InputError("tree", f"no leaf {hex_of(leaf)}", "a leaf of this tree")
    out = []
    for level in tree.levels[:-1]:
        if index ^ 1 < len(level):
            out.append(level[index ^ 1])
        index >>= 1
    return tuple(out)
