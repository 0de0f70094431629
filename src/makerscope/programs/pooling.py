"""Several markets as one: what a rule scores that adds up strikes and expiries before it applies its formula."""

from collections.abc import Sequence
from dataclasses import replace

from makerscope.programs.components import Market
from makerscope.programs.moments import length, present_stretches
from makerscope.programs.program import Group
from makerscope.programs.sample_rule import UNIT


def pooled(group: Group, markets: Sequence[Market], makers: Sequence[str]) -> Market:
    """The sum of a group's markets, under the group's name: components added, uptime as the formula says.

    Of ``any`` market, uptime is the time in which at least one had a score, of the time in which any was heard.
    """
    first = markets[0]
    component = {
        name: [sum(int(own[k] or 0) for own in columns) for k in range(len(makers))]
        for name in first.component
        if (columns := [market.component[name] for market in markets])
    }
    present = [sum(own) for own in zip(*(item.present for item in markets), strict=True)]
    observed = sum(item.observed for item in markets)
    if group.formula.uptime_over == "any":
        most = group.measure[0].most_orders
        every = [present_stretches(market, makers, most=most) for market in markets]
        present = [length(window for own in every for window in own[k]) for k in range(len(makers))]
        spans = [zip(item.span.start.tolist(), item.span.end.tolist(), strict=True) for item in markets]
        observed = length(window for span in spans for window in span)
    if group.formula.uptime == "fraction":
        component["uptime"] = [own * UNIT // observed if observed else 0 for own in present]
    elif group.formula.uptime_over == "any":
        component["uptime"] = present
    return replace(
        first,
        instrument=replace(first.instrument, instrument=group.name, symbol=group.name),
        component=component,
        looked=sum(item.looked for item in markets),
        blind=sum(item.blind for item in markets),
        first=replace(first.first, looked=_added([item.first.looked for item in markets])),
        spread=first.spread if first.spread is None or len(markets) == 1 else replace(first.spread, known=False),
        present=present,
        observed=observed,
    )


def _added(looked: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return sum(calm for calm, _ in looked), sum(stressed for _, stressed in looked)
