"""Trades from an order log that has none: who met whom is told by volumes that fall together.

A trade lowers the open volume of one bid and of one ask by exactly the same amount at nearly the same time. Decreases
of one volume that lie close together make a run; a run that no later decrease can join is aligned in order of time
(``kernels.order_matching``). The order that was entered first is the maker, its price is the price of the trade, and
the earlier of the two reports its time.

A decrease without a counterpart stays out, and so do two that differ in the last digit of the volume because the
venue rounded: they are counted, not paired, since an equal volume is all the evidence there is.
"""

import heapq
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from makerscope.kernels.order_matching import align

CUTOFF = 5_000_000_000  # ns; farther apart two decreases are not one trade
LONGEST_RUN = 256  # decreases of one volume aligned at a time


class Decrease(NamedTuple):
    """The open volume of one order fell by ``size`` lots. ``price`` in ticks, ``time`` in ns, ``order`` is its id."""

    time: int
    order: int
    is_bid: bool
    price: int
    size: int


class Match(NamedTuple):
    """A trade. ``side`` is the maker's: +1 the maker bought."""

    time: int
    maker: int
    taker: int
    side: int
    price: int
    size: int


@dataclass
class Matcher:
    """Pairs decreases as they come; memory holds the last ``cutoff`` ns of them.

    Args:
        cutoff: largest time between the two reports of one trade, ns.

    Examples:
        >>> matcher = Matcher()
        >>> matcher.add(Decrease(time=10, order=1, is_bid=True, price=100, size=7))
        >>> matcher.add(Decrease(time=12, order=2, is_bid=False, price=99, size=7))
        >>> matcher.finish()
        [Match(time=10, maker=1, taker=2, side=1, price=100, size=7)]
    """

    cutoff: int = CUTOFF
    unmatched: int = 0
    nearly: int = 0
    _runs: dict[int, list[Decrease]] = field(default_factory=dict)
    _ready: list[Match] = field(default_factory=list)
    _alone: dict[int, list[Decrease]] = field(default_factory=dict)

    def add(self, decrease: Decrease) -> None:
        """Take in the next decrease, in order of time."""
        run = self._runs.setdefault(decrease.size, [])
        if run and decrease.time - run[-1].time > self.cutoff:
            self._resolve(run)
            run.clear()
        elif len(run) >= LONGEST_RUN:
            self._runs[decrease.size] = run = self._shorten(run, decrease.time)
        run.append(decrease)

    def take(self, now: int) -> list[Match]:
        """The trades that nothing later than ``now`` can change, in order of time."""
        for size in [size for size, run in self._runs.items() if now - run[-1].time > self.cutoff]:
            self._resolve(self._runs.pop(size))
        self._forget(now)
        settled = min((run[0].time for run in self._runs.values()), default=now)
        out: list[Match] = []
        while self._ready and self._ready[0].time < settled:
            out.append(heapq.heappop(self._ready))
        return out

    def finish(self) -> list[Match]:
        """All that is left, at the end of the log or before an outage."""
        for run in self._runs.values():
            self._resolve(run)
        self._runs.clear()
        self._alone.clear()
        return [heapq.heappop(self._ready) for _ in range(len(self._ready))]

    def _resolve(self, run: list[Decrease]) -> None:
        matches, rest = match_run(run, self.cutoff)
        for match in matches:
            heapq.heappush(self._ready, match)
        for decrease in rest:
            self._count_alone(decrease)

    def _shorten(self, run: list[Decrease], now: int) -> list[Decrease]:
        matches, rest = match_run(run, self.cutoff)
        for match in matches:
            heapq.heappush(self._ready, match)
        young = [decrease for decrease in rest if now - decrease.time <= self.cutoff][-(LONGEST_RUN // 2) :]
        for decrease in rest[: len(rest) - len(young)]:
            self._count_alone(decrease)
        return young

    def _count_alone(self, decrease: Decrease) -> None:
        self.unmatched += 1
        for size in (decrease.size - 1, decrease.size + 1):
            others = self._alone.get(size, [])
            for other in others:
                if (
                    other.is_bid != decrease.is_bid
                    and abs(other.time - decrease.time) <= self.cutoff
                    and _crosses(other, decrease)
                ):
                    self.nearly += 1
                    others.remove(other)
                    return
        self._alone.setdefault(decrease.size, []).append(decrease)

    def _forget(self, now: int) -> None:
        for size in list(self._alone):
            young = [decrease for decrease in self._alone[size] if now - decrease.time <= 4 * self.cutoff]
            if young:
                self._alone[size] = young
            else:
                del self._alone[size]


def match_run(run: list[Decrease], cutoff: int) -> tuple[list[Match], list[Decrease]]:
    """Pair a run of decreases of one volume; see the kernel for the rule.

    Args:
        run: decreases of one size in order of time.
        cutoff: largest time between the two reports of one trade, ns.

    Returns:
        The trades, and the decreases that found no counterpart, each in order of time.
    """
    bids = [decrease for decrease in run if decrease.is_bid]
    asks = [decrease for decrease in run if not decrease.is_bid]
    if not bids or not asks:
        return [], list(run)
    partner = np.full(len(bids), -1, np.int64)
    align(*_columns(bids), *_columns(asks), cutoff, partner)
    pairs = [(bid, asks[at]) for bid, at in zip(bids, partner.tolist(), strict=True) if at >= 0]
    used = {id(decrease) for pair in pairs for decrease in pair}
    matches = sorted(_match(bid, ask) for bid, ask in pairs)
    return matches, [decrease for decrease in run if id(decrease) not in used]


def _columns(decreases: list[Decrease]) -> tuple[np.ndarray, np.ndarray]:
    times = np.array([decrease.time for decrease in decreases], np.int64)
    return times, np.array([decrease.price for decrease in decreases], np.int64)


def _match(bid: Decrease, ask: Decrease) -> Match:
    maker, taker = (bid, ask) if bid.order < ask.order else (ask, bid)
    return Match(
        time=min(bid.time, ask.time),
        maker=maker.order,
        taker=taker.order,
        side=1 if maker.is_bid else -1,
        price=maker.price,
        size=maker.size,
    )


def _crosses(one: Decrease, other: Decrease) -> bool:
    bid, ask = (one, other) if one.is_bid else (other, one)
    return bid.price >= ask.price
