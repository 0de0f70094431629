"""A small simulated market for tests, with everything that moves money, and the simulator's own record of it.

A hedging maker, one that only quotes, one that posts options at fixed prices, forty noise traders, ten more that are
too highly geared for the crash that comes, gas by EIP-1559, an hour's funding and options that expire.
"""

from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from makerscope.agents.interface import act_at, place, seen_at, self_at, take
from makerscope.agents.kind import Kind, Number
from makerscope.agents.quoting import ceil_ticks, fair_ticks, floor_ticks, requote
from makerscope.agents.registry import kind_of
from makerscope.kernels._jit import entry, kernel
from makerscope.market import chain, log
from makerscope.market.layout import NONE
from makerscope.sim import cast
from makerscope.sim import world as w
from makerscope.sim.build import build
from makerscope.sim.loop import DONE, EMPTY_LOG, run
from makerscope.sim.run import recorder_of
from makerscope.sim.scenario import scenario_of
from makerscope.tape.write import TapeWriter

HEDGER = MappingProxyType({
    "market": Number(default=0, low=0, high=99, about="where it quotes"),
    "lead": Number(default=7, low=0, high=99, about="where it hedges"),
    "half_bps": Number(default=4, low=0.1, high=100, about="half spread"),
    "limit": Number(default=150, low=1, high=1e6, about="lots it holds unhedged"),
})  # fmt: skip


@kernel
def hedge_step(self, seen, act):
    """Quote 100 lots a side, and hedge all of a position that is beyond the limit."""
    i, lead = int(self.params[0]), int(self.params[1])
    fair = fair_ticks(seen, i)
    requote(seen, act, i, 1, floor_ticks(fair * (1.0 - self.params[2] * 1e-4)), 100, 0, 4.0, 50)
    requote(seen, act, i, -1, ceil_ticks(fair * (1.0 + self.params[2] * 1e-4)), 100, 1, 4.0, 50)
    held = seen.position[i] + seen.position[lead]
    if abs(held) > self.params[3] and seen.block > self.whole[0]:
        take(act, lead, -1 if held > 0 else 1, NONE, abs(held), 0, 0)
        self.whole[0] = seen.block + 5
    return 0


@entry
def _hedge(own, seen, act):
    return hedge_step(self_at(own), seen_at(seen), act_at(act))


POSTER = MappingProxyType({
    "first": Number(default=1, low=0, high=99, about="first market"),
    "last": Number(default=6, low=0, high=99, about="last market"),
})  # fmt: skip


@kernel
def post_step(self, seen, act):
    """Post a bid and an ask at fixed prices in every market, once, and again whatever is gone."""
    first, last = int(self.params[0]), int(self.params[1])
    for i in range(first, last + 1):
        slot = 2 * (i - first)
        if seen.known[slot, 1] == 0:
            place(act, i, 1, 300, 40, slot)
        if seen.known[slot + 1, 1] == 0:
            place(act, i, -1, 400, 40, slot + 1)
    return 500_000_000


@entry
def _post(own, seen, act):
    return post_step(self_at(own), seen_at(seen), act_at(act))


KINDS = {
    "hedger": Kind(name="hedger", about="", step=hedge_step, entry=_hedge, numbers=HEDGER, slots=lambda _n, _i: 2),
    "poster": Kind(name="poster", about="", step=post_step, entry=_post, numbers=POSTER, slots=lambda _n, _i: 12),
}
SCENARIO = b"""
title = "Truth"
start = "2026-01-05T12:54:00Z"
hours = 0.15
[chain]
block_ms = 200
[venue]
margin = "plain"
option_maker_fee_bps = 3
option_taker_fee_bps = 3
option_fee_cap = 0.125
budget = {kind = "none"}
insurance_usd = %d
bankruptcy = "%s"
[[underlying]]
symbol = "BTC"
spot = 60000
volatility = 1.0
[[option]]
underlying = "BTC"
days = [0.0045]
strikes = 3
step = 500
[[agent]]
kind = "hedger"
name = "hedger"
hedge_usd = 500000
jitter_ms = 5
think_ms = 3
[[agent]]
kind = "symmetric"
name = "slow"
lead_feed_ms = 2500
numbers = {half_bps = 3}
[[agent]]
kind = "poster"
name = "poster"
[[agent]]
kind = "noise"
name = "noise"
count = 40
capital_usd = 20000
numbers = {per_hour = 300}
[[agent]]
kind = "noise"
name = "optionist"
count = 3
capital_usd = 20000
numbers = {per_hour = 400, first = 1, last = 6, size = 5, slippage_bps = 9999}
[[agent]]
kind = "noise"
name = "geared"
count = 10
capital_usd = 200
numbers = {per_hour = 900, size = 45, return = 0}
[[agent]]
kind = "sniper"
name = "sniper"
numbers = {edge_bps = 2}
[[episode]]
kind = "crash"
after_minutes = 4
minutes = 0.02
fall = 0.15
recovery = 0.5
[record]
book_s = 1
accounts_s = 60
marks_s = 5
"""


