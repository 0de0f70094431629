"""The folder of a sweep: one file a finished run, named by what identifies it, put in its place whole.

So a sweep may end at any moment, by ctrl-C or by a power switch, and goes on later without losing or repeating a run.
"""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path

import msgspec

import makerscope
from makerscope.errors import InputError, OutputError
from makerscope.lab.outcome import Outcome
from makerscope.sim.scenario import Scenario
from makerscope.tape.output import write_whole

SWEEP, RUNS, LOCK = "sweep.json", "runs", ".lock"
CODE = ("agents", "kernels", "lab", "market", "sim")  # folders whose text decides what a run is


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """Whose folder it is: the scenario all its runs vary."""

    scenario: str
    title: str


def code_hash() -> str:
    """A hash of all that decides what a run is: a run of another version is another run."""
    out = hashlib.sha256(makerscope.__version__.encode())
    root = Path(str(resources.files("makerscope")))
    for folder in CODE:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in {".py", ".toml"}:
                out.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return out.hexdigest()


def scenario_hash(scenario: Scenario) -> str:
    """What a scenario is: its keys, and the files of its agents."""
    out = hashlib.sha256(msgspec.json.encode(scenario, order="sorted"))
    for agent in scenario.agent:
        if agent.file is not None and Path(agent.file).is_file():
            out.update(hashlib.sha256(Path(agent.file).read_bytes()).digest())
    return out.hexdigest()


def run_key(code: str, scenario: str, seed: int) -> str:
    """What identifies a run."""
    return hashlib.sha256(f"{code} {scenario} {seed}".encode()).hexdigest()[:32]


@contextmanager
def opened(folder: Path, scenario: Scenario) -> Iterator[Path]:
    """A folder for a sweep of a scenario, ours alone while it is open; gives the folder of runs.

    Raises:
        InputError: it belongs to another sweep, is something else, or another process is at work in it.
        OutputError: it cannot be written.
    """
    sweep = Sweep(scenario=scenario_hash(scenario), title=scenario.title)
    _check(folder, sweep)
    try:
        (folder / RUNS).mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK).open("w")
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror}); want a folder") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError(
                f"--out {folder}", "another sweep is at work in it", "its end, or another folder"
            ) from error
        _check(folder, sweep)
        if not (folder / SWEEP).exists():
            write_whole(folder / SWEEP, msgspec.json.format(msgspec.json.encode(sweep)) + b"\n")
        for draft in (folder / RUNS).glob(".*.partial-*"):  # of runs that were cut off
            draft.unlink(missing_ok=True)
        yield folder / RUNS


def _check(folder: Path, sweep: Sweep) -> None:
    """Refuse a folder that holds something else."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InputError(f"--out {folder}", "is a file", "a folder")
    if not (folder / SWEEP).exists():
        if any(path.name not in {LOCK, RUNS} for path in folder.iterdir()):
            raise InputError(f"--out {folder}", "holds something else than a sweep", "a new or empty folder")
        return
    try:
        found = msgspec.json.decode((folder / SWEEP).read_bytes(), type=Sweep)
    except (msgspec.DecodeError, OSError) as error:
        raise InputError(f"--out {folder}", f"{SWEEP} cannot be read", "a new or empty folder") from error
    if found.scenario != sweep.scenario:
        raise InputError(
            f"--out {folder}", f"belongs to a sweep of {found.title!r} as it was then", "another folder for this one"
        )


def kept(runs: Path, key: str) -> Outcome | None:
    """A finished run; None where it is not finished, or its file cannot be read."""
    with suppress(OSError, msgspec.DecodeError):
        found = msgspec.json.decode((runs / f"{key}.json").read_bytes(), type=Outcome)
        if found.key == key:
            return found
    return None


def keep(runs: Path, outcome: Outcome) -> None:
    """Put a finished run in its place, whole."""
    write_whole(runs / f"{outcome.key}.json", msgspec.json.encode(outcome))
