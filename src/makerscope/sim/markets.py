"""What is traded in a scenario: names, units and rules of every instrument, as rows that compiled code reads."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from makerscope.errors import InputError
from makerscope.market.book import MOST_LEVELS
from makerscope.market.layout import (
    A_LEAD,
    A_PERP,
    AN_OPTION,
    BAND,
    EXPIRY,
    FEE_CAP,
    FIFO,
    IM,
    IS_CALL,
    KIND,
    LADDER,
    LOT_STEP,
    MAKER_FEE,
    MATCHING,
    PERP,
    PPM,
    PRO_RATA,
    SPEC_COLUMNS,
    STP,
    STRIKE_TICKS,
    TAKER_FEE,
    TICKS_PER_INDEX,
    UNDERLYING,
    UNIT,
)
from makerscope.sim.keys import place_of
from makerscope.sim.scenario import OptionTable, Scenario

SECOND, HOUR, DAY = 10**9, 3600 * 10**9, 86400 * 10**9
TOKEN, DECIMALS = "USDC", 6
MATCHINGS = {"fifo": FIFO, "pro-rata": PRO_RATA}
DEAREST = 4.0  # a book has room for prices up to so many times today's


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """One instrument as the tape describes it. ``lead``: it trades on the leading venue."""

    name: str
    symbol: str
    base: str
    kind: str
    tick: float
    lot: float
    lead: bool = False
    strike: float | None = None
    expiry: int | None = None
    is_call: bool | None = None


def list_markets(scenario: Scenario, start: int) -> tuple[Market, ...]:
    """Perpetuals, then options, then the perpetuals of the leading venue.

    Raises:
        InputError: a symbol or an option is listed twice, an underlying is not there, a strike is not above 0.
    """
    venue, out = scenario.profile, []
    symbols = [item.symbol for item in scenario.underlying]
    if len(set(symbols)) != len(symbols):
        twice = next(symbol for symbol in symbols if symbols.count(symbol) > 1)
        raise InputError("underlying", f"{twice!r} is named twice", "each symbol once")
    for item in scenario.underlying:
        name = f"{venue}:{item.symbol}"
        out.append(Market(name=name, symbol=item.symbol, base=item.symbol, kind="perp", tick=item.tick, lot=item.lot))
    for n, chain in enumerate(scenario.option):
        where = place_of("option", n, chain.underlying)
        base = next((item for item in scenario.underlying if item.symbol == chain.underlying), None)
        if base is None:
            raise InputError(f"{where}: underlying", f"is {chain.underlying!r}", "one of " + ", ".join(symbols))
        out += _chain(venue, chain, base.spot, _expiries(chain, start, where), where)
    names = [item.name for item in out]
    if len(set(names)) != len(names):
        raise InputError("option", "lists an option twice", "each expiry and strike once")
    out += [
        Market(
            name=f"{venue}.lead:{item.symbol}", symbol=item.symbol, base=item.symbol, kind="perp", tick=item.tick,
            lot=item.lot, lead=True,
        )
        for item in scenario.underlying
    ]  # fmt: skip
    return tuple(out)


def _expiries(chain: OptionTable, start: int, where: str) -> list[int]:
    """When the options of a chain expire, ns; those a day away or more at 08:00 UTC."""
    found: list[int] = []
    for days in chain.days:
        expiry = start + round(days * DAY)
        if days >= 1:
            expiry = expiry // DAY * DAY + 8 * HOUR
            expiry += DAY if expiry <= start else 0
        found.append(expiry)
    for text in chain.expiries:
        expiry = instant(f"{where}: expiries", text)
        if expiry <= start:
            raise InputError(f"{where}: expiries", f"has {text}, which is past at the start", "a time after the start")
        found.append(expiry)
    if not found:
        raise InputError(f"{where}: days", "is missing", "at least one expiry, in days or expiries")
    return sorted(found)


def instant(where: str, text: str) -> int:
    """A moment of a scenario in ns, UTC."""
    try:
        found = np.datetime64(text.removesuffix("Z"), "s")
        if not np.isnat(found):
            return int(found.astype(np.int64)) * SECOND
        raise ValueError(text)  # noqa: TRY301 - one message for both
    except ValueError as error:
        raise InputError(where, f"is {text!r}", "a time such as 2026-01-05T12:30:00Z") from error


def _chain(venue: str, chain: OptionTable, spot: float, expiries: list[int], where: str) -> list[Market]:
    """Calls and puts at every strike around the spot, for every expiry."""
    out, lowest = [], round(spot / chain.step) - chain.strikes // 2
    if lowest < 1:
        raise InputError(f"{where}: strikes", f"reach down to {lowest * chain.step:g}", "strikes above 0")
    for expiry in expiries:
        minute = str(np.datetime64(expiry // SECOND, "s").astype("datetime64[m]"))
        when = "".join(sign for sign in minute if sign.isdigit())
        for strike in (at * chain.step for at in range(lowest, lowest + chain.strikes)):
            for is_call in (True, False):
                symbol = f"{chain.underlying}-{when}-{strike:g}-{'C' if is_call else 'P'}"
                out.append(
                    Market(
                        name=f"{venue}:{symbol}",
                        symbol=symbol,
                        base=chain.underlying,
                        kind="option",
                        tick=chain.tick,
                        lot=chain.lot,
                        strike=strike,
                        expiry=expiry,
                        is_call=is_call,
                    )
                )
    return out


def market_rows(
    scenario: Scenario, markets: tuple[Market, ...], fees: tuple[int, int, int, int, int], self_trade: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The table of instruments ``(I, 20)``, and their strike, tick and lot ``(I, 3)``.

    Args:
        scenario: venue rules are read.
        markets: of ``list_markets``.
        fees: ppm: maker and taker of perpetuals, of options maker and taker (of the underlying) and cap of the premium.
        self_trade: what becomes of orders that would trade with their own account.

    Raises:
        InputError: a tick times a lot is no whole number of base units, or a price has too many ticks.
    """
    spec, real = np.zeros((len(markets), SPEC_COLUMNS), np.int64), np.zeros((len(markets), 3))
    venue, symbols = scenario.venue, [item.symbol for item in scenario.underlying]
    if venue.matching not in MATCHINGS:
        raise InputError("venue.matching", f"is {venue.matching!r}", "one of " + ", ".join(MATCHINGS))
    for i, market in enumerate(markets):
        u = symbols.index(market.base)
        spot = scenario.underlying[u].spot
        row = spec[i]
        row[KIND], row[UNDERLYING], row[UNIT], row[PERP], row[LOT_STEP] = A_PERP, u, _unit(market), u, 1
        row[STP], row[MATCHING], row[BAND] = (
            self_trade,
            MATCHINGS[venue.matching],
            round(venue.band * PPM),
        )
        row[MAKER_FEE], row[TAKER_FEE] = fees[0], fees[1]
        row[LADDER] = _ladder(market, DEAREST * spot)
        real[i] = market.strike or 0.0, market.tick, market.lot
        if market.lead:
            row[KIND], row[IM], row[LADDER] = A_LEAD, round(scenario.leader.initial_margin * PPM), 64
            row[MAKER_FEE] = row[TAKER_FEE] = 0
        elif market.kind == "option":
            row[KIND], row[EXPIRY], row[IS_CALL] = AN_OPTION, market.expiry, int(bool(market.is_call))
            row[STRIKE_TICKS] = round((market.strike or 0.0) / market.tick)
            row[MAKER_FEE], row[TAKER_FEE], row[FEE_CAP] = fees[2], fees[3], fees[4]
            row[TICKS_PER_INDEX] = _ticks_per_index(market, scenario.underlying[u].tick)
            row[BAND] = 0  # an option's price may be many times its mark
            row[LADDER] = _ladder(market, spot)
    return spec, real


