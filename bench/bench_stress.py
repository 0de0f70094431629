"""Do paired seeds of the stress lab scale to all cores? A one-hour flash crash, runs a second against one process.

Two virtual cores share one real core on many rented machines: there even a perfect program stays far below 1.
"""

import os
import tempfile
import time
from pathlib import Path

from bench.common import Row
from makerscope.lab.store import opened
from makerscope.lab.sweep import play_all, rehearse, runs_of
from makerscope.lab.variants import Variant
from makerscope.sim.shipped import find_scenario

SEEDS, ALONE = 100, 25


def seconds(seeds: list[int], jobs: int) -> float:
    """Wall time of a sweep, from its command to its last run."""
    scenario = find_scenario("flash-crash")
    runs = runs_of(scenario, [Variant(name="as-is")], seeds)
    rehearse(runs[:1])
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder) / "out", scenario) as kept:
        start = time.perf_counter()
        play_all(runs, kept, jobs=jobs)
        return time.perf_counter() - start


def run(small: bool) -> list[Row]:
    """One row: seconds of one process over seconds of all cores, divided by the cores."""
    seeds, alone = (16, 6) if small else (SEEDS, ALONE)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    seconds([1], 1)
    one = seconds(list(range(1, alone + 1)), 1) / alone * seeds
    many = seconds(list(range(1, seeds + 1)), cores)
    return [Row(
        area="stress", what=f"{seeds} paired seeds of an hour on {cores} cores, efficiency", ours_s=many,
        peer=f"one process, over {cores}", peer_s=one / cores, target=0.9,
    )]  # fmt: skip
