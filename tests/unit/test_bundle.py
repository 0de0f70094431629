"""An epoch settled into a bundle, and what verifying it finds."""

import json
import shutil
from pathlib import Path

import msgspec
import polars as pl
import pytest

from makerscope.errors import InputError
from makerscope.programs.evidence import evidence
from makerscope.programs.sampling import commitment
from makerscope.rewards.bundle import BUNDLE, bundle_bytes, bundle_hash, file_hash, read_bundle, write_bundle
from makerscope.rewards.canonical import canonical
from makerscope.rewards.epoch import Terms, settle, without_pairs
from makerscope.rewards.epoch_samples import samples_part
from makerscope.rewards.merkle import leaf_hash, load, proof
from makerscope.rewards.merkle import verify as verify_proof
from makerscope.rewards.screens import SCREENS, ScreenRule
from makerscope.rewards.signature import claim_of
from makerscope.rewards.tables import parquet_bytes, read_table
from makerscope.rewards.verify import case_of, verify
from makerscope.tape.read import Tape
from tests.epochs import ADDRESSES, PUBLISHER, SEED, program, settled, terms, write_tape, written
from tests.tapes import START, fills, quotes
from tests.tapes import write_tape as plain


@pytest.fixture(scope="module")
def tape(tmp_path_factory):
    return write_tape(tmp_path_factory.mktemp("tape"))


@pytest.fixture(scope="module")
def epoch(tape):
    return settled(tape)


def steps(folder, **evidence):
    found = {step.name: step for step in verify(case_of(folder, **evidence))}
    assert found.pop("chain").note == "no node is given (--rpc)"
    return found


def test_everything_that_is_recomputed_is_as_the_bundle_says(tmp_path, tape, epoch):
    folder = written(tmp_path, epoch, eas="0xA1207F3BBa224E2c9c3c6D5aF63D0eb1582Ce587", time=1_700_000_000)
    found = steps(folder, tape=tape, signer=PUBLISHER.address, commitment=commitment(SEED))
    assert {step.status for step in found.values()} == {"ok"}, found
    assert found["signature"].note == f"signed by {PUBLISHER.address}"


def test_settling_twice_gives_the_same_bytes(tape, epoch):
    again = settled(tape)
    assert bundle_bytes(again.bundle) == bundle_bytes(epoch.bundle)


def test_amounts_and_remainder_are_the_budget_and_proofs_lead_to_the_root(epoch):
    bundle = epoch.bundle
    amounts = {row.account: int(row.amount) for row in bundle.amounts}
    assert sum(amounts.values()) + int(bundle.remainder) == int(bundle.budget) == 10**24
    assert max(amounts.values()) <= 6 * 10**23
    assert ADDRESSES["flicker"] not in {account.lower() for account in amounts}
    tree = load(json.loads(epoch.files["tree.json"]))
    assert "0x" + tree.root.hex() == bundle.root
    for index, (account, amount) in enumerate(tree.values):
        assert amounts[account] == int(amount)
        assert verify_proof(tree.root, leaf_hash((account, int(amount))), proof(tree, index))


def test_the_bundle_is_canonical_has_no_float_and_is_read_as_it_was_written(tmp_path, epoch):
    folder = written(tmp_path, epoch)
    data = (folder / BUNDLE).read_bytes()
    assert read_bundle(folder) == epoch.bundle
    assert canonical(json.loads(data)) == data

    def floats(value):
        if isinstance(value, dict):
            value = list(value.values())
        return sum(map(floats, value)) if isinstance(value, list) else isinstance(value, float)

    assert floats(json.loads(data)) == 0


def test_without_a_tape_amounts_leaves_and_roots_are_still_recomputed(tmp_path, epoch):
    found = steps(written(tmp_path, epoch))
    assert {name for name, step in found.items() if step.status == "skipped"} == {"tape", "scores"}
    assert {step.status for step in found.values()} == {"ok", "skipped"}


def test_a_bundle_that_is_not_signed_says_so_and_is_wrong_where_a_signer_is_wanted(tmp_path, tape, epoch):
    folder = written(tmp_path, epoch, signed=False)
    assert steps(folder)["signature"].status == "skipped"
    assert steps(folder, signer=PUBLISHER.address)["signature"].status == "differs"


def test_a_signature_by_somebody_else_is_named(tmp_path, epoch):
    folder = written(tmp_path, epoch)
    found = steps(folder, signer="0x" + "22" * 20)["signature"]
    assert str(found.difference) == (
        f"signature.json signer: says {PUBLISHER.address}; what follows is 0x{'22' * 20}, who should sign"
    )


