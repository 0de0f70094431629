"""From the components of a group's markets to standings: scores, gates, memory of earlier epochs, points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from makerscope.programs.adjustments import CHARGES, charge_factor
from makerscope.programs.components import Market
from makerscope.programs.formula import blended, factor_of, product, remembered, split
from makerscope.programs.obligations import unmet
from makerscope.programs.pooling import pooled
from makerscope.programs.program import Group
from makerscope.programs.sample_rule import UNIT
from makerscope.programs.sampling_error import share_errors
from makerscope.programs.scores import POOL, Duty, Scored, Standing
from makerscope.programs.service import served
from makerscope.programs.terms import Commitment
from makerscope.programs.units import MICRO, pico

Memory = dict[str, dict[str, list[int]]]
Earlier = Mapping[str, Mapping[str, Sequence[int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One maker in one market: its components, what they are worth before it is compared with others, what a gate said.

    ``factor``: pico, what the maker keeps of score or share after charges.
    """

    market: Market
    place: int
    component: dict[str, int]
    factor: int
    refused: str


def rated(  # noqa: PLR0917 - what a group is rated by
    group: Group,
    markets: Sequence[Market],
    makers: Sequence[str],
    pool: int,
    refused: Sequence[str],
    found: Sequence[Duty],
    earlier: Earlier,
) -> tuple[list[Standing], list[Scored], Memory]:
    """Standings of one group, its markets, and what the next epoch must know.

    Args:
        group: the rule.
        markets: components of its markets.
        makers: names, in the order of the components.
        pool: points of the group.
        refused: why each maker is not scored in any market, or empty texts.
        found: how obligations were kept.
        earlier: what the previous epoch left.
    """
    memory: Memory = {}
    failed = unmet(group.obligation, found) if group.obligation else {}
    pots = [list(markets)] if group.split == "total" else [[market] for market in markets]
    if group.split == "pooled":
        pots = [[pooled(group, markets, makers)]]
    weights = [sum(sum(_volume(market)) for market in pot) if group.split == "volume" else 1 for pot in pots]
    standings: list[Standing] = []
    summary: list[Scored] = []
    for pot, part in zip(pots, split(pool, weights), strict=True):
        rows = [_row(group, market, makers, refused, failed, k) for market in pot for k in range(len(makers))]
        scores = _scores(group, rows)
        if group.hysteresis:
            scores = _with_memory(group, rows, scores, makers, earlier, memory)
        points = _points(group, rows, scores, part)
        if group.commitment:
            rows, points = _after_service(group.commitment, pot, rows, points, makers, earlier, memory)
        errors = _errors(group, pot, scores, points, part)
        for row, own, got, error in zip(rows, scores, points, errors, strict=True):
            if any(value for name, value in row.component.items() if name not in CHARGES):
                standings.append(_standing(group, row, makers, own, got, error))
        summary += _summaries(group, pot, part, points, len(makers))
    return standings, summary, memory


def _volume(market: Market) -> Sequence[int]:
    found = market.component.get("maker_volume")
    return [int(own or 0) for own in found] if found else [0] * len(market.component["uptime"])


def _row(  # noqa: PLR0917 - what a gate looks at
    group: Group,
    market: Market,
    makers: Sequence[str],
    refused: Sequence[str],
    failed: Mapping[tuple[str, str], str],
    k: int,
) -> _Row:
    component = {name: int(own) for name, values in market.component.items() if (own := values[k]) is not None}
    name = market.instrument.instrument
    least = group.gates.min_uptime
    why = refused[k] or failed.get((makers[k], name), "") or failed.get((makers[k], ""), "")
    if not why and least is not None and market.present[k] * UNIT < pico(least) * market.observed:
        why = f"uptime below {least}"
    return _Row(market=market, place=k, component=component, factor=charge_factor(group, component), refused=why)


