# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say
"""Who stands for a loss that nobody can pay: winners by deleveraging, all profits by a haircut, or everybody's equity.

All money that moves other than by fills is a row of ``transfers``, so that everybody's account can be recomputed.
"""

from makerscope.kernels._jit import inlined, inner, kernel
from makerscope.kernels.dice import below
from makerscope.market.accounts import equity, free_money, next_open, pay
from makerscope.market.deleverage import AT_RANDOM, DRAWS, adl_queue, adl_round, socialise, take_in_order
from makerscope.market.haircut import pay_haircut
from makerscope.market.layout import FIRST_AGENT, INSURANCE, ISOLATED, NONE, REDUCING, UNIT
from makerscope.market.liquidation import RANKING, bankruptcy_price, cover, transfer
from makerscope.market.log import DELEVERAGED, HAIRCUT, INSURED, SOCIALISED
from makerscope.market.news import TOOK, tell
from makerscope.market.venue import G_HEIGHT, keep_reducing, log_forced, move_interest
from makerscope.sim.leader_desk import log_alone
from makerscope.sim.transfers import log_transfer
from makerscope.sim.world import C_NOW, G_BANKRUPTCY, G_HEDGE_SHIFT, S_LOOP

ADL, HAIRCUTS, SHARED = 0, 1, 2  # G_BANKRUPTCY
WAYS = {"adl": ADL, "haircut": HAIRCUTS, "socialised": SHARED}


@kernel
def move(world, a, other, i, price, size, how):
    """A position changes hands without an order: two rows of fills without a maker, and one of liquidations."""
    venue, now = world.venue, world.clock[C_NOW]
    held, theirs = venue.accounts.position[a, i], venue.accounts.position[other, i]
    side = -1 if held > 0 else 1
    transfer(venue.accounts, venue.spec, a, other, i, price, size)
    move_interest(venue.state, i, held, held + side * size)
    move_interest(venue.state, i, theirs, theirs - side * size)
    venue.margin[a, G_HEIGHT] = venue.margin[other, G_HEIGHT] = NONE
    if venue.state[i, REDUCING] > 0:
        keep_reducing(venue, world.mempool.message[-1], a, i)
        keep_reducing(venue, world.mempool.message[-1], other, i)
    log_alone(venue, now, i, a, side, price, size, 0, held, how)
    log_forced(venue, i, a, side, price, size, how)
    log_alone(venue, now, i, other, -side, price, size, 0, theirs, how)
    worth = side * price * size * venue.spec[i, UNIT]
    tell(venue.inbox, a, TOOK, i, side, price, size, 0, NONE, now, -worth)
    tell(venue.inbox, other, TOOK, i, -side, price, size, 0, NONE, now, worth)


@inlined
def pay_and_log(world, payer, payee, amount, kind):
    """Money that moves outside a fill, with a row for both."""
    if amount == 0:
        return
    pay(world.venue.accounts, payer, payee, amount)
    log_transfer(world.venue, payer, NONE, kind, -amount)
    log_transfer(world.venue, payee, NONE, kind, amount)


@inner
def insure(world, a, missing):
    """Insurance pays what it can of what an account owes; returns the rest."""
    short = cover(world.venue.accounts, a, missing)
    log_transfer(world.venue, a, NONE, INSURED, missing - short)
    log_transfer(world.venue, INSURANCE, NONE, INSURED, short - missing)
    return short


@kernel
def deleverage_one(world, a, i):
    """Close one position against the other side, in the venue's order, at the price that leaves nothing."""
    venue, accounts = world.venue, world.venue.accounts
    spec, state, ranking = venue.spec, venue.state, venue.rules.ladder[RANKING]
    price = bankruptcy_price(accounts, spec, state, a, i)
    side = -1 if accounts.position[a, i] > 0 else 1
    if ranking == AT_RANDOM:
        draw = below(world.dice, S_LOOP, DRAWS)
        found = adl_round(accounts, spec, state, i, side, draw, world.queue)
    else:
        found = adl_queue(accounts, spec, state, i, side, ranking, world.score, world.queue)
    size, taken = world.got, world.cut
    for k in range(found):
        size[world.queue[k]] = abs(accounts.position[world.queue[k], i])
    take_in_order(abs(accounts.position[a, i]), size, world.queue, found, taken)
    for k in range(found):
        if taken[k] > 0:
            move(world, a, world.queue[k], i, price, taken[k], DELEVERAGED)


@kernel
def deleverage_all(world, a):
    """Close every position of a bankrupt account against the other side.

    The first position closes where that leaves the account with nothing, the others at the mark.
    """
    accounts = world.venue.accounts
    i = next_open(accounts, a, 0)
    while i != NONE:
        deleverage_one(world, a, i)
        i = next_open(accounts, a, i + 1)


@inner
def _remember(world):
    """Keep everybody's cash, for ``_log_changes``."""
    cash = world.venue.accounts.cash
    for a in range(cash.shape[0]):
        world.got[a] = cash[a]


@inner
def _log_changes(world, kind):
    """A row of ``transfers`` for whoever's cash is not what it was."""
    venue = world.venue
    for a in range(venue.accounts.cash.shape[0]):
        moved = venue.accounts.cash[a] - world.got[a]
        if moved != 0:
            log_transfer(venue, a, NONE, kind, moved)
            venue.margin[a, G_HEIGHT] = NONE


@kernel
def cut_profits(world):
    """Debts of accounts that hold nothing are paid out of insurance, then out of all gains in proportion."""
    venue = world.venue
    _remember(world)
    end = FIRST_AGENT + world.rule[G_HEDGE_SHIFT]
    pay_haircut(venue.accounts, venue.spec, venue.state, end, world.worth, world.gain, world.cut)
    _log_changes(world, HAIRCUT)


@kernel
def share_loss(world, a, missing):
    """Everyone on the venue pays a part of a debt in proportion to equity, out of an isolated account's free money."""
    venue = world.venue
    accounts = venue.accounts
    _remember(world)
    world.worth[:] = 0
    for other in range(FIRST_AGENT, FIRST_AGENT + world.rule[G_HEDGE_SHIFT]):
        if accounts.mode[other] == ISOLATED:
            worth = free_money(accounts, other)
        else:
            worth = equity(accounts, venue.spec, venue.state, other)
        world.worth[other] = max(worth, 0) if other != a else 0
    socialise(accounts, a, missing, world.worth, world.cut)
    _log_changes(world, SOCIALISED)


@inner
def bear(world, a, short):
    """What insurance could not pay of a closed account's debt, by the venue's rule; by ADL it stays a debt."""
    if short > 0 and world.rule[G_BANKRUPTCY] == HAIRCUTS:
        cut_profits(world)
    elif short > 0 and world.rule[G_BANKRUPTCY] == SHARED:
        share_loss(world, a, short)
