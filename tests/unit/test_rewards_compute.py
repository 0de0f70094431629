"""``rewards seed | compute | sign`` and ``verify`` as somebody uses them."""

import json
import shutil

import pytest

from makerscope.cli import main
from makerscope.programs.sampling import commitment
from makerscope.rewards import keys
from makerscope.rewards.bundle import BUNDLE, read_bundle
from makerscope.rewards.canonical import canonical
from tests.epochs import ADDRESSES, CONTRACT, PROGRAM, PUBLISHER, TOKEN, write_tape
from tests.tapes import fills
from tests.tapes import write_tape as plain


class Shell:
    """Exit code, stdout and stderr of a command; ``bad`` insists on one line and exit code 2."""

    def __init__(self, capsys):
        self.capsys = capsys

    def run(self, *arguments):
        with pytest.raises(SystemExit) as stopped:
            main([str(part) for part in arguments])
        out = self.capsys.readouterr()
        return stopped.value.code, out.out, out.err

    def good(self, *arguments):
        code, out, err = self.run(*arguments)
        assert (code, err) == (0, ""), err
        return out

    def bad(self, *arguments):
        code, out, err = self.run(*arguments)
        assert (code, out) == (2, ""), (code, out, err)
        assert err.startswith("makerscope: ")
        assert err.count("\n") == 1
        return err


