"""What a sweep found: every measure of every variant with its interval, against the first variant, seed by seed."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence

import msgspec
import numpy as np

from makerscope.lab.catalogue import BY_NAME, MEASURES
from makerscope.lab.outcome import Event, Number, Outcome
from makerscope.lab.statistics import Estimate, difference, estimate
from makerscope.lab.variants import Variant
from makerscope.sim.build import MONEY

BANDS = (0.05, 0.5, 0.95)


class Fan(msgspec.Struct, frozen=True, kw_only=True):
    """A path over time: its median over seeds, and where 5 and 95 % of seeds are."""

    low: tuple[Number, ...]
    middle: tuple[Number, ...]
    high: tuple[Number, ...]


class SeatResult(msgspec.Struct, frozen=True, kw_only=True):
    """One maker under test over all seeds."""

    name: str
    survived: Estimate
    pnl: Estimate
    drawdown: Estimate
    crisis_uptime: Estimate
    hedges_refused: Estimate
    fates: dict[str, int]


class VariantResult(msgspec.Struct, frozen=True, kw_only=True):
    """One variant over all seeds. ``payments``: receiver, payer, kind, mean USD a run; nothing below a cent."""

    name: str
    maker: dict[str, object]
    changes: dict[str, object]
    measures: dict[str, Estimate]
    against: dict[str, Estimate]
    makers: tuple[SeatResult, ...]
    payments: tuple[tuple[str, str, str, float], ...]
    fans: dict[str, Fan]


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """The events of one run, chosen for what it is: the median or the worst."""

    variant: str
    seed: int
    which: str
    by: str
    events: tuple[Event, ...]
    measures: dict[str, Number]


class Study(msgspec.Struct, frozen=True, kw_only=True):
    """A whole sweep. ``runs``: a hash of the outcomes, the same for any number of processes."""

    title: str
    about: str
    hours: float
    start: str
    crisis_s: tuple[float, float] | None
    seats: tuple[str, ...]
    seeds: tuple[int, ...]
    versions: dict[str, str]
    runs: str
    times_s: tuple[float, ...]
    variants: tuple[VariantResult, ...]
    stories: tuple[Story, ...]


def by_variant(outcomes: Sequence[Outcome], variants: int) -> list[list[Outcome]]:
    """Outcomes of each variant in the order of seeds, from those of ``sweep.runs_of``."""
    return [list(outcomes[n::variants]) for n in range(variants)]


def variant_result(variant: Variant, mine: Sequence[Outcome], baseline: Sequence[Outcome]) -> VariantResult:
    """Estimates of one variant, and its paired differences against the baseline."""
    measures, against = {}, {}
    for item in MEASURES:
        values = [run.measures.get(item.name) for run in mine]
        measures[item.name] = estimate(values, share=item.share)
        if mine is not baseline:
            others = [run.measures.get(item.name) for run in baseline]
            against[item.name] = difference(values, others, share=item.share)
    return VariantResult(
        name=variant.name, maker=dict(variant.maker), changes=dict(variant.changes), measures=measures,
        against=against, makers=_seats(mine), payments=_payments(mine), fans=_fans(mine),
    )  # fmt: skip


def story_of(name: str, mine: Sequence[Outcome], which: str, by: str = "pnl") -> Story:
    """The run whose measure is the median or the worst of a variant."""
    sign = BY_NAME[by].better or 1
    known = [run for run in mine if run.measures.get(by) is not None]
    ranked = sorted(known or mine, key=lambda run: (sign * (run.measures.get(by) or 0.0), run.seed))
    run = ranked[0] if which == "worst" else ranked[(len(ranked) - 1) // 2]
    return Story(
        variant=name, seed=run.seed, which=which, by=by, events=run.events,
        measures=run.measures,
    )  # fmt: skip


def hash_of(outcomes: Sequence[Outcome]) -> str:
    """One hash over all outcomes, in order."""
    out = hashlib.sha256()
    for run in outcomes:
        out.update(msgspec.json.encode(run))
    return out.hexdigest()


def _seats(mine: Sequence[Outcome]) -> tuple[SeatResult, ...]:
    out = []
    for m, first in enumerate(mine[0].makers):
        rows = [run.makers[m] for run in mine]
        counted: dict[str, int] = defaultdict(int)
        for row in rows:
            counted[row.fate] += 1
        out.append(SeatResult(
            name=first.name, survived=estimate([float(row.fate == "survived") for row in rows], share=True),
            pnl=estimate([row.pnl for row in rows]), drawdown=estimate([row.drawdown for row in rows]),
            crisis_uptime=estimate([row.crisis_uptime for row in rows]),
            hedges_refused=estimate([float(row.hedges_refused) for row in rows]), fates=dict(sorted(counted.items())),
        ))  # fmt: skip
    return tuple(out)


def _payments(mine: Sequence[Outcome]) -> tuple[tuple[str, str, str, float], ...]:
    """Mean payments, one way round."""
    total: dict[tuple[str, str, str], int] = defaultdict(int)
    for run in mine:
        for pay in run.payments:
            if pay.receiver < pay.payer:
                total[pay.receiver, pay.payer, pay.kind] += pay.amount
            else:
                total[pay.payer, pay.receiver, pay.kind] -= pay.amount
    out = []
    for (one, other, kind), amount in sorted(total.items()):
        mean = amount / MONEY / len(mine)
        if abs(mean) >= 0.01:
            out.append((one, other, kind, mean) if mean > 0 else (other, one, kind, -mean))
    return tuple(out)


def _fans(mine: Sequence[Outcome]) -> dict[str, Fan]:
    """Quantiles over seeds at every moment of a path; unknown where fewer than half of the seeds are known."""
    out = {}
    for name in sorted({name for run in mine for name in run.paths}):
        rows = [run.paths[name] for run in mine if name in run.paths]
        table = np.array([[np.nan if value is None else value for value in row] for row in rows])
        enough = np.isfinite(table).mean(axis=0) >= 0.5
        bands = np.full((3, table.shape[1]), np.nan)
        if enough.any():
            bands[:, enough] = np.nanquantile(table[:, enough], BANDS, axis=0)
        low, middle, high = (tuple(v if np.isfinite(v) else None for v in band.tolist()) for band in bands)
        out[name] = Fan(low=low, middle=middle, high=high)
    return out
