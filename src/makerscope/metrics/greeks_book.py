"""Option books from the tables of a tape: fills and chain rows as exact arrays for ``metrics.greeks_pnl``.

Money of one token has one unit: the finest that any of its contracts needs, and at least 1e-8 token. Options are marked
at the venue's mark with its mark volatility, both of the same row; rows without a usable mark, forward or volatility
mark nothing. Hedges are marked at their own reference price.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

import numpy as np
import polars as pl

from makerscope.errors import DomainError
from makerscope.metrics.columns import need
from makerscope.metrics.greeks_arrays import Contracts, Floats, Ints, Payments, States, Trades
from makerscope.metrics.greeks_pnl import GreeksPnl, greeks_attribution
from makerscope.metrics.ledger import Ledger, ledger_of
from makerscope.metrics.settlement_average import averaged, index_average, settlement_prices
from makerscope.pricing.settlement import Remainder
from makerscope.tape.events import Instrument, Token

FINEST = 8  # decimals of a token that option money has at least
_ROWS = ("time", "instrument", "base", "expiry", "strike", "coin_premium", "forward", "mark_coin", "mark_usd",
         "mark_volatility", "reason")  # fmt: skip
_NO_PATH = pl.DataFrame(schema={"time": pl.Int64, "base": pl.String, "price": pl.Float64})
_NO_PRICE = pl.DataFrame(schema={"base": pl.String, "expiry": pl.Int64, "price": pl.Float64})
_STANDS = ("crossed", "price is not positive")  # faults of a quote that leave its mark


@dataclass(frozen=True, slots=True, kw_only=True)
class BookPnl:
    """The attribution of books and what stands behind it.

    Args:
        pnl: see ``GreeksPnl``; its money is in units of 10^-``decimals``.
        decimals: of each token.
        unusable_marks: rows of the chain that could not mark a contract that was traded.
        late_fills: fills at or after the expiry of their option, left out.
        unsettled: options that expired inside the period without a settlement price; they keep their last mark.
        other_fees: ``account, instrument, token, decimals, fees, fills``: fees in tokens other than the settle token.
        volatility: whose volatility the Greeks use.
        unaveraged: marks inside the averaging of a settlement without a path of the index: their Greeks are those of
            an option on the last price.
    """

    pnl: GreeksPnl
    decimals: Mapping[str, int]
    unusable_marks: int
    late_fills: int
    unsettled: tuple[str, ...]
    other_fees: pl.DataFrame
    volatility: str
    unaveraged: int = 0


def greeks_pnl(
    fills: pl.DataFrame,
    rows: pl.DataFrame,
    marks: pl.DataFrame,
    funding: pl.DataFrame,
    *,
    instruments: Mapping[str, Instrument],
    tokens: Mapping[str, Token],
    since: int,
    until: int,
    settlements: pl.DataFrame | None = None,
    accounts: Sequence[str] | None = None,
    sticky: Literal["strike", "delta"] = "strike",
    width: int | None = None,
    volatility: str = "mark volatility of the venue",
    windows: Mapping[str, int] | None = None,
    index: pl.DataFrame | None = None,
) -> BookPnl:
    """The P&L of every account that traded, over ``[since, until)``, by Greek.

    Args:
        fills: table ``fills`` with ``time`` (ns), of options and of what hedges them.
        rows: the chain as ``metrics.option_chain.option_rows`` gives it.
        marks: of the hedges, ``time, instrument, twice_price`` (ticks); without them their trades are their marks.
        funding: ``time, instrument, funding`` (base units each long lot pays).
        instruments: by name.
        tokens: by name.
        since: first ns.
        until: first ns after the period.
        settlements: ``base, expiry, price`` (quote currency): what expired options are paid against.
        accounts: whose P&L; default all that were the maker of a fill.
        sticky: see ``greeks_attribution``; for ``delta`` the slope of the smile is taken between neighbouring strikes
            of the same time and expiry, 0 where there is but one.
        width: of a time bucket, ns.
        volatility: name of what stands in ``mark_volatility``, if it is not the venue's.
        windows: ns by option over which its settlement is averaged; left out, it settles on the last price.
        index: ``time, base, price`` of the underlyings, for the averages so far and the settlements not given.

    Raises:
        SchemaError: a column is missing.
        InputError: a fill's instrument is unknown.
        DomainError, AccountingError: see ``greeks_attribution``.
    """
    need(rows, "rows", *_ROWS)
    options = {name: item for name, item in instruments.items() if item.kind == "option"}
    expiries = pl.DataFrame(
        {"instrument": list(options), "due": [item.expiry for item in options.values()]},
        schema={"instrument": pl.String, "due": pl.Int64},
    )
    timely = fills.join(expiries, on="instrument", how="left", maintain_order="left").filter(
        pl.col("due").is_null() | (pl.col("time") < pl.col("due"))
    )
    ledger = ledger_of(
        timely, marks, funding, instruments=instruments, tokens=tokens, since=since, until=until, horizon=None,
        accounts=accounts, sources={},
    )  # fmt: skip
    names = tuple(ledger.pairs["instrument"].unique().sort())
    decimals = _decimals(ledger)
    contracts = _contracts(names, instruments, decimals)
    usable, refused = _usable(rows, [name for name in names if name in options], until, slope=sticky == "delta")
    windows, path = windows or {}, _NO_PATH if index is None else index
    due = {
        (item.base, item.expiry): windows.get(name, 0) for name in names if (item := options.get(name)) and item.expiry
    }
    paid = pl.concat([_NO_PRICE if settlements is None else settlements, settlement_prices(path, due)])
    parts = [_option_states(usable, names, contracts), *_hedge_states(ledger, names, instruments, decimals)]
    settled, unsettled = _settlements(
        paid.unique(["base", "expiry"], keep="first"), names, instruments, contracts, since, until
    )
    states, unaveraged = _averaged(_joined([*parts, settled]), names, contracts, instruments, windows, path)
    found = greeks_attribution(
        contracts,
        states,
        _trades(ledger, decimals),
        since=since,
        until=until,
        opening={(a, names.index(i)): lots for a, i, lots in ledger.pairs["account", "instrument", "opening"].rows()},
        payments=_payments(ledger, names, instruments, tokens, decimals),
        sticky=sticky,
        width=width,
    )
    return BookPnl(
        pnl=found, decimals=decimals, unusable_marks=refused, late_fills=fills.height - timely.height,
        unsettled=unsettled, other_fees=ledger.other_fees, volatility=volatility, unaveraged=unaveraged,
    )  # fmt: skip


def with_slope(rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` with ``slope`` = d volatility / d ln(strike) at each strike of one ``time, base, expiry``.

    Central differences between the neighbouring strikes, one-sided at the ends, 0 where there is but one strike. Call
    and put of a strike count with their mean.

    Examples:
        >>> from math import e
        >>> rows = pl.DataFrame({"time": [0, 0, 0], "base": "B", "expiry": [9, 9, 9], "strike": [1.0, e, e * e],
        ...     "mark_volatility": [0.7, 0.6, 0.54]})
        >>> [round(x, 6) for x in with_slope(rows)["slope"]]
        [-0.1, -0.08, -0.06]
    """
    smile = ["time", "base", "expiry"]
    strikes = rows.group_by(*smile, "strike").agg(v=pl.col("mark_volatility").mean()).sort(*smile, "strike")
    x, v = pl.col("strike").log(), pl.col("v")

    def beside(expr: pl.Expr, places: int) -> pl.Expr:
        return expr.shift(places).over(smile).fill_null(expr)

    rise, run = beside(v, -1) - beside(v, 1), beside(x, -1) - beside(x, 1)
    slopes = strikes.select(*smile, "strike", slope=pl.when(run > 0).then(rise / run).otherwise(0.0))
    return rows.join(slopes, on=[*smile, "strike"], how="left", maintain_order="left")


