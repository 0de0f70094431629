"""What became of a simulated world, in a few facts: for whoever has just run it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from makerscope.market.layout import FIRST_AGENT, MARK, UNIT
from makerscope.market.venue import REASONS
from makerscope.sim import world as w
from makerscope.sim.build import MONEY, Built


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Agents of one table of the scenario.

    Money in USD: what they traded on the venue, and what they are worth more than they brought, hedges and all costs
    included, at the last marks. ``sent``: messages; ``refused``: of those.
    """

    name: str
    kind: str
    count: int
    traded: float
    result: float
    sent: int
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """``refused``: messages by reason. ``blocks``, ``messages``, ``calls`` of agents: counts."""

    title: str
    profile: str
    hours: float
    blocks: int
    messages: int
    calls: int
    groups: tuple[Group, ...]
    refused: Mapping[str, int]
    assumed: tuple[str, ...]


def summary_of(built: Built) -> Summary:
    """The facts of a world as it stands."""
    world, clock = built.world, built.world.clock
    venue, reasons = world.venue, Counter[str]()
    for name, count in zip(REASONS, venue.refused.sum(axis=0).tolist(), strict=True):
        if count:
            reasons[name] += count
    return Summary(
        title=built.scenario.title,
        profile=built.scenario.profile,
        hours=(int(clock[w.C_NOW]) - built.start) / 3.6e12,
        blocks=int(clock[w.C_HEIGHT]),
        messages=int(clock[w.C_EXECUTED]),
        calls=int(clock[w.C_WAKES]),
        groups=_groups(built),
        refused=dict(reasons.most_common()),
        assumed=built.terms.assumed,
    )


def _groups(built: Built) -> tuple[Group, ...]:
    """One group for each table of agents, in the order of the scenario."""
    world, agents = built.world, len(built.cast)
    venue = world.venue
    worth = venue.accounts.cash + venue.accounts.position @ (venue.state[:, MARK] * venue.spec[:, UNIT])
    rows = np.arange(FIRST_AGENT, FIRST_AGENT + agents)
    result = (worth[rows] + worth[rows + agents]) / MONEY
    traded = world.budget.traded[rows] / MONEY
    refused = (venue.refused[rows] + venue.refused[rows + agents]).sum(axis=1)
    sent, out, first = world.agents.timing[rows, w.D_ACTIONS], [], 0
    for table in built.scenario.agent:
        mine = slice(first, first + table.count)
        brought = table.count * (table.capital_usd + table.hedge_usd)
        out.append(Group(
            name=table.name, kind=table.kind, count=table.count, traded=float(traded[mine].sum()),
            result=float(result[mine].sum()) - brought, sent=int(sent[mine].sum()), refused=int(refused[mine].sum()),
        ))  # fmt: skip
        first += table.count
    return tuple(out)