@pytest.fixture
def shell(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in (keys.KEY, keys.KEYSTORE, keys.PASSWORD, "MAKERSCOPE_RPC"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "rule.toml").write_text(PROGRAM)
    lines = [f"{name},{address}" for name, address in ADDRESSES.items()]
    (tmp_path / "addresses.csv").write_text("\n".join(["name,address", *lines]))
    (tmp_path / "exclude.csv").write_text(f"account,reason\n{ADDRESSES['flicker']},decision 12\n")
    return Shell(capsys)


@pytest.fixture(scope="module")
def tape(tmp_path_factory):
    return write_tape(tmp_path_factory.mktemp("tape"))


COMPUTE = {
    "--program": "rule.toml", "--decimals": "6", "--epoch": "3", "--addresses": "addresses.csv", "--budget": "1000",
}  # fmt: skip
FULL = {
    "--budget": "1_000_000", "--exclude": "exclude.csv", "--token": TOKEN, "--chain-id": "31337",
    "--contract": CONTRACT, "--cap-share": "60%", "--floor": "1", "--seed-file": "seed",
}  # fmt: skip


def asked(tape, changes=None):
    """The arguments of ``rewards compute``."""
    pairs = COMPUTE | (changes or {})
    return ("rewards", "compute", tape, *(part for pair in pairs.items() for part in pair))


def test_from_a_seed_to_a_bundle_that_verifies(shell, tape, tmp_path, monkeypatch):
    published = shell.good("rewards", "seed", "seed").strip()
    assert (tmp_path / "seed").stat().st_mode & 0o777 == 0o600
    out = shell.good(*asked(tape, FULL | {"--commitment": published}))
    bundle = read_bundle(tmp_path / "epochs" / "epoch-3")
    assert bundle.budget == str(10**12)
    assert bundle.seed_commitment == published == commitment(bytes.fromhex(bundle.seed[2:]))
    assert "excluded: flicker (list): decision 12" in out
    assert str(bundle.root) in out
    monkeypatch.setenv(keys.KEY, PUBLISHER.key.hex())
    signed = shell.good("rewards", "sign", "epochs/epoch-3", "--eas", "0xA1207F3BBa224E2c9c3c6D5aF63D0eb1582Ce587")
    assert PUBLISHER.address in signed
    assert PUBLISHER.key.hex() not in signed
    evidence = ("--tape", tape, "--signer", PUBLISHER.address, "--commitment", published)
    said = shell.good("verify", "epochs/epoch-3", *evidence)
    assert said.splitlines()[-1] == "nothing differs; 1 step not taken, see above"
    found = json.loads(shell.good("verify", "epochs/epoch-3", *evidence, "--json"))
    assert found["equal"] is True
    assert {row["status"] for row in found["steps"] if row["step"] != "chain"} == {"ok"}
    assert "is there, by" in shell.bad("rewards", "sign", "epochs/epoch-3")
    shell.good("rewards", "sign", "epochs/epoch-3", "--again")
    assert "is signed" in shell.bad(*asked(tape, FULL))


def test_a_second_epoch_carries_the_remainder_of_the_first(shell, tape, tmp_path, monkeypatch):
    middle = "2026-01-05T12:33"
    shell.good(*asked(tape, {"--until": middle, "--cap": "10", "--above-cap": "carry"}))
    first = read_bundle(tmp_path / "epochs" / "epoch-3")
    more = {"--previous": "epochs/epoch-3", "--epoch": "4"}
    second = json.loads(shell.good(*asked(tape, more | {"--since": middle}), "--json"))
    assert int(second["budget"]) == 1_000_000_000 + int(first.remainder)
    said = shell.good("verify", "epochs/epoch-4", "--tape", tape, "--previous", "epochs/epoch-3")
    assert "nothing differs" in said
    assert "the same time would be paid twice" in shell.bad(*asked(tape, more))
    monkeypatch.setenv(keys.KEY, PUBLISHER.key.hex())
    shell.good("rewards", "sign", "epochs/epoch-3")
    path = tmp_path / "epochs" / "epoch-3" / BUNDLE
    more_left = json.loads(path.read_bytes()) | {"remainder": str(10**9)}
    path.write_bytes(canonical(more_left))
    assert "is not what was signed" in shell.bad(*asked(tape, more | {"--since": middle}))


def test_a_tampered_bundle_is_named_with_exit_code_1(shell, tape, tmp_path):
    shell.good(*asked(tape))
    path = tmp_path / "epochs" / "epoch-3" / BUNDLE
    document = json.loads(path.read_bytes())
    document["amounts"][0]["amount"] = str(int(document["amounts"][0]["amount"]) + 1)
    path.write_bytes(canonical(document))
    code, out, err = shell.run("verify", "epochs/epoch-3", "--tape", tape)
    assert (code, err) == (1, "")
    account = document["amounts"][0]["account"]
    assert out.splitlines()[-1].startswith(f"first difference: amounts[0] ({account}).amount: says ")


def test_a_tampered_tape_is_named_with_exit_code_1(shell, tape, tmp_path):
    shell.good(*asked(tape))
    copy = shutil.copytree(tape, tmp_path / "copy")
    path = next(iter(sorted(copy.glob("orders/*/*.parquet"))))
    data = bytearray(path.read_bytes())
    data[1000] ^= 4
    path.write_bytes(data)
    code, out, _ = shell.run("verify", "epochs/epoch-3", "--tape", copy)
    assert code == 1
    assert "is not as it was written: tape orders/" in shell.bad(*asked(copy, {"--epoch": "4"}))
    assert f"first difference: tape {path.relative_to(copy).as_posix()}: says " in out


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"--budget": "0"}, "--budget: is 0"),
        ({"--budget": "-5"}, "'-5' is no amount"),
        ({"--budget": "1e90"}, "is too large"),
        ({"--budget": "0.0000001"}, "is too fine"),
        ({"--decimals": "99"}, "--decimals: is 99"),
        ({"--epoch": "-1"}, "epoch: amount is -1"),
        ({"--program": "nothing"}, "there is no program"),
        ({"--program": "absent.toml"}, "cannot be read"),
        ({"--addresses": "absent.csv"}, "cannot be read"),
        ({"--exclude": "addresses.csv"}, "is not the header"),
        ({"--token": "0x12"}, "--token: address is"),
        ({"--contract": CONTRACT}, "only one of chain and contract"),
        ({"--cap-share": "140%"}, "cap_share: is 7/5"),
        ({"--cap-share": "x"}, "--cap-share: is 'x'"),
        ({"--cap": "1", "--floor": "2"}, "below the floor"),
        ({"--seed-file": "rule.toml"}, "holds no seed"),
        ({"--commitment": "0x00"}, "there is no seed"),
        ({"--previous": "nowhere"}, "cannot be read"),
        ({"--screens": "addresses.csv"}, "addresses.csv"),
        ({"--since": "2030-01-01"}, "holds no event"),
        ({"--set": "x=1"}, "has no such parameter"),
        ({"--set": "x"}, "KEY=VALUE"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(shell, tape, tmp_path, more, says):
    before = sorted(tmp_path.rglob("*"))
    assert says in shell.bad(*asked(tape, more))
    assert sorted(tmp_path.rglob("*")) == before


def test_a_seed_that_was_not_committed_to_is_refused(shell, tape):
    shell.good("rewards", "seed", "seed")
    other = commitment(bytes(32))
    assert "as published before the epoch" in shell.bad(*asked(tape, {"--seed-file": "seed", "--commitment": other}))
    assert "exists" in shell.bad("rewards", "seed", "seed")


def test_a_maker_without_an_address_and_a_tape_without_orders_are_named(shell, tape, tmp_path):
    (tmp_path / "one.csv").write_text(f"name,address\nswift,{ADDRESSES['swift']}\n")
    assert "points and no address" in shell.bad(*asked(tape, {"--addresses": "one.csv"}))
    empty = plain(tmp_path / "empty", fills=fills([0, 1])).path
    assert "resting orders" in shell.bad(*asked(empty))
    assert "not a tape" in shell.bad(*asked(tmp_path / "x"))


def test_a_bundle_or_evidence_that_is_none_is_exit_code_2(shell, tape, tmp_path):
    assert "cannot be read" in shell.bad("verify", tmp_path)
    shell.good(*asked(tape))
    assert "not a tape" in shell.bad("verify", "epochs/epoch-3", "--tape", tmp_path)
    assert "--signer" in shell.bad("verify", "epochs/epoch-3", "--signer", "0x12")
    assert "--commitment" in shell.bad("verify", "epochs/epoch-3", "--commitment", "0x12")
    assert "there is no key" in shell.bad("rewards", "sign", "epochs/epoch-3")
    path = tmp_path / "epochs" / "epoch-3" / BUNDLE
    path.write_bytes(path.read_bytes() + b"\n")
    assert "is not in canonical form" in shell.bad("verify", "epochs/epoch-3")


def test_screens_from_a_file_decide_who_is_paid(shell, tape, tmp_path):
    (tmp_path / "screens.toml").write_text(
        'min_fills = 1\ncounterparty_ppm = 1\n[consequences]\ncounterparty = "account"\n'
    )
    out = shell.good(*asked(tape, {"--screens": "screens.toml"}))
    assert "root   none: nobody is paid" in out
    assert "nothing differs" in shell.good("verify", "epochs/epoch-3", "--tape", tape)
