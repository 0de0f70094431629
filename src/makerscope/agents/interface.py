# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say, in order
"""What an agent is: ``step(self, seen, act)``, and nothing else.

An agent is one function that is called at the times it asked for. It gets what only it could know by then, writes what
it wants into ``act``, and returns in how many nanoseconds it wants to be called again (0: at the end of the next
block that it sees). The function may be compiled by Numba (``agent_kernel``) or be plain Python; both take the same
three tuples of arrays, so the same lines do the same thing in either, only slower.

::

    NUMBERS = {"half_bps": 5.0, "size": 100.0}
    SLOTS = 2

    @agent_kernel
    def step(self, seen, act):
        half, size = self.params[0] * 1e-4, int(self.params[1])
        fair = fair_ticks(seen, 0)
        place(act, 0, 1, floor_ticks(fair * (1.0 - half)), size, 0)
        place(act, 0, -1, ceil_ticks(fair * (1.0 + half)), size, 1)
        return 0

An order lives in a *slot* of its agent. To place into a slot that holds an order replaces that order; a smaller size at
the same price keeps the place in the queue. What an agent knows of its slots is as old as its feed: a fill that it
has not heard of yet may have emptied a slot.
"""

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import (
    carray,  # pyright: ignore - numba exports it by name only
    types,
)
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic

from makerscope.kernels._jit import checked, inlined, view
from makerscope.market.layout import (
    A_FEE,
    A_FLAGS,
    A_INSTRUMENT,
    A_KIND,
    A_PRICE,
    A_PRIVATE,
    A_SIDE,
    A_SIZE,
    A_SLOT,
    A_UNTIL,
    ACTION_COLUMNS,
    ASK_RFQ,
    BID_RFQ,
    CANCEL,
    CANCEL_ALL,
    LIQUIDATE,
    NONE,
    PLACE,
    POST_ONLY,
    PUBLIC_COLUMNS,
    TAKE,
    TRANSFER,
)
from makerscope.market.news import NEWS_COLUMNS

# what an agent knows of a slot: (S, 6)
K_PRICE, K_SIZE, K_INSTRUMENT, K_SIDE, K_SENT_PRICE, K_SENT_SIZE = range(6)
KNOWN_COLUMNS = 6
# what an agent is told about one instrument's model numbers: (I, 4) floats
V_VOLATILITY, V_PRICE, V_DELTA, V_VEGA = range(4)
MODEL_COLUMNS = 4
# what an agent hears of the reference of one underlying: (U, 4) floats
R_SPOT, R_VARIANCE, R_BID, R_ASK = range(4)
REFERENCE_COLUMNS = 4
# the words of the three headers that cross the border to compiled agents
SELF_WORDS, SEEN_WORDS, ACT_WORDS = 8, 24, 4
(
    N_NOW, N_BLOCK, N_BLOCK_TIME, N_ME, N_INSTRUMENTS, N_UNDERLYINGS, N_SLOTS, N_NEWS,
    AT_PUBLIC, AT_MODEL, AT_REFERENCE, AT_POSITION, AT_KNOWN, AT_SPEC, AT_REAL, N_CASH, N_EQUITY, N_ACCOUNTS, AT_NEWS,
    AT_WEAK, AT_MARGIN, AT_PENDING, N_PENDING,
) = range(23)  # fmt: skip
AT_PARAMS, N_PARAMS, AT_REALS, N_REALS, AT_WHOLE, N_WHOLE, AT_DICE, N_STREAM = range(8)
AT_ROWS, N_ROWS, AT_COUNT = range(3)
WEAK_ROOM = 16  # accounts below maintenance that a block shows
# what a kind that asks for it hears of its own account: (3,) base units, NONE where it did not ask
H_EQUITY, H_INITIAL, H_MAINTENANCE = range(3)
MARGIN_COLUMNS = 3
# what a kind that asks for it overhears: messages of others that wait in a public mempool, (n, 12)
(
    Y_ACCOUNT, Y_KIND, Y_INSTRUMENT, Y_SIDE, Y_PRICE, Y_SIZE, Y_SLOT, Y_FLAGS, Y_FEE, Y_UNTIL, Y_SEEN, Y_SERIAL,
) = range(12)  # fmt: skip
PENDING_COLUMNS, PENDING_ROOM = 12, 256
# what a step may return beside a time to sleep: OUT less the reason, or ASK: somebody outside the loop decides
OUT, ASK = -(1 << 60), -(1 << 61)
RAISED, RETURNED_GARBAGE, TOO_SLOW, RUINED = 1, 2, 3, 4  # why an agent is out
REASONS = (
    "",
    "its step raised",
    "it returned or wrote garbage",
    "its step took too long",
    "its account was closed with nothing left",
)
agent_kernel = checked  # the decorator of a compiled step


