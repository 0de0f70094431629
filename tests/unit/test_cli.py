"""The command line as a user meets it: one clear line and exit code 2 for bad input, whole files or none."""

import gzip
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from makerscope.cli import main
from makerscope.cli import scenarios as cli_scenarios
from makerscope.tape.demo import write_demo
from makerscope.tape.read import Tape
from tests.tapes import fills, quotes, write_tape

TRADES = (
    "timestamp,price,size,side,trade_id,exchange_timestamp\n1756707630.769302,107946.0,0.04631,buy,10,1756707628699\n"
)


def run(*arguments, capsys):
    """Run the command line: exit code, stdout, stderr."""
    with pytest.raises(SystemExit) as stopped:
        main([str(part) for part in arguments])
    out = capsys.readouterr()
    return stopped.value.code, out.out, out.err


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo") / "tape", seed=3, hours=0.25)


def write(path: Path, data: str | bytes) -> Path:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("missing.csv", None, "does not exist"),
        ("empty.csv", b"", "is empty"),
        ("binary.csv", bytes(range(256)) * 8, "no recording that is known"),
        ("other.csv", b"a,b,c\n1,2,3\n", "no recording that is known"),
        ("btc_trades.csv.gz", gzip.compress(TRADES.encode() * 50)[:-20], "damaged or cut off"),
        ("btc_trades.csv.gz", b"\x1f\x8b garbage that is no gzip", "damaged or cut off"),
        ("btc_trades.csv", TRADES.split("\n", maxsplit=1)[0] + "\n", ""),
        ("btc_trades.csv", TRADES.replace("107946.0", "NaN"), ""),
        ("btc_trades.csv", TRADES.replace("0.04631", "-1"), ""),
    ],
)
def test_a_bad_recording_is_one_line_and_leaves_nothing(tmp_path, capsys, name, data, said):
    path = tmp_path / name
    if data is not None:
        write(path, data)
    before = sorted(tmp_path.iterdir())
    code, out, err = run("import", "auto", path, "--out", tmp_path / "tape", capsys=capsys)
    assert code == 2
    assert err.startswith("makerscope: ")
    assert err.count("\n") == 1
    assert said in err
    assert "want" in err
    assert out == ""
    assert sorted(tmp_path.iterdir()) == before


def test_a_recording_of_another_venue_is_named(tmp_path, capsys):
    path = write(tmp_path / "btc_trades.csv", TRADES)
    code, _, err = run("import", "binance", path, "--out", tmp_path / "tape", capsys=capsys)
    assert code == 2
    assert "is a recording of hyperliquid" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("import", "nowhere", "x.csv", "--out", "t"), "venue 'nowhere': is not known"),
        (("import", "own", "x.csv", "--out", "t"), "--map FILE.toml"),
        (("import", "auto", "--out", "t"), "no file was given"),
        (("report",), "no path was given"),
        (("report", "nothing-here"), "does not exist"),
        (("tape", "info", "nothing-here"), "not a tape"),
        (("tape", "check", "nothing-here"), "not a tape"),
        (("compare", "nothing-here"), "one path was given"),
        (("frobnicate",), "frobnicate"),
        (("report", "x", "--colour", "red"), "--colour"),
    ],
)
def test_bad_arguments_are_one_line(tmp_path, monkeypatch, capsys, arguments, said):
    monkeypatch.chdir(tmp_path)
    code, _, err = run(*arguments, capsys=capsys)
    assert code == 2
    assert err.count("\n") == 1
    assert said in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--maker", "nobody"), "has no fills as a maker"),
        (("--instrument", "DOGE"), "is not on this tape"),
        (("--since", "yesterday"), "is no moment"),
        (("--since", "1970-01-02", "--until", "1970-01-03"), "holds no event"),
        (("--horizons", "1s,fast"), "is no length of time"),
        (("--horizons", "0s"), "is out of range"),
        (("--makers", "0"), "at least 1"),
    ],
)
def test_bad_options_of_a_report_are_one_line_and_write_nothing(demo, tmp_path, capsys, options, said):
    code, _, err = run("report", demo, "--html", tmp_path / "r.html", *options, capsys=capsys)
    assert code == 2
    assert err.count("\n") == 1
    assert said in err
    assert list(tmp_path.iterdir()) == []


def test_a_report_writes_one_html_file_and_one_scorecard(demo, tmp_path, capsys):
    code, out, _ = run("report", demo, "--html", tmp_path / "r.html", "--json", tmp_path / "r.json", capsys=capsys)
    assert code == 0
    assert "What needs action" in out
    assert str(tmp_path / "r.html") in out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.html", "r.json"]
    card = json.loads((tmp_path / "r.json").read_bytes())
    assert card["schema"] == "makerscope.scorecard/1"
    assert len(card["makers"]) == card["makers_in_all"] >= 5


