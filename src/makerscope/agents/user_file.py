# ruff: noqa: ANN001, ANN202 - the C function takes the types the interface says
"""Agents out of a user's own file: a function or a class, compiled or plain Python.

A scenario names the file and what it defines::

    [[agent]]
    kind = "step"            # or the name of a class with a method ``step(self, seen, act)``
    name = "mine"
    file = "my_agent.py"
    numbers = {half_bps = 3}

Beside the step the file (or the class) may say ``NUMBERS``, its parameters with what they start from, in the order of
``self.params``; ``SLOTS``, how many orders it can have at once; ``REALS`` and ``WHOLE``, words of memory;
``SECONDS``, how long a step in plain Python may take; ``ROLE``, one of ``kind.ROLES``; ``MARGIN`` and ``MEMPOOL``,
True to hear of its own margin and of what waits in a public mempool. A class is called with its numbers by name, once
for each agent; its object gets ``params``, ``reals``, ``whole`` and ``dice`` too.
"""

import hashlib
import sys
from collections.abc import Mapping
from importlib.util import module_from_spec, spec_from_file_location
from math import inf, isfinite
from pathlib import Path
from types import ModuleType
from typing import Any

from makerscope.agents.interface import OUT, RAISED, act_at, seen_at, self_at
from makerscope.agents.kind import MAKER, ROLES, Kind, Number
from makerscope.errors import InputError
from makerscope.kernels._jit import entry

_OUT_RAISED = OUT - RAISED
SLOTS, WORDS, SECONDS = 8, 16, 1.0


def kind_in_file(path: Path, name: str) -> Kind:
    """The agent that a file defines by a name.

    Raises:
        InputError: the file cannot be run, or what has that name is no agent.
    """
    module = _load(path)
    step = getattr(module, name, None)
    if step is None:
        callables = sorted(key for key, value in vars(module).items() if callable(value) and not key.startswith("_"))
        raise InputError(path, f"defines no {name!r}", "kind to be one of " + ", ".join(callables or ["step"]))
    compiled = hasattr(step, "py_func")
    if not compiled and not callable(getattr(step, "step", None) if isinstance(step, type) else step):
        raise InputError(path, f"{name} is no agent", "a function step(self, seen, act) or a class with that method")

    def said(key: str, otherwise: Any) -> Any:  # noqa: ANN401 - whatever the file says
        return getattr(step, key, getattr(module, key, otherwise))

    slots = said("SLOTS", SLOTS)
    numbers = said("NUMBERS", {})
    if not isinstance(numbers, Mapping):
        raise InputError(path, "NUMBERS is no table", "names and what they start from")
    return Kind(
        name=name,
        about=(getattr(step, "__doc__", None) or "an agent of your own").strip().splitlines()[0],
        step=step,
        entry=_entry_of(step) if compiled else None,
        numbers={key: _number(path, key, value) for key, value in numbers.items()},
        slots=slots  # pyright: ignore[reportArgumentType] - what the user says
        if callable(slots)
        else lambda _numbers, _instruments: _whole(path, "SLOTS", slots),
        reals=_whole(path, "REALS", said("REALS", WORDS)),
        whole=_whole(path, "WHOLE", said("WHOLE", WORDS)),
        seconds=float(said("SECONDS", SECONDS)),
        role=_role(path, said("ROLE", MAKER)),
        margin=bool(said("MARGIN", False)),
        mempool=bool(said("MEMPOOL", False)),
    )


def _load(path: Path) -> ModuleType:
    if not path.is_file():
        raise InputError(path, "cannot be read", "a Python file that defines the agent")
    # named by what it says, as its compiled code is in the cache
    name = f"makerscope_agent_{path.stem}_{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"
    found = spec_from_file_location(name, path)
    if found is None or found.loader is None:
        raise InputError(path, "is no Python file", "a name that ends in .py")
    module = module_from_spec(found)
    sys.modules[name] = module
    try:
        found.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise InputError(path, f"cannot be run ({type(error).__name__}: {error})", "a Python file") from error
    return module


def _number(path: Path, key: str, value: object) -> Number:
    if isinstance(value, Number):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value):
        return Number(default=float(value), low=-inf, high=inf, about="")
    raise InputError(path, f"NUMBERS: {key} is {value!r}", "a number")


def _whole(path: Path, key: str, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 1 << 20:
        return value
    raise InputError(path, f"{key} is {value!r}", "a whole number from 1 to 1048576")


def _role(path: Path, value: object) -> str:
    if value in ROLES:
        return str(value)
    raise InputError(path, f"ROLE is {value!r}", "one of " + ", ".join(ROLES))


def _entry_of(step: Any) -> Any:  # noqa: ANN401 - compiled functions have no public type
    """The C function of a compiled step: an exception puts the agent out."""

    def call(own, seen, act):
        try:
            return step(self_at(own), seen_at(seen), act_at(act))
        except Exception:  # noqa: BLE001 - compiled code knows no other
            return _OUT_RAISED

    return entry(call, cache=False)
