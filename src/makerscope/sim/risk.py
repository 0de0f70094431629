# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say, in order
"""Who can no longer pay: forced orders into the very same book, the backstop vault, insurance, and deleveraging.

All money that moves other than by fills is a row of ``transfers``, so that everybody's account can be recomputed.
"""

import numpy as np

from makerscope.agents.interface import RUINED
from makerscope.kernels._jit import inlined, inner, kernel, part
from makerscope.kernels.handle import call_part
from makerscope.market.accounts import equity, next_open, pay
from makerscope.market.book import SERIALS
from makerscope.market.deleverage import BY_PRICE_AND_SIZE, adl_queue
from makerscope.market.haircut import pay_haircut
from makerscope.market.layout import (
    BACKSTOP,
    FIRST_AGENT,
    INSURANCE,
    ISOLATED,
    MARK,
    NONE,
    UNIT,
)
from makerscope.market.liquidation import (
    ABOVE,
    BANKRUPT,
    HEALTHY,
    LIQUIDATABLE,
    PAUSE,
    bankruptcy_price,
    cover,
    first_to_close,
    lots_to_close,
    penalty,
    restored,
    standing,
    transfer,
)
from makerscope.market.log import DELEVERAGED, HAIRCUT, INSURED, LIQUIDATED, PENALTY, REWARD, TAKEN_OVER
from makerscope.market.margin import requirement
from makerscope.market.news import TOOK, tell
from makerscope.market.ordering import COMMIT, R_POLICY
from makerscope.market.venue import G_HEIGHT, cancel_everything, log_forced, move_interest, take_from_book
from makerscope.sim.leader_desk import log_alone
from makerscope.sim.parts import P_CLOSE_OUT, P_ISOLATED
from makerscope.sim.transfers import log_transfer
from makerscope.sim.wires import has_money_coming
from makerscope.sim.world import (
    C_HEIGHT,
    C_NOW,
    D_OUT,
    D_OUT_AT,
    G_BANKRUPTCY,
    G_HEDGE_SHIFT,
    G_KEEPERS,
    Z_KEEPER,
    Z_LOOK,
    Z_STEP,
    Z_WAIT,
)

CALM = 1_000_000_000  # ns between two looks at an account that holds four times what it must
ADL, HAIRCUTS = 0, 1  # G_BANKRUPTCY: what stands for a loss that nobody can pay


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


