"""Score a tape under a program: every maker's components, score and points in every market."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fnmatch import fnmatchcase

import numpy as np
import polars as pl

from makerscope.errors import InputError
from makerscope.programs.adjustments import backed_by_fills, kept_after_moves
from makerscope.programs.asked import asked_depth
from makerscope.programs.charges import Fade, Stress
from makerscope.programs.clauses import cases_of
from makerscope.programs.components import Market, Part, market_components
from makerscope.programs.coverage import next_strike
from makerscope.programs.evidence import Evidence, evidence
from makerscope.programs.formula import check_group_pool, split
from makerscope.programs.gates import parties_of, refusals, volumes_of
from makerscope.programs.looks import SEEDED, default_seed, looks_of
from makerscope.programs.moments import cut
from makerscope.programs.obligations import duties
from makerscope.programs.program import Group, Program, needs, program_hash
from makerscope.programs.rating import rated
from makerscope.programs.references import Prices, Track, outside_track, track_of
from makerscope.programs.resting import resting
from makerscope.programs.scores import POOL, Case, Duty, Scored, Scores, Standing
from makerscope.programs.stress import Window, segments, stress_windows, within
from makerscope.programs.units import nanoseconds
from makerscope.tape.events import Instrument
from makerscope.tape.read import Tape

State = Mapping[str, Mapping[str, Mapping[str, Sequence[int]]]]
Progress = Callable[[str, int, int], None]


def score(
    tape: Tape,
    program: Program,
    *,
    seed: bytes | None = None,
    since: int | None = None,
    until: int | None = None,
    previous: State | None = None,
    progress: Progress | None = None,
) -> Scores:
    """Every maker's score under a program.

    Args:
        tape: what happened; it must hold resting orders.
        program: the rule.
        seed: 32 bytes for rules that sample; default follows from the tape and the program.
        since: first ns of the epoch, default the tape's first event.
        until: first ns after it, default just behind the tape's last event.
        previous: ``state`` of the epoch before, for rules that look back.
        progress: called with the market, its number and how many there are.

    Raises:
        InputError: the tape lacks what the rule needs, which is named.
        AccountingError: a score does not fit.
    """
    ev = evidence(tape, since=since, until=until)
    return score_evidence(ev, program, seed=seed, previous=previous, progress=progress)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """A program's markets on a tape with every maker's components, before any comparison between makers.

    ``markets``: of each group, in order of name; ``seed``: what was used, 32 bytes.
    """

    ev: Evidence
    program: Program
    seed: bytes
    markets: dict[str, list[Market]]

    def in_order(self) -> list[Market]:
        """All markets by name: a market's place here is its number in leaves and rules."""
        return sorted(
            (market for items in self.markets.values() for market in items), key=lambda item: item.instrument.instrument
        )


def score_evidence(
    ev: Evidence,
    program: Program,
    *,
    seed: bytes | None = None,
    previous: State | None = None,
    progress: Progress | None = None,
) -> Scores:
    """``score`` where the evidence has been read, so that many programs need not read it again."""
    return scores_of(measure(ev, program, seed=seed, progress=progress), previous=previous)


def measure(
    ev: Evidence,
    program: Program,
    *,
    seed: bytes | None = None,
    keep: bool = False,
    progress: Progress | None = None,
) -> Measured:
    """Every maker's components in every market of a program; ``keep``: with every sample's score, for leaves."""
    used = seed if seed is not None else default_seed(ev.tape.manifest.evidence_root, program_hash(program))
    taken = chosen(program, ev)
    total = sum(len(items) for items in taken.values())
    if not total:
        raise InputError(
            f"program {program.name!r}",
            "matches no instrument with resting orders",
            "one of " + ", ".join(sorted(ev.lives)[:8]),
        )
    markets: dict[str, list[Market]] = {}
    done = 0
    for group in program.group:
        for instrument in taken[group.name]:
            if progress:
                progress(instrument.instrument, done, total)
            done += 1
            markets.setdefault(group.name, []).append(measured(ev, program, group, instrument, used, keep=keep))
    return Measured(ev=ev, program=program, seed=used, markets=markets)


