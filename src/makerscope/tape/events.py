"""The tables of a tape. Each class is one table: its fields are the columns, their annotations the units.

Prices are integer ticks and sizes integer lots of their instrument; times are integer nanoseconds since
1970 UTC; money is integer base units of its token. ``Null`` marks what may be unknown: null is unknown, 0 is
zero. Each event has two clocks: the venue's (``exchange_time``) and the recorder's (``local_time``); at least one
is known. ``serial`` is the place of the row in its source, so that equal times keep their order.

Sides: in ``Fill`` and ``Order`` ``side`` is the maker's (+1 the maker bought); ``aggressor`` is the taker's
(+1 the taker bought, 0 unknown); in ``Level`` ``side`` is +1 for bids and -1 for asks.
"""

from dataclasses import dataclass, fields
from types import MappingProxyType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import pyarrow as pa

from makerscope.errors import SchemaError

SCHEMA_VERSION = 2


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit of a column and its Arrow type."""

    name: str
    arrow: pa.DataType


Nanoseconds = Annotated[int, Unit("ns since 1970-01-01 UTC", pa.int64())]
Duration = Annotated[int, Unit("ns", pa.int64())]
Ticks = Annotated[int, Unit("tick_size of the instrument", pa.int64())]
Lots = Annotated[int, Unit("lot_size of the instrument", pa.int64())]
BaseUnits = Annotated[int, Unit("10^-decimals of the token", pa.int64())]
TickLots = Annotated[int, Unit("tick_size * lot_size of the instrument", pa.int64())]
PoolUnits = Annotated[int, Unit("raw token units", pa.decimal128(38, 0))]
Sign = Annotated[int, Unit("+1 or -1, 0 unknown", pa.int8())]
Count = Annotated[int, Unit("1", pa.int64())]
Serial = Annotated[int, Unit("place in the source", pa.int64())]
Name = Annotated[str, Unit("name", pa.string())]
Decimal = Annotated[str, Unit("exact decimal", pa.string())]
Flag = Annotated[bool, Unit("true or false", pa.bool_())]
Price = Annotated[float, Unit("quote currency per unit", pa.float64())]
Fraction = Annotated[float, Unit("1", pa.float64())]
Volatility = Annotated[float, Unit("annualised, fraction, year of 365 days", pa.float64())]


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token in which something is paid. ``decimals``: one base unit is 10^-decimals token."""

    token: Name
    decimals: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """What is traded. ``instrument`` is unique on the tape, written ``venue:symbol``.

    One price tick is ``tick_size`` quote currency, one lot is ``lot_size`` contracts. A contract is worth
    ``multiplier * price`` in ``settle`` (linear), or ``multiplier / price`` (``inverse``). ``facts`` says where
    the sizes come from: a dated profile, or the decimals seen in the recording. ``fee`` is a pool's share of what
    comes in.
    """

    instrument: Name
    venue: Name
    symbol: Name
    kind: Name
    base: Name
    quote: Name
    settle: Name
    inverse: Flag
    tick_size: Decimal
    lot_size: Decimal
    multiplier: Decimal
    facts: Name
    strike: Decimal | None = None
    expiry: Nanoseconds | None = None
    is_call: Flag | None = None
    fee: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A time in which the recorder heard a channel of an instrument. What lies between two sessions is an outage.

    ``channel`` is the table heard. The bounds are the first and the last event heard, on each clock.
    """

    instrument: Name
    channel: Name
    start_exchange: Nanoseconds | None
    end_exchange: Nanoseconds | None
    start_local: Nanoseconds | None
    end_local: Nanoseconds | None
    events: Count
    ended_by: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of the venue's chain.

    Where the source says so: ``base_fee`` (fee units a unit of gas), gas used, messages executed, and messages that
    still waited after it.
    """

    exchange_time: Nanoseconds | None
    local_time: Nanoseconds | None
    serial: Serial
    venue: Name
    block: Count
    base_fee: Count | None
    gas_used: Count | None
    messages: Count | None
    waiting: Count | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One level of an order-book message, in order of application. ``size`` 0 removes the level.

    ``snapshot`` rows of one ``sequence`` replace the whole book; an empty book is one snapshot row with size 0.
    ``sequence`` is the venue's id of the message (last update id); rows of one message share it.
    """

    exchange_time: Nanoseconds | None
    local_time: Nanoseconds | None
    serial: Serial
    instrument: Name
    sequence: Count
    snapshot: Flag
    side: Sign
    price: Ticks
    size: Lots


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Top of the book. A side that is absent is null."""

    exchange_time: Nanoseconds | None
    local_time: Nanoseconds | None
    serial: Serial
    instrument: Name
    bid: Ticks | None
    bid_size: Lots | None
    ask: Ticks | None
    ask_size: Lots | None
    sequence: Count | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A step in the life of a resting order.

    ``action``: ``placed``, ``replaced`` (new price or size), ``filled`` (``size`` is what is left), ``cancelled``,
    ``rejected``, ``expired``. ``size`` is what rests after the step. A simulated tape also has the orders that its
    leading venue rejected: hedges that failed; their ``price`` is 0 where they had no limit. Where the source knows the
    way of the message that caused the step: when its sender ``decided``, when it was ``sent``, and when the venue or
    its mempool had ``seen`` it; ``block`` included it, and it took effect at ``exchange_time``.
    """

    exchange_time: Nanoseconds | None
    local_time: Nanoseconds | None
    serial: Serial
    instrument: Name
    maker: Name | None
    order: Name
    action: Name
    side: Sign
    price: Ticks
    size: Lots
    decided: Nanoseconds | None
    sent: Nanoseconds | None
    seen: Nanoseconds | None
    block: Count | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One resting order met one aggressor. ``side`` is the maker's side.

    A fee is positive when paid, negative when received, in base units of its own token: fees of different
    tokens are never added. ``sweep`` is the ``serial`` of the first fill of the same aggressor order.
    ``maker_position`` and ``taker_position`` are lots held before the fill. ``liquidated`` is the account that was
    forced to trade, null in an ordinary fill. ``purpose``: one of ``PURPOSES`` where the source says so. A
    ``settlement`` of what expired and a forced ``transfer`` of a position (deleveraging, a backstop) are no trades:
    they have no maker, the taker is the account it happened to, no sweep and no row of ``trades``, and a settlement's
    price may be 0.
    """

    exchange_time: Nanoseconds | None
    local_time: Nanoseconds | None
    serial: Serial
    instrument: Name
    fill: Name | None
    maker: Name | None
    taker: Name | None
    side: Sign
    price: Ticks
    size: Lots
    maker_fee: BaseUnits | None
    maker_fee_token: Name | None
    taker_fee: BaseUnits | None
    taker_fee_token: Name | None
    maker_order: Name | None
    taker_order: Name | None
    maker_position: Lots | None
    taker_position: Lots | None
    liquidated: Name | None
    purpose: Name | None
    block: Count | None
    sweep: Serial | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One aggressor order, all its fills together. ``cash`` is the sum of price times size of its fills."""

    exchange_time: Nanoseconds | None
    local_time: Nanoseconds | None
    serial: Serial
    instrument: Name
    taker: Name | None
    aggressor: Sign
    first_price: Ticks
    last_price: Ticks
    size: Lots
    cash: TickLots
    fills: Count
    makers: Count | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionQuote:
    """One row of an option chain. Bid and ask are tradable integers; the venue's model numbers are floats.

    ``underlying`` is the forward of that expiry; ``mark`` is in units of price (coin for inverse options).
    """

    exchange_time: Nanoseconds | None
    local_time: Nanoseconds | None
    serial: Serial
    instrument: Name
    bid: Ticks | None
    bid_size: Lots | None
    ask: Ticks | None
    ask_size: Lots | None
    mark: Price | None
    underlying: Price | None
    index: Price | None
    bid_volatility: Volatility | None
    ask_volatility: Volatility | None
    mark_volatility: Volatility | None
    delta: Fraction | None
    vega: Price | None
    open_interest: Fraction | None
    volume: Fraction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The venue's prices. ``funding`` is paid by each long lot at this time, in base units of ``settle``."""

    exchange_time: Nanoseconds | None
    local_time: Nanoseconds | None
    serial: Serial
    instrument: Name
    mark: Ticks | None
    index: Ticks | None
    funding: BaseUnits | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Money that an account received (below 0: paid) other than by fills, their fees and funding.

    ``kind``: ``gas``, ``priority_fee``, ``insurance``, ``penalty``, ``reward``, ``haircut``, ``socialised``,
    ``deposit``,
    ``withdrawal``, ``incentive``. A deposit or withdrawal moves capital and is no part of a profit.
    """

    exchange_time: Nanoseconds | None
    local_time: Nanoseconds | None
    serial: Serial
    account: Name
    instrument: Name | None
    kind: Name
    amount: BaseUnits
    token: Name
    block: Count | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What an account holds at a time. ``equity`` and ``margin`` in base units of ``token``."""

    exchange_time: Nanoseconds | None
    local_time: Nanoseconds | None
    serial: Serial
    account: Name
    token: Name
    equity: BaseUnits | None
    margin: BaseUnits | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Liquidation:
    """One forced trade, once. ``side`` is the side of the liquidated account (+1 it was made to buy)."""

    exchange_time: Nanoseconds | None
    local_time: Nanoseconds | None
    serial: Serial
    instrument: Name
    account: Name
    side: Sign
    price: Ticks
    size: Lots
    mark: Price | None
    method: Name | None
    fill: Name | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolEvent:
    """A change of an AMM pool, or a bar of many (``kind`` ``minute``). Amounts are the pool's, positive in."""

    exchange_time: Nanoseconds | None
    local_time: Nanoseconds | None
    serial: Serial
    instrument: Name
    kind: Name
    net_amount0: PoolUnits
    net_amount1: PoolUnits
    in_amount0: PoolUnits
    in_amount1: PoolUnits
    open_tick: Count
    low_tick: Count
    high_tick: Count
    close_tick: Count
    liquidity: PoolUnits


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A row that could not be trusted, kept as it was."""

    source: Name
    line: Count | None
    table: Name
    reason: Name
    raw: Name


TABLES: MappingProxyType[str, type] = MappingProxyType(
    {
        "tokens": Token,
        "instruments": Instrument,
        "sessions": Session,
        "blocks": Block,
        "book": Level,
        "quotes": Quote,
        "orders": Order,
        "fills": Fill,
        "trades": Trade,
        "chain": OptionQuote,
        "marks": Mark,
        "transfers": Transfer,
        "accounts": Account,
        "liquidations": Liquidation,
        "pool_events": PoolEvent,
        "quarantine": Quarantined,
    }
)
STATIC = ("tokens", "instruments", "sessions", "quarantine")  # tables without a day
TIMED = tuple(name for name in TABLES if name not in STATIC)
KINDS = ("perp", "spot", "future", "option", "pool")
PURPOSES = ("quote", "hedge", "settlement", "transfer")
NOT_TRADES = ("settlement", "transfer")  # purposes of fills that nobody agreed to
TRANSFERS = (
    "gas", "priority_fee", "insurance", "penalty", "reward", "haircut", "socialised", "deposit", "withdrawal",
    "incentive",
)  # fmt: skip
ACTIONS = ("placed", "replaced", "filled", "cancelled", "rejected", "expired")


def _field(event: type, name: str, hint: Any) -> pa.Field:  # noqa: ANN401 - a type hint has no narrower type
    nullable = get_origin(hint) in (Union, UnionType)
    inner = next(part for part in get_args(hint) if part is not type(None)) if nullable else hint
    unit = next((part for part in getattr(inner, "__metadata__", ()) if isinstance(part, Unit)), None)
    if unit is None:
        raise SchemaError(event.__name__, wrong={name: "has no Unit"})
    return pa.field(name, unit.arrow, nullable=nullable, metadata={"unit": unit.name})


def schema_of(event: type) -> pa.Schema:
    """The Arrow schema of an event class: one field a column, its unit in the field's metadata.

    Examples:
        >>> schema_of(Token).field("decimals").metadata
        {b'unit': b'1'}
    """
    hints = get_type_hints(event, include_extras=True)
    return pa.schema(
        [_field(event, item.name, hints[item.name]) for item in fields(event)],
        metadata={"table": event.__name__, "schema_version": str(SCHEMA_VERSION)},
    )


SCHEMAS: MappingProxyType[str, pa.Schema] = MappingProxyType({name: schema_of(event) for name, event in TABLES.items()})
