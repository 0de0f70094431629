"""A Gymnasium environment: one agent of a scenario is somebody outside the loop, who learns to quote.

The scenario has one agent of the kind ``external``; everybody else plays as in any run, and a block is the same
block. An action says, for each level and side, how far from the fair price it quotes and how much; the reward is what
equity changed by, in USD, and ``info`` says where that came from. ``gymnasium`` is not installed with makerscope.

Examples:
    >>> import pytest
    >>> _ = pytest.importorskip("gymnasium")
    >>> from makerscope.sim.scenario import scenario_of
    >>> market = MarketEnv(scenario_of(TRY.encode(), "try"))
    >>> observation, info = market.reset(seed=7)
    >>> observation, reward, terminated, truncated, info = market.step(market.action_space.sample())
    >>> sorted(info)
    ['edge', 'equity', 'fees', 'fills', 'inventory', 'other', 'position', 'seconds']
"""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from makerscope.agents.interface import K_PRICE, K_SENT_PRICE, K_SIZE, R_SPOT, R_VARIANCE, Act, Seen, cancel, place
from makerscope.errors import AccountingError, DomainError, InputError, MakerscopeError
from makerscope.market.layout import FIRST_AGENT, MARK, P_ASK, P_BID, P_MARK, UNDERLYING, UNIT
from makerscope.market.log import T_FILLS
from makerscope.sim import world as w
from makerscope.sim.build import Built, build
from makerscope.sim.loop import ASKED, DONE, EMPTY_LOG, run
from makerscope.sim.markets import DECIMALS
from makerscope.sim.python_agent import PythonStep, own_memory
from makerscope.sim.run import WHY
from makerscope.sim.scenario import RecordTable, Scenario, read_scenario

try:
    import gymnasium
    from gymnasium import spaces
except ModuleNotFoundError:  # the class can be imported, not used
    gymnasium = None
    spaces = None

LOG_ROOM = 1 << 15
MONEY = 10.0**DECIMALS
FURTHEST = 10.0  # an observation is cut off there
FACTS = 8  # of an observation, before the own quotes
SILENT = RecordTable(orders=False, quotes=False, book_s=0, marks_s=0, chain_s=0, accounts_s=0)
TRY = """
title = "A market to learn in"
hours = 0.05
chain = {block_ms = 500}
underlying = [{symbol = "BTC", spot = 60000}]
agent = [
  {kind = "external", name = "learner"},
  {kind = "grid", name = "grid"},
  {kind = "noise", name = "noise", count = 5, numbers = {per_hour = 1200}},
]
"""


