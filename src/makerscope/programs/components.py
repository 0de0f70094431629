"""From orders at rest and fills to components: what each maker's quality, uptime and volume were in one market."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import AccountingError, InputError
from makerscope.kernels import score_sweep as kernel
from makerscope.kernels.queue import inside_stretches
from makerscope.kernels.score_sweep import DEFICIT, EPOCH, INSTANTS, INTEGRAL, LARGER, SAMPLE, SIDE, sweep
from makerscope.kernels.scoring import decay
from makerscope.programs.program import Formula, Group, Measure
from makerscope.programs.queue_points import queue_points
from makerscope.programs.references import Track
from makerscope.programs.resting import Resting, resting
from makerscope.programs.sample_rule import LN2, UNIT
from makerscope.programs.sampling_error import Spread, spread_of
from makerscope.programs.stress import Segments
from makerscope.programs.units import MICRO, MarketRule, market_rule, micro, nanoseconds, value_factor
from makerscope.tape.events import Instrument

DAY = 86_400_000_000_000
_NORMALISE = {"epoch": EPOCH, "sample": SAMPLE, "sample_side": SIDE, "larger_side": LARGER, "deficit": DEFICIT}
_NO_TIMES = np.empty(0, np.int64)
_NOT_SEEN = np.empty((0, 0), np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Looks:
    """When a market is looked at: ``mode`` of the sweep, and its instants (or block borders), ns in order."""

    mode: int = INTEGRAL
    instants: NDArray[np.int64] = field(default_factory=lambda: _NO_TIMES)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Swept:
    """What one sweep found, in calm and in stress: whole numbers, one a maker (ns, or looks, are the weight of time).

    ``quality``: sum of sample scores times weight; ``bid``, ``ask``: of a side's scores; ``share``: of shares, pico;
    ``present``: weight with a score above 0. ``looked``: weight in which the rule could look, ``blind``: could not for
    want of a reference, ``paid``: pico times weight that a target let be paid. ``recent``: running mean.
    ``seen``: sample scores, (looks, makers), where asked for.
    """

    quality: list[tuple[int, int]]
    bid: list[tuple[int, int]]
    ask: list[tuple[int, int]]
    share: list[tuple[int, int]]
    present: list[tuple[int, int]]
    looked: tuple[int, int]
    blind: tuple[int, int]
    paid: tuple[int, int]
    recent: list[int]
    seen: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Who takes part in a program, and each one's stake in millionths; both in the order of the makers."""

    enrolled: Sequence[bool]
    stake: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Components of every maker in one period, ``start`` to ``end`` (ns); ``present``, ``looked``: weight of time."""

    start: int
    end: int
    component: Mapping[str, Sequence[int]]
    present: Sequence[int]
    looked: int


def swept(
    orders: Resting,
    track: Track,
    span: Segments,
    looks: Looks,
    rule: MarketRule,
    *,
    makers: Sequence[str],
    most: int = 0,
    normalise: str = "epoch",
    target: tuple[int, int] = (0, 0),
    least: int = 0,
    parties: Parties | None = None,
    keep: bool = False,
) -> Swept:
    """Sweep one market with one measure.

    Args:
        orders: of ``resting.resting``.
        track: what distances are measured from.
        span: the time that counts.
        looks: when it is looked at.
        rule: the measure in the market's integers.
        makers: names, in the order of ``orders.maker``.
        most: orders of a side that count, 0 for all.
        normalise: as a group's.
        target: total scores from which a look is paid at all, and in full.
        least: shares are of at least this total.
        parties: who takes part, and with which stake; default all, with none.
        keep: whether ``seen`` is filled.

    Raises:
        AccountingError: a score does not fit 63 bits.
    """
    count = len(makers)
    words = np.zeros(count * 2 * kernel.WORDS, np.int64)
    market = np.zeros(2 * kernel.MARKET_WORDS, np.int64)
    recent = np.zeros(count, np.int64)
    seen = np.zeros((looks.instants.shape[0], count), np.int64) if keep else _NOT_SEEN
    who = parties or Parties(enrolled=(True,) * count, stake=(0,) * count)
    floor = [rule.least * stake // MICRO if rule.per_stake else rule.least for stake in who.stake]
    status = sweep(
        orders.enter, orders.leave, orders.leaving, orders.maker, orders.side, orders.price, orders.size,
        track.time, track.twice, span.start, span.end, span.stressed, looks.instants, looks.mode,
        rule.rule.row(), most, rule.width, rule.narrow, np.array(floor, np.int64), np.array(who.enrolled, np.int64),
        _NORMALISE[normalise], *target, least, rule.decay, words, market, recent, seen,
    )  # fmt: skip
    if status < 0:
        name = makers[-1 - status] if -1 - status < count else "all makers together"
        raise AccountingError(
            f"a score of {name} does not fit 63 bits; want larger ticks or lots, or a nearest distance"
        )
    whole = whole_numbers(words).reshape(count, 2, kernel.WORDS // 2)
    of_market = whole_numbers(market).reshape(2, kernel.MARKET_WORDS // 2)

    def each(word: int) -> list[tuple[int, int]]:
        return [(calm, stressed) for calm, stressed in whole[:, :, word // 2].tolist()]

    def both(word: int) -> tuple[int, int]:
        calm, stressed = of_market[:, word // 2].tolist()
        return calm, stressed

    return Swept(
        quality=each(kernel.QUALITY),
        bid=each(kernel.BID),
        ask=each(kernel.ASK),
        share=each(kernel.SHARE),
        present=each(kernel.PRESENT),
        looked=both(kernel.LOOKED),
        blind=both(kernel.BLIND),
        paid=both(kernel.PAID),
        recent=recent.tolist(),
        seen=seen,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Market:
    """Everything about one market that a group's formula may ask for; stress already weighed.

    ``component``: whole numbers of each maker, by name. ``looked``: weight of time looked at. ``paid``: pico times
    weight. ``first``: the first measure's sweep, as it was, ``spread`` of its looks (None: exact).
    ``present``: weight of time in which each maker was present as ``uptime_of`` says, of ``observed``, neither weighed
    by stress. ``parts``: the periods, where the group has any.
    """

    instrument: Instrument
    component: Mapping[str, Sequence[int | None]]
    looked: int
    blind: int
    paid: int
    first: Swept
    spread: Spread | None
    orders: Resting
    track: Track
    span: Segments
    looks: Looks
    rules: tuple[MarketRule, ...]
    present: Sequence[int]
    observed: int
    parts: tuple[Part, ...] = ()


def market_components(  # noqa: PLR0917 - what a market is
    group: Group,
    instrument: Instrument,
    lives: pl.DataFrame,
    track: Track,
    span: Segments,
    looks: Looks,
    *,
    makers: Sequence[str],
    fills: pl.DataFrame,
    asked: set[str],
    until: int,
    parties: Parties | None = None,
    keep: bool = False,
) -> Market:
    """Components of every maker in one market.

    Args:
        group: the rule.
        instrument: the market.
        lives: stretches of its resting orders.
        track: what distances are measured from.
        span: the time that counts, cut by stress.
        looks: when it is looked at.
        makers: names; every list is in their order.
        fills: its fills, with ``time``.
        asked: which components beyond the measures are wanted.
        until: end of the epoch, ns.
        parties: who takes part, and with which stake; default all, with none.
        keep: keep the sample scores of the first measure.

    Raises:
        InputError: the tape lacks what a component needs.
        AccountingError: a score does not fit.
    """
    where = f"{instrument.instrument}, group {group.name!r}"
    weight = UNIT if group.stress is None else micro(group.stress.weight) * (UNIT // 1_000_000)
    rules = tuple(market_rule(item, instrument, f"{where}, measure {item.name!r}") for item in group.measure)
    target = (micro(group.target.low), micro(group.target.high)) if group.target else (0, 0)
    counted = [
        counted_orders(lives, instrument, item, rule, makers) for item, rule in zip(group.measure, rules, strict=True)
    ]
    sweeps = {
        item.name: swept(
            orders, track, span, looks, rule,
            makers=makers, most=item.most_orders, normalise=group.normalise, target=target,
            least=micro(group.least_total), parties=parties, keep=looks.mode == INSTANTS and item is group.measure[0],
        )
        for item, rule, orders in zip(group.measure, rules, counted, strict=True)
    }  # fmt: skip
    first = sweeps[group.measure[0].name]
    found = {item.name: _quality(sweeps[item.name], item, group.normalise, weight) for item in group.measure}
    looked = _weighed(first.looked, weight)
    formula = group.formula
    both = _mean([sweeps[name].present for name in formula.uptime_of or (group.measure[0].name,)])
    present = [_weighed(item, weight) for item in both]
    found["uptime"] = present if formula.uptime == "count" else [_part(item, looked) for item in present]
    if "stake" in asked and parties:
        found["stake"] = list(parties.stake)
    if group.queue:
        found["points"] = queue_points(lives, instrument, group.queue, makers)
    found |= _volumes(fills, instrument, lives, makers, formula, asked, until, where)
    found |= {name: weighted(parts, found, len(makers)) for name, parts in formula.sums.items()}
    return Market(
        instrument=instrument,
        component=found,
        looked=looked,
        blind=sum(first.blind),
        paid=_weighed(first.paid, weight),
        first=first if keep else replace(first, seen=_NOT_SEEN),
        spread=_spread(group, first, _weights(span, looks, track, group), parties) if looks.mode == INSTANTS else None,
        orders=counted[0],
        track=track,
        span=span,
        looks=looks,
        rules=rules,
        present=[sum(item) for item in both],
        observed=sum(first.looked),
    )


def _spread(group: Group, first: Swept, weight: NDArray[np.float64], parties: Parties | None) -> Spread:
    """How the looks differ, of those who take part."""
    seen = first.seen if parties is None else first.seen * np.array(parties.enrolled, np.int64)
    return spread_of(group, seen, weight)


def weighted(parts: Mapping[str, Decimal], found: Mapping[str, Sequence[int]], makers: int) -> list[int]:
    """Each maker's sum of components times their weights, rounded down.

    Examples:
        >>> weighted({"a": Decimal(2), "b": Decimal("0.5")}, {"a": [1, 2], "b": [3, 4]}, 2)
        [3, 6]
    """
    return [sum(micro(weight) * found[name][k] for name, weight in parts.items()) // MICRO for k in range(makers)]


def counted_orders(
    lives: pl.DataFrame, instrument: Instrument, item: Measure, rule: MarketRule, makers: Sequence[str]
) -> Resting:
    """The resting orders that a measure looks at."""
    rows = lives
    if item.within_size is not None:
        rows = inside_size(rows, -int(-Fraction(item.within_size) // Fraction(instrument.lot_size)))
    if item.sides != "both":
        rows = rows.filter(pl.col("side") == (1 if item.sides == "bid" else -1))
    return resting(rows, makers, min_age=rule.min_age, max_age=rule.max_age)


def inside_size(lives: pl.DataFrame, lots: int) -> pl.DataFrame:
    """The parts of stretches in which an order is among the best ``lots`` of its side of the whole market."""
    rows = lives.sort("start")
    column = {name: rows[name].cast(pl.Int64).to_numpy() for name in ("start", "end", "side", "price", "size")}
    leaving = np.argsort(column["end"], kind="stable").astype(np.int64)
    at, start, end = inside_stretches(
        column["start"], column["end"], leaving, column["side"], column["price"], column["size"], max(lots, 1)
    )
    return rows[at].with_columns(start=pl.Series(start, dtype=pl.Int64), end=pl.Series(end, dtype=pl.Int64))


def _mean(sides: Sequence[list[tuple[int, int]]]) -> list[tuple[int, int]]:
    count = len(sides)
    return [
        (sum(calm for calm, _ in each) // count, sum(stressed for _, stressed in each) // count)
        for each in zip(*sides, strict=True)
    ]


def _quality(out: Swept, item: Measure, normalise: str, weight: int) -> list[int]:
    if item.ema_weight is not None:
        return out.recent
    if normalise != "epoch":
        return [_weighed(share, weight) for share in out.share]
    if item.after_time:
        sides = zip(out.bid, out.ask, strict=True)
        return [min(_weighed(bid, weight), _weighed(ask, weight)) for bid, ask in sides]
    return [_weighed(own, weight) for own in out.quality]


def _weights(span: Segments, looks: Looks, track: Track, group: Group) -> NDArray[np.float64]:
    """Weight of each look: 0 where nobody listened or there was no reference, more in stress where the rule says so."""
    times = looks.instants
    if not (span.start.size and track.time.size):
        return np.zeros(times.size)
    row = np.searchsorted(track.time, times, side="right") - 1
    twice = track.twice[row]
    known = (row >= 0) & (twice[:, :2] > 0).all(axis=1) & (twice[:, 2] >= 0)
    at = np.searchsorted(span.start, times, side="right") - 1
    inside = known & (at >= 0) & (times < span.end[at])
    more = float(group.stress.weight) if group.stress else 1.0
    return np.where(inside, np.where(span.stressed[at] > 0, more, 1.0), 0.0)


def _weighed(both: tuple[int, int], weight: int) -> int:
    return both[0] + both[1] * weight // UNIT


def _part(own: int, whole: int) -> int:
    return own * UNIT // whole if whole else 0


def _volumes(  # noqa: PLR0917 - what volumes depend on
    fills: pl.DataFrame,
    instrument: Instrument,
    lives: pl.DataFrame,
    makers: Sequence[str],
    formula: Formula,
    asked: set[str],
    until: int,
    where: str,
) -> dict[str, list[int]]:
    """Volumes in micro units of quote currency, fees in base units of their token."""
    wanted = asked & {"maker_volume", "taker_volume", "volume", "maker_fees"}
    if not wanted:
        return {}
    num, den, _ = value_factor("notional", instrument)
    rows = traded(fills, instrument, lives, formula, where)
    if formula.volume_half_life_days is not None:
        rows = _faded(rows, until, int(formula.volume_half_life_days * DAY))
    out: dict[str, list[int]] = {}
    if wanted & {"maker_volume", "volume"}:
        out["maker_volume"] = [v * num // den for v in _by(rows, "maker", makers)]
    if wanted & {"taker_volume", "volume"}:
        out["taker_volume"] = [v * num // den for v in _by(rows, "taker", makers)]
    if "volume" in wanted:
        out["volume"] = [a + b for a, b in zip(out["maker_volume"], out["taker_volume"], strict=True)]
    if "maker_fees" in wanted:
        tokens = rows["taker_fee_token"].drop_nulls().unique().sort().to_list()
        if rows["taker_fee"].null_count() == rows.height and rows.height:
            raise InputError(f"{where}, maker_fees", "no fill says what its taker paid", "taker_fee in table 'fills'")
        if len(tokens) > 1:
            raise InputError(
                f"{where}, maker_fees", f"fees are in {', '.join(tokens)}", "one token: they cannot be added"
            )
        paid = rows.with_columns(amount=pl.col("taker_fee").fill_null(0).clip(lower_bound=0).cast(pl.Int128))
        out["maker_fees"] = _by(paid, "maker", makers)
    return {name: values for name, values in out.items() if name in wanted}


def traded(
    fills: pl.DataFrame, instrument: Instrument, lives: pl.DataFrame, formula: Formula, where: str
) -> pl.DataFrame:
    """Fills that count, with ``amount`` (ticks times lots, or lots where contracts are inverse)."""
    _, _, by_value = value_factor("notional", instrument)
    amount = pl.col("size").cast(pl.Int128) * (pl.col("price").cast(pl.Int128) if by_value else 1)
    rows = fills.with_columns(amount=amount)
    if formula.volume_min_rest_s > 0:
        rows = _rested(rows, lives, nanoseconds(formula.volume_min_rest_s), where)
    return rows


def _by(rows: pl.DataFrame, who: str, makers: Sequence[str]) -> list[int]:
    sums = dict(rows.filter(pl.col(who).is_not_null()).group_by(who).agg(pl.col("amount").sum()).iter_rows())
    return [int(sums.get(name, 0)) for name in makers]


def _rested(rows: pl.DataFrame, lives: pl.DataFrame, least: int, where: str) -> pl.DataFrame:
    """Fills of orders that had rested at least so long."""
    if rows["maker_order"].null_count():
        raise InputError(
            f"{where}, volume_min_rest_s", "some fills do not say which order was hit", "maker_order in table 'fills'"
        )
    born = lives.select("maker", maker_order="order", time="born").unique().sort("time")
    aged = rows.sort("time", maintain_order=True).join_asof(
        born.with_columns(born="time"), on="time", by=["maker", "maker_order"], check_sortedness=False
    )
    return aged.filter(pl.col("time") - pl.col("born") >= least)


def _faded(rows: pl.DataFrame, until: int, half_life: int) -> pl.DataFrame:
    """Amounts halved with every half life between the fill and the end of the epoch."""
    ages = (until - rows["time"]).to_list()
    left = [int(decay(min(age * LN2 // half_life, 2**62))) for age in ages]
    amounts = [int(a) * w // UNIT for a, w in zip(rows["amount"].to_list(), left, strict=True)]
    return rows.with_columns(amount=pl.Series(amounts, dtype=pl.Int128))


def whole_numbers(words: NDArray[np.int64]) -> NDArray[np.object_]:
    """Pairs of words, low first, as whole numbers."""
    pairs = words.reshape(-1, 2)
    low = pairs[:, 0].astype(np.uint64).astype(object)
    return low + pairs[:, 1].astype(object) * (1 << 64)


def of_first(market: Market, looks: Looks, makers: Sequence[str], *, most: int) -> NDArray[np.int64]:
    """Sample scores of a market's first measure at other instants, (instants, makers)."""
    span = replace(market.span, stressed=np.zeros_like(market.span.stressed))
    return swept(market.orders, market.track, span, looks, market.rules[0], makers=makers, most=most, keep=True).seen
