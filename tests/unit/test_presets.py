"""Every shipped program reads, says where it is from, and scores a tape or says what the tape lacks."""

import re

import msgspec
import pytest

from makerscope.errors import InputError
from makerscope.programs.evidence import evidence
from makerscope.programs.program import Program, canonical, program_hash
from makerscope.programs.program_file import find_program, open_parameters, preset_names
from makerscope.programs.scores import POOL
from makerscope.programs.scoring import score_evidence
from makerscope.tape.demo import write_demo
from makerscope.tape.read import Tape
from tests.preset_tapes import GIVEN

PRICED = {"polymarket": {"max_spread": "50 price", "min_size": "0.01"}}  # no prices of the demo are between 0 and 1
LACKS = {
    "deribit_type": "matches no instrument",
    "eurex_type": "matches no instrument",
    "injective_olp": "table 'blocks'",
    "injective_olp_2025": "table 'blocks'",
    "makerscope_options": "matches no instrument",
    "powertrade": "matches no instrument",
    "vega_liquidity_score": "table 'blocks'",
    "vega_sla": "table 'blocks'",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return evidence(Tape.open(write_demo(tmp_path_factory.mktemp("demo") / "tape", hours=0.3)))


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_says_where_it_is_from(name):
    found = find_program(name, GIVEN.get(name))
    assert found.name == name
    assert found.title
    assert found.source
    assert found.notes
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}|unknown", found.valid_from)
    assert found.valid_to is None or found.valid_to > found.valid_from
    assert re.fullmatch(r"0x[0-9a-f]{64}", program_hash(found))


@pytest.mark.parametrize("name", sorted(GIVEN))
def test_what_is_not_published_must_be_given(name):
    left = open_parameters(name)
    assert set(left) == set(GIVEN[name])
    for key, meaning in left.items():
        assert meaning
        others = {other: value for other, value in GIVEN[name].items() if other != key}
        with pytest.raises(InputError, match=f"leaves '{key}' open") as caught:
            find_program(name, others)
        assert "\n" not in str(caught.value)
    assert find_program(name, GIVEN[name]).assumed == GIVEN[name]


def test_a_preset_without_open_parameters_needs_nothing():
    assert {name for name in preset_names() if open_parameters(name)} == set(GIVEN)


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_scores_the_demo_tape_or_says_what_it_lacks(name, demo):
    program = find_program(name, GIVEN.get(name, {}) | PRICED.get(name, {}))
    if name in LACKS:
        with pytest.raises(InputError, match=LACKS[name]) as caught:
            score_evidence(demo, program, seed=bytes(32))
        assert "\n" not in str(caught.value)
        return
    found = score_evidence(demo, program, seed=bytes(32))
    points = found.points()
    assert 0 < sum(points.values()) <= POOL
    assert min(points.values()) >= 0
    assert len(points) > 2


@pytest.mark.parametrize("name", preset_names())
def test_a_program_read_back_from_its_canonical_bytes_is_the_same(name):
    found = find_program(name, GIVEN.get(name))
    again = msgspec.convert(msgspec.json.decode(canonical(found)), Program, strict=False)
    assert program_hash(again) == program_hash(found)
