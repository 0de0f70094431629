"""Change single keys of a scenario, as ``--set`` and ``--vary`` do: ``venue.insurance_usd=1e6``, ``maker.half_bps=5``.

A key is a path of names. An entry of an array is named by its name, symbol or kind, or by its place from 1:
``agent.long.capital_usd``, ``underlying.BTC.volatility``, ``episode.crash.fall``, ``episode.2.minutes``. A number of an
agent's kind may leave ``numbers`` out. ``maker`` is whoever sits in the seats.
"""

import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import msgspec

from makerscope.errors import InputError
from makerscope.sim.keys import check_keys
from makerscope.sim.scenario import AgentTable, Scenario

Value = str | bool | int | float | list[Any]
SEATS = "maker"
NAMES = ("name", "symbol", "kind", "underlying")
OWN = frozenset(AgentTable.__struct_fields__)


def pair_of(option: str, text: str) -> tuple[str, str]:
    """Key and text of ``key=value``.

    Raises:
        InputError: there is no ``=``, or nothing on one of its sides.

    Examples:
        >>> pair_of("--set", "chain.block_ms = 500")
        ('chain.block_ms', '500')
    """
    key, sign, value = (part.strip() for part in text.partition("="))
    if not (key and sign and value):
        raise InputError(option, f"is {text!r}", "KEY=VALUE, such as venue.insurance_usd=1e6")
    return key, value


def value_of(text: str) -> Value:
    """A value as TOML would read it; what is no TOML is a text.

    Examples:
        >>> value_of("5"), value_of("1e6"), value_of("true"), value_of("cancel-first"), value_of("[1, 2]")
        (5, 1000000.0, True, 'cancel-first', [1, 2])
    """
    try:
        found: Value = tomllib.loads(f"x = {text}")["x"]
    except tomllib.TOMLDecodeError:
        return text
    return found


def plain(scenario: Scenario) -> dict[str, Any]:
    """A scenario as tables of TOML, without the keys that are absent."""
    return _present(msgspec.to_builtins(scenario))


def scenario_from(table: dict[str, Any], where: str) -> Scenario:
    """Back from tables to a scenario.

    Raises:
        InputError: a key is unknown or impossible; it is named.
    """
    check_keys(table, Scenario, where)
    try:
        return msgspec.convert(table, Scenario, strict=True)
    except msgspec.ValidationError as error:  # what check_keys does not know
        raise InputError(where, str(error), "see `makerscope scenarios --keys`") from error


def with_keys(scenario: Scenario, changes: Mapping[str, Value], seats: Sequence[str], *, where: str) -> Scenario:
    """The scenario with some keys changed.

    Args:
        scenario: as it was.
        changes: values by key.
        seats: names of the agents that ``maker`` stands for.
        where: names the option in errors.

    Raises:
        InputError: a key names nothing, or its value is impossible.
    """
    table = plain(scenario)
    for key, value in changes.items():
        parts = key.split(".")
        if parts[0] == SEATS:
            for name in seats:
                _put(table, ["agent", name, *parts[1:]], value, f"{where} {key}")
        else:
            _put(table, parts, value, f"{where} {key}")
    return scenario_from(table, where)


def _put(table: dict[str, Any], parts: list[str], value: Value, where: str) -> None:
    """Write a value at the end of a path."""
    at: Any = table
    for n, part in enumerate(parts):
        last = n == len(parts) - 1
        if isinstance(at, list):
            found = _entry(at, part, where)
            if last:
                raise InputError(where, f"names all of {part!r}", "one of its keys after it")
            at = found
            if parts[0] == "agent" and n == 1 and parts[n + 1] not in OWN:
                at = at.setdefault("numbers", {})
        elif last:
            at[part] = value
        elif part not in at and part in Scenario.__struct_fields__:
            raise InputError(where, f"the scenario has no [[{part}]]", "a key that is there")
        else:
            below = at.setdefault(part, {})
            if not isinstance(below, dict | list):
                raise InputError(where, f"{part} is no table", "a key of a table")
            at = below


def _entry(entries: list[dict[str, Any]], name: str, where: str) -> dict[str, Any]:
    """One entry of an array, by its name or its place."""
    for key in NAMES:
        found = [entry for entry in entries if entry.get(key) == name]
        if len(found) == 1:
            return found[0]
        if len(found) > 1:
            raise InputError(where, f"{name!r} is there {len(found)} times", "its place, from 1")
    if name.isdecimal() and 1 <= int(name) <= len(entries):
        return entries[int(name) - 1]
    known = [str(entry[key]) for entry in entries for key in NAMES[:3] if key in entry]
    close = get_close_matches(name, known, 1)
    want = f"{close[0]}?" if close else "one of " + ", ".join(dict.fromkeys(known)) + f", or 1 to {len(entries)}"
    raise InputError(where, f"there is no {name!r}", want)


def _present(value: Any) -> Any:  # noqa: ANN401 - tables of TOML hold anything
    if isinstance(value, dict):
        return {key: _present(item) for key, item in value.items() if item is not None}
    return [_present(item) for item in value] if isinstance(value, list) else value
