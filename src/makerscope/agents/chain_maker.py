# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""A maker of a whole option chain: both sides of every series around the venue's model, moved to the spot it sees.

The model is as old as the block; the spot is newer. So the fair value is the model's price, plus delta times how far the
spot has gone since, plus vega times how far the maker leans against the vega it holds. It quotes that plus and minus a
width in volatility points and ticks, and sends what changes by more than its tolerance.
"""

from types import MappingProxyType

from makerscope.agents.interface import (
    R_SPOT,
    V_DELTA,
    V_PRICE,
    V_VEGA,
    V_VOLATILITY,
    act_at,
    seen_at,
    self_at,
)
from makerscope.agents.kind import Kind, Number
from makerscope.agents.quoting import ceil_ticks, floor_ticks, requote
from makerscope.kernels._jit import entry, inlined, kernel
from makerscope.market.layout import AN_OPTION, P_INDEX, P_TRADING, UNDERLYING
from makerscope.market.layout import KIND as SORT

POINT = 0.01  # of volatility; model vega is for 1.00
NUMBERS = MappingProxyType({
    "underlying": Number(default=0, low=0, high=255, about="whose options it quotes, by its place in the scenario"),
    "half_vol": Number(default=0.5, low=0, high=100, about="half width, volatility points"),
    "half_ticks": Number(default=1, low=0, high=1e6, about="half width beside that, ticks"),
    "size": Number(default=10, low=1, high=1e12, about="lots a side of each series"),
    "limit": Number(default=100, low=1, high=1e15, about="largest position in one series, lots; beyond it one side only"),
    "vega_limit": Number(default=20000, low=1e-9, high=1e15, about="net vega at which it leans fully, USD for one point"),
    "vega_skew": Number(default=1, low=0, high=100, about="how far its volatility leans then, points"),
    "delta_limit": Number(default=10, low=1e-9, high=1e15, about="net delta at which it leans fully, units of the underlying"),
    "delta_skew_bps": Number(default=5, low=0, high=1000, about="how far its spot leans then, bps"),
    "tolerance": Number(default=1, low=1, high=1e6, about="a quote less than so many ticks from where it should be stays"),
})  # fmt: skip


@inlined
def net_greeks(seen, u):
    """Delta (units of the underlying) and vega (quote currency for one point) of all it holds on an underlying."""
    delta, vega = 0.0, 0.0
    for i in range(seen.position.shape[0]):
        if seen.position[i] != 0 and seen.spec[i, UNDERLYING] == u:
            units = seen.position[i] * seen.real[i, 2]
            if seen.spec[i, SORT] != AN_OPTION:
                delta += units
            elif seen.model[i, V_VOLATILITY] > 0.0:
                delta += units * seen.model[i, V_DELTA]
                vega += units * seen.model[i, V_VEGA] * POINT
    return delta, vega


@inlined
def quote_series(seen, act, i, slot, spot, lean_vol, half_vol, half_ticks, size, limit, tolerance, least, aside):
    """Both sides of one series. ``spot``: as seen and leant, quote currency; ``lean_vol``: moves its volatility, points.

    ``aside``: the side it does not quote, or 0.
    """
    model, tick = seen.model, seen.real[i, 1]
    alive = seen.public[i, P_TRADING] == 1 and model[i, V_VOLATILITY] > 0.0
    held, bid, ask = seen.position[i], 0, 0
    if alive:
        per_tick = 1.0 / tick
        moved = spot - seen.public[i, P_INDEX] * tick
        per_point = model[i, V_VEGA] * POINT
        fair = (model[i, V_PRICE] + model[i, V_DELTA] * moved + per_point * lean_vol) * per_tick
        half = per_point * half_vol * per_tick + half_ticks
        bid, ask = floor_ticks(fair - half), max(ceil_ticks(fair + half), 1)
        ask = max(ask, bid + 1)
    requote(seen, act, i, 1, bid, size if alive and held < limit and aside != 1 else 0, slot, tolerance, least)
    requote(seen, act, i, -1, ask, size if alive and held > -limit and aside != -1 else 0, slot + 1, tolerance, least)


@kernel
def quote_chain(self, seen, act, share, tolerance, aside):
    """Look at what it holds, then quote every series with ``share`` of its size, but not the side ``aside`` (0: both).

    ``tolerance``: see ``requote``.
    """
    p = self.params
    u = int(p[0])
    delta, vega = net_greeks(seen, u)
    lean_spot = -seen.reference[u, R_SPOT] * p[8] * 1e-4 * max(-1.0, min(1.0, delta / p[7]))
    lean_vol = -p[6] * max(-1.0, min(1.0, vega / p[5]))
    spot = seen.reference[u, R_SPOT] + lean_spot
    half_vol, half_ticks, size, limit = p[1], p[2], int(p[3] * share), p[4]
    least, slot = size // 2, 0
    for i in range(seen.spec.shape[0]):
        if seen.spec[i, SORT] == AN_OPTION and seen.spec[i, UNDERLYING] == u:
            quote_series(
                seen, act, i, slot, spot, lean_vol, half_vol, half_ticks, size, limit, tolerance, least, aside,
            )  # fmt: skip
            slot += 2


@kernel
def step(self, seen, act):
    """Quote the whole chain."""
    quote_chain(self, seen, act, 1.0, self.params[9], 0)
    return 0


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="chain-maker",
    about="both sides of every option of a chain, around the venue's model at the spot it sees",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, instruments: 2 * instruments,
)
