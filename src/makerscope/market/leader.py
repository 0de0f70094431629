"""The centralised venue: it leads the price, and makers hedge there, with its own spread, depth, fees and failures.

Its middle is the reference price times ``1 + basis``, moved by what was traded there lately. ``Q`` is the net number of
lots bought, which fades with a half-life; the middle stands ``f(Q)`` away from the reference, with

    linear     f(Q) = impact Q / depth
    root       f(Q) = impact sign(Q) sqrt(|Q| / depth)

in ppm, and a trade pays the average of ``f`` over the way from Q to Q + size, plus the half spread, rounded against
the taker to whole ticks: splitting an order or turning round at once never gains. Prices are ticks and sizes lots of
the leader's own instrument; cash is ``price * size * unit``. During an outage it shows nothing and fills nothing;
who listens to it is left with its last price (``last_shown``).

Source of the impact: J. Gatheral (2010), No-dynamic-arbitrage and market impact, Quantitative Finance 10, 749-759;
in the form of a displaced virtual book of R. Almgren et al. (2005), Risk 18(7), 58-62 (exponents 1 and about 1/2).
"""
# ruff: noqa: ANN001, ANN201, ANN202 - a kernel is compiled for the types it is called with, by position

from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.elementary import exp
from makerscope.market.layout import NONE, PPM
from makerscope.market.reference import PricePath
from makerscope.market.reference_terms import YEAR_NS
from makerscope.tape.frames import conform

BASIS, HALF, NERVES, IMPACT, DEPTH, ROOT, FADE, TICK = range(8)  # floats of the plan
SHOWN, MOST, TAKER_FEE, UNIT, TRANSFER = range(5)  # integers of the plan
BID, BID_SIZE, ASK, ASK_SIZE = range(4)
SECOND = 1_000_000_000
LN2 = 0.6931471805599453


@dataclass(frozen=True, slots=True, kw_only=True)
class Leader:
    """The centralised venue of one underlying.

    Args:
        tick: quote currency of one tick.
        unit: base units of the settlement token that one tick times one lot is worth.
        shown: lots shown at the bid and at the ask.
        depth: lots at which the price stands ``impact`` ppm away.
        impact: ppm.
        root: True for square-root impact, False for linear.
        half_life: ns in which half of the impact fades; 0: at once.
        half_spread: ppm of the middle.
        nerves: what the half spread gains with volatility: times the standard deviation of one second, no unit.
        basis: ppm that its middle stands above the reference.
        taker_fee: ppm of notional, rounded up.
        most: lots that one order may have.
        transfer: ns that a withdrawal or deposit takes between the two venues.
        outages: pairs of start and end, ns.
        closures: pairs of start and end of when no money is taken for a transfer, ns.
    """

    tick: float
    unit: int
    shown: int
    depth: float
    impact: float
    root: bool = True
    half_life: int = 60 * SECOND
    half_spread: float = 50.0
    nerves: float = 0.0
    basis: float = 0.0
    taker_fee: int = 450
    most: int = 1 << 40
    transfer: int = 600 * SECOND
    outages: tuple[tuple[int, int], ...] = ()
    closures: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if not (self.tick > 0.0 and self.unit >= 1 and self.shown >= 1 and self.depth > 0.0 and self.most >= 1):
            raise DomainError(f"leader: want tick, unit, shown, depth and most above 0; got {self}")
        numbers = (self.impact, self.half_life, self.half_spread, self.nerves, self.transfer)
        if min(numbers) < 0 or not abs(self.basis) < PPM or not 0 <= self.taker_fee < PPM:
            raise DomainError(f"leader: want widths, times and fee >= 0, |basis| and fee below 10^6 ppm; got {self}")
        for what, spans in (("outages", self.outages), ("closures", self.closures)):
            if any(end <= begin for begin, end in spans):
                raise DomainError(f"leader: {what} are {spans}; want each end after its start")


class LeaderPlan(NamedTuple):
    """``floats`` float64 ``(8,)``; ``numbers`` int64 ``(5 + 2 c,)``, closures last; ``outages`` int64 ``(m, 2)``."""

    floats: NDArray[np.float64]
    numbers: NDArray[np.int64]
    outages: NDArray[np.int64]


