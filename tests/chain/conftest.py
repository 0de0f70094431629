"""One chain for all tests of a session; what a test does to it is undone after it."""

import pytest

from tests.anvil import anvil, enrich, undone


@pytest.fixture(scope="session")
def chain():
    with anvil() as node:
        enrich(node, "owner", "publisher", "challenger", "maker", "stranger")
        yield node


@pytest.fixture
def node(chain):
    with undone(chain):
        yield chain


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "sent.journal.json"