class Self(NamedTuple):
    """What belongs to one agent: ``params``, ``reals`` float64, ``whole`` int64, ``dice`` ``(1, 4)`` its own stream."""

    params: np.ndarray
    reals: np.ndarray
    whole: np.ndarray
    dice: np.ndarray


class Seen(NamedTuple):
    """What an agent knows at ``now``, no younger than its feeds.

    ``block`` and ``block_time``: the last block seen. ``public`` ``(I, 10)`` columns P_*, ``model`` ``(I, 4)`` the
    venue's volatility, price, delta and vega; ``reference`` ``(U, 4)`` spot, variance, bid and ask of the leading
    venue;
    ``position`` ``(I,)`` lots and ``cash`` by the fills it has heard of; ``known`` ``(S, 6)`` its slots, columns K_*;
    ``news`` ``(n, 10)`` what it heard since its last call, columns W_*. ``spec`` ``(I, 20)`` and ``real`` ``(I, 3)``
    (strike; quote currency in a tick; units of the underlying in a lot) are fixed. ``weak`` ``(16,)``: accounts below
    maintenance margin in that block where keepers liquidate, then NONE. ``margin`` ``(3,)``: equity, initial and
    maintenance margin of its account in that block, columns H_*, base units; NONE unless its kind has ``margin``.
    ``pending`` ``(n, 12)``: messages of others that its node knows to wait, columns Y_*; empty unless its kind has
    ``mempool``, and where the venue hides them. All of it is read-only.
    """

    now: int
    block: int
    block_time: int
    me: int
    cash: int
    public: np.ndarray
    model: np.ndarray
    reference: np.ndarray
    position: np.ndarray
    known: np.ndarray
    news: np.ndarray
    spec: np.ndarray
    real: np.ndarray
    weak: np.ndarray
    margin: np.ndarray
    pending: np.ndarray


class Act(NamedTuple):
    """Where an agent writes its actions: ``rows`` ``(room, 10)``, columns A_*; ``count`` ``(1,)`` rows written."""

    rows: np.ndarray
    count: np.ndarray  # pyright: ignore[reportIncompatibleMethodOverride] - nobody counts in this tuple


@inlined
def _write(act, kind, instrument, side, price, size, slot, flags, fee, until):
    """All columns of the next row: the one who was called before left its own there."""
    n = act.count[0]
    if n >= act.rows.shape[0]:
        return False
    row = act.rows
    row[n, A_KIND], row[n, A_INSTRUMENT], row[n, A_SIDE], row[n, A_PRICE] = kind, instrument, side, price
    row[n, A_SIZE], row[n, A_SLOT], row[n, A_FLAGS], row[n, A_FEE], row[n, A_UNTIL] = size, slot, flags, fee, until
    row[n, A_PRIVATE] = 0
    act.count[0] = n + 1
    return True


@inlined
def place(act, instrument, side, price, size, slot):
    """Rest ``size`` lots at ``price`` ticks, post-only, in a slot; an order there is replaced. False: no room left."""
    return _write(act, PLACE, instrument, side, price, size, slot, POST_ONLY, 0, 0)


@inlined
def cancel(act, slot):
    """Take the order of a slot away."""
    return _write(act, CANCEL, 0, 0, 0, 0, slot, 0, 0, 0)


@inlined
def cancel_all(act):
    """Take all own orders away."""
    return _write(act, CANCEL_ALL, 0, 0, 0, 0, 0, 0, 0, 0)


@inlined
def take(act, instrument, side, limit, size, flags, fee):
    """Trade now up to ``limit`` ticks (NONE: at any price); what is not filled is gone.

    ``fee``: bid for priority. From 0 up it is a tip above the base fee (Hyperliquid: of what fills, n / 10^8); below 0
    it is the whole price of gas that is paid, and the message waits while the base fee is above it.
    """
    return _write(act, TAKE, instrument, side, limit, size, NONE, flags, fee, 0)


@inlined
def liquidate(act, account):
    """Ask the venue to liquidate an account; it pays a reward if the account is below maintenance margin."""
    return _write(act, LIQUIDATE, 0, 0, 0, account, 0, 0, 0, 0)


