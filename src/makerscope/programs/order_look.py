"""One look at a maker's orders under a program: what each was worth at a moment, or why it did not count."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import polars as pl

from makerscope.errors import InputError
from makerscope.kernels.score_sweep import INSTANTS
from makerscope.programs.components import Market, Parties, inside_size
from makerscope.programs.gates import parties_of
from makerscope.programs.program import Measure
from makerscope.programs.sample_rule import (
    UNIT,
    Order,
    SampleRule,
    distance,
    in_limit,
    reduce_sides,
    value_of,
    weighed_order,
    weight,
)
from makerscope.programs.scoring import Measured
from makerscope.programs.units import MICRO, MarketRule

TOO_FAR, TOO_NEAR, TOO_SMALL, TOO_YOUNG, TOO_OLD = "too far", "too near", "too small", "too young", "too old"
NOT_AMONG, NO_WEIGHT, OTHER_SIDE = "not among the best", "no weight so far out", "this side is not looked at"
TOO_WIDE, ALONE, SIDE_SMALL = "sides too far apart", "other side missing", "side too small together"
UNEQUAL = "sides of different size"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLook:
    """One order. ``side``: +1 bid; ``price``: ticks; ``size``: lots; ``age``: ns since it was placed or replaced.

    ``distance``: pico of the base; ``value``: as the rule counts, micro units; ``weight``: pico; ``score``: what it
    adds to its side. ``why`` is what kept it from counting, else empty.
    """

    order: str
    side: int
    price: int
    size: int
    age: int
    distance: int
    value: int
    weight: int
    score: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All orders of a maker in one market at one moment, under one measure.

    ``reference``: twice a price for bids and for asks, ticks, and the base of distances (half ticks). ``sides``: scores
    of bids and asks; ``sample``: the score of the look. ``sampled``: False where the rule looked at other moments only.
    ``why``: what kept the look from counting, else empty.
    """

    maker: str
    market: str
    group: str
    measure: str
    time: int
    reference: tuple[int, int, int] | None
    orders: tuple[OrderLook, ...]
    sides: tuple[int, int]
    sample: int
    sampled: bool
    why: str


def look_at(found: Measured, maker: str, time: int) -> tuple[Look, ...]:
    """What each order of a maker was worth at a moment, in every market where it had one.

    Args:
        found: components of every market, of ``scoring.measure``.
        maker: its name.
        time: ns.

    Returns:
        One look a market and measure, in the order of the program.

    Raises:
        InputError: the time lies outside the epoch, or the maker has no orders on the tape.
    """
    ev = found.ev
    if not ev.since <= time < ev.until:
        raise InputError("--at", f"{time} ns lies outside the epoch", f"{ev.since} to {ev.until} ns")
    if maker not in ev.makers:
        raise InputError(f"--maker {maker}", "has no orders and no fills here", f"one of {', '.join(ev.makers[:8])}")
    groups = {group.name: group for group in found.program.group}
    parties = parties_of(found.program, [maker])
    out: list[Look] = []
    for name, markets in found.markets.items():
        for market in markets:
            lives = ev.lives[market.instrument.instrument]
            resting = lives.filter(pl.col("start") <= time, pl.col("end") > time)
            if resting["maker"].eq(maker).any():
                pairs = zip(groups[name].measure, market.rules, strict=True)
                at = _Moment(market=market, group=name, maker=maker, time=time, resting=resting, parties=parties)
                out += [_look(at, item, rule) for item, rule in pairs]
    return tuple(out)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    """One maker in one market at one time (ns); ``resting``: everybody's orders then."""

    market: Market
    group: str
    maker: str
    time: int
    resting: pl.DataFrame
    parties: Parties