def _unit(market: Market) -> int:
    """Base units in one tick times one lot."""
    unit = Decimal(str(market.tick)) * Decimal(str(market.lot)) * 10**DECIMALS
    if unit != int(unit) or unit < 1:
        raise InputError(
            f"tick and lot of {market.name}",
            f"are {market.tick:g} and {market.lot:g}, which is {unit.normalize():f} base units of money",
            f"tick times lot as a whole number of {10.0**-DECIMALS:.{DECIMALS}f} {TOKEN}",
        )
    return int(unit)


def _ticks_per_index(market: Market, index_tick: float) -> int:
    """An option's ticks in one tick of its index, or the other way round, below 0."""
    ratio = Decimal(str(index_tick)) / Decimal(str(market.tick))
    if ratio == int(ratio):
        return int(ratio)
    if 1 / ratio == int(1 / ratio):
        return -int(1 / ratio)
    raise InputError(
        market.name, f"its tick is {market.tick:g}, its index's {index_tick:g}", "one a multiple of the other"
    )


def _ladder(market: Market, dearest: float) -> int:
    """Prices the book of an instrument needs."""
    ladder = -(-round(dearest / market.tick) // 64) * 64
    if ladder > MOST_LEVELS:
        raise InputError(
            f"tick of {market.name}", f"needs a book of {ladder} prices", f"at most {MOST_LEVELS}: a larger tick"
        )
    return max(ladder, 64)
