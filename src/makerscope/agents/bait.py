# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""Bait: dust that improves the best price, to drag along makers who quote around the venue's own prices.

A dust bid just below the best ask lifts the mid; who quotes around the mid lifts bid and ask; the dust follows the ask.
Once the bids it dragged are above the leading venue's price by its edge, it takes the dust away and sells to them;
then it drags down and buys back. Who quotes off the leader does not move, and costs it nothing but patience.
"""

from types import MappingProxyType

from makerscope.agents.interface import K_SENT_PRICE, K_SIZE, act_at, cancel, place, seen_at, self_at, take
from makerscope.agents.kind import ADVERSARY, Kind, Number
from makerscope.agents.quoting import ceil_ticks, fair_ticks, floor_ticks
from makerscope.kernels._jit import entry, inlined, kernel
from makerscope.market.layout import P_ASK, P_BID

NUMBERS = MappingProxyType({
    "market": Number(default=0, low=0, high=4095, about="instrument, by its place in the scenario"),
    "dust": Number(default=1, low=1, high=1e12, about="lots of the bait"),
    "away_ticks": Number(default=1, low=1, high=1e6, about="how far the bait stays from the best price of the other side, ticks"),
    "edge_bps": Number(default=5, low=0, high=5000, about="how far it drags quotes beyond the leader's price, bps, costs included"),
    "most": Number(default=200, low=1, high=1e12, about="lots it trades against the quotes it moved"),
    "patience": Number(default=30, low=1, high=1e6, about="blocks after which it gives up where nobody follows"),
    "rest": Number(default=100, low=0, high=1e9, about="blocks it then waits"),
})  # fmt: skip
BLOCK, TOWARDS, SPENT, UNTIL, BEGUN = range(5)  # words of memory; ``reals[0]``: the full spread before it began


@inlined
def _stop(self, seen, act, wait):
    """Take the bait away and rest."""
    if seen.known[0, K_SIZE] > 0:
        cancel(act, 0)
    self.whole[SPENT], self.whole[BEGUN], self.whole[UNTIL] = 0, 0, seen.block + wait


@kernel
def step(self, seen, act):
    """Once a block: begin, follow the other side's best price, or harvest."""
    p, own = self.params, self.whole
    i = int(p[0])
    bid, ask, fair = seen.public[i, P_BID], seen.public[i, P_ASK], fair_ticks(seen, i)
    if own[BLOCK] == seen.block or seen.block < own[UNTIL] or bid <= 0 or ask <= 0:
        return 0
    own[BLOCK] = seen.block
    if own[BEGUN] == 0:
        own[TOWARDS], own[BEGUN], own[SPENT] = -1 if seen.position[i] < 0 else 1, 1, 0
        self.reals[0] = float(ask - bid)
    up = own[TOWARDS] > 0
    # the makers behind the bait still quote as wide as before it began
    dragged = ask - self.reals[0] if up else bid + self.reals[0]
    goal = fair * (1.0 + own[TOWARDS] * p[3] * 1e-4)
    if (dragged >= goal) if up else (dragged <= goal):
        size = int(p[4]) + abs(seen.position[i])
        _stop(self, seen, act, 2)
        take(act, i, -own[TOWARDS], ceil_ticks(goal) if up else floor_ticks(goal), size, 0, 0)
        return 0
    own[SPENT] += 1
    if own[SPENT] > p[5]:
        _stop(self, seen, act, int(p[6]))
        return 0
    price = ask - int(p[2]) if up else bid + int(p[2])
    inside = bid < price if up else price < ask
    alone = seen.known[0, K_SIZE] > 0 and seen.known[0, K_SENT_PRICE] == price
    if inside and not alone:
        place(act, i, own[TOWARDS], price, int(p[1]), 0)
    return 0


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="bait",
    about="drags makers who quote around the venue's own prices with dust, then trades against them",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 1,
    whole=5,
    role=ADVERSARY,
)
