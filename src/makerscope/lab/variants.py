"""A variant: a scenario with other makers in its seats and some keys changed, under a name.

All else stays, and so do the seats' names. Dice are named by agent, so with one seed prices, takers and everybody else
roll the same numbers in every variant.
"""

import tomllib
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import msgspec

from makerscope.agents.kind import MAKER
from makerscope.agents.registry import MODULES, kind_of
from makerscope.agents.user_file import kind_in_file
from makerscope.errors import InputError
from makerscope.lab.overrides import Value, plain, scenario_from, with_keys
from makerscope.sim.keys import check_keys
from makerscope.sim.scenario import AgentTable, Scenario

AS_IS = "as-is"
SCALE = ("market", "first", "last", "size", "limit")  # numbers that belong to the seat, not to who sits in it
MOST_VARIANTS = 1000


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """``maker``: keys of an agent that replace those of every seat; empty: who is there stays. ``changes``: by key."""

    name: str
    maker: dict[str, Any] = {}
    changes: dict[str, Value] = {}


def seats_of(scenario: Scenario) -> tuple[str, ...]:
    """Names of the agents' tables that makers under test sit in.

    Raises:
        InputError: a seat is no agent, or there is none.
    """
    names = [item.name for item in scenario.agent]
    for seat in scenario.stress.seats:
        if seat not in names:
            raise InputError("stress.seats", f"names {seat!r}", "agents that are there: " + ", ".join(names))
    found = scenario.stress.seats or [item.name for item in scenario.agent if _role(item) == MAKER]
    if not found:
        raise InputError("stress.seats", "is empty and no agent is a maker", "names of agents")
    return tuple(dict.fromkeys(found))


def maker_of(text: str) -> Variant:
    """A maker under test: a kind by name, ``as-is``, or a TOML file with ``kind``, ``numbers`` and other agent keys.

    Raises:
        InputError: there is no such kind or file, or a key in the file is wrong.
    """
    if text == AS_IS:
        return Variant(name=AS_IS)
    if text in MODULES:
        return Variant(name=text, maker={"kind": text})
    path = Path(text)
    if path.suffix != ".toml":
        want = f"{AS_IS}, a TOML file, or one of " + ", ".join(name for name in MODULES if kind_of(name).role == MAKER)
        raise InputError("--makers", f"there is no maker {text!r}", want)
    table = read_toml(path, "a maker: kind, numbers and other keys of an agent")
    name = str(table.pop("name", path.stem))
    if "kind" not in table:
        raise InputError(path, "kind is missing", "what it does, such as kind = 'grid'")
    check_keys({**table, "name": name}, AgentTable, str(path))
    if "file" in table:
        table["file"] = str(path.parent / table["file"])
    return Variant(name=name, maker=table)


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """A TOML file as a table.

    Raises:
        InputError: it cannot be read or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", what) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(path, f"is no TOML ({error})", what) from error


def variants_in(path: Path) -> list[Variant]:
    """Variants of a file of ``[[variant]]`` tables: ``name``, ``maker`` (default as-is) and ``set``, a table of keys.

    Raises:
        InputError: the file or a table in it is not that.
    """
    out: list[Variant] = []
    want = "a table [[variant]] with name, and maker or set"
    for n, table in enumerate(read_toml(path, want).get("variant", [])):
        where = f"{path}: variant {n + 1}"
        unknown = [key for key in table if key not in {"name", "maker", "set"}]
        if unknown or not isinstance(table.get("name"), str):
            raise InputError(where, f"{unknown[0]} is not known" if unknown else "name is missing", want)
        maker = str(table.get("maker", AS_IS))
        maker = str(path.parent / maker) if maker.endswith(".toml") else maker
        changes = table.get("set", {})
        if not isinstance(changes, dict):
            raise InputError(where, "set is no table", "keys with their values")
        out.append(Variant(name=table["name"], maker=maker_of(maker).maker, changes=_flat(changes)))
    if not out:
        raise InputError(path, "has no [[variant]]", want)
    return out


def crossed(makers: Sequence[Variant], varied: Mapping[str, Sequence[Value]]) -> list[Variant]:
    """Every maker with every combination of the values that vary.

    Examples:
        >>> [item.name for item in crossed([Variant(name="grid")], {"maker.half_bps": (2, 4)})]
        ['grid, maker.half_bps=2', 'grid, maker.half_bps=4']
    """
    if not varied:
        return list(makers)
    out = []
    for maker in makers:
        for values in product(*varied.values()):
            changes = dict(zip(varied, values, strict=True))
            words = [f"{key}={value}" for key, value in changes.items()]
            out.append(
                Variant(name=", ".join([maker.name, *words]), maker=maker.maker, changes=maker.changes | changes)
            )
    return out


def played_by(scenario: Scenario, variant: Variant, *, where: str = "--set") -> Scenario:
    """The scenario as a variant has it.

    A new kind in a seat keeps the seat's place and scale (``market``, ``first``, ``last``, ``size``, ``limit``), wires
    and capital; all else is the kind's own.

    Raises:
        InputError: a key or a number is wrong; it is named.
    """
    seats = seats_of(scenario)
    table = plain(scenario)
    if variant.maker:
        table["agent"] = [_seated(item, variant) if item["name"] in seats else item for item in table["agent"]]
        scenario = scenario_from(table, f"maker {variant.name}")
    if variant.changes:
        scenario = with_keys(scenario, variant.changes, seats, where=where)
    return scenario


def _seated(seat: dict[str, Any], variant: Variant) -> dict[str, Any]:
    """One seat with another maker in it."""
    given = variant.maker
    kind = kind_in_file(Path(given["file"]), given["kind"]) if "file" in given else kind_of(given["kind"])
    scale = {}
    for key, value in seat.get("numbers", {}).items():
        number = kind.numbers.get(key)
        if key in SCALE and number is not None and number.low <= value <= number.high:
            scale[key] = value
    kept = {key: value for key, value in seat.items() if key not in {"numbers", "file"}}
    return kept | given | {"numbers": scale | given.get("numbers", {})}


def _role(agent: AgentTable) -> str:
    if agent.kind in MODULES:
        return kind_of(agent.kind).role
    return "" if agent.file is None else kind_in_file(Path(agent.file), agent.kind).role


def _flat(table: Mapping[str, Any], before: str = "") -> dict[str, Value]:
    """Keys of tables in tables as paths."""
    out: dict[str, Value] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            out |= _flat(value, f"{before}{key}.")
        else:
            out[before + key] = value
    return out
