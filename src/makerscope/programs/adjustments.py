"""What is taken off a score: for quotes that go away when the price moves, and for quotes that no good fills back.

These charges compare sums, never ratios of single accounts, and take the smaller of two sums. A sum of such minima over
the parts of a maker is at most the minimum of its sums, so splitting an account never lowers a charge.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import InputError
from makerscope.programs.charges import Fade, Fills
from makerscope.programs.components import Market
from makerscope.programs.outlasting import outlasted, part_of_one
from makerscope.programs.program import Group
from makerscope.programs.references import Track
from makerscope.programs.sample_rule import UNIT
from makerscope.programs.stress import Window, shocks
from makerscope.programs.units import distance_in, nanoseconds, pico, value_factor

CHARGES = ("kept", "asked", "backed")  # components that are one for who was never there


def kept_after_moves(market: Market, group: Group, alarm: Track, makers: Sequence[str], until: int) -> list[int]:
    """Quality that outlasted each move of ``alarm``, by a maker's mean quality, pico and at most one; no move: one.

    Time is taken as it is, between any two events. Moves that the recorder did not hear whole are left out.
    """
    rule = group.fade
    assert rule is not None  # noqa: S101 - the caller asked
    moves = watched(rule, alarm, market, until)
    if not moves or not market.looked:
        return [UNIT] * len(makers)
    befores = np.array([before for before, _ in moves], np.int64)
    looks, long, which = _looks_after(market, [first for _, first in moves], nanoseconds(rule.after_s))
    return outlasted(market, group, makers, before=befores, looks=looks, long=long, which=which)


def backed_by_fills(fills: pl.DataFrame, market: Market, group: Group, makers: Sequence[str]) -> list[int]:
    """Share of the fills that count by share of quality, pico and at most one; one where no fill counts at all."""
    assert group.fills is not None  # noqa: S101 - the caller asked
    where = f"group {group.name!r}, fills"
    credit = credits_of(fills, market, group.fills, group.measure[0].by, where)
    quality = [int(own or 0) for own in market.component[group.measure[0].name]]
    whole, all_quality = sum(credit.values()), sum(quality)
    if not whole:
        return [UNIT] * len(makers)
    return [
        part_of_one(credit.get(name, 0) * all_quality, own * whole) for name, own in zip(makers, quality, strict=True)
    ]


def credits_of(fills: pl.DataFrame, market: Market, rule: Fills, by: str, where: str) -> dict[str, int]:
    """What each maker's fills count, in micro units of ``by``: by value, less by their markout.

    The markout is against the reference ``horizon_s`` later, or the first one known after that; a fill with none
    counts nothing, and neither does a fill of a maker with itself.

    Args:
        fills: of one instrument, with ``time``.
        market: its reference and rules.
        rule: what is fair.
        by: ``notional`` or ``size``.
        where: for errors.
    """
    track, instrument = market.track, market.instrument
    kind, absolute, fair = distance_in(rule.fair, instrument, f"{where}.fair")
    other, _, rich = distance_in(rule.rich, instrument, f"{where}.rich")
    if kind != other or rich <= fair:
        raise InputError(where, f"fair is {rule.fair}, rich is {rule.rich}", "one unit, and fair below rich")
    known = (track.twice[:, :2] > 0).all(axis=1) & (track.twice[:, 2] >= 0)
    later = pl.DataFrame(
        {
            "due": track.time[known],
            "twice": (track.twice[known, 0] + track.twice[known, 1]) // 2,
            "base": np.where(track.twice[known, 2] > 0, track.twice[known, 2], track.twice[known, :2].sum(axis=1) // 2),
        }
    )
    wide = pl.Int128
    num, den, by_value = value_factor(by, instrument)
    value = pl.col("size").cast(wide) * (pl.col("price").cast(wide) if by_value else 1) * num // den
    due = _due(fills.filter(pl.col("maker") != pl.col("taker").fill_null("")), track, nanoseconds(rule.horizon_s))
    rows = due.join_asof(later, on="due", strategy="forward").filter(pl.col("base") > 0)
    gain = (pl.col("side") * (pl.col("twice") - 2 * pl.col("price"))).clip(lower_bound=0).cast(wide)
    markout = gain * UNIT // (pl.lit(absolute, wide) if absolute else pl.col("base").cast(wide))
    part = ((rich - markout).clip(lower_bound=0) * UNIT // (rich - fair)).clip(upper_bound=UNIT)
    sums = rows.group_by("maker").agg((value * part // UNIT).sum().alias("credit"))
    return {maker: int(credit) for maker, credit in sums.iter_rows()}


def charge_factor(group: Group, component: Mapping[str, int]) -> int:
    """What is left of quality after all charges, pico.

    Of the whole, ``fade.charge`` is earned as far as it was ``kept``, ``fills.charge`` as far as it was ``backed``, the
    rest as it is; and ``asked.cap`` of all that is earned at most as far as it was there when takers ``asked``.

    Examples:
        >>> from decimal import Decimal
        >>> from makerscope.programs.charges import Asked
        >>> rule = Fade(move="1 %", within_s=Decimal(1), before_s=Decimal(1), after_s=Decimal(1), charge=Decimal("0.3"))
        >>> charge_factor(Group(name="all", fade=rule), {"kept": UNIT // 2})
        850000000000
        >>> capped = Group(name="all", fade=rule, asked=Asked())
        >>> charge_factor(capped, {"kept": UNIT // 2, "asked": UNIT // 10})
        100000000000
    """
    rules = ((group.fade, "kept"), (group.fills, "backed"))
    charged = [(pico(rule.charge), component[name]) for rule, name in rules if rule]
    plain = UNIT - sum(charge for charge, _ in charged)

    def earned(most: int) -> int:
        return (plain * most + sum(charge * min(part, most) for charge, part in charged)) // UNIT

    if group.asked is None:
        return earned(UNIT)
    capped = pico(group.asked.cap)
    return ((UNIT - capped) * earned(UNIT) + capped * earned(component["asked"])) // UNIT


def _due(fills: pl.DataFrame, track: Track, horizon: int) -> pl.DataFrame:
    """Fills with the time from which the reference is looked for: where it still stands then, that of its row."""
    rows = fills.with_columns(due=pl.col("time") + horizon)
    rows = rows.filter(pl.col("due") <= (int(track.time[-1]) if track.time.size else -1))
    due = rows["due"].to_numpy()
    at = np.searchsorted(track.time, due, side="right") - 1
    stands = np.where(at >= 0, track.time[np.clip(at, 0, None)], due) if rows.height else due
    return rows.with_columns(due=pl.Series(stands, dtype=pl.Int64)).sort("due", maintain_order=True)


def watched(rule: Fade, alarm: Track, market: Market, until: int) -> list[Window]:
    """For each move that was heard whole: the instant before it began, and when it was seen."""
    after = nanoseconds(rule.after_s)
    found = shocks(alarm, until - after, rule, market.instrument.instrument)
    return [(before, first) for before, first in found if _heard(market, before, first + after)]


def _heard(market: Market, start: int, end: int) -> bool:
    """Whether one stretch of recording holds all of a time, and the rule asked for the instrument when it began."""
    span, track = market.span, market.track
    row = int(np.searchsorted(track.time, start, side="right")) - 1
    asked = row >= 0 and int(track.twice[row, 2]) >= 0
    begin = int(np.searchsorted(span.start, start, side="right")) - 1
    last = int(np.searchsorted(span.start, end, side="left")) - 1
    whole = begin >= 0 and bool((span.end[begin:last] == span.start[begin + 1 : last + 1]).all())
    return asked and whole and end <= int(span.end[last])


def _looks_after(
    market: Market, firsts: Sequence[int], after: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Every instant in the time after each move at which a score may change, how long it stands, and which move."""
    orders = market.orders
    changes = np.sort(np.concatenate([orders.enter, orders.leave, market.track.time]))
    looks: list[NDArray[np.int64]] = []
    long: list[NDArray[np.int64]] = []
    for first in firsts:
        low, high = np.searchsorted(changes, [first, first + after], side="right")
        times = np.unique(np.append(changes[low:high], first))
        times = times[times < first + after]
        looks.append(times)
        long.append(np.diff(np.append(times, first + after)))
    which = np.repeat(np.arange(len(firsts)), [len(times) for times in looks])
    return np.concatenate(looks), np.concatenate(long), which
