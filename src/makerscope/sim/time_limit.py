"""How long a step in plain Python may take: the interval timer of the process, stopped while Numba compiles.

It works in the main thread of a Unix process only, and stops Python code but not one long call into compiled code.
Elsewhere (threads, Windows) nothing limits a step. Time is that of the clock on the wall, so a step near its limit
may be in time on one machine and late on another: give it enough.
"""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from numba.core import event

AGAIN = 0.1  # seconds until the timer rings again if the first ring was caught


class TookTooLongError(BaseException):
    """Raised inside a step whose time is over; no ``except Exception`` catches it."""


class _Limit(event.Listener):
    """The one step that runs now. ``compiling``: how deep Numba is in its own work, which does not count."""

    def __init__(self) -> None:
        self.seconds, self.running, self.compiling = 0.0, False, 0

    def on_start(self, event: event.Event) -> None:
        del event
        self.compiling += 1

    def on_end(self, event: event.Event) -> None:
        del event
        self.compiling = max(self.compiling - 1, 0)
        if self.running and self.compiling == 0 and _can_ring():
            signal.setitimer(signal.ITIMER_REAL, self.seconds, AGAIN)

    def ring(self, _number: int, _frame: FrameType | None) -> None:
        if self.running and self.compiling == 0:
            raise TookTooLongError


_LIMIT = _Limit()
event.register("numba:compiler_lock", _LIMIT)


def _can_ring() -> bool:
    return hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()


def within(seconds: float, function: Callable[..., Any], *arguments: object) -> object:
    """What a function gives if it gives it in time.

    Raises:
        TookTooLongError: it did not.

    Examples:
        >>> within(1.0, max, 1, 2)
        2
    """
    if not _can_ring():
        return function(*arguments)
    before = signal.signal(signal.SIGALRM, _LIMIT.ring)
    try:
        _LIMIT.seconds, _LIMIT.running = seconds, True
        signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
        return function(*arguments)
    finally:
        _LIMIT.running = False
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
