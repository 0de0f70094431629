"""Deribit chains: every expiry fits inside its quotes, and repaired surfaces pass checks of their own."""

import math

import numpy as np
import polars as pl
import pytest

from makerscope.pricing.fit import fit_surface
from makerscope.pricing.repair import repaired
from makerscope.pricing.surface import total_variance
from tests.conftest import SHARED

FOLDER = SHARED / "data/deribit"
MONTHS = sorted(path.stem[-7:] for path in FOLDER.glob("option_chain_snapshots_*.parquet")) or ["2025-12"]
LOOKS = 5  # of each month, spread evenly over it
YEAR = 365 * 86_400.0


def normal(x):
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def implied(price, forward, strike, expiry, is_call):
    """Volatility of an undiscounted price by bisection, then Newton; NaN outside the bounds of the price."""
    intrinsic = max(forward - strike if is_call else strike - forward, 0.0)
    if not intrinsic < price < (forward if is_call else strike):
        return math.nan

    def worth(vol):
        s = vol * math.sqrt(expiry)
        d = math.log(forward / strike) / s + 0.5 * s
        call = forward * normal(d) - strike * normal(d - s)
        return call if is_call else call - forward + strike

    low, high = 1e-4, 20.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if worth(middle) < price else (low, middle)
    return 0.5 * (low + high)


def snapshots(path):
    """One per currency and look: expiry, k, bid and ask volatility of the out-of-the-money series."""
    chain = pl.read_parquet(path)
    times = chain["timestamp"].unique().sort()
    looks = times.gather(np.unique(np.linspace(0, len(times) - 1, LOOKS).round().astype(int)))
    rows = (
        chain.filter(pl.col("timestamp").is_in(looks.implode()))
        .with_columns(
            expiry=(pl.col("expiry_datetime") - pl.col("timestamp")).dt.total_microseconds() / 1e6 / YEAR,
            k=(pl.col("strike") / pl.col("underlying")).log(),
            is_call=pl.col("option_type").str.to_lowercase().str.starts_with("c"),
        )
        .filter((pl.col("k") >= 0) == pl.col("is_call"))
    )
    for _, part in rows.group_by("currency", "timestamp", maintain_order=True):
        sides = [
            [
                math.nan if price is None else implied(price * forward, forward, strike, expiry, is_call)
                for price, forward, strike, expiry, is_call in part.select(
                    side, "underlying", "strike", "expiry", "is_call"
                ).iter_rows()
            ]
            for side in ("bid_price", "ask_price")
        ]
        yield part["expiry"].to_numpy(), part["k"].to_numpy(), *map(np.array, sides)


@pytest.fixture(scope="module", params=MONTHS)
def fitted(request):
    path = FOLDER / f"option_chain_snapshots_{request.param}.parquet"
    if not path.exists():
        pytest.skip(f"{path} is absent: surfaces of a real chain were not checked")
    answers = []
    for expiry, k, bid, ask in snapshots(path):
        done = fit_surface(expiry, k, bid, ask)
        half = {fit.expiry: 0.5 * (ask - bid)[expiry == fit.expiry] for fit in done.fits}
        places = [k[expiry == fit.expiry][fit.used] for fit in done.fits if fit.slice_]
        widths = [np.maximum(half[fit.expiry][fit.used], 1e-3) for fit in done.fits if fit.slice_]
        mids = [0.5 * (ask + bid)[expiry == fit.expiry][fit.used] for fit in done.fits if fit.slice_]
        answers.append((bid, ask, done, half, repaired(done.surface, places=places, widths=widths), places, mids))
    return answers


def test_every_expiry_with_eight_quotes_is_fitted_inside_its_quotes(fitted):
    assert len(fitted) >= 8
    errors, widths = [], []
    for bid, ask, done, half, _, _, _ in fitted:
        two_sided = int((np.isfinite(bid) & np.isfinite(ask)).sum())
        assert done.used == two_sided - done.refused.get("stale", 0)
        assert done.used + sum(done.refused.values()) == bid.size, "every quote is used or refused with a reason"
        for fit in done.fits:
            if np.isfinite(half[fit.expiry]).sum() >= 8:
                assert fit.kind == "svi"
                errors.append(fit.rmse)
                widths.append(float(np.nanmedian(half[fit.expiry])))
    assert len(errors) >= 8 * len(fitted)
    assert np.median(errors) < np.median(widths)


def test_the_repaired_surface_has_no_arbitrage_by_a_check_of_its_own(fitted):
    for *_, repair, _, _ in fitted:
        surface = repair.surface
        assert repair.certificate.free
        when = surface.expiries
        between = np.concatenate([when, 0.5 * (when[1:] + when[:-1]), when[:1] / 3.0, when[-1:] * 1.7])
        previous = None
        k = np.linspace(-6.0, 6.0, 24_001)
        step = k[1] - k[0]
        for expiry in np.sort(between):
            w = total_variance(surface, k, expiry)
            slope, bend = np.gradient(w, step, edge_order=2), np.diff(w, 2) / step**2
            x, v, s = k[1:-1], w[1:-1], slope[1:-1]
            density = (1 - x * s / (2 * v)) ** 2 - s * s / 4 * (1 / v + 0.25) + bend / 2
            assert density.min() > -1e-6, (expiry, density.min())  # error of the second difference of doubles
            if previous is not None:
                assert np.all(w >= previous), expiry
            previous = w


def test_call_prices_of_the_repaired_surface_are_convex_in_strike(fitted):
    strikes = np.linspace(0.3, 3.0, 541)
    for *_, repair, _, _ in fitted:
        for expiry in repair.surface.expiries:
            s = np.sqrt(total_variance(repair.surface, np.log(strikes), expiry))
            d = -np.log(strikes) / s + 0.5 * s
            prices = np.array([normal(x) - K * normal(x - y) for x, y, K in zip(d, s, strikes, strict=True)])
            assert np.diff(prices, 2).min() > -1e-14
            assert np.diff(prices).max() < 1e-14


def test_the_repair_stays_inside_the_quotes(fitted):
    errors, widths = [], []
    for _, _, done, half, repair, places, mids in fitted:
        whole = [fit for fit in done.fits if fit.slice_]
        for fit, k, mid in zip(whole, places, mids, strict=True):
            model = np.sqrt(total_variance(repair.surface, k, fit.expiry) / fit.expiry)
            errors.append(float(np.sqrt(np.mean((model - mid) ** 2))))
            widths.append(float(np.nanmedian(half[fit.expiry])))
    assert np.median(errors) < np.median(widths)
