"""The whole simulated world as one tuple of arrays: what the compiled loop reads and writes.

Nothing is hidden in objects: a world can be copied, compared and saved array by array, and the loop can stop after any
event and go on later.
"""

from typing import NamedTuple

import numpy as np

from makerscope.market.chain import Chain
from makerscope.market.mark import MarkState
from makerscope.market.ordering import Ordering
from makerscope.market.portfolio_margin import Grid
from makerscope.market.venue import Venue
from makerscope.sim.agenda import Agenda

# words of ``World.clock``
(
    C_NOW, C_END, C_NEXT_BLOCK, C_LAST_BLOCK, C_WAITING, C_FREE, C_SERIAL, C_HEIGHT, C_ACTIONS, C_WAKES, C_DUE_FUNDING,
    C_DUE_MARKS, C_DUE_BOOK, C_DUE_CHAIN, C_DUE_ACCOUNTS, C_EXECUTED, C_NEXT_EXPIRY, C_PAID_IN, C_DUE_SAMPLE,
    C_DUE_GRID, C_ASKED, C_ANSWER, C_DUE_FEES,
) = range(23)  # fmt: skip
CLOCK_WORDS = 32
# words of ``World.rule``: what the loop itself has to know
(
    G_START, G_STEP, G_CONTINUOUS, G_FUNDING_EVERY, G_MARKS_EVERY, G_BOOK_EVERY, G_BOOK_DEPTH, G_CHAIN_EVERY,
    G_ACCOUNTS_EVERY, G_TTL, G_AUDIT, G_HEDGE_SHIFT, G_QUOTES, G_BEAT,
    G_KEEPERS, G_BANKRUPTCY, G_OPTIONS, G_GRID_EVERY, G_ORDER_BLOCKS,
) = range(19)  # fmt: skip
RULE_WORDS = 32
# words of ``World.terms``: funding (rates in parts per 10^15) and the settlement window
X_EVERY, X_SAMPLE, X_INTEREST, X_CLAMP, X_CAP, X_BASIS, X_WINDOW = range(7)
S_LOOP, S_ORACLE = (
    0,
    1,
)  # streams of dice: the loop's, then one an underlying for its oracle, one for its surface, then agents
# columns of ``Agents.timing``
(
    D_FEED, D_LEAD_FEED, D_SEND, D_LEAD_SEND, D_JITTER, D_THINK, D_EVERY, D_BLOCK, D_OUT, D_ACTIONS, D_GARBAGE,
    D_OUT_AT, D_WATCH, D_MEMPOOL,
) = range(14)  # fmt: skip
TIMING_COLUMNS = 14
Z_LOOK, Z_WAIT, Z_STEP, Z_KEEPER = range(
    4
)  # of ``World.forced``: look again, next forced order (ns), steps taken, keeper
IN = 0  # D_OUT of who takes part; else the reason, see ``agents.interface``


class Agents(NamedTuple):
    """One row an account ``a`` that is an agent.

    ``address`` ``(A,)`` of its compiled step; ``own`` ``(A, 8)`` its header; ``timing`` ``(A, 14)`` columns D_*, ns;
    ``known``
    ``(S, 6)`` what it knows of its slots; ``position`` ``(A, I)`` and ``cash`` ``(A,)`` as it knows them.
    """

    address: np.ndarray
    own: np.ndarray
    timing: np.ndarray
    known: np.ndarray
    position: np.ndarray
    cash: np.ndarray


class Public(NamedTuple):
    """The last blocks as everyone may see them.

    ``whole`` ``(H, I, 10)``, ``model`` ``(H, I, 4)``, ``time`` ``(H,)``; ``weak`` ``(H, 16)`` accounts that
    anybody may ask the venue to liquidate, then NONE; ``margin`` ``(H, W, 3)`` of the accounts ``watched`` ``(W,)``,
    the first of which is nobody.
    """

    whole: np.ndarray
    model: np.ndarray
    time: np.ndarray
    weak: np.ndarray
    margin: np.ndarray
    watched: np.ndarray


