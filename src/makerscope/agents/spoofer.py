# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""A spoofer: shows a large order on one side, never meant to trade, and trades with whoever believes it on the other.

It shows asks to buy cheaply: makers who lean against the imbalance of the book lower their quotes; once an ask is below
the leading venue's price by its edge, it takes the wall away and buys. Then it shows bids. The wall stands behind the
quotes that are there, so that they trade first, and goes as soon as it is the best price alone.
"""

from types import MappingProxyType

from makerscope.agents.interface import K_SENT_PRICE, K_SIZE, act_at, cancel, place, seen_at, self_at, take
from makerscope.agents.kind import ADVERSARY, Kind, Number
from makerscope.agents.quoting import ceil_ticks, fair_ticks, floor_ticks
from makerscope.kernels._jit import entry, inlined, kernel
from makerscope.market.layout import P_ASK, P_ASK_SIZE, P_BID, P_BID_SIZE

NUMBERS = MappingProxyType({
    "market": Number(default=0, low=0, high=4095, about="instrument, by its place in the scenario"),
    "wall": Number(default=5000, low=1, high=1e12, about="lots it shows"),
    "away_ticks": Number(default=0, low=0, high=1e6, about="how far behind the best price the wall stands, ticks; agents see sizes at the best price only"),
    "edge_bps": Number(default=2, low=0, high=5000, about="least gain against the leader's price, bps, costs included"),
    "most": Number(default=200, low=1, high=1e12, about="lots it trades at once on the other side"),
    "limit": Number(default=2000, low=1, high=1e15, about="largest position, lots"),
    "show": Number(default=8, low=1, high=1e6, about="blocks a wall is shown for"),
    "rest": Number(default=5, low=1, high=1e9, about="blocks between two walls"),
})  # fmt: skip
BLOCK, WANTS, SHOWN, UNTIL = range(4)  # words of memory; WANTS: +1 to buy, so that the wall is of asks


@inlined
def _away(self, seen, act, wait):
    """Take the wall away; the next one is on the other side."""
    if seen.known[0, K_SIZE] > 0:
        cancel(act, 0)
    self.whole[SHOWN], self.whole[WANTS], self.whole[UNTIL] = 0, -self.whole[WANTS], seen.block + wait


@kernel
def step(self, seen, act):
    """Once a block: show, keep beside the best price, harvest, or withdraw."""
    p, own = self.params, self.whole
    i = int(p[0])
    bid, ask, fair, held = seen.public[i, P_BID], seen.public[i, P_ASK], fair_ticks(seen, i), seen.position[i]
    if own[BLOCK] == seen.block or seen.block < own[UNTIL] or bid <= 0 or ask <= 0:
        return 0
    own[BLOCK] = seen.block
    if own[WANTS] == 0:
        own[WANTS] = 1
    if own[WANTS] * held >= p[5]:
        own[WANTS] = -own[WANTS]
    wants = own[WANTS]
    quote, there = (ask, seen.public[i, P_ASK_SIZE]) if wants > 0 else (bid, seen.public[i, P_BID_SIZE])
    worst = fair * (1.0 - wants * p[3] * 1e-4)
    price = quote + wants * int(p[2])
    shown = seen.known[0, K_SIZE]
    beside = shown > 0 and seen.known[0, K_SENT_PRICE] == price
    # the quote must have come to where the wall stands: one that has just left the wall is on its way back
    if beside and wants * (worst - quote) >= 0.0:
        _away(self, seen, act, int(p[7]))
        take(act, i, wants, floor_ticks(worst) if wants > 0 else ceil_ticks(worst), int(p[4]), 0, 0)
        return 0
    alone = beside and price == quote and there <= shown
    if alone or own[SHOWN] >= p[6]:
        _away(self, seen, act, int(p[7]))
        return 0
    own[SHOWN] += 1
    if not beside:
        place(act, i, -wants, price, int(p[1]), 0)
    return 0


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="spoofer",
    about="shows large orders on one side and trades with whoever believes them on the other",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 1,
    role=ADVERSARY,
)
