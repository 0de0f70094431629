"""Implied against realised volatility of one underlying, and forecasts of it: what the page and ``vol`` both show."""

import polars as pl

from makerscope.metrics.implied_realised import STRETCHES, Compared, compared
from makerscope.metrics.index_forecast import (
    BASELINE,
    FIRST,
    GARCH,
    GARCH_FIRST,
    LOSS,
    ByReturns,
    Forecasts,
    index_forecasts,
)
from makerscope.metrics.measure import Measure, missing
from makerscope.metrics.variance_premium import Premium, index_prices
from makerscope.pricing.forecast import Score
from makerscope.report.names import many
from makerscope.report.numbers import duration
from makerscope.report.scorecard import ForecastCard, ForecastRow, PremiumRow, VolatilityCard

Z95 = 1.959963984540054


def volatility_card(
    rows: pl.DataFrame,
    *,
    horizon: int | None = None,
    smile: pl.DataFrame | None = None,
    garch: ByReturns | None = None,
) -> tuple[VolatilityCard, Compared | None]:
    """The card of one underlying, and what stands behind it; None where nothing could be compared.

    Args:
        rows: of ``with_snapshots(option_rows(...))``, of one underlying.
        horizon: ns; default the one that fits the tape.
        smile: ``option_smile.smiles(rows)``, if it is known already.
        garch: see ``index_forecasts``.
    """
    forecast = forecast_card(index_forecasts(index_prices(rows), garch=garch))
    found = compared(rows, horizon=horizon, smile=smile)
    if found is None:
        why = f"the snapshots span {duration(_span(rows))}, less than the day that is the shortest horizon"
        return _empty(forecast, why), None
    table = found.rows
    known = table.select((100 * pl.col(name).sqrt()).alias(name) for name in ("implied", "after", "before"))
    columns = {name: tuple(known[name].to_list()) for name in known.columns}
    both = next(iter(found.premiums.values()), {})
    rows_ = tuple(_premium(table, over, both[over]) for over in ("after", "before") if over in both)
    card = VolatilityCard(
        horizon=found.horizon,
        times=tuple(table["snapshot"].to_list()),
        implied=columns["implied"],
        after=columns["after"],
        before=columns["before"],
        premiums=rows_,
        notes=_notes(found, _span(rows), given=horizon is not None),
        forecast=forecast,
    )
    return card, found


def _empty(forecast: ForecastCard, why: str) -> VolatilityCard:
    return VolatilityCard(
        horizon=None, times=(), implied=(), after=(), before=(), premiums=(), notes=(), forecast=forecast, reason=why
    )


def _span(rows: pl.DataFrame) -> int:
    first, last = rows["snapshot"].min(), rows["snapshot"].max()
    return last - first if isinstance(first, int) and isinstance(last, int) else 0


def _premium(table: pl.DataFrame, over: str, premium: Premium) -> PremiumRow:
    used = table.filter(pl.col("implied").is_not_null() & pl.col(over).is_not_null())
    return PremiumRow(
        over="after" if over == "after" else "before",
        snapshots=used.height,
        implied=_points(used["implied"]),
        realised=_points(used[over]),
        premium=premium.divergence,
        size=premium.divergence_size,
    )


def _points(variance: pl.Series) -> float | None:
    mean = variance.sqrt().mean()
    return 100 * mean if isinstance(mean, float) else None


def _notes(found: Compared, span: int, *, given: bool) -> tuple[str, ...]:
    table, notes = found.rows, []
    if not given:
        fits = span >= STRETCHES * found.horizon
        why = "the longest of 30, 7 and 1 days that fits three times in the tape" if fits else "the shortest for a tape"
        notes.append(f"Horizon {duration(found.horizon)}: {why}, which spans {duration(span)}.")
    if found.every > 1:
        notes.append(f"Implied volatility was taken at every {found.every}th snapshot; the index path has all of them.")
    narrow = table.filter(pl.col("source") == "at the money").height
    if narrow:
        notes.append(f"{many(narrow, 'snapshot')} at the money: no strip of strikes reaches far enough.")
    for why, n in table.filter(pl.col("reason").is_not_null()).group_by("reason").len().sort("reason").rows():
        notes.append(f"{many(n, 'snapshot')} without implied volatility: {why}.")
    return tuple(notes)


def forecast_card(found: Forecasts | str) -> ForecastCard:
    """The forecasts as a card; in words why there are none."""
    if isinstance(found, str):
        return ForecastCard(
            period=None, periods=0, rows=(), best="", baseline=BASELINE, gain=missing(LOSS, found), reason=found
        )
    return ForecastCard(
        period=found.period,
        periods=found.periods,
        rows=tuple(_forecast(score, found.following.get(score.name)) for score in found.scores),
        best=found.best,
        baseline=BASELINE,
        gain=found.gain,
    )


def _forecast(score: Score, following: float | None) -> ForecastRow:
    if score.qlike is None:
        loss = missing(LOSS, score.reason)
    elif score.error is None:
        loss = Measure(value=score.qlike, unit=LOSS, n=score.n, reason="no interval: too few periods")
    else:
        low, high = score.qlike - Z95 * score.error, score.qlike + Z95 * score.error
        loss = Measure(value=score.qlike, unit=LOSS, n=score.n, low=low, high=high)
    return ForecastRow(name=score.name, loss=loss, following=None if following is None else 100 * following)


def forecast_words(card: ForecastCard) -> str:
    """Which forecaster was best, and whether chance explains it.

    Examples:
        >>> rows = tuple(
        ...     ForecastRow(name=name, loss=Measure(value=loss, unit=LOSS, n=60), following=40.0)
        ...     for name, loss in (("HAR", 0.5), ("EWMA", 0.7))
        ... )
        >>> gain = Measure(value=0.2, unit=LOSS, n=60, low=-0.1, high=0.5)
        >>> forecast_words(ForecastCard(period=86_400 * 10**9, periods=120, rows=rows, best="HAR", baseline="EWMA",
        ...     gain=gain))
        'Best: HAR, over 60 periods of 1 d; its lead over EWMA of 0.200 may be chance (−0.100 to 0.500).'
    """
    judged = card.rows[0].loss.n if card.rows else 0
    if not judged or card.period is None:
        return f"Not judged: {card.reason or card.gain.reason}."
    said = f"Best: {card.best}, over {many(judged, 'period')} of {duration(card.period)}"
    gain = card.gain
    if gain.value is None:
        return f"{said}; it is the baseline." if card.best == card.baseline else f"{said}."
    if gain.low is None or gain.high is None:
        return f"{said}; ahead of {card.baseline} by {gain.value:.3f}, {gain.reason}."
    between = f"{gain.low:.3f} to {gain.high:.3f}".replace("-", "−")
    chance = "is more than chance" if gain.low > 0 else "may be chance"
    return f"{said}; its lead over {card.baseline} of {gain.value:.3f} {chance} ({between})."


def garch_words(card: ForecastCard, *, asked: bool) -> str:
    """Why GARCH is not among the forecasters; empty where it is, or where nothing was judged."""
    if not card.rows or any(row.name == GARCH for row in card.rows):
        return ""
    if card.periods < GARCH_FIRST + FIRST:
        return f"GARCH wants {GARCH_FIRST + FIRST} periods; there are {card.periods}."
    return "GARCH gave no forecast." if asked else "GARCH takes seconds; makerscope vol --garch judges it too."
