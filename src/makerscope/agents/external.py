# ruff: noqa: ANN001, ANN201, ANN202, E501, PLR0917 - compiled functions take the types their docstrings say; one number a line
"""Somebody outside the loop: the loop stops at each of its calls and waits for an answer (``sim.gym``)."""

from types import MappingProxyType

from makerscope.agents.interface import ASK, act_at, seen_at, self_at
from makerscope.agents.kind import Kind, Number
from makerscope.kernels._jit import entry, kernel

NUMBERS = MappingProxyType({
    "market": Number(default=0, low=0, high=4095, about="instrument, by its place in the scenario"),
    "levels": Number(default=2, low=1, high=50, about="quotes a side"),
    "widest_bps": Number(default=20, low=0.01, high=5000, about="largest distance of a quote from the fair price, bps"),
    "size": Number(default=200, low=1, high=1e12, about="largest quote, lots"),
    "limit": Number(default=5000, low=1, high=1e15, about="largest position, lots; beyond it only one side is quoted"),
    "every_ms": Number(default=0, low=0, high=1e7, about="time between two decisions, ms; 0: at every block it sees"),
})  # fmt: skip


@kernel
def step(self, seen, act):  # noqa: ARG001 - the signature of every agent
    """Nothing is decided here."""
    return ASK


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="external",
    about="somebody outside the loop: a Gymnasium environment",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda numbers, _instruments: 2 * int(numbers["levels"]),
)