def scores_of(found: Measured, *, previous: State | None = None) -> Scores:
    """Scores and points from components."""
    ev, program = found.ev, found.program
    active = [group for group in program.group if group.name in found.markets]
    volumes = {
        group.name: volumes_of(ev, group, [market.instrument for market in found.markets[group.name]])
        for group in active
    }
    absent = ["" if takes_part else "takes no part" for takes_part in parties_of(program, ev.makers).enrolled]
    standings: list[Standing] = []
    markets: list[Scored] = []
    kept: list[Duty] = []
    state: dict[str, dict[str, dict[str, list[int]]]] = {}
    for group, pool in zip(active, split(POOL, check_group_pool(active)), strict=True):
        below = refusals(group.gates, ev.makers, list(volumes.values()), _traded(previous), f"group {group.name!r}")
        refused = [first or second for first, second in zip(absent, below, strict=True)]
        own = found.markets[group.name]
        judged = duties(group, own, ev.makers)
        earlier = (previous or {}).get(group.name, {})
        rows, summary, memory = rated(group, own, ev.makers, pool, refused, judged, earlier)
        volume = {name: [amount] for name, amount in zip(ev.makers, volumes[group.name].total, strict=True) if amount}
        state[group.name] = {**memory, "maker_volume": volume} if volume else memory
        standings += rows
        markets += summary
        kept += judged
    cases = [case for clause in program.clause for case in cases_of(clause, ev)]
    return Scores(
        program=program.name,
        program_hash=program_hash(program),
        tape_root=ev.tape.manifest.evidence_root,
        since=ev.since,
        until=ev.until,
        seed=f"0x{found.seed.hex()}" if program.sampling.mode in SEEDED else None,
        standings=tuple(standings),
        markets=tuple(markets),
        findings=(*_findings(found, markets), *_of_clauses(program, cases)),
        state=state,
        duties=tuple(kept),
        cases=tuple(cases),
    )


def _traded(previous: State | None) -> dict[str, int] | None:
    """Maker volumes of the epoch before, over all groups; None where it did not leave any."""
    found = [group["maker_volume"] for group in (previous or {}).values() if "maker_volume" in group]
    if not found:
        return None
    out: dict[str, int] = {}
    for volumes in found:
        for name, amount in volumes.items():
            out[name] = out.get(name, 0) + sum(amount)
    return out


def chosen(program: Program, ev: Evidence) -> dict[str, list[Instrument]]:
    """Instruments of each group: the first group that matches takes an instrument that had resting orders.

    Groups outside another one take it beside that.
    """
    out: dict[str, list[Instrument]] = {group.name: [] for group in program.group}
    for name in sorted(ev.lives):
        item = ev.tape.instruments[name]
        takes = [group for group in program.group if _matches(group, item)]
        for group in takes:
            if group is takes[0] or group.outside == takes[0].name:
                out[group.name].append(item)
    return out


def _matches(group: Group, item: Instrument) -> bool:
    named = any(fnmatchcase(text, pattern) for pattern in group.instruments for text in (item.instrument, item.symbol))
    return named and (not group.kinds or item.kind in group.kinds)


