"""Where an option book's P&L came from: a leg for each Greek, exact integers that add to the change of equity.

::

    equity change = delta * dF + gamma / 2 * dF^2 + vega * dv + theta * dt + rho * dr + vanna * dF * dv
                    + volga / 2 * dv^2                       over each interval, Greeks at its start
                  + edge_at_trade                            q * (M - p), M the last mark strictly before the fill
                  + hedging                                  all that instruments other than options earned, before
                                                             funding and fees
                  + funding + fees                           what positions received, what fills paid
                  + residual                                 what the expansion does not explain

An interval lies between two marks of an option (or its last mark and its settlement) while the lots held do not
change: fills cut it. ``F`` is the forward of the option's expiry, ``v`` its volatility, ``t`` in years of 365 days;
vega is per 1.00 of volatility, theta per year, rho per 1.00 of the rate (``-T * price`` of a price discounted from the
forward). The volatility is whatever the states hold: the venue's mark volatility unless a surface is given, and it
should be named beside the result.

Sticky strike (default): ``vega`` earns the whole change of volatility at the option's strike. Sticky delta: the smile
moves with the forward, so ``-slope * dF / F`` of that change (slope = dv / d ln K at the start) is the forward's doing;
vega times it stands in ``vanna``, the rest in ``vega``. Their sum is the same.

A premium in coin is ``price / F``; its Greeks are derivatives of that quotient and all money is coin. In coin the delta
is ``(Black's delta - premium in coin) / F``.

An option that settles on an average (``States.rest``) has the Greeks of what is open of it, and its coin premium is the
price over the settlement price that is expected.

Every leg of every interval is rounded to whole money units on its own; ``residual`` is the exact change of the marks
less those integers. So cells of any partition add, and the sum is the equity change to the last unit, which is built
apart from cash and from positions at both ends. A mark on which the expansion cannot start (no volatility known) leaves
its whole change to the residual and is counted in ``unexplained``.

Source: second-order Taylor expansion of Black (1976); desk conventions as in the project's measures, section 13.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from makerscope.errors import AccountingError, DomainError
from makerscope.kernels.greeks_pnl import (
    BUCKET,
    CLOSING,
    DELTA,
    EDGE,
    EQUITY,
    FEES,
    FILLS,
    FUNDING,
    GAMMA,
    HEDGING,
    INTERVALS,
    MONEYNESS,
    MOVE,
    PAIR,
    RHO,
    SETTLED,
    TENOR,
    THETA,
    UNEXPLAINED,
    UNMARKED,
    VANNA,
    VEGA,
    VOLGA,
    attribute_greeks,
)
from makerscope.metrics.greeks_arrays import (
    ROOM,
    Contracts,
    Floats,
    Ints,
    Payments,
    States,
    Trades,
    floats,
    ints,
    must_fit,
    must_make_sense,
    taken,
)
from makerscope.metrics.option_chain import (
    DELTA_BUCKET,
    DELTA_BUCKETS,
    DELTAS,
    TENOR_BUCKET,
    TENOR_BUCKETS,
    TENORS,
    YEAR,
)

TAYLOR = ("delta", "gamma", "vega", "theta", "rho", "vanna", "volga")
LEGS = (*TAYLOR, "edge_at_trade", "hedging", "funding", "fees", "residual")
KEYS = ("account", "instrument", "token", "bucket", "tenor_bucket", "delta_bucket")
COUNTS = ("intervals", "unexplained", "fills")
_COLUMNS = {
    "delta": DELTA, "gamma": GAMMA, "vega": VEGA, "theta": THETA, "rho": RHO, "vanna": VANNA, "volga": VOLGA,
    "edge_at_trade": EDGE, "hedging": HEDGING, "funding": FUNDING, "fees": FEES, "move": MOVE,
    "intervals": INTERVALS, "unexplained": UNEXPLAINED, "fills": FILLS,
}  # fmt: skip
_EDGES = (np.array([edge / YEAR for edge in TENORS.values()]), np.array(DELTAS))


@dataclass(frozen=True, slots=True, kw_only=True)
class GreeksPnl:
    """The attribution of a period.

    Args:
        cells: sums by ``account, instrument, token, bucket, tenor_bucket, delta_bucket``: the ``LEGS`` (Int128, money
            units) and counts. The buckets of tenor and Black's delta are those of ``metrics.option_chain`` at the start
            of the interval (null for hedges and where unknown), ``bucket`` = floor(time / width), or null. All other
            tables are sums of it.
        pairs: one row for each account and instrument: ``LEGS``, ``equity_change``, ``opening``, ``closing``,
            ``settled`` (lots), ``unmarked`` (fills before any mark, marked at their own price), counts.
        totals: one row for each account and token: ``LEGS``, ``equity_change``, counts, and ``residual_share`` =
            |residual| over the sum of the absolute legs of all cells (null where that is 0).
        sticky: ``strike`` or ``delta``.
    """

    cells: pl.DataFrame
    pairs: pl.DataFrame
    totals: pl.DataFrame
    sticky: str

    def by(self, *keys: str) -> pl.DataFrame:
        """``LEGS``, ``equity_change`` and ``residual_share`` by columns of ``cells``: a bucket, a token.

        Raises:
            DomainError: a key is no column of ``cells``; money of several tokens would be added.
        """
        if not keys or set(keys) - set(KEYS):
            raise DomainError(f"{keys} are not keys of the cells; want some of {', '.join(KEYS)}")
        if "token" not in keys and self.cells["token"].n_unique() > 1:
            raise DomainError("the cells hold money of several tokens; want token among the keys")
        return _shared(self.cells, keys)


def greeks_attribution(
    contracts: Contracts,
    states: States,
    trades: Trades,
    *,
    since: int,
    until: int,
    opening: Mapping[tuple[str, int], int] | None = None,
    payments: Payments | None = None,
    sticky: Literal["strike", "delta"] = "strike",
    width: int | None = None,
) -> GreeksPnl:
    """The P&L of option books over ``[since, until)`` by Greek, from plain arrays.

    Args:
        contracts: what can be held.
        states: how it was marked.
        trades: what was traded.
        since: first ns.
        until: first ns after the period.
        opening: lots held at ``since`` by (account, place in ``contracts``).
        payments: funding of hedges.
        sticky: whether the smile keeps its strikes or its deltas when the forward moves.
        width: of a time bucket, ns; None for one bucket.

    Raises:
        DomainError: arrays disagree in shape, or times lie outside the period or after an expiry.
        AccountingError: integers would overflow, or the identity does not close.

    Examples:
        A call bought one tick below its mark and held while the forward rises from 100 to 101:

        >>> day = 86_400 * 10**9
        >>> one = Contracts(name=["C"], token=["USD"], option=np.array([True]), strike=np.array([100.0]),
        ...     expiry=np.array([30 * day]), is_call=np.array([True]), coin=np.array([False]), unit=np.array([1e6]))
        >>> marks = States(contract=np.array([0, 0]), time=np.array([0, day]), value=np.array([6_853_941, 7_284_403]),
        ...     forward=np.array([100.0, 101.0]), volatility=np.array([0.6, 0.6]), rate=np.zeros(2), slope=np.zeros(2))
        >>> bought = Trades(account=["m"], contract=np.array([0]), time=np.array([5]), lots=np.array([2]),
        ...     value=np.array([6_843_941]), fee=np.array([100]))
        >>> out = greeks_attribution(one, marks, bought, since=0, until=2 * day).totals
        >>> out.select("delta", "gamma", "theta", "edge_at_trade", "fees", "residual", "equity_change").row(0)
        (1068539, 23107, -227902, 20000, -100, -2820, 880824)
    """
    opening = {key: lots for key, lots in (opening or {}).items() if lots}
    must_make_sense(contracts, states, trades, opening=opening, since=since, until=until, width=width)
    states = taken(states, np.lexsort((states.time, states.contract)))
    if np.any((np.diff(states.contract) == 0) & (np.diff(states.time) == 0)):
        raise DomainError("a contract has two states at one time; want one")
    accounts = np.asarray(trades.account, dtype=str)
    pairs = sorted({*zip(accounts.tolist(), trades.contract.tolist(), strict=True), *opening})
    place = {pair: at for at, pair in enumerate(pairs)}
    of = np.array([place[pair] for pair in zip(accounts.tolist(), trades.contract.tolist(), strict=True)], np.int64)
    order = np.lexsort((trades.time, of))
    fills = tuple(np.asarray(x, np.int64)[order] for x in (trades.time, trades.lots, trades.value, trades.fee))
    first = np.searchsorted(of[order], np.arange(len(pairs) + 1)).astype(np.int64)
    market = np.array([contract for _, contract in pairs], np.int64)
    held = np.array([opening.get(pair, 0) for pair in pairs], np.int64)
    paid = payments or Payments(contract=np.empty(0, np.int64), time=np.empty(0, np.int64), paid=np.empty(0, np.int64))
    paid = taken(paid, np.lexsort((paid.time, paid.contract)))
    m = len(contracts.name)
    state_first, paid_first = (np.searchsorted(x.contract, np.arange(m + 1)).astype(np.int64) for x in (states, paid))
    must_fit(first, market, held, fills, state_first, states.time, states.value, paid_first, paid.paid)
    most = ROOM / (len(states.time) + 1) / 8
    rest = _plain(contracts, states) if states.rest is None else states.rest
    sums, ends = attribute_greeks(
        first, market, held, *fills, state_first, ints(states.time), ints(states.value), floats(states.forward),
        floats(states.volatility), floats(states.rate), floats(states.slope), *map(floats, rest), paid_first,
        ints(paid.time),
        ints(paid.paid), np.asarray(contracts.option, bool), floats(contracts.strike), ints(contracts.expiry),
        np.asarray(contracts.is_call, bool), np.asarray(contracts.coin, bool), floats(contracts.unit), *_EDGES,
        since, until, _NO_WIDTH if width is None else width, sticky == "delta", most,
    )  # fmt: skip
    names = pl.DataFrame(
        {
            "pair": np.arange(len(pairs)),
            "account": [account for account, _ in pairs],
            "instrument": [contracts.name[at] for _, at in pairs],
            "token": [contracts.token[at] for _, at in pairs],
            "opening": held,
            "closing": ends[:, CLOSING],
            "settled": ends[:, SETTLED],
            "unmarked": ends[:, UNMARKED],
            "cash_and_marks": ends[:, EQUITY],
        },
        schema_overrides={"account": pl.String, "instrument": pl.String, "token": pl.String},
    )
    return _result(names, sums, sticky, bucketed=width is not None)


def _plain(contracts: Contracts, states: States) -> Floats:
    """The rest of options that settle on the last price: all of it, at their strike and expiry."""
    at = ints(states.contract)
    years = (ints(contracts.expiry)[at] - ints(states.time)) / YEAR
    return np.stack([np.ones(len(at)), floats(contracts.strike)[at], years])


_NO_WIDTH = np.iinfo(np.int64).max


def _result(names: pl.DataFrame, sums: Ints, sticky: str, *, bucketed: bool) -> GreeksPnl:
    """The kernel's rows as tables."""
    rows = pl.DataFrame(
        {
            "pair": sums[:, PAIR],
            "bucket": sums[:, BUCKET],
            "tenor_bucket": sums[:, TENOR],
            "delta_bucket": sums[:, MONEYNESS],
            **{name: sums[:, at] for name, at in _COLUMNS.items()},
        }
    ).with_columns(pl.col("move", *LEGS[:-1]).cast(pl.Int128))
    cells = (
        rows.join(names.select("pair", "account", "instrument", "token"), on="pair")
        .with_columns(
            pl.col("bucket") if bucketed else pl.lit(None, dtype=pl.Int64).alias("bucket"),
            pl.col("tenor_bucket").replace_strict(
                dict(enumerate(TENOR_BUCKETS)), default=None, return_dtype=TENOR_BUCKET
            ),
            pl.col("delta_bucket").replace_strict(
                dict(enumerate(DELTA_BUCKETS)), default=None, return_dtype=DELTA_BUCKET
            ),
            residual=pl.col("move") - pl.sum_horizontal(TAYLOR),
        )
        .group_by(KEYS)
        .agg(pl.col(*LEGS, *COUNTS).sum())
        .sort(KEYS, nulls_last=True)
    )
    pairs = (
        names.drop("pair")
        .join(cells.group_by("account", "instrument").agg(pl.col(*LEGS, *COUNTS).sum()), on=["account", "instrument"],
              how="left")
        .with_columns(pl.col(*LEGS, *COUNTS).fill_null(0))
        .with_columns(equity_change=pl.sum_horizontal(LEGS))
    )  # fmt: skip
    wrong = pairs.filter(pl.col("equity_change") != pl.col("cash_and_marks"))
    if wrong.height:
        row = wrong.row(0, named=True)
        raise AccountingError(
            f"Greeks P&L of {row['account']} on {row['instrument']}: legs add to {row['equity_change']}, cash and marks"
            f" say {row['cash_and_marks']}; want the same"
        )
    pairs = pairs.select(
        "account", "instrument", "token", *LEGS, "equity_change", "opening", "closing", "settled", "unmarked", *COUNTS
    )
    return GreeksPnl(cells=cells, pairs=pairs, totals=_shared(cells, ("account", "token")), sticky=sticky)


def _shared(cells: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Sums of cells with the share of the residual."""
    size = pl.sum_horizontal(pl.col(name).abs() for name in LEGS).sum()
    return (
        cells.group_by(keys)
        .agg(pl.col(*LEGS, *COUNTS).sum(), size=size)
        .sort(keys, nulls_last=True)
        .with_columns(
            equity_change=pl.sum_horizontal(LEGS),
            residual_share=pl.when(pl.col("size") > 0).then(pl.col("residual").abs() / pl.col("size")),
        )
        .select(*keys, *LEGS, "equity_change", "residual_share", *COUNTS)
    )
