# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""Kyle's insider: knows where the price will be, and trades towards it slowly enough to hide in the noise.

At the start of a round it looks at the leading price that it alone hears (``lead_feed_ms`` below 0, best minus the
horizon): its value ``v``. In auction ``n`` of ``N`` it takes ``beta_n (v - p) dt`` lots against the mid ``p``, with the
``beta_n`` of Kyle's equilibrium (``models.kyle``), never beyond ``v``. At the end of the round it closes.
"""

from types import MappingProxyType

from makerscope.agents.hawkes import SECOND, take_at_best
from makerscope.agents.interface import act_at, seen_at, self_at, take
from makerscope.agents.kind import TAKER, Kind, Number
from makerscope.agents.quoting import fair_ticks, inward_ticks
from makerscope.kernels._jit import entry, kernel
from makerscope.market.layout import P_ASK, P_BID, P_TRADING
from makerscope.models.kyle import backwards

MOST = 200  # auctions
NUMBERS = MappingProxyType({
    "market": Number(default=0, low=0, high=4095, about="instrument, by its place in the scenario"),
    "auctions": Number(default=20, low=1, high=MOST, about="N: trades a round"),
    "horizon_s": Number(default=60, low=0.001, high=1e6, about="length of a round, s; it should know as far ahead (lead_feed_ms)"),
    "prior_bps": Number(default=10, low=1e-3, high=1e4, about="what others do not know at its start: standard deviation of v, bps"),
    "noise": Number(default=500, low=1, high=1e15, about="standard deviation of all others' net orders in a round, lots"),
    "pause_s": Number(default=5, low=0, high=1e6, about="from one round to the next, s"),
    "limit": Number(default=20000, low=1, high=1e15, about="largest position, lots"),
    "slippage_bps": Number(default=30, low=0, high=10000, about="worst price at which it closes, beyond the best, bps"),
})  # fmt: skip
READY, AUCTION = 0, 1  # words of memory: equilibrium computed; next auction
VALUE, INTENSITY = 0, 1  # reals: v in ticks; then beta (N), lambda (N), Sigma (N + 1)


@kernel
def trade(self, seen, act, n):
    """The order of auction ``n``, up to the value and the limit."""
    p, value = self.params, self.reals[VALUE]
    i, auctions = int(p[0]), int(p[1])
    bid, ask, held = seen.public[i, P_BID], seen.public[i, P_ASK], seen.position[i]
    if bid <= 0 or ask <= 0 or seen.public[i, P_TRADING] != 1:
        return
    mid = 0.5 * (bid + ask)
    wanted = self.reals[INTENSITY + n] / auctions * (value - mid) / (mid * p[3] * 1e-4) * p[4]
    side = 1 if wanted > 0.0 else -1
    size = min(int(abs(wanted) + 0.5), int(p[6]) - side * held)
    if size > 0 and side * (value - (ask if side > 0 else bid)) > 0.0:
        take(act, i, side, inward_ticks(value, side), size, 0, 0)


@kernel
def step(self, seen, act):
    """One auction, or the end of a round."""
    p, own = self.params, self.whole
    i, auctions = int(p[0]), int(p[1])
    if own[READY] == 0:
        own[READY] = 1
        beta, impact, left = INTENSITY, INTENSITY + MOST, INTENSITY + 2 * MOST
        backwards(
            auctions,
            self.reals[impact : impact + auctions],
            self.reals[beta : beta + auctions],
            self.reals[left : left + auctions + 1],
        )
    if own[AUCTION] == auctions:
        held = seen.position[i]
        own[AUCTION] = 0
        if held != 0:
            take_at_best(seen, act, i, -1 if held > 0 else 1, abs(held), p[7])
        return 1 + int(p[5] * SECOND)
    if own[AUCTION] == 0:
        self.reals[VALUE] = fair_ticks(seen, i)
    trade(self, seen, act, own[AUCTION])
    own[AUCTION] += 1
    return 1 + int(p[2] * SECOND / auctions)


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="kyle",
    about="an insider who trades towards a price to come, in Kyle's N auctions",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 1,
    reals=INTENSITY + 3 * MOST + 1,
    role=TAKER,
)
