"""What calls cost is what the documentation says, and a claim costs what a careful hand needs in Solidity."""

import pytest
from bench import gas

from tests.nodes import missing


@pytest.fixture(scope="module")
def rows():
    return gas.costs()


def test_the_table_in_the_docs_is_what_was_measured(rows):
    written = gas.PAGE.read_text().split(gas.START)[1].split(gas.END)[0].strip()
    if gas.solidity() is None:
        measured = [tuple(row[:2]) for row in rows]
        parts = [line.split(" | ") for line in written.splitlines()[2:]]
        assert [(what.removeprefix("| "), int(used.replace(",", ""))) for what, used, *_ in parts] == measured
        missing("node_modules/solc")
    assert written == gas.page(rows), "run: python -m bench.gas --write"


def test_a_claim_costs_at_most_a_tenth_more_than_by_hand_in_solidity(rows):
    if gas.solidity() is None:
        missing("node_modules/solc")
    first, later = (row for row in rows if row.solidity)
    assert first.ours <= 1.1 * first.solidity
    assert later.ours <= 0.85 * later.solidity


def test_the_dearest_challenge_fits_a_block_many_times(rows):
    assert max(row.ours for row in rows if row.what.startswith("challenge")) < 1_000_000
