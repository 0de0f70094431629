"""How fast is the simulated market: the book alone, many agents, and a day of an option venue?

The book plays the same operations as ``floor/book.cpp``, the same algorithm in C++, to the same end. The other peers'
rates are those of ``knowledge/peers.md``, measured there on another machine and marked so: they do not install here
(nautilus_trader wants a newer Python). ``MAKERSCOPE_FASTMM`` names a Python that has FastMM 0.9.0, to measure it too.
``python -m bench.bench_market`` prints more of our own numbers.
"""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.common import Row, peak_mb, pin
from makerscope.kernels._jit import kernel
from makerscope.kernels.handle import opened
from makerscope.market.book import LIVE, match, new_book, remove, rest
from makerscope.market.layout import NONE, O_ACCOUNT
from makerscope.sim import loop
from makerscope.sim import world as w
from makerscope.sim.build import build
from makerscope.sim.run import simulate
from makerscope.sim.scenario import scenario_of

FLAGS = "-O3 -march=native -std=c++17"
ABIDES = 10_000.0  # messages a second of rmsc04 with 1,117 agents
FASTMM = 250_000.0  # steps a second of its own synthetic market with one quoter
POOL = 1 << 18

QUOTER = """
title = "One quoter in a closed market"
hours = {hours}
[chain]
block_ms = 50
[[underlying]]
symbol = "BTC"
spot = 60000
[record]
book_s = 0
[[agent]]
kind = "grid"
name = "quoter"
numbers = {{levels = 1, half_bps = 1, tolerance_bps = 0.1}}
[[agent]]
kind = "grid"
name = "crowd"
count = 4
every_ms = 200
numbers = {{levels = 3, half_bps = 2, tolerance_bps = 0.2}}
[[agent]]
kind = "noise"
name = "noise"
count = 20
numbers = {{per_hour = 1800}}
"""
CROWD = """
title = "A thousand agents"
hours = {hours}
[chain]
block_ms = 100
[[underlying]]
symbol = "BTC"
spot = 60000
[record]
book_s = 0
[[agent]]
kind = "grid"
name = "grid"
count = 200
margin = "none"
numbers = {{levels = 5, tolerance_bps = 0.2}}
[[agent]]
kind = "noise"
name = "noise"
count = 700
margin = "none"
numbers = {{per_hour = 3600}}
[[agent]]
kind = "informed"
name = "informed"
count = 100
margin = "none"
numbers = {{per_hour = 3600}}
"""


@kernel
def play(book, count, fills, ids):
    """The operations of ``floor/book.cpp``, one after another."""
    state = np.uint64(88172645463325252)
    held, traded = 0, 0
    for _ in range(count):
        state ^= state << np.uint64(13)
        state ^= state >> np.uint64(7)
        state ^= state << np.uint64(17)
        kind = np.int64(state % np.uint64(20))
        side = 1 if (state >> np.uint64(32)) & np.uint64(1) else -1
        size = np.int64(1) + np.int64((state >> np.uint64(33)) % np.uint64(100))
        away = np.int64(1) + np.int64((state >> np.uint64(40)) % np.uint64(256))
        if kind < 10:
            ids[held] = rest(book, 0, side, 100_000 - side * away, size, np.int64(state >> np.uint64(50)), 0)
            held += 1
        elif kind < 19:
            if held > 0:
                j = np.int64((state >> np.uint64(20)) % np.uint64(held))
                if book.order[ids[j], O_ACCOUNT] >= 0:
                    remove(book, ids[j])
                held -= 1
                ids[j] = ids[held]
        else:
            _, n = match(book, 0, side, NONE, size, -5, 0, fills)
            traded += n
    return held, traded


def our_book(count):
    """Nanoseconds an operation, and where it ended."""
    best = float("inf")
    for _ in range(3):
        book, fills, ids = new_book((64**3,), POOL), np.zeros((64, 8), np.int64), np.zeros(count, np.int64)
        play(opened(book), 1000, fills, ids)
        book = new_book((64**3,), POOL)
        book.level[:] = 0  # the pages are there, as in C++
        handle = opened(book)
        start = time.perf_counter()
        held, traded = play(handle, count, fills, ids)
        best = min(best, (time.perf_counter() - start) / count * 1e9)
    return best, (held, traded, int(book.pool[LIVE]))


def cpp_book(count):
    """The same in C++, or None without a compiler."""
    compiler = shutil.which("g++")
    if compiler is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="makerscope-floor-"))
    source = Path(__file__).parent / "floor" / "book.cpp"
    subprocess.run([compiler, *FLAGS.split(), str(source), "-o", str(folder / "book")], check=True)
    runs = [
        subprocess.run([str(folder / "book"), str(count)], check=True, capture_output=True, text=True).stdout.split()
        for _ in range(3)
    ]
    shutil.rmtree(folder)
    return min(float(run[0]) for run in runs), tuple(int(part) for part in runs[0][1:])


