"""One proof for several leaves of a ``standard-v1`` tree: a sibling stands in it once, or not at all if proved too."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from makerscope.errors import InputError
from makerscope.rewards.merkle import MerkleTree, pair_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiProof:
    """What OpenZeppelin's ``multiProofVerify`` takes.

    Args:
        values: which values are proved, in the order of ``leaves``.
        leaves: their hashes.
        proof: siblings that are no proved leaf and follow from none.
        flags: for each pair, whether the second node is one already known (True) or the next of ``proof``.
    """

    values: tuple[int, ...]
    leaves: tuple[bytes, ...]
    proof: tuple[bytes, ...]
    flags: tuple[bool, ...]


def multiproof(tree: MerkleTree, indices: Iterable[int]) -> MultiProof:
    """Proof of several values at once.

    Args:
        tree: the tree.
        indices: which of ``tree.values``.

    Raises:
        InputError: none is named, or one twice.

    Source:
        OpenZeppelin Contracts, ``MerkleProof.sol``: the order in which a multiproof is consumed.
    """
    chosen = sorted(indices, key=lambda index: -tree.places[index])
    if not chosen or len(set(chosen)) < len(chosen):
        raise InputError("multiproof", f"values {chosen}", "at least one, none twice")
    waiting = deque(tree.places[index] for index in chosen)
    proof, flags = [], []
    while waiting[0]:
        place = waiting.popleft()
        sibling = place + 1 if place & 1 else place - 1
        known = bool(waiting) and waiting[0] == sibling
        flags.append(known)
        if known:
            waiting.popleft()
        else:
            proof.append(tree.node(sibling))
        waiting.append((place - 1) >> 1)
    leaves = tuple(tree.node(tree.places[index]) for index in chosen)
    return MultiProof(values=tuple(chosen), leaves=leaves, proof=tuple(proof), flags=tuple(flags))


def verify_many(root: bytes, leaves: Sequence[bytes], proof: Sequence[bytes], flags: Sequence[bool]) -> bool:
    """Whether all leaves and their common proof lead to ``root``. No leaf proves nothing."""
    if not leaves or len(leaves) + len(proof) != len(flags) + 1 or len(proof) != len(flags) - sum(flags):
        return False
    known, rest = deque(leaves), deque(proof)
    for flag in flags:
        if len(known) < 1 + flag:
            return False
        first = known.popleft()
        known.append(pair_hash(first, known.popleft() if flag else rest.popleft()))
    return known[0] == root
