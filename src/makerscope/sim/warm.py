"""The first run compiles the loop, once: here by two processes at a time, into the same cache.

A part of the loop is compiled for the types of a world, which no scenario changes. To know them without compiling what
builds a world, one is built in plain Python: of one agent that does nothing, and one second long. Two processes may
write into Numba's cache at once: each file is put in its place whole.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

from numba import types
from numba.core.dispatcher import Dispatcher

from makerscope.agents.kind import Kind
from makerscope.kernels._jit import address_of, cache_folder
from makerscope.kernels.handle import HandleType, opened
from makerscope.sim import build as builder
from makerscope.sim import loop
from makerscope.sim.cast import Cast
from makerscope.sim.markets import list_markets
from makerscope.sim.parts import LAZY, WHERE
from makerscope.sim.scenario import AgentTable, scenario_of
from makerscope.sim.terms import terms_of

SECONDS_COLD = 30
SECOND = 10**9
MADE_OF_BITS = ("makerscope.kernels.elementary", "makerscope.kernels.dice")
USUAL = tuple(sorted({where[0] for number, where in enumerate(WHERE) if where is not None and number not in LAZY}))
# the other process compiles these; this one the loop itself, the other parts, and whatever builds a world
OTHERS = ("execute_message", "watch_risk", "pay_dues", "update_prices")
NOTHING = b"""
title = "one second in which nothing happens"
hours = 0.0003
[[underlying]]
symbol = "X"
spot = 100
tick = 0.1
[[agent]]
kind = "none"
name = "nobody"
"""


def is_warm() -> bool:
    """Whether this very code has been compiled on this machine before."""
    folders = [cache_folder(Path(str(import_module(f"makerscope.sim.{module}").__file__))) for module in USUAL]
    folders.append(cache_folder(Path(loop.__file__)))
    return all(folder.is_dir() and any(folder.iterdir()) for folder in folders)


def warm_up() -> None:
    """Compile what every market needs, in two processes. Should the other one fail, this one compiles all."""
    arguments = [sys.executable, "-m", "makerscope.sim.warm"]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as other:
        kind = kind_of_world()
        for number, where in enumerate(WHERE):
            if where is not None and where[1] not in OTHERS and number not in LAZY:
                compile_part(where[1], kind)
        loop.run.compile((kind,))
        other.wait()


def compile_part(name: str, world: HandleType) -> None:
    """Compile one part of the loop into the cache."""
    module = next(where[0] for where in WHERE if where is not None and where[1] == name)
    address_of(getattr(import_module(f"makerscope.sim.{module}"), name), world, types.int64)


def kind_of_world() -> HandleType:
    """The types of every world."""
    scenario = scenario_of(NOTHING, "nothing")
    table = AgentTable(kind="none", name="nobody")
    idle = Kind(
        name="none",
        about="",
        step=None,
        entry=SimpleNamespace(address=0),
        numbers={},
        slots=lambda _numbers, _markets: 2,
    )
    cast = (Cast(name="nobody", table=table, kind=idle, numbers={}),)
    with plain_python():
        markets = list_markets(scenario, 0)
        span = (0, SECOND)
        world = builder._world(scenario, 0, span, markets, cast, terms_of(scenario, *span), 8, [])  # noqa: SLF001
    return opened(world).kind


@contextmanager
def plain_python() -> Iterator[None]:
    """Compiled functions of this package are what they were written as, and nothing is compiled.

    Elementary functions and dice, which are made of bits, all give 1.
    """
    swapped: list[tuple[object, str, object]] = []
    for module in [each for name, each in sys.modules.items() if name.startswith("makerscope")]:
        for name, value in list(vars(module).items()):
            if isinstance(value, Dispatcher):
                swapped.append((module, name, value))
                bits = value.py_func.__module__ in MADE_OF_BITS
                setattr(module, name, _one if bits else value.py_func)
    try:
        yield
    finally:
        for module, name, value in swapped:
            setattr(module, name, value)


def _one(*_numbers: float) -> float:
    return 1.0


def main() -> None:
    """What the other process does."""
    kind = kind_of_world()
    for name in OTHERS:
        compile_part(name, kind)


if __name__ == "__main__":
    main()
