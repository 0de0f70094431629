"""The first place where two documents differ, said so that a reader finds it: its path, what it says, what follows."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

ABSENT = object()
_NAMES = ("maker", "account", "market", "sample", "group", "screen", "quote")  # what tells rows of a list apart


class Difference(Struct, frozen=True, kw_only=True):
    """One value that is not what it should be, as texts. ``path`` as in ``amounts[3].amount``.

    ``says`` is empty where nothing could be compared; ``follows`` then says why not.
    """

    path: str
    says: str
    follows: str

    def __str__(self) -> str:
        """One line."""
        if not self.says:
            return f"{self.path}: cannot be recomputed: {self.follows}"
        return f"{self.path}: says {self.says}; what follows is {self.follows}"


def first_difference(says: Any, follows: Any, path: str) -> Difference | None:  # noqa: ANN401 - JSON holds anything
    """The first difference of two JSON values, in order of keys and places; None where they are equal.

    Rows of a list are compared by the names in them, so that a row that is missing does not make all behind it differ.

    Examples:
        >>> str(first_difference({"a": ["1", "2"]}, {"a": ["1", "3"]}, "$"))
        '$.a[1]: says 2; what follows is 3'
    """
    if isinstance(says, Mapping) and isinstance(follows, Mapping):
        for key in sorted({*says, *follows}):
            inner = first_difference(says.get(key, ABSENT), follows.get(key, ABSENT), f"{path}.{key}")
            if inner:
                return inner
        return None
    if isinstance(says, list | tuple) and isinstance(follows, list | tuple):
        return _first_of_rows(says, follows, path)
    if says == follows and isinstance(says, bool) == isinstance(follows, bool):
        return None
    return Difference(path=path, says=_short(says), follows=_short(follows))


def _first_of_rows(says: Sequence[Any], follows: Sequence[Any], path: str) -> Difference | None:
    theirs, ours = [_name(row) for row in says], [_name(row) for row in follows]
    if all(ours) and all(theirs):
        wrong = _other_rows(says, follows, theirs, ours, path)
        if wrong:
            return wrong
    for place in range(max(len(says), len(follows))):
        left, right = (rows[place] if place < len(rows) else ABSENT for rows in (says, follows))
        if left == right:
            continue
        label = f" ({theirs[place]})" if place < len(theirs) and theirs[place] else ""
        inner = first_difference(left, right, f"{path}[{place}]{label}")
        if inner:
            return inner
    return None


def _other_rows(
    says: Sequence[Any], follows: Sequence[Any], theirs: list[str], ours: list[str], path: str
) -> Difference | None:
    """A row that should not be there, is there twice, or is missing."""
    known, seen = set(ours), set[str]()
    for place, name in enumerate(theirs):
        if name not in known:
            return Difference(path=f"{path}[{place}]", says=_short(says[place]), follows=f"no row of {name}")
        if name in seen and len(known) == len(ours):
            return Difference(path=f"{path}[{place}]", says=f"a second row of {name}", follows="one")
        seen.add(name)
    missing = next((place for place, name in enumerate(ours) if name not in seen), None)
    if missing is None:
        return None
    return Difference(path=path, says=f"no row of {ours[missing]}", follows=_short(follows[missing]))


def _name(row: object) -> str:
    """What tells a row from others: all its names; of a row of a maker the account is a fact, which may be wrong."""
    if not isinstance(row, Mapping):
        return ""
    keys = [key for key in _NAMES if key != "account" or "maker" not in row]
    return " ".join(str(row[key]) for key in keys if isinstance(row.get(key), str | int))


def _short(value: object) -> str:
    text = "nothing" if value is ABSENT else str(value)
    return text if len(text) <= 160 else text[:157] + "..."
