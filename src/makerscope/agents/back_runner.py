# ruff: noqa: ANN001, ANN201, ANN202 - compiled functions take the types their docstrings say; one number a line
"""A back-runner: trades right behind an order that waits and will stand on the wrong side of the leading venue's price.

It bids exactly what that order bids, so that it comes next to it and not before it. Such orders are quotes that were
stale before they could land, and what large orders leave resting. Where the other side is a pool that asks the oracle's
price, it trades towards the leader while the oracle has not followed.
"""

from types import MappingProxyType

from makerscope.agents.interface import (
    Y_FEE,
    Y_INSTRUMENT,
    Y_KIND,
    Y_PRICE,
    Y_SIDE,
    Y_SIZE,
    act_at,
    seen_at,
    self_at,
    take,
)
from makerscope.agents.kind import ADVERSARY, Kind, Number
from makerscope.agents.quoting import fair_ticks, inward_ticks
from makerscope.kernels._jit import entry, kernel
from makerscope.market.layout import NONE, P_ASK, P_BID, P_INDEX, PLACE

NUMBERS = MappingProxyType({
    "market": Number(default=0, low=0, high=4095, about="instrument, by its place in the scenario"),
    "edge_bps": Number(default=4, low=0, high=1000, about="least gain against the leader's price, bps, costs included"),
    "least": Number(default=1, low=1, high=1e12, about="smallest order it trades behind, lots"),
    "most": Number(default=1000, low=1, high=1e12, about="most lots a shot"),
    "limit": Number(default=20000, low=1, high=1e15, about="largest position, lots"),
    "every_ms": Number(default=10, low=0.001, high=1e6, about="how often it listens, ms"),
})  # fmt: skip


@kernel
def step(self, seen, act):
    """Find the waiting order that will stand furthest off, and trade behind it, once a block."""
    p, own = self.params, self.whole
    i, sleep, held, limit = int(p[0]), int(p[5] * 1e6), seen.position[int(p[0])], int(p[4])
    if own[0] == seen.block:
        return sleep
    fair = fair_ticks(seen, i)
    edge = fair * p[1] * 1e-4
    if seen.public[i, P_BID] <= 0 and seen.public[i, P_ASK] <= 0:
        off = fair - seen.public[i, P_INDEX]
        side = 1 if off > 0 else -1
        if seen.public[i, P_INDEX] > 0 and abs(off) >= edge and side * held < limit:
            worst = fair - side * edge
            take(act, i, side, inward_ticks(worst, side), int(p[3]), 0, 0)
            own[0] = seen.block
        return sleep
    found, most = NONE, 0.0
    for n in range(seen.pending.shape[0]):
        row = seen.pending[n]
        if row[Y_KIND] != PLACE or row[Y_INSTRUMENT] != i or row[Y_SIZE] < p[2]:
            continue
        off = row[Y_SIDE] * (row[Y_PRICE] - fair)  # a bid above the price, or an ask below it
        if off >= edge and off > most and -row[Y_SIDE] * held < limit:
            found, most = n, off
    if found != NONE:
        row = seen.pending[found]
        take(act, i, -row[Y_SIDE], row[Y_PRICE], min(row[Y_SIZE], int(p[3])), 0, max(row[Y_FEE], 0))
        own[0] = seen.block
    return sleep


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="back-runner",
    about="trades right behind a waiting order that will stand off the leading price",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 1,
    role=ADVERSARY,
    mempool=True,
)
