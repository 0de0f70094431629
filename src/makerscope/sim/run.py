"""Play a scenario and write its tape."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from makerscope.agents.interface import REASONS, RUINED
from makerscope.errors import AccountingError, InputError
from makerscope.market.chain import K_FINALITY, K_INTERVAL
from makerscope.market.layout import FIRST_AGENT
from makerscope.market.log import Log
from makerscope.market.reference import PricePath
from makerscope.market.venue import V_NOW
from makerscope.sim import world as w
from makerscope.sim.build import Built, build
from makerscope.sim.loop import ASKED, DONE, EMPTY_LOG, NO_ROOM, OVERFLOW, UNBALANCED, run
from makerscope.sim.markets import DECIMALS, TOKEN, Market
from makerscope.sim.recorder import Recorder
from makerscope.sim.scenario import Scenario
from makerscope.sim.surroundings import quotes_of_leader
from makerscope.tape.events import Instrument, Token
from makerscope.tape.write import TapeWriter

WHY = {
    OVERFLOW: "a block wrote more than the log holds",
    NO_ROOM: "more messages wait than there is room for",
    UNBALANCED: "money or positions do not add up any more",
}


def simulate(
    scenario: Scenario,
    out: Path,
    *,
    seed: int = 7,
    audit: bool = False,
    plain: bool = False,
    progress: Callable[[float], None] | None = None,
) -> Built:
    """Play a scenario from start to end onto a tape.

    Args:
        scenario: of ``read_scenario``.
        out: folder of the tape; an older tape there is replaced.
        seed: one seed, one tape, to the last byte.
        audit: check after every event that money and positions add up (slow).
        plain: run all agents as plain Python: slower, never different.
        progress: called with simulated seconds as they pass.

    Returns:
        The world as it stands at the end.

    Raises:
        InputError: the scenario asks for what cannot be, or ``out`` is something else than a tape.
        AccountingError: the world lost or made money, or had no room: a defect, not a market.
    """
    built = build(scenario, seed=seed, plain=plain)
    record(built, out, seed=seed, audit=audit, progress=progress)
    return built


def record(
    built: Built, out: Path, *, seed: int, audit: bool = False, progress: Callable[[float], None] | None = None
) -> None:
    """Play a world that was built, and write its tape; see ``simulate``."""
    built.world.rule[w.G_AUDIT] = int(audit)
    with TapeWriter(out, source=f"simulated: {built.scenario.title}, seed {seed}") as tape:
        recorder = recorder_of(tape, built)
        play(built, recorder, progress)
        for name, why in who_is_out(built):
            tape.find("info" if REASONS[RUINED] in why else "warning", "agent out", f"{name}: {why}")
        recorder.sessions(built.start, built.end)


def recorder_of(tape: TapeWriter, built: Built) -> Recorder:
    """A recorder for a world, with its instruments declared on the tape."""
    tape.add_token(Token(token=TOKEN, decimals=DECIMALS))
    tape.find("info", "simulated", "every event on this tape was simulated: it says nothing about any real market")
    for market in built.markets:
        tape.add_instrument(_declared(market, built.scenario.profile))
    for text in built.terms.assumed:
        tape.find("info", "assumed", text)
    for text in finality_of(built):
        tape.find("info", "finality", text)
    return Recorder(
        tape=tape,
        instruments=[market.name for market in built.markets],
        accounts=built.accounts,
        venue=built.scenario.profile,
        token=TOKEN,
        leads=frozenset(i for i, market in enumerate(built.markets) if market.lead),
        lots=[market.lot for market in built.markets],
        ahead=_leading(built),
    )


def finality_of(built: Built) -> list[str]:
    """When a block, and so the fills in it, cannot be undone any more, and which blocks a reorg orphaned.

    A tape holds the chain that won: nothing executes in an orphaned block, its messages execute later.
    """
    chain = built.world.chain
    blocks, interval = int(chain.rules[K_FINALITY]), int(chain.rules[K_INTERVAL])
    after = f"{blocks} blocks ({blocks * interval / 1e9:g} s) after it" if blocks else "at once"
    said = (
        [f"a block and its fills are final {after}; fills of the last blocks of the tape may not be"] if blocks else []
    )
    return said + [
        f"blocks {int(last - depth) + 1} to {int(last)} were orphaned: they hold no fill, what they held executed later"
        for last, depth in chain.reorgs
    ]


def play(built: Built, recorder: Recorder, progress: Callable[[float], None] | None = None) -> None:
    """Run a world to its end, emptying its log as it fills."""
    told = built.start

    def empty(log: Log, now: int) -> None:
        nonlocal told
        recorder.drain(log, now)
        if progress is not None:
            progress((now - told) / 1e9)
            told = now

    play_until(built, built.end, empty)


def play_until(built: Built, until: int, empty: Callable[[Log, int], object]) -> None:
    """Run a world up to a moment (ns), as if it had never stopped on the way.

    Args:
        built: the world, which stands at ``until`` afterwards.
        until: at most its end.
        empty: called with the log and the time whenever it wants to be emptied, and at last; it sets the counts to 0.

    Raises:
        InputError: somebody outside the loop decides.
        AccountingError: the world lost or made money, or had no room: a defect, not a market.
    """
    world = built.world
    world.clock[w.C_END] = until
    while True:
        status = run(built.handle)
        empty(world.venue.log, int(world.clock[w.C_NOW]))
        if status == DONE:
            return
        if status == ASKED:
            _refuse_to_answer(built)
        if status != EMPTY_LOG:
            when = int(world.venue.word[V_NOW])
            raise AccountingError(f"simulation stopped at {when} ns: {WHY[status]}; this is a defect of makerscope")


def _refuse_to_answer(built: Built) -> None:
    """Nobody outside decides here: the run was interrupted inside a Python step, or the scenario is for a Gym."""
    a = int(built.world.clock[w.C_ASKED])
    step = built.steps.get(a)
    if step is not None and step.interrupt is not None:
        raise step.interrupt
    name = built.cast[a - FIRST_AGENT].name
    raise InputError(f"agent {name}: kind", "decides outside the loop", "makerscope.sim.gym.MarketEnv to play it")


def who_is_out(built: Built) -> list[tuple[str, str]]:
    """Name of every agent that was taken out of the market, and why."""
    out: list[tuple[str, str]] = []
    for n, item in enumerate(built.cast):
        timing = built.world.agents.timing[FIRST_AGENT + n]
        if timing[w.D_OUT] == w.IN:
            continue
        step = built.steps.get(FIRST_AGENT + n)
        what = REASONS[int(timing[w.D_OUT])]
        if timing[w.D_GARBAGE] > 0:
            what += f" (its action {int(timing[w.D_GARBAGE])} makes no sense)"
        elif step is not None and step.why:
            what += f" ({step.why})"
        seconds = (int(timing[w.D_OUT_AT]) - built.start) / 1e9
        out.append((item.name, f"{what}; taken out after {seconds:.3f} s, its orders were cancelled"))
    return out


def _leading(built: Built) -> pl.DataFrame | None:
    """What the leading venue will show, for the recorder to write when its time has come."""
    if not built.scenario.record.quotes:
        return None
    path = built.world.path
    step = int(built.world.rule[w.G_STEP])
    heard = np.ones(path.spot.shape, np.bool_)
    prices = PricePath(spot=path.spot, variance=path.variance, heard=heard, begin=built.start, step=step)
    return quotes_of_leader(built.scenario, built.markets, prices, built.terms).filter(
        pl.col("exchange_time") <= built.end
    )


def _declared(market: Market, venue: str) -> Instrument:
    return Instrument(
        instrument=market.name,
        venue=f"{venue}.lead" if market.lead else venue,
        symbol=market.symbol,
        kind=market.kind,
        base=market.base,
        quote="USD",
        settle=TOKEN,
        inverse=False,
        tick_size=f"{market.tick:f}".rstrip("0").rstrip("."),
        lot_size=f"{market.lot:f}".rstrip("0").rstrip("."),
        multiplier="1",
        facts="the scenario",
        strike=None if market.strike is None else f"{market.strike:f}".rstrip("0").rstrip("."),
        expiry=market.expiry,
        is_call=market.is_call,
    )
