# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""The exact ladder of ``glft`` over what is not hedged: beyond a band the rest goes to the leading venue.

It needs money there (``hedge_usd``). The inventory of the ladder is the net delta, in quotes; the venue's own position
has a limit beside it, as every hedge leaves some of it behind. While it cannot hedge, or takes the book it quotes in,
it does not quote the side that would add.
"""

from types import MappingProxyType

from makerscope.agents.glft import NUMBERS as GLFT
from makerscope.agents.glft import learn_and_quote
from makerscope.agents.hedging import AT_LEADER, HEDGE_REALS, HEDGE_WORDS, HEDGED, HEDGING, hedge_delta
from makerscope.agents.interface import act_at, seen_at, self_at
from makerscope.agents.inventory_maker import WORDS
from makerscope.agents.kind import Kind, Number
from makerscope.agents.maker_memory import P_MARKET, WHOLE
from makerscope.kernels._jit import entry, kernel

OWN = MappingProxyType({
    "limit": Number(default=5000, low=1, high=1e15, about="largest position on the venue, hedged or not, lots; beyond it one side only"),
})  # fmt: skip
NUMBERS = MappingProxyType({**GLFT, **AT_LEADER, **OWN})
HEDGE_AT = len(GLFT)
LIMIT_AT = HEDGE_AT + len(HEDGING)
HEDGE_WORD, HEDGE_REAL = WHOLE, WORDS  # behind what the ladder remembers


@kernel
def step(self, seen, act):
    """Hedge, then learn and quote."""
    i, limit = int(self.params[P_MARKET]), self.params[LIMIT_AT]
    net, stands = hedge_delta(self, seen, act, i, HEDGE_AT, HEDGE_WORD, HEDGE_REAL)
    held = float(seen.position[i])
    bids, asks = max(limit - held, 0.0), max(limit + held, 0.0)
    if stands != HEDGED:
        bids, asks = (0.0, asks) if net > 0 else (bids, 0.0)
    learn_and_quote(self, seen, act, net, bids, asks)
    return 0


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="hedged-glft",
    about="a glft that hedges on the leading venue beyond a band",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 2,
    reals=WORDS + HEDGE_REALS,
    whole=WHOLE + HEDGE_WORDS,
)
