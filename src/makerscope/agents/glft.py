# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""The default maker of a perpetual: exact stationary Gueant-Lehalle-Fernandez-Tapia quotes, all it needs estimated online.

It quotes around the leading venue's price. Volatility, fill intensity and the adverse move after its own fills are
learnt as it goes; the ladder is solved anew when one of them has moved.
"""

from types import MappingProxyType

from makerscope.agents.interface import act_at, seen_at, self_at
from makerscope.agents.inventory_maker import NO_LIMIT, WORDS, imbalance, quote, solve, worth_of_a_bps
from makerscope.agents.kind import Kind, Number
from makerscope.agents.maker_memory import OWN, P_MARKET, P_RISK, P_SIZE, WHOLE, estimate, learn, numbers_of
from makerscope.agents.quoting import fair_ticks
from makerscope.kernels._jit import entry, kernel

SIGNAL = MappingProxyType({
    "imbalance_bps": Number(default=0, low=0, high=100, about="move it expects when the best quotes are all on one side, bps; 0: it does not look"),
    "signal_s": Number(default=5, low=0.01, high=3600, about="how long such a move takes, s"),
})  # fmt: skip
GAMMA = Number(
    default=0.01, low=1e-9, high=1e3, about="risk aversion, 1/USD: a variance of v USD^2 costs it gamma v / 2"
)
NUMBERS = numbers_of("gamma", GAMMA, SIGNAL)
P_IMBALANCE, P_LASTING = OWN, OWN + 1


@kernel
def learn_and_quote(self, seen, act, held, most_bid, most_ask):
    """Learn, solve anew if that is due, and quote for ``held`` lots; ``most_*``: the largest sizes, lots."""
    p = self.params
    i = int(p[P_MARKET])
    fair = fair_ticks(seen, i)
    if learn(self, seen, i, fair):
        estimate(self, seen.now)
        gamma = p[P_RISK] * worth_of_a_bps(self, seen, i, fair)
        solve(self, gamma, False, 0.0, 0.0, p[P_IMBALANCE], p[P_LASTING])
    signal = imbalance(seen, i) if p[P_IMBALANCE] > 0.0 else 0.0
    quote(self, seen, act, i, fair, held / p[P_SIZE], signal, most_bid, most_ask)


@kernel
def step(self, seen, act):
    """Learn, solve anew if that is due, and quote."""
    learn_and_quote(self, seen, act, float(seen.position[int(self.params[P_MARKET])]), NO_LIMIT, NO_LIMIT)
    return 0


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="glft",
    about="exact Gueant-Lehalle-Fernandez-Tapia quotes with volatility, fills and adverse selection learnt online",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 2,
    reals=WORDS,
    whole=WHOLE,
)
