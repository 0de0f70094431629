# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""What an inventory-risk maker remembers and learns as it goes: volatility, fill intensity, adverse moves after fills.

Distances and moves are in bps of the fair price, positions in quotes (multiples of its size), times in seconds: so one
quote at one bps is the unit of money, and nothing depends on what a price happens to be. All of it lives in the
agent's own words (``self.reals``, ``self.whole``).
"""

from types import MappingProxyType

from makerscope.agents.kind import Number
from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.estimates import (
    CELLS,
    PER_DECAY,
    cell_of,
    fade,
    fade_factor,
    faded_variance,
    fit_intensity,
)
from makerscope.market.layout import P_TRADING
from makerscope.market.news import FILLED, W_INSTRUMENT, W_KIND, W_PRICE, W_SIDE, W_SIZE

SECOND = 1_000_000_000
YEAR = 365 * 86_400.0
BPS = 1e4
NEW = 10.0  # fills that no adverse selection at all is worth as evidence, to begin with
WAITING = 64  # fills whose markout is not known yet

# numbers that every such maker has, in this order; what it adds comes after
(
    P_MARKET, P_RISK, P_SIZE, P_BOUND, P_VOL, P_VOL_MEMORY, P_ARRIVALS, P_DECAY, P_PRIOR, P_MEMORY, P_ADVERSE, P_MARKOUT,
    P_REFIT, P_MOVE, P_TOLERANCE,
) = range(15)  # fmt: skip
OWN = 15
_COMMON = MappingProxyType({
    "size": Number(default=100, low=1, high=1e12, about="lots a quote"),
    "bound": Number(default=10, low=1, high=50, about="largest position, in quotes of that size"),
    "volatility": Number(default=0.6, low=1e-4, high=20, about="annual, until it has seen enough"),
    "volatility_memory_s": Number(default=300, low=1, high=1e8, about="half-life of its estimate of volatility, s"),
    "arrivals": Number(default=12, low=1e-4, high=1e6, about="fills a minute, in quotes, of a quote at the fair price: a first guess"),
    "decay": Number(default=0.3, low=1e-3, high=1e3, about="k: fills fall by e for each 1 / k bps of distance: a first guess, 1/bps"),
    "prior_minutes": Number(default=30, low=0.01, high=1e8, about="how much experience the guesses of arrivals and decay are worth"),
    "memory_minutes": Number(default=60, low=0.1, high=1e8, about="half-life of experience with fills"),
    "adverse": Number(default=0.5, low=0, high=10, about="how much of the measured adverse move after fills it asks for; 0: it does not care"),
    "markout_s": Number(default=5, low=0.01, high=3600, about="how long after a fill that move is measured"),
    "refit_s": Number(default=10, low=0.01, high=1e6, about="time between two looks at its estimates"),
    "move": Number(default=0.05, low=0, high=10, about="it solves anew when an estimate has moved by this fraction"),
    "tolerance_bps": Number(default=0.5, low=0, high=1000, about="a quote this close to where it should be stays"),
})  # fmt: skip

# words of self.reals
(
    FAIR, BID, ASK, CLOCK_FAIR, VARIANCE, MOVED, MOVES, A, K, S_RISK, S_A, S_K, S_VARIANCE, S_ADVERSE, S_SHADOW,
) = range(15)  # fmt: skip
TIMES = 16  # cells: time at each distance, and fills there
COUNTS = TIMES + CELLS
FAIRS = COUNTS + CELLS  # of waiting fills: the fair price before, and the part of a quote with its side
PARTS = FAIRS + WAITING
REALS = PARTS + WAITING
# words of self.whole
LAST, CLOCK, NEXT_FIT, HEAD, TAIL, SOLVED, SENT_UNTIL = range(7)
DUES = 8  # when the markout of a waiting fill is known
WHOLE = DUES + WAITING


def numbers_of(risk: str, about: Number, own: MappingProxyType[str, Number]) -> MappingProxyType[str, Number]:
    """The numbers of a kind: its market, its aversion to risk under its own name, the common ones, then its own."""
    market = Number(default=0, low=0, high=4095, about="instrument, by its place in the scenario")
    return MappingProxyType({"market": market, risk: about, **_COMMON, **own})


@inlined
def _begin(self, now, fair):
    p, r = self.params, self.reals
    r[VARIANCE] = (p[P_VOL] * BPS) ** 2 / YEAR
    r[A], r[K] = p[P_ARRIVALS] / 60.0, p[P_DECAY]
    r[FAIR] = r[CLOCK_FAIR] = fair
    self.whole[LAST] = self.whole[CLOCK] = now
    self.whole[NEXT_FIT] = now + int(p[P_REFIT] * SECOND)


@inlined
def _watch_price(self, now, fair):
    """Variance on a clock of a second at least."""
    r, elapsed = self.reals, (now - self.whole[CLOCK]) * 1e-9
    if elapsed >= 1.0:
        change = (fair / r[CLOCK_FAIR] - 1.0) * BPS
        r[VARIANCE] = faded_variance(r[VARIANCE], change, elapsed, self.params[P_VOL_MEMORY])
        r[CLOCK_FAIR], self.whole[CLOCK] = fair, now


@inlined
def _count_exposure(self, now, width):
    """The time that its quotes have rested since the last call, by their distance from the fair price then."""
    r, elapsed = self.reals, (now - self.whole[LAST]) * 1e-9
    if r[BID] > 0.0:
        r[TIMES + cell_of((1.0 - r[BID] / r[FAIR]) * BPS, width)] += elapsed
    if r[ASK] > 0.0:
        r[TIMES + cell_of((r[ASK] / r[FAIR] - 1.0) * BPS, width)] += elapsed


@inlined
def _count_fills(self, seen, i, width):
    r, w, news = self.reals, self.whole, seen.news
    for n in range(news.shape[0]):
        if news[n, W_KIND] != FILLED or news[n, W_INSTRUMENT] != i:
            continue
        side, part = news[n, W_SIDE], news[n, W_SIZE] / self.params[P_SIZE]
        r[COUNTS + cell_of(side * (1.0 - news[n, W_PRICE] / r[FAIR]) * BPS, width)] += part
        at = w[TAIL] % WAITING
        if w[TAIL] - w[HEAD] == WAITING:
            w[HEAD] += 1
        w[DUES + at] = seen.now + int(self.params[P_MARKOUT] * SECOND)
        r[FAIRS + at], r[PARTS + at] = r[FAIR], side * part
        w[TAIL] += 1


@inlined
def _mark_out(self, now, fair):
    """How far the price has gone against it since fills that are old enough."""
    r, w = self.reals, self.whole
    while w[HEAD] < w[TAIL] and w[DUES + w[HEAD] % WAITING] <= now:
        at = w[HEAD] % WAITING
        r[MOVED] -= r[PARTS + at] * (fair / r[FAIRS + at] - 1.0) * BPS
        r[MOVES] += abs(r[PARTS + at])
        w[HEAD] += 1


@kernel
def learn(self, seen, i, fair):
    """Take in what has happened since the last call. Returns whether it is time to look at the estimates."""
    r, w, now = self.reals, self.whole, seen.now
    if w[LAST] == 0:
        _begin(self, now, fair)
        return True
    width = 1.0 / (PER_DECAY * self.params[P_DECAY])
    if seen.public[i, P_TRADING] == 1:
        _count_exposure(self, now, width)
    if seen.news.shape[0] > 0:
        _count_fills(self, seen, i, width)
    if w[HEAD] < w[TAIL]:
        _mark_out(self, now, fair)
    _watch_price(self, now, fair)
    r[FAIR], w[LAST] = fair, now
    return now >= w[NEXT_FIT]


@kernel
def estimate(self, now):
    """Fit the fill intensity anew, and let old experience fade."""
    p, r = self.params, self.reals
    keep = fade_factor(p[P_REFIT], 60.0 * p[P_MEMORY])
    fade(r[TIMES : TIMES + 2 * CELLS], keep)
    r[MOVED] *= keep
    r[MOVES] *= keep
    r[A], r[K] = fit_intensity(
        r[TIMES : TIMES + CELLS], r[COUNTS : COUNTS + CELLS], 60.0 * p[P_PRIOR], p[P_ARRIVALS] / 60.0, p[P_DECAY], r[K]
    )
    self.whole[NEXT_FIT] = now + int(p[P_REFIT] * SECOND)


@inlined
def adverse_move(self):
    """Mean move of the price against it after a fill, bps, as much of it as it cares for; never below 0."""
    r = self.reals
    return self.params[P_ADVERSE] * max(0.0, r[MOVED] / (r[MOVES] + NEW))
