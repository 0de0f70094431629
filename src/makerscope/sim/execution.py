# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say
"""One message whose turn has come, as a part of the loop."""

import numpy as np

from makerscope.kernels._jit import inner, part
from makerscope.market.layout import CANCEL_ALL, FIRST_AGENT, LIQUIDATE, M_ACCOUNT, M_KIND, M_SIZE
from makerscope.market.liquidation import LIQUIDATABLE, standing
from makerscope.market.venue import NOT_WEAK, OK, SENDER_OUT, UNKNOWN_KIND, execute, refuse
from makerscope.sim.world import D_OUT, G_HEDGE_SHIFT, G_KEEPERS, IN, Z_KEEPER, Z_LOOK, Z_WAIT


@inner
def _liquidate(world, m):
    """A keeper asks for the liquidation of an account: the first who does while it is below maintenance has the reward."""
    venue, forced, target, keeper = world.venue, world.forced, m[M_SIZE], m[M_ACCOUNT]
    if world.rule[G_KEEPERS] == 0:
        return np.int64(UNKNOWN_KIND)
    if target < FIRST_AGENT or target >= FIRST_AGENT + world.rule[G_HEDGE_SHIFT] or target == keeper:
        return np.int64(NOT_WEAK)
    weak = venue.checked[target] == 1 and forced[target, Z_KEEPER] == 0
    if not weak or standing(venue.accounts, venue.spec, venue.state, venue.rules, target) != LIQUIDATABLE:
        return np.int64(NOT_WEAK)
    forced[target, Z_KEEPER] = keeper
    forced[target, Z_LOOK] = forced[target, Z_WAIT] = 0
    return np.int64(OK)


@part
def execute_message(world, at):
    """Execute the message in row ``at`` of the pool; OK or the reason why it was refused."""
    m = world.mempool.message[at]
    if world.agents.timing[m[M_ACCOUNT], D_OUT] != IN and m[M_KIND] != CANCEL_ALL:
        why = np.int64(SENDER_OUT)
    elif m[M_KIND] == LIQUIDATE:
        why = _liquidate(world, m)
    else:
        return execute(world.venue, m)
    if why != OK:
        refuse(world.venue, m, why)
    return why
