"""What fading and fills that back nothing cost, on tapes whose numbers can be done by hand."""

import polars as pl
import pytest

from makerscope.errors import InputError
from makerscope.programs import outlasting
from makerscope.programs.program_file import read_program
from makerscope.programs.scores import POOL
from makerscope.programs.scoring import score
from tests.tapes import START, fills, write_tape
from tests.unit.test_scoring import HEAD, by_maker, steps

SECOND = 1_000_000_000
UNIT = 10**12
RULE = """
[[group]]
name = "all"
normalise = "sample"
leftover = "carry"
[[group.measure]]
limit = "5 %"
reducer = "min"
by = "size"
[group.formula.exponents]
quality = 1
[group.reference]
price = "deep_mid"
"""
FADE = """
[group.fade]
price = "index"
move = "1 %"
within_s = 10
before_s = 1
after_s = 10
charge = 0.5
"""
FILLS = """
[group.fills]
horizon_s = 1
fair = "0 bps"
rich = "10 bps"
charge = 0.4
"""


def marks(times, index):
    stamps = [START + int(t * SECOND) for t in times]
    return pl.DataFrame(
        {"exchange_time": stamps, "local_time": stamps, "instrument": "test:BTC", "mark": index, "index": index}
    )


def both(maker, start, end, size=10, tag=""):
    """A maker's bid and ask from ``start`` to ``end`` seconds."""
    return [
        (start, maker, f"{maker}b{tag}", "placed", 1, 9990, size),
        (start, maker, f"{maker}a{tag}", "placed", -1, 10010, size),
        (end, maker, f"{maker}b{tag}", "cancelled", 1, 9990, 0),
        (end, maker, f"{maker}a{tag}", "cancelled", -1, 10010, 0),
    ]


CRASH = marks([0, 50, 100], [10_000, 9_000, 9_000])


def scored(tmp_path, rows, rule=HEAD + RULE + FADE, **tables):
    rows = sorted(rows, key=lambda row: row[0])
    return by_maker(score(write_tape(tmp_path / "tape", orders=steps(rows), **tables), read_program(rule)))


def test_who_leaves_when_the_price_moves_is_charged_and_who_stays_is_not(tmp_path):
    rows = [*both("stays", 0, 100), *both("leaves", 0, 50), *both("leaves", 60, 100, tag="2")]
    found = scored(tmp_path, rows, marks=CRASH)
    assert found["stays"].component["kept"] == UNIT
    assert found["leaves"].component["kept"] == 0
    # alone for 10 s, half of the rest; the other has half of 90 s and loses half of that
    assert found["stays"].points == POOL * 55 // 100
    assert found["leaves"].points == POOL * 45 // 100 // 2


def test_what_is_back_for_an_instant_counts_for_an_instant(tmp_path):
    flash = [*both("flash", 0, 50), *both("flash", 54, 55, tag="2"), *both("flash", 60, 100, tag="3")]
    found = scored(tmp_path, [*both("stays", 0, 100), *flash], marks=CRASH)
    # half of the held depth during one second of ten; its mean share is half of 91 of 100 seconds
    assert found["flash"].component["kept"] == UNIT * 100 // (10 * 91)


def test_an_account_that_rotates_out_of_every_move_has_kept_nothing(tmp_path):
    """A fresh account for each stretch: only one of ten is there before the move, yet all of them are charged."""
    rotated = [row for k in range(10) for row in both(f"r{k}", 10 * k, min(10 * k + 10, 100) if k != 4 else 50)]
    found = scored(tmp_path, [*both("stays", 0, 100), *rotated[:20], *rotated[20:]], marks=CRASH)
    assert [found[f"r{k}"].component["kept"] for k in range(10) if k != 5] == [0] * 9
    whole = sum(found[f"r{k}"].points for k in range(10))
    one = scored(tmp_path / "one", [*both("stays", 0, 100), *both("one", 0, 50), *both("one", 50, 100, tag="2")],
                 marks=CRASH)["one"]  # fmt: skip
    assert whole < one.points


def test_without_a_move_nobody_is_charged(tmp_path):
    found = scored(tmp_path, both("late", 60, 100), marks=marks([0, 100], [10_000, 10_000]))
    assert found["late"].component["kept"] == UNIT


def test_a_price_that_the_tape_does_not_have_is_named(tmp_path):
    with pytest.raises(InputError, match=r"fade\.price 'index'"):
        scored(tmp_path, both("a", 0, 100))


