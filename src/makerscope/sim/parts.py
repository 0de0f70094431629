"""The parts of the loop that are compiled apart and called by address, so that each is compiled once.

Every part is a function of the world and one number, and gives a number. A part that a market does not need is not
compiled.
"""

from importlib import import_module

import numpy as np
from numba import types
from numpy.typing import NDArray

from makerscope.kernels._jit import address_of
from makerscope.kernels.handle import HandleType

P_BLOCK, P_EXECUTE, P_PRICES, P_DUES, P_RISK, P_STATEMENTS, P_DESK, P_TALK, P_OPTIONS, P_GRID = range(10)
WHERE = (
    ("block", "run_block"),
    ("execution", "execute_message"),
    ("prices", "update_prices"),
    ("dues", "pay_dues"),
    ("risk", "watch_risk"),
    ("statements", "write_statements"),
    ("leader_desk", "trade_at_leader"),
    ("talk", "ask_agent"),
    ("options", "mark_options"),
    ("options", "revalue_grid"),
)


def addresses(world: HandleType, *, without: frozenset[int] = frozenset()) -> NDArray[np.int64]:
    """Compile the parts for worlds of this shape, or load them, and give their addresses by number; 0 for those left out."""
    out = np.zeros(len(WHERE), np.int64)
    for number, (module, name) in enumerate(WHERE):
        if number not in without:
            function = getattr(import_module(f"makerscope.sim.{module}"), name)
            out[number] = address_of(function, world, types.int64)
    return out
