"""A recorded market and the own orders in it, as one tuple of arrays: what the compiled replay reads and writes.

The names that agents, news, log and accounts use are those of ``sim.world.World``, so that the same functions serve
both.
"""

from typing import NamedTuple

import numpy as np

from makerscope.kernels.book import Book
from makerscope.market.accounts import Holdings
from makerscope.market.log import Log
from makerscope.market.margin import Rules
from makerscope.market.news import Inbox
from makerscope.sim.agenda import Agenda
from makerscope.sim.world import Agents, Path, Public

# columns of a recorded event: (n, 8)
E_TIME, E_SEEN, E_WHAT, E_INSTRUMENT, E_SIDE, E_PRICE, E_SIZE, E_SERIAL = range(8)
EVENT_COLUMNS = 8
LEVEL, TRADE, MARKED, RESUME, PAUSE = range(5)  # E_WHAT, with two flags
FIRST, LAST_ROW = 8, 16  # first row of a snapshot; last row of a message
WHAT = 7  # E_WHAT without its flags

HAS_MARKS = 13  # a column of ``Desk.state`` that a world does not use: 1 where marks were recorded

# own orders: (N, 16)
(
    Q_PRICE, Q_SIZE, Q_NEXT, Q_BEFORE, Q_INSTRUMENT, Q_SIDE, Q_ACCOUNT, Q_SLOT, Q_SERIAL, Q_KEY, Q_TRADED, Q_SHOWN,
) = range(12)  # fmt: skip
QUEUE_COLUMNS = 16
FILTER = 512  # cells a side that say whether something of ours may stand at a price
T_KEY, T_SIZE = 0, 1  # of ``Replay.top``
S_ROW, S_KEY, S_LOTS, S_SHOWN = range(4)  # of ``Own.spent``
FREE, LIVE, SERIALS, SPENT = range(4)  # of ``Own.pool``

# words of ``Replay.clock`` behind those of a world
C_ROW, C_ROWS, C_FINAL, C_SEEN, C_CHANGED, C_SLEEPERS, C_EVENTS, C_SKIPPED, C_FREE_MESSAGE, C_VARIANCE_AT = range(
    32, 42
)
C_TRADED, C_DUE_EQUITY, C_MESSAGES, C_FULL, C_INSIDE, C_GIVEN, C_BEFORE = range(42, 49)
CLOCK_WORDS = 56
G_MODEL, G_LOG_QUOTES, G_EQUITY_EVERY, G_SLOWEST = range(32, 36)  # words of ``Replay.rule`` behind those of a world
RULE_WORDS = 40
OWN_EVENT, RARE, HIT, CHANGED, TOP, TALK = range(6)  # of ``Replay.code``: parts that are compiled apart


class Own(NamedTuple):
    """Own resting orders.

    ``order`` ``(N, 16)`` columns Q_*, ``ahead`` ``(N,)`` lots; ``head`` ``(2 I,)`` the best order of a side, or NONE;
    ``filter`` ``(2 I, 512)`` how many of ours stand at prices of a cell; ``spent`` ``(S, 4)`` recorded lots that own
    takers took; ``pool`` ``(4,)``.
    """

    order: np.ndarray
    ahead: np.ndarray
    head: np.ndarray
    filter: np.ndarray
    spent: np.ndarray
    pool: np.ndarray


class Desk(NamedTuple):
    """The venue as own orders meet it: the fields of ``market.venue.Venue`` that its rules, news and log read."""

    spec: np.ndarray
    real: np.ndarray
    state: np.ndarray
    accounts: Holdings
    rules: Rules
    slot: np.ndarray
    slot_at: np.ndarray
    margin: np.ndarray
    refused: np.ndarray
    inbox: Inbox
    log: Log
    word: np.ndarray


class Pool(NamedTuple):
    """Messages on their way: ``message`` ``(M, 20)`` columns M_*."""

    message: np.ndarray


class Replay(NamedTuple):
    """Everything.

    ``book``: of the first instrument; ``books`` ``(I,)`` the address of each. ``top`` ``(2 I, 2)`` key and lots of
    the best recorded level, lots 0 where there is none. ``feed`` ``(n, 8)`` recorded events; ``lead`` ``(I,)`` whose
    price agents hear as the reference; ``asleep`` ``(A,)`` 1 where an agent waits for something new to see; ``model``
    ``(1,)`` the queue model's exponent; ``first_dice`` ``(1,)``; ``realised`` ``(I, 3)`` variance a year, and the
    price and time it was last looked at; ``code`` ``(6,)`` addresses of the parts.
    """

    venue: Desk
    own: Own
    book: Book
    books: np.ndarray
    top: np.ndarray
    feed: np.ndarray
    agents: Agents
    public: Public
    path: Path
    mempool: Pool
    agenda: Agenda
    dice: np.ndarray
    clock: np.ndarray
    rule: np.ndarray
    seen: np.ndarray
    act: np.ndarray
    rows: np.ndarray
    written: np.ndarray
    news: np.ndarray
    reference: np.ndarray
    pending: np.ndarray
    lead: np.ndarray
    asleep: np.ndarray
    model: np.ndarray
    realised: np.ndarray
    got: np.ndarray
    code: np.ndarray
