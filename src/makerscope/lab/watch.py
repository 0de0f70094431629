"""Watch a world while it runs: books, equity and quotes at regular times, and every forced trade as it happens.

Memory does not grow with what happens, only with how often is looked: some thousand times a run.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from makerscope.market.layout import (
    A_PERP,
    AN_OPTION,
    FIRST_AGENT,
    INDEX,
    INSURANCE,
    KIND,
    MARK,
    O_ACCOUNT,
    O_INSTRUMENT,
    O_PRICE,
    O_SIDE,
    O_SIZE,
    TRADING,
    UNIT,
)
from makerscope.market.log import (
    HAIRCUT,
    INSURED,
    T_FORCED,
    T_TRANSFERS,
    Log,
)
from makerscope.market.transfers import TRANSFER_ACCOUNT, TRANSFER_AMOUNT
from makerscope.sim.build import MONEY, Built
from makerscope.sim.world import G_STEP

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]
MOST_SAMPLES = 3600  # a run is looked at so often where the scenario does not say
SECOND = 10**9


@dataclass(frozen=True, slots=True)
class Forced:
    """The first forced trade of its sort: when, whose, in what, how much, at which price and mark (ticks)."""

    time: int
    account: int
    instrument: int
    side: int
    price: int
    size: int
    mark: int
    how: int


@dataclass(slots=True, kw_only=True)
class Watch:
    """What was seen of a world.

    ``seats`` ``(M,)`` accounts of the makers under test; ``step`` ns between looks; arrays over looks ``(K,)``:
    ``price`` of the first underlying's reference, ``mark`` and ``index`` of the first perpetual, ``half_bps`` its half
    spread (NaN: one side is empty), ``depth`` USD near the middle of all perpetuals, ``chain`` share of options quoted
    on both sides; ``equity`` ``(M, K)`` USD, ``quoted`` ``(M, K)`` instruments quoted on both sides; over the same
    times ``forced``, ``insured`` USD.
    """

    built: Built
    seats: Ints
    step: int
    depth_bps: float
    looks: int = field(init=False)
    taken: int = 0
    price: Reals = field(init=False)
    mark: Reals = field(init=False)
    index: Reals = field(init=False)
    half_bps: Reals = field(init=False)
    depth: Reals = field(init=False)
    chain: Reals = field(init=False)
    equity: Reals = field(init=False)
    quoted: Ints = field(init=False)
    forced: Reals = field(init=False)
    insured: Reals = field(init=False)
    forced_usd: dict[int, float] = field(default_factory=dict)
    first: dict[int, Forced] = field(default_factory=dict)
    hit: dict[int, Forced] = field(default_factory=dict)
    hit_usd: dict[int, float] = field(default_factory=dict)
    haircut: int = 0
    paid: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.looks = -(-(self.built.end - self.built.start) // self.step) + 1
        for name in ("price", "mark", "index", "half_bps", "depth", "chain"):
            setattr(self, name, np.full(self.looks, np.nan))
        self.equity = np.full((len(self.seats), self.looks), np.nan)
        self.quoted = np.zeros((len(self.seats), self.looks), np.int64)
        self.forced, self.insured = np.zeros(self.looks), np.zeros(self.looks)

    @property
    def times_s(self) -> Reals:
        """Seconds from the start of every look; the last is the end."""
        last = (self.built.end - self.built.start) / SECOND
        return np.minimum(np.arange(self.looks) * (self.step / SECOND), last)

    def read(self, log: Log) -> None:
        """Take in forced trades and what insurance paid."""
        spec = self.built.world.venue.spec
        for time, i, account, side, price, size, mark, how, _ in log.forced[: log.count[T_FORCED]].tolist():
            worth = price * size * int(spec[i, UNIT]) / MONEY
            self.forced[self._look(time)] += worth
            self.forced_usd[how] = self.forced_usd.get(how, 0.0) + worth
            self.hit_usd[account] = self.hit_usd.get(account, 0.0) + worth
            if how not in self.first or account not in self.hit:
                seen = Forced(time, account, i, side, price, size, mark, how)
                self.first.setdefault(how, seen)
                self.hit.setdefault(account, seen)
        rows = log.transfers[: log.count[T_TRANSFERS]]
        for time, account, _, kind, amount, _ in rows[(rows[:, 3] == INSURED) | (rows[:, 3] == HAIRCUT)].tolist():
            if kind == INSURED and account == INSURANCE:
                self.insured[self._look(time)] -= amount / MONEY
                if len(self.paid) < 1:
                    self.paid.append((time, -amount))
            elif kind == HAIRCUT and amount < 0:
                self.haircut -= amount

    def look(self) -> None:
        """Look at the world as it stands."""
        k, world = self.taken, self.built.world
        self.taken += 1
        venue = world.venue
        spec, state = venue.spec, venue.state
        at = min(k * self.step // int(world.rule[G_STEP]), world.path.spot.shape[1] - 1)
        self.price[k] = world.path.spot[0, at]
        self.mark[k], self.index[k] = state[0, MARK], state[0, INDEX]
        if k > 0 and self.index[k - 1] == 0:  # there is no price before the first block
            self.mark[:k], self.index[:k] = self.mark[k], self.index[k]
        orders = venue.book.order[venue.slot[venue.slot >= 0]]
        self._books(k, orders)
        options = (spec[:, KIND] == AN_OPTION) & (state[:, TRADING] == 1)
        if options.any():
            sides = np.zeros((2, len(spec)), np.bool_)
            sides[(orders[:, O_SIDE] < 0).astype(np.int64), orders[:, O_INSTRUMENT]] = True
            self.chain[k] = (sides.all(axis=0) & options).sum() / options.sum()
        place = np.full(venue.accounts.cash.shape[0], -1, np.int64)
        place[self.seats] = np.arange(len(self.seats))
        mine = orders[place[orders[:, O_ACCOUNT]] >= 0]
        held = np.zeros((2, len(self.seats), len(spec)), np.bool_)
        held[(mine[:, O_SIDE] < 0).astype(np.int64), place[mine[:, O_ACCOUNT]], mine[:, O_INSTRUMENT]] = True
        self.quoted[:, k] = held.all(axis=0).sum(axis=1)
        self.equity[:, k] = equities(self.built, self.seats) / MONEY

    def _books(self, k: int, orders: Ints) -> None:
        """Spread of the first perpetual, depth of all."""
        venue, depth = self.built.world.venue, 0.0
        for i in np.flatnonzero(venue.spec[:, KIND] == A_PERP).tolist():
            own = orders[orders[:, O_INSTRUMENT] == i]
            price, size, bid = own[:, O_PRICE], own[:, O_SIZE], own[:, O_SIDE] > 0
            best_bid, best_ask = price[bid].max(initial=-1), price[~bid].min(initial=np.iinfo(np.int64).max)
            two = best_bid >= 0 and not bid.all()
            middle = (best_bid + best_ask) / 2 if two else float(venue.state[i, INDEX])
            if i == 0 and two:
                self.half_bps[k] = 1e4 * (best_ask - best_bid) / (2 * middle)
            near = np.abs(price - middle) <= self.depth_bps * 1e-4 * middle
            depth += float((price[near] * size[near]).sum()) * int(venue.spec[i, UNIT]) / MONEY
        self.depth[k] = depth

    def _look(self, time: int) -> int:
        """The look that follows a time."""
        return min(-(-(time - self.built.start) // self.step), self.looks - 1)


def equities(built: Built, accounts: Ints) -> Ints:
    """Equity of agents with their accounts at the leading venue and money on its way, base units."""
    venue, agents = built.world.venue, len(built.cast)
    value = venue.state[:, MARK] * venue.spec[:, UNIT]
    out = np.zeros(len(accounts), np.int64)
    for rows in (accounts, accounts + agents):
        out += venue.accounts.cash[rows] + venue.accounts.position[rows] @ value
    moving = built.world.transit
    for account, amount in moving[moving[:, TRANSFER_AMOUNT] != 0][:, [TRANSFER_ACCOUNT, TRANSFER_AMOUNT]].tolist():
        out[accounts == account] += abs(amount)
    return out


def step_of(built: Built) -> int:
    """How often a run is looked at, ns: what the scenario says, or whole seconds, at most MOST_SAMPLES times."""
    said = built.scenario.stress.sample_s
    if said is not None:
        return max(round(said * SECOND), 1)
    return max(-(-(built.end - built.start) // (MOST_SAMPLES * SECOND)), 1) * SECOND


def seats_in(built: Built, names: tuple[str, ...]) -> Ints:
    """Accounts of the agents of some tables."""
    return np.array([FIRST_AGENT + n for n, item in enumerate(built.cast) if item.table.name in names], np.int64)
