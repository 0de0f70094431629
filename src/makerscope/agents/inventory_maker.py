# ruff: noqa: ANN001, ANN201, ANN202 - compiled functions take the types their docstrings say, in order
"""The maker that solves its own ladder of inventories: tables of distances in its memory, and quotes read from them.

A signal that says where the price will go is a drift that lasts as long as the signal does; afterwards the quotes are
stationary again. Tables stand for five sizes of that move, from the largest down to the largest up; between them, and
between whole inventories, distances are interpolated.
"""

from math import inf, sqrt

from makerscope.agents.interface import K_SENT_PRICE, K_SIZE
from makerscope.agents.maker_memory import (
    ASK,
    BID,
    BPS,
    P_BOUND,
    P_MOVE,
    P_SIZE,
    P_TOLERANCE,
    REALS,
    S_A,
    S_ADVERSE,
    S_K,
    S_RISK,
    S_SHADOW,
    S_VARIANCE,
    SOLVED,
    VARIANCE,
    A,
    K,
    adverse_move,
)
from makerscope.agents.quoting import ceil_ticks, floor_ticks, requote
from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.elementary import exp, log
from makerscope.kernels.inventory_ladder import evolve, glft_terms, stationary
from makerscope.market.layout import P_ASK, P_ASK_SIZE, P_BID, P_BID_SIZE

ROOM = 101  # inventories of the largest bound
NODES = 5  # moves a table stands for: -2/2, -1/2, 0, 1/2, 2/2 of the largest
TABLES = REALS  # NODES times ROOM distances of bids; asks are their mirror image
DIAGONAL = TABLES + NODES * ROOM
RATIO, STEPS, UP, DOWN, W, TERM = (DIAGONAL + n * ROOM for n in range(1, 7))
WORDS = TERM + ROOM  # of self.reals
MOST_ADVERSE = 200.0  # bps


@inlined
def is_off(before, now, tolerance):
    """Whether a number has moved by more than a fraction."""
    return abs(now - before) > tolerance * abs(before)


@inlined
def _has_moved(self, risk, adverse, shadow):
    r, most = self.reals, self.params[P_MOVE]
    return (
        self.whole[SOLVED] == 0
        or is_off(r[S_A], r[A], most)
        or is_off(r[S_K], r[K], most)
        or is_off(r[S_VARIANCE], r[VARIANCE], 2.0 * most)
        or is_off(r[S_RISK], risk, most)
        or is_off(1.0 / r[K] + r[S_ADVERSE], 1.0 / r[K] + adverse, most)
        or is_off(r[S_SHADOW], shadow, most)
    )


@inlined
def _keep(self, node, n, constant, k, steps):
    """Write the table of a move up, and that of the same move down, from the ladder's steps."""
    r, up, down = self.reals, TABLES + (2 + node) * ROOM, TABLES + (2 - node) * ROOM
    for q in range(n - 1):
        r[up + q] = constant + steps[q] / k
        r[down + q] = constant - steps[n - 2 - q] / k
    for at in (up, down):  # nobody bids at the bound; the line goes on for positions between two quotes
        r[at + n - 1] = 2.0 * r[at + n - 2] - r[at + n - 3]


@inlined
def _solve_moves(self, n, eta, constant, k, most, lasting):
    """The tables of a price about to move by half of ``most`` and all of it, bps, within ``lasting`` seconds."""
    r, middle = self.reals, n // 2
    diagonal, w, term = r[DIAGONAL : DIAGONAL + n], r[W : W + n], r[TERM : TERM + n]
    steps, up, down = r[STEPS : STEPS + n - 1], r[UP : UP + n], r[DOWN : DOWN + n]
    for q in range(n - 1):
        up[q] = eta * exp(-steps[q], 0.0)
        down[q + 1] = eta * exp(steps[q], 0.0)
    up[n - 1] = down[0] = 0.0
    for node in range(1, 3):
        pull = k * 0.5 * most / lasting
        for q in range(n):
            diagonal[q] -= pull * (q - middle)
            w[q] = 1.0
        fine = evolve(diagonal, up, down, lasting, w, term) == 0.0
        for q in range(n):
            fine = fine or w[q] > 0.0
        for q in range(n - 1):
            term[q] = steps[q] + log(max(w[q], 1e-300)) - log(max(w[q + 1], 1e-300))
        _keep(self, node, n, constant, k, term)


