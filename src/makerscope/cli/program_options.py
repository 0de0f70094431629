"""What a user says about programs on the command line: parameters that they leave open, a budget, an earlier epoch."""

import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from makerscope.cli.amounts import base_units
from makerscope.errors import InputError
from makerscope.programs.program import Program
from makerscope.programs.program_file import preset_names
from makerscope.programs.scoring import State
from makerscope.report.program_card import Budget
from makerscope.rewards.bundle import read_bundle, state_of

MOST_DECIMALS = 77  # 10**77 is the largest power of ten in 256 bits
WANT = 'TOML such as [paradex] and below it k = "0.2" (see makerscope programs --open)'
Given = dict[str, str]


def given_to(program: str, sets: Sequence[str], file: Path | None) -> Given:
    """Parameters of one program: of its table in a file, and on top of them each KEY=VALUE.

    Raises:
        InputError: an option has no such form, or the file cannot be read.
    """
    table = _tables(file).get(program, {})
    return table | dict(map(_pair, sets))


def given_to_each(sets: Sequence[str], file: Path | None) -> dict[str, Given]:
    """Parameters by program: of a file's tables, and on top of them each PROGRAM.KEY=VALUE.

    Raises:
        InputError: as above, or there is no such program.
    """
    out = _tables(file)
    for key, value in map(_pair, sets):
        name, dot, parameter = key.partition(".")
        if not dot:
            raise InputError(f"--set {key}", "names no program", "PROGRAM.KEY=VALUE with --all")
        out[name] = out.get(name, {}) | {parameter: value}
    unknown = next((name for name in out if name not in preset_names()), None)
    if unknown is not None:
        raise InputError(f"parameters of {unknown}", "there is no such program", "one of " + ", ".join(preset_names()))
    return out


def budget_of(text: str | None, decimals: int | None) -> Budget:
    """A budget in whole tokens as a user writes it.

    Raises:
        InputError: it is no amount, or the token has no such part.
    """
    if decimals is not None and not 0 <= decimals <= MOST_DECIMALS:
        raise InputError("--decimals", f"is {decimals}", f"0 to {MOST_DECIMALS}")
    if text is None:
        return Budget()
    places = len(text.partition(".")[2]) if decimals is None else decimals
    return Budget(amount=base_units("--budget", text, places), decimals=places, given=True)


def earlier(folder: Path | None, program: Program) -> State | None:
    """What the epoch before left, from its bundle.

    Raises:
        InputError: there is no bundle, or it is one of another program.
    """
    if folder is None:
        return None
    bundle = read_bundle(folder)
    if bundle.program.name != program.name:
        raise InputError("--previous", f"is an epoch of {bundle.program.name!r}", f"one of {program.name!r}")
    return state_of(bundle)


def _pair(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not (sign and key.strip() and value.strip()):
        raise InputError("--set", f"is {text!r}", "KEY=VALUE")
    return key.strip(), value.strip()


def _tables(file: Path | None) -> dict[str, Given]:
    """Tables of a file; what is an empty text stays open."""
    if file is None:
        return {}
    try:
        raw = tomllib.loads(file.read_text("utf-8"), parse_float=Decimal)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"--parameters {file}", f"cannot be read ({error})", WANT) from error
    out: dict[str, Given] = {}
    for name, table in raw.items():
        if not isinstance(table, Mapping):
            raise InputError(f"--parameters {file}", f"{name} is no table", WANT)
        bad = next((key for key, value in table.items() if isinstance(value, bool | list | dict)), None)
        if bad is not None:
            raise InputError(f"--parameters {file}", f"{name}.{bad} is no text or number", WANT)
        out[name] = {key: str(value) for key, value in table.items() if str(value).strip()}
    return out
