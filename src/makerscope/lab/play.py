"""Play one run of a sweep and keep what became of it: no tape, bounded memory.

The world is run from look to look; that changes nothing in it. Where tapes are wanted, the recorder reads the same log.
"""

from contextlib import ExitStack
from pathlib import Path

import msgspec
import numpy as np

from makerscope.lab.crisis import crisis_of
from makerscope.lab.events import events_of
from makerscope.lab.flows import POOLS, Flows
from makerscope.lab.measures import fates, measures
from makerscope.lab.outcome import Event, Number, Outcome, Payment
from makerscope.lab.variants import seats_of
from makerscope.lab.watch import Watch, equities, seats_in, step_of
from makerscope.market.layout import FIRST_AGENT, MARK, UNIT
from makerscope.market.log import Log
from makerscope.sim.build import NOT_AGENTS, Built, build
from makerscope.sim.recorder import Recorder
from makerscope.sim.run import play_until, recorder_of, who_is_out
from makerscope.sim.scenario import RecordTable, Scenario
from makerscope.tape.write import TapeWriter

POINTS = 240  # of a path that is kept
OWN_PARTIES = 50  # makers under test that are parties of their own; beyond that, tables are
UNRECORDED = RecordTable(orders=False, quotes=False, book_s=0, marks_s=0, chain_s=0, accounts_s=0)


def play_run(scenario: Scenario, *, seed: int, key: str = "", tape: Path | None = None) -> Outcome:
    """Play a scenario from start to end.

    Args:
        scenario: as its variant has it.
        seed: one seed, one outcome.
        key: kept in the outcome.
        tape: folder of a tape to write as well.

    Raises:
        InputError: the scenario asks for what cannot be.
        AccountingError: payments do not add up to the change of equity: a defect.
    """
    if tape is None:
        scenario = msgspec.structs.replace(scenario, record=UNRECORDED)
    built = build(scenario, seed=seed)
    with ExitStack() as stack:
        recorder = None
        if tape is not None:
            writer = stack.enter_context(TapeWriter(tape, source=f"simulated: {scenario.title}, seed {seed}"))
            recorder = recorder_of(writer, built)
        out = watched(built, seed=seed, key=key, recorder=recorder)
        if recorder is not None:
            for name, why in who_is_out(built):
                recorder.tape.find("warning", "agent out", f"{name}: {why}")
            recorder.sessions(built.start, built.end)
    return out


def watched(built: Built, *, seed: int, key: str = "", recorder: Recorder | None = None) -> Outcome:
    """Run a world that was built to its end, and what became of it."""
    scenario, venue = built.scenario, built.world.venue
    watch = Watch(
        built=built,
        seats=seats_in(built, seats_of(scenario)),
        step=step_of(built),
        depth_bps=scenario.stress.depth_bps,
    )
    names, party = parties(built, watch.seats)
    flows = Flows(party=party, names=names, spec=venue.spec)
    before = _equity(built)
    brought = equities(built, watch.seats)

    def empty(log: Log, now: int) -> None:
        flows.read(log)
        watch.read(log)
        if recorder is not None:
            recorder.drain(log, now)
        log.count[:] = 0

    watch.look()
    for k in range(1, watch.looks):
        play_until(built, min(built.start + k * watch.step, built.end), empty)
        watch.look()
    mark = venue.state[:, MARK].copy()
    flows.check(mark, _equity(built) - before)
    window = crisis_looks(watch, scenario)
    makers = fates(watch, brought, window)
    times, paths = _paths(watch)
    return Outcome(
        key=key,
        seed=seed,
        measures=measures(watch, makers, window),
        makers=makers,
        payments=tuple(Payment(*who, amount) for who, amount in sorted(flows.matrix(mark).items())),
        times_s=times,
        paths=paths,
        events=_sorted(events_of(watch, makers, window)),
    )


def crisis_looks(watch: Watch, scenario: Scenario) -> slice:
    """Looks inside the crisis; all of them where nothing happens."""
    crisis = crisis_of(scenario)
    if crisis is None:
        return slice(0, watch.looks)
    first, last = np.searchsorted(watch.times_s, crisis, side="left").tolist()
    return slice(first, max(last, first + 1))


def parties(built: Built, seats: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Names of the parties, and the party of every account: an agent and its account at the leading venue are one."""
    names: list[str] = [*NOT_AGENTS]
    of: dict[str, int] = {}
    alone = set(seats.tolist()) if len(seats) <= OWN_PARTIES else set()
    agents = len(built.cast)
    party = np.arange(FIRST_AGENT + 2 * agents)
    for n, item in enumerate(built.cast):
        account = FIRST_AGENT + n
        name = item.name if account in alone else item.table.name
        name = f"agent {name}" if name in {*NOT_AGENTS, *POOLS} else name
        if name not in of:
            of[name] = len(names)
            names.append(name)
        party[account] = party[account + agents] = of[name]
    return [*names, *POOLS], party


def _equity(built: Built) -> np.ndarray:
    """Equity of every account, money on its way included, base units."""
    venue, agents = built.world.venue, len(built.cast)
    out = venue.accounts.cash + venue.accounts.position @ (venue.state[:, MARK] * venue.spec[:, UNIT])
    rows = np.arange(FIRST_AGENT, FIRST_AGENT + agents)
    out[rows] = equities(built, rows)
    out[rows + agents] = 0
    return out


def _paths(watch: Watch) -> tuple[tuple[float, ...], dict[str, tuple[Number, ...]]]:
    """What is drawn over time, at POINTS moments: the last value of each, means of spread and depth."""
    edges = np.unique(np.linspace(0, watch.looks, min(POINTS, watch.looks) + 1).round().astype(np.int64))
    last = edges[1:] - 1
    joint = watch.equity.sum(axis=0)
    gained = {"pnl": joint - joint[0], "price": watch.price, "mark": watch.mark / watch.index}
    paths = {name: _known(values[last]) for name, values in gained.items()}
    for name, values in (("half_bps", watch.half_bps), ("depth", watch.depth), ("chain", watch.chain)):
        if np.isfinite(values).any():
            known = np.isfinite(values)
            total = np.add.reduceat(np.where(known, values, 0.0), edges[:-1])
            count = np.add.reduceat(known.astype(np.int64), edges[:-1])
            paths[name] = _known(np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0))
    return tuple(watch.times_s[last].tolist()), paths


def _known(values: np.ndarray) -> tuple[Number, ...]:
    return tuple(value if np.isfinite(value) else None for value in values.tolist())


def _sorted(events: list[Event]) -> tuple[Event, ...]:
    return tuple(sorted(events, key=lambda event: event.at_s))
