"""Laws of claim trees and of other programs' drops."""

import copy

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from makerscope.errors import InputError
from makerscope.rewards.drops import (
    balancer_entries,
    claimable,
    cumulative_entries,
    is_claimed,
    read_uniswap,
    uniswap_entries,
)
from makerscope.rewards.hashing import address_bytes, checksum, hex_of
from makerscope.rewards.layered_tree import layered_proof, layered_tree
from makerscope.rewards.merkle import claims_tree, dump, leaf_hash, load, proof, proofs, verify
from makerscope.rewards.multiproof import multiproof, verify_many
from makerscope.rewards.rules_tree import ENCODING, rules_tree

accounts = st.integers(1, 2**160 - 1).map(lambda n: checksum(n.to_bytes(20, "big")))
amounts = st.integers(0, 2**256 - 1)
claims = st.dictionaries(accounts, amounts, min_size=1, max_size=20).map(lambda found: list(found.items()))


def definition(leaves):
    """Root of a ``standard-v1`` tree by recursion over places of the array."""
    order = sorted(leaves, reverse=True)

    def node(place):
        if place >= len(order) - 1:
            return order[place - len(order) + 1]
        return keccak(b"".join(sorted((node(2 * place + 1), node(2 * place + 2)))))

    return node(0)


@given(claims, st.randoms())
def test_the_order_of_claims_changes_nothing_and_the_root_is_that_of_the_definition(found, dice):
    tree = claims_tree(found)
    leaves = [keccak(keccak(encode(["address", "uint256"], claim))) for claim in found]
    assert tree.root == definition(leaves)
    dice.shuffle(found)
    assert claims_tree([(account.lower(), amount) for account, amount in found]) == tree


@given(claims)
def test_a_proof_verifies_its_leaf_and_no_other(found):
    tree = claims_tree(found)
    shown = list(proofs(tree))
    for index, value in enumerate(tree.values):
        siblings = proof(tree, index)
        assert shown[index] == tuple(hex_of(each) for each in siblings)
        assert [verify(tree.root, leaf_hash(other), siblings) for other in tree.values] == [
            other == value for other in tree.values
        ]
        account, amount = value
        assert not verify(tree.root, leaf_hash((account, (amount + 1) % 2**256)), siblings)
        for at, sibling in enumerate(siblings):
            wrong = [*siblings[:at], bytes([sibling[0] ^ 1]) + sibling[1:], *siblings[at + 1 :]]
            assert not verify(tree.root, leaf_hash(value), wrong)


@given(claims, st.data())
def test_what_was_tampered_in_a_dump_is_named(found, data):
    tree = claims_tree(found)
    document = dump(tree)
    assert load(document).root == tree.root
    place = data.draw(st.integers(0, len(document["tree"]) - 1))
    other = copy.deepcopy(document)
    other["tree"][place] = hex_of(
        data.draw(st.binary(min_size=32, max_size=32).filter(lambda raw: raw != tree.node(place)))
    )
    inner = place < len(found) - 1
    with pytest.raises(
        InputError, match=rf"tree tree\[{place}\]: is 0x" if inner else rf"tree\[{place}\] is another leaf"
    ):
        load(other)
    row = data.draw(st.integers(0, len(found) - 1))
    other = copy.deepcopy(document)
    other["values"][row]["value"][1] = str((tree.values[row][1] + 1) % 2**256)
    with pytest.raises(InputError, match=rf"tree values\[{row}\]: tree\[\d+\] is another leaf"):
        load(other)


@given(claims, st.data())
def test_one_proof_for_several_claims(found, data):
    tree = claims_tree(found)
    chosen = data.draw(st.sets(st.integers(0, len(found) - 1), min_size=1))
    many = multiproof(tree, chosen)
    assert set(many.values) == chosen
    assert many.leaves == tuple(leaf_hash(tree.values[index]) for index in many.values)
    assert verify_many(tree.root, many.leaves, many.proof, many.flags)
    wrong = [bytes(32), *many.leaves[1:]]
    assert not verify_many(tree.root, wrong, many.proof, many.flags)
    assert not verify_many(tree.root, many.leaves, [*many.proof, bytes(32)], many.flags)
    assert not verify_many(tree.root, (), (tree.root,), ())


