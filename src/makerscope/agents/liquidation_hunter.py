# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""A liquidation hunter: pushes the price towards where it believes others are liquidated, and buys what they must sell.

It knows what is public: mark, funding (whose sign says which side is crowded), and accounts that are weak already,
where keepers see them. How dense liquidations are and how much a lot moves the price are its beliefs; it pushes only
if by them the cascade earns more than the push costs (``models.liquidation_hunt``). It bids where the forced orders
should end up, sells until the cascade runs, and buys back what it did not get there when the fall has ended.
"""

from types import MappingProxyType

from makerscope.agents.interface import K_SIZE, act_at, cancel, place, seen_at, self_at, take
from makerscope.agents.kind import ADVERSARY, Kind, Number
from makerscope.agents.quoting import ceil_ticks, floor_ticks
from makerscope.kernels._jit import entry, inlined, kernel
from makerscope.market.layout import NONE, P_FUNDING, P_MARK, P_TRADING
from makerscope.models.liquidation_hunt import best_depth, hunt_gain

NUMBERS = MappingProxyType({
    "market": Number(default=0, low=0, high=4095, about="instrument, by its place in the scenario"),
    "crowd": Number(default=0, low=-1, high=1, about="whom it hunts: 1 longs, -1 shorts, 0 those who pay funding"),
    "density": Number(default=100, low=0, high=1e9, about="lots it believes are liquidated for each bps the mark moves"),
    "impact": Number(default=0.01, low=1e-9, high=100, about="bps it believes a lot moves the price"),
    "zone_bps": Number(default=200, low=0, high=9000, about="how far from the mean mark the first are liquidated, bps"),
    "deep_bps": Number(default=600, low=0, high=9900, about="how far the last are, bps"),
    "memory_s": Number(default=600, low=0.001, high=1e6, about="time in which the mean mark forgets half, s"),
    "push": Number(default=5000, low=1, high=1e12, about="lots it sells a block; to sell slowly is to sell into the fall"),
    "most": Number(default=5000, low=1, high=1e12, about="lots it sells in all"),
    "cost_bps": Number(default=10, low=0, high=5000, about="what a lot sold and bought back costs it, fees and spread, bps"),
    "calm": Number(default=5, low=1, high=1e6, about="blocks without a new low after which it buys back"),
    "rest_s": Number(default=60, low=0, high=1e6, about="how long it then waits, s"),
})  # fmt: skip
BLOCK, PHASE, CALM, UNTIL, SIDE, BID = range(6)  # words of memory; SIDE: +1 while it hunts longs; BID: its price
WATCHING, PUSHING, BUYING = range(3)
MEAN, SEEN_AT, WORST = range(3)  # of ``reals``: mean mark, when it was updated (s), furthest mark


@inlined
def _remember(self, seen, mark):
    """Move the mean mark towards the mark."""
    real, now = self.reals, 1e-9 * seen.block_time
    if real[MEAN] == 0.0:
        real[MEAN], real[SEEN_AT] = mark, now
    gone = min(0.6931471805599453 * (now - real[SEEN_AT]) / self.params[6], 1.0)
    real[MEAN] += (mark - real[MEAN]) * gone
    real[SEEN_AT] = now


@inlined
def _zone(self, seen, side, mark):
    """Where the zone begins and ends below the mark, bps; it begins here where accounts are weak already."""
    p = self.params
    fallen = side * (self.reals[MEAN] - mark) / mark * 1e4
    begins = max(p[4] - fallen, 0.0) if seen.weak[0] == NONE else 0.0
    return begins, max(p[5] - fallen, begins)


@inlined
def _push(self, act, side, held):
    """Sell the next lots, but never into its own bid."""
    p, i = self.params, int(self.params[0])
    size = min(int(p[7]), int(p[8]) + side * held)
    take(act, i, -side, self.whole[BID] + side, size, 0, 0)


@inlined
def _buy_back(self, seen, act, held):
    """Take the bid away and trade back what it holds, at any price; then rest."""
    if seen.known[0, K_SIZE] > 0:
        cancel(act, 0)
    if held != 0:
        take(act, int(self.params[0]), -1 if held > 0 else 1, NONE, abs(held), 0, 0)
    else:
        self.whole[PHASE], self.whole[UNTIL] = WATCHING, seen.now + int(self.params[11] * 1e9)


@kernel
def step(self, seen, act):
    """Once a block: watch, push, or wait for the end of the fall and buy back."""
    p, own, real = self.params, self.whole, self.reals
    i = int(p[0])
    mark, held = seen.public[i, P_MARK], seen.position[i]
    if own[BLOCK] == seen.block or mark <= 0 or seen.public[i, P_TRADING] != 1:
        return 0
    own[BLOCK] = seen.block
    if own[PHASE] == WATCHING:
        _remember(self, seen, mark)
        funding = seen.public[i, P_FUNDING]
        side = int(p[1]) if p[1] != 0.0 else 1 if funding > 0 else -1 if funding < 0 else 0
        if side == 0 or seen.now < own[UNTIL]:
            return 0
        begins, ends = _zone(self, seen, side, mark)
        if not hunt_gain(p[8], p[3], p[2], begins, ends, p[9]) > 0.0:
            return 0
        depth = mark * 1e-4 * best_depth(p[8], p[3], p[2], begins, ends)
        price = max(floor_ticks(mark - depth), 1) if side > 0 else ceil_ticks(mark + depth)
        own[PHASE], own[SIDE], own[CALM], own[BID], real[WORST] = PUSHING, side, 0, price, mark
        place(act, i, side, price, int(p[8]), 0)
        _push(self, act, side, held)
        return 0
    side = own[SIDE]
    own[CALM] += 1
    if side * (real[WORST] - mark) > 0.0:
        real[WORST], own[CALM] = mark, 0
    if own[PHASE] == PUSHING and int(p[8]) + side * held > 0 and own[CALM] <= p[10]:
        _push(self, act, side, held)
        return 0
    own[PHASE] = BUYING
    if own[CALM] > p[10] or side * held >= 0:
        _buy_back(self, seen, act, held)
    return 0


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="liquidation-hunter",
    about="pushes the price to where others are liquidated and buys what they must sell",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 1,
    whole=6,
    role=ADVERSARY,
)
