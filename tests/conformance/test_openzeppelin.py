"""OpenZeppelin's npm package accepts our trees and proofs, and we accept its."""

import random

import pytest

from makerscope.errors import InputError
from makerscope.rewards.hashing import hex_of
from makerscope.rewards.merkle import claims_tree, dump, leaf_hash, load, proof, proofs, standard_tree, verify
from makerscope.rewards.multiproof import multiproof, verify_many
from makerscope.rewards.rules_tree import ENCODING, rules_tree
from tests.nodes import run_node

PACKAGE = "@openzeppelin/merkle-tree"
SIZES = (1, 2, 3, 5, 1000)

READ_OURS = """
const { StandardMerkleTree } = require('@openzeppelin/merkle-tree');
const out = given.map(({ dump, root, proofs, multi }) => {
  const tree = StandardMerkleTree.load(dump);   // throws if a hash is wrong
  const again = StandardMerkleTree.of(dump.values.map(each => each.value), dump.leafEncoding);
  return {
    root: tree.root === root && again.root === root,
    proofs: proofs.every((proof, i) => StandardMerkleTree.verify(root, dump.leafEncoding, tree.at(i), proof)
      && JSON.stringify(proof) === JSON.stringify(again.getProof(i))),
    multi: StandardMerkleTree.verifyMultiProof(root, dump.leafEncoding, multi),
    swapped: dump.values.length > 1
      && StandardMerkleTree.verify(root, dump.leafEncoding, tree.at(0), proofs[1]),
  };
});
console.log(JSON.stringify(out));
"""

MAKE_THEIRS = """
const { StandardMerkleTree } = require('@openzeppelin/merkle-tree');
const out = given.map(({ values, encoding, sort, chosen }) => {
  const tree = StandardMerkleTree.of(values, encoding, { sortLeaves: sort });
  const multi = tree.getMultiProof(chosen);
  return {
    root: tree.root,
    dump: tree.dump(),
    proofs: values.map((_, i) => tree.getProof(i)),
    multi: { leaves: multi.leaves.map(leaf => tree.leafHash(leaf)), proof: multi.proof, flags: multi.proofFlags },
  };
});
console.log(JSON.stringify(out));
"""


def claims(size):
    dice = random.Random(size)
    return [(f"0x{dice.getrandbits(160):040x}", dice.getrandbits(dice.choice((8, 64, 256)))) for _ in range(size)]


def texts(values):
    return [hex_of(each) for each in values]


def raw(values):
    return [bytes.fromhex(each[2:]) for each in values]


def test_their_package_loads_our_trees_and_verifies_our_proofs():
    given = []
    for size in SIZES:
        tree = claims_tree(claims(size))
        many = multiproof(tree, random.Random(1).sample(range(size), (size + 1) // 2))
        given.append({
            "dump": dump(tree),
            "root": hex_of(tree.root),
            "proofs": list(proofs(tree)),
            "multi": {
                "leaves": [dump(tree)["values"][index]["value"] for index in many.values],
                "proof": texts(many.proof),
                "proofFlags": many.flags,
            },
        })  # fmt: skip
    for answer in run_node(READ_OURS, given, PACKAGE):
        assert answer == {"root": True, "proofs": True, "multi": True, "swapped": False}


@pytest.mark.parametrize("sort", [True, False])
def test_we_load_their_trees_and_verify_their_proofs(sort):
    given = [
        {
            "values": [[account, str(amount)] for account, amount in claims(size)],
            "encoding": ["address", "uint256"],
            "sort": sort,
            "chosen": random.Random(2).sample(range(size), (size + 1) // 2),
        }
        for size in SIZES
    ]
    for ask, theirs in zip(given, run_node(MAKE_THEIRS, given, PACKAGE), strict=True):
        root = bytes.fromhex(theirs["root"][2:])
        tree = load(theirs["dump"])
        ours = standard_tree(ask["values"], ask["encoding"], sort_leaves=sort)
        assert tree.root == root == ours.root
        assert dump(ours) == theirs["dump"]
        assert dump(tree) == theirs["dump"]
        for index, (value, siblings) in enumerate(zip(ask["values"], theirs["proofs"], strict=True)):
            assert verify(root, leaf_hash(value), raw(siblings))
            assert list(proof(ours, index)) == raw(siblings)
        many = multiproof(ours, ask["chosen"])
        multi = theirs["multi"]
        assert (texts(many.leaves), texts(many.proof), list(many.flags)) == (
            multi["leaves"], multi["proof"], multi["flags"],
        )  # fmt: skip
        assert verify_many(root, raw(multi["leaves"]), raw(multi["proof"]), multi["flags"])


def test_other_leaf_encodings_are_encoded_alike():
    given = [
        {"values": values, "encoding": encoding, "sort": True, "chosen": [0]}
        for encoding, values in (
            (["string", "uint8[]"], [["two words", ["1", "255"]], ["", []]]),
            (["bytes", "int64", "bool"], [["0x0102", "-5", True], ["0x", "7", False]]),
            (["bytes32", "uint256[2]"], [["0x" + 32 * "ab", ["1", str(2**256 - 1)]]]),
            (["(address,uint256)[]", "bytes4"], [[[["0x" + 40 * "1", "9"]], "0x01020304"]]),
            (list(ENCODING), [dump(rules_tree([range(32)]))["values"][0]["value"]]),
        )
    ]
    for ask, theirs in zip(given, run_node(MAKE_THEIRS, given, PACKAGE), strict=True):
        assert dump(standard_tree(ask["values"], ask["encoding"])) == theirs["dump"]
        assert load(theirs["dump"]).root.hex() == theirs["root"][2:]
        theirs["dump"]["tree"][-1] = hex_of(bytes(32))
        with pytest.raises(InputError, match=r"tree values\[\d\]: tree\[\d\] is another leaf"):
            load(theirs["dump"])