def _decimals(ledger: Ledger) -> dict[str, int]:
    """Decimals of the money of each token: the finest any contract needs."""
    found = ledger.pairs.group_by("token").agg(pl.col("decimals").max())
    return {token: max(FINEST, places) for token, places in found.rows()}


def _contracts(names: Sequence[str], instruments: Mapping[str, Instrument], decimals: Mapping[str, int]) -> Contracts:
    items = [instruments[name] for name in names]
    for item in items:
        if item.kind == "option" and (item.strike is None or item.expiry is None or item.is_call is None):
            raise DomainError(f"{item.instrument} is an option without strike, expiry or side; want all three")
    size = [Decimal(item.lot_size) * Decimal(item.multiplier) for item in items]
    return Contracts(
        name=names,
        token=[item.settle for item in items],
        option=np.array([item.kind == "option" for item in items], bool),
        strike=np.array([float(item.strike or "nan") for item in items]),
        expiry=np.array([item.expiry or 0 for item in items], np.int64),
        is_call=np.array([bool(item.is_call) for item in items], bool),
        coin=np.array([item.quote == item.base for item in items], bool),
        unit=np.array([float(s.scaleb(decimals[i.settle])) for s, i in zip(size, items, strict=True)]),
    )


def _usable(rows: pl.DataFrame, names: Sequence[str], until: int, *, slope: bool) -> tuple[pl.DataFrame, int]:
    """Rows that mark the contracts named, and how many of them cannot; the slope is that of the whole smile."""
    named = pl.col("instrument").is_in(list(names))
    held = rows.filter(pl.col("time") < until).with_columns(
        mark=pl.when("coin_premium").then("mark_coin").otherwise("mark_usd")
    )
    good = held.filter(
        pl.col("reason").is_null() | pl.col("reason").is_in(_STANDS),
        pl.col("mark").is_finite() & (pl.col("mark") >= 0),
        pl.col("forward").is_finite() & (pl.col("forward") > 0),
        pl.col("mark_volatility").is_finite() & (pl.col("mark_volatility") > 0),
        pl.col("time") < pl.col("expiry"),
    )
    own = (with_slope(good) if slope else good).filter(named)
    return own, held.filter(named).height - own.height


