# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""An informed trader: it hears where the price is going before the leading venue shows it, and trades that way now and then.

How far ahead it hears is its feed of the leader (``lead_feed_ms`` below 0 in a scenario), not a parameter of its own.
"""

from types import MappingProxyType

from makerscope.agents.interface import act_at, seen_at, self_at, take
from makerscope.agents.kind import TAKER, Kind, Number
from makerscope.agents.noise import HOUR
from makerscope.agents.quoting import ceil_ticks, fair_ticks, floor_ticks
from makerscope.kernels._jit import entry, kernel
from makerscope.kernels.dice import exponential, geometric
from makerscope.market.layout import P_ASK, P_BID

NUMBERS = MappingProxyType({
    "market": Number(default=0, low=0, high=4095, about="instrument, by its place in the scenario"),
    "per_hour": Number(default=60, low=1e-3, high=3.6e9, about="mean number of looks an hour"),
    "edge_bps": Number(default=6, low=0, high=1000, about="least gain it trades for, bps, costs included"),
    "size": Number(default=200, low=1, high=1e12, about="mean size in lots (geometric)"),
    "limit": Number(default=20000, low=1, high=1e15, about="largest position, lots"),
})  # fmt: skip


@kernel
def step(self, seen, act):
    """Trade towards the price it knows of, if that pays, and sleep an exponential time."""
    p = self.params
    i, limit = int(p[0]), int(p[4])
    fair, held = fair_ticks(seen, i), seen.position[i]
    highest, lowest = fair * (1.0 - p[2] * 1e-4), fair * (1.0 + p[2] * 1e-4)
    ask, bid = seen.public[i, P_ASK], seen.public[i, P_BID]
    size = geometric(self.dice, 0, 1.0 / p[3])
    if 0 < ask <= highest and held < limit:
        take(act, i, 1, floor_ticks(highest), size, 0, 0)
    elif bid > 0 and bid >= lowest and held > -limit:
        take(act, i, -1, ceil_ticks(lowest), size, 0, 0)
    return 1 + int(exponential(self.dice, 0) * HOUR / p[1])


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="informed",
    about="hears the price early and trades towards it",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 1,
    role=TAKER,
)
