"""Implied volatility of quotes: the volatility at which Black's formula gives the quoted price, or why there is none.

Prices are undiscounted, in quote currency per unit of underlying; a premium paid in the underlying (coin) is first
multiplied by the forward of its own expiry. An option in the money is inverted through parity: its intrinsic value is
taken off exactly, and what remains is the price of the option out of the money. The answer is the volatility that the
very doubles given determine, to a few units in the last place of the price: ``attainable_error`` says how far that is.
"""

from enum import IntEnum

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError, SchemaError
from makerscope.kernels import implied_vol

Floats = NDArray[np.float64]
COLUMNS = ("forward", "strike", "tenor", "is_call")


class Reason(IntEnum):
    """Why a quote has no volatility, or a doubtful one. ``text`` says it in words."""

    OK = implied_vol.OK
    BELOW_INTRINSIC = implied_vol.BELOW_INTRINSIC
    NO_TIME_VALUE = implied_vol.NO_TIME_VALUE
    ABOVE_UPPER_BOUND = implied_vol.ABOVE_UPPER_BOUND
    NOT_A_NUMBER = implied_vol.NOT_A_NUMBER
    OUTSIDE_DOMAIN = implied_vol.OUTSIDE_DOMAIN
    CONDITIONING_LIMITED = implied_vol.CONDITIONING_LIMITED

    @property
    def text(self) -> str:
        """The reason in words."""
        return TEXTS[self]


TEXTS = {
    Reason.OK: "ok",
    Reason.BELOW_INTRINSIC: "price is below the intrinsic value",
    Reason.NO_TIME_VALUE: "price has no time value",
    Reason.ABOVE_UPPER_BOUND: "price is not below the forward (call) or the strike (put)",
    Reason.NOT_A_NUMBER: "not a finite number",
    Reason.OUTSIDE_DOMAIN: "forward, strike or time to expiry is not positive",
    Reason.CONDITIONING_LIMITED: "the rounding of the price decides the volatility",
}
WORDS = {int(reason): None if reason == Reason.OK else text for reason, text in TEXTS.items()}


def implied_volatility(
    price: ArrayLike, forward: ArrayLike, strike: ArrayLike, expiry: ArrayLike, *, is_call: ArrayLike
) -> tuple[Floats, NDArray[np.int8]]:
    """The volatility at which Black's formula gives ``price``, and for each why there is none.

    Args:
        price: undiscounted, quote currency per unit. All arguments broadcast to one shape ``(...)``.
        forward: F, quote currency per unit.
        strike: K, quote currency per unit.
        expiry: time to expiry in years of 365 days.
        is_call: True for a call, False for a put.

    Returns:
        ``volatility``, annualised, as a fraction, NaN where there is none; and ``reason``, codes of :class:`Reason`,
        int8. Where the code is ``CONDITIONING_LIMITED`` four roundings of the price move the volatility by more than
        1e-12 of itself: it is given as far as it goes (``attainable_error``), and is NaN once that reaches 1.

    Raises:
        DomainError: an argument is no array of numbers, or the shapes do not broadcast. A bad value never raises: it
            has its code.

    Source:
        F. Black (1976), J. Financial Economics 3, 167-179, eq. (16), with r = 0; the inversion is that of
        :mod:`makerscope.kernels.implied_vol`.

    Examples:
        >>> volatility, reason = implied_volatility([7.965567455405796, 0.0], 100.0, [100.0, 120.0], 1.0, is_call=True)
        >>> volatility.round(12).tolist(), [Reason(code).name for code in reason]
        ([0.2, nan], ['OK', 'NO_TIME_VALUE'])
    """
    shape, numbers, calls = _rows(price, forward, strike, expiry, is_call=is_call)
    volatility, reason = np.empty(calls.size), np.empty(calls.size, np.int8)
    implied_vol.implied(*numbers, calls, volatility, reason)
    return volatility.reshape(shape), reason.reshape(shape)


def attainable_error(
    price: ArrayLike, forward: ArrayLike, strike: ArrayLike, expiry: ArrayLike, *, is_call: ArrayLike
) -> Floats:
    """Relative error of the implied volatility that four roundings of the price cause: the best any method can promise.

    ``4 * 2^-52 * price / (vega * volatility)``; arguments as of :func:`implied_volatility`. NaN where the price has no
    volatility.

    Raises:
        DomainError: an argument is no array of numbers, or the shapes do not broadcast.

    Examples:
        A call deep in the money is nearly all intrinsic value, and says little of its volatility:

        >>> bool(attainable_error(50.000001, 100.0, 50.0, 0.1, is_call=True) > 1e-9)
        True
    """
    shape, numbers, calls = _rows(price, forward, strike, expiry, is_call=is_call)
    error = np.empty(calls.size)
    implied_vol.attainable(*numbers, calls, error)
    return error.reshape(shape)


