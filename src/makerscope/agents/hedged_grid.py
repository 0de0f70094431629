# ruff: noqa: ANN001, ANN201, ANN202 - compiled functions take the types their docstrings say, in order
"""A grid maker that carries what it holds to the leading venue, or to another maker of its perpetual if it is told to.

It needs money there (``hedge_usd``). The centre leans against what is not hedged yet; the limit is on the venue's
position. While it cannot hedge, or takes the book it quotes in, it does not quote the side that would add.
"""

from types import MappingProxyType

from makerscope.agents.grid import NUMBERS as GRID
from makerscope.agents.grid import quote_grid
from makerscope.agents.hedging import AT_LEADER, HEDGE_REALS, HEDGE_WORDS, HEDGED, hedge_delta
from makerscope.agents.interface import act_at, seen_at, self_at
from makerscope.agents.kind import Kind
from makerscope.kernels._jit import entry, kernel

NUMBERS = MappingProxyType({**GRID, **AT_LEADER})
HEDGE_AT = len(GRID)
LIMIT = 6


@kernel
def hedge_and_quote(self, seen, act):
    """Hedge, then quote the grid."""
    i = int(self.params[0])
    net, stands = hedge_delta(self, seen, act, i, HEDGE_AT, 0, 0)
    held = float(seen.position[i])
    if stands != HEDGED:
        held = self.params[LIMIT] if net > 0 else -self.params[LIMIT]
    quote_grid(self, seen, act, held, net)


@kernel
def step(self, seen, act):
    """Hedge, then quote the grid."""
    hedge_and_quote(self, seen, act)
    return 0


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="hedged-grid",
    about="a grid maker that hedges on the leading venue beyond a band",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda numbers, _instruments: 2 * int(numbers["levels"]),
    reals=HEDGE_REALS,
    whole=HEDGE_WORDS,
)
