"""The commands on a chain: sent once, refused in one line, and nothing signed that was not meant."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from eth_account import Account

from makerscope.rewards import keys
from makerscope.rewards.bundle import ProgramPart
from makerscope.rewards.hashing import hex_of
from makerscope.rewards.posting import registered_as
from makerscope.rewards.rpc import integer
from tests.anvil import COIN, address_of, call_of, deploy_token, enrich, key_of, later, send_as, transaction_count
from tests.chain.bundles import AMOUNTS, PROGRAM, RULES, RULES_ROOT, samples, with_a_lie, write_bundle
from tests.chain.conftest import PERIOD, WINDOW
from tests.chain.shell import HERE
from tests.proxy import way_to

SEND = "eth_sendRawTransaction"


@pytest.fixture
def here(world):
    """How a command is told which contract on which chain."""
    return ("--contract", world.address, *HERE)


@pytest.fixture
def final(world, node, shell, bundle):
    """The bundle of an epoch that is final."""
    shell.sent("publisher", "post", bundle)
    later(node, WINDOW)
    shell.sent("stranger", "finalise", bundle)
    return bundle


def posted(world, epoch=3):
    return world.epochs([epoch])[0]


# ---- sent once


def test_posting_again_says_so_and_sends_nothing(node, world, shell, bundle):
    assert len(shell.sent("publisher", "post", bundle)) == 1
    code, out, err = shell.run("publisher", "post", bundle)
    assert (code, err) == (0, "")
    assert "epoch 3 is posted already, with this very root and bundle; nothing was sent" in out
    assert transaction_count(node, "publisher") == 1
    assert (posted(world).status, posted(world).budget) == (1, sum(AMOUNTS.values()))


def test_another_root_for_an_epoch_that_is_posted_is_refused(node, world, shell, bundle, tmp_path):
    shell.sent("publisher", "post", bundle)
    other = write_bundle(tmp_path / "other", contract=world.address, amounts={"maker": 5})
    error = shell.bad("publisher", "post", other)
    assert f"is posted with the root {hex_of(posted(world).root)}; want 0x" in error
    assert error.endswith("nothing was sent")
    assert transaction_count(node, "publisher") == 1


def test_the_same_root_from_another_bundle_is_refused(node, world, shell, bundle, tmp_path):
    shell.sent("publisher", "post", bundle)
    other = write_bundle(tmp_path / "other", contract=world.address, findings=("another",))
    assert "is posted with the bundle 0x" in shell.bad("publisher", "post", other)


def test_a_root_that_was_cancelled_is_posted_again_only_if_that_is_meant(node, world, shell, bundle, here):
    shell.sent("publisher", "post", bundle)
    shell.sent("owner", "cancel", 3, *here)
    assert shell.sent("owner", "cancel", 3, *here) == []
    assert "was cancelled with this very root; want another, or --again" in shell.bad("publisher", "post", bundle)
    assert len(shell.sent("publisher", "post", bundle, "--again")) == 1


@pytest.mark.parametrize("loss", ["lose the request", "lose the answer"])
def test_a_node_that_goes_down_in_the_middle_of_posting_is_no_second_post(node, world, shell, bundle, loss):
    with way_to(node) as way:
        down = []

        def rule(methods):
            down.extend(name for name in methods if name == SEND)
            return loss if down else "pass"

        way.rule = rule
        error = shell.bad("publisher", "post", bundle, rpc=way.node.url)
        assert "does not answer" in error
        assert "epoch-3.post.journal.json, and the same command goes on with it" in error
    code, out, _ = shell.run("publisher", "post", bundle)
    assert code == 0
    assert "to post epoch 3 was begun by an earlier run and was included" in out
    assert "epoch 3 is posted already, with this very root and bundle; nothing was sent" in out
    assert (transaction_count(node, "publisher"), posted(world).status) == (1, 1)


@pytest.mark.parametrize("deed", ["lose the request", "pass"])
def test_a_post_that_is_killed_is_finished_by_the_next_run(node, world, shell, bundle, deed):
    with way_to(node) as way:
        command = [sys.executable, "-m", "makerscope", "rewards", "post", str(bundle), "--rpc", way.node.url]
        with subprocess.Popen(command, env=os.environ | {keys.KEY: key_of("publisher")}) as process:

            def rule(methods):
                if SEND not in methods:
                    return "pass"
                process.send_signal(signal.SIGKILL)
                process.wait()
                return deed

            way.rule = rule
            assert process.wait(60) == -signal.SIGKILL
    assert shell.sent("publisher", "post", bundle) == []
    assert (transaction_count(node, "publisher"), posted(world).status) == (1, 1)


def test_a_journal_that_is_lost_posts_no_second_time(node, world, shell, bundle):
    shell.sent("publisher", "post", bundle)
    (bundle.parent / "epoch-3.post.journal.json").unlink()
    assert shell.sent("publisher", "post", bundle) == []


def test_funding_that_was_cut_off_is_not_given_twice(node, world, shell, here):
    before = world.view("unreserved")[0]
    with way_to(node) as way:
        sends = []

        def rule(methods):
            sends.extend(name for name in methods if name == SEND)
            return "lose the answer" if len(sends) > 1 else "pass"

        way.rule = rule
        assert "does not answer" in shell.bad("owner", "fund", "5", *here, rpc=way.node.url)
    first = shell.good("owner", "fund", "5", *here)["transactions"]
    assert [item["sent"] for item in first] == [False]
    assert "was done by an earlier run; the same command does it once more" in first[0]["what"]
    assert world.view("unreserved")[0] - before == 5_000_000
    assert [item["sent"] for item in shell.good("owner", "fund", "5", *here)["transactions"]] == [True, True]
    assert world.view("unreserved")[0] - before == 10_000_000
    assert list(Path().glob("*.journal.json")) == []


def test_a_deployment_that_was_cut_off_is_found_again(node, shell):
    token = deploy_token(node, "owner")
    terms = ("--token", token, "--bond", "0.1", "--window", "1h", "--claim-period", "1d", *HERE)
    with way_to(node) as way:
        way.rule = lambda methods: "lose the answer" if "eth_getTransactionReceipt" in methods else "pass"
        count = transaction_count(node, "owner")
        assert "does not answer" in shell.bad("owner", "deploy", *terms, rpc=way.node.url)
    assert shell.sent("owner", "deploy", *terms) == []
    assert transaction_count(node, "owner") == count + 1
    assert json.loads(Path("reward-distributor.json").read_text())["window"] == 3600
    other = shell.bad("owner", "deploy", *terms[:-4], "--claim-period", "2d", *HERE)
    assert "is of a distributor on other terms" in other


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(node, world, shell, bundle):
    code, out, err = shell.run("publisher", "post", bundle, "--dry-run")
    assert (code, err) == (0, "")
    assert "would post epoch 3: nothing was sent" in out
    assert f"to {world.address}, nonce 0" in out
    assert "value 0.1" in out
    (plan,) = shell.good("publisher", "post", bundle, "--dry-run")["transactions"]
    assert plan["sent"] is False
    assert int(plan["most"]) == COIN // 10 + plan["gas"] * int(plan["max_fee_per_gas"])
    assert transaction_count(node, "publisher") == 0
    assert sorted(path.name for path in bundle.parent.iterdir()) == ["epoch-3"]


def test_a_post_that_is_not_included_is_replaced_by_one_that_offers_more(node, world, shell, bundle):
    node.once("evm_setAutomine", False)
    try:
        assert "not included within 0.2 s" in shell.bad("publisher", "post", bundle, "--wait", "0.2")
        code, out, _ = shell.run("publisher", "post", bundle, "--dry-run")
        assert code == 0
        assert "an earlier run was about to post epoch 3" in out
        assert "not included within 0.2 s" in shell.bad("publisher", "post", bundle, "--wait", "0.2", "--replace")
        other = write_bundle(bundle.parent / "other" / "epoch-3", contract=world.address, amounts={"maker": 5})
        (other.parent / "epoch-3.post.journal.json").write_bytes(
            (bundle.parent / "epoch-3.post.journal.json").read_bytes()
        )
        assert "want --replace with the very same command" in shell.bad("publisher", "post", other, "--replace")
        node.once("evm_mine")
        assert shell.sent("publisher", "post", bundle, "--replace") == [], "one of them was included meanwhile"
    finally:
        node.once("evm_setAutomine", True)
    assert len(json.loads((bundle.parent / "epoch-3.post.journal.json").read_text())["attempts"]) == 2
    assert (transaction_count(node, "publisher"), posted(world).status) == (1, 1)


def test_a_keystore_signs_and_a_dry_run_needs_no_password(node, world, shell, bundle, tmp_path):
    keystore, password = tmp_path / "keystore.json", tmp_path / "password"
    keystore.write_text(json.dumps(Account.encrypt(key_of("publisher"), "a word", kdf="pbkdf2", iterations=2)))
    password.write_text("a word\n")
    code, out, _ = shell.run(None, "post", bundle, "--keystore", keystore, "--dry-run")
    assert (code, "would post epoch 3" in out) == (0, True)
    assert "there is no password" in shell.bad(None, "post", bundle, "--keystore", keystore)
    assert "there is no key" in shell.bad(None, "post", bundle)
    assert len(shell.sent(None, "post", bundle, "--keystore", keystore, "--password-file", password)) == 1
    assert posted(world).publisher == address_of("publisher")


# ---- refused


def test_the_wrong_chain_is_refused_before_anything_is_signed(node, world, shell, bundle, tmp_path):
    other = write_bundle(tmp_path / "other", contract=world.address, chain_id="1")
    error = shell.bad("publisher", "post", other)
    assert "the node is on chain 31337; want one on chain 1; nothing was signed" in error
    assert "31337 is named, and 5" in shell.bad("publisher", "post", bundle, "--chain-id", 5)
    assert "the chain is not named" in shell.bad("owner", "fund", "1", "--contract", world.address)
    assert transaction_count(node, "publisher") == 0


def test_a_node_that_is_down_or_not_named_is_one_line(shell, bundle):
    error = shell.bad("publisher", "post", bundle, rpc="http://127.0.0.1:9/v3/secretsecret")
    assert error.startswith("http://127.0.0.1:9: the node does not answer")
    assert "secretsecret" not in error
    assert "is no http address" in shell.bad("publisher", "post", bundle, rpc="127.0.0.1:9")


@pytest.mark.parametrize("role", ["stranger", "owner"])
def test_who_is_not_the_publisher_is_told_who_is(shell, bundle, role):
    error = shell.bad(role, "post", bundle)
    assert error.startswith(f"{address_of(role)}: is not the publisher")
    assert error.endswith(address_of("publisher"))


def test_a_publisher_without_coin_is_told_how_much_is_wanted(node, shell, bundle):
    enrich(node, "publisher", coins=0)
    assert "holds 0 of the chain's coin; want 0.1 to post epoch 3" in shell.bad("publisher", "post", bundle)
    node.once("anvil_setBalance", address_of("publisher"), hex(COIN // 10))
    assert "holds 0.1 of the chain's coin; want 0.1" in shell.bad("publisher", "post", bundle)


def test_an_epoch_that_is_not_funded_paused_or_of_an_unknown_program_is_refused(shell, bundle, world, here, tmp_path):
    large = write_bundle(tmp_path / "large", contract=world.address, amounts={"maker": 10**11})
    assert "has 10,000,000,000 base units for new epochs; want 100,000,000,000" in shell.bad("publisher", "post", large)
    program = ProgramPart(name="other", version=1, hash="0x" + "12" * 32, rule={})
    other = write_bundle(tmp_path / "program", contract=world.address, program=program)
    assert "is not registered with these rules" in shell.bad("publisher", "post", other)
    nothing = write_bundle(tmp_path / "nothing", contract=world.address, amounts={"maker": 0})
    assert "grants nothing to anybody" in shell.bad("publisher", "post", nothing)
    shell.sent("owner", "pause", *here)
    assert "is paused" in shell.bad("publisher", "post", bundle)
    assert len(shell.sent("owner", "unpause", *here)) == 1


def test_rules_that_are_not_those_registered_are_refused(shell, world, tmp_path):
    other = write_bundle(tmp_path / "rules", contract=world.address, rules_root="0x" + "34" * 32)
    assert "is not registered with these rules" in shell.bad("publisher", "post", other)
    rules = ("--program", hex_of(PROGRAM), "--rules-root", hex_of(RULES_ROOT), "--contract", world.address, *HERE)
    more = ("--markets", "99", "--max-weight", "1")
    assert "a program is registered for good" in shell.bad("owner", "register", *rules, *more)


def test_an_owner_who_registers_other_rules_under_a_name_catches_no_publisher(node, shell, world, tmp_path):
    other = write_bundle(tmp_path / "rules", contract=world.address, rules_root="0x" + "78" * 32)
    name = registered_as(PROGRAM, b"\x78" * 32)
    trap = "0x" + world.call("", "register", name, RULES_ROOT, len(RULES), 1).data.hex()
    send_as(node, "owner", trap, world.address)
    assert "as registered" in shell.bad("publisher", "post", other)


def test_a_program_with_other_markets_is_registered_beside_the_first(shell, world, tmp_path):
    other = ("--program", hex_of(PROGRAM), "--rules-root", "0x" + "56" * 32, "--markets", "2", "--max-weight", "1")
    assert len(shell.sent("owner", "register", *other, "--contract", world.address, *HERE)) == 1
    assert world.program(registered_as(PROGRAM, b"\x56" * 32)).markets == 2
    assert world.program(registered_as(PROGRAM, RULES_ROOT)).markets == len(RULES)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0x12", "address is '0x12'"),
        ("0x" + "0" * 40, "is the zero address"),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", "has a wrong checksum"),
        ("nobody.json", "cannot be read"),
        (".", "cannot be read"),
    ],
)
def test_a_malformed_contract_address_is_refused(shell, bundle, text, why):
    assert why in shell.bad("owner", "fund", "1", "--contract", text, *HERE)


def test_an_address_without_a_contract_or_with_another_one_is_refused(node, shell):
    empty = shell.bad("owner", "fund", "1", "--contract", address_of("nobody"), *HERE)
    assert "there is no contract on chain 31337" in empty
    other = deploy_token(node, "owner")
    assert "code is not that of" in shell.bad("owner", "fund", "1", "--contract", other, *HERE)


def test_a_contract_of_almost_the_same_code_is_refused(node, world, shell, here):
    code = bytearray(bytes.fromhex(node.read("eth_getCode", world.address, "latest")[2:]))
    code[100] ^= 1
    node.once("anvil_setCode", world.address, "0x" + code.hex())
    assert "code is not that of" in shell.bad("owner", "fund", "1", *here)


@pytest.mark.parametrize("amount", ["-1", "0", "abc", "nan", "1e400", "0.0000001", "1" * 99, ""])
def test_an_amount_that_is_none_is_refused(shell, here, amount):
    error = shell.bad("owner", "fund", f"--amount={amount}", *here)
    assert "AMOUNT" in error


def test_who_funds_must_hold_the_tokens(shell, here, world):
    assert f"holds 0 base units of {world.token}; want 1,000,000" in shell.bad("stranger", "fund", "1", *here)


def test_what_only_the_owner_may_is_refused_with_the_contracts_reason(shell, here):
    for command in (("withdraw", "1"), ("pause",), ("cancel", "3"), ("appoint", address_of("stranger"))):
        assert "owner: the sender is not" in shell.bad("stranger", *command, *here)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda path: path.write_bytes(path.read_bytes().replace(b":", b": ", 1)), "is not in canonical form"),
        (lambda path: path.write_bytes(b"{"), "is no JSON"),
        (lambda path: path.write_bytes(b"{}"), "missing required field"),
        (lambda path: path.unlink(), "cannot be read"),
        (lambda path: path.write_bytes(path.read_bytes().replace(b'"total":"', b'"total":"1')), "samples: root is"),
        (lambda path: path.write_bytes(path.read_bytes().replace(b'"amount":"6', b'"amount":"-6')), "amount"),
    ],
)
def test_a_damaged_bundle_is_refused(shell, bundle, change, why):
    change(bundle / "bundle.json")
    assert why in shell.bad("publisher", "post", bundle)


# ---- keys on the command line


@pytest.mark.parametrize(
    "arguments",
    [
        ("post", "BUNDLE", "--private-key", "KEY"), ("post", "BUNDLE", "--key=KEY"), ("post", "KEY"),
        ("post", "BUNDLE", "--keystore", "KEY"), ("post", "BUNDLE", "--keystore=KEY"), ("claim", "BUNDLE", "BARE"),
        ("post", "BUNDLE", "--password", "BARE"), ("status", "--contract", "KEY"), ("fund", "--dry-run", "KEY"),
    ],
)  # fmt: skip
def test_a_key_as_an_argument_is_refused_and_not_repeated(shell, bundle, arguments):
    key = key_of("publisher")
    given = {"KEY": key, "BARE": key[2:], "BUNDLE": bundle}
    error = shell.bad("publisher", *("=".join(str(given.get(p, p)) for p in item.split("=")) for item in arguments))
    assert "a command line is kept by the shell and seen by everybody on the machine" in error


# ---- claims and challenges


def test_many_claims_go_in_batches(node, world, shell, tmp_path):
    amounts = {f"maker {n}": 1_000 + n for n in range(20)}
    many = write_bundle(tmp_path / "many", contract=world.address, amounts=amounts)
    shell.sent("publisher", "post", many)
    later(node, WINDOW)
    shell.sent("stranger", "finalise", many)
    some = [("--account", address_of(f"maker {n}")) for n in (4, 5, 4)]
    assert len(shell.sent("stranger", "claim", many, *(part for pair in some for part in pair))) == 1
    plans = shell.good("stranger", "claim", many, "--all", "--dry-run")["transactions"]
    assert [item["what"].split(" account")[0] for item in plans] == ["pay 16", "pay 2"]
    assert len(shell.sent("stranger", "claim", many, "--all")) == 2
    assert posted(world).paid == sum(amounts.values())


def test_who_cannot_be_paid_holds_up_nobody_else(node, world, shell, final):
    send_as(node, "owner", call_of("refuse(address)", address_of("maker")), world.token)
    code, out, _ = shell.run("stranger", "claim", final, "--all")
    assert code == 1
    assert "pay 2 accounts" in out
    assert posted(world).paid == sum(AMOUNTS.values()) - AMOUNTS["maker"]
    assert "token: the receiver is refused" in shell.bad("maker", "claim", final)


def test_a_claim_that_is_none_is_refused(shell, final, world, tmp_path):
    assert "has nothing in" in shell.bad("owner", "claim", final)
    assert "address is 'me'" in shell.bad("owner", "claim", final, "--account", "me")
    assert "one of the two" in shell.bad("owner", "claim", final, "--all", "--account", address_of("maker"))
    other = write_bundle(tmp_path / "other", contract=world.address, amounts={"maker": 10**9})
    assert "is final with the root" in shell.bad("maker", "claim", other)
    tree = json.loads((final / "tree.json").read_text())
    tree["tree"][0] = "0x" + "00" * 32
    (final / "tree.json").write_text(json.dumps(tree))
    assert "hash of its children" in shell.bad("maker", "claim", final)


LIES = {
    "score": {"score": 5},
    "market": {"market": 7},
    "weight": {"weight": 5_000},
    "reference": {"reference": 0},
    "order": {"sample": 0},
}


@pytest.mark.parametrize("lie", LIES)
def test_every_kind_of_false_sample_is_found_and_proven(node, world, shell, tmp_path, lie):
    frame = with_a_lie(samples(), 20, **LIES[lie])
    if lie == "market":
        frame = with_a_lie(samples(), 41, **LIES[lie])
    false = write_bundle(tmp_path / "epoch-3", contract=world.address, leaves=frame)
    shell.sent("publisher", "post", false)
    (sent,) = shell.sent("challenger", "challenge", false)
    assert "sample 20" in sent["what"] or "sample 41" in sent["what"]
    assert posted(world).status == 3
    assert world.view("credits", address_of("challenger"))[0] == COIN // 10
    assert "has a credit to collect" in shell.good("challenger", "challenge", false)["transactions"][0]["what"]


def test_a_true_epoch_cannot_be_challenged(node, shell, bundle):
    shell.sent("publisher", "post", bundle)
    (said,) = shell.good("challenger", "challenge", bundle)["transactions"]
    assert (said["sent"], said["what"]) == (False, "all 42 samples of epoch 3 are true")
    assert transaction_count(node, "challenger") == 0


def test_collecting_nothing_sends_nothing(shell, here):
    (said,) = shell.good("stranger", "collect", *here)["transactions"]
    assert (said["sent"], said["what"]) == (False, f"nothing is due to {address_of('stranger')}")


# ---- status


def test_status_needs_no_key_and_shows_what_comes_next(node, world, shell, final):
    code, out, _ = shell.run(None, "status", "--contract", world.address)
    assert code == 0
    assert "final" in out
    assert "999.999999 TEST" in out
    assert "claim; sweep from 20" in " ".join(out.split())
    later(node, PERIOD)
    assert "claim; sweep " in shell.run(None, "status", final)[1]
    document = shell.good(None, "status", "--contract", world.address, "--epochs", "2:5")
    assert [item["status"] for item in document["epochs"]] == ["absent", "final", "absent"]
    error = shell.bad(None, "status", "--contract", world.address, "--epochs", "x")
    assert "want a number, or a range" in error


def test_a_receipt_says_what_it_cost(node, shell, bundle):
    before = integer(node, node.read("eth_getBalance", address_of("publisher"), "latest"))
    (sent,) = shell.sent("publisher", "post", bundle)
    after = integer(node, node.read("eth_getBalance", address_of("publisher"), "latest"))
    assert before - after == COIN // 10 + int(sent["fee"])
