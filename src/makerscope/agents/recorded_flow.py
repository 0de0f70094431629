# ruff: noqa: ANN001, ANN201, ANN202 - compiled functions take the types their docstrings say
"""Recorded takers: the aggressor orders of a tape's trades, sent again at their times into a simulated market.

``file`` of the agent names the recording: ``TAPE#INSTRUMENT``, or ``TAPE#INSTRUMENT@TIME`` for what begins at a time
of the tape. With ``send_ms = 0`` they reach the venue when they did.
"""

from types import MappingProxyType

from makerscope.agents.interface import act_at, seen_at, self_at, take
from makerscope.agents.kind import TAKER, Kind, Number
from makerscope.agents.quoting import outward_ticks
from makerscope.kernels._jit import entry, kernel
from makerscope.market.layout import P_ASK, P_BID, P_TRADING

FOREVER = 1 << 59  # ns
F_NEXT, F_COUNT, F_FIRST = (
    0,
    1,
    2,
)  # of ``self.whole``: the trade to send next, how many there are, where the first begins
F_TIME, F_SIDE, F_SIZE, F_WORDS = 0, 1, 2, 3  # of one trade
NUMBERS = MappingProxyType({
    "market": Number(default=0, low=0, high=4095, about="instrument, by its place in the scenario"),
    "scale": Number(default=1, low=1e-9, high=1e9, about="times the recorded size"),
    "slippage_bps": Number(default=100, low=0, high=10000, about="worst price it accepts beyond the best it sees, bps"),
})  # fmt: skip


@kernel
def step(self, seen, act):
    """Send every trade whose time has come, and sleep until the next."""
    i, mine = int(self.params[0]), self.whole
    bid, ask = seen.public[i, P_BID], seen.public[i, P_ASK]
    while mine[F_NEXT] < mine[F_COUNT]:
        at = F_FIRST + F_WORDS * mine[F_NEXT]
        if mine[at + F_TIME] > seen.now:
            return mine[at + F_TIME] - seen.now
        side, size = mine[at + F_SIDE], mine[at + F_SIZE]
        best = ask if side > 0 else bid
        if best > 0 and size > 0 and seen.public[i, P_TRADING] == 1:
            limit = best * (1.0 + side * self.params[2] * 1e-4)
            if not take(act, i, side, outward_ticks(limit, side), size, 0, 0):
                return 1
        mine[F_NEXT] += 1
    return FOREVER


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="recorded-flow",
    about="the recorded trades of a tape, sent again at their times",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 1,
    tape=True,
    role=TAKER,
)