class Path(NamedTuple):
    """The reference on its grid, ``(U, steps)``: ``spot``, ``variance``, and ``half``, the leader's half spread.

    ``down`` ``(m, 2)``: outages of the leader, ns, in order of their starts; nobody hears of its price in them.
    """

    spot: np.ndarray
    variance: np.ndarray
    half: np.ndarray
    down: np.ndarray


class Oracles(NamedTuple):
    """One rule, and a state for each underlying: ``market.oracle``; ``tick`` ``(U,)``, other states ``(U, ...)``."""

    numbers: np.ndarray
    sources: np.ndarray
    episodes: np.ndarray
    tick: np.ndarray
    state: np.ndarray
    errors: np.ndarray
    read: np.ndarray
    history: np.ndarray
    way: np.ndarray


class Surfaces(NamedTuple):
    """Implied-volatility surfaces, see ``market.surface_dynamics``.

    ``series_at``, ``expiry_at`` ``(U + 1,)`` where the blocks of each underlying begin in the flat arrays;
    ``instrument`` ``(n,)``; ``moved`` ``(U,)`` ns.
    """

    plan: np.ndarray
    state: np.ndarray
    moved: np.ndarray
    series_at: np.ndarray
    expiry_at: np.ndarray
    series: np.ndarray
    group: np.ndarray
    expiry: np.ndarray
    slices: np.ndarray
    work: np.ndarray
    out: np.ndarray
    ticks: np.ndarray
    instrument: np.ndarray


class Desk(NamedTuple):
    """The leading venue, a row an underlying: see ``market.leader``."""

    floats: np.ndarray
    numbers: np.ndarray
    outages: np.ndarray
    bought: np.ndarray
    at: np.ndarray


class Budgets(NamedTuple):
    """What every account may send, and what its volume earns it.

    ``limit`` ``(A, 12)`` L_*, ``spent`` ``(A, n)``, ``traded`` ``(A,)`` base units since the start, ``counted`` of
    those by the end of the last day; ``days`` ``(A, D)`` traded on each day of the venue's window; ``tiers``
    ``(T, 3)``: see ``sim.fee_tiers``.
    """

    limit: np.ndarray
    spent: np.ndarray
    traded: np.ndarray
    counted: np.ndarray
    days: np.ndarray
    tiers: np.ndarray


class Mempool(NamedTuple):
    """Messages on their way.

    ``message`` ``(M, 20)``, ``waiting`` ``(M,)`` those not executed; ``order`` ``(M,)``, ``scratch`` ``(3, M)`` room
    to sort.
    """

    message: np.ndarray
    waiting: np.ndarray
    order: np.ndarray
    scratch: np.ndarray


class World(NamedTuple):
    """Everything.

    ``seen`` ``(24,)``, ``act`` ``(4,)``, ``rows``, ``written``, ``news``, ``reference`` are room to talk with an
    agent; ``scratch`` ``(2, L)`` room for a book's levels. ``index_ticks`` ``(U,)``; ``terms`` X_*; ``carry``
    ``(I,)`` of funding; ``twap`` ``(U, 2)`` sum and count of the settlement window; ``got`` ``(A,)`` room; ``forced``
    ``(A, 4)`` liquidation by account, columns Z_*;
    ``code`` ``(18,)`` addresses of the parts; ``transit`` ``(256, 3)`` money between the venues; ``batch`` ``(10,
    n)`` room for a batch auction; ``pending`` ``(256, 12)`` room for what
    an agent overhears; ``requests`` ``(257, 10)`` for quotes and ``dealers`` ``(A,)`` 1 for who hears of
    them, see
    ``sim.dealers``.
    """

    venue: Venue
    chain: Chain
    ordering: Ordering
    agents: Agents
    public: Public
    path: Path
    oracle: Oracles
    marking: MarkState
    surface: Surfaces
    grid: Grid
    desk: Desk
    budget: Budgets
    mempool: Mempool
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
    scratch: np.ndarray
    index_ticks: np.ndarray
    terms: np.ndarray
    carry: np.ndarray
    twap: np.ndarray
    got: np.ndarray
    forced: np.ndarray
    score: np.ndarray
    queue: np.ndarray
    worth: np.ndarray
    gain: np.ndarray
    cut: np.ndarray
    code: np.ndarray
    transit: np.ndarray
    batch: np.ndarray
    requests: np.ndarray
    dealers: np.ndarray
