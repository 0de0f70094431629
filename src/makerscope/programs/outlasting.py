"""Depth that outlasts an instant: of what each maker showed before it, what it still shows when looked at again."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from makerscope.errors import AccountingError
from makerscope.kernels.held import held_through
from makerscope.kernels.score_sweep import INSTANTS
from makerscope.programs.components import Looks, Market, of_first, whole_numbers
from makerscope.programs.program import Group
from makerscope.programs.resting import Resting
from makerscope.programs.sample_rule import UNIT
from makerscope.programs.stress import within
from makerscope.programs.units import micro

_CELLS = 4_000_000  # sample scores of all makers held at once


def outlasted(
    market: Market,
    group: Group,
    makers: Sequence[str],
    *,
    before: NDArray[np.int64],
    looks: NDArray[np.int64],
    long: NDArray[np.int64],
    which: NDArray[np.int64],
) -> list[int]:
    """Mean of what outlasted, as a part of each maker's mean quality: pico, at most one.

    At each look a maker counts with the smaller of its scores before and then; the look is shared out by these as the
    rule shares out any other. One for a maker without quality.

    Args:
        market: its components.
        group: the rule; its first measure is looked at.
        makers: names.
        before: instants before, ns.
        looks: when it is looked at again, ns, in order.
        long: the weight of each look.
        which: the instant of ``before`` that each look belongs to, never falling.

    Raises:
        AccountingError: scores of all makers together do not fit 63 bits.
    """
    words = np.zeros(2 * len(makers), np.int64)
    low, high = (micro(group.target.low), micro(group.target.high)) if group.target else (0, 0)
    step = max(_CELLS // len(makers), 1)
    for start in range(0, looks.size, step):
        part = slice(start, start + step)
        first = int(which[start])
        mine = before[first : int(which[part][-1]) + 1]
        times, place = np.unique(np.concatenate([mine, looks[part]]), return_inverse=True)
        near = _around(market, int(times[0]), int(times[-1]) + 1)
        seen = of_first(near, Looks(mode=INSTANTS, instants=times), makers, most=group.measure[0].most_orders)
        shown, then = seen[place[: mine.size]], seen[place[mine.size :]]
        shared = group.normalise != "epoch"
        if held_through(shown, then, which[part] - first, long[part], shared, low, high, words) < 0:
            raise AccountingError(f"{market.instrument.instrument}: scores of all makers together do not fit 63 bits")
    whole = int(long.sum())
    quality = market.component[group.measure[0].name]
    return [
        part_of_one(held * market.looked, int(own or 0) * whole)
        for held, own in zip(whole_numbers(words).tolist(), quality, strict=True)
    ]


def part_of_one(part: int, whole: int) -> int:
    """``part / whole`` in pico, at most one; one where there is no whole.

    Examples:
        >>> part_of_one(1, 4), part_of_one(5, 4), part_of_one(0, 0)
        (250000000000, 1000000000000, 1000000000000)
    """
    return min(part * UNIT // whole, UNIT) if whole else UNIT


def _around(market: Market, start: int, end: int) -> Market:
    """The market with what rests in a stretch of time alone."""
    orders = market.orders
    rows = np.flatnonzero((orders.enter < end) & (orders.leave > start))
    columns = {name: getattr(orders, name)[rows] for name in ("enter", "leave", "maker", "side", "price", "size")}
    kept = Resting(**columns, leaving=np.argsort(columns["leave"], kind="stable").astype(np.int64))
    return replace(market, orders=kept, span=within(market.span, start, end))