def crowd(hours):
    """Seconds of the loop alone and with its tape, messages, steps: a thousand agents on one core."""
    scenario = scenario_of(CROWD.format(hours=hours).encode(), "crowd")
    with tempfile.TemporaryDirectory() as folder:
        simulate(scenario_of(CROWD.format(hours=0.001).encode(), "crowd"), Path(folder) / "warm")
        start = time.perf_counter()
        simulate(scenario, Path(folder) / "tape")
        with_tape = time.perf_counter() - start
    built = build(scenario, seed=7)
    start = time.perf_counter()
    while (status := loop.run(built.handle)) == loop.EMPTY_LOG:
        built.world.venue.log.count[:] = 0
    alone = time.perf_counter() - start
    if status != loop.DONE:
        raise RuntimeError(f"the market stopped with status {status}")
    clock = built.world.clock
    return alone, with_tape, int(clock[w.C_ACTIONS]), int(clock[w.C_WAKES])


def one_quoter(hours):
    """Seconds and events (messages and calls of agents) of a closed market with one quoter and a crowd around it."""
    for length in (hours / 50, hours):
        built = build(scenario_of(QUOTER.format(hours=length).encode(), "quoter"), seed=7)
        start = time.perf_counter()
        while (status := loop.run(built.handle)) == loop.EMPTY_LOG:
            built.world.venue.log.count[:] = 0
        spent = time.perf_counter() - start
        if status != loop.DONE:
            raise RuntimeError(f"the market stopped with status {status}")
    clock = built.world.clock
    return spent, int(clock[w.C_ACTIONS]) + int(clock[w.C_WAKES])


def fastmm(small: bool):
    """Name of the peer and its steps a second: measured where a Python has it, else the rate found elsewhere."""
    python = os.environ.get("MAKERSCOPE_FASTMM")
    if not python:
        return "FastMM, its rate elsewhere", FASTMM
    script = Path(__file__).with_name("peer_fastmm.py")
    run = [python, str(script), "600" if small else "3600"]
    return "FastMM 0.9.0", float(subprocess.run(run, check=True, capture_output=True, text=True).stdout)


def run(small: bool) -> list[Row]:
    """The rows of the table."""
    pin()
    count = 1_000_000 if small else 5_000_000
    ours, end = our_book(count)
    rows = [
        Row(
            area="market",
            what="array book, a million operations",
            ours_s=ours / 1e3,
            peer="wanted: 12 M a second",
            peer_s=1 / 12,
            target=1.0,
        )
    ]
    floor = cpp_book(count)
    if floor is not None:
        if floor[1] != end:
            raise RuntimeError(f"the two books ended differently: {end} and {floor[1]}")
        rows.append(
            Row(
                area="market",
                what="array book, a million operations",
                ours_s=ours / 1e3,
                peer="C++ -O3, same algorithm",
                peer_s=floor[0] / 1e3,
                target=0.75,
            )
        )
    alone, with_tape, messages, _wakes = crowd(0.02 if small else 0.2)
    million = f"{messages / 1e6:.1f} M messages"
    rows += [
        Row(
            area="market",
            what=f"1,000 agents, {million}",
            ours_s=alone,
            peer="wanted: 1 M a second",
            peer_s=messages / 1e6,
            target=1.0,
        ),
        Row(
            area="market",
            what=f"1,000 agents, {million}",
            ours_s=alone,
            peer="ABIDES, its rate elsewhere",
            peer_s=messages / ABIDES,
            target=100.0,
        ),
        Row(
            area="market",
            what=f"1,000 agents, {million}, tape",
            ours_s=with_tape,
            peer="ABIDES, logs off, elsewhere",
            peer_s=messages / ABIDES,
        ),
    ]
    spent, events = one_quoter(0.2 if small else 1.0)
    peer, rate = fastmm(small)
    rows.append(
        Row(
            area="market",
            what=f"one quoter, {events / 1e3:.0f} k events",
            ours_s=spent,
            peer=peer,
            peer_s=events / rate,
            target=5.0,
        )
    )
    return rows


if __name__ == "__main__":
    for row in run(small=False):
        print(row.what, row.peer, f"{row.ours_s:.4g} s", f"ratio {row.ratio:.2f}")
    print(f"peak {peak_mb():.0f} MB, load {os.getloadavg()[0]:.1f}")
