"""How long does the option maker take to decide about a chain of 500 series, and the constant-width maker beside it?

Both stand in one built market after some of its minutes, called through their C entry with the spot moved each time, as
the loop does it; no surface is fitted in between. Processor time on one core, the best of many batches.
"""

import time

from tests.agent_calls import Caller

from bench.common import Row, best_of, pin
from makerscope.agents.interface import R_SPOT
from makerscope.sim import loop
from makerscope.sim.build import build
from makerscope.sim.scenario import scenario_of

MOST_US = 25.0
SERIES, STRIKES = 500, 25
MARKET = """
title = "One chain"
hours = 0.02
grid_ms = 1000
profile = "deribit"
[venue]
margin = "plain"
budget = {{kind = "none"}}
[chain]
block_ms = 1000
[[underlying]]
symbol = "BTC"
spot = 60000
[[option]]
underlying = "BTC"
days = [1, 2, 3, 5, 8, 14, 30, 60, 120, 250]
strikes = {strikes}
step = 1000
tick = 5
lot = 0.1
[[agent]]
kind = "{kind}"
name = "maker"
capital_usd = 1e9
numbers = {{{numbers}}}
[[agent]]
kind = "noise"
name = "taker"
capital_usd = 1e7
numbers = {{first = 1, last = {last}, per_hour = 20000, slippage_bps = 1000}}
"""


def decision(kind, numbers, calls, batches, *, moves):
    """Seconds of one decision while the spot goes to and fro by ``moves`` of itself, and messages sent a decision."""
    text = MARKET.format(strikes=STRIKES, kind=kind, numbers=numbers, last=SERIES)
    built = build(scenario_of(text.encode(), "bench"), seed=7)
    if loop.run(built.handle) != loop.DONE:
        raise RuntimeError("the market did not end")
    call = Caller(built)
    reference, written, where = call.world.reference, call.world.written, call.where
    spot = float(reference[0, R_SPOT])

    def batch():
        sent = 0
        for n in range(calls):
            written[0] = 0
            reference[0, R_SPOT] = spot * (1.0 + moves * (n % 7 - 3))
            call.entry(*where)
            sent += int(written[0])
        return sent / calls

    best, sent = best_of(batches, batch, clock=time.process_time)

    def nothing():  # what Python takes of it
        sent = 0
        for n in range(calls):
            written[0] = 0
            reference[0, R_SPOT] = spot * (1.0 + moves * (n % 7 - 3))
            sent += int(written[0])
        return sent

    return (best - best_of(batches, nothing, clock=time.process_time)[0]) / calls, sent


def run(small):
    """Rows of the table of ratios."""
    pin()
    rows, batches = [], 5 if small else 40
    slow = "fit_s = 1e5, stop_minutes = 0"
    for what, numbers, moves in (
        ("nothing to send", f"{slow}, tolerance = 1e6", 1e-6),
        ("the spot moved by 10 bps", slow, 3e-4),
        ("the same, 50 messages at most", f"{slow}, budget = 50", 3e-4),
    ):  # fmt: skip
        seconds, sent = decision("option-maker", numbers, 200, batches, moves=moves)
        rows.append(
            Row(area="option maker", what=f"{SERIES} series decided: {what} ({sent:.0f} sent)", ours_s=seconds,
                peer=f"wanted: {MOST_US:g} us", peer_s=MOST_US * 1e-6, target=None if small else 1.0)
        )  # fmt: skip
    seconds, sent = decision("chain-maker", "tolerance = 1", 200, batches, moves=3e-4)
    rows.append(
        Row(area="option maker", what=f"{SERIES} series, constant width ({sent:.0f} sent)", ours_s=seconds,
            peer=f"wanted: {MOST_US:g} us", peer_s=MOST_US * 1e-6)
    )  # fmt: skip
    return rows


if __name__ == "__main__":
    for row in run(small=False):
        print(f"{row.what}: {row.ours_s * 1e6:.1f} us; {row.peer}")
