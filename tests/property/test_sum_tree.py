"""Laws of the sum tree and of the encoding of its leaves, against eth-abi and the definition."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from makerscope.errors import InputError
from makerscope.rewards import sample_leaves
from makerscope.rewards.hashing import checksum
from makerscope.rewards.sample_leaves import FIELDS, encoded, leaf_arguments, leaf_hashes, leaf_values
from makerscope.rewards.sum_tree import parent, proof, sum_tree, verify
from tests.reference import sum_tree as slow

LISTS = pl.List(pl.Int64)
SCHEMA = dict.fromkeys(FIELDS, pl.Int64) | {
    "maker": pl.String,
    "bid_prices": LISTS,
    "bid_sizes": LISTS,
    "ask_prices": LISTS,
    "ask_sizes": LISTS,
}
numbers = st.integers(0, 2**63 - 1)
keys = st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(1, 2**160 - 1).map(lambda n: n.to_bytes(20, "big")))


def side():
    return st.lists(st.tuples(numbers, numbers), max_size=16).map(
        lambda orders: [[price for price, _ in orders], [size for _, size in orders]]
    )


@st.composite
def rows(draw, most=12):
    found = draw(st.lists(keys, min_size=1, max_size=most, unique=True))
    out = []
    for market, sample, maker in sorted(found):
        lists = draw(side()) + draw(side())
        out.append((market, sample, checksum(maker), draw(numbers), draw(numbers), *lists, draw(numbers)))
    return out


def table(leaves):
    return pl.DataFrame(leaves, schema=SCHEMA, orient="row")


def tree_of(leaves):
    frame = table(leaves)
    return sum_tree(leaf_hashes(frame), leaf_values(frame))


@given(rows())
def test_leaves_and_root_are_those_of_eth_abi_and_the_definition(leaves):
    frame, tree = table(leaves), tree_of(leaves)
    nodes = [slow.leaf_node(leaf) for leaf in leaves]
    assert list(encoded(frame)) == [slow.encode(slow.TYPES, leaf) for leaf in leaves]
    assert [tree.node(0, i) for i in range(tree.count)] == nodes
    assert tree.root == slow.node_over(nodes)
    assert tree.root[1] == sum(leaf[9] * leaf[3] for leaf in leaves)
    assert tree.commitment == slow.posted(leaves)
    assert [leaf_arguments(frame, i) for i in range(len(leaves))] == leaves


def test_a_table_longer_than_a_chunk_gives_the_same_leaves(monkeypatch):
    leaves = [(0, i, "0x" + 40 * "1", i, 7, [i] * (i % 3), [1] * (i % 3), [], [], 2 * i) for i in range(10)]
    whole = leaf_hashes(table(leaves))
    monkeypatch.setattr(sample_leaves, "_CHUNK", 3)
    assert leaf_hashes(table(leaves)) == whole
    swapped = [*leaves[:6], leaves[7], leaves[6], *leaves[8:]]
    with pytest.raises(InputError, match=r"leaf 7: is not after the row before"):
        leaf_hashes(table(swapped))


@given(st.integers(1, 33), st.data())
def test_every_node_is_proved_at_its_place_and_at_no_other(count, data):
    tree = sum_tree([bytes([i]) * 32 for i in range(count)], list(range(count)))
    level = data.draw(st.integers(0, len(tree.levels) - 1))
    width = len(tree.levels[level]) // 64
    index = data.draw(st.integers(0, width - 1))
    node, siblings = tree.node(level, index), proof(tree, index, level=level)
    assert verify(tree.commitment, node, index, count, siblings, level=level)
    for other in set(range(-1, width + 1)) - {index}:
        assert not verify(tree.commitment, node, other, count, siblings, level=level)
    for wrong in {count - 1, count + 1} - {0}:
        assert not verify(tree.commitment, node, index, wrong, siblings, level=level)
    assert not verify(tree.commitment, (node[0], node[1] + 1), index, count, siblings, level=level)
    assert not verify(tree.commitment, node, index, count, (*siblings, node), level=level)
    if siblings:
        assert not verify(tree.commitment, node, index, count, siblings[:-1], level=level)
        (top, value), *rest = siblings
        assert not verify(tree.commitment, node, index, count, [(top, value + 1), *rest], level=level)


@given(rows(), st.data())
def test_a_changed_leaf_changes_the_commitment(leaves, data):
    row = data.draw(st.integers(0, len(leaves) - 1))
    at = data.draw(st.sampled_from((3, 4, 9)))
    changed = list(leaves[row])
    changed[at] = (changed[at] + 1) % 2**63
    other = [*leaves[:row], tuple(changed), *leaves[row + 1 :]]
    assert tree_of(other).commitment != tree_of(leaves).commitment


def test_a_false_sum_shows_in_the_parent_whose_children_do_not_add_up():
    tree = sum_tree([bytes([i]) * 32 for i in range(4)], [1, 2, 3, 4])
    left, right = tree.node(1, 0), tree.node(1, 1)
    assert parent(tree.node(0, 0), tree.node(0, 1)) == left
    forged = (left[0], left[1] + 5)
    assert parent(forged, right)[0] != tree.root[0]
    assert parent(forged, right)[1] == tree.root[1] + 5


ROW = (0, 0, "0x" + 40 * "1", 1, 200, [99], [5], [101], [5], 3)


@pytest.mark.parametrize(
    ("leaves", "says"),
    [
        ([ROW, ROW], r"^leaf 1: is not after the row before; want ascending \(market, sample, maker\), each once$"),
        ([(0, 0, f"0x{39 * '1'}{a}", *ROW[3:]) for a in "aA"], "leaf 1: is not after"),
        ([(1, *ROW[1:]), ROW], "leaf 1: is not after"),
        ([(*ROW[:2], "0x" + 40 * "2", *ROW[3:]), ROW], "leaf 1: is not after"),
        ([ROW, (0, 1, "0x12", *ROW[3:])], r"leaf 1: address is '0x12'"),
        ([ROW, (0, 1, "0x" + 40 * "0", *ROW[3:])], "leaf 1: is the zero address"),
        ([ROW, (0, 1, None, *ROW[3:])], "leaf 1: address is None"),
        ([(*ROW[:9], -1)], r"leaf 0: leaves score; want whole numbers from 0 to 2\*\*63 - 1"),
        ([(*ROW[:5], [-1], *ROW[6:])], "leaf 0: bid_prices"),
        ([ROW, (0, 1, *ROW[2:7], [None], *ROW[8:])], "leaf 1: ask_prices"),
        ([(*ROW[:5], [99, 98], *ROW[6:])], "leaf 0: bid prices and sizes differ in number"),
        ([(*ROW[:7], list(range(17)), [1] * 17, 3)], "leaf 0: too many asks; want the 16 nearest"),
        ([(*ROW[:7], None, [5], 3)], "leaf 0: ask_prices"),
        ([], "no rows"),
    ],
)  # fmt: skip
def test_a_wrong_leaf_is_named(leaves, says):
    with pytest.raises(InputError, match=says):
        leaf_hashes(table(leaves))


def test_columns_of_the_wrong_type_are_named():
    with pytest.raises(InputError, match="no column 'score'"):
        leaf_hashes(table([ROW]).drop("score"))
    with pytest.raises(InputError, match="leaves market: is Float64"):
        leaf_hashes(table([ROW]).with_columns(pl.col("market").cast(pl.Float64)))
    with pytest.raises(InputError, match="leaves bid_sizes: is Int64"):
        leaf_hashes(table([ROW]).with_columns(bid_sizes=pl.lit(1, pl.Int64)))
    wide = table([ROW]).with_columns(score=pl.lit(2**63, pl.Int128))
    with pytest.raises(InputError, match="leaf 0: leaves score"):
        leaf_hashes(wide)


def test_a_sum_tree_wants_leaves_and_sums_that_fit_a_word():
    for hashes, values in (([], []), ([bytes(32)], []), ([bytes(32)], [-1]), ([bytes(32)] * 2, [2**255, 2**255])):
        with pytest.raises(InputError, match="sum tree"):
            sum_tree(hashes, values)
    with pytest.raises(InputError, match="no node 1 on level 0"):
        proof(sum_tree([bytes(32)], [1]), 1)
