"""Under our own rule no way of dealing orders and fills to several accounts earns more than one account would."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.programs.evidence import evidence
from makerscope.programs.gaming import change, merged, split_by_side, split_equally
from makerscope.programs.program_file import find_program
from makerscope.programs.scoring import score_evidence
from tests.tapes import fills, write_tape
from tests.unit.test_charges import marks
from tests.unit.test_scoring import steps

RULE = find_program("makerscope_perp", {"target": "40", "cutoff": "1"})
INDEX = marks([0, 30, 60, 90], [10_000, 9_900, 9_900, 10_000])
order = st.tuples(
    st.integers(0, 80), st.integers(5, 60), st.sampled_from(["a", "b", "other"]), st.sampled_from([1, -1]),
    st.integers(1, 40), st.integers(2, 20),
)  # fmt: skip
fill = st.tuples(
    st.integers(1, 80), st.sampled_from(["a", "b", "other"]), st.sampled_from([1, -1]), st.integers(-15, 15)
)


def told(folder, orders, done):
    rows = [
        step
        for n, (start, long, maker, side, away, size) in enumerate(orders)
        for step in (
            (start, maker, f"{maker}{n}", "placed", side, 10_000 - side * away, size),
            (start + long, maker, f"{maker}{n}", "cancelled", side, 10_000 - side * away, 0),
        )
    ]
    taken = fills(
        [t for t, *_ in done], maker=[m for _, m, _, _ in done], side=[s for _, _, s, _ in done],
        price=[10_000 - s * p for _, _, s, p in done], size=[3] * len(done),
    )  # fmt: skip
    tables = {"fills": taken} if done else {}
    return evidence(write_tape(folder, orders=steps(sorted(rows, key=lambda row: row[0])), marks=INDEX, **tables))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(orders=st.lists(order, min_size=3, max_size=12), done=st.lists(fill, max_size=5))
def test_two_accounts_never_earn_more_than_one(tmp_path_factory, orders, done):
    apart = told(tmp_path_factory.mktemp("own"), orders, done)
    together = merged(apart, ["a", "b"], "a")
    gain = change(score_evidence(together, RULE), score_evidence(apart, RULE), ["a"], ["a", "b"])
    assert gain.after <= gain.before + 10**7  # of 10**18: what rounding down leaves


@settings(max_examples=10, deadline=None, derandomize=True)
@given(orders=st.lists(order, min_size=3, max_size=10))
def test_equal_halves_earn_what_the_whole_earns_but_for_odd_lots(tmp_path_factory, orders):
    even = [(*rest, 2 * size) for *rest, size in orders]
    ev = told(tmp_path_factory.mktemp("own"), even, [])
    if "a" not in ev.makers:
        return
    gain = change(score_evidence(ev, RULE), score_evidence(split_equally(ev, "a", 2), RULE), ["a"], ["a/0", "a/1"])
    assert gain.after == pytest.approx(gain.before, rel=1e-5, abs=10**7)


def test_each_side_from_its_own_account_earns_nothing(tmp_path):
    ev = told(tmp_path, [(0, 90, "a", 1, 5, 10), (0, 90, "a", -1, 5, 10), (0, 90, "other", 1, 5, 10)], [])
    gain = change(score_evidence(ev, RULE), score_evidence(split_by_side(ev, "a"), RULE), ["a"], ["a/0", "a/1"])
    assert gain.before > 0
    assert gain.after == 0
