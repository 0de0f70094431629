"""The commands score and programs: what they print and write, and what they refuse."""

import json

import pytest

from makerscope.cli import main
from makerscope.programs.program_file import open_parameters, preset_names, read_program
from makerscope.programs.scores import POOL
from makerscope.tape.read import Tape
from tests.tapes import quotes, write_tape
from tests.unit.test_scoring import FLAT, TWO, tape_of

QUOTED = [(t, 9995, 10005) for t in range(0, 100, 3)]
SEED = "0x" + "ab" * 32


@pytest.fixture
def tape(tmp_path):
    tape_of(tmp_path, TWO, QUOTED)
    return tmp_path / "tape"


@pytest.fixture
def flat(tmp_path):
    path = tmp_path / "flat.toml"
    path.write_text(FLAT)
    return path


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main([str(part) for part in arguments])
    out = capsys.readouterr()
    return stopped.value.code, out.out, out.err


def test_scores_are_printed_and_whole_numbers_are_text_in_json(tape, flat, tmp_path, capsys):
    code, out, _ = run(capsys, "score", tape, "--program", flat, "--json", tmp_path / "s.json", "--budget", "90.5")
    assert code == 0
    assert "40.0%" in out
    told = json.loads((tmp_path / "s.json").read_text())
    points = told["points"]
    assert all(isinstance(own, str) for own in points.values())
    assert POOL - 2 <= sum(map(int, points.values())) <= POOL
    assert told["standings"][0]["component"]["quality"].isdigit()
    assert told["budget"] == {"amount": "905", "decimals": "1"}


def test_a_seed_may_be_hex_or_a_file_and_decides_a_sampled_score(tape, tmp_path, capsys):
    sampled = tmp_path / "sampled.toml"
    sampled.write_text(FLAT + '[sampling]\nmode = "independent"\nsamples = 20\n')
    as_text, as_bytes = tmp_path / "seed.txt", tmp_path / "seed.bin"
    as_text.write_text(SEED + "\n")
    as_bytes.write_bytes(bytes.fromhex("ab" * 32))
    found = []
    for seed in (SEED, as_text, as_bytes):
        code, out, _ = run(capsys, "score", tape, "--program", sampled, "--seed", seed, "--json", tmp_path / "s.json")
        assert code == 0
        assert SEED in out
        found.append(json.loads((tmp_path / "s.json").read_text()))
    assert found[0] == found[1] == found[2]
    assert found[0]["seed"] == SEED


def test_one_maker_is_told_what_would_have_raised_its_score_and_each_order_at_a_moment(tape, flat, tmp_path, capsys):
    code, out, _ = run(
        capsys, "score", tape, "--program", flat, "--maker", "a", "--at", "1700000010", "--budget", "1000",
        "--out", tmp_path / "s.html",
    )  # fmt: skip
    assert code == 0
    assert "What would have raised the score of a" in out
    assert "every size +10 %" in out
    assert "counts" in out
    page = (tmp_path / "s.html").read_text()
    assert "Liquidity bought" in page
    assert "<script src" not in page


def test_every_program_is_ranked_or_left_out_with_its_reason(tape, tmp_path, capsys):
    code, out, _ = run(capsys, "score", tape, "--all", "--json", tmp_path / "a.json", "--out", tmp_path / "a.html")
    assert code == 0
    told = json.loads((tmp_path / "a.json").read_text())
    assert set(told["programs"]) | set(told["left_out"]) == set(preset_names())
    flat = " ".join(out.split())
    assert all(name in flat for name in told["left_out"])


def test_a_rule_that_looks_back_takes_the_bundle_of_the_epoch_before_and_no_other_s(tape, tmp_path, capsys):
    looks_back, other = tmp_path / "memory.toml", tmp_path / "other.toml"
    looks_back.write_text(FLAT + '[group.hysteresis]\nkind = "ema"\nweight = 0.5\n')
    other.write_text(FLAT.replace('name = "mine"', 'name = "other"'))
    (tmp_path / "accounts.csv").write_text(f"name,address\na,0x{'11' * 20}\nb,0x{'22' * 20}\n")
    for rule, folder in ((looks_back, "one"), (other, "two")):
        code, _, err = run(
            capsys, "rewards", "compute", tape, "--program", rule, "--epoch", 1, "--budget", 10, "--decimals", 6,
            "--until", "1700000040", "--addresses", tmp_path / "accounts.csv", "--out", tmp_path / folder,
        )  # fmt: skip
        assert code == 0, err
    found = {}
    for name, more in (("alone", []), ("after", ["--previous", tmp_path / "one" / "epoch-1"])):
        code, _, _ = run(
            capsys,
            "score",
            tape,
            "--program",
            looks_back,
            "--since",
            "1700000040",
            "--json",
            tmp_path / "s.json",
            *more,
        )
        assert code == 0
        found[name] = json.loads((tmp_path / "s.json").read_text())["points"]
    assert int(found["after"]["b"]) > int(found["alone"]["b"])
    code, _, err = run(capsys, "score", tape, "--program", looks_back, "--previous", tmp_path / "two" / "epoch-1")
    assert code == 2
    assert "an epoch of 'other'" in err


