"""The parts of the loop that are compiled apart and called by address, so that each is compiled once.

Every part is a function of the world and one number, and gives a number. A policy that is more than an order of
messages executes them by a part of its own, and some close a block by one; address 0: there is nothing to close.
"""

import ctypes
from importlib import import_module

import numpy as np
from numba import types
from numpy.typing import NDArray

from makerscope.kernels._jit import address_of
from makerscope.kernels.handle import HandleType
from makerscope.market.ordering import AUCTION, BATCH, COMMIT

SIGNATURE = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)
P_BLOCK, P_EXECUTE, P_PRICES, P_DUES, P_RISK, P_STATEMENTS, P_DESK, P_TALK, P_OPTIONS, P_GRID = range(10)
P_DEALERS, P_CLOSE, P_ISOLATED, P_CLOSE_OUT, P_SETTLE, P_WATCH, P_OVERHEAR, P_FEES = range(10, 18)
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
    ("dealers", "deal"),
    None,
    ("isolated", "watch_isolated"),
    ("risk", "close_account"),
    ("dues", "settle_expired"),
    ("watch", "tell_margins"),
    ("watch", "overhear"),
    ("fee_tiers", "assess_fees"),
)
EXECUTIONS = {
    BATCH: {P_EXECUTE: ("batch_auction", "enter_auction"), P_CLOSE: ("batch_auction", "clear_auctions")},
    AUCTION: {P_EXECUTE: ("taker_auction", "execute_in_auction"), P_CLOSE: ("taker_auction", "close_auctions")},
    COMMIT: {P_EXECUTE: ("pool_desk", "execute_commitment")},
}
LAZY = frozenset(
    {P_DESK, P_GRID, P_OPTIONS, P_DEALERS, P_ISOLATED, P_CLOSE_OUT, P_SETTLE, P_WATCH, P_OVERHEAR, P_FEES}
)  # what many markets never call


def addresses(world: HandleType, code: NDArray[np.int64], keep: list[object], policy: int) -> None:
    """Write the addresses of all parts, compiled for worlds of this shape or loaded, into ``code`` ``(n,)``.

    A part that many markets never call stands there as a stub, which compiles the part when it is first called and puts
    its address in its own place. ``keep`` holds the stubs, which must live as long as the world. ``policy``: of
    ``ordering``.
    """
    own = EXECUTIONS.get(policy, {})
    for number, usual in enumerate(WHERE):
        where = own.get(number, usual)
        if where is not None:
            lazy = number in LAZY
            code[number] = _stub(world, number, where, code, keep) if lazy else _address(world, where)


def _address(world: HandleType, where: tuple[str, str]) -> int:
    module, name = where
    return address_of(getattr(import_module(f"makerscope.sim.{module}"), name), world, types.int64)


def _stub(world: HandleType, number: int, where: tuple[str, str], code: NDArray[np.int64], keep: list[object]) -> int:
    def compile_and_call(handle: int, argument: int) -> int:
        code[number] = _address(world, where)
        return SIGNATURE(int(code[number]))(handle, argument)

    stub = SIGNATURE(compile_and_call)
    keep.append(stub)
    return ctypes.cast(stub, ctypes.c_void_p).value or 0