@given(st.dictionaries(accounts, st.integers(1, 2**250), min_size=1, max_size=20), st.randoms())
def test_an_indexed_drop_is_read_back_and_its_order_changes_nothing(balances, dice):
    entries = uniswap_entries(balances)
    mixed = list(balances.items())
    dice.shuffle(mixed)
    assert uniswap_entries(dict(mixed)) == entries
    tree = layered_tree(entry.leaf for entry in entries)
    document = {
        "merkleRoot": hex_of(tree.root),
        "tokenTotal": hex(sum(balances.values())),
        "claims": {
            entry.account: {
                "index": entry.index,
                "amount": hex(entry.amount),
                "proof": [hex_of(each) for each in layered_proof(tree, entry.leaf)],
            }
            for entry in entries
        },
    }
    assert read_uniswap(document) == (tree.root, entries)
    victim = dice.choice(entries).account
    document["claims"][victim]["amount"] = hex(balances[victim] - 1)
    with pytest.raises(InputError, match=f"drop claim of {victim}: its proof does not lead to the root"):
        read_uniswap(document)


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40))
def test_every_leaf_of_a_layered_tree_is_proved_and_repeats_count_once(leaves):
    tree = layered_tree(leaves)
    assert tree == layered_tree([*reversed(leaves), leaves[0]])
    for leaf in leaves:
        assert verify(tree.root, leaf, layered_proof(tree, leaf))
    with pytest.raises(InputError, match="no leaf"):
        layered_proof(tree, b"\x00" * 31 + b"\x07")


@given(
    st.lists(
        st.tuples(accounts, accounts, st.integers(0, 2**208 - 1)), min_size=1, max_size=8, unique_by=lambda x: x[:2]
    )
)
def test_cumulative_leaves_are_those_of_abi_encode(found):
    entries = {(entry.account, entry.token): entry for entry in cumulative_entries(found)}
    for user, token, amount in found:
        entry = entries[user, token]
        assert entry.leaf == keccak(encode(["address", "address", "uint256"], [user, token, amount]))
        assert claimable(entry, amount // 3) == amount - amount // 3
        with pytest.raises(InputError, match="cumulative amounts that only grow"):
            claimable(entry, amount + 1)


@given(st.sets(st.integers(0, 2000)))
def test_the_bitmap_says_who_claimed(indices):
    words = {}
    for index in indices:  # as the contract does it
        words[index // 256] = words.get(index // 256, 0) | 1 << index % 256
    assert {index for index in range(2001) if is_claimed(words, index)} == indices


@given(st.lists(st.lists(amounts, min_size=32, max_size=32), min_size=1, max_size=6))
def test_a_rule_is_proved_for_its_market_only(rules):
    tree = rules_tree(rules)
    for market, words in enumerate(rules):
        plain = encode(["uint256"] * 33, [market, *words])
        assert leaf_hash(tree.values[market], ENCODING) == keccak(keccak(plain))
        assert verify(tree.root, keccak(keccak(plain)), proof(tree, market))
        moved = encode(["uint256"] * 33, [market + 1, *words])
        assert not verify(tree.root, keccak(keccak(moved)), proof(tree, market))


@given(st.dictionaries(accounts, st.integers(0, 10**30), min_size=1, max_size=8))
def test_decimal_amounts_are_read_exactly(balances):
    texts = {account: f"{amount // 10**18}.{amount % 10**18:018}" for account, amount in balances.items()}
    assert {entry.account: entry.amount for entry in balancer_entries(texts)} == balances


@given(st.binary(min_size=20, max_size=20))
def test_an_address_is_read_back_from_its_text(raw):
    text = checksum(raw)
    small = text.lower()
    for each in (text, small, "0x" + small[2:].upper()):
        assert address_bytes(each, "x") == raw
    letters = [at for at, char in enumerate(text) if char.isalpha() and at > 1]
    if len(letters) > 1:
        wrong = "".join(char.swapcase() if at == letters[0] else char for at, char in enumerate(text))
        if wrong[2:] not in (small[2:], small[2:].upper()):
            with pytest.raises(InputError, match=f"x: address {wrong} has a wrong checksum; want {text}"):
                address_bytes(wrong, "x")
