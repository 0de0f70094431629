# pragma version 0.4.3
"""
@title Merkle proofs in the form of OpenZeppelin's standard tree, version 1
@license Apache-2.0
@notice A leaf is hashed twice, so that no inner node passes for one; the two halves of a pair are hashed in
        ascending order, so that a proof needs no sides.
@custom:invariant `_proves` answers True only for a leaf that the root was built from (Keccak without collisions).
"""

MAX_DEPTH: constant(uint256) = 32


@pure
def _claim_leaf(account: address, amount: uint256) -> bytes32:
    """
    @notice The leaf that grants `amount` to `account`.
    """
    return keccak256(abi_encode(keccak256(abi_encode(account, amount))))


@pure
def _proves(proof: DynArray[bytes32, MAX_DEPTH], root: bytes32, leaf: bytes32) -> bool:
    """
    @notice Whether `proof` leads from `leaf` to `root`.
    """
    node: bytes32 = leaf
    for other: bytes32 in proof:
        if convert(node, uint256) < convert(other, uint256):
            node = keccak256(abi_encode(node, other))
        else:
            node = keccak256(abi_encode(other, node))
    return node == root
