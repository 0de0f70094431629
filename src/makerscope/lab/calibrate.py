"""A taker flow like that of a tape: its orders as a Hawkes process, their sizes, and the memory of their signs.

The result is the numbers of an agent of kind ``hawkes``. Sessions are fitted one after the other as one time without
the outages between them: what an order excites across an outage is not seen, a small loss where sessions are long.
"""

from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from makerscope.agents.hawkes import NUMBERS
from makerscope.errors import InputError
from makerscope.metrics.facts import SIGN_LAGS, aggressions
from makerscope.metrics.measure import Measure
from makerscope.metrics.memory import autocorrelation, decay_exponent
from makerscope.metrics.mid_path import spans_of
from makerscope.metrics.response import Aggressions
from makerscope.metrics.view import View
from makerscope.models.hawkes import half_life, sign_correlation
from makerscope.models.hawkes_fit import FEWEST_EVENTS, HawkesFit, fit

Real = NDArray[np.float64]
SECOND = 1_000_000_000
FEWEST = 10 * FEWEST_EVENTS
MOST_SIGN = 512
STEP = 100_000_000  # ns: faster structure belongs to machines, and no block shows it


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A taker flow fitted to one market of a tape.

    Args:
        instrument: whose orders.
        orders: aggressor orders with a known side.
        seconds: how long the tape listened.
        fit: the symmetric Hawkes process of buys and sells, times in seconds.
        numbers: of an agent of kind ``hawkes``.
        signs: autocorrelation of the signs of orders at some lags.
        exponent: how it decays, see ``metrics.memory``.
        poisson_gain: log likelihood an order that self-excitement adds to a Poisson process.
    """

    instrument: str
    orders: int
    seconds: float
    fit: HawkesFit
    numbers: dict[str, float]
    signs: dict[int, Measure]
    exponent: Measure
    poisson_gain: float


def calibrate(view: View, instrument: str, *, step: int = STEP) -> Calibration:
    """Fit a taker flow to the aggressor orders of one instrument, as it looks in steps of ``step`` ns.

    Raises:
        InputError: fewer than 200 orders with a known side.
    """
    trades = aggressions(view, instrument)
    if trades.time.size < FEWEST:
        what = f"holds {trades.time.size} orders of takers whose side is known"
        raise InputError(f"{view.tape.path}: {instrument}", what, f"at least {FEWEST}")
    spans = spans_of(view, instrument, "fills", "quotes", "book", "orders")
    time, mark, end = joined(trades, spans, step=step)
    found = fit(time, mark, end=end, kinds=2, symmetric=True)
    signs = [np.subtract(1.0, 2.0 * piece, dtype=np.float64) for piece in pieces(trades, spans)]
    return Calibration(
        instrument=instrument,
        orders=int(time.size),
        seconds=end,
        fit=found,
        numbers=numbers_of(found, trades.size, time.size / end),
        signs={lag: autocorrelation(signs, lag, mean=0.0) for lag in SIGN_LAGS},
        exponent=decay_exponent(signs, most=MOST_SIGN),
        poisson_gain=(found.log_likelihood - found.poisson) / found.events,
    )


def pieces(trades: Aggressions, spans: tuple[tuple[int, int], ...]) -> list[NDArray[np.int64]]:
    """Marks (0 bought, 1 sold) of the orders of each session."""
    mark = (1 - trades.side) // 2
    return [mark[_inside(trades.time, start, end)] for start, end in spans]


def joined(
    trades: Aggressions, spans: tuple[tuple[int, int], ...], *, step: int
) -> tuple[Real, NDArray[np.int64], float]:
    """Orders of all sessions on one clock without outages: seconds, marks, and how long it is.

    A venue has steps, its blocks or whole ms, and what fell into one step has one time. Orders within one step of
    ``step`` ns are spread evenly over it, in their order; else ties would look like infinite excitement.

    Examples:
        >>> trades = Aggressions(time=np.array([2, 4, 4, 8]) * SECOND, side=np.array([1, 1, -1, 1]), size=np.ones(4))
        >>> joined(trades, ((0, 10 * SECOND),), step=2 * SECOND)[0].tolist()
        [2.0, 3.0, 4.0, 8.0]
    """
    times, before = [], 0
    for start, end in spans:
        own = start - (start - trades.time[_inside(trades.time, start, end)]) // step * step  # the end of its step
        _, many = np.unique(own, return_counts=True)
        first = np.cumsum(many) - many
        back = np.repeat(many, many) - 1 - (np.arange(own.size) - np.repeat(first, many))
        shifted = own - start - back * step / np.repeat(many, many)
        times.append((np.minimum(np.maximum(shifted, 0.0), end - start) + before) / SECOND)
        before += end - start
    return np.concatenate(times), np.concatenate(pieces(trades, spans)), before / SECOND


def numbers_of(found: HawkesFit, size: NDArray[np.int64], rate: float) -> dict[str, float]:
    """Numbers of an agent of kind ``hawkes``: the fitted process, and lognormal sizes with the median and spread seen.

    The rate is the tape's own: where the branching ratio is near 1, the long-run rate of the fit is a guess. Numbers
    outside of what the agent takes are moved to its bounds.
    """
    own, other = (float(found.model.offspring[0, n]) for n in (0, 1))
    low, high = np.quantile(size, [0.1587, 0.8413])
    numbers = {
        "per_hour": 3600.0 * rate,
        "branching": own + other,
        "same_side": own / (own + other) if own + other > 0 else 0.5,
        "half_life_s": half_life(found.model.decay),
        "size": float(np.median(size)),
        "sigma": 0.5 * log(high / low),
        "largest": float(size.max()),
    }
    return {key: min(max(value, NUMBERS[key].low), NUMBERS[key].high) for key, value in numbers.items()}


def agent_table(found: Calibration, *, source: str, lot: str) -> str:
    """An ``[[agent]]`` table of a scenario that trades as the tape's takers did, with what was measured as comments."""
    gone = sign_correlation(found.fit.model, 0.0)
    seen = ", ".join(f"{item.value:.3f} at lag {lag}" for lag, item in found.signs.items() if item.value is not None)
    memory = f"{found.exponent.value:.2f}" if found.exponent.value is not None else f"unknown ({found.exponent.reason})"
    errors = [f"{name} {100 * item:.0f} %" for name, item in _errors(found)]
    lines = [
        f"# takers of {found.instrument} on {source}: {found.orders:,} orders in {found.seconds:,.0f} s",
        f"# Hawkes process by maximum likelihood: {found.poisson_gain:.3f} nats an order better than a Poisson one,",
        f"# residuals {found.fit.distance:.3f} from exponential (Kolmogorov-Smirnov, p = {found.fit.p_value:.2g})",
        f"# standard errors: {', '.join(errors) if errors else 'unknown'}",
        f"# signs: correlation {seen or 'unknown'}; the process alone has at most {gone:.3f};",
        f"# their memory falls as lag^-g with g = {memory}; pieces_tail = 1 + g gives a crowd such a memory",
        f"# sizes are in lots of the tape, {lot} each: scale size and largest to the lot of your scenario",
        "[[agent]]",
        'kind = "hawkes"',
        'name = "crowd"',
        "capital_usd = 100_000_000",
        'margin = "none"',
        "[agent.numbers]",
        *(f"{key} = {value:.6g}" for key, value in found.numbers.items()),
    ]
    return "\n".join(lines) + "\n"


def _errors(found: Calibration) -> list[tuple[str, float]]:
    names = ("calm rate", "own side", "other side", "decay")
    return [(name, item) for name, item in zip(names, found.fit.error, strict=True) if item is not None]


def _inside(time: NDArray[np.int64], start: int, end: int) -> slice:
    return slice(int(np.searchsorted(time, start)), int(np.searchsorted(time, end, side="right")))
