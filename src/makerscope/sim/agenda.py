# ruff: noqa: ANN001, ANN201 - compiled functions take the types their docstrings say, in order
"""What happens next: a binary heap of events in order of (time, priority, serial)."""

from typing import NamedTuple

import numpy as np

from makerscope.kernels._jit import kernel

E_TIME, E_ORDER, E_KIND, E_WHO = range(4)
BLOCK, MESSAGE, WAKE, END = 0, 1, 2, 3  # kinds, and their priority at one time


class Agenda(NamedTuple):
    """``event`` ``(room, 4)``: time; priority, serial; kind; whom it concerns. ``size`` ``(2,)``: events, serials."""

    event: np.ndarray
    size: np.ndarray


def new_agenda(room: int) -> Agenda:
    """Nothing to happen."""
    return Agenda(np.zeros((room, 4), np.int64), np.zeros(2, np.int64))


@kernel
def add(agenda, time, kind, who):
    """Put an event on the agenda. False: no room."""
    event, n = agenda.event, agenda.size[0]
    if n >= event.shape[0]:
        return False
    order = (kind << 48) + agenda.size[1]
    agenda.size[0] += 1
    agenda.size[1] += 1
    at = n
    while at > 0:
        above = (at - 1) >> 1
        if event[above, E_TIME] < time or (event[above, E_TIME] == time and event[above, E_ORDER] < order):
            break
        event[at, E_TIME], event[at, E_ORDER] = event[above, E_TIME], event[above, E_ORDER]
        event[at, E_KIND], event[at, E_WHO] = event[above, E_KIND], event[above, E_WHO]
        at = above
    event[at, E_TIME], event[at, E_ORDER], event[at, E_KIND], event[at, E_WHO] = time, order, kind, who
    return True


@kernel
def pop(agenda):
    """Take the first event off: ``(time, kind, who)``. The agenda must not be empty."""
    event = agenda.event
    time, kind, who = event[0, E_TIME], event[0, E_KIND], event[0, E_WHO]
    n = agenda.size[0] - 1
    agenda.size[0] = n
    last_time, last_order, last_kind, last_who = event[n, E_TIME], event[n, E_ORDER], event[n, E_KIND], event[n, E_WHO]
    at, below = 0, 1
    while below < n:
        if below + 1 < n and (
            event[below + 1, E_TIME] < event[below, E_TIME]
            or (event[below + 1, E_TIME] == event[below, E_TIME] and event[below + 1, E_ORDER] < event[below, E_ORDER])
        ):
            below += 1
        if last_time < event[below, E_TIME] or (
            last_time == event[below, E_TIME] and last_order < event[below, E_ORDER]
        ):
            break
        event[at, E_TIME], event[at, E_ORDER] = event[below, E_TIME], event[below, E_ORDER]
        event[at, E_KIND], event[at, E_WHO] = event[below, E_KIND], event[below, E_WHO]
        at = below
        below = 2 * at + 1
    event[at, E_TIME], event[at, E_ORDER], event[at, E_KIND], event[at, E_WHO] = (
        last_time, last_order, last_kind, last_who,
    )  # fmt: skip
    return time, kind, who
