"""One value, one text: JSON without choices (RFC 8785), so that a hash of it means something.

Keys in order of their UTF-16 units, no white space, UTF-8, the shortest escapes. Numbers are integers that every JSON
reader keeps (below 2**53); larger ones, and all money and scores, are decimal text. Floats are refused.
"""

import json
import sys
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from makerscope.errors import InputError

MOST = 2**53 - 1
FEW = 64  # keys of a map whose order is remembered
DEEPEST = 2_000  # calls within calls, ours included


def canonical(value: object, where: str = "$") -> bytes:
    """The canonical bytes of a JSON value.

    Args:
        value: None, bool, int, str, and lists, tuples and dicts (with text keys) of them.
        where: what errors name.

    Raises:
        InputError: a float, an integer from 2**53 on, a lone surrogate, or anything that JSON has not.

    Examples:
        >>> canonical({"b": [1, None], "a": "é"}).decode()
        '{"a":"é","b":[1,null]}'
    """
    try:
        text = json.dumps(_sorted(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.encode()
    except _WrongError as error:
        raise InputError(f"{where}{error.path}", error.what, error.want) from None
    except UnicodeEncodeError as error:
        raise InputError(where, "holds half a character (a lone surrogate)", "text") from error
    except RecursionError as error:
        raise InputError(where, "is nested too deep", "a flat document") from error


def parse(data: bytes, where: object) -> Any:  # noqa: ANN401 - JSON holds anything
    """The value of a JSON file, of whatever form.

    Raises:
        InputError: it is no JSON, or nested too deep.
    """
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(min(limit, DEEPEST))  # a library may have raised it beyond what the stack holds
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(where, f"is no JSON ({error})", "the file as it was written") from error
    finally:
        sys.setrecursionlimit(limit)


def parse_canonical(data: bytes, where: object) -> Any:  # noqa: ANN401 - JSON holds anything
    """The value of canonical bytes.

    Raises:
        InputError: they are no JSON, or not in the canonical form; says where the first byte differs.
    """
    value = parse(data, where)
    want = canonical(value, str(where))
    if want != data:
        at = next((k for k, (a, b) in enumerate(zip(want, data, strict=False)) if a != b), min(len(want), len(data)))
        raise InputError(
            where,
            f"is not in canonical form at byte {at}",
            "sorted keys, each once, no white space, integers and text only",
        )
    return value


def _sorted(value: object) -> object:
    """A copy with keys in order; a path is put together only where something is wrong."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        if -MOST <= value <= MOST:
            return value
        raise _WrongError(f"is the number {value}", "decimal text from 2**53 on")
    if isinstance(value, list | tuple):
        try:
            return [item if type(item) is str else _sorted(item) for item in value]
        except _WrongError:
            _name_place(enumerate(value), "[{}]")
            raise
    if isinstance(value, dict):
        keys = _known_order(tuple(value)) if len(value) <= FEW else _order(tuple(value))
        try:
            return {key: item if type(item := value[key]) is str else _sorted(item) for key in keys}
        except _WrongError:
            _name_place(value.items(), ".{}")
            raise
    raise _WrongError(f"is {type(value).__name__} {value!r}", "text, an integer, true, false, null, a list or a map")


class _WrongError(Exception):
    """What stands where JSON has no one text for it: the fact, what was wanted, and the path, innermost first."""

    def __init__(self, what: str, want: str, path: str = "") -> None:
        self.what, self.want, self.path = what, want, path
        super().__init__(what)


def _name_place(items: Iterable[tuple[object, object]], form: str) -> None:
    """Raise the error of the first item that is wrong again, with its place before its path."""
    for key, item in items:
        try:
            _sorted(item)
        except _WrongError as error:
            raise _WrongError(error.what, error.want, form.format(key) + error.path) from None


def _order(keys: tuple[object, ...]) -> list[str]:
    """Keys in order of their UTF-16 units."""
    names = [key for key in keys if isinstance(key, str)]
    if len(names) < len(keys):
        bad = next(key for key in keys if not isinstance(key, str))
        raise _WrongError(f"has the key {bad!r}", "text as keys")
    return sorted(names, key=lambda key: key.encode("utf-16-be", "surrogatepass"))


_known_order = lru_cache(maxsize=256)(_order)  # a table has the same keys in every row
