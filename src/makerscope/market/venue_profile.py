"""A venue's dated facts as the simulated world needs them: clock, ordering, gas, budget, orders, fees, latency.

``profiles/<venue>.toml`` holds them; each section carries ``valid_from``, ``source`` and ``status``. A section may
stand several times with different dates: the latest that was valid at the asked day counts. What nobody has found is
absent and named under ``unknown`` with the reason; a number that is only a guess is named in ``assumed``. Code holds no
fact. ``venue_facts`` says what the keys are.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from importlib import resources
from pathlib import Path
from typing import Any

from makerscope.errors import InputError
from makerscope.market.venue_facts import KINDS, SECTIONS, Facts, Tier, VenueProfile

_MOST = 1 << 60
RULES = {"funding", "prices"}  # files beside the profiles that hold one rule of all venues
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def profile_names() -> list[str]:
    """The venues that have a profile, sorted.

    Examples:
        >>> "hyperliquid" in profile_names()
        True
    """
    folder = resources.files("makerscope.market") / "profiles"
    names = {entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")}
    return sorted(names - RULES)


def venue_profile(
    name: str, *, at: str | None = None, changes: Mapping[str, Mapping[str, Any]] | None = None
) -> VenueProfile:
    """The facts of one venue.

    Args:
        name: a shipped profile (``profile_names``) or the path of a TOML file of the same form.
        at: day (``"2026-07-03"``); the latest facts that were valid then. Absent: the latest of all.
        changes: what a scenario sets otherwise, by section and key; checked like the file.

    Raises:
        InputError: no such profile, or a key that is unknown, missing, or not what it should be; the message names it.

    Examples:
        >>> venue_profile("hyperliquid").clock.interval_ns
        70000000
        >>> venue_profile("ethereum", changes={"clock": {"jitter_ns": 5}}).clock.jitter_ns
        5
    """
    raw, where = _read(name)
    changes = changes or {}
    for section in sorted({*raw, *changes} - {"kind", *SECTIONS}):
        raise InputError(f"{where} [{section}]", "there is no such section", "one of " + ", ".join(SECTIONS))
    if raw.get("kind") not in KINDS:
        raise InputError(f"{where} kind", f"is {raw.get('kind')!r}", "one of " + ", ".join(KINDS))
    parts = {}
    for section, shape in SECTIONS.items():
        entry = _dated(raw.get(section), at, f"{where} [[{section}]]")
        changed = changes.get(section, {})
        if not isinstance(changed, Mapping):
            raise InputError(f"{where} {section}", f"is {changed!r}", "a table of keys")
        parts[section] = _section(shape, entry, changed, f"{where} {section}")
    return VenueProfile(name=Path(name).stem, kind=raw["kind"], **parts)


def _read(name: str) -> tuple[dict[str, Any], str]:
    shipped = not name.endswith(".toml")
    if shipped and name not in profile_names():
        raise InputError("profile", f"there is no {name!r}", "one of " + ", ".join(profile_names()))
    path = resources.files("makerscope.market") / "profiles" / f"{name}.toml" if shipped else Path(name)
    where = f"profile {name}"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), where
    except OSError as error:
        raise InputError(where, f"cannot be read ({error.strerror})", "a TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(where, f"is not TOML ({error})", "a TOML file") from error


def _dated(entries: object, at: str | None, where: str) -> dict[str, Any]:
    """The latest entry that was valid on the day."""
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise InputError(where, "is missing or no array of tables", "at least one, with valid_from, source, status")
    for entry in entries:
        for key in ("valid_from", "source", "status"):
            if not isinstance(entry.get(key), str) or not entry[key]:
                raise InputError(f"{where} {key}", f"is {entry.get(key)!r}", "a text")
        if not _DAY.fullmatch(entry["valid_from"]):
            raise InputError(f"{where} valid_from", f"is {entry['valid_from']!r}", "a day such as 2026-07-03")
    valid = [entry for entry in entries if at is None or entry["valid_from"] <= at]
    if not valid:
        raise InputError(where, f"nothing is known as of {at}", f"{min(e['valid_from'] for e in entries)} or later")
    return max(valid, key=lambda entry: entry["valid_from"])


def _section(shape: type[Any], entry: Mapping[str, Any], changes: Mapping[str, Any], where: str) -> Any:  # noqa: ANN401
    """One section, checked key by key. A changed key is neither assumed nor unknown any more."""
    known = {f.name: f for f in fields(shape) if f.name != "facts"}
    own = {key: value for key, value in entry.items() if key not in {"valid_from", "source", "status"}}
    assumed, unknown = own.pop("assumed", []), own.pop("unknown", {})
    if not isinstance(assumed, list) or not set(assumed) <= set(own):
        raise InputError(f"{where}.assumed", f"is {assumed!r}", "a list of keys that are given")
    if not isinstance(unknown, dict) or not all(isinstance(r, str) and r for r in unknown.values()):
        raise InputError(f"{where}.unknown", f"is {unknown!r}", "a table of reasons by key")
    for key in (*own, *unknown, *changes):
        if key not in known:
            raise InputError(f"{where}.{key}", "there is no such key", "one of " + ", ".join(known))
    given = own | dict(changes)
    values = {key: _value(known[key], value, f"{where}.{key}") for key, value in given.items()}
    for key, column in known.items():
        if column.metadata.get("needed") and (key in own) == (key in unknown) and key not in changes:
            raise InputError(
                f"{where}.{key}", "is missing, or given and unknown at once", "a value, or a reason why not"
            )
    facts = Facts(
        valid_from=entry["valid_from"],
        source=entry["source"],
        status=entry["status"],
        assumed=tuple(key for key in assumed if key not in changes),
        unknown={key: reason for key, reason in unknown.items() if key not in changes},
    )
    return shape(facts=facts, **values)


def _value(column: Any, value: Any, where: str) -> Any:  # noqa: ANN401 - what TOML holds
    """A value as its field wants it."""
    if "low" in column.metadata:
        low = column.metadata["low"]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= _MOST:
            raise InputError(where, f"is {value!r}", f"a whole number, at least {low}")
        return value
    if "words" in column.metadata:
        if value not in column.metadata["words"]:
            raise InputError(where, f"is {value!r}", "one of " + ", ".join(column.metadata["words"]))
        return value
    if "list" in column.metadata:
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise InputError(where, f"is {value!r}", "a list of words")
        return tuple(value)
    if "rows" in column.metadata:
        return _rows(value, column.metadata["rows"], where)
    return _tiers(value, where)


def _rows(value: Any, width: int, where: str) -> tuple[tuple[int, ...], ...]:  # noqa: ANN401 - what TOML holds
    rows: list[Any] = value if isinstance(value, list) else [None]
    if any(not isinstance(r, list) or len(r) != width or any(type(x) is not int for x in r) for r in rows):
        raise InputError(where, f"is {value!r}", f"rows of {width} whole numbers")
    return tuple(tuple(row) for row in rows)


def _tiers(value: object, where: str) -> dict[str, Tier]:
    """Speed bumps by the name of the tier; every tier names all three."""
    if not isinstance(value, Mapping):
        raise InputError(where, f"is {value!r}", "tables of maker_ns, cancel_ns, taker_ns by name")
    known = {f.name: f for f in fields(Tier)}
    tiers = {}
    for name, bumps in value.items():
        if not isinstance(bumps, Mapping) or set(bumps) != set(known):
            raise InputError(f"{where}.{name}", f"is {bumps!r}", "a table of " + ", ".join(known))
        tiers[name] = Tier(**{k: _value(known[k], v, f"{where}.{name}.{k}") for k, v in bumps.items()})
    return tiers
