"""A compiled contract as its artifact describes it: calls and answers to bytes and back, and what its code looks like.

An artifact is JSON that holds the ABI, the creation bytecode and what compiled them. A contract that Vyper compiled is
deployed as its run-time code, which stands in the creation bytecode, followed by its immutables, a word each.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import msgspec
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError

from makerscope.errors import InputError
from makerscope.rewards.hashing import WORD, checksum, keccak

DISTRIBUTOR = "reward_distributor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function: its selector (4 bytes), the types it takes and gives; names and types in a struct that it gives."""

    selector: bytes
    takes: tuple[str, ...]
    gives: tuple[str, ...]
    names: tuple[str, ...]
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """A contract: functions by name, the topic of each event by its name, and its code."""

    functions: dict[str, Function]
    topics: dict[str, bytes]
    constructor: tuple[str, ...]
    creation: bytes
    runtime: bytes
    sources: str

    def calldata(self, name: str, *values: object) -> bytes:
        """What calls a function.

        Raises:
            InputError: a value is not of its type.

        Examples:
            >>> interface().calldata("finalise", 3).hex()[:12]
            '6b75dbde0000'
        """
        function = self.functions[name]
        return function.selector + _encoded(name, function.takes, values)

    def answer(self, name: str, data: bytes) -> tuple[Any, ...]:
        """What a function gave; the fields of a struct, where it gave one. Addresses have their capitals.

        Raises:
            InputError: the bytes are no such answer.
        """
        function = self.functions[name]
        try:
            found = decode(function.gives, data)
        except (DecodingError, OverflowError) as error:
            raise InputError(name, "the contract's answer is none", "the contract that makerscope deploys") from error
        values, kinds = (found[0], function.fields) if function.fields else (found, function.gives)
        return tuple(
            checksum(bytes.fromhex(value[2:])) if kind == "address" else value
            for value, kind in zip(values, kinds, strict=True)
        )

    def deployment(self, *values: object) -> bytes:
        """What creates the contract."""
        return self.creation + _encoded("the constructor", self.constructor, values)

    def is_deployed_as(self, code: bytes) -> bool:
        """Whether deployed code is this contract's, with as many immutables as its constructor could set."""
        words, rest = divmod(len(code) - len(self.runtime), WORD)
        return code.startswith(self.runtime) and rest == 0 and words <= len(self.constructor)


@cache
def interface(name: str = DISTRIBUTOR) -> Interface:
    """The contract in a shipped artifact."""
    text = resources.files("makerscope.rewards").joinpath("artifacts", f"{name}.json").read_bytes()
    found = msgspec.json.decode(text)
    creation = bytes.fromhex(found["bytecode"][2:])
    start = (
        len(creation) - int.from_bytes(creation[-2:]) - found["runtime_bytes"]
    )  # Vyper's metadata say how long they are
    kinds = {kind: [entry for entry in found["abi"] if entry["type"] == kind] for kind in ("function", "event")}
    constructor = next((entry for entry in found["abi"] if entry["type"] == "constructor"), {"inputs": []})
    return Interface(
        functions={entry["name"]: _function(entry) for entry in kinds["function"]},
        topics={entry["name"]: keccak(_signature(entry).encode()) for entry in kinds["event"]},
        constructor=tuple(_type(item) for item in constructor["inputs"]),
        creation=creation,
        runtime=creation[start : start + found["runtime_bytes"]],
        sources=found["sources"],
    )


def _function(entry: dict[str, Any]) -> Function:
    outputs = entry["outputs"]
    struct = outputs[0].get("components", []) if len(outputs) == 1 and outputs[0]["type"] == "tuple" else []
    return Function(
        selector=keccak(_signature(entry).encode())[:4],
        takes=tuple(_type(item) for item in entry["inputs"]),
        gives=tuple(_type(item) for item in outputs),
        names=tuple(item["name"] for item in struct),
        fields=tuple(_type(item) for item in struct),
    )


def _signature(entry: dict[str, Any]) -> str:
    return f"{entry['name']}({','.join(_type(item) for item in entry['inputs'])})"


def _type(item: dict[str, Any]) -> str:
    """The canonical name of a type, structs as what they are made of."""
    kind = item["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_type(part) for part in item['components'])})" + kind.removeprefix("tuple")


def _encoded(name: str, kinds: tuple[str, ...], values: tuple[object, ...]) -> bytes:
    try:
        return encode(kinds, values)
    except (EncodingError, TypeError, ValueError, OverflowError) as error:
        raise InputError(name, str(error), "values of " + ", ".join(kinds)) from error