def test_the_same_tape_gives_the_same_report_byte_for_byte(demo, tmp_path, capsys):
    for name in "ab":
        run("report", demo, "--html", tmp_path / f"{name}.html", "--json", tmp_path / f"{name}.json", capsys=capsys)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_one_maker_and_one_market_can_be_asked_for(demo, tmp_path, capsys):
    target = tmp_path / "r.json"
    run(
        "report",
        demo,
        "--maker",
        "swift",
        "--instrument",
        "demo:BTC",
        "--html",
        tmp_path / "r.html",
        "--json",
        target,
        capsys=capsys,
    )
    card = json.loads(target.read_bytes())
    assert [maker["maker"] for maker in card["makers"]] == ["swift"]
    assert [item["instrument"] for item in card["instruments"]] == ["demo:BTC"]


def test_two_makers_and_two_periods_can_be_compared(demo, tmp_path, capsys):
    code, out, _ = run(
        "compare", demo, "--maker", "swift", "--maker", "sluggish", "-o", tmp_path / "m.html", capsys=capsys
    )
    assert code == 0
    assert "swift against sluggish" in out
    span = Tape.open(demo).span
    assert span is not None
    half = sum(span) // 2_000_000_000
    code, out, _ = run("compare", demo, "--split", half, "-o", tmp_path / "p.html", capsys=capsys)
    assert code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.html", "p.html"]


def test_a_target_that_cannot_be_written_is_one_line(demo, tmp_path, capsys):
    write(tmp_path / "file", "not a folder")
    code, _, err = run("report", demo, "--html", tmp_path / "file" / "r.html", capsys=capsys)
    assert code == 2
    assert "cannot be written" in err
    assert err.count("\n") == 1


def test_no_permission_to_write_a_tape_is_one_line(tmp_path, capsys):
    path = write(tmp_path / "btc_trades.csv", TRADES)
    locked = write(tmp_path / "locked", "a file where a folder is wanted")
    code, _, err = run("import", "auto", path, "--out", locked / "tape", capsys=capsys)
    assert code == 2
    assert "cannot write here" in err
    assert err.count("\n") == 1


def test_a_recording_that_cannot_be_trusted_is_refused_and_shown_only_by_force(tmp_path, capsys):
    n = 200
    tape = write_tape(
        tmp_path / "tape",
        fills=fills(list(range(n)), side=[1] * n, price=[1000 + i % 7 for i in range(n)]),
        quotes=quotes(list(range(n)), [1000 + i % 7 for i in range(n)], [999 + i % 7 for i in range(n)]),
    )
    code, _, err = run("report", tape.path, "--html", tmp_path / "r.html", capsys=capsys)
    assert code == 2
    assert "not usable" in err
    assert "--force" in err
    assert not (tmp_path / "r.html").exists()
    code, out, _ = run("report", tape.path, "--html", tmp_path / "r.html", "--force", capsys=capsys)
    assert code == 0
    text = (tmp_path / "r.html").read_text()
    assert text.count("Forced: this recording failed the quality gate") >= text.count("<section") / 20
    assert "Forced" in out


def test_tape_commands_show_and_check_and_find_damage(demo, tmp_path, capsys):
    tape = write_tape(tmp_path / "tape", fills=fills([1, 2]))
    assert run("tape", "info", tape.path, capsys=capsys)[0] == 0
    code, out, _ = run("tape", "head", tape.path, "fills", "-n", "1", capsys=capsys)
    assert code == 0
    assert "maker" in out
    code, out, _ = run("tape", "check", tape.path, capsys=capsys)
    assert (code, "all is well" in out) == (0, True)
    damaged = next((tape.path / "fills").rglob("*.parquet"))
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    code, out, _ = run("tape", "check", tape.path, capsys=capsys)
    assert code == 1
    assert "fills" in out


def test_help_does_not_wait_for_tables_or_compilers():
    code = "import sys\nfrom makerscope.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
    code += "print(sorted({'polars', 'numba', 'pyarrow', 'numpy', 'scipy'} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert out.stdout.splitlines()[-1] == "[]"


def test_help_of_each_command_says_what_it_does(capsys):
    for command in (("report",), ("import",), ("compare",), ("demo",), ("tape", "check"), ("tape", "join")):
        code, out, _ = run(*command, "--help", capsys=capsys)
        assert code == 0
        assert "Usage" in out


def test_demo_builds_measures_and_names_its_report(tmp_path, capsys):
    started = time.monotonic()
    code, out, _ = run("demo", "--out", tmp_path / "demo", capsys=capsys)
    assert code == 0
    assert str(tmp_path / "demo" / "report.html") in out
    assert (tmp_path / "demo" / "report.html").stat().st_size < 1_000_000
    assert time.monotonic() - started < 300


def test_an_interruption_is_one_line(monkeypatch, capsys):
    def interrupted(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli_scenarios, "overview", interrupted)
    code, _, error = run("scenarios", capsys=capsys)
    assert (code, error) == (130, "makerscope: interrupted; nothing was half-written\n")
