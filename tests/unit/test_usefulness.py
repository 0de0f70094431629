"""What makers were worth to takers, by hand."""

import pytest

from makerscope.errors import InputError
from makerscope.programs.evidence import evidence
from makerscope.programs.usefulness import usefulness
from tests.tapes import trades, write_tape
from tests.unit.test_charges import both
from tests.unit.test_scoring import steps


def used(tmp_path, rows, **changes):
    tape = write_tape(
        tmp_path / "tape",
        orders=steps(sorted(rows, key=lambda row: row[0])),
        trades=trades([10, 60], [1, 1], [10, 10], taker=["t", "own"]),
    )
    return {item.maker: item for item in usefulness(evidence(tape), "test:BTC", **changes)}


def test_a_maker_saved_what_the_same_trade_costs_without_it(tmp_path):
    # lots of 0.001 at ticks of 0.1: asks of 4 lots at 10010 and 10 at 10020; the middle is 10000
    far = [
        (0, "far", "fb", "placed", 1, 9980, 10), (0, "far", "fa", "placed", -1, 10020, 10),
        (100, "far", "fb", "cancelled", 1, 9980, 0),
    ]  # fmt: skip
    found = used(tmp_path, [*both("near", 0, 50, size=4), *far], without=["own"])
    # with both: 4 * 10 + 6 * 20 = 160; without near 200; without far 4 * 10 + 6 * 200 (2 %) = 1240
    assert found["near"].saved == pytest.approx((200 - 160) * 1e-4)
    assert found["far"].saved == pytest.approx((1240 - 160) * 1e-4)
    assert (found["near"].takeable, found["far"].takeable) == pytest.approx((4.0, 10.0))
    assert found["near"].askers == 1


def test_without_trades_there_is_nothing_to_say(tmp_path):
    with pytest.raises(InputError, match="nobody traded"):
        used(tmp_path, both("a", 0, 100), windows=[])
