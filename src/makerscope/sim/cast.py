"""Who plays in a scenario: every agent by its own name, with its numbers checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from makerscope.agents.kind import Kind
from makerscope.agents.registry import kind_of
from makerscope.agents.user_file import kind_in_file
from makerscope.errors import InputError
from makerscope.market.layout import CROSS, ISOLATED, PORTFOLIO
from makerscope.sim.scenario import AgentTable, Scenario

MODES = {"cross": CROSS, "isolated": ISOLATED, "portfolio": PORTFOLIO, "none": CROSS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """One agent: its name, its table in the scenario, its kind and the numbers it plays with."""

    name: str
    table: AgentTable
    kind: Kind
    numbers: dict[str, float]


def cast_of(scenario: Scenario, instruments: int) -> tuple[Cast, ...]:
    """Every agent of a scenario.

    Raises:
        InputError: an unknown kind, margin mode or number, one out of its bounds, or a name used twice.
    """
    out: list[Cast] = []
    for table in scenario.agent:
        kind = kind_of(table.kind) if table.file is None else kind_in_file(Path(table.file), table.kind)
        if table.margin not in MODES:
            raise InputError(f"agent {table.name}: margin", f"is {table.margin!r}", "one of " + ", ".join(MODES))
        numbers = _numbers(f"agent {table.name}", kind, table.numbers)
        for key in ("market", "first", "last"):
            if numbers.get(key, 0) >= instruments:
                raise InputError(
                    f"agent {table.name}: {key}", f"is {numbers[key]:g}", f"an instrument below {instruments}"
                )
        for n in range(table.count):
            name = table.name if table.count == 1 else f"{table.name}-{n + 1:0{len(str(table.count))}d}"
            out.append(Cast(name=name, table=table, kind=kind, numbers=numbers))
    names = [item.name for item in out]
    twice = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
    if twice:
        raise InputError("agent.name", f"{twice!r} is used twice", "each name once")
    return tuple(out)


def _numbers(where: str, kind: Kind, given: Mapping[str, float]) -> dict[str, float]:
    for key, value in given.items():
        if key not in kind.numbers:
            raise InputError(f"{where}: numbers.{key}", "is not known", "one of " + ", ".join(kind.numbers))
        number = kind.numbers[key]
        if not number.low <= value <= number.high:
            raise InputError(f"{where}: numbers.{key}", f"is {value:g}", f"{number.low:g} to {number.high:g}")
    return {key: float(given.get(key, number.default)) for key, number in kind.numbers.items()}
