"""Arbitrage that can be traded: found on bids and asks, never on mids.

Each test is a portfolio whose payoff is never negative, bought at the asks and sold at the bids. What is returned is
the gain per unit, before fees, where it is above 0. Prices are undiscounted, in quote currency; for premiums in coin
multiply by the forward first (a bundle of options of one expiry keeps its sign, see ``docs``). Missing sides are NaN
and never trade.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from makerscope.errors import DomainError
from makerscope.pricing.svi import Floats

Kind = Literal["vertical", "butterfly", "parity", "calendar"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A portfolio that costs less than nothing and never pays.

    Args:
        kind: which inequality the quotes break.
        is_call: whether its options are calls; None for parity, which has both.
        strikes: of its options, ascending (calendar: the one sold, then the one bought).
        gain: received now or locked in until expiry, quote currency per unit of the option sold (parity: per pair).
    """

    kind: Kind
    is_call: bool | None
    strikes: tuple[float, ...]
    gain: float


def vertical_trades(strike: ArrayLike, bid: ArrayLike, ask: ArrayLike, *, is_call: bool) -> list[Trade]:
    """Pairs of strikes whose spread costs less than nothing, or is sold for more than it can ever pay.

    Args:
        strike: K, ``(n,)``, of one expiry, no strike twice.
        bid: price, ``(n,)``; NaN where there is none.
        ask: price, ``(n,)``; NaN where there is none.
        is_call: calls or puts.

    Returns:
        For each option that can be sold, the best trade against any other, if it gains.

    Examples:
        >>> vertical_trades([90, 100], [12.0, 13.0], [12.5, 13.5], is_call=True)
        [Trade(kind='vertical', is_call=True, strikes=(90.0, 100.0), gain=0.5)]
    """
    K, low, high = _sorted(strike, bid, ask)
    sold, bought = np.arange(K.size)[:, None], np.arange(K.size)[None, :]
    # the dearer option of a pair by right: the lower strike of calls, the higher of puts
    dominates = (bought < sold) if is_call else (bought > sold)
    credit = low[:, None] - high[None, :]
    worst = np.where(dominates, 0.0, np.abs(K[:, None] - K[None, :]))  # most that must be paid back
    gain = np.where(sold == bought, np.nan, credit - worst)
    return _best(
        gain, lambda i, j: Trade(kind="vertical", is_call=is_call, strikes=_pair(K, i, j), gain=float(gain[i, j]))
    )


def butterfly_trades(strike: ArrayLike, bid: ArrayLike, ask: ArrayLike, *, is_call: bool) -> list[Trade]:
    """Strikes sold at the bid for more than the cheapest pair around them that pays at least as much.

    All pairs around each strike are tried, not only its neighbours: with wide quotes the neighbours may not trade.

    Args:
        strike: K, ``(n,)``, of one expiry, no strike twice.
        bid: price, ``(n,)``; NaN where there is none.
        ask: price, ``(n,)``; NaN where there is none.
        is_call: calls or puts.

    Examples:
        >>> butterfly_trades([90, 100, 110], [11.0, 8.0, 2.0], [11.5, 8.5, 2.5], is_call=True)
        [Trade(kind='butterfly', is_call=True, strikes=(90.0, 100.0, 110.0), gain=1.0)]
    """
    K, low, high = _sorted(strike, bid, ask)
    found = []
    for i in range(1, K.size - 1):
        below, above = np.arange(i)[:, None], np.arange(i + 1, K.size)[None, :]
        share = (K[above] - K[i]) / (K[above] - K[below])  # of the lower strike
        gain = low[i] - (share * high[below] + (1.0 - share) * high[above])
        if np.all(np.isnan(gain)):
            continue
        at = np.unravel_index(np.nanargmax(gain), gain.shape)
        if gain[at] > 0.0:
            strikes = (float(K[at[0]]), float(K[i]), float(K[i + 1 + at[1]]))
            found.append(Trade(kind="butterfly", is_call=is_call, strikes=strikes, gain=float(gain[at])))
    return found