def test_another_tape_than_the_bundles_is_named_and_not_scored(tmp_path, tape, epoch):
    other = shutil.copytree(tape, tmp_path / "other")
    path = next(iter(sorted(other.glob("fills/*/*.parquet"))))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    found = steps(written(tmp_path, epoch), tape=other)
    assert found["tape"].difference.path == f"tape {path.relative_to(other).as_posix()}"
    assert found["scores"].status == "skipped"
    assert found["amounts"].status == "ok"


def test_a_seed_that_nobody_committed_to_follows_from_the_tape(tmp_path, tape):
    free = settled(tape, seed=None)
    assert free.bundle.seed_commitment is None
    folder = written(tmp_path, free)
    assert steps(folder, tape=tape)["seed"].status == "ok"
    found = steps(folder, commitment=commitment(SEED))["seed"]
    assert found.difference.path == "seed_commitment"


def test_a_falsified_leaf_is_named_with_and_without_a_tape(tmp_path, tape, epoch):
    table = read_table(epoch.files["samples.parquet"], "")
    false = table.with_columns(score=pl.when(pl.int_range(pl.len()) == 7).then(pl.col("score") + 1).otherwise("score"))
    data = parquet_bytes(false)
    bundle = msgspec.structs.replace(
        epoch.bundle,
        samples=samples_part(false),
        files=epoch.bundle.files | {"samples.parquet": file_hash(data)},
    )
    folder = write_bundle(tmp_path, bundle, epoch.files | {"samples.parquet": data})
    alone, known = steps(folder), steps(folder, tape=tape)
    assert {name for name, step in alone.items() if step.status == "differs"} == {"samples"}
    assert alone["samples"].difference.path.startswith("samples.parquet row 7 (market 0, sample ")
    assert known["scores"].difference.path.startswith("samples.parquet[7] (")
    assert known["scores"].difference.path.endswith(".score")


def test_an_epoch_follows_the_one_before(tmp_path, tape):
    span = Tape.open(tape).span
    middle = (span[0] + span[1]) // 2
    first = settled(tape, until=middle, above_cap="carry", cap=10**23)
    left = int(first.bundle.remainder)
    assert left > 0
    second = settled(
        tape, epoch=4, since=middle, previous=first.bundle, budget=10**24 + left, carried_in=left, cap=None
    )
    assert second.bundle.previous == bundle_hash(first.bundle)
    before, folder = written(tmp_path, first), written(tmp_path, second)
    assert {step.status for step in steps(folder, tape=tape, previous=before).values()} == {"ok"}
    assert steps(folder, tape=tape)["previous"].status == "skipped"
    assert steps(folder, tape=tape, previous=folder)["previous"].difference.path == "$.carried_in"


def test_a_program_that_looks_back_gets_the_state_of_the_epoch_before(tmp_path, tape):
    span = Tape.open(tape).span
    middle = (span[0] + span[1]) // 2
    rule = program('hysteresis = {kind = "ema", weight = 0.25}')
    first = settled(tape, rule, until=middle)
    assert first.bundle.hysteresis["all"]["scores"]
    second = settled(tape, rule, epoch=4, since=middle, previous=first.bundle)
    alone = settled(tape, rule, epoch=4, since=middle)
    assert second.bundle.scores != alone.bundle.scores
    before, folder = written(tmp_path, first), written(tmp_path, second)
    assert steps(folder, tape=tape, previous=before)["scores"].status == "ok"
    assert "looks back" in steps(folder, tape=tape)["scores"].note


def test_what_the_screens_rule_excludes_is_not_paid_and_its_volume_does_not_count(tmp_path, tape):
    strict = ScreenRule(min_fills=1, counterparty_ppm=1, consequences={"counterparty": "account"})
    out = settled(tape, screens=strict, exclusions={})
    assert out.bundle.amounts == ()
    assert out.bundle.root is None
    assert out.bundle.remainder_reason == "every account with a score is excluded: the whole budget is carried on"
    assert {item.by for item in out.bundle.exclusions} == {"screen"}
    folder = written(tmp_path / "a", out)
    assert {step.status for step in steps(folder, tape=tape).values()} == {"ok"}
    rule = program("formula.exponents.maker_volume = 1")
    loose = ScreenRule(min_fills=1, counterparty_ppm=1, consequences={"counterparty": "volume"})
    without = settled(tape, rule, screens=loose, exclusions={})
    assert without.bundle.screens.excluded_pairs
    volumes = [int(row.component["maker_volume"]) for row in without.bundle.scores]
    assert sum(volumes) < sum(int(row.component["maker_volume"]) for row in settled(tape, rule).bundle.scores)
    assert {step.status for step in steps(written(tmp_path / "b", without), tape=tape).values()} == {"ok"}


