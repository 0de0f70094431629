"""The interval beside a sampled score against what other seeds pay."""

import numpy as np
import polars as pl
import pytest

from makerscope.programs.evidence import evidence
from makerscope.programs.program_file import read_program
from makerscope.programs.scores import POOL
from makerscope.programs.scoring import score_evidence
from tests.tapes import DAY, SECOND, START, quotes, write_tape
from tests.unit.test_scoring import FLAT

SAMPLED = '\n[sampling]\nmode = "independent"\nsamples = 150\n'
POWERS = FLAT.replace("quality = 1", "quality = 0.5\nuptime = 2")
BLEND = FLAT.replace("[group.formula.exponents]\nquality = 1", "[group.formula.blend]\nquality = 0.7\nuptime = 0.3")
SHARES = FLAT.replace('name = "all"', 'name = "all"\nnormalise = "sample"')
RULES = {
    "quality": FLAT,
    "powers": POWERS,
    "blend": BLEND,
    "shares of samples": SHARES,
    "shares, target, carried": SHARES.replace('name = "all"', 'name = "all"\nleftover = "carry"')
    + '[group.target]\nhigh = 40\n[group.stress]\nmove = "4 bps"\nwithin_s = 1\nwindow_s = 60\nweight = 4\n',
}


@pytest.fixture(scope="module")
def ev(tmp_path_factory):
    dice = np.random.default_rng(3)
    rows = []
    for maker, busy in (("a", 0.8), ("b", 0.5), ("c", 0.25)):
        for t in range(0, 3600, 30):
            if dice.random() < busy:
                size = int(dice.integers(5, 30))
                for side in (1, -1):
                    price = 10_000 - side * int(dice.integers(6, 60))
                    rows += [(t, maker, side, "placed", price, size), (t + 30, maker, side, "cancelled", price, 0)]
    frame = pl.DataFrame(rows, schema=["t", "maker", "side", "action", "price", "size"], orient="row").sort(
        "t", "action", maintain_order=True
    )
    frame = frame.with_columns(
        exchange_time=START + pl.col("t") * SECOND, instrument=pl.lit("test:BTC"),
        order=pl.format("{}{}", "maker", "side"), serial=pl.int_range(pl.len()),
    ).with_columns(local_time="exchange_time").drop("t")  # fmt: skip
    times = list(range(0, 3601, 10))
    middle = [10_000 + (4 if 1200 < t < 1500 else 0) for t in times]
    shown = quotes(times, [m - 5 for m in middle], [m + 5 for m in middle])
    folder = tmp_path_factory.mktemp("error") / "tape"
    return evidence(write_tape(folder, orders=frame, quotes=shown, silence={"orders": DAY}))


@pytest.mark.parametrize("name", RULES)
def test_the_error_is_the_deviation_over_seeds(ev, name):
    rule = read_program(RULES[name] + SAMPLED)
    runs = [score_evidence(ev, rule, seed=k.to_bytes(32)) for k in range(300)]
    paid = np.array([[run.points()[maker] / POOL for maker in "abc"] for run in runs])
    told = np.array([[{each.maker: each.error for each in run.standings}[maker] for maker in "abc"] for run in runs])
    assert np.sqrt((told**2).mean(axis=0)) == pytest.approx(paid.std(axis=0, ddof=1), rel=0.15)


def test_a_rule_that_always_looks_has_no_error_and_one_with_memory_an_unknown_one(ev):
    assert {each.error for each in score_evidence(ev, read_program(FLAT)).standings} == {0.0}
    memory = FLAT + '[group.hysteresis]\nkind = "ema"\nweight = 0.5\n' + SAMPLED
    assert {each.error for each in score_evidence(ev, read_program(memory)).standings} == {None}
