"""One chain for all tests of a session; what a test does to it is undone after it."""

import time
from types import SimpleNamespace

import pytest

from makerscope.rewards import keys, rpc
from makerscope.rewards.distributor import distributor_at
from makerscope.rewards.hashing import checksum
from makerscope.rewards.interface import interface
from makerscope.rewards.posting import registered_as
from tests.anvil import CHAIN_ID, COIN, address_of, anvil, call_of, deploy_token, enrich, send_as, undone
from tests.chain.bundles import MAX_WEIGHT, PROGRAM, RULES, RULES_ROOT, write_bundle
from tests.chain.shell import Shell

BOND, WINDOW, PERIOD = COIN // 10, 3_600, 86_400


@pytest.fixture(scope="session")
def chain():
    with anvil() as node:
        enrich(node, "owner", "publisher", "challenger", "maker", "stranger")
        yield node


@pytest.fixture
def node(chain, world):
    """The chain with a distributor; what the test does to it is undone."""
    with undone(chain):
        yield chain


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "sent.journal.json"


@pytest.fixture
def shell(node, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(rpc, "time", SimpleNamespace(sleep=lambda seconds: time.sleep(seconds / 20)))
    for name in (keys.KEYSTORE, keys.PASSWORD):
        monkeypatch.delenv(name, raising=False)
    return Shell(monkeypatch, capsys, node)


@pytest.fixture(scope="session")
def world(chain):
    """A distributor that may be posted to: deployed, funded, its program registered, its publisher named."""
    token = deploy_token(chain, "owner")
    values = (token, address_of("owner"), BOND, WINDOW, PERIOD)
    address = send_as(chain, "owner", "0x" + interface().deployment(*values).hex())["contractAddress"]
    it = distributor_at(chain, checksum(bytes.fromhex(address[2:])), chain_id=CHAIN_ID)
    token = it.token
    for name, values in (
        ("register", (registered_as(PROGRAM, RULES_ROOT), RULES_ROOT, len(RULES), MAX_WEIGHT)),
        ("set_publisher", (address_of("publisher"),)),
    ):
        send_as(chain, "owner", "0x" + it.call("", name, *values).data.hex(), it.address)
    send_as(chain, "owner", call_of("approve(address,uint256)", it.address, 10**10), token)
    send_as(chain, "owner", "0x" + it.call("", "fund", 10**10).data.hex(), it.address)
    return it


@pytest.fixture
def bundle(tmp_path, world):
    """A true bundle of epoch 3 for this distributor."""
    return write_bundle(tmp_path / "epoch-3", contract=world.address)
