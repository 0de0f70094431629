"""``makerscope vol``."""

from importlib import import_module
from pathlib import Path
from typing import Annotated

import msgspec
import polars as pl
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from makerscope.cli.chains import chain_quotes
from makerscope.errors import InputError
from makerscope.metrics.implied_realised import Compared
from makerscope.metrics.index_forecast import LONGEST, ByReturns
from makerscope.metrics.measure import Measure
from makerscope.metrics.option_chain import DAY, with_snapshots
from makerscope.report.numbers import duration, fixed, interval, utc
from makerscope.report.scorecard import ForecastCard, VolatilityCard
from makerscope.report.volatility_card import forecast_words, garch_words, volatility_card
from makerscope.tape.output import write_whole
from makerscope.tape.read import Tape


def vol(
    tape: Path,
    *,
    underlying: Annotated[str | None, Parameter(name=["--underlying", "-u"])] = None,
    horizon: float | None = None,
    garch: Annotated[bool, Parameter(negative="")] = False,
    json: Path | None = None,
) -> None:
    """Implied against realised volatility of the options on a tape, and forecasts of what will be realised.

    Args:
        tape: folder of a tape with an option chain.
        underlying: such as BTC; default all of them.
        horizon: days that implied and realised volatility look over; default the longest of 30, 7 and 1 that fits
            three times in the tape.
        garch: judge a GARCH beside the other forecasters; it takes some seconds.
        json: where to write the rows of every snapshot, the premiums and the forecasts as JSON.
    """
    ahead = None if horizon is None else round(horizon * DAY) if 0 < horizon <= 730 else 0
    if ahead == 0:
        raise InputError("--horizon", f"is {horizon:g} days", "more than 0 and at most 730")
    rows = with_snapshots(chain_quotes(Tape.open(tape), underlying))
    if not rows.height:
        raise InputError(tape, "has no quote of an option that could be used", "a chain with quotes")
    judge = _garch() if garch else None
    found = {
        str(base): volatility_card(part, horizon=ahead, garch=judge)
        for (base,), part in sorted(rows.partition_by("base", as_dict=True, maintain_order=True).items())
    }
    if json is not None:
        write_whole(json, msgspec.json.encode(_json(found)))
    _print({base: card for base, (card, _) in found.items()}, rows["snapshot"], asked=garch)


def _garch() -> ByReturns:
    """The forecaster of ``pricing.garch``, loaded only when asked for: the package behind it takes two seconds."""
    judge = import_module("makerscope.pricing.garch").garch_out_of_sample
    return lambda returns, first: judge(returns, first=first, last=LONGEST)


def _json(found: dict[str, tuple[VolatilityCard, Compared | None]]) -> dict[str, object]:
    known = [compared for _, compared in found.values() if compared is not None]
    return {
        "horizon_days": {base: c.horizon / DAY if c else None for base, (_, c) in found.items()},
        "rows": [row for compared in known for row in compared.rows.to_dicts()],
        "premiums": {base: both for compared in known for base, both in compared.premiums.items()},
        "forecasts": {base: card.forecast for base, (card, _) in found.items()},
    }


def _print(cards: dict[str, VolatilityCard], snapshots: pl.Series, *, asked: bool) -> None:
    console = Console()
    first, last = snapshots.min(), snapshots.max()
    if isinstance(first, int) and isinstance(last, int):
        console.print(f"{utc(first)} to {utc(last)}; % a year of 365 days", highlight=False)
    known = {base: card for base, card in cards.items() if card.horizon is not None}
    if known:
        _print_compared(console, known)
    _print_notes(console, {base: (*card.notes, card.reason) for base, card in cards.items()}, style="yellow")
    _print_forecasts(console, {base: card.forecast for base, card in cards.items()}, asked=asked)


def _print_compared(console: Console, cards: dict[str, VolatilityCard]) -> None:
    horizons = {card.horizon for card in cards.values()}
    said = ", ".join(duration(horizon) for horizon in sorted(horizon for horizon in horizons if horizon))
    console.print(f"\n[bold]Implied against realised[/bold], {said}", highlight=False)
    grid = _grid("", "snapshots", "implied", "realised", "premium", "95 %", "rms")
    for base, card in cards.items():
        for row in card.premiums:
            numbers = (row.implied, row.realised, row.premium.value)
            interval = _between(row.premium) or "—"
            cells = (*(fixed(value, 2) for value in numbers), interval, fixed(row.size.value, 2))
            grid.add_row(f"{base}, {row.over}", f"{row.snapshots}", *cells)
    console.print(grid)
    console.print(
        "after: realised over the same days that the implied volatility looks at; before: over the days up to it. "
        "premium: mean of implied less realised, volatility points; above 0 sellers were paid. rms: its root "
        "mean square. Realised from the index of the snapshots.",
        style="dim",
        highlight=False,
    )
    reasons = {f"{base}, {row.over}": (row.premium.reason,) for base, card in cards.items() for row in card.premiums}
    _print_notes(console, reasons, style="yellow")


def _print_forecasts(console: Console, cards: dict[str, ForecastCard], *, asked: bool) -> None:
    console.print("\n[bold]Forecasts of realised volatility[/bold], out of sample", highlight=False)
    grid = _grid("", "forecaster", "QLIKE", "95 %", "next", "periods")
    grid.columns[1].justify = "left"
    for base, card in cards.items():
        for row in card.rows:
            cells = (fixed(row.loss.value, 3), _range(row.loss) or "—", fixed(row.following, 2))
            grid.add_row(base, row.name, *cells, f"{row.loss.n} of {duration(card.period)}")
    if grid.row_count:
        console.print(grid)
    words = {base: (forecast_words(card), garch_words(card, asked=asked)) for base, card in cards.items()}
    _print_notes(console, words)


def _print_notes(console: Console, notes: dict[str, tuple[str, ...]], *, style: str | None = None) -> None:
    """Notes of each underlying; what is said of several is said once."""
    said: dict[str, list[str]] = {}
    for base, words in notes.items():
        for note in filter(None, words):
            said.setdefault(note, []).append(base)
    for note, bases in said.items():
        console.print(f"{', '.join(bases)}: {note}", style=style, highlight=False, soft_wrap=True)


def _grid(*names: str) -> Table:
    grid = Table(*names, box=None)
    for column in grid.columns:
        column.no_wrap = True
        column.justify = "right"
    grid.columns[0].justify = "left"
    return grid


def _between(measure: Measure) -> str:
    return "" if measure.low is None else interval(measure.low, measure.high, places=2)


def _range(measure: Measure) -> str:
    return "" if measure.low is None else f"{fixed(measure.low, 3)} to {fixed(measure.high, 3)}"
