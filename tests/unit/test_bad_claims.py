"""Claims, drops, trees and rules that are refused, in one line that names the row."""

import pytest

from makerscope.errors import InputError
from makerscope.rewards.abi import encoder
from makerscope.rewards.drops import balancer_entries, cumulative_entries, read_uniswap, uniswap_entries
from makerscope.rewards.hashing import hash_bytes
from makerscope.rewards.layered_tree import layered_tree
from makerscope.rewards.merkle import claims_tree, dump, load, standard_tree
from makerscope.rewards.multiproof import multiproof
from makerscope.rewards.rules_tree import rules_tree

ONE, TWO = "0x" + 40 * "1", "0x" + 40 * "2"
SMALL = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"
MIXED = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
MALFORMED = ("", "0x", ONE[2:], ONE + "1", ONE[:-1], "0X" + ONE[2:], ONE[:-1] + "g", "1" * 9999, None, 7, ONE.encode())
NO_AMOUNTS = (-1, 2**256, 2**99999, 1.0, True, None, "1.5", "-1", "1e18", "", "0x", "1_000", "٣", "0x" + 65 * "1")


def refused(says, work, *given, **named):
    with pytest.raises(InputError, match=says) as caught:
        work(*given, **named)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ([], "tree: no values; want at least one"),
        ([(ONE, 1), (TWO, 2), (ONE, 3)], rf"^claim 3: {ONE} has claim 1 already; want one claim for an address$"),
        ([(SMALL, 1), (MIXED, 2)], rf"claim 2: {MIXED} has claim 1 already"),
        ([(ONE, 1), ("0x" + 40 * "0", 2)], "claim 2: is the zero address; want the address of an account"),
        ([(ONE, 1), (MIXED[:-1] + "D", 2)], f"claim 2: address .* has a wrong checksum; want {MIXED}"),
        *(
            ([(ONE, 1), (text, 2)], "claim 2: address is .*; want 0x and 40 hex digits")
            for text in MALFORMED
        ),
        ([(ONE, 1), ("0x" + 38 * "1" + " 1", 2)], "claim 2: address is "),
        ([(ONE, 1), (TWO, "9" * 10_000)], "claim 2: amount is '9{80,}"),
        *(
            ([(ONE, 1), (TWO, amount)], r"claim 2: amount is .*; want a whole number from 0 to 2\*\*256 - 1")
            for amount in NO_AMOUNTS
        ),
    ],
)  # fmt: skip
def test_claims_are_refused_by_row(claims, says):
    refused(says, claims_tree, claims)


def test_amounts_may_be_text_and_the_largest_is_taken():
    tree = claims_tree([(ONE, str(2**256 - 1)), (TWO, "0x0"), (SMALL, "10")])
    assert tree.values == ((ONE, 2**256 - 1), (TWO, 0), (MIXED, 10))


