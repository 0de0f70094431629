"""When a program looks: instants that nobody knows before the epoch and everybody can recompute after it.

The publisher draws a seed of 32 bytes, publishes its ``commitment`` (Keccak-256) before the epoch, and the seed after.
The i-th draw is the first 8 bytes of ``keccak(seed ++ i)`` with ``i`` as 8 bytes, big endian, read as a number below
2**64; times an interval and shifted right by 64 bits it is a time within it. All in integers, ns UTC or blocks.

A ``grid`` needs no seed, and whoever quotes for one second around each mark scores as if always there. Of the seeded
ways ``stratified`` has the least error, but within a period that has already been looked at nothing is at stake any
more: where samples leak while the epoch runs, take ``independent`` ones. Only whole periods of a span are looked at.

A sampled score has an error, which is reported beside it and never paid by: floats are in order for that.
"""

from collections.abc import Callable
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from sha3 import keccak_256

from makerscope.errors import DomainError, InputError

SEED = 32  # bytes
MOST = 10**8  # samples at once
_HALF, _LOW = np.uint64(32), np.uint64(2**32 - 1)


def commitment(seed: bytes) -> str:
    """What is published of a seed before the epoch: its Keccak-256 in hex.

    Raises:
        InputError: the seed is not of 32 bytes.

    Examples:
        >>> commitment(bytes(32))
        '0x290decd9548b62a8d60345a988386fc84ba6bc95484008f6362f93160ef3e563'
    """
    return "0x" + keccak_256(_checked(seed)).hexdigest()


def check_commitment(seed: bytes, published: str) -> None:
    """Raise unless a revealed seed is the one that was committed to.

    Raises:
        InputError: it is not.
    """
    found = commitment(seed)
    if found != published.lower():
        raise InputError("seed", f"its commitment is {found}", f"{published}, as published before the epoch")


def draws(seed: bytes, first: int, count: int) -> NDArray[np.uint64]:
    """Draws number ``first`` and following, each uniform below 2**64. About 1 us each."""
    if first < 0 or count < 0:
        raise DomainError(f"{count} draws from number {first}: want neither negative")
    _check_count(count)
    keccak, head = keccak_256, _checked(seed)
    text = b"".join([keccak(head + i.to_bytes(8)).digest()[:8] for i in range(first, first + count)])
    return np.frombuffer(text, ">u8").astype(np.uint64)


def stratified_instants(seed: bytes, start: int, until: int, period: int) -> NDArray[np.int64]:
    """One instant in each whole period from ``start`` on, ascending.

    Args:
        seed: 32 bytes.
        start: ns.
        until: ns; no instant is at or after it.
        period: ns.

    Examples:
        >>> stratified_instants(bytes(32), 0, 300, 100)
        array([ 85, 111, 297])
    """
    marks = grid_instants(start, until, period)
    return marks + _part(draws(seed, 0, marks.size), period)


def independent_instants(seed: bytes, start: int, until: int, count: int) -> NDArray[np.int64]:
    """``count`` instants from ``start`` to before ``until``, ascending; two may be the same."""
    _check_span(start, until, 1)
    return start + np.sort(_part(draws(seed, 0, count), until - start))


