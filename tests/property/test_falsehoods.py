"""Whoever has the samples of an epoch finds exactly the false ones, and what is shown of them is in the tree."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.errors import AccountingError
from makerscope.kernels.leaf_scores import leaf_scores
from makerscope.programs.sample_rule import Kernel, sample_score
from makerscope.rewards.falsehood import first_falsehood, tree_of
from makerscope.rewards.sample_leaves import FIELDS, leaf_hashes
from makerscope.rewards.sum_tree import verify
from tests.chain.bundles import MAX_WEIGHT, RULES, samples
from tests.property.test_scoring import book_side, rules

WORDS = tuple(rule.words() for rule in RULES)
TRUE = samples()
on_chain = tuple(kernel for kernel in Kernel if kernel != Kernel.TICKS)
some = settings(deadline=None, derandomize=True, max_examples=100)
looks = st.tuples(st.integers(0, 3), st.integers(0, 2 * 10**5), book_side.map(lambda side: side[:17]), book_side)


@some
@given(st.lists(rules(kernels=on_chain), min_size=1, max_size=3), st.lists(looks, max_size=5))
def test_many_samples_score_as_each_is_defined(found, cases):
    flat = {side: [order for case in cases for order in case[at]] for side, at in (("bid", 2), ("ask", 3))}
    arrays = []
    for side, at in (("bid", 2), ("ask", 3)):
        arrays += [np.array([order[part] for order in flat[side]], np.int64) for part in (0, 1)]
        arrays.append(np.cumsum([0, *(len(case[at]) for case in cases)]).astype(np.int64))
    numbers = [np.array([case[at] for case in cases], np.int64) for at in (0, 1)]
    out = np.zeros(len(cases), np.int64)
    leaf_scores(np.array([rule.row() for rule in found]), *numbers, *arrays, out)
    assert out.tolist() == [defined(found, *case) for case in cases]


def defined(found, market, reference, bids, asks):
    if market >= len(found) or reference == 0 or max(len(bids), len(asks)) > 16:
        return -1
    try:
        return sample_score(found[market], reference, bids, asks)
    except AccountingError:
        return -1


@some
@given(st.integers(0, TRUE.height - 1), st.sampled_from(["score", "weight", "reference"]), st.integers(-50, 50))
def test_a_changed_sample_is_found_if_and_only_if_it_became_false(row, field, change):
    value = max(TRUE[field][row] + change, 0)
    if field == "weight":
        value *= 1 + 999 * (change > 40)
    frame = TRUE.clone()
    frame[row, field] = value
    shown = frame.row(row, named=True)
    books = [list(zip(shown[f"{side}_prices"], shown[f"{side}_sizes"], strict=True)) for side in ("bid", "ask")]
    is_true = (
        0 < shown["weight"] <= MAX_WEIGHT
        and shown["reference"] > 0
        and shown["score"] == sample_score(RULES[shown["market"]], shown["reference"], *books)
    )
    tree = tree_of(frame)
    found = first_falsehood(frame, WORDS, MAX_WEIGHT, tree)
    assert (found is None) == is_true
    if found is not None:
        place = found.arguments[1]
        leaf = (leaf_hashes(frame)[row], place[1])
        assert (found.function, place[0]) == ("challenge_score", row)
        assert verify(tree.commitment, leaf, place[0], tree.count, place[2])


@some
@given(st.permutations(range(4)), st.integers(0, TRUE.height - 4))
def test_samples_out_of_order_are_found_where_the_order_breaks_first(order, start):
    rows = list(range(TRUE.height))
    rows[start : start + 4] = [start + at for at in order]
    frame = TRUE[rows]
    tree = tree_of(frame)
    found = first_falsehood(frame, WORDS, MAX_WEIGHT, tree)
    breaks = [at for at in range(1, len(rows)) if rows[at] < rows[at - 1]]
    assert (found is None) == (not breaks)
    if found is not None:
        _, first_place, _, second_place = found.arguments
        assert (found.function, first_place[0], second_place[0]) == ("challenge_order", breaks[0] - 1, breaks[0])


def test_a_sample_that_is_told_twice_is_out_of_order():
    frame = pl.concat([TRUE[:5], TRUE[4:]])
    found = first_falsehood(frame, WORDS, MAX_WEIGHT, tree_of(frame))
    assert found is not None
    assert found.text.startswith("sample 5 (market 0, 1, maker ")
    assert tuple(frame.columns) == FIELDS
