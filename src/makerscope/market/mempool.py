"""What a message in the mempool may do besides executing: lapse, be seen by others, buy speed, or auction itself."""
# ruff: noqa: ANN001, ANN201 - a kernel is compiled for the types it is called with

from makerscope.kernels._jit import kernel
from makerscope.market.chain import C_HEIGHT, C_TIME
from makerscope.market.layout import (
    M_CLASS,
    M_FEE,
    M_KIND,
    M_PRICE,
    M_PRIVATE,
    M_RANK,
    M_SEEN,
    M_SENT,
    M_UNTIL,
    NO_TIME,
    TAKE,
)
from makerscope.market.ordering import (
    AUCTION,
    CLASS_SORT_FEE,
    R_BLOCKS,
    R_EXPIRY,
    R_FEE_CAP,
    R_FEE_UNIT,
    R_GOSSIP,
    R_HIDDEN,
    R_POLICY,
    R_SOONER,
)


@kernel
def lapsed(ordering, state, messages, m):
    """True if a waiting message can never execute any more: its last block is past, or its commitment has expired."""
    if 0 < messages[m, M_UNTIL] < state[C_HEIGHT]:
        return True
    expiry = ordering.rule[R_EXPIRY]
    return expiry > 0 and state[C_TIME] > messages[m, M_SEEN] + expiry


@kernel
def sooner(ordering, messages, m):
    """How many ns a taker's write-priority fee saves it on the way; the loop takes them off ``M_SEEN``.

    Never more than the way itself (``M_SEEN - M_SENT``). Only CLASS_SORT_FEE sells time.
    """
    rule = ordering.rule
    if rule[R_POLICY] != CLASS_SORT_FEE or rule[R_FEE_UNIT] == 0 or messages[m, M_KIND] != TAKE:
        return 0
    fee = min(max(messages[m, M_FEE], 0), rule[R_FEE_CAP])
    return min(fee * rule[R_SOONER] // rule[R_FEE_UNIT], messages[m, M_SEEN] - messages[m, M_SENT])


@kernel
def visible_from(ordering, messages, m):
    """When others can see a waiting message (ns): ``NO_TIME`` if it is private or the venue shows none."""
    if messages[m, M_PRIVATE] > 0 or ordering.rule[R_HIDDEN] > 0:
        return NO_TIME
    return messages[m, M_SEEN] + ordering.rule[R_GOSSIP]


@kernel
def auction_price(ordering, state, messages, m, start):
    """The limit of a taker in this block of its auction, in ticks: on the line from ``start`` to its own ``M_PRICE``.

    It stands at ``start`` in the message's first block and arrives after ``R_BLOCKS`` blocks; rounded towards the
    start, so that a taker never pays more than the line says.
    """
    blocks, end = ordering.rule[R_BLOCKS], messages[m, M_PRICE]
    done = min(max(state[C_HEIGHT] - messages[m, M_RANK], 0), blocks)
    if blocks in (0, done) or messages[m, M_RANK] < 0:
        return end
    step = abs(end - start) * done // blocks
    return start + step if end > start else start - step


@kernel
def auction_runs(ordering, state, messages, m):
    """True while a taker's auction goes on: what is left of it waits for the next block instead of lapsing."""
    if ordering.rule[R_POLICY] != AUCTION or messages[m, M_CLASS] != 2:
        return False
    return state[C_HEIGHT] < messages[m, M_RANK] + ordering.rule[R_BLOCKS]
