"""Arbitrage that the quotes of one snapshot would pay before fees: in an expiry, across two, and against futures."""

from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np
import polars as pl

from makerscope.metrics.option_chain import YEAR
from makerscope.pricing.executable import (
    Trade,
    butterfly_trades,
    calendar_trades,
    parity_trades,
    vertical_trades,
)
from makerscope.pricing.svi import Floats
from makerscope.report.numbers import duration, fixed
from makerscope.tape.events import Instrument

ROUNDING = 1e-9  # of the forward: three prices on one line are not a trade
CARRY = "if the ratio of the two forwards stays until then"
Touches = Mapping[int, tuple[float, float]]  # bid and ask of the future of an expiry (ns), quote currency


class Executable(NamedTuple):
    """What was found, in words and greatest gain first; and what was not searched, and why."""

    trades: tuple[str, ...]
    unsearched: tuple[str, ...]


class _Chain(NamedTuple):
    """Quotes of one expiry and side in order of strike, quote currency; NaN where there is none."""

    expiry: int
    tenor: float
    forward: float
    strike: Floats
    bid: Floats
    ask: Floats


def executable(now: pl.DataFrame, futures: Touches | None = None) -> Executable:
    """The trades of one snapshot of one underlying.

    Prices in coin are taken at the one forward of their expiry: sold forward, the premium is worth that at the end.
    Across expiries a coin-margined near option is covered by one far option, which is what their quote-currency prices
    at their own forwards say too. Parity needs the future that expires with the options: bids count at its bid, asks
    at its ask, which is never too generous.

    Args:
        now: rows of ``option_rows``.
        futures: of ``future_touches``; None or empty where the tape has none.
    """
    calls, puts = (_chains(now, is_call=is_call) for is_call in (True, False))
    found: list[tuple[float, str]] = []
    for chains, is_call in ((calls, True), (puts, False)):
        for chain in chains.values():
            columns = (chain.strike, chain.bid, chain.ask)
            for search in (vertical_trades, butterfly_trades):
                found += [_said(trade, chain) for trade in search(*columns, is_call=is_call) if _counts(trade, chain)]
        for near, far in combinations(chains.values(), 2):
            trades = calendar_trades(
                (near.strike, near.bid, near.ask),
                (far.strike, far.bid, far.ask),
                near_forward=near.forward,
                far_forward=far.forward,
                is_call=is_call,
            )
            found += [_calendar(trade, near, far) for trade in trades if _counts(trade, near)]
    both = [expiry for expiry in calls if expiry in puts]
    quoted = [expiry for expiry in both if expiry in (futures or {})]
    for expiry in quoted:
        found += _parity(calls[expiry], puts[expiry], *(futures or {})[expiry], coin=_in_coin(now))
    found.sort(key=lambda pair: -pair[0])
    return Executable(tuple(words for _, words in found), _unsearched(both, quoted))


def _unsearched(both: list[int], quoted: list[int]) -> tuple[str, ...]:
    if not quoted:
        return ("Put-call parity was not searched: no future of an expiry was quoted on this tape at that instant.",)
    if len(quoted) == len(both):
        return ()
    where = f"at {len(quoted)} of {len(both)} expiries"
    return (f"Put-call parity was searched {where}: no future of the others was quoted at that instant.",)


def _chains(now: pl.DataFrame, *, is_call: bool) -> dict[int, _Chain]:
    """Chains by expiry, the nearest first."""
    good = now.filter(pl.col("reason").is_null() & (pl.col("forward") > 0)).with_columns(
        at=pl.col("forward").median().over("expiry")
    )
    prices = [
        pl.when("coin_premium").then(pl.col(f"{side}_coin") * pl.col("at")).otherwise(f"{side}_usd").alias(side)
        for side in ("bid", "ask")
    ]
    out = {}
    for (expiry,), part in good.filter(is_call=is_call).sort("expiry").group_by("expiry", maintain_order=True):
        one = part.unique("strike", keep="last").sort("strike").select("strike", "tenor", "at", *prices)
        bid, ask = (one[side].fill_null(float("nan")).to_numpy() for side in ("bid", "ask"))
        facts = (float(one["tenor"][0]), float(one["at"][0]), one["strike"].to_numpy())
        out[int(str(expiry))] = _Chain(int(str(expiry)), *facts, bid, ask)
    return out


