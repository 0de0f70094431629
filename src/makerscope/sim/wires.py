# ruff: noqa: ANN001, ANN201 - compiled functions take the types their docstrings say
"""Money that an agent moves between the venue and its account at the leading venue: it leaves at once and arrives late.

A message of kind TRANSFER takes ``size`` base units from the venue (side +1) or brings them back (side -1). It may take
only what is free: what equity holds beyond initial margin and orders, and never cash that is not there. Where losses
are paid by a haircut on profits, equity counts after the cut of that moment. On its way the money is in
``World.transit`` and in nobody's cash.
"""

from makerscope.kernels._jit import inner
from makerscope.market.accounts import equity
from makerscope.market.haircut import withdrawable
from makerscope.market.layout import A_LEAD, FIRST_AGENT, IM, KIND, M_ACCOUNT, M_SIDE, M_SIZE, MARK, NONE, PPM, UNIT
from makerscope.market.leader import LeaderPlan, leader_down, transfer_due
from makerscope.market.log import DEPOSIT
from makerscope.market.margin import requirement
from makerscope.market.news import ARRIVED, tell
from makerscope.market.transfers import TRANSFER_ACCOUNT, TRANSFER_AMOUNT, transfer_send, transfer_take
from makerscope.market.venue import BAD_SIDE, BAD_SIZE, G_ORDERS, NO_MONEY, OK
from makerscope.sim.transfers import log_transfer
from makerscope.sim.world import C_NOW, G_BANKRUPTCY, G_HEDGE_SHIFT

HAIRCUTS = 1  # G_BANKRUPTCY, see ``sim.bankruptcy``


@inner
def free_to_move(world, a, side):
    """Base units that an agent may take away from the venue (side +1) or from the leading venue (side -1)."""
    venue = world.venue
    accounts, spec, state = venue.accounts, venue.spec, venue.state
    if side > 0:
        held = requirement(accounts, spec, state, venue.rules, a, True) + venue.margin[a, G_ORDERS]
        worth = equity(accounts, spec, state, a)
        if world.rule[G_BANKRUPTCY] == HAIRCUTS:  # where profits stand for losses, a cut one is not there to take away
            end, out = FIRST_AGENT + world.rule[G_HEDGE_SHIFT], world.got
            withdrawable(accounts, spec, state, end, world.worth, world.gain, world.cut, out)
            worth = min(worth, out[a])
        return max(min(worth - held, accounts.cash[a]), 0)
    hedger, wanted = a + world.rule[G_HEDGE_SHIFT], 0
    for i in range(spec.shape[0]):
        if spec[i, KIND] == A_LEAD:
            wanted += abs(accounts.position[hedger, i]) * state[i, MARK] * spec[i, UNIT] // PPM * spec[i, IM]
    return max(min(equity(accounts, spec, state, hedger) - wanted, accounts.cash[hedger]), 0)


@inner
def send_money(world, m):
    """Put money on its way. Returns OK or the reason why not."""
    a, side, amount, now = m[M_ACCOUNT], m[M_SIDE], m[M_SIZE], world.clock[C_NOW]
    if side != 1 and side != -1:
        return BAD_SIDE
    if amount <= 0:
        return BAD_SIZE
    plan = LeaderPlan(world.desk.floats[0], world.desk.numbers[0], world.desk.outages)
    source = a if side > 0 else a + world.rule[G_HEDGE_SHIFT]
    if amount > free_to_move(world, a, side) or (side < 0 and leader_down(plan, now)):
        return NO_MONEY
    if not transfer_send(world.transit, transfer_due(plan, now), a, side * amount):
        return NO_MONEY
    world.venue.accounts.cash[source] -= amount
    log_transfer(world.venue, source, NONE, DEPOSIT, -amount)
    return OK


@inner
def land_money(world):
    """Hand out what has arrived by now."""
    venue, now = world.venue, world.clock[C_NOW]
    a, amount = transfer_take(world.transit, now)
    while a != NONE:
        goal = a + world.rule[G_HEDGE_SHIFT] if amount > 0 else a
        venue.accounts.cash[goal] += abs(amount)
        log_transfer(venue, goal, NONE, DEPOSIT, abs(amount))
        tell(venue.inbox, a, ARRIVED, 0, 1 if amount > 0 else -1, NONE, abs(amount), 0, NONE, now, 0)
        a, amount = transfer_take(world.transit, now)


@inner
def has_money_coming(world, a):
    """Whether money of this account is between the venues."""
    for row in range(world.transit.shape[0]):
        if world.transit[row, TRANSFER_ACCOUNT] == a and world.transit[row, TRANSFER_AMOUNT] != 0:
            return True
    return False


@inner
def on_its_way(world):
    """Base units that are in nobody's cash."""
    total = 0
    for row in range(world.transit.shape[0]):
        total += abs(world.transit[row, TRANSFER_AMOUNT])
    return total