class LeaderState(NamedTuple):
    """``bought`` float64 ``(1,)``: net lots, faded to the time ``at`` int64 ``(1,)``."""

    bought: NDArray[np.float64]
    at: NDArray[np.int64]


def leader_plan(leader: Leader) -> LeaderPlan:
    """Lay out the venue for compiled code."""
    fade = LN2 / leader.half_life if leader.half_life else np.inf
    floats = (
        leader.basis / PPM, leader.half_spread / PPM, leader.nerves, leader.impact / PPM, leader.depth,
        float(leader.root), fade, leader.tick,
    )  # fmt: skip
    numbers = (
        leader.shown, leader.most, leader.taker_fee, leader.unit, leader.transfer,
        *(time for span in sorted(leader.closures) for time in span),
    )  # fmt: skip
    outages = np.array(sorted(leader.outages), np.int64).reshape(-1, 2)
    return LeaderPlan(np.array(floats, np.float64), np.array(numbers, np.int64), outages)


def leader_state() -> LeaderState:
    """Nothing was traded yet."""
    return LeaderState(np.zeros(1), np.zeros(1, np.int64))


@kernel
def leader_quote(plan, state, spot, variance, now):
    """Best bid, its size, best ask, its size: ticks and lots; all NONE in an outage.

    ``spot`` in quote currency, ``variance`` a year; ``now`` not before the time of the last trade.
    """
    if leader_down(plan, now):
        return np.int64(NONE), np.int64(NONE), np.int64(NONE), np.int64(NONE)
    middle, half, bought = _stance(plan.floats, state, spot, variance, now)
    away, _sum = _impact(plan.floats, bought)
    bid = max(np.int64(floor(middle * (1.0 + away) * (1.0 - half))), np.int64(1))
    ask = max(np.int64(ceil(middle * (1.0 + away) * (1.0 + half))), bid + 1)
    return bid, plan.numbers[SHOWN], ask, plan.numbers[SHOWN]


@kernel
def leader_trade(plan, state, side, size, spot, variance, now):
    """Take ``size`` lots, ``side`` +1 to buy; returns price (ticks) and fee (base units), both NONE if refused.

    Refused is an order in an outage, of less than one lot or more than ``most``, or one that would empty the book.
    The buyer pays ``price * size * unit + fee``; a trade moves the middle for those after it.
    """
    if leader_down(plan, now) or size < 1 or size > plan.numbers[MOST] or side * side != 1:
        return np.int64(NONE), np.int64(NONE)
    middle, half, bought = _stance(plan.floats, state, spot, variance, now)
    later = bought + side * size
    away, sum_before = _impact(plan.floats, bought)
    end, sum_after = _impact(plan.floats, later)
    moved = (sum_after - sum_before) / (side * size)
    price = middle * (1.0 + moved + side * half * (1.0 + away))
    ticks = np.int64(ceil(price) if side > 0 else floor(price))
    if ticks < 1 or end <= -1.0:
        return np.int64(NONE), np.int64(NONE)
    state.bought[0], state.at[0] = later, now
    return ticks, fee_of(ticks * size * plan.numbers[UNIT], plan.numbers[TAKER_FEE])


@inlined
def fee_of(notional, ppm):
    """``notional * ppm / 10^6``, rounded up, without overflow for a notional below 2^62."""
    return notional // PPM * ppm + (notional % PPM * ppm + PPM - 1) // PPM


@kernel
def leader_down(plan, now):
    """Whether the venue is in an outage."""
    down = False
    for i in range(plan.outages.shape[0]):
        down = down or plan.outages[i, 0] <= now < plan.outages[i, 1]
    return down


@kernel
def last_shown(outages, time):
    """The last moment up to ``time`` at which the venue showed a price: itself, or just before an outage began."""
    for i in range(outages.shape[0] - 1, -1, -1):  # sorted by start: outages that touch are walked back through
        if outages[i, 0] <= time < outages[i, 1]:
            time = outages[i, 0] - 1
    return time


