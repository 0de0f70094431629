"""A program from its TOML file: parameters filled in, every key checked, one line for what is wrong."""

import tomllib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from makerscope.errors import InputError
from makerscope.programs.program import Program

PRESETS = files("makerscope.programs") / "presets"


def preset_names() -> tuple[str, ...]:
    """Names of the shipped programs, sorted."""
    return tuple(sorted(item.name[:-5] for item in PRESETS.iterdir() if item.name.endswith(".toml")))


def find_program(name: str, parameters: Mapping[str, str] | None = None) -> Program:
    """A shipped program by name, or one from a TOML file.

    Args:
        name: such as ``dydx_v3``, or the path of a TOML file.
        parameters: values for what the program leaves open, by name.

    Raises:
        InputError: there is no such program, a key is wrong, or a parameter is missing.
    """
    if name in preset_names():
        return read_program((PRESETS / f"{name}.toml").read_text(), parameters, where=name)
    path = Path(name)
    if path.suffix != ".toml":
        raise InputError("--program", f"there is no program {name!r}", "a TOML file, or " + ", ".join(preset_names()))
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, f"cannot be read ({error})", "a TOML file of a program") from error
    return read_program(text, parameters, where=str(path))


def read_program(text: str, parameters: Mapping[str, str] | None = None, *, where: str = "program") -> Program:
    """A program from TOML text.

    A value that is the text ``$name`` is replaced by parameter ``name``: what the caller gives, else its default;
    ``$1-name`` by one less it, ``$name.key`` by ``key`` of the choice that it names. A parameter that begins with ``[``
    or ``{`` is a list or table of TOML.

    Raises:
        InputError: the text is no TOML, a key is unknown or of the wrong type, or a parameter has no value.

    Examples:
        >>> rule = read_program('''
        ... name = "mine"
        ... version = 1
        ... title = "depth within k"
        ... status = "ours"
        ... source = "an example"
        ... valid_from = "2026-01-01"
        ... parameters.k.meaning = "how far an order may be"
        ... [[group]]
        ... name = "all"
        ... measure = [{limit = "$k"}]
        ... formula.exponents.quality = 1
        ... ''', {"k": "25 bps"})
        >>> rule.group[0].measure[0].limit, rule.assumed
        ('25 bps', {'k': '25 bps'})
    """
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, ValueError) as error:
        raise InputError(where, f"is no TOML ({error})", "a program in TOML") from error
    given = dict(parameters or {})
    declared = raw.get("parameters", {})
    unknown = next((name for name in given if name not in declared), None)
    if unknown:
        raise InputError(f"--set {unknown}", f"program {where} has no such parameter", _listed(declared))
    values: dict[str, Any] = {}
    for name, facts in declared.items():
        default = facts.get("default") if isinstance(facts, dict) else None
        if name not in given and default is None:
            meaning = facts.get("meaning", "") if isinstance(facts, dict) else ""
            raise InputError(
                f"program {where}",
                f"leaves {name!r} open ({meaning})",
                f"--set {name}=VALUE: unpublished, or different by market",
            )
        if default is not None:
            facts["default"] = str(default)
        values |= _values(name, str(given.get(name, default)), facts)
    raw = {key: value if key == "parameters" else _filled(value, values, where) for key, value in raw.items()}
    raw["assumed"] = {name: str(value) for name, value in given.items()}
    try:
        return msgspec.convert(raw, Program, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(where, str(error), "keys as in docs/programs.md") from error


def open_parameters(name: str) -> dict[str, str]:
    """Parameters of a shipped program that have no default, and their meaning."""
    raw = tomllib.loads((PRESETS / f"{name}.toml").read_text(), parse_float=Decimal)
    return {key: item["meaning"] for key, item in raw.get("parameters", {}).items() if "default" not in item}


def _values(name: str, text: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What a parameter's value puts in place of the names that refer to it."""
    if "choices" in facts:
        if text not in facts["choices"]:
            raise InputError(f"--set {name}", f"is {text!r}", "one of " + ", ".join(facts["choices"]))
        return {f"{name}.{key}": value for key, value in facts["choices"][text].items()}
    if not text.startswith(("[", "{")):
        return {name: text}
    try:
        return {name: tomllib.loads(f"value = {text}", parse_float=Decimal)["value"]}
    except (tomllib.TOMLDecodeError, ValueError) as error:
        raise InputError(f"--set {name}", f"is no TOML ({error})", "a list or table of TOML") from error


def _filled(value: Any, values: Mapping[str, Any], where: str) -> Any:  # noqa: ANN401 - TOML holds anything
    if isinstance(value, dict):
        return {key: _filled(item, values, where) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, values, where) for item in value]
    if isinstance(value, str) and value.startswith("$"):
        name = value[1:].removeprefix("1-")
        if name not in values:
            raise InputError(where, f"uses ${name}, which it does not declare", "a name under [parameters]")
        return values[name] if name == value[1:] else _one_less(values[name], f"--set {name}")
    return value


def _one_less(text: str, where: str) -> Decimal:
    try:
        return 1 - Decimal(text)
    except InvalidOperation:
        raise InputError(where, f"is {text!r}", "a decimal number") from None


def _listed(declared: Mapping[str, Any]) -> str:
    return "one of " + ", ".join(declared) if declared else "no --set: it has no parameters"
