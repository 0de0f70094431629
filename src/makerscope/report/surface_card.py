"""Smiles of one snapshot, the surface through them, and the certificate that it holds no arbitrage."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.pricing.arbitrage import Violation
from makerscope.pricing.fit import SliceFit, SurfaceFit, fit_surface
from makerscope.pricing.implied import implied_volatility
from makerscope.pricing.repair import repaired
from makerscope.pricing.surface import volatility
from makerscope.pricing.svi import total_variance
from makerscope.report.executable_card import Executable
from makerscope.report.numbers import duration, fixed
from makerscope.report.scorecard import SmileCard, SurfaceCard

YEAR = 365 * 86_400_000_000_000
LINE = 41  # places at which a fitted slice is drawn
MONEYNESS = tuple(np.linspace(-2.5, 2.5, 21).tolist())  # standard deviations from the forward
NOTHING = Executable((), ("Arbitrage on bid and ask was not searched.",))

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Smiles:
    """The smiles of a snapshot and the fit behind them; ``k`` and half widths by expiry, for the repair."""

    smiles: tuple[SmileCard, ...]
    fit: SurfaceFit
    places: tuple[Floats, ...]
    widths: tuple[Floats, ...]


def smile_cards(now: pl.DataFrame) -> Smiles:
    """The smiles of one snapshot: out-of-the-money quotes as volatilities, and a slice fitted to each expiry.

    Args:
        now: rows of ``option_rows`` of one underlying at one instant.
    """
    rows = _quotes(now)
    fit = fit_surface(*(rows[name].to_numpy() for name in ("tenor", "k", "bid_vol", "ask_vol")))
    cards, places, widths = [], [], []
    for one in fit.fits:
        part = rows.filter(pl.col("tenor") == one.expiry)
        cards.append(_smile(part, one))
        if one.slice_ is not None:
            used = np.asarray(one.used)
            half = ((part["ask_vol"] - part["bid_vol"]) / 2).to_numpy()
            places.append(part["k"].to_numpy()[used])
            widths.append(np.maximum(half[used], 1e-4))
    return Smiles(smiles=tuple(cards), fit=fit, places=tuple(places), widths=tuple(widths))


def _quotes(now: pl.DataFrame) -> pl.DataFrame:
    """The usable out-of-the-money quotes with log-moneyness and the volatilities of bid and ask, NaN where none."""
    outside = pl.col("is_call") == (pl.col("strike") >= pl.col("forward"))
    rows = (
        now.filter(pl.col("reason").is_null() & outside)
        .with_columns(k=(pl.col("strike") / pl.col("forward")).log())
        .sort("expiry", "strike")
    )
    # one tenor an expiry: rows of one sweep are milliseconds apart
    rows = rows.with_columns(tenor=pl.col("tenor").median().over("expiry"))
    facts = (rows["forward"].to_numpy(), rows["strike"].to_numpy(), rows["tenor"].to_numpy())
    vols = []
    for side in ("bid", "ask"):
        price = rows[f"{side}_usd"].fill_null(float("nan")).to_numpy()
        found, _ = implied_volatility(price, *facts, is_call=rows["is_call"].to_numpy())
        vols.append(pl.Series(f"{side}_vol", found))
    return rows.with_columns(vols)


def _smile(part: pl.DataFrame, fit: SliceFit) -> SmileCard:
    reasons: dict[str, int] = {}
    for reason in fit.reasons:
        if reason:
            reasons[str(reason)] = reasons.get(str(reason), 0) + 1
    forward = float(part["forward"].median() or 0.0)  # pyright: ignore[reportArgumentType]
    strikes, line = (), ()
    known = part["k"].to_numpy()[np.asarray(fit.used)]
    if fit.slice_ is not None and known.size and known.min() < known.max():
        k = np.linspace(known.min(), known.max(), LINE)  # not beyond the quotes it stands on
        strikes = tuple((forward * np.exp(k)).tolist())
        line = tuple((100 * np.sqrt(np.maximum(total_variance(fit.slice_, k), 0.0) / fit.expiry)).tolist())
    bid, ask = (_per_cent(part[f"{side}_vol"]) for side in ("bid", "ask"))
    mid = tuple((b + a) / 2 if b is not None and a is not None else None for b, a in zip(bid, ask, strict=True))
    half = ((part["ask_vol"] - part["bid_vol"]) * 50).fill_nan(None).drop_nulls()
    return SmileCard(
        label=duration(round(fit.expiry * YEAR)),
        expiry=int(part["expiry"][0]) if part.height else 0,
        tenor=fit.expiry,
        strikes=tuple(part["strike"].to_list()),
        bid=bid,
        ask=ask,
        mid=mid,
        fit_strikes=strikes,
        fit=line,
        kind=fit.kind,
        used=int(np.count_nonzero(fit.used)),
        refused=reasons,
        rmse=100 * fit.rmse if fit.rmse is not None else None,
        half_width=float(half.median()) if len(half) else None,  # pyright: ignore[reportArgumentType]
    )


def _per_cent(values: pl.Series) -> tuple[float | None, ...]:
    return tuple((100 * values.fill_nan(None)).to_list())


def surface_card(fitted: Smiles, trades: Executable = NOTHING) -> SurfaceCard | None:
    """The surface through the smiles, repaired where it held an arbitrage, on a grid; None where nothing was fitted.

    ``trades`` are those of ``executable_card.executable``.
    """
    if fitted.fit.surface is None:
        return None
    mended = repaired(fitted.fit.surface, places=fitted.places, widths=fitted.widths)
    surface, certificate = mended.surface, mended.certificate
    rows = []
    for expiry in surface.expiries.tolist():
        money = float(volatility(surface, 0.0, expiry))
        k = np.array(MONEYNESS) * money * np.sqrt(expiry)
        rows.append(tuple((100 * volatility(surface, k, expiry)).tolist()))
    return SurfaceCard(
        moneyness=MONEYNESS,
        expiries=tuple(surface.expiries.tolist()),
        labels=tuple(duration(round(expiry * YEAR)) for expiry in surface.expiries.tolist()),
        volatility=tuple(rows),
        found=tuple(_said(item) for item in mended.before.violations),
        left=len(certificate.violations),
        how=mended.how,
        moved=100 * mended.moved,
        least_g=certificate.least_g,
        least_gap=certificate.least_gap if np.isfinite(certificate.least_gap) else None,
        checked=certificate.checked,
        executable=trades.trades,
        unsearched=trades.unsearched,
    )


def _said(item: Violation) -> str:
    where = f"at {duration(round(item.expiry * YEAR))}, worst at log-moneyness {fixed(item.k, 3)}"
    return f"{item.kind} {where}, by {item.size:.2g}"
