"""From what was watched of a run to its measures and the fate of every maker under test."""

from math import isfinite

import numpy as np
from numpy.typing import NDArray

from makerscope.agents.interface import REASONS
from makerscope.lab.crisis import half_back, looks_in, smoothed
from makerscope.lab.outcome import Fate, Number
from makerscope.lab.watch import Watch
from makerscope.market.layout import FIRST_AGENT, INSURANCE, MARK, UNIT
from makerscope.market.log import DELEVERAGED, TAKEN_OVER
from makerscope.market.margin import requirement
from makerscope.sim import world as w
from makerscope.sim.build import MONEY

Reals = NDArray[np.float64]
SMOOTH_S = 15.0  # spread and depth are smoothed over so long before a trough is looked for


def drawdown(equity: Reals) -> tuple[float, int, int, float]:
    """Largest fall from a high, where that high and its low are, and the share of looks below a high.

    Examples:
        >>> drawdown(np.array([5.0, 8.0, 6.0, 7.0, 3.0, 9.0]))
        (5.0, 1, 4, 0.5)
    """
    high = np.maximum.accumulate(equity)
    low = int(np.argmax(high - equity))
    top = int(np.argmax(equity[: low + 1]))
    return float(high[low] - equity[low]), top, low, float((equity < high).mean())


def fates(watch: Watch, brought: NDArray[np.int64], window: slice) -> tuple[Fate, ...]:
    """What became of every maker under test.

    Args:
        watch: of the whole run.
        brought: equity at the start of each, base units.
        window: looks inside the crisis.
    """
    out = []
    for m, account in enumerate(watch.seats.tolist()):
        equity = watch.equity[m]
        fall, _, _, water = drawdown(equity)
        fate, when = _fate(watch, account, float(equity[-1]))
        most = max(int(watch.quoted[m].max()), 1)
        built = watch.built
        refused = built.world.venue.refused[account + len(built.cast)].sum()
        out.append(
            Fate(
                name=built.cast[account - FIRST_AGENT].name,
                fate=fate,
                at_s=when,
                capital=float(brought[m]) / MONEY,
                pnl=float(equity[-1]) - float(brought[m]) / MONEY,
                drawdown=fall,
                under_water=water,
                uptime=float(watch.quoted[m].mean()) / most,
                crisis_uptime=float(watch.quoted[m, window].mean()) / most if watch.quoted[m, window].size else None,
                traded=int(built.world.budget.traded[account]) / MONEY,
                hedges_refused=int(refused),
                liquidated=watch.hit_usd.get(account, 0.0),
            )
        )
    return tuple(out)


def measures(watch: Watch, makers: tuple[Fate, ...], window: slice) -> dict[str, Number]:
    """Every measure of ``outcome.MEASURES`` for one run; None is unknown."""
    joint = watch.equity.sum(axis=0)
    fall, _, _, water = drawdown(joint)
    capital = sum(maker.capital for maker in makers)
    unpaid = unpaid_usd(watch)
    cascade, first, last = largest_cascade(watch)
    out: dict[str, float | None] = {
        "survived": float(all(maker.fate == "survived" for maker in makers)),
        "pnl": sum(maker.pnl for maker in makers),
        "drawdown": fall,
        "drawdown_share": fall / capital if capital > 0 else None,
        "under_water": water,
        "uptime": _mean([maker.uptime for maker in makers]),
        "crisis_uptime": _mean([maker.crisis_uptime for maker in makers]),
        "hedges_refused": float(sum(maker.hedges_refused for maker in makers)),
        "leader_down": _leader_down(watch, window),
        "insolvent": float(unpaid > 0),
        "unpaid": unpaid,
        "insurance_used": float(watch.insured.sum()),
        "deleveraged": float(watch.forced_usd.get(DELEVERAGED, 0.0) > 0),
        "deleveraged_usd": watch.forced_usd.get(DELEVERAGED, 0.0),
        "haircut_usd": watch.haircut / MONEY,
        "taken_over_usd": watch.forced_usd.get(TAKEN_OVER, 0.0),
        "liquidations": float(len(watch.hit)),
        "liquidated_usd": float(watch.forced.sum()),
        "cascade_usd": cascade,
        "cascade_bps": float(watch.mark[last] / watch.mark[first] - 1.0) * 1e4 if cascade > 0 else None,
        "mark_gap_bps": float(np.max(np.abs(watch.mark / watch.index - 1.0))) * 1e4,
        "fall": float(np.max(1.0 - watch.price / np.maximum.accumulate(watch.price))),
        "traded": sum(maker.traded for maker in makers),
        "no_market": float(np.isnan(watch.half_bps[window]).mean()) if watch.half_bps[window].size else None,
    }
    return out | _books(watch, window)