def grid_instants(start: int, until: int, period: int) -> NDArray[np.int64]:
    """The start of each whole period: no chance, for comparison and for rules that say so."""
    _check_span(start, until, period)
    _check_count((until - start) // period)
    return start + np.arange((until - start) // period, dtype=np.int64) * period


def sampled_blocks(seed: bytes, start: int, until: int, *, low: int, high: int) -> NDArray[np.int64]:
    """Numbers of blocks, each ``low`` to ``high`` (both included) after the one before, the first after ``start``.

    Args:
        seed: 32 bytes.
        start: number of the block before the epoch.
        until: the first block after it.
        low: least distance, at least 1.
        high: largest distance.

    Returns:
        Block numbers below ``until``, ascending. The remainder by which a draw becomes a distance prefers none of them
        by more than 1 in 2**40.
    """
    if not (1 <= low <= high <= 2**24):
        raise DomainError(f"blocks: {low} to {high} apart; want 1 <= low <= high <= 2**24")
    _check_span(start, until, 1)
    found, last, drawn = [np.empty(0, np.int64)], start, 0
    while last < until:
        count = 2 * (until - last) // (low + high) + 16
        steps = (draws(seed, drawn, count) % np.uint64(high - low + 1)).astype(np.int64) + low
        found.append(last + np.cumsum(steps))
        last, drawn = int(found[-1][-1]), drawn + count
    blocks = np.concatenate(found)
    return blocks[blocks < until]


def presence_error(share: float, samples: int) -> float:
    """Standard error of a presence found as the share of independent samples; of stratified ones it is at most this.

    Args:
        share: 0 to 1.
        samples: how many.

    Source:
        Variance of a binomial share.

    Examples:
        >>> presence_error(0.5, 100)
        0.05
    """
    if not 0 <= share <= 1 or samples < 1:
        raise DomainError(f"presence of {share} in {samples} samples: want 0 to 1, in at least 1")
    return sqrt(share * (1 - share) / samples)


def jackknife_error(
    samples: NDArray[np.float64], statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Standard errors of what is computed from sums over samples: leave one out, each in turn.

    For independent samples; for stratified ones it is too large rather than too small. A sum of n samples minus one is
    scaled back to n, so the statistic may depend on how many there are (a count to the fifth power).

    Args:
        samples: ``(n, k)``: in each of n samples, k numbers (scores of k makers, say), n at least 2.
        statistic: from sums ``(n, k)`` to results ``(n, m)``, row by row.

    Returns:
        ``(m,)``, in the units of the results.

    Source:
        B. Efron and C. Stein (1981), Annals of Statistics 9, 586-596.

    Examples:
        >>> seen = np.array([[1.0], [0.0], [1.0], [0.0]])
        >>> jackknife_error(seen, lambda sums: sums / 4).round(6)  # sqrt(p (1 - p) / (n - 1))
        array([0.288675])
    """
    n = samples.shape[0]
    if samples.ndim != 2 or n < 2:
        raise DomainError(f"jackknife of samples of shape {samples.shape}: want (n, k) with n >= 2")
    without = statistic((samples.sum(axis=0) - samples) * (n / (n - 1)))
    return np.sqrt((n - 1) / n * ((without - without.mean(axis=0)) ** 2).sum(axis=0))


def share_error(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard error of each maker's share of all scores, from scores ``(samples, makers)``; NaN where all are 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return jackknife_error(scores, lambda sums: sums / sums.sum(axis=1, keepdims=True))


def _checked(seed: bytes) -> bytes:
    if not isinstance(seed, bytes) or len(seed) != SEED:
        what = f"it has {len(seed)} bytes" if isinstance(seed, bytes) else f"it is a {type(seed).__name__}"
        raise InputError("seed", what, f"{SEED} bytes")
    return seed


def _check_span(start: int, until: int, period: int) -> None:
    if not (0 <= start <= until <= 2**63 - 1 and 1 <= period <= 2**63 - 1):
        raise DomainError(
            f"span from {start} to {until}, period {period}: want 0 <= start <= until, period >= 1, in int64"
        )


def _check_count(count: int) -> None:
    if count > MOST:
        raise DomainError(f"{count} samples: want at most {MOST}")


def _part(draw: NDArray[np.uint64], span: int) -> NDArray[np.int64]:
    """``draw * span >> 64``: a product of 128 bits from four of 64, of which the upper word is kept."""
    upper, lower = np.uint64(span >> 32), np.uint64(span & 0xFFFFFFFF)
    carry = (draw & _LOW) * lower >> _HALF
    middle = (draw >> _HALF) * lower + carry
    other = (draw & _LOW) * upper + (middle & _LOW)
    return ((draw >> _HALF) * upper + (middle >> _HALF) + (other >> _HALF)).astype(np.int64)
