"""Mark prices by rule, against the rule's own words in plain Python."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makerscope.errors import DomainError
from makerscope.market.layout import NONE
from makerscope.market.mark import BOOK, FAIR_BASIS, INDEX_PRICE, INDEX_TWAP, MEDIAN, MarkRule, mark, mark_state

SECOND = 10**9
tick = st.one_of(st.just(NONE), st.integers(900, 1100))
moments = st.lists(
    st.tuples(st.integers(1, 200), st.integers(900, 1100), tick, tick, tick, tick), min_size=1, max_size=30
)


def marks(rule, rows):
    state, now, found = mark_state([MarkRule(), rule]), 0, []
    for wait, *prices in rows:
        now += wait * SECOND
        found.append((now, mark(state, 1, now, *prices)))
    return found


class Average:
    """n <- n e^(-t/tau) + x t, d <- d e^(-t/tau) + t; the first value stands until time has passed."""

    def __init__(self, tau):
        self.tau, self.n, self.d, self.at, self.first = tau, 0.0, 0.0, None, None

    def see(self, now, x):
        if x is not None:
            if self.at is None:
                self.first = x
            else:
                t = now - self.at
                fade = math.exp(-t / self.tau)
                self.n, self.d = self.n * fade + x * t, self.d * fade + t
            self.at = now
        return self.n / self.d if self.d else self.first


def book_of(bid, ask, last):
    if min(bid, ask) < 0:
        return None
    return statistics.median([bid, ask, last]) if last > 0 else (bid + ask) / 2


def slow_hyperliquid(rows, tau, book_tau):
    now, premium, usual, found = 0, Average(tau), Average(book_tau), []
    for wait, index, bid, ask, last, elsewhere in rows:
        now += wait * SECOND
        middle = (bid + ask) / 2 if min(bid, ask) > 0 else None
        ema = premium.see(now, None if middle is None else middle - index)
        book = book_of(bid, ask, last)
        second = usual.see(now, book)
        three = [None if ema is None else index + ema, book, elsewhere if elsewhere > 0 else None]
        have = [one for one in three if one is not None]
        if len(have) == 2 and second is not None:
            have.append(second)
        found.append((now, max(statistics.median(have), 1) if have else index))
    return found


@given(moments)
def test_the_median_rule_is_hyperliquids(rows):
    rule = MarkRule(kind=MEDIAN, window=150 * SECOND, book_window=30 * SECOND)
    for (_, got), (_, want) in zip(marks(rule, rows), slow_hyperliquid(rows, 150 * SECOND, 30 * SECOND), strict=True):
        assert abs(got - want) <= 0.5 + 1e-6


def test_an_outlier_on_one_source_does_not_move_the_median():
    rule = MarkRule(kind=MEDIAN)
    steady = [(3, 1000, 999, 1001, 1000, 1000)] * 50
    assert marks(rule, [*steady, (3, 1000, 1300, 1302, 1301, 1000)])[-1][1] < 1010  # a book pushed up
    assert marks(rule, [*steady, (3, 1000, 999, 1001, 1000, 5000)])[-1][1] <= 1001  # another venue gone mad
    assert marks(rule, [*steady, (3, 500, 999, 1001, 1000, 1000)])[-1][1] >= 999  # an oracle gone mad


@given(moments)
def test_the_fair_basis_is_an_average_of_the_relative_premium(rows):
    average, rule = Average(60 * SECOND), MarkRule(kind=FAIR_BASIS, window=60 * SECOND)
    for (now, got), (_, index, bid, ask, last, elsewhere) in zip(marks(rule, rows), rows, strict=True):
        known = [one for one in (book_of(bid, ask, last), elsewhere if elsewhere > 0 else None) if one is not None]
        basis = average.see(now, sum(known) / len(known) / index - 1 if known else None)
        assert abs(got - index * (1 + (basis or 0.0))) <= 0.5 + 1e-6


def test_a_time_weighted_index_follows_in_its_window():
    rule = MarkRule(kind=INDEX_TWAP, window=300 * SECOND)
    rows = [(1, 1000, 1009, 1011, 1010, NONE)] * 2 + [(150, 1100, 1109, 1111, 1110, NONE)]
    assert [got for _, got in marks(rule, rows)] == [1010, 1010, 1060]
    assert marks(rule, [*rows, (300, 1200, NONE, NONE, NONE, NONE)])[-1][1] == 1210


def test_index_and_book_rules_are_what_they_say():
    row = (1, 1000, 1003, 1007, 1005, 900)
    assert marks(MarkRule(kind=INDEX_PRICE), [row])[0][1] == 1000
    assert marks(MarkRule(kind=BOOK), [row])[0][1] == 1005
    assert marks(MarkRule(kind=BOOK), [(1, 1000, NONE, 1007, 1005, 900)])[0][1] == 1000
    assert marks(MarkRule(kind=BOOK), [(1, 1000, 1003, 1006, NONE, 900)])[0][1] == 1005


def test_a_cap_keeps_the_mark_near_the_index():
    assert marks(MarkRule(kind=BOOK, cap=50_000), [(1, 1000, 1300, 1302, 1301, NONE)])[0][1] == 1050
    assert marks(MarkRule(kind=BOOK, cap=50_000), [(1, 1000, 700, 702, 701, NONE)])[0][1] == 950


def test_instruments_are_marked_apart():
    state = mark_state([MarkRule(kind=FAIR_BASIS), MarkRule(kind=FAIR_BASIS)])
    mark(state, 0, SECOND, 1000, 1099, 1101, 1100, NONE)
    assert mark(state, 0, 2 * SECOND, 1000, NONE, NONE, NONE, NONE) == 1100
    assert mark(state, 1, 2 * SECOND, 1000, NONE, NONE, NONE, NONE) == 1000


def test_impossible_rules_are_refused():
    with pytest.raises(DomainError, match="kind of 0 to 4"):
        MarkRule(kind=9)