@inlined
def ask_dealers(act, instrument, side, limit, size):
    """Ask all dealers for a price of ``size`` lots, to trade at ``limit`` ticks or better."""
    return _write(act, ASK_RFQ, instrument, side, limit, size, 0, 0, 0, 0)


@inlined
def answer_request(act, instrument, request, price):
    """A dealer's price in ticks for a request by its number; 0 and 0 to be told of requests from now on."""
    return _write(act, BID_RFQ, instrument, 0, price, 0, request, 0, 0, 0)


@inlined
def transfer(act, side, amount, slot):
    """Move base units of money to the leading venue (+1) or back (-1); news of it names the slot, NONE is allowed."""
    return _write(act, TRANSFER, 0, side, 0, amount, slot, 0, 0, 0)


def _pointer_at(typing_context, address):  # noqa: ARG001 - numba's own signature
    """An address as a pointer, for ``carray``."""

    def codegen(context, builder, _signature, arguments):
        return builder.inttoptr(arguments[0], context.get_value_type(types.voidptr))

    return types.voidptr(types.int64), codegen


pointer_at: Any = intrinsic(_pointer_at)


def _shown(typing_context, array):  # noqa: ARG001 - numba's own signature
    """The same array, read-only."""
    kind = array.copy(readonly=True)

    def codegen(context, builder, _signature, arguments):
        return impl_ret_borrowed(context, builder, kind, arguments[0])

    return kind(array), codegen


shown: Any = intrinsic(_shown)


def _call_step(typing_context, address, own, seen, act):  # noqa: ARG001 - numba's own signature
    """Call a C function ``int64 (int64, int64, int64)`` by its address."""

    def codegen(_context, builder, _signature, arguments):
        word = ir.IntType(64)
        pointer = builder.inttoptr(arguments[0], ir.FunctionType(word, [word] * 3).as_pointer())
        return builder.call(pointer, arguments[1:])

    return types.int64(types.int64, types.int64, types.int64, types.int64), codegen


call_step: Any = intrinsic(_call_step)


@view
def self_at(address):
    """The agent's own arrays behind a header."""
    head = carray(pointer_at(address), (SELF_WORDS,), np.int64)
    return Self(
        carray(pointer_at(head[AT_PARAMS]), (head[N_PARAMS],), np.float64),
        carray(pointer_at(head[AT_REALS]), (head[N_REALS],), np.float64),
        carray(pointer_at(head[AT_WHOLE]), (head[N_WHOLE],), np.int64),
        carray(pointer_at(head[AT_DICE]), (1, 4), np.uint64),
    )


@view
def seen_at(address):
    """The observation behind a header."""
    head = carray(pointer_at(address), (SEEN_WORDS,), np.int64)
    markets, bases = head[N_INSTRUMENTS], head[N_UNDERLYINGS]
    return Seen(
        head[N_NOW],
        head[N_BLOCK],
        head[N_BLOCK_TIME],
        head[N_ME],
        head[N_CASH],
        shown(carray(pointer_at(head[AT_PUBLIC]), (markets, PUBLIC_COLUMNS), np.int64)),
        shown(carray(pointer_at(head[AT_MODEL]), (markets, MODEL_COLUMNS), np.float64)),
        shown(carray(pointer_at(head[AT_REFERENCE]), (bases, REFERENCE_COLUMNS), np.float64)),
        shown(carray(pointer_at(head[AT_POSITION]), (markets,), np.int64)),
        shown(carray(pointer_at(head[AT_KNOWN]), (head[N_SLOTS], KNOWN_COLUMNS), np.int64)),
        shown(carray(pointer_at(head[AT_NEWS]), (head[N_NEWS], NEWS_COLUMNS), np.int64)),
        shown(carray(pointer_at(head[AT_SPEC]), (markets, 20), np.int64)),
        shown(carray(pointer_at(head[AT_REAL]), (markets, 3), np.float64)),
        shown(carray(pointer_at(head[AT_WEAK]), (WEAK_ROOM,), np.int64)),
        shown(carray(pointer_at(head[AT_MARGIN]), (MARGIN_COLUMNS,), np.int64)),
        shown(carray(pointer_at(head[AT_PENDING]), (head[N_PENDING], PENDING_COLUMNS), np.int64)),
    )


@view
def act_at(address):
    """The table of actions behind a header."""
    head = carray(pointer_at(address), (ACT_WORDS,), np.int64)
    return Act(
        carray(pointer_at(head[AT_ROWS]), (head[N_ROWS], ACTION_COLUMNS), np.int64),
        carray(pointer_at(head[AT_COUNT]), (1,), np.int64),
    )
