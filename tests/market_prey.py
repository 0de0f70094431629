"""Makers that adversaries live on: one quotes around the venue's own mid, one believes the imbalance of the book."""

from makerscope.agents.interface import act_at, seen_at, self_at
from makerscope.agents.kind import Kind, Number
from makerscope.agents.quoting import ceil_ticks, fair_ticks, floor_ticks, requote
from makerscope.kernels._jit import entry, kernel
from makerscope.market.layout import P_ASK, P_ASK_SIZE, P_BID, P_BID_SIZE


@kernel
def _quote(self, seen, act, centre):
    half, size = self.params[0], int(self.params[1])
    requote(seen, act, 0, 1, floor_ticks(centre - half), size, 0, 1, size // 2)
    requote(seen, act, 0, -1, ceil_ticks(centre + half), size, 1, 1, size // 2)


@kernel
def follow_mid(self, seen, act):
    """Quote around the middle of the venue's best prices, its own quotes and anybody's dust included."""
    bid, ask = seen.public[0, P_BID], seen.public[0, P_ASK]
    if bid <= 0 or ask <= 0:
        _quote(self, seen, act, self.reals[0] if self.reals[0] > 0.0 else fair_ticks(seen, 0))
    else:
        self.reals[0] = 0.5 * (bid + ask)
        _quote(self, seen, act, self.reals[0])
    return 0


@kernel
def lean_on_imbalance(self, seen, act):
    """Quote around the leader's price, moved towards the side where the best price holds more."""
    bids, asks = seen.public[0, P_BID_SIZE], seen.public[0, P_ASK_SIZE]
    imbalance = (bids - asks) / (bids + asks) if bids > 0 and asks > 0 else 0.0
    _quote(self, seen, act, fair_ticks(seen, 0) + self.params[2] * imbalance)
    return 0


@entry
def _mid(own, seen, act):
    return follow_mid(self_at(own), seen_at(seen), act_at(act))


@entry
def _imbalance(own, seen, act):
    return lean_on_imbalance(self_at(own), seen_at(seen), act_at(act))


NUMBERS = {
    "half": Number(default=4, low=1, high=1000, about="half spread, ticks"),
    "size": Number(default=100, low=1, high=1e9, about="lots"),
    "lean": Number(default=0, low=0, high=1000, about="ticks that it moves at an imbalance of 1"),
}
PREY = {
    "mid-follower": Kind(name="mid-follower", about="", step=follow_mid, entry=_mid, numbers=NUMBERS,
                         slots=lambda _n, _i: 2),
    "imbalance-maker": Kind(name="imbalance-maker", about="", step=lean_on_imbalance, entry=_imbalance, numbers=NUMBERS,
                            slots=lambda _n, _i: 2),
}  # fmt: skip
