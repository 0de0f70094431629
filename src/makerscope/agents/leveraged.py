# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""A trader on borrowed money: opens at a leverage, adds when it gains, closes in time or at a stop, or is liquidated."""

from types import MappingProxyType

from makerscope.agents.interface import act_at, seen_at, self_at, take
from makerscope.agents.kind import TAKER, Kind, Number
from makerscope.agents.quoting import ceil_ticks, floor_ticks
from makerscope.kernels._jit import entry, kernel
from makerscope.kernels.dice import exponential, normal, uniform
from makerscope.kernels.elementary import exp
from makerscope.market.layout import P_MARK, P_TRADING, UNIT

MINUTE = 60_000_000_000
HIGHEST = 200.0  # leverage
NUMBERS = MappingProxyType({
    "market": Number(default=0, low=0, high=4095, about="instrument, by its place in the scenario"),
    "leverage": Number(default=10, low=0.1, high=200, about="position over equity when it opens or adds"),
    "long": Number(default=0.5, low=0, high=1, about="how likely it opens a long position"),
    "wait_minutes": Number(default=10, low=0.001, high=1e6, about="mean time without a position, minutes (exponential)"),
    "hold_minutes": Number(default=30, low=0.001, high=1e6, about="mean time it holds a position, minutes (exponential)"),
    "add_bps": Number(default=0, low=0, high=1e5, about="each such gain it adds up to its leverage again, bps; 0: never"),
    "slippage_bps": Number(default=30, low=0, high=5000, about="worst price it accepts beyond the mark, bps"),
    "look_s": Number(default=5, low=0.001, high=1e6, about="how often it looks while it holds, s"),
    "leverage_spread": Number(default=0, low=0, high=3, about="standard deviation of ln leverage, drawn anew for each position; at most 200"),
    "stop_bps": Number(default=0, low=0, high=1e4, about="it closes at such a loss from its last entry, bps; 0: it has no stop"),
})  # fmt: skip
WAITING, HOLDING = 1, 2  # word 0; 0 before the first call
STATE, CLOSE_AT = 0, 1  # words of memory
ENTRY, LEVERAGE = 0, 1  # reals: price at which it last opened or added; leverage of this position


@kernel
def trade_at_mark(self, seen, act, side, size):
    """Take ``size`` lots at the mark, the slippage at most beyond it."""
    i = int(self.params[0])
    limit = seen.public[i, P_MARK] * (1.0 + side * self.params[6] * 1e-4)
    take(act, i, side, ceil_ticks(limit) if side > 0 else max(1, floor_ticks(limit)), size, 0, 0)


@kernel
def leverage_drawn(self):
    """The leverage of a new position."""
    p = self.params
    if p[8] <= 0.0:
        return p[1]
    return min(HIGHEST, p[1] * exp(p[8] * normal(self.dice, 0), 0.0))


@kernel
def wanted_lots(self, seen):
    """Lots that its leverage allows on what it is worth, as far as it knows."""
    i = int(self.params[0])
    worth = float(seen.public[i, P_MARK]) * float(seen.spec[i, UNIT])
    equity = float(seen.cash) + float(seen.position[i]) * worth
    return int(self.reals[LEVERAGE] * max(equity, 0.0) / worth)


@kernel
def step(self, seen, act):
    """Wait, open, hold and add, close, wait again."""
    p, own = self.params, self.whole
    i, look = int(p[0]), 1 + int(p[7] * 1e9)
    held, mark = seen.position[i], seen.public[i, P_MARK]
    if own[STATE] == 0:
        own[STATE] = WAITING
        return 1 + int(exponential(self.dice, 0) * p[3] * MINUTE)
    if mark <= 0 or seen.public[i, P_TRADING] != 1:
        return look
    if own[STATE] == WAITING and held == 0:
        self.reals[LEVERAGE] = leverage_drawn(self)
        size = wanted_lots(self, seen)
        side = 1 if uniform(self.dice, 0) < p[2] else -1
        own[STATE], own[CLOSE_AT] = HOLDING, seen.now + 1 + int(exponential(self.dice, 0) * p[4] * MINUTE)
        self.reals[ENTRY] = mark
        if size > 0:
            trade_at_mark(self, seen, act, side, size)
        return look
    if held == 0:  # closed, liquidated, or nobody sold to it
        own[STATE] = WAITING
        return 1 + int(exponential(self.dice, 0) * p[3] * MINUTE)
    side = 1 if held > 0 else -1
    if seen.now >= own[CLOSE_AT]:
        trade_at_mark(self, seen, act, -side, abs(held))
        return look
    gain = side * (mark - self.reals[ENTRY])
    if p[9] > 0.0 and gain <= -self.reals[ENTRY] * p[9] * 1e-4:
        trade_at_mark(self, seen, act, -side, abs(held))
        return look
    if p[5] > 0.0 and gain >= self.reals[ENTRY] * p[5] * 1e-4:
        self.reals[ENTRY] = mark
        more = wanted_lots(self, seen) - abs(held)
        if more > 0:
            trade_at_mark(self, seen, act, side, more)
    return look


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="leveraged",
    about="a trader on borrowed money who can be liquidated",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 1,
    role=TAKER,
)
