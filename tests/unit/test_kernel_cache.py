"""Compiled kernels are kept on disk, and what is kept never answers for sources that have changed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "makerscope"
CALLEE = '''
"""A leaf."""
from makerscope.kernels._jit import inlined, kernel

@inlined
def inner(x):
    return 2 * x

@kernel
def middle(x):
    return 10 * inner(x)
'''
CALLER = '''
"""A loop over a kernel of another file."""
from makerscope.kernels._jit import kernel
from makerscope.kernels.callee import middle

@kernel
def outer(values):
    total = 0
    for i in range(values.shape[0]):
        total += middle(values[i])
    return total
'''
RUN = """
import numpy as np
from pathlib import Path
from makerscope.kernels._jit import cache_folder
from makerscope.kernels import caller
from makerscope.kernels.caller import outer
answer = outer(np.array([1, 2, 3]))
stats = outer.stats
print(answer, sum(stats.cache_hits.values()), sum(stats.cache_misses.values()), cache_folder(Path(caller.__file__)))
"""


@pytest.fixture
def project(tmp_path):
    """A copy of the package with a kernel that calls a kernel of another file, and a runner in a fresh process."""
    package = tmp_path / "src" / "makerscope"
    (package / "kernels").mkdir(parents=True)
    for name in ("__init__.py", "errors.py", "kernels/__init__.py", "kernels/_jit.py"):
        shutil.copy(PACKAGE / name, package / name)
    (package / "kernels" / "callee.py").write_text(CALLEE)
    (package / "kernels" / "caller.py").write_text(CALLER)
    environment = {
        **os.environ,
        "PYTHONPATH": str(tmp_path / "src"),
        "MAKERSCOPE_CACHE": str(tmp_path / "cache"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    def run():
        done = subprocess.run(
            [sys.executable, "-c", RUN], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        answer, hits, misses, folder = done.stdout.split()
        return int(answer), int(hits), int(misses), Path(folder)

    return package, run


def files_under(folder):
    """Every file below a folder with its bytes."""
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def edit(path, old, new):
    """Replace text without changing the file's length or its times: nothing but the content may give it away."""
    before = path.stat()
    text = path.read_text()
    assert text.count(old) == 1
    assert len(old) == len(new)
    path.write_text(text.replace(old, new))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_an_edit_in_another_file_changes_the_answer_and_an_unchanged_source_compiles_nothing(project):
    package, run = project
    answer, hits, misses, folder = run()
    assert (answer, hits, misses) == (120, 0, 1)
    kept = files_under(folder)
    assert any(path.suffix == ".nbc" for path in kept)

    answer, hits, misses, same = run()
    assert (answer, hits, misses, same) == (120, 1, 0, folder)
    assert files_under(folder) == kept

    edit(package / "kernels" / "callee.py", "10 * inner", "15 * inner")
    answer, hits, misses, other = run()
    assert (answer, hits, misses) == (180, 0, 1)
    assert other != folder
    assert files_under(folder) == kept

    edit(package / "kernels" / "callee.py", "return 2 * x", "return 3 * x")
    assert run()[:3] == (270, 0, 1)

    edit(package / "kernels" / "callee.py", "return 3 * x", "return 2 * x")
    edit(package / "kernels" / "callee.py", "15 * inner", "10 * inner")
    answer, hits, misses, again = run()
    assert (answer, hits, misses, again) == (120, 1, 0, folder)
    assert files_under(folder) == kept


def test_a_file_that_is_not_imported_changes_nothing_and_one_that_is_starts_another_folder(project):
    package, run = project
    first = run()[3]
    (package / "kernels" / "unused.py").write_text('"""Nothing calls this."""\n')
    assert run()[1:] == (1, 0, first)
    edit(package / "kernels" / "_jit.py", "scalar leaf", "scalar Leaf")
    hits, misses, other = run()[1:]
    assert (hits, misses) == (0, 1)
    assert other != first
    assert other.parent == first.parent


def test_only_the_compiler_s_own_module_calls_numba_s_decorators():
    compiles = re.compile(r"numba\.(n?jit|vectorize|guvectorize|cfunc|stencil|generated_jit)\b")
    outside = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if path.name != "_jit.py" and compiles.search(path.read_text())
    ]
    assert outside == []
