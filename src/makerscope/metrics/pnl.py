"""The P&L identity of each (account, instrument), in exact integers: what it earned, and from what.

::

    equity change = spread_capture + hedge_slippage + liquidation
                  + settlement                                         s * (M_t - p) * q, each fill in exactly one
                  + adverse_selection                                  s * (M_{t+h} - M_t) * q over all fills
                  + inventory                                          pos * dM, less adverse_selection
                  + funding + fees                                     what the position received, what fills paid
                  + gas + transfers + incentives                       what moved outside fills: see ``metrics.flows``

``M_t`` is the mark: the last reference price strictly before ``t``. Fills as a taker are active fills
(``hedge_slippage``), forced fills and forced transfers of positions of the account itself are ``liquidation``, what
expired is ``settlement`` (it has no price afterwards, so no adverse selection), all others are quotes
(``spread_capture``). ``h`` is one stated horizon, cut at the end of the period; without it ``adverse_selection`` is
null and ``inventory`` carries the whole move. The equity change is built apart, from cash and position at the marks of
both ends, and ``residual`` = equity change - sum of the legs is 0 or something is wrong.

Units: each instrument's money is in units of 10^-``decimals`` of its settle token, fine enough that half a tick times
a lot is whole and that fees and funding (base units) are too. A lot of a linear instrument is worth
``T * k``, with ``T`` the doubled price in ticks and ``k`` that unit's integer. A contract of an inverse instrument is
worth ``-multiplier / price`` coin; a lot's worth at each price is rounded once, half up, to 1e-14 coin (coarser only if
that would not fit), and every leg and the equity use that same integer, so that the identity closes exactly there too.

Fees in another token than the settle token are no part of the identity: they are statements of their own, of one leg.
A leg that the tape cannot tell is null, not 0: ``funding`` without funding, ``gas``, ``transfers`` and ``incentives``
without the table ``transfers``. Deposits and withdrawals are capital and no part of a profit.

Source: standard accounting; the split at the mark and one horizon as in the project's conventions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from makerscope.errors import AccountingError, DomainError
from makerscope.kernels.pnl import (
    ADVERSE,
    CASH,
    EQUITY,
    FEES,
    FILLS,
    FORCED,
    FUNDING,
    HEDGED,
    MOVE,
    POSITION,
    QUOTED,
    SETTLED,
    TURNOVER,
    WIDTH,
    attribute,
)
from makerscope.metrics.flows import FLOWS, flows, with_flows
from makerscope.metrics.ledger import Ledger, ledger_of
from makerscope.tape.events import Instrument, Token

LEGS = (
    "spread_capture", "hedge_slippage", "liquidation", "settlement", "adverse_selection", "inventory", "funding",
    "fees", *FLOWS,
)  # fmt: skip
HORIZON = 10_000_000_000  # ns; the default h of adverse_selection
_PRICED = {
    "spread_capture": QUOTED,
    "hedge_slippage": HEDGED,
    "liquidation": FORCED,
    "settlement": SETTLED,
    "adverse_selection": ADVERSE,
    "inventory": MOVE,
    "turnover": TURNOVER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pnl:
    """The P&L of a period.

    Args:
        totals: one row for each (account, instrument): ``account, instrument, token, decimals``, the ``LEGS``,
            ``equity_change, residual, turnover`` (Int128, units of 10^-decimals token, null where not measurable), then
            ``fills, opening, closing`` (lots), ``opening_known``, ``unmarked`` (fills before any mark, marked at their
            own price), ``unknown_fees``, ``disagreeing`` (fills before which the venue knew another position),
            ``marked_at`` and ``half_spread_known``. Money that moved without a fill on its instrument, or of no
            instrument (null), has a row of its own.
        buckets: the same money columns by ``bucket`` = floor(time / width), with ``position`` at its end (lots);
            buckets without fills and position are left out. Adverse selection belongs to the bucket of its fill.
        other_fees: ``account, instrument, token, decimals, fees, fills``: fees in tokens other than the settle token.
        horizon: ns, of ``adverse_selection``; None if there is none.
    """

    totals: pl.DataFrame
    buckets: pl.DataFrame
    other_fees: pl.DataFrame
    horizon: int | None


def pnl(
    fills: pl.DataFrame,
    marks: pl.DataFrame,
    funding: pl.DataFrame | None,
    *,
    transfers: pl.DataFrame | None = None,
    instruments: Mapping[str, Instrument],
    tokens: Mapping[str, Token],
    since: int,
    until: int,
    horizon: int | None = HORIZON,
    width: int | None = None,
    accounts: Sequence[str] | None = None,
    sources: Mapping[str, str] | None = None,
) -> Pnl:
    """The P&L of every maker on every instrument over ``[since, until)``.

    Args:
        fills: table ``fills`` with ``time`` (ns, on the clock in use), any order.
        marks: ``time, instrument, twice_price`` (ticks), in order of time for each instrument; see ``marks_of``.
        funding: ``time, instrument, funding`` (base units each long lot pays); null funding is none. None: unknown.
        transfers: table ``transfers`` with ``time``. None: unknown.
        instruments: by name.
        tokens: by name; a settle token that is not among them has no fees or funding.
        since: first ns.
        until: first ns after the period.
        horizon: ns, of ``adverse_selection``, or None for none.
        width: of a bucket, ns; None for totals only.
        accounts: whose P&L; default all that were the maker of a fill.
        sources: what the marks of an instrument are; ``LAST_TRADE`` makes each fill its own mark, so that no spread
            is measured. Instruments without marks are marked that way.

    Raises:
        DomainError: the period is empty, or horizon or width is not positive.
        AccountingError: integers would overflow, or the identity does not close.

    Examples:
        >>> btc = Instrument(instrument="v:BTC", venue="v", symbol="BTC", kind="perp", base="BTC", quote="USD",
        ...     settle="USDC", inverse=False, tick_size="1", lot_size="0.01", multiplier="1", facts="")
        >>> fills = pl.DataFrame({"time": [10, 20], "serial": [0, 1], "instrument": "v:BTC", "maker": "m", "taker": "t",
        ...     "side": [1, -1], "price": [99, 103], "size": [5, 5], "maker_fee": [0, 10], "maker_fee_token": "USDC",
        ...     "taker_fee": 0, "taker_fee_token": "USDC", "maker_position": [0, 5], "taker_position": [0, -5],
        ...     "liquidated": None, "purpose": None})
        >>> marks = pl.DataFrame({"time": [0, 15], "instrument": "v:BTC", "twice_price": [200, 204]})
        >>> none = pl.DataFrame(schema={"time": pl.Int64, "instrument": pl.String, "funding": pl.Int64})
        >>> out = pnl(fills, marks, none, instruments={"v:BTC": btc}, tokens={"USDC": Token(token="USDC", decimals=6)},
        ...     since=0, until=30, horizon=5).totals
        >>> out.select("spread_capture", "adverse_selection", "inventory", "fees", "equity_change", "residual").row(0)
        (100000, 100000, 0, -10, 199990, 0)
    """
    if since >= until or (horizon is not None and horizon <= 0) or (width is not None and width <= 0):
        raise DomainError(f"period {since}..{until} ns, horizon {horizon}, width {width}; want a period and both > 0")
    ledger = ledger_of(
        fills, marks, funding, instruments=instruments, tokens=tokens, since=since, until=until, horizon=horizon,
        accounts=accounts, sources=sources or {},
    )  # fmt: skip
    unknown = ["funding"] if funding is None else []
    moved = None
    if transfers is not None:
        here = transfers.filter(pl.col("account").is_in(ledger.accounts.implode()))
        moved = flows(here, tokens=tokens, since=since, until=until, width=width or until - since)
    whole = (
        None
        if moved is None
        else moved.group_by(_OF).agg(pl.col("decimals").first(), pl.col(FLOWS).sum(), bucket=pl.lit(0, pl.Int64))
    )
    totals = _money(ledger, _attributed(ledger, np.array([since, until])), horizon, whole, unknown)
    _must_close(totals)
    buckets = totals.clear()
    if width is not None:
        inner = np.arange(since // width + 1, -(-until // width)) * width
        rows = _attributed(ledger, np.concatenate([[since], inner, [until]]))
        buckets = _money(ledger, rows.with_columns(pl.col("bucket") + since // width), horizon, moved, unknown)
    return Pnl(
        totals=_paired(ledger, totals)
        .select(
            "account", "instrument", "token", "decimals", *LEGS, "equity_change", "residual", "turnover", "fills",
            "opening", "closing", "opening_known", "unmarked", "unknown_fees", "disagreeing", "marked_at",
            "half_spread_known",
        ),
        buckets=buckets,
        other_fees=ledger.other_fees,
        horizon=horizon,
    )  # fmt: skip


_OF = ["account", "instrument", "token"]
_UNPAIRED = {"opening": 0, "closing": 0, "opening_known": True, "unmarked": 0, "unknown_fees": 0, "disagreeing": 0}


def _paired(ledger: Ledger, totals: pl.DataFrame) -> pl.DataFrame:
    """Totals with what is known of each pair; rows of flows alone held nothing and need no mark."""
    facts = ledger.pairs.select(*_OF, *_UNPAIRED, "marked_at", "half_spread_known")
    return (
        totals.drop("bucket", "position")
        .join(facts, on=_OF, how="left", nulls_equal=True, maintain_order="left")
        .with_columns(
            *(pl.col(name).fill_null(value) for name, value in _UNPAIRED.items()),
            pl.col("half_spread_known").fill_null(value=True),
        )
        .sort("account", "instrument", "token", nulls_last=True)
    )


def marks_of(quotes: pl.DataFrame) -> pl.DataFrame:
    """Marks from quotes: the doubled mid wherever both sides rest and do not cross.

    Args:
        quotes: ``time, instrument, bid, ask`` (ticks), in order of time.

    Examples:
        >>> marks_of(pl.DataFrame({"time": [1, 2], "instrument": "a", "bid": [9, 9], "ask": [10, None]})).rows()
        [(1, 'a', 19)]
    """
    return quotes.filter(pl.col("bid") < pl.col("ask")).select(
        "time", "instrument", twice_price=pl.col("bid") + pl.col("ask")
    )


def _attributed(ledger: Ledger, border: np.ndarray) -> pl.DataFrame:
    """The kernel's sums by pair and bucket (from 0): lot values and base units, not yet money."""
    given = (*ledger.arrays(), border, ledger.marks_at(border), *ledger.funding)
    nothing = np.empty(0, np.int64)
    rows = attribute(*given, nothing, nothing, np.zeros((0, WIDTH), np.int64))
    pair, bucket, sums = np.empty(rows, np.int64), np.empty(rows, np.int64), np.zeros((rows, WIDTH), np.int64)
    if rows:
        attribute(*given, pair, bucket, sums)
    names = {"funding": FUNDING, "fees": FEES, "equity": EQUITY, "cash": CASH, "fills": FILLS, "position": POSITION}
    columns = {name: sums[:, at] for name, at in (_PRICED | names).items()}
    return pl.DataFrame({"pair": pair, "bucket": bucket, **columns})


