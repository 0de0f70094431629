"""Replay: a recorded tape is the market, and own agents quote in it.

What was recorded happens as it did, whatever own orders do: they wait in the recorded queues under a stated model, fill
only from recorded trades, and own takers take recorded lots, each once. So a replay says what a maker would have
earned if nobody had minded it, never how the market would have answered: that is what a simulated market is for.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from makerscope.agents.interface import REASONS as OUT_REASONS
from makerscope.errors import AccountingError, InputError
from makerscope.market.accounts import total_cash
from makerscope.market.layout import FIRST_AGENT
from makerscope.market.log import T_ORDERS, T_QUOTES, Log
from makerscope.market.venue import REASONS, V_MESSAGES
from makerscope.sim import replay_world as r
from makerscope.sim import world as w
from makerscope.sim.cast import Cast, cast_of
from makerscope.sim.recorder import Recorder
from makerscope.sim.replay_build import Staged, Terms, stage
from makerscope.sim.replay_feed import Feed, Source, source_of
from makerscope.sim.replay_loop import ASKED, DONE, EMPTY_LOG, MORE, NO_ROOM, OVERFLOW, run_replay
from makerscope.sim.replay_queue import QueueModel
from makerscope.sim.scenario import AgentTable, Scenario, UnderlyingTable
from makerscope.tape.events import Token
from makerscope.tape.read import Tape
from makerscope.tape.write import TapeWriter

WHY = {OVERFLOW: "one instant wrote more than the log holds", NO_ROOM: "more messages wait than there is room for"}
CHANNELS = ("orders", "quotes")


@dataclass(slots=True)
class Heard:
    """Rows by channel, instrument and place of the span in which they came."""

    source: Source
    counts: Counter[tuple[str, int, int]] = field(default_factory=Counter)

    def count(self, log: Log) -> None:
        """Count what the log holds now."""
        for channel, rows, column in (
            ("orders", log.orders[: log.count[T_ORDERS]], 2),
            ("quotes", log.quotes[: log.count[T_QUOTES]], 1),
        ):
            for i, spans in enumerate(self.source.spans):
                times = rows[rows[:, column] == i, 0]
                for n, (start, end) in enumerate(spans):
                    self.counts[channel, i, n] += int(
                        np.searchsorted(times, end, "right") - np.searchsorted(times, start)
                    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What a replay came to.

    Recorded ``events``, ``calls`` of agents, ``messages`` of theirs, lots own resting orders ``filled``,
    refusals by reason, and cash and lots of every agent at the end.
    """

    events: int
    calls: int
    messages: int
    filled: int
    refused: dict[str, int]
    cash: dict[str, int]
    position: dict[str, dict[str, int]]


def replay(
    tape: Tape, agents: Sequence[AgentTable], out: Path, *, queue: QueueModel | None = None,
    maker_fee_bps: float = 1.5, taker_fee_bps: float = 4.5, instruments: Sequence[str] = (), depth: str | None = None,
    since: int | None = None, until: int | None = None, seed: int = 7, progress: Callable[[float], None] | None = None,
) -> Replayed:  # fmt: skip
    """Let own agents quote in a recorded market, onto a tape of their own.

    Args:
        tape: the recording.
        agents: their kinds, numbers and latencies, as in a scenario; ``feed_ms`` comes on top of what the recorder
        was late
            beyond its best.
        out: folder of the tape that holds their orders, fills and equity, and the recorded quotes and marks.
        queue: how own orders move up in a queue; ``behind`` by default.
        maker_fee_bps: what the venue charges a maker (below 0: pays), bps.
        taker_fee_bps: what it charges a taker, bps.
        instruments: names or symbols, default all that have depth.
        depth: ``book`` or ``quotes``; default the fullest that the tape has.
        since: first ns.
        until: first ns after the window.
        seed: of the agents' dice.
        progress: called with recorded seconds as they pass.

    Raises:
        InputError: the tape cannot be replayed, or an agent asks for what cannot be; the key is named.

    Examples:
        ``replay(Tape.open("demo/tape"), [AgentTable(kind="grid", name="me", every_ms=100)], Path("me"))``
    """
    source = source_of(tape, instruments, depth=depth, since=since, until=until)
    cast = own_cast(agents, len(source.instruments))
    items = [tape.instruments[name] for name in source.instruments]
    settle = {item.settle for item in items}
    if len(settle) > 1:
        raise InputError("--instrument", f"settle in {', '.join(sorted(settle))}", "instruments settled in one token")
    token = settle.pop()
    known = tape.tokens.get(token)
    model = queue or QueueModel()
    terms = Terms(queue=model, maker_fee_bps=maker_fee_bps, taker_fee_bps=taker_fee_bps)
    staged = stage(
        items, cast, terms, (source.start, source.end), seed, known.decimals if known else 6, dearest=source.dearest
    )
    staged.world.venue.state[:, r.HAS_MARKS] = int(tape.has("marks"))
    with TapeWriter(out, source=f"replayed ({model.kind} queue): {tape.manifest.source}; seed {seed}") as writer:
        writer.add_token(Token(token=token, decimals=staged.decimals))
        for item in items:
            writer.add_instrument(item)
        _state(writer, source, terms, cast)
        recorder = Recorder(
            tape=writer, instruments=list(source.instruments), accounts=_accounts(cast), venue=items[0].venue,
            token=token,
            leads=frozenset(), lots=[float(item.lot_size) for item in items], blocks=False,
        )  # fmt: skip
        heard = Heard(source)
        play_feed(staged, Feed(source=source), recorder, progress, heard)
        _sessions(writer, source, heard)
        _tell(writer, staged, source, cast)
    return _replayed(staged, cast, source)