class MarketEnv(object if gymnasium is None else gymnasium.Env):  # pyright: ignore[reportGeneralTypeIssues]
    """A market in which the agent of kind ``external`` decides outside.

    ``action_space``: Box in [-1, 1], for each level: distance of the bid, of the ask, size of the bid, of the ask; -1
    is no distance and no size, 1 the agent's ``widest_bps`` and ``size``. ``observation_space``: Box in [-10, 10]:
    position over limit; best bid, best ask and mark as seen, against the fair price, and how far that went since the
    last call, all in
    ``widest_bps``; volatility; gain in percent of capital; share of time left; then distance and size of each own
    quote.

    Args:
        scenario: a scenario or the path of its TOML file.

    Raises:
        MakerscopeError: gymnasium is not installed.
        InputError: there is not exactly one external agent.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 - gymnasium's own

    def __init__(self, scenario: Scenario | Path | str) -> None:
        if gymnasium is None or spaces is None:
            raise MakerscopeError("makerscope.sim.gym needs gymnasium; pip install gymnasium")
        self._scenario = scenario if isinstance(scenario, Scenario) else read_scenario(scenario)
        self._scenario = msgspec.structs.replace(self._scenario, record=SILENT)
        outside = [table for table in self._scenario.agent if table.kind == "external" and table.file is None]
        if len(outside) != 1 or outside[0].count != 1:
            count = sum(table.count for table in outside)
            raise InputError("agent.kind", f"{count} agents are external", "exactly one for an environment")
        self._name = outside[0].name
        self._start(seed=0)
        quotes = 2 * self._levels
        self.action_space = spaces.Box(-1.0, 1.0, (2 * quotes,), np.float32)
        self.observation_space = spaces.Box(-FURTHEST, FURTHEST, (FACTS + 2 * quotes,), np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict]:
        """Begin again; the same seed is the same market to the last bit."""
        super().reset(seed=seed)  # pyright: ignore[reportAttributeAccessIssue] - only without gymnasium
        del options
        self._start(seed=int(self.np_random.integers(1 << 62)))
        self._run()
        return self._observed(), self._told(0, np.zeros(3))

    def step(self, action: NDArray[np.float32]) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, float]]:
        """Quote as ``action`` says and let the market go on until the next decision.

        Raises:
            DomainError: the action is not finite or has another shape, or the episode is over.
        """
        wanted = np.asarray(action, np.float64)
        if wanted.shape != self.action_space.shape or not np.isfinite(wanted).all():
            raise DomainError(f"action {action}: want {self.action_space.shape} finite numbers")
        if self._over:
            raise DomainError("the episode is over; want reset() first")
        self._quote(np.asarray((np.clip(wanted, -1.0, 1.0) + 1.0) / 2.0, np.float64))
        before, position, mark = self._worth(), self._position(), self._mark()
        status, fills = self._run()
        gain = self._worth() - before
        parts = self._parts(position, mark, fills)
        ruined = self._built.world.agents.timing[self._account, w.D_OUT] != w.IN or self._worth() <= 0
        self._over = bool(ruined) or status == DONE
        return self._observed(), gain / MONEY, bool(ruined), status == DONE, self._told(gain, parts, len(fills))

    def _start(self, *, seed: int) -> None:
        built: Built = build(self._scenario, seed=seed, room=LOG_ROOM)
        at = next(n for n, item in enumerate(built.cast) if item.name == self._name)
        self._built, self._account, numbers = built, FIRST_AGENT + at, built.cast[at].numbers
        self._market, self._levels = int(numbers["market"]), int(numbers["levels"])
        self._widest, self._size, self._limit = numbers["widest_bps"], int(numbers["size"]), numbers["limit"]
        self._every = round(numbers["every_ms"] * 1e6)
        self._eyes = PythonStep(built.world, self._account, own_memory(built.world, self._account), _nobody, 1.0)
        self._capital, self._fair, self._over = max(self._worth(), 1), 0.0, False

    def _run(self) -> tuple[int, NDArray[np.int64]]:
        """Let the market go on until it asks or ends; returns why it stopped, and the agent's own fills."""
        world, mine = self._built.world, []
        while True:
            status = run(self._built.handle)
            fills = world.venue.log.fills[: world.venue.log.count[T_FILLS]]
            hedger = self._account + len(self._built.cast)
            mine.append(fills[np.isin(fills[:, 2:4], (self._account, hedger)).any(axis=1)].copy())
            world.venue.log.count[:] = 0
            if status in {ASKED, DONE}:
                return status, np.concatenate(mine)
            if status != EMPTY_LOG:
                raise AccountingError(f"simulation stopped: {WHY[status]}; this is a defect of makerscope")

    def _quote(self, wanted: NDArray[np.float64]) -> None:
        """Write the orders that bring the quotes where ``wanted`` (in [0, 1]) has them."""
        seen, world = self._eyes.seen(), self._built.world
        act, fair, held = Act(world.rows, world.written), self._fair_ticks(seen), seen.position[self._market]
        world.written[0], world.clock[w.C_ANSWER] = 0, self._every
        for slot in range(2 * self._levels):
            level, side = slot // 2, 1 - 2 * (slot % 2)
            distance, size = wanted[4 * level + slot % 2], wanted[4 * level + 2 + slot % 2]
            away = fair * (1.0 - side * distance * self._widest * 1e-4)
            price = int(np.floor(away) if side > 0 else np.ceil(away))
            lots = round(size * self._size) if side * held < self._limit and price > 0 else 0
            resting = seen.known[slot, K_SIZE]
            if lots == 0 and resting > 0:
                cancel(act, slot)
            elif lots > 0 and (resting != lots or seen.known[slot, K_SENT_PRICE] != price):
                place(act, self._market, side, price, lots, slot)

    def _observed(self) -> NDArray[np.float32]:
        seen, world = self._eyes.seen(), self._built.world
        fair, public = self._fair_ticks(seen), seen.public[self._market]
        span = fair * self._widest * 1e-4
        variance = seen.reference[seen.spec[self._market, UNDERLYING], R_VARIANCE]
        left = (self._built.end - int(world.clock[w.C_NOW])) / (self._built.end - self._built.start)
        facts = [
            seen.position[self._market] / self._limit,
            (public[P_BID] - fair) / span if public[P_BID] > 0 else -FURTHEST,
            (public[P_ASK] - fair) / span if public[P_ASK] > 0 else FURTHEST,
            (public[P_MARK] - fair) / span if public[P_MARK] > 0 else 0.0,
            (fair - self._fair) / span if self._fair > 0 else 0.0,
            variance**0.5,
            (self._worth() - self._capital) / self._capital * 100.0,
            left,
        ]
        resting = seen.known[:, K_SIZE] > 0
        away = np.where(resting, (seen.known[:, K_PRICE] - fair) / span, 0.0)
        self._fair = fair
        quotes = np.stack([away, seen.known[:, K_SIZE] / self._size], axis=1).ravel()
        return np.clip(np.concatenate([facts, quotes]), -FURTHEST, FURTHEST).astype(np.float32)

    def _parts(
        self, position: NDArray[np.int64], mark: NDArray[np.int64], fills: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Edge of the fills against the mark now, gain of what was held before, fees; base units."""
        now, unit = self._mark(), self._built.world.venue.spec[:, UNIT]
        made = np.isin(fills[:, 2], (self._account, self._account + len(self._built.cast)))
        i, side = fills[:, 1], np.where(made, fills[:, 4], -fills[:, 4])
        edge = (side * fills[:, 6] * (now[i] - fills[:, 5]) * unit[i]).sum()
        return np.array([edge, (position * (now - mark) * unit).sum(), -np.where(made, fills[:, 7], fills[:, 8]).sum()])

    def _told(self, gain: float, parts: NDArray[np.float64], fills: int = 0) -> dict[str, float]:
        edge, inventory, fees = (float(part) / MONEY for part in parts)
        return {
            "equity": self._worth() / MONEY,
            "edge": edge,
            "inventory": inventory,
            "fees": fees,
            "other": gain / MONEY - edge - inventory - fees,
            "fills": fills,
            "position": int(self._built.world.venue.accounts.position[self._account, self._market]),
            "seconds": (int(self._built.world.clock[w.C_NOW]) - self._built.start) / 1e9,
        }

    def _fair_ticks(self, seen: Seen) -> float:
        return float(seen.reference[seen.spec[self._market, UNDERLYING], R_SPOT] / seen.real[self._market, 1])

    def _mark(self) -> NDArray[np.int64]:
        return self._built.world.venue.state[:, MARK].copy()

    def _position(self) -> NDArray[np.int64]:
        """Lots of every instrument, here and at the leading venue."""
        held = self._built.world.venue.accounts.position
        return held[self._account] + held[self._account + len(self._built.cast)]

    def _worth(self) -> int:
        """Equity here and at the leading venue, base units, as the venue has it and not as the agent knows it."""
        venue = self._built.world.venue
        cash = venue.accounts.cash[[self._account, self._account + len(self._built.cast)]].sum()
        return int(cash + (self._position() * self._mark() * venue.spec[:, UNIT]).sum())


def _nobody(_own: object, _seen: object, _act: object) -> int:
    return 0
