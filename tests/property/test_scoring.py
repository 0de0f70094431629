"""The compiled scores against their definition in plain integers, and what must hold of any score."""
# ruff: noqa: PLR0917 - drawn one by one, in order

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from makerscope.errors import AccountingError, DomainError
from makerscope.kernels import scoring
from makerscope.kernels.muldiv import muldiv
from makerscope.kernels.scoring import LARGEST, LN2, UNIT
from makerscope.programs.sample_rule import (
    ASK,
    BID,
    Kernel,
    Reducer,
    SampleRule,
    _decay,
    distance,
    order_score,
    reduce_sides,
    sample_score,
    side_sum,
    weighed_order,
)

many = settings(deadline=None, derandomize=True, max_examples=250)
any_bits = st.integers(1, 63).flatmap(lambda bits: st.integers(0, 2**bits - 1))
near = st.integers(0, 10**5)
words = st.one_of(near, any_bits, st.sampled_from([UNIT - 1, UNIT, UNIT + 1, LARGEST]))


@st.composite
def rules(draw, kernels=tuple(Kernel)):
    kernel = draw(st.sampled_from(kernels))
    edges = sorted(draw(st.lists(words.filter(bool), min_size=1, max_size=8, unique=True)))
    low, high = sorted(draw(st.tuples(words, words)))
    reducer = draw(st.sampled_from(Reducer))
    rate = draw(st.integers(0, UNIT)) if kernel == Kernel.TICKS else max(draw(words), 10**7)
    return SampleRule(
        kernel=kernel,
        reducer=reducer,
        limit=max(draw(words), kernel in {Kernel.LINEAR, Kernel.QUADRATIC}),
        closed=draw(st.booleans()),
        rate=rate,
        nearest=max(draw(st.one_of(st.integers(0, 3), words)), kernel == Kernel.INVERSE),
        absolute=draw(st.one_of(st.just(0), words)),
        by_value=draw(st.booleans()),
        num=max(draw(words), 1),
        den=max(draw(words), 1),
        min_value=draw(st.one_of(st.just(0), words)),
        divisor=max(draw(words), 2 * UNIT if reducer == Reducer.EXCESS else 1),
        low=low,
        high=high,
        comparable=draw(st.one_of(st.just(0), words)),
        cap=draw(st.one_of(st.just(0), words)),
        edges=tuple(edges) if kernel == Kernel.BANDS else (),
        weights=tuple(draw(words) for _ in edges) if kernel == Kernel.BANDS else (),
    )


prices = st.one_of(near, st.integers(0, 2**61))
references = st.one_of(st.integers(1, 2 * 10**5), st.integers(1, 2**62))
sides = st.sampled_from((BID, ASK))
book_side = st.lists(st.tuples(near, st.one_of(near, words)), max_size=20)


def or_minus_one(function, *args, **kwargs):
    try:
        return function(*args, **kwargs)
    except AccountingError:
        return -1


@many
@given(words, words, words)
@example(LARGEST, LARGEST, LARGEST)
@example(LARGEST, LARGEST, LARGEST - 1)
@example(2**62, 2, 1)
@example(1, 1, 0)
def test_muldiv_is_the_exact_quotient_or_minus_one(a, b, c):
    want = a * b // c if c else -1
    assert muldiv(a, b, c) == (want if want <= LARGEST else -1)


@pytest.mark.parametrize("args", [(-1, 1, 1), (1, -1, 1), (1, 1, -1), (1, 1, 0)])
def test_muldiv_answers_minus_one_outside_its_domain(args):
    assert muldiv(*args) == -1


@many
@given(rules(), sides, prices, words, references, prices)
def test_an_order_scores_as_it_is_defined(rule, side, price, size, reference, best):
    want = or_minus_one(weighed_order, rule, side, price, size, reference, best=best)
    found = scoring.weighed_order(rule.row(), side, price, size, reference, best)
    assert found == ((-1, -1) if want == -1 else want)
    assert scoring.order_score_behind(rule.row(), side, price, size, reference, best) == found[0]
    if rule.kernel != Kernel.TICKS:
        assert scoring.order_score(rule.row(), side, price, size, reference) == found[0]