def test_fills_count_by_their_markout_and_back_a_share_of_quality(tmp_path):
    rows = [*both("fair", 0, 100), *both("rich", 0, 100), *both("none", 0, 100)]
    # the middle is 10000 ticks: bought at 10000 there is no gain, at 9995 five bps, at 9980 twenty
    done = fills(
        [10, 20, 30], maker=["fair", "rich", "rich"], price=[10_000, 9_995, 9_980], size=[2, 2, 50], taker=["t"] * 3
    )
    moving = [(95, "fair", "x", "placed", 1, 9000, 1), (100, "fair", "x", "cancelled", 1, 9000, 0)]
    found = scored(tmp_path, [*rows, *moving], HEAD + RULE + FILLS, fills=done)
    assert found["fair"].component["backed"] == UNIT  # two thirds of what counts by a third of quality
    assert found["rich"].component["backed"] == UNIT  # one third by a third
    assert found["none"].component["backed"] == 0
    assert found["none"].points == pytest.approx(POOL / 3 * 0.6, rel=1e-6)


def test_a_fill_with_oneself_backs_nothing(tmp_path):
    rows = [*both("a", 0, 99), *both("b", 0, 100)]
    done = fills([10, 20], maker=["a", "b"], taker=["a", "t"], price=[10_000, 10_000])
    found = scored(tmp_path, rows, HEAD + RULE + FILLS, fills=done)
    assert (found["a"].component["backed"], found["b"].component["backed"]) == (0, UNIT)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (('rich = "10 bps"', 'rich = "0 bps"'), "fair below rich"),
        (('rich = "10 bps"', 'rich = "1 vol"'), "one unit"),
        (("charge = 0.4", "charge = 1.4"), "at most 1"),
        (('normalise = "sample"', 'normalise = "sample_side"'), "normalise"),
    ],
)
def test_a_charge_that_means_nothing_is_refused(tmp_path, change, what):
    done = fills([10], price=[10_000])
    with pytest.raises(InputError, match=what):
        scored(tmp_path, both("a", 0, 100), (HEAD + RULE + FILLS).replace(*change), fills=done)


def test_who_is_gone_when_takers_come_earns_nothing_and_whom_they_hit_earns_all(tmp_path):
    gone = [
        *both("gone", 0, 30), *both("gone", 31, 60, tag="2"), *both("gone", 61, 100, tag="3"),
    ]  # fmt: skip
    hit = [
        (0, "hit", "b", "placed", 1, 9990, 10),
        (0, "hit", "a", "placed", -1, 10010, 10),
        (30.5, "hit", "a", "filled", -1, 10010, 4),
        (60.5, "hit", "a", "filled", -1, 10010, 0),
        (60.6, "hit", "a2", "placed", -1, 10010, 10),
        (100, "hit", "b", "cancelled", 1, 9990, 0),
    ]
    taken = fills([30.5, 60.5], maker=["hit"] * 2, side=[-1] * 2, price=[10_010] * 2, size=[6, 4])
    found = scored(tmp_path, [*hit, *gone], HEAD + RULE + "[group.asked]\n", fills=taken)
    assert (found["gone"].component["asked"], found["gone"].points) == (0, 0)
    assert found["hit"].component["asked"] == UNIT


def test_a_trade_with_oneself_is_no_taker(tmp_path):
    rows = [*both("a", 0, 100), *both("b", 0, 50)]
    with_itself = fills([60], maker=["a"], taker=["a"], side=[-1], price=[10_010])
    found = scored(tmp_path, rows, HEAD + RULE + "[group.asked]\n", fills=with_itself)
    assert found["b"].component["asked"] == UNIT


def test_it_does_not_matter_how_many_looks_are_taken_at_once(tmp_path, monkeypatch):
    rows = [*both("stays", 0, 100), *both("leaves", 0, 50), *both("leaves", 55, 100, tag="2")]
    taken = fills([10, 52, 60], maker=["stays"] * 3, side=[-1] * 3, price=[10_010] * 3)
    rule = HEAD + RULE + FADE + "[group.asked]\n"
    whole = scored(tmp_path / "whole", rows, rule, marks=CRASH, fills=taken)
    monkeypatch.setattr(outlasting, "_CELLS", 2)
    assert scored(tmp_path / "parts", rows, rule, marks=CRASH, fills=taken) == whole
