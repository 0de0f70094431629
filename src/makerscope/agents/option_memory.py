# ruff: noqa: ANN001, ANN201 - compiled functions take the types their docstrings say, in order
"""What an option maker remembers, laid out once in its own memory for the options of one underlying, by expiry.

The board of ``kernels.chain_quotes``, the slices in use and the candidates, room for a fit and for a ranking; which
instrument each series is, and where each expiry begins.
"""

import math

from makerscope.agents.interface import Self
from makerscope.kernels import chain_quotes as c
from makerscope.kernels._jit import inlined, kernel, view
from makerscope.market.layout import AN_OPTION, EXPIRY, IS_CALL, KIND, UNDERLYING

YEAR_NS = 365 * 86_400 * 10**9
# words of ``whole``; behind them: instrument of each series, series of each instrument, where each expiry begins, when
# it is, and slots in order of their worth
N_SERIES, N_EXPIRIES, NEXT_FIT, FITS, KEPT, CERTIFIED, OUT_UNTIL, WINDOW, READY, MUTE, HEAD = range(11)
# words of ``reals``; behind them the board, slices in use and candidates, and room for a fit
FIT_SPOT, LAST_SPOT, LAST_TIME, SQUARES, YEARS, TRADED, NET_VEGA, NET_DELTA, NET_GAMMA, REAL_HEAD = range(10)
A, B, RHO, M, SIGMA, SEEN_SLICE, REACH, SLICE_COLUMNS = range(8)
GRID = 97  # places at which a slice is certified
FIT_ROWS, SPARE = 5, 16  # rows of room for a fit; instruments more than there are, for its sums


def reals_for(instruments):
    """Words of ``reals`` for so many instruments."""
    return (
        REAL_HEAD
        + (c.BOARD_ROWS + 2 * SLICE_COLUMNS + FIT_ROWS + 2) * (instruments + SPARE)
        + GRID
        + c.LEAN_TERMS
        + c.QUOTE_TERMS
    )


def whole_for(instruments):
    """Words of ``whole`` for so many instruments."""
    return HEAD + 6 * (instruments + SPARE) + 1


@view
def behind(self, reals, whole):
    """The agent without the first ``reals`` and ``whole`` words of its memory, which somebody else has."""
    return Self(self.params, self.reals[reals:], self.whole[whole:], self.dice)


@inlined
def room_of(self):
    """For how many instruments the memory was made."""
    return (self.whole.shape[0] - HEAD - 1) // 6


@view
def board_of(self):
    """The board, ``(BOARD_ROWS, room)``."""
    room = room_of(self)
    return self.reals[REAL_HEAD : REAL_HEAD + c.BOARD_ROWS * room].reshape((c.BOARD_ROWS, room))


@view
def slices_of(self, candidate):
    """The slices in use (0) or the candidates (1), ``(room, SLICE_COLUMNS)``, annualised."""
    room = room_of(self)
    at = REAL_HEAD + (c.BOARD_ROWS + candidate * SLICE_COLUMNS) * room
    return self.reals[at : at + SLICE_COLUMNS * room].reshape((room, SLICE_COLUMNS))


@view
def fit_room(self):
    """Room for the points of one expiry, ``(FIT_ROWS, room)``."""
    room = room_of(self)
    at = REAL_HEAD + (c.BOARD_ROWS + 2 * SLICE_COLUMNS) * room
    return self.reals[at : at + FIT_ROWS * room].reshape((FIT_ROWS, room))


@view
def scores_of(self):
    """What an update of each slot is worth, ``(2 room,)``."""
    room = room_of(self)
    at = REAL_HEAD + (c.BOARD_ROWS + 2 * SLICE_COLUMNS + FIT_ROWS) * room
    return self.reals[at : at + 2 * room]


@view
def grid_room(self):
    """Room for the places of a certificate, ``(GRID,)``."""
    room = room_of(self)
    at = REAL_HEAD + (c.BOARD_ROWS + 2 * SLICE_COLUMNS + FIT_ROWS + 2) * room
    return self.reals[at : at + GRID]


@view
def lean_terms(self):
    """The terms of ``lean_chain``."""
    end = self.reals.shape[0] - c.QUOTE_TERMS
    return self.reals[end - c.LEAN_TERMS : end]


@view
def quote_terms(self):
    """The terms of ``quote_chain``."""
    return self.reals[self.reals.shape[0] - c.QUOTE_TERMS :]


@view
def instruments_of(self):
    """Instrument of each series."""
    return self.whole[HEAD : HEAD + room_of(self)]


@view
def series_of(self):
    """Series of each instrument, -1 where it is none of them."""
    room = room_of(self)
    return self.whole[HEAD + room : HEAD + 2 * room]


@view
def firsts_of(self):
    """The first series of each expiry, and the number of series."""
    room = room_of(self)
    return self.whole[HEAD + 2 * room : HEAD + 3 * room + 1]


@view
def expiries_of(self):
    """When each expires, ns."""
    room = room_of(self)
    return self.whole[HEAD + 3 * room + 1 : HEAD + 4 * room + 1]


@view
def ranked_of(self):
    """Slots in order of what their update is worth, ``(2 room,)``."""
    room = room_of(self)
    return self.whole[HEAD + 4 * room + 1 : HEAD + 6 * room + 1]


@kernel
def lay_out(self, seen, u, size):
    """Find the options of an underlying, in order of expiry, and put what never changes on the board."""
    own, series, board = instruments_of(self), series_of(self), board_of(self)
    first, expiries = firsts_of(self), expiries_of(self)
    n = 0
    for i in range(seen.spec.shape[0]):
        series[i] = -1
        if seen.spec[i, KIND] != AN_OPTION or seen.spec[i, UNDERLYING] != u:
            continue
        at = n
        while at > 0 and seen.spec[own[at - 1], EXPIRY] > seen.spec[i, EXPIRY]:
            own[at] = own[at - 1]
            at -= 1
        own[at] = i
        n += 1
    m = 0
    for j in range(n):
        i = own[j]
        series[i] = j
        if j == 0 or seen.spec[i, EXPIRY] != expiries[m - 1]:
            first[m], expiries[m] = j, seen.spec[i, EXPIRY]
            m += 1
        board[c.STRIKE, j], board[c.LOG_STRIKE, j] = seen.real[i, 0], math.log(seen.real[i, 0])
        board[c.CALL, j] = 1.0 if seen.spec[i, IS_CALL] == 1 else 0.0
        board[c.PER_TICK, j], board[c.UNITS, j] = 1.0 / seen.real[i, 1], size * seen.real[i, 2]
    first[m] = n
    self.whole[N_SERIES], self.whole[N_EXPIRIES], self.whole[READY] = n, m, 1
