"""Estimates from a maker's own record: volatility on a clock, fill intensity from where it rested and was hit."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.kernels.estimates import CELLS, FIRST, PER_DECAY, cell_of, faded_variance, fit_intensity
from makerscope.models.inventory_quotes import want_positive


class Intensity(NamedTuple):
    """Fills at ``A e^(-k distance)`` per unit of time."""

    A: float
    k: float


def intensity_of(
    distance: NDArray[np.float64], exposure: NDArray[np.float64], filled: NDArray[np.float64], *, A: float, k: float,
    prior: float,
) -> Intensity:  # fmt: skip
    """``A`` and ``k`` by maximum likelihood from spells of a resting quote.

    Args:
        distance: of the quote from the fair price, price; below 0 beyond it. ``(n,)``
        exposure: how long it rested there, unit of time. ``(n,)``
        filled: how often it was filled meanwhile; a part of its size counts as a part. ``(n,)``
        A: of the prior: fills per unit of time at the fair price.
        k: of the prior, 1 / price; distances are put into cells of a fifth of ``1 / k``, from -2 / k to 6 / k, and what
            is found lies between a tenth and ten times of it.
        prior: how long a record at the distance ``1 / k`` the prior is worth, unit of time; 0 or more.

    Raises:
        DomainError: numbers outside their range, or arrays of several lengths.

    Source:
        The likelihood of a Poisson process whose rate is known up to (A, k); derived.

    Examples:
        >>> near, far = np.array([1.1, 3.1]), np.array([1000.0, 1000.0])
        >>> fit = intensity_of(near, far, np.array([576.9, 212.2]), A=0.5, k=1.0, prior=0.0)
        >>> round(fit.k, 2), round(fit.A, 2)
        (0.5, 1.0)
    """
    want_positive(A=A, k=k)
    if not prior >= 0:
        raise DomainError(f"want a prior of 0 or more; got {prior}")
    if not (len(distance) == len(exposure) == len(filled)):
        raise DomainError(f"want arrays of one length; got {len(distance)}, {len(exposure)}, {len(filled)}")
    if (np.asarray(exposure) < 0).any() or (np.asarray(filled) < 0).any():
        raise DomainError("want exposures and fills of 0 or more")
    width = 1.0 / (PER_DECAY * k)
    time, count = np.zeros(CELLS), np.zeros(CELLS)
    for away, spell, hits in zip(distance, exposure, filled, strict=True):
        cell = cell_of(float(away), width)
        time[cell] += spell
        count[cell] += hits
    return Intensity(*fit_intensity(time, count, prior, A, k, k))


def cell_middles(k: float) -> NDArray[np.float64]:
    """Distances in the middle of the cells of a prior ``k``, price; ``(CELLS,)``.

    Raises:
        DomainError: k is not above 0.
    """
    want_positive(k=k)
    return np.arange(CELLS, dtype=np.float64) * (1.0 / (PER_DECAY * k)) + (FIRST + 0.5) / (PER_DECAY * k)


def variance_on_a_clock(price: NDArray[np.float64], *, start: float, elapsed: float, half_life: float) -> float:
    """Variance per unit of time by exponentially weighted squared changes.

    Args:
        price: at equal intervals, ``(n,)``.
        start: variance before the first change, per unit of time.
        elapsed: time between two prices.
        half_life: time in which the weight of a change falls to half.

    Raises:
        DomainError: a time that is not above 0, or a start below 0.

    Examples:
        >>> round(variance_on_a_clock(np.array([0.0, 1.0, 0.0, 1.0]), start=1.0, elapsed=2.0, half_life=4.0), 3)
        0.677
    """
    want_positive(elapsed=elapsed, half_life=half_life)
    if not start >= 0:
        raise DomainError(f"want a start of 0 or more; got {start}")
    variance = start
    for change in np.diff(price).tolist():
        variance = faded_variance(variance, change, elapsed, half_life)
    return float(variance)
