# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""Cartea-Jaimungal quotes around the venue's own mid, with a signal of where it will go within seconds.

The signal is what the leading venue's price is ahead of the mid, and the imbalance of the best quotes. It enters as a drift
that lasts as long as the signal does. Holding is paid for as it is held: ``phi`` for one quote, four times that for two.
"""

from types import MappingProxyType

from makerscope.agents.glft import SIGNAL
from makerscope.agents.interface import act_at, seen_at, self_at
from makerscope.agents.inventory_maker import NO_LIMIT, WORDS, imbalance, quote, solve
from makerscope.agents.kind import Kind, Number
from makerscope.agents.maker_memory import BPS, OWN, P_MARKET, P_RISK, P_SIZE, WHOLE, estimate, learn, numbers_of
from makerscope.agents.quoting import fair_ticks
from makerscope.kernels._jit import entry, inlined, kernel
from makerscope.market.layout import P_ASK, P_BID

PHI = Number(
    default=0.004,
    low=0,
    high=1e3,
    about="running penalty, bps of a quote a second for one quote held, growing with the square",
)
NUMBERS = numbers_of("phi", PHI, MappingProxyType({
    **SIGNAL,
    "lead": Number(default=1, low=0, high=2, about="share of the leading price's distance from the venue's mid that it expects the mid to go"),
    "most_bps": Number(default=10, low=0.01, high=100, about="largest move it expects, bps"),
}))  # fmt: skip
P_IMBALANCE, P_LASTING, P_LEAD, P_MOST = range(OWN, OWN + 4)


@inlined
def middle(seen, i, fair):
    """The venue's mid in ticks; the leading price where a side is missing."""
    bid, ask = seen.public[i, P_BID], seen.public[i, P_ASK]
    return 0.5 * (bid + ask) if bid > 0 and ask > 0 else fair


@kernel
def step(self, seen, act):
    """Learn, solve anew if that is due, and quote around the mid."""
    p = self.params
    i = int(p[P_MARKET])
    fair = fair_ticks(seen, i)
    mid = middle(seen, i, fair)
    if learn(self, seen, i, fair):
        estimate(self, seen.now)
        solve(self, p[P_RISK], True, 0.0, 0.0, p[P_MOST], p[P_LASTING])
    expected = p[P_LEAD] * (fair / mid - 1.0) * BPS + p[P_IMBALANCE] * imbalance(seen, i)
    signal = min(max(expected / p[P_MOST], -1.0), 1.0)
    quote(self, seen, act, i, mid, seen.position[i] / p[P_SIZE], signal, NO_LIMIT, NO_LIMIT)
    return 0


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="cartea-jaimungal",
    about="Cartea-Jaimungal quotes around the venue's mid, leaning on a signal of where it will go",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 2,
    reals=WORDS,
    whole=WHOLE,
)
