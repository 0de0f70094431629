# ruff: noqa: ANN001, ANN201, ANN202 - compiled functions take the types their docstrings say; one number a line
"""Takers without a view: they arrive as a Poisson process and trade a random size at the market."""

from types import MappingProxyType

from makerscope.agents.interface import act_at, seen_at, self_at, take
from makerscope.agents.kind import TAKER, Kind, Number
from makerscope.agents.quoting import outward_ticks
from makerscope.kernels._jit import entry, kernel
from makerscope.kernels.dice import below, exponential, geometric, uniform
from makerscope.market.layout import P_ASK, P_BID, P_TRADING

HOUR = 3_600_000_000_000
NUMBERS = MappingProxyType({
    "first": Number(default=0, low=0, high=4095, about="first instrument it trades"),
    "last": Number(default=0, low=0, high=4095, about="last instrument it trades; each is as likely"),
    "per_hour": Number(default=60, low=1e-3, high=3.6e9, about="mean number of trades an hour"),
    "size": Number(default=50, low=1, high=1e12, about="mean size in lots (geometric)"),
    "slippage_bps": Number(default=30, low=0, high=10000, about="worst price it accepts beyond the best, bps"),
    "return": Number(default=0.3, low=0, high=1, about="how much likelier it closes than adds: 0 not at all, 1 always"),
})  # fmt: skip


@kernel
def step(self, seen, act):
    """Trade once, unless this is the first call, and sleep an exponential time."""
    p, dice = self.params, self.dice
    if self.whole[0] == 1:
        i = int(p[0]) + below(dice, 0, int(p[1]) - int(p[0]) + 1)
        size = geometric(dice, 0, 1.0 / p[3])
        held = seen.position[i]
        chance = 0.5 - 0.5 * p[5] if held > 0 else 0.5 + 0.5 * p[5] if held < 0 else 0.5
        side = 1 if uniform(dice, 0) < chance else -1
        best = seen.public[i, P_ASK] if side > 0 else seen.public[i, P_BID]
        if best > 0 and seen.public[i, P_TRADING] == 1:
            limit = best * (1.0 + side * p[4] * 1e-4)
            take(act, i, side, outward_ticks(limit, side), size, 0, 0)
    self.whole[0] = 1
    return 1 + int(exponential(dice, 0) * HOUR / p[2])


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="noise",
    about="takers without a view, a Poisson process",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 1,
    role=TAKER,
)
