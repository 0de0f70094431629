"""From a tape to claims, and the way back: a stranger recomputes what a contract pays, and finds what is false."""

import msgspec
import polars as pl
import pytest

from makerscope.errors import InputError
from makerscope.rewards.bundle import file_hash, write_bundle
from makerscope.rewards.epoch_samples import samples_part
from makerscope.rewards.tables import parquet_bytes, read_table
from makerscope.rewards.verify import case_of, verify
from tests.anvil import CHAIN_ID, address_of, ask, later
from tests.chain.conftest import WINDOW
from tests.epochs import MAKERS, settled, write_tape, written

ROLES = ("maker", "stranger", "challenger")


@pytest.fixture(scope="module")
def tape(tmp_path_factory):
    return write_tape(tmp_path_factory.mktemp("tape"))


@pytest.fixture
def epoch(tape, world):
    """Three makers are accounts of this chain, the others just have addresses."""
    known = {name: f"0x{(n + 1) * 0x1111:040x}" for n, name in enumerate(MAKERS)}
    known |= dict(zip(("swift", "steady", "sluggish"), map(address_of, ROLES), strict=True))
    return settled(
        tape, contract=world.address, token=world.token, token_decimals=6, chain_id=CHAIN_ID, budget=10**9,
        cap=6 * 10**8, floor=10**3, addresses=known,
    )  # fmt: skip


def found(folder, **evidence):
    return {step.name: step for step in verify(case_of(folder, **evidence))}


def with_a_lie(epoch, row=7):
    """The epoch with one false score, hashed as if it were true."""
    table = read_table(epoch.files["samples.parquet"], "")
    false = table.with_columns(
        score=pl.when(pl.int_range(pl.len()) == row).then(pl.col("score") + 1).otherwise("score")
    )
    data = parquet_bytes(false)
    files = epoch.bundle.files | {"samples.parquet": file_hash(data)}
    bundle = msgspec.structs.replace(epoch.bundle, samples=samples_part(false), files=files)
    return bundle, epoch.files | {"samples.parquet": data}


def test_an_epoch_from_a_tape_to_claims_and_back(node, shell, tmp_path, tape, epoch):
    contract, token = epoch.bundle.contract, epoch.bundle.token
    false = write_bundle(tmp_path / "false", *with_a_lie(epoch))
    true = written(tmp_path / "true", epoch, signed=False)
    shell.run("publisher", "sign", true)
    assert found(true, tape=tape, node=node)["chain"].note == f"epoch 3 is not posted at {contract}"
    shell.sent("owner", "register", true)

    shell.sent("publisher", "post", false)
    assert found(false, node=node)["chain"].status == "ok", "what is posted is what the false bundle says"
    assert found(false)["samples"].difference.path.startswith("samples.parquet row 7 (market 0, sample ")
    assert found(false, tape=tape)["scores"].difference.path.startswith("samples.parquet[7]")
    wrong = found(true, tape=tape, node=node)["chain"].difference
    assert wrong.path == "chain.bundle"
    (challenged,) = shell.sent("challenger", "challenge", false)
    assert "sample 7" in challenged["what"]
    assert found(false, node=node)["chain"].note.startswith("cancelled, posted by ")

    shell.sent("owner", "appoint", address_of("publisher"), "--contract", contract, "--chain-id", CHAIN_ID)
    shell.sent("publisher", "post", true)
    assert shell.sent("challenger", "challenge", true) == []
    later(node, WINDOW + 1)
    shell.sent("stranger", "finalise", true)
    shell.sent("stranger", "claim", true, "--all")
    amounts = {row.account: int(row.amount) for row in epoch.bundle.amounts}
    for role in ROLES:
        assert ask(node, token, "balanceOf(address)", address_of(role)) == amounts[address_of(role)]

    steps = found(true, tape=tape, node=node, signer=address_of("publisher"))
    assert {step.status for step in steps.values()} == {"ok"}, steps
    total = sum(amounts.values())
    assert steps["chain"].note == f"final, posted by {address_of('publisher')}; paid {total} of {total}"


def test_a_node_on_another_chain_or_without_the_contract_is_no_verdict_on_the_bundle(node, tmp_path, epoch):
    for change in ({"chain_id": "1"}, {"contract": "0x" + "22" * 20}):
        folder = write_bundle(tmp_path, msgspec.structs.replace(epoch.bundle, **change), epoch.files)
        with pytest.raises(InputError):
            found(folder, node=node)


def test_a_bundle_for_no_contract_says_so(node, tmp_path, tape):
    folder = written(tmp_path, settled(tape, contract=None, chain_id=None))
    assert found(folder, node=node)["chain"].note == "the bundle names no contract"
