"""How fast is a replay, against hftbacktest on the same feed with the same grid?

A 2 x 10 grid that leans against its inventory is called each 100 ms on synthetic L2 events; feed and orders take 10
ms each, and queues follow the power model. Both read the feed from memory, write no tape, and count processor seconds
alone on one core, best of three after compiling. hftbacktest wants other versions of NumPy: name a Python that has it
in ``MAKERSCOPE_HFT_PYTHON``; without one it is left out, and our own rate is still printed.
"""

import json
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from bench.common import ONE_THREAD, Row, alone, peak_mb, pin
from bench.replay_market import TRADE, make
from makerscope.agents.interface import act_at, seen_at, self_at
from makerscope.agents.kind import Kind
from makerscope.agents.quoting import ceil_ticks, floor_ticks, requote
from makerscope.kernels._jit import entry, kernel
from makerscope.market.layout import P_ASK, P_BID, TRADING
from makerscope.market.venue import V_MESSAGES
from makerscope.sim import replay_world as r
from makerscope.sim import world as w
from makerscope.sim.cast import Cast
from makerscope.sim.replay_build import Staged, Terms, stage
from makerscope.sim.replay_loop import EMPTY_LOG, run_replay
from makerscope.sim.replay_queue import QueueModel
from makerscope.sim.scenario import AgentTable
from makerscope.tape.events import Instrument

EVENTS, SMALL = 3_000_000, 200_000
LEVELS, SIZE, LIMIT, SKEW = 10, 10, 500, 0.05
HFT = Path(__file__).parent / "replay_hft.py"


@kernel
def step(self, seen, act):
    """Ten bids and ten asks, a tick apart; an order that is still wanted stays where it is."""
    bid, ask = seen.public[0, P_BID], seen.public[0, P_ASK]
    if bid <= 0 or ask <= 0:
        return 0
    held = seen.position[0]
    middle = 0.5 * (bid + ask) - self.params[0] * held / SIZE
    first_bid, first_ask = min(floor_ticks(middle - 0.5), bid), max(ceil_ticks(middle + 0.5), ask)
    for k in range(LEVELS):
        price = first_bid - k
        requote(seen, act, 0, 1, price, SIZE if held < LIMIT else 0, price % LEVELS, 1, 1)
        price = first_ask + k
        requote(seen, act, 0, -1, price, SIZE if held > -LIMIT else 0, LEVELS + price % LEVELS, 1, 1)
    return 0


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


def staged(feed: dict[str, np.ndarray]) -> Staged:
    """A replay of the feed, ready to run."""
    kind = Kind(
        name="ladder", about="", step=step, entry=_entry, numbers={}, slots=lambda _numbers, _markets: 2 * LEVELS
    )
    table = AgentTable(kind="ladder", name="me", every_ms=100, feed_ms=10, send_ms=10)
    cast = (Cast(name="me", table=table, kind=kind, numbers={"skew": SKEW}),)
    item = Instrument(
        instrument="bench:X", venue="bench", symbol="X", kind="perp", base="X", quote="USD", settle="USDC",
        inverse=False,
        tick_size="0.1", lot_size="0.001", multiplier="1", facts="invented",
    )  # fmt: skip
    terms = Terms(queue=QueueModel(kind="power"), maker_fee_bps=0, taker_fee_bps=0, equity_s=0, quotes=False)
    rows = len(feed["time"])
    out = stage([item], cast, terms, (int(feed["time"][0]), int(feed["time"][-1])), 7, feed=rows)
    table, opening = out.world.feed, feed["time"] == feed["time"][0]
    table[:, r.E_TIME] = table[:, r.E_SEEN] = feed["time"]
    table[:, r.E_WHAT] = np.where(feed["kind"] == TRADE, r.TRADE, r.LEVEL) + np.where(opening, 0, r.LAST_ROW)
    table[0, r.E_WHAT] += r.FIRST
    table[opening.sum() - 1, r.E_WHAT] += r.LAST_ROW
    table[:, r.E_SIDE], table[:, r.E_PRICE], table[:, r.E_SIZE] = feed["side"], feed["price"], feed["size"]
    out.world.clock[[r.C_ROWS, r.C_FINAL]] = rows, 1
    out.world.venue.state[:, TRADING] = 1
    return out


def play(out: Staged) -> None:
    """Run to the end; what happened is thrown away."""
    while run_replay(out.handle) == EMPTY_LOG:
        out.world.venue.log.count[:-1] = 0


def ours(path: str) -> dict[str, float]:
    """The least processor time of three replays, and what went on in them."""
    import time

    pin()
    feed = dict(np.load(path))
    least, out = float("inf"), staged({name: column[:20_000] for name, column in feed.items()})
    for turn in range(4):
        out = out if turn == 0 else staged(feed)  # the first only compiles
        start = time.process_time()
        play(out)
        if turn:
            least = min(least, time.process_time() - start)
    clock, world = out.world.clock, out.world
    return {
        "seconds": least, "mb": peak_mb(), "decisions": int(clock[w.C_WAKES]),
        "messages": int(world.venue.word[V_MESSAGES]),
        "filled": int(clock[r.C_TRADED]), "lots": int(world.venue.accounts.position[5, 0]),
    }  # fmt: skip


def theirs(path: str, depth: str) -> dict[str, float] | None:
    """The same of hftbacktest, None where no Python has it."""
    python = os.environ.get("MAKERSCOPE_HFT_PYTHON") or (sys.executable if find_spec("hftbacktest") else None)
    if python is None:
        return None
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [python, str(HFT), path, depth]
    done = subprocess.run(command, env={**bare, **ONE_THREAD}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"hftbacktest failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def run(small: bool) -> list[Row]:
    """Our replay against hftbacktest with either of its books."""
    events = SMALL if small else EVENTS
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "feed.npz")
        columns: dict[str, Any] = {**make(events)}
        np.savez(path, **columns)
        mine = alone("bench.bench_replay", path)
        print(f"replay: {events / mine['seconds'] / 1e6:.2f} M events/s, {mine}")
        rows = []
        for depth in ("hashmap", "roi"):
            peer = theirs(path, depth)
            if peer is None:
                print("hftbacktest is left out: no Python with it (MAKERSCOPE_HFT_PYTHON)")
                break
            print(f"{peer['peer']} {depth}: {events / peer['seconds'] / 1e6:.2f} M events/s, {peer}")
            what = f"{events:,} L2 events, 2 x 10 grid each 100 ms"
            rows.append(
                Row(
                    area="replay", what=what, ours_s=mine["seconds"], peer=f"{peer['peer']} {depth}",
                    peer_s=peer["seconds"], target=1.0,
                )
            )  # fmt: skip
    return rows


if __name__ == "__main__":
    print(json.dumps(ours(sys.argv[1])))
