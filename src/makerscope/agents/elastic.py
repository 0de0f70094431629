# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""Takers who come where liquidity is: their rate rises with depth and uptime and falls with the spread.

::

    rate = per_hour (depth / depth_0)^a (spread_0 / spread)^b uptime^c,   at most ``most`` times per_hour

``depth`` is the smaller best size, ``uptime`` the share of time in which it saw both sides, forgotten with a half-life.
Without both sides it does not come. Makers earn from this flow, so volume follows liquidity and liquidity volume.
"""

from types import MappingProxyType

from makerscope.agents.hawkes import LN2, SECOND, power, take_at_best
from makerscope.agents.interface import act_at, seen_at, self_at
from makerscope.agents.kind import TAKER, Kind, Number
from makerscope.kernels._jit import entry, inlined, kernel
from makerscope.kernels.dice import exponential, geometric, uniform
from makerscope.kernels.elementary import exp
from makerscope.market.layout import P_ASK, P_ASK_SIZE, P_BID, P_BID_SIZE, P_TRADING

NUMBERS = MappingProxyType({
    "market": Number(default=0, low=0, high=4095, about="instrument, by its place in the scenario"),
    "per_hour": Number(default=120, low=1e-3, high=3.6e6, about="mean number of trades an hour at depth, spread_bps and full uptime"),
    "size": Number(default=50, low=1, high=1e12, about="mean size in lots (geometric)"),
    "depth": Number(default=100, low=1, high=1e15, about="depth_0: smaller best size at which it comes per_hour, lots"),
    "depth_power": Number(default=0.3, low=0, high=5, about="a: elasticity of its rate to depth"),
    "spread_bps": Number(default=5, low=1e-3, high=1e4, about="spread_0: full spread at which it comes per_hour, bps"),
    "spread_power": Number(default=1, low=0, high=5, about="b: elasticity of its rate to the inverse of the spread"),
    "uptime_power": Number(default=2, low=0, high=20, about="c: elasticity of its rate to the uptime it has seen"),
    "memory_s": Number(default=300, low=0.01, high=1e7, about="half-life in which it forgets uptime, s"),
    "most": Number(default=4, low=1, high=1000, about="its rate is at most so many times per_hour"),
    "slippage_bps": Number(default=30, low=0, high=10000, about="worst price it accepts beyond the best, bps"),
    "return": Number(default=0.3, low=0, high=1, about="how much likelier it closes than adds: 0 not at all, 1 always"),
    "look_s": Number(default=1, low=0.001, high=1e6, about="it looks at least so often, s"),
})  # fmt: skip
STARTED, LOOKED, DUE = range(3)  # words of memory: called before; when it last looked; when it may come next
UPTIME = 0  # reals


@inlined
def appetite(self, seen):
    """Its rate over ``per_hour``, as it sees the market; 0 without both sides."""
    p = self.params
    i = int(p[0])
    bid, ask = seen.public[i, P_BID], seen.public[i, P_ASK]
    if bid <= 0 or ask <= bid:
        return 0.0
    depth = min(seen.public[i, P_BID_SIZE], seen.public[i, P_ASK_SIZE])
    spread = 2e4 * (ask - bid) / (ask + bid)
    level = power(max(depth, 1) / p[3], p[4]) * power(p[5] / spread, p[6])
    return min(p[9], level * power(max(self.reals[UPTIME], 1e-12), p[7]))


@kernel
def remember(self, seen, two_sided):
    """Move the uptime it has seen on to now."""
    own = self.whole
    if own[STARTED] == 0:
        self.reals[UPTIME] = 1.0 if two_sided else 0.0
    else:
        stays = exp(max(-700.0, -LN2 * (seen.now - own[LOOKED]) / (self.params[8] * SECOND)), 0.0)
        self.reals[UPTIME] = stays * self.reals[UPTIME] + (1.0 - stays) * (1.0 if two_sided else 0.0)
    own[LOOKED] = seen.now


@kernel
def step(self, seen, act):
    """Look; where it is its turn, come with the chance that liquidity gives, at the highest rate it ever has."""
    p, own, dice = self.params, self.whole, self.dice
    i = int(p[0])
    remember(self, seen, 0 < seen.public[i, P_BID] < seen.public[i, P_ASK])
    gap = 3600.0 * SECOND / (p[1] * p[9])
    if own[STARTED] == 0:
        own[STARTED], own[DUE] = 1, seen.now + 1 + int(exponential(dice, 0) * gap)
    if seen.now >= own[DUE]:
        size, comes, coin = geometric(dice, 0, 1.0 / p[2]), uniform(dice, 0), uniform(dice, 0)
        own[DUE] = seen.now + 1 + int(exponential(dice, 0) * gap)
        if comes * p[9] < appetite(self, seen) and seen.public[i, P_TRADING] == 1:
            held = seen.position[i]
            chance = 0.5 - 0.5 * p[11] if held > 0 else 0.5 + 0.5 * p[11] if held < 0 else 0.5
            take_at_best(seen, act, i, 1 if coin < chance else -1, size, p[10])
    return max(1, min(own[DUE] - seen.now, 1 + int(p[12] * SECOND)))


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="elastic",
    about="takers who come where depth, narrow spreads and uptime are",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 1,
    role=TAKER,
)