def parity_trades(
    strike: ArrayLike,
    call_bid: ArrayLike,
    call_ask: ArrayLike,
    put_bid: ArrayLike,
    put_ask: ArrayLike,
    *,
    forward_bid: float,
    forward_ask: float,
) -> list[Trade]:
    """Strikes where a call less a put trades through the forward.

    Args:
        strike: K, ``(n,)``, of one expiry, no strike twice.
        call_bid: price of the call, ``(n,)``; NaN where there is none.
        call_ask: likewise.
        put_bid: price of the put, ``(n,)``.
        put_ask: likewise.
        forward_bid: what the future of that expiry can be sold at.
        forward_ask: what it can be bought at.

    Examples:
        >>> parity_trades([100], [6.0], [6.1], [2.0], [2.1], forward_bid=102.9, forward_ask=103.0)
        [Trade(kind='parity', is_call=None, strikes=(100.0,), gain=0.9)]
    """
    K, cb, ca = _sorted(strike, call_bid, call_ask)
    _, pb, pa = _sorted(strike, put_bid, put_ask)
    if not 0.0 < forward_bid <= forward_ask:
        raise DomainError(f"forward is {forward_bid} bid, {forward_ask} ask, want 0 < bid <= ask")
    sell = cb - pa - (forward_ask - K)  # sell the call, buy the put and the forward
    buy = (forward_bid - K) - (ca - pb)
    gain = np.fmax(sell, buy)
    return [
        Trade(kind="parity", is_call=None, strikes=(float(K[i]),), gain=round(float(gain[i]), 12))
        for i in np.flatnonzero(gain > 0.0)
    ]


def calendar_trades(
    near: tuple[ArrayLike, ArrayLike, ArrayLike],
    far: tuple[ArrayLike, ArrayLike, ArrayLike],
    *,
    near_forward: float,
    far_forward: float,
    is_call: bool,
) -> list[Trade]:
    """Near options sold at the bid for more than a far one that is worth at least as much at the near expiry.

    It holds if the ratio of the two forwards stays as it is until the near expiry (carry does not move). Then
    ``near_forward / far_forward`` units of the far option cover one near option if its strike is no worse at the same
    log-moneyness.

    Args:
        near: strike, bid and ask of the nearer expiry.
        far: strike, bid and ask of the later.
        near_forward: forward of the nearer expiry.
        far_forward: forward of the later.
        is_call: calls or puts.

    Examples:
        >>> near, far = ([100.0], [5.0], [5.1]), ([100.0, 110.0], [4.5, 2.0], [4.6, 2.1])
        >>> calendar_trades(near, far, near_forward=100.0, far_forward=100.0, is_call=True)
        [Trade(kind='calendar', is_call=True, strikes=(100.0, 100.0), gain=0.4)]
    """
    if not (near_forward > 0.0 and far_forward > 0.0):
        raise DomainError(f"forwards are {near_forward} and {far_forward}, want above 0")
    K1, low, _ = _sorted(*near)
    K2, _, high = _sorted(*far)
    ratio = near_forward / far_forward
    same = K2[None, :] * ratio
    covers = same <= K1[:, None] * (1 + 1e-12) if is_call else same >= K1[:, None] * (1 - 1e-12)
    gain = np.where(covers, low[:, None] - ratio * high[None, :], np.nan)

    def trade(i: int, j: int) -> Trade:
        return Trade(
            kind="calendar", is_call=is_call, strikes=(float(K1[i]), float(K2[j])), gain=round(float(gain[i, j]), 12)
        )

    return _best(gain, trade)


def _sorted(strike: ArrayLike, bid: ArrayLike, ask: ArrayLike) -> tuple[Floats, Floats, Floats]:
    K, low, high = (np.atleast_1d(np.asarray(x, np.float64)) for x in (strike, bid, ask))
    if not K.shape == low.shape == high.shape or K.ndim != 1:
        raise DomainError(f"strike, bid and ask have shapes {K.shape}, {low.shape}, {high.shape}, want one length")
    if not np.all(K > 0.0) or np.unique(K).size != K.size:
        raise DomainError("want strikes above 0, none twice")
    order = np.argsort(K)
    low, high = (np.where(np.isfinite(x) & (x > 0.0), x, np.nan)[order] for x in (low, high))
    return K[order], low, high


def _pair(K: Floats, i: int, j: int) -> tuple[float, float]:
    return float(min(K[i], K[j])), float(max(K[i], K[j]))


def _best(gain: Floats, trade) -> list[Trade]:  # noqa: ANN001 - a local function of two indices
    """The best column of each row, where it gains."""
    found = []
    for i, row in enumerate(gain):
        if np.any(row > 0.0):
            found.append(trade(i, int(np.nanargmax(row))))
    return found
