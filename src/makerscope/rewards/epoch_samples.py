"""An epoch's scored samples under one root, with the rules by which a contract can compute any one of them again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from makerscope.programs.leaves import leaves, why_not
from makerscope.programs.sample_rule import sample_score
from makerscope.programs.scoring import Measured
from makerscope.rewards.bundle import SamplesPart
from makerscope.rewards.difference import Difference
from makerscope.rewards.hashing import hex_of
from makerscope.rewards.leaf_scoring import doubtful_leaves, rule_of
from makerscope.rewards.rules_tree import rules_tree
from makerscope.rewards.sample_leaves import leaf_hashes, leaf_values
from makerscope.rewards.sum_tree import SumTree, sum_tree

Rules = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """What a bundle says about samples. ``table``: the leaves, None where there are none; ``note``: why not."""

    table: pl.DataFrame | None = None
    part: SamplesPart | None = None
    rules: Rules = ()
    rules_root: str | None = None
    max_weight: int = 0
    note: str = ""


def sampled(found: Measured, addresses: Mapping[str, str]) -> Sampled:
    """The samples of an epoch: of makers with an address, where the program's samples can be checked one by one."""
    why = why_not(found.program)
    if why:
        return Sampled(note=f"samples cannot be challenged: {why}")
    rules = tuple(market.rules[0].rule.words() for market in found.in_order())
    table = leaves(found, addresses)
    none = "no sample of a maker with an address has a score: nothing to challenge"
    return Sampled(
        table=table if table.height else None,
        part=samples_part(table),
        rules=tuple(tuple(str(word) for word in words) for words in rules),
        rules_root=root_of_rules(rules),
        max_weight=int(str(table["weight"].max())) if table.height else 1,
        note="" if table.height else none,
    )


def samples_part(table: pl.DataFrame) -> SamplesPart | None:
    """The sum tree of leaves, as a bundle says it; None without leaves.

    Raises:
        InputError: the leaves are malformed or out of order.
    """
    if not table.height:
        return None
    tree = tree_of_samples(table)
    top, total = tree.root
    return SamplesPart(hash=hex_of(top), total=str(total), count=str(tree.count), root=hex_of(tree.commitment))


def tree_of_samples(table: pl.DataFrame) -> SumTree:
    """The sum tree over leaves in their order."""
    return sum_tree(leaf_hashes(table), leaf_values(table))


def root_of_rules(rules: Sequence[Sequence[int]]) -> str | None:
    """The root over the rules of all markets, in order of name; None without rules."""
    return hex_of(rules_tree(rules).root) if rules else None


def wrong_leaf(table: pl.DataFrame, rules: Sequence[Sequence[int]]) -> Difference | None:
    """The first leaf whose score does not follow from its quote by its market's rule."""
    read = [rule_of(words) for words in rules]
    for place in np.flatnonzero(doubtful_leaves(table, rules)).tolist():
        row = table.row(place, named=True)
        path = f"samples.parquet row {place} (market {row['market']}, sample {row['sample']}, {row['maker']})"
        if row["market"] >= len(read):
            return Difference(path=f"{path}.market", says=str(row["market"]), follows=f"one of {len(read)} markets")
        bids, asks = (list(zip(row[f"{side}_prices"], row[f"{side}_sizes"], strict=False)) for side in ("bid", "ask"))
        follows = sample_score(read[row["market"]], row["reference"], bids, asks)
        if follows != row["score"]:
            return Difference(path=f"{path}.score", says=str(row["score"]), follows=str(follows))
    return None
