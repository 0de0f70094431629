"""Closed forms for liquidity in an automated market maker: what it holds, what it loses to arbitrage, what it earns.

Prices are in quote currency per unit of base, volatility is a fraction over the square root of one unit of time, rates
are per that same unit of time. Loss-versus-rebalancing (LVR) is quoted >= 0; impermanent loss <= 0. The two are not the
same loss and are never added: impermanent loss depends on the end price alone, LVR on the path (their means agree over
short horizons).

Sources: Milionis, Moallemi, Roughgarden, Zhang (2022), arXiv 2208.06046, for LVR; Milionis, Moallemi, Roughgarden
(2023), arXiv 2305.14604, and Nezlobin, Tassy (2025), arXiv 2505.05113, for the share that arbitrage takes when there
are fees.
"""

from math import pi, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError

Floats = NDArray[np.float64]
ZETA_HALF = -1.4603545088095868  # Riemann's zeta at 1/2, DLMF 25.6
CONSTANT_BLOCKS = sqrt(2 * pi) / -ZETA_HALF  # 1.7164519


def impermanent_loss(price_ratio: ArrayLike) -> Floats:
    """Value of a constant-product position against holding its tokens, minus 1.

    Args:
        price_ratio: end price over start price, > 0.

    Returns:
        Fraction of the value of holding, <= 0: ``2 * sqrt(R) / (1 + R) - 1``.

    Raises:
        DomainError: a ratio is not positive.

    Examples:
        >>> float(impermanent_loss(4.0).round(12))
        -0.2
    """
    ratio = _positive("price ratio", price_ratio)
    return np.asarray(2 * np.sqrt(ratio) / (1 + ratio) - 1)


def lvr_rate(price: ArrayLike, volatility: ArrayLike, slope: ArrayLike) -> Floats:
    """Loss-versus-rebalancing of any pool: ``volatility^2 * price^2 / 2 * abs(x'(P))``.

    Args:
        price: P.
        volatility: of the log price, >= 0.
        slope: x'(P), how much base the pool holds less when the price rises by one (<= 0).

    Returns:
        Quote currency per unit of time, >= 0.

    Examples:
        >>> float(lvr_rate(100.0, 0.05, -0.005).round(9))  # a constant-product pool worth 200 (L = 10)
        0.0625
    """
    sigma = _not_negative("volatility", volatility)
    return np.asarray(sigma**2 * _positive("price", price) ** 2 / 2 * np.abs(np.asarray(slope, np.float64)))


def constant_product_lvr(volatility: ArrayLike) -> Floats:
    """LVR of a constant-product pool, as a fraction of its value per unit of time: ``volatility^2 / 8``.

    Examples:
        >>> float(constant_product_lvr(0.05).round(10))
        0.0003125
    """
    return np.asarray(_not_negative("volatility", volatility) ** 2 / 8)


def constant_product_block_loss(block_volatility: ArrayLike) -> Floats:
    """Share of value that a constant-product pool without fee loses per block: ``1 - exp(-s^2 / 8)``.

    For a driftless lognormal price; ``s`` is its volatility over one block.
    """
    return np.asarray(-np.expm1(-(_not_negative("volatility", block_volatility) ** 2) / 8))


def range_amounts(price: ArrayLike, low: ArrayLike, high: ArrayLike, liquidity: ArrayLike) -> tuple[Floats, Floats]:
    """Base and quote held by liquidity ``L`` between two prices (Uniswap v3).

    Args:
        price: P.
        low: lower bound of the range.
        high: upper bound, above ``low``; infinity with ``low`` 0 is the full range.
        liquidity: L, in sqrt(base * quote).

    Returns:
        Base ``L * (1 / sqrt(P) - 1 / sqrt(high))`` and quote ``L * (sqrt(P) - sqrt(low))``, with P moved into the
        range.

    Raises:
        DomainError: a price or a range is not positive and rising.
    """
    P, a, b = _range(price, low, high)
    inside = np.sqrt(np.clip(P, a, b))
    L = _not_negative("liquidity", liquidity)
    return np.asarray(L * (1 / inside - 1 / np.sqrt(b))), np.asarray(L * (inside - np.sqrt(a)))


def range_value(price: ArrayLike, low: ArrayLike, high: ArrayLike, liquidity: ArrayLike) -> Floats:
    """Value of such a position in quote currency.

    Examples:
        >>> float(range_value(2000.0, 1800.0, 2200.0, 1000.0).round(6))
        4376.168958
    """
    base, quote = range_amounts(price, low, high, liquidity)
    return np.asarray(base * np.asarray(price, np.float64) + quote)


