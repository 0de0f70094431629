"""Sweeps of the stress lab: the same for any number of processes, interrupted and gone on, and refused where wrong."""

import json
import signal
import subprocess
import sys
import time

import pytest

from makerscope import cli
from makerscope.errors import InputError
from makerscope.lab.overrides import with_keys
from makerscope.lab.results import study_of, write_study
from makerscope.lab.store import opened
from makerscope.lab.sweep import RunFailedError, play_all, runs_of, seeds_of
from makerscope.lab.variants import Variant, crossed, maker_of, played_by, seats_of, variants_in
from tests.stressed import CRASH, scenario

SHORT = (
    (b"hours = 0.06", b"hours = 0.02"),
    (b"after_minutes = 1.5", b"after_minutes = 0.4"),
    (b"over_minutes = 1", b"over_minutes = 0.3"),
)
TWO = [Variant(name="as-is"), Variant(name="wide", changes={"maker.size": 40})]
FILES = (
    "stress.json",
    "stress.html",
    "runs.parquet",
    "makers.parquet",
    "payments.parquet",
    "paths.parquet",
    "events.parquet",
)


def short():
    return scenario(CRASH, *SHORT)


def swept(folder, jobs, seeds=(1, 2, 3)):
    runs = runs_of(short(), TWO, seeds)
    with opened(folder, short()) as kept:
        outcomes = play_all(runs, kept, jobs=jobs)
        write_study(study_of(short(), TWO, seeds, outcomes), outcomes, folder, [item.name for item in TWO])
    return {name: (folder / name).read_bytes() for name in FILES}


def command(*arguments):
    """A command that ends well."""
    with pytest.raises(SystemExit) as stopped:
        cli.main([*arguments])
    assert stopped.value.code == 0


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    return swept(tmp_path_factory.mktemp("sweep") / "one", 1)


@pytest.mark.parametrize("jobs", [2, 4])
def test_results_are_the_same_bytes_on_any_number_of_processes(alone, tmp_path, jobs):
    assert swept(tmp_path / "many", jobs) == alone


