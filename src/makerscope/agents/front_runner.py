# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""A front-runner: overhears that a maker moves its quotes, and outbids it to take the old ones before they are gone.

What the price is now it reads out of the makers' own updates, where a new bid and a new ask wait; else it is the
leading venue's. It outbids everybody it hears of, the maker and other searchers alike, as long as the bid is not more
than a share of the gain. A bid cannot be taken back: each raise is one more message, and all are paid for.
"""

from types import MappingProxyType

from makerscope.agents.bidding import bid_of, highest_rival, in_private, usd_of
from makerscope.agents.interface import (
    Y_FEE,
    Y_FLAGS,
    Y_INSTRUMENT,
    Y_KIND,
    Y_PRICE,
    Y_SIDE,
    act_at,
    seen_at,
    self_at,
    take,
)
from makerscope.agents.kind import ADVERSARY, Kind, Number
from makerscope.agents.quoting import ceil_ticks, fair_ticks, floor_ticks
from makerscope.kernels._jit import entry, inlined, kernel
from makerscope.market.layout import (
    CANCEL,
    CANCEL_ALL,
    NONE,
    P_ASK,
    P_ASK_SIZE,
    P_BID,
    P_BID_SIZE,
    PLACE,
    POST_ONLY,
)

NUMBERS = MappingProxyType({
    "market": Number(default=0, low=0, high=4095, about="instrument, by its place in the scenario"),
    "edge_bps": Number(default=3, low=0, high=1000, about="least gain, bps, fees of the trade included"),
    "most": Number(default=1000, low=1, high=1e12, about="most lots a shot"),
    "limit": Number(default=20000, low=1, high=1e15, about="largest position, lots"),
    "fee": Number(default=1, low=0, high=1e12, about="lowest bid for priority, in units of the venue"),
    "share": Number(default=0.9, low=0, high=1, about="most of the gain that it bids"),
    "fee_per_usd": Number(default=0, low=0, high=1e15, about="units of fee that cost a trade 1 USD; 0: the fee is a rate, 1e-8"),
    "raise": Number(default=1.1, low=1, high=1000, about="each bid is so many times the highest it heard of"),
    "bids": Number(default=1, low=1, high=1000, about="most bids in a block; each is a message that pays"),
    "private": Number(default=0, low=0, high=1, about="1: nobody overhears its bids"),
    "every_ms": Number(default=10, low=0.001, high=1e6, about="how often it listens, ms"),
})  # fmt: skip
BLOCK, BID, BIDS = range(3)  # words of memory


@inlined
def _shoot(self, seen, act, side, value, wanted, outbid):
    """Take the best quote on a side for a bid above ``outbid``, if the gain allows it."""
    p, own = self.params, self.whole
    i = int(p[0])
    quote = seen.public[i, P_ASK] if side > 0 else seen.public[i, P_BID]
    there = seen.public[i, P_ASK_SIZE] if side > 0 else seen.public[i, P_BID_SIZE]
    size = min(int(p[2]), there)
    gain = usd_of(seen, i, side * (value - quote), size)
    most = bid_of(p[5] * gain, usd_of(seen, i, quote, size), p[6])
    bid = max(int(p[4]), outbid + 1, int(max(outbid, 0) * p[7]))
    if bid > most or (own[BIDS] > 0 and own[BID] > outbid):  # too dear, or it leads already
        return
    take(act, i, side, wanted, size, 0, bid)
    in_private(act, p[9])
    own[BID] = bid
    own[BIDS] += 1


@kernel
def step(self, seen, act):
    """Listen, and shoot at quotes that are about to move away from where the price no longer is."""
    p, own = self.params, self.whole
    i, sleep, held, limit = int(p[0]), int(p[10] * 1e6), seen.position[int(p[0])], int(p[3])
    if own[BLOCK] != seen.block:
        own[BLOCK], own[BIDS], own[BID] = seen.block, 0, 0
    if own[BIDS] >= p[8]:
        return sleep
    new_bid, new_ask, gone, paid = NONE, NONE, False, -1
    for n in range(seen.pending.shape[0]):
        row = seen.pending[n]
        kind = row[Y_KIND]
        if kind == CANCEL or kind == CANCEL_ALL:  # which order a cancel means is not in it
            gone = True
            paid = max(paid, row[Y_FEE])
        elif kind == PLACE and row[Y_INSTRUMENT] == i and row[Y_FLAGS] & POST_ONLY:
            paid = max(paid, row[Y_FEE])
            if row[Y_SIDE] > 0:
                new_bid = max(new_bid, row[Y_PRICE])
            else:
                new_ask = row[Y_PRICE] if new_ask == NONE else min(new_ask, row[Y_PRICE])
    if not gone and new_bid == NONE and new_ask == NONE:
        return sleep
    value = 0.5 * (new_bid + new_ask) if new_bid > 0 and new_ask > 0 else fair_ticks(seen, i)
    ask, bid = seen.public[i, P_ASK], seen.public[i, P_BID]
    highest, lowest = value * (1.0 - p[1] * 1e-4), value * (1.0 + p[1] * 1e-4)
    if 0 < ask <= highest and (gone or new_ask > ask) and held < limit:
        _shoot(self, seen, act, 1, value, floor_ticks(highest), max(paid, highest_rival(seen, i, 1, NONE)))
    elif bid > 0 and bid >= lowest and (gone or 0 < new_bid < bid) and held > -limit:
        _shoot(self, seen, act, -1, value, ceil_ticks(lowest), max(paid, highest_rival(seen, i, -1, NONE)))
    return sleep


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="front-runner",
    about="overhears that makers move their quotes and takes the old ones first, for a higher bid",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 1,
    role=ADVERSARY,
    mempool=True,
)
