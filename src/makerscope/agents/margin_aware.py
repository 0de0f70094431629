# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""A maker that prices its own margin: a Gueant-Lehalle-Fernandez-Tapia ladder on which low cushions cost.

Its cushion is equity over maintenance margin. An inventory of q quotes that would leave it less than ``cushion`` costs it
``price |q| (cushion m |q| / equity - 1)`` bps a second, m being the maintenance margin of one quote: a shadow price that the
same ladder takes in, so quotes widen and lean before the margin is used, and more so as equity falls. Beside that, what it
offers to buy or sell never takes it below ``least`` of cushion, and below that it trades itself back to ``restored``, while the
venue, which would liquidate at 1, still leaves it alone. The form of the cost is this project's own; no closed form is known.
"""

from types import MappingProxyType

from makerscope.agents.glft import GAMMA, SIGNAL
from makerscope.agents.interface import H_EQUITY, H_INITIAL, H_MAINTENANCE, act_at, seen_at, self_at, take
from makerscope.agents.inventory_maker import NO_LIMIT, WORDS, imbalance, quote, solve, worth_of_a_bps
from makerscope.agents.kind import Kind, Number
from makerscope.agents.maker_memory import (
    OWN,
    P_MARKET,
    P_RISK,
    P_SIZE,
    SECOND,
    SENT_UNTIL,
    WHOLE,
    estimate,
    learn,
    numbers_of,
)
from makerscope.agents.quoting import ceil_ticks, fair_ticks, outward_ticks
from makerscope.kernels._jit import entry, inlined, kernel
from makerscope.market.layout import MM, NONE, P_MARK, PPM, REDUCE_ONLY, UNIT

NUMBERS = numbers_of("gamma", GAMMA, MappingProxyType({
    **SIGNAL,
    "price": Number(default=0.5, low=0, high=1e4, about="shadow price of margin, bps a second for each quote held at twice the margin that the cushion allows"),
    "cushion": Number(default=4, low=1, high=1e4, about="equity over maintenance margin from which on margin is free"),
    "least": Number(default=2, low=1, high=1e4, about="equity over maintenance margin below which it reduces its position itself"),
    "restored": Number(default=3, low=1, high=1e4, about="equity over maintenance margin to which it reduces then"),
    "slip_bps": Number(default=20, low=0, high=5000, about="worst price beyond the fair one that it reduces at, bps"),
    "patience_s": Number(default=1, low=0.001, high=1e5, about="time between two such orders"),
}))  # fmt: skip
P_IMBALANCE, P_LASTING, P_PRICE, P_CUSHION, P_LEAST, P_RESTORED, P_SLIP, P_PATIENCE = range(OWN, OWN + 8)


@inlined
def margin_of_a_lot(seen, i):
    """Maintenance margin of one lot, base units: as the account pays it, or as the table of instruments says."""
    table = seen.spec[i, MM] / PPM * max(seen.public[i, P_MARK], 1) * seen.spec[i, UNIT]
    held = abs(seen.position[i])
    return max(table, seen.margin[H_MAINTENANCE] / held) if held > 0 else table


@inlined
def lots_allowed(equity, per_lot, cushion):
    """The position at which equity is ``cushion`` times the maintenance margin."""
    return max(equity, 0.0) / (cushion * per_lot)


@kernel
def reduce(self, seen, act, i, fair, allowed):
    """Trade a position that is too large for its equity back to ``allowed`` lots; one order at a time."""
    p, held = self.params, seen.position[i]
    if seen.now < self.whole[SENT_UNTIL]:
        return
    side = -1 if held > 0 else 1
    limit = fair * (1.0 + side * p[P_SLIP] * 1e-4)
    lots = min(abs(held), ceil_ticks(abs(held) - allowed))
    if lots > 0:
        take(act, i, side, outward_ticks(limit, side), lots, REDUCE_ONLY, 0)
        self.whole[SENT_UNTIL] = seen.now + int(p[P_PATIENCE] * SECOND)


@kernel
def step(self, seen, act):
    """Learn, price the margin, quote what the margin allows, and reduce before the venue does."""
    p, known = self.params, seen.margin[H_INITIAL] != NONE
    i = int(p[P_MARKET])
    fair, held = fair_ticks(seen, i), seen.position[i]
    due = learn(self, seen, i, fair)
    if due:
        estimate(self, seen.now)
    per_lot, equity = max(margin_of_a_lot(seen, i), 1e-9), float(seen.margin[H_EQUITY])
    shadow = p[P_CUSHION] * per_lot * p[P_SIZE] / max(equity, per_lot) if known else 0.0
    gamma = p[P_RISK] * worth_of_a_bps(self, seen, i, self.reals[0])
    solve(self, gamma, False, shadow, p[P_PRICE], p[P_IMBALANCE], p[P_LASTING])
    signal = imbalance(seen, i) if p[P_IMBALANCE] > 0.0 else 0.0
    room, most_bid, most_ask = NO_LIMIT, NO_LIMIT, NO_LIMIT
    if known:
        room = lots_allowed(equity, per_lot, p[P_LEAST])
        most_bid, most_ask = max(0.0, room - held), max(0.0, room + held)
    quote(self, seen, act, i, fair, held / p[P_SIZE], signal, most_bid, most_ask)
    if known and abs(held) > room:
        reduce(self, seen, act, i, fair, lots_allowed(equity, per_lot, max(p[P_RESTORED], p[P_LEAST])))
    return 0


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="margin-aware",
    about="a glft maker that prices its own margin, and reduces its position before the venue would",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 3,
    reals=WORDS,
    whole=WHOLE,
    margin=True,
)
