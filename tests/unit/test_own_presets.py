"""Our own presets on tapes whose numbers can be done by hand."""

from math import exp

import polars as pl
import pytest

from makerscope.programs.leaves import why_not
from makerscope.programs.program_file import find_program
from makerscope.programs.sample_rule import UNIT
from makerscope.programs.scores import POOL
from makerscope.programs.scoring import score
from tests.tapes import SECOND, START, perp, write_tape
from tests.unit.test_charges import marks
from tests.unit.test_scoring import by_maker, steps

STILL = marks([0, 100], [10_000, 10_000])
OPTION = perp(
    "O", instrument="test:BTC", kind="option", strike="1000", expiry=START + 30 * 86_400 * SECOND, is_call=True
)


def two_sided(maker, away, size, start=0, end=100):
    """Bid and ask ``away`` ticks from 10,000 (1,000 USD), ``size`` lots of 0.001."""
    return [
        (start, maker, f"{maker}b", "placed", 1, 10_000 - away, size),
        (start, maker, f"{maker}a", "placed", -1, 10_000 + away, size),
        (end, maker, f"{maker}b", "cancelled", 1, 10_000 - away, 0),
        (end, maker, f"{maker}a", "cancelled", -1, 10_000 + away, 0),
    ]


def scored(tmp_path, rows, program, **tables):
    tape = write_tape(tmp_path / "tape", orders=steps(sorted(rows, key=lambda row: row[0])), **tables)
    return score(tape, program)


def chain(index, vega=1_000.0, delta=0.5):
    at = [START + t * SECOND for t, _ in index]
    return pl.DataFrame(
        {
            "exchange_time": at, "local_time": at, "instrument": "test:BTC", "mark": 1_000.0,
            "index": [price for _, price in index], "delta": delta, "vega": vega,
        }
    )  # fmt: skip


def test_depth_is_weighed_by_its_distance_and_paid_as_far_as_it_is_wanted(tmp_path):
    rule = find_program("makerscope_perp", {"target": "20", "cutoff": "0.5"})
    found = scored(tmp_path, [*two_sided("near", 5, 10), *two_sided("far", 20, 10)], rule, marks=STILL)
    # 10 lots of bids are 9.995 and 9.98 USD; 5 ticks are 5 bps and weigh exp(-1/2), 20 bps exp(-2); 20 USD are wanted
    near, far = 9.995 * exp(-0.5), 9.98 * exp(-2)
    own = by_maker(found)
    assert own["near"].points / POOL == pytest.approx(near / 20, rel=1e-6)
    assert own["far"].points / POOL == pytest.approx(far / 20, rel=1e-6)
    assert found.markets[0].left / POOL == pytest.approx(1 - (near + far) / 20, rel=1e-6)


def test_beyond_what_is_wanted_a_pool_is_shared(tmp_path):
    rule = find_program("makerscope_perp", {"target": "1", "cutoff": "0.5"})
    own = by_maker(scored(tmp_path, [*two_sided("a", 5, 30), *two_sided("b", 5, 10)], rule, marks=STILL))
    assert own["a"].points == pytest.approx(POOL * 3 / 4, rel=1e-6)
    assert own["b"].points == pytest.approx(POOL / 4, rel=1e-6)


def test_a_moment_of_stress_counts_ten_times(tmp_path):
    rule = find_program("makerscope_perp", {"target": "1", "cutoff": "0.5"})
    moved = marks([0, 50, 100], [10_000, 9_900, 9_900])
    rows = [*two_sided("calm", 5, 10, 0, 50), *two_sided("wild", 5, 10, 50, 100)]
    found = scored(tmp_path, rows, rule, marks=moved)
    own = by_maker(found)
    assert own["calm"].component["quality"] == UNIT * 50 * SECOND
    assert own["wild"].component["quality"] == 10 * UNIT * 50 * SECOND
    assert own["calm"].component["kept"] == 0
    assert found.markets[0].stressed == 50 * SECOND


def test_options_are_weighed_in_points_of_volatility(tmp_path):
    rule = find_program("makerscope_options", {"target": "0.01", "cutoff": "0.001"})
    rows = [*two_sided("near", 100, 10), *two_sided("wide", 300, 10), *two_sided("beyond", 1000, 10)]
    tables = {"instruments": [OPTION], "chain": chain([(0, 60_000.0), (99, 60_000.0)])}
    own = by_maker(scored(tmp_path, rows, rule, **tables))
    # vega is 1,000 USD for 1.00 of volatility, so 10 USD (100 ticks) are one point: exp(-1/2); three: exp(-3/2)
    assert own["near"].points / own["wide"].points == pytest.approx(exp(1), rel=2e-4)
    assert "beyond" not in own or own["beyond"].points == 0  # ten points are the limit


def test_options_are_in_stress_when_their_index_is(tmp_path):
    rule = find_program("makerscope_options", {"target": "0.01", "cutoff": "0.001"})
    rows = [*two_sided("stays", 100, 10), *two_sided("leaves", 100, 10, 0, 50)]
    tables = {"instruments": [OPTION], "chain": chain([(0, 60_000.0), (50, 59_000.0), (99, 59_000.0)])}
    found = scored(tmp_path, rows, rule, **tables)
    own = by_maker(found)
    assert found.markets[0].stressed > 0
    assert (own["leaves"].component["kept"], own["stays"].component["kept"]) == (0, UNIT)
    assert own["leaves"].points * 10 < own["stays"].points


def test_options_outside_the_deltas_asked_for_earn_nothing(tmp_path):
    rule = find_program("makerscope_options", {"target": "0.01", "cutoff": "0.001"})
    tables = {"instruments": [OPTION], "chain": chain([(0, 60_000.0), (99, 60_000.0)], delta=0.97)}
    assert not any(item.points for item in scored(tmp_path, two_sided("a", 100, 10), rule, **tables).standings)


def test_samples_of_the_sampled_variant_can_be_checked_one_by_one():
    assert why_not(find_program("makerscope_perp", {"sampling": "stratified"})) == ""
    assert "all the time" in why_not(find_program("makerscope_perp"))
    assert "per volatility" in why_not(find_program("makerscope_options", {"sampling": "stratified"}))