@many
@given(rules(), references, st.lists(st.tuples(near, near), max_size=20), st.integers(0, 4))
def test_ordinary_orders_score_as_they_are_defined(rule, reference, orders, at):
    assume(at < len(orders))
    price, size = orders[at]
    best = max(price for price, _ in orders)
    want = or_minus_one(order_score, rule, BID, price, size, reference, best=best)
    assert scoring.order_score_behind(rule.row(), BID, price, size, reference, best) == want


@many
@given(rules(), words, words, words, words, references)
def test_sides_are_reduced_as_it_is_defined(rule, bid, ask, bid_value, ask_value, reference):
    want = or_minus_one(reduce_sides, rule, (bid, bid_value), (ask, ask_value), reference)
    assert scoring.reduce_sides(rule.row(), bid, ask, bid_value, ask_value, reference) == want


@many
@given(rules(), sides, book_side, references, near)
def test_a_side_sums_as_it_is_defined(rule, side, orders, reference, best):
    price, size = (np.array(column, np.int64) for column in (zip(*orders, strict=True) if orders else ((), ())))
    chosen = np.zeros(16, np.int64)
    count = scoring.nearest_orders(side, price, size, 0, len(orders), chosen)
    found = scoring.side_sum(rule.row(), side, price, size, chosen, count, reference, best)
    want = or_minus_one(side_sum, rule, side, orders, reference, best=best)
    assert found == ((-1, -1) if want == -1 else want)


@many
@given(rules(), references, book_side, book_side, st.randoms(use_true_random=False))
def test_the_sequence_of_the_orders_changes_nothing(rule, reference, bids, asks, chance):
    before = or_minus_one(sample_score, rule, reference, bids, asks, (50, 50))
    chance.shuffle(bids)
    chance.shuffle(asks)
    assert or_minus_one(sample_score, rule, reference, bids, asks, (50, 50)) == before


