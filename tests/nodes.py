"""What tests need from npm: node itself, and a script run with JSON in and JSON out."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = ROOT / "node_modules"


def missing(what: str) -> NoReturn:
    """Skip the test, saying what is absent; where ``MAKERSCOPE_INSIST`` is set, as in ``make check``, fail it."""
    text = f"{what} is absent (npm install puts it there): what this test checks with it was not checked"
    if os.environ.get("MAKERSCOPE_INSIST"):
        pytest.fail(text)
    pytest.skip(text)


def run_node(script: str, given: object, *packages: str) -> object:
    """The JSON that ``script`` writes; it finds ``given`` in the variable ``given``."""
    node = shutil.which("node") or missing("node")
    for package in packages:
        if not (MODULES / package).is_dir():
            missing(f"node_modules/{package}")
    head = "const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));\n"
    done = subprocess.run(
        [node, "-e", head + script], cwd=ROOT, input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)
