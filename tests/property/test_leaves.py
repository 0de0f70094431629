"""Every leaf follows from its own quote by the rule, and the leaves add up to the sums of the sweep."""

from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.programs.evidence import evidence
from makerscope.programs.leaves import leaves, why_not
from makerscope.programs.program_file import read_program
from makerscope.programs.sample_rule import sample_score
from makerscope.programs.scoring import measure
from makerscope.rewards.sample_leaves import leaf_hashes, leaf_values
from tests.unit.test_scoring import FLAT, tape_of

SAMPLED = (
    FLAT.replace('limit = "100 bps"', 'limit = "100 bps"\nkernel = "inverse"\nmost_orders = 2')
    + """
[sampling]
mode = "stratified"
period_s = 3
"""
)
ADDRESSES = {"a": "0x" + "11" * 20, "b": "0x" + "22" * 20}
step = st.tuples(
    st.integers(0, 90), st.sampled_from("ab"), st.integers(0, 3), st.sampled_from([1, -1]), st.integers(1, 150),
    st.integers(1, 50), st.integers(1, 40),
)  # fmt: skip


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(step, min_size=1, max_size=12, unique_by=lambda row: (row[1], row[2], row[3])),
    st.binary(min_size=32, max_size=32),
)
def test_each_leaf_is_what_the_rule_says_of_its_quote(tmp_path_factory, rows, seed):
    steps = []
    for t, maker, number, side, away, size, life in rows:
        name, price = f"{maker}{number}{side}", 10_000 - side * away
        steps.append((t, maker, name, "placed", side, price, size))
        steps.append((t + life, maker, name, "cancelled", side, price, 0))
    tape = tape_of(tmp_path_factory.mktemp("t"), sorted(steps), [(0, 9995, 10005), (140, 9995, 10006)])
    program = read_program(SAMPLED)
    found = measure(evidence(tape), program, seed=seed, keep=True)
    rule = found.in_order()[0].rules[0].rule
    table = leaves(found, ADDRESSES)
    for row in table.iter_rows(named=True):
        bids = list(zip(row["bid_prices"], row["bid_sizes"], strict=True))
        asks = list(zip(row["ask_prices"], row["ask_sizes"], strict=True))
        assert max(len(bids), len(asks)) <= 2
        assert row["score"] == sample_score(rule, row["reference"], bids, asks) > 0
    assert sum(leaf_values(table)) == sum(sum(own) for own in found.in_order()[0].first.quality)
    if table.height:
        assert len(set(leaf_hashes(table))) == table.height


def test_a_rule_that_looks_all_the_time_has_no_leaves():
    assert "all the time" in why_not(read_program(FLAT))
    assert not why_not(read_program(SAMPLED))
