"""An agent in plain Python at the border of the compiled loop: the same memory as arrays, its failures contained.

The loop calls one C function an agent. Here that function is a ``ctypes`` callback, which shows the agent read-only
views of the very memory a compiled agent reads. An exception, a result that is no time to sleep, or a step that takes
too long (``sim.time_limit``) puts the agent out of the market and nobody else.
"""

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from makerscope.agents.interface import (
    ASK,
    N_BLOCK,
    N_BLOCK_TIME,
    N_CASH,
    N_NEWS,
    N_NOW,
    N_PENDING,
    OUT,
    RAISED,
    RETURNED_GARBAGE,
    TOO_SLOW,
    Act,
    Seen,
    Self,
)
from makerscope.errors import InputError
from makerscope.sim.cast import Cast
from makerscope.sim.time_limit import TookTooLongError, within
from makerscope.sim.world import D_WATCH, World

CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)
MOST_TEXT = 200  # letters of an exception that a finding keeps


class PythonStep:
    """A step as the loop calls it. ``why``: what it did wrong; ``interrupt``: ctrl-C in it, for the loop's caller."""

    def __init__(self, world: World, account: int, own: Self, step: Callable[..., Any], seconds: float) -> None:
        self._world, self._account, self._own, self._step, self._seconds = world, account, own, step, seconds
        base, end = (int(world.venue.slot_at[account + n]) for n in (0, 1))
        self._position, self._known = _shown(world.agents.position[account]), _shown(world.agents.known[base:end])
        self._spec, self._real, self._reference = (
            _shown(array) for array in (world.venue.spec, world.venue.real, world.reference)
        )
        self._public, self._model, self._weak = (
            _shown(array) for array in (world.public.whole, world.public.model, world.public.weak)
        )
        self._news = _shown(world.news)
        self._margin, self._watch = _shown(world.public.margin), int(world.agents.timing[account, D_WATCH])
        self._pending = _shown(world.pending)
        self._act = Act(world.rows, world.written)
        self.why = ""
        self.interrupt: BaseException | None = None
        self._callback = CALLBACK(self._call)

    @property
    def address(self) -> int:
        """Of the C function."""
        return ctypes.cast(self._callback, ctypes.c_void_p).value or 0

    def seen(self) -> Seen:
        """What the agent sees in the call that the loop is making."""
        head = self._world.seen
        block = int(head[N_BLOCK])
        at = block % len(self._public)
        return Seen(
            int(head[N_NOW]), block, int(head[N_BLOCK_TIME]), self._account, int(head[N_CASH]), self._public[at],
            self._model[at], self._reference, self._position, self._known, self._news[: head[N_NEWS]], self._spec,
            self._real, self._weak[at], self._margin[at, self._watch], self._pending[: head[N_PENDING]],
        )  # fmt: skip

    def _call(self, _own: int, _seen: int, _act: int) -> int:
        try:
            with np.errstate(all="ignore"):  # compiled code does not warn either
                asleep = within(self._seconds, self._step, self._own, self.seen(), self._act)
            return self._checked(asleep)
        except TookTooLongError:
            self.why = f"more than {self._seconds:g} s"
            return OUT - TOO_SLOW
        except KeyboardInterrupt as interrupt:
            self.interrupt = interrupt
            return ASK
        except BaseException as error:  # noqa: BLE001 - whatever it is, it stays with this agent
            self.why = f"{type(error).__name__}: {error}"[:MOST_TEXT]
            return OUT - RAISED

    def _checked(self, asleep: object) -> int:
        if isinstance(asleep, (int, np.integer)) and not isinstance(asleep, bool) and -(1 << 63) <= asleep < 1 << 63:
            count = int(self._act.count[0])
            if asleep >= 0 and 0 <= count <= len(self._act.rows):
                return int(asleep)
            self.why = f"returned {asleep}" if asleep < 0 else f"wrote {count} actions"
            return int(asleep) if asleep == ASK else OUT - RETURNED_GARBAGE
        self.why = f"returned {asleep!r}"[:MOST_TEXT] + "; want whole ns to sleep, 0 or more"
        return OUT - RETURNED_GARBAGE


def seat(world: World, account: int, cast: Cast, *, plain: bool = False) -> PythonStep:
    """Give an agent of plain Python its place in a world.

    Args:
        world: laid out, its agents' own memory in place.
        account: of the agent.
        cast: its kind and numbers.
        plain: its kind is compiled, but its step is to run as Python.
    """
    own = own_memory(world, account)
    step = cast.kind.step
    if plain and cast.kind.entry is not None:
        step = step.py_func
    elif isinstance(step, type):
        step = _method_of(step, own, cast)
    seated = PythonStep(world, account, own, step, cast.kind.seconds)
    world.agents.address[account] = seated.address
    return seated


def own_memory(world: World, account: int) -> Self:
    """An agent's own arrays, wherever they lie."""
    head = world.agents.own[account]
    return Self(
        _memory(head[0], head[1], np.float64),
        _memory(head[2], head[3], np.float64),
        _memory(head[4], head[5], np.int64),
        _memory(head[6], 4, np.uint64).reshape(1, 4),
    )


def _method_of(kind: type, own: Self, cast: Cast) -> Callable[..., Any]:
    """The step of one object of a user's class, which also has what ``Self`` has."""
    try:
        made = kind(**cast.numbers)
        for name, array in own._asdict().items():
            setattr(made, name, array)
    except Exception as error:
        why = f"{kind.__name__} cannot be made ({type(error).__name__}: {error})"
        raise InputError(f"agent {cast.name}", why, "a class that takes its numbers by name") from error
    return lambda _own, seen, act: made.step(seen, act)


def _shown(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view


def _memory(address: int, length: int, kind: type) -> NDArray[Any]:
    """The memory at an address as an array; its owner must outlive it."""
    size = int(length) * np.dtype(kind).itemsize
    return np.frombuffer(memoryview((ctypes.c_char * size).from_address(int(address))), kind)
