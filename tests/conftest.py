"""Fixtures that every test may use: where the shared recordings and vectors lie."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

SHARED = Path(os.environ.get("MAKERSCOPE_SHARED", Path(__file__).resolve().parents[2] / "shared"))

# a busy machine must not decide a test: no limit of time, neither on a case nor on drawing it
settings.register_profile("makerscope", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("makerscope")


@pytest.fixture
def shared_file():
    """Path of a shared file, or a skip that names what is missing."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            pytest.skip(f"{path} is absent: what this test checks on it was not checked")
        return path

    return find


@pytest.fixture
def vectors(shared_file):
    """Cases of a vector file, such as ``measures/xlm.json``."""

    def load(name: str) -> list[dict]:
        return json.loads(shared_file(f"vectors/{name}").read_text())

    return load
