"""A recorded price on a grid: last known value, no look-ahead, gaps told."""

import bisect
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from makerscope.errors import InputError
from makerscope.market.recorded_path import heard_share, recorded_path
from makerscope.market.reference_terms import YEAR_NS
from tests.tapes import SECOND, START, quotes, write_tape


def at(seconds):
    return START + int(seconds * SECOND)


def test_each_point_has_the_last_value_known_then(tmp_path):
    tape = write_tape(
        tmp_path / "tape", quotes=quotes([0, 1.5, 2, 4.2], [999, 1009, 1019, 1029], [1001, 1011, 1021, 1031])
    )
    path = recorded_path(tape, "test:BTC", step=SECOND, end=at(6)).path
    np.testing.assert_allclose(path.spot[0], [100.0, 100.0, 102.0, 102.0, 102.0, 103.0])
    assert (path.begin, path.end) == (at(0), at(6))
    assert path.heard.all()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 50), min_size=1, max_size=12), st.integers(1, 7), st.integers(0, 30))
def test_a_later_value_never_changes_an_earlier_point(tmp_path_factory, gaps, step, cut):
    times = np.cumsum([0, *gaps]).tolist()
    prices = [1000 + 7 * i for i in range(len(times))]
    tape = write_tape(tmp_path_factory.mktemp("t") / "tape", quotes=quotes(times, prices, [p + 2 for p in prices]))
    path = recorded_path(tape, "test:BTC", step=step * SECOND, begin=at(0), end=at(times[-1] + 1)).path
    for i, price in enumerate(path.spot[0]):
        known = bisect.bisect_right(times, i * step) - 1
        assert price == pytest.approx((prices[known] + 1) * 0.1)
    early = recorded_path(tape, "test:BTC", step=step * SECOND, begin=at(0), end=at(cut + 1)).path
    n = min(early.spot.shape[1], path.spot.shape[1])
    np.testing.assert_array_equal(early.spot[:, :n], path.spot[:, :n])
    np.testing.assert_array_equal(early.variance[:, :n], path.variance[:, :n])


def test_a_one_sided_book_keeps_the_last_middle(tmp_path):
    rows = quotes([0, 1, 2], [999, None, 1009], [1001, 1003, 1011])
    path = recorded_path(write_tape(tmp_path / "tape", quotes=rows), "test:BTC", step=SECOND).path
    np.testing.assert_allclose(path.spot[0], [100.0, 100.0, 101.0])


def test_an_outage_is_reported_and_gives_no_variance(tmp_path):
    times = [0, 1, 2, 3, 60, 61, 62]
    prices = [1000, 1001, 1000, 1001, 2000, 2001, 2000]
    tape = write_tape(
        tmp_path / "tape", silence={"quotes": 10 * SECOND}, quotes=quotes(times, prices, [p + 2 for p in prices])
    )
    found = recorded_path(tape, "test:BTC", step=SECOND, end=at(70), half_life=5 * SECOND)
    assert found.gaps == ((at(3), at(60)), (at(62), at(70)))
    assert found.values == 7
    path = found.path
    assert np.flatnonzero(path.heard[0]).tolist() == times
    assert heard_share(path).tolist() == [7 / 70]
    assert path.spot[0, 59] == pytest.approx(100.2)
    assert path.variance[0, 60] == path.variance[0, 3]
    move = math.log(2002 / 2001)
    keep = 0.5 ** (1 / 5)
    assert path.variance[0, 61] == pytest.approx(keep * path.variance[0, 60] + (1 - keep) * move**2 * YEAR_NS / SECOND)


def test_a_start_inside_an_outage_is_a_gap(tmp_path):
    tape = write_tape(
        tmp_path / "tape", silence={"quotes": 10 * SECOND}, quotes=quotes([0, 100, 101], [999] * 3, [1001] * 3)
    )
    found = recorded_path(tape, "test:BTC", step=10 * SECOND, begin=at(50))
    assert found.gaps == ((at(50), at(100)),)
    assert found.path.heard[0].tolist() == [False] * 5 + [True]


def test_marks_and_trades_are_sources_too(tmp_path):
    clock = {"exchange_time": [at(0), at(1)], "instrument": ["test:BTC"] * 2}
    marks = pl.DataFrame(clock | {"mark": [1, 1], "index": [1000, 1010], "funding": [None, None]})
    trade = {"aggressor": [1, -1], "first_price": [1, 2], "last_price": [1020, 1030], "size": [1, 1], "cash": [1, 1]}
    trades = pl.DataFrame(clock | trade | {"fills": [1, 1]})
    tape = write_tape(tmp_path / "tape", marks=marks, trades=trades)
    for source, want in (("marks", [100.0, 101.0]), ("trades", [102.0, 103.0])):
        path = recorded_path(tape, "test:BTC", step=SECOND, source=source).path
        np.testing.assert_allclose(path.spot[0], want)


def test_what_is_not_there_is_named(tmp_path):
    tape = write_tape(tmp_path / "tape", quotes=quotes([5], [999], [1001]))
    for more, words in (
        ({"instrument": "test:ETH"}, "not on the tape"),
        ({"source": "book"}, "no such source"),
        ({"source": "trades"}, "no price is known"),
        ({"begin": at(1)}, "no price is known"),
        ({"begin": at(9), "end": at(9)}, "not after the first point"),
    ):
        with pytest.raises(InputError, match=words):
            recorded_path(tape, **({"instrument": "test:BTC", "step": SECOND} | more))
