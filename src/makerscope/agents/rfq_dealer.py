# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""A dealer who answers requests for quote: the best price for a known chance to win, never inside what the informed cost.

It wins a request at a distance of ``d`` bps from the fair price with the probability ``1 / (1 + e^(level + slope d))``. A lot
dealt is worth ``d`` less what its risk costs (Ho and Stoll: ``gamma sigma^2 tau (size + 2 side held) / 2``), and the distance
that earns most has the closed form ``cost + (1 + w) / slope`` with ``w = W(e^(-1 - level - slope cost))``. The floor is that
of Glosten and Milgrom: a share ``informed`` of requests come from those who know whether the price will be ``move_bps`` up or
down; each request it hears moves its belief, which fades.
"""

from types import MappingProxyType

from makerscope.agents.interface import act_at, answer_request, seen_at, self_at
from makerscope.agents.kind import Kind, Number
from makerscope.agents.maker_memory import BPS, YEAR
from makerscope.agents.quoting import fair_ticks, outward_ticks
from makerscope.kernels._jit import entry, inlined, kernel
from makerscope.kernels.elementary import exp, log
from makerscope.kernels.estimates import fade_factor, faded_variance
from makerscope.market.news import ASKED, W_INSTRUMENT, W_KIND, W_LEFT, W_SIDE, W_SIZE

NUMBERS = MappingProxyType({
    "market": Number(default=0, low=0, high=4095, about="instrument, by its place in the scenario"),
    "gamma": Number(default=0.01, low=1e-9, high=1e3, about="risk aversion, 1/USD"),
    "most": Number(default=10000, low=1, high=1e12, about="largest request it answers, lots"),
    "limit": Number(default=20000, low=1, high=1e15, about="largest position, lots"),
    "level": Number(default=-1, low=-50, high=50, about="log odds against winning a request at the fair price"),
    "slope": Number(default=0.5, low=1e-3, high=1e3, about="what each bps of distance adds to them, 1/bps"),
    "horizon_s": Number(default=60, low=0, high=1e7, about="how long it carries the risk of what it deals, s"),
    "informed": Number(default=0.1, low=0, high=0.95, about="share of requests that know where the price goes"),
    "move_bps": Number(default=5, low=0, high=5000, about="how far it goes then, bps"),
    "belief_s": Number(default=30, low=0.01, high=1e7, about="half-life of what requests have taught it, s"),
    "volatility": Number(default=0.6, low=1e-4, high=20, about="annual, until it has seen enough"),
    "volatility_memory_s": Number(default=300, low=1, high=1e8, about="half-life of its estimate of volatility, s"),
})  # fmt: skip
(
    P_MARKET, P_GAMMA, P_MOST, P_LIMIT, P_LEVEL, P_SLOPE, P_HORIZON, P_INFORMED, P_MOVE, P_BELIEF, P_VOL, P_VOL_MEMORY,
) = range(12)  # fmt: skip
VARIANCE, FAIR, ODDS = 0, 1, 2  # reals; ODDS: log odds of the price going up
CLOCK, LISTENS, HEARD = 0, 1, 2  # whole
MOST_ODDS = 30.0


@inlined
def lambert(x):
    """W(x) for x >= 0: the w with ``w e^w = x``."""
    w = log(1.0 + x)
    for _ in range(40):
        step = (w - x * exp(-w, 0.0)) / (1.0 + w)
        w -= step
        if abs(step) <= 1e-15 * w:
            break
    return w


@inlined
def best_distance(level, slope, cost):
    """The distance that maximises ``(distance - cost) / (1 + e^(level + slope distance))``."""
    return cost + (1.0 + lambert(exp(min(-1.0 - level - slope * cost, 700.0), 0.0))) / slope


@inlined
def informed_distance(odds, informed, move, side):
    """The expected move, bps, in favour of who asks on ``side``, given that they ask (Glosten and Milgrom)."""
    after = odds + side * (log(1.0 + informed) - log(1.0 - informed))
    return side * move * (2.0 / (1.0 + exp(-after, 0.0)) - 1.0)


@inlined
def _follow(self, now, fair):
    """Volatility on a clock, and a belief that fades."""
    p, r, w = self.params, self.reals, self.whole
    if w[CLOCK] == 0:
        r[VARIANCE], r[FAIR] = (p[P_VOL] * BPS) ** 2 / YEAR, fair
        w[CLOCK] = w[HEARD] = now
    elapsed = (now - w[CLOCK]) * 1e-9
    if elapsed >= 1.0:
        r[VARIANCE] = faded_variance(r[VARIANCE], (fair / r[FAIR] - 1.0) * BPS, elapsed, p[P_VOL_MEMORY])
        r[FAIR], w[CLOCK] = fair, now
    r[ODDS] *= fade_factor((now - w[HEARD]) * 1e-9, p[P_BELIEF])
    w[HEARD] = now


@kernel
def price_for(self, seen, i, fair, side, lots):
    """Its price in ticks for who wants to trade ``lots`` on ``side`` (the taker's)."""
    p, r = self.params, self.reals
    units = p[P_GAMMA] * seen.real[i, 2] * fair * seen.real[i, 1] / BPS  # of risk aversion: a bps of a lot
    cost = 0.5 * units * r[VARIANCE] * p[P_HORIZON] * (lots - 2.0 * side * seen.position[i])
    away = max(
        best_distance(p[P_LEVEL], p[P_SLOPE], cost),
        informed_distance(r[ODDS], p[P_INFORMED], p[P_MOVE], side),
    )
    price = fair * (1.0 + side * away / BPS)
    return outward_ticks(price, side)


@kernel
def step(self, seen, act):
    """Ask to be told of requests once, then answer each that comes."""
    p, r = self.params, self.reals
    i, news = int(p[P_MARKET]), seen.news
    fair = fair_ticks(seen, i)
    if self.whole[LISTENS] == 0:
        self.whole[LISTENS] = 1
        answer_request(act, i, 0, 0)
    _follow(self, seen.now, fair)
    for n in range(news.shape[0]):
        if news[n, W_KIND] != ASKED or news[n, W_INSTRUMENT] != i:
            continue
        side, lots = news[n, W_SIDE], news[n, W_SIZE]
        held = seen.position[i] - side * lots
        if lots <= p[P_MOST] and (abs(held) <= p[P_LIMIT] or abs(held) < abs(seen.position[i])):
            answer_request(act, i, news[n, W_LEFT], price_for(self, seen, i, fair, side, lots))
        taught = side * (log(1.0 + p[P_INFORMED]) - log(1.0 - p[P_INFORMED]))
        r[ODDS] = min(max(r[ODDS] + taught, -MOST_ODDS), MOST_ODDS)
    return 0


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="rfq-dealer",
    about="answers requests for quote at the price that earns most for its chance to win, never inside what the informed cost",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 2,
)