def range_lvr(price: ArrayLike, low: ArrayLike, high: ArrayLike, liquidity: ArrayLike, volatility: ArrayLike) -> Floats:
    """LVR of such a position: ``L * volatility^2 * sqrt(P) / 4`` inside its range, 0 outside.

    From x(P) = L / sqrt(P) + constant: x'(P) = -L / (2 * P^1.5), put into ``lvr_rate``.

    Returns:
        Quote currency per unit of time.
    """
    P, a, b = _range(price, low, high)
    L = _not_negative("liquidity", liquidity)
    rate = lvr_rate(P, volatility, -L / (2 * P**1.5))
    return np.where((a < P) & (b > P), rate, 0.0)


def range_leverage(price: ArrayLike, low: ArrayLike, high: ArrayLike) -> Floats:
    """How many times faster a range loses (and earns) per value than the full range.

    Examples:
        >>> float(range_leverage(2000.0, 1800.0, 2200.0).round(6))
        20.438589
    """
    value = range_value(price, low, high, 1.0)
    full = 2 * np.sqrt(np.asarray(price, np.float64))
    P, a, b = _range(price, low, high)
    inside = (a < P) & (b > P)
    return np.asarray(np.divide(full, value, out=np.zeros(np.broadcast(full, value).shape), where=inside))


def rebalancing_loss(before: ArrayLike, after: ArrayLike, liquidity: ArrayLike) -> Floats:
    """What a pool lost against rebalancing over one move of the price, exactly, while its liquidity stayed in range.

    Holding the pool's base through the move gains x(P0) * (P1 - P0); the pool gains V(P1) - V(P0). The difference is
    ``L * (sqrt(P1) - sqrt(P0))^2 / sqrt(P0)``, whatever the range.

    Returns:
        Quote currency, >= 0.

    Examples:
        >>> float(rebalancing_loss(100.0, 121.0, 10.0))
        1.0
    """
    first, last = (np.sqrt(_positive("price", price)) for price in (before, after))
    return np.asarray(_not_negative("liquidity", liquidity) * (last - first) ** 2 / first)


def arbitrage_share(one_sided_fee: ArrayLike, block_volatility: ArrayLike, *, blocks: str = "constant") -> Floats:
    """Share of LVR that arbitrageurs take from a pool with a fee, when blocks come at intervals.

    Args:
        one_sided_fee: log fee of one side (not the whole no-trade band), such as 0.0005.
        block_volatility: of the log price over one (mean) block time, > 0.
        blocks: ``constant`` or ``poisson`` block times.

    Returns:
        ``1 / (1 + c * fee / volatility)`` with c = 1.7164519 or sqrt(2). The constant form is good for fee / volatility
        above about 1 and biased below.

    Raises:
        DomainError: a volatility is not positive, a fee negative, or ``blocks`` another word.

    Examples:
        >>> float(arbitrage_share(0.003, 0.05 * (12 / 86_400) ** 0.5, blocks="poisson").round(6))
        0.121951
    """
    factors = {"constant": CONSTANT_BLOCKS, "poisson": sqrt(2)}
    if blocks not in factors:
        raise DomainError(f"blocks is {blocks!r}; want constant or poisson")
    fee = _not_negative("fee", one_sided_fee)
    return np.asarray(1 / (1 + factors[blocks] * fee / _positive("volatility", block_volatility)))


def capital_efficiency(low: ArrayLike, high: ArrayLike) -> Floats:
    """Leverage of a range whose geometric middle is the price: ``1 / (1 - (low / high)^(1/4))``.

    Examples:
        >>> float(capital_efficiency(81.0, 1296.0))
        2.0
    """
    _, a, b = _range(1.0, low, high)
    return np.asarray(1 / (1 - (a / b) ** 0.25))


def lp_edge(fees: ArrayLike, lvr: ArrayLike, incentives: ArrayLike = 0.0) -> Floats:
    """What a liquidity provider keeps: fees + incentives - LVR, all in one currency over one time.

    Examples:
        >>> float(lp_edge(12.0, 10.0))
        2.0
    """
    return np.asarray(fees, np.float64) + np.asarray(incentives, np.float64) - np.asarray(lvr, np.float64)


def _positive(name: str, values: ArrayLike) -> Floats:
    array = np.asarray(values, np.float64)
    if not np.all(array > 0):
        raise DomainError(f"a {name} is not positive; want numbers above 0")
    return array


def _not_negative(name: str, values: ArrayLike) -> Floats:
    array = np.asarray(values, np.float64)
    if not np.all(array >= 0):
        raise DomainError(f"a {name} is negative or not a number; want numbers from 0")
    return array


def _range(price: ArrayLike, low: ArrayLike, high: ArrayLike) -> tuple[Floats, Floats, Floats]:
    P, a, b = _positive("price", price), _not_negative("lower bound", low), _positive("upper bound", high)
    if not np.all(a < b):
        raise DomainError("a range does not rise; want low < high")
    return P, a, b