SHAPED = {
    Kernel.FLAT: {},
    Kernel.LINEAR: {},
    Kernel.QUADRATIC: {},
    Kernel.INVERSE: {},
    Kernel.EXPONENTIAL: {"rate": 200 * UNIT},
    Kernel.BANDS: {"edges": (UNIT // 400, UNIT // 10), "weights": (4 * UNIT, UNIT)},
    Kernel.TICKS: {"rate": UNIT - UNIT // 50},
}


@pytest.mark.parametrize("kernel", Kernel)
@pytest.mark.parametrize("side", [BID, ASK])
def test_an_order_at_the_limit_scores_nothing_and_one_just_inside_something(kernel, side):
    reference, edge = 200_000, 1_000  # middle 100,000 ticks, limit 1 %
    rule = SampleRule(kernel=kernel, limit=UNIT // 100, **SHAPED[kernel])
    best = 100_000 - side * 990
    score = [
        scoring.order_score_behind(rule.row(), side, 100_000 - side * ticks, 10**9, reference, best)
        for ticks in (edge - 1, edge, edge + 1)
    ]
    assert score[0] > 0
    assert score[1:] == [0, 0]


@many
@given(st.integers(1, 10**6), st.integers(1, 10**9), st.integers(1, 10**9))
def test_a_closed_limit_counts_what_is_at_it_and_nothing_beyond(gap, base, limit):
    rule = SampleRule(limit=limit, closed=True, absolute=base)
    inside = gap * UNIT <= limit * base
    assert scoring.order_score(rule.row(), BID, 10**7 - gap, 7, 2 * 10**7) == (
        7 if 2 * gap * UNIT <= limit * base else 0
    )
    nearest = SampleRule(limit=limit, closed=True, absolute=base, nearest=gap)
    assert scoring.order_score(nearest.row(), BID, 10**7, 7, 2 * 10**7) == (7 if inside else 0)


@many
@given(rules(tuple(k for k in Kernel if k != Kernel.BANDS)), st.integers(1, 10**6), near, near, st.integers(1, 10**6))
def test_a_score_never_rises_with_distance_and_never_falls_with_size(rule, reference, closer, further, size):
    assume(not rule.by_value)
    closer, further = sorted((closer, further))
    middle = 10**6
    at = [
        or_minus_one(order_score, rule, ASK, middle + step, size, 2 * middle + reference % 2, best=middle)
        for step in (closer, further)
    ]
    assert at[1] <= at[0] or at[0] == -1
    more = or_minus_one(order_score, rule, ASK, middle + closer, 2 * size, 2 * middle + reference % 2, best=middle)
    assert more >= at[0] or more == -1


def test_the_exponential_is_within_four_pico_and_never_rises():
    ends = [n * LN2 + step for n in range(41) for step in (-2, -1, 0, 1, 2)]
    drawn = np.random.default_rng(5).integers(0, 30 * UNIT, 4_000).tolist()
    x = sorted({*drawn, *(max(each, 0) for each in ends), *range(2_000)})
    found = [scoring.decay(each) for each in x]
    assert found == sorted(found, reverse=True)
    assert found == [_decay(each) for each in x]
    with mp.workdps(40):
        error = [abs(got - UNIT * mp.exp(-mpf(each) / UNIT)) for got, each in zip(found, x, strict=True)]
    assert max(error) < 4
    assert scoring.decay(0) == UNIT
    assert scoring.decay(40 * LN2) == scoring.decay(LARGEST) == 0


def test_neighbouring_exponents_never_rise():
    for start in (0, LN2 // 2, LN2 - 20_000, 7 * LN2 - 10_000):
        found = [scoring.decay(start + step) for step in range(20_000)]
        assert found == sorted(found, reverse=True)


@many
@given(rules(), st.integers(1, 2 * 10**5), near, near)
def test_an_order_through_the_reference_counts_as_at_it(rule, reference, price, beyond):
    at = distance(rule, BID, (reference + 1) // 2, reference)
    assert distance(rule, BID, (reference + 1) // 2 + beyond, reference) == at <= distance(rule, BID, price, reference)


def test_one_sided_orders_are_no_presence_and_score_no_minimum():
    for reducer in (Reducer.MIN, Reducer.PRESENCE):
        assert sample_score(SampleRule(reducer=reducer), 200, [(99, 5)], []) == 0
    assert sample_score(SampleRule(reducer=Reducer.PRESENCE), 200, [(99, 5)], [(101, 1)]) == UNIT


def test_sides_of_a_comparable_presence_differ_by_at_most_a_part_of_the_smaller():
    rule = SampleRule(reducer=Reducer.PRESENCE, comparable=UNIT // 2)
    assert sample_score(rule, 200, [(99, 150)], [(101, 100)]) == UNIT
    assert sample_score(rule, 200, [(99, 151)], [(101, 100)]) == 0


def test_what_one_side_has_more_counts_in_part():
    rule = SampleRule(reducer=Reducer.EXCESS, divisor=10 * UNIT)
    assert sample_score(rule, 200, [(99, 50)], [(101, 30)]) == 30 + 2
    assert sample_score(rule, 200, [(99, 50)], []) == 5
    with pytest.raises(DomainError, match="at least 2"):
        SampleRule(reducer=Reducer.EXCESS, divisor=2 * UNIT - 1)


@many
@given(st.tuples(near, near), st.tuples(near, near), st.integers(2 * UNIT, 20 * UNIT))
def test_two_parts_never_score_more_than_the_whole_where_the_excess_counts_in_part(one, other, divisor):
    rule = SampleRule(reducer=Reducer.EXCESS, divisor=divisor)

    def score(part):
        return reduce_sides(rule, (part[0], 0), (part[1], 0), 200)

    assert score(one) + score(other) <= score((one[0] + other[0], one[1] + other[1]))


def test_sixteen_orders_of_a_side_count_the_best_priced_and_of_these_the_largest():
    orders = [(99 - step // 2, 1 + step % 2) for step in range(40)]
    assert sample_score(SampleRule(reducer=Reducer.SUM), 200, orders, []) == 16 // 2 * 3
    assert sample_score(SampleRule(reducer=Reducer.SUM), 200, [(99, 1)] * 16 + [(99, 5)], []) == 15 + 5


@pytest.mark.parametrize(
    ("given_fields", "fact"),
    [
        ({"kernel": 9}, "kernel is 9"),
        ({"reducer": -1}, "reducer is -1"),
        ({"limit": -1}, "limit is -1"),
        ({"rate": 0.5}, "rate is 0.5"),
        ({"cap": 2**63}, "cap is 9223372036854775808"),
        ({"kernel": Kernel.LINEAR}, "needs a limit"),
        ({"kernel": Kernel.INVERSE, "nearest": 0}, "nearest >= 1"),
        ({"kernel": Kernel.EXPONENTIAL, "limit": 5}, "needs a rate"),
        ({"kernel": Kernel.EXPONENTIAL, "rate": 5}, "without a limit"),
        ({"kernel": Kernel.TICKS, "rate": UNIT + 1}, "what is left"),
        ({"kernel": Kernel.BANDS}, "needs edges"),
        ({"kernel": Kernel.BANDS, "edges": (5, 5), "weights": (1, 1)}, "ascending"),
        ({"kernel": Kernel.BANDS, "edges": (5, 0, 7), "weights": (1, 1, 1)}, "ascending"),
        ({"kernel": Kernel.BANDS, "edges": (5,), "weights": (1, 1)}, "a weight for each"),
        ({"edges": tuple(range(1, 10))}, "at most 8"),
        ({"den": 0}, "must not be 0"),
        ({"low": 5, "high": 4}, "low 5 is above high 4"),
    ],
)
def test_a_rule_that_cannot_be_evaluated_is_refused_with_the_fact(given_fields, fact):
    with pytest.raises(DomainError, match=fact):
        SampleRule(**given_fields)


def test_an_order_that_is_too_large_is_named():
    rule = SampleRule(by_value=True, num=10**6)
    with pytest.raises(AccountingError, match="ask of 10000000000 lots at 10000000000"):
        sample_score(rule, 200, [], [(10**10, 10**10)])
    with pytest.raises(AccountingError, match="2 orders of a side"):
        sample_score(SampleRule(), 200, [(99, 2**62), (98, 2**62)], [])


def test_orders_out_of_the_domain_are_refused():
    for price, size, reference in ((-1, 1, 200), (1, -1, 200), (1, 1, 0), (2**61 + 1, 1, 200), (1, 1, 2**62 + 1)):
        with pytest.raises(DomainError):
            order_score(SampleRule(), BID, price, size, reference)
        assert scoring.order_score(SampleRule().row(), BID, price, size, reference) == -1
    rule = SampleRule(kernel=Kernel.TICKS, rate=UNIT // 2)
    with pytest.raises(DomainError, match="no best price"):
        order_score(rule, BID, 99, 1, 200)
    assert scoring.order_score(rule.row(), BID, 99, 1, 200) == -1


def test_the_words_of_a_rule_are_its_fields_in_order():
    rule = SampleRule(kernel=Kernel.BANDS, reducer=Reducer.SUM, closed=True, edges=(7, 8), weights=(2, 1), cap=5)
    assert rule.words() == (5, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, UNIT, 0, LARGEST, 0, 5, 7, 8, *[0] * 6, 2, 1, *[0] * 6)
    assert rule.row().tolist() == list(rule.words())
    assert rule.row().dtype == np.int64