def _in_coin(now: pl.DataFrame) -> bool:
    return bool(now["coin_premium"].any())


def _counts(trade: Trade, chain: _Chain) -> bool:
    return trade.gain > ROUNDING * chain.forward


def _said(trade: Trade, chain: _Chain) -> tuple[float, str]:
    return trade.gain, f"{trade.kind} of {_which(trade)} at {_when(chain)}, {_gains(trade)}"


def _calendar(trade: Trade, near: _Chain, far: _Chain) -> tuple[float, str]:
    sold, bought = trade.strikes
    kind = "call" if trade.is_call else "put"
    legs = f"sells the {kind} {sold:g} at {_when(near)} and buys {bought:g} at {_when(far)}"
    return trade.gain, f"calendar {legs}, {_gains(trade)}, {CARRY}"


def _parity(call: _Chain, put: _Chain, bid: float, ask: float, *, coin: bool) -> list[tuple[float, str]]:
    strike, at, beside = np.intersect1d(call.strike, put.strike, return_indices=True)
    if not strike.size:
        return []
    low, high = (bid / call.forward, ask / call.forward) if coin else (1.0, 1.0)
    trades = parity_trades(
        strike,
        call.bid[at] * low,
        call.ask[at] * high,
        put.bid[beside] * low,
        put.ask[beside] * high,
        forward_bid=bid,
        forward_ask=ask,
    )
    return [
        (trade.gain, f"parity of {trade.strikes[0]:g} at {_when(call)} against its future, {_gains(trade)}")
        for trade in trades
        if _counts(trade, call)
    ]


def _which(trade: Trade) -> str:
    return f"{'calls' if trade.is_call else 'puts'} {'/'.join(f'{strike:g}' for strike in trade.strikes)}"


def _when(chain: _Chain) -> str:
    return duration(round(chain.tenor * YEAR))


def _gains(trade: Trade) -> str:
    return f"gains {fixed(trade.gain, 2)} a unit"


def future_touches(
    quotes: pl.DataFrame, instruments: Mapping[str, Instrument], base: str, *, at: int, max_age: int
) -> dict[int, tuple[float, float]]:
    """Bid and ask of the futures of an underlying at an instant, by expiry (ns), in quote currency.

    Args:
        quotes: ``time`` (ns), ``instrument``, ``bid``, ``ask`` (ticks), in order of time.
        instruments: by name.
        base: the underlying.
        at: ns.
        max_age: ns, the oldest a quote may be; one without both sides, or crossed, counts for nothing.

    Examples:
        >>> item = Instrument(instrument="v:F", venue="v", symbol="F", kind="future", base="BTC", quote="USD",
        ...     settle="BTC", inverse=True, tick_size="0.5", lot_size="10", multiplier="1", facts="", expiry=9)
        >>> quotes = pl.DataFrame({"time": [1, 5], "instrument": "v:F", "bid": [200, 202], "ask": [201, 203]})
        >>> future_touches(quotes, {"v:F": item}, "BTC", at=4, max_age=3)
        {9: (100.0, 100.5)}
    """
    futures = {
        name: item
        for name, item in instruments.items()
        if item.kind == "future" and item.base == base and item.expiry is not None
    }
    last = (
        quotes.filter(pl.col("instrument").is_in(list(futures)), pl.col("time").is_between(at - max_age, at))
        .unique("instrument", keep="last", maintain_order=True)
        .filter((pl.col("bid") > 0) & (pl.col("bid") < pl.col("ask")))
    )
    out = {}
    for name, bid, ask in last.select("instrument", "bid", "ask").iter_rows():
        tick = float(futures[name].tick_size)
        out[int(futures[name].expiry or 0)] = (bid * tick, ask * tick)
    return out
