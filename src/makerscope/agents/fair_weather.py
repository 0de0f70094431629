# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""A grid maker that leaves: while volatility is above its limit and until it was calm long enough, and for good after a loss.

Volatility is its own estimate, from what it sees: the larger of the moves of the leading price and of the venue's mark,
squared, in an average that forgets with a half-life. So the venue's own overshoot drives it away as news does.
"""

from types import MappingProxyType

from makerscope.agents.grid import NUMBERS as GRID
from makerscope.agents.grid import quote_grid
from makerscope.agents.interface import H_EQUITY, K_SIZE, act_at, cancel_all, seen_at, self_at, take
from makerscope.agents.kind import Kind, Number
from makerscope.agents.quoting import ceil_ticks, fair_ticks, floor_ticks
from makerscope.kernels._jit import entry, kernel
from makerscope.kernels.elementary import exp
from makerscope.market.layout import P_MARK, P_TRADING

YEAR_NS = 365.0 * 86_400e9
LN2 = 0.6931471805599453
NUMBERS = MappingProxyType({
    **GRID,
    "quiet_vol": Number(default=150, low=0, high=1e5, about="annual volatility above which it quotes nothing, %; 0: it stays"),
    "memory_s": Number(default=60, low=0.1, high=1e6, about="half-life of its estimate of volatility, s"),
    "calm_minutes": Number(default=30, low=0, high=1e6, about="volatility must be below the limit so long before it returns, minutes"),
    "quit_loss": Number(default=0, low=0, high=1, about="loss at which it leaves for good, share of its first equity; 0: never"),
    "flatten": Number(default=0, low=0, high=1, about="1: who leaves sells what it holds, at most slip_bps from the mark"),
    "slip_bps": Number(default=50, low=0, high=5000, about="worst price of that beyond the mark, bps"),
})  # fmt: skip
QUIET_VOL, MEMORY, CALM, QUIT, FLATTEN, SLIP = range(8, 14)  # of the numbers
LEAD, OWN, VARIANCE, BROUGHT = range(4)  # reals: last leading price and mark, variance a year, first equity
LAST, BACK_AT, GONE = range(3)  # words: time of the last look, when it may return, whether it left for good


@kernel
def feel(self, seen, i):
    """Bring the estimate of volatility up to now; returns it, annual, %.

    It looks ten times in a half-life: more often it would take the bounce between bid and ask for volatility.
    """
    own, known = self.reals, self.whole
    lead, mark = fair_ticks(seen, i), float(seen.public[i, P_MARK])
    passed = float(seen.now - known[LAST])
    if known[LAST] > 0 and passed < self.params[MEMORY] * 1e8:
        return 100.0 * own[VARIANCE] ** 0.5
    if known[LAST] > 0 and passed > 0.0 and own[LEAD] > 0.0:
        moved = abs(lead / own[LEAD] - 1.0)
        if own[OWN] > 0.0 and mark > 0.0:
            moved = max(moved, abs(mark / own[OWN] - 1.0))
        keep = exp(-LN2 * passed / (self.params[MEMORY] * 1e9), 0.0)
        own[VARIANCE] = keep * own[VARIANCE] + (1.0 - keep) * moved * moved * YEAR_NS / passed
    own[LEAD], own[OWN], known[LAST] = lead, mark, seen.now
    return 100.0 * own[VARIANCE] ** 0.5


@kernel
def is_away(self, seen, volatility):
    """Whether it stays out of the market now; remembers when it may come back, and that it is gone for good."""
    p, own, known = self.params, self.reals, self.whole
    equity = float(seen.margin[H_EQUITY])
    if own[BROUGHT] == 0.0 and equity > 0.0:
        own[BROUGHT] = equity
    if p[QUIT] > 0.0 and own[BROUGHT] > 0.0 and equity <= own[BROUGHT] * (1.0 - p[QUIT]):
        known[GONE] = 1
    if p[QUIET_VOL] > 0.0 and volatility > p[QUIET_VOL]:
        known[BACK_AT] = seen.now + int(p[CALM] * 60e9)
        return True
    return known[GONE] == 1 or seen.now < known[BACK_AT]


@kernel
def step(self, seen, act):
    """Quote the grid in fair weather; else take it away and, if that is its way, what it holds to the market."""
    i = int(self.params[0])
    held, mark = seen.position[i], seen.public[i, P_MARK]
    if not is_away(self, seen, feel(self, seen, i)):
        quote_grid(self, seen, act, float(held), float(held))
        return 0
    for slot in range(seen.known.shape[0]):
        if seen.known[slot, K_SIZE] > 0:
            cancel_all(act)
            break
    if self.params[FLATTEN] >= 0.5 and held != 0 and mark > 0 and seen.public[i, P_TRADING] == 1:
        side = -1 if held > 0 else 1
        limit = mark * (1.0 + side * self.params[SLIP] * 1e-4)
        take(act, i, side, ceil_ticks(limit) if side > 0 else max(1, floor_ticks(limit)), abs(held), 0, 0)
    return 0


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="fair-weather",
    about="a grid maker that leaves when volatility or its loss passes a limit",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda numbers, _instruments: 2 * int(numbers["levels"]),
    margin=True,
)
