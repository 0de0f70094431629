"""The compiled contract that ships is the one that the sources make."""

import json

from contracts import build


def test_the_shipped_artifact_is_what_the_sources_compile_to():
    assert build.ARTIFACT.read_text() == build.text(build.artifact()), "run: python -m contracts.build"


def test_the_code_fits_the_size_that_a_chain_takes():
    assert json.loads(build.ARTIFACT.read_text())["runtime_bytes"] <= 24_576
