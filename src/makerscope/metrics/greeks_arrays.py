"""Option books as plain arrays: contracts, marks, trades and funding, checked before a kernel reads them.

Money is in integers whose unit is the same for all contracts of one token; a contract's ``unit`` says how many of them
a price of 1 on one lot is worth. ``value`` is what one lot is worth at a price; floats become exact once, at the door:
``np.rint(price * unit)``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from makerscope.errors import AccountingError, DomainError

ROOM = 2**62  # integers must stay below, with a factor of two to spare
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contracts:
    """What is held; arrays of one shape ``(contracts,)``.

    Args:
        name: of each.
        token: in which each is settled. Money of one token has one unit, whatever the contract.
        option: True for an option, False for what hedges it (the next fields then mean nothing).
        strike: K, quote currency.
        expiry: ns.
        is_call: True for a call.
        coin: True where the premium is in coin.
        unit: money units of a price of 1 on one lot, to scale the Greeks.
    """

    name: Sequence[str]
    token: Sequence[str]
    option: NDArray[np.bool_]
    strike: Floats
    expiry: Ints
    is_call: NDArray[np.bool_]
    coin: NDArray[np.bool_]
    unit: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """Marks, in any order but one at most for each contract and time; arrays of one shape ``(states,)``.

    Args:
        contract: place in ``Contracts``.
        time: ns. A state of an option at its expiry is its settlement; later ones are refused.
        value: worth of one lot, integer money.
        forward: F of the option's expiry; NaN for a hedge.
        volatility: fraction a year; NaN where unknown, at a settlement and for a hedge.
        rate: fraction a year, continuous; 0 where prices are not discounted.
        slope: d volatility / d ln(strike), for sticky delta; 0 for none.
        rest: what is open of an averaged settlement, ``(3, states)``: its part, strike and years; None for none.
    """

    contract: Ints
    time: Ints
    value: Ints
    forward: Floats
    volatility: Floats
    rate: Floats
    slope: Floats
    rest: Floats | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trades:
    """Fills of accounts; arrays of one shape ``(fills,)``, in order of time within each account and contract.

    Args:
        account: name of each.
        contract: place in ``Contracts``.
        time: ns, inside the period and before the expiry.
        lots: what the account bought, < 0 sold.
        value: worth of one lot at the fill's price, integer money.
        fee: money paid, < 0 received.
    """

    account: Sequence[str]
    contract: Ints
    time: Ints
    lots: Ints
    value: Ints
    fee: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Payments:
    """Funding; arrays of one shape: ``contract``, ``time`` (ns), ``paid`` (money each long lot pays)."""

    contract: Ints
    time: Ints
    paid: Ints


Table = TypeVar("Table", States, Payments)


def taken(table: Table, order: NDArray[np.intp]) -> Table:
    """Rows of a table of arrays in another order."""
    columns = {item.name: getattr(table, item.name) for item in fields(table)}
    return replace(
        table, **{name: np.asarray(value)[..., order] for name, value in columns.items() if value is not None}
    )


def must_make_sense(
    contracts: Contracts,
    states: States,
    trades: Trades,
    *,
    opening: Iterable[tuple[str, int]],
    since: int,
    until: int,
    width: int | None,
) -> None:
    """Refuse what the kernel could not read."""
    if since >= until or (width is not None and width <= 0):
        raise DomainError(f"period {since}..{until} ns, width {width}; want a period and a width > 0")
    for table in (contracts, states, trades):
        columns = {item.name: getattr(table, item.name) for item in fields(table)}
        lengths = {name: np.shape(value)[-1] for name, value in columns.items() if value is not None}
        if len(set(lengths.values())) > 1:
            raise DomainError(f"{type(table).__name__} has arrays of lengths {lengths}; want one length")
    for table, least in ((states, 0), (trades, 1)):
        at, time = ints(table.contract), ints(table.time)
        if np.any((at < 0) | (at >= len(contracts.name))):
            raise DomainError(f"{type(table).__name__} names a contract that is not among {len(contracts.name)}")
        late = np.asarray(contracts.option, bool)[at] & (time + least > ints(contracts.expiry)[at])
        if np.any(late):
            raise DomainError(f"{type(table).__name__}: {np.count_nonzero(late)} rows after the expiry; want none")
    if any(not 0 <= at < len(contracts.name) for _, at in opening):
        raise DomainError(f"an opening position names a contract that is not among {len(contracts.name)}")
    time = ints(trades.time)
    if np.any((time < since) | (time >= until)):
        raise DomainError(f"a trade lies outside the period {since}..{until} ns; want all inside")


def must_fit(  # noqa: PLR0917 - the kernel's own arrays in its order
    first: Ints,
    market: Ints,
    opening: Ints,
    fills: tuple[Ints, ...],
    state_first: Ints,
    state_time: Ints,
    value: Ints,
    paid_first: Ints,
    paid: Ints,
) -> None:
    """Refuse sums that could leave 64 bits: bounds by the largest position and the path length of the marks.

    Fills before the first mark are marks themselves, so their prices are part of that path.
    """
    lots, price, fee = (np.abs(x.astype(np.float64)) for x in fills[1:])
    worth = value.astype(np.float64)
    for pair, m in enumerate(market):
        own = slice(first[pair], first[pair + 1])
        marks, rates = worth[state_first[m] : state_first[m + 1]], paid[paid_first[m] : paid_first[m + 1]]
        peak = abs(float(opening[pair])) + lots[own].sum()
        top = max(np.abs(marks).max(initial=0.0), price[own].max(initial=0.0))
        until = state_time[state_first[m]] if marks.size else np.iinfo(np.int64).max
        early = price[own][fills[0][own] <= until]
        path = np.abs(np.diff(marks)).sum() + np.abs(np.diff(early)).sum() + 4 * top
        bound = peak * (path + np.abs(rates.astype(np.float64)).sum()) + 2 * lots[own].sum() * top + fee[own].sum()
        if bound >= ROOM:
            raise AccountingError(f"Greeks P&L: sums up to {bound:.3g} units would not fit 64 bits; want coarser money")


def ints(values: NDArray) -> Ints:
    """A contiguous column of int64."""
    return np.ascontiguousarray(values, np.int64)


def floats(values: NDArray) -> Floats:
    """A contiguous column of float64."""
    return np.ascontiguousarray(values, np.float64)
