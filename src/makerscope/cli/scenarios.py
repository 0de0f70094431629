"""``makerscope scenarios``."""

from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from makerscope.agents.registry import MODULES, kind_of
from makerscope.errors import InputError
from makerscope.market.ordering import POLICIES
from makerscope.market.venue_profile import profile_names
from makerscope.sim.keys import keys_of
from makerscope.sim.scenario import Scenario
from makerscope.sim.shipped import find_scenario, scenario_names, shipped_text

LIST = {"profile": profile_names, "chain.policy": lambda: list(POLICIES)}


def scenarios(name: str | None = None, /, *, keys: Annotated[bool, Parameter(negative="")] = False) -> None:
    """List the shipped scenarios, print one as TOML, or explain every key.

    Args:
        name: of a shipped scenario, to print it.
        keys: explain every key that a scenario may have, and every kind of agent with its numbers.
    """
    if keys:
        if name is not None:
            raise InputError("--keys", f"was given with {name!r}", "either a name or --keys")
        explain(Console())
    elif name is not None:
        print(shipped_text(name), end="")  # noqa: T201 - a file, to be sent into one
    else:
        overview(Console())


def overview(console: Console) -> None:
    """Name, title and story of every shipped scenario."""
    for name in scenario_names():
        scenario = find_scenario(name)
        about = " ".join(scenario.about.split())
        console.print(
            Text.assemble((name, "bold"), f"  {scenario.title}, {scenario.hours:g} h, {scenario.profile}"),
            soft_wrap=True,
        )
        console.print(Text(about), style="dim")
        console.print()
    console.print("play one    makerscope simulate NAME --out TAPE", highlight=False)
    console.print("change one  makerscope scenarios NAME > mine.toml", highlight=False)
    console.print("every key   makerscope scenarios --keys", highlight=False)


def explain(console: Console) -> None:
    """Every key with what it means, what it wants and its default; then the kinds of agents and their numbers."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column()
    for key, wants, meaning, default in keys_of(Scenario):
        choices = f" ({', '.join(LIST[key]())})" if key in LIST else ""
        otherwise = (
            "the profile's" if default is None and key.startswith(("venue", "chain", "oracle")) else _default(default)
        )
        note = "needed" if default == "needed" else f"default {otherwise}"
        table.add_row(Text(key, style="bold"), Text.assemble(f"{meaning}{choices}; ", (f"{wants}; {note}", "dim")))
    console.print(table, highlight=False)
    for name in MODULES:
        kind = kind_of(name)
        console.print(Text.assemble("\nkind = ", (f'"{kind.name}"', "bold"), f": {kind.about}"))
        numbers = Table(box=None, pad_edge=False, show_header=False)
        numbers.add_column(no_wrap=True)
        numbers.add_column()
        for key, number in kind.numbers.items():
            note = f"{number.low:g} to {number.high:g}; default {number.default:g}"
            numbers.add_row(Text(f"  numbers.{key}", style="bold"), Text.assemble(f"{number.about}; ", (note, "dim")))
        console.print(numbers, highlight=False)


def _default(value: object) -> str:
    return (
        str(value).lower()
        if isinstance(value, bool)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value) or "none"
    )
