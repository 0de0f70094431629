"""The compiled sweep against scores by their definition."""
# ruff: noqa: PLR0917 - one argument a strategy

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.programs.components import Looks, Parties, swept
from makerscope.programs.references import Track
from makerscope.programs.resting import Resting
from makerscope.programs.sample_rule import UNIT, Kernel, Reducer, SampleRule
from makerscope.programs.stress import Segments
from makerscope.programs.units import MarketRule
from tests.reference import score_sweep as slow

MODES = {"integral": 0, "instants": 1, "block_minimum": 2}
times = st.integers(0, 40)
order = st.tuples(
    times, st.integers(1, 20), st.integers(0, 2), st.sampled_from([1, -1]), st.integers(90, 110), st.integers(1, 9)
)
reference = st.tuples(times, st.sampled_from([198, 199, 200, 203]))
rules = st.builds(
    SampleRule,
    kernel=st.sampled_from([Kernel.FLAT, Kernel.LINEAR, Kernel.QUADRATIC, Kernel.INVERSE]),
    reducer=st.sampled_from(list(Reducer)),
    limit=st.sampled_from([UNIT // 20, UNIT // 50]),
    by_value=st.booleans(),
    min_value=st.sampled_from([0, 3]),
    divisor=st.just(3 * UNIT),
)


def arrays(orders):
    rows = sorted((a, a + n, m, s, p, z) for a, n, m, s, p, z in orders)
    columns = (
        [np.array(column, np.int64) for column in zip(*rows, strict=True)] if rows else [np.empty(0, np.int64)] * 6
    )
    enter, leave, maker, side, price, size = columns
    return rows, Resting(
        enter=enter, leave=leave, leaving=np.argsort(leave, kind="stable").astype(np.int64), maker=maker, side=side,
        price=price, size=size,
    )  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    orders=st.lists(order, max_size=14),
    track=st.lists(reference, min_size=1, max_size=5, unique_by=lambda row: row[0]),
    rule=rules,
    cuts=st.lists(times, min_size=2, max_size=6, unique=True),
    marks=st.lists(times, max_size=8, unique=True),
    width=st.sampled_from([0, UNIT // 25]),
    narrow=st.sampled_from([0, 9]),
    how=st.sampled_from(["epoch", "sample", "sample_side", "larger_side", "deficit"]),
    target=st.sampled_from([(0, 0), (0, 400), (10, 50)]),
    least=st.sampled_from([0, 300]),
    stakes=st.lists(st.integers(0, 6), min_size=3, max_size=3),
    enrolled=st.lists(st.booleans(), min_size=3, max_size=3),
    base=st.sampled_from([0, 150, -1]),
)
def test_a_sweep_sums_what_the_definition_says(
    mode, orders, track, rule, cuts, marks, width, narrow, how, target, least, stakes, enrolled, base
):
    if rule.reducer == Reducer.PRESENCE:
        target = (0, 0)
    rows, resting = arrays(orders)
    path = [(t, twice, twice, base if k % 2 else max(base, 0)) for k, (t, twice) in enumerate(sorted(track))]
    if base:  # a base that moves cannot be taken back to the reference
        path = [(t, bid, ask, own or 150) for t, bid, ask, own in path]
    edges = sorted(cuts)
    spans = [(a, b, k % 2) for k, (a, b) in enumerate(itertools.pairwise(edges)) if k % 3 < 2]
    out = swept(
        resting,
        Track(time=np.array([row[0] for row in path]), twice=np.array([row[1:] for row in path]), source="given"),
        Segments(
            start=np.array([s[0] for s in spans]), end=np.array([s[1] for s in spans]),
            stressed=np.array([s[2] for s in spans]),
        ),
        Looks(mode=MODES[mode], instants=np.array(sorted(marks), np.int64)),
        MarketRule(rule=rule, width=width, narrow=narrow, least=2, per_stake=True, min_age=0, max_age=None, decay=0),
        makers=["a", "b", "c"],
        most=16,
        normalise=how,
        target=target,
        least=least,
        parties=Parties(enrolled=enrolled, stake=[each * 1_000_000 for each in stakes]),
    )  # fmt: skip
    want = slow.swept(
        rows, path, spans, sorted(marks), mode, rule, 3,
        width=width, narrow=narrow, floor=[2 * each for each in stakes], enrolled=enrolled, how=how, target=target,
        least=least,
    )  # fmt: skip
    for name in ("quality", "bid", "ask", "share", "present"):
        assert getattr(out, name) == [tuple(item) for item in want[name]], name
    for name in ("looked", "blind", "paid"):
        assert getattr(out, name) == tuple(want[name]), name
