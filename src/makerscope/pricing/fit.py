"""Slices and surfaces fitted to bid and ask volatilities, and what became of every quote.

An error is measured in half widths of the quote: ``(fitted volatility - mid) / (half of ask - bid)``. As the width in
price is vega times the width in volatility, this weighs by vega and by spread at once. Beyond ``HUBER`` half widths
an error counts linearly, and a quote without which the others agree, and which they miss by many of its half widths,
is stale: it is left out.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError
from makerscope.kernels import svi as kernels
from makerscope.pricing.surface import Surface
from makerscope.pricing.svi import Floats, RawSvi, numbers, total_variance

STEEPEST = 1.99  # slope of a wing; at 2 and above a butterfly can be bought for nothing far out
HUBER = 3.0  # half widths
STALE = 5.0  # half widths, or root mean square errors of the others where those are larger
TOLERANCE = 1e-7  # of the cost: an error of 1e-8 in the fitted RMSE
NARROWEST = 1e-4  # half width, volatility: quotes are not trusted to more
HIGHEST, FARTHEST = 50.0, 20.0  # volatility of 5,000 %, a strike of 5e8 forwards: no quotes
FULL, HYPERBOLA = 5, 3  # quotes for all five parameters; for three, at a fixed turn
_SAME_MOMENT = 3.0 / 365.0  # years: a slice this near is the same expiry a while ago

Kind = Literal["svi", "hyperbola", "flat", "none"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SliceFit:
    """One expiry, fitted.

    Args:
        expiry: years of 365 days.
        slice_: the fit; None if no quote could be used.
        kind: ``svi``; ``hyperbola`` (3 or 4 quotes: level and wings at a fixed turn); ``flat`` (1 or 2); ``none``.
        used: which quotes the fit stands on, bool ``(n,)``.
        reasons: why each other was refused; empty where it was used.
        rmse: root mean square of fitted volatility minus mid over the used quotes, annualised; None for ``none``.
        rmse_widths: the same in half widths of each quote.
    """

    expiry: float
    slice_: RawSvi | None
    kind: Kind
    used: NDArray[np.bool_]
    reasons: tuple[str, ...]
    rmse: float | None
    rmse_widths: float | None

    @property
    def refused(self) -> dict[str, int]:
        """Count of the refused quotes by reason."""
        return dict(Counter(reason for reason in self.reasons if reason))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurfaceFit:
    """All expiries, fitted.

    Args:
        surface: the slices that could be fitted; None if none could. Not yet certified: see ``pricing.arbitrage``.
        fits: one per expiry, ascending, including those without a slice.
        refused: count of the refused quotes by reason.
        used: count of the used.
    """

    surface: Surface | None
    fits: tuple[SliceFit, ...]
    refused: dict[str, int]
    used: int


def fit_slice(
    k: ArrayLike, bid: ArrayLike, ask: ArrayLike, expiry: float, *, start: RawSvi | None = None, huber: float = HUBER
) -> SliceFit:
    """Fit raw SVI to the two-sided quotes of one expiry.

    Args:
        k: log(strike / forward), ``(n,)``, in any order.
        bid: volatility of the bid, annualised fraction, ``(n,)``; NaN where there is none.
        ask: volatility of the ask, likewise.
        expiry: years of 365 days.
        start: the slice of a moment before, to start from (live recalibration).
        huber: from how many half widths on an error counts linearly; infinity for plain least squares.

    Returns:
        The fit with the fate of every quote. Refused are: ``expired``, ``log-moneyness unknown``, ``no bid``, ``no
        ask``, ``out of range``, ``not positive``, ``crossed``, ``duplicate`` (the wider of two at one strike) and
        ``stale``.

    Raises:
        DomainError: the arrays differ in length.

    Examples:
        >>> k = np.linspace(-0.4, 0.4, 9)
        >>> mid = np.sqrt(total_variance(RawSvi(0.01, 0.2, -0.3, 0.0, 0.2), k) / 0.5)
        >>> fit = fit_slice(k, mid - 0.01, mid + 0.01, 0.5)
        >>> fit.kind, int(fit.used.sum()), round(fit.rmse, 6)
        ('svi', 9, 0.0)
        >>> fit_slice(k[:3], mid[:3] + [0, np.nan, 0.05], mid[:3] + 0.02, 0.5).refused
        {'no bid': 1, 'crossed': 1}
    """
    places, low, high = (np.atleast_1d(np.asarray(x, np.float64)) for x in (k, bid, ask))
    if not places.shape == low.shape == high.shape or places.ndim != 1:
        raise DomainError(f"k, bid and ask have shapes {places.shape}, {low.shape}, {high.shape}, want one length")
    reasons = quote_faults(places, low, high, expiry)
    used = reasons == ""
    root = np.sqrt(expiry) if expiry > 0.0 else np.nan
    mid, half = 0.5 * (low + high), 0.5 * (high - low)
    if used.any():
        half = np.maximum(half, max(NARROWEST, 0.25 * float(np.median(half[used]))))
    fitted, kind = _fit(places, mid * root, 1.0 / (half * root), used, start, huber)
    for _ in range(int(used.sum()) // 5):
        if fitted is None or kind != "svi":
            break
        error = np.sqrt(total_variance(fitted, places)) / root - mid
        if not np.any(np.abs(error[used]) > half[used]):
            break
        stale = _stale(places, mid * root, half * root, used)
        if stale < 0:
            break
        reasons[stale], used[stale] = "stale", False
        fitted, kind = _fit(places, mid * root, 1.0 / (half * root), used, None, huber)
    rmse = widths = None
    if fitted is not None:
        error = np.sqrt(total_variance(fitted, places[used])) / root - mid[used]
        rmse, widths = (float(np.sqrt(np.mean(x * x))) for x in (error, error / half[used]))
    return SliceFit(
        expiry=float(expiry),
        slice_=fitted,
        kind=kind,
        used=used,
        reasons=tuple(reasons.tolist()),
        rmse=rmse,
        rmse_widths=widths,
    )


def fit_surface(
    expiry: ArrayLike,
    k: ArrayLike,
    bid: ArrayLike,
    ask: ArrayLike,
    *,
    start: Surface | None = None,
    huber: float = HUBER,
) -> SurfaceFit:
    """Fit every expiry of a chain.

    Args:
        expiry: years of 365 days of each quote, ``(n,)``; quotes of one expiry share the very same number.
        k: log(strike / forward of that expiry), ``(n,)``.
        bid: volatility of the bid, ``(n,)``; NaN where there is none.
        ask: volatility of the ask, ``(n,)``.
        start: the surface of a moment before.
        huber: as in ``fit_slice``.

    Raises:
        DomainError: the arrays differ in length.

    Examples:
        >>> k, when = np.tile(np.linspace(-0.4, 0.4, 9), 2), np.repeat([0.25, 0.5], 9)
        >>> mid = 0.6 + 0.2 * k**2
        >>> done = fit_surface(when, k, mid - 0.01, mid + 0.01)
        >>> done.surface.expiries, done.used, done.refused
        (array([0.25, 0.5 ]), 18, {})
    """
    when, places, low, high = (np.atleast_1d(np.asarray(x, np.float64)) for x in (expiry, k, bid, ask))
    if not when.shape == places.shape == low.shape == high.shape or when.ndim != 1:
        raise DomainError("expiry, k, bid and ask differ in length")
    fits = []
    for one in np.unique(when):  # NaN counts as one expiry, the last
        own = np.isnan(when) if np.isnan(one) else when == one
        fits.append(fit_slice(places[own], low[own], high[own], one, start=_near(start, one), huber=huber))
    whole = [fit for fit in fits if fit.slice_ is not None]
    surface = None
    if whole:
        rows = [numbers(fit.slice_) for fit in whole if fit.slice_ is not None]
        surface = Surface(np.array([fit.expiry for fit in whole]), np.array(rows))
    refused = sum((Counter(fit.refused) for fit in fits), Counter())
    return SurfaceFit(
        surface=surface, fits=tuple(fits), refused=dict(refused), used=sum(int(fit.used.sum()) for fit in fits)
    )


def quote_faults(k: Floats, bid: Floats, ask: Floats, expiry: float) -> NDArray[np.str_]:
    """Why each quote cannot be used on its face; empty where it can."""
    faults = np.full(k.size, "", dtype="U24")
    rules = (
        ("expired", np.full(k.size, not expiry > 0.0)),
        ("log-moneyness unknown", ~np.isfinite(k)),
        ("no bid", ~np.isfinite(bid)),
        ("no ask", ~np.isfinite(ask)),
        ("out of range", ~(np.maximum(np.abs(bid), np.abs(ask)) < HIGHEST) | ~(np.abs(k) < FARTHEST)),
        ("not positive", (bid <= 0.0) | (ask <= 0.0)),
        ("crossed", bid > ask),
    )
    for name, bad in rules:
        faults[bad & (faults == "")] = name
    width = np.where(faults == "", ask - bid, np.inf)
    order = np.lexsort((np.arange(k.size), width, k))
    again = np.concatenate(([False], np.diff(k[order]) == 0.0))
    twice = np.zeros(k.size, np.bool_)
    twice[order] = again
    faults[twice & (faults == "")] = "duplicate"
    return faults


def _fit(  # noqa: PLR0917 - private
    k: Floats, vol: Floats, weight: Floats, used: NDArray[np.bool_], start: RawSvi | None, huber: float
) -> tuple[RawSvi | None, Kind]:
    """Fit by what the number of quotes allows. ``vol`` is total volatility, the square root of total variance."""
    k, vol, weight = k[used], vol[used], weight[used]
    if k.size == 0:
        return None, "none"
    level = float(np.average(vol, weights=weight**2)) ** 2
    if k.size < HYPERBOLA:
        return RawSvi(level, 0.0, 0.0, 0.0, 1.0), "flat"
    out = np.empty(5) if start is None else numbers(start)
    if k.size < FULL:
        square = (weight / (2.0 * vol)) ** 2
        w = vol * vol
        sums = np.array([square.sum(), square @ k, square @ k**2, square @ w, square @ (k * w), square @ w**2])
        turn = max(np.sqrt(level), 1e-3)  # one standard deviation: a slice's usual roundness
        cost = kernels.explicit(k, w, square, 0.0, turn, STEEPEST, sums, out)
        if not cost < np.inf:
            return RawSvi(level, 0.0, 0.0, 0.0, 1.0), "flat"
        left, right = out[1], out[2]
        both = left + right
        return RawSvi(float(out[0]), 0.5 * both, (right - left) / both if both > 0.0 else 0.0, 0.0, turn), "hyperbola"
    cost = kernels.fit_slice(k, vol, weight, STEEPEST, huber, TOLERANCE, start is not None, out)
    if start is not None:  # a slice that moved far is better started afresh
        other = np.empty(5)
        if kernels.fit_slice(k, vol, weight, STEEPEST, huber, TOLERANCE, False, other) < 0.999 * cost:
            out = other
    if not cost < np.inf:
        return RawSvi(level, 0.0, 0.0, 0.0, 1.0), "flat"
    return RawSvi(*out.tolist()), "svi"


def _stale(k: Floats, vol: Floats, half: Floats, used: NDArray[np.bool_]) -> int:
    """The quote without which the others agree, -1 if there is none.

    Each is left out in turn. Stale is the one without which the cost of the fit falls most, if it falls by more than
    half and the fit of the others misses it by many of its half widths and of their own errors. A smile that the fit
    cannot follow misses many quotes, and leaving out one of them changes little.
    """
    places = np.flatnonzero(used)
    if places.size <= FULL + 2:
        return -1
    k, vol, half = k[places], vol[places], half[places]
    cost, row, every = np.empty(k.size + 1), np.empty((k.size, 5)), np.empty(5)
    for i in range(k.size + 1):
        rest = np.delete(np.arange(k.size), i) if i < k.size else np.arange(k.size)
        out = row[i] if i < k.size else every
        cost[i] = kernels.fit_slice(k[rest], vol[rest], 1.0 / half[rest], STEEPEST, HUBER, 1e-4, False, out)
    worst = int(np.argmin(cost[:-1]))
    if not cost[worst] < 0.5 * cost[-1]:
        return -1
    error = np.abs(np.sqrt(total_variance(RawSvi(*row[worst].tolist()), k)) - vol)
    scale = max(float(half[worst]), float(np.sqrt(np.mean(np.delete(error, worst) ** 2))))
    return int(places[worst]) if error[worst] > STALE * scale else -1


def _near(start: Surface | None, expiry: float) -> RawSvi | None:
    if start is None or np.isnan(expiry):
        return None
    index = int(np.argmin(np.abs(start.expiries - expiry)))
    if abs(start.expiries[index] - expiry) > _SAME_MOMENT:
        return None
    return RawSvi(*start.parameters[index].tolist())
