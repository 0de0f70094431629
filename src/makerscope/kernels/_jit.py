"""The one place that knows the compiler: flags, and where compiled code is kept.

Numba's disk cache notices an edit only in the file of the function itself: a caller of an edited kernel
would keep its stale machine code. So the cache lives in a folder named by a hash of this package's sources
and of the versions and CPU it was compiled for; any edit starts a new folder.

Kernels are scalar or loop over one-dimensional arrays, release the GIL, and answer NaN outside their domain.
``fastmath`` is off: results must not depend on how the compiler orders a sum.
"""

import hashlib
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core import config, types

_PACKAGE = Path(__file__).resolve().parents[1]
COMPILED = ("kernels", "market", "agents", "sim")  # folders whose functions are compiled


def source_hash() -> str:
    """Hash of every source file that is compiled, with the versions that decide the machine code."""
    digest = hashlib.sha256()
    for folder in COMPILED:
        for path in sorted((_PACKAGE / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    versions = (sys.version, numba.__version__, llvmlite.__version__, np.__version__, platform.machine())
    digest.update(repr(versions).encode())
    return digest.hexdigest()[:20]


def cache_folder() -> Path:
    """Where compiled kernels of exactly these sources are kept (``MAKERSCOPE_CACHE`` moves it)."""
    root = os.environ.get("MAKERSCOPE_CACHE") or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(root) / "makerscope" / f"kernels-{source_hash()}"


config.CACHE_DIR = str(cache_folder())  # pyright: ignore[reportAttributeAccessIssue] - set by name at run time


def _by_type(dispatcher: Any) -> Any:  # noqa: ANN401 - numba's dispatcher has no public type
    """Compile once for all integers: Numba would compile a callee again for every constant it is called with."""
    template = dispatcher.get_call_template

    def by_type(arguments: Any, keywords: Any) -> Any:  # noqa: ANN401 - see above
        return template(
            tuple(types.unliteral(kind) for kind in arguments),
            {name: types.unliteral(kind) for name, kind in keywords.items()},
        )

    dispatcher.get_call_template = by_type
    return dispatcher


def kernel(function: Callable[..., Any]) -> Any:  # noqa: ANN401 - see above
    """Compile a loop over arrays: lazily, cached on disk, without the GIL, IEEE exact."""
    return _by_type(
        numba.njit(cache=True, nogil=True, error_model="numpy", boundscheck=False, no_cfunc_wrapper=True)(function)
    )


def part(function: Callable[..., Any]) -> Any:  # noqa: ANN401 - see above
    """Compile a kernel that others call by address (``address_of``): takes and gives numbers and handles only."""
    return _by_type(numba.njit(cache=True, nogil=True, error_model="numpy", boundscheck=False)(function))


def inlined(function: Callable[..., Any]) -> Any:  # noqa: ANN401 - see above
    """Compile a scalar leaf that is inlined into the loops that call it."""
    return _by_type(
        numba.njit(cache=True, nogil=True, error_model="numpy", forceinline=True, no_cfunc_wrapper=True)(function)
    )


def address_of(function: Any, *kinds: Any) -> int:  # noqa: ANN401 - a dispatcher and numba types
    """Compile a part for these types and give the address of its C function.

    What is called by address is not compiled into its caller: it is compiled once, however many call it.
    """
    function.compile(kinds)
    found = function.overloads[kinds]
    return found.library.get_pointer_to_function(found.fndesc.llvm_cfunc_wrapper_name)


def entry(function: Callable[..., Any]) -> Any:  # noqa: ANN401 - numba's CFunc has no public type
    """Compile a C function ``int64 (int64, int64, int64)`` that a running loop can call by its address."""
    return numba.cfunc("int64(int64, int64, int64)", cache=True, error_model="numpy")(function)
