"""Who was the aggressor, where the venue does not say: +1 the taker bought, -1 sold, 0 not known.

Inference is for feeds without a side and to validate others; a recorded side always comes first. Prices may be ticks or
quote currency. With ticks (integers) every comparison is exact, also at the edges of the bands. A missing or crossed
quote (bid above ask) says nothing: the quote rule answers 0, the mixed rules fall back on the tick test.
"""

from collections.abc import Callable
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError, InputError
from makerscope.kernels.signing import last_different, normal_cdf
from makerscope.metrics.columns import need, vector

MAX_AGE = 5_000_000_000  # ns; an older quote is no quote

Signs = NDArray[np.int8]


def tick(price: ArrayLike, *, previous: ArrayLike | None = None) -> Signs:
    """Tick test: +1 above the last different price, -1 below it, 0 before there is one.

    Args:
        price: trade prices of one instrument in order of time, shape ``(n,)``.
        previous: the prices to compare with; default the last different price before each trade.

    Returns:
        Aggressors, int8 ``(n,)``.

    Source:
        C. Lee and M. Ready (1991), J. Finance 46, 733-746.

    Examples:
        >>> tick([10, 11, 11, 10]).tolist()
        [0, 1, 1, -1]
    """
    p = vector(price)
    if previous is None:
        before = np.empty_like(p)
        last_different(p, before)
    else:
        before = vector(previous)
    return _sign_of(p, before)


def quote(price: ArrayLike, bid: ArrayLike, ask: ArrayLike) -> Signs:
    """Quote rule: +1 above the middle, -1 below it, 0 at it or where the quote is missing or crossed.

    Args:
        price: trade prices, shape ``(n,)``.
        bid: best bid just before each trade, NaN where unknown.
        ask: best ask, likewise.

    Examples:
        >>> quote([10, 12, 11], [10, 10, 10], [12, 12, 12]).tolist()
        [-1, 1, 0]
    """
    p, b, a = vector(price), vector(bid), vector(ask)
    return np.where(b <= a, _sign_of(2 * p, b + a), 0).astype(np.int8)


def lee_ready(price: ArrayLike, bid: ArrayLike, ask: ArrayLike, *, previous: ArrayLike | None = None) -> Signs:
    """Quote rule, and the tick test at the middle. No lag of the quotes (1991 used 5 s).

    Source:
        C. Lee and M. Ready (1991), J. Finance 46, 733-746.

    Examples:
        >>> lee_ready([3, 3], [2, 2], [4, 3], previous=[4, 4]).tolist()
        [-1, 1]
    """
    by_quote = quote(price, bid, ask)
    return np.where(by_quote != 0, by_quote, tick(price, previous=previous)).astype(np.int8)


def ellis_michaely_ohara(
    price: ArrayLike, bid: ArrayLike, ask: ArrayLike, *, previous: ArrayLike | None = None
) -> Signs:
    """Quote rule for trades exactly at the ask or the bid, the tick test for all others.

    Source:
        K. Ellis, R. Michaely and M. O'Hara (2000), J. Financial and Quantitative Analysis 35, 529-551.

    Examples:
        >>> ellis_michaely_ohara([12, 11.5], [10, 10], [12, 12], previous=[13, 13]).tolist()
        [1, -1]
    """
    p, b, a = vector(price), vector(bid), vector(ask)
    at_quote = (b < a) & ((p == a) | (p == b))
    return np.where(at_quote, quote(p, b, a), tick(p, previous=previous)).astype(np.int8)


def clnv(price: ArrayLike, bid: ArrayLike, ask: ArrayLike, *, previous: ArrayLike | None = None) -> Signs:
    """Quote rule within 30 % of the spread of the ask or the bid (edges inside), else the tick test.

    Trades beyond the quotes go to the tick test.

    Source:
        B. Chakrabarty, B. Li, V. Nguyen and R. Van Ness (2007), J. Banking and Finance 31, 3806-3821.

    Examples:
        >>> clnv([29, 23, 17, 13], [10] * 4, [30] * 4, previous=[10, 30, 0, 10]).tolist()
        [1, -1, 1, -1]
    """
    p, b, a = vector(price), vector(bid), vector(ask)
    width = 3 * (a - b)  # compared with ten times the distance, so that ticks stay whole
    buys = (b < a) & (p <= a) & (10 * (a - p) <= width)
    sells = (b < a) & (p >= b) & (10 * (p - b) <= width)
    return np.where(buys, 1, np.where(sells, -1, tick(p, previous=previous))).astype(np.int8)