CLAUSE = """
[[clause]]
name = "shock"
watched = [{instruments = ["demo:*"], depth = 1e12}]
move = "1 bps"
within_s = 60
within = "50 bps"
below = 0.5
window_s = 30
rest_s = 60
restored = 2500
short = -100.5
again = -200
unit = "TOKEN"
"""


def test_clauses_on_the_pool_stand_in_the_bundle_and_change_the_budget_if_they_are_to(tmp_path, tape):
    rule = program(CLAUSE)
    reported = settled(tape, rule)
    changes = [int(case.change) for case in reported.bundle.cases]
    assert changes[0] == -100_500_000
    assert set(changes[1:]) <= {-200_000_000, 0}
    assert (reported.bundle.clause_change, reported.bundle.budget) == ("0", str(10**24))
    applied = settled(tape, rule, clauses="apply")
    change = sum(changes) * 10**12
    assert applied.bundle.clause_change == str(change)
    assert int(applied.bundle.budget) == 10**24 + change
    for place, epoch in (("a", reported), ("b", applied)):
        assert {step.status for step in steps(written(tmp_path / place, epoch), tape=tape).values()} == {"ok"}
    with pytest.raises(InputError, match="by clauses is nothing"):
        settled(tape, rule, clauses="apply", budget=10**20, floor=0, cap=None)


def test_only_fills_between_the_two_accounts_of_a_pair_are_left_out(tmp_path):
    rows = fills(range(5), maker=["a", "b", "a", "a", None], taker=["b", "a", "a", None, "a"])
    orders = pl.DataFrame(
        {"exchange_time": START, "instrument": "test:BTC", "maker": "a", "order": "1", "action": "placed", "side": 1,
         "price": 990, "size": 5}
    )  # fmt: skip
    ev = evidence(plain(tmp_path / "t", fills=rows, orders=orders))
    for pairs, left in (([("a", "b")], ["2", "3", "4"]), ([("a", "a")], ["0", "1", "3", "4"])):
        assert without_pairs(ev, pairs).view.fills["fill"].to_list() == left


def test_a_signed_epoch_is_not_overwritten(tmp_path, epoch):
    written(tmp_path, epoch, signed=False)
    folder = written(tmp_path, epoch)
    with pytest.raises(InputError, match="is signed"):
        written(tmp_path, epoch)
    assert claim_of(read_bundle(folder)).budget == 10**24


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"budget": 0}, "budget: is 0"),
        ({"budget": -1}, "carried in: is 0 of a budget of -1"),
        ({"budget": 2**256}, "below 2\\^256"),
        ({"epoch": -1}, "epoch: amount is -1"),
        ({"token": "0x12"}, "token: address is"),
        ({"contract": "0x" + 40 * "0"}, "zero address"),
        ({"contract": None}, "only one of chain and contract"),
        ({"carried_in": 2 * 10**24}, "carried in"),
        ({"token_decimals": 78}, "token decimals"),
        ({"floor": 7 * 10**23}, "below the floor"),
    ],
)
def test_terms_that_make_no_sense_are_refused_before_anything_is_scored(change, says):
    with pytest.raises(InputError, match=says):
        terms(**change)


def test_a_maker_that_would_be_paid_and_has_no_address_is_refused(tape):
    known = {name: address for name, address in ADDRESSES.items() if name != "steady"}
    with pytest.raises(InputError, match="points and no address"):
        settled(tape, addresses=known)


def test_an_epoch_that_overlaps_the_one_before_is_refused(tape, epoch):
    with pytest.raises(InputError, match="the same time would be paid twice"):
        settled(tape, epoch=4, previous=epoch.bundle)
    with pytest.raises(InputError, match="comes after epoch 3"):
        settled(tape, epoch=3, previous=epoch.bundle)


def test_a_tape_without_orders_names_the_table(tmp_path, tape):
    with pytest.raises(InputError, match="orders"):
        settle(plain(tmp_path / "t", quotes=quotes([0, 1], [1, 1], [2, 2])), program(), Terms(epoch=1, budget=1))


def test_every_key_of_a_bundle_and_every_screen_is_described(epoch):
    text = (Path(__file__).resolve().parents[2] / "docs" / "rewards.md").read_text()
    for name in (*json.loads(bundle_bytes(epoch.bundle)), *SCREENS, *epoch.files, *ScreenRule().__struct_fields__):
        assert f"`{name}`" in text or f"{name} =" in text or f"[{name}]" in text, name
