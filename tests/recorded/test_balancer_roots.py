"""The roots that Balancer posted on the chain, from the amounts it published."""

import gzip
import json

import pytest

from makerscope.rewards.drops import balancer_entries
from makerscope.rewards.hashing import hex_of
from makerscope.rewards.layered_tree import layered_proof, layered_tree
from makerscope.rewards.merkle import verify

WEEKS = {
    21: (6603, 144_999_999999999546821493),
    40: (11691, 148_060_822082116568400695),
    54: (10498, 145_542_891437586158349867),
}


@pytest.mark.parametrize("week", WEEKS)
def test_the_root_on_the_chain_is_recomputed_exactly(shared_file, week):
    totals = json.loads(gzip.decompress(shared_file(f"data/balancer/week{week}_totals.json.gz").read_bytes()))
    roots = json.loads(shared_file("data/balancer/roots.json").read_text())
    entries = balancer_entries(totals)
    tree = layered_tree(entry.leaf for entry in entries)
    assert (len(entries), sum(entry.amount for entry in entries)) == WEEKS[week]
    assert hex_of(tree.root) == roots[str(week - 20)]
    for entry in entries[::50]:
        assert verify(tree.root, entry.leaf, layered_proof(tree, entry.leaf))