def own_cast(agents: Sequence[AgentTable], instruments: int) -> tuple[Cast, ...]:
    """Own agents by name, their numbers checked."""
    if not agents:
        raise InputError("--agent", "no agent was named", "at least one, such as grid")
    nothing = Scenario(title="replay", hours=1, underlying=[UnderlyingTable(symbol="X", spot=1)], agent=list(agents))
    return cast_of(nothing, instruments + 1)  # as if the leading venue's came last


def play_feed(
    staged: Staged,
    feed: Feed,
    recorder: Recorder | None,
    progress: Callable[[float], None] | None = None,
    heard: Heard | None = None,
) -> None:
    """Run a replay to its end, a block of events at a time.

    Raises:
        AccountingError: money or lots were made or lost, or there was no room: a defect.
    """
    world = staged.world
    paid_in, told = int(total_cash(world.venue.accounts)), int(world.clock[w.C_NOW])
    for block in feed:
        marks = (block[:, r.E_WHAT] & r.WHAT) == r.MARKED
        if staged.factor > 1 and marks.any():
            paid = marks & (block[:, r.E_SERIAL] != np.iinfo(np.int64).min)
            block[paid, r.E_SERIAL] *= staged.factor
        for first in range(0, len(block), len(world.feed)):
            part = block[first : first + len(world.feed)]
            world.feed[: len(part)] = part
            world.clock[r.C_ROW], world.clock[r.C_ROWS] = 0, len(part)
            world.clock[r.C_EVENTS] += len(part)
            _go_on(staged, recorder, heard, MORE)
        now = int(world.clock[w.C_NOW])
        if progress is not None:
            progress((now - told) / 1e9)
            told = now
    world.clock[r.C_FINAL] = 1
    _go_on(staged, recorder, heard, DONE)
    lots = world.venue.accounts.position.sum(axis=0)
    if int(total_cash(world.venue.accounts)) != paid_in or lots.any():
        raise AccountingError("replay: money or positions do not add up any more; this is a defect of makerscope")


def _go_on(staged: Staged, recorder: Recorder | None, heard: Heard | None, until: int) -> None:
    while True:
        status = run_replay(staged.handle)
        if heard is not None:
            heard.count(staged.world.venue.log)
        if recorder is None:
            staged.world.venue.log.count[:-1] = 0
        else:
            recorder.drain(staged.world.venue.log, int(staged.world.clock[w.C_NOW]))
        if status == until:
            return
        if status == ASKED:
            step = staged.steps.get(int(staged.world.clock[w.C_ASKED]))
            if step is not None and step.interrupt is not None:
                raise step.interrupt
            raise InputError("--agent", "decides outside the loop", "an agent with a step of its own")
        if status != EMPTY_LOG:
            when = int(staged.world.clock[w.C_NOW])
            raise AccountingError(
                f"replay stopped at {when} ns: {WHY.get(status, status)}; this is a defect of makerscope"
            )


