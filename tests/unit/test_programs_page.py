"""The page on programs says every key and every preset, and its example gives what it prints."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from makerscope.programs import charges, program, terms
from makerscope.programs.program_file import find_program, open_parameters, preset_names
from tests.preset_tapes import GIVEN

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "programs.md").read_text()
SECTIONS = {
    "### The program": (program.Program,),
    "### `[parameters.NAME]`": (program.Parameter,),
    "### `[sampling]`": (program.Sampling,),
    "### `[[group]]`": (program.Group,),
    "### `[group.reference]`": (program.Reference,),
    "### `[[group.measure]]`": (program.Measure, program.Band),
    "### `[group.formula]`": (program.Formula, terms.Factor),
    "### `[group.gates]`": (program.Gates,),
    "### `[group.target]`": (program.Target,),
    "### `[group.stress]`": (charges.Stress, charges.Fade, charges.Asked, charges.Fills),
    "### `[group.hysteresis]`": (program.Hysteresis,),
    "### `[group.obligation]`": (terms.Obligation,),
    "### `[group.commitment]`": (terms.Commitment,),
    "### `[group.queue]`": (terms.Queue,),
    "### `[[clause]]`": (terms.Clause, terms.Watched),
}


def section(heading):
    (start,) = [at.start() for at in re.finditer(re.escape(heading), PAGE)]
    end = re.compile(r"^##", re.MULTILINE).search(PAGE, start + len(heading))
    return PAGE[start : end.start() if end else len(PAGE)]


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_key_is_described(heading):
    text = section(heading)
    for struct in SECTIONS[heading]:
        for key in struct.__struct_fields__:
            assert re.search(rf"`{key}`|\b{key} =", text), f"{heading}: {key}"


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_has_a_place_and_names_what_must_be_given(name):
    (heading,) = [line for line in PAGE.splitlines() if line.startswith("### ") and f"`{name}`" in line]
    text = section(heading)
    for key in open_parameters(name):
        assert f"`{key}`" in text, key
    if not name.startswith("makerscope"):
        status = find_program(name, GIVEN.get(name)).status
        assert f"| status | {status}" in text, status


def test_the_worked_example_prints_what_the_page_says(tmp_path, monkeypatch):
    text = section("## Your own")
    (rule,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (printed,) = re.findall(r"```\n(5 bps.*?)```", text, re.DOTALL)
    (tmp_path / "near_touch.toml").write_text(rule)
    monkeypatch.chdir(tmp_path)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "docs/programs.md", "exec"), {})
    assert out.getvalue() == printed
