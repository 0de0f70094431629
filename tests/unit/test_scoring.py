"""Scores of small tapes whose numbers can be done by hand."""

import polars as pl
import pytest

from makerscope.errors import InputError
from makerscope.programs.program_file import read_program
from makerscope.programs.scores import POOL
from makerscope.programs.scoring import score
from tests.tapes import SECOND, START, quotes, write_tape

HEAD = """
name = "mine"
version = 1
title = "a test"
status = "ours"
source = "this file"
valid_from = "2026-01-01"
"""
FLAT = (
    HEAD
    + """
[[group]]
name = "all"
[[group.measure]]
limit = "100 bps"
[group.formula.exponents]
quality = 1
"""
)


def steps(rows):
    """Order steps: second, maker, order, action, side, price, size."""
    return pl.DataFrame(
        [
            {
                "exchange_time": START + int(t * SECOND), "local_time": START + int(t * SECOND), "serial": n,
                "instrument": "test:BTC", "maker": maker, "order": order, "action": action, "side": side,
                "price": price, "size": size,
            }
            for n, (t, maker, order, action, side, price, size) in enumerate(rows)
        ]
    )  # fmt: skip


def tape_of(tmp_path, rows, quoted=(), **tables):
    times, bids, asks = zip(*quoted, strict=True) if quoted else ((), (), ())
    shown = {"quotes": quotes(times, list(bids), list(asks))} if quoted else {}
    return write_tape(tmp_path / "tape", orders=steps(rows), **shown, **tables)


TWO = [
    (0, "a", "a1", "placed", 1, 9990, 10),
    (0, "a", "a2", "placed", -1, 10010, 10),
    (0, "b", "b1", "placed", 1, 9995, 30),
    (0, "b", "b2", "placed", -1, 10005, 30),
    (50, "b", "b1", "cancelled", 1, 9995, 0),
    (100, "a", "a1", "cancelled", 1, 9990, 0),
    (100, "a", "a2", "cancelled", -1, 10010, 0),
    (100, "b", "b2", "cancelled", -1, 10005, 0),
]


def by_maker(scores):
    return {item.maker: item for item in scores.standings}


def test_an_integral_is_exact_and_two_sided_at_the_same_moment(tmp_path):
    found = by_maker(score(tape_of(tmp_path, TWO, [(0, 9995, 10005), (99, 9995, 10005)]), read_program(FLAT)))
    # a: the bid of 10 lots at 999.0 is the smaller side: 9.99 USD for 100 s; b: 30 lots at 999.5 for 50 s
    assert found["a"].component == {"quality": 9_990_000 * 100 * SECOND, "uptime": 100 * SECOND}
    assert found["b"].component == {"quality": 29_985_000 * 50 * SECOND, "uptime": 50 * SECOND}
    assert found["a"].points + found["b"].points in (POOL, POOL - 1)


def test_shares_of_each_moment_pay_for_being_there_when_others_are_not(tmp_path):
    tape = tape_of(tmp_path, TWO, [(0, 9995, 10005), (99, 9995, 10005)])
    per_sample = read_program(FLAT.replace('name = "all"', 'name = "all"\nnormalise = "sample"'))
    found = by_maker(score(tape, per_sample))
    share = 9_990_000 * 10**12 // (9_990_000 + 29_985_000)
    assert found["a"].component["quality"] == (share + 10**12) * 50 * SECOND
    epoch = by_maker(score(tape, read_program(FLAT)))
    assert found["a"].points > epoch["a"].points


def test_a_tape_without_resting_orders_is_refused_and_the_table_named(tmp_path):
    tape = write_tape(tmp_path / "tape", quotes=quotes([0], [1], [2]))
    with pytest.raises(InputError, match="orders"):
        score(tape, read_program(FLAT))


def test_what_nobody_published_must_be_given():
    text = FLAT.replace('"100 bps"', '"$far"') + '[parameters.far]\nmeaning = "how far"\n'
    with pytest.raises(InputError, match="far"):
        read_program(text)
    assert read_program(text, {"far": "3 bps"}).assumed == {"far": "3 bps"}


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("limit =", "limits ="), "limits"),
        (('"100 bps"', '"100"'), "unit"),
        (("quality = 1", "quantity = 1"), "quantity"),
        (("version = 1", 'version = "x"'), "version"),
        (("quality = 1", "quality = -1"), "negative"),
    ],
)
def test_a_wrong_key_is_one_clear_line(tmp_path, change, what):
    with pytest.raises(InputError, match=what) as caught:
        score(tape_of(tmp_path, TWO, [(0, 9995, 10005), (99, 9995, 10005)]), read_program(FLAT.replace(*change)))
    assert "\n" not in str(caught.value)


def test_the_same_tape_and_seed_give_the_same_scores(tmp_path):
    sampled = read_program(FLAT + '[sampling]\nmode = "independent"\nsamples = 50\n')
    tape = tape_of(tmp_path, TWO, [(0, 9995, 10005), (99, 9995, 10005)])
    first, again = score(tape, sampled, seed=b"7" * 32), score(tape, sampled, seed=b"7" * 32)
    assert first == again
    assert first != score(tape, sampled, seed=b"8" * 32)
    assert by_maker(first)["a"].component["uptime"] == 50


def test_an_epoch_begins_with_the_reference_that_was_known_before_it(tmp_path):
    tape = tape_of(tmp_path, TWO, [(0, 9995, 10005), (99, 9995, 10005)])
    late = score(tape, read_program(FLAT), since=START + 20 * SECOND)
    assert [item.blind for item in late.markets] == [0]
    assert by_maker(late)["a"].component["uptime"] == 80 * SECOND
