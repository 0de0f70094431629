"""Samples of quotes as leaves: the ABI encoding and hash of every row of a table, checked and in order.

A leaf says what one maker quoted at one instant and what the program's rule made of it, so that a contract can compute
that one score again. Its hash is ``keccak(keccak(abi.encode(leaf)))`` over ``FIELDS`` in their order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import InputError
from makerscope.rewards.hashing import account_name, address_bytes, keccak

NUMBERS = ("market", "sample", "weight", "reference", "score")
LISTS = ("bid_prices", "bid_sizes", "ask_prices", "ask_sizes")
FIELDS = ("market", "sample", "maker", "weight", "reference", *LISTS, "score")
TYPES = ("uint256", "uint256", "address", "uint256", "uint256", *4 * ("uint256[]",), "uint256")
MAX_ORDERS = 16  # of a side, nearest first: what a contract reads in one call
_HEAD = len(FIELDS)
RANGE = "whole numbers from 0 to 2**63 - 1"
_CHUNK = 1 << 16  # leaves encoded at once: about 60 MB with ten orders each


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaves:
    """The table as arrays: numbers ``(n,)`` int64, lists as flat values and ends, makers as 20 bytes each."""

    numbers: dict[str, NDArray[np.int64]]
    lists: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]
    makers: NDArray[np.uint8]


def leaf_hashes(leaves: pl.DataFrame) -> list[bytes]:
    """Hash of every leaf.

    Args:
        leaves: columns ``FIELDS``: ``maker`` an address as text, the four lists of ticks and lots, all else integers;
            rows by ascending (market, sample, address as a number), no key twice; at most 16 orders a side.

    Raises:
        InputError: no rows, a column is missing or of another type, a value is missing or negative, prices and sizes
            differ in number, there are too many orders, or a row is out of order; it names the row.

    Examples:
        >>> book = {"bid_prices": [[99]], "bid_sizes": [[5]], "ask_prices": [[101]], "ask_sizes": [[5]]}
        >>> row = {"market": 0, "sample": 7, "maker": "0x" + 40 * "1", "weight": 1, "reference": 200, "score": 42}
        >>> leaf_hashes(pl.DataFrame({**row, **book}))[0].hex()[:16]
        'd5828fc7af088f0c'
    """
    return [keccak(keccak(data)) for data in encoded(leaves)]


def leaf_values(leaves: pl.DataFrame) -> list[int]:
    """What every leaf adds to the sum: ``score * weight``, exact."""
    pairs = zip(leaves["score"].to_list(), leaves["weight"].to_list(), strict=True)
    return [score * weight for score, weight in pairs]


def leaf_arguments(leaves: pl.DataFrame, row: int) -> tuple[Any, ...]:
    """One leaf as the arguments of a contract, in the order of ``FIELDS``: ints, lists of ints, checksummed address."""
    found = leaves.row(row, named=True)
    found["maker"] = account_name(found["maker"], f"leaf {row}")
    return tuple(found[name] for name in FIELDS)


def encoded(leaves: pl.DataFrame) -> Iterator[bytes]:
    """``abi.encode`` of every leaf; see ``leaf_hashes``."""
    for start in range(0, max(leaves.height, 1), _CHUNK):
        first = max(start - 1, 0)  # with the row before, so that the order is checked across chunks
        table = _checked(leaves.slice(first, _CHUNK + start - first), first)
        data, ends = _words(table)
        places = [0, *ends.tolist()]
        for a, b in zip(places[start - first :], places[start - first + 1 :], strict=False):
            yield data[a:b]


def _words(table: _Leaves) -> tuple[bytes, NDArray[np.int64]]:
    """All leaves one behind the other, and where each ends, in bytes."""
    counts = [np.diff(ends) for _, ends in table.lists.values()]
    sizes = _HEAD + sum(1 + count for count in counts)
    stops = np.cumsum(sizes)
    starts = stops - sizes
    words = np.zeros((int(stops[-1]), 4), ">u8")  # every number fits the last eight bytes of its word
    for name, column in table.numbers.items():
        words[starts + FIELDS.index(name), 3] = column
    words.view(np.uint8)[starts + FIELDS.index("maker"), 12:] = table.makers
    offset = np.full(len(starts), _HEAD)
    for (name, (items, ends)), count in zip(table.lists.items(), counts, strict=True):
        words[starts + FIELDS.index(name), 3] = 32 * offset
        words[starts + offset, 3] = count
        shift = np.repeat(starts + offset + 1 - ends[:-1], count)
        words[shift + np.arange(len(items)), 3] = items
        offset += 1 + count
    return words.tobytes(), 32 * stops


def _checked(leaves: pl.DataFrame, first: int) -> _Leaves:
    missing = [name for name in FIELDS if name not in leaves.columns]
    if missing or not leaves.height:
        raise InputError("leaves", f"no column {missing[0]!r}" if missing else "no rows", "one row a sample and maker")
    numbers = {name: _numbers(leaves[name], f"leaves {name}", first) for name in NUMBERS}
    lists = {name: _lists(leaves[name], first) for name in LISTS}
    for side in ("bid", "ask"):
        prices, sizes = np.diff(lists[f"{side}_prices"][1]), np.diff(lists[f"{side}_sizes"][1])
        _refuse(prices != sizes, first, f"{side} prices and sizes differ in number", "a size for each price")
        _refuse(prices > MAX_ORDERS, first, f"too many {side}s", f"the {MAX_ORDERS} nearest")
    makers, rank = _makers(leaves["maker"], first)
    _ascending(numbers["market"], numbers["sample"], rank, first)
    return _Leaves(numbers=numbers, lists=lists, makers=makers)


def _numbers(column: pl.Series, what: str, first: int) -> NDArray[np.int64]:
    if not column.dtype.is_integer():
        raise InputError(what, f"is {column.dtype}", "integers")
    small = column.cast(pl.Int64, strict=False)
    _refuse((small.is_null() | (small < 0)).to_numpy(), first, what, RANGE)
    return small.to_numpy()


def _lists(column: pl.Series, first: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Values of a column of lists, one list behind the other, and where each starts; ``n + 1`` places."""
    if not isinstance(column.dtype, pl.List) or not (column.dtype.inner or pl.Null()).is_integer():
        raise InputError(f"leaves {column.name}", f"is {column.dtype}", "lists of integers")
    _refuse(column.is_null().to_numpy(), first, column.name, "a list, empty where there is no order")
    count = column.list.len().to_numpy().astype(np.int64)
    items = column.filter(column.list.len() > 0).explode().cast(pl.Int64, strict=False)
    bad = np.repeat(np.arange(len(count)), count)[(items.is_null() | (items < 0)).to_numpy()]
    if bad.size:
        raise InputError(f"leaf {first + bad[0]}", column.name, RANGE)
    return items.to_numpy(), np.concatenate(([0], np.cumsum(count)))


