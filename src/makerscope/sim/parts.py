"""The parts of the loop that are compiled apart and called by address, so that each is compiled once.

Every part is a function of the world and one number, and gives a number.
"""

from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from makerscope.kernels._jit import address_of
from makerscope.kernels.handle import HandleType
from numba import types

P_BLOCK, P_EXECUTE, P_PRICES, P_DUES, P_RISK, P_STATEMENTS, P_DESK, P_TALK = range(8)
MODULES = ("block", "execution", "prices", "dues", "risk", "statements", "leader_desk", "talk")


def addresses(world: HandleType) -> NDArray[np.int64]:
    """Compile all parts for worlds of this shape, or load them, and give their addresses by number."""
    parts = [import_module(f"makerscope.sim.{name}").PART for name in MODULES]
    return np.array([address_of(each, world, types.int64) for each in parts], np.int64)
