# ruff: noqa: ANN001, ANN201, ANN202 - compiled functions take the types their docstrings say, in order
"""A chain maker that carries neither delta nor vega beyond a band: perpetual or leading venue, and listed options.

While it cannot hedge its delta it quotes a share of its size only; while its vega is beyond its band it does not quote
the side that adds to it, which would stand in the way of its own hedges.
"""

from types import MappingProxyType

import numpy as np

from makerscope.agents.chain_maker import NUMBERS as CHAIN
from makerscope.agents.chain_maker import net_greeks, quote_chain
from makerscope.agents.hedging import HEDGE_REALS, HEDGE_WORDS, HEDGING, STUCK, hedge_delta
from makerscope.agents.interface import act_at, seen_at, self_at
from makerscope.agents.kind import Kind, Number
from makerscope.agents.quoting import perpetual_of
from makerscope.agents.vega_hedging import VEGA_HEDGING, VEGA_WORDS, hedge_vega
from makerscope.kernels._jit import entry, kernel

LESS = MappingProxyType({
    "stuck_share": Number(default=0.2, low=0, high=1, about="share of its size that it quotes while it cannot hedge"),
})  # fmt: skip
NUMBERS = MappingProxyType({**CHAIN, **HEDGING, **VEGA_HEDGING, **LESS})
DELTA_AT = len(CHAIN)
VEGA_AT = DELTA_AT + len(HEDGING)
LESS_AT = VEGA_AT + len(VEGA_HEDGING)
VEGA_WORD = HEDGE_WORDS
WAS_STUCK = VEGA_WORD + VEGA_WORDS


@kernel
def step(self, seen, act):
    """Hedge delta, then vega, then quote the chain."""
    p, own = self.params, self.whole
    u = int(p[0])
    _net, stands = hedge_delta(self, seen, act, perpetual_of(seen, u), DELTA_AT, 0, 0)
    _delta, vega = net_greeks(seen, u)
    aside = hedge_vega(self, seen, act, u, vega, VEGA_AT, VEGA_WORD)
    stuck = np.int64(1 if stands == STUCK else 0)
    share = p[LESS_AT] if stuck == 1 else 1.0
    tolerance = p[9] if stuck == own[WAS_STUCK] else 0.0  # every quote changes its size
    own[WAS_STUCK] = stuck
    quote_chain(self, seen, act, share, tolerance, aside)
    return 0


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="hedged-chain-maker",
    about="a chain maker that hedges delta and vega beyond bands",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, instruments: 2 * instruments,
    reals=HEDGE_REALS,
    whole=WAS_STUCK + 1,
)
