"""From the components of a group's markets to standings: scores, gates, memory of earlier epochs, points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from makerscope.errors import InputError
from makerscope.programs.adjustments import charge_factor
from makerscope.programs.components import Market
from makerscope.programs.formula import blended, gate, product, remembered, split
from makerscope.programs.program import Group
from makerscope.programs.sample_rule import UNIT
from makerscope.programs.scores import Scored, Standing

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


def rated(
    group: Group, markets: Sequence[Market], makers: Sequence[str], pool: int, earlier: Earlier
) -> tuple[list[Standing], list[Scored], Memory]:
    """Standings of one group, its markets, and what the next epoch must know.

    Args:
        group: the rule.
        markets: components of its markets.
        makers: names, in the order of the components.
        pool: points of the group.
        earlier: what the previous epoch left.

    Raises:
        InputError: the rule looks back and there is no previous epoch.
    """
    memory: Memory = {}
    volume = [sum(_volume(market)[k] for market in markets) for k in range(len(makers))]
    if any(volume):
        memory["maker_volume"] = {name: [own] for name, own in zip(makers, volume, strict=True) if own}
    judged = _judged(group, makers, volume, earlier)
    pots = [list(markets)] if group.split == "total" else [[market] for market in markets]
    weights = [sum(sum(_volume(market)) for market in pot) if group.split == "volume" else 1 for pot in pots]
    standings: list[Standing] = []
    summary: list[Scored] = []
    for pot, part in zip(pots, split(pool, weights), strict=True):
        rows = [_row(group, market, judged, k) for market in pot for k in range(len(makers))]
        scores = _scores(group, rows)
        if group.hysteresis:
            scores = _with_memory(group, rows, scores, makers, earlier, memory)
        points = _points(group, rows, scores, part)
        errors = [error for market in pot for error in market.errors]
        for row, own, got, error in zip(rows, scores, points, errors, strict=True):
            if any(row.component.values()):
                standings.append(_standing(group, row, makers, own, got, error))
        summary += _summaries(group, pot, part, points, len(makers))
    return standings, summary, memory


def _volume(market: Market) -> Sequence[int]:
    found = market.component.get("maker_volume")
    return [int(own or 0) for own in found] if found else [0] * len(market.component["uptime"])


def _judged(group: Group, makers: Sequence[str], volume: list[int], earlier: Earlier) -> list[int]:
    """The maker volumes that a gate looks at."""
    if group.gates.min_maker_share is None or group.gates.judged == "this":
        return volume
    if "maker_volume" not in earlier:
        raise InputError(
            f"group {group.name!r}",
            "judges maker volume of the previous epoch, which is not given",
            "--previous with that epoch's bundle, or a program that judges this epoch",
        )
    return [next(iter(earlier["maker_volume"].get(name, [0]))) for name in makers]


def _row(group: Group, market: Market, judged: Sequence[int], k: int) -> _Row:
    component = {name: int(own) for name, values in market.component.items() if (own := values[k]) is not None}
    refused = gate(
        group.gates,
        uptime=sum(market.first.present[k]),
        looked=sum(market.first.looked),
        own_volume=judged[k],
        all_volume=sum(judged),
    )
    factor = charge_factor(group, component)
    return _Row(market=market, place=k, component=component, factor=factor, refused=refused)


def _scores(group: Group, rows: Sequence[_Row]) -> list[int]:
    formula = group.formula
    if formula.blend:
        passed = [row.component if not row.refused else dict.fromkeys(row.component, 0) for row in rows]
        raw = blended(formula, passed)
    else:
        raw = [0 if row.refused else product(formula, row.component) for row in rows]
    return [own * row.factor // UNIT for own, row in zip(raw, rows, strict=True)]


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
