"""Small markets played in memory, with agents that follow a script: what tests of the market's laws share.

A script is a list of actions with a time in ms from the start; an agent of kind ``script`` sends each when its time has
come. ``play`` runs a market to its end with every event audited and gives the log's rows by table and column.
"""

from types import MappingProxyType
from unittest.mock import patch

import numpy as np

from makerscope.agents.interface import act_at, seen_at, self_at
from makerscope.agents.kind import Kind, Number
from makerscope.agents.registry import kind_of
from makerscope.kernels._jit import entry, kernel
from makerscope.market import layout
from makerscope.sim import world as w
from makerscope.sim.build import build
from makerscope.sim.loop import DONE, EMPTY_LOG, run
from makerscope.sim.recorder import COLUMNS, NUMBERS
from makerscope.sim.scenario import scenario_of

MS = 1_000_000
NEVER = 1 << 49
ROOM = 400  # lines of a script
LINE = 11  # time, then an action's ten columns
WORDS = 1 + ROOM * LINE
FIELDS = ("kind", "instrument", "side", "price", "size", "slot", "flags", "fee", "until", "private")


@kernel
def follow(self, seen, act):
    """Send every line of the script whose time has come, and sleep until the next."""
    script = self.whole
    while True:
        at = 1 + script[0] * LINE
        if at + LINE > script.shape[0] or script[at] == 0:
            return NEVER
        if script[at] > seen.now:
            return script[at] - seen.now
        n = act.count[0]
        if n >= act.rows.shape[0]:
            return 1
        for column in range(10):
            act.rows[n, column] = script[at + 1 + column]
        act.count[0] = n + 1
        script[0] += 1


@entry
def _follow(own, seen, act):
    return follow(self_at(own), seen_at(seen), act_at(act))


SLOTS = MappingProxyType({"slots": Number(default=8, low=1, high=4096, about="slots")})
SCRIPT = Kind(
    name="script", about="follows a script", step=follow, entry=_follow, numbers=SLOTS,
    slots=lambda numbers, _n: int(numbers["slots"]), whole=WORDS,
)  # fmt: skip
KINDS = {"script": SCRIPT}

BASE = """
title = "test"
hours = {hours}
{top}
[[underlying]]
symbol = "BTC"
spot = 10000
volatility = 0.0
vol_of_vol = 0.0
tick = 1
lot = 0.001
{underlying}
[leader]
nerves = 0.0
[oracle]
period_s = 1
error_bps = 0
[chain]
block_ms = 100
{chain}
[venue]
margin = "plain"
{venue}
{rest}
"""
AGENT = """
[[agent]]
kind = "script"
name = "{name}"
feed_ms = 1
send_ms = 1
hedge_usd = 1000
{more}
"""


def scripted(*names, more=""):
    """Tables of agents that follow a script."""
    return "".join(AGENT.format(name=name, more=more) for name in names)


def market(rest, *, seconds=5.0, seed=7, top="", underlying="", chain="", venue="", fees=(0, 0), kinds=None):
    """A built market of one perpetual at 10,000 that does not move unless told; ``rest`` holds its agents."""
    text = BASE.format(
        hours=seconds / 3600, top=top, underlying=underlying, chain=chain, rest=rest,
        venue=f"maker_fee_bps = {fees[0]}\ntaker_fee_bps = {fees[1]}\n{venue}",
    )  # fmt: skip
    return built_of(text, seed=seed, kinds=kinds)


def built_of(text, *, seed=7, kinds=None):
    """A scenario's text as a built market; kinds of the tests may play in it."""
    known = KINDS | (kinds or {})
    with patch("makerscope.sim.cast.kind_of", lambda name: known.get(name) or kind_of(name)):
        built = build(scenario_of(text.encode(), "test"), seed=seed)
    built.world.rule[w.G_AUDIT] = 1
    return built


def memory(built, n):
    """(params, reals, whole) of the n-th agent."""
    return built.keep[4 * n : 4 * n + 3]


def script(built, n, lines):
    """Give the n-th agent its lines: dicts of an action's fields and ``ms`` (from the start, above 0)."""
    whole = memory(built, n)[2]
    whole[:] = 0
    for k, line in enumerate(sorted(lines, key=lambda each: each["ms"])):
        at = 1 + k * LINE
        whole[at] = built.start + round(line["ms"] * MS)
        for column, field in enumerate(FIELDS):
            whole[at + 1 + column] = line.get(field, 0)


def play(built):
    """Run a market to its end; columns of every table of the log, and nothing may be lost on the way."""
    found = {table: [] for table in COLUMNS}
    while True:
        status = run(built.handle)
        log = built.world.venue.log
        for number, table in zip(NUMBERS, COLUMNS, strict=True):
            found[table].append(log[number][: log.count[number]].copy())
        log.count[:] = 0
        assert status in {DONE, EMPTY_LOG}, f"stopped with {status}"
        if status == DONE:
            break
    rows = {table: np.concatenate(parts) for table, parts in found.items()}
    return {table: {name: rows[table][:, at] for at, name in enumerate(columns)} for table, columns in COLUMNS.items()}


def fills(tables, *names, lead=False):
    """Rows of fills with a maker, as tuples of the named columns."""
    table = tables["fills"]
    keep = table["maker"] >= 0
    return list(zip(*(table[name][keep].tolist() for name in names), strict=True))


def place(ms, side, price, size, slot=0, flags=0, **more):  # noqa: PLR0917 - as an agent would
    return {
        "ms": ms,
        "kind": layout.PLACE,
        "side": side,
        "price": price,
        "size": size,
        "slot": slot,
        "flags": flags,
    } | more


def take(ms, side, price, size, flags=0, **more):
    return {"ms": ms, "kind": layout.TAKE, "side": side, "price": price, "size": size, "flags": flags} | more


def cancel(ms, slot=0):
    return {"ms": ms, "kind": layout.CANCEL, "slot": slot}
