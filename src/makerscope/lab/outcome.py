"""What became of one run: measures, makers, payments, paths and events, as one row that is kept on disk."""

import msgspec

Number = float | None


class Fate(msgspec.Struct, frozen=True, kw_only=True):
    """One maker under test in one run.

    Money in USD. ``fate``: survived, liquidated, bankrupt, below maintenance or out. ``at_s``: when that was, s from
    the start. ``under_water``: share of the time below its highest equity so far. ``uptime`` and ``crisis_uptime``:
    of the instruments it ever quoted on both sides at once, the share that it did, over time.
    """

    name: str
    fate: str
    at_s: Number = None
    capital: float
    pnl: float
    drawdown: float
    under_water: float
    uptime: Number
    crisis_uptime: Number
    traded: float
    hedges_refused: int
    liquidated: float


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened, ``at_s`` seconds from the start, with its numbers and names."""

    at_s: float
    kind: str
    numbers: dict[str, float] = {}
    words: dict[str, str] = {}


class Payment(msgspec.Struct, frozen=True, array_like=True):
    """What one party received from another, base units."""

    receiver: str
    payer: str
    kind: str
    amount: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A run. ``paths``: values at ``times_s``; ``key``: what identifies the run."""

    key: str
    seed: int
    measures: dict[str, Number]
    makers: tuple[Fate, ...]
    payments: tuple[Payment, ...]
    times_s: tuple[float, ...]
    paths: dict[str, tuple[Number, ...]]
    events: tuple[Event, ...]
