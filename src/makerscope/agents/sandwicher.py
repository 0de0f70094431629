# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""A sandwicher: buys ahead of a buyer that waits in the mempool and offers the lots again at the limit that buyer allows.

On a book nothing but the victim's own limit stops it: it takes the quotes below the limit for a higher bid than the
victim's, is itself what the victim then finds, and closes what is left in the blocks after. How much rests beyond the
best price it cannot see, only believe. Where the other side is a pool nothing can rest: there it trades ahead and closes behind.
"""

from types import MappingProxyType

from makerscope.agents.bidding import bid_of, highest_rival, place_bidding, usd_of
from makerscope.agents.interface import (
    K_SIZE,
    Y_FEE,
    Y_FLAGS,
    Y_INSTRUMENT,
    Y_KIND,
    Y_PRICE,
    Y_SERIAL,
    Y_SIDE,
    Y_SIZE,
    act_at,
    cancel,
    seen_at,
    self_at,
    take,
)
from makerscope.agents.kind import ADVERSARY, Kind, Number
from makerscope.agents.quoting import inward_ticks, outward_ticks
from makerscope.kernels._jit import entry, inlined, kernel
from makerscope.market.layout import NONE, P_ASK, P_BID, P_INDEX, P_MARK, PLACE, POST_ONLY, TAKE

NUMBERS = MappingProxyType({
    "market": Number(default=0, low=0, high=4095, about="instrument, by its place in the scenario"),
    "least": Number(default=50, low=1, high=1e12, about="smallest victim, lots"),
    "margin_bps": Number(default=5, low=0, high=5000, about="least room between the best price and the victim's limit, bps, costs included"),
    "depth": Number(default=0, low=0, high=1e9, about="lots it believes to rest in each bps beyond the best price; who wants less it leaves alone"),
    "most": Number(default=1000, low=1, high=1e12, about="most lots it buys ahead"),
    "share": Number(default=0.9, low=0, high=1, about="most of the gain that it bids"),
    "fee_per_usd": Number(default=0, low=0, high=1e15, about="units of fee that cost a trade 1 USD; 0: the fee is a rate, 1e-8"),
    "exit_bps": Number(default=30, low=0, high=5000, about="worst price beyond the mark at which it closes what is left, bps"),
    "every_ms": Number(default=10, low=0.001, high=1e6, about="how often it listens, ms"),
})  # fmt: skip
BLOCK, VICTIM, BUSY = range(3)  # words of memory: block of the last move, serial of the last victim, 1 while it closes


@inlined
def _close(self, seen, act):
    """Take the offer away and trade back what is left; idle again once nothing is."""
    i, held = int(self.params[0]), seen.position[int(self.params[0])]
    if seen.known[0, K_SIZE] > 0:
        cancel(act, 0)
    elif held == 0:
        self.whole[BUSY] = 0
        return
    if held != 0:
        side = -1 if held > 0 else 1
        limit = seen.public[i, P_MARK] * (1.0 + side * self.params[7] * 1e-4)
        take(act, i, side, outward_ticks(limit, side), abs(held), 0, 0)
    self.whole[BLOCK] = seen.block


@kernel
def step(self, seen, act):
    """Look for the waiting order with most to take from; attack it; close in the blocks after."""
    p, own = self.params, self.whole
    i, sleep = int(p[0]), int(p[8] * 1e6)
    if own[BUSY] == 1:
        if seen.block > own[BLOCK]:
            _close(self, seen, act)
        if own[BUSY] == 1:
            return sleep
    ask, bid = seen.public[i, P_ASK], seen.public[i, P_BID]
    pool = ask <= 0 and bid <= 0 and seen.public[i, P_INDEX] > 0
    victim, most = NONE, 0.0
    for n in range(seen.pending.shape[0]):
        row = seen.pending[n]
        takes = row[Y_KIND] == TAKE or (row[Y_KIND] == PLACE and row[Y_FLAGS] & POST_ONLY == 0)
        if not takes or row[Y_INSTRUMENT] != i or row[Y_SIZE] < p[1] or row[Y_SERIAL] <= own[VICTIM]:
            continue
        best = seen.public[i, P_INDEX] if pool else ask if row[Y_SIDE] > 0 else bid
        if best <= 0 or row[Y_PRICE] <= 0:  # an order without a limit says nothing about what it would pay
            continue
        room = row[Y_SIDE] * (row[Y_PRICE] - best)
        if row[Y_SIZE] < p[3] * room / best * 1e4:  # it would find enough below the offer
            continue
        if room >= best * p[2] * 1e-4 and room * row[Y_SIZE] > most:
            victim, most = n, room * row[Y_SIZE]
    if victim == NONE:
        return sleep
    row = seen.pending[victim]
    side, limit, size = row[Y_SIDE], row[Y_PRICE], min(row[Y_SIZE], int(p[4]))
    best = seen.public[i, P_INDEX] if pool else ask if side > 0 else bid
    gain = usd_of(seen, i, side * (limit - best), size)
    fee = max(row[Y_FEE], highest_rival(seen, i, side, NONE), 0)
    if fee + 2 > bid_of(p[5] * gain, usd_of(seen, i, best, size), p[6]):
        return sleep
    worst = limit - side * best * p[2] * 1e-4
    take(act, i, side, inward_ticks(worst, side), size, 0, fee + 2)
    if not pool:
        place_bidding(act, i, -side, limit, size, 0, POST_ONLY, fee + 1)
    own[VICTIM], own[BLOCK], own[BUSY] = row[Y_SERIAL], seen.block, 1
    return sleep


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="sandwicher",
    about="buys ahead of a waiting order and sells to it at its own limit",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 1,
    role=ADVERSARY,
    mempool=True,
)
