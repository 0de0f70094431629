# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""A maker of several perpetuals that moves its size to where it earns.

A market's score is what all of its size would earn there, USD an hour: its own fills by volume, times what a fill earned
(the spread captured, and the move of the price within ``horizon_s`` afterwards, its own markout), less a charge on the
margin its position used. Edges of markets with few fills are drawn towards the edge of all. Every ``every_minutes`` it
looks whether other weights pay (``models.allocation``); between two looks, and below the threshold, nothing moves.
"""

from types import MappingProxyType

from makerscope.agents.interface import act_at, seen_at, self_at
from makerscope.agents.kind import Kind, Number
from makerscope.agents.quoting import ceil_ticks, fair_ticks, floor_ticks, requote
from makerscope.kernels._jit import entry, inlined, kernel
from makerscope.kernels.elementary import exp
from makerscope.market.layout import A_PERP, IM, P_MARK, PPM
from makerscope.market.layout import KIND as SORT
from makerscope.market.news import FILLED, W_INSTRUMENT, W_KIND, W_PRICE, W_SIDE, W_SIZE
from makerscope.models.allocation import fill_weights, pays

NUMBERS = MappingProxyType({
    "first": Number(default=0, low=0, high=4095, about="first market, by its place in the scenario"),
    "last": Number(default=1, low=0, high=4095, about="last market; what is no perpetual between them is left out"),
    "half_bps": Number(default=4, low=0.01, high=5000, about="half spread, bps"),
    "size_usd": Number(default=5000, low=1, high=1e12, about="a quote's notional at equal weights, USD"),
    "limit_usd": Number(default=50000, low=1, high=1e15, about="largest position at equal weights, USD; beyond it one side only"),
    "skew_bps": Number(default=4, low=0, high=1000, about="how far the centre moves at the largest position, bps"),
    "tolerance_bps": Number(default=1, low=0, high=1000, about="a quote this close to where it should be stays"),
    "horizon_s": Number(default=5, low=0.01, high=1e5, about="after so long a fill is marked, s"),
    "memory_minutes": Number(default=30, low=0.01, high=1e6, about="time in which half of what it measured fades"),
    "every_minutes": Number(default=5, low=0.01, high=1e9, about="least time between two moves"),
    "threshold": Number(default=0.1, low=0, high=1e9, about="a move must gain more than this share of what is earned"),
    "move_cost": Number(default=0, low=0, high=1e9, about="what it costs to move all of the size, USD an hour"),
    "least": Number(default=0.1, low=0, high=1, about="share of an equal weight that every market keeps"),
    "sharpness": Number(default=1, low=0.1, high=10, about="power of the scores: more favours the best market"),
    "learn": Number(default=20, low=0, high=1e6, about="fills that the edge of all markets counts for in each; none moves before"),
    "margin_bps": Number(default=0.5, low=0, high=1e4, about="charge on initial margin that a position uses, bps an hour"),
})  # fmt: skip
(
    FIRST, LAST, HALF, SIZE, LIMIT, SKEW, TOLERANCE, HORIZON, MEMORY, EVERY, THRESHOLD, COST, LEAST, SHARP, LEARN, CHARGE,
) = range(16)  # fmt: skip
MOST = 64  # markets
ROOM = 1024  # fills that wait to be marked
# reals: a row of MOST each, then the waiting fills, six words each
WEIGHT, VOLUME, GAIN, MARGIN, FILLS, SCORE, WANTED = (MOST * row for row in range(7))
HOURS = 7 * MOST  # hours of memory, faded like all else
WAITING = HOURS + 1
DUE, MARKET, SIDE, LOTS, FAIR, SHARE = range(6)
LOOKED, MOVED, MOVES, HEAD, TAIL, FRESH = range(6)  # words: ns, ns, count, first and next waiting fill, sizes changed
LN2 = 0.6931471805599453


@inlined
def usd(seen, i, ticks, lots):
    """Money in ticks times lots."""
    return ticks * seen.real[i, 1] * lots * seen.real[i, 2]


@inlined
def perpetuals(self, seen):
    """How many markets it quotes."""
    n, last = 0, min(int(self.params[LAST]) + 1, seen.spec.shape[0])
    for i in range(int(self.params[FIRST]), last):
        n += 1 if seen.spec[i, SORT] == A_PERP else 0
    return min(n, MOST)


@kernel
def _fade(self, seen, n):
    """Let time pass over what it measured, and add the margin its positions used."""
    p, mem, own = self.params, self.reals, self.whole
    hours = (seen.now - own[LOOKED]) / 3.6e12
    if own[LOOKED] == 0:
        for k in range(n):
            mem[WEIGHT + k] = 1.0 / n
        hours, own[MOVED] = 0.0, seen.now
    own[LOOKED] = seen.now
    left = exp(-LN2 * hours * 60.0 / p[MEMORY], 0.0)
    mem[HOURS] = mem[HOURS] * left + hours
    for row in (VOLUME, GAIN, MARGIN, FILLS):
        for k in range(n):
            mem[row + k] *= left
    k = 0
    for i in range(int(p[FIRST]), min(int(p[LAST]) + 1, seen.spec.shape[0])):
        if seen.spec[i, SORT] == A_PERP and k < n:
            used = usd(seen, i, float(max(seen.public[i, P_MARK], 0)), abs(seen.position[i])) * seen.spec[i, IM] / PPM
            mem[MARGIN + k] += used * hours / (n * mem[WEIGHT + k])
            k += 1


@inlined
def _place_of(self, seen, market):
    """The place of a market among its perpetuals, or -1."""
    k = 0
    for i in range(int(self.params[FIRST]), min(int(self.params[LAST]) + 1, seen.spec.shape[0])):
        if i == market:
            return k if seen.spec[i, SORT] == A_PERP and k < MOST else -1
        k += 1 if seen.spec[i, SORT] == A_PERP else 0
    return -1


@kernel
def _measure(self, seen, n):
    """Add its fills: what they captured at once, what the price did to them when they are old enough."""
    p, mem, own = self.params, self.reals, self.whole
    for row in range(seen.news.shape[0]):
        note = seen.news[row]
        k = _place_of(self, seen, note[W_INSTRUMENT]) if note[W_KIND] == FILLED else -1
        if k < 0:
            continue
        i, share = note[W_INSTRUMENT], n * mem[WEIGHT + k]
        fair = fair_ticks(seen, i)
        mem[VOLUME + k] += usd(seen, i, float(note[W_PRICE]), note[W_SIZE]) / share
        mem[GAIN + k] += usd(seen, i, note[W_SIDE] * (fair - note[W_PRICE]), note[W_SIZE]) / share
        mem[FILLS + k] += 1.0
        if own[TAIL] - own[HEAD] < ROOM:
            at = WAITING + 6 * (own[TAIL] % ROOM)
            mem[at + DUE], mem[at + MARKET], mem[at + SIDE] = seen.now * 1e-9 + p[HORIZON], i, note[W_SIDE]
            mem[at + LOTS], mem[at + FAIR], mem[at + SHARE] = note[W_SIZE], fair, share
            own[TAIL] += 1
    while own[HEAD] < own[TAIL]:
        at = WAITING + 6 * (own[HEAD] % ROOM)
        if mem[at + DUE] > seen.now * 1e-9:
            return
        i = int(mem[at + MARKET])
        moved = mem[at + SIDE] * (fair_ticks(seen, i) - mem[at + FAIR])
        mem[GAIN + _place_of(self, seen, i)] += usd(seen, i, moved, mem[at + LOTS]) / mem[at + SHARE]
        own[HEAD] += 1


@kernel
def _score(self, n):
    """Scores of all markets, USD an hour for all of the size; returns how many fills it knows in the least known one."""
    p, mem = self.params, self.reals
    volume, gain, least = 0.0, 0.0, 1e18
    for k in range(n):
        volume, gain = volume + mem[VOLUME + k], gain + mem[GAIN + k]
        least = min(least, mem[FILLS + k])
    edge = gain / volume if volume > 0.0 else 0.0
    hours = max(mem[HOURS], 1e-9)
    for k in range(n):
        own = mem[GAIN + k] / mem[VOLUME + k] if mem[VOLUME + k] > 0.0 else 0.0
        fills = mem[FILLS + k]
        drawn = (fills * own + p[LEARN] * edge) / max(fills + p[LEARN], 1e-9)
        mem[SCORE + k] = n * (drawn * mem[VOLUME + k] - p[CHARGE] * 1e-4 * mem[MARGIN + k]) / hours
    return least


@kernel
def _move(self, seen, n):
    """Change the weights if it is time and pays."""
    p, mem, own = self.params, self.reals, self.whole
    known = _score(self, n)
    if seen.now - own[MOVED] < p[EVERY] * 6e10 or known < p[LEARN]:
        return
    weight, score, wanted = mem[WEIGHT : WEIGHT + n], mem[SCORE : SCORE + n], mem[WANTED : WANTED + n]
    fill_weights(score, p[LEAST] / n, p[SHARP], wanted)
    if pays(weight, wanted, score, p[THRESHOLD], p[COST]):
        for k in range(n):
            weight[k] = wanted[k]
        own[MOVED], own[FRESH] = seen.now, 1
        own[MOVES] += 1


@kernel
def step(self, seen, act):
    """Measure, perhaps move, and quote every market with its share of the size."""
    p, mem, own = self.params, self.reals, self.whole
    n, k = perpetuals(self, seen), 0
    _fade(self, seen, n)
    _measure(self, seen, n)
    _move(self, seen, n)
    for i in range(int(p[FIRST]), min(int(p[LAST]) + 1, seen.spec.shape[0])):
        if seen.spec[i, SORT] != A_PERP or k >= n:
            continue
        fair, share = fair_ticks(seen, i), n * mem[WEIGHT + k]
        lot = usd(seen, i, fair, 1.0)
        size, limit, held = int(p[SIZE] * share / lot), p[LIMIT] * share / lot, float(seen.position[i])
        centre = fair * (1.0 - 1e-4 * p[SKEW] * max(-1.0, min(1.0, held / max(limit, 1.0))))
        away, tolerance = fair * 1e-4 * p[HALF], 0.0 if own[FRESH] == 1 else max(1.0, p[TOLERANCE] * 1e-4 * fair)
        bids, asks = size if held < limit else 0, size if held > -limit else 0
        requote(seen, act, i, 1, floor_ticks(centre - away), bids, 2 * k, tolerance, size // 2)
        requote(seen, act, i, -1, ceil_ticks(centre + away), asks, 2 * k + 1, tolerance, size // 2)
        k += 1
    own[FRESH] = 0
    return 0


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="allocator",
    about="quotes several perpetuals and moves its size to where it earns",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda numbers, instruments: 2 * min(int(numbers["last"]) - int(numbers["first"]) + 1, instruments, MOST),
    reals=WAITING + 6 * ROOM,
    whole=6,
)
