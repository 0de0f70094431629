"""Who plays in a scenario: every agent by its own name, with its numbers checked."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from makerscope.agents.kind import Kind
from makerscope.agents.registry import kind_of
from makerscope.agents.user_file import kind_in_file
from makerscope.errors import InputError
from makerscope.market.layout import CROSS, ISOLATED, PORTFOLIO
from makerscope.sim.keys import place_of
from makerscope.sim.scenario import MOST_AGENTS, AgentTable, Scenario

MODES = {"cross": CROSS, "isolated": ISOLATED, "portfolio": PORTFOLIO, "none": CROSS}
TAPED = ("recorded-flow",)  # kinds whose ``file`` is a recording
MARKETS = ("market", "first", "last")  # numbers of a kind that are places of instruments


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
        InputError: an unknown kind, margin mode or number, one out of its bounds, a market that is not there, a name
            used twice, or nobody who quotes.
    """
    out: list[Cast] = []
    tradable = instruments - len(scenario.underlying)  # the leading venue's come last
    for n, table in enumerate(scenario.agent):
        where = place_of("agent", n, table.name)
        kind = _kind(where, table)
        if table.margin not in MODES:
            raise InputError(f"{where}: margin", f"is {table.margin!r}", "one of " + ", ".join(MODES))
        if table.protect_s > 0 and table.protect_lots < 1:
            raise InputError(f"{where}: protect_lots", "is 0 and protect_s is not", "lots that trip the protection")
        numbers = _numbers(where, kind, table.numbers)
        _check_markets(where, numbers, tradable)
        for k in range(table.count):
            name = table.name if table.count == 1 else f"{table.name}-{k + 1:0{len(str(table.count))}d}"
            out.append(Cast(name=name, table=table, kind=kind, numbers=numbers))
    twice = next((name for name, uses in Counter(item.name for item in out).items() if uses > 1), None)
    if twice:
        raise InputError("agent: name", f"{twice!r} is used twice", "each name once")
    if len(out) > MOST_AGENTS:
        raise InputError("agent: count", f"adds up to {len(out)}", f"at most {MOST_AGENTS} agents")
    if not any(quotes(item.kind, item.numbers, instruments) for item in out):
        raise InputError("agent", "nobody quotes", "at least one maker, such as kind = 'grid'")
    return tuple(out)


def quotes(kind: Kind, numbers: Mapping[str, float], instruments: int) -> bool:
    """Whether a kind makes a market: it has room for a bid and an ask at once."""
    return kind.slots(numbers, instruments) > 1


def _kind(where: str, table: AgentTable) -> Kind:
    if table.file is not None and table.kind not in TAPED:
        return kind_in_file(Path(table.file), table.kind)
    try:
        return kind_of(table.kind)
    except InputError as error:
        raise InputError(f"{where}: kind", f"is {table.kind!r}", error.want) from error


def _check_markets(where: str, numbers: Mapping[str, float], tradable: int) -> None:
    for key in MARKETS:
        if numbers.get(key, 0) >= tradable:
            want = f"an instrument that is there: 0 to {tradable - 1}"
            raise InputError(f"{where}: numbers.{key}", f"is {numbers[key]:g}", want)
    if numbers.get("first", 0) > numbers.get("last", numbers.get("first", 0)):
        raise InputError(f"{where}: numbers.first", f"is {numbers['first']:g}", f"at most last, {numbers['last']:g}")


def _numbers(where: str, kind: Kind, given: Mapping[str, float]) -> dict[str, float]:
    for key, value in given.items():
        if key not in kind.numbers:
            close = get_close_matches(key, kind.numbers, 1)
            want = f"{close[0]}?" if close else "one of " + ", ".join(kind.numbers)
            raise InputError(f"{where}: numbers.{key}", "is not known", want)
        number = kind.numbers[key]
        if not number.low <= value <= number.high:
            want = f"{number.low:g} to {number.high:g} ({number.about})"
            raise InputError(f"{where}: numbers.{key}", f"is {value:g}", want)
    return {key: float(given.get(key, number.default)) for key, number in kind.numbers.items()}
