"""European options on a forward: Black's (1976) price and Greeks, linear and inverse, and digital options.

Units, the same in every function of ``pricing``: forward ``F`` and strike ``K`` in quote currency; expiry in years of
365 days; volatility a year as a fraction; a price is undiscounted, per unit of underlying. Greeks are derivatives:

========  ===================  ==========================================================================
price     P                    quote currency per unit of underlying
delta     dP/dF                units of underlying
gamma     d2P/dF2              units of underlying per unit of quote currency
vega      dP/dsigma            per 1.00 of volatility (per point of volatility: / 100)
theta     dP/dt = -dP/dT       per year of 365 days (per day: / 365), usually negative; F stays
rho       dP/dr = -T P         per 1.00 of an interest rate that discounts the premium; F stays
vanna     d2P/dF dsigma        units of underlying per 1.00 of volatility
volga     d2P/dsigma2          per 1.00 of volatility, squared
========  ===================  ==========================================================================

An **inverse** option is margined and paid in coin: its price is V = P/F coin per unit of underlying, and its Greeks
here are the same derivatives of V (delta = dV/dF, coin per unit of quote currency). What a desk hedges, in coin, is
``F dV/dF = (delta of P) - V``, ``InverseGreeks.net_delta``; venues publish the delta of P, as in ``black76_greeks``.

With zero volatility or zero time an option is worth its payoff. Its delta is then 0 or 1, or 1/2 at F = K; vega, vanna
and volga are the limits for small volatility; gamma and theta, whose limits at F = K are infinite, are 0.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError
from makerscope.kernels import black76

Floats = NDArray[np.float64]
OptionColumns = tuple[Floats, Floats, Floats, Floats, NDArray[np.bool_]]
WANTED = (
    ("forward", "a finite number above 0"),
    ("strike", "a finite number above 0"),
    ("volatility", "a finite number, 0 or more"),
    ("expiry", "a finite number of years, 0 or more"),
)


class Greeks(NamedTuple):
    """Price and seven derivatives of it, arrays of one shape; units in the module's table."""

    price: Floats
    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats
    rho: Floats
    vanna: Floats
    volga: Floats


class InverseGreeks(NamedTuple):
    """Price in coin and seven derivatives of it; ``net_delta`` is ``forward * delta``, in coin."""

    price: Floats
    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats
    rho: Floats
    vanna: Floats
    volga: Floats
    net_delta: Floats


class Digital(NamedTuple):
    """Price of one unit of cash, and its derivative in the forward."""

    price: Floats
    delta: Floats


def black76_price(
    forward: ArrayLike,
    strike: ArrayLike,
    volatility: ArrayLike,
    expiry: ArrayLike,
    *,
    is_call: ArrayLike,
    out: Floats | None = None,
) -> Floats:
    """Undiscounted Black (1976) price.

    The absolute error is below 2 units in the last place of ``F + K``; the relative error of an option out of the money
    is below 2e-14 down to 1e-290 of the smaller of F and K.

    Args:
        forward: F, quote currency per unit. Shape ``(...)``; all arguments broadcast.
        strike: K, quote currency per unit.
        volatility: annualised, as a fraction (0.65 is 65 %), year of 365 days.
        expiry: time to expiry in years of 365 days.
        is_call: True for a call, False for a put.
        out: an answer of before to write into, as NumPy's ``out``: new memory costs half the time of a million options.

    Returns:
        Price in quote currency per unit of underlying, shape of the broadcast.

    Raises:
        DomainError: a forward or strike is not positive, a volatility or expiry is negative, or one is not finite; or
            ``out`` is not of contiguous arrays of doubles of the shape of the broadcast.

    Source:
        F. Black (1976), J. Financial Economics 3, 167-179, eq. (16), with r = 0.

    Examples:
        >>> black76_price(100.0, [90.0, 100.0, 110.0], 0.8, 0.25, is_call=True).round(6)
        array([20.571275, 15.851942, 12.108139])
    """
    shape, columns = option_columns(forward, strike, volatility, expiry, is_call)
    (price,) = answers(shape, 1, None if out is None else (out,))
    black76.prices(*columns, price)
    refuse_outside(price, columns)
    return price.reshape(shape)[()] if out is None else out


def black76_greeks(
    forward: ArrayLike,
    strike: ArrayLike,
    volatility: ArrayLike,
    expiry: ArrayLike,
    *,
    is_call: ArrayLike,
    out: Greeks | None = None,
) -> Greeks:
    """Price, delta, gamma, vega, theta, rho, vanna and volga in one pass; arguments as in ``black76_price``.

    Raises:
        DomainError: as in ``black76_price``.

    Source:
        Derivatives of Black (1976), eq. (16).

    Examples:
        >>> greeks = black76_greeks(100.0, 110.0, 0.8, 0.25, is_call=True)
        >>> round(float(greeks.delta), 6), round(float(greeks.vega / 100), 6), round(float(greeks.theta / 365), 6)
        (0.484734, 0.199325, -0.087375)
    """
    shape, columns = option_columns(forward, strike, volatility, expiry, is_call)
    rows = answers(shape, 8, out)
    black76.greeks(*columns, *rows)
    refuse_outside(rows[0], columns)
    return Greeks(*(row.reshape(shape)[()] for row in rows)) if out is None else out