def _makers(column: pl.Series, first: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The 20 bytes of each row's maker, and its rank as a number."""
    rows = column.arg_unique()
    names = column.gather(rows)
    raw = [address_bytes(text, f"leaf {first + row}", zero=False) for text, row in zip(names, rows, strict=True)]
    order = {address: rank for rank, address in enumerate(sorted(set(raw)))}
    code = column.replace_strict(names, np.arange(len(names)), return_dtype=pl.Int64).to_numpy()
    table = np.frombuffer(b"".join(raw), np.uint8).reshape(-1, 20)
    return table[code], np.array([order[address] for address in raw])[code]


def _ascending(market: NDArray, sample: NDArray, rank: NDArray, first: int) -> None:
    keys = (market, sample, rank)
    after, same = np.zeros(len(market) - 1, bool), np.ones(len(market) - 1, bool)
    for key in keys:
        after |= same & (key[1:] > key[:-1])
        same &= key[1:] == key[:-1]
    _refuse(
        np.concatenate(([False], ~after)),
        first,
        "is not after the row before",
        "ascending (market, sample, maker), each once",
    )


def _refuse(bad: NDArray[np.bool_], first: int, what: str, want: str) -> None:
    if bad.any():
        raise InputError(f"leaf {first + int(bad.argmax())}", what, want)
