"""What would have raised a score, and orders at a moment, under every shipped program."""

import numpy as np
import pytest

from makerscope.kernels.score_sweep import INSTANTS
from makerscope.programs.components import Looks, counted_orders, swept
from makerscope.programs.evidence import evidence
from makerscope.programs.explain import raised
from makerscope.programs.gates import parties_of
from makerscope.programs.order_look import look_at
from makerscope.programs.program_file import find_program, preset_names
from makerscope.programs.scores import POOL
from makerscope.programs.scoring import measure, scores_of
from makerscope.programs.what_if import CHANGES
from tests.preset_tapes import GIVEN, LONG, SEED, quoting, tape_of, world
from tests.tapes import SECOND, START

SIZE = {"perp": 4000, "prediction": 40_000, "option": 40}


@pytest.mark.parametrize("name", preset_names())
def test_every_change_is_scored_and_every_order_explained(tmp_path, name):
    kind = world(name)
    orders = [
        *quoting(kind, "near", 6, SIZE[kind]),
        *quoting(kind, "brief", 6, SIZE[kind] // 2, end=LONG // 2),
        *quoting(kind, "wide", 14, SIZE[kind]),
    ]
    trades = [(LONG // 3 + k, maker, 2) for k, maker in enumerate(("near", "brief", "wide"))]
    tape = tape_of(tmp_path, kind, orders, trades)
    previous = {"any": {"maker_volume": {maker: [1000] for maker in ("near", "brief", "wide")}}}
    rule = find_program(name, GIVEN.get(name))
    found = measure(evidence(tape, since=START, until=START + LONG * SECOND), rule, seed=SEED)
    points = scores_of(found, previous=previous).points()
    for maker in ("near", "brief"):
        told = raised(found, maker, previous=previous)
        assert {item.change for item in told} == set(CHANGES)
        assert all(item.points is not None or item.why for item in told)
        assert all(0 <= points.get(maker, 0) + (item.points or 0) <= POOL for item in told)
        gains = [item.points for item in told if item.points is not None]
        assert gains == sorted(gains, reverse=True)
    time = START + SECOND * LONG // 4
    looks = look_at(found, "near", time)
    assert looks
    for look in looks:
        assert all(bool(order.why) == (order.score == 0) for order in look.orders)
        assert look.sample == swept_at(found, look, time)


def swept_at(found, look, time):
    """The same sample as the sweep has it."""
    group = next(group for group in found.program.group if group.name == look.group)
    market = next(item for item in found.markets[look.group] if item.instrument.instrument == look.market)
    place = next(k for k, item in enumerate(group.measure) if item.name == look.measure)
    makers = found.ev.makers
    found_there = swept(
        counted_orders(
            found.ev.lives[look.market], market.instrument, group.measure[place], market.rules[place], makers
        ),
        market.track,
        market.span,
        Looks(mode=INSTANTS, instants=np.array([time])),
        market.rules[place],
        makers=makers,
        most=group.measure[place].most_orders,
        parties=parties_of(found.program, makers),
        keep=True,
    )
    return found_there.seen[0, makers.index("near")]
