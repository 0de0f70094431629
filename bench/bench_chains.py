"""How long do days of a venue with an option chain take: one perpetual, 200 series, blocks of a second, on one core?

Five makers quote the whole chain again in every block, at once and within a tolerance; and twenty makers of all kinds
play three days among takers. Processor time of the loop without its tape; the small size plays a part of the time and
is multiplied. ``python -m bench.bench_chains`` also says how many messages a block has and what the loop keeps.
"""

import os
import time

from bench.common import Row, peak_mb, pin
from makerscope.sim import loop
from makerscope.sim import world as w
from makerscope.sim.build import build
from makerscope.sim.scenario import scenario_of

DAY = 24.0  # hours
MARKET = """
title = "A chain of 200 series"
hours = {hours}
grid_ms = 1000
profile = "deribit"
[chain]
block_ms = 1000
[venue]
margin = "plain"
budget = {{kind = "none"}}
[record]
orders = false
quotes = false
book_s = 0
[[underlying]]
symbol = "BTC"
spot = 60000
[[option]]
underlying = "BTC"
days = [4, 7, 14, 30, 60]
strikes = 20
step = 1000
tick = 5
lot = 0.1
[[agent]]
kind = "option-flow"
name = "flow"
count = 5
capital_usd = 1e8
numbers = {{per_hour = 60}}
"""
MAKER = """
[[agent]]
kind = "{kind}"
name = "{kind}"
count = {count}
capital_usd = 1e9
numbers = {{{numbers}}}
"""
NOISE = """
[[agent]]
kind = "noise"
name = "noise"
count = 5
capital_usd = 1e8
numbers = {per_hour = 60}
"""


def makers(kind, count, numbers=""):
    """So many of a kind."""
    return MAKER.format(kind=kind, count=count, numbers=numbers)


FIVE = makers("chain-maker", 5, "tolerance = 1")
WITHIN = makers("chain-maker", 5, "tolerance = 4")
TWENTY = "".join([
    makers("grid", 4),
    makers("glft", 3),
    makers("symmetric", 3),
    makers("option-maker", 5, "budget = 20, tolerance = 4"),
    makers("chain-maker", 5, "tolerance = 4"),
    NOISE,
])  # fmt: skip


def played(cast, hours):
    """Seconds of the processor that the loop takes, and its world at the end."""
    for length in (0.01, hours):  # the first loads what is compiled
        built = build(scenario_of((MARKET.format(hours=length) + cast).encode(), "bench"), seed=7)
        start = time.process_time()
        while (status := loop.run(built.handle)) == loop.EMPTY_LOG:
            built.world.venue.log.count[:] = 0
        seconds = time.process_time() - start
        if status != loop.DONE:
            raise RuntimeError(f"the market stopped with status {status}")
    return seconds, built.world


def run(small: bool) -> list[Row]:
    """The rows of the table."""
    pin()
    rows = []
    for what, cast, hours, wanted in (
        ("a day, 200 series, 5 makers re-quote each tick", FIVE, DAY, 15.0),
        ("the same within 4 ticks", WITHIN, DAY, 15.0),
        ("three days, 200 series, 20 makers", TWENTY, 3 * DAY, 60.0),
    ):
        part = hours / 48 if small else hours
        seconds, world = played(cast, part)
        messages, blocks = int(world.clock[w.C_ACTIONS]), int(world.clock[w.C_HEIGHT])
        rows.append(
            Row(
                area="market",
                what=f"{what} ({messages / blocks:.0f} messages a block)",
                ours_s=seconds * hours / part,
                peer=f"wanted: {wanted:g} s",
                peer_s=wanted,
                ours_mb=peak_mb(),
                target=None if small else 1.0,
            )
        )
    return rows


if __name__ == "__main__":
    for row in run(small=False):
        print(f"{row.what}: {row.ours_s:.1f} s; {row.peer}; peak {row.ours_mb:.0f} MB")
    print(f"load {os.getloadavg()[0]:.1f}")
