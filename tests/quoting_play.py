"""A market for quoting agents: takers with a price in mind, whose arrivals are exactly what the models assume."""

from types import MappingProxyType

import numpy as np

from makerscope.agents.interface import act_at, seen_at, self_at, take
from makerscope.agents.kind import Kind, Number
from makerscope.agents.noise import HOUR
from makerscope.agents.quoting import ceil_ticks, fair_ticks, floor_ticks
from makerscope.kernels._jit import entry, kernel
from makerscope.kernels.dice import exponential, uniform
from makerscope.market.layout import FIRST_AGENT
from makerscope.sim import world as w
from tests.market_play import built_of, memory, play

LOOK = 200_000_000  # ns between two looks of who knows
STEPS = 25  # looks that it is ahead, which is five seconds
ABOUT = "of a taker with a price in mind"
NUMBERS = MappingProxyType({
    "per_hour": Number(default=2400, low=1, high=1e7, about=ABOUT),
    "decay": Number(default=0.3, low=1e-3, high=1e3, about=ABOUT),
    "size": Number(default=100, low=1, high=1e9, about=ABOUT),
})  # fmt: skip


@kernel
def pick(self, seen, act):
    """Buy or sell if the price is no further from the fair one than an exponential distance of mean 1 / decay bps."""
    p, dice = self.params, self.dice
    if self.whole[0] == 1:
        side = 1 if uniform(dice, 0) < 0.5 else -1
        limit = fair_ticks(seen, 0) * (1.0 + side * exponential(dice, 0) / p[1] * 1e-4)
        take(act, 0, side, floor_ticks(limit) if side > 0 else ceil_ticks(limit), int(p[2]), 0, 0)
    self.whole[0] = 1
    return 1 + int(exponential(dice, 0) * HOUR / p[0])


@kernel
def know(self, seen, act):
    """As ``pick``, but on the side to which the price will have gone: it hears the price STEPS looks ahead."""
    p, dice, r, w = self.params, self.dice, self.reals, self.whole
    future, now = fair_ticks(seen, 0), r[w[0] % STEPS]
    r[w[0] % STEPS] = future
    w[0] += 1
    if w[0] > STEPS and uniform(dice, 0) < p[0] * LOOK / HOUR:
        side = 1 if future > now else -1
        limit = now * (1.0 + side * exponential(dice, 0) / p[1] * 1e-4)
        take(act, 0, side, floor_ticks(limit) if side > 0 else ceil_ticks(limit), int(p[2]), 0, 0)
    return LOOK


@entry
def _know(own, seen, act):
    return know(self_at(own), seen_at(seen), act_at(act))


@entry
def _pick(own, seen, act):
    return pick(self_at(own), seen_at(seen), act_at(act))


PICKY = Kind(name="picky", about=ABOUT, step=pick, entry=_pick, numbers=NUMBERS, slots=lambda _n, _i: 1)
KNOWING = Kind(
    name="knowing", about=ABOUT, step=know, entry=_know, numbers=NUMBERS, slots=lambda _n, _i: 1, reals=STEPS
)
MARKET = """
title = "quoting"
hours = {hours}
grid_ms = 100
[record]
orders = false
quotes = false
book_s = 0
accounts_s = {every}
[chain]
block_ms = 200
[[underlying]]
symbol = "BTC"
spot = 60000
volatility = {volatility}
vol_of_vol = 0
[venue]
maker_fee_bps = 0
taker_fee_bps = 0
{venue}
[[agent]]
kind = "{kind}"
name = "maker"
feed_ms = 20
lead_feed_ms = 20
send_ms = 10
capital_usd = {capital}
numbers = {{{numbers}}}
[[agent]]
kind = "picky"
name = "taker"
feed_ms = 1
lead_feed_ms = 1
send_ms = 1
capital_usd = 1e9
numbers = {{{flow}}}
{rest}
"""


def market_with(
    kind, numbers="", *, flow="", rest="", seed=1, hours=1.0, every=10.0, volatility=0.6, capital=1e7, venue=""
):
    """A built market of one maker and its takers."""
    text = MARKET.format(
        kind=kind, numbers=numbers, flow=flow, rest=rest, hours=hours, every=every, volatility=volatility,
        capital=capital, venue=venue,
    )  # fmt: skip
    built = built_of(text, seed=seed, kinds={"picky": PICKY, "knowing": KNOWING})
    built.world.rule[w.G_AUDIT] = 0
    return built


def equity_path(tables, account=FIRST_AGENT):
    """USD of an agent's equity at the recorder's times, from the simulator's own books."""
    rows = tables["accounts"]
    return rows["equity"][rows["account"] == account] / 1e6


def played(kind, numbers="", **keys):
    """(equity path, tables, built) of the maker."""
    built = market_with(kind, numbers, **keys)
    tables = play(built)
    return equity_path(tables), tables, built


def words(built):
    """The maker's own memory: (reals, whole)."""
    return memory(built, 0)[1:]


def interval(one, other, t):
    """95 % interval of the mean difference of two paired samples; ``t``: Student's quantile."""
    gaps = np.array(one, float) - np.array(other, float)
    half = t * gaps.std(ddof=1) / np.sqrt(len(gaps))
    return gaps.mean() - half, gaps.mean() + half
