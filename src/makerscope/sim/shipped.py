"""The scenarios that come with makerscope: TOML files of ``sim/scenarios``."""

from importlib import resources
from pathlib import Path

from makerscope.errors import InputError
from makerscope.sim.scenario import Scenario, read_scenario, scenario_of


def scenario_names() -> list[str]:
    """Names of the shipped scenarios, sorted.

    Examples:
        >>> "first-market" in scenario_names()
        True
    """
    folder = resources.files("makerscope.sim") / "scenarios"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def shipped_text(name: str) -> str:
    """A shipped scenario as it is written.

    Raises:
        InputError: there is none of that name.
    """
    if name not in scenario_names():
        raise InputError("scenario", f"there is no {name!r}", "a TOML file, or one of " + ", ".join(scenario_names()))
    return (resources.files("makerscope.sim") / "scenarios" / f"{name}.toml").read_text(encoding="utf-8")


def find_scenario(given: str) -> Scenario:
    """A scenario by the path of its file, or by the name of a shipped one.

    Raises:
        InputError: there is neither, or a key is wrong; the key is named.
    """
    if given in scenario_names() and not Path(given).is_file():
        return scenario_of(shipped_text(given).encode(), given)
    if not given.endswith(".toml") and not Path(given).exists():
        shipped_text(given)  # says which there are
    return read_scenario(given)
