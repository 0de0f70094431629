"""The one place that knows the compiler: flags, and where compiled code is kept.

Numba's disk cache notices an edit only in the file of the function itself: a caller of an edited kernel would keep its
stale machine code. So what a file compiles to is kept in a folder of its own, named by a hash of that file, of every
file of this package that it imports, directly or not, and of the versions and CPU it was compiled for. Any edit starts
a new folder for what depends on it, and for nothing else.

Kernels are scalar or loop over one-dimensional arrays, release the GIL, and answer NaN outside their domain.
``fastmath`` is off: results must not depend on how the compiler orders a sum.
"""

import hashlib
import os
import platform
import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any, Self

import llvmlite
import numba
import numpy as np
from numba.core import config, types
from numba.core.caching import _CacheLocator  # pyright: ignore[reportPrivateUsage] - the hook Numba documents

_PACKAGE = Path(__file__).resolve().parents[1]
_IMPORT = re.compile(
    r"^from makerscope\.([\w.]+) import (\([^)]*\)|[^\n]*)|^from makerscope import ([^\n]*)", re.MULTILINE
)
_VERSIONS = repr((sys.version, numba.__version__, llvmlite.__version__, np.__version__, platform.machine()))


@cache
def _imported(path: Path) -> tuple[bytes, tuple[Path, ...]]:
    """A file's text and the files of this package it imports."""
    raw = path.read_bytes()
    found: list[Path] = []
    for module, names, top in _IMPORT.findall(raw.decode()):
        folder = _PACKAGE.joinpath(*module.split(".")) if module else _PACKAGE
        inner = [folder / f"{name}.py" for name in re.findall(r"\w+", names or top)]
        found += [each for each in (folder.with_suffix(".py"), *inner) if each.is_file()]
    return raw, tuple(found)


def source_hash(path: Path) -> str:
    """Hash of a file and of all it imports of this package, with the versions that decide the machine code."""
    seen, new = {Path(__file__).resolve()}, [path]
    while new:
        here = new.pop()
        if here not in seen:
            seen.add(here)
            new += _imported(here)[1]
    digest = hashlib.sha256(_VERSIONS.encode())
    for each in sorted(seen | {path}):
        digest.update(_imported(each)[0])
    return digest.hexdigest()[:20]


def cache_root() -> Path:
    """Where compiled kernels are kept (``MAKERSCOPE_CACHE`` moves it)."""
    root = os.environ.get("MAKERSCOPE_CACHE") or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(root) / "makerscope"


@cache
def cache_folder(path: Path) -> Path:
    """Where what exactly this file and its imports compile to is kept."""
    return cache_root() / f"{path.stem}-{source_hash(path)}"


class SourceLocator(_CacheLocator):
    """Tells Numba where to keep the functions of this package, and of files that import it; others are left to it."""

    def __init__(self, function: Any, path: Path) -> None:  # noqa: ANN401 - any function
        self._path, self._line = path, function.__code__.co_firstlineno

    def get_cache_path(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride] - untyped there
        """The folder of the function's file."""
        return str(cache_folder(self._path))

    def get_source_stamp(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride] - untyped there
        """The same hash that names the folder."""
        return source_hash(self._path)

    def get_disambiguator(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride] - untyped there
        """Two functions of one name in a file differ by their line."""
        return str(self._line)

    @classmethod
    def from_function(cls, function: Any, path: str) -> Self | None:  # noqa: ANN401  # pyright: ignore[reportIncompatibleMethodOverride] - untyped there
        """A locator for a function of this package or of a file that imports it, else None."""
        where = Path(path)
        if not where.is_file() or (_PACKAGE not in where.parents and not _imported(where)[1]):
            return None
        return cls(function, where)


_NJIT: Any = numba.njit
_FLAGS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}
config.CACHE_LOCATOR_CLASSES = (  # pyright: ignore[reportAttributeAccessIssue] - set by name at run time
    "makerscope.kernels._jit.SourceLocator,UserProvidedCacheLocator,InTreeCacheLocator,UserWideCacheLocator,"
    "IPythonCacheLocator"
)


