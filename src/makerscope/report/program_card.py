"""What a report says about one program on one tape: scores, what would have raised them, what the budget bought."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from makerscope.kernels.score_sweep import INSTANTS
from makerscope.programs.components import Looks, Market, of_first
from makerscope.programs.explain import Raised
from makerscope.programs.liquidity import Depth, depth_of
from makerscope.programs.order_look import Look
from makerscope.programs.program import Group, Program
from makerscope.programs.scores import POOL, Scored, Scores
from makerscope.programs.scoring import Measured
from makerscope.tape.events import Instrument

POINTS = 240  # of a path of samples
PATHS = 3  # markets whose samples are drawn
DEFAULT_BUDGET = 1_000_000  # whole tokens, where none was given


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What an epoch pays: ``amount`` in units of ``10**-decimals`` tokens. ``given`` is False for the made-up one."""

    amount: int = DEFAULT_BUDGET
    decimals: int = 0
    given: bool = False

    def of(self, points: int) -> float:
        """Whole tokens for points, before caps and rounding; for reading only."""
        return self.amount * points / POOL / 10**self.decimals


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePath:
    """Mean sample scores of makers in one market in equal buckets of time (starts in ns), of the first measure."""

    market: str
    times: tuple[int, ...]
    makers: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramCard:
    """One program on one tape. ``raised`` by maker; ``looks`` at one maker's orders; ``missing``: depth, by market."""

    program: Program
    scores: Scores
    budget: Budget
    instruments: Mapping[str, Instrument]
    raised: Mapping[str, tuple[Raised, ...]] = field(default_factory=dict)
    looks: tuple[Look, ...] = ()
    depth: tuple[Depth, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    paths: tuple[SamplePath, ...] = ()

    @property
    def sampled(self) -> bool:
        """Whether points have a sampling error."""
        return self.program.sampling.mode not in ("integral", "block_minimum")

    def group_of(self, market: Scored) -> Group:
        """The group of a scored market."""
        return next(group for group in self.program.group if group.name == market.group)


def with_liquidity(card: ProgramCard, found: Measured) -> ProgramCard:
    """The card with what only its pages show: depth and paths of samples."""
    depth, missing = depth_of(found)
    return ProgramCard(
        program=card.program,
        scores=card.scores,
        budget=card.budget,
        instruments=card.instruments,
        raised=card.raised,
        looks=card.looks,
        depth=depth,
        missing=missing,
        paths=paths_of(card.scores, found),
    )


def paths_of(scores: Scores, found: Measured) -> tuple[SamplePath, ...]:
    """Sample scores over time in the markets that pay most."""
    paid: dict[str, int] = {}
    for item in scores.standings:
        paid[item.market] = paid.get(item.market, 0) + item.points
    best = sorted(paid, key=lambda name: (-paid[name], name))[:PATHS]
    most = {group.name: group.measure[0].most_orders for group in found.program.group}
    by_name = {
        market.instrument.instrument: (market, most[group])
        for group, items in found.markets.items()
        for market in items
    }
    return tuple(_path(*by_name[name], found) for name in best)


def _path(market: Market, most: int, found: Measured) -> SamplePath:
    ev = found.ev
    if market.looks.mode == INSTANTS:
        times, seen = market.looks.instants, market.first.seen
    else:  # a rule that always looks is drawn as if it looked at regular times
        times = ev.since + np.arange(POINTS, dtype=np.int64) * ((ev.until - ev.since) // POINTS)
        seen = of_first(market, Looks(mode=INSTANTS, instants=times), ev.makers, most=most)
    count = max(1, min(POINTS, times.size))
    width = -(-(ev.until - ev.since) // count)
    bucket = np.clip((times - ev.since) // width, 0, count - 1)
    looks = np.bincount(bucket, minlength=count)
    values = []
    for maker in range(len(ev.makers)):
        sums = np.bincount(bucket, weights=seen[:, maker].astype(np.float64), minlength=count)
        values.append(tuple(float(sums[k] / looks[k]) if looks[k] else None for k in range(count)))
    return SamplePath(
        market=market.instrument.instrument,
        times=tuple(int(ev.since + k * width) for k in range(count)),
        makers=ev.makers,
        values=tuple(values),
    )
