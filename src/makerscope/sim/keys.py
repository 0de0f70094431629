"""Keys of a scenario by the classes that describe it: what each wants, and what is wrong with one, in one line.

The classes' own annotations hold type, bounds and meaning of a key; nothing is said twice. Errors name a key as it is
written in TOML: ``agent 2 (grid): numbers.levels``, tables of an array being counted from 1.
"""

import math
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import msgspec
from msgspec import inspect

from makerscope.errors import InputError

Plain = inspect.Type


def check_keys(table: Mapping[str, Any], shape: type[msgspec.Struct], where: str) -> None:
    """Refuse the first key that is unknown, missing or impossible.

    Raises:
        InputError: with the file, the key, what it is and what was wanted.
    """
    found = _type_of(inspect.type_info(shape))
    for place, what, want in _flaws(table, found, ""):
        raise InputError(f"{where}: {place}", what, want)


def wanted(kind: Plain) -> str:
    """What a type wants, in words.

    Examples:
        >>> wanted(inspect.type_info(int))
        'a whole number'
    """
    kind = _type_of(kind)
    match kind:
        case inspect.FloatType() | inspect.IntType():
            return _number(kind)
        case inspect.BoolType():
            return "true or false"
        case inspect.StrType():
            return "a text"
        case inspect.ListType() | inspect.VarTupleType():
            return f"a list, each {wanted(kind.item_type)}"
        case inspect.UnionType():
            return " or ".join(dict.fromkeys(wanted(each) for each in _some(kind)))
        case inspect.DictType():
            return "a table of numbers"
        case _:
            return "a table"


def keys_of(shape: type[msgspec.Struct], name: str = "") -> Iterator[tuple[str, str, str, object]]:
    """Every key below a class: its name in TOML, what it wants, what it means, its default (None: the profile's)."""
    found = _type_of(inspect.type_info(shape))
    if not isinstance(found, inspect.StructType):
        return
    for field in found.fields:
        inner, key = _type_of(field.type), f"{name}{field.encode_name}"
        below = _table_of(inner)
        if below is not None:
            many = isinstance(inner, inspect.ListType)
            yield from keys_of(below, f"{key}[]." if many else f"{key}.")
            continue
        default = "needed" if field.required else field.default
        if default is msgspec.NODEFAULT:
            default = "none"
        yield key, wanted(inner), _meaning(field.type), default


def place_of(table: str, number: int, name: str) -> str:
    """An entry of an array of tables, as errors name it.

    Examples:
        >>> place_of("agent", 1, "grid")
        'agent 2 (grid)'
    """
    return f"{table} {number + 1} ({name})" if name else f"{table} {number + 1}"


def _table_of(kind: Plain) -> type[msgspec.Struct] | None:
    """The class of a table, of the tables of an array, or of a table that may be absent."""
    if isinstance(kind, inspect.ListType):
        return _table_of(_type_of(kind.item_type))
    if isinstance(kind, inspect.UnionType):
        return next((found for each in _some(kind) if (found := _table_of(_type_of(each)))), None)
    return kind.cls if isinstance(kind, inspect.StructType) else None


def _type_of(kind: Plain) -> Plain:
    return _type_of(kind.type) if isinstance(kind, inspect.Metadata) else kind


def _meaning(kind: Plain) -> str:
    if isinstance(kind, inspect.UnionType):
        return next((found for each in kind.types if (found := _meaning(each))), "")
    extra = kind.extra_json_schema if isinstance(kind, inspect.Metadata) else None
    return str((extra or {}).get("description", ""))


def _some(kind: inspect.UnionType) -> list[Plain]:
    """What a union may be, but for nothing."""
    return [_type_of(each) for each in kind.types if not isinstance(_type_of(each), inspect.NoneType)]


def _number(kind: inspect.FloatType | inspect.IntType) -> str:
    bounds = [
        f"{word} {bound:.12g}"
        for word, bound in (("above", kind.gt), ("at least", kind.ge), ("below", kind.lt), ("at most", kind.le))
        if bound is not None
    ]
    name = "a whole number" if isinstance(kind, inspect.IntType) else "a number"
    return f"{name} {', '.join(bounds)}".strip()


def _flaws(value: object, kind: Plain, place: str) -> Iterator[tuple[str, str, str]]:
    """Key, what it is, and what was wanted, of everything that is wrong with a value."""
    kind = _type_of(kind)
    match kind:
        case inspect.StructType():
            yield from _table_flaws(value, kind, place)
        case inspect.ListType() | inspect.VarTupleType():
            if not isinstance(value, list):
                yield place, f"is {_shown(value)}", wanted(kind)
            elif len(value) < (kind.min_length or 0):
                yield place, "is empty", "at least one"
            else:
                for n, item in enumerate(value):
                    named = item.get("name") or item.get("symbol") or item.get("kind") if isinstance(item, dict) else ""
                    inside = (
                        place_of(place, n, str(named or "")) + ":" if isinstance(item, dict) else f"{place}.{n + 1}"
                    )
                    yield from _flaws(item, kind.item_type, inside)
        case inspect.DictType():
            if not isinstance(value, dict):
                yield place, f"is {_shown(value)}", wanted(kind)
            else:
                for key, item in value.items():
                    yield from _flaws(item, kind.value_type, _joined(place, key))
        case inspect.UnionType():
            found = [list(_flaws(value, each, place)) for each in _some(kind)]
            if all(found):
                yield found[0][0]
        case _:
            if not _fits(value, kind):
                yield place, f"is {_shown(value)}", wanted(kind)


def _table_flaws(value: object, kind: inspect.StructType, place: str) -> Iterator[tuple[str, str, str]]:
    if not isinstance(value, dict):
        yield place, f"is {_shown(value)}", "a table"
        return
    fields = {field.encode_name: field for field in kind.fields}
    for key in value:
        if key not in fields:
            close = get_close_matches(key, fields, 1)
            yield _joined(place, key), "is not known", close[0] + "?" if close else "one of " + ", ".join(fields)
    for key, field in fields.items():
        if key in value:
            for where, what, want in _flaws(value[key], field.type, _joined(place, key)):
                meaning = _meaning(field.type)
                plain = _table_of(_type_of(field.type)) is None and meaning and "(" not in want
                yield where, what, f"{want} ({meaning})" if plain else want
        elif field.required:
            inner = _type_of(field.type)
            want = f"at least one [[{key}]]" if isinstance(inner, inspect.ListType) else wanted(inner)
            yield _joined(place, key), "is missing", f"{want} ({_meaning(field.type)})"


def _joined(place: str, key: str) -> str:
    if not place:
        return key
    return f"{place} {key}" if place.endswith(":") else f"{place}.{key}"


def _shown(value: object) -> str:
    return "a table" if isinstance(value, dict) else str(value).lower() if isinstance(value, bool) else repr(value)


def _fits(value: object, kind: Plain) -> bool:
    match kind:
        case inspect.FloatType() | inspect.IntType():
            kinds = int if isinstance(kind, inspect.IntType) else (int, float)
            if isinstance(value, bool) or not isinstance(value, kinds) or not math.isfinite(value):
                return False
            return not (
                (kind.gt is not None and value <= kind.gt)
                or (kind.ge is not None and value < kind.ge)
                or (kind.lt is not None and value >= kind.lt)
                or (kind.le is not None and value > kind.le)
            )
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.StrType():
            return isinstance(value, str) and len(value) >= (kind.min_length or 0)
        case _:
            return True
