"""Agents for tests of the market's laws: one that does nothing, a quoter and a shooter for races about jumps."""

from makerscope.agents.interface import act_at, place, seen_at, self_at, take
from makerscope.agents.kind import Kind, Number
from makerscope.agents.quoting import ceil_ticks, fair_ticks, floor_ticks
from makerscope.kernels._jit import entry, kernel
from makerscope.market.layout import P_ASK, P_BID

NEVER = 1 << 49
LOOK = 1_000_000  # ns between two looks
JUMP = 5.0  # ticks; less is the drift that pays for the jumps


@kernel
def idle(self, seen, act):
    """Nothing, for ever."""
    return NEVER


@kernel
def quote(self, seen, act):
    """One lot a side, ``half`` ticks off the price, moved as soon as the price has jumped."""
    fair = fair_ticks(seen, 0)
    if abs(self.reals[0] - fair) > JUMP:
        self.reals[0] = fair
        place(act, 0, 1, floor_ticks(fair - self.params[0]), 1, 0)
        place(act, 0, -1, ceil_ticks(fair + self.params[0]), 1, 1)
    return LOOK


@kernel
def shoot(self, seen, act):
    """When the price jumps beyond a quote of the last block, take it, once for each jump."""
    fair = fair_ticks(seen, 0)
    if abs(self.reals[0] - fair) > JUMP:
        self.reals[0] = fair
        if 0 < seen.public[0, P_ASK] < fair:
            take(act, 0, 1, floor_ticks(fair), 1, 0, 0)
        elif seen.public[0, P_BID] > fair:
            take(act, 0, -1, ceil_ticks(fair), 1, 0, 0)
    return LOOK


@entry
def _idle(own, seen, act):
    return idle(self_at(own), seen_at(seen), act_at(act))


@entry
def _quote(own, seen, act):
    return quote(self_at(own), seen_at(seen), act_at(act))


@entry
def _shoot(own, seen, act):
    return shoot(self_at(own), seen_at(seen), act_at(act))


HALF = {"half": Number(default=2, low=1, high=100, about="half spread, ticks")}
PLAYERS = {
    "idle": Kind(name="idle", about="", step=idle, entry=_idle, numbers={}, slots=lambda _n, _i: 1),
    "jump-quoter": Kind(name="jump-quoter", about="", step=quote, entry=_quote, numbers=HALF, slots=lambda _n, _i: 2),
    "jump-shooter": Kind(name="jump-shooter", about="", step=shoot, entry=_shoot, numbers={}, slots=lambda _n, _i: 1),
}