def _option_states(rows: pl.DataFrame, names: Sequence[str], contracts: Contracts) -> States:
    at = rows["instrument"].cast(pl.String).replace_strict({name: i for i, name in enumerate(names)},
                                                           return_dtype=pl.Int64).to_numpy()  # fmt: skip
    slope = rows["slope"].fill_null(0.0).to_numpy() if "slope" in rows.columns else np.zeros(rows.height)
    return States(
        contract=at,
        time=rows["time"].cast(pl.Int64).to_numpy(),
        value=np.rint(rows["mark"].to_numpy() * contracts.unit[at]).astype(np.int64),
        forward=rows["forward"].to_numpy(),
        volatility=rows["mark_volatility"].to_numpy(),
        rate=np.zeros(rows.height),
        slope=slope,
    )


def _hedge_states(
    ledger: Ledger, names: Sequence[str], instruments: Mapping[str, Instrument], decimals: Mapping[str, int]
) -> list[States]:
    """The marks of everything that is no option, as the ledger values them."""
    out = []
    for at, (name, series) in enumerate(zip(names, ledger.series, strict=True)):
        if instruments[name].kind == "option":
            continue
        k = series.worth.k * 10 ** (decimals[instruments[name].settle] - series.worth.decimals)
        last = np.append(series.times[1:] != series.times[:-1], True)[: len(series.times)]
        values = series.values[last] * k
        blank = np.full(len(values), np.nan)
        times = series.times[last]
        out.append(
            States(
                contract=np.full(len(values), at), time=times, value=values, forward=blank, volatility=blank,
                rate=blank, slope=blank,
            )
        )  # fmt: skip
    return out


def _averaged(  # noqa: PLR0917 - all of it is what an average depends on
    states: States,
    names: Sequence[str],
    contracts: Contracts,
    instruments: Mapping[str, Instrument],
    windows: Mapping[str, int],
    index: pl.DataFrame,
) -> tuple[States, int]:
    """The states with what is open of averaged settlements, and how many lie in an average nobody knows."""
    at = states.contract
    window = np.array([windows.get(name, 0) if contracts.option[i] else 0 for i, name in enumerate(names)], np.int64)[
        at
    ]
    if not window.any():
        return states, 0
    expiry, average = contracts.expiry[at], np.full(len(at), np.nan)
    inside = (window > 0) & (expiry - states.time < window)
    bases = np.array([instruments[name].base for name in names])[at]
    for base in np.unique(bases[inside]).tolist():
        own = inside & (bases == base)
        average[own] = index_average(index, base, (expiry - window)[own], states.time[own])
    rest, unknown = averaged(contracts.strike[at], expiry, states.time, window, average)
    forward = _ends(states, contracts, rest, window)
    return replace(states, forward=forward, rest=np.stack([rest.weight, rest.strike, rest.expiry])), int(unknown.sum())


