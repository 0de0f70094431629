"""``makerscope replay``."""

import tomllib
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console

from makerscope.cli.moments import moment
from makerscope.cli.progress import progress_bar
from makerscope.errors import InputError
from makerscope.sim.replay import Replayed, replay
from makerscope.sim.replay_queue import QueueModel
from makerscope.sim.scenario import AgentTable
from makerscope.tape.read import Tape

Words = Annotated[list[str] | None, Parameter(negative="")]


def replay_command(
    tape: Path,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    agent: Words = None,
    number: Words = None,
    agents: Path | None = None,
    queue: str = "behind",
    power: float = 3.0,
    feed_ms: float = 10.0,
    send_ms: float = 10.0,
    jitter_ms: float = 0.0,
    every_ms: float = 100.0,
    capital_usd: float = 1_000_000.0,
    maker_fee_bps: float = 1.5,
    taker_fee_bps: float = 4.5,
    instrument: Words = None,
    depth: str | None = None,
    since: str | None = None,
    until: str | None = None,
    seed: int = 7,
) -> None:
    """Let own agents quote in a recorded market, and write their orders, fills and equity onto a tape of their own.

    Args:
        tape: the recording, brought onto a tape by makerscope import.
        out: folder of the new tape; makerscope report measures it.
        agent: kind of an own agent, such as grid; may be given more than once.
        number: a number of the agents, such as half_bps=2; may be given more than once.
        agents: TOML file with tables [[agent]] as in a scenario, instead of --agent.
        queue: how own orders move up: behind (only by trades), share, power, or front (an upper bound).
        power: exponent of --queue power.
        feed_ms: how late agents see the market at best, ms.
        send_ms: how long their orders take, ms.
        jitter_ms: mean of a random addition to it, ms.
        every_ms: how often an agent that does not say so itself is called; 0 is whenever it sees something new.
        capital_usd: money each agent starts with.
        maker_fee_bps: what the venue charges a maker; below 0 it pays.
        taker_fee_bps: what the venue charges a taker.
        instrument: market to replay, by name or symbol; default all with depth.
        depth: book or quotes; default the fullest the tape has.
        since: first moment, such as 2025-09-03T12:55 (UTC) or seconds since 1970.
        until: first moment after the window.
        seed: of the agents' dice.
    """
    recorded = Tape.open(tape)
    if (agents is None) == (not agent):
        raise InputError("replay", "own agents are missing or named twice", "--agent KIND, or --agents FILE.toml")
    late = {
        "feed_ms": feed_ms,
        "send_ms": send_ms,
        "jitter_ms": jitter_ms,
        "every_ms": every_ms,
        "capital_usd": capital_usd,
    }
    own = _read(agents) if agents is not None else _named(agent or [], _numbers(number or []), late)
    window = (moment("--since", since), moment("--until", until))
    with progress_bar("replaying", None) as advance:
        done = replay(
            recorded, own, out, queue=QueueModel(kind=queue, n=power), maker_fee_bps=maker_fee_bps,
            taker_fee_bps=taker_fee_bps, instruments=instrument or (), depth=depth, since=window[0], until=window[1],
            seed=seed, progress=advance,
        )  # fmt: skip
    _print(done, out)


def _print(done: Replayed, out: Path) -> None:
    console = Console()
    say = partial(console.print, highlight=False, soft_wrap=True)
    say(f"{done.events:,} recorded events, {done.calls:,} calls of agents, {done.messages:,} messages")
    say(f"{done.filled:,} lots filled at rest")
    for why, count in done.refused.items():
        say(f"{count:,} messages refused: {why}")
    say(f"\ntape      {out}\nnext      makerscope report {out}")


def _named(kinds: list[str], numbers: dict[str, float], late: dict[str, float]) -> list[AgentTable]:
    names = [kind if kinds.count(kind) == 1 else f"{kind}-{n + 1}" for n, kind in enumerate(kinds)]
    tables = [{"kind": kind, "name": name, "numbers": numbers, **late} for kind, name in zip(kinds, names, strict=True)]
    return _converted(tables, "--agent")


def _numbers(given: list[str]) -> dict[str, float]:
    found = {}
    for text in given:
        key, _, value = text.partition("=")
        try:
            found[key] = float(value)
        except ValueError as error:
            raise InputError("--number", f"{text!r} has no value", "such as half_bps=2") from error
    return found


def _read(path: Path) -> list[AgentTable]:
    try:
        table = tomllib.loads(path.read_text())
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "a TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(path, f"is no TOML ({error})", "tables [[agent]]") from error
    unknown = set(table) - {"agent"}
    if unknown or not table.get("agent"):
        raise InputError(path, f"has {', '.join(sorted(unknown)) or 'no agent'}", "tables [[agent]] and nothing else")
    return _converted(table["agent"], str(path))


def _converted(tables: object, where: str) -> list[AgentTable]:
    try:
        return msgspec.convert(tables, list[AgentTable], strict=True)
    except msgspec.ValidationError as error:
        raise InputError(where, str(error), "an agent as in a scenario") from error
