"""A kind of agent: its step, its numbers, and the room it needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

# what somebody is in the market for
MAKER, TAKER, ADVERSARY, KEEPER, OTHER = ROLES = ("maker", "taker", "adversary", "keeper", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One parameter: where it starts, between which bounds it makes sense, and what it means with its unit."""

    default: float
    low: float
    high: float
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What the loop and a scenario have to know of a kind of agent.

    ``step``: the compiled function; ``step.py_func`` is the same in plain Python. ``entry``: its C function, None where
    the step is plain Python. ``numbers``: in the order of ``self.params``. ``slots``: of its orders, from its numbers
    and the number of instruments. ``reals``, ``whole``: words of memory, or how many for so many instruments.
    ``seconds``: how long a step in plain Python may take. ``tape``: its ``file`` in a scenario names a recording, not
    its own Python. ``role``: one of ROLES. ``margin``, ``mempool``: whether it hears of its own margin, and of what
    waits in a public mempool.
    """

    name: str
    about: str
    step: Any
    entry: Any
    numbers: Mapping[str, Number]
    slots: Callable[[Mapping[str, float], int], int]
    reals: int | Callable[[int], int] = 4
    whole: int | Callable[[int], int] = 4
    seconds: float = 1.0
    tape: bool = False
    role: str = MAKER
    margin: bool = False
    mempool: bool = False


def words(size: int | Callable[[int], int], instruments: int) -> int:
    """Words of memory of a kind, at least 1.

    Examples:
        >>> words(0, 7), words(lambda instruments: 3 * instruments, 7)
        (1, 21)
    """
    return max(size if isinstance(size, int) else size(instruments), 1)
