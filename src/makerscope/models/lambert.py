"""Lambert's W over arrays: the principal branch, and W of an exponential that would overflow."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError
from makerscope.kernels import lambert

Floats = NDArray[np.float64]


def lambert_w(y: ArrayLike) -> Floats:
    """Principal branch of W, the inverse of ``w e^w``.

    Args:
        y: from -1/e on, any shape.

    Returns:
        W(y), at least -1, relative error about 1e-15 (near -1/e: as far as y determines it).

    Raises:
        DomainError: an element is NaN or below -1/e, where W is not real.

    Source:
        R. Corless et al. (1996), Advances in Computational Mathematics 5, 329-359.

    Examples:
        >>> lambert_w([0.0, 1.0, np.e]).round(12).tolist()
        [0.0, 0.56714329041, 1.0]
    """
    given = np.asarray(y, np.float64)
    if not np.all(given >= lambert.BRANCH):
        raise DomainError("want numbers from -1/e on")
    flat, out = np.ascontiguousarray(given).ravel(), np.empty(given.size)
    lambert.principals(flat, out)
    return out.reshape(given.shape)


def lambert_w_of_exp(x: ArrayLike) -> Floats:
    """``W(e^x)``, the solution of ``w + ln w = x``, at any x.

    Args:
        x: any numbers, any shape.

    Raises:
        DomainError: an element is NaN or infinite.

    Examples:
        >>> lambert_w_of_exp([-1.7, 0.0, 1e6]).round(6).tolist()
        [0.156256, 0.567143, 999986.184503]
    """
    given = np.asarray(x, np.float64)
    if not np.isfinite(given).all():
        raise DomainError("want finite numbers")
    flat, out = np.ascontiguousarray(given).ravel(), np.empty(given.size)
    lambert.omegas(flat, out)
    return out.reshape(given.shape)
