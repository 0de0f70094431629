# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""Buyers and sellers of options who prefer some strikes and tenors, and pay no more than some volatility points for it.

Who comes (Poisson, or a Hawkes process where ``branching`` is above 0) wants a call or a put, to buy or to sell, and draws a series
with the weight ``exp(-((|delta| - delta_0) / width)^2 / 2) exp(-(ln(days / days_0) / width)^2 / 2)``. It trades where the
quote is within its reservation: at most ``reservation_vol`` points above the venue's model when it buys, below when it
sells. Where a series has no quote on its side, or a worse one, it draws another, some times, and then goes.
"""

from types import MappingProxyType

from makerscope.agents.hawkes import LN2, SECOND
from makerscope.agents.interface import V_DELTA, V_PRICE, V_VEGA, V_VOLATILITY, act_at, seen_at, self_at, take
from makerscope.agents.kind import TAKER, Kind, Number
from makerscope.agents.quoting import ceil_ticks, floor_ticks
from makerscope.kernels._jit import entry, inlined, kernel
from makerscope.kernels.dice import geometric, uniform
from makerscope.kernels.elementary import exp, log
from makerscope.market.layout import AN_OPTION, EXPIRY, IS_CALL, NONE, P_ASK, P_BID, P_TRADING, UNDERLYING
from makerscope.market.layout import KIND as SORT
from makerscope.models.hawkes_kernels import next_event

DAY = 86_400 * SECOND
POINT = 0.01  # of volatility; model vega is for 1.00
NUMBERS = MappingProxyType({
    "underlying": Number(default=0, low=0, high=255, about="whose options it trades, by its place in the scenario"),
    "per_hour": Number(default=60, low=1e-3, high=3.6e6, about="mean number of arrivals an hour"),
    "branching": Number(default=0, low=0, high=0.98, about="share of arrivals that another one brought; 0: a Poisson process"),
    "half_life_s": Number(default=30, low=1e-3, high=1e6, about="time in which that excitement halves, s"),
    "call": Number(default=0.55, low=0, high=1, about="how likely it wants a call"),
    "buy": Number(default=0.55, low=0, high=1, about="how likely it buys"),
    "delta": Number(default=0.25, low=0, high=1, about="delta_0: absolute delta it likes best"),
    "delta_width": Number(default=0.2, low=1e-3, high=100, about="how far from that it still goes (standard deviation)"),
    "days": Number(default=7, low=1e-3, high=1e4, about="days_0: tenor it likes best, days"),
    "days_width": Number(default=1, low=1e-3, high=100, about="how far from that it still goes (standard deviation of ln)"),
    "size": Number(default=3, low=1, high=1e12, about="mean size in lots (geometric)"),
    "reservation_vol": Number(default=1, low=0, high=500, about="worst price beyond the model it accepts, volatility points"),
    "tries": Number(default=3, low=1, high=100, about="series it looks at before it goes without a trade"),
    "limit": Number(default=1000, low=1, high=1e15, about="largest position in one series, lots"),
})  # fmt: skip
STARTED, DUE = 0, 1  # words of memory
EXCESS, BASE, JUMP = 0, 1, 2  # reals of the arrivals


@inlined
def weight(self, seen, i, call):
    """How much it likes a series; 0 for what is none of its own."""
    p = self.params
    spec, model = seen.spec, seen.model
    if spec[i, SORT] != AN_OPTION or spec[i, UNDERLYING] != int(p[0]) or spec[i, IS_CALL] != call:
        return 0.0
    left = spec[i, EXPIRY] - seen.now
    if left <= 0 or seen.public[i, P_TRADING] != 1 or not model[i, V_VOLATILITY] > 0.0:
        return 0.0
    off = (abs(model[i, V_DELTA]) - p[6]) / p[7]
    later = log(left / (p[8] * DAY)) / p[9]
    return exp(max(-700.0, -0.5 * (off * off + later * later)), 0.0)


@kernel
def series(self, seen, call):
    """One series, drawn by weight; NONE where it likes none."""
    total = 0.0
    for i in range(seen.spec.shape[0]):
        total += weight(self, seen, i, call)
    left, chosen = uniform(self.dice, 0) * total, NONE
    for i in range(seen.spec.shape[0]):
        here = weight(self, seen, i, call)
        if here > 0.0:
            chosen = i
            left -= here
            if left < 0.0:
                break
    return chosen


@kernel
def come(self, seen, act):
    """Want something, look at some series, and trade the first that is quoted well enough."""
    p, dice = self.params, self.dice
    call = 1 if uniform(dice, 0) < p[4] else 0
    side = 1 if uniform(dice, 0) < p[5] else -1
    size = geometric(dice, 0, 1.0 / p[10])
    for _ in range(int(p[12])):
        i = series(self, seen, call)
        if i == NONE:
            return
        quote = seen.public[i, P_ASK] if side > 0 else seen.public[i, P_BID]
        worst = (seen.model[i, V_PRICE] + side * p[11] * POINT * seen.model[i, V_VEGA]) / seen.real[i, 1]
        limit = floor_ticks(worst) if side > 0 else max(1, ceil_ticks(worst))
        room = int(p[13]) - side * seen.position[i]
        if quote > 0 and side * (limit - quote) >= 0 and room > 0:
            take(act, i, side, limit, min(size, room), 0, 0)
            return


@kernel
def step(self, seen, act):
    """Come where it is time, and sleep until the next arrival."""
    p, own, memory = self.params, self.whole, self.reals
    decay = LN2 / p[3]
    if own[STARTED] == 0:
        own[STARTED], own[DUE] = 1, seen.now
        memory[EXCESS], memory[BASE], memory[JUMP] = 0.0, p[1] / 3600.0 * (1.0 - p[2]), p[2] * decay
    else:
        come(self, seen, act)
    wait, _ = next_event(self.dice, 0, memory[BASE:JUMP], memory[JUMP : JUMP + 1], decay, memory[EXCESS:BASE])
    own[DUE] += 1 + int(min(wait, 1e9) * SECOND)
    return max(1, own[DUE] - seen.now)


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="option-flow",
    about="buyers and sellers of options with a taste for strikes and tenors, and a reservation price",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 1,
    role=TAKER,
)