def _scores(group: Group, rows: Sequence[_Row]) -> list[int]:
    formula = group.formula
    if formula.blend:
        passed = [row.component if not row.refused else dict.fromkeys(row.component, 0) for row in rows]
        raw = blended(formula, passed)
    else:
        raw = [0 if row.refused else _product(group, row) for row in rows]
    return [own * row.factor // UNIT for own, row in zip(raw, rows, strict=True)]


def _product(group: Group, row: _Row) -> int:
    """The formula of the epoch, or the sum of it over its periods."""
    parts = [{name: own[row.place] for name, own in part.component.items()} for part in row.market.parts]
    factor = factor_of(group.formula, row.market.instrument)
    return sum(product(group.formula, each) for each in parts or [row.component]) * factor // MICRO


def _after_service(  # noqa: PLR0917 - the parts of one pot
    rule: Commitment,
    pot: Sequence[Market],
    rows: Sequence[_Row],
    points: Sequence[int],
    makers: Sequence[str],
    earlier: Earlier,
    memory: Memory,
) -> tuple[list[_Row], list[int]]:
    """Rows and points after penalties and bonuses in each market."""
    past, kept = earlier.get("penalties", {}), memory.setdefault("penalties", {})
    changed: list[_Row] = []
    paid: list[int] = []
    for place, market in enumerate(pot):
        here = slice(place * len(makers), (place + 1) * len(makers))
        keys = [f"{market.instrument.instrument} {name}" for name in makers]
        found = served(
            rule, points[here], market.present, market.observed + market.blind, [past.get(k, []) for k in keys]
        )
        for row, key, own, applied, slashed in zip(
            rows[here], keys, found.own, found.applied, found.slashed, strict=True
        ):
            more = {"penalty": applied, "bond_slash": slashed} if not row.refused else {}
            changed.append(replace(row, component={**row.component, **more}))
            if rule.epochs > 1 and more:
                kept[key] = [*past.get(key, []), own][-(rule.epochs - 1) :]
        paid += found.points
    return changed, paid


def _with_memory(  # noqa: PLR0917 - the parts of one pot
    group: Group, rows: Sequence[_Row], scores: Sequence[int], makers: Sequence[str], earlier: Earlier, memory: Memory
) -> list[int]:
    assert group.hysteresis is not None  # noqa: S101 - the caller asked
    past, kept = earlier.get("scores", {}), memory.setdefault("scores", {})
    out: list[int] = []
    for row, own in zip(rows, scores, strict=True):
        key = f"{row.market.instrument.instrument} {makers[row.place]}"
        applied, numbers = remembered(group.hysteresis, own, past.get(key, []))
        out.append(applied)
        if any(numbers):
            kept[key] = numbers
    return out


def _points(group: Group, rows: Sequence[_Row], scores: Sequence[int], part: int) -> list[int]:
    """Points of each row: its share of the scores, or its share of each sample where what is left is carried."""
    if group.leftover == "share":
        whole = sum(scores)
        return [part * own // whole if whole else 0 for own in scores]
    if group.formula.blend:
        return [part * own // 10**18 for own in scores]
    name = group.measure[0].name
    looked = {id(row.market): row.market.looked for row in rows}
    whole = UNIT * sum(looked.values())
    kept = [0 if row.refused else row.component[name] * row.factor // UNIT for row in rows]
    return [part * own // whole if whole else 0 for own in kept]


def _standing(  # noqa: PLR0917 - the parts of one row
    group: Group, row: _Row, makers: Sequence[str], own: int, points: int, error: float | None
) -> Standing:
    return Standing(
        maker=makers[row.place],
        market=row.market.instrument.instrument,
        group=group.name,
        component=row.component,
        score=own,
        points=points,
        refused=row.refused,
        error=error,
    )


def _errors(
    group: Group, pot: Sequence[Market], scores: Sequence[int], points: Sequence[int], part: int
) -> list[float | None]:
    """Standard error, from sampling, of the points of each row of a pot, as a fraction of the program's pool."""
    out: list[float | None] = []
    makers = len(scores) // len(pot)
    whole = sum(scores)
    for place, market in enumerate(pot):
        rows = slice(place * makers, (place + 1) * makers)
        paid = [own / part if part else 0.0 for own in points[rows]]
        found = share_errors(group, market.spread, market.component, scores[rows], paid, whole=whole)
        out += [None if error is None else error * part / POOL for error in found]
    return out


def _summaries(group: Group, pot: Sequence[Market], part: int, points: Sequence[int], makers: int) -> list[Scored]:
    """One row a market; what nobody earned in a pot of several markets stands in its first row."""
    out: list[Scored] = []
    left = part - sum(points)
    for place, market in enumerate(pot):
        own = points[place * makers : (place + 1) * makers]
        unpaid = left if place == 0 else 0
        out.append(
            Scored(
                market=market.instrument.instrument,
                group=group.name,
                pool=sum(own) + unpaid,
                left=unpaid,
                looked=sum(market.first.looked),
                blind=market.blind,
                stressed=market.first.looked[1],
                reference=market.track.source,
                makers=sum(1 for got in own if got),
            )
        )
    return out
