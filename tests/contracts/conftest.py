"""The world of a test, which is forgotten when it ends."""

import boa
import pytest

from tests.contracts import world as made


@pytest.fixture(scope="session")
def _funded():
    return made.new_world()


@pytest.fixture
def world(_funded):
    """A funded distributor and its people; whatever a test does to them is undone."""
    with boa.env.anchor():
        yield _funded
