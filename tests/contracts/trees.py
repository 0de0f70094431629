"""Trees to post, true and false: nodes by hand, so that any of them can be made to lie."""

from typing import NamedTuple

from makerscope.rewards.hashing import keccak, number_word
from tests.reference.sum_tree import leaf_node


class Posted(NamedTuple):
    """What ``post`` takes of a sum tree, and the tree: nodes ``(hash, sum)`` by level, leaves first."""

    hash: bytes
    total: int
    count: int
    levels: list

    def place(self, index, level=0):
        """A node's place as the contract takes it: index, committed sum, siblings from the bottom up."""
        siblings, at = [], index
        for nodes in self.levels[level:-1]:
            if at ^ 1 < len(nodes):
                siblings.append(nodes[at ^ 1])
            at >>= 1
        return index, self.levels[level][index][1], siblings


def tree_of(leaves, wrong=None):
    """The tree of leaves, given as tuples of ten.

    Args:
        leaves: in the order they shall stand.
        wrong: (level, index) of nodes whose sum lies, and the sum they claim.
    """
    wrong = wrong or {}
    lie = lambda level, at, node: (node[0], wrong.get((level, at), node[1]))  # noqa: E731
    nodes = [lie(0, at, leaf_node(leaf)) for at, leaf in enumerate(leaves)]
    levels = [nodes]
    while len(nodes) > 1:
        pairs = [nodes[at : at + 2] for at in range(0, len(nodes), 2)]
        above = [parent(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
        nodes = [
            lie(len(levels), at, node) if len(pair) == 2 else node
            for at, (node, pair) in enumerate(zip(above, pairs, strict=True))
        ]
        levels.append(nodes)
    return Posted(*nodes[0], len(leaves), levels)


def parent(left, right):
    """The node over two; its sum wraps around, as a liar's may."""
    packed = b"".join((left[0], number_word(left[1]), right[0], number_word(right[1])))
    return keccak(packed), (left[1] + right[1]) % 2**256
