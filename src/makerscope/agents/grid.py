# ruff: noqa: ANN001, ANN201, ANN202, E501, PLR0917 - compiled functions take the types their docstrings say; one number a line
"""A grid of quotes that leans against its inventory, the strategy most perpetual makers begin with."""

from types import MappingProxyType

from makerscope.agents.interface import act_at, seen_at, self_at
from makerscope.agents.kind import Kind, Number
from makerscope.agents.quoting import ceil_ticks, fair_ticks, floor_ticks, requote
from makerscope.kernels._jit import entry, kernel

NUMBERS = MappingProxyType({
    "market": Number(default=0, low=0, high=4095, about="instrument, by its place in the scenario"),
    "levels": Number(default=5, low=1, high=200, about="quotes a side"),
    "half_bps": Number(default=4, low=0.01, high=5000, about="distance of the first quote from the centre, bps"),
    "gap_bps": Number(default=3, low=0.01, high=5000, about="distance between two quotes, bps"),
    "size": Number(default=100, low=1, high=1e12, about="lots a quote"),
    "skew_bps": Number(default=4, low=0, high=1000, about="how far the centre moves at the largest position, bps"),
    "limit": Number(default=2000, low=1, high=1e15, about="position beyond which no quote may lead, lots; the last one may by its size"),
    "tolerance_bps": Number(default=1, low=0, high=1000, about="a quote this close to where it should be stays"),
})  # fmt: skip


@kernel
def quote_grid(self, seen, act, held, leaning):
    """Quote ``levels`` bids and asks; ``held`` counts against the limit, the centre leans against ``leaning`` lots."""
    p = self.params
    i, levels, size, limit = int(p[0]), int(p[1]), int(p[4]), p[6]
    fair = fair_ticks(seen, i)
    centre = fair * (1.0 - 1e-4 * p[5] * max(-1.0, min(1.0, leaning / limit)))
    tolerance = max(1.0, p[7] * 1e-4 * fair)
    for level in range(levels):
        away = fair * 1e-4 * (p[2] + level * p[3])
        wanted = size if held + level * size < limit else 0  # all bids together may fill before it hears of it
        requote(seen, act, i, 1, floor_ticks(centre - away), wanted, 2 * level, tolerance, size // 2)
        wanted = size if held - level * size > -limit else 0
        requote(seen, act, i, -1, ceil_ticks(centre + away), wanted, 2 * level + 1, tolerance, size // 2)


@kernel
def step(self, seen, act):
    """Quote around a centre that leans against the position."""
    held = float(seen.position[int(self.params[0])])
    quote_grid(self, seen, act, held, held)
    return 0


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="grid",
    about="several quotes a side around a centre that leans against the position",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda numbers, _instruments: 2 * int(numbers["levels"]),
)