def test_parameters_of_a_file_are_taken_and_empty_ones_stay_open(tape, tmp_path, capsys):
    code, out, _ = run(capsys, "programs", "--open")
    assert code == 0
    blank, given = tmp_path / "blank.toml", tmp_path / "given.toml"
    blank.write_text(out)
    given.write_text('[mifid_rts8]\nmax_width = "20 bps"\n[kalshi]\ndiscount = 0.9\n')
    for file, served in ((blank, False), (given, True)):
        code, _, _ = run(capsys, "score", tape, "--all", "--parameters", file, "--json", tmp_path / "a.json")
        assert code == 0
        told = json.loads((tmp_path / "a.json").read_text())
        assert ("mifid_rts8" in told["programs"]) == served
        assert "target_size" in told["left_out"]["kalshi"]
    assert told["programs"]["mifid_rts8"]["assumed"] == {"max_width": "20 bps"}
    assert told["programs"]["mifid_rts8"]["findings"][0].startswith("parameters: assumed")
    code, out, _ = run(capsys, "score", tape, "--program", "mifid_rts8", "--parameters", given)
    assert code == 0
    assert "parameters: assumed" in out


@pytest.mark.parametrize("text", ["mifid_rts8 = 3", "[mifid_rts8]\nmax_width = [1]", "[nobody]\nx = 1", "[a"])
def test_a_wrong_file_of_parameters_is_one_line(tape, tmp_path, capsys, text):
    (tmp_path / "wrong.toml").write_text(text)
    code, _, err = run(capsys, "score", tape, "--all", "--parameters", tmp_path / "wrong.toml")
    assert code == 2
    assert err.count("\n") == 1


def test_the_shipped_programs_are_listed_and_printed_as_toml_that_can_be_read(capsys):
    code, out, _ = run(capsys, "programs")
    assert code == 0
    assert all(name in out for name in preset_names())
    for name in preset_names():
        code, out, _ = run(capsys, "programs", name)
        assert code == 0
        if not open_parameters(name):
            assert read_program(out).name == name


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "one program, or all of them"),
        (["--program", "dydx_v3", "--all"], "one program, or all of them"),
        (["--program", "nothing"], "there is no program 'nothing'"),
        (["--program", "dydx_v3", "--set", "x"], "KEY=VALUE"),
        (["--program", "dydx_v3", "--set", "speed=3"], "no such parameter"),
        (["--program", "dydx_v3", "--seed", "0x12"], "--seed"),
        (["--program", "dydx_v3", "--at", "1700000010"], "--maker"),
        (["--program", "dydx_v3", "--maker", "nobody"], "one of a, b"),
        (["--program", "dydx_v3", "--budget", "-5"], "--budget"),
        (["--program", "dydx_v3", "--budget", "1", "--decimals", "99"], "--decimals"),
        (["--program", "dydx_v3", "--since", "1800000000"], "holds no event"),
        (["--program", "makerscope_options"], "matches no instrument"),
        (["--all", "--maker", "a"], "--program NAME"),
        (["--all", "--set", "gate=this"], "PROGRAM.KEY=VALUE"),
    ],
)
def test_what_cannot_be_scored_is_one_line_and_exit_code_2(tape, capsys, options, said):
    code, _, err = run(capsys, "score", tape, *options)
    assert code == 2
    assert said in err
    assert err.count("\n") == 1


def test_a_tape_without_resting_orders_is_refused_and_the_table_named(tmp_path, capsys):
    write_tape(tmp_path / "bare", quotes=quotes([0], [1], [2]))
    assert not Tape.open(tmp_path / "bare").has("orders")
    code, _, err = run(capsys, "score", tmp_path / "bare", "--program", "dydx_v3")
    assert code == 2
    assert "table 'orders'" in err


def test_help_and_the_list_of_programs_do_not_wait_for_tables(capsys):
    import subprocess
    import sys

    heavy = "import sys; import makerscope.cli.programs; sys.exit('polars' in sys.modules or 'numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", heavy], check=False).returncode == 0
