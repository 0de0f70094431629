"""A scenario: what a simulated market is made of, as TOML says it.

Times are in the unit that a key's name says (``ms``, ``s``, ``minutes``, ``hours``, ``days``), prices in quote
currency, volatilities annual fractions, distances in bps. What a key means stands beside it here, and nowhere else:
``sim.keys`` checks a file by these classes and ``makerscope scenarios --keys`` prints them. A key that a scenario
leaves out and that has no default here is taken from the venue's profile (``sim.terms``).
"""

import tomllib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from makerscope.errors import InputError
from makerscope.sim.keys import check_keys

MOST_AGENTS = 100_000


def _about(
    text: str,
    gt: float | None = None,
    ge: float | None = None,
    lt: float | None = None,
    le: float | None = None,
    min_length: int | None = None,
) -> Meta:
    return Meta(description=text, gt=gt, ge=ge, lt=lt, le=le, min_length=min_length)  # pyright: ignore[reportCallIssue]


class Jumps(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Jumps of the price."""

    per_day: Annotated[float, _about("how many a day on average", ge=0)]
    size: Annotated[float, _about("standard deviation of a jump, fraction of the price", ge=0)]
    mean: Annotated[float, _about("mean of a jump, fraction", gt=-1, lt=1)] = 0.0


class UnderlyingTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One price and its perpetual."""

    symbol: Annotated[str, _about("its name, such as BTC", min_length=1)]
    spot: Annotated[float, _about("price at the start, quote currency", gt=0)]
    volatility: Annotated[float, _about("annual, where it starts and what it returns to", ge=0, le=20)] = 0.6
    vol_of_vol: Annotated[
        float, _about("Heston's xi, annual; tens where volatility clusters in minutes", ge=0, le=1000)
    ] = 1.0
    reversion: Annotated[float, _about("Heston's kappa, a year: how fast volatility returns", gt=0)] = 12.0
    skew: Annotated[float, _about("Heston's rho: correlation of price and volatility", gt=-1, lt=1)] = -0.3
    drift: Annotated[float, _about("annual drift of the price, fraction", ge=-50, le=50)] = 0.0
    beta: Annotated[
        float, _about("how far it goes where all prices fall by 1: in crash and macro episodes", gt=-10, lt=10)
    ] = 1.0
    jumps: Annotated[Jumps, _about("jumps of the price; none where absent")] | None = None
    tick: Annotated[float, _about("smallest step of the perpetual's price, quote currency", gt=0)] = 1.0
    lot: Annotated[float, _about("smallest size of the perpetual, units of the underlying", gt=0)] = 0.001
    path: (
        Annotated[
            str, _about("a recorded price instead of a model: TAPE#INSTRUMENT, or TAPE#INSTRUMENT@TIME of its start")
        ]
        | None
    ) = None


class OptionTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A chain of options beside a perpetual: a call and a put at every strike and expiry."""

    underlying: Annotated[str, _about("symbol of the underlying", min_length=1)]
    days: Annotated[
        list[Annotated[float, Meta(gt=0)]], _about("expiries, days from the start (from 1 on: at 08:00 UTC)")
    ] = []
    expiries: Annotated[list[str], _about("expiries as times, such as 2026-01-09T08:00:00Z")] = []
    strikes: Annotated[int, _about("strikes an expiry, around the spot", ge=1, le=500)] = 21
    step: Annotated[float, _about("distance of two strikes, quote currency", gt=0)]
    tick: Annotated[float, _about("smallest step of an option's price, quote currency", gt=0)] = 1.0
    lot: Annotated[float, _about("smallest size of an option, units of the underlying", gt=0)] = 0.01


class SurfaceTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The implied-volatility surface that options are marked by."""

    premium: Annotated[float, _about("over the price's own volatility, fraction", gt=-1, lt=10)] = 0.05
    skew: Annotated[float, _about("SSVI's rho", gt=-0.95, lt=0.95)] = -0.2
    curvature: Annotated[float, _about("SSVI's eta", gt=0, le=1)] = 0.8
    stickiness: Annotated[float, _about("0: sticky delta, 1: sticky strike", ge=-2, le=2)] = 0.5
    noise: Annotated[float, _about("noise of its level", ge=0, lt=1)] = 0.02


class LeaderTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The centralised venue that leads the price and where makers hedge."""

    half_spread_bps: Annotated[float, _about("its half spread in calm", ge=0, le=1000)] = 0.5
    nerves: Annotated[float, _about("what the half spread gains: times the deviation of one second", ge=0)] = 0.5
    depth_usd: Annotated[float, _about("a trade of this size moves its price by impact_bps", gt=0)] = 5e6
    impact_bps: Annotated[float, _about("see depth_usd", ge=0, le=5000)] = 5.0
    half_life_s: Annotated[float, _about("time in which half of that impact fades", ge=0)] = 60.0
    taker_fee_bps: Annotated[float, _about("its fee", ge=0, le=1000)] = 2.0
    initial_margin: Annotated[float, _about("share of the notional that a hedge needs there", ge=0, le=1)] = 0.05
    transfer_minutes: Annotated[float, _about("how long money takes there and back", ge=0)] = 10.0


class OracleTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What differs from the profile's oracle."""

    period_s: Annotated[float, _about("seconds between two looks at the sources", gt=0)] | None = None
    sources: Annotated[list[Annotated[int, Meta(ge=1)]], _about("weights of the sources", min_length=1)] | None = None
    error_bps: Annotated[float, _about("standard deviation of a source's error", ge=0, lt=5000)] | None = None
    memory_s: Annotated[float, _about("time in which half of an error fades", ge=0)] | None = None
    deviation_bps: Annotated[float, _about("published when so far away; 0: every look", ge=0)] | None = None
    heartbeat_s: Annotated[float, _about("published in any case when so old", gt=0)] | None = None
    delay_ms: Annotated[float, _about("from a look to the venue", ge=0)] | None = None


class ChainTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What differs from the profile's chain: blocks, order inside them, room, traffic of others."""

    block_ms: Annotated[float, _about("time between two blocks; 0: continuous matching", ge=0)] | None = None
    jitter_ms: Annotated[float, _about("blocks come so much earlier or later", ge=0)] | None = None
    policy: Annotated[str, _about("which message executes first: see ordering.POLICIES")] | None = None
    blocks: Annotated[int, _about("blocks of delayed-takers or of an auction", ge=0)] | None = None
    taker_delay_ms: Annotated[float, _about("speed bump of all takers", ge=0)] = 0.0
    express: Annotated[str, _about("agent that holds timeboost's express lane")] | None = None
    express_delay_ms: Annotated[float, _about("how late timeboost makes everybody else", ge=0)] | None = None
    gossip_ms: Annotated[float, _about("until a message has reached every proposer", ge=0)] | None = None
    price_delay_ms: Annotated[float, _about("commit: how much later than the order its price is", ge=0)] | None = None
    expiry_s: Annotated[float, _about("commit: when an order that got no price lapses", ge=0)] | None = None
    capacity: Annotated[int, _about("gas in a block (messages, where gas is not paid); 0: no limit", ge=0)] | None = (
        None
    )
    others: Annotated[int, _about("gas (messages) that others want in a block", ge=0)] | None = None
    ttl_blocks: Annotated[int, _about("an order lives at most so many blocks; 0: for ever", ge=0)] | None = None


class GasTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What differs from the profile's gas."""

    coin_usd: Annotated[float, _about("price of the chain's coin; 0: gas is free", ge=0)] | None = None
    base_fee_gwei: Annotated[float, _about("base fee of the first block", ge=0)] | None = None
    place: Annotated[int, _about("gas of a new order", ge=0)] | None = None
    replace: Annotated[int, _about("gas of a changed order", ge=0)] | None = None
    cancel: Annotated[int, _about("gas of a cancel", ge=0)] | None = None
    take: Annotated[int, _about("gas of a trade", ge=0)] | None = None


class BudgetTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What differs from the profile's budget of actions."""

    kind: Annotated[str, _about("none, volume (Hyperliquid), window (dYdX) or bucket (Deribit)")] | None = None
    buffer: Annotated[int, _about("volume: actions that are free", ge=0)] | None = None
    usd_per_action: Annotated[int, _about("volume: traded for one more action", ge=1)] | None = None
    limit: Annotated[int, _about("window: actions in window_blocks", ge=1)] | None = None
    window_blocks: Annotated[int, _about("window: blocks", ge=1)] | None = None
    rate_per_s: Annotated[int, _about("bucket: actions a second", ge=1)] | None = None
    burst: Annotated[int, _about("bucket: actions at once", ge=1)] | None = None


class LiquidationTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What differs from the margin profile's liquidation."""

    first: Annotated[float, _about("share of a position that the first forced order closes", gt=0, le=1)] | None = None
    later: Annotated[float, _about("share of it that each later one closes", gt=0, le=1)] | None = None
    above_usd: Annotated[float, _about("positions up to this notional close at once", ge=0, le=1e12)] | None = None
    pause_s: Annotated[float, _about("between two forced orders of a large position", ge=0, le=1e6)] | None = None
    backstop: (
        Annotated[float, _about("the vault takes over below this share of maintenance margin", ge=0, le=1)] | None
    ) = None
    restored: (
        Annotated[float, _about("closing ends where maintenance is at most this share of equity", gt=0, le=1)] | None
    ) = None
    penalty: Annotated[float, _about("of the notional closed; half is a keeper's", ge=0, le=0.5)] | None = None
    margin_penalty: Annotated[float, _about("of the maintenance margin of what is closed", ge=0, le=1)] | None = None
    limit: Annotated[str, _about("of forced orders: bankruptcy, or fillable (dYdX's price)")] | None = None
    spread: (
        Annotated[float, _about("fillable: of the maintenance margin, its most from the mark", ge=0, le=10)] | None
    ) = None
    adl: Annotated[str, _about("who is deleveraged first: size, return or random")] | None = None


class VenueTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules of the venue that differ from its profile."""

    maker_fee_bps: Annotated[float, _about("below 0: a rebate", ge=-100, le=1000)] | None = None
    taker_fee_bps: Annotated[float, _about("of what was traded", ge=-100, le=1000)] | None = None
    option_maker_fee_bps: Annotated[float, _about("of the underlying", ge=-100, le=1000)] | None = None
    option_taker_fee_bps: Annotated[float, _about("of the underlying", ge=-100, le=1000)] | None = None
    option_fee_cap: (
        Annotated[float, _about("an option's fee is at most this share of its price", ge=0, le=1)] | None
    ) = None
    margin: Annotated[str, _about("margin rules: a margin profile")] | None = None
    initial_margin: Annotated[float, _about("of a perpetual; a tier that wants more holds", gt=0, le=1)] | None = None
    maintenance_margin: Annotated[float, _about("of a perpetual, share of the notional", gt=0, le=1)] | None = None
    funding: Annotated[str, _about("funding rule: a venue that has one")] | None = None
    funding_hours: Annotated[float, _about("hours between two payments", gt=0)] | None = None
    funding_cap: Annotated[float, _about("largest rate, fraction on the rule's basis", gt=0)] | None = None
    funding_interest: Annotated[float, _about("interest, fraction on the rule's basis", ge=-1, le=1)] | None = None
    mark: Annotated[str, _about("index, median, fair-basis, index-twap or book")] | None = None
    mark_window_s: Annotated[float, _about("seconds of the mark's average", gt=0)] | None = None
    mark_cap_bps: (
        Annotated[float, _about("most that the mark may be away from the index; 0: no limit", ge=0)] | None
    ) = None
    band: Annotated[float, _about("an order's price may be so far from the mark, fraction; 0: any", ge=0, le=1)] = 0.5
    matching: Annotated[str, _about("fifo or pro-rata")] = "fifo"
    self_trade: Annotated[str, _about("expire-taker, expire-maker or expire-both")] | None = None
    bankruptcy: Annotated[
        str, _about("for losses nobody can pay: adl, haircut (of all profits) or socialised (by equity)")
    ] = "adl"
    keepers: Annotated[bool, _about("only liquidators among the agents start liquidations")] = False
    insurance_usd: Annotated[float, _about("what the insurance fund starts with", ge=0, le=1e12)] = 1_000_000.0
    dealers_ms: Annotated[float, _about("how long dealers may answer a request for quote; 0: it has none", ge=0)] = 0.0
    liquidation: Annotated[LiquidationTable, _about("liquidation")] = LiquidationTable()
    gas: Annotated[GasTable, _about("gas")] = GasTable()
    budget: Annotated[BudgetTable, _about("budget of actions")] = BudgetTable()


class AgentTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Agents of one kind. Times of its wires are ms one way."""

    kind: Annotated[str, _about("what it does: see the kinds below", min_length=1)]
    name: Annotated[str, _about("its account on the tape; with count, numbered", min_length=1)]
    count: Annotated[int, _about("how many of them", ge=1, le=MOST_AGENTS)] = 1
    capital_usd: Annotated[float, _about("its money on the venue", ge=0, le=1e12)] = 1_000_000.0
    hedge_usd: Annotated[float, _about("its money on the leading venue", ge=0, le=1e12)] = 0.0
    volume_usd: Annotated[
        float, _about("traded before the start, in the window of the venue's fees", ge=0, le=1e12)
    ] = 0.0
    feed_ms: Annotated[float, _about("how late it sees the venue", ge=0, le=1e7)] = 20.0
    lead_feed_ms: Annotated[float, _about("how late it sees the leader; below 0: it knows before", ge=-1e7, le=1e7)] = (
        20.0
    )
    send_ms: Annotated[float, _about("its orders' way to the venue", ge=0, le=1e7)] = 20.0
    lead_send_ms: Annotated[float, _about("its hedges' way to the leader", ge=0, le=1e7)] = 20.0
    jitter_ms: Annotated[float, _about("mean of a random addition to its orders' way", ge=0, le=1e7)] = 0.0
    think_ms: Annotated[float, _about("from deciding to sending", ge=0, le=1e7)] = 0.0
    every_ms: Annotated[float, _about("how often it looks; 0: at each block it sees", ge=0, le=1e9)] = 0.0
    tier: Annotated[str, _about("its speed tier, where the venue has some")] | None = None
    margin: Annotated[str, _about("cross, isolated, portfolio or none (never asked for any)")] = "cross"
    protect_s: Annotated[float, _about("interval of market-maker protection; 0: none", ge=0)] = 0.0
    protect_lots: Annotated[int, _about("lots in that interval that pull its quotes", ge=0)] = 0
    frozen_s: Annotated[float, _about("how long it is frozen then", ge=0)] = 10.0
    numbers: Annotated[dict[str, float | int], _about("the kind's own numbers: see below")] = {}
    file: Annotated[str, _about("Python file of an agent of your own")] | None = None


class EpisodeTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that happens."""

    kind: Annotated[
        str,
        _about(
            "crash, macro, volatility, congestion, oracle-frozen, oracle-silent, halt, leader-outage, bridge or reorg"
        ),
    ]
    after_minutes: Annotated[float, _about("when it begins, from the start", ge=0)]
    minutes: Annotated[float, _about("how long it lasts (a crash: how long the price falls)", gt=0)]
    fall: Annotated[float, _about("of a crash, fraction of the price; below 0: it rises", gt=-10, lt=1)] = 0.0
    recovery: Annotated[float, _about("share of the fall that comes back", ge=0, le=2)] = 0.0
    over_minutes: Annotated[float, _about("time in which it comes back", gt=0)] = 10.0
    times: Annotated[float, _about("how much more volatility, or traffic of others", gt=0, le=1e6)] = 4.0
    volatility: Annotated[
        float, _about("macro: annual, of a walk that all prices share by their beta", ge=0, le=20)
    ] = 0.0
    underlying: Annotated[str, _about("whose price; all where absent")] | None = None


class RecordTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the tape holds and how often; 0 leaves a table out."""

    orders: Annotated[bool, _about("every order's life")] = True
    quotes: Annotated[bool, _about("best prices, when they change; the leading venue's too")] = True
    book_s: Annotated[float, _about("snapshots of the book", ge=0)] = 1.0
    book_depth: Annotated[int, _about("levels a side in a snapshot", ge=1, le=1000)] = 20
    marks_s: Annotated[float, _about("marks", ge=0)] = 10.0
    chain_s: Annotated[float, _about("option chains", ge=0)] = 60.0
    accounts_s: Annotated[float, _about("equity and margin of every agent", ge=0)] = 60.0


class StressTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``makerscope stress`` puts to the test."""

    seats: Annotated[
        list[str], _about("agents whose place the makers under test take; every maker where it is empty")
    ] = []
    crisis: (
        Annotated[list[float], _about("hours of its start and end; from the first episode to the last where absent")]
        | None
    ) = None
    depth_bps: Annotated[float, _about("depth is what rests so near to the middle", gt=0, le=5000)] = 25.0
    cascade_s: Annotated[float, _about("forced trades within such a time are one cascade", gt=0, le=1e6)] = 60.0
    sample_s: (
        Annotated[float, _about("how often books and equity are looked at; by the length where absent", gt=0)] | None
    ) = None


class Scenario(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole market."""

    title: Annotated[str, _about("one line", min_length=1)]
    about: Annotated[str, _about("what happens and what to look at")] = ""
    profile: Annotated[str, _about("venue whose rules hold: a venue profile", min_length=1)] = "hyperliquid"
    start: Annotated[str, _about("first moment, UTC")] = "2026-01-05T12:30:00Z"
    hours: Annotated[float, _about("how long", gt=0, le=24 * 366)]
    grid_ms: Annotated[float, _about("step of the reference price", ge=1, le=3.6e6)] = 100.0
    correlation: Annotated[float, _about("between any two prices", gt=-1, lt=1)] = 0.7
    underlying: Annotated[list[UnderlyingTable], _about("prices and their perpetuals", min_length=1)]
    option: Annotated[list[OptionTable], _about("option chains")] = []
    surface: Annotated[SurfaceTable, _about("implied volatility")] = SurfaceTable()
    leader: Annotated[LeaderTable, _about("the leading venue")] = LeaderTable()
    oracle: Annotated[OracleTable, _about("the oracle")] = OracleTable()
    chain: Annotated[ChainTable, _about("the chain")] = ChainTable()
    venue: Annotated[VenueTable, _about("the venue's rules")] = VenueTable()
    agent: Annotated[list[AgentTable], _about("who takes part", min_length=1)]
    episode: Annotated[list[EpisodeTable], _about("what happens")] = []
    record: Annotated[RecordTable, _about("what the tape holds")] = RecordTable()
    stress: Annotated[StressTable, _about("the stress lab")] = StressTable()


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
    """Files of agents and recordings are named from where the scenario lies."""
    agents = [
        item if item.file is None else msgspec.structs.replace(item, file=str(folder / item.file))
        for item in scenario.agent
    ]
    underlying = [
        item if item.path is None else msgspec.structs.replace(item, path=str(folder / item.path))
        for item in scenario.underlying
    ]
    return msgspec.structs.replace(scenario, agent=agents, underlying=underlying)


def scenario_of(raw: bytes, where: str) -> Scenario:
    """The scenario in the text of a TOML file; ``where`` names it in errors.

    Examples:
        >>> scenario_of(b"title = 'x'", "x.toml")
        Traceback (most recent call last):
        ...
        makerscope.errors.InputError: x.toml: hours: is missing; want a number above 0, at most 8784 (how long)
    """
    try:
        table = tomllib.loads(raw.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(where, f"is no TOML ({error})", "a scenario in TOML") from error
    check_keys(table, Scenario, where)
    try:
        return msgspec.convert(table, Scenario, strict=True)
    except msgspec.ValidationError as error:  # what check_keys does not know
        raise InputError(where, str(error), "see `makerscope scenarios --keys`") from error
