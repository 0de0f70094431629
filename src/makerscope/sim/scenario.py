"""A scenario: what a simulated market is made of, as TOML says it, checked key by key.

Times are in the unit that a key's name says (``ms``, ``s``, ``minutes``, ``hours``, ``days``), prices in quote currency,
volatilities annual fractions, distances in bps. What a key means stands in the classes here; ``makerscope scenarios`` lists
the shipped ones.
"""

import tomllib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from makerscope.errors import InputError

Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=1)]
Text = Annotated[str, Meta(min_length=1)]


class Jumps(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Jumps of the price: how many a day on average, and the standard deviation and mean of their size."""

    per_day: NotNegative
    size: NotNegative
    mean: Annotated[float, Meta(gt=-1, lt=1)] = 0.0


class UnderlyingTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One price and its perpetual. ``volatility`` it starts at and returns to; ``vol_of_vol``, ``reversion``, ``skew``: Heston's
    xi, kappa, rho. ``tick``, ``lot``: of the perpetual. ``path``: a tape and instrument to take the price from instead.
    """

    symbol: Text
    spot: Positive
    volatility: NotNegative = 0.6
    vol_of_vol: NotNegative = 1.0
    reversion: Positive = 12.0
    skew: Annotated[float, Meta(gt=-1, lt=1)] = -0.3
    drift: float = 0.0
    jumps: Jumps | None = None
    tick: Positive = 1.0
    lot: Positive = 0.001
    path: str | None = None


class OptionTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A chain of options: expiries in days from the start, strikes each ``step`` around the spot, ``strikes`` of them an expiry."""

    underlying: Text
    days: Annotated[list[Positive], Meta(min_length=1)]
    strikes: Annotated[int, Meta(ge=1, le=500)] = 21
    step: Positive
    tick: Positive = 1.0
    lot: Positive = 0.01


class SurfaceTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The implied-volatility surface: ``premium`` over the price's own volatility, ``skew`` and ``curvature`` (SSVI's rho and eta),
    ``stickiness`` (0 sticky delta, 1 sticky strike), ``noise`` of its level.
    """

    premium: Annotated[float, Meta(gt=-1, lt=10)] = 0.05
    skew: Annotated[float, Meta(gt=-0.95, lt=0.95)] = -0.2
    curvature: Annotated[float, Meta(gt=0, le=1)] = 0.8
    stickiness: Annotated[float, Meta(ge=-2, le=2)] = 0.5
    noise: Annotated[float, Meta(ge=0, lt=1)] = 0.02


class LeaderTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The centralised venue: half spread, what a trade of ``depth_usd`` moves (``impact_bps``), its fee, and its wire."""

    half_spread_bps: NotNegative = 0.5
    nerves: NotNegative = 0.5
    depth_usd: Positive = 5e6
    impact_bps: NotNegative = 5.0
    half_life_s: NotNegative = 60.0
    taker_fee_bps: NotNegative = 2.0
    initial_margin: Share = 0.05


class OracleTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who looks at the price: each ``period_s``, published when ``deviation_bps`` away or ``heartbeat_s`` old, ``delay_ms`` late."""

    period_s: Positive = 3.0
    sources: Annotated[tuple[Count, ...], Meta(min_length=1)] = (3, 2, 2, 1, 1, 1, 1, 1)
    error_bps: NotNegative = 0.5
    deviation_bps: NotNegative = 0.0
    heartbeat_s: Positive = 60.0
    delay_ms: NotNegative = 0.0


class ChainTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What differs from the venue's profile: blocks, order inside them, room and traffic of others."""

    block_ms: Positive | None = None
    jitter_ms: NotNegative | None = None
    policy: str | None = None
    taker_delay_ms: NotNegative = 0.0
    capacity: Annotated[int, Meta(ge=0)] | None = None
    others: Annotated[int, Meta(ge=0)] | None = None
    coin_usd: NotNegative | None = None
    ttl: bool | None = None


class VenueTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules of the venue that differ from its profile."""

    maker_fee_bps: float | None = None
    taker_fee_bps: float | None = None
    margin: str = "plain"
    funding: str | None = None
    mark: str = "median"
    band: Share = 0.5
    matching: str = "fifo"
    self_trade: str = "expire-taker"
    bankruptcy: str = "adl"
    keepers: bool = False
    insurance_usd: NotNegative = 1_000_000.0


class AgentTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Agents of one kind. ``feed_ms``: how late it sees the venue; ``lead_feed_ms``: the leader (below 0: it knows before); ``send_ms``,
    ``lead_send_ms``: its orders' way; ``jitter_ms``: mean of a random addition; ``think_ms``. ``numbers``: the kind's own.
    """

    kind: Text
    name: Text
    count: Annotated[int, Meta(ge=1, le=100_000)] = 1
    capital_usd: NotNegative = 1_000_000.0
    hedge_usd: NotNegative = 0.0
    feed_ms: NotNegative = 20.0
    lead_feed_ms: float = 20.0
    send_ms: NotNegative = 20.0
    lead_send_ms: NotNegative = 20.0
    jitter_ms: NotNegative = 0.0
    think_ms: NotNegative = 0.0
    every_ms: NotNegative = 0.0
    margin: str = "cross"
    protect_s: NotNegative = 0.0
    protect_lots: Annotated[int, Meta(ge=0)] = 0
    frozen_s: NotNegative = 10.0
    numbers: dict[str, float | int] = {}
    file: str | None = None


class EpisodeTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that happens: ``crash``, ``volatility``, ``congestion``, ``oracle-frozen``, ``oracle-silent``, ``halt``,
    ``leader-outage``. ``fall``, ``recovery``: of a crash; ``times``: how much more volatility or traffic.
    """

    kind: Text
    after_minutes: NotNegative
    minutes: Positive
    fall: Annotated[float, Meta(gt=-10, lt=1)] = 0.0
    recovery: NotNegative = 0.0
    over_minutes: Positive = 10.0
    times: Positive = 4.0
    underlying: str | None = None


class RecordTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the tape holds and how often; 0 leaves a table out."""

    orders: bool = True
    quotes: bool = True
    book_s: NotNegative = 1.0
    book_depth: Annotated[int, Meta(ge=1, le=1000)] = 20
    marks_s: NotNegative = 10.0
    chain_s: NotNegative = 60.0
    accounts_s: NotNegative = 60.0


class Scenario(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole market. ``grid_ms``: step of the reference price."""

    title: Text
    about: str = ""
    profile: Text = "hyperliquid"
    start: str = "2026-01-05T12:30:00Z"
    hours: Annotated[float, Meta(gt=0, le=24 * 366)]
    grid_ms: Annotated[float, Meta(ge=1)] = 100.0
    correlation: Annotated[float, Meta(gt=-1, lt=1)] = 0.7
    underlying: Annotated[list[UnderlyingTable], Meta(min_length=1)]
    option: list[OptionTable] = []
    surface: SurfaceTable = SurfaceTable()
    leader: LeaderTable = LeaderTable()
    oracle: OracleTable = OracleTable()
    chain: ChainTable = ChainTable()
    venue: VenueTable = VenueTable()
    agent: Annotated[list[AgentTable], Meta(min_length=1)]
    episode: list[EpisodeTable] = []
    record: RecordTable = RecordTable()


def read_scenario(path: Path | str) -> Scenario:
    """The scenario in a TOML file.

    Raises:
        InputError: the file cannot be read, is no TOML, or a key is unknown, missing or impossible; the key is named.
    """
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "a scenario in TOML") from error
    return _with_files(scenario_of(raw, str(path)), Path(path).parent)


def _with_files(scenario: Scenario, folder: Path) -> Scenario:
    """Files of agents are named from where the scenario lies."""
    agents = [
        item if item.file is None else msgspec.structs.replace(item, file=str(folder / item.file))
        for item in scenario.agent
    ]
    return msgspec.structs.replace(scenario, agent=agents)


def scenario_of(raw: bytes, where: str) -> Scenario:
    """The scenario in the text of a TOML file; ``where`` names it in errors.

    Examples:
        >>> scenario_of(b"title = 'x'", "x.toml")
        Traceback (most recent call last):
        ...
        makerscope.errors.InputError: x.toml: Object missing required field `hours`; want see `makerscope scenarios --keys`
    """
    try:
        table = tomllib.loads(raw.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(where, f"is no TOML ({error})", "a scenario in TOML") from error
    try:
        return msgspec.convert(table, Scenario, strict=True)
    except msgspec.ValidationError as error:
        raise InputError(where, str(error), "see `makerscope scenarios --keys`") from error