def _money(
    ledger: Ledger, sums: pl.DataFrame, horizon: int | None, moved: pl.DataFrame | None, unknown: list[str]
) -> pl.DataFrame:
    """Sums in units of 10^-decimals token, with what moved outside fills and the residual."""
    wide = sums.with_columns(pl.exclude("pair", "bucket", "fills", "position").cast(pl.Int128)).join(
        ledger.pairs.with_row_index("pair").select(
            pl.col("pair").cast(pl.Int64),
            "account",
            "instrument",
            "token",
            "decimals",
            "half_spread_known",
            "k",
            "base_unit",
        ),
        on="pair",
    )
    k, base = pl.col("k"), pl.col("base_unit")
    capture = [name for name, at in _PRICED.items() if at in {QUOTED, HEDGED, FORCED, SETTLED}]
    money = wide.with_columns(
        *(pl.col(name) * k for name in _PRICED if name != "inventory"),
        inventory=(pl.col("inventory") - (pl.col("adverse_selection") if horizon is not None else 0)) * k,
        funding=pl.col("funding") * base,
        fees=pl.col("fees") * base,
        equity_change=pl.col("equity") * k + pl.col("cash") * base,
    )
    money = money.with_columns(pl.when("half_spread_known").then(pl.col(name)).alias(name) for name in capture)
    money = money.select(
        "account", "instrument", "bucket", "token", "decimals", *_PRICED, "funding", "fees", "equity_change", "fills",
        "position",
    )  # fmt: skip
    if moved is None:
        unknown = [*unknown, *FLOWS]
    else:
        units = ledger.pairs.select(*_OF, "decimals", "base_unit")
        money = with_flows(money, moved, units).with_columns(pl.col("equity_change") + pl.sum_horizontal(FLOWS))
    if horizon is None:
        unknown = [*unknown, "adverse_selection"]
    return (
        money.with_columns(pl.lit(None, dtype=pl.Int128).alias(name) for name in unknown)
        .with_columns(residual=pl.col("equity_change") - pl.sum_horizontal(LEGS))
        .sort("account", "instrument", "bucket", nulls_last=True)
        .select(
            "account", "instrument", "bucket", "token", "decimals", *LEGS, "equity_change", "residual", "turnover",
            "fills", "position",
        )
    )  # fmt: skip


def _must_close(totals: pl.DataFrame) -> None:
    wrong = totals.filter(pl.col("residual") != 0)
    if wrong.height:
        row = wrong.row(0, named=True)
        raise AccountingError(
            f"{row['account']} on {row['instrument']}: the P&L misses {row['residual']} units; want 0"
        )
