"""What the documentation promises is so."""

import json
import re
from pathlib import Path

import pytest

from makerscope.report.scorecard import json_schema
from makerscope.tape.events import TABLES
from tests.write_architecture import rewritten

ROOT = Path(__file__).resolve().parents[2]


def test_the_json_schema_in_the_docs_is_that_of_the_scorecard():
    written = json.loads((ROOT / "docs" / "scorecard.schema.json").read_text())
    assert written == json.loads(json.dumps(json_schema())), "run: python -m tests.write_schema"


def test_every_table_of_a_tape_is_described():
    text = (ROOT / "docs" / "tape.md").read_text()
    for name in TABLES:
        assert f"| `{name}` |" in text


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"])
def test_links_in_a_page_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text()):
        assert target.startswith("http") or (ROOT / target).exists(), target


def test_every_module_named_in_the_measures_page_exists():
    text = (ROOT / "docs" / "measures.md").read_text()
    for name in re.findall(r"`metrics\.(\w+)`", text):
        assert (ROOT / "src" / "makerscope" / "metrics" / f"{name}.py").exists(), name


def test_lock_files_hold_no_host_names():
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-bench.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert "--index-url" not in text
        assert re.fullmatch(r"(?:[\w.\-\[\]]+==[^\s;]+(?: ;[^\n]+)?\n)+", text), "each line pins one version"


def test_the_architecture_page_names_every_module():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    assert rewritten(text) == text, "run: python -m tests.write_architecture"