DUMP = dump(claims_tree([(ONE, 1), (TWO, 2), (SMALL, 3)]))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": "simple-v1"}, "file: format is 'simple-v1'; want standard-v1"),
        ({"leafEncoding": "address"}, r"file: Expected `array`, got `str` - at `\$.leafEncoding`"),
        ({"leafEncoding": ["address"]}, "file value 1: values: 2; want a list of 1"),
        ({"leafEncoding": ["address", "uint257"]}, "leaf encoding: .*uint257.*; want names of ABI types"),
        ({"leafEncoding": ["address", "number"]}, "leaf encoding: .*number.*; want names of ABI types"),
        ({"tree": DUMP["tree"][:-1]}, "file: 4 nodes, 3 values; want 2 n - 1 nodes for n values, n at least 1"),
        ({"tree": [*DUMP["tree"][:-1], "0x12"]}, r"file tree\[4\]: is '0x12'; want 0x and 64 hex digits"),
        ({"tree": [], "values": []}, "file: 0 nodes, 0 values"),
        ({"values": [*DUMP["values"][:2], DUMP["values"][0]]}, "file: treeIndex of values; want each place"),
        ({"values": [{"value": [ONE, "1"]}] * 3}, "file: Object missing required field `treeIndex`"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_dump_is_refused(change, says):
    refused(says, load, DUMP | change, "file")


def test_what_is_no_object_is_no_dump():
    refused("tree: Expected `object`, got `array`; want a Merkle tree of format standard-v1", load, [])
    refused("format", load, {key: value for key, value in DUMP.items() if key != "format"})


@pytest.mark.parametrize(
    ("encoding", "value"),
    [
        (["uint8"], [256]),
        (["bytes32"], ["0x12"]),
        (["uint256[2]"], [[1]]),
        (["uint8[]"], ["12"]),
        (["uint8[]"], [[256]]),
        (["int8"], ["-129"]),
        (["bytes"], ["12"]),
        (["bytes"], ["0xg1"]),
        (["bytes4"], ["0x0102030405"]),
        (["(address,bool)"], [[ONE]]),
        (["string"], [7]),
        (["address[]"], [["0x12"]]),
    ],
)
def test_a_value_that_is_not_of_its_type_is_refused(encoding, value):
    refused("value 2", standard_tree, [_good(encoding), value], encoding)
    refused("^row 5: ", encoder(encoding), value, "row 5")


def _good(encoding):
    return {
        "uint8": [255], "bytes32": ["0x" + 64 * "a"], "uint256[2]": [[1, 2]], "uint8[]": [[]], "int8": ["-128"],
        "bytes": ["0x"], "bytes4": ["0x01020304"], "(address,bool)": [[ONE, True]], "string": [""], "address[]": [[]],
    }[encoding[0]]  # fmt: skip


def test_drops_of_others_are_refused_by_account():
    refused("drop: no accounts", uniswap_entries, {})
    refused(f"{MIXED}: is there twice", uniswap_entries, {SMALL: 1, MIXED: 2})
    refused(f"{ONE}: amount is 0; want more than 0", uniswap_entries, {ONE: 0})
    refused(f"{ONE}: amount is -3", uniswap_entries, {ONE: -3})
    refused("0x12: address is '0x12'", uniswap_entries, {"0x12": 3})
    refused(f"{MIXED}: is there twice", balancer_entries, {SMALL: "1", MIXED: "2"})
    for text in ("1.0000000000000000001", "-1", "1e3", "", ".5", None, 0.5):
        refused(f"{ONE}: amount is .*; want a decimal number of at most 18 places", balancer_entries, {ONE: text})
    refused("drop: no claims", cumulative_entries, [])
    refused(f"claim 2: {ONE} has a claim of {TWO} already", cumulative_entries, [(ONE, TWO, 1), (ONE, TWO, 1)])
    refused(
        r"claim 1: amount is \d+; want a whole number from 0 to 2\*\*208 - 1", cumulative_entries, [(ONE, TWO, 2**208)]
    )
    refused("tree: no leaves", layered_tree, [])


def test_a_published_drop_says_what_is_wrong_with_it():
    entry = uniswap_entries({ONE: 7})[0]
    good = {
        "merkleRoot": "0x" + entry.leaf.hex(),
        "tokenTotal": "0x7",
        "claims": {ONE: {"index": 0, "amount": "0x7", "proof": []}},
    }
    assert read_uniswap(good)[1] == (entry,)
    refused("drop tokenTotal: is 0x8; want 0x7", read_uniswap, good | {"tokenTotal": "0x8"})
    refused("drop merkleRoot: is '0x1'", read_uniswap, good | {"merkleRoot": "0x1"})
    refused("its proof does not lead to the root", read_uniswap, good | {"merkleRoot": "0x" + 64 * "1"})
    refused("Expected `object`, got `array`", read_uniswap, good | {"claims": []})


def test_two_claims_of_a_drop_may_not_share_an_index():
    both = [uniswap_entries({account: 7})[0] for account in (ONE, TWO)]
    tree = layered_tree(entry.leaf for entry in both)
    sibling = {ONE: both[1].leaf.hex(), TWO: both[0].leaf.hex()}
    claims = {name: {"index": 0, "amount": "7", "proof": ["0x" + sibling[name]]} for name in (ONE, TWO)}
    document = {"merkleRoot": "0x" + tree.root.hex(), "tokenTotal": "14", "claims": claims}
    refused(f"claim of {TWO}: index 0 is that of {ONE} too", read_uniswap, document)


def test_the_rest():
    tree = claims_tree([(ONE, 1), (TWO, 2)])
    refused("multiproof: values", multiproof, tree, [])
    refused("multiproof: values", multiproof, tree, [1, 1])
    refused("rule of market 1: 31 words; want 32", rules_tree, [range(32), range(31)])
    refused("value 1: amount is -1", rules_tree, [[-1] * 32])
    refused("tree: no values", rules_tree, [])
    refused("x: is 5; want 0x and 64 hex digits", hash_bytes, 5, "x")
