"""The parts of the loop that are compiled apart and called by address, so that each is compiled once.

Every part is a function of the world and one number, and gives a number. What a market does not use is not compiled, and
its address is 0: how a policy executes (``EXECUTIONS``), how it closes a block, and dealers.
"""

from importlib import import_module

import numpy as np
from numba import types
from numpy.typing import NDArray

from makerscope.kernels._jit import address_of
from makerscope.kernels.handle import HandleType
from makerscope.market.ordering import AUCTION, BATCH, COMMIT

P_BLOCK, P_EXECUTE, P_PRICES, P_DUES, P_RISK, P_STATEMENTS, P_DESK, P_TALK, P_CLOSE, P_DEALERS = range(10)
MODULES = ("block", "execution", "prices", "dues", "risk", "statements", "leader_desk", "talk")
PARTS = 10
EXECUTIONS = {BATCH: "batch_auction", AUCTION: "taker_auction", COMMIT: "pool_desk"}  # others execute plainly


def addresses(world: HandleType, policy: int, *, dealers: bool = False) -> NDArray[np.int64]:
    """Compile the parts that a market needs for worlds of this shape, or load them, and give their addresses by number.

    Args:
        world: the shape.
        policy: of ``ordering``: it decides how messages execute.
        dealers: whether requests for quote are taken.
    """
    modules = {number: import_module(f"makerscope.sim.{name}") for number, name in enumerate(MODULES)}
    execution = import_module(f"makerscope.sim.{EXECUTIONS.get(policy, 'execution')}")
    modules[P_EXECUTE] = execution
    found = np.zeros(PARTS, np.int64)
    for number, module in modules.items():
        found[number] = address_of(module.PART, world, types.int64)
    if hasattr(execution, "CLOSE"):
        found[P_CLOSE] = address_of(execution.CLOSE, world, types.int64)
    if dealers:
        found[P_DEALERS] = address_of(import_module("makerscope.sim.dealers").PART, world, types.int64)
    return found