def unpaid_usd(watch: Watch) -> float:
    """What accounts on the venue owe at the end and cannot pay, and what insurance owes, USD."""
    built = watch.built
    venue = built.world.venue
    rows = slice(FIRST_AGENT, FIRST_AGENT + len(built.cast))
    value = venue.state[:, MARK] * venue.spec[:, UNIT]
    worth = venue.accounts.cash[rows] + venue.accounts.position[rows] @ value
    return float(-np.minimum(worth, 0).sum() - min(int(venue.accounts.cash[INSURANCE]), 0)) / MONEY


def largest_cascade(watch: Watch) -> tuple[float, int, int]:
    """Most forced notional (USD) within the scenario's window, and the looks before its first and at its last trade."""
    looks = looks_in(watch.built.scenario.stress.cascade_s, watch.step / 1e9)
    total = np.concatenate([[0.0], np.cumsum(watch.forced)])
    last = np.arange(1, watch.looks + 1)
    at = int(np.argmax(total[last] - total[np.maximum(last - looks, 0)]))
    first = max(at + 1 - looks, 0)
    hits = first + np.flatnonzero(watch.forced[first : at + 1])
    if not len(hits):
        return 0.0, 0, 0
    return float(watch.forced[first : at + 1].sum()), max(int(hits[0]) - 1, 0), int(hits[-1])


def _fate(watch: Watch, account: int, equity: float) -> tuple[str, float | None]:
    """What became of a maker, and when (s)."""
    built = watch.built
    if account in watch.hit:
        return "liquidated", (watch.hit[account].time - built.start) / 1e9
    timing = built.world.agents.timing[account]
    if timing[w.D_OUT] != w.IN:
        return f"out: {REASONS[int(timing[w.D_OUT])]}", (int(timing[w.D_OUT_AT]) - built.start) / 1e9
    if equity <= 0:
        return "bankrupt", None
    venue = built.world.venue
    if venue.checked[account]:
        value = venue.state[:, MARK] * venue.spec[:, UNIT]
        worth = int(venue.accounts.cash[account] + venue.accounts.position[account] @ value)
        wanted = requirement(venue.accounts, venue.spec, venue.state, venue.rules, account, False)
        if worth < wanted:
            return "below maintenance", None
    return "survived", None


def _books(watch: Watch, window: slice) -> dict[str, float | None]:
    """Spread and depth before, in and after the crisis, their worst and how they come back."""
    looks, times = looks_in(SMOOTH_S, watch.step / 1e9), watch.times_s
    first, last = window.start, window.stop
    out: dict[str, float | None] = {}
    for name, values in (("spread", watch.half_bps), ("depth", watch.depth)):
        parts = {"before": values[:first], "crisis": values[first:last], "after": values[last:]}
        out |= {f"{name}_{part}": _mean(found.tolist()) for part, found in parts.items()}
    depth, half = out["depth_before"], out["spread_before"]
    out |= {"depth_trough": None, "depth_half_life": None, "spread_half_life": None, "recovered": None}
    if depth is not None and first < watch.looks:
        even = smoothed(watch.depth, looks)
        worst, out["depth_half_life"], recovered = half_back(times, depth - even, depth, first)
        out["depth_trough"] = float(even[worst]) / depth if depth > 0 else None
        out["recovered"] = float(recovered)
    if half is not None and first < watch.looks:
        _, out["spread_half_life"], _ = half_back(times, smoothed(watch.half_bps, looks) - half, half, first)
    return out


def _leader_down(watch: Watch, window: slice) -> float | None:
    """Share of the crisis in which the leading venue is in an outage."""
    built, times = watch.built, watch.times_s[window]
    if not len(times):
        return None
    down = np.zeros(len(times), np.bool_)
    for first, last in built.terms.happens.outages:
        down |= (times >= (first - built.start) / 1e9) & (times < (last - built.start) / 1e9)
    return float(down.mean())


def _mean(values: list[float | None] | list[float]) -> float | None:
    known = [value for value in values if value is not None and isfinite(value)]
    return sum(known) / len(known) if known else None
