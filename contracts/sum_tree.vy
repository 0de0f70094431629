# pragma version 0.4.3
"""
@title Merkle tree whose nodes carry sums
@license Apache-2.0
@notice Nodes are paired by level from left to right; the odd one out moves up as it is. A parent's hash is that of
        (left hash, left sum, right hash, right sum) and its sum is said to be that of both. The root is the hash of
        (top hash, total, number of leaves).
@dev A proof carries the sums that the tree commits to. On the way up sums are added without a check for overflow:
     what is proven is membership, and in a tree without a false sum nothing overflows, for its total is bounded.
@custom:invariant In a tree built by these rules `_holds` answers True for exactly one node at each place.
"""

MAX_DEPTH: constant(uint256) = 32


struct Node:
    hash: bytes32
    sum: uint256


@pure
def _parent(left: Node, right: Node) -> bytes32:
    """
    @notice Hash of an inner node.
    """
    return keccak256(abi_encode(left.hash, left.sum, right.hash, right.sum))


@pure
def _root(top: Node, leaf_count: uint256) -> bytes32:
    """
    @notice What is posted of a tree.
    """
    return keccak256(abi_encode(top.hash, top.sum, leaf_count))


@pure
def _adds_up(left: Node, right: Node, total: uint256) -> bool:
    """
    @notice Whether `total` is the sum of both, without overflow.
    """
    return left.sum <= total and total - left.sum == right.sum


@pure
def _holds(
    root: bytes32,
    leaf_count: uint256,
    level: uint256,
    index: uint256,
    node: Node,
    siblings: DynArray[Node, MAX_DEPTH],
) -> bool:
    """
    @notice Whether the tree has `node` at place `index` of `level` (0: the leaves).
    @param siblings The other halves of the pairs on the way up; a level where the node has none is left out.
    """
    if level > MAX_DEPTH:
        return False
    width: uint256 = (leaf_count + (1 << level) - 1) >> level
    place: uint256 = index
    if place >= width:
        return False
    reached: Node = node
    used: uint256 = 0
    for _: uint256 in range(MAX_DEPTH):
        if width == 1:
            break
        if place ^ 1 < width:
            if used == len(siblings):
                return False
            other: Node = siblings[used]
            total: uint256 = unsafe_add(reached.sum, other.sum)
            if place & 1 == 0:
                reached = Node(hash=self._parent(reached, other), sum=total)
            else:
                reached = Node(hash=self._parent(other, reached), sum=total)
            used += 1
        place >>= 1
        width = (width + 1) >> 1
    return used == len(siblings) and self._root(reached, leaf_count) == root
