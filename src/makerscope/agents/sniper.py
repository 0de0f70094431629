# ruff: noqa: ANN001, ANN201, ANN202 - compiled functions take the types their docstrings say; one number a line
"""A sniper: takes any quote that the leading venue's price has left behind by more than its costs."""

from types import MappingProxyType

from makerscope.agents.interface import act_at, seen_at, self_at, take
from makerscope.agents.kind import ADVERSARY, Kind, Number
from makerscope.agents.quoting import ceil_ticks, fair_ticks, floor_ticks
from makerscope.kernels._jit import entry, kernel
from makerscope.market.layout import P_ASK, P_ASK_SIZE, P_BID, P_BID_SIZE

NUMBERS = MappingProxyType({
    "market": Number(default=0, low=0, high=4095, about="instrument, by its place in the scenario"),
    "edge_bps": Number(default=6, low=0, high=1000, about="least gain against the leader's price, bps, costs included"),
    "most": Number(default=1000, low=1, high=1e12, about="most lots a shot"),
    "limit": Number(default=20000, low=1, high=1e15, about="largest position, lots"),
    "fee": Number(default=0, low=0, high=1e12, about="priority fee bid, in units of the venue"),
    "every_ms": Number(default=10, low=0.001, high=1e6, about="how often it looks, ms"),
})  # fmt: skip


@kernel
def step(self, seen, act):
    """Compare the best quotes of the last block seen with the leader's price, and shoot."""
    p = self.params
    i, most, limit, fee = int(p[0]), int(p[2]), int(p[3]), int(p[4])
    fair = fair_ticks(seen, i)
    held, sleep = seen.position[i], int(p[5] * 1e6)
    if self.whole[0] == seen.block:  # one shot a block: what it took may not be known yet
        return sleep
    highest, lowest = fair * (1.0 - p[1] * 1e-4), fair * (1.0 + p[1] * 1e-4)
    ask, bid = seen.public[i, P_ASK], seen.public[i, P_BID]
    if 0 < ask <= highest and held < limit:
        take(act, i, 1, floor_ticks(highest), min(most, seen.public[i, P_ASK_SIZE] * 4), 0, fee)
        self.whole[0] = seen.block
    elif bid > 0 and bid >= lowest and held > -limit:
        take(act, i, -1, ceil_ticks(lowest), min(most, seen.public[i, P_BID_SIZE] * 4), 0, fee)
        self.whole[0] = seen.block
    return sleep


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="sniper",
    about="takes quotes that the leading price has left behind",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 1,
    role=ADVERSARY,
)
