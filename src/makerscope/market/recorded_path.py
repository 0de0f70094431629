"""A recorded price on the same grid as a simulated one: at each point the last value known then, never a later one.

Where the recorder did not listen (between sessions of the table, or where it fell silent) the last value stands and
``heard`` is False; ``gaps`` names each such time. The variance that drives the volatility surface is an exponential
average of squared moves of log price, made of the past alone; over a gap it stands still.
"""
# ruff: noqa: ANN001, ANN202 - a kernel is compiled for the types it is called with, by position

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import InputError
from makerscope.kernels._jit import kernel
from makerscope.kernels.elementary import log
from makerscope.market.reference import PricePath
from makerscope.market.reference_terms import YEAR_NS, exponential_of
from makerscope.tape.read import TIME, Tape

SOURCES = {
    "quotes": (pl.col("bid") + pl.col("ask")) / 2,
    "marks": pl.col("index"),
    "trades": pl.col("last_price").cast(pl.Float64),
}
LN2 = 0.6931471805599453


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """A recorded path and the times at which nobody listened.

    Args:
        path: one price; ``heard`` is False inside gaps.
        gaps: start and end of each, ns.
        values: how many values the recording had in the whole time.
    """

    path: PricePath
    gaps: tuple[tuple[int, int], ...]
    values: int


def recorded_path(
    tape: Tape,
    instrument: str,
    *,
    step: int,
    source: str = "quotes",
    begin: int | None = None,
    end: int | None = None,
    half_life: int = 3600 * 10**9,
    variance: float = 0.25,
) -> Recorded:
    """The price of one instrument of a tape on a grid.

    Args:
        tape: where it was recorded.
        instrument: its name there, ``venue:symbol``.
        step: ns of the grid.
        source: ``quotes`` (the middle; a one-sided book keeps the last), ``marks`` (the index) or ``trades``.
        begin: ns of the first point; the first value by default. A value before it may stand at it.
        end: ns after the last point; after the last value by default.
        half_life: ns, of the average that estimates variance.
        variance: a year, where that average starts.

    Returns:
        Spot in quote currency (ticks times tick size); times are the venue's, the recorder's where it has none. A tape
        that does not say when it listened to the table has no gaps.

    Raises:
        InputError: the tape lacks the instrument or the table, or nothing is known at ``begin``.

    Examples:
        ``recorded_path(Tape.open("demo/tape"), "binance:BTCUSDT", step=100_000_000).path.spot``
    """
    if source not in SOURCES or step < 1 or half_life < 1:
        raise InputError(
            f"source {source!r}, step {step}", "no such source or step", f"{', '.join(SOURCES)}; ns above 0"
        )
    if instrument not in tape.instruments:
        raise InputError(f"instrument {instrument!r}", "not on the tape", ", ".join(tape.instruments) or "one")
    rows = tape.read(source, instrument=instrument, until=end).select(time=TIME, price=SOURCES[source])
    rows = rows.drop_nulls().sort("time", maintain_order=True)
    time, ticks = rows["time"].to_numpy(), rows["price"].cast(pl.Float64).to_numpy()
    first = begin if begin is not None else int(time[0]) if time.size else 0
    if time.size == 0 or time[0] > first:
        raise InputError(f"{source} of {instrument}", f"no price is known at {first} ns", "a tape that has one")
    last = end if end is not None else int(time[-1]) + 1
    if last <= first:
        raise InputError(f"end {last}", f"not after the first point {first}", "a later time")
    grid = np.arange(first, last, step)
    spot = ticks[np.searchsorted(time, grid, side="right") - 1] * float(tape.instruments[instrument].tick_size)
    spans = _spans(tape, instrument, source) or [(int(time[0]), last)]
    heard = np.zeros(grid.size, np.bool_)
    for since, until in spans:
        heard |= (grid >= since) & (grid <= until)
    variances = np.empty(grid.size)
    keep = exponential_of(-LN2 * step / half_life)
    _variance(spot, heard, variance, keep, YEAR_NS / step, variances)
    path = PricePath(first, step, spot[None, :], variances[None, :], heard[None, :])
    return Recorded(path=path, gaps=_gaps(spans, first, last), values=int(((time >= first) & (time < last)).sum()))


def _spans(tape: Tape, instrument: str, source: str) -> list[tuple[int, int]]:
    """First and last time of each session of the table, on the venue's clock where it has one."""
    sessions = tape.read("sessions", instrument=instrument).filter(pl.col("channel") == source)
    times = (pl.coalesce("start_exchange", "start_local"), pl.coalesce("end_exchange", "end_local"))
    return sorted(sessions.select(start=times[0], end=times[1]).drop_nulls().iter_rows())


def _gaps(spans: list[tuple[int, int]], first: int, last: int) -> tuple[tuple[int, int], ...]:
    """What of ``[first, last)`` lies in no session."""
    found, reached = [], first
    for start, end in spans:
        if reached < min(start, last):
            found.append((reached, min(start, last)))
        reached = max(reached, end)
    if reached + 1 < last:
        found.append((reached, last))
    return tuple(found)


@kernel
def _variance(spot, heard, begin, keep, per_year, out):
    """Exponential average of squared moves until each point, a year."""
    value = begin
    for i in range(spot.shape[0]):
        if i > 0 and heard[i] and heard[i - 1]:
            move = log(spot[i] / spot[i - 1])
            value = keep * value + (1.0 - keep) * move * move * per_year
        out[i] = value


def heard_share(path: PricePath) -> NDArray[np.float64]:
    """Share of the time in which each price was heard."""
    return path.heard.mean(axis=1)