@kernel
def _punish(world, a, i, size):
    """What a forced fill costs, half of it the keeper's who pointed at the account, the rest insurance's."""
    venue, accounts = world.venue, world.venue.accounts
    spec, state = venue.spec, venue.state
    owed = min(penalty(spec, state, venue.rules, i, state[i, MARK], size), max(equity(accounts, spec, state, a), 0))
    keeper = world.forced[a, Z_KEEPER]
    if keeper > 0:
        pay_and_log(world, a, keeper, owed // 2, REWARD)
        owed -= owed // 2
    pay_and_log(world, a, INSURANCE, owed, PENALTY)


@kernel
def _force_order(world, a):
    """Close the next part of the worst position through the book, at the bankruptcy price or better."""
    venue, accounts = world.venue, world.venue.accounts
    spec, state, rules, nobody = venue.spec, venue.state, venue.rules, world.mempool.message[-1]
    i = first_to_close(accounts, spec, state, rules, a)
    if i == NONE:
        return
    held = accounts.position[a, i]
    size = lots_to_close(accounts, spec, state, rules, a, i, world.forced[a, Z_STEP])
    limit = bankruptcy_price(accounts, spec, state, a, i)
    if world.ordering.rule[R_POLICY] == COMMIT:  # the other side is the pool, at the mark
        move(world, a, BACKSTOP, i, state[i, MARK], size, LIQUIDATED)
        _punish(world, a, i, size)
        return
    large = abs(held) * state[i, MARK] * spec[i, UNIT] > rules.ladder[ABOVE]
    serial = venue.book.pool[SERIALS]
    venue.book.pool[SERIALS] += 1
    left = take_from_book(venue, nobody, a, i, -1 if held > 0 else 1, limit, size, serial, LIQUIDATED)
    filled = size - left
    if filled > 0:
        _punish(world, a, i, filled)
    if large:
        world.forced[a, Z_STEP] += 1
        world.forced[a, Z_WAIT] = world.clock[C_NOW] + rules.ladder[PAUSE]


@kernel
def _hand_over(world, a):
    """The vault takes all positions at the mark and what money is left; insurance covers what is missing."""
    accounts, state = world.venue.accounts, world.venue.state
    i = next_open(accounts, a, 0)
    while i != NONE:
        move(world, a, BACKSTOP, i, state[i, MARK], abs(accounts.position[a, i]), TAKEN_OVER)
        i = next_open(accounts, a, i + 1)
    if accounts.cash[a] >= 0:
        pay_and_log(world, a, BACKSTOP, accounts.cash[a], INSURED)
        return np.int64(0)
    missing = -accounts.cash[a]
    short = cover(accounts, a, missing)
    log_transfer(world.venue, a, NONE, INSURED, missing - short)
    log_transfer(world.venue, INSURANCE, NONE, INSURED, short - missing)
    return short


@kernel
def deleverage_one(world, a, i):
    """Close one position against the winners on the other side, at the price that leaves nothing."""
    venue, accounts = world.venue, world.venue.accounts
    price = bankruptcy_price(accounts, venue.spec, venue.state, a, i)
    side = -1 if accounts.position[a, i] > 0 else 1
    found = adl_queue(accounts, venue.spec, venue.state, i, side, BY_PRICE_AND_SIZE, world.score, world.queue)
    for k in range(found):
        other, left = world.queue[k], abs(accounts.position[a, i])
        if left == 0:
            break
        if other != a:
            move(world, a, other, i, price, min(left, abs(accounts.position[other, i])), DELEVERAGED)


@kernel
def _deleverage(world, a):
    """Close every position of a bankrupt account against the winners on the other side, best ranked first.

    The first position closes where that leaves the account with nothing, the others at the mark.
    """
    accounts = world.venue.accounts
    i = next_open(accounts, a, 0)
    while i != NONE:
        deleverage_one(world, a, i)
        i = next_open(accounts, a, i + 1)


@kernel
def cut_profits(world):
    """Debts of accounts that hold nothing are paid out of insurance, then out of all gains in proportion."""
    venue = world.venue
    accounts = venue.accounts
    for a in range(accounts.cash.shape[0]):
        world.got[a] = accounts.cash[a]
    pay_haircut(accounts, venue.spec, venue.state, world.worth, world.gain, world.cut)
    for a in range(accounts.cash.shape[0]):
        moved = accounts.cash[a] - world.got[a]
        if moved != 0:
            log_transfer(venue, a, NONE, HAIRCUT, moved)
            venue.margin[a, G_HEIGHT] = NONE


@kernel
def retire(world, a):
    """Take out whose account was closed and who has nothing left anywhere: it sends no more, and owes no more gas."""
    accounts, hedger = world.venue.accounts, a + world.rule[G_HEDGE_SHIFT]
    if accounts.cash[a] > 0 or next_open(accounts, a, 0) != NONE or has_money_coming(world, a):
        return
    if accounts.cash[hedger] > 0 or next_open(accounts, hedger, 0) != NONE:
        return
    world.agents.timing[a, D_OUT], world.agents.timing[a, D_OUT_AT] = RUINED, world.clock[C_NOW]


@part
def close_account(world, a):
    """What is done about an account that cannot cover its margin. Returns 1 where keepers may close it.

    A part of its own, which many markets never call.
    """
    venue, now = world.venue, world.clock[C_NOW]
    accounts, spec, state, rules, forced = venue.accounts, venue.spec, venue.state, venue.rules, world.forced
    stands = standing(accounts, spec, state, rules, a)
    if stands == LIQUIDATABLE and (world.rule[G_KEEPERS] == 0 or forced[a, Z_KEEPER] > 0):
        if now < forced[a, Z_WAIT]:
            return 0
        cancel_everything(venue, world.mempool.message[-1], a)
        _force_order(world, a)
        worth = equity(accounts, spec, state, a)
        wanted = requirement(accounts, spec, state, rules, a, False)
        if restored(rules.ladder, worth, wanted):
            forced[a, Z_STEP] = 0
        stands = standing(accounts, spec, state, rules, a)
    if stands > LIQUIDATABLE:
        cancel_everything(venue, world.mempool.message[-1], a)
        deep = -equity(accounts, spec, state, a)
        if stands == BANKRUPT and world.rule[G_BANKRUPTCY] == ADL and deep > max(accounts.cash[INSURANCE], 0):
            _deleverage(world, a)
        if _hand_over(world, a) > 0 and world.rule[G_BANKRUPTCY] == HAIRCUTS:
            cut_profits(world)
        retire(world, a)
    return 1 if stands == LIQUIDATABLE else 0


@inner
def _look(world, a):
    """One account: how it stands, and when to look again. Returns whether keepers may close it."""
    venue, forced = world.venue, world.forced
    accounts, spec, state, rules = venue.accounts, venue.spec, venue.state, venue.rules
    if standing(accounts, spec, state, rules, a) != HEALTHY:
        return call_part(world.code[P_CLOSE_OUT], world, a) == 1
    forced[a, Z_STEP] = forced[a, Z_KEEPER] = 0
    worth = equity(accounts, spec, state, a)
    wanted = requirement(accounts, spec, state, rules, a, False)
    forced[a, Z_LOOK] = world.clock[C_NOW] + CALM if worth > 4 * wanted else 0
    return False


@part
def watch_risk(world, _number):
    """Look at every account that may be in danger, and show whom keepers may liquidate."""
    now, venue = world.clock[C_NOW], world.venue
    weak, n = world.public.weak[world.clock[C_HEIGHT] % world.public.time.shape[0]], 0
    weak[:] = NONE
    for a in range(FIRST_AGENT, FIRST_AGENT + world.rule[G_HEDGE_SHIFT]):
        if now >= world.forced[a, Z_LOOK] and venue.checked[a] == 1:
            alone = venue.accounts.mode[a] == ISOLATED
            risky = call_part(world.code[P_ISOLATED], world, a) == 1 if alone else _look(world, a)
            if risky and n < weak.shape[0] and world.forced[a, Z_KEEPER] == 0:
                weak[n] = a
                n += 1
    return 0
