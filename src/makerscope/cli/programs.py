"""``makerscope programs``."""

import tomllib
from collections.abc import Iterator
from textwrap import wrap
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from makerscope.errors import InputError
from makerscope.programs.program import Program
from makerscope.programs.program_file import PRESETS, find_program, open_parameters, preset_names
from makerscope.report.program_words import describe

NAME, WIDTH = 16, 110  # columns of text


def programs(
    name: str | None = None, /, *, open_: Annotated[bool, Parameter(name="--open", negative="")] = False
) -> None:
    """List the shipped programs, or print one as TOML with an explanation.

    Args:
        name: of a shipped program. What is printed is a TOML file: change it and score with it.
        open_: print a file of all parameters that nobody published, to be filled in.
    """
    if open_ and name is not None:
        raise InputError("--open", f"was given with {name!r}", "either a name or --open")
    if open_:
        for line in to_fill_in():
            print(line)  # noqa: T201 - a file, to be sent into one
        return
    if name is None:
        overview(Console())
        return
    if name not in preset_names():
        raise InputError("programs", f"there is no program {name!r}", "one of " + ", ".join(preset_names()))
    print((PRESETS / f"{name}.toml").read_text().rstrip())  # noqa: T201 - a file, to be sent into one
    for line in explained(name):
        print(f"# {line}".rstrip())  # noqa: T201 - a part of it


def overview(console: Console) -> None:
    """Name, status, date, title and open parameters of every shipped program."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("program", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("valid from", no_wrap=True)
    table.add_column("what it is; which parameters are open", overflow="fold")
    for name in preset_names():
        raw = tomllib.loads((PRESETS / f"{name}.toml").read_text())
        needed = ", ".join(open_parameters(name))
        told = Text.assemble(raw["title"], (f"; open: {needed}", "yellow") if needed else "")
        table.add_row(Text(name, style="bold"), raw["status"], raw["valid_from"], told)
    console.print(table, highlight=False)
    console.print("\none of them     makerscope programs NAME", highlight=False)
    console.print("score with it   makerscope score TAPE --program NAME", highlight=False)
    console.print("with each       makerscope score TAPE --all", highlight=False)
    console.print("what is open    makerscope programs --open > mine.toml, for score --parameters", highlight=False)


def to_fill_in() -> Iterator[str]:
    """Every open parameter of every shipped program as a TOML file whose values are empty."""
    yield "# Parameters that nobody published. Give those that you assume; results will say that they are assumed."
    yield "# What stays empty stays open. makerscope score TAPE --all --parameters THIS_FILE"
    for name in preset_names():
        found = open_parameters(name)
        if found:
            yield f"\n[{name}]"
        for key, meaning in found.items():
            yield f'{key} = ""  # {meaning}'


def explained(name: str) -> list[str]:
    """What a shipped program says, in lines."""
    open_ones = open_parameters(name)
    lines = ["", "In words", ""]
    try:
        program: Program | None = find_program(name)
    except InputError:
        program = None
    if program is None:
        lines.append("It leaves open what is not published, or differs by market:")
        lines += [line for key, meaning in open_ones.items() for line in _hung(f"--set {key}=", meaning)]
        return lines
    for heading, sayings in describe(program):
        lines += [heading, *(line for name, text in sayings for line in _hung(name, text)), ""]
    changeable = {key: item for key, item in program.parameters.items() if item.default is not None}
    if changeable:
        lines.append("Parameters with a default, for --set")
        for key, item in changeable.items():
            lines += _hung(key, f"{item.meaning}; default {item.default}")
    return lines


def _hung(name: str, text: str) -> list[str]:
    """A name with its text beside it, folded."""
    rows = wrap(text, WIDTH - NAME - 2) or [""]
    return [f"  {name:<{NAME}} {rows[0]}", *(f"  {'':<{NAME}} {row}" for row in rows[1:])]
