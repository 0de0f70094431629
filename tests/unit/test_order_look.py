"""Why an order did or did not count at a moment."""

import pytest

from makerscope.errors import InputError
from makerscope.programs import order_look
from makerscope.programs.evidence import evidence
from makerscope.programs.order_look import look_at
from makerscope.programs.program_file import read_program
from makerscope.programs.scoring import measure
from tests.tapes import SECOND, START
from tests.unit.test_scoring import FLAT, tape_of

ORDERS = [
    (0, "a", "far", "placed", 1, 9880, 100),
    (0, "a", "small", "placed", 1, 9990, 1),
    (9, "a", "young", "placed", 1, 9990, 100),
    (0, "a", "good", "placed", 1, 9989, 100),
    (0, "a", "other", "placed", -1, 10010, 100),
    (20, "a", "other", "cancelled", -1, 10010, 0),
]
QUOTED = [(0, 9995, 10005), (30, 9995, 10005)]


def looked(tmp_path, rule, at=10):
    found = measure(evidence(tape_of(tmp_path, ORDERS, QUOTED)), read_program(rule))
    return look_at(found, "a", START + at * SECOND)[0]


def verdicts(look):
    return {order.order: order.why for order in look.orders}


def test_each_order_says_what_kept_it_from_counting(tmp_path):
    look = looked(tmp_path, FLAT.replace("[group.formula", "min_value = 10\nmin_age_s = 5\n[group.formula"))
    assert verdicts(look) == {
        "far": order_look.TOO_FAR,
        "small": order_look.TOO_SMALL,
        "young": order_look.TOO_YOUNG,
        "good": "",
        "other": "",
    }
    good = next(order for order in look.orders if order.order == "good")
    assert (good.distance, good.value, good.score) == (11 * 10**12 // 10_000, 99_890_000, 99_890_000)
    assert look.sample == min(look.sides) == 99_890_000


def test_a_look_at_one_side_says_that_the_other_is_missing(tmp_path):
    assert looked(tmp_path, FLAT, at=25).why == order_look.ALONE


def test_sides_too_far_apart_count_nothing(tmp_path):
    look = looked(tmp_path, FLAT.replace("[group.formula", 'max_width = "5 bps"\n[group.formula'))
    assert set(verdicts(look).values()) == {order_look.TOO_WIDE, order_look.TOO_FAR}
    assert look.sample == 0


def test_a_moment_that_was_not_sampled_is_said_to_be_none(tmp_path):
    sampled = FLAT + '[sampling]\nmode = "grid"\nperiod_s = 4\n'
    assert not looked(tmp_path, sampled).sampled
    assert looked(tmp_path / "b", sampled, at=12).sampled


def test_a_moment_outside_the_epoch_and_a_maker_without_orders_are_refused(tmp_path):
    found = measure(evidence(tape_of(tmp_path, ORDERS, QUOTED)), read_program(FLAT))
    with pytest.raises(InputError, match="outside the epoch"):
        look_at(found, "a", START - 1)
    with pytest.raises(InputError, match="one of a"):
        look_at(found, "b", START)
