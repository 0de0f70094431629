"""Find the first sample of a posted epoch that is false, and what shows it to the contract.

Whoever has the samples that an epoch was posted with can hash them again and score them again. A sample whose score is
not what the rule of its market makes of its orders, one that cannot be a sample at all, or two that are out of order
are each enough to cancel the epoch.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import AccountingError, DomainError, InputError
from makerscope.programs.sample_rule import SampleRule, sample_score
from makerscope.rewards.abi import encoder
from makerscope.rewards.bundle import read_file
from makerscope.rewards.hashing import address_bytes, checksum, hex_of, keccak
from makerscope.rewards.leaf_scoring import doubtful_leaves, rule_of
from makerscope.rewards.merkle import proof as rule_proof
from makerscope.rewards.rules_tree import SCALARS, TABLE, rules_tree
from makerscope.rewards.sample_leaves import FIELDS, LISTS, MAX_ORDERS, TYPES, leaf_hashes, leaf_values
from makerscope.rewards.sum_tree import SumTree, proof, sum_tree
from makerscope.rewards.tables import read_table

MAX_PRICE, LARGEST = 1 << 61, (1 << 63) - 1  # what the contract takes for an order


@dataclass(frozen=True, slots=True, kw_only=True)
class Falsehood:
    """What is false, in words, and the contract's function and arguments (after the epoch) that prove it."""

    text: str
    function: str
    arguments: tuple[Any, ...]


def read_samples(path: Path) -> pl.DataFrame:
    """The samples of a bundle, in the order of their tree.

    Raises:
        InputError: the file cannot be read, or a column is missing.
    """
    found = read_table(read_file(path.parent, path.name), path)
    missing = [name for name in FIELDS if name not in found.columns]
    if missing or not found.height:
        raise InputError(path, f"column {missing[0]!r} is missing" if missing else "holds no sample", ", ".join(FIELDS))
    found = found.select(FIELDS)
    if sum(found.null_count().row(0)):
        raise InputError(path, "a value is missing", "a value in every column and row")
    return found


def tree_of(samples: pl.DataFrame) -> SumTree:
    """The sum tree over samples as they stand, in whatever order."""
    try:
        return sum_tree(leaf_hashes(samples), leaf_values(samples))
    except InputError:  # out of order, or no samples: what was posted is hashed all the same
        encode = encoder(TYPES)
        rows = (encode(row, f"sample {at}") for at, row in enumerate(samples.iter_rows()))
        return sum_tree([keccak(keccak(data)) for data in rows], leaf_values(samples))


def first_falsehood(
    samples: pl.DataFrame, rules: tuple[tuple[int, ...], ...], max_weight: int, tree: SumTree
) -> Falsehood | None:
    """The first false sample, None where all are true.

    Args:
        samples: as ``read_samples`` gives them.
        rules: 32 words a market.
        max_weight: the largest weight that the program allows.
        tree: over these samples.
    """
    parsed = [rule_of(words) for words in rules]
    unordered = _unordered(samples)
    doubtful = unordered | doubtful_leaves(samples, rules)
    doubtful |= ~samples["weight"].is_between(1, max_weight).to_numpy()
    for at in np.flatnonzero(doubtful).tolist():
        shown = samples.row(at, named=True)
        if unordered[at]:
            text = f"sample {at} ({_named(shown)}) does not come after the one before it"
            arguments = (_shown(samples, at - 1), _place(tree, at - 1), _shown(samples, at), _place(tree, at))
            return Falsehood(text=text, function="challenge_order", arguments=arguments)
        wrong = _wrong(shown, parsed, max_weight)
        if wrong:
            arguments = (_shown(samples, at), _place(tree, at), *_rule_arguments(rules, shown["market"]))
            text = f"sample {at} ({_named(shown)}) {wrong}"
            return Falsehood(text=text, function="challenge_score", arguments=arguments)
    return None


def _unordered(samples: pl.DataFrame) -> NDArray[np.bool_]:
    """Which samples do not come after the one before them."""
    makers = samples["maker"].unique()
    number = {name: int(address_bytes(name, "samples, maker").hex(), 16) for name in makers}
    order = {value: rank for rank, value in enumerate(sorted(set(number.values())))}
    rank = samples["maker"].replace_strict(
        list(number), [order[value] for value in number.values()], return_dtype=pl.Int64
    )
    keys = samples.select("market", "sample", rank.alias("rank"))
    same, after = pl.lit(value=True), pl.lit(value=False)
    for name in keys.columns:
        step = pl.col(name).cast(pl.Int128) - pl.col(name).cast(pl.Int128).shift(1)
        same, after = same & (step == 0), after | (same & (step > 0))
    return keys.select((~after).fill_null(value=False))["literal"].to_numpy()


def _wrong(shown: dict[str, Any], rules: list[SampleRule], max_weight: int) -> str:
    """What is false of a sample, or nothing."""
    if shown["market"] >= len(rules):
        return f"is of market {shown['market']}, and the program has {len(rules)}"
    if not 0 < shown["weight"] <= max_weight:
        return f"has weight {shown['weight']}, and the program allows 1 to {max_weight}"
    sides = [[shown[name] for name in LISTS[at : at + 2]] for at in (0, 2)]
    if any(len(prices) != len(sizes) or len(prices) > MAX_ORDERS for prices, sizes in sides):
        return "does not have a size for each price"
    if not 0 < shown["reference"] <= 2 * MAX_PRICE or any(max(prices, default=0) > MAX_PRICE for prices, _ in sides):
        return "has a price or reference that no order can have"
    bids, asks = (list(zip(*side, strict=True)) for side in sides)
    try:
        score = sample_score(rules[shown["market"]], shown["reference"], bids, asks)
    except (DomainError, AccountingError) as error:
        return f"cannot be scored: {error}"
    return "" if shown["score"] == score else f"has score {shown['score']}, and its orders give {score}"


def _rule_arguments(rules: tuple[tuple[int, ...], ...], market: int) -> tuple[tuple[Any, ...], list[bytes]]:
    """A rule and its proof as the contract takes them; any rule will do for a market that is none."""
    words = rules[market] if market < len(rules) else (0,) * (SCALARS + 2 * TABLE)
    path = list(rule_proof(rules_tree(rules), market)) if market < len(rules) else []
    return (*words[:SCALARS], list(words[SCALARS : SCALARS + TABLE]), list(words[SCALARS + TABLE :])), path


def _shown(samples: pl.DataFrame, at: int) -> tuple[Any, ...]:
    row = samples.row(at, named=True)
    row["maker"] = checksum(address_bytes(row["maker"], f"sample {at}"))
    return tuple(row[name] for name in FIELDS)


def _place(tree: SumTree, at: int) -> tuple[int, int, list[tuple[bytes, int]]]:
    return at, tree.node(0, at)[1], list(proof(tree, at))


def _named(shown: dict[str, Any]) -> str:
    return f"market {shown['market']}, {shown['sample']}, maker {shown['maker']}"


def checked_rules(rules: tuple[tuple[int, ...], ...], rules_root: bytes, where: object) -> None:
    """Refuse rules that are not those under a root.

    Raises:
        InputError: they are others, or none are given.
    """
    if not rules:
        raise InputError(where, "holds no rules", "the 32 words of each market's rule")
    found = rules_tree(rules).root
    if found != rules_root:
        raise InputError(where, f"its rules give the root {hex_of(found)}", f"{hex_of(rules_root)}")
