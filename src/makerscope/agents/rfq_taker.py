# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""Clients of dealers: they ask for a price of a size, and trade if the best answer is within what the deal is worth to them.

They arrive as a Poisson process. Most need the trade and would pay up to an exponential number of bps beyond the fair price for
it. A share ``informed`` has no need: those ask in the direction in which the leader's price, as their own feed shows it,
has left the venue's index behind, and pay up to that price. With ``lead_feed_ms`` below 0 they know what comes.
"""

from types import MappingProxyType

from makerscope.agents.interface import act_at, ask_dealers, seen_at, self_at
from makerscope.agents.kind import TAKER, Kind, Number
from makerscope.agents.quoting import fair_ticks, inward_ticks
from makerscope.kernels._jit import entry, kernel
from makerscope.kernels.dice import exponential, geometric, uniform
from makerscope.market.layout import P_INDEX, P_TRADING

HOUR = 3_600_000_000_000
NUMBERS = MappingProxyType({
    "market": Number(default=0, low=0, high=4095, about="instrument, by its place in the scenario"),
    "per_hour": Number(default=60, low=1e-3, high=3.6e9, about="mean number of requests an hour"),
    "size": Number(default=500, low=1, high=1e12, about="mean size in lots (geometric)"),
    "worth_bps": Number(default=5, low=1e-3, high=10000, about="mean of what a trade is worth beyond the fair price, bps (exponential)"),
    "informed": Number(default=0, low=0, high=1, about="share of requests that trade on a price the venue does not know yet"),
    "edge_bps": Number(default=1, low=0, high=1000, about="least distance of that price from the index at which they ask, bps"),
    "limit": Number(default=20000, low=1, high=1e15, about="largest position, lots"),
})  # fmt: skip
P_MARKET, P_RATE, P_SIZE, P_WORTH, P_INFORMED, P_EDGE, P_LIMIT = range(7)


@kernel
def step(self, seen, act):
    """Ask once, unless this is the first call, and sleep an exponential time."""
    p, dice = self.params, self.dice
    i = int(p[P_MARKET])
    if self.whole[0] == 1 and seen.public[i, P_TRADING] == 1 and seen.public[i, P_INDEX] > 0:
        fair, known = fair_ticks(seen, i), float(seen.public[i, P_INDEX])
        size, held = geometric(dice, 0, 1.0 / p[P_SIZE]), seen.position[i]
        knows, side = uniform(dice, 0) < p[P_INFORMED], 1 if uniform(dice, 0) < 0.5 else -1
        worth = exponential(dice, 0) * p[P_WORTH] * 1e-4
        wants = True
        if knows:
            side = 1 if fair > known else -1
            wants, worth = abs(fair / known - 1.0) >= p[P_EDGE] * 1e-4, 0.0
        limit = fair * (1.0 + side * worth)
        if wants and abs(held + side * size) <= p[P_LIMIT]:
            ask_dealers(act, i, side, max(1, inward_ticks(limit, side)), size)
    self.whole[0] = 1
    return 1 + int(exponential(dice, 0) * HOUR / p[P_RATE])


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="rfq-taker",
    about="asks dealers for a price, and trades if the best answer is within what the deal is worth",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 1,
    role=TAKER,
)