@kernel
def solve(self, risk, neutral, shadow, calm, most, lasting):
    """Solve the ladder and write its tables, if what it stands on has moved.

    Args:
        self: the agent's own words.
        risk: gamma per bps of a quote; of a risk-neutral maker phi, bps a second for one quote held, squared.
        neutral: whether it is the ladder of Cartea and Jaimungal.
        shadow: maintenance margin of one quote as a share of equity, times the cushion it wants; 0: no margin.
        calm: price of margin beyond that, bps a second and quote.
        most: the largest move that a signal may announce, bps; 0: there is none.
        lasting: seconds that it takes.

    Returns:
        Whether it solved.
    """
    r, adverse = self.reals, min(adverse_move(self), MOST_ADVERSE)
    if not _has_moved(self, risk, adverse, shadow):
        return False
    k, bound = r[K], int(self.params[P_BOUND])
    n = 2 * bound + 1
    alpha, eta, constant = glft_terms(sqrt(r[VARIANCE]), r[A], k, risk)
    if neutral:
        alpha, eta, constant = k * risk, r[A] * exp(-1.0, 0.0), 1.0 / k
    eta *= exp(-k * adverse, 0.0)
    constant += adverse
    diagonal, steps = r[DIAGONAL : DIAGONAL + n], r[STEPS : STEPS + n - 1]
    for q in range(n):
        held = float(abs(q - bound))
        diagonal[q] = alpha * held * held + k * calm * held * max(0.0, shadow * held - 1.0)
    stationary(diagonal, eta, r[RATIO : RATIO + n], steps)
    _keep(self, 0, n, constant, k, steps)
    if most > 0.0:
        _solve_moves(self, n, eta, constant, k, most, lasting)
    r[S_A], r[S_K], r[S_VARIANCE], r[S_RISK], r[S_ADVERSE], r[S_SHADOW] = r[A], k, r[VARIANCE], risk, adverse, shadow
    self.whole[SOLVED] += 1
    return True


@inlined
def _read(table, at, inventory):
    low = min(int(inventory), 1 << 30)
    return table[at + low] + (inventory - low) * (table[at + low + 1] - table[at + low])


@inlined
def distance(table, bound, held, signal):
    """How far below the fair price to bid, bps. The ask is ``distance(table, bound, -held, -signal)`` above it.

    ``table``: the agent's reals. ``held``: quotes, whole or not. ``signal``: the move that is expected, as a share of
    the largest, -1 to 1.
    """
    inventory = min(max(held + bound, 0.0), 2.0 * bound - 1e-9)
    if signal == 0.0:
        return _read(table, TABLES + 2 * ROOM, inventory)
    node = min(max(2.0 * signal + 2.0, 0.0), 4.0 - 1e-9)
    low = int(node)
    below = _read(table, TABLES + low * ROOM, inventory)
    return below + (node - low) * (_read(table, TABLES + (low + 1) * ROOM, inventory) - below)


@inlined
def imbalance(seen, i):
    """Of the best quotes: 1 all of it is bid for, -1 all of it is offered; 0 where a side is missing."""
    bid, ask = seen.public[i, P_BID_SIZE], seen.public[i, P_ASK_SIZE]
    if seen.public[i, P_BID] <= 0 or seen.public[i, P_ASK] <= 0 or bid + ask <= 0:
        return 0.0
    return (bid - ask) / (bid + ask)


@kernel
def quote(self, seen, act, i, centre, held, signal, most_bid, most_ask):
    """Send a bid and an ask around ``centre`` (ticks); ``held`` quotes; ``most_*``: the largest sizes, lots."""
    r, p, public, known = self.reals, self.params, seen.public, seen.known
    best_bid, best_ask, size, bound = public[i, P_BID], public[i, P_ASK], p[P_SIZE], p[P_BOUND]
    tick_bps = centre / BPS
    bid = floor_ticks(centre - tick_bps * distance(r, bound, held, signal))
    ask = ceil_ticks(centre + tick_bps * distance(r, bound, -held, -signal))
    bid = min(bid, best_ask - 1) if best_ask > 0 else bid  # post-only: what would trade is refused
    ask = max(ask, best_bid + 1)
    tolerance = max(1.0, p[P_TOLERANCE] * tick_bps)
    bid_size = int(max(0.0, min(size, (bound - held) * size, most_bid)))
    ask_size = int(max(0.0, min(size, (bound + held) * size, most_ask)))
    bid_rests, ask_rests, least = known[0, K_SIZE], known[1, K_SIZE], int(size) // 2
    # one that holds more than it wants is replaced at once
    bid_sent = requote(
        seen, act, i, 1, bid, bid_size, 0, tolerance if bid_rests <= bid_size else 0.0, min(least, bid_size)
    )
    ask_sent = requote(
        seen, act, i, -1, ask, ask_size, 1, tolerance if ask_rests <= ask_size else 0.0, min(least, ask_size)
    )
    r[BID] = _rests(bid_sent, bid, bid_size, bid_rests, known[0, K_SENT_PRICE])
    r[ASK] = _rests(ask_sent, ask, ask_size, ask_rests, known[1, K_SENT_PRICE])


@inlined
def _rests(sent, price, size, resting, before):
    """The price at which a side rests from now on, 0 if it does not."""
    if sent:
        return float(price) if size > 0 else 0.0
    return float(before) if resting > 0 else 0.0


@inlined
def worth_of_a_bps(self, seen, i, fair):
    """One bps of one quote in quote currency."""
    return self.params[P_SIZE] * seen.real[i, 2] * fair * seen.real[i, 1] / BPS


NO_LIMIT = inf
