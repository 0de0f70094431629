"""The rules of all markets of a program under one root, so that a contract can be shown the rule of a leaf's market."""

from collections.abc import Sequence

from makerscope.errors import InputError
from makerscope.rewards.merkle import MerkleTree, standard_tree

SCALARS, TABLE = 16, 8  # words of a sample rule: single ones, then edges and weights
ENCODING = ("uint256",) * (1 + SCALARS) + (f"uint256[{TABLE}]",) * 2


def rules_tree(rules: Sequence[Sequence[int]]) -> MerkleTree:
    """The tree of a program's sample rules; value ``i`` belongs to market ``i``.

    Args:
        rules: one rule a market, in the order of the program's sorted list of markets; each is 32 words: the 16 single
            fields of ``SampleRule`` in their order, 8 edges, 8 weights.

    Returns:
        A tree in OpenZeppelin's format; a leaf is (market, 16 fields, edges, weights) as ``ENCODING`` says.

    Raises:
        InputError: no rule, or one that has not 32 words from 0 to 2**256 - 1.

    Examples:
        >>> rules_tree([tuple(range(32))]).values[0][:3]
        (0, 0, 1)
    """
    for market, words in enumerate(rules):
        if len(words) != SCALARS + 2 * TABLE:
            raise InputError(f"rule of market {market}", f"{len(words)} words", f"{SCALARS + 2 * TABLE}")
    edges = SCALARS + TABLE
    return standard_tree(
        [
            (market, *words[:SCALARS], tuple(words[SCALARS:edges]), tuple(words[edges:]))
            for market, words in enumerate(rules)
        ],
        ENCODING,
    )