def implied_volatilities(chain: pl.DataFrame, *, price: str = "price", coin: bool = False) -> pl.DataFrame:
    """``chain`` with the implied volatility of one of its prices, and in words why a row has none.

    Args:
        chain: one row an option: ``forward`` and ``strike`` (quote currency), ``tenor`` (years of 365 days),
            ``is_call``, and the column named by ``price``. Rows may hold nulls.
        price: name of the column of prices, per unit of underlying.
        coin: the prices are paid in the underlying; they are multiplied by the row's ``forward``, which must be that
            of the same expiry.

    Returns:
        The same rows with ``volatility`` (fraction a year, null where there is none), ``volatility_error`` (relative,
        :func:`attainable_error`, null likewise) and ``volatility_reason`` (null where the volatility is good to 1e-12).

    Raises:
        SchemaError: a column is missing or has no numbers.

    Examples:
        >>> chain = pl.DataFrame({"forward": [100.0, 100.0, 100.0], "strike": [100.0, 50.0, 100.0],
        ...     "tenor": [1.0, 1.0, 0.0], "is_call": [True, True, False], "bid": [0.07965567455405796, 0.4, 0.01]})
        >>> out = implied_volatilities(chain, price="bid", coin=True)
        >>> out["volatility"].round(12).to_list(), out["volatility_reason"].to_list()
        ([0.2, None, None], [None, 'price is below the intrinsic value', 'expired'])
    """
    _check(chain, price)
    forward, strike, tenor, paid = (
        chain[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in ("forward", "strike", "tenor", price)
    )
    worth = paid * forward if coin else paid
    quote = (worth, forward, strike, tenor)
    calls = chain["is_call"].fill_null(value=False).to_numpy()
    volatility, code = implied_volatility(*quote, is_call=calls)
    known = chain["is_call"].is_not_null() & pl.Series(~np.isnan(volatility))
    absent = [(name, f"no {name}") for name in (price, "forward", "strike", "tenor")]
    words = pl.coalesce(
        *(pl.when(pl.col(name).cast(pl.Float64).fill_nan(None).is_null()).then(pl.lit(text)) for name, text in absent),
        pl.when(pl.col("is_call").is_null()).then(pl.lit("neither call nor put")),
        pl.when(pl.col("tenor") <= 0).then(pl.lit("expired")),
        pl.Series(code).replace_strict(WORDS, return_dtype=pl.String),
    )
    error = pl.Series(attainable_error(*quote, is_call=calls))
    return chain.with_columns(
        pl.when(known).then(pl.Series(volatility)).alias("volatility"),
        pl.when(known).then(error).alias("volatility_error"),
        words.alias("volatility_reason"),
    )


def _check(chain: pl.DataFrame, price: str) -> None:
    """Raise SchemaError unless the columns are there and hold what they should."""
    names = (*COLUMNS, price)
    missing = tuple(name for name in names if name not in chain.columns)
    wrong = {
        name: f"is {kind}; want {'Boolean' if name == 'is_call' else 'a number'}"
        for name, kind in chain.schema.items()
        if name in names and kind != pl.Null and not (kind == pl.Boolean if name == "is_call" else kind.is_numeric())
    }
    if missing or wrong:
        raise SchemaError("chain", missing=missing, wrong=wrong)


def _rows(*numbers: ArrayLike, is_call: ArrayLike) -> tuple[tuple[int, ...], list[Floats], NDArray[np.bool_]]:
    """The common shape, and the arguments as flat contiguous arrays of one length."""
    try:
        *floats, calls = np.broadcast_arrays(
            *(np.asarray(x, dtype=np.float64) for x in numbers), np.asarray(is_call, dtype=np.bool_)
        )
    except (TypeError, ValueError) as error:
        raise DomainError(f"arguments of an implied volatility: {error}") from error
    flat = [np.ascontiguousarray(x).reshape(-1) for x in floats]
    return calls.shape, flat, np.ascontiguousarray(calls).reshape(-1)
