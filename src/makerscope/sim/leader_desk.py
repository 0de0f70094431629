# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say
"""Orders to the leading venue: filled at once against its own liquidity, in the sender's account there.

One that it does not fill is a row of ``orders`` with the action ``rejected``: a hedge that failed.
"""

from makerscope.kernels._jit import inner, part
from makerscope.market.accounts import equity, pay, trade
from makerscope.market.layout import (
    IM,
    LEADER,
    M_ACCOUNT,
    M_INSTRUMENT,
    M_LINK,
    M_PRICE,
    M_SIDE,
    M_SIZE,
    M_SLOT,
    NONE,
    PPM,
    UNDERLYING,
    UNIT,
)
from makerscope.market.leader import LeaderPlan, LeaderState, leader_down, leader_trade
from makerscope.market.log import PLAIN, REJECTED, T_FILLS, next_row
from makerscope.market.news import REFUSED, TOOK, tell
from makerscope.market.venue import BEYOND_LIMIT, LEADER_OUT, NO_MARGIN, NOT_FILLABLE, V_HEIGHT, log_order_at
from makerscope.sim.prices import step_of
from makerscope.sim.world import C_FREE, C_NOW, G_HEDGE_SHIFT


@inner
def log_alone(venue, now, instrument, account, side, price, size, fee, before, how):
    """A row of ``fills`` without a maker: ``side`` is what the account did, ``before`` the lots it held."""
    log = venue.log
    row = next_row(log, T_FILLS, log.fills.shape[0])
    out = log.fills
    out[row, 0], out[row, 1], out[row, 2], out[row, 3], out[row, 4] = now, instrument, NONE, account, -side
    out[row, 5], out[row, 6], out[row, 7], out[row, 8] = price, size, 0, fee
    out[row, 9], out[row, 10], out[row, 11], out[row, 12] = NONE, NONE, 0, before
    out[row, 13], out[row, 14] = how, venue.word[V_HEIGHT]


@inner
def _deal(world, m):
    """Price and fee in base units, or why not: (NONE, reason)."""
    venue, now, i = world.venue, world.clock[C_NOW], m[M_INSTRUMENT]
    u, at = venue.spec[i, UNDERLYING], step_of(world, now)
    desk = world.desk
    plan = LeaderPlan(desk.floats[u], desk.numbers[u], desk.outages)
    state = LeaderState(desk.bought[u], desk.at[u])
    if leader_down(plan, now):
        return NONE, LEADER_OUT
    hedger, side, size = m[M_ACCOUNT] + world.rule[G_HEDGE_SHIFT], m[M_SIDE], m[M_SIZE]
    spot, variance = world.path.spot[u, at], world.path.variance[u, at]
    after = abs(venue.accounts.position[hedger, i] + side * size)
    if after > abs(venue.accounts.position[hedger, i]):
        price = spot / venue.real[i, 1]
        wanted = after * price * venue.spec[i, UNIT] * venue.spec[i, IM] / PPM
        if equity(venue.accounts, venue.spec, venue.state, hedger) < wanted:
            return NONE, NO_MARGIN
    bought, when = state.bought[0], state.at[0]
    price, fee = leader_trade(plan, state, side, size, spot, variance, now)
    if price == NONE:
        return NONE, NOT_FILLABLE
    if m[M_PRICE] != NONE and side * (price - m[M_PRICE]) > 0:
        state.bought[0], state.at[0] = bought, when  # what fills nothing moves no price
        return NONE, BEYOND_LIMIT
    return price, fee


@part
def trade_at_leader(world, at):
    """Execute a message that has reached the leading venue. A limit that its price does not meet fills nothing."""
    venue, clock, m = world.venue, world.clock, world.mempool.message[at]
    a, i, side, size, now = m[M_ACCOUNT], m[M_INSTRUMENT], m[M_SIDE], m[M_SIZE], clock[C_NOW]
    hedger = a + world.rule[G_HEDGE_SHIFT]
    price, fee = _deal(world, m)
    if price == NONE:
        venue.refused[hedger, fee] += 1
        log_order_at(venue, m, now, NONE, REJECTED, hedger, i, side, max(m[M_PRICE], 0), 0)
        tell(venue.inbox, a, REFUSED, i, side, m[M_PRICE], size, fee, m[M_SLOT], now, 0)
    else:
        before = venue.accounts.position[hedger, i]
        trade(venue.accounts, venue.spec, hedger, i, side, price, size)
        trade(venue.accounts, venue.spec, LEADER, i, -side, price, size)
        pay(venue.accounts, hedger, LEADER, fee)
        log_alone(venue, now, i, hedger, side, price, size, fee, before, PLAIN)
        worth = price * size * venue.spec[i, UNIT]
        tell(venue.inbox, a, TOOK, i, side, price, size, 0, m[M_SLOT], now, -side * worth - fee)
    m[M_LINK] = clock[C_FREE]
    clock[C_FREE] = at
    return 0