RULES: MappingProxyType[str, Callable[..., Signs]] = MappingProxyType(
    {"lee_ready": lee_ready, "ellis_michaely_ohara": ellis_michaely_ohara, "chakrabarty_li_nguyen_van_ness": clnv}
)


def bulk_buy_fraction(price_change: ArrayLike, sigma: float) -> NDArray[np.float64]:
    """Share of a bar's volume that was bought, ``Phi(dP / sigma)`` (bulk volume classification, BVC).

    Args:
        price_change: dP of each bar, shape ``(n,)``.
        sigma: standard deviation of dP, in the same unit; the caller states which (sample or population, which bars).
            With 0 a bar without change is half bought.

    Raises:
        DomainError: ``sigma`` is negative or not a number.

    Source:
        D. Easley, M. Lopez de Prado and M. O'Hara (2012), Review of Financial Studies 25, 1457-1493.

    Examples:
        >>> bulk_buy_fraction([0.0, 1.0, -1.0], 1.0).round(4).tolist()
        [0.5, 0.8413, 0.1587]
    """
    if not sigma >= 0:
        raise DomainError(f"sigma is {sigma}; want a standard deviation >= 0")
    change = vector(price_change)
    if sigma == 0:
        return (np.sign(change) + 1) / 2
    share = np.empty(change.shape[0])
    normal_cdf(change / sigma, share)
    return share


def sign_trades(
    trades: pl.DataFrame, quotes: pl.DataFrame, *, rule: str = "lee_ready", max_age: int = MAX_AGE
) -> pl.DataFrame:
    """``trades`` of one instrument with ``aggressor`` inferred where it is 0, null or absent.

    Args:
        trades: ``time, price`` in order of time, perhaps ``aggressor``.
        quotes: ``time, bid, ask`` of the same instrument in order of time.
        rule: a name in ``RULES``.
        max_age: ns; a quote counts when it is strictly before the trade and at most this old.

    Returns:
        ``trades`` with ``aggressor`` (Int8) and ``inferred`` (Boolean: the side came from the rule).

    Raises:
        InputError: ``rule`` is not known.
        SchemaError: a column is missing.

    Examples:
        >>> quotes = pl.DataFrame({"time": [0], "bid": [10.0], "ask": [12.0]})
        >>> sign_trades(pl.DataFrame({"time": [5], "price": [12.0]}), quotes)["aggressor"].to_list()
        [1]
    """
    if rule not in RULES:
        raise InputError(f"rule {rule!r}", "is not known", ", ".join(RULES))
    need(trades, "trades", "time", "price")
    need(quotes, "quotes", "time", "bid", "ask")
    seen = trades.select("time", "price").join_asof(
        quotes.select("time", "bid", "ask"),
        on="time",
        strategy="backward",
        tolerance=max_age,
        allow_exact_matches=False,
        check_sortedness=False,
    )
    columns = (seen[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in ("price", "bid", "ask"))
    inferred = pl.Series(RULES[rule](*columns), dtype=pl.Int8)
    known = (
        trades["aggressor"].fill_null(0) if "aggressor" in trades.columns else pl.repeat(0, trades.height, eager=True)
    )
    told = known != 0
    return trades.with_columns(
        aggressor=pl.select(pl.when(told).then(known).otherwise(inferred)).to_series().cast(pl.Int8),
        inferred=~told & (inferred != 0),
    )


def _sign_of(price: NDArray[np.float64], reference: NDArray[np.float64]) -> Signs:
    """Sign of the difference, 0 where either is unknown. Compared, not subtracted: no rounding."""
    return (price > reference).astype(np.int8) - (price < reference).astype(np.int8)
