"""What would have raised a score: predicted changes are what a tape with those orders scores."""

import polars as pl
import pytest

from makerscope.errors import InputError
from makerscope.programs.components import Parties
from makerscope.programs.evidence import evidence
from makerscope.programs.explain import changed, makers_of, raised
from makerscope.programs.own_quotes import Scene, there, typical
from makerscope.programs.program_file import read_program
from makerscope.programs.scores import POOL
from makerscope.programs.scoring import measure, score, scores_of
from makerscope.programs.what_if import CHANGES
from tests.tapes import SECOND, START, quotes, write_tape
from tests.unit.test_scoring import FLAT, steps

MIDS = [(t, 9990 + t % 7 + (60 if t > 60 else 0), 10000 + t % 7 + (60 if t > 60 else 0)) for t in range(121)]
STEADY = [  # a maker that is always there, on both sides
    (0, "b", "b1", "placed", 1, 9990, 10),
    (0, "b", "b2", "placed", -1, 10010, 10),
    (100, "b", "b1", "cancelled", 1, 9990, 0),
    (100, "b", "b2", "cancelled", -1, 10010, 0),
]
ROWS = [
    (0, "a", "a1", "placed", 1, 9975, 20),
    (0, "a", "a2", "placed", -1, 10030, 20),
    (0, "b", "b1", "placed", 1, 9981, 30),
    (0, "b", "b2", "placed", -1, 10011, 30),
    (20, "a", "a1", "cancelled", 1, 9975, 0),
    (30, "a", "a2", "cancelled", -1, 10030, 0),
    (40, "a", "a3", "placed", 1, 9971, 13),
    (40, "a", "a4", "placed", -1, 10019, 21),
    (59, "a", "a5", "placed", 1, 9960, 7),
    (62, "a", "a3", "cancelled", 1, 9971, 0),
    (62, "a", "a4", "replaced", -1, 10099, 21),
    (80, "a", "a6", "placed", 1, 10031, 15),
    (120, "a", "a4", "cancelled", -1, 10099, 0),
    (120, "a", "a5", "cancelled", 1, 9960, 0),
    (120, "a", "a6", "cancelled", 1, 10031, 0),
    (120, "b", "b1", "cancelled", 1, 9981, 0),
    (120, "b", "b2", "cancelled", -1, 10011, 0),
]
INVERSE = FLAT.replace('limit = "100 bps"', 'limit = "60 bps"\nkernel = "inverse"')
RULES = {
    "integral": INVERSE,
    "sampled shares": INVERSE.replace('name = "all"', 'name = "all"\nnormalise = "sample"')
    + '[sampling]\nmode = "stratified"\nperiod_s = 2\n',
    "aged": INVERSE.replace("kernel =", "min_age_s = 3\nkernel ="),
    "stress and fading": INVERSE
    + """[group.stress]
move = "20 bps"
within_s = 10
window_s = 20
weight = 5
[group.fade]
move = "20 bps"
within_s = 10
before_s = 1
after_s = 10
charge = 0.5
""",
    "best of the book": INVERSE.replace('name = "all"', 'name = "all"\nreference = {price = "best"}'),
    "only the best contracts": INVERSE.replace("kernel =", "within_size = 0.04\nkernel ="),
}


def tape_of(folder, order_steps):
    times, bids, asks = zip(*MIDS, strict=True)
    return write_tape(folder, orders=order_steps, quotes=quotes(times, list(bids), list(asks)))


def as_steps(lives):
    """An order for each stretch: a tape on which the stretches really were."""
    rows = lives.sort("start", "maker", "side", "price", "size", "end").with_row_index("n")
    common = {"instrument": pl.lit("test:BTC"), "maker": pl.col("maker"), "order": pl.format("x{}", "n")}
    came = rows.select(
        exchange_time="start", action=pl.lit("placed"), side="side", price="price", size="size", **common
    )
    went = rows.select(
        exchange_time="end", action=pl.lit("cancelled"), side="side", price="price", size=pl.lit(0), **common
    )
    both = pl.concat([came, went], how="vertical_relaxed").sort("exchange_time", maintain_order=True)
    return both.with_columns(local_time="exchange_time").with_row_index("serial")


@pytest.fixture(scope="module")
def tape(tmp_path_factory):
    return tape_of(tmp_path_factory.mktemp("explain") / "tape", steps(ROWS))


