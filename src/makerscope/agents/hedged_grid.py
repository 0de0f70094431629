# ruff: noqa: ANN001, ANN201, ANN202, E501, PLR0917 - compiled functions take the types their docstrings say; one number a line
"""A grid maker that carries what it holds to the leading venue: one hedge whenever it holds more than its band.

It needs money there (``hedge_usd``). The centre leans against what is not hedged yet; the limit is on the venue's position.
"""

from types import MappingProxyType

from makerscope.agents.grid import NUMBERS as GRID
from makerscope.agents.grid import quote_grid
from makerscope.agents.interface import act_at, seen_at, self_at, take
from makerscope.agents.kind import Kind, Number
from makerscope.agents.quoting import ceil_ticks, fair_ticks, floor_ticks, lead_of
from makerscope.kernels._jit import entry, kernel
from makerscope.market.layout import NONE

NUMBERS = MappingProxyType({
    **GRID,
    "band": Number(default=300, low=0, high=1e15, about="lots it carries without a hedge"),
    "slip_bps": Number(default=10, low=0, high=1000, about="worst price of a hedge beyond the leader's, bps"),
    "patience_ms": Number(default=1000, low=1, high=1e7, about="after so long a hedge that it did not hear of is sent again, ms"),
})  # fmt: skip
SENT, UNTIL, HAD = 0, 1, 2  # words: whether a hedge is on its way, until when it waits for it, what it held there then


@kernel
def hedge(self, seen, act, i):
    """Bring position and hedge together to 0 if they are beyond the band; one order at a time."""
    p, own = self.params, self.whole
    lead = lead_of(seen, i)
    if lead == NONE:
        return
    there = seen.position[lead]
    if own[SENT] == 1 and there == own[HAD] and seen.now < own[UNTIL]:
        return
    own[SENT] = 0
    net = seen.position[i] + there
    if abs(net) <= p[8]:
        return
    side = -1 if net > 0 else 1
    limit = fair_ticks(seen, i) * (1.0 + side * p[9] * 1e-4)
    own[SENT], own[UNTIL], own[HAD] = 1, seen.now + int(p[10] * 1e6), there
    take(act, lead, side, ceil_ticks(limit) if side > 0 else floor_ticks(limit), abs(net), 0, 0)


@kernel
def step(self, seen, act):
    """Quote the grid and hedge."""
    i = int(self.params[0])
    lead = lead_of(seen, i)
    held = float(seen.position[i])
    there = float(seen.position[lead]) if lead != NONE else 0.0
    hedge(self, seen, act, i)
    quote_grid(self, seen, act, held, held + there)
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
)
