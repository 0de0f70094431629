# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""A trend follower: buys what has risen above its own average, sells what has fallen, leaves when the trend turns or at a stop."""

from types import MappingProxyType

from makerscope.agents.hawkes import LN2, SECOND, take_at_best
from makerscope.agents.interface import act_at, seen_at, self_at
from makerscope.agents.kind import TAKER, Kind, Number
from makerscope.agents.quoting import fair_ticks
from makerscope.kernels._jit import entry, inlined, kernel
from makerscope.kernels.elementary import exp
from makerscope.market.layout import P_ASK, P_BID

NUMBERS = MappingProxyType({
    "market": Number(default=0, low=0, high=4095, about="instrument, by its place in the scenario"),
    "horizon_s": Number(default=60, low=0.01, high=1e7, about="half-life of the average it compares the price with, s"),
    "threshold_bps": Number(default=5, low=0, high=1e4, about="it enters so far beyond the average, bps"),
    "stop_bps": Number(default=15, low=0.01, high=1e4, about="it leaves so far behind the best price since it entered, bps"),
    "size": Number(default=200, low=1, high=1e12, about="position it takes, lots"),
    "look_s": Number(default=1, low=0.001, high=1e6, about="how often it looks, s; longer than its wires, or it trades twice"),
    "leader": Number(default=0, low=0, high=1, about="1: it follows the leading venue's price; 0: this venue's mid"),
    "slippage_bps": Number(default=30, low=0, high=10000, about="worst price it accepts beyond the best, bps"),
})  # fmt: skip
LOOKED, NOT_BEFORE = 0, 1  # words of memory: when it last saw a price; it enters again from then on
AVERAGE, BEST = 0, 1  # reals, ticks


@inlined
def price_seen(seen, i, leader):
    """The price it follows, ticks; 0 where there is none."""
    if leader > 0.5:
        return fair_ticks(seen, i)
    bid, ask = seen.public[i, P_BID], seen.public[i, P_ASK]
    return 0.5 * (bid + ask) if bid > 0 and ask > 0 else 0.0


@kernel
def step(self, seen, act):
    """Move the average on, then enter, hold or leave."""
    p, own, memory = self.params, self.whole, self.reals
    i, sleep = int(p[0]), 1 + int(p[5] * SECOND)
    price, held = price_seen(seen, i, p[6]), seen.position[i]
    if price <= 0.0:
        return sleep
    if own[LOOKED] == 0:
        memory[AVERAGE] = price
    else:
        stays = exp(max(-700.0, -LN2 * (seen.now - own[LOOKED]) / (p[1] * SECOND)), 0.0)
        memory[AVERAGE] = stays * memory[AVERAGE] + (1.0 - stays) * price
    own[LOOKED] = seen.now
    trend = 1e4 * (price / memory[AVERAGE] - 1.0)
    if held == 0:
        if abs(trend) > p[2] and seen.now >= own[NOT_BEFORE]:
            memory[BEST] = price
            take_at_best(seen, act, i, 1 if trend > 0.0 else -1, int(p[4]), p[7])
        return sleep
    side = 1 if held > 0 else -1
    if side * (price - memory[BEST]) > 0.0:
        memory[BEST] = price
    if side * trend < 0.0 or side * (memory[BEST] - price) > memory[BEST] * p[3] * 1e-4:
        own[NOT_BEFORE] = seen.now + int(p[1] * SECOND)
        take_at_best(seen, act, i, -side, abs(held), p[7])
    return sleep


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="momentum",
    about="follows the trend of a price, with a stop",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 1,
    role=TAKER,
)
