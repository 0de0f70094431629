"""From a call to a receipt, once, whatever the way to the node does."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from makerscope.errors import InputError, NodeError, OutputError, RefusedError
from makerscope.rewards import journal as journals
from makerscope.rewards import keys
from makerscope.rewards.delivery import Patience, delivered, taken_up
from makerscope.rewards.rpc import integer
from makerscope.rewards.transactions import GWEI, Call, checked_chain, prepared
from tests.anvil import (
    CHAIN_ID,
    COIN,
    address_of,
    anvil,
    call_of,
    deploy_token,
    enrich,
    key_of,
    send_as,
    transaction_count,
)
from tests.proxy import way_to

SEND = "eth_sendRawTransaction"
QUICK = Patience(seconds=30)


def quiet(_text):
    """Nobody is told anything."""


@pytest.fixture
def publisher(monkeypatch):
    monkeypatch.setenv(keys.KEY, key_of("publisher"))
    return keys.signer()


def payment(what="pay the maker", value=7) -> Call:
    return Call(what=what, to=address_of("maker"), data=b"", value=value)


def ready(node, call, role="publisher", **options):
    return prepared(node, call, chain_id=CHAIN_ID, sender=address_of(role), **options)


def send(node, signer, call, journal, patience=QUICK, **options):
    return delivered(node, signer, ready(node, call, **options), journal, patience=patience, tell=quiet)


def resume(node, journal, patience=QUICK, **options):
    return taken_up(node, journal, patience=patience, tell=quiet, **options)


def received(node) -> int:
    return integer(node, node.read("eth_getBalance", address_of("maker"), "latest")) - 100 * COIN


def test_a_payment_arrives_and_its_receipt_says_what_it_cost(node, publisher, journal):
    before = integer(node, node.read("eth_getBalance", publisher.address, "latest"))
    receipt = send(node, publisher, payment(), journal)
    after = integer(node, node.read("eth_getBalance", publisher.address, "latest"))
    assert (receipt.succeeded, receipt.gas, received(node)) == (True, 21_000, 7)
    assert before - after == 7 + receipt.fee
    assert journals.found(journal).fate == "done"
    assert journals.found(journal).block == receipt.block
    assert resume(node, journal) is None


def test_gas_has_a_margin_and_fees_follow_eip_1559(node):
    out = ready(node, payment(), tip=GWEI)
    base = integer(node, node.read("eth_getBlockByNumber", "latest", False)["baseFeePerGas"])
    assert out.gas == 21_000 * 5 // 4
    assert out.fees.most == 2 * base + GWEI
    assert out.fields()["type"] == 2
    assert out.cost == 7 + out.gas * out.fees.most


def test_a_chain_without_a_base_fee_is_paid_by_gas_price(monkeypatch, tmp_path):
    with anvil("--hardfork", "berlin") as node:
        enrich(node, "publisher", "maker")
        monkeypatch.setenv(keys.KEY, key_of("publisher"))
        out = ready(node, payment())
        assert out.fees.tip is None
        assert "maxFeePerGas" not in out.fields()
        assert send(node, keys.signer(), payment(), tmp_path / "j.json").succeeded
        assert received(node) == 7


def test_a_cap_on_fees_is_kept_or_said_to_be_too_low(node):
    base = integer(node, node.read("eth_getBlockByNumber", "latest", False)["baseFeePerGas"])
    assert ready(node, payment(), cap=base + 10, tip=10).fees.most == base + 10
    with pytest.raises(InputError, match=r"--max-fee: is 1e-09 gwei; want at least"):
        ready(node, payment(), cap=1)


def test_the_wrong_chain_is_refused(node):
    assert checked_chain(node, None) == checked_chain(node, CHAIN_ID) == CHAIN_ID
    with pytest.raises(InputError, match="is on chain 31337; want one on chain 1; nothing was signed"):
        checked_chain(node, 1)


def test_who_cannot_pay_is_told_how_much_is_missing(node):
    with pytest.raises(InputError, match=r"holds 100 of the chain's coin; want 1,000 to pay the maker"):
        ready(node, payment(value=1000 * COIN))
    with pytest.raises(InputError, match=r"holds 100 of the chain's coin; want 100\.0\d+ to pay the maker"):
        ready(node, payment(value=100 * COIN))


def test_what_would_revert_is_refused_before_it_costs_anything(node):
    token = deploy_token(node, "owner")
    data = bytes.fromhex(call_of("transfer(address,uint256)", address_of("maker"), 5)[2:])
    with pytest.raises(RefusedError, match=r"to give tokens would fail, .*: token: balance too small") as raised:
        ready(node, Call(what="give tokens", to=token, data=data))
    assert raised.value.reverted
    assert transaction_count(node, "publisher") == 0


def test_what_reverts_in_its_block_says_why_and_is_settled(node, publisher, journal):
    token = deploy_token(node, "publisher", supply=5)
    send_as(node, "publisher", call_of("approve(address,uint256)", address_of("stranger"), 5), token)
    data = call_of("transfer(address,uint256)", address_of("maker"), 5)
    planned = ready(node, Call(what="give tokens", to=token, data=bytes.fromhex(data[2:])))
    taken = call_of("transferFrom(address,address,uint256)", publisher.address, address_of("stranger"), 5)
    send_as(node, "stranger", taken, token)
    with pytest.raises(RefusedError, match=r"to give tokens failed in block \d+, .*: token: balance too small"):
        delivered(node, publisher, planned, journal, patience=QUICK, tell=quiet)
    assert journals.found(journal).fate == "reverted"
    assert resume(node, journal) is None


@pytest.mark.parametrize("loss", ["lose the request", "lose the answer"])
def test_one_loss_on_the_way_is_made_good_at_once(node, publisher, journal, loss):
    with way_to(node) as way:
        deeds = iter([loss])
        way.rule = lambda methods: next(deeds, "pass") if SEND in methods else "pass"
        assert send(way.node, publisher, payment(), journal).succeeded
        assert way.seen.count(SEND) == 2
    assert (received(node), transaction_count(node, "publisher")) == (7, 1)


@pytest.mark.parametrize("loss", ["lose the request", "lose the answer"])
def test_a_node_that_goes_down_while_sending_makes_nobody_pay_twice(node, publisher, journal, loss):
    with way_to(node) as way:
        down = []

        def rule(methods):
            down.extend(name for name in methods if name == SEND)
            return loss if down else "pass"

        way.rule = rule
        with pytest.raises(NodeError, match=r"does not answer .* journalled in .*, and the same command goes on"):
            send(way.node, publisher, payment(), journal)
    entry, receipt = resume(node, journal)
    assert (entry.fate, receipt.succeeded, received(node), transaction_count(node, "publisher")) == ("done", True, 7, 1)
    assert resume(node, journal) is None


def test_a_node_that_goes_down_while_waiting_makes_nobody_pay_twice(node, publisher, journal):
    with way_to(node) as way:
        way.rule = lambda methods: "lose the answer" if "eth_getTransactionReceipt" in methods else "pass"
        with pytest.raises(NodeError, match="the same command goes on"):
            send(way.node, publisher, payment(), journal)
    assert resume(node, journal)[1].succeeded
    assert (received(node), transaction_count(node, "publisher")) == (7, 1)


KILLED = """
import sys
from pathlib import Path
from makerscope.rewards.delivery import Patience, delivered
from makerscope.rewards.keys import signer
from makerscope.rewards.rpc import Node
from makerscope.rewards.transactions import Call, prepared
url, to, journal = sys.argv[1:]
node, who = Node(url=url), signer()
call = Call(what="pay the maker", to=to, data=b"", value=7)
transaction = prepared(node, call, chain_id=31337, sender=who.address)
delivered(node, who, transaction, Path(journal), patience=Patience(), tell=print)
"""


@pytest.mark.parametrize("deed", ["lose the request", "pass"])
def test_a_process_that_is_killed_between_journal_and_answer_pays_once(node, journal, deed):
    with way_to(node) as way:
        command = [sys.executable, "-c", KILLED, way.node.url, address_of("maker"), str(journal)]
        with subprocess.Popen(command, env=os.environ | {keys.KEY: key_of("publisher")}) as process:

            def rule(methods):
                if SEND not in methods:
                    return "pass"
                assert journals.found(journal).fate == "open", "the journal is written first"
                process.send_signal(signal.SIGKILL)
                process.wait()
                return deed

            way.rule = rule
            assert process.wait(60) == -signal.SIGKILL
    assert journals.found(journal).fate == "open"
    entry, receipt = resume(node, journal)
    assert (entry.fate, receipt.succeeded, received(node), transaction_count(node, "publisher")) == ("done", True, 7, 1)


def test_of_one_nonce_the_other_transaction_may_have_been_included(node, publisher, journal):
    with way_to(node) as way:
        way.rule = lambda methods: "lose the request" if SEND in methods else "pass"
        with pytest.raises(NodeError):
            send(way.node, publisher, payment(), journal)
    send_as(node, "publisher", "0x", address_of("stranger"), 1)
    entry, receipt = resume(node, journal)
    assert (entry.fate, receipt, received(node)) == ("overtaken", None, 0)
    assert journals.found(journal).fate == "overtaken"


@pytest.fixture
def idle(node):
    """A chain that makes blocks only when it is told to."""
    node.once("evm_setAutomine", False)
    yield node
    node.once("anvil_dropAllTransactions")
    node.once("evm_setAutomine", True)


def test_what_is_not_included_in_time_is_waited_for_by_the_next_run(idle, publisher, journal):
    with pytest.raises(OutputError, match=r"not included within 0\.2 s; .* \(--replace offers more for it\)"):
        send(idle, publisher, payment(), journal, patience=Patience(seconds=0.2))
    with pytest.raises(OutputError, match="not included"):
        resume(idle, journal, patience=Patience(seconds=0.2))
    idle.once("evm_mine")
    assert resume(idle, journal)[1].succeeded
    assert received(idle) == 7


@pytest.mark.parametrize("wins", ["first", "second"])
def test_a_replacement_shares_the_nonce_so_one_of_them_is_included(idle, publisher, journal, wins):
    with pytest.raises(OutputError, match="not included"):
        send(idle, publisher, payment(), journal, patience=Patience(seconds=0.1))
    entry, receipt = resume(idle, journal, replace=True)
    assert (entry.fate, receipt) == ("open", None)
    planned = ready(idle, payment(), nonce=entry.nonce, floor=entry.attempts[-1].max_fee)
    assert planned.fees.most > entry.attempts[-1].max_fee * 1.1
    if wins == "first":
        idle.once("evm_mine")  # while we sign
        receipt = delivered(idle, publisher, planned, journal, patience=QUICK, tell=quiet)
    else:
        receipt = delivered(idle, publisher, planned, journal, patience=QUICK, tell=lambda _text: idle.once("evm_mine"))
    attempts = journals.found(journal).attempts
    assert [item.hash for item in attempts].index(receipt.hash) == ["first", "second"].index(wins)
    assert (received(idle), transaction_count(idle, "publisher")) == (7, 1)


def test_nothing_else_is_signed_while_a_transaction_is_open(idle, publisher, journal):
    with pytest.raises(OutputError):
        send(idle, publisher, payment(), journal, patience=Patience(seconds=0.1))
    with pytest.raises(InputError, match="to pay the maker is still open; want its end first"):
        send(idle, publisher, payment("pay again"), journal)


def test_a_transaction_that_the_node_refuses_leaves_no_journal(node, publisher, journal):
    planned = replace(ready(node, payment()), gas=20_000)
    with pytest.raises(RefusedError, match="intrinsic gas too low"):
        delivered(node, publisher, planned, journal, patience=QUICK, tell=quiet)
    assert not journal.exists()
    assert send(node, publisher, payment(), journal).succeeded


@pytest.mark.parametrize("code", [-32000, -32603])
def test_a_refusal_that_may_be_none_keeps_the_journal(node, publisher, journal, code):
    """Behind one address there may be another node, which took the transaction before the first one lost patience."""
    with way_to(node) as way:
        answer = json.dumps({"id": 0, "error": {"code": code, "message": "request timed out"}}).encode()
        way.rule = lambda methods: (200, answer) if SEND in methods else "pass"
        with pytest.raises(RefusedError, match=r"timed out \(the transaction to pay the maker is journalled"):
            send(way.node, publisher, payment(), journal)
    assert resume(node, journal)[1].succeeded
    assert (received(node), transaction_count(node, "publisher")) == (7, 1)


def test_confirmations_are_waited_for(node, publisher, journal):
    told = []

    def tell(text):
        told.append(text)
        node.once("evm_mine")

    receipt = delivered(
        node, publisher, ready(node, payment()), journal, patience=Patience(seconds=5, confirmations=3), tell=tell
    )
    assert integer(node, node.read("eth_blockNumber")) >= receipt.block + 2
    assert any("of 3 blocks" in text for text in told)


def test_a_journal_of_another_chain_or_that_cannot_be_read_is_refused(node, publisher, journal):
    journal.write_text("{")
    with pytest.raises(InputError, match="the journal of a transaction cannot be read"):
        resume(node, journal)
    journals.forget(journal)
    send(node, publisher, payment(), journal)
    text = json.loads(journal.read_text()) | {"fate": "open", "chain_id": 1}
    journal.write_text(json.dumps(text))
    with pytest.raises(InputError, match="is of a transaction on chain 1; want not"):
        resume(node, journal)


def test_a_journal_is_one_processs_at_a_time(journal):
    with journals.locked(journal):  # noqa: SIM117 - the second one fails
        with pytest.raises(InputError, match="another makerscope is sending this"), journals.locked(journal):
            pass
    with journals.locked(journal):
        pass


def test_no_key_is_in_a_journal(node, publisher, journal):
    send(node, publisher, payment(), journal)
    assert key_of("publisher")[2:] not in journal.read_text()
