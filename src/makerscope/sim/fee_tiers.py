# ruff: noqa: ANN001, ANN201 - compiled functions take the types their docstrings say
"""Fees by volume: at the end of each UTC day every account gets the rates of what it traded in the venue's window."""

import numpy as np
from numpy.typing import NDArray

from makerscope.kernels._jit import kernel, part
from makerscope.market.layout import FIRST_AGENT
from makerscope.market.venue import G_MAKER_OFF, G_TAKER_OFF
from makerscope.sim.world import C_DUE_FEES, C_NOW, G_HEDGE_SHIFT

DAY = 86_400 * 10**9
FROM, MAKER, TAKER = range(3)  # columns of ``Budgets.tiers``; the rates are what is added to the instrument's


@kernel
def rates_of(tiers, days, margin, account):
    """Set an account's rates by the volume of its window: the last tier that it reaches."""
    volume, tier = np.int64(0), 0
    for day in range(days.shape[1]):
        volume += days[account, day]
    while tier + 1 < tiers.shape[0] and tiers[tier + 1, FROM] <= volume:
        tier += 1
    margin[account, G_MAKER_OFF], margin[account, G_TAKER_OFF] = tiers[tier, MAKER], tiers[tier, TAKER]


@part
def assess_fees(world, _number):
    """The end of a day: its volume takes the place of the oldest day's, and tomorrow's rates are set."""
    budget, now = world.budget, world.clock[C_NOW]
    slot = (now // DAY - 1) % budget.days.shape[1]
    for a in range(FIRST_AGENT, FIRST_AGENT + world.rule[G_HEDGE_SHIFT]):
        budget.days[a, slot] = budget.traded[a] - budget.counted[a]
        budget.counted[a] = budget.traded[a]
        rates_of(budget.tiers, budget.days, world.venue.margin, a)
    world.clock[C_DUE_FEES] = (now // DAY + 1) * DAY
    return 0


def tiers_of(rows: tuple[tuple[int, ...], ...], fees: tuple[int, ...], money: int, *, flat: bool) -> NDArray[np.int64]:
    """Rows (volume in base units, ppm added to a maker's fee, to a taker's); one row of noughts where fees are flat.

    Args:
        rows: of a profile: volume in USD, maker, taker in ppm, rising from 0.
        fees: maker, taker in ppm of the instruments table.
        money: base units in one USD.
        flat: whether the scenario says fees of its own.

    Examples:
        >>> tiers_of(((0, 150, 450), (5_000_000, 120, 400)), (150, 450), 10**6, flat=False).tolist()
        [[0, 0, 0], [5000000000000, -30, -50]]
    """
    if flat or not rows:
        return np.zeros((1, 3), np.int64)
    return np.array([[start * money, maker - fees[0], taker - fees[1]] for start, maker, taker in rows], np.int64)
