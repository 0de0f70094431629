# ruff: noqa: ANN001, ANN201 - compiled functions take the types their docstrings say, in order
"""Which quotes of a chain are sent: all that are due, or where messages are few those that are worth most."""

from makerscope.agents.interface import K_SENT_PRICE, K_SIZE, cancel, place
from makerscope.agents.option_memory import (
    N_SERIES,
    board_of,
    instruments_of,
    ranked_of,
    scores_of,
)
from makerscope.agents.option_numbers import LIMIT, TOLERANCE
from makerscope.kernels import chain_quotes as c
from makerscope.kernels._jit import inlined, inner
from makerscope.kernels.ranking import rank_most


@inlined
def wanted(self, board, j, side, size, allowed):
    """Price and size it wants on a side of a series, ``size`` lots or none."""
    held = board[c.HELD, j]
    price = board[c.BID, j] if side > 0 else board[c.ASK, j]
    inside = allowed and side * held < self.params[LIMIT] and 1.0 <= price < 1e15  # false for NaN
    return (int(price), size) if inside and size > 0 else (0, 0)


@inlined
def is_due(resting, sent, price, size, side, fair, tolerance, least):
    """Whether a slot wants a message: its quote is gone, thin or too large, off by the tolerance, or through the value.

    One that is not wanted at all is too large.
    """
    if size == 0:
        return resting > 0
    if resting < least or resting <= 0 or resting > size:
        return True
    away = abs(sent - price)
    return away >= tolerance or (away > 0 and side * (sent - fair) > 0.0)


@inlined
def send(act, i, side, price, size, slot):
    """One message: an order, or a cancel where no size is wanted."""
    return cancel(act, slot) if size == 0 else place(act, i, side, price, size, slot)


@inner
def send_all(self, seen, act, size, may_buy, may_sell):
    """Everything that is due, quotes of ``size`` lots."""
    p, board, own, known = self.params, board_of(self), instruments_of(self), seen.known
    least, tolerance = size // 2, p[TOLERANCE]
    for j in range(self.whole[N_SERIES]):
        fair = board[c.PRICE, j] * board[c.PER_TICK, j]
        price, lots = wanted(self, board, j, 1, size, may_buy)
        slot = 2 * j
        if is_due(known[slot, K_SIZE], known[slot, K_SENT_PRICE], price, lots, 1, fair, tolerance, least):
            send(act, own[j], 1, price, lots, slot)
        price, lots = wanted(self, board, j, -1, size, may_sell)
        slot += 1
        if is_due(known[slot, K_SIZE], known[slot, K_SENT_PRICE], price, lots, -1, fair, tolerance, least):
            send(act, own[j], -1, price, lots, slot)


@inner
def send_best(self, seen, act, size, may_buy, may_sell, most, terms):
    """Of what is due the ``most`` messages that are worth most: first quotes through the fair value and unwanted ones.

    The others by what the model says they forgo: what the new quote earns less what the resting one does.
    """
    p, board, own, known = self.params, board_of(self), instruments_of(self), seen.known
    scores, ranked, n = scores_of(self), ranked_of(self), self.whole[N_SERIES]
    least, tolerance = size // 2, p[TOLERANCE]
    for j in range(n):
        bid, ask = known[2 * j, K_SENT_PRICE], known[2 * j + 1, K_SENT_PRICE]
        board[c.REST_BID, j] = float(bid) if known[2 * j, K_SIZE] > 0 else 0.0
        board[c.REST_ASK, j] = float(ask) if known[2 * j + 1, K_SIZE] > 0 else 0.0
    c.gain_chain(board, n, terms)
    for slot in range(2 * n):
        j, side = slot >> 1, 1 - 2 * (slot & 1)
        fair = board[c.PRICE, j] * board[c.PER_TICK, j]
        price, lots = wanted(self, board, j, side, size, may_buy if side > 0 else may_sell)
        resting = known[slot, K_SIZE]
        scores[slot] = -1.0
        if is_due(resting, known[slot, K_SENT_PRICE], price, lots, side, fair, tolerance, least):
            gain = board[c.GAIN_BID, j] if side > 0 else board[c.GAIN_ASK, j]
            scores[slot] = max(gain, c.THROUGH) if lots == 0 else gain
    for r in range(rank_most(scores, 2 * n, most, ranked)):
        slot = ranked[r]
        j, side = slot >> 1, 1 - 2 * (slot & 1)
        price, lots = wanted(self, board, j, side, size, may_buy if side > 0 else may_sell)
        send(act, own[j], side, price, lots, slot)
