"""Start sooner: the kernels use no linear algebra, so numba need not load SciPy's, which takes a third of a second.

Numba looks for SciPy's BLAS once, when its array functions are first loaded. In this process, which is the command
line and nobody's notebook, it finds none; SciPy itself can be imported as ever afterwards.
"""

import gc
import sys

gc.set_threshold(100_000)  # a report makes many small objects that live to its end; looking at them again costs 5 %

BLAS = "scipy.linalg"

if BLAS not in sys.modules:
    sys.modules[BLAS] = None  # pyright: ignore[reportArgumentType] - Python's own way to refuse an import
    try:
        import numba.np.arraymath  # noqa: F401 - loaded for its effect
    finally:
        del sys.modules[BLAS]
