# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""The second control: Avellaneda-Stoikov quotes over a finite horizon that begins anew when it is over."""

from types import MappingProxyType

from makerscope.agents.interface import act_at, seen_at, self_at
from makerscope.agents.kind import Kind, Number
from makerscope.agents.maker_memory import BPS, SECOND, YEAR
from makerscope.agents.quoting import ceil_ticks, fair_ticks, floor_ticks, requote
from makerscope.kernels._jit import entry, kernel
from makerscope.kernels.elementary import log
from makerscope.kernels.estimates import faded_variance
from makerscope.kernels.inventory_ladder import log1p_near
from makerscope.market.layout import P_ASK, P_BID

NUMBERS = MappingProxyType({
    "market": Number(default=0, low=0, high=4095, about="instrument, by its place in the scenario"),
    "gamma": Number(default=0.01, low=1e-9, high=1e3, about="risk aversion, 1/USD"),
    "size": Number(default=100, low=1, high=1e12, about="lots a side"),
    "bound": Number(default=20, low=1, high=1e9, about="position, in quotes of that size, beyond which one side only is quoted"),
    "decay": Number(default=0.3, low=1e-3, high=1e3, about="k: fills fall by e for each 1 / k bps of distance, 1/bps"),
    "volatility": Number(default=0.6, low=1e-4, high=20, about="annual, until it has seen enough"),
    "volatility_memory_s": Number(default=300, low=1, high=1e8, about="half-life of its estimate of volatility, s"),
    "horizon_s": Number(default=300, low=1, high=1e7, about="length of a horizon; its risk falls to nothing at the end, s"),
    "tolerance_bps": Number(default=0.5, low=0, high=1000, about="a quote this close to where it should be stays"),
})  # fmt: skip
VARIANCE, FAIR = 0, 1  # reals
CLOCK, START = 0, 1  # whole


@kernel
def step(self, seen, act):
    """Follow the volatility, then quote around the reservation price."""
    p, r, w = self.params, self.reals, self.whole
    i, now, size = int(p[0]), seen.now, int(p[2])
    fair = fair_ticks(seen, i)
    if w[CLOCK] == 0:
        r[VARIANCE], r[FAIR] = (p[5] * BPS) ** 2 / YEAR, fair
        w[CLOCK] = w[START] = now
    elapsed = (now - w[CLOCK]) * 1e-9
    if elapsed >= 1.0:
        r[VARIANCE] = faded_variance(r[VARIANCE], (fair / r[FAIR] - 1.0) * BPS, elapsed, p[6])
        r[FAIR], w[CLOCK] = fair, now
    gamma = p[1] * size * seen.real[i, 2] * fair * seen.real[i, 1] / BPS
    horizon = int(p[7] * SECOND)
    left = (horizon - (now - w[START]) % horizon) * 1e-9
    risk, x, held = gamma * r[VARIANCE] * left, gamma / p[4], seen.position[i] / size
    half = 0.5 * risk + (log(1.0 + x) if x > 0.5 else log1p_near(x)) / gamma
    centre = fair * (1.0 - held * risk / BPS)
    bid, ask = floor_ticks(centre - half / BPS * fair), ceil_ticks(centre + half / BPS * fair)
    best_bid, best_ask, tolerance = seen.public[i, P_BID], seen.public[i, P_ASK], max(1.0, p[8] / BPS * fair)
    bid = min(bid, best_ask - 1) if best_ask > 0 else bid
    ask = max(ask, best_bid + 1)
    requote(seen, act, i, 1, bid, size if held < p[3] else 0, 0, tolerance, size // 2)
    requote(seen, act, i, -1, ask, size if held > -p[3] else 0, 1, tolerance, size // 2)
    return 0


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="avellaneda-stoikov",
    about="Avellaneda-Stoikov quotes over a horizon that begins anew when it is over: a control",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 2,
)