def _accounts(cast: tuple[Cast, ...]) -> list[str | None]:
    """Names by account: those whom the recording shows stay nameless."""
    return [*[None] * FIRST_AGENT, *[item.name for item in cast]]


def _state(writer: TapeWriter, source: Source, terms: Terms, cast: tuple[Cast, ...]) -> None:
    """Say on the tape what was assumed."""
    writer.find("info", "replayed", "own orders never moved the recorded market: this is no statement about impact")
    writer.find("info", "queue model", f"queue model {terms.queue.stated}")
    writer.find("info", "depth", f"from the recorded {source.depth}; trades from the recorded {source.trades}")
    writer.find(
        "info", "fees", f"maker {terms.maker_fee_bps:g} bps, taker {terms.taker_fee_bps:g} bps; no margin is asked"
    )
    for item in cast:
        late = item.table
        text = f"{item.name}: feed {late.feed_ms:g} ms, orders {late.send_ms:g} ms, jitter {late.jitter_ms:g} ms"
        writer.find("info", "latency", text)
    if source.base is None:
        text = "the recording has one clock: the feed is late by feed_ms alone"
    else:
        best = f"{source.base / 1e6:.3f} ms"
        text = f"the recorder's delay beyond its best ({best}) is added to feed_ms at each event"
        if source.base < 0:
            text += "; its clock is behind the venue's, so only the difference means anything"
    writer.find("info", "clocks", text)


def _tell(writer: TapeWriter, staged: Staged, source: Source, cast: tuple[Cast, ...]) -> None:
    """Say on the tape what went on."""
    clock, timing = staged.world.clock, staged.world.agents.timing
    for n, item in enumerate(cast):
        if timing[FIRST_AGENT + n, w.D_OUT] != w.IN:
            step = staged.steps.get(FIRST_AGENT + n)
            why = OUT_REASONS[int(timing[FIRST_AGENT + n, w.D_OUT])] + (
                f" ({step.why})" if step is not None and step.why else ""
            )
            writer.find("warning", "agent out", f"{item.name}: {why}; its orders were cancelled")
    outages = sum(max(len(spans) - 1, 0) for spans in source.spans)
    if outages:
        writer.find("warning", "outage", "own orders were taken out when the recorder ceased to listen", count=outages)
    if clock[r.C_FULL]:
        writer.find(
            "warning", "deep book", "levels far from the price found no room", table="book", count=int(clock[r.C_FULL])
        )
    if clock[r.C_SKIPPED]:
        writer.find(
            "warning", "slow feed", "changes that agents saw only with a later one", count=int(clock[r.C_SKIPPED])
        )


def _sessions(writer: TapeWriter, source: Source, heard: Heard) -> None:
    rows = [
        {"instrument": name, "channel": channel, "start_exchange": span[0], "end_exchange": span[1], "events": count}
        for i, (name, spans) in enumerate(zip(source.instruments, source.spans, strict=True))
        for n, span in enumerate(spans)
        for channel in CHANNELS
        if (count := heard.counts[channel, i, n]) > 0
    ]
    if rows:
        writer.session(pl.DataFrame(rows).with_columns(ended_by=pl.lit("end of the recording")))


def _replayed(staged: Staged, cast: tuple[Cast, ...], source: Source) -> Replayed:
    world = staged.world
    refused = world.venue.refused.sum(axis=0)
    holdings = world.venue.accounts
    rows = {item.name: FIRST_AGENT + n for n, item in enumerate(cast)}
    return Replayed(
        events=int(world.clock[r.C_EVENTS]), calls=int(world.clock[w.C_WAKES]),
        messages=int(world.venue.word[V_MESSAGES]),
        filled=int(world.clock[r.C_TRADED]),
        refused={why: int(n) for why, n in zip(REASONS, refused, strict=True) if n},
        cash={name: int(holdings.cash[a]) for name, a in rows.items()},
        position={
            name: {one: int(holdings.position[a, i]) for i, one in enumerate(source.instruments)}
            for name, a in rows.items()
        },
    )  # fmt: skip