class Checkpoint(NamedTuple):
    """The world between two events: rows of each table written so far, what rests, who holds what."""

    orders: int
    fills: int
    resting: set[tuple]
    cash: np.ndarray
    position: np.ndarray


class Truth(NamedTuple):
    """What the simulator itself knows: ``raw`` rows of its log by table, and the world at many moments and its end."""

    built: object
    raw: dict[str, np.ndarray]
    checkpoints: list[Checkpoint]
    paid_in: np.ndarray


def small_market(
    monkeypatch, *, policy=None, bankruptcy="adl", insurance=1_000_000, gas=True, room=1 << 12, funding_s=3600
):  # fmt: skip
    """Its world at the start."""
    monkeypatch.setattr(cast, "kind_of", lambda name: KINDS.get(name) or kind_of(name))
    text = SCENARIO % (insurance, bankruptcy.encode())
    text = text.replace(b"[venue]\n", b"[venue]\nfunding_hours = %.9f\n" % (funding_s / 3600))
    if policy:
        text = text.replace(b"[chain]\n", b'[chain]\npolicy = "%s"\n' % policy.encode())
    built = build(scenario_of(text, "truth.toml"), seed=3, room=room)
    world = built.world
    world.rule[w.G_AUDIT] = 1
    if funding_s < 3600:  # so dear that every payment is more than rounding
        world.terms[w.X_BASIS] //= 10_000
    if gas:
        rules = world.chain.rules
        rules[[chain.K_TARGET, chain.K_FEE_MODEL, chain.K_FEE_FLOOR]] = 20, chain.EIP_1559, 10**12
        rules[[chain.K_DENOMINATOR, chain.K_COIN_PRICE]] = 8, 3000 * 10**6
        world.chain.state[chain.C_BASE_FEE] = 10**12
    return built


def play_small_market(monkeypatch, out, *, policy=None, **keys):
    """Play it onto a tape, stopping often to look at the world itself."""
    built = small_market(monkeypatch, policy=policy, **keys)
    world = built.world
    paid_in = world.venue.accounts.cash.copy()
    raw = {name: [] for name in ("orders", "fills", "transfers")}
    points = []
    with TapeWriter(out, source=f"simulated: {policy or 'default'}, seed 3") as tape:
        recorder = recorder_of(tape, built)
        while True:
            status = run(built.handle)
            assert status in (DONE, EMPTY_LOG), status
            for name, table in (("orders", log.T_ORDERS), ("fills", log.T_FILLS), ("transfers", log.T_TRANSFERS)):
                raw[name].append(getattr(world.venue.log, name)[: world.venue.log.count[table]].copy())
            recorder.drain(world.venue.log, int(world.clock[w.C_NOW]))
            points.append(_look(built, raw))
            if status == DONE:
                break
        recorder.sessions(built.start, built.end)
    return Truth(built, {name: np.concatenate(parts) for name, parts in raw.items()}, points, paid_in)


def _look(built, raw):
    venue = built.world.venue
    names, markets = built.accounts, built.markets
    order = venue.book.order
    resting = set()
    for at in venue.slot[venue.slot != NONE]:
        price, size, _, _, i, side, account, _, serial = order[at, :9]
        resting.add((str(serial), names[account], markets[i].name, int(side), int(price), int(size)))
    return Checkpoint(
        orders=sum(len(part) for part in raw["orders"]), fills=sum(len(part) for part in raw["fills"]), resting=resting,
        cash=venue.accounts.cash.copy(), position=venue.accounts.position.copy(),
    )  # fmt: skip
