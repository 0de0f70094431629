# ruff: noqa: ANN001, ANN201 - compiled functions take the types their docstrings say
"""What only some agents hear: their own margin in each block, and what waits in a public mempool."""

from makerscope.agents.interface import (
    H_EQUITY,
    H_INITIAL,
    H_MAINTENANCE,
    N_PENDING,
    Y_ACCOUNT,
    Y_FEE,
    Y_FLAGS,
    Y_INSTRUMENT,
    Y_KIND,
    Y_PRICE,
    Y_SEEN,
    Y_SERIAL,
    Y_SIDE,
    Y_SIZE,
    Y_SLOT,
    Y_UNTIL,
)
from makerscope.kernels._jit import part
from makerscope.market.accounts import equity
from makerscope.market.layout import (
    M_ACCOUNT,
    M_FEE,
    M_FLAGS,
    M_INSTRUMENT,
    M_KIND,
    M_PRICE,
    M_SEEN,
    M_SERIAL,
    M_SIDE,
    M_SIZE,
    M_SLOT,
    M_UNTIL,
)
from makerscope.market.margin import requirement
from makerscope.market.mempool import visible_from
from makerscope.sim.world import C_HEIGHT, C_NOW, C_WAITING, D_FEED


@part
def tell_margins(world, anew):
    """Equity and margin of every watched account in this block; ``anew`` 0: as in the block before."""
    public, venue, height = world.public, world.venue, world.clock[C_HEIGHT]
    at, before = height % public.time.shape[0], (height - 1) % public.time.shape[0]
    accounts, spec, state, rules = venue.accounts, venue.spec, venue.state, venue.rules
    for k in range(1, public.watched.shape[0]):
        if anew == 0:
            public.margin[at, k] = public.margin[before, k]
            continue
        a, out = public.watched[k], public.margin[at, k]
        out[H_EQUITY] = equity(accounts, spec, state, a)
        out[H_INITIAL] = requirement(accounts, spec, state, rules, a, True)
        out[H_MAINTENANCE] = requirement(accounts, spec, state, rules, a, False)
    return 0


@part
def overhear(world, a):
    """Messages of others that wait, as far as the node of ``a`` knows of them; the last to come are left out."""
    pool, message, out, n = world.mempool, world.mempool.message, world.pending, 0
    until = world.clock[C_NOW] - world.agents.timing[a, D_FEED]
    for w in range(world.clock[C_WAITING]):
        m = pool.waiting[w]
        if n == out.shape[0]:
            break
        if message[m, M_ACCOUNT] == a or visible_from(world.ordering, message, m) > until:
            continue
        one, row = message[m], out[n]
        row[Y_ACCOUNT], row[Y_KIND], row[Y_INSTRUMENT] = one[M_ACCOUNT], one[M_KIND], one[M_INSTRUMENT]
        row[Y_SIDE], row[Y_PRICE], row[Y_SIZE], row[Y_SLOT] = one[M_SIDE], one[M_PRICE], one[M_SIZE], one[M_SLOT]
        row[Y_FLAGS], row[Y_FEE], row[Y_UNTIL] = one[M_FLAGS], one[M_FEE], one[M_UNTIL]
        row[Y_SEEN], row[Y_SERIAL] = one[M_SEEN], one[M_SERIAL]
        n += 1
    world.seen[N_PENDING] = n
    return n
