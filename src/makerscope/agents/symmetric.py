# ruff: noqa: ANN001, ANN201, ANN202, E501, PLR0917 - compiled functions take the types their docstrings say; one number a line
"""The control: one bid and one ask at a fixed distance around the leading venue's price, whatever it holds."""

from types import MappingProxyType

from makerscope.agents.interface import act_at, seen_at, self_at
from makerscope.agents.kind import Kind, Number
from makerscope.agents.quoting import ceil_ticks, fair_ticks, floor_ticks, requote
from makerscope.kernels._jit import entry, kernel

NUMBERS = MappingProxyType({
    "market": Number(default=0, low=0, high=4095, about="instrument, by its place in the scenario"),
    "half_bps": Number(default=5, low=0.01, high=5000, about="half spread, bps of the fair price"),
    "size": Number(default=100, low=1, high=1e12, about="lots a side"),
    "tolerance_bps": Number(default=1, low=0, high=1000, about="a quote this close to where it should be stays"),
})  # fmt: skip


@kernel
def step(self, seen, act):
    """Quote around the fair price; sleep until the next block is seen."""
    i, half, size = int(self.params[0]), self.params[1], int(self.params[2])
    fair = fair_ticks(seen, i)
    tolerance = max(1.0, self.params[3] * 1e-4 * fair)
    requote(seen, act, i, 1, floor_ticks(fair * (1.0 - half * 1e-4)), size, 0, tolerance, size // 2)
    requote(seen, act, i, -1, ceil_ticks(fair * (1.0 + half * 1e-4)), size, 1, tolerance, size // 2)
    return 0


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="symmetric",
    about="one bid and one ask at a fixed distance around the leading price",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 2,
)
