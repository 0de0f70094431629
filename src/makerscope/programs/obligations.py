"""Whether makers kept an obligation: present for long enough, in enough periods, in enough series."""

from collections.abc import Sequence

from makerscope.programs.components import Market
from makerscope.programs.program import Group
from makerscope.programs.sample_rule import UNIT
from makerscope.programs.scores import Duty
from makerscope.programs.terms import Obligation
from makerscope.programs.units import pico


def duties(group: Group, markets: Sequence[Market], makers: Sequence[str]) -> list[Duty]:
    """Every maker in every period of the group's obligation, by market or over all of them; none without one.

    Periods in which nothing could be looked at are left out.
    """
    rule = group.obligation
    if rule is None:
        return []
    alone = [duty for market in markets for duty in _alone(group.name, market, makers, pico(rule.time))]
    return alone if rule.series is None else _together(alone, pico(rule.series))


def unmet(rule: Obligation, found: Sequence[Duty]) -> dict[tuple[str, str], str]:
    """Why each maker in each market (empty: all of the group's) has not kept its obligation, of those who have not."""
    out: dict[tuple[str, str], str] = {}
    periods: dict[tuple[str, str], list[bool]] = {}
    for duty in found:
        periods.setdefault((duty.maker, duty.market), []).append(duty.met)
    for key, met in periods.items():
        if sum(met) * UNIT < pico(rule.periods) * len(met):
            out[key] = f"obligation met in {sum(met)} of {len(met)} periods"
    return out


def _alone(group: str, market: Market, makers: Sequence[str], least: int) -> list[Duty]:
    out: list[Duty] = []
    parts = [(part.start, part.present, part.looked) for part in market.parts]
    for start, present, looked in parts or [(int(market.span.start[0]), market.present, market.observed)]:
        out += [
            Duty(
                maker=name,
                group=group,
                market=market.instrument.instrument,
                start=start,
                present=own,
                looked=looked,
                met=own * UNIT >= least * looked,
            )
            for name, own in zip(makers, present, strict=True)
            if looked
        ]
    return out


def _together(alone: Sequence[Duty], least: int) -> list[Duty]:
    sums: dict[tuple[str, str, int], list[bool]] = {}
    for duty in alone:
        sums.setdefault((duty.maker, duty.group, duty.start), []).append(duty.met)
    return [
        Duty(
            maker=maker,
            group=group,
            market="",
            start=start,
            present=sum(met),
            looked=len(met),
            met=sum(met) * UNIT >= least * len(met),
        )
        for (maker, group, start), met in sums.items()
    ]