# where nothing is allocated: no code is compiled that counts who uses an array, for all arrays there outlive every call
_BORROWERS = ("makerscope.market.", "makerscope.sim.", "makerscope.agents.")


def _lean(function: Callable[..., Any], *, counted: bool = False, **flags: Any) -> Any:  # noqa: ANN401 - numba's dispatcher has no public type
    """Compile without the ways in from Python and C, which take a third of the time, and once for all integers.

    Numba would compile a callee again for every constant it is called with.
    """
    twin = FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    twin.__qualname__ = f"{function.__qualname__}.lean"  # its own file in the cache
    twin.__module__, twin.__kwdefaults__ = function.__module__, function.__kwdefaults__
    counted = counted or not function.__module__.startswith(_BORROWERS)
    lean = _NJIT(**_FLAGS, **flags, _nrt=counted, no_cfunc_wrapper=True, no_cpython_wrapper=True)(twin)
    template = lean.get_call_template

    def by_type(arguments: Any, keywords: Any) -> Any:  # noqa: ANN401 - see above
        return template(
            tuple(types.unliteral(kind) for kind in arguments),
            {name: types.unliteral(kind) for name, kind in keywords.items()},
        )

    lean.get_call_template = by_type
    return lean


def _with_lean(function: Callable[..., Any], **flags: Any) -> Any:  # noqa: ANN401 - see above
    """A function that Python may call, and of which compiled callers take the lean twin."""
    lean = _lean(function, **flags)
    flags.pop("counted", None)
    whole = _NJIT(**_FLAGS, **flags, no_cfunc_wrapper=True)(function)
    whole.get_call_template, whole.get_overload = lean.get_call_template, lean.get_overload
    return whole


def kernel(function: Callable[..., Any]) -> Any:  # noqa: ANN401 - see above
    """Compile a loop over arrays: lazily, cached on disk, without the GIL, IEEE exact."""
    return _with_lean(function, boundscheck=False)


def inner(function: Callable[..., Any]) -> Any:  # noqa: ANN401 - see above
    """Compile a kernel that only compiled code calls."""
    return _lean(function, boundscheck=False)


def checked(function: Callable[..., Any]) -> Any:  # noqa: ANN401 - see above
    """Compile a function that somebody else wrote: an index out of bounds raises, as it does in Python."""
    return numba.njit(cache=True, nogil=True, error_model="numpy", boundscheck=True)(function)


def part(function: Callable[..., Any]) -> Any:  # noqa: ANN401 - see above
    """Compile a kernel that others call by address (``address_of``): takes and gives numbers and handles only."""
    return _NJIT(**_FLAGS, boundscheck=False, no_cpython_wrapper=True)(function)


def inlined(function: Callable[..., Any]) -> Any:  # noqa: ANN401 - see above
    """Compile a scalar leaf that is inlined into the loops that call it."""
    return _with_lean(function, forceinline=True)


def view(function: Callable[..., Any]) -> Any:  # noqa: ANN401 - see above
    """Compile a leaf that gives arrays, parts of those it takes, and is inlined into what calls it."""
    return _with_lean(function, counted=True, forceinline=True)


def allocating(function: Callable[..., Any]) -> Any:  # noqa: ANN401 - see above
    """Compile a kernel that makes arrays of its own, where others do not."""
    return _with_lean(function, counted=True, boundscheck=False)


def address_of(function: Any, *kinds: Any) -> int:  # noqa: ANN401 - a dispatcher and numba types
    """Compile a part for these types and give the address of its C function.

    What is called by address is not compiled into its caller: it is compiled once, however many call it.
    """
    function.compile(kinds)
    found = function.overloads[kinds]
    return found.library.get_pointer_to_function(found.fndesc.llvm_cfunc_wrapper_name)


def entry(function: Callable[..., Any], *, cache: bool = True) -> Any:  # noqa: ANN401 - numba's CFunc has no public type
    """Compile a C function ``int64 (int64, int64, int64)`` that a running loop can call by its address.

    ``cache``: keep it on disk; one that is made around another function cannot be kept.
    """
    return numba.cfunc("int64(int64, int64, int64)", cache=cache, error_model="numpy")(function)
