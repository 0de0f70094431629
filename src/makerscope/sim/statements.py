# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say
"""What the recorder writes down at regular times: marks, books, option chains, accounts."""

import numpy as np

from makerscope.agents.interface import V_DELTA, V_PRICE, V_VEGA, V_VOLATILITY
from makerscope.kernels._jit import inlined, inner, part
from makerscope.market.accounts import equity
from makerscope.market.book import best, resting_at_best, walk
from makerscope.market.layout import (
    AN_OPTION,
    FIRST_AGENT,
    INDEX,
    KIND,
    MARK,
    OPEN_INTEREST,
    TRADING,
    VOLUME,
)
from makerscope.market.log import NO_FUNDING, T_ACCOUNTS, T_BOOK, T_CHAIN, T_MARKS, next_row
from makerscope.market.margin import requirement
from makerscope.market.venue import V_NOW, V_SEQUENCE
from makerscope.sim.world import (
    C_DUE_ACCOUNTS,
    C_DUE_BOOK,
    C_DUE_CHAIN,
    C_DUE_MARKS,
    C_HEIGHT,
    C_NOW,
    G_ACCOUNTS_EVERY,
    G_BOOK_DEPTH,
    G_BOOK_EVERY,
    G_CHAIN_EVERY,
    G_HEDGE_SHIFT,
    G_MARKS_EVERY,
)


@inlined
def _is_due(clock, word, every):
    """Whether a regular statement is due; then the next is due at the next whole multiple."""
    if every == 0 or clock[C_NOW] < clock[word]:
        return False
    clock[word] = (clock[C_NOW] // every + 1) * every
    return True


@inlined
def log_mark(venue, instrument, funding):
    """A row of ``marks``; ``funding`` is what a long lot pays now, or NO_FUNDING.

    Funding is dated a nanosecond after its block: it is paid on what the block's own fills left.
    """
    log, state = venue.log, venue.state
    row = next_row(log, T_MARKS, log.marks.shape[0])
    out = log.marks
    out[row, 0], out[row, 1] = venue.word[V_NOW] + np.int64(funding != NO_FUNDING), instrument
    out[row, 2], out[row, 3], out[row, 4] = state[instrument, MARK], state[instrument, INDEX], funding


@inlined
def _book_side(venue, instrument, side, n, prices, sizes):
    log = venue.log
    for level in range(n):
        row = next_row(log, T_BOOK, log.book.shape[0])
        out = log.book
        out[row, 0], out[row, 1], out[row, 2], out[row, 3] = venue.word[V_NOW], venue.word[V_SEQUENCE], instrument, side
        out[row, 4], out[row, 5] = prices[level], sizes[level]


@inner
def write_books(world):
    """A snapshot of every perpetual's book; an empty book is one row of size 0."""
    venue, depth = world.venue, world.rule[G_BOOK_DEPTH]
    prices, sizes = world.scratch[0], world.scratch[1]
    for i in range(venue.spec.shape[0]):
        if venue.spec[i, KIND] != 0:
            continue
        venue.word[V_SEQUENCE] += 1
        found = 0
        for side in (1, -1):
            n = walk(venue.book, i, side, depth, prices, sizes)
            _book_side(venue, i, side, n, prices, sizes)
            found += n
        if found == 0:
            prices[0], sizes[0] = 1, 0
            _book_side(venue, i, 1, 1, prices, sizes)


@inner
def write_chain(world):
    """A row for every option that trades: best prices, and the venue's model numbers."""
    venue, log = world.venue, world.venue.log
    model = world.public.model[world.clock[C_HEIGHT] % world.public.time.shape[0]]
    for i in range(venue.spec.shape[0]):
        if venue.spec[i, KIND] != AN_OPTION or venue.state[i, TRADING] == 0:
            continue
        row = next_row(log, T_CHAIN, log.chain.shape[0])
        out, real = log.chain, log.model
        out[row, 0], out[row, 1] = venue.word[V_NOW], i
        out[row, 2], out[row, 4] = best(venue.book, i, 1), best(venue.book, i, -1)
        out[row, 3], out[row, 5] = resting_at_best(venue.book, i, 1), resting_at_best(venue.book, i, -1)
        out[row, 6], out[row, 7] = venue.state[i, OPEN_INTEREST], venue.state[i, VOLUME]
        spot = venue.state[i, INDEX] * venue.real[i, 1]
        real[row, 0], real[row, 1], real[row, 2] = model[i, V_PRICE], spot, spot
        real[row, 3], real[row, 4], real[row, 5] = model[i, V_VOLATILITY], model[i, V_DELTA], model[i, V_VEGA]


@inner
def write_accounts(world):
    """Equity and maintenance margin of every agent; what it has at the leading venue is counted too."""
    venue, log = world.venue, world.venue.log
    agents = world.rule[G_HEDGE_SHIFT]
    for a in range(FIRST_AGENT, FIRST_AGENT + agents):
        row = next_row(log, T_ACCOUNTS, log.accounts.shape[0])
        out = log.accounts
        out[row, 0], out[row, 1] = venue.word[V_NOW], a
        there = equity(venue.accounts, venue.spec, venue.state, a + agents)
        out[row, 2] = equity(venue.accounts, venue.spec, venue.state, a) + there
        out[row, 3] = requirement(venue.accounts, venue.spec, venue.state, venue.rules, a, False)


@part
def write_statements(world, _number):
    """All statements that are due at the end of this block."""
    clock, rule, venue = world.clock, world.rule, world.venue
    if _is_due(clock, C_DUE_MARKS, rule[G_MARKS_EVERY]):
        for i in range(venue.spec.shape[0]):
            if venue.spec[i, KIND] != AN_OPTION or venue.state[i, TRADING] == 1:
                log_mark(venue, i, NO_FUNDING)
    if _is_due(clock, C_DUE_BOOK, rule[G_BOOK_EVERY]):
        write_books(world)
    if _is_due(clock, C_DUE_CHAIN, rule[G_CHAIN_EVERY]):
        write_chain(world)
    if _is_due(clock, C_DUE_ACCOUNTS, rule[G_ACCOUNTS_EVERY]):
        write_accounts(world)
    return 0
