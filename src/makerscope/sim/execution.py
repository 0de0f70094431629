# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say
"""One message whose turn has come, as a part of the loop: what no ordering policy changes.

A venue whose policy is more than an order of messages has an execution of its own beside this one, which the loop calls
instead: ``batch_auction``, ``taker_auction``, ``pool_desk``. They leave to ``execute_plainly`` what is not theirs.
"""

from makerscope.kernels._jit import inner, part
from makerscope.kernels.handle import call_part
from makerscope.market.accounts import next_open, pay
from makerscope.market.gas import per_billion
from makerscope.market.layout import (
    ASK_RFQ,
    BID_RFQ,
    CANCEL_ALL,
    FIRST_AGENT,
    GAS_SINK,
    ISOLATED,
    LIQUIDATE,
    M_ACCOUNT,
    M_FEE,
    M_INSTRUMENT,
    M_KIND,
    M_PRICE,
    M_SIZE,
    M_UNTIL,
    NONE,
    PLACE,
    TAKE,
    TRANSFER,
)
from makerscope.market.liquidation import LIQUIDATABLE, isolated_standing, standing
from makerscope.market.log import PRIORITY_FEE
from makerscope.market.ordering import CLASS_SORT_FEE, R_BLOCKS, R_FEE_CAP, R_POLICY, R_WINDOW, SHORT_TERM
from makerscope.market.venue import (
    LIVES_TOO_LONG,
    NOT_IN_DANGER,
    OK,
    SENDER_OUT,
    UNKNOWN_KIND,
    V_HEIGHT,
    V_TAKEN,
    execute,
    refuse,
)
from makerscope.sim.parts import P_DEALERS
from makerscope.sim.transfers import log_transfer
from makerscope.sim.wires import send_money
from makerscope.sim.world import D_OUT, G_HEDGE_SHIFT, G_KEEPERS, IN, Z_KEEPER, Z_LOOK, Z_WAIT


@inner
def _in_danger(venue, target):
    """Whether an account, or any position of an isolated one, no longer covers its maintenance margin."""
    accounts, spec, state, rules = venue.accounts, venue.spec, venue.state, venue.rules
    if accounts.mode[target] != ISOLATED:
        return standing(accounts, spec, state, rules, target) >= LIQUIDATABLE
    i = next_open(accounts, target, 0)
    while i != NONE:
        if isolated_standing(accounts, spec, state, rules, target, i) >= LIQUIDATABLE:
            return True
        i = next_open(accounts, target, i + 1)
    return False


@inner
def _claim(world, m):
    """A keeper points at an account that cannot cover its margin: the venue closes it at the end of this block."""
    venue, target = world.venue, m[M_SIZE]
    inside = FIRST_AGENT <= target < FIRST_AGENT + world.rule[G_HEDGE_SHIFT] and venue.checked[target] == 1
    if world.rule[G_KEEPERS] == 0 or not inside or target == m[M_ACCOUNT] or world.forced[target, Z_KEEPER] > 0:
        return NOT_IN_DANGER
    if not _in_danger(venue, target):
        return NOT_IN_DANGER
    world.forced[target, Z_KEEPER] = m[M_ACCOUNT]
    world.forced[target, Z_LOOK] = world.forced[target, Z_WAIT] = 0
    return OK


@inner
def charge_speed(world, m):
    """Hyperliquid's write-priority fee, n / 10^8 of what an aggressor has filled, burned."""
    rate = min(m[M_FEE], world.ordering.rule[R_FEE_CAP])
    if rate <= 0 or m[M_KIND] != TAKE or world.venue.word[V_TAKEN] == 0:
        return
    owed = per_billion(world.venue.word[V_TAKEN], 10 * rate)
    if owed > 0:
        pay(world.venue.accounts, m[M_ACCOUNT], GAS_SINK, owed)
        log_transfer(world.venue, m[M_ACCOUNT], m[M_INSTRUMENT], PRIORITY_FEE, -owed)


@inner
def _limit_life(world, m):
    """A short-term order lives to a block height, never further ahead than the venue allows; 0: as long as allowed."""
    rule = world.ordering.rule
    last = world.venue.word[V_HEIGHT] + rule[R_BLOCKS]
    if rule[R_POLICY] != SHORT_TERM or rule[R_BLOCKS] == 0 or m[M_KIND] != PLACE:
        return OK
    if m[M_UNTIL] <= 0:
        m[M_UNTIL] = last
    return LIVES_TOO_LONG if m[M_UNTIL] > last else OK


@inner
def execute_plainly(world, at):
    """Do what one message asks for, one after the other. Returns OK or the reason why it was refused."""
    venue, m = world.venue, world.mempool.message[at]
    kind, why = m[M_KIND], UNKNOWN_KIND
    if world.agents.timing[m[M_ACCOUNT], D_OUT] != IN and kind != CANCEL_ALL:
        why = SENDER_OUT
    elif kind == TRANSFER:
        why = send_money(world, m)
    elif kind == LIQUIDATE:
        why = _claim(world, m)
    elif kind == BID_RFQ and m[M_PRICE] == 0:  # from now on it hears of requests and of takers' auctions
        world.dealers[m[M_ACCOUNT]] = 1
        why = OK
    elif kind == BID_RFQ or kind == ASK_RFQ:
        if world.ordering.rule[R_WINDOW] > 0:
            return call_part(world.code[P_DEALERS], world, at)
    else:
        why = _limit_life(world, m)
        if why == OK:
            venue.word[V_TAKEN] = 0
            why = execute(venue, m)
            if world.ordering.rule[R_POLICY] == CLASS_SORT_FEE:
                charge_speed(world, m)
            return why
    if why != OK:
        refuse(venue, m, why)
    return why


@part
def execute_message(world, at):
    """Execute the message in row ``at`` of the pool; OK or the reason why it was refused."""
    return execute_plainly(world, at)
