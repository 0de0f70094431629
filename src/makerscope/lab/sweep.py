"""Play every variant with every seed, in as many processes as wanted, and go on where an earlier sweep stopped.

Each process gets a scenario and a seed; what it answers does not depend on how many there are.
"""

import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_all_start_methods, get_context, parent_process
from multiprocessing.context import BaseContext
from pathlib import Path
from threading import Thread

from makerscope.errors import InputError, MakerscopeError
from makerscope.lab.crisis import crisis_of
from makerscope.lab.outcome import Outcome
from makerscope.lab.play import play_run
from makerscope.lab.store import code_hash, keep, kept, run_key, scenario_hash
from makerscope.lab.variants import Variant, played_by, seats_of
from makerscope.sim.build import build
from makerscope.sim.scenario import Scenario

MOST_SEEDS = 1_000_000
ONE_THREAD = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run to play: a variant of a scenario, with a seed. ``tape``: folder of its tape, if wanted."""

    variant: int
    scenario: Scenario
    seed: int
    key: str
    tape: Path | None = None


class RunFailedError(MakerscopeError, RuntimeError):
    """A run of a sweep failed, or its process was killed. What is finished is kept."""


def runs_of(
    scenario: Scenario,
    variants: Sequence[Variant],
    seeds: Sequence[int],
    *,
    where: str = "--set",
    tapes: Path | None = None,
) -> list[Run]:
    """All runs of a sweep: every variant with every seed, seed by seed, so that an early end leaves pairs.

    Raises:
        InputError: a variant asks for what cannot be.
    """
    code = code_hash()
    played = [played_by(scenario, variant, where=where) for variant in variants]
    hashes = [scenario_hash(item) for item in played]
    return [
        Run(
            variant=n,
            scenario=played[n],
            seed=seed,
            key=run_key(code, hashes[n], seed),
            tape=None if tapes is None else tapes / f"{n + 1}-{seed}",
        )
        for seed in seeds
        for n in range(len(variants))
    ]


def play_all(
    runs: Sequence[Run], folder: Path, *, jobs: int, progress: Callable[[float], None] | None = None
) -> list[Outcome]:
    """Outcomes of all runs, in the order of ``runs``; those that ``folder`` holds are not played again.

    Args:
        runs: of ``runs_of``.
        folder: where finished runs are kept, of ``store.opened``.
        jobs: processes; 1 plays in this one.
        progress: called with 1 for each run that is done.

    Raises:
        RunFailedError: a process died.
        MakerscopeError: a run failed; the others that are finished are kept.
        KeyboardInterrupt: after the other processes have been stopped.
    """
    tell = progress or (lambda _done: None)
    todo: dict[str, Run] = {}
    for run in runs:
        if run.key in todo:
            continue
        if run.tape is None and kept(folder, run.key) is not None:
            tell(1)
        else:
            todo[run.key] = run
    if jobs == 1 or len(todo) == 1:
        for run in todo.values():
            finish(run, folder)
            tell(1)
    elif todo:
        _in_processes(list(todo.values()), folder, min(jobs, len(todo)), tell)
    found = {key: kept(folder, key) for key in {run.key for run in runs}}
    missing = [run for run in runs if found[run.key] is None]
    if missing:
        raise RunFailedError(f"run of seed {missing[0].seed} cannot be read back from {folder}; want free space")
    return [outcome for run in runs if (outcome := found[run.key]) is not None]


def finish(run: Run, folder: Path) -> None:
    """Play one run and keep it."""
    keep(folder, play_run(run.scenario, seed=run.seed, key=run.key, tape=run.tape))


def try_to_finish(run: Run, folder: Path) -> str | None:
    """The same in another process: why it failed comes back as words, which cross any border."""
    try:
        finish(run, folder)
    except MakerscopeError as error:
        return f"seed {run.seed}: {error}"
    return None


def rehearse(runs: Sequence[Run]) -> None:
    """Build the world of every variant once: what is wrong with one is said before anything is played.

    What the worlds need is compiled by it, or loaded.

    Raises:
        InputError: a variant asks for what cannot be.
    """
    seen: set[int] = set()
    for run in runs:
        if run.variant not in seen:
            seen.add(run.variant)
            crisis_of(run.scenario)
            seats_of(run.scenario)
            build(run.scenario, seed=run.seed)


def _in_processes(todo: Sequence[Run], folder: Path, jobs: int, tell: Callable[[float], None]) -> None:
    with _one_thread_each():
        pool = ProcessPoolExecutor(jobs, mp_context=_context(), initializer=_begin)
        try:
            waiting = {pool.submit(try_to_finish, run, folder) for run in todo}
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    _insist(future.result())
                    tell(1)
        except BrokenProcessPool as error:
            raise RunFailedError("a process of the sweep was killed; run the same command again to go on") from error
        except BaseException:
            for process in list(getattr(pool, "_processes", {}).values()):
                process.terminate()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _insist(why: str | None) -> None:
    """Nothing, or an error with why a run failed."""
    if why is not None:
        raise RunFailedError(why)


def _context() -> BaseContext:
    """How processes are started: all from one that has loaded this module, or each afresh where that cannot be."""
    if "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _begin() -> None:
    """A new process leaves ctrl-C to the one that started it, and ends when that one is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _one_thread_each():  # noqa: ANN202 - a context
    """Processes that are started now use one thread each: there are as many of them as cores."""
    before = {key: os.environ.get(key) for key in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


def seeds_of(text: str) -> list[int]:
    """Seeds of ``--seeds``: a count (from 1 on) or a range with both ends, ``5:25``.

    Raises:
        InputError: it is neither, or empty.

    Examples:
        >>> seeds_of("3"), seeds_of("5:7")
        ([1, 2, 3], [5, 6, 7])
    """
    first, sign, last = text.strip().partition(":")
    numbers = [first, last] if sign else [first]
    want = "a number of seeds such as 100, or a range such as 5:25"
    if not all(part.isascii() and part.isdecimal() for part in numbers) or int(numbers[-1]) >= 1 << 63:
        raise InputError("--seeds", f"is {text!r}", want)
    found = range(int(first), int(last) + 1) if sign else range(1, int(first) + 1)
    if not found:
        raise InputError("--seeds", f"is {text!r}, which is no seed at all", want)
    if len(found) > MOST_SEEDS:
        raise InputError("--seeds", f"is {text!r}, which is {len(found)} seeds", f"at most {MOST_SEEDS}")
    return list(found)
