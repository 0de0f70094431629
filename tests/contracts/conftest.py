"""The world of a test, which is forgotten when it ends."""

import boa
import pytest

from tests.contracts.world import funded


@pytest.fixture
def world():
    """A funded distributor and its people; whatever a test does to them is undone."""
    made = funded()
    with boa.env.anchor():
        yield made