def _ends(states: States, contracts: Contracts, rest: Remainder, window: Ints) -> Floats:
    """Forwards in which an averaged settlement is the mean of what was open at the mark before, not of the whole.

    So the move of the forward over the last interval is that which changed the option.
    """
    order = np.lexsort((states.time, states.contract))
    before, last = order[:-1], order[1:]
    at = states.contract[last]
    ends = (states.contract[before] == at) & (window[last] > 0) & (states.time[last] == contracts.expiry[at])
    before, last = before[ends], last[ends]
    weight = rest.weight[before]
    known = contracts.strike[states.contract[last]] - weight * rest.strike[before]
    forward = states.forward.copy()
    forward[last] = (forward[last] - known) / weight
    return forward


def _settlements(  # noqa: PLR0917 - all of it is what a settlement depends on
    table: pl.DataFrame,
    names: Sequence[str],
    instruments: Mapping[str, Instrument],
    contracts: Contracts,
    since: int,
    until: int,
) -> tuple[States, tuple[str, ...]]:
    """What each option that expires inside the period is paid, as its last state; and those nobody knows it of."""
    known = {(base, due): price for base, due, price in table["base", "expiry", "price"].rows()}
    at, price, unsettled = [], [], []
    for place, name in enumerate(names):
        item = instruments[name]
        if item.kind != "option" or item.expiry is None or not since <= item.expiry < until:
            continue
        paid = known.get((item.base, item.expiry))
        if paid is None or not paid > 0:
            unsettled.append(name)
            continue
        at.append(place)
        price.append(float(paid))
    places, S = np.array(at, np.int64), np.array(price)
    sign = np.where(contracts.is_call[places], 1.0, -1.0)
    payoff = np.maximum(sign * (S - contracts.strike[places]), 0.0) / np.where(contracts.coin[places], S, 1.0)
    return (
        States(
            contract=places,
            time=contracts.expiry[places],
            value=np.rint(payoff * contracts.unit[places]).astype(np.int64),
            forward=S,
            volatility=np.full(len(at), np.nan),
            rate=np.zeros(len(at)),
            slope=np.zeros(len(at)),
        ),
        tuple(unsettled),
    )


def _joined(parts: Sequence[States]) -> States:
    return States(**{
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("contract", "time", "value", "forward", "volatility", "rate", "slope")
    })  # fmt: skip


def _trades(ledger: Ledger, decimals: Mapping[str, int]) -> Trades:
    """The ledger's fills in the money of their token."""
    units = ledger.pairs.select(
        "account",
        "instrument",
        more=pl.lit(10, pl.Int128).pow(pl.col("token").replace_strict(dict(decimals)) - pl.col("decimals")),
        k="k",
        base_unit="base_unit",
    )
    legs = ledger.legs.join(units, on=["account", "instrument"], how="left", maintain_order="left").with_columns(
        value=(pl.col("price_value").cast(pl.Int128) * pl.col("k") * pl.col("more")).cast(pl.Int64),
        money=(pl.col("fee").cast(pl.Int128) * pl.col("base_unit") * pl.col("more")).cast(pl.Int64),
    )
    return Trades(
        account=legs["account"].to_list(),
        contract=legs["market"].to_numpy(),
        time=legs["time"].to_numpy(),
        lots=legs["lots"].to_numpy(),
        value=legs["value"].to_numpy(),
        fee=legs["money"].to_numpy(),
    )


def _payments(
    ledger: Ledger,
    names: Sequence[str],
    instruments: Mapping[str, Instrument],
    tokens: Mapping[str, Token],
    decimals: Mapping[str, int],
) -> Payments:
    first, time, rate = ledger.funding
    contract = np.repeat(np.arange(len(names)), np.diff(first))
    base = np.array([
        10 ** (decimals[instruments[name].settle] - token.decimals)
        if (token := tokens.get(instruments[name].settle)) else 0
        for name in names
    ], np.int64)  # fmt: skip
    return Payments(contract=contract, time=time, paid=rate * base[contract])
