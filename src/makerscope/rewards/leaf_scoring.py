"""Leaves scored again: a rule from its words, and what the orders of every leaf are worth."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.kernels.leaf_scores import leaf_scores
from makerscope.programs.sample_rule import Kernel, Reducer, SampleRule
from makerscope.rewards.sample_leaves import LISTS


def rule_of(words: Sequence[int]) -> SampleRule:
    """A rule from its 32 words.

    Raises:
        DomainError: they are no rule.

    Examples:
        >>> rule_of(SampleRule(limit=5).words()) == SampleRule(limit=5)
        True
    """
    kernel, reducer, limit, closed, rate, nearest, absolute, by_value, *rest = words[:16]
    num, den, min_value, divisor, low, high, comparable, cap = rest
    if kernel not in tuple(Kernel) or reducer not in tuple(Reducer):
        raise DomainError(f"sample rule: kernel {kernel}, reducer {reducer}; want known ones")
    return SampleRule(
        kernel=Kernel(kernel), reducer=Reducer(reducer), limit=limit, closed=bool(closed), rate=rate, nearest=nearest,
        absolute=absolute, by_value=bool(by_value), num=num, den=den, min_value=min_value, divisor=divisor,
        low=low, high=high, comparable=comparable, cap=cap, edges=tuple(words[16:24]), weights=tuple(words[24:32]),
    )  # fmt: skip


def doubtful_leaves(samples: pl.DataFrame, rules: Sequence[Sequence[int]]) -> NDArray[np.bool_]:
    """Leaves whose score the compiled rule of their market does not give; the definition says what is wrong of them.

    Args:
        samples: columns of ``sample_leaves.FIELDS``.
        rules: 32 words a market.
    """
    said = samples["score"].cast(pl.Int64, strict=False).fill_null(-1).to_numpy()
    return said != _scores(samples, rules)


def _scores(samples: pl.DataFrame, rules: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """What the orders of each sample are worth, by the compiled twin of the rule; -1 where they have no score."""
    fits = (pl.col(price).list.len() == pl.col(size).list.len() for price, size in (LISTS[:2], LISTS[2:]))
    even = samples.select(pl.all_horizontal(fits))[:, 0].to_numpy()
    part = samples.filter(even)
    out, found = np.full(samples.height, -1, np.int64), np.empty(part.height, np.int64)
    numbers = [part[name].cast(pl.Int64, strict=False).fill_null(-1).to_numpy() for name in ("market", "reference")]
    sides = [array for prices, sizes in (LISTS[:2], LISTS[2:]) for array in _flat(part[prices], part[sizes])]
    leaf_scores(np.array(rules, np.int64), *numbers, *sides, found)
    out[even] = found
    return out


def _flat(prices: pl.Series, sizes: pl.Series) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Lists of a side one behind the other, and where each begins."""
    ends = np.concatenate(([0], np.cumsum(prices.list.len().to_numpy().astype(np.int64))))
    flat = [
        column.filter(column.list.len() > 0).explode().cast(pl.Int64, strict=False).fill_null(-1).to_numpy()
        for column in (prices, sizes)
    ]
    return flat[0], flat[1], ends