def inverse_price(
    forward: ArrayLike, strike: ArrayLike, volatility: ArrayLike, expiry: ArrayLike, *, is_call: ArrayLike
) -> Floats:
    """Price in coin per unit of underlying of an option paid in coin, P/F; arguments as in ``black76_price``.

    Raises:
        DomainError: as in ``black76_price``.

    Examples:
        >>> inverse_price(60_000.0, [50_000.0, 60_000.0], 0.5, 30 / 365, is_call=False).round(6)
        array([0.006311, 0.057138])
    """
    shape, columns = option_columns(forward, strike, volatility, expiry, is_call)
    price = np.empty(columns[0].size)
    black76.inverse_prices(*columns, price)
    refuse_outside(price, columns)
    return price.reshape(shape)[()]


def inverse_greeks(
    forward: ArrayLike, strike: ArrayLike, volatility: ArrayLike, expiry: ArrayLike, *, is_call: ArrayLike
) -> InverseGreeks:
    """Price in coin and the derivatives of it in one pass; arguments as in ``black76_price``.

    Raises:
        DomainError: as in ``black76_price``.

    Examples:
        A put in coin gains twice when the market falls: more money, and each coin is worth less.

        >>> greeks = inverse_greeks(60_000.0, 60_000.0, 0.5, 30 / 365, is_call=False)
        >>> round(float(greeks.net_delta), 6), round(float(greeks.price), 6)
        (-0.528569, 0.057138)
    """
    shape, columns = option_columns(forward, strike, volatility, expiry, is_call)
    out = np.empty((8, columns[0].size))
    black76.inverse_greeks(*columns, *out)
    refuse_outside(out[0], columns)
    rows = (*out, columns[0] * out[1])
    return InverseGreeks(*(row.reshape(shape)[()] for row in rows))


def digital_price(
    forward: ArrayLike, strike: ArrayLike, volatility: ArrayLike, expiry: ArrayLike, *, is_call: ArrayLike
) -> Digital:
    """Undiscounted price and delta of one unit of cash if F ends above (call) or below (put) K, on a flat smile.

    The slope of a smile adds ``-vega dsigma/dK``. At F = K with no volatility or time left, the price is 1/2.
    Arguments as in ``black76_price``.

    Raises:
        DomainError: as in ``black76_price``.

    Source:
        M. Rubinstein and E. Reiner (1991), Risk 4(9), 75-83: cash or nothing, N(d2) and N(-d2).

    Examples:
        >>> digital = digital_price(100.0, 110.0, 0.8, 0.25, is_call=True)
        >>> round(float(digital.price), 6), round(float(digital.delta), 6)
        (0.330593, 0.00906)
    """
    shape, columns = option_columns(forward, strike, volatility, expiry, is_call)
    price, delta = np.empty((2, columns[0].size))
    black76.digitals(*columns, price, delta)
    refuse_outside(price, columns)
    return Digital(price.reshape(shape)[()], delta.reshape(shape)[()])


def option_columns(
    forward: ArrayLike, strike: ArrayLike, volatility: ArrayLike, expiry: ArrayLike, is_call: ArrayLike
) -> tuple[tuple[int, ...], OptionColumns]:
    """The shape of the broadcast, and the arguments as contiguous columns of it."""
    given = (*(np.asarray(value, np.float64) for value in (forward, strike, volatility, expiry)), np.asarray(is_call))
    if given[4].dtype != np.bool_:
        raise DomainError(f"is_call has type {given[4].dtype}; want bool")
    shape = given[0].shape
    if all(value.shape == shape for value in given):  # broadcasting costs more than the prices of a chain
        return shape, _flat(given)
    try:
        spread = np.broadcast_arrays(*given)
    except ValueError:
        shapes = ", ".join(str(value.shape) for value in given)
        raise DomainError(f"shapes {shapes} of forward, strike, volatility, expiry, is_call do not broadcast") from None
    return spread[0].shape, _flat(spread)


def _flat(columns: Sequence[NDArray[Any]]) -> OptionColumns:
    F, K, sigma, T, is_call = (np.ascontiguousarray(value).reshape(-1) for value in columns)
    return F, K, sigma, T, is_call


def answers(shape: tuple[int, ...], count: int, out: tuple[Floats, ...] | None) -> tuple[Floats, ...]:
    """Columns to fill: new ones, or flat views of ``out``."""
    if out is None:
        return tuple(np.empty((count, int(np.prod(shape)))))
    for array in out:
        if (
            array.shape != shape
            or array.dtype != np.float64
            or not array.flags.c_contiguous
            or not array.flags.writeable
        ):
            raise DomainError(
                f"out has an array of shape {array.shape} and type {array.dtype}; want doubles of {shape}"
            )
    return tuple(array.reshape(-1) for array in out)


def refuse_outside(price: Floats, columns: OptionColumns) -> None:
    """Say which argument lies outside the domain, if the kernel answered NaN anywhere."""
    if not (price.size and np.isnan(price.min())):  # the least of some numbers is NaN if one is
        return
    bad = np.isnan(price)
    first = int(bad.argmax())
    low, high = black76.LOWEST, black76.HIGHEST
    for (name, want), column, positive in zip(WANTED, columns, (True, True, False, False), strict=False):
        value = float(column[first])
        if not (value < high and (value > low if positive else value >= 0.0)):
            raise DomainError(f"{name} is {value} at index {first} ({int(bad.sum())} such options); want {want}")
