"""One value, one text: JSON without choices (RFC 8785), so that a hash of it means something.

Keys in order of their UTF-16 units, no white space, UTF-8, the shortest escapes. Numbers are integers that every JSON
reader keeps (below 2**53); larger ones, and all money and scores, are decimal text. Floats are refused.
"""

import json
import sys
from typing import Any

from makerscope.errors import InputError

MOST = 2**53 - 1
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
        text = json.dumps(_sorted(value, where), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.encode()
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


def _sorted(value: object, where: str) -> object:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        if abs(value) > MOST:
            raise InputError(where, f"is the number {value}", "decimal text from 2**53 on")
        return value
    if isinstance(value, list | tuple):
        return [_sorted(item, f"{where}[{place}]") for place, item in enumerate(value)]
    if isinstance(value, dict):
        bad = next((key for key in value if not isinstance(key, str)), None)
        if bad is not None:
            raise InputError(where, f"has the key {bad!r}", "text as keys")
        ordered = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return {key: _sorted(value[key], f"{where}.{key}") for key in ordered}
    raise InputError(
        where, f"is {type(value).__name__} {value!r}", "text, an integer, true, false, null, a list, a map"
    )