def test_a_sweep_that_is_killed_goes_on_without_repeating_or_losing_a_run(alone, tmp_path):
    """Killed with -9 while at work; files of runs that were there keep their times of writing."""
    file, out = tmp_path / "short.toml", tmp_path / "out"
    text = CRASH
    for old, new in SHORT:
        text = text.replace(old, new)
    file.write_bytes(text)
    words = [
        sys.executable,
        "-m",
        "makerscope",
        "stress",
        str(file),
        "--seeds",
        "12",
        "--makers",
        "as-is",
        "--jobs",
        "1",
        "--out",
        str(out),
    ]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(list((out / "runs").glob("*.json"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {path: path.stat().st_mtime_ns for path in (out / "runs").glob("*.json")}
    assert 3 <= len(before) < 12
    (out / "runs" / ".torn.json.partial-1").write_text("{")
    torn = next(iter(before))
    torn.write_text(torn.read_text()[:100])
    command(*words[3:])
    after = {path: path.stat().st_mtime_ns for path in (out / "runs").iterdir()}
    assert len(after) == 12
    assert all(after[path] == time for path, time in before.items() if path != torn)
    assert after[torn] != before[torn]
    whole = json.loads((out / "stress.json").read_bytes())
    assert whole["seeds"] == list(range(1, 13))
    assert whole["variants"][0]["measures"]["pnl"]["n"] == 12


def test_one_folder_is_for_one_sweep_at_a_time_and_one_scenario(tmp_path):
    with opened(tmp_path / "out", short()):
        with pytest.raises(InputError, match="another sweep is at work in it"):
            opened(tmp_path / "out", short()).__enter__()
        with pytest.raises(InputError, match="belongs to a sweep of 'A small crash' as it was then"):
            opened(tmp_path / "out", scenario()).__enter__()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("x")
    with pytest.raises(InputError, match="holds something else than a sweep"):
        opened(tmp_path / "other", short()).__enter__()
    assert (tmp_path / "other" / "mine.txt").read_text() == "x"


def test_more_seeds_and_variants_in_the_same_folder_play_only_what_is_new(tmp_path):
    swept(tmp_path / "out", 1, seeds=(1,))
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out" / "runs").iterdir()}
    swept(tmp_path / "out", 1, seeds=(1, 2))
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out" / "runs").iterdir()}
    assert len(after) == 4
    assert {name: after[name] for name in before} == before


def test_a_run_that_fails_in_another_process_says_why(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    runs = runs_of(short(), TWO, [1])
    (tmp_path / "runs").write_text("a file where a folder should be")
    with pytest.raises(RunFailedError, match=r"seed 1: .*cannot be written"):
        play_all(runs, tmp_path / "runs", jobs=2)


def test_the_command_shows_and_writes_what_it_found(tmp_path, capsys):
    file = tmp_path / "crash.toml"
    file.write_bytes(CRASH)
    options = ["--seeds", "2:3", "--story-by", "liquidated_usd", "--jobs", "1", "--out", str(tmp_path / "out")]
    arguments = ["stress", str(file), "--makers", "as-is,symmetric", *options]
    command(*arguments)
    said = capsys.readouterr().out
    assert "symmetric less as-is" in said
    page = (tmp_path / "out" / "stress.html").read_text()
    assert "Who paid whom" in page
    assert "The largest cascade begins" in page
    assert "First liquidation: 0." in page
    assert "The shock: in 18 s the reference price goes from" in page
    whole = json.loads((tmp_path / "out" / "stress.json").read_bytes())
    assert [item["name"] for item in whole["variants"]] == ["as-is", "symmetric"]
    assert whole["variants"][1]["against"]["pnl"]["n"] == 2
    command(*arguments, "--vary", "maker.size=20,40")
    assert len(json.loads((tmp_path / "out" / "stress.json").read_bytes())["variants"]) == 4


def test_sensitivity_moves_every_number_alone(tmp_path, capsys):
    file = tmp_path / "crash.toml"
    text = CRASH
    for old, new in SHORT:
        text = text.replace(old, new)
    file.write_bytes(text)
    options = ["--seeds", "1", "--jobs", "1", "--out", str(tmp_path / "out")]
    command("sensitivity", str(file), "--maker", "symmetric", *options)
    assert "Which number kills first" in capsys.readouterr().out
    found = json.loads((tmp_path / "out" / "stress.json").read_bytes())["sensitivity"]
    levers = {item["name"]: item for item in found["levers"]}
    assert set(levers) >= {"half_bps", "size", "capital_usd", "feed_ms"}
    assert levers["size"]["base"] == {"quoter": 80.0, "other": 60.0}
    assert levers["size"]["up"]["values"] == {"quoter": 100.0, "other": 75.0}
    assert levers["half_bps"]["down"]["values"]["quoter"] == pytest.approx(0.75 * levers["half_bps"]["base"]["quoter"])
    assert "market" not in levers


WRONG = [
    (["--seeds", "0"], "--seeds: is '0', which is no seed at all"),
    (["--seeds", "9:5"], "--seeds: is '9:5', which is no seed at all"),
    (["--seeds", "many"], "--seeds: is 'many'; want a number of seeds such as 100"),
    (["--seeds", "-3"], "--seeds: is '-3'; want a number"),
    (["--jobs", "0"], "--jobs: is 0; want 1 to"),
    (["--makers", "grd"], "--makers: there is no maker 'grd'; want as-is, a TOML file, or one of"),
    (["--makers", "nowhere.toml"], "nowhere.toml: cannot be read"),
    (["--makers", "grid,grid"], "--makers: 'grid' is there twice"),
    (["--makers", ","], "--makers: is ','; want makers by comma"),
    (["--set", "venue.insurance"], "--set: is 'venue.insurance'; want KEY=VALUE"),
    (["--set", "venue.insurence_usd=1"], "--set: venue.insurence_usd: is not known; want insurance_usd?"),
    (["--set", "agent.lnog.capital_usd=1"], "there is no 'lnog'; want long?"),
    (["--set", "episode.9.minutes=1"], "there is no '9'"),
    (["--set", "agent.long=1"], "names all of 'long'"),
    (["--set", "maker.half_bps=0"], "numbers.half_bps: is 0; want 0.01 to 5000"),
    (["--set", "maker.gamma=1"], "numbers.gamma: is not known"),
    (["--set", "chain.policy=fastest"], "chain.policy: is 'fastest'; want one of"),
    (["--set", "stress.crisis=[2, 1]"], "stress.crisis: is [2.0, 1.0]; want two hours within 0 to 0.06"),
    (["--set", 'stress.seats=["nobody"]'], "stress.seats: names 'nobody'; want agents that are there"),
    (["--vary", "maker.half_bps"], "--vary: is 'maker.half_bps'; want KEY=VALUE"),
    (["--vary", "maker.half_bps=3,x"], "numbers.half_bps: is 'x'; want a number"),
    (["--variants", "no.toml"], "no.toml: cannot be read"),
    (["--story-by", "beauty"], "--story-by: is 'beauty'; want one of"),
    (["--hours", "-1"], "--hours: is -1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "line"), WRONG, ids=lambda item: " ".join(item) if isinstance(item, list) else ""
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, capsys, arguments, line):
    file = tmp_path / "crash.toml"
    file.write_bytes(CRASH)
    with pytest.raises(SystemExit) as stopped:
        usual = {"--seeds": "1", "--jobs": "1", "--out": str(tmp_path / "out")} | dict([arguments])
        cli.main(["stress", str(file), *(word for pair in usual.items() for word in pair)])
    error = capsys.readouterr().err
    assert stopped.value.code == 2
    assert line in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_scenario_without_makers_has_no_seats():
    text = CRASH.replace(b'seats = ["quoter", "other"]', b"")
    assert seats_of(scenario(text)) == ("quoter", "other")
    first, last = text.index(b"[[agent]]"), text.index(b'[[agent]]\nkind = "noise"')
    with pytest.raises(InputError, match=r"stress.seats: is empty and no agent is a maker"):
        seats_of(scenario(text[:first] + text[last:]))


def test_a_maker_from_a_file_brings_its_numbers_and_wires(tmp_path):
    (tmp_path / "quick.toml").write_text('kind = "grid"\nfeed_ms = 1\nnumbers = {half_bps = 2, levels = 1}\n')
    found = played_by(scenario(), maker_of(str(tmp_path / "quick.toml"))).agent[0]
    assert (found.kind, found.feed_ms) == ("grid", 1)
    assert found.numbers == {"size": 80, "limit": 4000, "half_bps": 2, "levels": 1}
    (tmp_path / "bad.toml").write_text('kind = "grid"\nfed_ms = 1\n')
    with pytest.raises(InputError, match=r"bad.toml: fed_ms: is not known; want feed_ms\?"):
        maker_of(str(tmp_path / "bad.toml"))


def test_variants_come_from_a_file_too(tmp_path):
    (tmp_path / "v.toml").write_text("""
[[variant]]
name = "slow"
set = {"chain.block_ms" = 2000}
[[variant]]
name = "two"
maker = "symmetric"
[variant.set.venue]
insurance_usd = 5
""")
    found = variants_in(tmp_path / "v.toml")
    assert [item.name for item in found] == ["slow", "two"]
    assert found[1].changes == {"venue.insurance_usd": 5}
    played = played_by(scenario(), found[1])
    assert played.venue.insurance_usd == 5
    assert played.agent[1].kind == "symmetric"


def test_every_combination_of_what_varies_is_a_variant():
    found = crossed([Variant(name="a"), Variant(name="b")], {"x": [1, 2], "y": [3, 4, 5]})
    assert len(found) == 12
    assert found[-1].changes == {"x": 2, "y": 5}


def test_a_key_reaches_entries_by_name_symbol_kind_and_place():
    changes = {
        "agent.long.leverage": 5,
        "underlying.BTC.spot": 70000,
        "episode.1.fall": 0.2,
        "maker.feed_ms": 7,
        "hours": 0.1,
    }
    changed = with_keys(scenario(), changes, ["quoter", "other"], where="--set")
    assert changed.agent[3].numbers["leverage"] == 5
    assert (changed.underlying[0].spot, changed.episode[0].fall, changed.hours) == (70000, 0.2, 0.1)
    assert [item.feed_ms for item in changed.agent[:2]] == [7, 7]
    assert changed.agent[2] == scenario().agent[2]


def test_seeds_are_a_count_or_a_range_with_both_ends():
    assert seeds_of("2") == [1, 2]
    assert seeds_of("7:7") == [7]
