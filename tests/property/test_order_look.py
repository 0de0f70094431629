"""An order by order account of a moment against the sweep that scores programs."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.kernels.score_sweep import INSTANTS
from makerscope.programs.components import Looks, counted_orders, swept
from makerscope.programs.evidence import evidence
from makerscope.programs.gates import parties_of
from makerscope.programs.order_look import look_at
from makerscope.programs.program_file import read_program
from makerscope.programs.scoring import measure
from tests.tapes import SECOND, START, quotes, write_tape
from tests.unit.test_scoring import FLAT

LIMIT = 'limit = "100 bps"'
MEASURES = {
    "flat": LIMIT,
    "at most": 'limit = "20 bps"\nclosed = true',
    "inverse, few": 'limit = "40 bps"\nkernel = "inverse"\nmost_orders = 2',
    "aged": LIMIT + "\nmin_age_s = 4\nmax_age_s = 20",
    "large": LIMIT + "\nmin_value = 6\nstrictly = true",
    "narrow": LIMIT + '\nmax_width = "30 bps"\nor_width = "8 ticks"',
    "a bracket": 'limit = "60 bps"\nbeyond = "20 bps"',
    "one side": LIMIT + '\nsides = "ask"\nreducer = "sum"',
    "a heavy side": LIMIT + "\nmin_side = 9",
    "the best contracts": LIMIT + "\nwithin_size = 0.012",
    "present": LIMIT + '\nreducer = "presence"\ncomparable = 0.5',
    "bands": 'kernel = "bands"\nband = [{below = "20 bps", weight = 1}, {below = "50 bps", weight = 0.25}]',
}
order = st.tuples(
    st.integers(0, 30), st.integers(1, 25), st.sampled_from("ab"), st.sampled_from([1, -1]), st.integers(0, 60),
    st.integers(1, 12),
)  # fmt: skip


def tape_of(folder, orders):
    rows = []
    for n, (start, long, maker, side, behind, size) in enumerate(orders):
        price = 10_000 - side * (behind + 1)
        rows += [(start, n, maker, "placed", side, price, size), (start + long, n, maker, "cancelled", side, price, 0)]
    rows.sort(key=lambda row: row[0])
    frame = pl.DataFrame(
        [
            {
                "exchange_time": START + t * SECOND, "local_time": START + t * SECOND, "serial": k,
                "instrument": "test:BTC", "maker": maker, "order": f"o{n}", "action": action, "side": side,
                "price": price, "size": size,
            }
            for k, (t, n, maker, action, side, price, size) in enumerate(rows)
        ]
    )  # fmt: skip
    times = list(range(61))
    shown = quotes(times, [9995 + t % 3 for t in times], [10_004 + t % 2 for t in times])
    return write_tape(folder, orders=frame, quotes=shown)


@pytest.mark.parametrize("name", MEASURES)
@settings(max_examples=8, deadline=None, derandomize=True)
@given(orders=st.lists(order, min_size=1, max_size=14))
def test_orders_that_count_add_up_to_what_the_sweep_scores(tmp_path_factory, name, orders):
    program = read_program(FLAT.replace(LIMIT, MEASURES[name]))
    tape = tape_of(tmp_path_factory.mktemp("look") / "tape", orders)
    found = measure(evidence(tape), program)
    market, item = found.in_order()[0], program.group[0].measure[0]
    times = np.arange(0, 55, 4, dtype=np.int64) * SECOND + START + SECOND // 2
    makers = found.ev.makers
    seen = swept(
        counted_orders(found.ev.lives["test:BTC"], market.instrument, item, market.rules[0], makers),
        market.track,
        market.span,
        Looks(mode=INSTANTS, instants=times),
        market.rules[0],
        makers=makers,
        most=item.most_orders,
        parties=parties_of(program, makers),
        keep=True,
    ).seen
    for k, maker in enumerate(makers):
        for place, time in enumerate(times.tolist()):
            if time >= found.ev.until:
                continue
            looks = look_at(found, maker, time)
            if not looks:
                assert seen[place, k] == 0
                continue
            assert looks[0].sample == seen[place, k]
            assert all(bool(each.why) == (each.score == 0) for each in looks[0].orders)
