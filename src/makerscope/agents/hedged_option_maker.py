# ruff: noqa: ANN001, ANN201, ANN202 - compiled functions take the types their docstrings say, in order
"""The option maker with its own surface, whose delta and vega are hedged beyond bands.

Its leans stay what they are: they see the hedges as positions, so they lean against what is left. While it cannot hedge
its delta it quotes a share of its size only; while its vega is beyond its band it does not quote the side that adds to
it. The hedges remember at the front, the option maker behind them: its layout grows with the number of instruments.
"""

from types import MappingProxyType

from makerscope.agents.chain_maker import net_greeks
from makerscope.agents.hedging import HEDGE_REALS, HEDGE_WORDS, HEDGING, STUCK, hedge_delta
from makerscope.agents.interface import act_at, seen_at, self_at
from makerscope.agents.kind import Kind, Number
from makerscope.agents.option_maker import quote_options
from makerscope.agents.option_memory import behind, reals_for, whole_for
from makerscope.agents.option_numbers import NUMBERS as OPTIONS
from makerscope.agents.option_numbers import UNDER
from makerscope.agents.quoting import perpetual_of
from makerscope.agents.vega_hedging import VEGA_HEDGING, VEGA_WORDS, hedge_vega
from makerscope.kernels._jit import entry, kernel

LESS = MappingProxyType({
    "stuck_share": Number(default=0.2, low=0, high=1, about="share of its size that it quotes while it cannot hedge"),
})  # fmt: skip
TAKEN = MappingProxyType({"rest_s": "hedge_rest_s"})  # numbers of hedges whose names the option maker has taken
DELTA = MappingProxyType({TAKEN.get(name, name): number for name, number in HEDGING.items()})
NUMBERS = MappingProxyType({**OPTIONS, **DELTA, **VEGA_HEDGING, **LESS})
DELTA_AT = len(OPTIONS)
VEGA_AT = DELTA_AT + len(DELTA)
LESS_AT = VEGA_AT + len(VEGA_HEDGING)
VEGA_WORD = HEDGE_WORDS
OPTION_WORD, OPTION_REAL = VEGA_WORD + VEGA_WORDS, HEDGE_REALS


@kernel
def step(self, seen, act):
    """Hedge delta, then vega, then quote the chain."""
    p = self.params
    u = int(p[UNDER])
    _net, stands = hedge_delta(self, seen, act, perpetual_of(seen, u), DELTA_AT, 0, 0)
    _delta, vega = net_greeks(seen, u)
    aside = hedge_vega(self, seen, act, u, vega, VEGA_AT, VEGA_WORD)
    maker = behind(self, OPTION_REAL, OPTION_WORD)
    quote_options(maker, seen, act, p[LESS_AT] if stands == STUCK else 1.0, aside)
    return 0


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="hedged-option-maker",
    about="an option maker that hedges delta and vega beyond bands",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, instruments: 2 * instruments,
    reals=lambda instruments: OPTION_REAL + reals_for(instruments),
    whole=lambda instruments: OPTION_WORD + whole_for(instruments),
)
