"""Merkle trees against roots, proofs and files that other programs made."""

import json

import pytest

from makerscope.rewards.drops import uniswap_entries
from makerscope.rewards.hashing import hex_of
from makerscope.rewards.layered_tree import layered_tree
from makerscope.rewards.merkle import dump, leaf_hash, load, proofs, standard_tree, verify
from makerscope.rewards.multiproof import multiproof, verify_many

VALUES = ("two_leaves_readme", "five_leaves_sorted", "five_leaves_unsorted", "single_leaf")


@pytest.mark.parametrize("name", VALUES)
def test_openzeppelin_trees(vectors, name):
    case = next(case for case in vectors("programs/openzeppelin_standard_merkle_tree.json") if case["case"] == name)
    given, want = case["inputs"], case["expected"]
    tree = standard_tree(given["values"], given["leaf_encoding"], sort_leaves=given.get("sort_leaves", True))
    assert hex_of(tree.root) == want["root"]
    assert [hex_of(leaf_hash(value)) for value in given["values"]] == want.get(
        "leafHashes", [hex_of(tree.node(place)) for place in tree.places]
    )
    assert dump(tree)["tree"] == want.get("tree", dump(tree)["tree"])
    assert dump(tree) == want.get("dump", dump(tree))
    ours = [list(each) for each in proofs(tree)]
    assert ours == want.get("proofs", [want["proof"]] if "proof" in want else ours)
    if "multiproof_0_2" in want:
        many, theirs = multiproof(tree, (0, 2)), want["multiproof_0_2"]
        assert [hex_of(each) for each in many.proof] == theirs["proof"]
        assert list(many.flags) == theirs["proofFlags"]
        assert verify_many(tree.root, many.leaves, many.proof, many.flags)


def test_uniswap_distributor(vectors):
    for case in vectors("programs/uniswap_merkle_distributor.json"):
        root = layered_tree(entry.leaf for entry in uniswap_entries(case["inputs"]["balances"])).root
        assert hex_of(root) == case["expected"]["merkle_root"]


def test_a_dump_of_a_thousand_leaves_loads_and_verifies(shared_file):
    document = json.loads(shared_file("fixtures/proofs/merkle_standard_v1_dump_1000.json").read_text())
    tree = load(document, "dump of 1000")
    assert dump(tree) == document
    assert hex_of(standard_tree(tree.values).root) == document["tree"][0]
    for value, siblings in zip(tree.values, proofs(tree), strict=True):
        assert verify(tree.root, leaf_hash(value), [bytes.fromhex(each[2:]) for each in siblings])
