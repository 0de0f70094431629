"""What a maker paid to be there: gas of its messages, what its hedges cost against the mid, and what they left."""

import polars as pl

from makerscope.metrics.hedging import failed_hedges
from makerscope.metrics.measure import Measure, measured, missing
from makerscope.metrics.pnl import Pnl
from makerscope.metrics.view import unit_size
from makerscope.report.hedging_card import hedging_measures
from makerscope.report.study import Study

NO_GAS = "not measurable: no gas payments on this tape"
NO_HEDGES = "no hedges on this tape"


def cost_measures(study: Study, pnl: Pnl, maker: str, *, failed: int | None) -> dict[str, Measure]:
    """``gas_paid`` and ``gas_per_fill`` (token in which it was paid), ``hedge_slippage`` and ``hedge_fees`` (bps).

    Where it hedged also ``hedge_cost_per_unit`` (both together, quote currency per unit of the base) and what
    ``report.hedging_card`` measures; where it tried to, ``failed_hedges``.

    Args:
        study: the tape measured.
        pnl: over the same window.
        maker: account name.
        failed: how many of its hedges failed; None where the tape does not know.
    """
    hedges = study.fills_of("taker", maker).filter(pl.col("purpose") == "hedge")
    tried = {} if failed is None else failed_hedges(failed, hedges.height)
    return {**_gas(study, pnl, maker), **_hedges(study, hedges), **tried, **hedging_measures(study, pnl, maker)}


def _gas(study: Study, pnl: Pnl, maker: str) -> dict[str, Measure]:
    rows = pnl.totals.filter(pl.col("account") == maker, pl.col("gas").is_not_null(), pl.col("gas") != 0)
    if not study.view.tape.has("transfers"):
        return {"gas_paid": missing("token", NO_GAS), "gas_per_fill": missing("token", NO_GAS)}
    fills = study.fills_of("maker", maker).height + study.fills_of("taker", maker).height
    tokens = rows["token"].unique().to_list()
    if len(tokens) > 1:
        gone = missing("token", f"paid in {len(tokens)} tokens: see the statements")
        return {"gas_paid": gone, "gas_per_fill": gone}
    unit = tokens[0] if tokens else "token"
    paid = -sum(float(gas) / 10.0**decimals for gas, decimals in rows.select("gas", "decimals").iter_rows())
    each = measured(paid / fills if fills else float("nan"), unit, n=fills, undefined="no fills")
    return {"gas_paid": Measure(value=paid, unit=unit, n=fills), "gas_per_fill": each}


def _hedges(study: Study, hedges: pl.DataFrame) -> dict[str, Measure]:
    """Price paid beyond the mid just before, and fees, in bps of the hedges' notional at the mid; above 0 is a cost."""
    known = hedges.filter(pl.col("twice_mid").is_not_null(), pl.col("side") != 0)
    if not hedges.height:
        gone = missing("bps", NO_HEDGES)
        return {"hedge_slippage": gone, "hedge_fees": gone}
    price, mid = pl.col("price").cast(pl.Float64), pl.col("twice_mid").cast(pl.Float64) / 2
    each = pl.col("notional") / price  # quote currency of one tick
    paid, notional = known.select((-pl.col("side") * (price - mid) * each).sum(), (mid * each).sum()).row(0)
    slippage = 1e4 * paid / notional if notional else float("nan")
    fees = _fees(study, hedges)
    sizes = {name: unit_size(study.instrument(name)) for name in hedges["instrument"].unique()}
    unit = pl.col("instrument").replace_strict(sizes, return_dtype=pl.Float64)
    units = float(hedges.select((unit * pl.col("size")).sum()).item() or 0.0)
    price_paid = float(hedges["notional"].sum()) / units if units else float("nan")
    quote = study.instrument(hedges["instrument"][0]).quote
    base = study.instrument(hedges["instrument"][0]).base
    cost = 1e-4 * (slippage + (fees.value or 0.0)) * price_paid
    return {
        "hedge_slippage": measured(slippage, "bps", n=known.height, undefined="no mid before a hedge"),
        "hedge_fees": fees,
        "hedge_cost_per_unit": measured(cost, f"{quote} per {base}", n=known.height, undefined="no mid before a hedge"),
    }


def _fees(study: Study, hedges: pl.DataFrame) -> Measure:
    """Fees of hedges paid in the token their instrument settles in."""
    tokens = study.view.tape.tokens
    settle = {name: item.settle for name, item in study.view.instruments.items() if not item.inverse}
    own = hedges.filter(
        pl.col("taker_fee_token") == pl.col("instrument").replace_strict(settle, default=None, return_dtype=pl.String)
    )
    decimals = pl.col("taker_fee_token").replace_strict(
        {name: item.decimals for name, item in tokens.items()}, default=0, return_dtype=pl.Float64
    )
    paid = float(own.select((pl.col("taker_fee") / 10.0**decimals).sum()).item() or 0.0)
    notional = float(own["notional"].sum())
    return measured(
        1e4 * paid / notional if notional else float("nan"), "bps", n=own.height, undefined="no fee is known"
    )
