# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""A hedged grid maker with one purse on two venues: what its hedge has lost there it sends after it, what it won it fetches.

Without that a maker whose hedges lose while its quotes win runs out of margin at the leading venue with all its money
on this one. Money takes the bridge's time, and none passes while the bridge is closed.
"""

from types import MappingProxyType

from makerscope.agents.hedged_grid import NUMBERS as HEDGED
from makerscope.agents.hedged_grid import hedge_and_quote
from makerscope.agents.hedging import HEDGE_REALS, HEDGE_WORDS
from makerscope.agents.interface import act_at, seen_at, self_at, transfer
from makerscope.agents.kind import Kind, Number
from makerscope.agents.quoting import fair_ticks, lead_of
from makerscope.kernels._jit import entry, kernel
from makerscope.market.layout import NONE, UNIT
from makerscope.market.news import ARRIVED, REFUSED, W_KIND, W_SIDE, W_SIZE, W_SLOT

NUMBERS = MappingProxyType({
    **HEDGED,
    "move_usd": Number(default=10_000, low=1, high=1e12, about="it moves money when its hedge has won or lost so much since the last time, USD"),
})  # fmt: skip
MOVE = len(HEDGED)  # of the numbers
LAST, OWED = (
    HEDGE_REALS,
    HEDGE_REALS + 1,
)  # reals: last price; what the hedge lost and nobody has sent yet, base units (below 0: won)
AWAY, AGAIN = (
    HEDGE_WORDS,
    HEDGE_WORDS + 1,
)  # words: base units that it believes on their way; when it may ask again after it was refused
PURSE = -2  # slot of its transfers, by which it knows the news of them
PER_USD, MINUTE = 1e6, 60_000_000_000


@kernel
def balance(self, seen, act, i, lead):
    """Follow what the hedge wins and loses, and move money after it; one transfer at a time."""
    own, fair = self.reals, fair_ticks(seen, i)
    if own[LAST] > 0.0:
        own[OWED] -= seen.position[lead] * (fair - own[LAST]) * seen.spec[lead, UNIT]
    own[LAST] = fair
    for n in range(seen.news.shape[0]):
        kind, side, size = seen.news[n, W_KIND], seen.news[n, W_SIDE], seen.news[n, W_SIZE]
        if kind == ARRIVED:
            self.whole[AWAY] = 0
        elif kind == REFUSED and seen.news[n, W_SLOT] == PURSE:
            self.whole[AWAY], self.whole[AGAIN] = 0, seen.now + MINUTE
            own[OWED] += side * size
    if self.whole[AWAY] == 0 and seen.now >= self.whole[AGAIN] and abs(own[OWED]) > self.params[MOVE] * PER_USD:
        side, amount = (1 if own[OWED] > 0.0 else -1), int(abs(own[OWED]))
        transfer(act, side, amount, PURSE)
        self.whole[AWAY] = amount
        own[OWED] -= side * amount


@kernel
def step(self, seen, act):
    """Keep both accounts in money, hedge, and quote the grid."""
    i = int(self.params[0])
    lead = lead_of(seen, i)
    if lead != NONE:
        balance(self, seen, act, i, lead)
    hedge_and_quote(self, seen, act)
    return 0


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="funded-grid",
    about="a hedged grid maker that moves money after what its hedge lost",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda numbers, _instruments: 2 * int(numbers["levels"]),
    reals=HEDGE_REALS + 2,
    whole=HEDGE_WORDS + 2,
)
