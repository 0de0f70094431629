"""Columns of the simulated world's integer tables: the one place that says which number stands where.

The world is a handful of two-dimensional int64 arrays that compiled code reads and writes: prices are ticks, sizes
lots, times nanoseconds, money base units of the one settlement token. ``NONE`` marks what is absent. Each enumeration
below is one table; its names are the columns. ``NO_TIME`` is later than any time.
"""

from typing import NamedTuple

import numpy as np

NONE = -1
NO_TIME = 1 << 62
BUY, SELL = 1, -1
PPM = 1_000_000

# instruments, fixed: (I, 20)
KIND, UNDERLYING, UNIT, LOT_STEP, MAKER_FEE, TAKER_FEE, FEE_CAP, EXPIRY, IS_CALL, LADDER = range(10)
IM, MM, BAND, MATCHING, PERP, STRIKE_TICKS, TICKS_PER_INDEX, LEAD, IMPACT, STP = range(10, 20)
SPEC_COLUMNS = 20
A_PERP, AN_OPTION, A_LEAD = 0, 1, 2  # KIND; A_LEAD trades on the leading venue
FIFO, PRO_RATA = 0, 1  # MATCHING
EXPIRE_TAKER, EXPIRE_MAKER, EXPIRE_BOTH = 0, 1, 2  # STP: what happens when an account would trade with itself

# instruments, as they change: (I, 16)
LAST, MARK, INDEX, OPEN_INTEREST, TRADING, SETTLED, FUNDING, PREMIUM_SUM, PREMIUM_COUNT, VOLUME = range(10)
REDUCING = 10  # orders at rest that may only reduce a position
STATE_COLUMNS = 16

# what is public about an instrument at the end of a block: (I, 10) a block
P_BID, P_BID_SIZE, P_ASK, P_ASK_SIZE, P_LAST, P_MARK, P_INDEX, P_VOLUME, P_FUNDING, P_TRADING = range(10)
PUBLIC_COLUMNS = 10

# resting orders: (N, 16); the first eight are what matching reads
O_PRICE, O_SIZE, O_NEXT, O_BEFORE, O_INSTRUMENT, O_SIDE, O_ACCOUNT, O_SLOT = range(8)
O_SERIAL, O_UNTIL, O_FLAGS, O_MARGIN, O_DECIDED, O_FEE, O_BLOCK, O_KEY = range(8, 16)
ORDER_COLUMNS = 16

# messages on their way to the venue: (M, 22); M_START and M_ORDER belong to a taker in an auction: where its limit
# began,
# and the serial of its order
M_KIND, M_ACCOUNT, M_INSTRUMENT, M_SIDE, M_PRICE, M_SIZE, M_SLOT, M_FLAGS, M_FEE, M_UNTIL = range(10)
M_DECIDED, M_SENT, M_SEEN, M_DUE, M_SERIAL, M_GAS, M_CLASS, M_RANK, M_LINK, M_PRIVATE, M_START, M_ORDER = range(10, 22)
MESSAGE_COLUMNS = 22

# what an agent writes: (K, 10)
A_KIND, A_INSTRUMENT, A_SIDE, A_PRICE, A_SIZE, A_SLOT, A_FLAGS, A_FEE, A_UNTIL, A_PRIVATE = range(10)
ACTION_COLUMNS = 10
PLACE, CANCEL, TAKE, CANCEL_ALL, LIQUIDATE, BID_RFQ, ASK_RFQ, TRANSFER = 1, 2, 3, 4, 5, 6, 7, 8  # kinds of message
KINDS = 9
POST_ONLY, REDUCE_ONLY, FILL_OR_KILL, FORCED, REST, JIT = 1, 2, 4, 8, 16, 32  # flags, added together

# accounts: row of ``cash``; the first five are not agents (LEADER is everyone who trades on the leading venue)
INSURANCE, FEES, GAS_SINK, BACKSTOP, LEADER, FIRST_AGENT = 0, 1, 2, 3, 4, 5
CROSS, ISOLATED, PORTFOLIO = 0, 1, 2  # margin modes


class Accounts(NamedTuple):
    """What every account holds. Money is base units of the settlement token.

    ``cash`` ``(A,)``: deposits, less what was bought, plus what was sold, less all that was paid: it is not collateral
    by itself; equity is ``cash + sum(position * mark * unit)``. ``position`` ``(A, I)`` lots, below 0 short. ``cost``
    ``(A, I)``: what the open position cost (its sign is the position's), by average cost. ``collateral`` ``(A, I)``:
    money ring-fenced for an isolated position. ``mode`` ``(A,)``: CROSS, ISOLATED or PORTFOLIO.
    """

    cash: np.ndarray
    position: np.ndarray
    cost: np.ndarray
    collateral: np.ndarray
    mode: np.ndarray


def new_accounts(accounts: int, instruments: int) -> Accounts:
    """Accounts that hold nothing."""
    return Accounts(
        cash=np.zeros(accounts, np.int64),
        position=np.zeros((accounts, instruments), np.int64),
        cost=np.zeros((accounts, instruments), np.int64),
        collateral=np.zeros((accounts, instruments), np.int64),
        mode=np.zeros(accounts, np.int64),
    )
