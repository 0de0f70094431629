"""The parts of a replay that are compiled apart and called by address, so that each is compiled once."""

import numpy as np
from numba import types
from numpy.typing import NDArray

from makerscope.kernels._jit import address_of
from makerscope.kernels.handle import HandleType
from makerscope.sim.replay_fill import level_changed, trade_hits
from makerscope.sim.replay_loop import own_event
from makerscope.sim.replay_market import new_top, rare
from makerscope.sim.talk import ask_agent

PARTS = (
    own_event,
    rare,
    trade_hits,
    level_changed,
    new_top,
    ask_agent,
)  # in the order of ``replay_world.OWN_EVENT`` and on


def addresses(world: HandleType) -> NDArray[np.int64]:
    """Compile all parts for replays of this shape, or load them, and give their addresses."""
    return np.array([address_of(each, world, types.int64) for each in PARTS], np.int64)