@kernel
def transfer_due(plan, sent):
    """When money sent at ``sent`` between the two venues arrives, ns: not while this one is out.

    What is sent while the bridge is closed leaves when it opens; what was on its way before arrives.
    """
    for i in range(TRANSFER + 1, plan.numbers.shape[0], 2):  # sorted by start
        if plan.numbers[i] <= sent < plan.numbers[i + 1]:
            sent = plan.numbers[i + 1]
    due = sent + plan.numbers[TRANSFER]
    for i in range(plan.outages.shape[0]):  # sorted by start
        if plan.outages[i, 0] <= due < plan.outages[i, 1]:
            due = plan.outages[i, 1]
    return due


@kernel
def _stance(floats, state, spot, variance, now):
    """Middle before impact (ticks), half spread (a share of it), and net lots bought, faded until now."""
    middle = spot * (1.0 + floats[BASIS]) / floats[TICK]
    half = floats[HALF] + floats[NERVES] * sqrt(variance * (SECOND / YEAR_NS))
    bought = state.bought[0]
    if bought != 0.0 and now > state.at[0]:
        bought *= exp(-floats[FADE] * (now - state.at[0]), 0.0)
    return middle, half, bought


@kernel
def _impact(floats, bought):
    """How far ``bought`` net lots move the middle, a share of it, and the integral of that from 0."""
    share = abs(bought) / floats[DEPTH]
    root = floats[ROOT] > 0.0
    size = floats[IMPACT] * (sqrt(share) if root else share)
    return size if bought >= 0.0 else -size, (2.0 / 3.0 if root else 0.5) * size * abs(bought)


@kernel
def fill_quotes(plan, state, spot, variance, begin, step, out):
    """Rows bid, size, ask, size of ``leader_quote`` at each step of a path; ``out`` int64 ``(n, 4)``."""
    for t in range(spot.shape[0]):
        quote = leader_quote(plan, state, spot[t], variance[t], begin + t * step)
        for i in range(4):
            out[t, i] = quote[i]


def leader_quotes(leader: Leader, path: PricePath, *, instrument: str, price: int = 0) -> pl.DataFrame:
    """The venue's quotes along a path as rows of the tape's table ``quotes``, one where they change.

    Args:
        leader: the venue; nobody trades there.
        path: of ``reference_path`` or ``recorded_path``.
        instrument: its name on the tape, ``venue:symbol``.
        price: which price of the path.

    Returns:
        Table ``quotes``; both sides null while it is out.

    Examples:
        >>> from makerscope.kernels.dice import streams
        >>> from makerscope.market.reference import reference_path, stream_names
        >>> from makerscope.market.reference_terms import Underlying, plan_of
        >>> plan = plan_of([Underlying(name="BTC", spot=100.0, v0=0.0, theta=0.0)], step=10**9)
        >>> path = reference_path(plan, 5, streams(7, stream_names(["BTC"])))
        >>> venue = Leader(tick=0.01, unit=1, shown=10, depth=1000, impact=100.0, half_spread=150.0)
        >>> leader_quotes(venue, path, instrument="cex:BTC").select("bid", "ask").rows()
        [(9998, 10002)]
    """
    found = np.empty((path.spot.shape[1], 4), np.int64)
    spot, variance = np.ascontiguousarray(path.spot[price]), np.ascontiguousarray(path.variance[price])
    fill_quotes(leader_plan(leader), leader_state(), spot, variance, path.begin, path.step, found)
    changed = np.flatnonzero(np.append(True, np.any(found[1:] != found[:-1], axis=1)))
    columns = {name: pl.Series(found[changed, i]) for i, name in enumerate(("bid", "bid_size", "ask", "ask_size"))}
    rows = pl.DataFrame(columns).select(pl.when(pl.all() != NONE).then(pl.all()))
    rows = rows.with_columns(
        exchange_time=pl.Series(path.begin + path.step * changed),
        serial=pl.Series(changed),
        instrument=pl.lit(instrument),
    )
    return conform(rows, "quotes")