@pytest.mark.parametrize("rule", RULES)
def test_a_predicted_change_is_what_a_tape_with_those_orders_scores(tape, tmp_path, rule):
    program = read_program(RULES[rule])
    found = measure(evidence(tape), program)
    before = scores_of(found).points()["a"]
    done = 0
    for item in raised(found, "a"):
        other = changed(found, "a", CHANGES[item.change].orders)
        if isinstance(other, str):
            assert item.points is None
            assert item.why
            continue
        real = tape_of(tmp_path / item.change, as_steps(_lives(found, item.change)))
        ends = {"since": found.ev.since, "until": found.ev.until}
        assert score(real, program, seed=found.seed, **ends).points()["a"] - before == item.points, item
        done += 1
    assert done >= 6


def _lives(found, change):
    """All orders of the market with those of ``a`` as they might have been; each as old as itself."""
    market, lives = found.in_order()[0], found.ev.lives["test:BTC"]
    own = pl.col("maker") == "a"
    scene = Scene(
        group=found.program.group[0],
        market=market,
        maker="a",
        rows=lives.filter(own),
        ev=found.ev,
        parties=_everybody(),
    )
    return pl.concat([lives.filter(~own), CHANGES[change].orders(scene)])


def _everybody():
    return Parties(enrolled=[True], stake=[0])


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        ("larger", lambda row: (*row[:6], row[6] + -(-row[6] // 10))),
        ("nearer", lambda row: (*row[:5], row[5] + row[4], row[6])),
    ],
)
def test_larger_and_nearer_orders_are_those_one_would_write_down(tape, tmp_path, change, moved):
    program = read_program(INVERSE)
    found = measure(evidence(tape), program)
    rows = [moved(row) if row[1] == "a" else row for row in ROWS]
    real = tape_of(tmp_path / "tape", steps(rows))
    want = score(real, program).points()["a"] - scores_of(found).points()["a"]
    assert {item.change: item.points for item in raised(found, "a")}[change] == want > 0


def test_a_maker_with_a_gap_would_have_earned_its_typical_quote_in_it(tmp_path):
    rows = [
        (0, "a", "a1", "placed", 1, 9990, 10),
        (0, "a", "a2", "placed", -1, 10010, 10),
        (50, "a", "a1", "cancelled", 1, 9990, 0),
        (50, "a", "a2", "cancelled", -1, 10010, 0),
        *STEADY,
    ]
    tape = write_tape(tmp_path / "tape", orders=steps(rows), quotes=quotes([0, 100], [9995, 9995], [10005, 10005]))
    found = measure(evidence(tape, until=START + 100 * SECOND), read_program(FLAT))
    assert scores_of(found).points() == {"b": 2 * POOL // 3, "a": POOL // 3}
    gains = {item.change: item.points for item in raised(found, "a")}
    assert gains["never_absent"] == POOL // 2 - POOL // 3
    assert gains["both_sides"] is None


def test_a_side_that_is_missing_is_mirrored_about_the_reference(tmp_path):
    rows = [
        (0, "a", "a1", "placed", 1, 9990, 10),
        (25, "a", "a2", "placed", -1, 10010, 10),
        (100, "a", "a1", "cancelled", 1, 9990, 0),
        (100, "a", "a2", "cancelled", -1, 10010, 0),
        *STEADY,
    ]
    tape = write_tape(tmp_path / "tape", orders=steps(rows), quotes=quotes([0, 100], [9995, 9995], [10005, 10005]))
    found = measure(evidence(tape, until=START + 100 * SECOND), read_program(FLAT))
    gains = {item.change: item.points for item in raised(found, "a")}
    assert gains["both_sides"] == POOL // 2 - 3 * POOL // 7
    assert gains["never_absent"] is None


def test_who_is_there_is_told_side_by_side_and_the_typical_moment_is_one_of_its_own(tape):
    found = measure(evidence(tape), read_program(INVERSE))
    lives = found.ev.lives["test:BTC"].filter(pl.col("maker") == "a")
    scene = Scene(
        group=found.program.group[0],
        market=found.in_order()[0],
        maker="a",
        rows=lives,
        ev=found.ev,
        parties=_everybody(),
    )
    bids, asks = there(scene)
    assert (START, START + 20 * SECOND) in bids
    assert (START, START + 30 * SECOND) in asks
    ladder = typical(scene)
    assert set(ladder["side"]) == {1, -1}
    assert set(ladder["size"]) <= {7, 13, 15, 20, 21}


def test_asking_about_nobody_names_who_is_there(tape):
    found = measure(evidence(tape), read_program(INVERSE))
    assert makers_of(found) == {"a", "b"}
    with pytest.raises(InputError, match="one of a, b"):
        raised(found, "nobody")
