"""Whatever is changed in a bundle, in a file beside it or in its tape, verifying it says so, and where."""

import json
import shutil
from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.errors import InputError, TapeError
from makerscope.rewards.bundle import BUNDLE, SIGNATURE
from makerscope.rewards.canonical import canonical
from makerscope.rewards.verify import case_of, verify
from makerscope.tape.demo import write_demo
from tests.epochs import settled, write_tape, written

# what only the hash of the bundle binds, which is signed: whoever settles an epoch chooses it
UNNAMED = {"token", "token_decimals", "made_by", "exclusions"}  # of an exclusion the amounts are named that differ
SIGNED_AS = {"chain_id": "chainId", "contract": "verifyingContract"}


@pytest.fixture(scope="module")
def tape(tmp_path_factory):
    return write_tape(tmp_path_factory.mktemp("tape"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tape):
    return written(tmp_path_factory.mktemp("epochs"), settled(tape))


@pytest.fixture(scope="module")
def document(folder):
    return json.loads((folder / BUNDLE).read_bytes())


def leaves(value, path=()):
    """Paths of all values, and of all lists."""
    if isinstance(value, dict):
        return [found for key in sorted(value) for found in leaves(value[key], (*path, key))] or [path]
    if isinstance(value, list):
        return [path] + [found for place, item in enumerate(value) for found in leaves(item, (*path, place))]
    return [path]


def changed(document, path):
    """The document with one value changed, in keeping with its form as far as that is possible."""
    out = deepcopy(document)
    at = out
    for key in path[:-1]:
        at = at[key]
    old = at[path[-1]]
    if old is None:
        new = "1"
    elif isinstance(old, bool):
        new = not old
    elif isinstance(old, int):
        new = old + 1
    elif isinstance(old, list):
        new = old[:-1] if old else ["x"]
    elif isinstance(old, dict):
        new = old | {"x": "1"}
    elif old.isdigit():
        new = str(int(old) + 1)
    elif old.startswith("0x") or len(old) == 64:
        new = old[:-1] + ("0" if old[-1] != "0" else "1")
    else:
        new = old + "x"
    at[path[-1]] = new
    return out


def found(folder, tape):
    """Differences by step; a bundle that cannot be read is one too."""
    try:
        return {step.name: step.difference for step in verify(case_of(folder, tape=tape)) if step.difference}
    except (InputError, TapeError) as error:
        return {"unusable": error}


def tampered(folder, tmp_path, document):
    copy = tmp_path / "tampered"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    (copy / BUNDLE).write_bytes(canonical(document))
    return copy


def check(folder, tape, tmp_path, document, path):
    """A change is found by the signature, or the bundle cannot be read, which names the key; the differences."""
    copy = tampered(folder, tmp_path, changed(document, path))
    wrong = found(copy, tape)
    assert wrong, path
    if "unusable" in wrong:
        assert str(path[0]) in str(wrong["unusable"]), path
        return []
    assert "signature" in wrong, path
    return [str(difference) for difference in wrong.values()]


def test_one_change_below_every_key_is_found_and_named(folder, tape, tmp_path, document):
    for key in document:
        paths = [path for path in leaves({key: document[key]}) if path != (key,) or not isinstance(document[key], dict)]
        named = check(folder, tape, tmp_path, document, paths[0])
        if named and key not in UNNAMED:
            assert any(name in text for text in named for name in (key, SIGNED_AS.get(key, key))), (paths[0], named)


@settings(max_examples=60)
@given(data=st.data())
def test_any_change_of_a_signed_bundle_is_found(folder, tape, tmp_path_factory, document, data):
    path = data.draw(st.sampled_from(leaves(document)[1:]), label="path")
    check(folder, tape, tmp_path_factory.mktemp("t"), document, path)


@settings(max_examples=40)
@given(data=st.data())
def test_any_false_score_amount_or_sum_is_found_without_a_signature(folder, tape, tmp_path_factory, document, data):
    keys = ("scores", "markets", "amounts", "remainder", "unearned", "root", "hysteresis", "samples", "rules")
    paths = [path for key in keys for path in leaves({key: document[key]}) if path != (key,) or key == "root"]
    path = data.draw(st.sampled_from(paths), label="path")
    copy = tampered(folder, tmp_path_factory.mktemp("t"), changed(document, path))
    (copy / SIGNATURE).unlink()
    wrong = found(copy, tape)
    assert wrong, path
    assert any(str(path[0]) in str(difference) for difference in wrong.values()), (path, wrong)


@settings(max_examples=60)
@given(data=st.data())
def test_any_byte_of_any_file_of_a_bundle(folder, tape, tmp_path_factory, data):
    copy = shutil.copytree(folder, tmp_path_factory.mktemp("t") / "b")
    name = data.draw(st.sampled_from(sorted(path.name for path in folder.iterdir())), label="file")
    content = bytearray((copy / name).read_bytes())
    content[data.draw(st.integers(0, len(content) - 1), label="byte")] ^= 1 << data.draw(st.integers(0, 7), label="bit")
    (copy / name).write_bytes(content)
    wrong = found(copy, tape)
    assert wrong, name
    if "unusable" not in wrong and name not in (BUNDLE, SIGNATURE):
        assert wrong["files"].path == f"files.{name}"
    if name == SIGNATURE:
        assert wrong.keys() == {"signature"}


@settings(max_examples=30)
@given(data=st.data())
def test_any_byte_of_any_table_of_the_tape_is_found_and_its_file_named(folder, tape, tmp_path_factory, data):
    copy = shutil.copytree(tape, tmp_path_factory.mktemp("t") / "tape")
    files = sorted(path.relative_to(copy).as_posix() for path in copy.rglob("*.parquet"))
    name = data.draw(st.sampled_from(files), label="file")
    content = bytearray((copy / name).read_bytes())
    content[data.draw(st.integers(0, len(content) - 1), label="byte")] ^= 1 << data.draw(st.integers(0, 7), label="bit")
    (copy / name).write_bytes(content)
    wrong = found(folder, copy)
    assert wrong.keys() == {"tape"}
    assert wrong["tape"].path == f"tape {name}"


def test_a_tape_whose_manifest_agrees_with_its_changed_files_is_another_tape(folder, tape, tmp_path):
    wrong = found(folder, write_demo(tmp_path / "tape", seed=6, hours=0.1))
    assert wrong.keys() == {"tape"}
    assert wrong["tape"].path == "tape.evidence_root"


@pytest.mark.parametrize("name", ["bundle.json", "scores.parquet", "amounts.json", "tree.json", "samples.parquet"])
def test_a_missing_file_is_named(folder, tape, tmp_path, name):
    copy = shutil.copytree(folder, tmp_path / "b")
    (copy / name).unlink()
    assert any(name in str(difference) for difference in found(copy, tape).values())


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is no JSON"),
        (b"[]", "Expected `object`"),
        (b"{}", "missing required field"),
        (b'{"a": 1}', "not in canonical form at byte"),
        (b'{"a":1,"a":1}', "not in canonical form"),
        (b'{"a":1.5}', "float"),
        (b"\xff\xfe", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b'"' + b"9" * 10, "is no JSON"),
    ],
)
def test_what_is_no_bundle_is_one_line(tmp_path, data, says):
    (tmp_path / BUNDLE).write_bytes(data)
    with pytest.raises(InputError) as error:
        case_of(tmp_path)
    assert says in str(error.value)
    assert "\n" not in str(error.value)
