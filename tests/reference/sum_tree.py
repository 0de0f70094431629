"""Leaves by eth-abi and a sum tree by its definition, one node at a time: slow and plain."""

from eth_abi.abi import encode
from eth_hash.auto import keccak

TYPES = [*2 * ["uint256"], "address", *2 * ["uint256"], *4 * ["uint256[]"], "uint256"]


def leaf_node(leaf):
    """Hash and value of a leaf given as its ten arguments."""
    return keccak(keccak(encode(TYPES, leaf))), leaf[9] * leaf[3]


def node_over(nodes):
    """The root over some nodes: the largest complete tree on the left, by pairs; an odd one moves up unchanged."""
    while len(nodes) > 1:
        above = []
        for at in range(0, len(nodes), 2):
            pair = nodes[at : at + 2]
            if len(pair) == 2:
                (a, x), (b, y) = pair
                packed = encode(["bytes32", "uint256", "bytes32", "uint256"], [a, x, b, y])
                above.append((keccak(packed), x + y))
            else:
                above.append(pair[0])
        nodes = above
    return nodes[0]


def posted(leaves):
    """What is posted for a list of leaves."""
    top, total = node_over([leaf_node(leaf) for leaf in leaves])
    return keccak(encode(["bytes32", "uint256", "uint256"], [top, total, len(leaves)]))
