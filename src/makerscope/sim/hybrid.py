"""The hybrid mode: a recorded price and recorded takers in a simulated market.

A recording is named ``TAPE#INSTRUMENT``, or ``TAPE#INSTRUMENT@TIME``: the time of the tape that is the start of the
scenario; without it that is where its prices begin, for its trades too, so that both stay together.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.agents import interface
from makerscope.agents.recorded_flow import F_COUNT, F_FIRST, F_WORDS
from makerscope.errors import InputError, TapeError
from makerscope.market.layout import FIRST_AGENT
from makerscope.market.recorded_path import recorded_path
from makerscope.market.reference import PricePath
from makerscope.sim.cast import Cast
from makerscope.sim.keys import place_of
from makerscope.sim.markets import DEAREST, instant
from makerscope.sim.scenario import Scenario
from makerscope.sim.world import World
from makerscope.tape.read import TIME, Tape

PRICES = ("quotes", "trades", "marks")  # where a price is looked for, the best first
HOUR = 3600 * 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One instrument of a tape, from ``begin`` (ns); ``source``: the table of its prices."""

    tape: Tape
    instrument: str
    source: str
    begin: int


def recording_of(text: str, key: str) -> Recording:
    """The recording that a scenario names.

    Args:
        text: ``TAPE#INSTRUMENT`` or ``TAPE#INSTRUMENT@TIME``.
        key: of the scenario, for errors.

    Raises:
        InputError: there is no such tape, instrument or time, or it has no prices.
    """
    folder, _, rest = text.partition("#")
    name, _, moment = rest.partition("@")
    try:
        tape = Tape.open(Path(folder))
    except TapeError as error:
        raise InputError(key, str(error), "TAPE#INSTRUMENT") from error
    if name not in tape.instruments:
        raise InputError(key, f"names {name!r}", "TAPE#INSTRUMENT with one of " + ", ".join(list(tape.instruments)[:5]))
    for source in PRICES:
        first = (
            tape.scan(source).filter(instrument=name).select(TIME.min()).collect().item() if tape.has(source) else None
        )
        if first is not None:
            return Recording(tape=tape, instrument=name, source=source, begin=_begin(moment, first, key))
    raise InputError(key, f"{name} has no prices", "one with " + " or ".join(PRICES))


def _begin(moment: str, first: int, key: str) -> int:
    if not moment:
        return first
    return max(instant(key, moment), first)


def with_recorded(scenario: Scenario, path: PricePath) -> PricePath:
    """A path with the recorded prices of those underlyings that name a recording, each from its beginning.

    Raises:
        InputError: a recording is shorter than the scenario, or leaves the prices that the book has room for.
    """
    if all(item.path is None for item in scenario.underlying):
        return path
    spot, variance, heard = path.spot.copy(), path.variance.copy(), path.heard.copy()
    steps = spot.shape[1]
    for u, item in enumerate(scenario.underlying):
        if item.path is None:
            continue
        key = f"{place_of('underlying', u, item.symbol)}: path"
        named = recording_of(item.path, key)
        end = named.begin + (steps - 2) * path.step
        last = named.tape.scan(named.source).filter(instrument=named.instrument).select(TIME.max()).collect().item()
        if last < end:
            raise InputError(key, f"lasts {(last - named.begin) / HOUR:.3f} hours", f"{scenario.hours:g} hours or more")
        found = recorded_path(
            named.tape, named.instrument, step=path.step, source=named.source, begin=named.begin,
            end=named.begin + steps * path.step, variance=item.volatility**2,
        ).path  # fmt: skip
        low, high = float(found.spot[0].min()), float(found.spot[0].max())
        if high >= DEAREST * item.spot or low * DEAREST < item.spot:
            raise InputError(key, f"goes from {low:g} to {high:g}", f"prices near spot = {item.spot:g}")
        spot[u], variance[u], heard[u] = found.spot[0, :steps], found.variance[0, :steps], found.heard[0, :steps]
    return replace(path, spot=spot, variance=variance, heard=heard)


def seat_flows(world: World, cast: tuple[Cast, ...], start: int, end: int) -> list[NDArray[np.int64]]:
    """Give every agent that plays recorded trades its trades; returns the memory they lie in.

    Raises:
        InputError: an agent names no recording, or one without trades in the time of the scenario.
    """
    kept = []
    for n, item in enumerate(cast):
        if not item.kind.tape:
            continue
        key = f"agent {item.name}: file"
        if item.table.file is None:
            raise InputError(key, "is missing", "TAPE#INSTRUMENT, whose trades it plays")
        named = recording_of(item.table.file, key)
        market = int(item.numbers["market"])
        whole = _trades(named, start, end, item.numbers["scale"] / float(world.venue.real[market, 2]), key)
        head = world.agents.own[FIRST_AGENT + n]
        head[interface.AT_WHOLE], head[interface.N_WHOLE] = whole.ctypes.data, len(whole)
        kept.append(whole)
    return kept


def _trades(named: Recording, start: int, end: int, scale: float, key: str) -> NDArray[np.int64]:
    """The trades of a recording as ``agents.recorded_flow`` reads them; rounding to lots keeps their sum."""
    item = named.tape.instruments[named.instrument]
    rows = named.tape.read("trades", instrument=named.instrument, since=named.begin, until=named.begin + end - start)
    rows = rows.filter(pl.col("aggressor") != 0).with_columns(time=TIME).sort("time", maintain_order=True)
    if not rows.height:
        raise InputError(
            key, f"{named.instrument} has no trades in the time of the scenario", "a recording with trades"
        )
    lots = rows["size"].cast(pl.Float64).to_numpy() * (float(item.lot_size) * float(item.multiplier) * scale)
    sizes = np.diff(np.floor(np.cumsum(lots) + 0.5), prepend=0.0).astype(np.int64)
    out = np.zeros(F_FIRST + F_WORDS * rows.height, np.int64)
    out[F_COUNT] = rows.height
    table = out[F_FIRST:].reshape(-1, F_WORDS)
    table[:, 0], table[:, 1], table[:, 2] = (
        rows["time"].to_numpy() - named.begin + start,
        rows["aggressor"].to_numpy(),
        sizes,
    )
    return out
