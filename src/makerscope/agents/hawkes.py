# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""A crowd of takers without a view: orders bring orders, sizes have heavy tails, and large orders are cut into pieces.

Decisions to buy and sell are a Hawkes process (``models.hawkes``): each raises the rate of its own and of the other side.
A decision is one order, or as many pieces as a number with a Pareto tail says, sent one by one on its side: that gives
signs a long memory (Lillo, Mike, Farmer 2005: a tail exponent ``a`` makes their correlation fall as ``lag^(1 - a)``).
"""

from types import MappingProxyType

from makerscope.agents.interface import act_at, seen_at, self_at, take
from makerscope.agents.kind import TAKER, Kind, Number
from makerscope.agents.quoting import outward_ticks
from makerscope.kernels._jit import entry, inlined, kernel
from makerscope.kernels.dice import exponential, normal, uniform
from makerscope.kernels.elementary import exp, log
from makerscope.market.layout import P_ASK, P_BID, P_TRADING
from makerscope.models.hawkes_kernels import next_event

SECOND = 1_000_000_000
LN2 = 0.6931471805599453
ROOM = 512  # large orders at work at once; one more is sent whole
NUMBERS = MappingProxyType({
    "market": Number(default=0, low=0, high=4095, about="instrument, by its place in the scenario"),
    "per_hour": Number(default=600, low=1e-3, high=3.6e7, about="mean number of decisions an hour, both sides together"),
    "branching": Number(default=0.5, low=0, high=0.98, about="share of decisions that another one brought; 0: a Poisson process"),
    "same_side": Number(default=0.8, low=0, high=1, about="share of those on the side of the one that brought them"),
    "half_life_s": Number(default=1, low=1e-4, high=1e6, about="time in which that excitement halves, s"),
    "size": Number(default=20, low=1, high=1e12, about="median size of a piece, lots (tail 0), or the smallest (tail above 0)"),
    "sigma": Number(default=1, low=0, high=5, about="lognormal sizes: standard deviation of ln size"),
    "tail": Number(default=0, low=0, high=20, about="Pareto sizes instead, with this exponent; 0: lognormal"),
    "largest": Number(default=1e5, low=1, high=1e15, about="no piece is larger, lots"),
    "pieces_tail": Number(default=0, low=0, high=20, about="Pareto exponent of the number of pieces of a decision; 0: one piece"),
    "most_pieces": Number(default=1000, low=1, high=1e6, about="no decision has more pieces"),
    "piece_s": Number(default=5, low=1e-3, high=1e6, about="mean time between two pieces, s (exponential)"),
    "slippage_bps": Number(default=30, low=0, high=10000, about="worst price it accepts beyond the best, bps"),
})  # fmt: skip
STARTED, DUE, SIDE, WORKING, FIRST = range(5)  # words of memory; then (side, pieces left, when) of each large order
BASE, JUMP = 2, 4  # reals: what earlier decisions still add, two; base, two; jump, four


@inlined
def power(x, exponent):
    """``x ** exponent`` for ``x > 0``, the same bits on every machine."""
    return exp(max(-700.0, min(700.0, exponent * log(x))), 0.0)


@inlined
def pareto(dice, tail):
    """A Pareto number of smallest value 1: ``P(X > x) = x^-tail``."""
    return power(1.0 - uniform(dice, 0), -1.0 / tail)


@kernel
def piece_size(self):
    """Lots of one piece."""
    p = self.params
    size = p[5] * pareto(self.dice, p[7]) if p[7] > 0.0 else p[5] * exp(min(700.0, p[6] * normal(self.dice, 0)), 0.0)
    return max(1, int(min(size, p[8]) + 0.5))


@inlined
def take_at_best(seen, act, i, side, size, slippage_bps):
    """Take ``size`` lots up to so much beyond the best price seen; nothing where there is none."""
    best = seen.public[i, P_ASK] if side > 0 else seen.public[i, P_BID]
    if best > 0 and seen.public[i, P_TRADING] == 1 and size > 0:
        limit = best * (1.0 + side * slippage_bps * 1e-4)
        take(act, i, side, outward_ticks(limit, side), size, 0, 0)


@kernel
def start(self):
    """Lay out the process in memory, as if nothing had happened before."""
    p, own = self.params, self.reals
    decay = LN2 / p[4]
    calm, here, there = 0.5 * p[1] / 3600.0 * (1.0 - p[2]), p[2] * p[3] * decay, p[2] * (1.0 - p[3]) * decay
    own[0], own[1], own[BASE], own[BASE + 1] = 0.0, 0.0, calm, calm
    own[JUMP], own[JUMP + 3], own[JUMP + 1], own[JUMP + 2] = here, here, there, there


@kernel
def decide(self, after):
    """When the next decision falls, and on which side."""
    own = self.reals
    decay = LN2 / self.params[4]
    wait, mark = next_event(self.dice, 0, own[BASE:JUMP], own[JUMP : JUMP + 4], decay, own[0:BASE])
    self.whole[DUE], self.whole[SIDE] = after + 1 + int(min(wait, 1e9) * SECOND), 1 - 2 * mark


@kernel
def send_due_pieces(self, seen, act):
    """Send the pieces of large orders whose time has come; when the next one falls."""
    p, own, now = self.params, self.whole, seen.now
    n, first = 0, own[DUE]
    while n < own[WORKING]:
        at = FIRST + 3 * n
        while own[at + 1] > 0 and own[at + 2] <= now:
            take_at_best(seen, act, int(p[0]), own[at], piece_size(self), p[12])
            own[at + 1] -= 1
            own[at + 2] += 1 + int(exponential(self.dice, 0) * p[11] * SECOND)
        if own[at + 1] > 0:
            first = min(first, own[at + 2])
            n += 1
        else:  # the last one takes its place
            last = FIRST + 3 * (own[WORKING] - 1)
            for word in range(3):
                own[at + word] = own[last + word]
            own[WORKING] -= 1
    return first


@kernel
def step(self, seen, act):
    """Send what was decided by now, and sleep until the next decision or piece."""
    p, own = self.params, self.whole
    i = int(p[0])
    if own[STARTED] == 0:
        own[STARTED] = 1
        start(self)
        decide(self, seen.now)
    while own[DUE] <= seen.now:
        pieces = int(min(pareto(self.dice, p[9]), p[10])) if p[9] > 0.0 else 1
        take_at_best(seen, act, i, own[SIDE], piece_size(self), p[12])
        if pieces > 1 and own[WORKING] < ROOM:
            at = FIRST + 3 * own[WORKING]
            own[at], own[at + 1] = own[SIDE], pieces - 1
            own[at + 2] = seen.now + 1 + int(exponential(self.dice, 0) * p[11] * SECOND)
            own[WORKING] += 1
        else:
            for _ in range(pieces - 1):
                take_at_best(seen, act, i, own[SIDE], piece_size(self), p[12])
        decide(self, own[DUE])
    return max(1, send_due_pieces(self, seen, act) - seen.now)


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="hawkes",
    about="takers without a view whose orders bring orders; heavy tails, large orders in pieces",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 1,
    reals=8,
    whole=FIRST + 3 * ROOM,
    role=TAKER,
)
