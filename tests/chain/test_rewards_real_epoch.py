"""A tape scored, settled and paid on a chain: a lie about it falls, the truth is paid, a second party verifies all."""

import io

import msgspec
import polars as pl
import pytest

from makerscope.rewards.bundle import SAMPLES, bundle_hash, file_hash, write_bundle
from makerscope.rewards.epoch_samples import samples_part
from makerscope.rewards.merkle import claims_tree
from makerscope.rewards.tables import files_of
from makerscope.rewards.verify import case_of, verify
from tests.anvil import address_of, ask, later
from tests.chain.conftest import WINDOW
from tests.chain.shell import HERE
from tests.epochs import settled, write_tape


@pytest.fixture(scope="module")
def tape(tmp_path_factory):
    return write_tape(tmp_path_factory.mktemp("tape"))


def falsified(epoch):
    """The maker of one sample quoted as it did, and is said to have earned a thousandth more; so it is paid more."""
    table = pl.read_parquet(io.BytesIO(epoch.files[SAMPLES]))
    row = table.height // 2
    table[row, "score"] = table["score"][row] * 1001 // 1000
    first, *rest = epoch.bundle.amounts
    amounts = (msgspec.structs.replace(first, amount=str(int(first.amount) + 1)), *rest)
    tree = claims_tree([(item.account, int(item.amount)) for item in amounts])
    bundle = msgspec.structs.replace(
        epoch.bundle, samples=samples_part(table), amounts=amounts, root="0x" + tree.root.hex(), files={}
    )
    files = files_of(bundle, tree, table)
    hashes = {name: file_hash(data) for name, data in files.items()}
    return row, msgspec.structs.replace(bundle, files=hashes), files


def test_a_false_epoch_of_a_real_tape_falls_and_the_true_one_is_paid(node, world, shell, tape, tmp_path):
    terms = {"budget": 10**9, "token_decimals": 6, "cap": None, "floor": 0}
    epoch = settled(tape, contract=world.address, token=world.token, **terms)
    true = write_bundle(tmp_path / "true", epoch.bundle, epoch.files)
    row, lie, files = falsified(epoch)
    false = write_bundle(tmp_path / "false", lie, files)
    shell.sent("owner", "register", true)
    shell.sent("publisher", "post", false)
    found = {step.name: step for step in verify(case_of(false, tape=tape))}
    assert "differs" in {found[name].status for name in ("scores", "amounts", "samples")}

    (challenged,) = shell.sent("challenger", "challenge", false)
    assert f"sample {row} (market" in challenged["what"]
    shell.sent("owner", "appoint", address_of("publisher"), "--contract", world.address, *HERE)
    shell.sent("publisher", "post", true)
    assert shell.sent("challenger", "challenge", true) == []
    later(node, WINDOW)
    shell.sent("stranger", "finalise", true)
    shell.sent("stranger", "claim", true, "--all")
    for item in epoch.bundle.amounts:
        assert ask(node, world.token, "balanceOf(address)", item.account) == int(item.amount)

    document = shell.verified(true, tape)
    assert document["equal"] is True
    assert {step["step"]: step["status"] for step in document["steps"]}["chain"] == "ok"
    (status,) = shell.good(None, "status", true)["epochs"]
    assert (status["status"], status["is_this_bundle"], status["paid"]) == ("final", True, status["budget"])
    assert status["bundle"] == bundle_hash(epoch.bundle)
