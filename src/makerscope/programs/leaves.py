"""Every scored sample as a row: what one maker quoted at one instant and what the rule made of it.

These rows become the leaves of a sum tree, so that a contract can compute any one of them again. That wants a rule
that needs nothing but the maker's own orders and one reference: seeded or regular instants, a fixed base of distances,
one reference for both sides, no limit on the width between them, at most 16 orders a side.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from makerscope.errors import InputError
from makerscope.kernels.score_sweep import INSTANTS
from makerscope.programs.components import Market
from makerscope.programs.program import Group, Program
from makerscope.programs.scoring import Measured

MOST = 16
LISTS = ("bid_prices", "bid_sizes", "ask_prices", "ask_sizes")
SCHEMA = {
    "market": pl.Int64, "sample": pl.Int64, "maker": pl.String, "weight": pl.Int64, "reference": pl.Int64,
    **dict.fromkeys(LISTS, pl.List(pl.Int64)), "score": pl.Int64,
}  # fmt: skip


def why_not(program: Program) -> str:
    """What keeps a program's samples from being checked one by one, or an empty text.

    Examples:
        >>> from makerscope.programs.program_file import find_program
        >>> why_not(find_program("dydx_v3"))
        'group BTC and ETH: most_orders is 0, and a contract reads 1 to 16 orders a side'
    """
    if program.sampling.mode in ("integral", "block_minimum"):
        return f"it looks all the time ({program.sampling.mode}), not at instants"
    return next((f"group {group.name}: {why}" for group in program.group if (why := _hidden(group))), "")


def _hidden(group: Group) -> str:
    item = group.measure[0]
    reasons = {
        "its score does not come from samples": bool(group.queue or group.commitment),
        "it has several measures, and a leaf holds one": len(group.measure) > 1,
        "distances are measured from the best price, which a leaf does not hold": (
            item.kernel == "ticks" or group.reference.price == "best"
        ),
        f"distances are per {group.reference.per}, which a leaf does not hold": group.reference.per != "reference",
        "max_width looks at both sides together": bool(item.max_width or item.or_width),
        "min_side looks at a side together": item.min_side is not None,
        "within_size looks at the orders of others": item.within_size is not None,
        f"most_orders is {item.most_orders}, and a contract reads 1 to {MOST} orders a side": (
            not 1 <= item.most_orders <= MOST
        ),
    }
    return next((why for why, holds in reasons.items() if holds), "")


def leaves(found: Measured, addresses: Mapping[str, str]) -> pl.DataFrame:
    """Scored samples of all markets, by market, sample and address: what ``rewards.sample_leaves`` takes.

    Args:
        found: components of every market, of ``scoring.measure`` with ``keep``.
        addresses: of makers; those without one are left out (they cannot be paid).

    Returns:
        ``market`` (its number by name), ``sample`` (number of the instant), ``maker`` (address), ``weight`` 1,
        ``reference`` (twice a price, ticks), the orders as lists of ticks and lots, best first, and ``score``; only
        samples with a score above 0.

    Raises:
        InputError: the program's samples cannot be checked one by one.
    """
    why = why_not(found.program)
    if why:
        raise InputError(f"program {found.program.name!r}", f"has no checkable samples: {why}", "a rule that has")
    most = {group.name: group.measure[0].most_orders for group in found.program.group}
    parts = [
        _of_market(market, number, found, addresses, most[name])
        for number, (name, market) in enumerate(
            sorted(
                ((name, market) for name, items in found.markets.items() for market in items),
                key=lambda item: item[1].instrument.instrument,
            )
        )
    ]
    return pl.concat(parts).sort("market", "sample", pl.col("maker").str.to_lowercase())


def _of_market(market: Market, number: int, found: Measured, addresses: Mapping[str, str], most: int) -> pl.DataFrame:
    seen, instants = market.first.seen, market.looks.instants
    assert market.looks.mode == INSTANTS  # noqa: S101 - ``why_not`` has looked
    sample, maker = np.nonzero(seen)
    at = np.searchsorted(market.track.time, instants, side="right") - 1
    scored = pl.DataFrame(
        {
            "sample": sample.astype(np.int64),
            "who": maker.astype(np.int64),
            "reference": market.track.twice[at[sample], 0],
            "score": seen[sample, maker],
        }
    )
    sides = [_side(market, instants, 1, most, "bid"), _side(market, instants, -1, most, "ask")]
    names = [addresses.get(name) for name in found.ev.makers]
    joined = scored.join(sides[0], on=["sample", "who"], how="left").join(sides[1], on=["sample", "who"], how="left")
    known = pl.DataFrame({"who": range(len(names)), "maker": names}, schema={"who": pl.Int64, "maker": pl.String})
    return (
        joined.join(known.drop_nulls(), on="who", how="inner")
        .with_columns(
            pl.col(LISTS).fill_null(pl.lit([], dtype=pl.List(pl.Int64))),
            market=pl.lit(number, dtype=pl.Int64),
            weight=pl.lit(1, dtype=pl.Int64),
        )
        .select(list(SCHEMA))
        .cast(pl.Schema(SCHEMA))
    )


def _side(market: Market, instants: np.ndarray, sign: int, most: int, name: str) -> pl.DataFrame:
    """At each instant the best-priced orders of each maker on a side, of equal prices the larger first."""
    orders = market.orders
    rows = np.flatnonzero(orders.side == sign)
    first = np.searchsorted(instants, orders.enter[rows], side="left")
    count = np.searchsorted(instants, orders.leave[rows], side="left") - first
    each = np.repeat(rows, count)
    offset = np.arange(each.size) - np.repeat(np.cumsum(count) - count, count)
    return (
        pl.DataFrame(
            {
                "sample": (np.repeat(first, count) + offset).astype(np.int64),
                "who": orders.maker[each],
                "price": orders.price[each],
                "size": orders.size[each],
            }
        )
        .sort("sample", "who", sign * pl.col("price"), "size", descending=[False, False, True, True])
        .group_by("sample", "who", maintain_order=True)
        .agg(pl.col("price").head(most).alias(f"{name}_prices"), pl.col("size").head(most).alias(f"{name}_sizes"))
    )
