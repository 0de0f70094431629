"""What a venue profile holds: its sections, their keys, and what each key must be.

One class is one section of ``profiles/<venue>.toml``; a field is a key. ``None`` is unknown. ``venue_profile`` reads
and checks by the metadata of the fields: ``low`` a whole number from there up, ``words`` one of these, ``list`` words,
``rows`` rows of so many whole numbers, ``needed`` a key that must be given or named under ``unknown``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from makerscope.market.layout import EXPIRE_BOTH, EXPIRE_MAKER, EXPIRE_TAKER
from makerscope.market.ordering import POLICIES

FEE_MODELS = ("none", "eip-1559", "backlog")
BUDGETS = ("none", "volume", "window", "bucket")
SELF_TRADES = {"expire-taker": EXPIRE_TAKER, "expire-maker": EXPIRE_MAKER, "expire-both": EXPIRE_BOTH}
KINDS = ("L1", "rollup", "app-chain", "off-chain")


def _whole(low: int = 0, *, needed: bool = False) -> Any:  # noqa: ANN401 - dataclasses hide the type of a field too
    """A whole number from ``low`` up; ``needed`` ones must be given, or named as unknown with a reason."""
    return field(default=None, metadata={"low": low, "needed": needed})


def _choice(*words: str) -> Any:  # noqa: ANN401 - see above
    return field(default=None, metadata={"words": words, "needed": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Where a section comes from. ``assumed``: keys that are guesses; ``unknown``: keys nobody found, and why."""

    valid_from: str
    source: str
    status: str
    assumed: tuple[str, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Blocks: interval (0: the venue matches continuously), jitter to both sides, blocks until final."""

    facts: Facts
    interval_ns: int | None = _whole(needed=True)
    jitter_ns: int | None = _whole(needed=True)
    finality_blocks: int | None = _whole(needed=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Speed bumps of a class of accounts, ns: added to the arrival of makers' orders, cancels, takers."""

    maker_ns: int = _whole(needed=True)
    cancel_ns: int = _whole(needed=True)
    taker_ns: int = _whole(needed=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderingFacts:
    """The policy (``ordering.POLICIES``), its numbers (``ordering.new_ordering``), and speed bumps by tier.

    A pool prices by ``skew_scale_usd``, or by its impact: parts per 10^15 of USD to the power of ``impact_power_ppm``.
    """

    facts: Facts
    policy: str = _choice(*POLICIES)
    tiers: Mapping[str, Tier] = field(default_factory=dict)
    express_delay_ns: int | None = _whole()
    bucket_ns: int | None = _whole(1)
    sort_fee: int | None = _whole()
    fee_unit: int | None = _whole(1)
    sooner_ns: int | None = _whole()
    fee_cap: int | None = _whole()
    blocks: int | None = _whole()
    expiry_ns: int | None = _whole()
    price_delay_ns: int | None = _whole()
    gossip_ns: int | None = _whole()
    hidden: int | None = _whole()
    skew_scale_usd: int | None = _whole(1)
    impact_cost: int | None = _whole()
    impact_gain: int | None = _whole()
    impact_power_ppm: int | None = _whole(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gas:
    """Gas of each action, room of a block, base fee, traffic of others (a scenario's to set), data fee. wei per gas.

    Where gas is not paid for (``fee_model`` "none") an action is 1 and ``capacity`` counts actions.
    """

    facts: Facts
    fee_model: str = _choice(*FEE_MODELS)
    capacity: int | None = _whole(needed=True)
    target: int | None = _whole(1)
    place: int | None = _whole()
    cancel: int | None = _whole()
    replace: int | None = _whole()
    take: int | None = _whole()
    cancel_all: int | None = _whole()
    liquidate: int | None = _whole()
    batch_item: int | None = _whole()
    base_fee: int | None = _whole()
    floor: int | None = _whole()
    denominator: int | None = _whole(1)
    tolerance: int | None = _whole()
    inertia: int | None = _whole(1)
    demand: int | None = _whole()
    willing: int | None = _whole()
    tip: int | None = _whole()
    coin_price_usd: int | None = _whole()
    bytes: int | None = _whole()
    l1_base_fee: int | None = _whole()
    blob_base_fee: int | None = _whole()
    base_scalar: int | None = _whole()
    blob_scalar: int | None = _whole()


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How many actions an account may send (``market.budgets``)."""

    facts: Facts
    kind: str = _choice(*BUDGETS)
    buffer: int | None = _whole()
    usd_per_action: int | None = _whole(1)
    period_ns: int | None = _whole(1)
    extra: int | None = _whole()
    multiple: int | None = _whole(1)
    limit: int | None = _whole(1)
    window_blocks: int | None = _whole(1)
    rate_per_s: int | None = _whole(1)
    burst: int | None = _whole(1)
    maker_rate_per_s: int | None = _whole(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """Times in force and flags that the venue knows, how long an order may live, what becomes of self-trades."""

    facts: Facts
    time_in_force: tuple[str, ...] = field(default=(), metadata={"list": True})
    ttl_blocks: int | None = _whole(1)
    ttl_ns: int | None = _whole(1)
    open_orders: int | None = _whole(1)
    batch: int | None = _whole(1)
    self_trade: str | None = _choice(*SELF_TRADES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """Millionths of notional (of the underlying for options, capped by a share of the premium); below 0 a rebate.

    ``tiers``: rows of (volume in USD from which it holds, maker, taker). Fixed parts are millionths of a USD.
    """

    facts: Facts
    maker_ppm: int | None = _whole(-10_000, needed=True)
    taker_ppm: int | None = _whole(-10_000, needed=True)
    taker_fixed_micro_usd: int | None = _whole()
    option_maker_ppm: int | None = _whole(-10_000)
    option_taker_ppm: int | None = _whole(-10_000)
    option_taker_fixed_micro_usd: int | None = _whole()
    option_cap_ppm: int | None = _whole()
    liquidation_ppm: int | None = _whole()
    volume_days: int | None = _whole(1)
    tiers: tuple[tuple[int, ...], ...] = field(default=(), metadata={"rows": 3})


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """From sending to committed or answered, ns."""

    facts: Facts
    median_ns: int | None = _whole(needed=True)
    p99_ns: int | None = _whole()


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueProfile:
    """All the dated facts of one venue, as of one day."""

    name: str
    kind: str
    clock: Clock
    ordering: OrderingFacts
    gas: Gas
    budget: Budget
    orders: Orders
    fees: Fees
    latency: Latency


SECTIONS = {
    "clock": Clock,
    "ordering": OrderingFacts,
    "gas": Gas,
    "budget": Budget,
    "orders": Orders,
    "fees": Fees,
    "latency": Latency,
}
