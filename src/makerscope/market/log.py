# ruff: noqa: ANN001, ANN201, PLR0917 - compiled functions take the types their docstrings say, in order
"""What happened in the simulated world, as rows of integers that wait to be written onto a tape.

A buffer a table; the loop stops where one is more than half full and the recorder empties it. A row that finds no room
is counted in ``lost``, which ends the run with an error: nothing is dropped in silence.
"""

from typing import NamedTuple

import numpy as np

from makerscope.kernels._jit import inlined

T_ORDERS, T_FILLS, T_QUOTES, T_MARKS, T_TRANSFERS, T_BLOCKS, T_ACCOUNTS, T_FORCED, T_BOOK, T_CHAIN, LOST = range(11)
TABLES = 10
PLACED, REPLACED, FILLED_ORDER, CANCELLED, REJECTED, EXPIRED = range(6)  # actions of orders
PLAIN, LIQUIDATED, DELEVERAGED, SETTLEMENT, TAKEN_OVER = range(5)  # how a fill came about
GAS, PRIORITY_FEE, INSURED, PENALTY, REWARD, HAIRCUT, SOCIALISED, DEPOSIT = range(8)  # kinds of transfer


class Log(NamedTuple):
    """Buffers of rows and, in ``count`` ``(11,)``, how many each holds.

    ``orders``: time, account, instrument, serial, action, side, price, size, decided, sent, seen, block.
    ``fills``: time, instrument, maker, taker, maker's side, price, size, maker fee, taker fee, maker's and taker's order,
    maker's and taker's lots before, how, block. ``quotes``: time, instrument, bid, size, ask, size, serial. ``marks``: time,
    instrument, mark, index, funding a lot (NONE_FUNDING: none). ``transfers``: time, account, instrument, kind, amount
    received, block. ``blocks``: time, height, base fee, gas used, messages, waiting. ``accounts``: time, account, equity,
    margin. ``forced``: time, instrument, account, side, price, size, mark, how, fill. ``book``: time, sequence, instrument,
    side, price, size. ``chain``: time, instrument, bid, size, ask, size, open interest, volume; ``model`` has its floats: mark,
    forward, index, volatility, delta, vega.
    """

    orders: np.ndarray
    fills: np.ndarray
    quotes: np.ndarray
    marks: np.ndarray
    transfers: np.ndarray
    blocks: np.ndarray
    accounts: np.ndarray
    forced: np.ndarray
    book: np.ndarray
    chain: np.ndarray
    model: np.ndarray
    count: np.ndarray


WIDTHS = (12, 15, 7, 5, 6, 6, 4, 9, 6, 8)
NO_FUNDING = np.int64(np.iinfo(np.int64).min)


def new_log(room: int) -> Log:
    """Empty buffers of ``room`` rows each."""
    tables = [np.empty((room, width), np.int64) for width in WIDTHS]
    return Log._make([*tables, np.empty((room, 6)), np.zeros(TABLES + 1, np.int64)])


@inlined
def next_row(log, table, room):
    """The row to write next, counted. Where none is left, the last one again, and the loss is counted."""
    n = log.count[table]
    if n >= room:
        log.count[LOST] += 1
        return room - 1
    log.count[table] = n + 1
    return n


@inlined
def is_filling(log):
    """Whether some buffer is more than half full."""
    most = np.int64(0)
    for table in range(TABLES):
        most = max(most, log.count[table])
    return 2 * most > log.orders.shape[0]
