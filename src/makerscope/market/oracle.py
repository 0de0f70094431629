"""An oracle: who looks at the price when, what is published, and when the venue sees it.

Every ``period`` the sources are read, each with an error of its own, and their weighted median is the candidate. It is
published if it left the last one by ``deviation`` or the last one is older than ``heartbeat``; it counts on the venue
``delay`` (and a random ``jitter``) later. An episode makes the oracle silent, frozen (the old value with a fresh time:
what staleness alone does not show) or late. A pull oracle (GMX, Synthetix) is read by ``pull_price``: an order that
was committed at a time gets the first price observed ``pull_delay`` later.

Prices are whole ticks of the index. Looks happen when the loop calls ``oracle_step``, at most one a call: call it at
least once a period, with the spot of that time.
"""
# ruff: noqa: ANN001, ANN201, ANN202 - a kernel is compiled for the types it is called with, by position

from dataclasses import dataclass
from math import floor, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.dice import exponential, normal
from makerscope.market.layout import NO_TIME, NONE, PPM
from makerscope.market.reference_terms import exponential_of, logarithm

PERIOD, DEVIATION, HEARTBEAT, DELAY, JITTER, COST, PULL_DELAY, PULL_WINDOW = range(8)  # plan
INDEX, PUBLISHED, OBSERVED, NEXT_LOOK, SENT, SENT_AT, COUNT, SPENT, DROPPED, HEAD, WAITING = range(11)  # state
WEIGHT, ERROR, MEMORY = range(3)  # columns of a source
SILENT, FROZEN, LATE = 0, 1, 2  # kinds of an episode
DUE, SEEN_AT, VALUE = range(3)  # columns of what is on its way
ON_ITS_WAY = 32
EXPIRED = -2  # what pull_price answers when no price can come any more
LOWEST_TICK = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """From ``start`` to ``end`` (ns) the oracle is SILENT, FROZEN, or LATE by ``extra`` ns."""

    start: int
    end: int
    kind: int = SILENT
    extra: int = 0

    def __post_init__(self) -> None:
        if not (self.end > self.start and self.kind in {SILENT, FROZEN, LATE} and self.extra >= 0):
            raise DomainError(f"want end after start, a kind of {SILENT}, {FROZEN}, {LATE} and extra >= 0; got {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle:
    """The rules of an oracle; Hyperliquid's are ``period`` 3 s and weights 3, 2, 2, 1, 1, 1, 1, 1 of eight venues.

    Args:
        period: ns between two looks at the sources.
        weights: of the sources, whole numbers above 0.
        error: standard deviation of a source's error, fraction of the price (0.0002 is 2 bp); one number for all of
            them, or one each.
        memory: ns in which half of an error fades; 0: a new error each look.
        deviation: ppm of the last value sent that a new one must differ by; 0: every look is published.
        heartbeat: ns after which a value is sent in any case.
        delay: ns from a look to the venue.
        jitter: mean of a random addition (exponential) to the delay, ns.
        cost: base units that one publication costs.
        episodes: silent, frozen or late times.
        pull_delay: ns after the commitment from which on a price counts for a pulled order.
        pull_window: ns after the commitment at which a pulled order expires.
    """

    period: int
    weights: tuple[int, ...] = (1,)
    error: float | tuple[float, ...] = 0.0
    memory: int = 0
    deviation: int = 0
    heartbeat: int = NO_TIME
    delay: int = 0
    jitter: int = 0
    cost: int = 0
    episodes: tuple[Episode, ...] = ()
    pull_delay: int = 0
    pull_window: int = NO_TIME

    def __post_init__(self) -> None:
        times = (self.memory, self.deviation, self.delay, self.jitter, self.cost, self.pull_delay)
        if self.period < 1 or self.heartbeat < 1 or self.pull_window < 1 or min(times) < 0:
            raise DomainError(f"oracle: want a period, heartbeat and pull_window above 0, others >= 0; got {self}")
        if not self.weights or min(self.weights) < 1:
            raise DomainError(f"oracle: weights are {self.weights}; want at least one, each a whole number above 0")
        errors = self.errors
        if len(errors) != len(self.weights) or not all(0.0 <= one < 0.5 for one in errors):
            raise DomainError(f"oracle: errors are {errors}; want one or {len(self.weights)}, each from 0 to 0.5")

    @property
    def errors(self) -> tuple[float, ...]:
        """The error of each source."""
        return self.error if isinstance(self.error, tuple) else (self.error,) * len(self.weights)


class OraclePlan(NamedTuple):
    """``numbers`` int64 ``(8,)``; ``sources`` float64 ``(n, 3)``; ``episodes`` int64 ``(m, 4)``; ``tick``: currency."""

    numbers: NDArray[np.int64]
    sources: NDArray[np.float64]
    episodes: NDArray[np.int64]
    tick: float


class OracleState(NamedTuple):
    """``numbers`` int64 ``(11,)``; ``errors`` float64 ``(n,)``; ``read`` int64 ``(n, 2)`` for sorting.

    ``history`` int64 ``(h, 2)``: time and value of the last looks; ``way`` int64 ``(ON_ITS_WAY, 3)``: what was sent
    and has not arrived, the first ``numbers[WAITING]`` rows in no order.
    """

    numbers: NDArray[np.int64]
    errors: NDArray[np.float64]
    read: NDArray[np.int64]
    history: NDArray[np.int64]
    way: NDArray[np.int64]


def oracle_plan(oracle: Oracle, *, tick: float) -> OraclePlan:
    """Lay out an oracle; ``tick`` is one tick of the index in quote currency."""
    if not 0.0 < tick < np.inf:
        raise DomainError(f"oracle: tick is {tick}; want above 0")
    half_lives = oracle.period / oracle.memory if oracle.memory else 1e9
    kept = exponential_of(-logarithm(2.0) * min(half_lives, 1e3))
    rows = [(float(weight), error, kept) for weight, error in zip(oracle.weights, oracle.errors, strict=True)]
    numbers = (
        oracle.period, oracle.deviation, oracle.heartbeat, oracle.delay, oracle.jitter, oracle.cost, oracle.pull_delay,
        oracle.pull_window,
    )  # fmt: skip
    episodes = [(one.start, one.end, one.kind, one.extra) for one in oracle.episodes]
    return OraclePlan(np.array(numbers), np.array(rows), np.array(episodes, np.int64).reshape(-1, 4), float(tick))


def oracle_state(plan: OraclePlan, spot: float, now: int, *, history: int = 256) -> OracleState:
    """An oracle that has just published the spot without an error; remembers ``history`` looks for pulled orders."""
    n = plan.sources.shape[0]
    numbers = np.zeros(11, np.int64)
    numbers[INDEX] = numbers[SENT] = max(floor(spot / plan.tick + 0.5), LOWEST_TICK)
    numbers[PUBLISHED] = numbers[OBSERVED] = numbers[SENT_AT] = numbers[NEXT_LOOK] = now
    way = np.zeros((ON_ITS_WAY, 3), np.int64)
    seen = np.full((history, 2), NONE, np.int64)
    return OracleState(numbers, np.zeros(n), np.zeros((n, 2), np.int64), seen, way)


@kernel
def oracle_step(plan, state, spot, now, dice, k):
    """Deliver what is due and look at the sources if it is time; returns the index as the venue sees it, ticks.

    ``spot`` in quote currency. Rolls stream ``k``: one normal a source and look, and one more a publication if there
    is jitter.
    """
    numbers, rules = state.numbers, plan.numbers
    if now >= numbers[NEXT_LOOK]:
        numbers[NEXT_LOOK] += rules[PERIOD] * ((now - numbers[NEXT_LOOK]) // rules[PERIOD] + 1)
        # rolled in any case: an episode shifts nobody's dice
        value = _weighted_median(plan.sources, state.errors, state.read, spot, plan.tick, dice, k)
        heard, delay = True, rules[DELAY]
        for e in range(plan.episodes.shape[0]):
            if plan.episodes[e, 0] <= now < plan.episodes[e, 1]:
                heard = heard and plan.episodes[e, 2] != SILENT
                value = numbers[SENT] if plan.episodes[e, 2] == FROZEN else value
                delay += plan.episodes[e, 3]
        if heard:
            head = numbers[HEAD] % state.history.shape[0]
            state.history[head, 0], state.history[head, 1] = now, value
            numbers[HEAD] += 1
            far = abs(value - numbers[SENT]) * PPM >= rules[DEVIATION] * numbers[SENT]
            if far or now - numbers[SENT_AT] >= rules[HEARTBEAT]:
                if rules[JITTER] > 0:
                    delay += np.int64(exponential(dice, k) * rules[JITTER])
                _send(numbers, state.way, value, now, now + delay)
    _deliver(numbers, state.way, rules[COST], now)
    return numbers[INDEX]


@kernel
def _deliver(numbers, way, cost, now):
    """What is due becomes the index; an older look never replaces a newer one."""
    for i in range(numbers[WAITING] - 1, -1, -1):
        if way[i, DUE] <= now:
            if way[i, SEEN_AT] >= numbers[OBSERVED]:
                numbers[INDEX], numbers[OBSERVED], numbers[PUBLISHED] = way[i, VALUE], way[i, SEEN_AT], way[i, DUE]
            numbers[COUNT] += 1
            numbers[SPENT] += cost
            numbers[WAITING] -= 1
            last = numbers[WAITING]
            way[i, DUE], way[i, SEEN_AT], way[i, VALUE] = way[last, DUE], way[last, SEEN_AT], way[last, VALUE]


@kernel
def _send(numbers, way, value, now, due):
    if numbers[WAITING] == way.shape[0]:
        numbers[DROPPED] += 1
        return
    place = numbers[WAITING]
    way[place, DUE], way[place, SEEN_AT], way[place, VALUE] = due, now, value
    numbers[SENT], numbers[SENT_AT] = value, now
    numbers[WAITING] += 1


@kernel
def _weighted_median(sources, errors, read, spot, tick, dice, k):
    """The lowest source whose weight and that of all below it are half of the whole; ticks."""
    whole = np.int64(0)
    for i in range(read.shape[0]):
        kept = sources[i, MEMORY]
        fresh = normal(dice, k) * sources[i, ERROR] * sqrt(1.0 - kept * kept)
        errors[i] = kept * errors[i] + fresh
        ticks = max(np.int64(floor(spot * (1.0 + errors[i]) / tick + 0.5)), LOWEST_TICK)
        weight = np.int64(sources[i, WEIGHT])
        whole += weight
        at = i
        while at > 0 and read[at - 1, 0] > ticks:
            read[at, 0], read[at, 1] = read[at - 1, 0], read[at - 1, 1]
            at -= 1
        read[at, 0], read[at, 1] = ticks, weight
    below, place = read[0, 1], 0
    while 2 * below < whole:
        place += 1
        below += read[place, 1]
    return read[place, 0]


@kernel
def pull_price(plan, state, committed, now):
    """Price in ticks at which a pulled order executes: the first look at or after ``committed + pull_delay``.

    NONE as long as there is none; EXPIRED after the window, or when that look has been forgotten.
    """
    if now > committed + plan.numbers[PULL_WINDOW]:
        return np.int64(EXPIRED)
    since, size, head = committed + plan.numbers[PULL_DELAY], state.history.shape[0], state.numbers[HEAD]
    found = np.int64(NONE)
    for back in range(1, min(head, size) + 1):
        place = (head - back) % size
        if state.history[place, 0] < since:
            return found
        found = state.history[place, 1] if state.history[place, 0] <= now else found
    return np.int64(EXPIRED) if head > size else found


@inlined
def staleness(state, now):
    """Age of what the index tells, ns: now less the time at which the sources were read (a frozen oracle lies)."""
    return now - state.numbers[OBSERVED]