def measured(
    ev: Evidence, program: Program, group: Group, instrument: Instrument, seed: bytes, *, keep: bool = False
) -> Market:
    """Components of every maker in one market."""
    name = instrument.instrument
    strikes = ev.tape.instruments.values() if group.deepest != "any" or group.outside else ()
    track = track_of(
        group,
        instrument,
        ev.prices(name),
        lambda: resting(ev.lives[name], ev.makers),
        neighbour=next_strike(instrument, strikes),
        outside=next((other for other in program.group if other.name == group.outside), None),
    )
    windows: list[Window] = []
    if group.stress:
        alarm = alarm_of(group.stress, track, ev.prices(name), f"group {group.name!r}, stress.price")
        windows = stress_windows(alarm, ev.until, group.stress, f"group {group.name!r}")
    looks = looks_of(program.sampling, ev, instrument.venue, seed)
    fills, span = ev.fills_of(name), segments(ev.heard[name], windows)
    asked = needs(group) | ({"maker_volume"} if group.split == "volume" else set())
    parties = parties_of(program, ev.makers)

    def components(start: int, end: int, *, keep: bool) -> Market:
        return market_components(
            group,
            instrument,
            _during(ev.lives[name], start, end),
            track,
            within(span, start, end),
            replace(looks, instants=looks.instants[slice(*np.searchsorted(looks.instants, (start, end)))]),
            makers=ev.makers,
            fills=fills.filter(pl.col("time").is_between(start, end, closed="left")),
            asked=asked,
            until=end,
            parties=parties,
            keep=keep,
        )

    market = components(ev.since, ev.until, keep=keep)
    if group.period_s is not None:
        periods = cut(ev.since, ev.until, nanoseconds(group.period_s))
        market = replace(
            market, parts=tuple(_part(components(start, end, keep=False), start, end) for start, end in periods)
        )
    more: dict[str, list[int]] = {}
    if group.fade:
        alarm = alarm_of(group.fade, track, ev.prices(name), f"group {group.name!r}, fade.price")
        more["kept"] = kept_after_moves(market, group, alarm, ev.makers, ev.until)
    if group.asked:
        more["asked"] = asked_depth(ev.lives[name], fills, market, group, ev.makers)
    if group.fills:
        more["backed"] = backed_by_fills(fills, market, group, ev.makers)
    return replace(market, component={**market.component, **more})


def _during(lives: pl.DataFrame, start: int, end: int) -> pl.DataFrame:
    return lives.filter(pl.col("start") < end, pl.col("end") > start)


def _part(market: Market, start: int, end: int) -> Part:
    component = {name: [int(own or 0) for own in values] for name, values in market.component.items()}
    return Part(start=start, end=end, component=component, present=market.present, looked=market.observed)


def alarm_of(rule: Stress | Fade, track: Track, prices: Prices, where: str) -> Track:
    """The price whose moves a rule watches."""
    return track if rule.price == "reference" else outside_track(rule.price, prices, where)


def _findings(found: Measured, markets: Sequence[Scored]) -> tuple[str, ...]:
    ev, program = found.ev, found.program
    out: list[str] = []
    if program.assumed:
        given = ", ".join(f"{key} = {value}" for key, value in program.assumed.items())
        out.append(f"parameters: assumed ({given})")
    for name, facts in program.parameters.items():
        used = program.assumed.get(name, facts.default)
        if facts.rule is not None and used != facts.rule:
            out.append(f"parameter {name} is {used}, the published rule says {facts.rule}")
    empty = [group.name for group in program.group if group.name not in found.markets]
    if empty:
        out.append(f"no market here for group {', '.join(empty)}: the others share the whole pool")
    missed = sorted(set(ev.lives) - {item.instrument.instrument for own in found.markets.values() for item in own})
    if missed:
        out.append(f"no group matches {', '.join(missed[:8])}: not scored")
    silent = sorted(set(ev.tape.instruments) - set(ev.lives))
    if silent:
        out.append(f"no resting orders of {', '.join(silent[:8])}{' ...' if len(silent) > 8 else ''}: not scored")
    for name, count in ev.unnamed.items():
        out.append(f"{name}: {count} order steps of unknown makers earn nothing")
    ranged = {group.name for group in program.group if group.abs_delta is not None or group.max_days is not None}
    for item in markets:
        if item.blind * 100 > item.blind + item.looked:
            share = 100 * item.blind / (item.blind + item.looked)
            why = f"no reference ({item.reference})" + (", or not asked for," if item.group in ranged else "")
            out.append(f"{item.market}: {why} in {share:.1f} % of the time: it counts for nobody")
    return tuple(out)


def _of_clauses(program: Program, cases: Sequence[Case]) -> list[str]:
    out: list[str] = []
    for clause in program.clause:
        own = [case.change for case in cases if case.clause == clause.name]
        if own:
            whole = Decimal(sum(own)) / 1_000_000
            out.append(f"clause {clause.name}: {len(own)} cases, the pool changes by {whole:+,f} {clause.unit}")
    return out