def _look(at: _Moment, item: Measure, rule: MarketRule) -> Look:
    market, time = at.market, at.time
    row = int(np.searchsorted(market.track.time, time, side="right")) - 1
    bids, asks, base = (int(each) for each in market.track.twice[row]) if row >= 0 else (-1, -1, -1)
    known = bids > 0 and asks > 0 and base >= 0
    heard = bool(((market.span.start <= time) & (time < market.span.end)).any())
    why = "" if at.parties.enrolled[0] else "takes no part in the program"
    why = why if heard else "nobody listened to orders here"
    why = why if known else "no reference, or the rule does not ask for this market now"
    orders: tuple[OrderLook, ...] = ()
    sides, sample = (0, 0), 0
    if known:
        used = replace(rule.rule, absolute=base) if base > 0 else rule.rule
        orders = _orders(at, item, rule, used, (bids, asks))
        orders = _together(orders, rule, used, (bids + asks) // 2, at.parties.stake[0])
        both = [_side(orders, side) for side in (1, -1)]
        sides, sample = (both[0][0], both[1][0]), reduce_sides(used, both[0], both[1], (bids + asks) // 2)
        if sample == 0 and max(sides) > 0 and not why:
            why = ALONE if min(sides) == 0 else UNEQUAL
    return Look(
        maker=at.maker,
        market=market.instrument.instrument,
        group=at.group,
        measure=item.name,
        time=time,
        reference=(bids, asks, base) if known else None,
        orders=orders,
        sides=sides,
        sample=sample if heard else 0,
        sampled=market.looks.mode != INSTANTS or bool((market.looks.instants == time).any()),
        why=why,
    )


def _orders(
    at: _Moment, item: Measure, rule: MarketRule, used: SampleRule, reference: tuple[int, int]
) -> tuple[OrderLook, ...]:
    """Every order by itself; those beyond what the rule looks at say so."""
    rows = at.resting.with_row_index("row")
    inside = set(rows["row"].to_list())
    if item.within_size is not None:
        now = rows.with_columns(start=pl.lit(at.time), end=pl.lit(at.time + 1))
        lots = -int(-Fraction(item.within_size) // Fraction(at.market.instrument.lot_size))
        inside = set(inside_size(now, lots)["row"].to_list())
    out: list[OrderLook] = []
    for side, twice in zip((1, -1), reference, strict=True):
        mine = rows.filter(pl.col("maker") == at.maker, pl.col("side") == side)
        taken = 0
        for order in mine.sort(-side * pl.col("price"), -pl.col("size").cast(pl.Int64)).iter_rows(named=True):
            price, size, age = int(order["price"]), int(order["size"]), at.time - int(order["born"])
            score, _ = weighed_order(used, side, price, size, twice, best=twice // 2)
            value = value_of(used, price, size)
            near = in_limit(used, side, price, twice)
            why = _unlooked(item, rule, side, age, among=order["row"] in inside)
            if not why:
                taken += 1
                why = f"{NOT_AMONG} {item.most_orders}" if 0 < item.most_orders < taken else ""
            if not why and score == 0:
                why = TOO_FAR if not near else TOO_SMALL if value < used.min_value else NO_WEIGHT
                why = TOO_NEAR if why == NO_WEIGHT and item.beyond is not None else why
            out.append(
                OrderLook(
                    order=str(order["order"]), side=side, price=price, size=size, age=age,
                    distance=distance(used, side, price, twice), value=value,
                    weight=weight(used, side, price, twice, twice // 2) if near else 0,
                    score=0 if why else score, why=why,
                )
            )  # fmt: skip
    return tuple(out)


def _unlooked(item: Measure, rule: MarketRule, side: int, age: int, *, among: bool) -> str:
    """Why a rule does not look at an order at all, or an empty text."""
    if item.sides not in ("both", "bid" if side == 1 else "ask"):
        return OTHER_SIDE
    if not among:
        return f"{NOT_AMONG} {item.within_size} of the market"
    if age < rule.min_age:
        return TOO_YOUNG
    return TOO_OLD if rule.max_age is not None and age >= rule.max_age else ""


def _together(
    orders: tuple[OrderLook, ...], rule: MarketRule, used: SampleRule, middle: int, stake: int
) -> tuple[OrderLook, ...]:
    """The orders after what the rule asks of a side, and of both sides."""
    floor = rule.least * stake // MICRO if rule.per_stake else rule.least
    small = [side for side in (1, -1) if _side(orders, side)[1] < floor]
    kept = tuple(replace(each, score=0, why=each.why or SIDE_SMALL) if each.side in small else each for each in orders)
    apart = _apart(kept, rule, used, middle)
    return tuple(replace(each, score=0, why=each.why or apart) for each in kept) if apart else kept


def _side(orders: Sequence[OrderLook], side: int) -> Order:
    """Sums of scores and of values of the orders of a side that count."""
    counted = [each for each in orders if each.side == side and not each.why]
    return sum(each.score for each in counted), sum(each.value for each in counted)


def _apart(orders: Sequence[OrderLook], rule: MarketRule, used: SampleRule, middle: int) -> str:
    """What a limit on the width says of both sides together: nothing, that one is missing, or that they are too far."""
    bids, asks = ([each.price for each in orders if each.side == side and not each.why] for side in (1, -1))
    if not (rule.width or rule.narrow) or not (bids or asks):
        return ""
    if not bids or not asks:
        return ALONE
    gap = max(2 * (min(asks) - max(bids)), 0)
    return "" if gap <= rule.narrow or gap * UNIT // (used.absolute or middle) <= rule.width else TOO_WIDE
