"""What happened in a run, as events with their numbers: only what did happen, found in what was watched.

Each event is a fact; ``lab.story`` puts facts into sentences. Money is in USD, moves are fractions.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from makerscope.lab.crisis import looks_in, smoothed
from makerscope.lab.measures import SMOOTH_S, drawdown, largest_cascade, unpaid_usd
from makerscope.lab.outcome import Event, Fate
from makerscope.lab.watch import Forced, Watch
from makerscope.market.layout import FIRST_AGENT, INSURANCE, UNDERLYING, UNIT
from makerscope.market.log import DELEVERAGED, LIQUIDATED, TAKEN_OVER
from makerscope.sim.build import MONEY
from makerscope.sim.episodes import span_of
from makerscope.sim.world import G_START, G_STEP

Reals = NDArray[np.float64]
Real = float | Any  # a float of Python or of NumPy
SOON_S = 5.0  # quotes that are replaced are gone for a moment: depth is a mean over so long
HALF = 0.5  # depth below this share of what it was is a withdrawal
WIDE = 2.0  # a half spread of so many times what it was is wide
SLIGHT_LOSS = 0.001  # of a maker's capital, a fall that is not told
SLIGHT_FALL = 0.005  # a fall of the price that is not told
FIRSTS = {LIQUIDATED: "first-liquidation", DELEVERAGED: "deleveraged", TAKEN_OVER: "taken-over"}
MANY = 12  # makers that are told one by one


def events_of(watch: Watch, makers: tuple[Fate, ...], window: slice) -> list[Event]:
    """Everything a story may be made of."""
    return [
        *_episodes(watch),
        *_price(watch, window),
        *_books(watch, window),
        *_forced(watch),
        *_venue(watch),
        *_makers(watch, makers),
    ]


def _episodes(watch: Watch) -> Iterator[Event]:
    """The scenario's episodes with what the price did meanwhile."""
    built = watch.built
    rule, spot = built.world.rule, built.world.path.spot[0]  # a crash may be over between two looks
    for item in built.scenario.episode:
        begins, ends = span_of(item, built.start)
        a, b = (int((moment - rule[G_START]) // rule[G_STEP]) for moment in (begins, ends))
        before, after = spot[min(max(a, 0), len(spot) - 1)], spot[min(b + 1, len(spot) - 1)]
        first, last = ((moment - built.start) / 1e9 for moment in (begins, ends))
        numbers = {"ends_s": last, "from": float(before), "to": float(after), "move": float(after / before - 1)}
        if item.kind in {"volatility", "congestion"}:
            numbers["times"] = item.times
        yield _event(first, f"episode-{item.kind}", numbers)


def _price(watch: Watch, window: slice) -> Iterator[Event]:
    """The largest fall of the reference from a high, and the largest distance of the mark from the index."""
    high = np.maximum.accumulate(watch.price)
    low = int(np.argmax(1.0 - watch.price / high))
    top = int(np.argmax(watch.price[: low + 1]))
    fall = float(1.0 - watch.price[low] / high[low])
    if fall > SLIGHT_FALL:
        times = watch.times_s
        numbers = {"fall": fall, "from": watch.price[top], "to": watch.price[low], "since_s": float(times[top])}
        yield _event(times[low], "price-low", numbers)
    gap = watch.mark / watch.index - 1.0
    at = int(np.argmax(np.abs(gap)))
    if at >= window.start and abs(gap[at]) > SLIGHT_FALL / 2:
        yield _event(watch.times_s[at], "mark-off", {"gap": float(gap[at])})


def _books(watch: Watch, window: slice) -> Iterator[Event]:
    """First withdrawal of depth and who was gone, its trough, one-sided books, a wide spread, and recovery."""
    times, first = watch.times_s, window.start
    looks = looks_in(SMOOTH_S, watch.step / 1e9)
    if first < 1 or first >= watch.looks:
        return
    depth = float(watch.depth[:first].mean())
    even = smoothed(watch.depth, looks)
    soon = smoothed(watch.depth, looks_in(SOON_S, watch.step / 1e9))
    gone = np.flatnonzero(soon[first:] < HALF * depth)
    if depth > 0 and len(gone):
        at = first + int(gone[0])
        absent, present = _absent(watch, at, first)
        yield _event(
            times[at], "depth-gone",
            {"depth": soon[at], "before": depth, "share": soon[at] / depth,
             "price_move": watch.price[at] / watch.price[first] - 1, "since_s": float(times[first])},
            {"absent": absent, "present": present},
        )  # fmt: skip
        worst = first + int(np.argmin(even[first:]))
        yield _event(times[worst], "depth-trough", {"depth": float(even[worst]), "share": float(even[worst]) / depth})
        back = np.flatnonzero(even[worst:] >= (even[worst] + depth) / 2)
        if len(back):
            at = worst + int(back[0])
            yield _event(
                times[at], "depth-back", {"depth": float(even[at]), "after_s": float(times[at] - times[worst])}
            )
        else:
            yield _event(times[-1], "depth-not-back", {"depth": float(even[-1]), "share": float(even[-1]) / depth})
    half = watch.half_bps
    none = np.isnan(half)
    lone = first + np.flatnonzero(none[first:])
    if len(lone):
        yield _event(times[lone[0]], "one-sided", {"seconds": float(len(lone) * watch.step / 1e9)})
    if not none[:first].all():
        usual = float(np.nanmean(half[:first]))
        wide = first + np.flatnonzero(half[first:] > WIDE * usual)
        if len(wide):
            most = first + int(np.nanargmax(half[first:]))
            numbers = {
                "half_bps": float(half[wide[0]]),
                "usual": usual,
                "worst": float(half[most]),
                "worst_s": float(times[most]),
            }
            yield _event(times[wide[0]], "spread-wide", numbers)


def _absent(watch: Watch, at: int, first: int) -> tuple[str, str]:
    """Makers that quoted less at a look than before the crisis, and those that did not."""
    usual = watch.quoted[:, :first].mean(axis=1)
    gone, there = [], []
    for m, account in enumerate(watch.seats.tolist()):
        if usual[m] > 0:
            (gone if watch.quoted[m, at] < HALF * usual[m] else there).append(
                watch.built.cast[account - FIRST_AGENT].name
            )
    return _names(gone), _names(there)


def _forced(watch: Watch) -> Iterator[Event]:
    """The first forced trade of each sort, and the largest cascade."""
    for how, kind in FIRSTS.items():
        seen = watch.first.get(how)
        if seen is not None:
            yield _trade(watch, seen, kind, {"all": watch.forced_usd[how]})
    total, before, at = largest_cascade(watch)
    if total > 0:
        known = [(seen.time - watch.built.start) / 1e9 for seen in watch.first.values()]
        yield _event(
            max([watch.times_s[before], *(time for time in known if time <= watch.times_s[before + 1])]),
            "cascade",
            {"forced": total, "seconds": float(watch.times_s[at] - watch.times_s[before]),
             "move": float(watch.mark[at] / watch.mark[before] - 1), "depth": float(watch.depth[before]),
             "accounts": float(len(watch.hit)), "all": float(watch.forced.sum())},
        )  # fmt: skip


def _trade(watch: Watch, seen: Forced, kind: str, more: dict[str, float]) -> Event:
    """A forced trade with what it meant."""
    built = watch.built
    market = built.markets[seen.instrument]
    spec = built.world.venue.spec
    numbers = {
        "side": float(seen.side), "usd": seen.price * seen.size * int(spec[seen.instrument, UNIT]) / MONEY,
        "price": seen.price * market.tick, "mark": seen.mark * market.tick, "size": seen.size * market.lot,
        "move": seen.mark * market.tick / built.world.path.spot[spec[seen.instrument, UNDERLYING], 0] - 1,
    }  # fmt: skip
    if market.kind == "option":
        del numbers["move"]
    words = {"account": str(built.accounts[seen.account]), "symbol": market.symbol}
    return _event((seen.time - built.start) / 1e9, kind, numbers | more, words)


def _venue(watch: Watch) -> Iterator[Event]:
    """Insurance hit, insurance empty, losses that nobody could pay, haircuts."""
    built, used = watch.built, float(watch.insured.sum())
    had = built.scenario.venue.insurance_usd
    if watch.paid:
        when, amount = watch.paid[0]
        numbers = {"usd": amount / MONEY, "all": used, "had": had}
        yield _event((when - built.start) / 1e9, "insurance", numbers)
    left = int(built.world.venue.accounts.cash[INSURANCE]) / MONEY
    if used > 0 and left < 1:
        at = int(np.searchsorted(np.cumsum(watch.insured), used * (1 - 1e-9)))
        yield _event(watch.times_s[at], "insurance-empty", {"had": had, "all": used})
    unpaid = unpaid_usd(watch)
    if unpaid > 0:
        yield _event(watch.times_s[-1], "unpaid", {"usd": unpaid})
    if watch.haircut > 0:
        yield _event(watch.times_s[-1], "haircut", {"usd": watch.haircut / MONEY})


def _makers(watch: Watch, makers: tuple[Fate, ...]) -> Iterator[Event]:
    """Each maker's end, if it did not survive, and its worst fall; those that fell furthest where there are many."""
    told = sorted(range(len(makers)), key=lambda m: (makers[m].fate == "survived", -makers[m].drawdown))[:MANY]
    for m in told:
        maker, equity = makers[m], watch.equity[m]
        fall, top, low, _ = drawdown(equity)
        if maker.fate != "survived":
            at = watch.times_s[-1] if maker.at_s is None else maker.at_s
            numbers = {"liquidated": maker.liquidated, "equity": float(equity[-1]), "capital": maker.capital}
            yield _event(at, "maker-lost", numbers, {"maker": maker.name, "fate": maker.fate})
        if maker.capital > 0 and fall > SLIGHT_LOSS * maker.capital:
            numbers = {
                "usd": fall, "share": fall / maker.capital, "since_s": float(watch.times_s[top]),
                "price_move": float(watch.price[low] / watch.price[top] - 1), "end": maker.pnl,
            }  # fmt: skip
            yield _event(watch.times_s[low], "maker-low", numbers, {"maker": maker.name})


def _names(names: list[str]) -> str:
    return ", ".join(names[:MANY]) + (f" and {len(names) - MANY} more" if len(names) > MANY else "")


def _event(
    at_s: Real, kind: str, numbers: Mapping[str, Real] | None = None, words: dict[str, str] | None = None
) -> Event:
    whole = {name: float(value) for name, value in (numbers or {}).items()}
    return Event(at_s=round(float(at_s), 3), kind=kind, numbers=whole, words=words or {})
