"""What every benchmark shares: a row of the table, a clock, and a fresh process on one core."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
ONE_THREAD = dict.fromkeys(
    ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One comparison. ``ratio`` is how many times longer the peer took.

    Args:
        area: part of makerscope.
        what: the work, with its size.
        ours_s: seconds.
        peer: name and version of the peer.
        peer_s: seconds.
        ours_mb: peak resident memory of our process with the data, MB; None if not measured.
        peer_mb: the same of the peer.
        target: the ratio wanted, None if none was set.
    """

    area: str
    what: str
    ours_s: float
    peer: str
    peer_s: float
    ours_mb: float | None = None
    peer_mb: float | None = None
    target: float | None = None

    @property
    def ratio(self) -> float:
        """Seconds of the peer over ours."""
        return self.peer_s / self.ours_s


def pin(core: int = -1) -> None:
    """Keep this process on one core: the last one it may use, or ``core``."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core if core >= 0 else max(os.sched_getaffinity(0))})


def best_of(
    repeats: int, work: Callable[[], Any], *, clock: Callable[[], float] = time.perf_counter
) -> tuple[float, Any]:
    """The shortest time of some runs, in seconds, and the last answer. Wall time, unless ``clock`` says otherwise."""
    best, answer = float("inf"), None
    for _ in range(repeats):
        start = clock()
        answer = work()
        best = min(best, clock() - start)
    return best, answer


def peak_mb() -> float:
    """Peak resident memory of this process, MB of 10^6 bytes. Where the kernel tells it, of this program alone:
    ``ru_maxrss`` starts at what the parent held when it forked."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def alone(module: str, *arguments: str) -> dict[str, Any]:
    """Run ``python -m module arguments`` with one thread; its last line of output is JSON."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, **ONE_THREAD},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{module} {' '.join(arguments)} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def named(package: str) -> str:
    """A package with its installed version."""
    return f"{package} {version(package)}"


def machine() -> dict[str, Any]:
    """The processor, its cores, and the versions that decide a benchmark."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": models[0] if models else "unknown",
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "python": sys.version.split()[0],
        "versions": {name: version(name) for name in ("numba", "numpy", "polars", "pyarrow", "duckdb", "pandas")},
    }
